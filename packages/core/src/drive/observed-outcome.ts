/** What became of a task or of an attempt, in the words of observers. Reads the ledger; tells nobody. */
import type { TaskOutcome } from "../contract/observer.ts";
import { CANCELLED, COMPLETED, DETACHED, FAILED, RESTORED, SKIPPED } from "../machine/states.ts";
import { taskName } from "../report/task-name.ts";
import type { Facts } from "../report/task-row.ts";

export function observedOutcome(
  { plan, ledger, reasons }: Facts,
  task: number,
  status: number,
): TaskOutcome {
  const reason = ledger.reasons.get(task);
  switch (status) {
    case COMPLETED:
      return { status: "completed" };
    case RESTORED:
      return { status: "restored" };
    case DETACHED:
      return { status: "detached" };
    case FAILED:
      return {
        status: "failed",
        error: ledger.errorOf(task),
        timedOut: ledger.timedOut.has(ledger.lastAttempt[task] as number),
      };
    case SKIPPED: {
      const skipped = reason?.kind === "dependency" ? reason.task : undefined;
      const cause = skipped === undefined ? undefined : taskName(plan.graph, ledger, skipped);
      const why = reason && reasons.skippedBy(reason);
      return {
        status: "skipped",
        reason: reason ? reasons.textOf(reason) : "",
        because: why?.because ?? "stopped",
        cause,
        root: why?.root,
      };
    }
    case CANCELLED:
      return { status: "cancelled", reason: reason && reasons.errorOf(reason, task) };
    default:
      return {
        status: "abandoned",
        reason: ledger.errorOf(task),
        timedOut: reason?.kind === "timeout" && reason.scope !== "run",
        ...(reason?.kind === "lost" && { lost: true as const }),
      };
  }
}

/** Of an attempt, by its id: its task may go on. */
export function observedAttemptOutcome(run: Facts, id: number, status: number): TaskOutcome {
  const { ledger } = run;
  if (status === FAILED) {
    return { status: "failed", error: ledger.errors.get(id), timedOut: ledger.timedOut.has(id) };
  }
  const outcome = observedOutcome(run, ledger.attemptTask[id] as number, status);
  return outcome.status === "cancelled" && ledger.errors.has(id)
    ? { ...outcome, error: ledger.errors.get(id) }
    : outcome;
}
