/** How long what goes on of a task is waited for, once it is not wanted any more: what the task says, else what its run says. */
import type { Machine } from "../machine/machine.ts";
import { definitionOf } from "./definition-of.ts";

export function graceOf(
  machine: Machine,
  task: number,
  ofRun: number | undefined,
): number | undefined {
  return definitionOf(machine, task).options?.graceMs ?? ofRun;
}
