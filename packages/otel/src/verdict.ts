/** How a task, an attempt or a run ended: the core's one word for it, and what an error is called. Knows no span. */
import {
  type RunEndEvent,
  type RunResult,
  runResult,
  type TaskOutcome,
  type TaskResult,
  taskResult,
} from "@astrum/core";
import { errorTypeOf } from "./error-type.ts";

export interface Failure {
  readonly error: unknown;
  readonly type: string;
}

export interface Verdict<Result = TaskResult> {
  readonly result: Result;
  /** Only of what failed: cancelled is no error. */
  readonly failure?: Failure;
}

export type ErrorNamer = ((error: unknown) => string | undefined) | undefined;

export function verdictOf(outcome: TaskOutcome, namer: ErrorNamer): Verdict {
  const result = taskResult(outcome);
  if (result !== "failure" && result !== "timeout") return { result };
  const error =
    outcome.status === "failed" ? outcome.error : (outcome as { reason?: unknown }).reason;
  return { result, failure: { error, type: errorTypeOf(error, result === "timeout", namer) } };
}

/** `error.type` of a run is that of its first failure, or `timeout`. */
export function runVerdictOf(event: RunEndEvent, namer: ErrorNamer): Verdict<RunResult> {
  const result = runResult(event);
  if (result === "timeout") {
    return { result, failure: { error: new Error("The run took too long"), type: "timeout" } };
  }
  if (result !== "failure") return { result };
  const { error, timedOut = false } = event.firstFailure ?? { error: undefined };
  return { result, failure: { error, type: errorTypeOf(error, timedOut, namer) } };
}
