/** What became of a task, in words and as a sign. Knows no format. */
import {
  type AttemptStatistics,
  type SerializedError,
  type SerializedReport,
  summarizeError,
  type TaskStatistics,
  type TaskStatus,
} from "@astrum/core";
import { duration } from "./duration.ts";
import { errorTitle } from "./error-text.ts";
import { cut } from "./visible.ts";

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
export function hasFailed(task: TaskStatistics): boolean {
  return task.status === "failed" || (task.status === "abandoned" && !isCutOff(task));
}

/** What makes a result red: what the run tolerates does not; a value that was not released does. */
export function isFailure(task: TaskStatistics): boolean {
  return (hasFailed(task) && task.tolerated !== true) || task.releaseError !== undefined;
}

/** What makes it red is its value, which was not released: it did not fail itself, or not so that it counts. */
export function isUnreleased(task: TaskStatistics): boolean {
  return task.releaseError !== undefined && (!hasFailed(task) || task.tolerated === true);
}

/** That of its status, unless its value was not released. */
export function signOf(task: TaskStatistics): string {
  return STATUS_SIGN[task.releaseError === undefined ? task.status : "failed"];
}

/** Of a run. */
export function stateSign(state: SerializedReport["executionState"]): string {
  return STATUS_SIGN[state === "interrupted" ? "cancelled" : state];
}

/** A task that has a flow inside of it, or one after another: what is in there stands in the same report. */
export function isFlow({ role }: Pick<TaskStatistics, "role">): boolean {
  return role === "subflow" || role === "loop";
}

/** It failed because of what is inside of it: the items of a map, the tasks of a flow. */
export function failsForInside(task: TaskStatistics): boolean {
  return task.kind === "map" || (isFlow(task) && task.error?.name === "SubflowError");
}

/**
 * The tasks that failed, the first to fail first. A map fails because of its items, so they stand before it; whoever failed
 * because of a flow inside comes last of all.
 */
export function failuresOf(report: SerializedReport): TaskStatistics[] {
  return inOrder(report.taskStatistics.filter(isFailure));
}

/** What a failure that is tolerated is called beside its error: no more than that, or why it did no harm. */
export function toleratedText({ fallback }: Pick<TaskStatistics, "fallback">): string {
  return fallback === true ? "its fallback gave a value" : "tolerated";
}

/** Those whose failure the run tolerates, in the same order; a value that was not released is no part of that. */
export function toleratedOf(report: SerializedReport): TaskStatistics[] {
  const tolerated = report.taskStatistics.filter((task) => task.tolerated === true);
  return inOrder(tolerated.map(({ releaseError: _, ...task }) => task));
}

function inOrder(tasks: TaskStatistics[]): TaskStatistics[] {
  const when = ({ endAt }: TaskStatistics): number => endAt ?? Number.MAX_VALUE;
  const forFlow = new Set(tasks.filter((task) => isFlow(task) && failsForInside(task)));
  const ofFlows = new Set(Array.from(forFlow, ({ parent }) => parent));
  const rank = (task: TaskStatistics): number =>
    forFlow.has(task) || (task.kind === "map" && ofFlows.has(task.taskName)) ? 1 : 0;
  return tasks.sort(
    (a, b) =>
      rank(a) - rank(b) || when(a) - when(b) || Number(a.kind === "map") - Number(b.kind === "map"),
  );
}

/** It was running when the record of the run ended, and nobody knows what became of it: the process was killed. */
export function isCutOff(task: TaskStatistics): boolean {
  if (task.status !== "abandoned") return false;
  const last = task.attemptStatistics.at(-1);
  // It was about to be called, or what was running is inside of it: items, a planned subflow.
  if (last === undefined) return true;
  // Its function had returned, perhaps a flow, and the record ends before that was its end.
  return last.status === "running" || last.status === "completed";
}

/** The error of a task, as there is need to show it: what is inside of it stands in the same report with errors of its own. */
export function errorOf(task: TaskStatistics): SerializedError | undefined {
  const { error, releaseError } = task;
  if (isUnreleased(task)) return releaseError;
  return error !== undefined && failsForInside(task) ? withoutMembers(error) : error;
}

/** For the error of a map, or of a task with a flow inside. */
export function withoutMembers({ errors: _, ...error }: SerializedError): SerializedError {
  return error;
}

/** What an attempt failed with, in one line of at most so many characters. */
export function attemptMessage(attempt: AttemptStatistics, length?: number): string | undefined {
  const { error, errorMessage } = attempt;
  return error === undefined ? errorMessage : summarizeError(error, length);
}

/** Attempts that a runner started more than once, because an executor was lost; the one started most often first. */
function startedAgain({
  taskStatistics,
}: SerializedReport): { readonly name: string; readonly times: number }[] {
  return taskStatistics
    .flatMap(({ taskName, attemptStatistics }) =>
      attemptStatistics.map(({ deliveries }) => ({ name: taskName, times: deliveries ?? 1 })),
    )
    .filter(({ times }) => times > 1)
    .sort((a, b) => b.times - a.times);
}

/** The sentence of them, which is empty without any; `shown` makes a name safe where it stands. */
export function startedAgainText(
  report: SerializedReport,
  shown: (name: string) => string,
): string {
  const again = startedAgain(report);
  if (again.length === 0) return "";
  const named = again
    .slice(0, AGAIN_SHOWN)
    .map(({ name, times }) => `${shown(name)} ${times} times`);
  const more = again.length - named.length;
  return `Started more than once, because an executor was lost: ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const AGAIN_SHOWN = 5;

export function isFlaky(task: TaskStatistics): boolean {
  return task.status === "completed" && failedAttempts(task) > 0;
}

export function failedAttempts(task: TaskStatistics): number {
  return task.attemptStatistics.filter((attempt) => attempt.status === "failed").length;
}

/**
 * Why a task did not complete, as one sentence without its name; empty for those that did. An error is told in at most so
 * many characters, its root cause among them.
 */
export function reasonText(task: TaskStatistics, length?: number): string {
  const { reason, releaseError } = task;
  if (releaseError !== undefined && isUnreleased(task)) {
    return `its value was not released: ${errorTitle(releaseError, length)}`;
  }
  if (isCutOff(task)) return "it was running when the record of the run ended";
  if (reason === undefined) {
    const error = errorOf(task);
    return error === undefined ? "" : errorTitle(error, length);
  }
  const why = sentenceOf(reason);
  const whole = task.status === "abandoned" ? `it did not stop when it was asked to: ${why}` : why;
  return length === undefined ? whole : cut(whole, length);
}

function sentenceOf(reason: NonNullable<TaskStatistics["reason"]>): string {
  switch (reason.kind) {
    case "dependency":
      return reason.task === reason.root
        ? `its dependency "${reason.task}" did not complete`
        : `its dependency "${reason.task}" did not complete because "${reason.root}" did not`;
    case "failure":
      return `the run stopped because "${reason.task}" failed`;
    case "timeout":
      return reason.deadline
        ? `the task took longer than its deadline of ${duration(reason.limitMs)}`
        : `the ${reason.scope} took longer than ${duration(reason.limitMs)}`;
    case "condition":
      return reason.message ?? "its condition said no";
    case "aborted":
      return reason.message ?? "it was aborted";
    default:
      return reason.message ?? "the run stopped before it could start";
  }
}

/** `250 completed, 3 failed, 2 tolerated`: the counts that are not zero, and how many of these failures are tolerated. */
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
  const { toleratedFailures = 0 } = report;
  if (toleratedFailures > 0) parts.push(`${toleratedFailures} tolerated`);
  return parts.length === 0 ? "none" : parts.join(", ");
}
