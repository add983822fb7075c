/** How many tasks a run may have, those that come up while it runs included. Knows no task. */
import type { Issues } from "../ground/check.ts";

const MAX_TASKS = 1_000_000;

export function isTooLarge(more: number, tasks: number, maxTasks: number = MAX_TASKS): boolean {
  return tasks + more > maxTasks;
}

/** Says that so many tasks are too many for a run that has so many; `inside`: the task that they come up in. */
export function checkSize(
  issues: Issues,
  more: number,
  tasks: number,
  maxTasks: number = MAX_TASKS,
  inside?: string,
): void {
  if (!isTooLarge(more, tasks, maxTasks)) return;
  const where = inside === undefined ? "The run" : `Inside of "${inside}" the run`;
  const has = tasks === 0 ? "" : `, and has ${tasks} already`;
  issues.add(
    "too-many-tasks",
    `${where} would have ${more} tasks${inside === undefined ? "" : " more"}${has}: at most ${maxTasks} are allowed, say more with \`maxTasks\``,
    inside === undefined ? ["maxTasks"] : ["tasks", inside],
  );
}
