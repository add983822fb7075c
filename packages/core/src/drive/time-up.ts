/** A time limit has passed: what is known at that moment, for whoever is told why. Decides nothing. */
import type { TimeoutError } from "../ground/errors.ts";
import type { Ledger } from "../machine/ledger.ts";
import type { StopCause } from "../machine/reason.ts";
import { attemptTimeout } from "../report/timeouts.ts";
import type { Call } from "./call.ts";

/** Running attempts that are named. */
const NAMED = 3;

/** The error of an attempt whose limit has passed, or the deadline of its task, noticed at `at`. */
export function attemptTimeUp(
  { task, taskName, id, said, late, failure }: Call,
  { firstAttempt, startAt }: Ledger,
  { limitMs, scope: given }: { readonly limitMs: number; readonly scope?: "task" | undefined },
  at: number,
): TimeoutError {
  const scope = given ?? "attempt";
  const first = scope === "task" ? (firstAttempt[task] as number) : id;
  const elapsedMs = at - (startAt[first] as number);
  return attemptTimeout(taskName, {
    limitMs,
    scope,
    elapsedMs,
    ended: late,
    progress: said,
    failure,
  });
}

/** Why the run stops whose limit has passed: with what was running then, that which had run longest first. */
export function runTimeUp(
  calls: readonly (Call | undefined)[],
  { startAt }: Ledger,
  limitMs: number,
  at: number,
): StopCause {
  const running = calls.filter((call) => call !== undefined);
  running.sort((a, b) => (startAt[a.id] as number) - (startAt[b.id] as number));
  const busy = running.slice(0, NAMED).map(({ task, said }) => ({ task, progress: said }));
  return { kind: "timeout", limitMs, elapsedMs: at, running: running.length, busy };
}
