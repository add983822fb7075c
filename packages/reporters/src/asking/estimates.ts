/** How long tasks took, for a run that starts its longest path first: `run({ estimates: estimatesFrom(report) })`. */
import { type AnyReport, givenReport } from "../wording/given-report.ts";

/**
 * Milliseconds by task name: of a plain task its completing attempt, without waiting, failed attempts and back-off; of a map
 * the time from its first item to its last. Only completed tasks; items have no entry, they do not exist when a run is
 * planned. The record has no prototype.
 */
export function estimatesFrom(report: AnyReport): Record<string, number> {
  const estimates = Object.create(null) as Record<string, number>;
  for (const task of givenReport(report).taskStatistics) {
    if (task.status !== "completed" || task.kind === "item") continue;
    const attempt = task.attemptStatistics.findLast(({ status }) => status === "completed");
    const ms = task.kind === "map" ? task.durationMs : attempt?.durationMs;
    if (ms !== undefined && Number.isFinite(ms) && ms >= 0) estimates[task.taskName] = ms;
  }
  return estimates;
}
