/**
 * What became of a task, as values: for dependents that asked (`settled`) and for the reader of the report; and what the
 * items of a map gave, for the map.
 */

import type { Graph, Root } from "../define/graph.ts";
import type { Outcome } from "../define/task.ts";
import { MapError } from "../ground/map-error.ts";
import type { Ledger } from "../machine/ledger.ts";
import type { Spawn } from "../machine/spawns.ts";
import { ABANDONED, CANCELLED, COMPLETED, FAILED, RESTORED, SKIPPED } from "../machine/states.ts";
import { definitionIn } from "../machine/task-name.ts";
import type { Reasons } from "./reasons.ts";
import { hasTimedOut } from "./timeouts.ts";

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
        timedOut: hasTimedOut(ledger, task),
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
  const spawn = ledger.spawns.in(owner);
  if (spawn?.roots !== undefined) return given(outputs, spawn.roots, spawn.first);
  const nested = ledger.nested.get(owner);
  if (nested !== undefined) return given(outputs, nested.roots, nested.base);
  const { first, count } = spawn as Spawn;
  const { options } = definitionIn(graph, ledger, owner);
  if (options?.items === "settled") {
    return Array.from({ length: count }, (_, index) => outcomeOf(from, first + index));
  }
  const values: unknown[] = [];
  // One by one: of items that were skipped there is nothing, which a slice shows as holes, and at its end not at all.
  for (let item = first; item < first + count; item++) values.push(outputs[item]);
  return values;
}

function given(outputs: readonly unknown[], roots: readonly Root[], base: number): unknown {
  return Object.fromEntries(roots.map(({ key, task }) => [key, outputs[base + task]]));
}

/** Whether there is a flow inside of a task. */
export function holdsFlow(ledger: Ledger, owner: number): boolean {
  return ledger.spawns.in(owner)?.roots !== undefined || ledger.nested.has(owner);
}

/** What the flow inside of a task gives, as tasks of the run; none when there is no flow inside. */
export function rootsIn(ledger: Ledger, owner: number): readonly Root[] | undefined {
  const spawn = ledger.spawns.in(owner);
  const nested = ledger.nested.get(owner);
  const roots = spawn?.roots ?? nested?.roots;
  const base = spawn?.first ?? nested?.base ?? 0;
  return roots?.map(({ key, task }) => ({ key, task: base + task }));
}

/** Tells the error of a map that failed what its other items gave. */
export function collect({ ledger, outputs }: Outcomes, map: number): void {
  const { first, count, keys } = ledger.spawns.in(map) as Spawn;
  const error = ledger.taskErrors.get(map) as MapError;
  for (let index = 0; index < count; index++) {
    if (!ledger.hasValue(first + index)) continue;
    MapError.add(error, { index, key: keys?.[index], value: outputs[first + index] });
  }
}
