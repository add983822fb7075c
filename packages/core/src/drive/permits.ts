/** The permits that one run holds of a semaphore: asked for one at a time, given back in any order. Decides nothing. */
import type { Semaphore } from "./semaphore.ts";

export class Permits {
  readonly #semaphore: Semaphore;
  /** Calls off what waits for a permit. */
  #withdraw: (() => void) | undefined;
  /** The ways to give back those that it holds. */
  readonly #held: (() => void)[] = [];

  constructor(semaphore: Semaphore) {
    this.#semaphore = semaphore;
  }

  /** Calls back once a permit is held: now when one is free. */
  acquire(granted: () => void): void {
    this.#withdraw = this.#semaphore.acquire((release) => {
      this.#withdraw = undefined;
      this.#held.push(release);
      granted();
    });
  }

  giveBack(): void {
    this.#held.pop()?.();
  }

  /** The run is over: it waits for no permit any more. */
  withdraw(): void {
    this.#withdraw?.();
  }
}
