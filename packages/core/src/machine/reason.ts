/**
 * Why: what an attempt or a run is asked to stop for, as the driver says it (`AbortCause`, `StopCause`), and what the ledger
 * keeps of that, and of every other status (`Reason`). Words only; what they are told as is not known here.
 */
import type { Progress } from "../ground/errors.ts";

/** Why a run stops before its tasks are done. */
export type StopCause =
  | { readonly kind: "aborted"; readonly reason: unknown }
  | ({ readonly kind: "timeout"; readonly limitMs: number } & TimeoutScene)
  | { readonly kind: "journal"; readonly error: unknown }
  | { readonly kind: "clock"; readonly error: unknown };

/** What is known of a run at the moment when its time was up. */
interface TimeoutScene {
  /** Since its start, in milliseconds. */
  readonly elapsedMs?: number;
  /** How many attempts were running, and a few of them, those that had run longest first. */
  readonly running?: number;
  readonly busy?: readonly { readonly task: number; readonly progress: Progress | undefined }[];
}

/** Why an attempt is asked to stop. */
export type AbortCause =
  | StopCause
  | { readonly kind: "failure"; readonly task: number; readonly inside?: number | undefined }
  | { readonly kind: "expired"; readonly limitMs: number; readonly scope?: "task" | undefined }
  | { readonly kind: "lost"; readonly error: Error }
  | { readonly kind: "cancelled"; readonly reason: unknown };

/** Why a task has its status, or the run its state. */
export type Reason =
  /** A dependency rules it out; `root` is the first task of that chain. */
  | { readonly kind: "dependency"; readonly task: number; readonly root: number }
  | { readonly kind: "condition"; readonly message: string }
  /** A thing, and all that reads it is restored. */
  | { readonly kind: "unneeded" }
  | { readonly kind: "aborted"; readonly scope: "run" | "task"; readonly reason: unknown }
  | { readonly kind: "not-started"; readonly because: Reason }
  /** `inside`: it stopped no more than what is inside of this task. */
  | { readonly kind: "failure"; readonly task: number; readonly inside?: number | undefined }
  | { readonly kind: "timeout"; readonly limitMs: number; readonly scope: "attempt" | "task" }
  | ({ readonly kind: "timeout"; readonly limitMs: number; readonly scope: "run" } & TimeoutScene)
  | { readonly kind: "lost"; readonly error: Error }
  | { readonly kind: "journal"; readonly error: unknown }
  | { readonly kind: "clock"; readonly error: unknown };

/** Why, in the words of the ledger. */
export function reasonOf(cause: AbortCause | StopCause): Reason {
  switch (cause.kind) {
    case "failure":
      return cause.inside === undefined
        ? { kind: "failure", task: cause.task }
        : { kind: "failure", task: cause.task, inside: cause.inside };
    case "timeout":
      return { ...cause, scope: "run" };
    case "expired":
      return { kind: "timeout", limitMs: cause.limitMs, scope: cause.scope ?? "attempt" };
    case "lost":
      return cause;
    case "journal":
    case "clock":
      return { kind: cause.kind, error: cause.error };
    case "cancelled":
      return { kind: "aborted", scope: "task", reason: cause.reason };
    case "aborted":
      return { kind: "aborted", scope: "run", reason: cause.reason };
  }
}
