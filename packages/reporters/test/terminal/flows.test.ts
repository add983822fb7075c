/** Watching a run in which tasks have flows inside: one line for each flow, with its progress. */
import { flow, map, type Observer, subflow, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { describe, expect, it } from "vitest";
import { progressAt } from "../../src/terminal/progress.ts";
import { nestedFlow } from "../nested-runs.ts";
import { TestTerminal } from "../terminal-screen.ts";

function watched(terminal: TestTerminal): { clock: VirtualClock; observer: Observer } {
  const clock = new VirtualClock();
  const observer = progressAt({ clock, env: {}, argv: [] }, { stream: terminal });
  return { clock, observer };
}

/** So many items of three tasks, each of which takes a second. */
function thumbs(clock: VirtualClock, count: number) {
  const second = () => scripted(clock, { ms: 1000, return: 1 });
  const photos = task("photos", () => Array.from({ length: count }, (_, at) => at));
  const inner = () => {
    const load = task("load", second());
    const resize = task("resize", { load }, second());
    return flow("thumb", { store: task("store", { resize }, second()) });
  };
  const made = map("thumbs", photos, inner);
  const other = task("other", scripted(clock, { ms: 9000, return: 1 }));
  return flow("site", { made, other });
}

describe("On a terminal", () => {
  it("a flow is one line: how long it has run, how much of it has ended, what in it runs longest", async () => {
    const terminal = new TestTerminal();
    const { clock, observer } = watched(terminal);
    const run = thumbs(clock, 20).run({ clock, concurrency: 5, observers: [observer] });
    await clock.advance(5500);
    const screen = await terminal.lines();
    // Of 20 items, 8 have become flows of three tasks.
    expect(screen.slice(2)).toEqual([
      "     5 s  other",
      "     5 s  thumbs  24/44  thumbs[4].store",
    ]);
    expect(screen[1]).toMatch(/^ {2}5 running/);
    await clock.run(run);
  });

  it("the time left is a least one while items have not become flows yet, then known from what shares a name", async () => {
    const terminal = new TestTerminal();
    const { clock, observer } = watched(terminal);
    const run = thumbs(clock, 20).run({ clock, concurrency: 5, observers: [observer] });
    await clock.advance(9500);
    expect((await terminal.lines())[0]).toMatch(/, ≥ \d s left$/);
    await clock.advance(3000);
    expect((await terminal.lines())[0]).toMatch(/, ~ 2 s left$/);
    await clock.run(run);
  });

  it("what failed inside stands above, with its path, and in the line of the flow as a number", async () => {
    const terminal = new TestTerminal();
    const { clock, observer } = watched(terminal);
    const bad = task("bad", scripted(clock, { ms: 500, throw: new Error("no data") }));
    const slow = task("slow", scripted(clock, { ms: 5000, return: 1 }));
    const eu = subflow("eu", flow("region", { bad, slow }));
    const run = flow("site", { eu }).run({ clock, failure: "continue", observers: [observer] });
    await clock.advance(2500);
    const screen = await terminal.lines();
    expect(screen).toContain("✗ eu.bad");
    expect(screen.at(-1)).toBe("     2 s  eu  1/2  1 failed  eu.slow");
    await clock.run(run);
    expect((await terminal.lines()).filter((line) => line.includes("no data"))).toHaveLength(1);
  });
});

describe("In a log", () => {
  async function log(fails: boolean): Promise<string[]> {
    const terminal = new TestTerminal({ columns: 120, rows: 60 }, false);
    const { clock, observer } = watched(terminal);
    const run = nestedFlow(clock, { fails }).run({
      clock,
      concurrency: 3,
      failure: "continue",
      observers: [observer],
    });
    await clock.run(run);
    const lines = await terminal.lines();
    return lines.filter((line) => /^\[/.test(line)).map((line) => line.replace(/^\[.*?\] /, ""));
  }

  it("each flow has one line, with how much is inside", async () => {
    const lines = await log(false);
    expect(lines).toContain("✓ us  8 ms  (2 tasks inside)");
    expect(lines).toContain("✓ crawl  6 ms  (3 tasks inside)");
    expect(lines).toContain("✓ thumbs  12 ms  (12 tasks inside, 2 failed)");
    expect(lines.filter((line) => /us\.load|crawl\.load|thumbs\[0\]/.test(line))).toEqual([]);
  });

  it("failures inside have lines of their own, with their paths; what they took down is counted", async () => {
    const lines = await log(true);
    expect(lines).toContain("✗ eu.load  5 ms");
    expect(lines).toContain("✗ eu  5 ms  (2 tasks inside, 1 failed, 1 skipped)");
    expect(lines.filter((line) => line.includes("eu.rank"))).toEqual([]);
  });
});
