/** What a map fails with: which of its items failed, and what the others gave. Knows no run. */

interface Place {
  readonly index: number;
  /** Of a map with `key`. */
  readonly key: string | undefined;
}

/** An item that failed, and why. */
export type FailedItem = Place & { readonly error: unknown };
/** An item that completed, and what it gave. */
export type CompletedItem = Place & { readonly value: unknown };

/**
 * Items of a map failed, so the map did. `errors` are theirs, in order; `settled(map)` hands this error on, with the
 * values of the items that completed.
 *
 * @example
 * ```ts
 * import { flow, MapError, map, task } from "@astrum/core";
 *
 * const ids = task("ids", () => ["tea", "gold"]);
 * const price = (id: string) => (id === "tea" ? 3 : Promise.reject(new Error("no price")));
 * const prices = map("prices", ids, price, { key: (id) => id });
 * const done = await flow("shop", { prices }).run({ failure: "continue" });
 *
 * const outcome = done.outcome(prices);
 * if (outcome.status === "failed" && outcome.error instanceof MapError) {
 *   console.log(outcome.error.failures.map(({ key }) => key)); // [ 'gold' ]
 *   console.log(outcome.error.completed.map(({ value }) => value)); // [ 3 ]
 * }
 * ```
 */
export class MapError extends AggregateError {
  override readonly name: string = "MapError";
  readonly code = "ASTRUM_MAP";
  // Behind getters: a report that writes down the error's own fields has the items in rows of their own.
  readonly #failures: readonly FailedItem[];
  readonly #completed: CompletedItem[] = [];

  constructor(message: string, failures: readonly FailedItem[]) {
    super(
      failures.map(({ error }) => error),
      message,
    );
    this.#failures = failures;
    this.stack = `${this.name}: ${message}`;
  }

  /** In the order of the list. */
  get failures(): readonly FailedItem[] {
    return this.#failures;
  }

  /** In the order of the list. Items that were cancelled are in neither. */
  get completed(): readonly CompletedItem[] {
    return this.#completed;
  }

  /** Whoever holds the values says what an item gave. */
  static add(error: MapError, item: CompletedItem): void {
    error.#completed.push(item);
  }
}
