/**
 * How a run, a task or an attempt of a report ended, in the one word that traces and metrics have for it too: that of
 * `taskResult()` and `runResult()` of the core, which are told outcomes. Knows no format.
 */
import type {
  AttemptStatistics,
  RunResult,
  SerializedReport,
  TaskResult,
  TaskStatistics,
} from "@astrum/core";
import { endedBy } from "./ending.ts";
import { isCutOff } from "./outcome.ts";

/** Of a time limit of the core. */
const TIMEOUT = "ASTRUM_TIMEOUT";

/** Undefined for a run whose record was cut off: nobody knows. */
export function runResultOf(report: SerializedReport): RunResult | undefined {
  switch (report.executionState) {
    case "completed":
      return "success";
    case "cancelled":
      return "cancellation";
    case "failed":
      return endedBy(report) === "" ? "failure" : "timeout";
    default:
      return undefined;
  }
}

export function taskResultOf(task: TaskStatistics): TaskResult | undefined {
  const { status, error, reason } = task;
  if (isCutOff(task)) return undefined;
  switch (status) {
    case "completed":
      return "success";
    case "failed":
      return error?.code === TIMEOUT ? "timeout" : "failure";
    case "abandoned":
      return reason?.kind === "timeout" && reason.scope !== "run" ? "timeout" : "cancellation";
    case "cancelled":
      return "cancellation";
    case "skipped":
      return "skip";
    case "restored":
      return task.source === "cache" ? "cached" : "restored";
    default:
      return status;
  }
}

/** The last attempt of an abandoned task is what the task is. */
export function attemptResultOf(
  { status, error }: AttemptStatistics,
  task: TaskStatistics,
): TaskResult | undefined {
  switch (status) {
    case "completed":
      return "success";
    case "failed":
      return error?.code === TIMEOUT ? "timeout" : "failure";
    case "cancelled":
      return "cancellation";
    case "abandoned":
      return taskResultOf(task);
    default:
      return undefined;
  }
}
