/**
 * A run as rows of bars, for pictures: a row for each task at the top, in which all that is inside of it is one bar, or a
 * row for each slot where those would be too many. Bars too short to tell apart are joined, so a picture stays small for any run;
 * a failed one is never joined to one that completed. Knows no format, no colours and no text widths.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { labelOf } from "../wording/label.ts";
import { Nesting } from "../wording/nesting.ts";
import { STATUS_SIGN } from "../wording/outcome.ts";
import { visibleName } from "../wording/visible.ts";
import { type TimelineBar, timeline } from "./timeline.ts";

/** `path`: nothing but the mark of the critical path, on the bar of all that is inside of a task. */
export type Look = "completed" | "failed" | "other" | "path";

export interface PictureBar {
  readonly row: number;
  readonly startUs: number;
  readonly endUs: number;
  /** So many attempts. */
  readonly count: number;
  readonly label: string;
  readonly look: Look;
  readonly critical: boolean;
}

export interface Picture {
  readonly by: "task" | "slot";
  /** What stands before each row. */
  readonly rows: readonly string[];
  /** So many more there would be. */
  readonly left: number;
  readonly bars: readonly PictureBar[];
  readonly endUs: number;
}

export interface PictureSize {
  readonly rows: number;
  /** Pixels that the whole run takes. */
  readonly width: number;
  /** Aimed at; what failed in between can make it some more. Default 2000. */
  readonly bars?: number;
}

/** Of fewer rows, all that runs in one of them would be nothing but a long bar. */
const FEWEST_FOLDED = 4;
const BARS_SHOWN = 2000;
/** In pixels: with longer ones nothing would be left to see. */
const LONGEST_JOINED = 16;

export function picture(report: SerializedReport, size: PictureSize): Picture {
  const { bars, laneCount, endUs } = timeline(report);
  const scale = size.width / Math.max(1, endUs);
  const path = new Set(
    report.analysis.criticalPath.map(({ task, attempt }) => `${attempt} ${task}`),
  );
  const drawn = bars.map((bar) => drawnBar(bar, path));
  const tops = rowsOfTasks(report, bars);
  const rows = Array.from(tops.values());
  const telling = rows.length >= FEWEST_FOLDED || !rows.some(({ folded }) => folded);
  if (telling && rows.length > 0 && rows.length <= size.rows) {
    return {
      by: "task",
      rows: rows.map(({ label }) => label),
      left: 0,
      bars: joinedBars(
        rows.flatMap((top, row) => barsOf(top, drawn, row)),
        scale,
        size.bars,
      ),
      endUs,
    };
  }
  const lanes = Math.min(laneCount, size.rows);
  return {
    by: "slot",
    rows: Array.from({ length: lanes }, (_, slot) => `slot ${slot}`),
    left: laneCount - lanes,
    bars: joinedBars(
      drawn.filter(({ row }) => row < lanes),
      scale,
      size.bars,
    ),
    endUs,
  };
}

function drawnBar(
  { task, attempt, lane, startUs, endUs }: TimelineBar,
  path: ReadonlySet<string>,
): PictureBar {
  const { status, attemptNumber } = attempt;
  const number = task.attemptCount > 1 ? ` attempt ${attemptNumber}` : "";
  const sign = status === "completed" ? STATUS_SIGN.completed : status;
  return {
    row: lane,
    startUs,
    endUs,
    count: 1,
    label: `${visibleName(labelOf(task))}${number} ${sign}`,
    look: status === "completed" || status === "failed" ? status : "other",
    critical: path.has(`${attemptNumber} ${task.taskName}`),
  };
}

interface Top {
  readonly label: string;
  /** All that is inside is one bar. */
  readonly folded: boolean;
  /** Places among the bars. */
  readonly bars: readonly number[];
}

/** What is at the top and ran, in the order in which it began. */
function rowsOfTasks(
  { taskStatistics }: SerializedReport,
  bars: readonly TimelineBar[],
): Map<number, Top> {
  const nesting = Nesting.of({ taskStatistics });
  const places = new Map(taskStatistics.map((task, place) => [task, place]));
  const inside = new Map<number, number[]>();
  bars.forEach(({ task }, at) => {
    const top = nesting.outermostOf(places.get(task) ?? 0);
    const own = inside.get(top);
    if (own === undefined) inside.set(top, [at]);
    else own.push(at);
  });
  const tops = new Map<number, Top>();
  for (const [place, own] of inside) {
    const top = taskStatistics[place] as TaskStatistics;
    const tasks = new Set(own.map((at) => bars[at]?.task));
    const folded = tasks.size > 1 || !tasks.has(top);
    const count = folded ? ` ×${tasks.size}` : "";
    tops.set(place, { label: `${visibleName(labelOf(top))}${count}`, folded, bars: own });
  }
  return tops;
}

function barsOf(
  { label, folded, bars }: Top,
  drawn: readonly PictureBar[],
  row: number,
): PictureBar[] {
  const own = bars.map((at) => ({ ...(drawn[at] as PictureBar), row }));
  if (!folded) return own;
  const broke = own.filter(({ look }) => look === "failed");
  return [
    ...united(own.map((bar) => ({ ...bar, label, look: "completed", critical: false }))),
    ...broke.map((bar) => ({ ...bar, critical: false })),
    ...united(own.filter(({ critical }) => critical).map((bar) => ({ ...bar, look: "path" }))),
  ];
}

/** Those that overlap or touch become one. */
function united(bars: readonly PictureBar[]): PictureBar[] {
  const all: PictureBar[] = [];
  for (const bar of bars.toSorted((a, b) => a.startUs - b.startUs)) {
    const last = all.at(-1);
    if (last === undefined || bar.startUs > last.endUs) all.push(bar);
    else {
      const endUs = Math.max(last.endUs, bar.endUs);
      all[all.length - 1] = { ...last, endUs, count: last.count + bar.count };
    }
  }
  return all;
}

/** Neighbours that are too short to tell apart are joined; while there are too many bars, ever longer ones are. */
function joinedBars(
  bars: readonly PictureBar[],
  scale: number,
  wanted: number = BARS_SHOWN,
): PictureBar[] {
  let drawn = joined(bars, scale, 0.5);
  for (let most = 1; drawn.length > wanted && most <= LONGEST_JOINED; most *= 2) {
    drawn = joined(bars, scale, most);
  }
  return drawn;
}

/** Neighbours in a row that look the same become one bar, `most` pixels long at most. */
function joined(bars: readonly PictureBar[], scale: number, most: number): PictureBar[] {
  const drawn: PictureBar[] = [];
  const open = new Map<number, number>();
  for (const bar of bars) {
    const at = open.get(bar.row);
    const last = at === undefined ? undefined : drawn[at];
    if (
      at !== undefined &&
      last !== undefined &&
      Math.abs(bar.startUs - last.endUs) * scale < 1 &&
      (bar.endUs - last.startUs) * scale < most &&
      last.look === bar.look &&
      last.critical === bar.critical
    ) {
      const endUs = Math.max(last.endUs, bar.endUs);
      drawn[at] = { ...last, endUs, count: last.count + bar.count };
      continue;
    }
    open.set(bar.row, drawn.length);
    drawn.push(bar);
  }
  return drawn;
}
