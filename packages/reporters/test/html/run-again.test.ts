/** The page runs a run again from its own packed data: that must say what the report says. */
import { flow, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { type Change, whatIf } from "@astrum/core/whatif";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomRun } from "../../../core/test/random-graph.ts";
import { NestGraph, nestRun } from "../../../core/test/random-nest.ts";
import { runAgain } from "../../page/run-again.ts";
import { pageDataOf } from "../../src/html/from-report.ts";
import { packed, unpacked } from "../../src/html/packing.ts";
import type { PageData } from "../../src/html/page-data.ts";
import { exampleRun } from "../example-runs.ts";
import { mapOfFlows, nestedRun } from "../nested-runs.ts";
import { loggedRun, loggedStages } from "../random-log.ts";

/** As the script of the page reads it. */
function again(report: SerializedReport): SerializedReport {
  const simulated = { mostSlots: 1, busy: undefined };
  const text = JSON.stringify(packed(pageDataOf(report, "page", simulated)));
  const made = runAgain(unpacked(JSON.parse(text) as PageData));
  if (made === undefined) throw new Error("no facts");
  return made;
}

/** What may be changed of any run, and of this one. */
function changesOf({ run, taskStatistics }: SerializedReport): Change[] {
  const named = Object.keys({ ...run.config.resources, ...run.config.rates });
  const maps = taskStatistics.filter(({ kind, stageId }) => kind === "map" && stageId !== null);
  const unlimited = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY]));
  return [
    { concurrency: 1 },
    { concurrency: 2, longestFirst: true },
    { concurrency: Number.POSITIVE_INFINITY },
    { noFailures: true },
    { dispatch: "dependencies", resources: unlimited(named) },
    { mapConcurrency: unlimited(maps.map(({ taskName }) => taskName)), concurrency: 3 },
  ];
}

/** All that a study says, with every attempt; or why there is none. */
function studied(report: SerializedReport): unknown {
  const changes = changesOf(report);
  try {
    const study = whatIf(report, changes);
    const { asRun, knee } = study;
    return {
      asRun,
      knee,
      changes: study.changes,
      asked: changes.map((change) => study.ask(change)),
    };
  } catch (error) {
    return String(error);
  }
}

function expectTheSame(report: SerializedReport): void {
  expect(studied(again(report))).toEqual(studied(report));
}

/** What a simulation reads of the rows and attempts of a report, by place. */
function read(report: SerializedReport): Map<string, unknown> {
  const seen = new Map<string, unknown>();
  const watched = <T extends object>(value: T, place: string): T =>
    new Proxy(value, {
      get(target, key) {
        const found: unknown = Reflect.get(target, key);
        if (typeof key === "string" && found !== undefined) seen.set(`${place} ${key}`, found);
        return found;
      },
    });
  const taskStatistics = report.taskStatistics.map((row, at) =>
    watched(
      {
        ...row,
        attemptStatistics: row.attemptStatistics.map((one, number) =>
          watched(one, `${at} attempt ${number}`),
        ),
      },
      `${at}`,
    ),
  );
  whatIf({ ...report, taskStatistics }, [{ noFailures: true, longestFirst: true }]);
  return seen;
}

/** What the page says otherwise, because it is no matter which. */
const OTHERWISE = /(?: attemptStatistics| reason| limitedBy| dependencies| delayMs)$/;

describe("The run that the page makes of its data is simulated as the report is", () => {
  it.each(["one", "release", "nightly"] as const)("of the example %s", async (name) => {
    expectTheSame(await exampleRun(name));
  });

  it("of ten thousand tasks", async () => {
    const report = await exampleRun("backfill");
    const changes = [{ concurrency: 64, longestFirst: true }];
    const [page, given] = [again(report), report].map((one) => whatIf(one, changes));
    expect(page?.asRun).toEqual(given?.asRun);
    expect(page?.changes).toEqual(given?.changes);
  });

  it("of flows inside of tasks, with failures and without, and of maps of them", async () => {
    expectTheSame(await nestedRun());
    expectTheSame(await nestedRun({ fails: true }));
    expectTheSame(await mapOfFlows(20));
  });

  it("of random graphs, on a clock with odd fractions of a microsecond", async () => {
    let ended = 0;
    for (const spec of fc.sample(randomRun, { numRuns: 120, seed: 5 })) {
      for (const { own } of [await loggedRun(spec), await loggedStages(spec)]) {
        const given = studied(own);
        // Of a run that ended early there is no study, and no panel.
        if (typeof given === "string") continue;
        ended++;
        expect(studied(again(own)), JSON.stringify(spec)).toEqual(given);
      }
    }
    expect(ended).toBeGreaterThan(60);
  }, 60_000);

  it("of random flows inside of flows", async () => {
    let ended = 0;
    for (const spec of fc.sample(nestRun, { numRuns: 120, seed: 5 })) {
      const clock = new VirtualClock();
      const graph = new NestGraph(clock, spec.flow);
      const run = graph.flow.run({ clock, concurrency: 3, failure: "continue" });
      const report = (await clock.run(run)).toJSON();
      const given = studied(report);
      if (typeof given === "string") continue;
      ended++;
      expect(studied(again(report)), JSON.stringify(spec)).toEqual(given);
    }
    expect(ended).toBeGreaterThan(60);
  }, 60_000);

  it("also when names would break out of the page, are blank, or are shown otherwise than they are", async () => {
    const report = await nestedRun();
    const names = new Map([
      ["us", "</script><script>alert(1)</script>"],
      ["us.load", "</script><script>alert(1)</script>.\u001b[31mload\n"],
      ["us.rank", "</script><script>alert(1)</script>. "],
      ["photos", "  "],
    ]);
    const text = JSON.stringify(report, (_, value: unknown) =>
      typeof value === "string" ? (names.get(value) ?? value) : value,
    );
    expectTheSame(JSON.parse(text) as SerializedReport);
  });

  it("with all that a simulation reads of a row or an attempt, also from a journal that takes its time", async () => {
    const clock = new VirtualClock();
    const first = task("first", scripted(clock, { ms: 10, return: 1 }));
    const second = task("second", { first }, scripted(clock, { ms: 20, return: 2 }));
    const journal = (): Promise<void> => clock.wait(7);
    const run = flow("stored", { second }).run({ clock, journal });
    const stored = (await clock.run(run)).toJSON();
    expect(stored.taskStatistics[0]?.journalMs).toBe(7);
    const reports = [
      stored,
      await exampleRun("release"),
      await exampleRun("nightly"),
      await nestedRun({ fails: true }),
    ];
    for (const report of reports) {
      expectTheSame(report);
      const page = read(again(report));
      for (const [what, value] of read(report)) {
        if (!OTHERWISE.test(what)) expect([what, page.get(what)]).toEqual([what, value]);
      }
    }
  });
});
