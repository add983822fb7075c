/** How many tasks of a run have each status, how many were flaky, and how long they took together and on average. */
import type { Ledger } from "../machine/ledger.ts";
import { COMPLETED, STATUSES } from "../machine/states.ts";
import { ranMicros } from "./durations.ts";
import type { Ms, TaskStatistics } from "./statistics.ts";

export interface Counts {
  /** By the code of a status. */
  readonly byStatus: Uint32Array;
  /** Tasks that completed after at least one failed attempt. */
  readonly flaky: number;
}

/** Goes through all tasks once. */
export function countsOf({ tasks, status, firstAttempt, lastAttempt }: Ledger): Counts {
  const byStatus = new Uint32Array(STATUSES.length);
  let flaky = 0;
  for (let task = 0; task < tasks; task++) {
    const code = status[task] as number;
    byStatus[code] = (byStatus[code] as number) + 1;
    if (code === COMPLETED && firstAttempt[task] !== lastAttempt[task]) flaky++;
  }
  return { byStatus, flaky };
}

/** How long all attempts ran, together. */
export function busyMs(ledger: Ledger): Ms {
  let busy = 0;
  for (let attempt = 0; attempt < ledger.attempts; attempt++) busy += ranMicros(ledger, attempt);
  return busy / 1000;
}

/** As long as what is inside of it. */
function isWhole({ kind, role }: TaskStatistics): boolean {
  return kind === "map" || role === "subflow" || role === "loop";
}

/** Of those that were called; maps are as long as their items, and tasks as the flows inside of them. */
export function longestTask(rows: readonly TaskStatistics[]): TaskStatistics | undefined {
  let longest: TaskStatistics | undefined;
  for (const row of rows) {
    if (row.startAt === null || isWhole(row)) continue;
    if (longest === undefined || row.durationMs > longest.durationMs) longest = row;
  }
  return longest;
}

/** As above; 0 when none was called. */
export function averageDurationMs(rows: readonly TaskStatistics[]): Ms {
  const started = rows.filter((row) => row.startAt !== null && !isWhole(row));
  if (started.length === 0) return 0;
  return started.reduce((sum, { durationMs }) => sum + durationMs, 0) / started.length;
}
