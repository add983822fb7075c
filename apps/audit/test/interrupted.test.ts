/** What was sent and counted of an audit until it was interrupted. */
import { fromEvents } from "@astrum/core";
import { expect, onTestFinished, test } from "vitest";
import { auditFlow } from "../src/graph.ts";
import { serveMetrics } from "../src/metrics.ts";
import { startTracing } from "../src/tracing.ts";
import { openReceiver } from "./otlp-receiver.ts";
import { treeOfReport, treeOfSpans } from "./span-tree.ts";
import { temporaryTree } from "./temporary-tree.ts";

test("the spans and the metrics of an audit that was interrupted are its report's", async () => {
  const files = Array.from({ length: 200 }, (_, n) => [`f${n}.md`, `# ${n}\n`] as const);
  const root = temporaryTree(Object.fromEntries(files));
  const receiver = await openReceiver();
  onTestFinished(() => receiver.close());
  const metrics = await serveMetrics(0);
  onTestFinished(() => metrics.stop());
  const tracing = startTracing(receiver.url, "0.0.0");
  const interrupt = new AbortController();
  const interrupter = fromEvents("interrupter", (event) => {
    if (event.type === "task.end" && event.task.key === "analyse[2]") interrupt.abort();
  });
  const settings = { root, out: temporaryTree(), atOnce: 1, maxDup: 5, failOn: [] };
  const run = await auditFlow(settings).run({
    observers: [tracing.observer, ...metrics.observers, interrupter],
    failure: "continue",
    signal: interrupt.signal,
  });
  await run.tail;
  expect(run.executionState).toBe("cancelled");
  expect(await tracing.stop()).toBeUndefined();
  expect(treeOfSpans(receiver.spans)).toEqual(treeOfReport(run.toJSON()));

  const text = await (await fetch(metrics.place, { headers: { accept: "text/plain" } })).text();
  const count = (name: string, label = ""): number =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .reduce((total, line) => total + Number(/\} (\S+)/.exec(line)?.[1]), 0);
  const leaves = run.taskStatistics.filter(({ kind }) => kind !== "map");
  const attempts = leaves.reduce((total, { attemptCount }) => total + attemptCount, 0);
  expect(attempts).toBeGreaterThan(3);
  expect(count("astrum_runs_total", 'result="cancellation"')).toBe(1);
  expect(count("astrum_tasks_total", 'result="success"')).toBe(run.successfulTasks);
  expect(count("astrum_task_attempts_total")).toBe(attempts);
});
