/** The store of a cache as a run is given it: the type, and its check. Knows no task and no entry. */
import type { Issues } from "../ground/check.ts";

/**
 * Where results of tasks with `cache` are kept between runs: a `Map`, a Keyv, or anything with these two. Each may return a
 * promise. What either throws counts as a miss, and is told once in `report.observerErrors`; so is a `get` that has not
 * answered for ten seconds, after which the run asks and keeps nothing more.
 */
export interface CacheStore {
  /** What was set, or `undefined`. */
  get(key: string): unknown;
  /** `ttlMs`: for so long it may be kept, in milliseconds; without it, for good. A store need not look at that. */
  set(key: string, value: string, ttlMs?: number): unknown;
}

export function checkCache(issues: Issues, store: unknown): void {
  if (store === undefined) return;
  const { get, set } = (store ?? {}) as Partial<Record<"get" | "set", unknown>>;
  if (typeof get === "function" && typeof set === "function") return;
  issues.expected(["cache"], "a store with `get` and `set`, such as a Map or a Keyv", store);
}
