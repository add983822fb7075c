/**
 * How a task looks on the page: as its status, but a failure that the run tolerates as a warning. The colours are for where no
 * style sheet is let in; that has its own, light and dark, under the classes `mark` and `fill-` with the same word.
 */
import type { TaskStatistics, TaskStatus } from "@astrum/core";

export type TaskLook = TaskStatus | "tolerated";

export function lookOf({
  status,
  tolerated,
}: Pick<TaskStatistics, "status" | "tolerated">): TaskLook {
  return tolerated === true ? "tolerated" : status;
}

export const LOOK_COLOUR: Readonly<Record<TaskLook, string>> = {
  completed: "#2c8571",
  restored: "#5b7fb5",
  failed: "#c2362b",
  tolerated: "#d8b679",
  abandoned: "#8c1d40",
  cancelled: "#b7791f",
  skipped: "#9a958c",
  detached: "#7a6aa8",
};
