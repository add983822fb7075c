import {
  type AttemptStatistics,
  DynamicScheduler,
  type ExecutionReport,
  flow,
  fromEvents,
  map,
  type RunOptions,
  type TaskContext,
  task,
} from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";
import { describe, expect, test } from "vitest";
import { type WorkerPool, workerModule } from "../src/index.ts";
import * as functions from "./modules/graph.js";
import { faults, openPool, reached, sharedCells, tasks } from "./rig.ts";

const graph = workerModule<typeof import("./modules/graph.js")>(
  new URL("./modules/graph.js", import.meta.url),
);

const hostile = workerModule<typeof import("./modules/hostile.js")>(
  new URL("./modules/hostile.js", import.meta.url),
);
const conformance = workerModule<typeof import("astrum-conformance/tasks")>(
  new URL(import.meta.resolve("astrum-conformance/tasks")),
);

/** A graph that fails, retries, maps, cleans up and reports; its functions run here or in threads. */
function census() {
  const load = task("load", functions.load);
  const counts = map("count", load, functions.count);
  const flaky = task("flaky", { load }, functions.flaky, { retry: 2 });
  const total = task("total", { counts, flaky }, functions.total);
  const broken = task("broken", { load }, functions.broken, { onFailure: "ignore" });
  const orphan = task("orphan", { broken }, () => "never");
  const here = task("here", { total }, ({ total }) => total + 1);
  return flow("census", { here, orphan });
}

/** The report without what may differ: times, where things ran, and by which run outputs are told apart. */
function lasting(report: ExecutionReport<unknown>): unknown {
  const volatile =
    /(At|Ms)$|^(executor|slot|slotFreedBy|limitedBy|releasedBy|stack|clock|analysis|peakConcurrency)$/;
  return JSON.parse(
    JSON.stringify(report.toJSON({ outputs: true }), (key, value: unknown) =>
      volatile.test(key) || ["id", "run", "from"].includes(key) ? undefined : value,
    ),
  );
}

const executors = (report: ExecutionReport<unknown>, name: string): (string | undefined)[] =>
  report.taskStatistics
    .filter(({ taskName }) => taskName.startsWith(name))
    .flatMap(({ attemptStatistics }) =>
      attemptStatistics.map((attempt: AttemptStatistics) => attempt.executor),
    );

describe("the context in a thread", () => {
  test("can be spread and taken apart as in the main thread, and any number may listen to its signal", async () => {
    const pool = openPool();
    const spread = task("spread", (_, context) => pool.task(tasks.spread)(30, context));
    const report = await flow("f", { spread }).run();
    const keys = ["taskName", "runId", "attempt", "signal", "attributes", "progress", "spent"];
    const { keys: seen, ...rest } = report.unwrap().spread;
    const more = ["skip", "log", "remainingMs", "journalEntry", "cancelled", "transfer"];
    expect(seen).toEqual([...keys, "defer", ...more]);
    expect(rest).toEqual({
      rest: ["taskName", "runId", "attempt", "progress", "spent", ...more, "mine"],
      attempt: 1,
      warnings: [],
    });
    expect(report.taskStatistics[0]?.attributes).toEqual({ spread: true });
  });

  test("says what is left of its time once it has waited for the thread", async () => {
    const pool = openPool({ threads: 1 });
    const clock = new VirtualClock();
    const shared = sharedCells();
    const first = task("first", (_, context) => pool.task(hostile.untilAborted)(shared, context));
    const asks = task("asks", pool.task(conformance.asksForTime), { timeoutMs: 60_000 });
    const run = flow("f", { first, asks }).start({ clock, failure: "continue" });
    await reached(shared);
    await clock.advance(45_000);
    run.cancelTask("first");
    const report = await run.report;
    expect(report.outputs.asks).toBeGreaterThan(0);
    expect(report.outputs.asks).toBeLessThanOrEqual(15_000);
  });
});

describe("a flow", () => {
  test("gives the same report with and without threads, but for times and executors", async () => {
    const options: RunOptions = { concurrency: 2, failure: "continue" };
    const here = await census().run(options);
    const pool = openPool({ threads: 2 });
    const threads = await census().run({ ...options, runner: pool.runner({ tasks: graph }) });
    expect(lasting(threads)).toEqual(lasting(here));
    expect(here.executionState).toBe("completed");
    expect(here.outputs.here).toBe(14);
  });

  test("says in its report which thread ran each attempt, and leaves alone what the module does not export", async () => {
    const pool = openPool({ threads: 2 });
    const report = await census().run({
      runner: pool.runner({ tasks: graph }),
      failure: "continue",
    });
    for (const name of ["load", "count[", "flaky", "total", "broken"])
      for (const executor of executors(report, name)) expect(executor).toMatch(/^worker-\d+$/);
    expect(executors(report, "flaky")).toHaveLength(2);
    expect(executors(report, "here").join()).not.toContain("worker");
  });

  test("runs the tasks made by pool.task in threads with any runner of the pool, and says where", async () => {
    const pool = openPool();
    const doubled = map(
      "doubled",
      task("list", () => [1, 2]),
      pool.task(tasks.scale),
    );
    const whole = flow("whole", { doubled });
    const report = await whole.run({ runner: pool.runner() });
    expect(report.unwrap()).toEqual({ doubled: [0, 2] });
    for (const executor of executors(report, "doubled[")) expect(executor).toMatch(/^worker-/);
  });

  test("needs no runner for pool.task", async () => {
    const pool = openPool();
    const base = task("base", () => ({ letter: "x" }));
    const whole = flow("whole", { who: task("who", { base }, pool.task(tasks.whoAmI)) });
    const report = await whole.run({ runId: "run-7" });
    expect(report.unwrap().who).toEqual({ taskName: "who", runId: "run-7", attempt: 1 });
  });

  test("retries a crashed attempt in a fresh thread, and does not retry what cannot succeed", async () => {
    const pool = openPool();
    const crashing = task("crashing", crashTwice(pool), { retry: 3 });
    const unclonable = task("unclonable", pool.task(faults.returnUnclonable), { retry: 3 });
    const report = await flow("f", { crashing, unclonable }).run({ failure: "continue" });
    expect(report.outcome(crashing)).toMatchObject({ status: "completed", value: 6 });
    expect(report.outcome(unclonable)).toMatchObject({
      status: "failed",
      error: { name: "WorkerSerializationError" },
    });
    const attempts = report.taskStatistics.map(({ taskName, attemptCount }) => [
      taskName,
      attemptCount,
    ]);
    expect(Object.fromEntries(attempts)).toEqual({ crashing: 3, unclonable: 1 });
  });

  test("stops an infinite loop when a sibling fails, and by a task's time-out", async () => {
    const pool = openPool({ threads: 2 });
    const loop = task("loop", pool.task(faults.loopForever));
    const fails = task("fails", async () => {
      while (pool.stats.running === 0) await new Promise((resolve) => setImmediate(resolve));
      throw new Error("sibling");
    });
    const stopped = await flow("f", { loop, fails }).run();
    expect(stopped.outcome(loop)).toMatchObject({ status: "cancelled" });
    const slow = task("slow", pool.task(faults.loopForever), { timeoutMs: 100, retry: 1 });
    const late = await flow("g", { slow }).run();
    expect(late.outcome(slow)).toMatchObject({ status: "failed", timedOut: true });
    expect(late.totalAttempts).toBe(2);
    expect(pool.stats).toMatchObject({ running: 0, queued: 0 });
  });

  test("has its observers told of every progress of a thread, in order, before the attempt ends", async () => {
    const count = task("count", () => 100);
    const steps = openPool().task(tasks.steps);
    const stepping = task("stepping", { count }, ({ count }, context) => steps(count, context));
    const seen: unknown[] = [];
    const observer = fromEvents("progress", (event) => {
      if (event.type === "attempt.progress") seen.push(event.message);
      if (event.type === "attempt.end" && event.attempt.task.name === "stepping") seen.push("end");
    });
    await flow("f", { stepping }).run({ observers: [observer] });
    const expected = Array.from({ length: 100 }, (_, index) => `step ${index + 1}`);
    expect(seen).toEqual([...expected, "end"]);
  });

  test("is told of attributes from a thread", async () => {
    const paint = openPool().task(tasks.paint);
    const colour = task("colour", () => "red");
    const painted = task("painted", { colour }, ({ colour }, context) => paint(colour, context));
    const report = await flow("f", { painted }).run();
    expect(report.taskStatistics.at(-1)?.attributes).toMatchObject({ colour: "red" });
  });
});

function crashTwice(pool: WorkerPool): (inputs: object, context: TaskContext) => Promise<number> {
  const exit = pool.task(faults.exit);
  const double = pool.task(tasks.double);
  return async (_, context) => {
    if (context.attempt < 3) await exit(1, context);
    return double(context.attempt, context);
  };
}

describe("a DynamicScheduler", () => {
  test("runs the tasks its runner's module exports in threads, with its inputs by name and by place", async () => {
    const pool = openPool({ threads: 2 });
    const load = { taskName: "load" };
    const total = { taskName: "sum", dependencies: [load] };
    const scheduler = new DynamicScheduler(
      [
        ["load", () => "not called"],
        ["sum", () => "not called"],
      ],
      [load, total],
      {
        taskDataRefs: {
          sum: {
            inputs: [
              { from: { task: "load", index: 0 }, to: { index: 0 } },
              { from: { task: "load", index: 1 }, to: { index: 1 } },
            ],
          },
        },
        runner: pool.runner({ tasks: graph }),
      },
    );
    const report = await scheduler.execute();
    expect(report.executionState).toBe("completed");
    expect(report.outputs.sum).toBe(3);
    for (const name of ["load", "sum"]) expect(executors(report, name)[0]).toMatch(/^worker-\d+$/);
  });

  test("may name its threads' functions one by one", async () => {
    const pool = openPool();
    const order = { taskName: "image:load" };
    const scheduler = new DynamicScheduler([["image:load", () => "here"]], [order], {
      runner: pool.runner({ tasks: { "image:load": graph.load } }),
    });
    expect((await scheduler.execute()).outputs["image:load"]).toEqual([1, 2, 3]);
  });
});

describe("a runner whose module is in no order", () => {
  test("fails the tasks with the reason, once", async () => {
    const pool = openPool();
    const module = workerModule(new URL("./fixtures/throws.js", import.meta.url));
    const anything = task("anything", () => "here", { retry: 2 });
    const report = await flow("f", { anything }).run({ runner: pool.runner({ tasks: module }) });
    expect(report.outcome(anything)).toMatchObject({
      status: "failed",
      error: { name: "WorkerModuleError", reason: "import-failed" },
    });
    expect(report.totalAttempts).toBe(1);
  });

  test("never keeps a thread that hangs in its import when nobody waits any more", async () => {
    const pool = openPool({ threads: 1 });
    const module = workerModule(new URL("./fixtures/loops.js", import.meta.url));
    const run = flow("f", { anything: task("anything", () => "here") });
    const report = await run.run({ runner: pool.runner({ tasks: module }), timeoutMs: 150 });
    expect(report.executionState).toBe("failed");
    expect(await pool.task(tasks.double)(1)).toBe(2);
  });
});
