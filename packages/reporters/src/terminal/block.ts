/** The lines of the live block: how far each run is, and what runs longest. Knows no terminal but its size. */

import { duration } from "../wording/duration.ts";
import { fitLine } from "../wording/fit.ts";
import type { Line, Piece } from "../wording/styled.ts";
import { cut } from "../wording/visible.ts";
import type { Expected } from "./expectation.ts";
import type { RunningAttempt, RunState } from "./run-state.ts";
import type { Telling } from "./telling.ts";

export interface BlockRun {
  readonly state: RunState;
  readonly now: number;
  readonly left: Expected | undefined;
  readonly telling: Telling;
}

export interface BlockSize {
  readonly columns: number;
  readonly lines: number;
}

const BAR = 20;
/** Narrower than that there is no room for a bar. */
const BAR_FROM_COLUMNS = 60;

/** At most `lines` lines, none wider than `columns`. The runs share them; the first ones get their share first. */
export function blockLines(runs: readonly BlockRun[], { columns, lines }: BlockSize): Line[] {
  const shown = runs.slice(0, Math.max(1, Math.floor(lines / 2)));
  const block = shown.flatMap((run, place) => {
    const share = Math.floor(lines / shown.length) + (place < lines % shown.length ? 1 : 0);
    return runLines(run, columns)
      .concat(runningLines(run, share - 2))
      .slice(0, share);
  });
  return block.map((line) => fitLine(line, columns));
}

function runLines({ state, now, left, telling }: BlockRun, columns: number): Line[] {
  const { total, ran } = state;
  const share = total === 0 ? 0 : ran / total;
  const bar: Piece[] = columns < BAR_FROM_COLUMNS ? [] : [...barOf(state), "  "];
  const elapsed = Math.floor((now - state.startAt) / 1000);
  const times = [`${elapsed < 60 ? `${elapsed} s` : duration(elapsed * 1000)}`];
  if (left !== undefined) {
    const { ms, atLeast, late } = left;
    const told = ms < 60_000 ? `${ms / 1000} s` : duration(ms);
    times.push(`${atLeast ? "≥" : "~"} ${told} left`);
    if (late) times.push("longer than expected");
  }
  const name = cut(telling.name(state.run.flow), Math.max(8, Math.floor(columns / 3)));
  return [
    [
      ["title", name],
      "  ",
      ...bar,
      `${ran}/${total}  ${Math.floor(share * 100)} %  `,
      ["faint", times.join(", ")],
    ],
    countLine(state),
  ];
}

/** What ran, what never will, and what is still to come. */
function barOf({ total, ran, ended }: RunState): Piece[] {
  if (total === 0) return [["faint", "░".repeat(BAR)]];
  const done = Math.floor((ran / total) * BAR);
  const gone = Math.floor((ended / total) * BAR) - done;
  return [
    ["good", "█".repeat(done)],
    ["warning", "▒".repeat(gone)],
    ["faint", "░".repeat(BAR - done - gone)],
  ];
}

function countLine(state: RunState): Line {
  const parts: Piece[] = [`  ${state.running.size} running`];
  const add = (count: number, meaning: "bad" | "warning" | "faint", word: string): void => {
    if (count > 0) parts.push(" · ", [meaning, `${count} ${word}`]);
  };
  const { tolerated } = state;
  add(state.count("failed") + state.count("abandoned") - tolerated, "bad", "failed");
  add(tolerated, "warning", "failed, tolerated");
  add(state.count("delayed"), "warning", "to be retried");
  add(state.count("skipped"), "warning", "skipped");
  add(state.count("cancelled"), "warning", "cancelled");
  add(state.count("ready"), "faint", "ready");
  add(state.count("waiting"), "faint", "waiting");
  return parts;
}

function runningLines({ state, now, telling }: BlockRun, most: number): Line[] {
  if (most <= 0) return [];
  const rows = runningRows(state, most + 1);
  const shown = rows.length > most ? most - 1 : most;
  const lines = rows
    .slice(0, shown)
    .map(({ attempt, flow }) =>
      flow === undefined
        ? runningLine(attempt, now, telling)
        : flowLine(state, flow, attempt, now, telling),
    );
  if (rows.length > most) {
    const more = state.inside.flows ? "more" : `${state.running.size - shown} more`;
    lines.push([["faint", `  … and ${more}`]]);
  }
  return lines;
}

interface RunningRow {
  /** Of a flow the one in it that runs longest. */
  readonly attempt: RunningAttempt;
  readonly flow: string | undefined;
}

/** At most so many: a row for each attempt, and one for all that run inside of one flow. */
function runningRows(state: RunState, most: number): RunningRow[] {
  const rows: RunningRow[] = [];
  const seen = new Set<string>();
  for (const [key, attempt] of state.running) {
    if (rows.length >= most) break;
    const top = state.inside.flows ? state.inside.top(key) : key;
    const flow = state.inside.of(top).flow ? top : undefined;
    if (flow !== undefined && seen.has(flow)) continue;
    seen.add(top);
    rows.push({ attempt, flow });
  }
  return rows;
}

/** How long a flow has run, how much of it has ended, and what in it runs longest. */
function flowLine(
  state: RunState,
  flow: string,
  running: RunningAttempt,
  now: number,
  telling: Telling,
): Line {
  const { startAt = running.startAt, ended, total, failed } = state.inside.of(flow);
  return [
    "  ",
    ["faint", runningTime(startAt, now)],
    "  ",
    ["name", telling.name(flow)],
    `  ${ended}/${total}`,
    ...(failed > 0 ? ["  ", ["bad", `${failed} failed`] as const] : []),
    ...runningLine(running, now, telling).slice(2),
  ];
}

function runningTime(startAt: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - startAt) / 1000));
  return (seconds < 60 ? `${seconds} s` : duration(seconds * 1000)).padStart(6);
}

function runningLine(running: RunningAttempt, now: number, telling: Telling): Line {
  const { attempt, startAt, fraction, message } = running;
  const notes = [
    ...(attempt.number > 1 ? [`attempt ${attempt.number}`] : []),
    ...(fraction === undefined ? [] : [`${Math.floor(fraction * 100)} %`]),
    ...(message === undefined ? [] : [telling.message(message)]),
  ];
  return [
    "  ",
    ["faint", runningTime(startAt, now)],
    "  ",
    ["name", telling.label(attempt.task)],
    ...(notes.length === 0 ? [] : [["faint", `  ${notes.join(", ")}`] as const]),
  ];
}
