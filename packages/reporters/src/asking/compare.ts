/**
 * What changed between two runs of a graph: which tasks got slower, flakier or newly decide how long the run takes. Tasks are
 * matched by name. Knows no format.
 */
import type { SerializedReport, TaskStatistics, TaskStatus } from "@astrum/core";
import { amount, checkOptions, type Rules } from "astrum-options";
import { type AnyReport, givenReport } from "../wording/given-report.ts";
import { failedAttempts, isFlow } from "../wording/outcome.ts";

export interface CompareOptions {
  /** Milliseconds. A change of less is noise; 0 keeps every change. Default 10. */
  readonly minMs?: number | undefined;
  /** A change of less than this share of the time before is noise; 0 keeps every change. Default 0.1. */
  readonly minRatio?: number | undefined;
}

const RULES: Rules<CompareOptions> = {
  minMs: amount("a number of milliseconds", 0, Infinity),
  minRatio: amount("a number", 0, Infinity),
};

export interface DurationChange {
  readonly task: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** After minus before. */
  readonly changeMs: number;
}

export interface ReportComparison {
  /** Critical paths from first to last: how long the runs took. */
  readonly makespan: {
    readonly beforeMs: number;
    readonly afterMs: number;
    readonly changeMs: number;
  };
  /** Changes that reach both thresholds, the largest first. The completing attempt is compared, so that a retry or a full queue is not taken for a slow task. */
  readonly slower: readonly DurationChange[];
  readonly faster: readonly DurationChange[];
  /** More failed attempts than before, whatever became of the task. Largest change first. */
  readonly flakier: readonly {
    readonly task: string;
    readonly before: number;
    readonly after: number;
  }[];
  /** On the critical path now and not before, in the order of the path. */
  readonly newlyCritical: readonly string[];
  readonly statusChanged: readonly {
    readonly task: string;
    readonly before: TaskStatus;
    readonly after: TaskStatus;
  }[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** @throws TypeError for what is no report, and for a threshold that is not a number from 0 up. */
export function compareReports(
  before: AnyReport,
  after: AnyReport,
  options: CompareOptions = {},
): ReportComparison {
  checkOptions("compareReports", options, RULES);
  const { minMs = 10, minRatio = 0.1 } = options;
  return comparison(givenReport(before), givenReport(after), minMs, minRatio);
}

function comparison(
  before: SerializedReport,
  after: SerializedReport,
  minMs: number,
  minRatio: number,
): ReportComparison {
  const earlier = new Map(before.taskStatistics.map((task) => [task.taskName, task]));
  const later = new Set(after.taskStatistics.map(({ taskName }) => taskName));
  const pairs = after.taskStatistics.flatMap((now) => {
    const then = earlier.get(now.taskName);
    return then === undefined ? [] : [{ task: now.taskName, then, now }];
  });
  const changes = pairs.flatMap(({ task, then, now }): DurationChange[] => {
    const beforeMs = ownMs(then);
    const afterMs = ownMs(now);
    if (beforeMs === undefined || afterMs === undefined) return [];
    const changeMs = thousandths(afterMs - beforeMs);
    const size = Math.abs(changeMs);
    return size === 0 || size < minMs || size < beforeMs * minRatio
      ? []
      : [{ task, beforeMs, afterMs, changeMs }];
  });
  const wasCritical = new Set(before.analysis.criticalPath.map(({ task }) => task));
  const isCritical = new Set(after.analysis.criticalPath.map(({ task }) => task));
  const beforeMs = makespan(before);
  const afterMs = makespan(after);
  return {
    makespan: { beforeMs, afterMs, changeMs: thousandths(afterMs - beforeMs) },
    slower: changes.filter(({ changeMs }) => changeMs > 0).sort((a, b) => b.changeMs - a.changeMs),
    faster: changes.filter(({ changeMs }) => changeMs < 0).sort((a, b) => a.changeMs - b.changeMs),
    flakier: pairs
      .map(({ task, then, now }) => ({
        task,
        before: failedAttempts(then),
        after: failedAttempts(now),
      }))
      .filter((one) => one.after > one.before)
      .sort((a, b) => b.after - b.before - (a.after - a.before)),
    newlyCritical: Array.from(isCritical).filter((task) => !wasCritical.has(task)),
    statusChanged: pairs
      .filter(({ then, now }) => then.status !== now.status)
      .map(({ task, then, now }) => ({ task, before: then.status, after: now.status })),
    added: after.taskStatistics
      .map(({ taskName }) => taskName)
      .filter((name) => !earlier.has(name)),
    removed: before.taskStatistics
      .map(({ taskName }) => taskName)
      .filter((name) => !later.has(name)),
  };
}

/** Of a map or a flow its whole time: what is inside is compared one by one as well. */
function ownMs(task: TaskStatistics): number | undefined {
  if (task.status !== "completed") return undefined;
  if (task.kind === "map" || isFlow(task)) return task.durationMs;
  return task.attemptStatistics.findLast(({ status }) => status === "completed")?.durationMs;
}

function makespan(report: SerializedReport): number {
  const sum = report.analysis.criticalPath.reduce((ms, { gapMs, runMs }) => ms + gapMs + runMs, 0);
  return thousandths(sum);
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
