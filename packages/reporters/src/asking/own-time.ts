/** What a task itself took, which is what two runs of it are compared by. Knows one run. */
import type { TaskStatistics } from "@astrum/core";
import { isFlow } from "../wording/outcome.ts";

/**
 * The completing attempt alone, so that a retry or a full queue is not taken for a slow task. Of a map or a flow its whole
 * time: what is inside is compared one by one as well. None of what did not complete.
 */
export function ownMs(task: TaskStatistics): number | undefined {
  if (task.status !== "completed") return undefined;
  if (task.kind === "map" || isFlow(task)) return task.durationMs;
  return task.attemptStatistics.findLast(({ status }) => status === "completed")?.durationMs;
}
