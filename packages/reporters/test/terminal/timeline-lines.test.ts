/** A finished run in three lines, and what its last line says was possible. */
import { flow, type SerializedReport, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { asciiOnly } from "../../src/terminal/ascii.ts";
import { painter } from "../../src/terminal/colour.ts";
import { printSummary } from "../../src/terminal/index.ts";
import { timelineLines } from "../../src/terminal/timeline-lines.ts";
import { lineText } from "../../src/wording/styled.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { nestedRun } from "../nested-runs.ts";

const OURS = /[^\p{ASCII}]/u;

/** Two slots; `first` fails once and is tried again after half a second. */
async function retried(): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const first = task(
    "first",
    scripted(clock, { ms: 500, throw: new Error("busy") }, { ms: 1000, return: 1 }),
    { retry: { attempts: 2, backoff: "fixed", baseMs: 500 } },
  );
  const last = task("last", { first }, scripted(clock, { ms: 2000 }));
  const beside = task("beside", scripted(clock, { ms: 1000 }));
  const run = flow("nightly", { last, beside }).run({ clock, concurrency: 2, random: () => 1 });
  return (await clock.run(run)).toJSON();
}

/** Short tasks first, on two slots: the long one should not have been last. */
async function longLast(): Promise<SerializedReport> {
  const clock = new VirtualClock();
  const lengths = [1000, 1000, 1000, 1000, 1000, 1000, 4000];
  const tasks = lengths.map((ms, at) => [`t${at}`, task(`t-${at}`, scripted(clock, { ms }))]);
  const run = flow("nightly", Object.fromEntries(tasks)).run({ clock, concurrency: 2 });
  return (await clock.run(run)).toJSON();
}

describe("three lines of a run", () => {
  it("are how much ran at once, the critical path with failures and gaps, and who is on it", async () => {
    const lines = timelineLines(await retried(), 42).map(lineText);
    expect(lines).toEqual([
      "Timeline of 4 s:",
      "  █████▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄",
      "  ▒▒▒▒▒·····▓▓▓▓▓▓▓▓▓▓████████████████████",
      "  first     first (a… last",
    ]);
  });

  it.each(fixtureNames)(
    "of %s are never wider than the terminal, whatever tasks are called",
    (name) => {
      const report = fixture(name);
      for (const columns of [24, 40, 59, 60, 80, 133, 300]) {
        const lines = timelineLines(report, columns).map(lineText);
        expect([0, 4]).toContain(lines.length);
        for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
      }
    },
  );

  it("are of a run with flows inside of tasks too, and of none where nothing ran or there is no room", async () => {
    const nested = await nestedRun({ fails: true });
    expect(timelineLines(nested, 80)).toHaveLength(4);
    expect(timelineLines(nested, 23)).toEqual([]);
    expect(timelineLines(fixture("empty"), 80)).toEqual([]);
    expect(timelineLines(fixture("planning-failure"), 80)).toEqual([]);
    expect(timelineLines(fixture("one"), 80)).toEqual([]);
  });

  it("are written without colours, and in ASCII where the terminal has no more, each line as wide as before", async () => {
    const lines = timelineLines(await retried(), 80);
    for (const line of lines) {
      const bare = painter(false, true)(line);
      expect(bare).not.toMatch(OURS);
      expect(bare).toHaveLength(stringWidth(lineText(line)));
    }
    expect(painter(false)(lines[2] ?? [])).toBe(lineText(lines[2] ?? []));
  });
});

describe("ASCII alone", () => {
  it.each([
    [{ LANG: "en_US.UTF-8" }, false],
    [{ LC_ALL: "C", LANG: "en_US.UTF-8" }, true],
    [{ LC_ALL: "", LANG: "de_DE.ISO-8859-1" }, true],
    [{ LC_ALL: "C.UTF-8" }, false],
    [{ LANG: "POSIX" }, true],
    [{ LANG: "de_DE" }, false],
    [{ TERM: "linux", LANG: "en_US.utf8" }, true],
    [{}, false],
  ])("is what a terminal shows with %o: %s", (env, expected) => {
    expect(asciiOnly(true, env)).toBe(expected);
    expect(asciiOnly(false, env)).toBe(false);
  });
});

describe("the last line", () => {
  const last = (report: SerializedReport): string => {
    let text = "";
    printSummary(report, { stream: { write: (piece) => (text += piece) }, color: false });
    return text.trimEnd().split("\n").at(-2) ?? "";
  };

  it("says how much less was possible, and how", async () => {
    expect(last(await longLast())).toBe(
      "nightly: completed after 7 s; 29 % less possible: longest first",
    );
  });

  it("says nothing of it where nothing was, or where the run ended early", () => {
    for (const name of fixtureNames) expect(last(fixture(name))).not.toContain("possible");
  });
});
