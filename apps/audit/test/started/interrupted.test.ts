/** Ctrl-C in the middle of an audit: what was sent and counted until then, and what a second one does. */
import { type ChildProcess, spawn } from "node:child_process";
import { on, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fromEvents } from "@astrum/core";
import { expect, onTestFinished, test } from "vitest";
import { auditFlow } from "../src/graph.ts";
import { inlineWork } from "../src/inline-work.ts";
import { serveMetrics } from "../src/metrics.ts";
import { startTracing } from "../src/tracing.ts";
import { openReceiver } from "./otlp-receiver.ts";
import { program } from "./program.ts";
import { treeOfReport, treeOfSpans } from "./span-tree.ts";
import { temporaryTree } from "./temporary-tree.ts";

const manyFiles = (count: number): string =>
  temporaryTree(
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}.md`, `# ${n}\n`])),
  );

test("the spans and the metrics of an audit that was interrupted are its report's", async () => {
  const receiver = await openReceiver();
  onTestFinished(() => receiver.close());
  const metrics = await serveMetrics(0);
  onTestFinished(() => metrics.stop());
  const tracing = startTracing(receiver.url, "0.0.0");
  const interrupt = new AbortController();
  const interrupter = fromEvents("interrupter", (event) => {
    if (event.type === "task.end" && event.task.key === "read[20]") interrupt.abort();
  });
  const settings = { root: manyFiles(200), out: temporaryTree(), io: 8, maxDup: 5, failOn: [] };
  const run = await auditFlow(settings, inlineWork).run({
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
  expect(attempts).toBeGreaterThan(20);
  expect(count("astrum_runs_total", 'result="cancellation"')).toBe(1);
  expect(count("astrum_tasks_total", 'result="success"')).toBe(run.successfulTasks);
  expect(count("astrum_task_attempts_total")).toBe(attempts);
});

test("a second Ctrl-C ends the program at once, whatever it waits for", async () => {
  // It never answers, and the program waits for it.
  const collector = createServer(() => {});
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  onTestFinished(() => {
    collector.close();
    collector.closeAllConnections();
  });
  const asked = once(collector, "request");
  const { port } = collector.address() as AddressInfo;
  const out = join(temporaryTree(), "out");
  const where = ["--out", out, "--otlp", `http://127.0.0.1:${port}`, "--workers", "0"];
  const child = spawn(process.execPath, [program, ...where, manyFiles(2000)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "close");
  await told(child, / read .*\(2000 items\)/);
  child.kill("SIGINT");
  await told(child, /"--resume" goes on from here/);
  await asked;
  child.kill("SIGINT");
  expect(await ended).toEqual([null, "SIGINT"]);
});

/** Resolves when the program has told that. */
async function told(child: ChildProcess, expected: RegExp): Promise<void> {
  let text = "";
  for await (const chunk of on(child.stderr as Readable, "data", { close: ["close"] })) {
    text = text.slice(-1000) + chunk;
    if (expected.test(text)) return;
  }
  throw new Error(`${expected} was not told:\n${text}`);
}
