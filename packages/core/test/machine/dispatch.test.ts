import { describe, expect, it } from "vitest";
import { after, type Clock, flow, map, Semaphore, type Task, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, row, starts } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("A task starts in the turn in which its last dependency ends", () => {
  it("whatever else is running: there is no barrier between stages", async () => {
    const { clock, diary } = setup();
    const stranger = task("stranger", diary.task({ ms: 300 }));
    const quick = task("quick", diary.task({ ms: 10 }));
    const next = task("next", { quick }, diary.task({ ms: 10 }));
    const report = await clock.run(flow("f", { stranger, next }).run({ clock }));
    expect(starts(report)).toEqual({ stranger: 0, quick: 0, next: 10 });
    expect(row(report, "next")).toMatchObject({ readyAt: 10, queuedMs: 0, releasedBy: "quick" });
  });

  it("and not before the last of several", async () => {
    const { clock, diary } = setup();
    const inputs = Object.fromEntries(
      [30, 10, 20].map((ms) => [`after${ms}`, task(`after${ms}`, diary.task({ ms }))]),
    );
    const join = task("join", inputs, diary.task());
    const report = await clock.run(flow("f", { join }).run({ clock }));
    expect(row(report, "join")).toMatchObject({ startAt: 30, releasedBy: "after30" });
  });

  it("in a chain of synchronous tasks without any turn between", async () => {
    const { clock, diary } = setup();
    let last = task("t0", diary.task());
    for (let at = 1; at < 1000; at++) last = task(`t${at}`, { last }, diary.task());
    const run = flow("f", { last }).start({ clock });
    expect(diary.ended).toHaveLength(1000);
    expect((await run.report).executionState).toBe("completed");
  });
});

describe("Without a limit", () => {
  it("ready tasks start in declaration order, whatever their priority", async () => {
    const { clock, diary } = setup();
    const tasks = Object.fromEntries(
      ["a", "b", "c", "d"].map((name, priority) => [
        name,
        task(name, diary.task({ ms: 1 }), { priority }),
      ]),
    );
    await clock.run(flow("f", tasks).run({ clock }));
    expect(diary.started).toEqual(["a", "b", "c", "d"]);
  });

  it("tasks released by one task start in the order of their declaration, prepared or not", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 5 }));
    const made = ["a", "b", "c", "d"].map((name, at) =>
      task(name, { root }, diary.task(), at % 2 === 0 ? { when: () => true } : {}),
    );
    const roots = Object.fromEntries([...made].reverse().map((one) => [one.name, one]));
    await clock.run(flow("f", roots).run({ clock }));
    expect(diary.started).toEqual(["root", "a", "b", "c", "d"]);
  });
});

describe("With a limit", () => {
  it("never more attempts run at once, and no slot stays idle while a task is ready", async () => {
    const { clock, diary } = setup();
    const tasks = Object.fromEntries(
      Array.from({ length: 10 }, (_, at) => [`t${at}`, task(`t${at}`, diary.task({ ms: 10 }))]),
    );
    const report = await clock.run(flow("f", tasks).run({ clock, concurrency: 3 }));
    expect(diary.peak).toBe(3);
    expect(report.peakConcurrency).toBe(3);
    expect(report.totalDurationMs).toBe(40);
    expect(row(report, "t9")).toMatchObject({ readyAt: 0, startAt: 30, queuedMs: 30 });
    expect(row(report, "t9").attemptStatistics).toMatchObject([
      { limitedBy: "concurrency", slotFreedBy: "t6" },
    ]);
  });

  it("the highest priority goes first", async () => {
    const { clock, diary } = setup();
    const tasks = Object.fromEntries(
      [0, 5, -1, 7, 2.5].map((priority) => [
        `p${priority}`,
        task(`p${priority}`, diary.task({ ms: 1 }), { priority }),
      ]),
    );
    await clock.run(flow("f", tasks).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["p7", "p5", "p2.5", "p0", "p-1"]);
  });

  it("the highest priority goes first also where conditions are asked before", async () => {
    const { clock, diary } = setup();
    const low = task("low", diary.task({ ms: 1 }), { when: () => true });
    const high = task("high", diary.task({ ms: 1 }), { priority: 1 });
    await clock.run(flow("f", { low, high }).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["high", "low"]);
  });

  it("of one priority the longest remaining path goes first, then the first declared", async () => {
    const { clock, diary } = setup();
    const short = task("short", diary.task({ ms: 1 }));
    const twin = task("twin", diary.task({ ms: 1 }));
    const head = task("head", diary.task({ ms: 1 }));
    const middle = task("middle", { head }, diary.task({ ms: 1 }));
    const end = task("end", { middle }, diary.task({ ms: 1 }));
    await clock.run(flow("f", { short, twin, end }).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["head", "middle", "short", "twin", "end"]);
  });

  it("estimates decide what is long", async () => {
    const { clock, diary } = setup();
    const head = task("head", diary.task({ ms: 1 }));
    const tail = task("tail", { head }, diary.task({ ms: 1 }));
    const heavy = task("heavy", diary.task({ ms: 1 }));
    const estimates = { head: 10, tail: 10, heavy: 500 };
    await clock.run(flow("f", { tail, heavy }).run({ clock, concurrency: 1, estimates }));
    expect(diary.started).toEqual(["heavy", "head", "tail"]);
  });

  it("the critical path goes from a task to the one that gave it its slot", async () => {
    const { clock, diary } = setup();
    const first = task("first", diary.task({ ms: 10 }), { priority: 2 });
    const second = task("second", diary.task({ ms: 20 }), { priority: 1 });
    const last = task("last", { first }, diary.task({ ms: 5 }));
    const report = await clock.run(flow("f", { second, last }).run({ clock, concurrency: 1 }));
    expect(report.analysis).toEqual({
      criticalPath: [
        { task: "first", attempt: 1, link: "start", gapMs: 0, runMs: 10 },
        { task: "second", attempt: 1, link: "slot", gapMs: 0, runMs: 20 },
        { task: "last", attempt: 1, link: "slot", gapMs: 0, runMs: 5 },
      ],
      bounds: { dependencyMs: 20, workMs: 35 },
      boundBy: "slots",
    });
  });

  it("priority weighs more than any path", async () => {
    const { clock, diary } = setup();
    const head = task("head", diary.task({ ms: 1 }));
    const tail = task("tail", { head }, diary.task({ ms: 1 }));
    const urgent = task("urgent", diary.task({ ms: 1 }), { priority: 1 });
    await clock.run(flow("f", { tail, urgent }).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["urgent", "head", "tail"]);
  });

  it("a start is dated when the function is called, not when its turn came", async () => {
    let now = 0;
    const clock: Clock = { now: () => now, wallNow: () => now, after: () => () => {} };
    const busy = (): void => {
      now += 10;
    };
    const a = task("a", busy);
    const b = task("b", busy);
    const c = task("c", { a }, busy);
    const report = await flow("f", { a, b, c }).run({ clock });
    expect(report.taskStatistics.map(({ taskName, startAt, endAt }) => [taskName, startAt, endAt]))
      // `c` was free to start when `a` had ended, but `b` held the thread.
      .toEqual([
        ["a", 0, 10],
        ["b", 10, 20],
        ["c", 20, 30],
      ]);
  });
});

describe("Named resources", () => {
  const weights = (
    diary: Diary,
    demands: readonly number[],
    ms = 10,
  ): Record<string, Task<never>> =>
    Object.fromEntries(
      demands.map((db, at) => [
        `t${at}`,
        task(`t${at}`, diary.task({ ms }), { resources: { db } }),
      ]),
    );

  it("are never exceeded", async () => {
    const { clock, diary } = setup();
    const demands = [1, 3, 2, 2, 1, 3, 1, 2];
    let most = 0;
    diary.onStart = () => {
      const used = [...diary.running].reduce(
        (sum, name) => sum + (demands[+name.slice(1)] ?? 0),
        0,
      );
      most = Math.max(most, used);
    };
    await clock.run(flow("f", weights(diary, demands)).run({ clock, resources: { db: 4 } }));
    expect(most).toBe(4);
    expect(diary.ended).toHaveLength(demands.length);
  });

  it("are taken all at once or not at all", async () => {
    const { clock, diary } = setup();
    const cpu = task("cpu", diary.task({ ms: 10 }), { resources: { cpu: 1 } });
    const both = task("both", diary.task({ ms: 10 }), { resources: { cpu: 1, disk: 1 } });
    const disk = task("disk", diary.task({ ms: 10 }), { resources: { disk: 1 } });
    const report = await clock.run(
      flow("f", { cpu, both, disk }).run({ clock, resources: { cpu: 1, disk: 1 } }),
    );
    // While `both` waits for the processor it does not sit on the disk.
    expect(starts(report)).toEqual({ cpu: 0, disk: 0, both: 10 });
    // The report names what it lacked last: the processor was free a moment before the disk.
    expect(row(report, "both").attemptStatistics).toMatchObject([
      { limitedBy: "disk", slotFreedBy: "disk" },
    ]);
  });

  it("a task that does not fit lets others pass", async () => {
    const { clock, diary } = setup();
    const report = await clock.run(
      flow("f", weights(diary, [3, 2, 1])).run({ clock, resources: { db: 4 } }),
    );
    expect(starts(report)).toEqual({ t0: 0, t2: 0, t1: 10 });
  });

  it("a demand of 0 needs nothing", async () => {
    const { clock, diary } = setup();
    const report = await clock.run(
      flow("f", weights(diary, [1, 0, 0])).run({ clock, resources: { db: 1 } }),
    );
    expect(starts(report)).toEqual({ t0: 0, t1: 0, t2: 0 });
  });

  it("after 64 bypasses by equals capacity is kept for the task that was passed", async () => {
    const { clock, diary } = setup();
    const held = task("held", diary.task({ ms: 1 }), { resources: { db: 1 } });
    const large = task("large", { held: after(held) }, diary.task({ ms: 1 }), {
      resources: { db: 2 },
    });
    // Two lanes out of step, so that one unit is always taken.
    const small = map(
      "small",
      task("list", () => Array.from({ length: 200 })),
      (_, index, context) => {
        const ms = index === 0 ? 5 : 10;
        return diary.item({ ms })(_, index, context);
      },
      { resources: { db: 1 } },
    );
    const report = await clock.run(
      flow("f", { small, large }).run({ clock, resources: { db: 2 } }),
    );
    const at = diary.started.indexOf("large");
    const passed = diary.started.slice(diary.started.indexOf("held") + 1, at);
    // Those that were running when it became ready did not pass it.
    const bypasses = passed.filter(
      (name) => (row(report, name).startAt ?? 0) >= (row(report, "large").readyAt ?? 0),
    );
    expect(bypasses).toHaveLength(64);
    expect(diary.started.length).toBe(203 - 1);
  });

  it("that are not there, or too small, are told before anything runs", async () => {
    const { clock, diary } = setup();
    const big = task("big", diary.task(), { resources: { db: 5 } });
    const odd = task("odd", diary.task(), { resources: { bd: 1 } });
    await expect(
      flow("f", { big, odd }).run({ clock, resources: { db: 4 } }),
    ).rejects.toMatchObject({
      code: "ASTRUM_PLAN",
      issues: [
        { code: "demand-above-capacity", path: ["tasks", "big", "resources", "db"] },
        { code: "unknown-resource" },
      ],
    });
    expect(diary.started).toEqual([]);
  });
});

describe("A shared semaphore", () => {
  it("limits all the runs that are given it, together", async () => {
    const { clock, diary } = setup();
    const concurrency = new Semaphore(3);
    const work = (run: string): Record<string, Task<never>> =>
      Object.fromEntries(
        Array.from({ length: 5 }, (_, at) => [
          `${run}${at}`,
          task(`${run}${at}`, diary.task({ ms: 10 })),
        ]),
      );
    const reports = await clock.run(
      Promise.all(["a", "b", "c"].map((run) => flow(run, work(run)).run({ clock, concurrency }))),
    );
    expect(diary.peak).toBe(3);
    expect(Math.max(...reports.map(({ totalDurationMs }) => totalDurationMs))).toBe(50);
  });

  it("serves requests in the order in which they came, one of each run at a time", async () => {
    const { clock, diary } = setup();
    const concurrency = new Semaphore(1);
    const work = (run: string): Record<string, Task<never>> =>
      Object.fromEntries(
        [0, 1, 2].map((at) => [`${run}${at}`, task(`${run}${at}`, diary.task({ ms: 10 }))]),
      );
    await clock.run(
      Promise.all(["a", "b", "c"].map((run) => flow(run, work(run)).run({ clock, concurrency }))),
    );
    // Each run has one request in the line at a time; `a` made its second before the others came.
    expect(diary.started).toEqual(["a0", "a1", "b0", "c0", "a2", "b1", "c1", "b2", "c2"]);
  });

  it("on the permit the best task starts, not the one it was asked for", async () => {
    const { clock, diary } = setup();
    const concurrency = new Semaphore(2);
    const hold = (ms: number): Promise<unknown> =>
      flow("holder", { holder: task("holder", diary.task({ ms })) }).run({ clock, concurrency });
    const long = hold(50);
    const opener = task("opener", diary.task({ ms: 10 }));
    const low = task("low", diary.task({ ms: 10 }));
    const high = task("high", { opener }, diary.task({ ms: 10 }), { priority: 9 });
    const run = flow("f", { low, high }).run({ clock, concurrency });
    // It comes after the run has asked for `low`, and takes the permit that `opener` gives back.
    const queued = hold(10);
    await clock.run(Promise.all([long, run, queued]));
    expect(diary.started).toEqual(["holder", "opener", "high", "holder", "low"]);
  });

  it("gets its permit back in the same turn when nothing fits any more", async () => {
    const { clock, diary } = setup();
    const concurrency = new Semaphore(1);
    const holder = task("holder", diary.task({ ms: 50 }));
    const first = flow("first", { holder }).run({ clock, concurrency });
    const gone = task("gone", diary.task({ ms: 10 }));
    const second = flow("second", { gone }).start({ clock, concurrency });
    const next = task("next", diary.task({ ms: 10 }));
    const third = flow("third", { next }).run({ clock, concurrency });
    await clock.advance(10);
    second.cancelTask("gone");
    const reports = await clock.run(Promise.all([first, second.report, third]));
    expect(reports.map(({ totalDurationMs }) => totalDurationMs)).toEqual([50, 10, 60]);
    expect(diary.started).toEqual(["holder", "next"]);
  });

  it("has all its permits again when the runs are over, however they ended", async () => {
    const { clock, diary } = setup();
    const concurrency = new Semaphore(2);
    const fails = task("fails", diary.task({ ms: 5, throw: "no" }));
    const runs = task("runs", diary.task({ ms: 50 }));
    const waits = task("waits", diary.task({ ms: 50 }));
    await clock.run(flow("f", { fails, runs, waits }).run({ clock, concurrency }));
    const aborted = new AbortController();
    const hangs = task("hangs", diary.task({ ms: 500, deaf: true }));
    const run = flow("g", { hangs, runs }).run({
      clock,
      concurrency,
      signal: aborted.signal,
      graceMs: 10,
    });
    await clock.advance(10);
    aborted.abort();
    await clock.run(run);
    diary.peak = 0;
    diary.running.clear();
    const wide = Object.fromEntries(
      [0, 1, 2, 3].map((at) => [`w${at}`, task(`w${at}`, diary.task({ ms: 10 }))]),
    );
    const report = await clock.run(flow("h", wide).run({ clock, concurrency }));
    expect(report.peakConcurrency).toBe(2);
    expect(report.totalDurationMs).toBe(20);
  });

  it("names itself in the report where it held a task back", async () => {
    const { clock, diary } = setup();
    const concurrency = new Semaphore(1);
    const a = task("a", diary.task({ ms: 10 }));
    const b = task("b", diary.task({ ms: 10 }));
    const [, report] = await clock.run(
      Promise.all([
        flow("f", { a }).run({ clock, concurrency }),
        flow("g", { b }).run({ clock, concurrency }),
      ]),
    );
    expect(row(report, "b").attemptStatistics[0]?.limitedBy).toBe("semaphore");
    expect(report.analysis.criticalPath).toMatchObject([
      { task: "b", link: "external", gapMs: 10, runMs: 10 },
    ]);
  });
});

describe("The measured peak", () => {
  it("is what really ran at once, which may be less than what the plan allows", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ ms: 10 }));
    const b = task("b", { a }, diary.task({ ms: 10 }));
    const c = task("c", diary.task({ ms: 5 }));
    const d = task("d", { c }, diary.task());
    const report = await clock.run(flow("f", { b, d }).run({ clock, concurrency: 1 }));
    expect(report.maxParallelism).toBe(2);
    expect(report.peakConcurrency).toBe(1);
  });
});
