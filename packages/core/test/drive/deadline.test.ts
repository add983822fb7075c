import { describe, expect, it } from "vitest";
import { DynamicScheduler, flow, map, settled, TimeoutError, task } from "../../src/index.ts";
import { recorded, replay, scripted, trace, VirtualClock } from "../../src/testing.ts";
import { Diary, Gate, row, statuses, written } from "../scenario.ts";

const dispatches = ["dependencies", "stages"] as const;

/** One task with these options, run alone. */
async function alone(
  clock: VirtualClock,
  steps: Parameters<typeof scripted>[1][],
  options: object,
  run: object = {},
) {
  const only = task("only", scripted(clock, ...steps), options);
  const graph = flow("f", { only });
  const { options: taped, recording } = recorded({ clock, ...run });
  const report = await clock.run(graph.run(taped));
  expect(clock.pending).toBe(0);
  const again = replay(graph.plan(), recording);
  expect(written(again)).toEqual(written(report));
  return { report, only: row(report, "only"), outcome: report.outcome(only), graph, recording };
}

describe("The deadline of a task", () => {
  it("asks the attempt that runs then to stop, and it has failed for good", async () => {
    const clock = new VirtualClock();
    const { report, only, outcome } = await alone(clock, [{ ms: 100 }], {
      deadlineMs: 30,
      retry: 5,
    });
    expect(report).toMatchObject({ executionState: "failed", totalDurationMs: 30 });
    expect(only.attemptCount).toBe(1);
    const { error } = outcome as { error: TimeoutError };
    expect(outcome).toMatchObject({ status: "failed", timedOut: true });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      limitMs: 30,
      scope: "task",
      message: 'Task "only" took longer than its deadline of 30 ms',
    });
  });

  it("covers all attempts and back-offs, from the start of the first one", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const first = task("first", diary.task({ ms: 50 }));
    const retried = task(
      "retried",
      scripted(clock, { ms: 10, throw: "one" }, { ms: 10, throw: "two" }, { ms: 100 }),
      { deadlineMs: 60, retry: { attempts: 5, backoff: "fixed", baseMs: 5 } },
    );
    const report = await clock.run(flow("f", { first, retried }).run({ clock, concurrency: 1 }));
    // In the queue until 50: that counts for nothing.
    expect(row(report, "retried")).toMatchObject({ startAt: 50, endAt: 110, attemptCount: 3 });
    expect((report.outcome(retried) as { error: TimeoutError }).error).toMatchObject({
      scope: "task",
      elapsedMs: 60,
    });
  });

  it.each([
    ["before it", 24, 2],
    ["at it", 25, 1],
    ["after it", 26, 1],
  ])("lets no retry begin that would start %s", async (_, baseMs, attempts) => {
    const clock = new VirtualClock();
    const { report, only } = await alone(clock, [{ ms: 5, throw: "no" }, { return: 7 }], {
      deadlineMs: 30,
      retry: { attempts: 1, backoff: "fixed", baseMs },
    });
    expect(only.attemptCount).toBe(attempts);
    // What cannot be done in time fails at once, with what was thrown.
    if (attempts === 1) {
      expect(report.totalDurationMs).toBe(5);
      expect(report.errorSummary).toEqual(['Task "only" failed: no']);
    } else {
      expect(report.unwrap()).toEqual({ only: 7 });
    }
  });

  it("is longer than the limit of an attempt, which may go again until then", async () => {
    const clock = new VirtualClock();
    const { only, outcome } = await alone(clock, [{ ms: 100 }], {
      timeoutMs: 20,
      deadlineMs: 50,
      retry: 9,
    });
    expect(only.attemptStatistics.map(({ startAt, endAt }) => [startAt, endAt])).toEqual([
      [0, 20],
      [20, 40],
      [40, 50],
    ]);
    expect((outcome as { error: TimeoutError }).error).toMatchObject({ scope: "task" });
  });

  it("that passes while an attempt goes on after its own limit ends all: none follows", async () => {
    const clock = new VirtualClock();
    const { only } = await alone(clock, [{ ms: 100, ignoresSignal: true }], {
      timeoutMs: 20,
      deadlineMs: 50,
      retry: 9,
    });
    expect(only).toMatchObject({ status: "failed", attemptCount: 1, endAt: 100 });
  });

  it.each(dispatches)(
    "fails a retry that waits for a slot then (dispatch: %s)",
    async (dispatch) => {
      const clock = new VirtualClock();
      const scheduler = new DynamicScheduler(
        [
          ["retried", scripted(clock, { ms: 5, throw: "first" }, { ms: 1 })],
          ["long", scripted(clock, { ms: 100 })],
        ],
        [{ taskName: "retried" }, { taskName: "long" }],
        {
          clock,
          dispatch,
          concurrency: 1,
          taskRetries: { retried: { attempts: 1, backoff: "fixed", baseMs: 10 } },
          taskOptions: { retried: { deadlineMs: 40, onFailure: "ignore" } },
        },
      );
      const ended: unknown[] = [];
      const observer = {
        name: "ends",
        run: () => ({
          task: () => ({
            end: ({ task, at }: { task: { key: string }; at: number }) =>
              void ended.push([task.key, at - Date.UTC(2026, 0, 1)]),
          }),
        }),
      };
      const report = await clock.run(scheduler.execute({ observers: [observer] }));
      expect(ended).toEqual([
        ["retried", 40],
        ["long", 105],
      ]);
      expect(row(report, "retried")).toMatchObject({ status: "failed", attemptCount: 1 });
      expect(row(report, "retried").error).toMatchObject({ message: "first" });
      expect(clock.pending).toBe(0);
    },
  );

  it("abandons an attempt that does not hear, as failed and not retried", async () => {
    const clock = new VirtualClock();
    const never = new Gate();
    const deaf = task("deaf", () => never.promise, { deadlineMs: 20, retry: 3 });
    const sees = task("sees", { end: settled(deaf) }, ({ end }) => end.status);
    const report = await clock.run(
      flow("f", { deaf, sees }).run({ clock, graceMs: 10, failure: "continue" }),
    );
    expect(row(written(report), "deaf")).toMatchObject({
      status: "abandoned",
      reason: { kind: "timeout", limitMs: 20, scope: "attempt", deadline: true },
    });
    expect(report.outputs).toEqual({ sees: "abandoned" });
    expect(report.executionState).toBe("failed");
  });

  it("holds when the thread was held beyond it: the value is dropped, and nothing goes again", async () => {
    const clock = new VirtualClock();
    const only = task(
      "only",
      () => {
        clock.hold(40);
        return "late";
      },
      { deadlineMs: 30, timeoutMs: 10, retry: 3 },
    );
    const report = await clock.run(flow("f", { only }).run({ clock }));
    expect(row(report, "only")).toMatchObject({ status: "failed", attemptCount: 1 });
    expect(report.errorSummary).toEqual([
      'Task "only" failed: took longer than its deadline of 30 ms (ended after 40 ms)',
    ]);
    expect(report.taskReturnSet.size).toBe(0);
  });

  it("passes for a retry that waits while another task holds the thread", async () => {
    const clock = new VirtualClock();
    const retried = task("retried", scripted(clock, { ms: 5, throw: "first" }, { return: 1 }), {
      deadlineMs: 30,
      retry: { attempts: 1, backoff: "fixed", baseMs: 10 },
    });
    const holds = task("holds", async () => {
      await clock.wait(10);
      clock.hold(50);
    });
    const report = await clock.run(
      flow("f", { retried, holds }).run({ clock, failure: "continue" }),
    );
    expect(row(report, "retried")).toMatchObject({ status: "failed", attemptCount: 1 });
  });

  it("of a map is each item's", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [10, 100]);
    const items = map("items", list, (ms, _, { signal }) => clock.wait(ms, signal).then(() => ms), {
      deadlineMs: 30,
      concurrency: 1,
      items: "settled",
    });
    const report = await clock.run(flow("f", { items }).run({ clock }));
    expect(statuses(report)).toMatchObject({ "items[0]": "completed", "items[1]": "failed" });
    expect(row(report, "items[1]")).toMatchObject({ startAt: 10, endAt: 40 });
  });

  it("asks the fallback, which has no deadline", async () => {
    const clock = new VirtualClock();
    const { report } = await alone(clock, [{ ms: 100 }], {
      deadlineMs: 10,
      fallback: () => clock.wait(50).then(() => "instead"),
    });
    expect(report.unwrap()).toEqual({ only: "instead" });
    expect(report.totalDurationMs).toBe(60);
  });

  it("is weaker than a stop: what is stopped is cancelled", async () => {
    const clock = new VirtualClock();
    const deaf = task("deaf", scripted(clock, { ms: 100, ignoresSignal: true }), {
      deadlineMs: 20,
    });
    const run = flow("f", { deaf }).start({ clock });
    clock.after(30, () => run.cancel());
    expect(statuses(await clock.run(run.report))).toEqual({ deaf: "cancelled" });
  });

  it("leaves no timer behind for tasks that a stop ends between two attempts", async () => {
    const clock = new VirtualClock();
    const delayed = task("delayed", scripted(clock, { throw: "again" }), {
      deadlineMs: 1000,
      retry: { attempts: 1, backoff: "fixed", baseMs: 500 },
    });
    const run = flow("f", { delayed }).start({ clock });
    clock.after(10, () => run.cancel());
    await clock.run(run.report);
    expect(clock.pending).toBe(0);
  });

  it("of 10,000 tasks that wait for their retry passes for each", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => Array.from({ length: 10_000 }, (_, at) => at));
    const items = map(
      "items",
      list,
      () => {
        throw new Error("no");
      },
      {
        deadlineMs: 50,
        retry: { attempts: 9, backoff: "fixed", baseMs: 20 },
        items: "settled",
      },
    );
    const report = await clock.run(flow("f", { items }).run({ clock }));
    expect(report.toleratedFailures).toBe(10_000);
    expect(report.totalAttempts).toBe(30_001);
    expect(report.totalDurationMs).toBe(40);
  });

  it("is in the plan and in a trace, and refused when it is no limit", async () => {
    const clock = new VirtualClock();
    const { graph, recording } = await alone(clock, [{ ms: 100 }], { deadlineMs: 30 });
    expect(graph.plan().explain()).toContain("  only (deadline 30 ms)");
    expect(trace(graph.plan(), recording)[1]).toBe("30 only expired → abort only");
    const wrong = task("wrong", () => {}, { deadlineMs: 0, graceMs: -1 });
    expect(() => flow("f", { wrong })).toThrow('`deadlineMs` of task "wrong"');
    expect(() => flow("f", { wrong })).toThrow('`graceMs` of task "wrong"');
    const typo = task("typo", () => {}, { deadline: 5 } as object);
    expect(() => flow("f", { typo })).toThrow('Did you mean "deadlineMs"?');
  });
});

describe("The grace period of a task", () => {
  it("takes the place of that of its run, longer or shorter", async () => {
    const clock = new VirtualClock();
    const never = () => new Promise<void>(() => {});
    const short = task("short", never, { graceMs: 5 });
    const long = task("long", never, { graceMs: 40 });
    const usual = task("usual", never);
    const run = flow("f", { short, long, usual }).start({ clock, graceMs: 10 });
    clock.after(100, () => run.cancel());
    const report = await clock.run(run.report);
    const waited = (name: string) => row(report, name).overrunMs;
    expect([waited("short"), waited("usual"), waited("long")]).toEqual([5, 10, 40]);
    expect(report.totalDurationMs).toBe(140);
  });

  it("ends the wait where the run has none, for its fallback too", async () => {
    const clock = new VirtualClock();
    const user = task("user", scripted(clock, { throw: "down" }), {
      graceMs: 5,
      fallback: () => new Promise<number>(() => {}),
    });
    const run = flow("f", { user }).start({ clock });
    clock.after(100, () => run.cancel());
    expect((await clock.run(run.report)).totalDurationMs).toBe(105);
  });
});
