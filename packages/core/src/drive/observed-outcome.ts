/** What became of a task, of an attempt or of the run, in the words of observers. Reads the ledger; tells nobody. */
import type { FinalStatus, RunEndEvent, TaskOutcome } from "../contract/observer.ts";
import { taskResult } from "../contract/result.ts";
import type { RunState } from "../machine/machine.ts";
import {
  CANCELLED,
  COMPLETED,
  DETACHED,
  FAILED,
  RESTORED,
  SKIPPED,
  STATUSES,
} from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import { rounded } from "../report/durations.ts";
import { timedOutOf } from "../report/footer.ts";
import type { Facts } from "../report/task-row.ts";
import { hasTimedOut } from "../report/timeouts.ts";

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
      return ledger.cached.has(task)
        ? { status: "restored", source: "cache" }
        : { status: "restored" };
    case DETACHED:
      return { status: "detached" };
    case FAILED:
      return {
        status: "failed",
        error: ledger.errorOf(task),
        timedOut: hasTimedOut(ledger, task),
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

/** Of the run, whose `facts` are those of its end, `at` milliseconds after its start. */
export function observedEnd(
  facts: Facts,
  executionState: RunState,
  at: number,
): Pick<
  RunEndEvent,
  "executionState" | "durationMs" | "counts" | "toleratedFailures" | "firstFailure" | "timedOut"
> {
  const { ledger } = facts;
  const counts: Record<FinalStatus, number> = {
    completed: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    restored: 0,
    detached: 0,
    abandoned: 0,
  };
  for (let task = 0; task < ledger.tasks; task++) {
    counts[STATUSES[ledger.status[task] as number] as FinalStatus]++;
  }
  return {
    executionState,
    durationMs: rounded(at),
    counts: Object.freeze(counts),
    toleratedFailures: ledger.tolerated.size,
    firstFailure: firstFailure(facts),
    timedOut: timedOutOf({ state: executionState, ledger }) === true,
  };
}

function firstFailure(facts: Facts): RunEndEvent["firstFailure"] {
  const { plan, ledger } = facts;
  const [task] = ledger.fatal;
  const [unreleased] = ledger.unreleased;
  if (task !== undefined) {
    const outcome = observedOutcome(facts, task, ledger.status[task] as number);
    const timedOut = taskResult(outcome) === "timeout";
    const error = ledger.errorOf(task);
    return Object.freeze({ task: taskName(plan.graph, ledger, task), error, timedOut });
  }
  if (unreleased === undefined) return undefined;
  const [thing, error] = unreleased;
  return Object.freeze({ task: taskName(plan.graph, ledger, thing), error, timedOut: false });
}
