/** The documented algorithm beyond what was recorded: the promises of this engine, kept by its machine as well. */
import { describe, expect, test } from "vitest";
import type { GraphPlan } from "../../src/define/plan.ts";
import { fromEvents, PlanError, type SchedulerOptions, Semaphore } from "../../src/index.ts";
import { StagedRun } from "../../src/machine/run-stages.ts";
import { recorded, replay, trace, VirtualClock } from "../../src/testing.ts";
import { reasons, row, small, starts, statuses } from "../small-scheduler.ts";

const stages = { dispatch: "stages" } as const;

describe("the cursor", () => {
  test("a stage starts when all that it waits for has been awaited", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        quick: { does: { ms: 10 } },
        slow: { does: { ms: 300 } },
        behindQuick: { after: ["quick"], does: { ms: 5 } },
        behindSlow: { after: ["slow"], does: { ms: 5 } },
      },
      stages,
    );
    const report = await clock.run(scheduler.execute());
    expect(starts(report)).toEqual({ quick: 0, slow: 0, behindQuick: 300, behindSlow: 300 });
    expect(row(report, "behindQuick")).toMatchObject({ releasedBy: "slow", queuedMs: 0 });
  });

  test("a task that no stage waits for delays none", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        slow: { does: { ms: 300 } },
        a: { does: { ms: 10 } },
        b: { after: ["a"], does: { ms: 10 } },
      },
      stages,
    );
    const report = await clock.run(scheduler.execute());
    expect(starts(report)).toEqual({ slow: 0, a: 0, b: 10 });
    expect(report.totalDurationMs).toBe(300);
  });

  test("a failure is noticed when its task is awaited: stages start until then", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 5, throw: "boom" } },
        a: { does: { ms: 10 } },
        b: { after: ["a"], does: { ms: 10 } },
        c: { after: ["b", "bad"], does: { ms: 10 } },
        d: { after: ["c"] },
      },
      stages,
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({
      bad: "failed",
      a: "completed",
      b: "completed",
      c: "skipped",
      d: "skipped",
    });
    expect(reasons(report)).toEqual({
      c: { kind: "dependency", task: "bad", root: "bad" },
      d: { kind: "dependency", task: "c", root: "bad" },
    });
    expect(report.totalDurationMs).toBe(20);
  });

  test("what a failure does not rule out is skipped because of it", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 5, throw: "boom" } },
        slow: { does: { ms: 50 } },
        c: { after: ["bad"] },
        d: { after: ["slow"] },
        e: { after: ["d"] },
      },
      stages,
    );
    const report = await clock.run(scheduler.execute());
    expect(reasons(report)).toEqual({
      slow: { kind: "failure", task: "bad" },
      c: { kind: "dependency", task: "bad", root: "bad" },
      d: { kind: "failure", task: "bad" },
      e: { kind: "failure", task: "bad" },
    });
  });

  test("after a failure tasks are called off one by one, each when the one before has ended", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 5, throw: "boom" } },
        stubborn: { does: { ms: 100, ignoresSignal: true } },
        quick: { does: { ms: 50, return: "done" } },
        failing: { does: { ms: 60, throw: "also" } },
        slow: { does: { ms: 500 } },
      },
      stages,
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({
      bad: "failed",
      stubborn: "cancelled",
      quick: "completed",
      failing: "failed",
      slow: "cancelled",
    });
    expect(row(report, "stubborn")).toMatchObject({ ignoredSignal: true, overrunMs: 95 });
    expect(row(report, "slow")).toMatchObject({ endAt: 100 });
    expect(report.errorSummary).toEqual([
      'Task "bad" failed: boom',
      'Task "failing" failed: also',
      'Task "stubborn" went on for 95 ms after it was asked to stop',
    ]);
    expect(report.totalDurationMs).toBe(100);
  });

  test("a task that has not been called off yet goes on retrying", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 5, throw: "boom" } },
        stubborn: { does: { ms: 100, ignoresSignal: true } },
        flaky: { does: [{ ms: 10, throw: "once" }, { ms: 10 }] },
      },
      { ...stages, taskRetries: { flaky: 1 } },
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toMatchObject({ flaky: "completed", stubborn: "cancelled" });
    expect(report.flakyTasks).toBe(1);
  });

  test("an ignored failure stops nothing; its dependents are skipped when their stage starts", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 5, throw: "boom" } },
        a: { does: { ms: 10 } },
        b: { after: ["bad"] },
        c: { after: ["b"] },
        d: { after: ["a"], does: { ms: 10 } },
      },
      { ...stages, taskOptions: { bad: { onFailure: "ignore" } } },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.executionState).toBe("completed");
    expect(statuses(report)).toMatchObject({ b: "skipped", c: "skipped", d: "completed" });
    expect(reasons(report)).toMatchObject({ c: { kind: "dependency", task: "b", root: "bad" } });
  });
});

describe("the line for slots", () => {
  test("is first come, first served", async () => {
    const clock = new VirtualClock();
    const does = { ms: 10 };
    const scheduler = small(
      clock,
      {
        a: { does },
        b: { does },
        c: { does },
        d: { after: ["c"], does },
        e: { after: ["a"], does },
      },
      { ...stages, concurrency: 2 },
    );
    const report = await clock.run(scheduler.execute());
    expect(starts(report)).toEqual({ a: 0, b: 0, c: 10, d: 20, e: 20 });
    expect(report.peakConcurrency).toBe(2);
    expect(row(report, "c").attemptStatistics).toMatchObject([
      { limitedBy: "concurrency", slotFreedBy: "a", queuedMs: 10, slot: 0 },
    ]);
    expect(row(report, "d").attemptStatistics[0]).not.toHaveProperty("limitedBy");
  });

  test("a retry without delay keeps the slot", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { flaky: { does: [{ ms: 10, throw: "once" }, { ms: 10 }] }, next: { does: { ms: 5 } } },
      { ...stages, concurrency: 1, taskRetries: { flaky: 1 } },
    );
    expect(starts(await clock.run(scheduler.execute()))).toEqual({ flaky: 0, next: 20 });
  });

  test("a retry with a delay gives the slot back and queues again, last in line", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        flaky: { does: [{ ms: 10, throw: "once" }, { ms: 10 }] },
        b: { does: { ms: 20 } },
        c: { does: { ms: 20 } },
      },
      {
        ...stages,
        concurrency: 1,
        taskRetries: { flaky: { attempts: 1, backoff: "fixed", baseMs: 5 } },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(starts(report)).toEqual({ flaky: 0, b: 10, c: 30 });
    expect(row(report, "flaky").attemptStatistics).toMatchObject([
      { startAt: 0, endAt: 10, willRetry: true, delayMs: 5 },
      { startAt: 50, endAt: 60, queuedMs: 35, slotFreedBy: "c" },
    ]);
  });

  test("a task that never got a slot is cancelled, and says so", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        tail: { does: { ms: 100 } },
        bad: { does: { ms: 5, throw: "boom" } },
        otherTail: { does: { ms: 100 } },
        queued: { does: { ms: 5 } },
      },
      { ...stages, concurrency: 2, ignoreTailTasks: ["tail", "otherTail"] },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "queued")).toMatchObject({
      status: "cancelled",
      attemptCount: 0,
      reason: { kind: "not-started" },
    });
    expect(report.totalDurationMs).toBe(5);
  });

  test("permits of a shared semaphore go round, and all come back", async () => {
    const clock = new VirtualClock();
    const permits = new Semaphore(1);
    const options = { ...stages, concurrency: permits };
    const does = { ms: 10 };
    const one = small(clock, { a: { does }, b: { does } }, options);
    const other = small(clock, { c: { does }, d: { does: { ms: 10, throw: "boom" } } }, options);
    const third = small(clock, { e: { does } }, options);
    const [first, second] = await clock.run(Promise.all([one.execute(), other.execute()]));
    expect(starts(first)).toEqual({ a: 0, b: 10 });
    expect(starts(second)).toEqual({ c: 20, d: 30 });
    expect(row(first, "b").attemptStatistics[0]).toMatchObject({ limitedBy: "semaphore" });
    expect(clock.now()).toBe(40);
    expect(starts(await clock.run(third.execute()))).toEqual({ e: 0 });
  });

  test("a permit that nobody needs any more goes back", async () => {
    const clock = new VirtualClock();
    const permits = new Semaphore(1);
    const options = { ...stages, concurrency: permits };
    const holder = small(clock, { a: { does: { ms: 50 } } }, options);
    const controller = new AbortController();
    const aborted = small(
      clock,
      { b: { does: { ms: 5 } } },
      { ...options, signal: controller.signal },
    );
    const holding = holder.execute();
    const waiting = aborted.execute();
    await clock.advance(10);
    controller.abort();
    expect(statuses(await clock.run(waiting))).toEqual({ b: "cancelled" });
    await clock.run(holding);
    const next = small(clock, { c: { does: { ms: 5 } } }, options);
    expect((await clock.run(next.execute())).executionState).toBe("completed");
  });
});

describe("time-outs, grace and stops", () => {
  test("an attempt that takes too long is asked to stop, fails, and may be retried", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { slow: { does: [{ ms: 100 }, { ms: 5, return: "in time" }] } },
      { ...stages, taskOptions: { slow: { timeoutMs: 20 } }, taskRetries: { slow: 1 } },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.outputs.slow).toBe("in time");
    expect(row(report, "slow").attemptStatistics).toMatchObject([
      { status: "failed", endAt: 20, willRetry: true, error: { name: "TimeoutError" } },
      { status: "completed", endAt: 25 },
    ]);
  });

  test("one that ignores its signal is abandoned at the end of the grace period", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 5, throw: "boom" } },
        deaf: { does: { ms: 1000, ignoresSignal: true } },
        slow: { does: { ms: 1000 } },
      },
      { ...stages, graceMs: 30 },
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({ bad: "failed", deaf: "abandoned", slow: "cancelled" });
    expect(row(report, "deaf")).toMatchObject({ endAt: 35, ignoredSignal: true, overrunMs: 30 });
    expect(row(report, "slow")).toMatchObject({ endAt: 35 });
  });

  test("one that is abandoned after its own time-out has failed, and the run with it", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { deaf: { does: { ms: 1000, ignoresSignal: true } }, next: { after: ["deaf"] } },
      {
        ...stages,
        graceMs: 30,
        taskOptions: { deaf: { timeoutMs: 20 } },
        taskRetries: { deaf: 3 },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.executionState).toBe("failed");
    expect(statuses(report)).toEqual({ deaf: "abandoned", next: "skipped" });
    expect(report.totalDurationMs).toBe(50);
  });

  test("the caller's abort asks all at once, tail tasks too, and nothing starts after it", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const scheduler = small(
      clock,
      {
        stubborn: { does: { ms: 100, ignoresSignal: true } },
        slow: { does: { ms: 500 } },
        tail: { does: { ms: 500 } },
        delayed: { does: { ms: 1, throw: "again" } },
        queued: { does: { ms: 5 } },
        waiting: { after: ["slow"] },
        lateTail: { after: ["slow"] },
      },
      {
        ...stages,
        concurrency: 3,
        signal: controller.signal,
        ignoreTailTasks: ["tail", "lateTail"],
        taskRetries: { delayed: { attempts: 1, backoff: "fixed", baseMs: 1000 } },
      },
    );
    const running = scheduler.execute();
    await clock.advance(10);
    controller.abort(new Error("enough"));
    const report = await clock.run(running);
    expect(report.executionState).toBe("cancelled");
    expect(statuses(report)).toEqual({
      stubborn: "cancelled",
      slow: "cancelled",
      tail: "cancelled",
      delayed: "cancelled",
      queued: "cancelled",
      waiting: "skipped",
      lateTail: "skipped",
    });
    expect(row(report, "slow").endAt).toBe(10);
    expect(row(report, "tail").endAt).toBe(10);
    expect(row(report, "delayed").attemptCount).toBe(0);
    expect(row(report, "queued")).toMatchObject({
      attemptCount: 0,
      reason: { kind: "not-started" },
    });
    expect(row(report, "waiting").reason).toMatchObject({ kind: "aborted" });
    expect(report.totalDurationMs).toBe(100);
    expect(clock.pending).toBe(0);
  });

  test("an abort ends a back-off at once", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const scheduler = small(
      clock,
      { flaky: { does: { ms: 1, throw: "again" } } },
      {
        ...stages,
        signal: controller.signal,
        taskRetries: { flaky: { attempts: 1, backoff: "fixed", baseMs: 1000 } },
      },
    );
    const running = scheduler.execute();
    await clock.advance(10);
    controller.abort();
    const report = await clock.run(running);
    expect(row(report, "flaky")).toMatchObject({ status: "cancelled", attemptCount: 1 });
    expect(report.totalDurationMs).toBe(10);
    expect(clock.pending).toBe(0);
  });

  test("a stop outweighs a time-out: the attempt ends cancelled", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const scheduler = small(
      clock,
      { deaf: { does: { ms: 100, ignoresSignal: true } } },
      { ...stages, signal: controller.signal, taskOptions: { deaf: { timeoutMs: 20 } } },
    );
    const running = scheduler.execute();
    await clock.advance(30);
    controller.abort();
    const report = await clock.run(running);
    expect(statuses(report)).toEqual({ deaf: "cancelled" });
    expect(report.failedTasks).toBe(0);
  });

  test("an already aborted signal starts nothing", async () => {
    const clock = new VirtualClock();
    let calls = 0;
    const scheduler = small(
      clock,
      { a: { does: () => calls++ }, b: { after: ["a"], does: () => calls++ } },
      { ...stages, signal: AbortSignal.abort() },
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({ a: "skipped", b: "skipped" });
    expect(report.executionState).toBe("cancelled");
    expect(calls).toBe(0);
  });

  test("the time limit of the run fails it", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { slow: { does: { ms: 500 } }, next: { after: ["slow"] } },
      { ...stages, timeoutMs: 40 },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.executionState).toBe("failed");
    expect(report.totalDurationMs).toBe(40);
    expect(reasons(report)).toEqual({
      slow: { kind: "timeout", limitMs: 40, scope: "run" },
      next: { kind: "timeout", limitMs: 40, scope: "run" },
    });
  });

  test("an abort before a failure is noticed makes the run cancelled; what failed has failed", async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const scheduler = small(
      clock,
      {
        slow: { does: { ms: 500 } },
        bad: { does: { ms: 5, throw: "boom" } },
        next: { after: ["slow", "bad"] },
      },
      { ...stages, signal: controller.signal },
    );
    const running = scheduler.execute();
    await clock.advance(10);
    controller.abort();
    const report = await clock.run(running);
    expect(report.executionState).toBe("cancelled");
    expect(statuses(report)).toEqual({ slow: "cancelled", bad: "failed", next: "skipped" });
    expect(row(report, "next").reason).toEqual({ kind: "dependency", task: "bad", root: "bad" });
  });

  test("a journal that throws stops the run", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { a: { does: { ms: 5 } }, b: { does: { ms: 50 } }, c: { after: ["b"] } },
      {
        ...stages,
        journal: ({ type }) => {
          if (type === "completed") throw new Error("disk full");
        },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.executionState).toBe("failed");
    expect(statuses(report)).toEqual({ a: "failed", b: "cancelled", c: "skipped" });
    expect(report.totalDurationMs).toBe(5);
  });
});

describe("inputs and conditions", () => {
  test("tasks whose inputs are resolved keep the place of their declaration", async () => {
    const clock = new VirtualClock();
    const does = { ms: 10 };
    const scheduler = small(
      clock,
      {
        a: { does: { ms: 5, return: { rows: 3 } } },
        b: { after: ["a"], does },
        c: { after: ["a"], does },
        d: { after: ["a"], does },
      },
      {
        ...stages,
        concurrency: 1,
        taskDataRefs: {
          c: { inputs: [{ from: { task: "a", key: "rows" }, to: { key: "rows" } }] },
        },
      },
    );
    expect(starts(await clock.run(scheduler.execute()))).toEqual({ a: 0, b: 5, c: 15, d: 25 });
  });

  test("a locator that finds nothing fails the consumer, when it is awaited", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        a: { does: { ms: 5, return: { rows: 3 } } },
        slow: { after: ["a"], does: { ms: 50 } },
        b: { after: ["a"] },
        c: { after: ["slow", "b"] },
      },
      {
        ...stages,
        taskDataRefs: { b: { inputs: [{ from: { task: "a", key: "row" }, to: { key: "row" } }] } },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({
      a: "completed",
      slow: "completed",
      b: "failed",
      c: "skipped",
    });
    expect(row(report, "b")).toMatchObject({ attemptCount: 0, error: { name: "InputError" } });
  });

  test("the time that inputs take to resolve is not time in line", async () => {
    const clock = new VirtualClock();
    const compute = (): Promise<number> => clock.wait(30).then(() => 1);
    const scheduler = small(
      clock,
      { a: { does: { ms: 40 } }, b: { does: { ms: 5 } } },
      {
        ...stages,
        concurrency: 1,
        taskDataRefs: { b: { inputs: [{ from: { compute }, to: { key: "n" } }] } },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "b")).toMatchObject({ readyAt: 0, startAt: 40, queuedMs: 10 });
  });

  test("a task whose inputs are still being resolved when a failure is noticed never starts", async () => {
    const clock = new VirtualClock();
    const compute = (): Promise<number> => clock.wait(100).then(() => 1);
    const scheduler = small(
      clock,
      { bad: { does: { ms: 5, throw: "boom" } }, computing: { does: { ms: 5 } } },
      {
        ...stages,
        taskDataRefs: { computing: { inputs: [{ from: { compute }, to: { key: "n" } }] } },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "computing")).toMatchObject({
      status: "skipped",
      attemptCount: 0,
      reason: { kind: "failure", task: "bad" },
    });
    expect(report.totalDurationMs).toBe(100); // What was asked is waited for.
    await clock.advance(200);
    expect(report.totalAttempts).toBe(1);
  });

  test("a condition that says no skips the task, and its dependents when their stage starts", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        a: { does: { ms: 5 } },
        b: { after: ["a"] },
        c: { after: ["b"] },
        d: { after: ["a"], does: { ms: 10 } },
      },
      { ...stages, taskOptions: { b: { when: () => ({ skip: "not today" }) } } },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.executionState).toBe("completed");
    expect(statuses(report)).toEqual({
      a: "completed",
      b: "skipped",
      c: "skipped",
      d: "completed",
    });
    expect(reasons(report)).toEqual({
      b: { kind: "condition", message: "not today" },
      c: { kind: "dependency", task: "b", root: "b" },
    });
  });

  test("a skipped task releases nobody: what ended before it did", async () => {
    const clock = new VirtualClock();
    const compute = (): Promise<number> => clock.wait(50).then(() => 1);
    const scheduler = small(
      clock,
      {
        a: { does: { ms: 5 } },
        b: { after: ["a"] },
        c: { after: ["a"], does: { ms: 10 } },
        d: { after: ["c"], does: { ms: 1 } },
        e: { after: ["b"] },
      },
      {
        ...stages,
        taskDataRefs: { b: { inputs: [{ from: { compute }, to: { key: "n" } }] } },
        taskOptions: { b: { when: () => false } },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "d")).toMatchObject({ startAt: 55, releasedBy: "a" });
  });
});

describe("tail tasks", () => {
  test("survive a failure, whether they run, queue or wait for a retry", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 5, throw: "boom" } },
        running: { does: { ms: 50, return: 1 } },
        delayed: {
          does: [
            { ms: 1, throw: "once" },
            { ms: 1, return: 2 },
          ],
        },
        queued: { does: { ms: 1, return: 3 } },
        never: { after: ["bad"] },
      },
      {
        ...stages,
        concurrency: 3,
        ignoreTailTasks: ["running", "delayed", "queued", "never"],
        taskRetries: { delayed: { attempts: 1, backoff: "fixed", baseMs: 20 } },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.totalDurationMs).toBe(5);
    expect(statuses(report)).toEqual({
      bad: "failed",
      running: "detached",
      delayed: "detached",
      queued: "completed",
      never: "skipped",
    });
    const tail = await clock.run(report.tail);
    expect(tail.map(({ taskName, status, endAt }) => [taskName, status, endAt])).toEqual([
      ["running", "completed", 50],
      ["delayed", "completed", 22],
    ]);
  });

  test("that fail do not fail the run", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { audit: { does: { ms: 5, throw: "boom" } }, work: { does: { ms: 10 } } },
      { ...stages, ignoreTailTasks: ["audit"] },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.executionState).toBe("completed");
    expect(statuses(report)).toEqual({ audit: "failed", work: "completed" });
    expect(await report.tail).toEqual([]);
  });
});

describe("a run that waits for nothing", () => {
  test.each([1, 2, undefined])(
    "tells its observers of every attempt that its report counts (concurrency %s)",
    async (concurrency) => {
      const clock = new VirtualClock();
      const told: string[] = [];
      const observer = fromEvents("told", (event) => {
        if (event.type === "attempt.start") told.push(event.attempt.task.key);
        if (event.type === "run.end") told.push("the end");
      });
      const scheduler = small(
        clock,
        { one: { does: { ms: 5 } }, other: { does: { ms: 5 } } },
        {
          ...stages,
          ...(concurrency === undefined ? {} : { concurrency }),
          ignoreTailTasks: ["one", "other"],
          observers: [observer],
        },
      );
      const report = await clock.run(scheduler.execute());
      const started = report.taskStatistics.filter(({ attemptCount }) => attemptCount > 0);
      expect(told).toEqual([...started.map(({ taskName }) => taskName), "the end"]);
      expect(report.totalAttempts).toBe(concurrency ?? 2);
      const tail = await clock.run(report.tail);
      expect(tail.map(({ status }) => status)).toEqual(["completed", "completed"]);
    },
  );
});

describe("what has no place in it is a plan error", () => {
  test.each<[string, SchedulerOptions]>([
    ["resources", { resources: { db: 1 } }],
    ["resources", { resources: { db: 1 }, taskOptions: { a: { resources: { db: 1 } } } }],
    ["priority", { taskOptions: { a: { priority: 0 } } }],
    ["estimates", { estimates: { a: 5 } }],
    ['failure: "drain"', { failure: "drain" }],
    ['failure: "continue"', { failure: "continue" }],
    ["maxFailures", { failure: { maxFailures: 2 } }],
    ["finallyTasks", { finallyTasks: ["a"] }],
  ])("%s", async (word, options) => {
    const scheduler = small(new VirtualClock(), { a: {} }, { ...stages, ...options });
    expect(() => scheduler.plan()).toThrow(PlanError);
    expect(() => scheduler.plan()).toThrow(word);
    const { planIssues, executionState } = await scheduler.execute();
    expect(executionState).toBe("failed");
    expect(new Set(planIssues?.map(({ code }) => code))).toEqual(new Set(["not-with-stages"]));
  });

  test("the default failure mode may be written out", () => {
    const scheduler = small(new VirtualClock(), { a: {} }, { ...stages, failure: "stop" });
    expect(scheduler.plan().totalTasks).toBe(1);
  });
});

describe("the report", () => {
  test("has a critical path that tiles the makespan, through barriers and slots", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        a: { does: { ms: 30 } },
        b: { does: { ms: 20 } },
        c: { after: ["b"], does: { ms: 10 } },
        d: { after: ["a"], does: { ms: 10 } },
        e: { after: ["d"], does: { ms: 10 } },
      },
      { ...stages, concurrency: 1 },
    );
    const { analysis, totalDurationMs } = await clock.run(scheduler.execute());
    expect(analysis.criticalPath.map(({ task, link }) => [task, link])).toEqual([
      ["a", "start"],
      ["b", "slot"],
      ["c", "stage"],
      ["d", "slot"],
      ["e", "stage"],
    ]);
    const tiled = analysis.criticalPath.reduce((sum, { gapMs, runMs }) => sum + gapMs + runMs, 0);
    expect(tiled).toBe(totalDurationMs);
  });

  test("is the same when the recorded events are replayed", async () => {
    const clock = new VirtualClock();
    const { options, recording } = recorded<SchedulerOptions>({
      ...stages,
      concurrency: 2,
      ignoreTailTasks: ["tail"],
      taskRetries: { b: 1 },
    });
    const scheduler = small(
      clock,
      {
        a: { does: { ms: 10, return: 1 } },
        b: { does: [{ ms: 5, throw: "once" }, { ms: 30 }] },
        tail: { after: ["a"], does: { ms: 100 } },
        bad: { after: ["a"], does: { ms: 1, throw: "boom" } },
        c: { after: ["bad"] },
      },
      options,
    );
    const report = await clock.run(scheduler.execute());
    await clock.run(report.tail);
    const again = replay(scheduler.plan(), recording);
    expect(again.toJSON({ outputs: true })).toEqual(report.toJSON({ outputs: true }));
    expect(trace(scheduler.plan(), recording)).toEqual([
      "0 begin → start a, start b",
      "5 b threw → start b again",
      "10 a returned → start tail",
      "35 b returned → start bad",
      "36 bad threw → settle",
      "110 tail returned → close",
    ]);
  });

  test("lets go of outputs when their last reader has ended", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        a: { does: { ms: 5, return: 1 } },
        b: { after: ["a"], does: { ms: 5, return: 2 } },
        c: { after: ["a", "b"], does: ({ n }: { n: number }) => n + 1 },
      },
      {
        ...stages,
        keep: "roots",
        taskDataRefs: { c: { inputs: [{ from: { task: "a" }, to: { key: "n" } }] } },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.outcome("a")).toMatchObject({ status: "completed", released: true });
    expect({ ...report.outputs }).toEqual({ c: 2 });
  });
});

describe("a run that takes up an earlier one", () => {
  const tasks = {
    a: { does: { ms: 10, return: { n: 1 } } },
    slow: { does: { ms: 50 } },
    b: { after: ["a"], does: { ms: 10, throw: "boom" } },
    c: { after: ["slow", "b"], does: { ms: 10 } },
  };

  test("calls what had not completed, and its first stages are over at once", async () => {
    const clock = new VirtualClock();
    const first = await clock.run(small(clock, tasks, stages).execute());
    expect(statuses(first)).toMatchObject({ a: "completed", slow: "completed", b: "failed" });
    const resumeFrom = first.toJSON({ outputs: true });
    const mended = { ...tasks, b: { after: ["a"], does: { ms: 10 } } };
    const second = await clock.run(small(clock, mended, { ...stages, resumeFrom }).execute());
    expect(starts(second)).toEqual({ a: null, slow: null, b: 0, c: 10 });
    expect(second.resume?.restored).toEqual(["a", "slow"]);
  });

  test("keeps what is restored when its signal is aborted already", async () => {
    const clock = new VirtualClock();
    const first = await clock.run(small(clock, tasks, stages).execute());
    const resumeFrom = first.toJSON({ outputs: true });
    const options = { ...stages, resumeFrom, signal: AbortSignal.abort() };
    const second = await clock.run(small(clock, tasks, options).execute());
    expect(second.executionState).toBe("cancelled");
    expect(statuses(second)).toEqual({
      a: "restored",
      slow: "restored",
      b: "skipped",
      c: "skipped",
    });
    expect(Object.keys(reasons(second))).toEqual(["b", "c"]);
  });
});

describe("the machine", () => {
  const machine = (
    tasks: Parameters<typeof small>[1],
    settings?: ConstructorParameters<typeof StagedRun>[1],
    options?: SchedulerOptions,
  ): StagedRun => {
    const plan = small(new VirtualClock(), tasks, { ...stages, ...options }).plan();
    return new StagedRun(plan as GraphPlan, settings);
  };

  test("calls one task off for its dependents; the run goes on", () => {
    const run = machine({ a: {}, b: {}, c: { after: ["a"] }, d: { after: ["b"] } });
    run.handle({ type: "begin", at: 0 });
    expect(run.handle({ type: "cancel", task: 0, at: 1, reason: "no" })).toMatchObject([
      { type: "abort", task: 0, cause: { kind: "cancelled" } },
    ]);
    run.handle({ type: "returned", task: 0, at: 2, value: undefined });
    const started = run.handle({ type: "returned", task: 1, at: 3, value: undefined });
    expect(started).toEqual([{ type: "start", task: 3, attempt: 2 }]);
    run.handle({ type: "returned", task: 3, at: 4, value: undefined });
    expect(run.state).toBe("completed");
    expect(run.ledger.reasons.get(2)).toEqual({ kind: "dependency", task: 0, root: 0 });
    expect(run.ledger.reasons.get(0)).toMatchObject({ kind: "aborted", scope: "task" });
  });

  test("calls off a task that waits, queues or is between attempts", () => {
    const run = machine({ a: {}, b: {}, c: { after: ["a"] } }, { concurrency: 1 });
    run.handle({ type: "begin", at: 0 });
    run.handle({ type: "cancel", task: 2, at: 1, reason: "no" });
    run.handle({ type: "cancel", task: 1, at: 1, reason: "no" });
    const delayed = run.handle({
      type: "threw",
      task: 0,
      at: 2,
      error: new Error("x"),
      retryMs: 9,
    });
    expect(delayed).toEqual([{ type: "delay", task: 0, ms: 9 }]);
    const ended = run.handle({ type: "cancel", task: 0, at: 3, reason: "no" });
    expect(ended.map(({ type }) => type)).toEqual(["undelay", "settle", "close"]);
    expect(run.state).toBe("completed");
    expect(run.handle({ type: "elapsed", task: 0, at: 11 })).toEqual([]);
  });

  test("does not run restored tasks, and starts what they let start", () => {
    const run = machine({ a: {}, b: { after: ["a"] }, c: { after: ["b"] } });
    const restored = new Map([
      [0, "a"],
      [1, "b"],
    ]);
    expect(run.handle({ type: "begin", at: 0, restored })).toEqual([
      { type: "start", task: 2, attempt: 0 },
    ]);
    expect(run.handle({ type: "returned", task: 2, at: 1, value: 1 })).toEqual([
      { type: "settle" },
      { type: "close" },
    ]);
  });

  test("settles at once when everything is restored, and when there is nothing to do", () => {
    const run = machine({ a: {} });
    run.handle({ type: "begin", at: 0, restored: new Map([[0, 1]]) });
    expect(run.state).toBe("completed");
    const empty = machine({});
    expect(empty.handle({ type: "begin", at: 0 })).toEqual([{ type: "settle" }, { type: "close" }]);
  });

  test("lets go of an output once its task has ended, though all its readers ended before", () => {
    const run = machine({ a: {}, b: { after: ["a"] } }, { release: true });
    run.handle({ type: "begin", at: 0 });
    expect(run.handle({ type: "cancel", task: 1, at: 1, reason: "no" })).toEqual([]);
    expect(run.handle({ type: "returned", task: 0, at: 2, value: 1 })).toEqual([
      { type: "release", task: 0 },
      { type: "settle" },
      { type: "close" },
    ]);
  });

  test("tells every change of a status when somebody watches", () => {
    const run = machine(
      { a: {}, tail: {}, b: { after: ["a"] } },
      { observed: true },
      { ignoreTailTasks: ["tail"] },
    );
    const told = [
      run.handle({ type: "begin", at: 0 }),
      run.handle({ type: "returned", task: 0, at: 1, value: 1 }),
      run.handle({ type: "returned", task: 2, at: 2, value: 1 }),
      run.handle({ type: "returned", task: 1, at: 3, value: 1 }),
    ].flatMap((commands) =>
      commands.flatMap((one) =>
        one.type === "status" ? [[one.task, one.from, one.to, one.cause]] : [],
      ),
    );
    expect(told).toEqual([
      [0, 0, 1, -1],
      [1, 0, 1, -1],
      [0, 1, 2, -1],
      [1, 1, 2, -1],
      [0, 2, 4, -1],
      [2, 0, 1, 0],
      [2, 1, 2, 0],
      [2, 2, 4, -1],
      [1, 2, 9, -1],
      [1, 2, 4, -1],
    ]);
  });

  test("lets events pass that come too late", () => {
    const run = machine({ a: {} });
    run.handle({ type: "begin", at: 0 });
    run.handle({ type: "returned", task: 0, at: 1, value: 1 });
    for (const type of ["returned", "elapsed"] as const) {
      expect(run.handle({ type, task: 0, at: 2, value: 2 })).toEqual([]);
    }
    expect(run.handle({ type: "threw", task: 0, at: 2, error: new Error("late") })).toEqual([]);
    expect(run.handle({ type: "cancel", task: 0, at: 2, reason: 0 })).toEqual([]);
    expect(run.state).toBe("completed");
  });
});
