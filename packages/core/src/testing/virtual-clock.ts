/** A clock that does not wait: time stands still until it is moved, and what follows from each timer happens on the way. */
import type { Clock } from "../contract/clock.ts";
import { waitOn } from "./wait-on.ts";

interface Timer {
  readonly at: number;
  readonly serial: number;
  readonly fire: () => void;
}

/** A clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  readonly #origin: number;
  #now = 0;
  #serial = 0;
  readonly #timers: Set<Timer> = new Set();

  /** `epochMs`: the wall clock at its start. Default 2026-01-01T00:00:00Z. */
  constructor(epochMs: number = Date.UTC(2026, 0, 1)) {
    this.#origin = epochMs;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#origin + this.#now;
  }

  after(ms: number, fire: () => void): () => void {
    const timer = { at: this.#now + ms, serial: this.#serial++, fire };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Resolves after `ms` of this clock; rejects with the signal's reason when that is aborted first. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return waitOn((ms, fire) => this.after(ms, fire), ms, signal);
  }

  /** Time passes while the thread is held, as by a loop: no timer fires before it is let go. */
  hold(ms: number): void {
    this.#now += ms;
  }

  /** Moves on by `ms`, firing every timer that falls due on the way, in order, with all that follows from each. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turn();
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      await this.#fire(next);
    }
    this.#now = Math.max(this.#now, until);
    await turn();
  }

  /**
   * Moves on until the promise is settled, and gives what it gives. Throws when nothing is left that could settle it:
   * then something waits for what is not on this clock.
   */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    for (let idle = 0; ; ) {
      await turn();
      if (settled) return promise;
      const next = this.#next();
      if (next !== undefined) {
        idle = 0;
        await this.#fire(next);
      } else if (++idle > 50) {
        throw new Error(
          "The virtual clock has no timer left, and the promise is not settled: it waits for something that is not on this clock. A run is on it when it is given it, with `run({ clock })`",
        );
      }
    }
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.fire();
    await turn();
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (
        next === undefined ||
        timer.at < next.at ||
        (timer.at === next.at && timer.serial < next.serial)
      ) {
        next = timer;
      }
    }
    return next;
  }
}

/** Resolves when every promise that could settle without a timer has: promises come before the next macrotask. */
export function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (call: () => void) => unknown };
  if (setImmediate !== undefined) return new Promise((resolve) => void setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    Object.assign(port1, {
      onmessage: () => {
        port1.close();
        resolve();
      },
    });
    port2.postMessage(undefined);
  });
}
