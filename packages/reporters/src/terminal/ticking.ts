/** A clock whose timers keep no process alive: progress is shown as long as there is something to wait for, no longer. */
import type { Clock } from "@astrum/core";

export const unheldClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
