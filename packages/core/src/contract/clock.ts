/**
 * Time is an argument: only the driver owns a clock, everything else is told the instant. Knows no task and no run.
 */

/** What the engine needs of time. Give your own to test without waiting (`@astrum/core/testing` has a virtual one). */
export interface Clock {
  /** Milliseconds on a monotonic clock of any origin. */
  now(): number;
  /** Milliseconds since the Unix epoch; read once a run, to anchor the monotonic clock. */
  wallNow(): number;
  /** Calls back once, after `ms` milliseconds. Returns the way to call it off. */
  after(ms: number, fire: () => void): () => void;
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
    const arm = (): void => {
      const step = Math.min(left, LONGEST_TIMER_MS);
      left -= step;
      armed = setTimeout(() => (left > 0 ? arm() : fire()), step);
    };
    arm();
    return () => clearTimeout(armed);
  },
};
