import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type Flow,
  flow,
  map,
  RateLimit,
  type RunOptions,
  type SerializedReport,
  settled,
  task,
} from "../../src/index.ts";
import { type Step, scripted, VirtualClock } from "../../src/testing.ts";
import { kneeOf } from "../../src/whatif/knee.ts";
import { type Change, whatIf } from "../../src/whatif.ts";
import { endless, RandomGraph, type RandomRun, randomRun, resourcesOf } from "../random-graph.ts";

type Make = (clock: VirtualClock) => Flow<unknown>;

/** Runs it on a clock that does not wait. */
async function ran(make: Make, options: RunOptions = {}): Promise<SerializedReport> {
  const clock = new VirtualClock();
  return (await clock.run(make(clock).run({ clock, ...options }))).toJSON();
}

function makespan({ analysis }: SerializedReport): number {
  return analysis.criticalPath.reduce((sum, { gapMs, runMs }) => sum + gapMs + runMs, 0);
}

/** Tasks of these lengths, none of which needs another. */
function beside(lengths: Readonly<Record<string, number>>, options = {}): Make {
  return (clock) =>
    flow(
      "beside",
      Object.fromEntries(
        Object.entries(lengths).map(([name, ms]) => [
          name,
          task(name, scripted(clock, { ms }), options),
        ]),
      ),
    );
}

/** A run of many, of which an item fails twice and goes on. */
const nightly: Make = (clock) => {
  const list = task("list", scripted(clock, { ms: 40, return: [9, 8, 7, 6, 5, 4] }));
  const calls = new Map<number, number>();
  const read = map(
    "read",
    list as never,
    async (ms: number) => {
      const call = (calls.get(ms) ?? 0) + 1;
      calls.set(ms, call);
      await clock.wait(ms * 10);
      if (ms === 8 && call < 3) throw new Error("busy");
      return ms;
    },
    { concurrency: 2, retry: { attempts: 3, baseMs: 30, backoff: "fixed", jitter: "none" } },
  );
  const query = ["a", "b", "c"].map((name, at) =>
    task(`query ${name}`, { list }, scripted(clock, { ms: 100 + 20 * at }), {
      resources: { db: 1 },
    }),
  );
  const short = ["x", "y"].map((name) => task(name, scripted(clock, { ms: 30 })));
  const long = task("long", { first: short[0] as never }, scripted(clock, { ms: 400 }));
  return flow("nightly", {
    read,
    long,
    ...Object.fromEntries([...query, ...short].map((one) => [one.name, one])),
  });
};

describe("A run simulated unchanged takes what it took", () => {
  it("with retries, back-off, a map with a limit, a resource and fewer slots than tasks", async () => {
    const report = await ran(nightly, { concurrency: 3, resources: { db: 1 } });
    const { asRun } = whatIf(report);
    expect(asRun).toMatchObject({ measuredMs: makespan(report), errorMs: 0 });
    expect(asRun.criticalPath).toEqual(report.analysis.criticalPath);
    expect(asRun.boundBy).toBe(report.analysis.boundBy);
  });

  it("under a rate limit", async () => {
    const make = beside({ a: 5, b: 5, c: 5, d: 5 }, { resources: { llm: 1 } });
    const report = await ran(make, {
      resources: { llm: new RateLimit({ limit: 2, perMs: 1000, burst: 1 }) },
    });
    expect(makespan(report)).toBe(1505);
    expect(
      whatIf(report, [{ resources: { llm: 4 } }, { resources: { llm: Infinity } }]),
    ).toMatchObject({
      asRun: { errorMs: 0 },
      changes: [{ makespanMs: 755 }, { makespanMs: 5 }],
    });
  });

  it("with a journal that takes its time: to begin, for tasks, for items, for what was inside of a task", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [1, 2]);
    const read = map("read", list, (ms) => clock.wait(ms));
    const inner = flow("inner", { wait: task("wait", () => clock.wait(3)) });
    const grown = task("grown", { read }, () => inner);
    const all = flow("stored", { last: task("last", { grown }, () => 1) });
    const journal = () => clock.wait(4);
    const report = (await clock.run(all.run({ clock, concurrency: 1, journal }))).toJSON();
    const { asRun } = whatIf(report);
    expect(makespan(report)).toBe(32);
    expect(asRun).toMatchObject({ makespanMs: 32, errorMs: 0 });
    expect(asRun.criticalPath).toEqual(report.analysis.criticalPath);
  });

  it("where calls hold the thread, so that those beside them are called later", async () => {
    const make: Make = (clock) =>
      flow("held", {
        ...Object.fromEntries(
          ["a", "b", "c"].map((name) => [name, task(name, () => clock.hold(20))]),
        ),
      });
    const report = await ran(make);
    expect(makespan(report)).toBe(60);
    const { asRun, changes } = whatIf(report, [{ concurrency: 1 }, { concurrency: Infinity }]);
    expect(asRun.errorMs).toBe(0);
    expect(changes.map(({ makespanMs }) => makespanMs)).toEqual([60, 60]);
  });

  it("after a failure that the run went on without, and with what was skipped for it", async () => {
    const make: Make = (clock) => {
      const broken = task("broken", scripted(clock, { ms: 30, throw: "no" }));
      const never = task("never", { broken }, () => 1);
      const other = task("other", scripted(clock, { ms: 70 }));
      return flow("partly", { never, other });
    };
    const report = await ran(make, { failure: "continue", concurrency: 1 });
    const { asRun, changes } = whatIf(report, [{ noFailures: true }]);
    expect(asRun).toMatchObject({ errorMs: 0, unmeasured: [] });
    expect(changes[0]?.unmeasured).toEqual(["never"]);
  });

  it("stored or live", async () => {
    const clock = new VirtualClock();
    const live = await clock.run(
      nightly(clock).run({ clock, concurrency: 2, resources: { db: 2 } }),
    );
    const stored = JSON.parse(JSON.stringify(live)) as SerializedReport;
    expect(whatIf(live).asRun).toEqual(whatIf(stored).asRun);
  });

  /** On a virtual clock, without what depends on the instant at which something happens. */
  function steady(spec: RandomRun): RandomRun {
    return {
      ...spec,
      failure: "continue",
      limit: spec.limit === "semaphore" ? "number" : spec.limit,
      db: spec.db === "semaphore" ? "own" : spec.db,
      timeoutMs: undefined,
      graceMs: undefined,
      acts: [],
      abortedBefore: false,
      journalBreaksAt: undefined,
      journalTakes: [-1],
      tasks: spec.tasks.map((one) => ({
        ...one,
        timeoutMs: undefined,
        deadlineMs: undefined,
        asks: [],
        release: "none",
        loss: "none",
        when: { says: "none", ms: -1 },
        policy: { says: "none", ms: -1 },
        fallback: one.fallback === "gives" || one.fallback === "throws" ? one.fallback : "none",
        calls: one.calls.map((call) => ({
          ...call,
          deed: "none",
          ears: "obeys",
          cleanup: "none",
          holds: [0, 0],
        })),
      })),
    };
  }

  it("whatever the graph, and takes with other slots what it then takes", async () => {
    const specs = fc
      .sample(randomRun, { numRuns: 200, seed: 11 })
      .map(steady)
      .filter((spec) => !endless(spec));
    const differ: string[] = [];
    let looked = 0;
    for (const spec of specs) {
      const run = async (slots: number | undefined): Promise<SerializedReport> => {
        const make: Make = (clock) => new RandomGraph(clock, spec).flow;
        return ran(make, {
          random: () => 0.5,
          failure: "continue",
          keep: spec.keep,
          resources: resourcesOf(spec),
          concurrency: slots,
        });
      };
      const report = await run(spec.limit === "none" ? undefined : spec.slots);
      const { asRun, changes } = whatIf(report, [{ concurrency: 2 }, { concurrency: Infinity }]);
      const again = [await run(2), await run(undefined)];
      const said = [asRun, ...changes].map(({ makespanMs }) => makespanMs);
      [report, ...again].forEach((real, at) => {
        looked++;
        if (Math.abs(makespan(real) - (said[at] as number)) > 0.001)
          differ.push(JSON.stringify(spec));
      });
    }
    expect(looked).toBeGreaterThan(150);
    // Two that become ready at the same instant may be asked in another order than they were.
    expect(differ.length / looked).toBeLessThan(0.01);
  }, 60_000);
});

describe("What a change would make of a run is what the run then takes", () => {
  const given: RunOptions = { concurrency: 3, resources: { db: 1 } };
  const cases: [name: string, change: Change, options: RunOptions][] = [
    ["more slots", { concurrency: 5 }, { ...given, concurrency: 5 }],
    ["no limit of slots", { concurrency: Infinity }, { resources: { db: 1 } }],
    ["more of a resource", { resources: { db: 3 } }, { ...given, resources: { db: 3 } }],
    ["both", { concurrency: Infinity, resources: { db: 2 } }, { resources: { db: 2 } }],
  ];
  it.each(cases)("%s", async (_, change, options) => {
    const study = whatIf(await ran(nightly, given), [change]);
    const real = await ran(nightly, options);
    expect(study.changes[0]).toMatchObject({
      change,
      makespanMs: makespan(real),
      savedMs: study.asRun.makespanMs - makespan(real),
      boundBy: real.analysis.boundBy,
      criticalPath: real.analysis.criticalPath,
      peakConcurrency: real.peakConcurrency,
    });
  });

  it("the longest path first, and how it is when that was so already", async () => {
    const lengths = { a: 10, b: 10, c: 10, d: 30 };
    const report = await ran(beside(lengths), { concurrency: 2 });
    const { changes } = whatIf(report, [{ longestFirst: true }]);
    const real = await ran(beside(lengths), { concurrency: 2, estimates: lengths });
    expect(makespan(report)).toBe(40);
    expect([changes[0]?.makespanMs, makespan(real)]).toEqual([30, 30]);
    const then = whatIf(real, [{ longestFirst: true }, { longestFirst: false }]);
    expect(then.asRun.errorMs).toBe(0);
    expect(then.changes.map(({ savedMs }) => savedMs)).toEqual([0, -10]);
  });

  it("faster tasks, maps and items", async () => {
    const report = await ran(nightly, given);
    const { changes } = whatIf(report, [
      { faster: { long: 0.5 }, concurrency: Infinity, resources: { db: Infinity } },
      { faster: { "read[1]": 0, read: 1 }, concurrency: Infinity },
    ]);
    expect(changes[0]?.criticalPath.find(({ task }) => task === "long")?.runMs ?? 200).toBe(200);
    // Delays between its attempts stay.
    expect(changes[1]?.savedMs).toBeGreaterThan(0);
  });

  it("another limit of a map", async () => {
    const make =
      (concurrency: number): Make =>
      (clock) =>
        flow("mapped", {
          all: map(
            "all",
            task("list", () => [30, 20, 10, 40]),
            (ms: number) => clock.wait(ms),
            { concurrency },
          ),
        });
    const { changes } = whatIf(await ran(make(1)), [
      { mapConcurrency: { all: 2 } },
      { mapConcurrency: { all: Infinity } },
    ]);
    expect(changes.map(({ makespanMs }) => makespanMs)).toEqual([makespan(await ran(make(2))), 40]);
  });

  it("no stages", async () => {
    const clock = new VirtualClock();
    const tasks = [{ taskName: "a" }, { taskName: "b" }, { taskName: "c", dependencies: ["a"] }];
    const lengths = { a: 10, b: 50, c: 30 };
    const functions = Object.entries(lengths).map(
      ([name, ms]) => [name, () => clock.wait(ms)] as [string, () => Promise<void>],
    );
    const run = async (dispatch: "stages" | "dependencies"): Promise<SerializedReport> =>
      (
        await clock.run(
          new DynamicScheduler(functions, tasks, { clock, dispatch, concurrency: 8 }).execute(),
        )
      ).toJSON();
    const report = await run("stages");
    const { asRun, changes } = whatIf(report, [{ dispatch: "dependencies" }]);
    expect([asRun.errorMs, changes[0]?.makespanMs]).toEqual([
      0,
      makespan(await run("dependencies")),
    ]);
  });

  it("no failures: of each task its last attempt is left", async () => {
    const steps: Step[] = [
      { ms: 50, throw: "down" },
      { ms: 20, return: 1 },
    ];
    const make: Make = (clock) =>
      flow("flaky", {
        a: task("a", scripted(clock, ...steps), {
          retry: { attempts: 1, baseMs: 500, backoff: "fixed", jitter: "none" },
        }),
      });
    const report = await ran(make);
    expect(makespan(report)).toBe(570);
    expect(whatIf(report, [{ noFailures: true }]).changes[0]).toMatchObject({
      makespanMs: 20,
      savedMs: 550,
      unmeasured: [],
    });
  });

  it("amounts that were computed, of a task and of each item", async () => {
    const make: Make = (clock) => {
      const list = task("list", () => [3, 1, 2]);
      const read = map("read", list, (ms: number) => clock.wait(ms * 10), {
        resources: { db: (units: number) => units },
      });
      return flow("computed", { read });
    };
    const report = await ran(make, { resources: { db: 3 } });
    expect(report.taskStatistics.map(({ resources }) => resources)).toEqual([
      undefined,
      undefined,
      { db: 3 },
      { db: 1 },
      { db: 2 },
    ]);
    const { asRun, changes } = whatIf(report, [{ resources: { db: 6 } }]);
    expect([asRun.makespanMs, asRun.errorMs, changes[0]?.makespanMs]).toEqual([50, 0, 30]);
  });
});

describe("The knee", () => {
  it("is within 1 % of the best that was found, also where fewer slots take less time", () => {
    const ms = new Map([
      [10, 1009],
      [11, 1005],
      [12, 980],
      [16, 1000],
      [Number.POSITIVE_INFINITY, 1000],
    ]);
    const { points, slots } = kneeOf(5000, (slots) => ({
      makespanMs: ms.get(slots) ?? 10_000,
      peakConcurrency: 16,
    }));
    expect(points.map((point) => point.slots)).toEqual([1, 2, 4, 8, 10, 11, 12, 16]);
    expect(slots).toBe(12);
  });

  it("is the least number of slots beyond which nothing is gained", async () => {
    const report = await ran(beside({ a: 60, b: 20, c: 20, d: 20 }), { concurrency: 1 });
    expect(whatIf(report).knee).toEqual({
      points: [
        { slots: 1, makespanMs: 120 },
        { slots: 2, makespanMs: 60 },
        { slots: 3, makespanMs: 60 },
        { slots: 4, makespanMs: 60 },
      ],
      slots: 2,
    });
  });

  it("of a run that never had two tasks at once is one slot", async () => {
    const report = await ran(beside({ a: 60 }));
    expect(whatIf(report).knee).toEqual({ points: [{ slots: 1, makespanMs: 60 }], slots: 1 });
  });
});

describe("Refused, with who, what and the way out, is", () => {
  const refusal = (call: () => unknown): string => {
    try {
      call();
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing was refused";
  };

  it("what is no report, or one that was damaged", async () => {
    const report = await ran(beside({ a: 1 }));
    expect(refusal(() => whatIf({} as never))).toContain(
      "whatIf() needs a report, as a run resolves to it or from report.toJSON(), got an object",
    );
    const damaged = structuredClone(report);
    (damaged.taskStatistics[0] as { attemptStatistics: unknown }).attemptStatistics = [{}];
    expect(refusal(() => whatIf(damaged))).toContain(
      "whatIf() cannot read this report: `taskStatistics[0]` has no list of attempts with their instants. Give it one as report.toJSON() made it",
    );
    const torn = structuredClone(report);
    torn.taskStatistics[0]?.dependencies.push({ task: "gone", kind: "value" });
    expect(refusal(() => whatIf(torn))).toContain(
      'Task "a" of the report depends on "gone", which is not in it: give whatIf() the whole report',
    );
  });

  it("a budget smaller than it was: a larger one, and none, change nothing in time", async () => {
    const money = new RateLimit({ limit: 4, perMs: Number.POSITIVE_INFINITY });
    const lengths = { a: 10, b: 10, c: 10, d: 10 };
    const spending = { resources: { money: 1 } };
    const report = await ran(beside(lengths, spending), { resources: { money } });
    const asked = [4, 4.5, 100, Number.POSITIVE_INFINITY];
    const changes = asked.map((money) => ({ resources: { money } }));
    expect(whatIf(report, changes).changes.map(({ makespanMs }) => makespanMs)).toEqual(
      asked.map(() => 10),
    );
    expect(refusal(() => whatIf(report, [{ resources: { money: 2 } }]))).toContain(
      "`changes[0].resources.money`: the run had a budget of 4, and nobody knows what it would have done with less. Ask for 4 or more",
    );
  });

  it("a run that ended before its tasks did", async () => {
    const make: Make = (clock) =>
      flow("stopped", {
        a: task("a", scripted(clock, { ms: 1, throw: "no" })),
        b: task("b", scripted(clock, { ms: 50 })),
      });
    const report = await ran(make, { runId: "r1" });
    expect(refusal(() => whatIf(report))).toContain(
      'whatIf() needs a run that came to its end: run "r1" was stopped before task "b" had its end, so nobody knows how long the rest would have taken. Give it the report of a run that was not stopped',
    );
  });

  it("a run in which a task never had its turn: a failure stopped it, or its time limit", async () => {
    const failing: Make = (clock) => {
      const a = task("a", scripted(clock, { ms: 1, throw: "no" }));
      return flow("stopped", { b: task("b", { a: settled(a) }, () => 1) });
    };
    const late: Make = (clock) => {
      const a = task("a", () => clock.wait(50), { uninterruptible: true });
      return flow("late", { b: task("b", { a }, () => 1) });
    };
    for (const report of [await ran(failing), await ran(late, { timeoutMs: 20 })]) {
      expect(refusal(() => whatIf(report))).toContain('was stopped before task "b" had its end');
    }
  });

  it("every change that is not what it may be, or names what the run did not have, all at once", async () => {
    const report = await ran(nightly, { concurrency: 3, resources: { db: 1 } });
    const message = refusal(() =>
      whatIf(report, [
        { concurrency: 0 },
        { slots: 4 } as never,
        { resources: { bd: 2 } },
        { resources: { db: 0 } },
        { faster: { lnog: 0.5, "read[99]": 1, long: -1 } },
        { mapConcurrency: { long: 2 } },
        { noFailures: 1 as never },
      ]),
    );
    for (const part of [
      "Expected `changes[0].concurrency` to be an integer from 1 up, or Infinity for no limit, got `0`",
      "Unknown option `slots` of `changes[1]`. There are concurrency, resources, longestFirst, faster, mapConcurrency, dispatch, noFailures.",
      '`changes[2].resources.bd`: the run had no resource "bd".',
      '`changes[3].resources.db`: task "query a" needs 1 of "db", but the run has only 0',
      '`changes[4].faster.lnog`: the run had no task "lnog". Did you mean "long"?',
      'the run had no task "read[99]".',
      "Expected `changes[4].faster.long` to be a share of the time that it took, 0.5 for half as long, from 0 up, got `-1`",
      '`changes[5].mapConcurrency.long`: the run had no map "long".',
      "Expected `changes[6].noFailures` to be true or false, got `1`",
    ]) {
      expect(message).toContain(part);
    }
  });

  it("what is no list of changes", async () => {
    const report = await ran(beside({ a: 1 }));
    expect(refusal(() => whatIf(report, { concurrency: 2 } as never))).toContain(
      "Expected `changes` to be an array of changes, got `an object`",
    );
  });
});

it("A resource may have the name of what every object has, held or spent", async () => {
  const one = JSON.parse('{ "__proto__": 1, "toString": 1 }') as Record<string, number>;
  const each = <R>(resource: () => R) => ({
    resources: Object.fromEntries(Object.keys(one).map((name) => [name, resource()])),
  });
  const asking = beside({ a: 10, b: 10 }, { resources: one });
  const held = await ran(
    asking,
    each(() => 2),
  );
  const spent = await ran(
    asking,
    each(() => new RateLimit({ limit: 1, perMs: 50 })),
  );
  const answers = [held, spent].map((report) => {
    const { asRun, changes } = whatIf(JSON.parse(JSON.stringify(report)), [
      each(() => 1),
      each(() => 2),
    ]);
    return [asRun.measuredMs, asRun.makespanMs, ...changes.map(({ makespanMs }) => makespanMs)];
  });
  expect(answers).toEqual([
    [10, 10, 20, 10],
    [60, 60, 60, 10],
  ]);
});

describe("A run that is asked about more than once", () => {
  it("gives the same while a tail of it goes on, and when that has ended", async () => {
    const clock = new VirtualClock();
    const a = task("a", () => clock.wait(10));
    const tail = task("tail", () => clock.wait(900));
    const run = flow("tailed", { a }, { tails: { tail } }).run({ clock });
    const live = await clock.run(run);
    const changes = [{ concurrency: 1 }, { faster: { a: 0.5 } }];
    const during = whatIf(live, changes);
    expect(during.asRun).toMatchObject({ makespanMs: 10, errorMs: 0 });
    await clock.run(live.tail);
    const after = whatIf(live, changes);
    expect([after.asRun, after.changes]).toEqual([during.asRun, during.changes]);
  });

  it("answers each time as it did in a list, and with every attempt that the changed run then has", async () => {
    const given = { concurrency: 3, resources: { db: 1 } };
    const report = await ran(nightly, given);
    const change = { concurrency: 8, resources: { db: 2 }, mapConcurrency: { read: 6 } };
    const study = whatIf(report, [change]);
    const { attempts, ...answer } = study.ask(change);
    expect(answer).toEqual(study.changes[0]);
    const changed = await ran(nightly, { concurrency: 8, resources: { db: 2 } });
    const { attempts: same } = study.ask({ concurrency: 8, resources: { db: 2 } });
    const inOrder = changed.taskStatistics
      .flatMap(({ attemptStatistics }) => attemptStatistics)
      .map(({ taskName, attemptNumber, slot, startAt, endAt }) => ({
        taskName,
        attemptNumber,
        slot,
        startAt,
        endAt,
      }));
    const byName = (one: { taskName: string; attemptNumber: number }): string =>
      `${one.taskName} ${one.attemptNumber}`;
    const sorted = <T extends { taskName: string; attemptNumber: number }>(
      list: readonly T[],
    ): T[] => list.toSorted((a, b) => byName(a).localeCompare(byName(b)));
    expect(sorted(same)).toEqual(sorted(inOrder));
    expect(attempts.map(({ startAt }) => startAt)).toEqual(
      attempts.map(({ startAt }) => startAt).toSorted((a, b) => a - b),
    );
  });

  it("refuses what it would refuse in a list, and goes on", async () => {
    const study = whatIf(await ran(nightly, { concurrency: 3, resources: { db: 1 } }));
    expect(() => study.ask({ resources: { dbs: 2 } })).toThrow(
      '`change.resources.dbs`: the run had no resource "dbs". Did you mean "db"?',
    );
    expect(study.ask({}).makespanMs).toBe(study.asRun.makespanMs);
  });
});
