/**
 * The tasks of two runs on one time scale: which of them are drawn, and when each of them ran in each run. Those that the
 * comparison speaks of, in the order in which they began. Knows no syntax.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import type { ReportComparison } from "../asking/compare.ts";
import { groups, identities } from "../asking/same-task.ts";
import { isFlow } from "../wording/outcome.ts";

export interface ComparedSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly failed: boolean;
}

export interface ComparedTask {
  readonly task: string;
  /** None for a run that did not have it, or did not start it. */
  readonly before: readonly ComparedSpan[];
  readonly after: readonly ComparedSpan[];
  /** Whose critical path it is on. */
  readonly path: "both" | "before" | "after" | "neither";
}

export interface ComparisonTimeline {
  /** The longer of the two runs. */
  readonly endMs: number;
  readonly tasks: readonly ComparedTask[];
  /** How many others the comparison speaks of. */
  readonly more: number;
}

export function comparisonTimeline(
  before: SerializedReport,
  after: SerializedReport,
  comparison: ReportComparison,
  most: number,
): ComparisonTimeline {
  const [then, now] = [new Side(before), new Side(after)];
  const { path, statusChanged, slower, faster, flakier, added, removed } = comparison;
  const named = new Set([
    ...path.flatMap(({ task }) => task ?? []),
    ...[statusChanged, slower, faster, flakier].flatMap((list) => list.map(({ task }) => task)),
    ...now.path,
    ...then.path,
    ...added,
    ...removed,
  ]);
  const names = Array.from(named).slice(0, most);
  const tasks = names.map((task): ComparedTask => {
    const [was, is] = [then.path.has(task), now.path.has(task)];
    return {
      task,
      before: then.spansOf(task),
      after: now.spansOf(task),
      path: was && is ? "both" : was ? "before" : is ? "after" : "neither",
    };
  });
  const spans = ({ before: was, after: is }: ComparedTask) => (is.length > 0 ? is : was);
  const begin = (task: ComparedTask): number => spans(task)[0]?.fromMs ?? Number.MAX_VALUE;
  const end = (task: ComparedTask): number => spans(task).at(-1)?.toMs ?? Number.MAX_VALUE;
  return {
    endMs: Math.max(before.totalDurationMs, after.totalDurationMs),
    tasks: tasks.sort((a, b) => begin(a) - begin(b) || end(a) - end(b)),
    more: named.size - names.length,
  };
}

/** One of the two runs. */
class Side {
  /** Tasks on the critical path; of items their map. */
  readonly path: ReadonlySet<string>;
  readonly #rows: Map<string, TaskStatistics> = new Map();
  readonly #endMs: number;

  constructor(report: SerializedReport) {
    const { taskStatistics, analysis, totalDurationMs } = report;
    this.#endMs = totalDurationMs;
    const group = groups(report);
    this.path = new Set(analysis.criticalPath.map(({ task }) => group.get(task) ?? task));
    const identity = identities(report);
    for (const row of taskStatistics) {
      const name = identity.get(row.taskName) ?? row.taskName;
      if (!this.#rows.has(name)) this.#rows.set(name, row);
    }
  }

  spansOf(name: string): ComparedSpan[] {
    const row = this.#rows.get(name);
    if (row === undefined) return [];
    if (row.kind === "map" || isFlow(row)) {
      if (row.startAt === null) return [];
      return [
        { fromMs: row.startAt, toMs: row.endAt ?? this.#endMs, failed: row.status === "failed" },
      ];
    }
    return row.attemptStatistics.map(({ startAt, endAt, status }) => ({
      fromMs: startAt,
      toMs: endAt ?? this.#endMs,
      failed: status === "failed",
    }));
  }
}
