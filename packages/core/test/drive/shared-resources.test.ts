import { describe, expect, it } from "vitest";
import { after, flow, map, PlanError, RateLimit, Semaphore, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { refusal } from "../refusal.ts";
import { Diary, row, starts, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

/** Whether all of a semaphore is there. */
function isWhole(semaphore: Semaphore): boolean {
  let free = 0;
  for (let at = 0; at <= semaphore.limit; at++) semaphore.acquire(() => free++);
  return free === semaphore.limit;
}

describe("A semaphore among the resources of runs", () => {
  it("is held by all of them together, in the units that each task asks for", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(3);
    const one = task("one", diary.task({ ms: 10 }), { resources: { gpu: 2 } });
    const two = task("two", diary.task({ ms: 10 }), { resources: { gpu: 2 } });
    const small = task("small", diary.task({ ms: 10 }), { resources: { gpu: 1 } });
    const reports = await clock.run(
      Promise.all([
        flow("a", { one }).run({ clock, resources: { gpu } }),
        flow("b", { small }).run({ clock, resources: { gpu } }),
        flow("c", { two }).run({ clock, resources: { gpu } }),
      ]),
    );
    expect(reports.map((report) => starts(report))).toEqual([
      { one: 0 },
      { small: 0 },
      { two: 10 },
    ]);
    expect(isWhole(gpu)).toBe(true);
  });

  it("is kept for whoever came first, however little a later one asks for", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(2);
    const run = (name: string, units: number) =>
      flow(name, {
        [name]: task(name, diary.task({ ms: 10 }), { resources: { gpu: units } }),
      }).run({ clock, resources: { gpu } });
    await clock.run(Promise.all([run("first", 1), run("heavy", 2), run("light", 1)]));
    expect(diary.started).toEqual(["first", "heavy", "light"]);
  });

  it("is not held while another thing is waited for, so that nobody waits in a circle", async () => {
    const { clock, diary } = setup();
    const [a, b] = [new Semaphore(1), new Semaphore(1)];
    const options = { clock, resources: { a, b } };
    const only = (name: string, resources: Record<string, number>, ms: number) =>
      flow(name, { [name]: task(name, diary.task({ ms }), { resources }) }).run(options);
    const reports = await clock.run(
      Promise.all([
        only("holds b", { b: 1 }, 50),
        only("both", { a: 1, b: 1 }, 10),
        only("other both", { b: 1, a: 1 }, 10),
        only("only a", { a: 1 }, 10),
      ]),
    );
    expect(reports.map((report) => Object.values(starts(report))[0])).toEqual([0, 50, 60, 0]);
    expect(row(reports[1] as never, "both").attemptStatistics).toMatchObject([
      { queuedMs: 50, limitedBy: "resource:b" },
    ]);
    expect(reports[1]?.analysis.criticalPath).toMatchObject([{ link: "external", gapMs: 50 }]);
    expect(reports[1]?.analysis.boundBy).toBe("slots");
  });

  it("is waited for without a slot", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(1);
    const holder = flow("holder", {
      holds: task("holds", diary.task({ ms: 30 }), { resources: { gpu: 1 } }),
    }).run({ clock, resources: { gpu } });
    const waits = task("waits", diary.task({ ms: 5 }), { resources: { gpu: 1 }, priority: 1 });
    const other = task("other", diary.task({ ms: 5 }));
    const report = await clock.run(
      flow("f", { waits, other }).run({ clock, concurrency: 1, resources: { gpu } }),
    );
    expect(starts(report)).toEqual({ waits: 30, other: 0 });
    expect(row(report, "waits").attemptStatistics).toMatchObject([
      { queuedMs: 30, limitedBy: "resource:gpu" },
    ]);
    await holder;
  });

  it("gives no slot to a lower priority while the answer for a higher one is on its way", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(1);
    const high = task("high", diary.task({ ms: 5 }), { resources: { gpu: 1 }, priority: 1 });
    const low = task("low", diary.task({ ms: 5 }));
    const report = await clock.run(
      flow("f", { low, high }).run({ clock, concurrency: 1, resources: { gpu } }),
    );
    expect(starts(report)).toEqual({ high: 0, low: 5 });
    expect(isWhole(gpu)).toBe(true);
  });

  it("goes back at once when the slot is gone, and is there for others meanwhile", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(1);
    const resources = { gpu };
    const holder = flow("holder", {
      holds: task("holds", diary.task({ ms: 10 }), { resources: { gpu: 1 } }),
    }).run({ clock, resources });
    const waits = task("waits", diary.task({ ms: 5 }), { resources: { gpu: 1 } });
    const long = task("long", diary.task({ ms: 40 }));
    const run = flow("f", { waits, long }).run({ clock, concurrency: 1, resources });
    const third = flow("third", {
      uses: task("uses", diary.task({ ms: 5 }), { resources: { gpu: 1 } }),
    }).run({ clock, resources });
    const [report, used] = await clock.run(Promise.all([run, third, holder]));
    expect(starts(used)).toEqual({ uses: 10 });
    expect(starts(report)).toEqual({ waits: 40, long: 0 });
    expect(isWhole(gpu)).toBe(true);
  });

  it("that went back 64 times keeps the slot, too, for whoever waits for it", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(1);
    const numbered = (name: string, count: number, ms: number, units: number) =>
      Array.from({ length: count }, (_, at) => {
        const options = { resources: { gpu: units } };
        return [`${name}${at}`, task(`${name}${at}`, diary.task({ ms }), options)] as const;
      });
    // It comes back while a light one has the slot, time and again.
    const rivals = flow("rivals", Object.fromEntries(numbered("rival", 100, 9, 1)));
    const rival = rivals.run({ clock, concurrency: 1, resources: { gpu } });
    const waits = task("waits", diary.task({ ms: 1 }), { resources: { gpu: 1 } });
    const lights = Object.fromEntries(numbered("light", 100, 10, 0));
    const run = flow("f", { waits, ...lights });
    await clock.run(Promise.all([rival, run.run({ clock, concurrency: 1, resources: { gpu } })]));
    const own = diary.started.filter((name) => !name.startsWith("rival"));
    expect(own.indexOf("waits")).toBe(64);
  });

  it("serves the tasks of one run by their precedence, whichever asked first", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(2);
    const resources = { gpu };
    const holder = flow("holder", {
      holds: task("holds", diary.task({ ms: 20 }), { resources: { gpu: 2 } }),
    }).run({ clock, resources });
    const low = task("low", diary.task({ ms: 5 }), { resources: { gpu: 1 } });
    const soon = task("soon", diary.task({ ms: 5 }));
    const high = task("high", { soon: after(soon) }, diary.task({ ms: 5 }), {
      resources: { gpu: 2 },
      priority: 9,
    });
    const report = await clock.run(flow("f", { low, high }).run({ clock, resources }));
    await holder;
    expect(starts(report)).toMatchObject({ high: 20, low: 25 });
  });

  it("is not asked for any more when the task is called off, or the run is", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(1);
    const resources = { gpu };
    const needs = (name: string) =>
      flow(name, { [name]: task(name, diary.task({ ms: 20 }), { resources: { gpu: 1 } }) });
    const holder = needs("holder").run({ clock, resources });
    const first = needs("called off").start({ clock, resources });
    const second = needs("cancelled").start({ clock, resources });
    const last = needs("last").run({ clock, resources });
    await clock.advance(5);
    first.cancelTask("called off");
    second.cancel();
    const reports = await clock.run(Promise.all([holder, first.report, second.report, last]));
    expect(reports.map((report) => Object.values(statuses(report))[0])).toEqual([
      "completed",
      "cancelled",
      "cancelled",
      "completed",
    ]);
    expect(starts(reports[3])).toEqual({ last: 20 });
    expect(isWhole(gpu)).toBe(true);
  });

  it("stays with a task for a retry without delay, and comes back before one with a delay", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(1);
    const resources = { gpu };
    const fails = (name: string, baseMs: number) =>
      task(name, diary.task({ ms: 10, throw: "no" }), {
        resources: { gpu: 1 },
        onFailure: "ignore",
        retry: { attempts: 1, backoff: "fixed", baseMs },
      });
    const a = flow("a", { now: fails("now", 0) }).run({ clock, resources });
    const b = flow("b", { later: fails("later", 5) }).run({ clock, resources });
    const c = flow("c", {
      last: task("last", diary.task({ ms: 10 }), { resources: { gpu: 1 } }),
    }).run({ clock, resources });
    await clock.run(Promise.all([a, b, c]));
    expect(diary.started).toEqual(["now", "now", "later", "last", "later"]);
    expect(isWhole(gpu)).toBe(true);
  });

  it("is refused before anything runs where a task asks for more than there is", async () => {
    const { diary } = setup();
    const gpu = new Semaphore(2);
    const big = task("big", diary.task(), { resources: { gpu: 3 } });
    expect(await refusal(() => flow("f", { big }).run({ resources: { gpu } }))).toEqual([
      'Task "big" needs 3 of "gpu", but the run has only 2',
    ]);
    const both = task("both", diary.task(), { resources: { x: 1, y: 2 } });
    expect(await refusal(() => flow("f", { both }).run({ resources: { x: gpu, y: gpu } }))).toEqual(
      ['Task "both" needs 3 of what "x" and "y" stand for together, but the run has only 2'],
    );
    const one = task("one", diary.task(), { resources: { x: 2 } });
    expect(
      await refusal(() => flow("f", { one }).run({ concurrency: gpu, resources: { x: gpu } })),
    ).toEqual([
      'Task "one" needs 3 of what "concurrency" and "x" stand for together, but the run has only 2',
    ]);
    expect(diary.started).toEqual([]);
  });
});

describe("acquire() of a semaphore as a promise", () => {
  it("gives the way to give back, once, in the order of those who ask", async () => {
    const gpu = new Semaphore(2);
    const order: string[] = [];
    const first = await gpu.acquire(2);
    const waiting = gpu.acquire().then((release) => {
      order.push("one");
      return release;
    });
    const last = gpu.acquire(2).then((release) => {
      order.push("two");
      return release;
    });
    first();
    first();
    (await waiting)();
    (await last)();
    expect(order).toEqual(["one", "two"]);
    expect(isWhole(gpu)).toBe(true);
  });

  it("is rejected with the reason of its signal, and asks for nothing any more", async () => {
    const gpu = new Semaphore(1);
    const release = await gpu.acquire();
    const controller = new AbortController();
    const waiting = gpu.acquire(1, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(gpu.acquire(1, { signal: controller.signal })).rejects.toThrow("enough");
    release();
    expect(isWhole(gpu)).toBe(true);
  });

  it("takes one where nothing says how many", async () => {
    for (const given of [[], [undefined]] as const) {
      const gpu = new Semaphore(2);
      const release = await gpu.acquire(...given);
      const other = await gpu.acquire(1);
      release();
      other();
      expect(isWhole(gpu)).toBe(true);
    }
  });

  it("refuses units that are none, or more than there are", async () => {
    const gpu = new Semaphore(2);
    expect(await refusal(() => gpu.acquire(3))).toEqual([
      "Expected `units` to be an integer from 1 to 2, got `3`",
    ]);
    expect(await refusal(() => gpu.acquire(0))).toHaveLength(1);
    expect(await refusal(() => gpu.acquire(1, { signal: 1 as never }))).toHaveLength(1);
  });
});

describe("A rate limit", () => {
  const answer = (name: string, diary: Diary, llm = 1) =>
    task(name, diary.task({ ms: 1 }), { resources: { llm } });

  it("lets a burst go at once, then one unit each time that it has come back", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 4, perMs: 100, burst: 2 });
    const list = task("list", () => [0, 1, 2, 3, 4]);
    const items = map("items", list, diary.item({ ms: 1 }), { resources: { llm: 1 } });
    const report = await clock.run(flow("f", { items }).run({ clock, resources: { llm } }));
    const begun = report.taskStatistics.filter(({ kind }) => kind === "item");
    expect(begun.map(({ startAt }) => startAt)).toEqual([0, 0, 25, 50, 75]);
    expect(row(report, "items[4]").attemptStatistics).toMatchObject([
      { queuedMs: 75, limitedBy: "resource:llm" },
    ]);
    expect(report.run.config.rates).toEqual({ llm: { limit: 4, perMs: 100, burst: 2 } });
  });

  it("is waited for without a slot and outside the time limit", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 1, perMs: 100 });
    const work = { resources: { llm: 1 }, timeoutMs: 20, priority: 1 };
    const a = task("a", diary.task({ ms: 10 }), work);
    const b = task("b", diary.task({ ms: 10 }), work);
    const c = task("c", diary.task({ ms: 10 }));
    const report = await clock.run(
      flow("f", { a, b, c }).run({ clock, concurrency: 1, resources: { llm } }),
    );
    expect(starts(report)).toEqual({ a: 0, b: 100, c: 10 });
    expect(report.executionState).toBe("completed");
  });

  it("is one for all runs that are given it, first come, first served", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 1, perMs: 10 });
    const runs = ["a", "b", "c"].map((name) =>
      flow(name, { 1: answer(`${name}1`, diary), 2: answer(`${name}2`, diary) }).run({
        clock,
        resources: { llm },
      }),
    );
    const reports = await clock.run(Promise.all(runs));
    expect(diary.started).toEqual(["a1", "a2", "b1", "c1", "b2", "c2"]);
    expect(reports.map(({ totalDurationMs }) => totalDurationMs)).toEqual([11, 41, 51]);
  });

  it("keeps its units for the first in line, which may need many", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 10, perMs: 100 });
    const run = (name: string, units: number) =>
      flow(name, { [name]: answer(name, diary, units) }).run({ clock, resources: { llm } });
    const reports = await clock.run(Promise.all([run("a", 8), run("b", 10), run("c", 1)]));
    expect(reports.map((report) => Object.values(starts(report))[0])).toEqual([0, 80, 90]);
  });

  it("spends nothing for a task that could not start after all", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 1, perMs: 100 });
    const first = flow("first", { first: answer("first", diary) }).run({
      clock,
      resources: { llm },
    });
    const waits = answer("waits", diary);
    const long = task("long", diary.task({ ms: 140 }));
    const report = await clock.run(
      flow("f", { waits, long }).run({ clock, concurrency: 1, resources: { llm } }),
    );
    await first;
    expect(starts(report)).toEqual({ waits: 140, long: 0 });
  });

  it("is spent by every attempt: before the next one, also one without delay, the slot is free", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 1, perMs: 100 });
    const fails = task("fails", diary.task({ ms: 10, throw: "no" }), {
      retry: 1,
      onFailure: "ignore",
      resources: { llm: 1 },
      priority: 1,
    });
    const other = task("other", diary.task({ ms: 10 }));
    const report = await clock.run(
      flow("f", { fails, other }).run({ clock, concurrency: 1, resources: { llm } }),
    );
    expect(diary.started).toEqual(["fails", "other", "fails"]);
    expect(row(report, "fails").attemptStatistics).toMatchObject([
      { startAt: 0, willRetry: true, delayMs: 0 },
      { startAt: 100, queuedMs: 90, limitedBy: "resource:llm" },
    ]);
  });

  it("is waited for together with what is the run's own, and holds none of that", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 1, perMs: 100 });
    const both = { llm: 1, db: 1 };
    const a = task("a", diary.task({ ms: 10 }), { resources: both, priority: 2 });
    const b = task("b", diary.task({ ms: 10 }), { resources: both, priority: 1 });
    const c = task("c", diary.task({ ms: 10 }), { resources: { db: 1 } });
    const report = await clock.run(
      flow("f", { a, b, c }).run({ clock, resources: { llm, db: 1 } }),
    );
    expect(starts(report)).toEqual({ a: 0, b: 100, c: 10 });
  });

  it("ends at the deadline of a task that has had an attempt", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 1, perMs: 1000 });
    const fails = task("fails", diary.task({ ms: 10, throw: "no" }), {
      retry: 3,
      deadlineMs: 100,
      resources: { llm: 1 },
    });
    const report = await clock.run(flow("f", { fails }).run({ clock, resources: { llm } }));
    expect(row(report, "fails")).toMatchObject({ status: "failed", attemptCount: 1 });
    expect(report.totalDurationMs).toBe(100);
    expect(clock.pending).toBe(0);
  });

  it("calls its timer off when nobody waits any more", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 1, perMs: 60_000 });
    const run = flow("f", { a: answer("a", diary), b: answer("b", diary) }).start({
      clock,
      resources: { llm },
    });
    await clock.advance(5);
    run.cancel();
    await clock.run(run.report);
    expect(clock.pending).toBe(0);
  });

  it("is refused on a second clock, and where a task asks for more than may be spent at once", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 5, perMs: 100, burst: 2 });
    const one = flow("f", { one: answer("one", diary) });
    await clock.run(one.run({ clock, resources: { llm } }));
    const [mixed] = await refusal(() => one.run({ resources: { llm } }));
    expect(mixed).toContain("has been given to a run on another clock");
    const three = flow("f", { three: answer("three", diary, 3) });
    expect(await refusal(() => three.run({ clock, resources: { llm } }))).toEqual([
      'Task "three" needs 3 of "llm", but at most 2 may be spent at once: raise its `burst`',
    ]);
    await expect(three.run({ clock, resources: { llm } })).rejects.toBeInstanceOf(PlanError);
  });

  it.each([
    [{ limit: 0, perMs: 1 }, "Expected `limit` to be a number above 0, got `0`"],
    [
      { limit: 1, perMs: 0 },
      "Expected `perMs` to be a number of milliseconds above 0, or Infinity, got `0`",
    ],
    [
      { limit: 1, perMs: Number.NaN },
      "Expected `perMs` to be a number of milliseconds above 0, or Infinity, got `NaN`",
    ],
    [{ limit: Infinity, perMs: 1 }, "Expected `limit` to be a number above 0, got `Infinity`"],
    [{ limit: 1, perMs: 1, burst: 0 }, "Expected `burst` to be a number above 0, got `0`"],
    [
      { limit: 2, perMs: Infinity, burst: 1 },
      "`burst` means nothing where `perMs` is Infinity: all of `limit` is there at once",
    ],
    [{ limit: 1, perMs: 1, interval: 1 }, expect.stringContaining("Unknown option `interval`")],
    [undefined, "Expected `options` to be an object, got `null`"],
  ])("cannot be made of %j", async (options, message) => {
    expect(await refusal(() => new RateLimit(options as never))).toEqual([message]);
  });
});
