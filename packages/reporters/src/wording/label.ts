/** What people read a task as: its name, and beside that of an item what its map calls it. Knows no format. */
import type { TaskInfo, TaskStatistics } from "@astrum/core";

/** `read[533] (user-7)`. Of the statistics in a report. */
export function labelOf({ taskName, key }: Pick<TaskStatistics, "taskName" | "key">): string {
  return labelled(taskName, key);
}

/** The same of what observers are told. */
export function labelOfInfo({ key, itemKey }: Pick<TaskInfo, "key" | "itemKey">): string {
  return labelled(key, itemKey);
}

function labelled(name: string, key: string | undefined): string {
  return key === undefined ? name : `${name} (${key})`;
}
