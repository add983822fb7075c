/**
 * A virtual clock on which any wait of a task may end next: nobody knows how long work takes, so every order is legal. Timers
 * of the engine (back-offs, time limits) keep their instants. Decides nothing itself.
 */
import type { Decisions } from "./decisions.ts";
import { turn, VirtualClock } from "./virtual-clock.ts";
import { waitOn } from "./wait-on.ts";

interface Timer {
  readonly at: number;
  readonly serial: number;
  /** Whether it is a wait of a task, which may end earlier. */
  readonly wait: boolean;
  readonly fire: () => void;
}

export class ExploringClock extends VirtualClock {
  readonly #decisions: Decisions;
  /** Called before each step; it may cancel. */
  readonly #beforeStep: () => void;
  readonly #timers: Set<Timer> = new Set();
  #at = 0;
  #serial = 0;

  constructor(decisions: Decisions, beforeStep: () => void) {
    super();
    this.#decisions = decisions;
    this.#beforeStep = beforeStep;
  }

  override now(): number {
    return this.#at;
  }

  override wallNow(): number {
    return super.wallNow() + this.#at;
  }

  override get pending(): number {
    return this.#timers.size;
  }

  override after(ms: number, fire: () => void): () => void {
    return this.#add(ms, fire, false);
  }

  #add(ms: number, fire: () => void, wait: boolean): () => void {
    const timer = { at: this.#at + ms, serial: this.#serial++, wait, fire };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  override wait(ms: number, signal?: AbortSignal): Promise<void> {
    return waitOn((ms, fire) => this.#add(ms, fire, true), ms, signal);
  }

  override hold(ms: number): void {
    this.#at += ms;
  }

  /** In natural order: whoever moves time on by hand explores nothing. */
  override async advance(ms: number): Promise<void> {
    const until = this.#at + ms;
    await turn();
    for (let [next] = this.#inOrder(); next !== undefined && next.at <= until; ) {
      this.#fire(next);
      await turn();
      [next] = this.#inOrder();
    }
    this.#at = Math.max(this.#at, until);
    await turn();
  }

  override async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    for (let idle = 0; ; ) {
      await turn();
      if (settled) return promise;
      this.#beforeStep();
      const next = this.#choose();
      if (next !== undefined) {
        idle = 0;
        this.#fire(next);
      } else if (++idle > 50) {
        throw new Error(
          "The clock has no timer left, and the run is not settled: it waits for something that is not on this clock",
        );
      }
    }
  }

  /** The first of all timers, or any wait. */
  #choose(): Timer | undefined {
    const [first, ...rest] = this.#inOrder();
    if (first === undefined) return undefined;
    const others = rest.filter(({ wait }) => wait);
    const chosen = this.#decisions.choose(others.length + 1);
    return chosen === 0 ? first : others[chosen - 1];
  }

  /** A wait that ends early ends when the first of all would have. */
  #fire(timer: Timer): void {
    let first: Timer | undefined;
    for (const one of this.#timers) if (first === undefined || one.at < first.at) first = one;
    this.#timers.delete(timer);
    this.#at = Math.max(this.#at, Math.min(timer.at, first?.at ?? timer.at));
    timer.fire();
  }

  #inOrder(): Timer[] {
    return [...this.#timers].sort((a, b) => a.at - b.at || a.serial - b.serial);
  }
}
