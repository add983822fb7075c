import { describe, expect, it } from "vitest";
import { flow, map, TimeoutError, task } from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";
import { Diary, row, statuses } from "./scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("The time limit of an attempt", () => {
  it("asks it to stop and counts it as failed, with a TimeoutError", async () => {
    const { clock, diary } = setup();
    const slow = task("slow", diary.task({ ms: 100 }), { timeoutMs: 30 });
    const report = await clock.run(flow("f", { slow }).run({ clock }));
    expect(report).toMatchObject({ executionState: "failed", totalDurationMs: 30 });
    const { status, error, timedOut } = report.outcome(slow) as {
      status: string;
      error: TimeoutError;
      timedOut: boolean;
    };
    expect([status, timedOut]).toEqual(["failed", true]);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      code: "ASTRUM_TIMEOUT",
      limitMs: 30,
      scope: "attempt",
      message: 'Task "slow" took longer than 30 ms',
    });
  });

  it("is the reason of its signal", async () => {
    const { clock } = setup();
    let reason: unknown;
    const slow = task(
      "slow",
      (_, { signal }) =>
        clock.wait(100, signal).catch((thrown) => {
          reason = thrown;
        }),
      { timeoutMs: 30 },
    );
    const report = await clock.run(flow("f", { slow }).run({ clock }));
    expect(reason).toBeInstanceOf(TimeoutError);
    expect((report.outcome(slow) as { error: unknown }).error).toBe(reason);
  });

  it("counts from the start of the function, not from the queue", async () => {
    const { clock, diary } = setup();
    const first = task("first", diary.task({ ms: 50 }));
    const second = task("second", diary.task({ ms: 20 }), { timeoutMs: 30 });
    const report = await clock.run(flow("f", { first, second }).run({ clock, concurrency: 1 }));
    expect(statuses(report)).toEqual({ first: "completed", second: "completed" });
  });

  it("keeps the slot until the function ends, and discards what it returns", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 100, deaf: true, return: "late" }), {
      timeoutMs: 30,
    });
    const next = task("next", diary.task({ ms: 10 }));
    const report = await clock.run(
      flow("f", { deaf, next }).run({ clock, concurrency: 1, failure: "continue" }),
    );
    expect(row(report, "deaf")).toMatchObject({
      status: "failed",
      endAt: 100,
      ignoredSignal: true,
      overrunMs: 70,
    });
    expect(row(report, "next").startAt).toBe(100);
    expect(report.outputs).not.toHaveProperty("deaf");
  });

  it("is that of each attempt, and a timed-out attempt is retried", async () => {
    const { clock } = setup();
    const slow = task(
      "slow",
      async (_, { attempt, signal }) => {
        await clock.wait(attempt === 3 ? 10 : 100, signal);
        return attempt;
      },
      { timeoutMs: 30, retry: 2 },
    );
    const report = await clock.run(flow("f", { slow }).run({ clock }));
    expect(report.outputs.slow).toBe(3);
    expect(report.totalDurationMs).toBe(70);
    expect(report.flakyTasks).toBe(1);
    expect(row(report, "slow").attemptStatistics).toMatchObject([
      { status: "failed", durationMs: 30, willRetry: true },
      { status: "failed", durationMs: 30, willRetry: true },
      { status: "completed", durationMs: 10, willRetry: false },
    ]);
  });

  it("never makes two attempts of a deaf task overlap", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 100, deaf: true }), { timeoutMs: 30, retry: 2 });
    const report = await clock.run(flow("f", { deaf }).run({ clock }));
    expect(diary.peak).toBe(1);
    expect(row(report, "deaf").attemptStatistics.map(({ startAt }) => startAt)).toEqual([
      0, 100, 200,
    ]);
  });

  it("keeps another error of the function as the cause", async () => {
    const { clock } = setup();
    const mine = new Error("while stopping");
    const slow = task(
      "slow",
      (_, { signal }) =>
        clock.wait(100, signal).catch(() => {
          throw mine;
        }),
      { timeoutMs: 30 },
    );
    const report = await clock.run(flow("f", { slow }).run({ clock }));
    const { error } = report.outcome(slow) as { error: Error };
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.cause).toBe(mine);
  });

  it("is called off when the attempt ends", async () => {
    const { clock, diary } = setup();
    const quick = task("quick", diary.task({ ms: 10 }), { timeoutMs: 30 });
    const long = task("long", { quick }, diary.task({ ms: 100 }));
    const report = await clock.run(flow("f", { long }).run({ clock }));
    expect(report.executionState).toBe("completed");
    expect(clock.pending).toBe(0);
  });

  it("of a map is that of each item", async () => {
    const { clock } = setup();
    const list = task("list", () => [10, 100, 20]);
    const items = map("items", list, (ms, _, { signal }) => clock.wait(ms, signal), {
      timeoutMs: 30,
      concurrency: 1,
    });
    const report = await clock.run(flow("f", { items }).run({ clock, failure: "continue" }));
    expect(statuses(report)).toMatchObject({
      "items[0]": "completed",
      "items[1]": "failed",
      "items[2]": "completed",
    });
    expect(report.totalDurationMs).toBe(60);
  });
});

describe("The time limit of a run", () => {
  it("stops it: what runs is asked, the rest is not started, and the run has failed", async () => {
    const { clock, diary } = setup();
    const runs = task("runs", diary.task({ ms: 100 }));
    const waits = task("waits", { runs }, diary.task());
    const behind = task("behind", { waits }, diary.task());
    const queued = task("queued", diary.task());
    const report = await clock.run(
      flow("f", { behind, queued }).run({ clock, concurrency: 1, timeoutMs: 30 }),
    );
    expect(report).toMatchObject({
      executionState: "failed",
      totalDurationMs: 30,
      errorSummary: ["The run was stopped: the run took longer than 30 ms"],
    });
    const reason = { kind: "timeout", limitMs: 30, scope: "run" };
    expect(
      report.taskStatistics.map(({ taskName, status, reason }) => [taskName, status, reason]),
    ).toEqual([
      ["runs", "cancelled", reason],
      ["queued", "cancelled", { kind: "not-started", message: "the run took longer than 30 ms" }],
      ["waits", "skipped", reason],
      ["behind", "skipped", reason],
    ]);
  });

  it("is a TimeoutError for the tasks and for unwrap", async () => {
    const { clock } = setup();
    let reason: unknown;
    const runs = task("runs", (_, { signal }) =>
      clock.wait(100, signal).catch((thrown) => {
        reason = thrown;
      }),
    );
    const report = await clock.run(flow("f", { runs }).run({ clock, timeoutMs: 30 }));
    expect(reason).toMatchObject({ code: "ASTRUM_TIMEOUT", scope: "run", limitMs: 30 });
    try {
      report.unwrap();
      expect.unreachable();
    } catch (error) {
      expect((error as AggregateError).errors).toEqual([reason]);
    }
  });

  it("ends a back-off at once", async () => {
    const { clock, diary } = setup();
    const flaky = task("flaky", diary.task({ throw: "again" }), {
      retry: { attempts: 3, backoff: "fixed", baseMs: 20_000 },
    });
    const report = await clock.run(flow("f", { flaky }).run({ clock, timeoutMs: 30 }));
    expect(report.totalDurationMs).toBe(30);
    expect(row(report, "flaky")).toMatchObject({
      status: "cancelled",
      reason: { kind: "timeout", scope: "run" },
    });
  });

  it("does nothing to a run that ended in time", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ ms: 29 }));
    const report = await clock.run(flow("f", { a }).run({ clock, timeoutMs: 30 }));
    expect(report.executionState).toBe("completed");
    expect(clock.pending).toBe(0);
  });
});
