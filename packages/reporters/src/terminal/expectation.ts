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
  /** By the second in which it passes: the longest time that was said to be left. */
  readonly #said: Map<number, number> = new Map();
  /** Since a time has passed that was said in vain: when that was, and until when the next is said to last. */
  #late: { readonly since: number; endAt: number } | undefined;

  /** What to say at an instant; `left` is what can be worked out then. */
  said(left: TimeLeft, now: number): Expected {
    const ms = wholeSeconds(left.ms);
    if (left.atLeast) {
      // Nobody is told when it ends at the latest.
      this.#said.clear();
      if (this.#late !== undefined) this.#late.endAt = now;
      return { ms, atLeast: true, late: this.#late !== undefined };
    }
    const since = this.#saidInVain(ms, now);
    if (since !== undefined) this.#late ??= { since, endAt: now };
    const late = this.#late;
    if (late === undefined) {
      const second = Math.ceil((now + ms) / 1000);
      this.#said.set(second, Math.max(ms, this.#said.get(second) ?? 0));
      return { ms, atLeast: false, late: false };
    }
    // It was wrong by so much already: as much again may well be.
    if (now >= late.endAt) late.endAt = now + Math.max(ms, wholeSeconds(now - late.since));
    return { ms: Math.max(ms, wholeSeconds(late.endAt - now)), atLeast: false, late: true };
  }

  /** When a time had passed after which no more is left than was said then. Where it is more, more has come up: that is no delay. */
  #saidInVain(ms: number, now: number): number | undefined {
    let since: number | undefined;
    for (const [second, said] of this.#said) {
      if (second * 1000 > now) continue;
      this.#said.delete(second);
      if (said >= ms) since = Math.min(since ?? now, second * 1000);
    }
    return since;
  }
}

/** Not less than it is. */
function wholeSeconds(ms: number): number {
  return Math.max(LEAST_MS, Math.ceil(ms / 1000) * 1000);
}
