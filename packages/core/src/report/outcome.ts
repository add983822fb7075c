/** What became of a task, as values: for dependents that asked (`settled`) and for the reader of the report. */

import type { Outcome } from "../define/task.ts";
import type { Ledger } from "../machine/ledger.ts";
import { ABANDONED, CANCELLED, COMPLETED, FAILED, RESTORED, SKIPPED } from "../machine/states.ts";
import type { Reasons } from "./reasons.ts";

export interface Outcomes {
  readonly ledger: Ledger;
  readonly reasons: Reasons;
  readonly outputs: readonly unknown[];
  /** Tasks whose output was let go. */
  readonly released: ReadonlySet<number>;
}

export function outcomeOf(
  { ledger, reasons, outputs, released }: Outcomes,
  task: number,
): Outcome<unknown> {
  const status = ledger.status[task] as number;
  const reason = ledger.reasons.get(task);
  switch (status) {
    case COMPLETED:
    case RESTORED: {
      const outcome = {
        status: "completed",
        value: outputs[task],
        restored: status === RESTORED,
      } as const;
      return released.has(task) ? { ...outcome, released: true } : outcome;
    }
    case FAILED:
      return {
        status: "failed",
        error: ledger.errorOf(task),
        timedOut: ledger.timedOut.has(ledger.lastAttempt[task] as number),
      };
    case CANCELLED:
      return { status: "cancelled", reason: reason && reasons.errorOf(reason, task) };
    case ABANDONED:
      return { status: "abandoned", reason: ledger.errorOf(task) };
    case SKIPPED:
      return { status: "skipped", reason: reason === undefined ? "" : reasons.textOf(reason) };
    default:
      return {
        status: "abandoned",
        reason: new Error("It had not ended when the run did: see `report.tail`"),
      };
  }
}
