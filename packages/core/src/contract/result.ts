/**
 * How a task, an attempt or a run ended, in the few words that metrics, spans and logs count by. One table for all of
 * them, so that no two tools tell the same run differently. Knows no tool.
 */
import type { RunEndEvent, TaskOutcome } from "./observer.ts";

/** Of a run: `timeout` is the run's own time limit; that of a task which fails the run is a `failure` of the run. */
export type RunResult = "success" | "failure" | "timeout" | "cancellation";

/** Of a task or an attempt: `timeout` is its own time limit, whether it stopped when it was asked to or not. */
export type TaskResult = RunResult | "skip" | "restored" | "cached" | "detached";

/**
 * The result of a task or of an attempt. One that ignored its signal past the grace period (`abandoned`) is a `timeout`
 * when its own time limit is why it was asked to stop, a `failure` when what it read has gone, else a `cancellation`;
 * `outcome.status` still says that it never ended. Failures are `failure` and `timeout`.
 *
 * @example
 * ```ts
 * import { type TaskOutcome, taskResult } from "@astrum/core";
 *
 * const outcome: TaskOutcome = { status: "failed", error: new Error("late"), timedOut: true };
 * console.log(taskResult(outcome)); // timeout
 * ```
 */
export function taskResult(outcome: TaskOutcome): TaskResult {
  switch (outcome.status) {
    case "completed":
      return "success";
    case "failed":
      return outcome.timedOut ? "timeout" : "failure";
    case "abandoned":
      if (outcome.timedOut) return "timeout";
      return outcome.lost ? "failure" : "cancellation";
    case "cancelled":
      return "cancellation";
    case "skipped":
      return "skip";
    case "restored":
      return outcome.source === "cache" ? "cached" : "restored";
    default:
      return outcome.status;
  }
}

/**
 * The result of a run, from what its end says.
 *
 * @example
 * ```ts
 * import { runResult } from "@astrum/core";
 *
 * console.log(runResult({ executionState: "failed", timedOut: false })); // failure
 * ```
 */
export function runResult(end: Pick<RunEndEvent, "executionState" | "timedOut">): RunResult {
  if (end.executionState === "completed") return "success";
  if (end.executionState === "cancelled") return "cancellation";
  return end.timedOut ? "timeout" : "failure";
}
