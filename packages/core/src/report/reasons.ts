/**
 * A reason of the ledger in the two forms that people meet: the typed error on a signal or an outcome, and a sentence.
 * One reason gives one error object, so that the reason of an outcome is the reason of the signal.
 */
import type { Because } from "../define/task.ts";
import {
  asError,
  frameless,
  JournalError,
  RunAbortedError,
  RunStoppedError,
  TaskCancelledError,
} from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import type { Ledger } from "../machine/ledger.ts";
import type { Reason } from "../machine/reason.ts";
import { CANCELLED, SHOWN, SKIPPED } from "../machine/states.ts";
import { attemptTimeout, runTimeout } from "./timeouts.ts";

export class Reasons {
  readonly #ledger: Ledger;
  readonly #nameOf: (task: number) => string;
  /** By what makes them the same reason. */
  #errors: Map<unknown, Error> | undefined;

  constructor(ledger: Ledger, nameOf: (task: number) => string) {
    this.#ledger = ledger;
    this.#nameOf = nameOf;
  }

  /** The error that says why `task` was asked to stop, or was never started. */
  errorOf(reason: Reason, task: number): Error {
    const origin = reason.kind === "not-started" ? reason.because : reason;
    if (origin.kind === "lost") return origin.error;
    const perTask =
      (origin.kind === "aborted" && origin.scope === "task") ||
      (origin.kind === "timeout" && origin.scope !== "run");
    const key = perTask ? task : origin.kind === "failure" ? `failure ${origin.task}` : origin.kind;
    this.#errors ??= new Map();
    let error = this.#errors.get(key);
    if (error === undefined) {
      error = frameless(this.#make(origin, task));
      this.#errors.set(key, error);
    }
    return error;
  }

  #make(reason: Reason, task: number): Error {
    switch (reason.kind) {
      case "failure":
        return new RunStoppedError(
          this.#nameOf(reason.task),
          this.#ledger.errorOf(reason.task),
          reason.inside === undefined ? undefined : this.#nameOf(reason.inside),
        );
      case "timeout":
        return reason.scope === "run"
          ? runTimeout(reason, this.#nameOf)
          : attemptTimeout(this.#nameOf(task), {
              limitMs: reason.limitMs,
              scope: reason.scope,
              elapsedMs: reason.limitMs,
              ended: false,
              progress: undefined,
            });
      case "aborted":
        if (reason.scope === "task")
          return new TaskCancelledError(this.#nameOf(task), reason.reason);
        return new RunAbortedError(
          "The run was aborted",
          reason.reason === undefined
            ? undefined
            : { cause: asError(reason.reason, "The run was aborted with") },
        );
      case "clock":
        return reason.error as Error;
      case "journal":
        return new JournalError(`The run was stopped: ${this.textOf(reason)}`, {
          cause: reason.error,
        });
      default:
        return new Error(this.textOf(reason));
    }
  }

  /** Why a task was skipped, in a word, and the other task that is the first cause of it, where there is one. */
  skippedBy(reason: Reason): { readonly because: Because; readonly root?: string } {
    switch (reason.kind) {
      case "condition":
      case "unneeded":
        return { because: "condition" };
      case "dependency":
        return { because: "dependency", root: this.#nameOf(reason.root) };
      case "failure":
        return { because: "stopped", root: this.#nameOf(reason.task) };
      default:
        return { because: "stopped" };
    }
  }

  /** One sentence, without the name of the task whose reason it is. */
  textOf(reason: Reason): string {
    switch (reason.kind) {
      case "dependency":
        return reason.task === reason.root
          ? `needs "${this.#nameOf(reason.task)}", which ${this.#ending(reason.root)}`
          : `needs "${this.#nameOf(reason.task)}", which was skipped because "${this.#nameOf(reason.root)}" ${this.#ending(reason.root)}`;
      case "condition":
        return reason.message;
      case "unneeded":
        return "all that reads it is restored";
      case "failure":
        return `${reason.inside === undefined ? "the run" : `"${this.#nameOf(reason.inside)}"`} was stopped because "${this.#nameOf(reason.task)}" failed`;
      case "timeout":
        return TOOK_LONGER[reason.scope](reason.limitMs);
      case "aborted":
        return `${reason.scope === "run" ? "the run was aborted" : "cancelled by the caller"}${because(reason.reason)}`;
      case "not-started":
        return `not started: ${this.textOf(reason.because)}`;
      case "lost":
        return summarizeError(reason.error);
      case "journal":
        return `the journal failed${because(reason.error)}`;
      case "clock":
        return `the clock failed${because(reason.error)}`;
    }
  }

  /** How the first of a chain ended, and why where no error tells it: it may be told nowhere else. */
  #ending(root: number): string {
    const status = this.#ledger.status[root] as number;
    const reason = this.#ledger.reasons.get(root);
    const unexplained = status === SKIPPED || status === CANCELLED;
    return unexplained && reason !== undefined
      ? `${fateOf(status)}: ${this.textOf(reason)}`
      : fateOf(status);
  }
}

const TOOK_LONGER = {
  attempt: (limitMs: number) => `the attempt took longer than ${limitMs} ms`,
  task: (limitMs: number) => `the task took longer than its deadline of ${limitMs} ms`,
  run: (limitMs: number) => `the run took longer than ${limitMs} ms`,
};

/** A state as the verb of a sentence. */
export function fateOf(state: number): string {
  return FATES[SHOWN[state] as number] as string;
}

const FATES = [
  "is waiting",
  "is ready",
  "is running",
  "is delayed",
  "completed",
  "failed",
  "was cancelled",
  "was skipped",
  "was restored",
  "was detached",
  "was abandoned",
];

function because(reason: unknown): string {
  return reason === undefined ? "" : `: ${summarizeError(reason)}`;
}
