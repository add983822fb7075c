/** What was written down for a task of a run: an item has what its map has. The machine itself is told traits only. */
import type { Definition } from "../define/definition.ts";
import type { Machine } from "../machine/machine.ts";
import { definitionIn } from "../machine/task-name.ts";

export function definitionOf({ plan, ledger }: Machine, task: number): Definition {
  return definitionIn(plan.graph, ledger, ledger.writtenOf(task));
}
