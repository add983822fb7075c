/** How many tasks a run may have, those that come up while it runs included. Knows no task. */
import type { Issues } from "../ground/check.ts";

export const MAX_TASKS = 1_000_000;

export function isTooLarge(more: number, tasks: number, maxTasks: number = MAX_TASKS): boolean {
  return tasks + more > maxTasks;
}

/** Says that so many tasks, or more, are too many for a run that has so many; `inside`: the task that they come up in. */
export function checkSize(
  issues: Issues,
  more: number,
  tasks: number,
  maxTasks: number = MAX_TASKS,
  inside?: string,
): void {
  if (!isTooLarge(more, tasks, maxTasks)) return;
  const has = tasks === 0 ? "" : `, and has ${tasks} already`;
  const would =
    inside === undefined
      ? `The run would have ${more} tasks`
      : `Inside of "${inside}" the run would have at least ${more} tasks more`;
  issues.add(
    "too-many-tasks",
    `${would}${has}: at most ${maxTasks} are allowed, say more with \`maxTasks\``,
    inside === undefined ? ["maxTasks"] : ["tasks", inside],
  );
}
