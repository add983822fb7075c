/**
 * Random runs that share a cache, on one clock: which of them want the same result, when they begin, what becomes of their calls
 * and of their store. As values that fast-check makes and shrinks. It judges nothing.
 */
import fc from "fast-check";

export interface CachedTask {
  /** Its name and its key: who has both wants the same. */
  readonly name: "a" | "b";
  readonly key: number;
  /** So long something before it takes, though its inputs are there at once: the slot of a run with one. */
  readonly waits: number;
  /** How long its calls take, and how many of them fail first. */
  readonly ms: number;
  readonly failures: number;
  readonly retries: number;
  /** Goes on when it is asked to stop. */
  readonly deaf: boolean;
}

export interface CachingRun {
  readonly startsAt: number;
  readonly tasks: readonly CachedTask[];
  /** Keys of the items of a map, which may be equal. */
  readonly items: readonly number[];
  readonly cancelledAt: number | undefined;
  readonly taskTimeoutMs: number | undefined;
  readonly graceMs: number | undefined;
}

export interface RandomCaches {
  readonly runs: readonly CachingRun[];
  readonly ttlMs: number | undefined;
  /** How long the store takes: -1 is synchronous, 0 a microtask, else milliseconds. */
  readonly getMs: number;
  readonly setMs: number;
  /** Each time or never. */
  readonly getFails: boolean;
  readonly setFails: boolean;
}

const seldom = fc.nat(7).map((one) => one === 7);
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const cachedTask: fc.Arbitrary<CachedTask> = fc.record({
  name: fc.constantFrom("a", "b"),
  key: fc.nat(1),
  waits: fc.constantFrom(0, 0, 6, 15),
  ms: fc.constantFrom(-1, 0, 2, 5, 9, 30),
  failures: fc.constantFrom(0, 0, 0, 1, 2),
  retries: fc.nat(2),
  deaf: seldom,
});

const cachingRun: fc.Arbitrary<CachingRun> = fc.record({
  startsAt: fc.nat(20),
  tasks: fc.uniqueArray(cachedTask, { minLength: 1, maxLength: 2, selector: ({ name }) => name }),
  items: fc.oneof(fc.constant([]), fc.array(fc.nat(1), { maxLength: 4 })),
  cancelledAt: rarely(fc.nat(20)),
  taskTimeoutMs: rarely(fc.constantFrom(3, 7)),
  graceMs: rarely(fc.constantFrom(0, 4)),
});

const ms = fc.constantFrom(-1, -1, 0, 1, 4);

export const cachesRun: fc.Arbitrary<RandomCaches> = fc.record({
  runs: fc.array(cachingRun, { minLength: 1, maxLength: 5 }),
  ttlMs: rarely(fc.constantFrom(4, 12)),
  getMs: ms,
  setMs: ms,
  getFails: seldom,
  setFails: seldom,
});
