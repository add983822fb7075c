import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, type Observer, task } from "@astrum/core";
import { expect, onTestFinished, test } from "vitest";
import { type WorkerPool, workerModule } from "../src/index.ts";
import { openPool, rejection, tasks } from "./rig.ts";

const traced = workerModule<typeof import("./modules/traced.js")>(
  new URL("./modules/traced.js", import.meta.url),
);
const activators = [new URL("./modules/activators.js", import.meta.url)];
const hostile = [new URL("./modules/hostile-activators.js", import.meta.url)];

/** Puts into the carrier what a tracer would. */
const tracer: Observer = {
  name: "tracer",
  run: () => ({
    task: () => ({
      attempt: () => ({
        inject(carrier) {
          carrier.traceparent = "00-1-2-01";
          carrier.baggage = "tenant=7";
        },
      }),
    }),
  }),
};

async function outcome(
  pool: WorkerPool,
  name: keyof typeof traced,
  observer: Observer = tracer,
): Promise<unknown> {
  const traceable = task(name, () => "here");
  const runner = pool.runner({ tasks: traced });
  const report = await flow("f", { traceable }).run({ runner, observers: [observer] });
  expect(report.observerErrors).toEqual([]);
  return report.outcome(traceable);
}

const store = { traceparent: "00-1-2-01", baggage: "tenant=7", task: "current", attempt: 1 };

test("what observers inject is current around the function, across its awaits", async () => {
  expect(await outcome(openPool({ threads: 1, activators }), "current")).toMatchObject({
    value: { calls: 1, store },
  });
});

test("so it is around the functions of pool.task, under the runner of their pool", async () => {
  const pool = openPool({ threads: 1, activators });
  const current = task("current", pool.task(traced.current));
  const options = { runner: pool.runner(), observers: [tracer] };
  const report = await flow("f", { current }).run(options);
  expect(report.unwrap().current).toEqual({ calls: 1, store });
});

test("nothing of it is around one that another function calls, which is what the run knows of", async () => {
  const pool = openPool({ threads: 1, activators });
  const call = pool.task(traced.current);
  const current = task("current", (_, context) => call({}, context));
  const options = { runner: pool.runner(), observers: [tracer] };
  const report = await flow("f", { current }).run(options);
  expect(report.unwrap().current).toEqual({ calls: 1, store: undefined });
  const [row] = report.taskStatistics;
  expect(row?.attemptStatistics.map(({ executor }) => executor)).toEqual(["main"]);
});

test("what the function throws passes through", async () => {
  const pool = openPool({ threads: 1, activators });
  expect(await outcome(pool, "fail")).toMatchObject({
    error: { message: expect.stringContaining("tenant=7") },
  });
});

test("activators that throw, forget to proceed or proceed twice and late change nothing", async () => {
  const pool = openPool({ threads: 1, activators: hostile });
  expect(await outcome(pool, "current")).toMatchObject({ value: { calls: 1, store } });
  expect(await outcome(pool, "current")).toMatchObject({ value: { calls: 2, store } });
});

test("a pool without activators asks for no carrier", async () => {
  let asked = 0;
  const inject = (): void => void asked++;
  const counting: Observer = {
    name: "counting",
    run: () => ({ task: () => ({ attempt: () => ({ inject }) }) }),
  };
  expect(await outcome(openPool(), "current", counting)).toMatchObject({
    value: { calls: 1, store: undefined },
  });
  expect(asked).toBe(0);
});

test("activators hand on what they hold when the pool closes, and when their thread has been quiet", async () => {
  const folder = mkdtempSync(join(tmpdir(), "astrum-threads-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const log = join(folder, "flush.log");
  const env = { ...process.env, FLUSH_LOG: log };
  const flushes = (): number => {
    try {
      return readFileSync(log, "utf8").split("\n").length - 1;
    } catch {
      return 0;
    }
  };
  const closing = openPool({ threads: 1, activators, env });
  await closing.task(tasks.double)(1);
  await closing.close();
  expect(flushes()).toBe(1);
  const quiet = openPool({ threads: 1, activators, env, idleTimeoutMs: 60_000 });
  await quiet.task(tasks.double)(1);
  while (flushes() < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(quiet.stats.threads).toBe(1);
});

test("a module that exports no activator makes every task fail with the reason", async () => {
  const pool = openPool({ activators: [new URL("./modules/traced.js", import.meta.url)] });
  expect(await rejection(pool.task(tasks.double)(1))).toMatchObject({
    name: "WorkerModuleError",
    reason: "not-an-activator",
    url: expect.stringContaining("traced.js"),
  });
});
