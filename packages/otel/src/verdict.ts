/** How a task, an attempt or a run ended, in the words of spans and metrics. Knows no span. */
import type { TaskOutcome } from "@astrum/core";
import { errorTypeOf } from "./error-type.ts";

/** The enumeration of the CI/CD conventions, and what only this scheduler knows. */
type Result = "success" | "failure" | "timeout" | "skip" | "cancellation" | "restored" | "detached";

export interface Verdict {
  readonly result: Result;
  /** Only of what failed: cancelled is no error. */
  readonly failure?: { readonly error: unknown; readonly type: string };
}

type Mapper = ((error: unknown) => string | undefined) | undefined;

const RESULTS = {
  completed: "success",
  restored: "restored",
  skipped: "skip",
  detached: "detached",
} as const;

export function verdictOf(outcome: TaskOutcome, mapper: Mapper): Verdict {
  switch (outcome.status) {
    case "failed":
      return failed(outcome.error, outcome.timedOut, mapper);
    case "abandoned":
      // One that ran over its own limit has failed; one that was stopped by others has not.
      return outcome.timedOut ? failed(outcome.reason, true, mapper) : { result: "cancellation" };
    case "cancelled":
      return { result: "cancellation" };
    default:
      return { result: RESULTS[outcome.status] };
  }
}

export function failed(error: unknown, timedOut: boolean, mapper: Mapper): Verdict {
  const type = errorTypeOf(error, timedOut, mapper);
  return { result: timedOut ? "timeout" : "failure", failure: { error, type } };
}

/** Whose time limit an error tells of. */
export function timeoutScope(reason: unknown): "attempt" | "run" | undefined {
  try {
    const { code, scope } = (reason ?? {}) as { code?: unknown; scope?: unknown };
    if (code !== "ASTRUM_TIMEOUT") return undefined;
    return scope === "run" ? "run" : "attempt";
  } catch {
    return undefined;
  }
}
