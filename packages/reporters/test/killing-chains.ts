/** What must hold for a run that is killed, taken up, killed again: few kills in every test run, a thousand in the nightly one. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compiledFile } from "./compiled.ts";
import { EVERY_CALL, EVERY_ENTRY, resultOf, type Scaled } from "./killed-chain-flow.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-chains-"));
const program = join(folder, "killed-chain-process.mjs");

interface Life {
  /** The parameter. */
  readonly scale: number;
  readonly moment: "start" | "read" | "entry" | "call" | "never";
  readonly count: number;
}

interface LivedLife extends Life {
  /** What the log held when it began, by name of task or item: the parameter that it was made with, if it read that. */
  readonly stored: ReadonlyMap<string, number | undefined>;
  readonly calls: readonly string[];
  readonly told: { readonly state: string; readonly end: Scaled } | undefined;
}

/** The same for the same seed (mulberry32, public domain). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Up to four lives that are killed, one that is not, and one more that finds everything done. */
function livesOf(random: (below: number) => number): Life[] {
  const lives: Life[] = [];
  let scale = 10;
  const killed = 1 + random(4);
  for (let number = 0; number < killed; number++) {
    if (number > 0 && random(8) === 0) scale += 1;
    const moment =
      (["start", "read", "entry", "entry", "call", "call"] as const)[random(6)] ?? "call";
    const most = { start: 1, read: 1, entry: EVERY_ENTRY, call: EVERY_CALL }[moment];
    lives.push({ scale, moment, count: 1 + random(most) });
  }
  const end = { scale, moment: "never", count: 0 } as const;
  return [...lives, end, end];
}

async function live(
  life: Life,
  turn: number,
  log: string,
  calls: string,
  watched: string,
): Promise<LivedLife> {
  const stored = storedIn(log);
  const child: ChildProcess = fork(
    program,
    [log, calls, String(life.scale), watched, life.moment, String(life.count), String(turn)],
    { execArgv: [] },
  );
  const gone = once(child, "exit");
  // Either it asks to be killed, and runs on until the signal hits it, wherever it then is; or it has ended.
  const [said] = (await once(child, "message")) as ["now" | LivedLife["told"]];
  child.kill("SIGKILL");
  const [, signal] = (await gone) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  const called = lines(calls).filter((name) => name !== "");
  return { ...life, stored, calls: called, told: said === "now" ? undefined : said };
}

function storedIn(log: string): Map<string, number | undefined> {
  const stored = new Map<string, number | undefined>();
  for (const line of lines(log).slice(0, -1)) {
    if (!line.includes('"type":"completed"')) continue;
    try {
      const { task, output } = JSON.parse(line) as CompletedLine;
      const [first = output.value] = [output.value].flat();
      const { scale, who } = (first ?? {}) as Partial<Scaled> & { readonly who?: string };
      // Where it stands in the list is another thing in each life.
      stored.set(who !== undefined && /\[\d+\]$/.test(task) ? `greeted ${who}` : task, scale);
    } catch {
      // Cut off by the kill before.
    }
  }
  return stored;
}

interface CompletedLine {
  readonly task: string;
  readonly output: { readonly value: unknown };
}

function lines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
}

/** Chains are begun until so many lives were killed in them. */
export function describeChains(kills: number): void {
  describe(`a run that is killed and taken up again, ${kills} kills in chains of up to five lives`, () => {
    const all: LivedLife[][] = [];
    const killedIn = (lived: readonly LivedLife[]): LivedLife[] =>
      lived.filter(({ told }) => told === undefined);

    beforeAll(
      async () => {
        await compiledFile("./killed-chain-process.ts", program);
        let [next, killed] = [0, 0];
        const worker = async (): Promise<void> => {
          while (killed < kills) {
            const number = next++;
            const log = join(folder, `${number}.ndjson`);
            const watched = number % 3 === 0 ? "journal" : "both";
            const lived: LivedLife[] = [];
            const lives = livesOf(randomFrom(number));
            for (const [at, life] of lives.entries()) {
              // The last two are given the same.
              const turn = Math.min(at, lives.length - 2);
              lived.push(
                await live(life, turn, log, join(folder, `${number}-${at}.calls`), watched),
              );
            }
            rmSync(log);
            all.push(lived);
            killed += killedIn(lived).length;
          }
        };
        await Promise.all([worker(), worker(), worker()]);
      },
      60_000 + kills * 10_000,
    );

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it("never calls a task or item again whose output was stored, unless its parameter changed", () => {
      for (const lived of all) {
        for (const { stored, calls, scale } of lived) {
          const known = calls.filter(
            // The end reads the list as a whole.
            (name) => name !== "end" && stored.has(name) && (stored.get(name) ?? scale) === scale,
          );
          expect(known).toEqual([]);
        }
      }
    });

    it("gives what an undisturbed run gives, and calls nothing more after that", () => {
      for (const lived of all) {
        const [last, again] = lived.slice(-2) as [LivedLife, LivedLife];
        expect(last.told).toEqual({ state: "completed", end: resultOf(last.scale) });
        expect(again.told).toEqual(last.told);
        expect(again.calls).toEqual([]);
      }
    });

    it("is hit in the middle often enough to prove anything", () => {
      const killed = all.flatMap(killedIn);
      const inside = killed.filter(({ calls }) => calls.length > 0 && calls.length < EVERY_CALL);
      const resumed = killed.filter(({ stored }) => stored.size > 0);
      expect(killed.length).toBeGreaterThanOrEqual(kills);
      expect(inside.length).toBeGreaterThan(kills / 4);
      expect(resumed.length).toBeGreaterThan(kills / 4);
    });
  });
}
