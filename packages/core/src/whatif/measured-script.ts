/**
 * From the rows of a report to the script that they were: what each attempt did, and how long it waited for the thread, told
 * apart from its waiting for capacity. Reads numbers; knows no plan.
 */
import type { AttemptStatistics, TaskStatistics } from "../report/statistics.ts";
import { fatalInside } from "./fatal-inside.ts";
import type { ScriptedAttempt, ScriptedTask } from "./script.ts";

/** Instants of a report are rounded to microseconds, and durations are differences of them. */
const ROUNDED_MS = 0.0015;

/** What each task or item did, by name, as far as it was seen: until the run settled. */
export function measuredScript(
  rows: readonly TaskStatistics[],
  settledAt: number,
): Map<string, ScriptedTask> {
  const calls = callsOf(rows);
  const listedAt = firstInside(rows);
  const around = new Set(rows.map(({ parent }) => parent));
  const begun = new Set(rows.map(({ parent, readyAt }) => (readyAt === null ? "" : parent)));
  const fatal = fatalInside(rows);
  const parents = new Map(rows.map(({ taskName, parent }) => [taskName, parent]));
  const released = releasedAt(rows);
  return new Map(
    rows.map((row) => [
      row.taskName,
      {
        path: pathOf(row.taskName, parents),
        attempts: row.attemptStatistics.map((attempt, at) =>
          scriptedAttempt(row, attempt, at, {
            settledAt,
            skips: row.status === "skipped" && !around.has(row.taskName),
            call: calls.get(attempt),
          }),
        ),
        prepareMs: prepareMs(row, listedAt.get(row.taskName)),
        answer: answerOf(row, fatal.has(row.taskName) || begun.has(row.taskName)),
        fails: fails(row, around.has(row.taskName) && !fatal.has(row.taskName)),
        fatal: fatal.get(row.parent ?? "") === row ? true : undefined,
        restored: row.status === "restored" ? true : undefined,
        fallback: fallbackOf(row, released.get(row.taskName)),
        journalMs: row.journalMs,
        units: row.resources,
      },
    ]),
  );
}

function scriptedAttempt(
  row: TaskStatistics,
  attempt: AttemptStatistics,
  at: number,
  seen: {
    readonly settledAt: number;
    /** It said itself that it is not wanted: it was not the flow that it gave. */
    readonly skips: boolean;
    readonly call: Call | undefined;
  },
): ScriptedAttempt {
  const { lagMs, heldMs } = seen.call ?? NO_WAIT;
  const last = at === row.attemptStatistics.length - 1;
  const { durationMs: runMs, endAt, startAt } = attempt;
  // Of a tail that went on nobody knows how long it would have kept its place from others.
  if (endAt === null) {
    return { runMs: Math.max(0, seen.settledAt - startAt), end: "returned", lagMs, heldMs };
  }
  if (attempt.willRetry && !last) {
    return { runMs, end: "threw", retryMs: attempt.delayMs ?? 0, lagMs, heldMs };
  }
  if (attempt.status === "completed") {
    return { runMs, end: seen.skips ? "skipped" : "returned", lagMs, heldMs };
  }
  return { runMs, end: "threw", lagMs, heldMs };
}

function pathOf(name: string, parents: ReadonlyMap<string, string | undefined>): readonly string[] {
  const path = [name];
  for (let at = parents.get(name); at !== undefined; at = parents.get(at)) path.push(at);
  return path;
}

/** When the first item of each map was ready, or what came up first in each loop. */
function firstInside(rows: readonly TaskStatistics[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { taskName, parent, readyAt } of rows) {
    if (parent === undefined || readyAt === null || !taskName.startsWith(`${parent}[`)) continue;
    first.set(parent, Math.min(first.get(parent) ?? readyAt, readyAt));
  }
  return first;
}

/** From the end of what it needs until it competed for capacity, or its items did. */
function prepareMs(
  { readyAt, attemptStatistics: [first] }: TaskStatistics,
  listedAt: number | undefined,
): number {
  const at = first === undefined ? listedAt : first.startAt - first.queuedMs;
  const ms = (at ?? 0) - (readyAt ?? Number.POSITIVE_INFINITY);
  return ms > ROUNDED_MS ? ms : 0;
}

/** What was said before it queued, or before anything inside of it began. */
function answerOf(row: TaskStatistics, hasBegun: boolean): ScriptedTask["answer"] {
  if (row.attemptStatistics.length > 0) return undefined;
  if (row.status === "skipped" && row.reason?.kind === "condition") return "skip";
  return row.status === "failed" && !hasBegun ? "error" : undefined;
}

/** Not with what is inside of it, which ended well. */
function fails({ status }: TaskStatistics, insideIsWell: boolean): true | undefined {
  return status === "failed" && insideIsWell ? true : undefined;
}

/** When the first dependent of each task was ready that it released. */
function releasedAt(rows: readonly TaskStatistics[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { releasedBy, readyAt } of rows) {
    if (releasedBy === undefined || readyAt === null) continue;
    first.set(releasedBy, Math.min(first.get(releasedBy) ?? readyAt, readyAt));
  }
  return first;
}

/** What it did after its failure, as far as somebody waited for it. */
function fallbackOf(
  { fallback, status, endAt }: TaskStatistics,
  releasedAt: number | undefined,
): ScriptedTask["fallback"] {
  const gives = fallback === true;
  const ms = Math.max(0, (releasedAt ?? 0) - (endAt ?? Number.POSITIVE_INFINITY));
  return gives || (status === "failed" && ms > ROUNDED_MS) ? { ms, gives } : undefined;
}

// ---- the thread ------------------------------------------------------------------------------------------------------

type Call = Pick<ScriptedAttempt, "lagMs" | "heldMs">;
const NO_WAIT: Call = { lagMs: 0, heldMs: 0 };

/**
 * Calls that are commanded together are called one after the other: how long each held the thread is known by the next. What
 * else kept a call waiting is its own lag.
 */
function callsOf(rows: readonly TaskStatistics[]): Map<AttemptStatistics, Call> {
  const ends = endsByTask(rows);
  const calls = rows
    .flatMap((row) => row.attemptStatistics)
    .map((attempt) => ({ attempt, commandedAt: commandedAt(attempt, ends) }))
    .sort((a, b) => a.attempt.startAt - b.attempt.startAt || a.commandedAt - b.commandedAt);
  const found = new Map<AttemptStatistics, Call>();
  let before: (typeof calls)[number] | undefined;
  for (const call of calls) {
    const { startAt } = call.attempt;
    if (startAt - call.commandedAt > ROUNDED_MS) {
      if (before !== undefined && call.commandedAt <= before.attempt.startAt) {
        const { lagMs } = found.get(before.attempt) ?? NO_WAIT;
        found.set(before.attempt, { lagMs, heldMs: startAt - before.attempt.startAt });
      } else {
        found.set(call.attempt, { lagMs: startAt - call.commandedAt, heldMs: 0 });
      }
    }
    before = call;
  }
  return found;
}

/** When nothing was lacking any more: it had competed, and whoever had the place had ended. */
function commandedAt(
  { startAt, queuedMs, limitedBy, slotFreedBy }: AttemptStatistics,
  ends: ReadonlyMap<string, readonly number[]>,
): number {
  if (limitedBy === undefined) return startAt - queuedMs;
  const freedAt = ends.get(slotFreedBy ?? "")?.findLast((end) => end <= startAt + ROUNDED_MS);
  // What other runs held, or a rate, is no matter of the thread.
  return freedAt === undefined ? startAt : Math.max(startAt - queuedMs, freedAt);
}

function endsByTask(rows: readonly TaskStatistics[]): Map<string, number[]> {
  return new Map(
    rows.map(({ taskName, attemptStatistics }) => [
      taskName,
      attemptStatistics.flatMap(({ endAt }) => (endAt === null ? [] : [endAt])),
    ]),
  );
}
