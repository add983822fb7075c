import { describe, expect, it } from "vitest";
import { DynamicScheduler, flow, map, type Schema, TimeoutError, task } from "../../src/index.ts";
import { recorded, replay, trace, VirtualClock } from "../../src/testing.ts";
import { Diary, Notebook, row, statuses } from "../scenario.ts";

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
      errorSummary: ['The run took longer than 30 ms (running then: "runs")'],
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

  it("is told as what ended the run, where it was, and of no run that had failed before", async () => {
    const told = async (bad: number | undefined, timeoutMs: number) => {
      const { clock, diary } = setup();
      const failing = task("failing", diary.task({ ms: bad ?? 1, ...(bad && { throw: "bad" }) }));
      const deaf = task("deaf", diary.task({ ms: 80, deaf: true }));
      const options = { clock, timeoutMs, graceMs: 60 };
      const report = await clock.run(flow("f", { failing, deaf }).run(options));
      return [report.executionState, report.timedOut, report.toJSON().timedOut];
    };
    expect(await told(undefined, 30)).toEqual(["failed", true, true]);
    expect(await told(10, 30)).toEqual(["failed", undefined, undefined]);
    expect(await told(undefined, 100)).toEqual(["completed", undefined, undefined]);
  });

  it("does nothing to a run that ended in time", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ ms: 29 }));
    const report = await clock.run(flow("f", { a }).run({ clock, timeoutMs: 30 }));
    expect(report.executionState).toBe("completed");
    expect(clock.pending).toBe(0);
  });
});

describe("A function that holds the thread past its time limit", () => {
  it("has timed out: its value is dropped, and it fails with a TimeoutError", async () => {
    const { clock, diary } = setup();
    const held = task("held", () => [clock.hold(120)], { timeoutMs: 30 });
    const needs = task("needs", { held }, diary.task());
    const report = await clock.run(flow("f", { needs }).run({ clock }));
    expect(report.executionState).toBe("failed");
    expect(report.outcome(held)).toMatchObject({ status: "failed", timedOut: true });
    expect((report.outcome(held) as { error: TimeoutError }).error).toMatchObject({
      code: "ASTRUM_TIMEOUT",
      limitMs: 30,
      scope: "attempt",
    });
    expect(row(report, "held")).toMatchObject({ status: "failed", endAt: 120, blockedMs: 120 });
    // Nobody could ask it to stop.
    expect(row(report, "held").ignoredSignal).toBeUndefined();
    expect(diary.started).toEqual([]);
  });

  it("may use up its limit to the millisecond", async () => {
    const { clock } = setup();
    const held = task("held", () => clock.hold(30), { timeoutMs: 30 });
    const report = await clock.run(flow("f", { held }).run({ clock, timeoutMs: 30 }));
    expect(report.executionState).toBe("completed");
  });

  it("is retried as one that timed out", async () => {
    const { clock } = setup();
    const asked: unknown[] = [];
    const held = task(
      "held",
      (_, { attempt }) => {
        clock.hold(attempt === 1 ? 50 : 10);
        return attempt;
      },
      { timeoutMs: 30, retry: { attempts: 1, retryIf: (error) => asked.push(error) > 0 } },
    );
    const report = await clock.run(flow("f", { held }).run({ clock }));
    expect(asked).toEqual([expect.any(TimeoutError)]);
    expect(report.outputs.held).toBe(2);
    expect(row(report, "held").attemptStatistics).toMatchObject([
      { status: "failed", durationMs: 50, willRetry: true },
      { status: "completed", durationMs: 10 },
    ]);
  });

  it("has timed out also after an await, when it throws, in a map, and while its output is checked", async () => {
    const { clock } = setup();
    const later = task(
      "later",
      async () => {
        await clock.wait(10);
        clock.hold(50);
      },
      { timeoutMs: 30 },
    );
    const mine = new Error("mine");
    const throws = task(
      "throws",
      () => {
        clock.hold(50);
        throw mine;
      },
      { timeoutMs: 30 },
    );
    const list = task("list", () => [10, 50]);
    const items = map("items", list, (ms) => clock.hold(ms), { timeoutMs: 30 });
    const output = schemaOf((value) => {
      clock.hold(50);
      return value;
    });
    const checked = task("checked", () => 1, { timeoutMs: 30, output });
    const report = await clock.run(
      flow("f", { later, throws, items, checked }).run({ clock, failure: "continue" }),
    );
    for (const name of ["later", "throws", "items[1]", "checked"]) {
      expect([name, report.outcome(name)]).toMatchObject([name, { timedOut: true }]);
    }
    expect(report.outcome("items[0]").status).toBe("completed");
    expect((report.outcome(throws) as { error: Error }).error.cause).toBe(mine);
  });

  it("is not asked for its output schema, its cleanups run, and its signal is aborted", async () => {
    const { clock } = setup();
    const log: string[] = [];
    const output = schemaOf((value) => {
      log.push("schema");
      return value;
    });
    const held = task(
      "held",
      (_, { signal, defer }) => {
        signal.addEventListener("abort", () => log.push(signal.reason.name));
        defer(() => void log.push("cleanup"));
        clock.hold(50);
      },
      { timeoutMs: 30, output },
    );
    await clock.run(flow("f", { held }).run({ clock }));
    expect(log).toEqual(["TimeoutError", "cleanup"]);
  });

  it("is not told to the journal", async () => {
    const { clock } = setup();
    const held = task("held", () => clock.hold(50), { timeoutMs: 30 });
    const notebook = new Notebook();
    const { journal } = notebook;
    await clock.run(flow("f", { held }).run({ clock, journal }));
    expect(notebook.tasks).toEqual([]);
  });

  it("cleans up within the grace period", async () => {
    const { clock } = setup();
    const held = task(
      "held",
      async (_, { defer }) => {
        defer(() => new Promise(() => {}));
        clock.hold(50);
      },
      { timeoutMs: 30 },
    );
    const report = await clock.run(flow("f", { held }).run({ clock, graceMs: 5 }));
    expect(report.totalDurationMs).toBe(55);
    expect(statuses(report)).toEqual({ held: "abandoned" });
  });

  it("was stopped when the run was stopped while it held the thread", async () => {
    const { clock } = setup();
    const controller = new AbortController();
    const held = task(
      "held",
      () => {
        controller.abort();
        clock.hold(50);
      },
      { timeoutMs: 30, retry: 1 },
    );
    const report = await clock.run(flow("f", { held }).run({ clock, signal: controller.signal }));
    expect(report.executionState).toBe("cancelled");
    expect(row(report, "held")).toMatchObject({ status: "cancelled", attemptCount: 1 });
  });

  it("is replayed as it was", async () => {
    const { clock } = setup();
    const held = task("held", (_, { attempt }) => clock.hold(attempt === 1 ? 50 : 10), {
      timeoutMs: 30,
      retry: 1,
    });
    const { options, recording } = recorded({ clock });
    const graph = flow("f", { held });
    const report = await clock.run(graph.run(options));
    expect(trace(graph.plan(), recording)).toEqual([
      "0 begin → start held",
      "50 held expired → abort held",
      "50 held timed out → start held again",
      "60 held returned → settle, close",
    ]);
    expect(replay(graph.plan(), recording).toJSON()).toEqual(report.toJSON());
  });
});

describe("A thread that is held past the time limit of the run", () => {
  it("stops it, though the last task ends", async () => {
    const { clock } = setup();
    const held = task("held", () => [clock.hold(120)]);
    const report = await clock.run(flow("f", { held }).run({ clock, timeoutMs: 50 }));
    expect(report).toMatchObject({
      executionState: "failed",
      totalDurationMs: 120,
      errorSummary: ["The run took longer than 50 ms (stopped after 120 ms)"],
    });
    expect(row(report, "held")).toMatchObject({
      status: "cancelled",
      reason: { kind: "timeout", limitMs: 50, scope: "run" },
    });
    expect(report.outputs).toEqual({});
    expect(clock.pending).toBe(0);
  });

  it("starts nothing more, tells the journal nothing, and is the first thing that stopped it", async () => {
    const { clock, diary } = setup();
    const holds = task("holds", async () => {
      await clock.wait(10);
      clock.hold(120);
      run.cancel("too late");
    });
    const other = task("other", diary.task({ ms: 20 }));
    const next = task("next", { holds, other }, diary.task());
    const notebook = new Notebook();
    const { journal } = notebook;
    const run = flow("f", { next }).start({ clock, timeoutMs: 50, journal });
    const report = await clock.run(run.report);
    expect(report.executionState).toBe("failed");
    expect(statuses(report)).toEqual({ holds: "cancelled", other: "cancelled", next: "skipped" });
    expect(notebook.tasks).toEqual([]);
  });

  it("stops it once", async () => {
    const { clock } = setup();
    const holds = task("holds", async (_, { signal }) => {
      await clock.wait(10);
      clock.hold(120);
      await clock.wait(10);
      return signal.aborted;
    });
    const { options, recording } = recorded({ clock, timeoutMs: 50 });
    const graph = flow("f", { holds });
    await clock.run(graph.run(options));
    expect(trace(graph.plan(), recording)).toEqual([
      "0 begin → start holds",
      "130 stop: timeout → abort holds",
      "140 holds returned → settle, close",
    ]);
  });
});

describe("In a scheduler, by dependencies and by stages,", () => {
  it.each(["dependencies", "stages"] as const)(
    "limits hold on a held thread too (%s)",
    async (dispatch) => {
      const { clock } = setup();
      const held = (): void => clock.hold(50);
      const order = [{ taskName: "held" }];
      const attempt = new DynamicScheduler([["held", held]], order, {
        clock,
        dispatch,
        taskOptions: { held: { timeoutMs: 30 } },
      });
      expect((await clock.run(attempt.execute())).outcome("held")).toMatchObject({
        status: "failed",
        timedOut: true,
      });
      const whole = new DynamicScheduler([["held", held]], order, {
        clock,
        dispatch,
        timeoutMs: 30,
      });
      const report = await clock.run(whole.execute());
      expect(report.executionState).toBe("failed");
      expect(row(report, "held")).toMatchObject({
        status: "cancelled",
        reason: { kind: "timeout", scope: "run" },
      });
    },
  );
});

/** A schema that gives back what a function makes of the value. */
function schemaOf(convert: (value: unknown) => unknown): Schema {
  const validate = (value: unknown): { readonly value: unknown } => ({ value: convert(value) });
  return { "~standard": { version: 1, vendor: "test", validate } };
}
