/** How the run went, task by task, from its report: for the person who waits. Writes nothing anywhere. */
import type { ExecutionReport } from "@astrum/core";

/** One line for each task in plan order; the items of a map are counted in its line. */
export function runLines({ taskStatistics }: Pick<ExecutionReport, "taskStatistics">): string[] {
  const items = new Map<string, { count: number; retries: number }>();
  for (const { parent, attemptCount } of taskStatistics) {
    if (parent === undefined) continue;
    const { count, retries } = items.get(parent) ?? { count: 0, retries: 0 };
    items.set(parent, { count: count + 1, retries: retries + Math.max(0, attemptCount - 1) });
  }
  return taskStatistics
    .filter(({ kind }) => kind !== "item")
    .map(({ taskName, status, durationMs }) => {
      const { count, retries } = items.get(taskName) ?? {};
      const parts = [
        status === "completed" ? [] : [status],
        count === undefined ? [] : [`${count} ${count === 1 ? "item" : "items"}`],
        retries ? [`${retries} retried`] : [],
        [`${durationMs.toFixed(0)} ms`],
      ];
      return `${taskName}: ${parts.flat().join(", ")}`;
    });
}
