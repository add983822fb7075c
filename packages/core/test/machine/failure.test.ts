import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type FailureMode,
  flow,
  map,
  optional,
  RunError,
  RunStoppedError,
  settled,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, row, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

/**
 * At 20 ms `fails` fails. Then `long` is running, `pause` is between two attempts, `queued` is ready with no slot for
 * it, `child` needs what failed, and `grandchild` and `stranger` wait for what they need.
 */
function troubled(diary: Diary) {
  const fails = task("fails", diary.task({ ms: 20, throw: "broken" }), { priority: 9 });
  const long = task("long", diary.task({ ms: 100 }), { priority: 9 });
  const pause = task("pause", diary.task({ ms: 5, throw: "again" }), {
    priority: 9,
    retry: { attempts: 1, backoff: "fixed", baseMs: 1000 },
  });
  const filler = task("filler", diary.task({ ms: 100 }), { priority: 5 });
  const queued = task("queued", diary.task({ ms: 10 }));
  const child = task("child", { fails }, diary.task({ ms: 10 }));
  const grandchild = task("grandchild", { child }, diary.task({ ms: 10 }));
  const stranger = task("stranger", { long }, diary.task({ ms: 10 }));
  const beyond = task("beyond", { stranger }, diary.task({ ms: 10 }));
  return flow("troubled", { pause, filler, queued, grandchild, beyond });
}

describe("A failure under `stop`, the default", () => {
  it("starts nothing new and asks what is running to stop, in the turn in which it happens", async () => {
    const { clock, diary } = setup();
    const report = await clock.run(troubled(diary).run({ clock, concurrency: 3 }));
    expect(report.executionState).toBe("failed");
    expect(report.totalDurationMs).toBe(20);
    expect(diary.started).toEqual(["fails", "long", "pause", "filler"]);
    expect(diary.running.size).toBe(0);
  });

  it("gives every task its status and its reason", async () => {
    const { clock, diary } = setup();
    const report = await clock.run(troubled(diary).run({ clock, concurrency: 3 }));
    const because = { kind: "failure", task: "fails" };
    const told = report.taskStatistics.map(({ taskName, status, attemptCount, reason }) => [
      taskName,
      status,
      attemptCount,
      reason,
    ]);
    expect(told).toEqual([
      ["fails", "failed", 1, undefined],
      ["long", "cancelled", 1, because],
      ["pause", "cancelled", 1, because],
      ["filler", "cancelled", 1, because],
      [
        "queued",
        "cancelled",
        0,
        {
          kind: "not-started",
          message: 'the run was stopped because "fails" failed',
        },
      ],
      ["child", "skipped", 0, { kind: "dependency", task: "fails", root: "fails" }],
      ["stranger", "skipped", 0, because],
      ["grandchild", "skipped", 0, { kind: "dependency", task: "child", root: "fails" }],
      ["beyond", "skipped", 0, because],
    ]);
    expect(report).toMatchObject({
      totalTasks: 9,
      failedTasks: 1,
      cancelledTasks: 4,
      skippedTasks: 4,
      errorSummary: ['Task "fails" failed: broken'],
    });
  });

  it("tells running tasks which failure stopped them, with the original error as its cause", async () => {
    const { clock, diary } = setup();
    const broken = new TypeError("broken");
    const fails = task("fails", diary.task({ ms: 5, throw: broken }));
    let reason: unknown;
    const runs = task("runs", async (_, { signal }) => {
      await clock.wait(100, signal).catch(() => {});
      reason = signal.reason;
    });
    const report = await clock.run(flow("f", { fails, runs }).run({ clock }));
    expect(reason).toBeInstanceOf(RunStoppedError);
    expect(reason).toMatchObject({ code: "ASTRUM_STOPPED", task: "fails" });
    expect((reason as Error).cause).toBe(broken);
    expect(report.outcome(runs)).toEqual({ status: "cancelled", reason });
    expect(report.outcome(fails)).toEqual({ status: "failed", error: broken, timedOut: false });
    expect((report.outcome(fails) as { error: unknown }).error).toBe(broken);
  });

  it("waits for what is still running, and does not wait longer", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 20, throw: "broken" }));
    const sibling = task("sibling", diary.task({ ms: 200, deaf: true }));
    const report = await clock.run(flow("f", { fails, sibling }).run({ clock }));
    expect(report.totalDurationMs).toBe(200);
    expect(row(report, "sibling")).toMatchObject({
      status: "cancelled",
      ignoredSignal: true,
      overrunMs: 180,
    });
  });

  it("stops the run even when every dependent would take the outcome", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ throw: "broken" }));
    const reads = task("reads", { fails: settled(fails) }, diary.task());
    const report = await clock.run(flow("f", { reads }).run({ clock }));
    expect(diary.started).toEqual(["fails"]);
    expect(row(report, "reads")).toMatchObject({
      status: "skipped",
      reason: { kind: "failure", task: "fails" },
    });
  });

  it("of a synchronous function starts nothing that is declared behind it", async () => {
    const { clock, diary } = setup();
    const roots = Object.fromEntries(
      ["a", "b", "c"].map((name) => [name, task(name, diary.task({ throw: name }))]),
    );
    const report = await clock.run(flow("f", roots).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["a"]);
    expect(statuses(report)).toEqual({ a: "failed", b: "cancelled", c: "cancelled" });
  });

  it("is thrown by unwrap, with every cause", async () => {
    const { clock, diary } = setup();
    const broken = new Error("broken");
    const fails = task("fails", diary.task({ throw: broken }));
    const report = await clock.run(flow("f", { fails }).run({ clock }));
    expect(() => report.unwrap()).toThrow(RunError);
    try {
      report.unwrap();
    } catch (error) {
      expect((error as RunError).errors).toEqual([broken]);
    }
  });
});

describe("A failure under `drain`", () => {
  it("starts nothing new, retries nothing and lets running tasks finish", async () => {
    const { clock, diary } = setup();
    const report = await clock.run(
      troubled(diary).run({ clock, concurrency: 3, failure: "drain" }),
    );
    expect(report.executionState).toBe("failed");
    expect(report.totalDurationMs).toBe(105);
    expect(diary.started).toEqual(["fails", "long", "pause", "filler"]);
    expect(statuses(report)).toEqual({
      fails: "failed",
      long: "completed",
      pause: "failed",
      filler: "completed",
      queued: "cancelled",
      child: "skipped",
      grandchild: "skipped",
      stranger: "skipped",
      beyond: "skipped",
    });
  });

  it("makes the failure of a running task final", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 5, throw: "first" }));
    const flaky = task("flaky", diary.task({ ms: 10, throw: "second" }), { retry: 3 });
    const report = await clock.run(flow("f", { fails, flaky }).run({ clock, failure: "drain" }));
    expect(row(report, "flaky")).toMatchObject({ status: "failed", attemptCount: 1 });
    expect(report.errorSummary).toEqual([
      'Task "fails" failed: first',
      'Task "flaky" failed: second',
    ]);
  });

  it("makes it final also where its retry was granted in the same turn", async () => {
    const { clock, diary } = setup();
    const first = task("first", diary.task({ throw: "first" }));
    const second = task("second", diary.task({ throw: "second" }), { retry: 3 });
    const report = await clock.run(flow("f", { first, second }).run({ clock, failure: "drain" }));
    expect(diary.started).toEqual(["first", "second"]);
    expect(statuses(report)).toEqual({ first: "failed", second: "failed" });
  });

  it("can still be aborted", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 5, throw: "first" }));
    const long = task("long", diary.task({ ms: 100 }));
    const run = flow("f", { fails, long }).start({ clock, failure: "drain" });
    await clock.advance(10);
    run.cancel();
    const report = await clock.run(run.report);
    expect(report.totalDurationMs).toBe(10);
    // What first stopped the run decides its state.
    expect(report.executionState).toBe("failed");
    expect(row(report, "long")).toMatchObject({ status: "cancelled", reason: { kind: "aborted" } });
  });
});

describe("A failure under `continue`", () => {
  it("lets run everything that does not depend on it", async () => {
    const { clock, diary } = setup();
    const report = await clock.run(
      troubled(diary).run({ clock, concurrency: 3, failure: "continue" }),
    );
    expect(report.executionState).toBe("failed");
    expect(statuses(report)).toEqual({
      fails: "failed",
      long: "completed",
      pause: "failed",
      filler: "completed",
      queued: "completed",
      child: "skipped",
      grandchild: "skipped",
      stranger: "completed",
      beyond: "completed",
    });
    expect(row(report, "pause").attemptCount).toBe(2);
  });

  it("gives a dependent what its edge asks for", async () => {
    const { clock, diary } = setup();
    const broken = new Error("broken");
    const fails = task("fails", diary.task({ throw: broken }));
    const needs = task("needs", { fails }, diary.task());
    const seen = task(
      "seen",
      {
        maybe: optional(fails),
        outcome: settled(fails),
        skipped: settled(needs),
        maybeSkipped: optional(needs),
      },
      (inputs) => inputs,
    );
    const report = await clock.run(flow("f", { seen }).run({ clock, failure: "continue" }));
    expect(report.outputs.seen).toEqual({
      maybe: undefined,
      outcome: { status: "failed", error: broken, timedOut: false },
      skipped: {
        status: "skipped",
        reason: 'needs "fails", which failed',
        because: "dependency",
        root: "fails",
      },
      maybeSkipped: undefined,
    });
    expect(row(report, "needs").status).toBe("skipped");
  });
});

describe("A limit of failures", () => {
  const six = async (failure: FailureMode) => {
    const { clock, diary } = setup();
    const roots = Object.fromEntries(
      [1, 2, 3, 4, 5, 6].map((at) => [
        `t${at}`,
        task(`t${at}`, diary.task({ ms: 10 * at, throw: `no ${at}` })),
      ]),
    );
    return clock.run(flow("f", roots).run({ clock, failure }));
  };

  it("goes on until that many tasks have failed for good", async () => {
    const report = await six({ maxFailures: 3 });
    expect(report.failedTasks).toBe(3);
    expect(report.cancelledTasks).toBe(3);
    expect(report.totalDurationMs).toBe(30);
  });

  it("of 1 is `stop`", async () => {
    const [one, stop] = await Promise.all([six({ maxFailures: 1 }), six("stop")]);
    expect(one.taskStatistics.map(({ status, reason }) => ({ status, reason }))).toEqual(
      stop.taskStatistics.map(({ status, reason }) => ({ status, reason })),
    );
  });

  it("counts neither attempts, nor ignored failures, nor the parents of failed items", async () => {
    const { clock, diary } = setup();
    const flaky = task("flaky", diary.task({ ms: 1, throw: "again" }), { retry: 5 });
    const ignored = task("ignored", diary.task({ ms: 2, throw: "so what" }), {
      onFailure: "ignore",
    });
    const list = task("list", () => [1]);
    const items = map("items", list, diary.item({ ms: 3, throw: "item" }));
    const last = task("last", diary.task({ ms: 50 }));
    const report = await clock.run(
      flow("f", { flaky, ignored, items, last }).run({ clock, failure: { maxFailures: 3 } }),
    );
    expect(statuses(report)).toMatchObject({
      flaky: "failed",
      ignored: "failed",
      "items[0]": "failed",
      items: "failed",
      last: "completed",
    });
  });

  it("counts items", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => [1, 2, 3, 4]);
    const items = map("items", list, diary.item({ ms: 1, throw: "item" }), { concurrency: 1 });
    const report = await clock.run(
      flow("f", { items }).run({ clock, failure: { maxFailures: 2 } }),
    );
    expect(report.failedTasks).toBe(3); // Two items and their map.
    expect(diary.started).toEqual(["items[0]", "items[1]"]);
  });
});

describe("A tolerated failure", () => {
  it("is recorded, skips what needs its value, and fails nothing", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 5, throw: "so what" }), { onFailure: "ignore" });
    const needs = task("needs", { fails }, diary.task());
    const takes = task("takes", { fails: optional(fails) }, ({ fails }) => `got ${fails}`);
    const long = task("long", diary.task({ ms: 50 }));
    const report = await clock.run(flow("f", { needs, takes, long }).run({ clock }));
    expect(report.executionState).toBe("completed");
    expect(statuses(report)).toEqual({
      fails: "failed",
      needs: "skipped",
      takes: "completed",
      long: "completed",
    });
    expect(report.outputs.takes).toBe("got undefined");
    expect(report.errorSummary).toEqual([]);
    expect(report.toleratedFailures).toBe(1);
    expect(row(report, "fails").tolerated).toBe(true);
  });

  it("says so of a task, of an item and its map, and of one that was abandoned", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => [0, 1]);
    const items = map(
      "items",
      list,
      (at) => {
        if (at === 1) throw new Error("item");
      },
      { onFailure: "ignore" },
    );
    const deaf = task("deaf", diary.task({ ms: 100, deaf: true }), {
      timeoutMs: 5,
      onFailure: "ignore",
    });
    const fine = task("fine", diary.task(), { onFailure: "ignore" });
    const report = await clock.run(flow("f", { items, deaf, fine }).run({ clock, graceMs: 5 }));
    const tolerated = report.taskStatistics.filter((one) => one.tolerated);
    expect(tolerated.map(({ taskName, status }) => `${taskName} ${status}`)).toEqual([
      "deaf abandoned",
      "items failed",
      "items[1] failed",
    ]);
    expect(report).toMatchObject({
      executionState: "completed",
      errorSummary: [],
      toleratedFailures: 3,
    });
    expect(report.toJSON()).toMatchObject({ formatVersion: "1.1", toleratedFailures: 3 });
  });

  it("is not what a task is that was called off, whatever its failure would have been", async () => {
    const { clock, diary } = setup();
    const off = task("off", diary.task({ ms: 100 }), { onFailure: "ignore" });
    const run = flow("f", { off }).start({ clock });
    run.cancelTask("off");
    const report = await clock.run(run.report);
    expect(row(report, "off")).toMatchObject({ status: "cancelled", tolerated: undefined });
    expect(report.toleratedFailures).toBe(0);
  });

  it("is no reason of a run that failed for another, but among the errors that unwrap() throws, last", async () => {
    const { clock, diary } = setup();
    const early = task("early", diary.task({ ms: 1, throw: "so what" }), { onFailure: "ignore" });
    const late = task("late", diary.task({ ms: 5, throw: "broken" }));
    const report = await clock.run(flow("f", { early, late }).run({ clock }));
    expect(report.errorSummary).toEqual(['Task "late" failed: broken']);
    const { errors, message } = thrownBy(report);
    expect(errors.map(String)).toEqual(["Error: broken", "Error: so what"]);
    expect(message).toBe(
      'The run failed:\n  Task "late" failed: broken\n  Task "early" failed: so what (tolerated)',
    );
  });

  it("explains a root without a value, when unwrap() throws of a completed run", async () => {
    const fails = task("fails", () => Promise.reject(new Error("so what")), {
      onFailure: "ignore",
      retry: 1,
    });
    const report = await flow("f", { fails }).run();
    expect(thrownBy(report).message).toBe(
      'The run completed, but not every root has a value:\n  Task "fails" failed after 2 attempts: so what (tolerated)',
    );
  });

  it("is tolerated by stages too", async () => {
    const { clock, diary } = setup();
    const order = { taskName: "fails", dependencies: [] };
    const scheduler = new DynamicScheduler(
      [["fails", diary.task({ ms: 1, throw: "so what" })]],
      [order],
      { clock, dispatch: "stages", taskOptions: { fails: { onFailure: "ignore" } } },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "fails")).toMatchObject({ status: "failed", tolerated: true });
    expect(report).toMatchObject({
      executionState: "completed",
      errorSummary: [],
      toleratedFailures: 1,
    });
  });

  it("is marked in the plan", () => {
    const fails = task("fails", () => {}, { onFailure: "ignore" });
    expect(flow("f", { fails }).plan().explain()).toContain("  fails (its failure is tolerated)");
  });
});

function thrownBy(report: { unwrap(): unknown }): RunError {
  try {
    report.unwrap();
  } catch (error) {
    return error as RunError;
  }
  throw new Error("unwrap() threw nothing");
}

describe("A failed tail task", () => {
  it("fails nothing and stops nothing", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 50 }));
    const tail = task("tail", diary.task({ ms: 5, throw: "so what" }));
    const report = await clock.run(flow("f", { root }, { tails: { tail } }).run({ clock }));
    expect(report.executionState).toBe("completed");
    expect(statuses(report)).toEqual({ root: "completed", tail: "failed" });
  });
});

describe("An input that cannot be resolved", () => {
  it("fails its task once, before it queues, and is never retried", async () => {
    const { clock, diary } = setup();
    const source = task("source", () => 1);
    let asked = 0;
    const reader = task("reader", { source }, diary.task(), {
      retry: 5,
      when: () => {
        asked++;
        throw new Error("no");
      },
    });
    const report = await clock.run(flow("f", { reader }).run({ clock }));
    expect(asked).toBe(1);
    expect(diary.started).toEqual([]);
    expect(row(report, "reader")).toMatchObject({
      status: "failed",
      attemptCount: 0,
      error: { message: "no" },
    });
  });

  it("includes a condition that answers neither yes nor no", async () => {
    for (const answer of [undefined, null, 0, "yes", {}, Promise.resolve("yes")]) {
      const { clock, diary } = setup();
      const odd = task("odd", diary.task(), { when: () => answer as never });
      const report = await clock.run(flow("f", { odd }).run({ clock }));
      expect(row(report, "odd").error).toMatchObject({
        name: "InputError",
        message: expect.stringContaining('The condition of task "odd" must return true, false'),
      });
    }
  });
});
