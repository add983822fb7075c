/** A run as the passed / failed / tolerated / skipped that test result formats know. Knows no format. */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { endedEarly, endingText } from "./ending.ts";
import { labelOf } from "./label.ts";
import { isFailure, reasonText } from "./outcome.ts";

/** One line of a test result. */
export interface Verdict {
  readonly name: string;
  /** The map of an item; undefined for everything else. */
  readonly group: string | undefined;
  /** `tolerated`: it failed, and that is no error. */
  readonly result: "passed" | "failed" | "tolerated" | "skipped";
  /** Undefined for the run itself. */
  readonly task: TaskStatistics | undefined;
  /** Why it failed or was skipped, one line. */
  readonly message: string;
}

/**
 * Every task in the order of the report. A run that could not be planned or was cancelled gets a failed line of its own
 * unless a task failed, one that ran into its time limit or was cut off gets it always: a continuous integration server
 * must not show it green, and whoever looks there must see why it ended.
 */
export function verdicts(report: SerializedReport): Verdict[] {
  const list: Verdict[] = report.taskStatistics.map((task) => ({
    name: labelOf(task),
    group: task.kind === "item" ? task.parent : undefined,
    result: isFailure(task)
      ? "failed"
      : task.tolerated === true
        ? "tolerated"
        : task.status === "completed" || task.status === "restored"
          ? "passed"
          : "skipped",
    task,
    message: reasonText(task),
  }));
  for (const issue of report.planIssues ?? []) {
    const { message, suggestion } = issue;
    const full = suggestion === undefined ? message : `${message} ${suggestion}`;
    list.push({ name: "plan", group: undefined, result: "failed", task: undefined, message: full });
  }
  if (!list.some(({ result }) => result === "failed") || endedEarly(report)) {
    const message = endingText(report);
    if (message !== undefined) {
      list.push({ name: "run", group: undefined, result: "failed", task: undefined, message });
    }
  }
  return list;
}
