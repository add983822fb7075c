/**
 * The colour of a status in a picture that stands on the page, for where no style sheet is let in. The style sheet has its own,
 * light and dark, under the class `fill-` and the status.
 */
import type { TaskStatus } from "@astrum/core";

export const STATUS_COLOUR: Readonly<Record<TaskStatus, string>> = {
  completed: "#2c8571",
  restored: "#5b7fb5",
  failed: "#c2362b",
  abandoned: "#8c1d40",
  cancelled: "#b7791f",
  skipped: "#9a958c",
  detached: "#7a6aa8",
};
