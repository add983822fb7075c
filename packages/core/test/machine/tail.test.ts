import { describe, expect, it } from "vitest";
import { DynamicScheduler, flow, map, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, row, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("A tail task", () => {
  it("does not delay the result, nor its dependencies' dependents", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 10 }));
    const archive = task("archive", { root }, diary.task({ ms: 500 }));
    const next = task("next", { root }, diary.task({ ms: 10 }));
    const report = await clock.run(flow("f", { next }, { tails: { archive } }).run({ clock }));
    expect(report.totalDurationMs).toBe(20);
    expect(row(report, "archive")).toMatchObject({ kind: "tail", status: "detached", startAt: 10 });
  });

  it("that ended in time is what it is", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 100 }));
    const quick = task("quick", diary.task({ ms: 5 }));
    const report = await clock.run(flow("f", { root }, { tails: { quick } }).run({ clock }));
    expect(statuses(report)).toEqual({ root: "completed", quick: "completed" });
    expect(await clock.run(report.tail)).toEqual([]);
  });

  it("holds a slot like any other, also after the run has settled", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 10 }), { priority: 1 });
    const roots = Object.fromEntries(
      ["x", "y"].map((name) => [name, task(name, diary.task({ ms: 10 }))]),
    );
    const report = await clock.run(
      flow("f", { root }, { tails: roots }).run({ clock, concurrency: 1 }),
    );
    expect(statuses(report)).toEqual({ root: "completed", x: "detached", y: "detached" });
    const rows = await clock.run(report.tail);
    expect(rows.map(({ startAt, endAt }) => [startAt, endAt])).toEqual([
      [10, 20],
      [20, 30],
    ]);
    expect(diary.peak).toBe(1);
  });

  it("does not appear on the critical path", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 100 }));
    const tail = task("tail", diary.task({ ms: 99 }));
    const report = await clock.run(flow("f", { root }, { tails: { tail } }).run({ clock }));
    expect(report.analysis.criticalPath.map(({ task }) => task)).toEqual(["root"]);
  });

  it("does not appear there with its items either", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 10 }));
    const list = task("list", () => [1]);
    const items = map("items", list, diary.item({ ms: 50 }));
    const long = task("long", diary.task({ ms: 60, throw: "no" }), { timeoutMs: 55 });
    const report = await clock.run(
      flow("f", { root, list, long }, { tails: { items } }).run({ clock }),
    );
    expect(report.analysis.criticalPath.map(({ task }) => task)).toEqual(["long"]);
    const early = await clock.run(flow("g", { list }, { tails: { items } }).run({ clock }));
    expect(early.analysis.criticalPath.map(({ task }) => task)).toEqual(["list"]);
  });

  it("with a dependent is a plan error", () => {
    const tail = task("tail", () => 1);
    const reads = task("reads", { tail }, () => 2);
    expect(() => flow("f", { reads }, { tails: { tail } })).toThrow(
      'Tail task "tail" has a dependent, "reads"',
    );
  });
});

describe("A task's failure", () => {
  const trouble = (diary: Diary) => {
    const fails = task("fails", diary.task({ ms: 10, throw: "broken" }));
    const sibling = task("sibling", diary.task({ ms: 50, deaf: true }));
    const running = task("running", diary.task({ ms: 30 }));
    const waiting = task("waiting", { sibling }, diary.task());
    return flow("f", { fails, sibling }, { tails: { running, waiting } });
  };

  it("aborts no running tail task, and skips the waiting ones", async () => {
    const { clock, diary } = setup();
    const report = await clock.run(trouble(diary).run({ clock }));
    expect(report.executionState).toBe("failed");
    expect(statuses(report)).toEqual({
      fails: "failed",
      sibling: "cancelled",
      running: "completed",
      waiting: "skipped",
    });
    expect(row(report, "waiting").reason).toEqual({ kind: "failure", task: "fails" });
  });

  it("leaves a tail task that has begun its retries and its items", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 10, throw: "broken" }));
    const flaky = task("flaky", diary.task({ ms: 3, throw: "again" }), {
      retry: { attempts: 2, backoff: "fixed", baseMs: 20 },
    });
    const list = task("list", () => [1, 2, 3]);
    const items = map("items", list, diary.item({ ms: 8 }), { concurrency: 1 });
    const report = await clock.run(
      flow("f", { fails }, { tails: { flaky, items } }).run({ clock }),
    );
    expect(report).toMatchObject({ executionState: "failed", totalDurationMs: 10 });
    const rows = await clock.run(report.tail);
    expect(
      rows.map(({ taskName, status, attemptCount }) => [taskName, status, attemptCount]),
    ).toEqual([
      ["flaky", "failed", 3],
      ["items", "completed", 0],
      ["items[1]", "completed", 1],
      ["items[2]", "completed", 1],
    ]);
  });
});

describe("An abort, and the run's time limit", () => {
  it.each(["abort", "time limit"])("stop tail tasks too: %s", async (way) => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 100 }));
    const tail = task("tail", diary.task({ ms: 500 }));
    const behind = task("behind", { root }, diary.task({ ms: 500 }));
    const run = flow("f", { root }, { tails: { tail, behind } }).start(
      way === "abort" ? { clock } : { clock, timeoutMs: 20 },
    );
    await clock.advance(20);
    if (way === "abort") run.cancel();
    const report = await clock.run(run.report);
    // The run does not wait for it here either; that it stopped is told by `tail`.
    expect(statuses(report)).toEqual({ root: "cancelled", tail: "detached", behind: "skipped" });
    expect(report.totalDurationMs).toBe(20);
    const rows = await clock.run(report.tail);
    expect(rows.map(({ taskName, status, endAt }) => [taskName, status, endAt])).toEqual([
      ["tail", "cancelled", 20],
    ]);
  });

  it("let no further item of a tail map begin", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 100 }));
    const list = task("list", () => [1, 2, 3]);
    const items = map("items", list, diary.item({ ms: 5, throw: "again" }), {
      concurrency: 1,
      retry: { attempts: 1, backoff: "fixed", baseMs: 1000 },
    });
    const run = flow("f", { root }, { tails: { items } }).start({ clock });
    await clock.advance(20);
    run.cancel();
    const report = await clock.run(run.report);
    await clock.run(report.tail);
    expect(diary.started).toEqual(["root", "items[0]"]);
  });

  it("after the run has settled leave detached tail tasks alone, cancel() excepted", async () => {
    const { clock, diary } = setup();
    const controller = new AbortController();
    const root = task("root", diary.task({ ms: 10 }));
    const tail = task("tail", diary.task({ ms: 100 }));
    const tailed = flow("f", { root }, { tails: { tail } });
    const first = await clock.run(tailed.run({ clock, signal: controller.signal, timeoutMs: 50 }));
    controller.abort();
    expect((await clock.run(first.tail))[0]?.status).toBe("completed");
    const run = tailed.start({ clock });
    const second = await clock.run(run.report);
    run.cancel();
    expect((await clock.run(second.tail))[0]?.status).toBe("cancelled");
    expect(second.executionState).toBe("completed");
  });
});

describe("ignoreTailTasks", () => {
  it("are the tail tasks of the documented scheduler", async () => {
    const { clock, diary } = setup();
    const extract = { taskName: "extract" };
    const scheduler = new DynamicScheduler(
      [
        ["extract", diary.task({ ms: 10 })],
        ["archive", diary.task({ ms: 100 })],
      ],
      [extract, { taskName: "archive", dependencies: [extract] }],
      { clock, ignoreTailTasks: ["archive"] },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.totalDurationMs).toBe(10);
    expect(statuses(report)).toEqual({ extract: "completed", archive: "detached" });
    expect((await clock.run(report.tail))[0]?.status).toBe("completed");
  });
});
