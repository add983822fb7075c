/**
 * Why a run took as long as it did, from the report's own analysis: where the critical path spent its time, what limited
 * it, what would help, which tasks are slow or flaky. Facts and sentences; each format lays them out.
 */
import type { Analysis, SerializedReport, TaskStatistics } from "@astrum/core";
import { labelOf } from "../wording/label.ts";
import { failedAttempts, isFlaky } from "../wording/outcome.ts";
import { type Advice, adviceOn } from "./advice.ts";
import { freedResources, type HeldBack, heldBack } from "./held-back.ts";
import { verdictText } from "./verdict.ts";

export interface CriticalSegment {
  readonly task: string;
  /** What people read it as. */
  readonly label: string;
  readonly attempt: number;
  readonly link: Analysis["criticalPath"][number]["link"];
  /** The resource that had to be given back before; of a `slot` that was one, nothing. */
  readonly freed?: string;
  /** When the gap before the attempt began, from the start of the run. */
  readonly fromMs: number;
  readonly gapMs: number;
  readonly runMs: number;
}

export interface Insight {
  /** From 0 to the end of the last task that is no tail task: the sum of all gaps and runs of the path. */
  readonly makespanMs: number;
  readonly criticalPath: readonly CriticalSegment[];
  /** Tiles the makespan; parts of zero are left out. */
  readonly parts: readonly { readonly what: string; readonly ms: number }[];
  /** "Bound by …" and what more slots would buy. */
  readonly verdict: string;
  /** What would have made it faster; simulated when it is first asked for. */
  readonly advice: Advice | undefined;
  readonly heldBack: readonly HeldBack[];
  readonly slowest: readonly TaskStatistics[];
  readonly flaky: readonly TaskStatistics[];
}

const SHOWN = 10;

/** One row of a shortened critical path: a segment, or several neighbours folded into one. */
export interface PathRow {
  readonly fromMs: number;
  readonly gapMs: number;
  readonly runMs: number;
  readonly segments: readonly CriticalSegment[];
}

/** The longest segments one by one, the others folded between them: the rows tile the makespan like the path itself. */
export function pathRows({ criticalPath }: Insight, most: number): PathRow[] {
  const longest = criticalPath
    .toSorted((a, b) => b.gapMs + b.runMs - (a.gapMs + a.runMs))
    .slice(0, most);
  const alone = new Set(longest);
  const rows: CriticalSegment[][] = [];
  for (const segment of criticalPath) {
    const last = rows.at(-1);
    const before = last?.at(-1);
    if (last === undefined || before === undefined || alone.has(segment) || alone.has(before)) {
      rows.push([segment]);
    } else last.push(segment);
  }
  return rows.map((segments) => ({
    fromMs: segments[0]?.fromMs ?? 0,
    gapMs: thousandths(segments.reduce((sum, { gapMs }) => sum + gapMs, 0)),
    runMs: thousandths(segments.reduce((sum, { runMs }) => sum + runMs, 0)),
    segments,
  }));
}

export function insight(report: SerializedReport): Insight {
  const failed = failedAttemptKeys(report);
  const labels = labelsOfItems(report);
  const criticalPath: CriticalSegment[] = [];
  const parts = new Map<string, number>();
  let at = 0;
  const resources = freedResources(report);
  for (const { task, attempt, link, gapMs, runMs } of report.analysis.criticalPath) {
    const label = labels.get(task) ?? task;
    const freed = link === "slot" ? resources.get(`${attempt} ${task}`) : undefined;
    const name = freed === undefined ? {} : { freed };
    criticalPath.push({ task, label, attempt, link, ...name, fromMs: at, gapMs, runMs });
    at = thousandths(at + gapMs + runMs);
    add(parts, GAP_IS[link], gapMs);
    add(parts, failed.has(`${attempt} ${task}`) ? "failed attempts" : "running", runMs);
  }
  const held = heldBack(report);
  let advice: { readonly of: Advice | undefined } | undefined;
  return {
    makespanMs: at,
    criticalPath,
    parts: Array.from(parts, ([what, ms]) => ({ what, ms })).filter(({ ms }) => ms > 0),
    get verdict() {
      const lostMs = (parts.get("failed attempts") ?? 0) + (parts.get("back-off") ?? 0);
      const { advice } = this;
      return verdictText(report, { makespanMs: at, held: held[0], lostMs, advice });
    },
    get advice() {
      advice ??= { of: adviceOn(report, at, held) };
      return advice.of;
    },
    heldBack: held,
    slowest: topTen(
      report.taskStatistics.filter(({ kind, runMs }) => kind !== "map" && runMs > 0),
      (task) => task.runMs,
    ),
    flaky: topTen(report.taskStatistics.filter(isFlaky), failedAttempts),
  };
}

const GAP_IS: Readonly<Record<CriticalSegment["link"], string>> = {
  start: "planning and starting",
  dependency: "between tasks",
  item: "between tasks",
  slot: "waiting for a slot",
  retry: "back-off",
  stage: "waiting for the stage",
  external: "waiting for a shared limit",
};

function failedAttemptKeys(report: SerializedReport): Set<string> {
  const keys = new Set<string>();
  for (const task of report.taskStatistics) {
    for (const attempt of task.attemptStatistics) {
      if (attempt.status === "failed") keys.add(`${attempt.attemptNumber} ${task.taskName}`);
    }
  }
  return keys;
}

/** Of those that have a key: others are read as they are called. */
function labelsOfItems({ taskStatistics }: SerializedReport): Map<string, string> {
  const named = taskStatistics.filter(({ key }) => key !== undefined);
  return new Map(named.map((task) => [task.taskName, labelOf(task)]));
}

function topTen(
  tasks: readonly TaskStatistics[],
  size: (task: TaskStatistics) => number,
): TaskStatistics[] {
  return tasks.toSorted((a, b) => size(b) - size(a)).slice(0, SHOWN);
}

function add(sums: Map<string, number>, key: string, ms: number): void {
  sums.set(key, thousandths((sums.get(key) ?? 0) + ms));
}

/** Sums of decimals drift; the report has three of them. */
function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
