/**
 * What stands behind a `Semaphore` or a `RateLimit` that callers hand to their runs: what is there of it, and what serves it.
 * These say so when they are made, and nothing here loads them: a bundle of a program that has none carries none of it.
 */
import type { Grants } from "./grants.ts";
import type { Stock } from "./stock.ts";

export interface Shared {
  readonly stock: Stock;
  /** Of each run that is given one. */
  readonly grants: typeof Grants;
}

const all: WeakMap<object, Shared> = new WeakMap();

/** From now on this object stands for it. */
export function keepShared(object: object, shared: Shared): void {
  all.set(object, shared);
}

/** Nothing for what is neither. */
export function sharedBy(value: unknown): Shared | undefined {
  return typeof value === "object" && value !== null ? all.get(value) : undefined;
}

export function stockOf(object: object): Stock {
  return (all.get(object) as Shared).stock;
}
