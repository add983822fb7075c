/** Whether a failed attempt is followed by another one, and after how long. Calls the user's policy; waits for nothing. */
import { describe } from "../ground/describe.ts";
import { fieldOf } from "../ground/field.ts";
import type { RetryPolicy } from "./task-options.ts";

const BASE_MS = 100;
const MAX_MS = 30_000;
/** How many times `baseMs` the delay before a retry is. */
const TIMES = {
  none: () => 0,
  fixed: () => 1,
  linear: (retry: number) => retry,
  // A larger power is infinite, and so many times a `baseMs` of 0 is no number.
  exponential: (retry: number) => 2 ** Math.min(retry - 1, 1023),
};

/**
 * The milliseconds before retry number `retry` (from 1), or `undefined` when the failure is final. Throws what the
 * policy's functions throw, a `RangeError` when its back-off is no delay or `random` no fraction, a `TypeError` when
 * `retryIf` gives a promise. `unheard` is told of a promise that is no answer: what it stands for goes on.
 */
export function retryDelay(
  policy: number | RetryPolicy,
  retry: number,
  error: unknown,
  random: () => number,
  unheard: (promise: Promise<unknown>) => void,
): number | undefined {
  // It says of itself that another attempt cannot help.
  if (fieldOf(error, "retryable") === false) return undefined;
  const asked = fieldOf(error, "retryAfterMs");
  const least =
    typeof asked === "number" && asked > 0 && asked < Number.POSITIVE_INFINITY ? asked : 0;
  if (typeof policy === "number") return least;
  const { backoff = "none", baseMs = BASE_MS, maxMs = MAX_MS, jitter = "none", retryIf } = policy;
  if (retryIf !== undefined) {
    const verdict: unknown = retryIf(error, retry);
    if (isPromise(verdict)) {
      unheard(Promise.resolve(verdict));
      throw new TypeError("Expected `retryIf` to return true or false, got a promise");
    }
    if (!verdict) return undefined;
  }
  let delay: number;
  if (typeof backoff === "function") {
    delay = backoff(retry, error);
    if (typeof delay !== "number" || !(delay >= 0)) {
      if (isPromise(delay)) unheard(Promise.resolve(delay));
      throw new RangeError(
        `Expected the back-off to be milliseconds from 0 up, got ${describe(delay)}`,
      );
    }
  } else {
    delay = baseMs * TIMES[backoff](retry);
  }
  delay = Math.min(delay, maxMs);
  if (jitter === "full") delay *= fraction(random());
  return Math.max(delay, least);
}

/** Always truthy, and no answer. */
function isPromise(answer: unknown): boolean {
  return describe(answer) === "a promise";
}

function fraction(drawn: unknown): number {
  if (typeof drawn === "number" && drawn >= 0 && drawn <= 1) return drawn;
  throw new RangeError(`Expected \`random\` to give a number from 0 to 1, got ${describe(drawn)}`);
}
