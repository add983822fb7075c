/** What is said about the time left, and how far the bar is, while a run goes as nobody expected. */
import { flow, type Observer, type RunOptions, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Expectation } from "../../src/terminal/expectation.ts";
import type { ProgressOptions } from "../../src/terminal/index.ts";
import { progressAt } from "../../src/terminal/progress.ts";
import { TestTerminal } from "../terminal-screen.ts";

interface Watched {
  readonly clock: VirtualClock;
  readonly terminal: TestTerminal;
  readonly observer: Observer;
}

function watched(options: ProgressOptions = {}): Watched {
  const clock = new VirtualClock();
  const terminal = new TestTerminal({ columns: 120, rows: 24 });
  const place = { clock, env: { NO_COLOR: "1" }, argv: [] };
  return { clock, terminal, observer: progressAt(place, { stream: terminal, ...options }) };
}

/** Tasks of so many milliseconds each, at most two at once. */
function run({ clock, observer }: Watched, lengths: readonly number[], options: RunOptions = {}) {
  const tasks = lengths.map((ms, at) => [`t${at}`, task(`task-${at}`, scripted(clock, { ms }))]);
  const all = flow("nightly", Object.fromEntries(tasks));
  return all.run({ clock, concurrency: 2, observers: [observer], ...options });
}

const headline = async ({ terminal }: Watched): Promise<string> =>
  (await terminal.lines())[0] ?? "";

interface Said {
  readonly at: number;
  readonly ms: number;
  readonly late: boolean;
}

/** What the first line says twice a second until the run has ended. */
async function everythingSaid(one: Watched, running: Promise<unknown>): Promise<Said[]> {
  let over = false;
  const ended = running.finally(() => {
    over = true;
  });
  const said: Said[] = [];
  for (let at = 500; !over && at < 1_000_000; at += 500) {
    await one.clock.advance(500);
    const [, seconds] = /~ (\d+) s left/.exec(await headline(one)) ?? [];
    if (seconds === undefined) continue;
    const late = (await headline(one)).endsWith("left, longer than expected");
    said.push({ at, ms: Number(seconds) * 1000, late });
  }
  await one.clock.run(ended);
  return said;
}

/** How often it is drawn when nothing happens, and rounding. */
const SLACK = 1500;

describe("the time left", () => {
  it("is no second for ever: what runs longer than all others is told to", async () => {
    const one = watched();
    const running = run(one, [...Array.from({ length: 40 }, () => 500), 60_000]);
    await one.clock.advance(10_000);
    expect(await headline(one)).toMatch(/~ [12] s left$/);
    const said = await everythingSaid(one, running);
    expect(said.filter(({ late }) => !late).length).toBeLessThanOrEqual(8);
    // As much again as it was wrong by, each time that it was wrong again.
    const longest = Math.max(...said.map(({ ms }) => ms));
    expect(longest).toBeGreaterThan(15_000);
  });

  it("once it has passed is followed by more, or by the word that it takes longer", async () => {
    const lengths = fc.array(fc.integer({ min: 50, max: 8000 }), { minLength: 5, maxLength: 10 });
    const estimates = fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(lengths, estimates, async (ms, told) => {
        const known = ms.map((_, at) => [`task-${at}`, told] as const);
        const options = told === undefined ? {} : { estimates: Object.fromEntries(known) };
        const one = watched(options as ProgressOptions);
        const said = await everythingSaid(one, run(one, ms));
        for (const first of said) {
          const passed = first.at + first.ms;
          const then = said.filter(({ at }) => at >= passed && at <= passed + SLACK);
          const goesOn = said.some(({ at }) => at > passed + SLACK);
          if (goesOn) expect(then.some(({ late, ms }) => late || ms > first.ms)).toBe(true);
        }
      }),
      { numRuns: 30, seed: 20_260_101 },
    );
  });

  it("counts down to where it said, when that comes true", async () => {
    const one = watched();
    const said = await everythingSaid(
      one,
      run(
        one,
        Array.from({ length: 40 }, () => 1000),
      ),
    );
    expect(said.some(({ late }) => late)).toBe(false);
    for (const { at, ms } of said) expect(Math.abs(at + ms - 20_000)).toBeLessThanOrEqual(1500);
  });

  it("is no promise while it is only a least one", () => {
    const expectation = new Expectation();
    for (let at = 0; at < 60_000; at += 1000) {
      expect(expectation.said({ ms: 2000, atLeast: true }, at).late).toBe(false);
    }
    expect(expectation.said({ ms: 2000, atLeast: false }, 60_000).late).toBe(false);
    expect(expectation.said({ ms: 2000, atLeast: false }, 62_000).late).toBe(true);
  });
});

describe("progress", () => {
  it("is what ran: what was skipped or cancelled is none, and has a sign of its own in the bar", async () => {
    const one = watched();
    const bad = task("bad", scripted(one.clock, { ms: 1000, throw: new Error("broke") }));
    const after = Array.from({ length: 8 }, (_, at) => [
      `a${at}`,
      task(`after-${at}`, { bad }, scripted(one.clock, { ms: 1 })),
    ]);
    const long = task("long", scripted(one.clock, { ms: 9000 }));
    const all = flow("nightly", { ...Object.fromEntries(after), long });
    const { clock, observer } = one;
    const running = all.run({ clock, failure: "continue", observers: [observer] });
    await one.clock.advance(5500);
    const lines = await one.terminal.lines();
    const at = lines.findIndex((line) => line.startsWith("nightly"));
    expect(lines[at]).toMatch(/^nightly {2}██▒{16}░░ {2}1\/10 {2}10 % {2}5 s/);
    expect(lines[at + 1]).toContain("1 failed · 8 skipped");
    await one.clock.run(running);
  });
});
