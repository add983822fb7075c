/**
 * What became of a task, as values: for dependents that asked (`settled`) and for the reader of the report; and what the
 * items of a map gave, for the map.
 */

import type { Graph, Root } from "../define/graph.ts";
import type { Outcome } from "../define/task.ts";
import { MapError } from "../ground/map-error.ts";
import type { Ledger, Spawn } from "../machine/ledger.ts";
import { ABANDONED, CANCELLED, COMPLETED, FAILED, RESTORED, SKIPPED } from "../machine/states.ts";
import { definitionIn } from "../machine/task-name.ts";
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

/**
 * What a map gives whose items have ended: their outputs, or what became of each where they fail alone. What a task gives
 * with a flow inside of it: an object of its outputs.
 */
export function gathered(from: Outcomes, graph: Graph, owner: number): unknown {
  const { ledger, outputs } = from;
  const roots = rootsIn(ledger, owner);
  if (roots !== undefined) {
    return Object.fromEntries(roots.map(({ key, task }) => [key, outputs[task]]));
  }
  const { first, count } = ledger.spawnIn.get(owner) as Spawn;
  const { options } = definitionIn(graph, ledger, owner);
  if (options?.items === "settled") {
    return Array.from({ length: count }, (_, index) => outcomeOf(from, first + index));
  }
  const values: unknown[] = [];
  // One by one: of items that were skipped there is nothing, which a slice shows as holes, and at its end not at all.
  for (let item = first; item < first + count; item++) values.push(outputs[item]);
  return values;
}

/** What the flow inside of a task gives, as tasks of the run; none when there is no flow inside. */
export function rootsIn(ledger: Ledger, owner: number): readonly Root[] | undefined {
  return ledger.spawnIn.get(owner)?.roots ?? ledger.nested.get(owner)?.roots;
}

/** Tells the error of a map that failed what its other items gave. */
export function collect({ ledger, outputs }: Outcomes, map: number): void {
  const { first, count, keys } = ledger.spawnIn.get(map) as Spawn;
  const error = ledger.taskErrors.get(map) as MapError;
  for (let index = 0; index < count; index++) {
    if (!ledger.hasValue(first + index)) continue;
    MapError.add(error, { index, key: keys?.[index], value: outputs[first + index] });
  }
}
