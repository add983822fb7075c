/**
 * Many runs of one flow beside each other: what became of each task in each of them, how long it took, and which tasks are
 * flaky. Tasks are matched by name, items by their keys. Knows no format.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { failedAttempts, failsForInside, hasFailed } from "../wording/outcome.ts";
import { ownMs } from "./own-time.ts";
import { identities } from "./same-task.ts";

export interface Cell {
  readonly is: "completed" | "retried" | "restored" | "failed" | "stopped" | "skipped" | "absent";
  /** Of what completed. */
  readonly ms: number | undefined;
}

export interface Strip {
  /** `read[src/a.ts]`. */
  readonly task: string;
  /** One for each run. */
  readonly cells: readonly Cell[];
  /** Of those that completed; none when none did. */
  readonly leastMs: number | undefined;
  readonly mostMs: number | undefined;
  /** It failed and completed again later, or needed more than one attempt: how often, in words. Otherwise empty. */
  readonly flaky: string;
  /** It fails, and has not completed since: since when, in words. Otherwise empty. */
  readonly failing: string;
}

export interface ManyRuns {
  /** The earliest first. */
  readonly runs: readonly SerializedReport[];
  /** How long each run took. */
  readonly makespan: Strip;
  /** What is not inside of another task, in the order of the last run; what only earlier ones had comes last. */
  readonly tasks: readonly Strip[];
  /** Of all tasks and items, the most often troubled first. */
  readonly flaky: readonly Strip[];
  readonly failing: readonly Strip[];
}

const ABSENT: Cell = { is: "absent", ms: undefined };

/** The same run twice counts once. */
export function manyRuns(reports: readonly SerializedReport[]): ManyRuns {
  const runs = inOrder(reports);
  const names = runs.map(({ run }) => run.id);
  const cells = new Map<string, Cell[]>();
  const outer = new Set<string>();
  const forInside = new Set<string>();
  // The last run first, whose order of tasks it is.
  for (let at = runs.length - 1; at >= 0; at--) {
    const report = runs[at] as SerializedReport;
    const identity = identities(report);
    for (const task of report.taskStatistics) {
      const name = identity.get(task.taskName) ?? task.taskName;
      let row = cells.get(name);
      if (row === undefined) {
        row = runs.map(() => ABSENT);
        cells.set(name, row);
      }
      if (row[at] === ABSENT) row[at] = cellOf(task);
      if (task.parent === undefined) outer.add(name);
      if (hasFailed(task) && failsForInside(task)) forInside.add(name);
    }
  }
  const strips = Array.from(cells, ([task, row]) => stripOf(task, row, names));
  // Whose items fail is no cause by itself.
  const causes = strips.filter(({ task }) => !forInside.has(task));
  return {
    runs,
    makespan: stripOf("the whole run", runs.map(runCell), names),
    tasks: strips.filter(({ task }) => outer.has(task)),
    flaky: causes.filter(({ flaky }) => flaky !== "").sort((a, b) => troubled(b) - troubled(a)),
    failing: causes.filter(({ failing }) => failing !== ""),
  };
}

function inOrder(reports: readonly SerializedReport[]): SerializedReport[] {
  const once = new Map(
    reports.map((report) => [`${report.run.startedAt} ${report.run.id}`, report]),
  );
  return Array.from(once.values()).sort((a, b) => a.clock.epochMs - b.clock.epochMs);
}

function cellOf(task: TaskStatistics): Cell {
  const ms = ownMs(task);
  switch (task.status) {
    case "completed":
      return { is: failedAttempts(task) > 0 ? "retried" : "completed", ms };
    case "restored":
    case "skipped":
      return { is: task.status, ms };
    default:
      return { is: hasFailed(task) ? "failed" : "stopped", ms };
  }
}

function runCell({ executionState, totalDurationMs }: SerializedReport): Cell {
  const completed = executionState === "completed";
  const is = completed ? "completed" : executionState === "failed" ? "failed" : "stopped";
  return { is, ms: completed ? totalDurationMs : undefined };
}

function stripOf(task: string, cells: readonly Cell[], runs: readonly string[]): Strip {
  const times = cells.flatMap(({ ms }) => (ms === undefined ? [] : [ms]));
  const ended = cells.flatMap(({ is }, at) =>
    is === "completed" || is === "retried" || is === "failed" ? [{ is, at }] : [],
  );
  const failures = ended.filter(({ is }) => is === "failed").length;
  const retries = ended.filter(({ is }) => is === "retried").length;
  const lastGood = ended.findLastIndex(({ is }) => is !== "failed");
  const recovered = ended.slice(0, lastGood + 1).some(({ is }) => is === "failed");
  const since = ended[lastGood + 1];
  return {
    task,
    cells,
    leastMs: times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b)),
    mostMs: times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b)),
    flaky: recovered || retries > 0 ? flakyText(failures, retries, ended.length) : "",
    failing: since === undefined ? "" : failingText(runs[since.at] ?? "", lastGood, failures),
  };
}

function flakyText(failures: number, retries: number, ended: number): string {
  const retried = `completed after a failed attempt in ${retries}`;
  if (failures === 0) return `${retried} of ${ended}`;
  return `failed in ${failures} of ${ended}${retries === 0 ? "" : `, ${retried}`}`;
}

function failingText(since: string, lastGood: number, failures: number): string {
  if (lastGood >= 0) return `fails since run ${since}`;
  return failures === 1
    ? "failed the only time that it ran"
    : `failed all ${failures} times that it ran`;
}

function troubled({ cells }: Strip): number {
  return cells.filter(({ is }) => is === "failed" || is === "retried").length;
}
