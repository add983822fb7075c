/**
 * Whether a failed attempt is followed by another one: its retry policy is asked, and waited for. Knows the policy and the
 * error; what the answer means for the run is not known here.
 */
import { retryDelay, wantsRetry } from "../define/retry.ts";
import type { RetryPolicy } from "../define/task-options.ts";
import { frameless } from "../ground/errors.ts";
import { isPromise, settling } from "../ground/promised.ts";
import { summarizeError } from "../ground/summarize-error.ts";

export interface FailedAttempt {
  readonly taskName: string;
  readonly attempt: number;
  readonly policy: number | RetryPolicy;
  /** What is reported. */
  readonly error: Error;
  /** That of the function itself, which the policy is asked with. */
  readonly own: Error;
  readonly random: () => number;
  /** Whether another attempt waits for the resource that `retryAfter` of the error names. */
  readonly waits: boolean;
  /** Whether another attempt is still possible: asked again when an answer took time. */
  readonly possible: () => boolean;
}

/** The error to report, and the delay before the next attempt where there is one. */
type Told = (error: Error, delayMs: number | undefined) => void;

/** Calls `told` once: at once, unless the policy gives a promise. Then `waiting` is called, and it is waited for. */
export function askRetry(failed: FailedAttempt, waiting: () => void, told: Told): void {
  const { policy, attempt, own, error } = failed;
  const broken = (thrown: unknown): void => told(withPolicyError(failed, thrown), undefined);
  const answered = (wanted: unknown): void => {
    if (wanted && failed.possible()) askDelay(failed, waiting, told);
    else told(error, undefined);
  };
  let wanted: boolean | PromiseLike<unknown>;
  try {
    wanted = wantsRetry(policy, attempt, own);
  } catch (thrown) {
    broken(thrown);
    return;
  }
  if (!isPromise(wanted)) {
    answered(wanted);
    return;
  }
  waiting();
  settling(wanted).then(answered, broken);
}

function askDelay(failed: FailedAttempt, waiting: () => void, told: Told): void {
  const { policy, attempt, own, error, random, waits } = failed;
  let unheard: Promise<unknown> | undefined;
  let delayMs: number;
  try {
    const goesOn = (promise: Promise<unknown>): void => {
      unheard = promise;
    };
    delayMs = retryDelay(policy, attempt, own, random, goesOn, waits);
  } catch (thrown) {
    const end = (): void => told(withPolicyError(failed, thrown), undefined);
    // A back-off that is asynchronous by mistake is refused, but it goes on: so does its attempt.
    if (unheard === undefined) {
      end();
    } else {
      waiting();
      unheard.then(end, end);
    }
    return;
  }
  told(error, delayMs);
}

/** A policy that has not answered, and that nobody waits for any more: the failure is not lost behind that. */
export function unanswered(taskName: string, failure: Error, afterMs: number): Error {
  const message = `Task "${taskName}" failed: ${summarizeError(failure)}; and its retry policy had not answered ${Math.round(afterMs)} ms after it was called off`;
  return frameless(new Error(message, { cause: failure }));
}

function withPolicyError({ taskName, error }: FailedAttempt, thrown: unknown): Error {
  const message = `Task "${taskName}" failed: ${summarizeError(error)}; and so did its retry policy: ${summarizeError(thrown)}`;
  return frameless(new AggregateError([error, thrown], message));
}
