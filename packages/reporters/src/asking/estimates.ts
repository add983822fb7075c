/** How long tasks took, for a run that starts its longest path first: `run({ estimates: estimatesFrom(report) })`. */
import type { TaskStatistics } from "@astrum/core";
import { type AnyReport, givenReport } from "../wording/given-report.ts";
import { isFlow } from "../wording/outcome.ts";
import { ownMs } from "./own-time.ts";

/**
 * Milliseconds by task name: of a plain task its completing attempt, without waiting, failed attempts and back-off; of a map
 * the time from its first item to its last, of a task that became a flow the time from its call to the end of that flow. Only
 * completed tasks; items and the tasks of such a flow have no entry, they do not exist when a run is planned. The tasks of a
 * planned subflow have theirs, so it has none itself. The record has no prototype.
 */
export function estimatesFrom(report: AnyReport): Record<string, number> {
  const estimates = Object.create(null) as Record<string, number>;
  const { taskStatistics } = givenReport(report);
  const planned = new Set(
    taskStatistics.flatMap(({ parent, stageId }) => (stageId === null ? [] : [parent])),
  );
  for (const task of taskStatistics) {
    if (cameUp(task) || (isFlow(task) && planned.has(task.taskName))) continue;
    const ms = ownMs(task);
    if (ms !== undefined && Number.isFinite(ms) && ms >= 0) estimates[task.taskName] = ms;
  }
  return estimates;
}

/** An item, or inside of a task that became a flow. */
function cameUp({ kind, parent, stageId }: TaskStatistics): boolean {
  return kind === "item" || (parent !== undefined && stageId === null);
}
