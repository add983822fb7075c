/** A clock whose timers keep no process alive: progress is shown as long as there is something to wait for, no longer. */
import type { Clock } from "@astrum/core";

export const unheldClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(ms, fire) {
    // As it is now: whoever fakes timers later has one that knows nothing of this timer.
    const stop = clearTimeout;
    const timer = setTimeout(fire, ms);
    timer.unref();
    return () => stop(timer);
  },
};
