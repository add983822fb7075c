/** Runs that take each other up, killed again and again: nothing that was stored is called again. */
import { describe, expect, test } from "vitest";
import {
  type Flow,
  flow,
  type JournalEntry,
  map,
  type Param,
  param,
  reportOfJournal,
  type SerializedReport,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Notebook, written } from "../scenario.ts";

interface Told {
  readonly origin: { readonly run: string };
}

const who = param<string>("who");

/** A list, a map over it, a map over the results of that, and what reads it: with what was called. */
function maps(
  calls: string[] = [],
  size = 6,
  reads: Param<string> = who,
): Flow<{ readonly sum: string }> {
  const list = task("list", () => {
    calls.push("list");
    return Array.from({ length: size }, (_, at) => at);
  });
  const half = map("half", list, (item, index) => {
    calls.push(`half[${index}]`);
    return item / 2;
  });
  const twice = map("twice", half, { who: reads }, (item, index, { who }) => {
    calls.push(`twice[${index}]`);
    return `${who} ${item * 2}`;
  });
  const sum = task("sum", { twice }, ({ twice }) => {
    calls.push("sum");
    return twice.join(", ");
  });
  return flow("maps", { sum });
}

const ENTRIES = 16; // list, six halves, half, six twices, twice, sum
const RESULT = "me 0, me 1, me 2, me 3, me 4, me 5";

let runs = 0;

/** A run in a process that is killed when it tells its n-th entry of a task; the entries that it left. */
async function life(
  left: SerializedReport | undefined,
  killedAt: number,
  options: { readonly size?: number; readonly name?: string; readonly runId?: string } = {},
): Promise<{ calls: string[]; entries: JournalEntry[]; result: string | undefined }> {
  const calls: string[] = [];
  const notebook = new Notebook();
  // Every process has its own instant.
  const clock = new VirtualClock(Date.UTC(2026, 0, 1) + runs++);
  const report = await clock.run(
    maps(calls, options.size).run({
      clock,
      concurrency: 1,
      params: [who.of(options.name ?? "me")],
      journal: (entry) => {
        notebook.journal(entry);
        // What is called from here on is what the killed process does not do.
        if (notebook.tasks.length > killedAt) throw new Error("killed");
      },
      ...(options.runId === undefined ? {} : { runId: options.runId }),
      ...(left === undefined ? {} : { resumeFrom: left }),
    }),
  );
  notebook.cut(killedAt);
  return { calls, entries: notebook.entries, result: report.outputs.sum };
}

describe("Runs that are killed one after the other", () => {
  test.each([
    ["each in the same journal", true],
    ["each in a journal of its own", false],
  ])("%s, never call what was stored, wherever they are killed", async (_, shared) => {
    for (let first = 0; first <= ENTRIES; first++) {
      for (let second = 0; second <= ENTRIES; second += 3) {
        const stored: JournalEntry[] = [];
        let left: SerializedReport | undefined;
        let known = new Set<string>();
        for (const killedAt of [first, second, 7, 9, ENTRIES + 9]) {
          const { calls, entries, result } = await life(left, killedAt);
          expect(calls.filter((name) => known.has(name))).toEqual([]);
          if (shared) stored.push(...entries);
          // Own journals: one that was cut off before it told all is thrown away, and the one before is used again.
          else if (entries.length > stored.length) stored.splice(0, stored.length, ...entries);
          left = reportOfJournal(stored);
          known = new Set(stored.map(({ task }) => String(task)));
          if (killedAt > ENTRIES) expect(result).toBe(RESULT);
        }
      }
    }
  });

  test("take up the items of a map of which the second one was killed: 0, 1, 2, then 3, 4, then 5", async () => {
    // list, and half[0] to half[2]
    const first = await life(undefined, 4);
    expect(first.calls).toEqual(["list", "half[0]", "half[1]", "half[2]", "half[3]"]);
    const second = await life(reportOfJournal(first.entries), 6);
    expect(second.calls.slice(0, 2)).toEqual(["half[3]", "half[4]"]);
    const third = await life(reportOfJournal(second.entries), 99);
    expect(third.calls.filter((name) => name.startsWith("half"))).toEqual(["half[5]"]);
    expect(third.result).toBe(RESULT);
    // Whoever took them up, they say which run had called them.
    const runOf = (entries: readonly JournalEntry[], name: string): unknown =>
      (entries.findLast(({ task }) => task === name) as unknown as Told).origin.run;
    expect(runOf(third.entries, "half[0]")).toBe(runOf(first.entries, "half[0]"));
    expect(runOf(third.entries, "half[3]")).toBe(runOf(second.entries, "half[3]"));
    expect(runOf(third.entries, "half[0]")).not.toBe(runOf(third.entries, "half[5]"));
  });

  test("lose nothing when one is killed before it has told anything", async () => {
    const first = await life(undefined, 5);
    const log = [...first.entries];
    for (let time = 0; time < 3; time++) {
      const { entries } = await life(reportOfJournal(log), 0);
      expect(entries.map(({ type }) => type)).toEqual(["started"]);
      log.push(...entries);
    }
    const last = await life(reportOfJournal(log), 99);
    expect(last.calls.slice(0, 2)).toEqual(["half[4]", "half[5]"]);
  });

  test("may all have one id", async () => {
    const log: JournalEntry[] = [];
    for (const killedAt of [3, 1, 6, 0, 99]) {
      const left = log.length === 0 ? undefined : reportOfJournal(log);
      const known = new Set(log.map(({ task }) => String(task)));
      const { calls, entries, result } = await life(left, killedAt, { runId: "nightly" });
      expect(calls.filter((name) => known.has(name))).toEqual([]);
      log.push(...entries);
      if (killedAt === 99) expect(result).toBe(RESULT);
    }
  });

  test("hand on stored items of a map that the next one does not come to", async () => {
    const first = await life(undefined, 5);
    const controller = new AbortController();
    controller.abort();
    const report = await maps().run({
      params: [who.of("me")],
      resumeFrom: reportOfJournal(first.entries),
      signal: controller.signal,
    });
    expect(Object.keys(written(report).outputs ?? {}).sort()).toEqual([
      "half[0]",
      "half[1]",
      "half[2]",
      "half[3]",
      "list",
    ]);
    const last = await life(written(report), 99);
    expect(last.calls.slice(0, 2)).toEqual(["half[4]", "half[5]"]);
  });

  test.each([
    ["half done", 11, "twice[2]"],
    ["done", 99, "sum"],
  ])(
    "hand on what was %s when they are called off before they can judge it",
    async (_, at, last) => {
      const first = await life(undefined, at);
      const left = reportOfJournal(first.entries);
      const known = first.entries.slice(1).map(({ task }) => String(task));
      // The items of a map that is restored are not needed any more.
      const needed = known.filter((name) => !name.startsWith("half[")).sort();
      expect(needed).toContain(last);
      const slow = param<string>("who", {
        "~standard": { version: 1, vendor: "never", validate: () => new Promise(() => {}) },
      });
      for (const signal of [AbortSignal.abort(), undefined]) {
        const notebook = new Notebook();
        const run = maps([], 6, slow).start({
          params: [slow.of("me")],
          resumeFrom: left,
          journal: notebook.journal,
          ...(signal === undefined ? {} : { signal }),
          graceMs: 0,
        });
        if (signal === undefined) run.cancel();
        const report = await run.report;
        expect(report.executionState).toBe("cancelled");
        expect(Object.keys(written(report).outputs ?? {}).sort()).toEqual(needed);
        expect([...notebook.tasks].sort()).toEqual(needed);
        for (const next of [written(report), reportOfJournal(notebook.entries)]) {
          const { calls, result } = await life(next, 99);
          expect(calls.filter((name) => known.includes(name))).toEqual([]);
          expect(result).toBe(RESULT);
        }
      }
    },
  );

  test("with another parameter call what reads it, and no more", async () => {
    const first = await life(undefined, 11);
    const log = [...first.entries];
    const other = await life(reportOfJournal(log), 99, { name: "you" });
    expect(other.calls).toEqual([...Array.from({ length: 6 }, (_, at) => `twice[${at}]`), "sum"]);
    expect(other.result).toBe(RESULT.replaceAll("me", "you"));
  });
});

describe("A journal that was told of several runs", () => {
  test("is taken up where the last of them was, and only what that one had taken up", async () => {
    const old = await life(undefined, 99);
    const fresh = await life(undefined, 2);
    const report = reportOfJournal([...old.entries, ...fresh.entries]);
    expect(report.taskStatistics.map(({ taskName }) => taskName)).toEqual(["list", "half[0]"]);
    expect(report.run).toMatchObject({ id: fresh.entries[0]?.runId, flow: "maps" });
    const { calls } = await life(report, 99);
    expect(calls[0]).toBe("half[1]");
  });

  test("keeps two apart that were under way at once", async () => {
    const one = await life(undefined, 5, { name: "one" });
    const two = await life(undefined, 3, { name: "two" });
    const log: JournalEntry[] = [];
    for (let at = 0; at < 6; at++)
      log.push(...one.entries.slice(at, at + 1), ...two.entries.slice(at, at + 1));
    const report = reportOfJournal(log);
    expect(report.taskStatistics.map(({ taskName }) => taskName)).toEqual([
      "list",
      "half[0]",
      "half[1]",
    ]);
  });

  test("of which two took up the same one follows the last", async () => {
    const first = await life(undefined, 3);
    const left = reportOfJournal(first.entries);
    const one = await life(left, 9);
    const two = await life(left, 0);
    const report = reportOfJournal([...first.entries, ...one.entries, ...two.entries]);
    expect(report.run.resumes).toBe(first.entries[0]?.runId);
    expect(report.taskStatistics).toHaveLength(3);
  });

  test("may name a run that it was not told of, or itself", async () => {
    const { entries } = await life(undefined, 3);
    for (const resumes of ["elsewhere", String(entries[0]?.runId)]) {
      const report = reportOfJournal(entries.map((entry) => ({ ...entry, resumes })));
      expect(report.taskStatistics).toHaveLength(3);
    }
  });

  test("without a word of when they started is taken up where the last of them was", async () => {
    const first = await life(undefined, 99);
    const second = await life(undefined, 2);
    const log = [...first.entries, ...second.entries].filter(({ type }) => type !== "started");
    expect(reportOfJournal(log).taskStatistics).toHaveLength(2);
  });
});
