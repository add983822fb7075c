/** Which failure inside of a failed task is the one that failed it. Reads rows; simulates nothing. */
import type { TaskStatistics } from "../report/statistics.ts";

/**
 * By failed task: the failure inside of it that failed it; none for one that failed by itself. A failed flow that is
 * tolerated, or has a fallback, says of all failures inside of it that they are tolerated. It stops with the first that is
 * not so by itself: that is the last one.
 */
export function fatalInside(rows: readonly TaskStatistics[]): Map<string, TaskStatistics> {
  const lastFlow = new Map<string, number>();
  for (const { taskName, status } of rows) if (status === "failed") lastFlow.set(taskName, 0);
  for (const row of rows) {
    const last = lastFlow.get(row.parent ?? "");
    if (last !== undefined) lastFlow.set(row.parent as string, Math.max(last, flowOf(row)));
  }
  const fatal = new Map<string, TaskStatistics>();
  for (const row of rows) {
    const { parent } = row;
    // The flows of a loop before its last have ended well.
    if (parent === undefined || !isFailure(row) || lastFlow.get(parent) !== flowOf(row)) continue;
    const known = fatal.get(parent);
    if (known === undefined || isBefore(known, row)) fatal.set(parent, row);
  }
  return fatal;
}

/** The number of the flow in its loop that it is in; 0 for what is in no loop. */
function flowOf({ taskName, parent = "", index }: TaskStatistics): number {
  const [, flow] = /^\[(\d+)\]\./.exec(taskName.slice(parent.length)) ?? [];
  return index !== undefined || flow === undefined ? 0 : Number(flow);
}

/** It has no value, and somebody waited for it. */
function isFailure({ status, fallback, kind }: TaskStatistics): boolean {
  return (status === "failed" || status === "abandoned") && fallback !== true && kind !== "tail";
}

/** By its end. Finally tasks come after all others, and stop nothing. */
function isBefore(known: TaskStatistics, row: TaskStatistics): boolean {
  const [first, second] = [known.role === "finally", row.role === "finally"];
  if (first !== second) return first;
  return (known.endAt ?? 0) <= (row.endAt ?? 0);
}
