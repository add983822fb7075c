/** A run as the passed / failed / tolerated / skipped that test result formats know. Knows no format. */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { endedEarly, endingText } from "./ending.ts";
import { labelOf } from "./label.ts";
import { Nesting } from "./nesting.ts";
import { isFailure, reasonText } from "./outcome.ts";

/** One line of a test result. */
export interface Verdict {
  readonly name: string;
  /** What it is inside of at the top, a map or a task with a flow; undefined for what is at the top itself. */
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
  const { taskStatistics } = report;
  const nesting = Nesting.of(report);
  const list: Verdict[] = taskStatistics.map((task, place) => ({
    name: labelOf(task),
    group:
      nesting.parentOf(place) === -1
        ? undefined
        : taskStatistics[nesting.outermostOf(place)]?.taskName,
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
