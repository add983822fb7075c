/**
 * Whether a report is one that a run can be simulated from: every field that is read of it is checked here. It may come from
 * a file that anything has happened to. Knows no plan.
 */
import { brandOf } from "../ground/brand.ts";
import type { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import type { ExecutionReport } from "../report/execution-report.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import { endedEarly } from "./ended-early.ts";

/** Stored or live, as the plain one. Collects why it is none, or that not everything of the run happened. */
export function readableReport(issues: Issues, given: unknown): SerializedReport | undefined {
  const live = brandOf(given)?.kind === "report";
  const report: unknown = live ? (given as ExecutionReport).toJSON() : given;
  if (!isReport(report)) {
    const message = `whatIf() needs a report, as a run resolves to it or from report.toJSON(), got ${describe(given)}`;
    issues.add("invalid-argument", message, ["report"]);
    return undefined;
  }
  const fault = faultOf(report);
  if (fault !== undefined) {
    const message = `whatIf() cannot read this report: ${fault}. Give it one as report.toJSON() made it`;
    issues.add("invalid-argument", message, ["report"]);
    return undefined;
  }
  const early = endedEarly(report);
  if (early !== undefined) {
    const message = `whatIf() needs a run that came to its end: run "${report.run.id}" ${early}, so nobody knows how long the rest would have taken. Give it the report of a run that was not stopped`;
    issues.add("ended-early", message, ["report"]);
  }
  return report;
}

function isReport(value: unknown): value is SerializedReport {
  const { format, run, taskStatistics, originalTasks } = (value ?? {}) as Partial<SerializedReport>;
  return (
    format === "astrum.execution-report" &&
    isObject(run?.config) &&
    isObject(originalTasks) &&
    Array.isArray(taskStatistics)
  );
}

/** The first thing in it that is not what it must be. */
function faultOf({ planningDurationMs, taskStatistics }: SerializedReport): string | undefined {
  if (!isInstant(planningDurationMs)) return "`planningDurationMs` is no number of milliseconds";
  for (const [at, row] of taskStatistics.entries()) {
    const { taskName, dependencies, attemptStatistics } = (row ?? {}) as Partial<typeof row>;
    const place = `\`taskStatistics[${at}]\``;
    if (typeof taskName !== "string") return `${place} has no name`;
    if (!Array.isArray(dependencies) || !dependencies.every(isEdge)) {
      return `${place} has no list of dependencies`;
    }
    if (!Array.isArray(attemptStatistics) || !attemptStatistics.every(isAttempt)) {
      return `${place} has no list of attempts with their instants`;
    }
    if (
      row.index !== undefined &&
      !(Number.isSafeInteger(row.index) && isItemOf(row.index, taskStatistics))
    ) {
      return `${place} is no item that could be`;
    }
  }
  return undefined;
}

function isEdge(edge: unknown): boolean {
  const { task, kind } = (edge ?? {}) as { readonly task?: unknown; readonly kind?: unknown };
  return (
    typeof task === "string" && ["value", "optional", "settled", "after"].includes(kind as string)
  );
}

function isAttempt(attempt: unknown): boolean {
  const { startAt, endAt, durationMs, queuedMs } = (attempt ?? {}) as Record<string, unknown>;
  return [startAt, endAt ?? 0, durationMs, queuedMs].every(isInstant);
}

/** No list is longer than all that ran. */
function isItemOf(index: number, rows: readonly unknown[]): boolean {
  return index >= 0 && index < rows.length;
}

function isInstant(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
