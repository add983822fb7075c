import { flow, map, RateLimit, Semaphore, settled, type Task, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { whatIf } from "@astrum/core/whatif";
import { describe, expect, it } from "vitest";
import type { Lever } from "../../src/asking/advice.ts";
import { insight } from "../../src/asking/insight.ts";
import { leverLine } from "../../src/asking/lever-text.ts";
import { estimatesFrom, renderHtml, renderMarkdown, renderText } from "../../src/index.ts";
import { printSummary } from "../../src/terminal/index.ts";
import { advised, again, fixtures, makespan, ran, tasks } from "./advised-runs.ts";

const { mixed, hours, slots } = fixtures;

describe.each(Object.entries(fixtures))("The advice on the run %s", (_, fixture) => {
  it("is what the run takes when the advice is followed", async () => {
    const report = await ran(fixture);
    const { advice, makespanMs } = insight(report);
    expect(advice?.errorMs).toBe(0);
    const levers = advice?.levers ?? [];
    expect(levers.length).toBeGreaterThan(0);
    const table = await advised(fixture);
    for (const { if: what, predicted, real } of table) {
      expect(
        Math.abs(predicted - real) / real,
        `${what}: ${predicted}, really ${real}`,
      ).toBeLessThan(0.05);
    }
    // The most saving first, none above the bound, none that nobody would notice.
    const saved = levers.map(({ savedMs }) => savedMs);
    expect(saved).toEqual(saved.toSorted((a, b) => b - a));
    for (const { kind, savedMs } of levers) {
      expect(savedMs).toBeGreaterThanOrEqual(Math.max(10, makespanMs / 100));
      if (["slots", "resource", "order"].includes(kind)) {
        expect(savedMs).toBeLessThanOrEqual(makespanMs - report.analysis.bounds.dependencyMs);
      }
    }
  });
});

describe("The run of a page that disproved itself: sixteen slots, and six units of a database", () => {
  it("is told that the database is what saves time, and that more slots save nothing", async () => {
    const report = await ran(mixed);
    const { advice, makespanMs } = insight(report);
    const { dependencyMs } = report.analysis.bounds;
    expect(report.peakConcurrency).toBeLessThan(16);
    const database = advice?.levers.find(({ kind }) => kind === "resource");
    expect(database).toMatchObject({
      name: "db",
      makespanMs: makespan(await again(mixed, report, database as Lever)),
    });
    expect(database?.savedMs).toBeLessThanOrEqual(makespanMs - dependencyMs);
    expect(advice?.levers.some(({ kind }) => kind === "slots")).toBe(false);
    const page = renderHtml(report);
    expect(page).toContain(`there were ${database?.units} of <code>db</code>`);
    expect(page).not.toContain("as many slots as tasks");
    expect(page).not.toContain("without a gap");
  });
});

describe("Every format says it", () => {
  it("the lever, what the run would take, what it saves, the line to paste, and how sure that is", async () => {
    const report = await ran(hours);
    const line = "the longest path went first: run({ estimates: estimatesFrom(report) })";
    const text = renderText(report);
    expect(text).toContain("What would make it faster:\n       takes       saves  if\n");
    expect(text).toContain(`3 h 10 min  1 h 07 min  ${line}`);
    expect(text).toContain(
      "Simulated from what each task took. Without a change the simulation takes as long as the run did; with one it does not know whether tasks slow each other down.",
    );
    const markdown = renderMarkdown(report);
    expect(markdown).toContain("### What would make it faster");
    expect(markdown).toContain(
      "the longest path went first: `run({ estimates: estimatesFrom(report) })`",
    );
    const page = renderHtml(report);
    expect(page).toContain(
      "the longest path went first: <code>run({ estimates: estimatesFrom(report) })</code>",
    );
    expect(page).toContain(
      '<a href="#faster">42 % less is possible</a>: 2 h 30 min if there were 8 slots',
    );
    const printed: string[] = [];
    const stream = { write: (chunk: string) => printed.push(chunk) > 0 };
    printSummary(report, { stream: stream as never });
    expect(printed.join("")).toContain(line);
  });

  it("the key of an item, where it has one", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [900, 100]);
    const read = map("read", list, (ms) => clock.wait(ms), { key: (ms) => `file ${ms}` });
    const report = (await clock.run(flow("keyed", { read }).run({ clock }))).toJSON();
    for (const said of [renderText(report), renderMarkdown(report), renderHtml(report)]) {
      expect(said).toMatch(/file 900.*took half as long/);
    }
  });
});

describe("How much of a resource is enough", () => {
  const lever = async (fixture: typeof mixed): Promise<Lever | undefined> =>
    insight(await ran(fixture)).advice?.levers.find(({ kind }) => kind === "resource");

  it("is the least with which the run takes at most 1 % longer than with any number of units", async () => {
    const { units = 0, makespanMs } = (await lever(mixed)) as Lever;
    const taking = async (db: number): Promise<number> =>
      makespan(await ran(mixed, { resources: { db } }));
    const enough = 1.01 * (await taking(1_000_000));
    expect(await taking(units)).toBe(makespanMs);
    expect(makespanMs).toBeLessThanOrEqual(enough);
    expect(await taking(units - 1)).toBeGreaterThan(enough);
  });

  const alike = (db: number | RateLimit, units = 1): typeof mixed => {
    const long = [1000, [], units] as const;
    const plan = { a: long, b: long, c: long, d: long, e: [5, [], units] as const };
    return { options: { resources: { db } }, make: (clock, twist) => tasks(clock, twist, plan) };
  };

  it("is one more unit where that gains nearly all of it", async () => {
    expect(await lever(alike(3))).toMatchObject({ name: "db", units: 4, makespanMs: 1005 });
  });

  it("is told to a hundredth of what it had: not each byte is tried", async () => {
    const lacks = await lever(alike(3_000_000_007, 1_000_000_000));
    expect(lacks).toMatchObject({ makespanMs: 1005 });
    expect(lacks?.units).toBeGreaterThanOrEqual(4_000_000_000);
    expect(lacks?.units).toBeLessThan(4_000_000_000 + 30_000_001);
  });

  it("is of a rate so much each time, and then that is what the run takes", async () => {
    const rate = { limit: 0.5, perMs: 2000, burst: 1 };
    const fixture = alike(new RateLimit(rate));
    const told = (await lever(fixture)) as Lever;
    expect(leverLine(told)).toBe("there were 600 of db each 2 s");
    expect(told.makespanMs).toBe(1010);
    const db = new RateLimit({ ...rate, limit: 600 });
    expect(makespan(await ran(fixture, { resources: { db } }))).toBe(1010);
    const one = { ...told, units: 1 };
    expect(leverLine(one)).toBe("there was 1 of db each 2 s");
    expect(leverLine({ ...one, units: undefined })).toBe(
      "there were enough of db for all that asked",
    );
  });
});

describe("It asks for what a next run can be given", () => {
  it("of many limits at most five alone, those that held it back longest", async () => {
    const clock = new VirtualClock();
    let before: Task<unknown> = task("start", () => 1);
    for (let at = 0; at < 9; at++) {
      const list = task(`list ${at}`, { before }, () => [1, 1, 1]);
      before = map(`read ${at}`, list, () => clock.wait(1000 - at), { concurrency: 1 });
    }
    const report = (await clock.run(flow("limited", { before }).run({ clock }))).toJSON();
    const levers = insight(report).advice?.levers ?? [];
    const lifted = levers.filter(({ kind }) => kind === "map").map(({ name }) => name);
    expect(lifted).toEqual([0, 1, 2, 3, 4].map((at) => `read ${at}`));
  });

  it("not to lift the limit of a map that only comes up in the run, and everything else as before", async () => {
    const clock = new VirtualClock();
    const inner = () => {
      const list = task("list", () => [1000, 1000, 1000]);
      return flow("inner", { read: map("read", list, (ms) => clock.wait(ms), { concurrency: 1 }) });
    };
    const grown = task("grown", () => inner());
    const report = (await clock.run(flow("grows", { grown }).run({ clock }))).toJSON();
    const levers = insight(report).advice?.levers ?? [];
    expect(levers.map(({ kind }) => kind)).toContain("task");
    expect(levers.map(({ kind }) => kind)).not.toContain("map");
  });
});

describe("There is no advice", () => {
  it("on a run that ended early, in any format", async () => {
    const clock = new VirtualClock();
    const all = flow("stopped", tasks(clock, {}, { a: [1000], b: [9000], c: [500, ["b"]] }));
    const report = (await clock.run(all.run({ clock, concurrency: 1, timeoutMs: 2000 }))).toJSON();
    expect(insight(report).advice).toBeUndefined();
    expect(insight(report).verdict).not.toMatch(/would|could/);
    for (const said of [renderText(report), renderMarkdown(report), renderHtml(report)]) {
      expect(said).not.toMatch(/[Ww]hat would make it faster|took half as long/);
    }
  });

  it("to make the only task of a run shorter", async () => {
    const clock = new VirtualClock();
    const all = flow("one", tasks(clock, {}, { sitemap: [9000] }));
    const report = (await clock.run(all.run({ clock }))).toJSON();
    expect(insight(report).advice?.levers).toEqual([]);
    expect(renderHtml(report)).not.toContain("is possible");
  });

  it("on a run in which a failure kept a task from its turn", async () => {
    const clock = new VirtualClock();
    const bad = task("bad", scripted(clock, { ms: 5000, throw: "down" }));
    const next = task("next", { bad: settled(bad) }, () => clock.wait(9000));
    const report = (await clock.run(flow("stopped", { next }).run({ clock }))).toJSON();
    expect(insight(report).advice).toBeUndefined();
    expect(renderText(report)).not.toMatch(/[Ww]hat would make it faster/);
  });

  it("that the run followed already: it had the longest path first, or no limit", async () => {
    const first = await ran(hours);
    const second = await ran(hours, { estimates: estimatesFrom(first) });
    expect(insight(second).advice?.levers.map(({ kind }) => kind)).not.toContain("order");
    const free = await ran(hours, { concurrency: undefined });
    expect(insight(free).advice?.levers.map(({ kind }) => kind)).toEqual(["task"]);
    expect(insight(free).verdict).not.toContain("slots");
  });

  it("on the first run of a few milliseconds, but one plain sentence", async () => {
    const clock = new VirtualClock();
    const all = flow("first", { hello: task("hello", () => clock.wait(8)) });
    const report = (await clock.run(all.run({ clock }))).toJSON();
    expect(insight(report).verdict).toBe("It took 8 ms: too little to say what bound it.");
    expect(insight(report).advice?.levers).toEqual([]);
  });

  it("to do more at once where the processor was full", async () => {
    const report = await ran(slots);
    const host = { platform: "linux", arch: "x64", cpus: 2 };
    const full = { ...report, cpuMs: 1.9 * report.totalDurationMs, run: { ...report.run, host } };
    expect(insight(full).advice?.levers.map(({ kind }) => kind)).not.toContain("slots");
    expect(insight(full).verdict).toContain("two of two cores were busy");
    expect(renderText(full)).toContain(
      "More at once would not be faster: two of two cores were busy.",
    );
    const idle = { ...full, cpuMs: 1.7 * report.totalDurationMs };
    expect(insight(idle).advice?.levers.map(({ kind }) => kind)).toContain("slots");
  });

  /** A run of tasks of 100 ms on two slots, both of which another run has for so long: no report of this one says so. */
  const heldBack = async (
    ms: number,
    make: (clock: VirtualClock) => Record<string, Task<unknown>>,
  ) => {
    const clock = new VirtualClock();
    const concurrency = new Semaphore(2);
    const other = ["x", "y"].map((name) => [name, task(name, () => clock.wait(ms))]);
    void flow("other", Object.fromEntries(other)).run({ clock, concurrency });
    return (await clock.run(flow("own", make(clock)).run({ clock, concurrency }))).toJSON();
  };

  it("within the error of the simulation, which is then told", async () => {
    const beside = await heldBack(1000, (clock) => {
      const names = ["a", "b", "c"];
      return Object.fromEntries(names.map((name) => [name, task(name, () => clock.wait(100))]));
    });
    const study = whatIf(beside, [{ concurrency: 3 }]);
    expect([study.asRun.errorMs, study.changes[0]?.savedMs]).toEqual([1000, 100]);
    expect(insight(beside).advice).toMatchObject({ levers: [], errorMs: 1000, leastMs: 1000 });
    expect(renderHtml(beside)).toContain(
      "Nothing that the run had would have saved anything beyond the 1 s that the simulation is off.",
    );
    const chain = await heldBack(100, (clock) => {
      const a = task("a", () => clock.wait(500));
      return { b: task("b", { a }, () => clock.wait(500)) };
    });
    expect(insight(chain).verdict).toBe(
      "Bound by dependencies: the longest chain alone needs 1 s of 1.1 s; more slots would save nothing beyond the 100 ms that the simulation is off.",
    );
  });
});
