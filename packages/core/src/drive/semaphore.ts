/**
 * A number of permits that several runs share: first come, first served across runs. Knows no run: it calls back.
 */

import { systemClock } from "../contract/clock.ts";
import { type Brand, brand } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import { Grants } from "./grants.ts";
import { keepShared, stockOf } from "./shared.ts";
import { ask, end } from "./sharing.ts";
import { Claim, Stock, type Supply } from "./stock.ts";

/** Permits that are held, and come back with the end of whoever holds them. */
class Permits implements Supply {
  readonly spends = false;
  readonly ends = false;
  /** Nothing but its holders gives any back. */
  readonly mark = 0;
  readonly #limit: number;
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  lacks(units: number): boolean {
    return units > this.left();
  }

  left(): number {
    return this.#limit - this.#taken;
  }

  take(units: number): void {
    this.#taken += units;
  }

  give(units: number): void {
    this.#taken -= units;
  }

  /** Only whoever holds some gives them back. */
  waitMs(units: number): number {
    return this.lacks(units) ? Number.POSITIVE_INFINITY : 0;
  }
}

/**
 * Permits that runs share: given to them as `concurrency` they limit how many attempts run at once over all of them, as one
 * of their `resources` how many units of it are held, of which a task may ask for several.
 *
 * A task that awaits another run on the same semaphore holds its permit meanwhile: with no permit left for that run,
 * both wait for ever.
 */
export class Semaphore {
  readonly limit: number;

  /** Throws `DefinitionError` unless `limit` is an integer from 1 up. */
  constructor(limit: number) {
    const issues = new Issues();
    issues.integer(["limit"], limit ?? Number.NaN, 1);
    issues.throwAs(DefinitionError);
    this.limit = limit;
    keepShared(this, { stock: new Stock(new Permits(limit)), grants: Grants });
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
  acquire(granted: (release: () => void) => void): () => void;
  /**
   * Resolves when that many permits are this one's, with the way to give them back; rejects with the reason of the signal
   * when that is aborted first. Calling the way back twice gives nothing back twice. Rejects with a `DefinitionError` unless
   * `units` is an integer from 1 up to the limit. Default 1.
   *
   * @example
   * ```ts
   * const release = await semaphore.acquire(2, { signal });
   * try {
   *   await job();
   * } finally {
   *   release();
   * }
   * ```
   */
  acquire(
    units?: number,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<() => void>;
  acquire(
    ...given: [unknown?, { readonly signal?: AbortSignal | undefined }?]
  ): (() => void) | Promise<() => void> {
    const [first, options] = given;
    if (typeof first === "function" && given.length === 1) {
      return this.#callBack(first as (release: () => void) => void);
    }
    return this.#promise(first, options);
  }

  #callBack(granted: (release: () => void) => void): () => void {
    const claim: Claim = this.#claim(1, () => granted(() => end(claim, false)));
    ask(claim);
    return () => {
      if (claim.state !== "held") end(claim, false);
    };
  }

  async #promise(
    given: unknown = 1,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<() => void> {
    const issues = new Issues();
    if (typeof given === "number") issues.integer(["units"], given, 1, this.limit);
    else issues.expected(["units"], `an integer from 1 to ${this.limit}, or a function`, given);
    const units = given as number;
    const signal = issues.record(["options"], options, ["signal"])?.signal as
      | AbortSignal
      | undefined;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") {
      issues.expected(["options", "signal"], "an AbortSignal", signal);
    }
    issues.throwAs(DefinitionError);
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const callOff = (): void => {
        end(claim, true);
        reject(signal?.reason);
      };
      const claim: Claim = this.#claim(units, () => {
        signal?.removeEventListener("abort", callOff);
        resolve(() => end(claim, false));
      });
      signal?.addEventListener("abort", callOff, { once: true });
      ask(claim);
    });
  }

  #claim(units: number, granted: () => void): Claim {
    return new Claim(systemClock, new Map([[stockOf(this), units]]), granted, () => {});
  }
}
