import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunnerAttempt } from "@astrum/core";
import { expect, onTestFinished, test } from "vitest";
import { type WorkerPool, workerModule } from "../src/index.ts";
import { openPool, rejection, tasks } from "./rig.ts";

const traced = workerModule<typeof import("./modules/traced.js")>(
  new URL("./modules/traced.js", import.meta.url),
);
const activators = [new URL("./modules/activators.js", import.meta.url)];
const hostile = [new URL("./modules/hostile-activators.js", import.meta.url)];

/** An attempt as the core hands it to a runner, with what its observers have put into the carrier. */
function attemptOf(ref: { readonly exportName: string }): RunnerAttempt {
  const carrier = { traceparent: "00-1-2-01", baggage: "tenant=7" };
  const context = {
    taskName: ref.exportName,
    runId: "run-7",
    attempt: 2,
    attributes: new Map(),
    signal: new AbortController().signal,
  };
  return {
    info: { task: { name: ref.exportName, key: ref.exportName } },
    run: () => "here",
    args: [{}],
    context,
    signal: context.signal,
    carrier: () => carrier,
    setExecutor: () => {},
    progress: () => {},
  } as unknown as RunnerAttempt;
}

const run = (pool: WorkerPool, ref: { readonly exportName: string }): Promise<unknown> =>
  pool.runner({ tasks: traced })(attemptOf(ref)) as Promise<unknown>;

const current = { traceparent: "00-1-2-01", baggage: "tenant=7", task: "current", attempt: 2 };

test("an activator makes the carrier current around the function, across its awaits", async () => {
  expect(await run(openPool({ threads: 1, activators }), traced.current)).toEqual({
    calls: 1,
    store: current,
  });
});

test("what the function throws passes through", async () => {
  const pool = openPool({ threads: 1, activators });
  expect(await rejection(run(pool, traced.fail))).toMatchObject({
    message: expect.stringContaining("tenant=7"),
  });
});

test("activators that throw, forget to proceed or proceed twice and late change nothing", async () => {
  const pool = openPool({ threads: 1, activators: hostile });
  const proceeded = (await run(pool, traced.current)) as { calls: number };
  expect(proceeded.calls).toBe(1);
  expect(await run(pool, traced.current)).toMatchObject({ calls: 2 });
});

test("without activators the carrier is not even asked for", async () => {
  const attempt = attemptOf(traced.current);
  Object.assign(attempt, {
    carrier: () => {
      throw new Error("asked");
    },
  });
  const runner = openPool().runner({ tasks: traced });
  expect(await runner(attempt)).toEqual({ calls: 1, store: undefined });
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
  const quiet = openPool({ threads: 1, activators, env, idleTimeoutMs: 60 });
  await quiet.task(tasks.double)(1);
  while (quiet.stats.threads > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(flushes()).toBe(2);
});

test("a module that exports no activator makes every task fail with the reason", async () => {
  const pool = openPool({ activators: [new URL("./modules/traced.js", import.meta.url)] });
  expect(await rejection(pool.task(tasks.double)(1))).toMatchObject({
    name: "WorkerModuleError",
    reason: "not-an-activator",
    url: expect.stringContaining("traced.js"),
  });
});
