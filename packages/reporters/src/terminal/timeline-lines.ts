/**
 * A finished run in three lines: how much ran at once, the critical path with its gaps, and who is on it. A picture for
 * those who look at a terminal; the figures stand in the sections around it. Knows its columns and no colours.
 */
import type { SerializedReport } from "@astrum/core";
import stringWidth from "string-width";
import { type CriticalSegment, insight } from "../asking/insight.ts";
import { timeline } from "../layout/timeline.ts";
import { duration } from "../wording/duration.ts";
import { fitLine } from "../wording/fit.ts";
import { type Line, lineText, type Meaning, type Piece } from "../wording/styled.ts";
import { visibleName } from "../wording/visible.ts";

const LEVELS = " ▁▂▃▄▅▆▇█";
/** Neighbours on the path look different without any colour. */
const PATH = ["█", "▓"] as const;
const FAILED = "▒";
const GAP = "·";
/** Wider ones are looked over less well. */
const WIDEST = 100;
/** With fewer, what is said beside the lines has no room. */
const WITH_WORDS = 60;
const NARROWEST = 24;
const SHORTEST_NAME = 3;

interface Cell {
  readonly sign: string;
  readonly meaning: Meaning;
}

/** A title and three lines; nothing for a run of one attempt or none, and where there is no room. */
export function timelineLines(report: SerializedReport, columns: number): Line[] {
  const { criticalPath, makespanMs } = insight(report);
  if (report.totalAttempts < 2 || makespanMs <= 0 || columns < NARROWEST) return [];
  const words =
    columns < WITH_WORDS
      ? ["", ""]
      : [`  at most ${report.peakConcurrency} at once`, "  critical path"];
  const beside = Math.max(...words.map((word) => word.length));
  const width = Math.min(columns, WIDEST) - 2 - beside;
  const path = drawnPath(report, criticalPath, makespanMs, width);
  return [
    [["title", `Timeline of ${duration(makespanMs)}:`]],
    ["  ", ...pieces(load(report, makespanMs, width)), ["faint", words[0] ?? ""]],
    ["  ", ...pieces(path.cells), ["faint", words[1] ?? ""]],
    ["  ", ...names(path.drawn, width)],
  ];
}

/** How much of its share of the time each column was busy, the peak being the highest. */
function load(report: SerializedReport, makespanMs: number, width: number): Cell[] {
  const busy = new Float64Array(width);
  const broke = new Set<number>();
  const scale = width / (makespanMs * 1000);
  for (const { startUs, endUs, attempt } of timeline(report).bars) {
    const [from, to] = [startUs * scale, Math.min(width, endUs * scale)];
    for (let at = Math.floor(from); at < to; at++) {
      busy[at] = (busy[at] ?? 0) + Math.min(to, at + 1) - Math.max(from, at);
    }
    if (attempt.status === "failed") broke.add(Math.min(width - 1, Math.floor(endUs * scale)));
  }
  const most = busy.reduce((highest, one) => Math.max(highest, one), 0);
  return Array.from(busy, (one, at) => {
    const level = one === 0 || most === 0 ? 0 : Math.max(1, Math.round((one / most) * 8));
    return { sign: LEVELS.charAt(level), meaning: broke.has(at) ? "bad" : "good" };
  });
}

interface Drawn {
  readonly segment: CriticalSegment;
  readonly at: number;
}

function drawnPath(
  report: SerializedReport,
  path: readonly CriticalSegment[],
  makespanMs: number,
  width: number,
): { readonly cells: Cell[]; readonly drawn: Drawn[] } {
  const failed = failedAttempts(report);
  const cells = Array.from({ length: width }, (): Cell => ({ sign: GAP, meaning: "faint" }));
  const drawn: Drawn[] = [];
  for (const segment of path) {
    const startMs = segment.fromMs + segment.gapMs;
    const at = Math.round((startMs / makespanMs) * width);
    const end = Math.round(((startMs + segment.runMs) / makespanMs) * width);
    if (end <= at) continue;
    const bad = failed.has(`${segment.attempt} ${segment.task}`);
    const cell: Cell = bad
      ? { sign: FAILED, meaning: "bad" }
      : { sign: PATH[drawn.length % 2] ?? PATH[0], meaning: "name" };
    cells.fill(cell, at, Math.min(end, width));
    drawn.push({ segment, at });
  }
  return { cells, drawn };
}

function failedAttempts({ taskStatistics }: SerializedReport): Set<string> {
  return new Set(
    taskStatistics.flatMap(({ taskName, attemptStatistics }) =>
      attemptStatistics
        .filter(({ status }) => status === "failed")
        .map(({ attemptNumber }) => `${attemptNumber} ${taskName}`),
    ),
  );
}

/** Each below the beginning of its bar, as far as the next one lets it; the longest bars choose first. */
function names(drawn: readonly Drawn[], width: number): Piece[] {
  const longest = drawn.toSorted((a, b) => b.segment.runMs - a.segment.runMs);
  const taken: { readonly from: number; readonly to: number; readonly line: Line }[] = [];
  for (const { segment, at } of longest) {
    const next = Math.min(
      width,
      ...taken.filter(({ from }) => from > at).map(({ from }) => from - 1),
    );
    const free = taken.every(({ from, to }) => at >= to + 1 || at < from);
    const room = next - at;
    if (!free || room < SHORTEST_NAME) continue;
    const again = segment.attempt > 1 ? ` (attempt ${segment.attempt})` : "";
    const line = fitLine([["name", `${visibleName(segment.label)}${again}`]], room);
    taken.push({ from: at, to: at + stringWidth(lineText(line)), line });
  }
  const row: Piece[] = [];
  let column = 0;
  for (const { from, to, line } of taken.toSorted((a, b) => a.from - b.from)) {
    row.push(" ".repeat(from - column), ...line);
    column = to;
  }
  return row;
}

/** Neighbours of one meaning are one piece. */
function pieces(cells: readonly Cell[]): Piece[] {
  const row: [Meaning, string][] = [];
  for (const { sign, meaning } of cells) {
    const last = row.at(-1);
    if (last?.[0] === meaning) last[1] += sign;
    else row.push([meaning, sign]);
  }
  return row;
}
