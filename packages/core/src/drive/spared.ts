/**
 * Whom a stop of the run spares: who is uninterruptible, finally tasks, and all that is inside of one. Decides nothing;
 * the machine has its own tables.
 */
import type { Machine } from "../machine/machine.ts";
import { parentOf } from "../machine/task-name.ts";
import { definitionOf } from "./definition-of.ts";

export function isSpared(machine: Machine, task: number): boolean {
  if (definitionOf(machine, task).options?.uninterruptible === true) return true;
  const { gated } = machine.ledger.grown ?? machine.plan.graph;
  if (gated.size === 0) return false;
  let at: number | undefined = task;
  while (at !== undefined && !gated.has(at)) at = parentOf(machine.ledger, at);
  return at !== undefined;
}
