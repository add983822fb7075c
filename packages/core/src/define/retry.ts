/** Whether a failed attempt is followed by another one, and after how long. Calls the user's policy; waits for nothing. */
import { describe } from "../ground/describe.ts";
import { fieldOf } from "../ground/field.ts";
import { isPromise, settling } from "../ground/promised.ts";
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
 * Whether the policy wants another attempt after this error, the one before retry number `retry` (from 1): yes or no, or the
 * promise of a truthy or falsy answer when `retryIf` gives one. Throws what `retryIf` throws.
 */
export function wantsRetry(
  policy: number | RetryPolicy,
  retry: number,
  error: unknown,
): boolean | PromiseLike<unknown> {
  // It says of itself that another attempt cannot help.
  if (fieldOf(error, "retryable") === false) return false;
  if (typeof policy === "number" || policy.retryIf === undefined) return true;
  const verdict = policy.retryIf(error, retry);
  return isPromise(verdict) ? verdict : Boolean(verdict);
}

/** What an error says about a resource: that nobody should use it for so long. */
export interface RetryAfter {
  readonly resource: string;
  readonly ms: number;
}

/** Whoever says that it is longer has most likely given an instant: the others of its process would wait for ever. */
const LONGEST_PAUSE_MS = 24 * 60 * 60 * 1000;

/** `retryAfter: { resource, ms }` of an error, when it is one; a day at most. */
export function retryAfterOf(error: unknown): RetryAfter | undefined {
  const after = fieldOf(error, "retryAfter");
  const resource = fieldOf(after, "resource");
  const ms = fieldOf(after, "ms");
  if (typeof resource !== "string" || !isDelay(ms)) return undefined;
  return { resource, ms: Math.min(ms, LONGEST_PAUSE_MS) };
}

/**
 * Why what an error says about a delay is not heard: a text where milliseconds belong, or a `retryAfter` as other libraries
 * have it. Amounts that are no delay, such as one below 0, are let pass: they are the outcome of a subtraction.
 */
export function unheardDelay(error: unknown): string | undefined {
  const own = fieldOf(error, "retryAfterMs");
  if (own !== undefined && own !== null && !isNumber(own)) {
    return `\`retryAfterMs\` of the error is not heard: it is a number of milliseconds, and here ${describe(own)}`;
  }
  const after = fieldOf(error, "retryAfter");
  const [resource, ms] = [fieldOf(after, "resource"), fieldOf(after, "ms")];
  if (after === undefined || after === null || (typeof resource === "string" && isNumber(ms))) {
    return undefined;
  }
  const named = resource !== undefined || ms !== undefined;
  const got = named ? `{ resource: ${describe(resource)}, ms: ${describe(ms)} }` : describe(after);
  return `\`retryAfter\` of the error is not heard: it is { resource: name, ms: milliseconds }, and here ${got}. The delay of the task alone is \`retryAfterMs\``;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && !Number.isNaN(value);
}

function isDelay(ms: unknown): ms is number {
  return typeof ms === "number" && ms > 0 && ms < Number.POSITIVE_INFINITY;
}

/**
 * The milliseconds before retry number `retry` (from 1). Throws what the policy's function throws, a `RangeError` when its
 * back-off is no delay or `random` no fraction. `unheard` is told of a promise that is no delay: what it stands for goes on.
 * `waits`: the next attempt waits anyway, for the resource that `retryAfter` of the error names.
 */
export function retryDelay(
  policy: number | RetryPolicy,
  retry: number,
  error: unknown,
  random: () => number,
  unheard: (promise: Promise<unknown>) => void,
  waits = false,
): number {
  const asked = fieldOf(error, "retryAfterMs");
  const own = waits ? 0 : (retryAfterOf(error)?.ms ?? 0);
  const least = Math.max(own, isDelay(asked) ? asked : 0);
  if (typeof policy === "number") return least;
  const { backoff = "none", baseMs = BASE_MS, maxMs = MAX_MS, jitter = "none" } = policy;
  let delay: number;
  if (typeof backoff === "function") {
    delay = backoff(retry, error);
    if (typeof delay !== "number" || !(delay >= 0)) {
      if (isPromise(delay)) unheard(settling(delay));
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

function fraction(drawn: unknown): number {
  if (typeof drawn === "number" && drawn >= 0 && drawn <= 1) return drawn;
  throw new RangeError(`Expected \`random\` to give a number from 0 to 1, got ${describe(drawn)}`);
}
