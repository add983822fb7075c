import { describe, expect, it } from "vitest";
import {
  type Flow,
  flow,
  loop,
  map,
  optional,
  param,
  type SerializedReport,
  settled,
  subflow,
  task,
  value,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { simulate, whatIf } from "../../src/whatif.ts";

async function ran(
  make: (clock: VirtualClock) => Flow<unknown>,
  concurrency?: number,
): Promise<SerializedReport> {
  const clock = new VirtualClock();
  return (await clock.run(make(clock).run({ clock, concurrency, failure: "continue" }))).toJSON();
}

function makespan({ analysis }: SerializedReport): number {
  return analysis.criticalPath.reduce((sum, { gapMs, runMs }) => sum + gapMs + runMs, 0);
}

/** A flow for each of some regions, planned with the rest. */
const regions = (clock: VirtualClock): Flow<unknown> => {
  const code = param<number>("code");
  const load = task("load", { code }, ({ code }) => clock.wait(code));
  const rank = task("rank", { load }, () => clock.wait(20));
  const told = task("told", {}, () => clock.wait(5));
  const region = flow("region", { rank }, { finally: { told } });
  const made = [10, 40, 70].map((ms) => subflow(`r${ms}`, region, { code: value(ms) }));
  const all = task("all", { a: made[0], b: made[1], c: made[2] } as never, () => clock.wait(3));
  return flow("regions", { all });
};

/** Items, each of which becomes a flow; inside of one another one comes up. */
const thumbs = (clock: VirtualClock): Flow<unknown> => {
  const thumb = (ms: number, deep: boolean): Flow<{ readonly done: unknown }> => {
    const loaded = task("loaded", () => clock.wait(ms));
    const small = task("small", { loaded }, () => clock.wait(10));
    const large = task("large", { loaded }, async () => {
      await clock.wait(30);
      return deep ? thumb(5, false) : { done: 1 };
    });
    return flow("thumb", { done: task("done", { small, large } as never, () => 1) }) as never;
  };
  const list = task("list", () => [15, 25, 35, 45]);
  const all = map("all", list, (ms: number) => thumb(ms, ms === 25) as never, { concurrency: 3 });
  return flow("thumbs", { all });
};

const drafts = (clock: VirtualClock): Flow<unknown> => {
  const draft = (n: number): Flow<{ readonly text: number }> => {
    const write = task("write", async () => {
      await clock.wait(10 * (n + 1));
      return n;
    });
    const text = task("text", { write }, async ({ write }) => {
      await clock.wait(7);
      return write;
    });
    return flow("draft", { text });
  };
  const written = loop(
    "written",
    {},
    {
      first: () => draft(0),
      next: (_, __, iteration) => draft(iteration),
      until: ({ text }) => text === 3,
      max: 9,
    },
  );
  const beside = task("beside", () => clock.wait(60));
  return flow("drafts", { written, beside });
};

describe.each([
  ["planned with the rest", regions],
  ["that items become, and one inside of another", thumbs],
  ["one after another", drafts],
])("Flows inside of tasks, %s", (_, make) => {
  it.each([undefined, 1, 2, 5])("take on paper what they took, on %s slots", async (slots) => {
    const report = await ran(make, slots);
    const { asRun } = whatIf(report);
    expect(asRun).toMatchObject({ measuredMs: makespan(report), errorMs: 0, unmeasured: [] });
    expect(asRun.criticalPath).toEqual(report.analysis.criticalPath);
  });

  it("and on other slots what they then take", async () => {
    const report = await ran(make, 1);
    const { changes } = whatIf(report, [{ concurrency: 2 }, { concurrency: Infinity }]);
    expect(changes.map(({ makespanMs }) => makespanMs)).toEqual([
      makespan(await ran(make, 2)),
      makespan(await ran(make)),
    ]);
  });
});

/** A loop that thinks between its flows, in a task that runs at the end. */
const judged = (clock: VirtualClock): Flow<unknown> => {
  const draft = (n: number): Flow<{ readonly text: number }> =>
    flow("draft", { text: task("text", () => clock.wait(10 + n).then(() => n)) });
  const written = loop(
    "written",
    {},
    {
      first: () => clock.wait(4).then(() => draft(0)),
      next: (_, __, iteration) => clock.wait(30).then(() => draft(iteration)),
      until: ({ text }) => text === 2,
      max: 5,
    },
  );
  const read = task("read", () => clock.wait(5));
  return flow("judged", { read }, { finally: { written } });
};

/** What failed inside takes nothing down: it has a fallback that takes its time, is tolerated, or none of it was wanted. */
const tolerant = (clock: VirtualClock): Flow<unknown> => {
  const fails = (ms: number) => () => clock.wait(ms).then(() => Promise.reject(new Error("no")));
  const tip = task("tip", fails(1), { fallback: () => clock.wait(8).then(() => 1) });
  const told = task("told", fails(1), { onFailure: "ignore" });
  const used = task("used", { tip, told: optional(told) }, () => clock.wait(3));
  const shaky = flow("shaky", { used });
  const unwanted = flow("unwanted", { never: task("never", () => 1, { when: () => false }) });
  const grown = task("grown", () => clock.wait(2).then(() => shaky));
  const spared = task("spared", () => clock.wait(6).then(() => unwanted));
  const last = task("last", { grown, spared: settled(spared) }, () => clock.wait(9));
  return flow("tolerant", { last });
};

/** A flow that was planned with the rest, and then not wanted: what needs it has nothing to do. */
const unwanted = (clock: VirtualClock): Flow<unknown> => {
  const region = flow("region", { rank: task("rank", () => clock.wait(20)) });
  const west = subflow("west", region, {}, { when: () => false });
  const code = task("code", () => clock.wait(7));
  const both = task("both", { west, code }, () => clock.wait(9));
  return flow("unwanted", {
    told: task("told", { both: settled(both) }, () => clock.wait(4)),
    code,
  });
};

/** A flow whose failure its owner's fallback makes good, so that what failed inside of it counts as tolerated. */
const madeGood = (clock: VirtualClock): Flow<unknown> => {
  const bad = task("bad", () => clock.wait(3).then(() => Promise.reject(new Error("no"))));
  const next = task("next", { bad }, () => clock.wait(1));
  const inner = flow("inner", { bad, next });
  const grown = task("grown", () => inner as never, { fallback: () => 1 as never });
  return flow("madeGood", { last: task("last", { grown }, () => clock.wait(4)) });
};

const failing = (clock: VirtualClock, ms: number) => (): Promise<never> =>
  clock.wait(ms).then(() => Promise.reject(new Error("no")));

/** It fails after 9 ms, with one that needs another; what fails after 3 is tolerated by itself, and stops nothing. */
const shaky = (clock: VirtualClock): Flow<unknown> => {
  const told = task("told", failing(clock, 3), { onFailure: "ignore" });
  const other = task("other", () => clock.wait(5));
  const bad = task("bad", { other }, failing(clock, 4));
  const swept = task("swept", failing(clock, 2));
  return flow("shaky", { told, bad }, { finally: { swept } });
};

const good = { fallback: () => 1 as never };

const toleratedBefore = (clock: VirtualClock): Flow<unknown> => {
  const grown = task("grown", () => shaky(clock) as never, good);
  return flow("before", { last: task("last", { grown }, () => clock.wait(4)) });
};

const twoLevelsUp = (clock: VirtualClock): Flow<unknown> => {
  const deep = task("deep", () => shaky(clock) as never);
  const outer = subflow("outer", flow("outer", { deep }), {}, { onFailure: "ignore" });
  const last = task("last", { outer: settled(outer) }, () => clock.wait(4));
  return flow("up", { last });
};

const settledItems = (clock: VirtualClock): Flow<unknown> => {
  const well = flow("well", { one: task("one", () => clock.wait(6)) });
  const list = task("list", () => [1, 2]);
  const all = map("all", list, (n) => (n === 1 ? well : shaky(clock)) as never, {
    items: "settled",
  });
  return flow("items", { last: task("last", { all }, () => clock.wait(4)) });
};

/** Its first flow ends well, with failures that are tolerated; its second fails. */
const failsLater = (clock: VirtualClock): Flow<unknown> => {
  const draft = (n: number): Flow<{ readonly text: number }> => {
    const told = task("told", failing(clock, 1), { onFailure: "ignore" });
    const swept = task("swept", failing(clock, 1), { onFailure: "ignore" });
    const text = task("text", { told: optional(told) }, () =>
      clock.wait(2).then(() => (n === 0 ? n : Promise.reject(new Error("no")))),
    );
    return flow("draft", { text }, { finally: { swept } });
  };
  const steps = { first: () => draft(0), next: () => draft(1), until: () => false, max: 5 };
  const written = loop("written", {}, { ...steps, ...good });
  return flow("later", { last: task("last", { written }, () => clock.wait(4)) });
};

/** Nothing in its flows fails, and not all of it is wanted; but it is not done when it may have no more. */
const notDone = (clock: VirtualClock): Flow<unknown> => {
  const draft = (n: number): Flow<{ readonly text: number }> => {
    const read = task("read", () => clock.wait(2));
    const seldom = task("seldom", { read }, () => 1, { when: () => false });
    const inputs = { read, seldom: optional(seldom) };
    return flow("draft", { text: task("text", inputs, () => clock.wait(3).then(() => n)) });
  };
  const steps = { first: () => draft(0), next: () => draft(1), until: () => false, max: 2 };
  const written = loop("written", {}, steps);
  const used = task("used", { written }, () => clock.wait(50));
  const told = task("told", { written: settled(written) }, () => clock.wait(4));
  return flow("limited", { used, told });
};

/** A task inside of which all went well, and whose schema then refused what that gave. */
const refused = (clock: VirtualClock): Flow<unknown> => {
  const validate = () => ({ issues: [{ message: "too small" }] });
  const output = { "~standard": { version: 1 as const, vendor: "test", validate } };
  const inner = flow("inner", { one: task("one", () => clock.wait(3)) });
  const grown = task("grown", {}, () => inner as never, { output });
  const used = task("used", { grown }, () => clock.wait(50));
  const told = task("told", { grown: settled(grown) }, () => clock.wait(4));
  return flow("refused", { used, told });
};

/** A flow that was planned with the rest, whose condition threw. */
const neverOpened = (clock: VirtualClock): Flow<unknown> => {
  const region = flow("region", { rank: task("rank", () => clock.wait(20)) });
  const when = (): boolean => {
    throw new Error("no");
  };
  const west = subflow("west", region, {}, { when });
  const used = task("used", { west }, () => clock.wait(50));
  const told = task("told", { west: settled(west) }, () => clock.wait(4));
  return flow("opened", { used, told });
};

/** A planned flow of which one root was not wanted, and which is late for a finally task inside of it, which no deadline stops. */
const late = (clock: VirtualClock): Flow<unknown> => {
  const seldom = task("seldom", () => 1, { when: () => false });
  const one = task("one", () => clock.wait(2));
  const ranks = flow("ranks", { one }, { finally: { tidy: task("tidy", () => clock.wait(9)) } });
  const region = flow("region", { seldom, rank: task("rank", () => ranks as never) });
  const west = subflow("west", region, {}, { deadlineMs: 5, fallback: () => ({}) as never });
  return flow("late", { used: task("used", { west }, () => clock.wait(4)) });
};

/** Of the flows of its loop nobody waits for anything. */
const onlyTails = (clock: VirtualClock): Flow<unknown> => {
  const before = task("before", () => clock.wait(7));
  const draft = (): Flow<Record<never, never>> =>
    flow("draft", {}, { tails: { told: task("told", () => 1) } });
  const steps = { first: draft, next: draft, until: () => false, max: 3 };
  const written = loop("written", { before }, { ...steps, ...good });
  return flow("tails", { last: task("last", { written }, () => clock.wait(4)) });
};

describe("It takes on paper what it took, and tells nothing that it does not know", () => {
  it.each([
    [
      "a loop that thinks between its flows, at the end of a run",
      judged,
      5 + 4 + 10 + 30 + 11 + 30 + 12,
    ],
    ["flows of which some tasks fail, or are not wanted", tolerant, 2 + 1 + 8 + 3 + 9],
    ["a planned flow that is not wanted", unwanted, 7],
    ["a flow that failed, and was made good by a fallback", madeGood, 3 + 4],
    ["one in which a failure was tolerated before", toleratedBefore, 9 + 2 + 4],
    ["one two levels further in than what tolerates it", twoLevelsUp, 9 + 2 + 4],
    ["one of an item that fails alone", settledItems, 9 + 2 + 4],
    ["a loop that failed in its second flow", failsLater, 1 + 2 + 1 + 1 + 2 + 1 + 4],
    ["a loop that was not done", notDone, 2 * (2 + 3) + 4],
    ["a flow whose output was refused", refused, 3 + 4],
    ["a planned flow whose condition threw", neverOpened, 4],
    ["a loop of flows that have tails alone", onlyTails, 7 + 4],
    ["a planned flow that ended too late, and had not given all", late, 2 + 9 + 4],
  ])("%s", async (_, make, ms) => {
    const { asRun } = whatIf(await ran(make));
    expect(asRun).toMatchObject({ makespanMs: ms, measuredMs: ms, errorMs: 0, unmeasured: [] });
  });
});

describe("What is inside of a task", () => {
  it("without failures completes, and what it had kept from its turn counts as nothing", async () => {
    const made = [notDone, refused, neverOpened];
    const studies = made.map(async (make) => whatIf(await ran(make), [{ noFailures: true }]));
    const changes = (await Promise.all(studies)).map(({ changes }) => changes[0]);
    expect(changes).toMatchObject([
      { makespanMs: 2 * (2 + 3) + 4, unmeasured: ["used"] },
      { makespanMs: 3 + 4, unmeasured: ["used"] },
      { makespanMs: 4, unmeasured: ["west.rank", "used"] },
    ]);
  });

  it("is faster with it, or by its own name", async () => {
    const report = await ran(drafts, 1);
    const inside = [10, 20, 30, 40].reduce((sum, ms) => sum + ms + 7, 0);
    const { changes } = whatIf(report, [
      { faster: { written: 0.5 } },
      { faster: { "written[3].write": 0 } },
    ]);
    expect(changes.map(({ savedMs }) => savedMs)).toEqual([inside / 2, 40]);
  });

  it("of a plan takes on paper what the durations say, and a loop takes its own", () => {
    const clock = new VirtualClock();
    const durations = { "r10.load": 10, "r40.load": 40, "r70.load": 70, "r70.rank": 20, all: 3 };
    expect(simulate(regions(clock).plan(), { durations })).toMatchObject({
      executionState: "completed",
      totalDurationMs: 93,
    });
    expect(
      simulate(drafts(clock).plan(), { durations: { written: 50, beside: 60 } }),
    ).toMatchObject({
      executionState: "completed",
      totalDurationMs: 60,
    });
  });
});
