import { flow, task } from "@astrum/core";
import { otelObserver } from "@astrum/otel";
import { expect, test } from "vitest";
import { remote } from "../../src/index.ts";
import { type Span, startTracing } from "../programs/tracing.ts";
import { openRig } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();

test("a span that a task makes on a worker is a child of its attempt's span in the scheduler", async () => {
  const rig = await openRig();
  const worker = await rig.worker({ traced: true });
  const fleet = await rig.fleet();
  const here: Span[] = [];
  const tracing = startTracing((span) => here.push(span));
  const again = task("again", fleet.task(jobs.makesSpan), { retry: 1 });
  const report = await flow("f", { again }).run({ observers: [otelObserver()] });
  expect(report.unwrap().again).toBe(2);
  await tracing.stop();
  // What the worker's SDK has buffered is exported before its process ends.
  expect(await worker.kill("SIGTERM")).toBe(0);
  const there = worker.logged.filter(({ event }) => event === "span") as unknown as Span[];
  const attempts = here.filter(({ name }) => name.startsWith("attempt again"));
  expect(attempts.map(({ name }) => name)).toHaveLength(2);
  expect(there.map(({ name }) => name)).toEqual(["work 1", "work 2"]);
  for (const [at, span] of there.entries())
    expect(span).toMatchObject({
      traceId: attempts[at]?.traceId,
      parentId: attempts[at]?.spanId,
    });
});
