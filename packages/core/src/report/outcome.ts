/**
 * What became of a task, as values: for dependents that asked (`settled`) and for the reader of the report; and what the
 * items of a map gave, for the map.
 */

import type { Outcome } from "../define/task.ts";
import type { Traits } from "../define/traits.ts";
import { MapError } from "../ground/map-error.ts";
import type { Ledger, Spawn } from "../machine/ledger.ts";
import { ABANDONED, CANCELLED, COMPLETED, FAILED, RESTORED, SKIPPED } from "../machine/states.ts";
import type { Reasons } from "./reasons.ts";

export interface Outcomes {
  readonly ledger: Ledger;
  readonly reasons: Reasons;
  readonly outputs: readonly unknown[];
  /** Tasks whose output was let go. */
  readonly released: ReadonlySet<number>;
}

/** Of a task that nobody gave a reason. */
const STOPPED = { because: "stopped" } as const;

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
      return {
        status: "skipped",
        reason: reason === undefined ? "" : reasons.textOf(reason),
        ...(reason === undefined ? STOPPED : reasons.skippedBy(reason)),
      };
    default:
      return {
        status: "abandoned",
        reason: new Error("It had not ended when the run did: see `report.tail`"),
      };
  }
}

/** What a map gives whose items have ended: their outputs, or what became of each where they fail alone. */
export function gathered(
  from: Outcomes,
  { first, count }: Pick<Spawn, "first" | "count">,
  { settles }: Traits,
): unknown[] {
  if (settles) return Array.from({ length: count }, (_, index) => outcomeOf(from, first + index));
  const values: unknown[] = [];
  // One by one: of items that were skipped there is nothing, which a slice shows as holes, and at its end not at all.
  for (let item = first; item < first + count; item++) values.push(from.outputs[item]);
  return values;
}

/** Tells the error of a map that failed what its other items gave. */
export function collect({ ledger, outputs }: Outcomes, map: number): void {
  const { first, count, keys } = ledger.spawnOfMap.get(map) as Spawn;
  const error = ledger.taskErrors.get(map) as MapError;
  for (let index = 0; index < count; index++) {
    if (!ledger.hasValue(first + index)) continue;
    MapError.add(error, { index, key: keys?.[index], value: outputs[first + index] });
  }
}
