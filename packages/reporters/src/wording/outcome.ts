/**
 * What became of a task, in words, and as the passed / failed / skipped that test result formats know.
 * Knows no format.
 */
import type { SerializedError, SerializedReport, TaskStatistics, TaskStatus } from "@astrum/core";
import { duration } from "./duration.ts";

/** A shape for every status, so that none is told by colour alone. */
export const STATUS_SIGN: Readonly<Record<TaskStatus, string>> = {
  completed: "✓",
  restored: "↻",
  failed: "✗",
  abandoned: "☠",
  cancelled: "⊘",
  skipped: "↷",
  detached: "…",
};

export const STATUSES: readonly TaskStatus[] = [
  "completed",
  "restored",
  "failed",
  "abandoned",
  "cancelled",
  "skipped",
  "detached",
];

/** An abandoned task never stopped when asked: whoever reads test results must see it. */
export function isFailure(task: TaskStatistics): boolean {
  return task.status === "failed" || task.status === "abandoned";
}

export function isFlaky(task: TaskStatistics): boolean {
  return task.status === "completed" && failedAttempts(task) > 0;
}

export function failedAttempts(task: TaskStatistics): number {
  return task.attemptStatistics.filter((attempt) => attempt.status === "failed").length;
}

/** Why a task did not complete, as one sentence without its name; empty for those that did. */
export function reasonText(task: TaskStatistics): string {
  const { reason } = task;
  if (reason === undefined) return task.error === undefined ? "" : errorTitle(task.error);
  switch (reason.kind) {
    case "dependency":
      return reason.task === reason.root
        ? `its dependency "${reason.task}" did not complete`
        : `its dependency "${reason.task}" did not complete because "${reason.root}" failed`;
    case "failure":
      return `the run stopped because "${reason.task}" failed`;
    case "timeout":
      return `the ${reason.scope === "run" ? "run" : "attempt"} took longer than ${duration(reason.limitMs)}`;
    case "condition":
      return reason.message ?? "its condition said no";
    case "aborted":
      return reason.message ?? "it was aborted";
    default:
      return reason.message ?? "the run stopped before it could start";
  }
}

export function errorTitle(error: SerializedError): string {
  return error.message === "" ? error.name : `${error.name}: ${error.message}`;
}

const CAUSES_SHOWN = 8;

/** The error, its stack and its causes, each cause introduced by "Caused by". */
export function errorText(error: SerializedError): string {
  const parts: string[] = [];
  let current: SerializedError | undefined = error;
  for (let depth = 0; current !== undefined && depth < CAUSES_SHOWN; depth++) {
    parts.push(`${depth === 0 ? "" : "Caused by: "}${stackOf(current)}`);
    for (const one of current.errors ?? []) parts.push(`  - ${errorTitle(one)}`);
    current = current.cause;
  }
  return parts.join("\n");
}

/** V8 puts the title on top of the stack, other engines do not. */
function stackOf(error: SerializedError): string {
  const title = errorTitle(error);
  const { stack } = error;
  if (stack === undefined || stack === "") return title;
  return stack.includes(error.message) ? stack : `${title}\n${stack}`;
}

/** One line of a test result. */
export interface Verdict {
  readonly name: string;
  /** The map of an item; undefined for everything else. */
  readonly group: string | undefined;
  readonly result: "passed" | "failed" | "skipped";
  /** Undefined for the run itself. */
  readonly task: TaskStatistics | undefined;
  /** Why it failed or was skipped, one line. */
  readonly message: string;
}

/**
 * Every task in the order of the report. A run that could not be planned, was cancelled or is cut off gets a failed line of
 * its own unless a task failed: a continuous integration server must not show it green.
 */
export function verdicts(report: SerializedReport): Verdict[] {
  const list: Verdict[] = report.taskStatistics.map((task) => ({
    name: task.taskName,
    group: task.kind === "item" ? task.parent : undefined,
    result: isFailure(task)
      ? "failed"
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
  if (report.executionState !== "completed" && !list.some(({ result }) => result === "failed")) {
    const message = report.errorSummary[0] ?? `the run was ${report.executionState}`;
    list.push({ name: "run", group: undefined, result: "failed", task: undefined, message });
  }
  return list;
}

/** `250 completed, 3 failed`: the counts that are not zero. */
export function countsText(report: SerializedReport): string {
  const counts: Readonly<Record<TaskStatus, number>> = {
    completed: report.successfulTasks,
    restored: report.restoredTasks,
    failed: report.failedTasks,
    abandoned: report.abandonedTasks,
    cancelled: report.cancelledTasks,
    skipped: report.skippedTasks,
    detached: report.detachedTasks,
  };
  const parts = STATUSES.filter((status) => counts[status] > 0).map(
    (status) => `${counts[status]} ${status}`,
  );
  return parts.length === 0 ? "none" : parts.join(", ");
}
