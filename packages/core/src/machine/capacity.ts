/**
 * What there is of slots and of the run's own resources, and what is free of it; what an attempt would lack. Knows no task.
 */
import { BY_CONCURRENCY, BY_RESOURCE } from "./ledger.ts";

export class Capacity {
  #slots: number;
  readonly #free: number[];

  /** `slots` may be `Infinity`; `units` by resource, in the order of all demands. */
  constructor(slots: number, units: readonly number[]) {
    this.#slots = slots;
    this.#free = [...units];
  }

  /** The code of the first resource that is not counted here: those that are shared with other runs come last. */
  get sharedFrom(): number {
    return BY_RESOURCE + this.#free.length;
  }

  /** What is missing for a demand, when what is `kept` for another must remain free: a `BY_` code, 0 when nothing is. */
  lack(demand: readonly number[], kept?: readonly number[]): number {
    if (this.#slots < (kept === undefined ? 1 : 2)) return BY_CONCURRENCY;
    for (let at = 0; at < demand.length; at++) {
      const wanted = demand[at] as number;
      if (wanted > 0 && wanted + (kept?.[at] ?? 0) > (this.#free[at] as number)) {
        return BY_RESOURCE + at;
      }
    }
    return 0;
  }

  take(units: readonly number[]): void {
    this.#slots--;
    for (let at = 0; at < units.length; at++) {
      this.#free[at] = (this.#free[at] as number) - (units[at] as number);
    }
  }

  give(units: readonly number[]): void {
    this.#slots++;
    for (let at = 0; at < units.length; at++) {
      this.#free[at] = (this.#free[at] as number) + (units[at] as number);
    }
  }
}
