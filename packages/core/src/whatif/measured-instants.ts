/** How long tasks of a run took, and when several of them began or had ended, by their rows. Simulates nothing. */
import type { TaskStatistics } from "../report/statistics.ts";

/** As `estimatesFrom` of `@astrum/reporters` has them. */
export function measuredMs(rows: readonly TaskStatistics[]): Record<string, number> {
  const measured = Object.create(null) as Record<string, number>;
  const planned = new Set(
    rows.flatMap(({ parent, stageId }) => (stageId === null ? [] : [parent])),
  );
  for (const row of rows) {
    const { taskName, kind, role, status, parent, stageId } = row;
    // What came up is not there when the next run is planned; of a flow that was planned there are its tasks.
    const cameUp = parent !== undefined && stageId === null;
    if (status !== "completed" || cameUp || planned.has(taskName)) continue;
    const attempt = row.attemptStatistics.findLast((one) => one.status === "completed");
    const whole = kind === "map" || role === "subflow" || role === "loop";
    const ms = whole ? row.durationMs : attempt?.durationMs;
    if (ms !== undefined) measured[taskName] = ms;
  }
  return measured;
}

/** When the first of them competed, or would have. */
export function firstReady(rows: readonly TaskStatistics[]): number {
  return rows.reduce((first, { readyAt }) => Math.min(first, readyAt ?? first), Infinity);
}

/** When all of them had ended but for tails: tasks with what is inside of them. At once where there is nothing else. */
export function lastOf(rows: readonly TaskStatistics[]): number {
  const ends = rows.filter(({ kind }) => kind !== "tail");
  const readyAt = firstReady(rows);
  const begun = readyAt === Infinity ? 0 : readyAt;
  return ends.reduce((last, { endAt }) => Math.max(last, endAt ?? 0), begun);
}

/** The end of the last attempt that somebody waits for: no tail's, and of nothing inside of one. */
export function lastEnd(rows: readonly TaskStatistics[]): number {
  const named = new Map(rows.map((row) => [row.taskName, row]));
  let last = 0;
  for (const row of rows) {
    if (outward(row, named).some(({ kind }) => kind === "tail")) continue;
    for (const { endAt } of row.attemptStatistics) if (endAt !== null) last = Math.max(last, endAt);
  }
  return last;
}

/** It, and what it is inside of, the nearest first. */
export function outward(
  row: TaskStatistics,
  rows: ReadonlyMap<string, TaskStatistics>,
): readonly TaskStatistics[] {
  const all = [row];
  for (let at = row; at.parent !== undefined; ) {
    const next = rows.get(at.parent);
    if (next === undefined) break;
    all.push(next);
    at = next;
  }
  return all;
}
