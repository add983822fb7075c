import { describe, expect, it } from "vitest";
import { flow, map, RateLimit, Semaphore, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { type SimulateOptions, simulate, whatIf } from "../../src/whatif.ts";

const never = (): never => {
  throw new Error("no function is called");
};

const fetched = task("fetch", never);
const parsed = task("parse", { fetched }, never);
const checked = task("check", { fetched }, never);
const site = flow("site", { parsed, checked }).plan();
const durations = { fetch: 100, parse: 50, check: 70 };

describe("A plan is simulated before anything ran", () => {
  it("as a report like any other, with no function called and no clock read", () => {
    const report = simulate(site, { durations, concurrency: 1 });
    expect(report).toMatchObject({
      executionState: "completed",
      totalDurationMs: 220,
      peakConcurrency: 1,
      successfulTasks: 3,
      run: {
        id: "simulated",
        flow: "site",
        attributes: { simulated: true },
        config: { concurrency: 1 },
      },
    });
    expect(report.analysis).toMatchObject({ boundBy: "dependencies" });
    expect(JSON.stringify(simulate(site, { durations, concurrency: 1 }))).toBe(
      JSON.stringify(report),
    );
  });

  it("on as many slots as there are, or as a semaphore would give", () => {
    expect(simulate(site, { durations }).totalDurationMs).toBe(170);
    const concurrency = new Semaphore(1);
    expect(simulate(site, { durations, concurrency }).totalDurationMs).toBe(220);
  });

  it("the longest path first when that is asked for", () => {
    const plan = flow("beside", {
      a: task("a", never),
      b: task("b", never),
      c: task("c", never),
    }).plan();
    const options = { durations: { a: 10, b: 10, c: 20 }, concurrency: 2 };
    expect(simulate(plan, options).totalDurationMs).toBe(30);
    expect(simulate(plan, { ...options, longestFirst: true }).totalDurationMs).toBe(20);
  });

  it("a map as one item of its duration, or with a list of items", () => {
    const list = task("list", () => [1]);
    const plan = flow("mapped", { all: map("all", list, never, { concurrency: 2 }) }).plan();
    expect(simulate(plan, { durations: { all: 90 } }).totalDurationMs).toBe(90);
    const report = simulate(plan, { durations: {}, items: { all: [10, 40, 20] } });
    expect([report.totalDurationMs, report.totalTasks]).toEqual([40, 5]);
  });

  it("with resources, of which nobody else has any; a rate limit is left as it was", () => {
    const asking = { resources: { llm: 1, db: 1 } };
    const plan = flow("asking", {
      a: task("a", never, asking),
      b: task("b", never, asking),
    }).plan();
    const llm = new RateLimit({ limit: 1, perMs: 1000 });
    const options = { durations: { a: 10, b: 10 }, resources: { llm, db: new Semaphore(1) } };
    expect(simulate(plan, options).totalDurationMs).toBe(1010);
    expect(simulate(plan, options).totalDurationMs).toBe(1010);
  });

  it("with a rate limit that runs on any clock have spent of", async () => {
    const clock = new VirtualClock();
    const llm = new RateLimit({ limit: 1, perMs: 1000 });
    const calls = ["a", "b"].map((name) => task(name, () => {}, { resources: { llm: 1 } }));
    const called = flow("called", Object.fromEntries(calls.map((call) => [call.name, call])));
    await clock.run(called.run({ clock, resources: { llm } }));
    const report = simulate(called.plan(), { durations: {}, resources: { llm } });
    expect(report.totalDurationMs).toBe(1000);
  });

  it("in a report that can itself be asked what would be otherwise", () => {
    const asking = { resources: { llm: 1, db: 1 } };
    const names = ["a", "b", "c"];
    const tasks = names.map((name) => [name, task(name, never, asking)] as const);
    const plan = flow("asking", Object.fromEntries(tasks)).plan();
    const llm = new RateLimit({ limit: 2, perMs: 1000, burst: 3 });
    const given = { concurrency: 2, resources: { llm, db: new Semaphore(2) }, longestFirst: true };
    const report = simulate(plan, { durations: { a: 10, b: 10, c: 20 }, ...given });
    expect(report.run.config).toEqual({
      concurrency: 2,
      resources: { db: 2 },
      rates: { llm: { limit: 2, perMs: 1000, burst: 3 } },
      failure: "stop",
      dispatch: "dependencies",
      longestFirst: true,
    });
    const study = whatIf(report, [{ longestFirst: false }, { resources: { db: 1 } }]);
    expect(study.asRun).toMatchObject({ makespanMs: 20, errorMs: 0 });
    expect(study.changes.map(({ makespanMs }) => makespanMs)).toEqual([30, 40]);
  });

  it("with conditions that say yes, things that are released at once, and tails that are not waited for", () => {
    const thing = task("thing", never, { release: never });
    const used = task("used", { thing }, never, { when: never });
    const plan = flow("living", { used }, { tails: { tail: task("tail", never) } }).plan();
    const report = simulate(plan, { durations: { thing: 5, used: 5, tail: 99 } });
    expect([report.totalDurationMs, report.detachedTasks]).toEqual([10, 1]);
  });

  it("without tasks", () => {
    expect(simulate(flow("empty", {}).plan(), { durations: {} })).toMatchObject({
      executionState: "completed",
      totalDurationMs: 0,
    });
  });
});

describe("Refused is", () => {
  const refused = (plan: unknown, options: unknown): string => {
    try {
      simulate(plan as never, options as SimulateOptions);
    } catch (error) {
      return (error as Error).message;
    }
    return "nothing was refused";
  };

  it("what is no plan", () => {
    expect(refused(flow("site", { parsed }), { durations })).toContain(
      "simulate() needs a plan, from plan() of a flow or a scheduler, got a flow",
    );
  });

  it("each option that is not what it may be, all at once", () => {
    const message = refused(site, {
      durations: { fetch: -1 },
      items: { parse: [1] },
      concurrency: 0,
      longestFirst: "yes",
      estimates: {},
    });
    for (const part of [
      "Expected `durations.fetch` to be a number of milliseconds from 0 up, got `-1`",
      '`items.parse`: the plan has no map "parse"',
      "Expected `concurrency` to be an integer from 1 up, got `0`",
      'Expected `longestFirst` to be true or false, got `"yes"`',
      "Unknown option `estimates`",
    ]) {
      expect(message).toContain(part);
    }
    const list = task("list", () => [1]);
    const read = map("read", list, () => 1);
    expect(
      refused(flow("mapped", { read }).plan(), { durations: {}, items: { raed: [1] } }),
    ).toContain('`items.raed`: the plan has no map "raed". Did you mean "read"?');
    expect(refused(site, undefined)).toContain("Expected `options` to be an object, got `null`");
  });

  it("a task that needs a resource that is not there, or more than there is", () => {
    const plan = flow("asking", { a: task("a", never, { resources: { db: 3 } }) }).plan();
    expect(refused(plan, { durations: {} })).toContain(
      'Task "a" needs 3 of "db", which the run does not have.',
    );
    expect(refused(plan, { durations: {}, resources: { db: 2 } })).toContain(
      'Task "a" needs 3 of "db", but the run has only 2',
    );
  });
});
