/**
 * How a run ended, when its tasks alone do not say so: its own time limit, the caller, or a process that was killed. What
 * was running then, and how to go on. Knows no format.
 */

import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { duration } from "./duration.ts";
import { labelOf } from "./label.ts";
import { isCutOff, isFlow } from "./outcome.ts";

/** Whether the time limit of the run is what ended it. */
function isTimedOut(report: SerializedReport): boolean {
  if (report.formatVersion !== "1.0") return report.timedOut === true;
  return report.executionState === "failed" && limitByReasons(report) !== undefined;
}

/** That limit, where anything says it. */
function timeLimitOf(report: SerializedReport): number | undefined {
  return report.run.config.timeoutMs ?? limitByReasons(report);
}

/** As tasks tell it that were stopped by it: also such as had been asked to stop before, for another reason. */
function limitByReasons(report: SerializedReport): number | undefined {
  for (const { reason } of report.taskStatistics) {
    if (reason?.kind === "timeout" && reason.scope === "run") return reason.limitMs;
    if (reason?.kind !== "not-started") continue;
    // The core's own words, of a task that was ready and not called yet.
    const limit = /^the run took longer than ([\d.]+) ms$/.exec(reason.message ?? "")?.[1];
    if (limit !== undefined) return Number(limit);
  }
  return undefined;
}

/**
 * What follows the verdict `failed after 347 ms`: `its time limit of 300 ms`; of a run that was cancelled why, as its caller
 * said it. Empty when the tasks say enough, and when nobody said why.
 */
export function endedBy(report: SerializedReport): string {
  if (report.executionState === "cancelled") return cancelledBecause(report);
  return isTimedOut(report) ? timeLimit(timeLimitOf(report)) : "";
}

/** What its tasks say of it: in the core's own words it was the run that was aborted, and why. */
function cancelledBecause({ taskStatistics }: SerializedReport): string {
  let told = "";
  for (const { reason } of taskStatistics) {
    if (reason?.kind !== "aborted" && reason?.kind !== "not-started") continue;
    const { kind, message = "" } = reason;
    if (message.startsWith(RUN_ABORTED))
      return message.slice(RUN_ABORTED.length).replace(/^: /, "");
    // That is about one task alone.
    if (kind === "aborted" && !message.startsWith(TASK_CANCELLED)) told ||= message;
  }
  return told;
}

const RUN_ABORTED = "the run was aborted";
const TASK_CANCELLED = "cancelled by the caller";

/** The same for who knows the limit, or knows only that there was one. */
export function timeLimit(limitMs: number | undefined): string {
  return limitMs === undefined ? "its time limit" : `its time limit of ${duration(limitMs)}`;
}

/** Why the run did not complete, as a sentence about the run; for one that failed because of a task nothing. */
export function endingText(report: SerializedReport): string | undefined {
  switch (report.executionState) {
    case "completed":
      return undefined;
    case "interrupted": {
      const running = cutOff(report).map(({ task, ms }) => `"${labelOf(task)}" (${atLeast(ms)})`);
      const names = running.slice(0, NAMED).join(", ");
      const more = running.length > NAMED ? ` and ${running.length - NAMED} more` : "";
      const busy = running.length === 0 ? "no task was running" : `running then: ${names}${more}`;
      return `The record of the run ends after ${duration(report.totalDurationMs)}, before the run did; ${busy}`;
    }
    case "cancelled": {
      const why = cancelledBecause(report);
      return why === "" ? "The run was cancelled" : `The run was cancelled: ${why}`;
    }
    default: {
      const told = report.errorSummary.find((line) => /^The run (took|was stopped)/.test(line));
      if (told !== undefined) return told;
      const limit = isTimedOut(report) ? timeLimitOf(report) : undefined;
      return limit === undefined
        ? report.errorSummary[0]
        : `The run took longer than ${duration(limit)}`;
    }
  }
}

const NAMED = 5;

/** Whether the run was ended by what is no failure of a task. */
export function endedEarly(report: SerializedReport): boolean {
  return report.executionState === "interrupted" || isTimedOut(report);
}

export interface CutOff {
  readonly task: TaskStatistics;
  /** So long it had run when the record ended. */
  readonly ms: number;
}

/** What was running when the record of a run ended, longest first; a map or a flow is where what is inside of it is. */
export function cutOff(report: SerializedReport): CutOff[] {
  return report.taskStatistics
    .filter((task) => isCutOff(task) && task.kind !== "map" && !isFlow(task))
    .map((task) => ({ task, ms: openMs(task, report) }))
    .sort((a, b) => b.ms - a.ms);
}

/** `for at least 3.2 s`: it went on unseen until the process ended. */
export function atLeast(ms: number): string {
  return ms < 1 ? "just started" : `for at least ${duration(ms)}`;
}

/** Milliseconds in attempts, with what is known of one that was cut off. */
export function ranMs(task: TaskStatistics, report: SerializedReport): number {
  return task.runMs + (isCutOff(task) ? openMs(task, report) : 0);
}

/** The same as it is shown: `> 3.2 s` for what went on unseen. */
export function ranText(task: TaskStatistics, report: SerializedReport): string {
  return `${isCutOff(task) ? "> " : ""}${duration(ranMs(task, report))}`;
}

/** From its first start to its end, as it is shown. */
export function tookText(task: TaskStatistics, report: SerializedReport): string {
  if (!isCutOff(task) || task.startAt === null) return duration(task.durationMs);
  return `> ${duration(Math.max(0, report.totalDurationMs - task.startAt))}`;
}

/** From the start of the last attempt to the end of the record. */
function openMs(task: TaskStatistics, report: SerializedReport): number {
  const startAt = task.attemptStatistics.at(-1)?.startAt ?? report.totalDurationMs;
  return Math.max(0, report.totalDurationMs - startAt);
}

/** How to go on after an interrupted run, with what was kept of it; undefined for every other. */
export function resumeText(report: SerializedReport): string | undefined {
  if (report.executionState !== "interrupted") return undefined;
  const stored = Object.values(report.outputs ?? {}).filter(
    ({ encoding }) => encoding !== "omitted",
  ).length;
  if (stored === 0) {
    return "No outputs are stored with it, so a new run begins at the beginning. Given as `journal`, an event log keeps them.";
  }
  const kept = stored === 1 ? "The output of 1 task is" : `The outputs of ${stored} tasks are`;
  return `${kept} stored: a run with \`resumeFrom: readEventLog(…)\`, given the same log, goes on from there.`;
}

/** Whether it took up an earlier run, be it that nothing of that stands; one that only tells what it could not store did not. */
export function isResumed({ run, resume }: SerializedReport): boolean {
  if (resume === undefined) return false;
  const { restored, rerun, ignored } = resume;
  return run.resumes !== undefined || restored.length + rerun.length + ignored.length > 0;
}
