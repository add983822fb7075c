/**
 * Time is an argument: only the driver owns a clock, everything else is told the instant. Knows no task and no run.
 */
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import { fieldOf } from "../ground/field.ts";
import { summarizeError } from "../ground/summarize-error.ts";

/**
 * What the engine needs of time. Give your own to test without waiting (`@astrum/core/testing` has a virtual one). One that
 * throws, or gives no numbers, while a run goes on stops it: it fails with a `ClockError`.
 */
export interface Clock {
  /** Milliseconds on a monotonic clock of any origin. */
  now(): number;
  /** Milliseconds since the Unix epoch; read once a run, to anchor the monotonic clock. */
  wallNow(): number;
  /** Calls back once, after `ms` milliseconds. Returns the way to call it off. */
  after(ms: number, fire: () => void): () => void;
}

export function checkClock(issues: Issues, given: unknown): void {
  if (given === undefined) return;
  const hands = ["now", "wallNow", "after"] as const satisfies readonly (keyof Clock)[];
  const missing = hands.filter((hand) => typeof fieldOf(given, hand) !== "function");
  if (missing.length === 0) return;
  const more = missing.length === hands.length ? "" : ` without ${missing.join(" and ")}`;
  issues.expected(["clock"], "a clock with now, wallNow and after", given, more);
}

/** The longest delay a timer takes: beyond it timers fire at once, so longer delays are chained. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

// In Node the global is a getter; reading it for every instant takes a tenth of a small task's time.
const timer = performance;

export const systemClock: Clock = {
  now: () => timer.now(),
  wallNow: () => Date.now(),
  after(ms, fire) {
    let left = ms;
    let armed: ReturnType<typeof setTimeout>;
    let disarm: typeof clearTimeout;
    const arm = (): void => {
      const step = Math.min(left, LONGEST_TIMER_MS);
      left -= step;
      // As it is now: whoever fakes timers later has one that knows nothing of this timer.
      disarm = clearTimeout;
      armed = setTimeout(() => (left > 0 ? arm() : fire()), step);
    };
    arm();
    return () => disarm(armed);
  },
};

/** The moment that every instant of a run counts from. */
export interface Anchor {
  readonly clock: Clock;
  readonly now: number;
  readonly epochMs: number;
}

/** Throws `DefinitionError` when the clock gives no instants: every one of the report is a difference from these. */
export function anchor(clock: Clock = systemClock): Anchor {
  // That of the system has nothing to check.
  if (clock === systemClock) return { clock, now: clock.now(), epochMs: clock.wallNow() };
  const issues = new Issues();
  const now = read(issues, "now()", () => clock.now());
  const epochMs = read(issues, "wallNow()", () => clock.wallNow());
  issues.throwAs(DefinitionError);
  return { clock, now, epochMs };
}

function read(issues: Issues, what: string, clock: () => number): number {
  try {
    const ms = clock();
    issues.instant(["clock", what], ms);
    return ms;
  } catch (error) {
    issues.add("invalid-option", `\`clock.${what}\` threw: ${summarizeError(error)}`, [
      "clock",
      what,
    ]);
    return Number.NaN;
  }
}
