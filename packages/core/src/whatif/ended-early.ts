/** Whether a run was over before its tasks were: then nobody knows how long the rest would have taken. Reads a report. */
import type { SerializedReport } from "../report/serialized-report.ts";

/** Why, as the end of a sentence about the run; nothing when every task had come as far as it could. */
export function endedEarly({
  executionState,
  planIssues,
  taskStatistics,
}: SerializedReport): string | undefined {
  if (Array.isArray(planIssues) && planIssues.length > 0) return "could not be planned";
  if (executionState === "interrupted") return "was interrupted";
  const cutOff = taskStatistics.find(
    ({ status, reason }) =>
      status === "cancelled" ||
      reason?.kind === "not-started" ||
      // Nothing ruled it out but the end of the run.
      (status === "skipped" && reason?.kind !== "condition" && reason?.kind !== "dependency") ||
      // One that ignored its own time limit has ended as a failure.
      (status === "abandoned" && !(reason?.kind === "timeout" && reason.scope === "attempt")),
  );
  if (cutOff !== undefined) return `was stopped before task "${cutOff.taskName}" had its end`;
  return executionState === "cancelled" ? "was cancelled" : undefined;
}
