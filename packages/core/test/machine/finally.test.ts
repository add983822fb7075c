import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type FailureMode,
  flow,
  type JournalEntry,
  map,
  NonRetryableError,
  type Outcome,
  optional,
  type RunOptions,
  reportOfJournal,
  settled,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, Notebook, row, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("A finally task", () => {
  it("starts when all others have ended, and the run waits for it", async () => {
    const { clock, diary } = setup();
    const short = task("short", diary.task({ ms: 10 }));
    const long = task("long", diary.task({ ms: 50 }));
    const close = task("close", { short: settled(short) }, diary.task({ ms: 5 }));
    const closing = flow("f", { short, long }, { finally: { close } });
    const report = await clock.run(closing.run({ clock }));
    expect(report).toMatchObject({ executionState: "completed", totalDurationMs: 55 });
    expect(row(report, "close")).toMatchObject({
      kind: "task",
      role: "finally",
      readyAt: 50,
      startAt: 50,
      releasedBy: "long",
    });
    expect(row(report, "long").role).toBeUndefined();
  });

  it("is on the critical path and in both bounds", async () => {
    const { clock, diary } = setup();
    const short = task("short", diary.task({ ms: 10 }));
    const long = task("long", diary.task({ ms: 50 }));
    const close = task("close", { short: settled(short) }, diary.task({ ms: 5 }));
    const closing = flow("f", { short, long }, { finally: { close } });
    const { analysis } = await clock.run(closing.run({ clock, concurrency: 2 }));
    expect(analysis.criticalPath.map((step) => [step.task, step.link, step.gapMs])).toEqual([
      ["long", "start", 0],
      ["close", "dependency", 0],
    ]);
    expect(analysis.bounds).toEqual({ dependencyMs: 55, workMs: 32.5 });
  });

  it("is released by what ran last, also when a failure stopped the run", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 10, throw: "broken" }));
    const never = task("never", { fails }, diary.task());
    const close = task("close", diary.task({ ms: 5 }));
    const report = await clock.run(flow("f", { never }, { finally: { close } }).run({ clock }));
    expect(row(report, "close").releasedBy).toBe("fails");
    expect(report.analysis.criticalPath.map(({ task: name }) => name)).toEqual(["fails", "close"]);
    expect(report.analysis.boundBy).toBe("dependencies");
  });

  it("runs in a flow that has nothing else", async () => {
    const { clock, diary } = setup();
    const close = task("close", diary.task({ ms: 5 }));
    const report = await clock.run(flow("f", {}, { finally: { close } }).run({ clock }));
    expect(report).toMatchObject({ executionState: "completed", totalDurationMs: 5 });
    expect(diary.ended).toEqual(["close"]);
  });

  it("is not waited for by tails, and does not wait for them", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 10 }));
    const tail = task("tail", { root }, diary.task({ ms: 100 }));
    const close = task("close", diary.task({ ms: 5 }));
    const closing = flow("f", { root }, { tails: { tail }, finally: { close } });
    const report = await clock.run(closing.run({ clock }));
    expect(statuses(report)).toEqual({ root: "completed", tail: "detached", close: "completed" });
    expect([row(report, "tail").startAt, row(report, "close").startAt]).toEqual([10, 10]);
  });

  it("may read another one, and then waits for it", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 10 }));
    const stop = task("stop", diary.task({ ms: 5 }));
    const clean = task("clean", { stop }, diary.task({ ms: 5 }));
    const report = await clock.run(
      flow("f", { root }, { finally: { clean, stop } }).run({ clock }),
    );
    expect(row(report, "clean").startAt).toBe(15);
    expect(report.totalStages).toBe(3);
  });

  it("may be a map: its items wait for the same, and have the role", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => [1, 2]);
    const slow = task("slow", diary.task({ ms: 30 }));
    const closeAll = map("closeAll", list, diary.item({ ms: 5 }), { concurrency: 1 });
    const report = await clock.run(
      flow("f", { slow }, { finally: { closeAll } }).run({ clock, timeoutMs: 33 }),
    );
    expect(report.executionState).toBe("completed");
    expect(diary.started).toEqual(["slow", "closeAll[0]", "closeAll[1]"]);
    expect(row(report, "closeAll[1]")).toMatchObject({ role: "finally", startAt: 35 });
  });

  it("waits until what was asked for a task that was called off has ended", async () => {
    const { clock, diary } = setup();
    const asked = task("asked", diary.task(), {
      when: (() => clock.wait(20).then(() => true)) as never,
    });
    const close = task("close", diary.task());
    const run = flow("f", { asked }, { finally: { close } }).start({ clock });
    await clock.advance(5);
    run.cancel();
    const report = await clock.run(run.report);
    expect(row(report, "close").startAt).toBe(20);
  });

  it("holds a slot as any other, and waits for that of a tail", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 10 }), { priority: 1 });
    const tail = task("tail", diary.task({ ms: 50 }));
    const close = task("close", diary.task({ ms: 5 }));
    const closing = flow("f", { root }, { tails: { tail }, finally: { close } });
    const report = await clock.run(closing.run({ clock, concurrency: 1 }));
    expect(row(report, "close")).toMatchObject({ readyAt: 10, startAt: 60 });
    expect(diary.peak).toBe(1);
  });
});

describe("Whatever ends the run,", () => {
  const ways: [string, RunOptions, string][] = [
    ["its last task", {}, "completed"],
    ["a failure under stop", { failure: "stop" }, "failed"],
    ["a failure under drain", { failure: "drain" }, "failed"],
    ["a failure under continue", { failure: "continue" }, "failed"],
    ["the second failure", { failure: { maxFailures: 2 } }, "failed"],
    ["its time limit", { timeoutMs: 15 }, "failed"],
    ["cancel()", {}, "cancelled"],
    ["its signal", {}, "cancelled"],
    ["a journal that fails", {}, "failed"],
  ];

  it.each(ways)("its finally tasks run: %s", async (way, options, state) => {
    const { clock, diary } = setup();
    const broken = way.includes("failure");
    const work = task("work", diary.task({ ms: 10, ...(broken && { throw: "broken" }) }));
    const other = task("other", diary.task({ ms: 20, ...(broken && { throw: "broken" }) }));
    const never = task("never", { work, other }, diary.task({ ms: 100 }));
    let saw: Outcome<unknown> | undefined;
    const close = task("close", { never: settled(never) }, async (inputs, context) => {
      saw = inputs.never;
      await diary.task({ ms: 5 })(inputs, context);
    });
    const controller = new AbortController();
    let told = 0;
    const journal = (): void => {
      if (way.includes("journal") && ++told > 2) throw new Error("the disk is full");
    };
    const closing = flow("f", { never }, { finally: { close } });
    const run = closing.start({ clock, journal, signal: controller.signal, ...options });
    await clock.advance(12);
    if (way === "cancel()") run.cancel();
    if (way === "its signal") controller.abort();
    const report = await clock.run(run.report);
    expect(report.executionState).toBe(state);
    expect(row(report, "close").status).toBe("completed");
    expect(diary.ended.at(-1)).toBe("close");
    expect(saw?.status).toBe(state === "completed" ? "completed" : "skipped");
    expect(report.outcome(close).status).toBe("completed");
  });

  it("one that needs a value that is not there is skipped", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 10, throw: "broken" }));
    const needs = task("needs", { fails }, diary.task());
    const close = task("close", diary.task());
    const report = await clock.run(
      flow("f", { fails }, { finally: { needs, close } }).run({ clock }),
    );
    expect(statuses(report)).toEqual({ fails: "failed", needs: "skipped", close: "completed" });
    expect(row(report, "needs").reason).toEqual({
      kind: "dependency",
      task: "fails",
      root: "fails",
    });
  });

  it("one that needs a value of a task that the stop skipped is skipped too, and so on", async () => {
    const { clock, diary } = setup();
    const work = task("work", diary.task({ ms: 10 }));
    const waits = task("waits", { work }, diary.task());
    const needs = task("needs", { waits }, diary.task());
    const behind = task("behind", { needs }, diary.task());
    const run = flow("f", { waits }, { finally: { needs, behind } }).start({ clock });
    await clock.advance(5);
    run.cancel();
    const report = await clock.run(run.report);
    expect(row(report, "behind")).toMatchObject({
      status: "skipped",
      reason: { kind: "dependency", task: "needs", root: "waits" },
    });
    expect(report.executionState).toBe("cancelled");
  });

  it("a run that was stopped before it began starts none", async () => {
    const { clock, diary } = setup();
    const work = task("work", diary.task());
    const close = task("close", diary.task());
    const closing = flow("f", { work }, { finally: { close } });
    const report = await clock.run(closing.run({ clock, signal: AbortSignal.abort() }));
    expect(report.executionState).toBe("cancelled");
    expect(statuses(report)).toEqual({ work: "skipped", close: "skipped" });
    expect(diary.started).toEqual([]);
  });

  it("10,000 of them run, also when the run is stopped", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ throw: "broken" }));
    const close = Array.from({ length: 10_000 }, (_, at) => task(`close${at}`, diary.task()));
    const last = Object.fromEntries(close.map((one) => [one.name, one]));
    const report = await clock.run(flow("f", { fails }, { finally: last }).run({ clock }));
    expect(report.successfulTasks).toBe(10_000);
  });
});

describe("While finally tasks run,", () => {
  const closing = (diary: Diary, ms = 50) => {
    const work = task("work", diary.task({ ms: 10 }));
    const tail = task("tail", diary.task({ ms: 1000 }));
    const close = task("close", diary.task({ ms }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 1 },
    });
    const waits = task("waits", { close }, diary.task({ ms: 5 }));
    return flow("f", { work }, { tails: { tail }, finally: { close, waits } });
  };

  it.each(["signal", "cancel()"])("a first abort stops tails alone: %s", async (way) => {
    const { clock, diary } = setup();
    const controller = new AbortController();
    const run = closing(diary).start({ clock, signal: controller.signal });
    await clock.advance(20);
    if (way === "signal") controller.abort();
    else run.cancel();
    const report = await clock.run(run.report);
    expect(report).toMatchObject({ executionState: "completed", totalDurationMs: 65 });
    expect(statuses(report)).toEqual({
      work: "completed",
      tail: "cancelled",
      close: "completed",
      waits: "completed",
    });
  });

  it("the run's time limit stops tails alone", async () => {
    const { clock, diary } = setup();
    const report = await clock.run(closing(diary).run({ clock, timeoutMs: 20 }));
    expect(report).toMatchObject({ executionState: "completed", totalDurationMs: 65 });
    expect(row(report, "tail").status).toBe("cancelled");
  });

  it.each(["before they start", "while they run"])(
    "a second abort stops them: %s",
    async (when) => {
      const { clock, diary } = setup();
      const work = task("work", diary.task({ ms: 10, deaf: true }));
      const close = task("close", diary.task({ ms: 50 }));
      const waits = task("waits", { close: settled(close) }, diary.task({ ms: 5 }));
      const run = flow("f", { work }, { finally: { close, waits } }).start({ clock });
      await clock.advance(5);
      run.cancel("first");
      if (when === "while they run") await clock.advance(20);
      run.cancel("second");
      const report = await clock.run(run.report);
      expect(report.executionState).toBe("cancelled");
      const never = when === "before they start";
      expect(statuses(report)).toEqual({
        work: "cancelled",
        close: never ? "skipped" : "cancelled",
        waits: "skipped",
      });
      expect(report.totalDurationMs).toBe(never ? 10 : 25);
      expect(diary.running).toEqual(new Set());
    },
  );

  it("their own time limit and the run's grace period hold", async () => {
    const { clock, diary } = setup();
    const work = task("work", diary.task({ ms: 10 }));
    const close = task("close", diary.task({ ms: 500, deaf: true }), { timeoutMs: 20 });
    const report = await clock.run(
      flow("f", { work }, { finally: { close } }).run({ clock, graceMs: 5 }),
    );
    expect(row(report, "close")).toMatchObject({ status: "abandoned", endAt: 35 });
    expect(report).toMatchObject({ executionState: "failed", totalDurationMs: 35 });
  });

  it("their own grace period takes the place of the run's", async () => {
    const { clock, diary } = setup();
    const work = task("work", diary.task({ ms: 10 }));
    const deaf = diary.task({ ms: 500, deaf: true });
    const close = task("close", deaf, { timeoutMs: 20, graceMs: 30 });
    const report = await clock.run(
      flow("f", { work }, { finally: { close } }).run({ clock, graceMs: 5 }),
    );
    expect(row(report, "close")).toMatchObject({ status: "abandoned", endAt: 60 });
  });

  it("one of them can be called off alone", async () => {
    const { clock, diary } = setup();
    const run = closing(diary).start({ clock });
    await clock.advance(20);
    run.cancelTask("close");
    const report = await clock.run(run.report);
    expect(statuses(report)).toMatchObject({ close: "cancelled", waits: "skipped" });
    expect(report.totalDurationMs).toBe(20);
  });

  it("they keep their retries, whatever stopped the run", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 10, throw: "broken" }));
    let calls = 0;
    const close = task(
      "close",
      () => {
        calls++;
        if (calls < 3) throw new Error("not yet");
      },
      { retry: { attempts: 2, backoff: "fixed", baseMs: 10 } },
    );
    const report = await clock.run(flow("f", { fails }, { finally: { close } }).run({ clock }));
    expect(row(report, "close")).toMatchObject({ status: "completed", attemptCount: 3 });
  });
});

describe("A finally task that fails", () => {
  it.each<FailureMode>(["stop", "drain", "continue", { maxFailures: 1 }])(
    "fails a completed run, and stops no other: %o",
    async (failure) => {
      const { clock, diary } = setup();
      const work = task("work", diary.task({ ms: 10 }));
      const breaks = task("breaks", diary.task({ ms: 5, throw: "no" }));
      const needs = task("needs", { breaks }, diary.task());
      const close = task("close", diary.task({ ms: 20 }));
      const later = task("later", { close }, diary.task({ ms: 20 }));
      const report = await clock.run(
        flow("f", { work }, { finally: { breaks, needs, close, later } }).run({ clock, failure }),
      );
      expect(report.executionState).toBe("failed");
      expect(report.errorSummary).toEqual(['Task "breaks" failed: no']);
      expect(statuses(report)).toEqual({
        work: "completed",
        breaks: "failed",
        needs: "skipped",
        close: "completed",
        later: "completed",
      });
      // Every root has its value.
      expect(report.unwrap()).toEqual({ work: undefined });
    },
  );

  it("changes nothing when its failure is ignored", async () => {
    const { clock, diary } = setup();
    const work = task("work", () => 7);
    const breaks = task("breaks", diary.task({ throw: "no" }), { onFailure: "ignore" });
    const report = await clock.run(flow("f", { work }, { finally: { breaks } }).run({ clock }));
    expect(report.executionState).toBe("completed");
    expect(report.unwrap()).toEqual({ work: 7 });
  });

  it.each(["failed", "cancelled"])(
    "leaves a run %s, and is told after what failed it",
    async (state) => {
      const { clock, diary } = setup();
      const failing = state === "failed";
      const work = task("work", diary.task({ ms: 10, ...(failing && { throw: "first" }) }));
      const breaks = task("breaks", () => {
        throw new NonRetryableError("second");
      });
      const run = flow("f", { work }, { finally: { breaks } }).start({ clock });
      await clock.advance(5);
      if (!failing) run.cancel();
      const report = await clock.run(run.report);
      expect(report.executionState).toBe(state);
      expect(report.errorSummary.at(-1)).toBe('Task "breaks" failed: second');
      expect(report.errorSummary).toHaveLength(failing ? 2 : 1);
    },
  );

  it("because its result was not stored fails the run, and the journal is told nothing more", async () => {
    const { clock, diary } = setup();
    const work = task("work", diary.task({ ms: 10 }));
    const stop = task("stop", diary.task({ ms: 5 }), { onFailure: "ignore" });
    const close = task("close", diary.task({ ms: 20 }));
    const told: unknown[] = [];
    const journal = ({ task: name }: JournalEntry): void => {
      told.push(name);
      if (name === "stop") throw new Error("the disk is full");
    };
    const report = await clock.run(
      flow("f", { work }, { finally: { stop, close } }).run({ clock, journal }),
    );
    expect(report.executionState).toBe("failed");
    expect(report.errorSummary.join()).toContain("the disk is full");
    expect(statuses(report)).toEqual({ work: "completed", stop: "failed", close: "completed" });
    expect(told).toEqual([undefined, "work", "stop"]);
  });

  it("has no value of a map whose result was not stored", async () => {
    const { clock } = setup();
    const list = task("list", () => [1]);
    const items = map("items", list, (n) => n);
    const close = task("close", { items: optional(items) }, ({ items }) => ({ items }));
    const journal = ({ task: name }: JournalEntry): void => {
      if (name === "items") throw new Error("the disk is full");
    };
    const run = flow("f", { items }, { finally: { close } }).run({ clock, journal });
    expect((await clock.run(run)).outcome(close)).toMatchObject({ value: { items: undefined } });
  });
});

describe("A run that is taken up", () => {
  it("runs its finally tasks again, and restores none", async () => {
    const { clock, diary } = setup();
    const work = task("work", diary.task());
    const stop = task("stop", diary.task());
    const close = task("close", { stop }, diary.task());
    const closing = flow("f", { work }, { finally: { stop, close } });
    const notebook = new Notebook();
    await clock.run(closing.run({ clock, journal: notebook.journal }));
    const resumeFrom = reportOfJournal(notebook.entries);
    const report = await clock.run(closing.run({ clock, resumeFrom }));
    expect(report.resume?.restored).toEqual(["work"]);
    expect(report.resume?.rerun[0]).toEqual({
      task: "stop",
      why: "it is a finally task: those run in every run",
    });
    expect(diary.started).toEqual(["work", "stop", "close", "stop", "close"]);
  });
});

describe("finallyTasks", () => {
  it("are the finally tasks of the documented scheduler", async () => {
    const { clock, diary } = setup();
    const scheduler = new DynamicScheduler(
      [
        ["work", diary.task({ ms: 10, throw: "broken" })],
        ["close", diary.task({ ms: 5 })],
      ],
      [{ taskName: "close" }, { taskName: "work" }],
      { clock, finallyTasks: ["close"] },
    );
    const running = scheduler.execute();
    await clock.advance(12);
    expect(scheduler.currentStage).toBe(1);
    const report = await clock.run(running);
    expect(report.executionState).toBe("failed");
    expect(row(report, "close")).toMatchObject({ status: "completed", startAt: 10, stageId: 1 });
  });
});
