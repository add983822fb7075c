/**
 * A number of permits that several runs share: first come, first served across runs. Knows no run: it calls back.
 */
import { type Brand, brand } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";

/**
 * Limits how many attempts run at once over all the runs that are given it as `concurrency`.
 *
 * A task that awaits another run on the same semaphore holds a permit meanwhile: with no permit left for that run,
 * both wait for ever.
 */
export class Semaphore {
  readonly limit: number;
  #taken = 0;
  readonly #waiting: Set<() => void> = new Set();
  /** Goes through them once: whoever looks for the first of them anew passes all that were there before it, each time. */
  #turns: Iterator<() => void> = this.#waiting.values();
  /** Permits that came back and have not been passed on yet. */
  #returned = 0;
  #passing = false;

  /** Throws `DefinitionError` unless `limit` is an integer from 1 up. */
  constructor(limit: number) {
    const issues = new Issues();
    issues.integer(["limit"], limit ?? Number.NaN, 1);
    issues.throwAs(DefinitionError);
    this.limit = limit;
  }

  get "~astrum"(): Brand {
    return brand("semaphore", "a Semaphore");
  }

  /**
   * Calls `granted` once, now when a permit is free, else when it is this one's turn. Returns the way to call that off; a
   * permit that was granted is given back with the function that comes with it. Calling that twice gives nothing back twice.
   *
   * @example
   * ```ts
   * semaphore.acquire((release) => {
   *   job().finally(release);
   * });
   * ```
   */
  acquire(granted: (release: () => void) => void): () => void {
    if (typeof granted !== "function") {
      const issues = new Issues();
      issues.expected(["granted"], "a function", granted);
      throw new DefinitionError(issues.list);
    }
    const turn = (): void => granted(this.#permit());
    if (this.#taken < this.limit) {
      this.#taken++;
      turn();
      return () => {};
    }
    this.#waiting.add(turn);
    return () => {
      this.#waiting.delete(turn);
    };
  }

  /** The way to give one permit back, which works once. */
  #permit(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#release();
    };
  }

  /** The permit goes to whoever has waited longest. */
  #release(): void {
    this.#returned++;
    // Whoever is granted a permit may give it back at once: passed on from there, thousands of runs would be one stack.
    if (this.#passing) return;
    this.#passing = true;
    while (this.#returned > 0) this.#pass();
    this.#passing = false;
  }

  #pass(): void {
    this.#returned--;
    const { value: next, done } = this.#turns.next();
    if (done === true) {
      // It stays at the end, whoever comes after that.
      this.#turns = this.#waiting.values();
      this.#taken--;
      return;
    }
    this.#waiting.delete(next);
    try {
      next();
    } catch (error) {
      // Of another one's callback: whoever gave the permit back has nothing to do with it.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
