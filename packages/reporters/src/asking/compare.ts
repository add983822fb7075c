/**
 * What changed between two runs of a graph: which tasks got slower, flakier or newly decide how long the run takes. Tasks are
 * matched by name, items by their keys. Knows no format.
 */
import type { SerializedReport, TaskStatistics, TaskStatus } from "@astrum/core";
import { amount, checkOptions, type Rules } from "astrum-options";
import type { AnyReport } from "../wording/given-report.ts";
import { failedAttempts } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { type ComparisonVerdict, verdictOn } from "./comparison-verdict.ts";
import { ownMs } from "./own-time.ts";
import { type PathChange, pathChanges } from "./path-change.ts";
import { groups, identities } from "./same-task.ts";

export interface CompareOptions {
  /** Milliseconds. A change of less is noise; 0 keeps every change. Default 10. */
  readonly minMs?: number | undefined;
  /** A change of less than this share of the time before is noise; 0 keeps every change. Default 0.1. */
  readonly minRatio?: number | undefined;
  /** What must not leave, as every format takes it: keys of items may hold secrets. */
  readonly redact?: Redaction | undefined;
}

export const COMPARE_RULES: Rules<CompareOptions> = {
  minMs: amount("a number of milliseconds", 0, Infinity),
  minRatio: amount("a number", 0, Infinity),
  redact: redactRule,
};

export interface RunSummary {
  readonly id: string;
  readonly flow?: string;
  readonly executionState: SerializedReport["executionState"];
}

export interface DurationChange {
  /** Its name; of an item whose map has `key`, what that calls it: `read[src/a.ts]`. */
  readonly task: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** After minus before. */
  readonly changeMs: number;
}

export interface ReportComparison {
  /** Of each run: its flow or id, and how it ended. */
  readonly runs: {
    readonly before: RunSummary;
    readonly after: RunSummary;
  };
  /** Whether it got worse, in a word, a sentence and an exit code. */
  readonly verdict: ComparisonVerdict;
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
  /**
   * What changed along the critical path, the largest first: it adds up to `makespan.changeMs`. Items of a map are told
   * together, and so is what waited for the same.
   */
  readonly path: readonly PathChange[];
  /** On the critical path now and not before, in the order of the path; of items their map. */
  readonly newlyCritical: readonly string[];
  readonly statusChanged: readonly {
    readonly task: string;
    readonly before: TaskStatus;
    readonly after: TaskStatus;
  }[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * What is different in a later run of the same flow: which tasks are slower, what became of them, and what changed along
 * the critical path, so that it adds up. Items of maps are matched by key.
 *
 * @throws TypeError for what is no report, and for a threshold that is not a number from 0 up.
 */
export function compareReports(
  before: AnyReport,
  after: AnyReport,
  options: CompareOptions = {},
): ReportComparison {
  checkOptions("compareReports", options, COMPARE_RULES);
  const { minMs = 10, minRatio = 0.1, redact } = options;
  return comparison(redacted(before, redact), redacted(after, redact), minMs, minRatio);
}

function comparison(
  before: SerializedReport,
  after: SerializedReport,
  minMs: number,
  minRatio: number,
): ReportComparison {
  const [nameBefore, nameAfter] = [identities(before), identities(after)];
  const earlier = byIdentity(before, nameBefore);
  const later = byIdentity(after, nameAfter);
  const pairs = Array.from(later).flatMap(([task, now]) => {
    const then = earlier.get(task);
    return then === undefined ? [] : [{ task, then, now }];
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
  const wasCritical = criticalGroups(before);
  const isCritical = criticalGroups(after);
  const beforeMs = makespan(before);
  const afterMs = makespan(after);
  const took = { beforeMs, afterMs, changeMs: thousandths(afterMs - beforeMs) };
  const path = pathChanges(before, after);
  return {
    runs: { before: summaryOf(before), after: summaryOf(after) },
    verdict: verdictOn(before, after, took, Math.max(minMs, beforeMs * minRatio), path),
    makespan: took,
    path,
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
    added: [...later.keys()].filter((name) => !earlier.has(name)),
    removed: [...earlier.keys()].filter((name) => !later.has(name)),
  };
}

/** The first of those that are called the same. */
function byIdentity(
  { taskStatistics }: SerializedReport,
  names: ReadonlyMap<string, string>,
): Map<string, TaskStatistics> {
  const rows = new Map<string, TaskStatistics>();
  for (const row of taskStatistics) {
    const name = names.get(row.taskName) ?? row.taskName;
    if (!rows.has(name)) rows.set(name, row);
  }
  return rows;
}

function criticalGroups(report: SerializedReport): Set<string> {
  const group = groups(report);
  return new Set(report.analysis.criticalPath.map(({ task }) => group.get(task) ?? task));
}

function summaryOf({ run, executionState }: SerializedReport): RunSummary {
  return { id: run.id, ...(run.flow === undefined ? {} : { flow: run.flow }), executionState };
}

function makespan(report: SerializedReport): number {
  const sum = report.analysis.criticalPath.reduce((ms, { gapMs, runMs }) => ms + gapMs + runMs, 0);
  return thousandths(sum);
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
