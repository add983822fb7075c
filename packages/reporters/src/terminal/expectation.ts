/**
 * What is said about the time left, held against what was said before: when a time that was said has passed, the next one is
 * longer, or says that it takes longer than expected. Knows instants, and nothing of tasks.
 */
import type { TimeLeft } from "./time-left.ts";

export interface Expected extends TimeLeft {
  /** It has taken longer than was said, for reasons that nobody foresaw. */
  readonly late: boolean;
}

/** What is less is said as this. */
const LEAST_MS = 1000;

export class Expectation {
  /** The one that passes first of those that were said. */
  #promise: { readonly ms: number; readonly endAt: number } | undefined;
  /** When the first time had passed that was said in vain. */
  #lateSince: number | undefined;

  /** What to say at an instant; `left` is what can be worked out then. */
  said(left: TimeLeft, now: number): Expected {
    const late = (): boolean => this.#lateSince !== undefined;
    if (left.atLeast) {
      // Nobody is told when it ends at the latest.
      this.#promise = undefined;
      return { ...left, ms: wholeSeconds(left.ms), late: late() };
    }
    const ms = wholeSeconds(left.ms);
    const promise = this.#promise;
    if (promise === undefined) this.#say(ms, now);
    else if (now >= promise.endAt) {
      // More has come up than was known: that is no delay.
      if (ms <= promise.ms || late()) this.#lateSince ??= promise.endAt;
      // It was wrong by so much already: as much again may well be.
      const over = this.#lateSince === undefined ? 0 : now - this.#lateSince;
      this.#say(Math.max(ms, wholeSeconds(over)), now);
    } else if (!late() && now + ms < promise.endAt) this.#say(ms, now);
    const promised = (this.#promise?.endAt ?? now) - now;
    return { ms: late() ? Math.max(ms, wholeSeconds(promised)) : ms, atLeast: false, late: late() };
  }

  #say(ms: number, now: number): void {
    this.#promise = { ms, endAt: now + ms };
  }
}

/** Not less than it is. */
function wholeSeconds(ms: number): number {
  return Math.max(LEAST_MS, Math.ceil(ms / 1000) * 1000);
}
