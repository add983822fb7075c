/** What the panel "What if" says, and what its sliders may be set to: held to the run that then happens. */
import { flow, map, RateLimit, type RunOptions, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import type { Change } from "@astrum/core/whatif";
import { describe, expect, it } from "vitest";
import { type Answer, Answering } from "../../page/answering.ts";
import { Ghosts, withSlots } from "../../page/ghosts.ts";
import { changeOf, type Lever, leversOf } from "../../page/levers.ts";
import { rowsOf } from "../../page/rows.ts";
import { Run } from "../../page/run.ts";
import { View } from "../../page/view.ts";
import { spoken, told, valueText } from "../../page/what-if-words.ts";
import { insight } from "../../src/asking/insight.ts";
import { pageDataOf } from "../../src/html/from-report.ts";
import { packed, unpacked } from "../../src/html/packing.ts";
import type { PageData } from "../../src/html/page-data.ts";
import type { StudyFacts } from "../../src/html/study-facts.ts";
import { trial } from "../../src/html/what-if-section.ts";

/** Six tasks that want the one database, a map with a limit, a task that fails once, a short chain. */
async function nightly(
  options: RunOptions = {},
  { mapLimit = 2, fails = true }: { mapLimit?: number; fails?: boolean } = {},
): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const list = task("list", scripted(clock, { ms: 40, return: [9, 8, 7, 6, 5, 4] }));
  const read = map("read", list as never, (ms: number) => clock.wait(ms * 10), {
    concurrency: mapLimit,
  });
  const queries = ["a", "b", "c", "d"].map((name, at) =>
    task(`query ${name}`, scripted(clock, { ms: 100 + 20 * at }), { resources: { db: 1 } }),
  );
  const flaky = task(
    "flaky",
    fails ? scripted(clock, { ms: 200, throw: "busy" }, { ms: 200 }) : scripted(clock, { ms: 200 }),
    { retry: { attempts: 2, baseMs: 100, backoff: "fixed", jitter: "none" } },
  );
  const all = flow("nightly", {
    read,
    flaky,
    ...Object.fromEntries(queries.map((one) => [one.name, one])),
  });
  const given = { concurrency: 3, resources: { db: 1 }, ...options };
  return (await clock.run(all.run({ clock, ...given }))).toJSON();
}

interface OpenPage {
  readonly run: Run;
  readonly study: StudyFacts;
  readonly answering: Answering;
  readonly levers: readonly Lever[];
}

/** As the script of the page has it. */
function opened(report: SerializedReport): OpenPage {
  const tried = trial(report, insight(report).advice);
  const text = JSON.stringify(packed(pageDataOf(report, "nightly", tried)));
  const data = unpacked(JSON.parse(text) as PageData);
  const run = new Run(data);
  if (data.study === undefined) throw new Error("nothing to try");
  return {
    run,
    study: data.study,
    answering: new Answering(data),
    levers: leversOf(run, data.study),
  };
}

const OFF = { longestFirst: false, noFailures: false, noStages: false };

/** What is asked when one lever is set to a value. */
function set({ levers, study }: OpenPage, label: string, value: number): Change {
  const places = levers.map((lever) =>
    lever.label === label ? lever.values.indexOf(value) : lever.had,
  );
  return changeOf(levers, places, OFF, study);
}

function makespan(report: SerializedReport): number {
  return insight(report).makespanMs;
}

describe("Each slider of the panel", () => {
  it("is for something the run was given: slots, a resource, a map; and stands at first where that was", async () => {
    const page = opened(await nightly());
    expect(page.levers.map(({ kind, label, values, had }) => [kind, label, values[had]])).toEqual([
      ["slots", "slots", 3],
      ["resource", "db", 1],
      ["map", "read", 2],
    ]);
    const places = page.levers.map(({ had }) => had);
    expect(changeOf(page.levers, places, OFF, page.study)).toEqual({});
  });

  it.each([
    ["slots", 5, { concurrency: 5 }, 2],
    ["slots", 1, { concurrency: 1 }, 2],
    ["slots", Number.POSITIVE_INFINITY, { concurrency: undefined }, 2],
    ["db", 2, { resources: { db: 2 } }, 2],
    ["db", Number.POSITIVE_INFINITY, { resources: { db: 1000 } }, 2],
    ["read", 6, {}, 6],
    ["read", 1, {}, 1],
  ] as const)(
    "%s at %d: what it says the run then takes",
    async (label, value, options, mapLimit) => {
      const page = opened(await nightly());
      const answer = page.answering.answer(set(page, label, value));
      const real = await nightly(options, { mapLimit });
      expect(answer.makespanUs).toBe(Math.round(makespan(real) * 1000));
      expect(answer.savedUs).toBe(answer.asRunUs - answer.makespanUs);
      expect(answer.boundBy).toBe(real.analysis.boundBy);
    },
  );

  it("has every value that could matter, however large, in at most a hundred steps, and no limit as the last", async () => {
    const clock = new VirtualClock();
    const many = Array.from({ length: 1500 }, (_, at) =>
      task(`t${at}`, scripted(clock, { ms: 10 })),
    );
    const all = flow("many", Object.fromEntries(many.map((one) => [one.name, one])));
    const report = (await clock.run(all.run({ clock, concurrency: 37 }))).toJSON();
    const [slots] = opened(report).levers;
    expect(slots?.values.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(slots?.values.slice(-2)).toEqual([1500, Number.POSITIVE_INFINITY]);
    expect(slots?.values).toContain(37);
    expect(slots?.values.length).toBeLessThan(100);
    expect(slots?.values).toEqual(slots?.values.toSorted((a, b) => a - b));
  });

  it("never goes below what a task asks for, so that nothing waits for ever", async () => {
    const clock = new VirtualClock();
    const big = task("big", scripted(clock, { ms: 10 }), { resources: { db: 3 } });
    const small = task("small", scripted(clock, { ms: 10 }), { resources: { db: 1 } });
    const run = flow("two", { big, small }).run({ clock, resources: { db: 4, unused: 7 } });
    const page = opened((await clock.run(run)).toJSON());
    const [, db] = page.levers;
    expect(page.levers.map(({ label }) => label)).toEqual(["slots", "db"]);
    expect(db?.values[0]).toBe(3);
    for (const value of db?.values ?? []) {
      if (value !== 4)
        expect(page.answering.answer(set(page, "db", value)).makespanUs).toBeGreaterThan(0);
    }
  });

  it("of a rate says each how long, and is answered at every step", async () => {
    const clock = new VirtualClock();
    const calls = Array.from({ length: 8 }, (_, at) =>
      task(`call ${at}`, scripted(clock, { ms: 5 }), { resources: { api: 1 } }),
    );
    const all = flow("calls", Object.fromEntries(calls.map((one) => [one.name, one])));
    const api = new RateLimit({ limit: 2, perMs: 1000 });
    const page = opened((await clock.run(all.run({ clock, resources: { api } }))).toJSON());
    const rate = page.levers.find(({ label }) => label === "api");
    if (rate === undefined) throw new Error("no slider");
    expect(valueText(rate, rate.had)).toBe("2 each 1 s");
    const taken = rate.values.map(
      (value, place) =>
        page.answering.answer(place === rate.had ? {} : set(page, "api", value)).makespanUs,
    );
    expect(taken).toEqual(taken.toSorted((a, b) => b - a));
    expect(taken.at(-1)).toBe(5000);
  });

  it("is not there for a map that came up in the run, nor for one of a single item", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [1]);
    const one = map("one", list, (ms) => clock.wait(ms));
    const inner = task("inner", () => {
      const items = task("items", () => [1, 2, 3]);
      return flow("came up", { all: map("all", items, (ms) => clock.wait(ms)) });
    });
    const run = flow("flows", { one, inner }).run({ clock, concurrency: 2 });
    const page = opened((await clock.run(run)).toJSON());
    expect(page.levers.map(({ kind }) => kind)).toEqual(["slots"]);
  });
});

describe("The switches of the panel", () => {
  it("nothing failed: what the run takes when nothing fails", async () => {
    const page = opened(await nightly());
    const change = changeOf(
      page.levers,
      page.levers.map(({ had }) => had),
      { ...OFF, noFailures: true },
      page.study,
    );
    const real = await nightly({}, { fails: false });
    expect(page.answering.answer(change).makespanUs).toBe(Math.round(makespan(real) * 1000));
  });

  it("the longest path first: off as well, where the run was given estimates", async () => {
    const page = opened(await nightly({ estimates: { "query d": 160 } }));
    const had = page.levers.map((lever) => lever.had);
    const on = { ...OFF, longestFirst: true };
    expect(changeOf(page.levers, had, on, page.study)).toEqual({});
    expect(changeOf(page.levers, had, OFF, page.study)).toEqual({ longestFirst: false });
  });
});

describe("What the panel says", () => {
  const answer: Answer = {
    makespanUs: 1_800_000,
    savedUs: 800_000,
    boundBy: "dependencies",
    unmeasured: 0,
    asRunUs: 2_600_000,
    errorUs: 30_000,
    attempts: {
      task: new Int32Array(),
      slot: new Int32Array(),
      startUs: new Float64Array(),
      endUs: new Float64Array(),
    },
  };
  const study = {} as StudyFacts;
  const more: Change = { concurrency: 8 };

  it("is how long it takes, how sure that is, what it saves, what it is bound by, what to write", () => {
    expect(told(answer, more, study, true)).toEqual({
      takes: "1.8 s",
      error: "± 30 ms",
      gain: "saves 800 ms, 31 %",
      better: "yes",
      bound: "Bound by dependencies: its longest chain is the largest part of it.",
      notes: [],
      paste: "run({ concurrency: 8 })",
    });
    expect(spoken(told(answer, more, study, true))).toBe(
      "It takes 1.8 s, plus or minus 30 ms: saves 800 ms, 31 %. Bound by dependencies: its longest chain is the largest part of it.",
    );
  });

  it("is plainly that nothing is gained, where that is within the error or one per cent", () => {
    for (const savedUs of [0, 29_000, -29_000]) {
      expect(told({ ...answer, savedUs }, more, study, true).gain).toBe("nothing gained");
    }
    const exact = { ...answer, errorUs: 0 };
    expect(told({ ...exact, savedUs: 25_000 }, more, study, true).gain).toBe("nothing gained");
    expect(told({ ...exact, savedUs: 27_000 }, more, study, true).gain).toBe("saves 27 ms, 1 %");
  });

  it("is that it takes longer, where it does", () => {
    expect(told({ ...answer, savedUs: -400_000 }, more, study, true)).toMatchObject({
      gain: "takes 400 ms longer, 15 %",
      better: "no",
    });
  });

  it("of the run unchanged is how far the simulation is from it", () => {
    expect(told(answer, {}, study, false).gain).toBe(
      "the run simulated unchanged, which is 30 ms off",
    );
    expect(told({ ...answer, errorUs: 0 }, {}, study, false)).toMatchObject({
      gain: "the run simulated unchanged, which is exact",
      error: "",
    });
  });

  it("is that the processor was full, where more at once is asked for", () => {
    const full = { busy: "two of two cores were busy" } as StudyFacts;
    expect(told(answer, more, full, true).notes).toEqual([
      "More at once would not be as fast as this says: two of two cores were busy.",
    ]);
    expect(told(answer, { longestFirst: true }, full, false).notes).toEqual([]);
  });

  it("is what it cannot know, where tasks would have run that did not", () => {
    expect(told({ ...answer, unmeasured: 2 }, { noFailures: true }, study, false)).toMatchObject({
      takes: "at least 1.8 s",
      gain: "what it saves is not known",
      notes: [
        "2 tasks would have run that did not: nobody knows how long they take, so they count as nothing.",
      ],
    });
  });

  it("is never less than the longest chain, however far the simulation is off", async () => {
    const report = structuredClone(await nightly());
    // A chain that is said to be longer than what was simulated.
    report.analysis.bounds.dependencyMs = makespan(report) - 1;
    const page = opened(report);
    const answer = page.answering.answer({
      concurrency: Number.POSITIVE_INFINITY,
      resources: { db: 9 },
    });
    expect(answer.makespanUs).toBeGreaterThanOrEqual(Math.round((makespan(report) - 1) * 1000));
    expect(answer.savedUs).toBeLessThanOrEqual(1000);
  });
});

describe("The bars of a simulated run", () => {
  it("are where the attempts of that run are, by task and by slot", async () => {
    const page = opened(await nightly());
    const answer = page.answering.answer(set(page, "slots", 5));
    const ghosts = new Ghosts(answer.attempts, answer.makespanUs);
    const real = await nightly({ concurrency: 5 });
    const { tasks } = page.run.data;
    for (const { taskName, attemptStatistics } of real.taskStatistics) {
      const place = tasks.name.indexOf(taskName);
      const own = ghosts.of(place).map((at) => [ghosts.startUs[at], ghosts.endUs[at]]);
      expect(own, taskName).toEqual(
        attemptStatistics.map(({ startAt, endAt }) => [startAt * 1000, (endAt ?? 0) * 1000]),
      );
    }
    // The resource keeps a fifth from being used.
    expect(ghosts.slots).toBe(4);
    expect(ghosts.on(3).length).toBeGreaterThan(0);
    expect(ghosts.on(4)).toEqual([]);
    expect(ghosts.load(new Set(tasks.name.keys())).highest).toBe(real.peakConcurrency);
    const [head] = rowsOf(page.run, "map", {
      isOpen: () => false,
      matches: new Uint8Array(tasks.name.length).fill(1),
    }).flatMap((row) => row.head ?? []);
    if (head === undefined) throw new Error("no group");
    const load = ghosts.loadOf(head, page.run.data.attempts.task);
    expect(load.highest).toBeGreaterThan(0);
    expect(ghosts.loadOf(head, page.run.data.attempts.task)).toBe(load);
    expect(withSlots([], ghosts).map(({ label }) => label)).toEqual([
      "slot 0",
      "slot 1",
      "slot 2",
      "slot 3",
    ]);
  });
});

describe("The time axis", () => {
  const placed = (wholeUs: number): View => {
    const view = new View(wholeUs);
    view.place(0, 1000);
    return view;
  };

  it("grows to the end of a run that would take longer, and back again, for whoever looks at all of it", () => {
    const view = placed(1000);
    const { toUs } = view;
    view.reach(3000);
    expect(view.x(3000)).toBeLessThanOrEqual(1000);
    view.reach(1000);
    expect(view.toUs).toBe(toUs);
  });

  it("leaves a reader where he looks closer, unless that is beyond the end", () => {
    const view = placed(1000);
    view.zoom(0.1, 500);
    const { fromUs } = view;
    view.reach(3000);
    expect(view.fromUs).toBe(fromUs);
    view.pan(1e9);
    view.reach(1000);
    expect(view.toUs).toBeLessThanOrEqual(1010);
  });
});
