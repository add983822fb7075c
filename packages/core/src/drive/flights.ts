/**
 * Attempts that several runs of one process share, because all of them found nothing in the same store for the same key. Knows
 * promises and keys; what an attempt is, and whether its result is kept, is for `cached`.
 */

interface Flight {
  readonly result: Promise<unknown>;
  /** Whether it was told to stop: then its end says nothing about what the others want. */
  readonly stopped: () => boolean;
}

/** A key that somebody found nothing for and has not started with. */
interface Entry {
  /** How many there are of these. Until there is none, what one of them got is kept for the others. */
  waiting: number;
  flight: Flight | undefined;
  /** That attempt has given its result. */
  ended: boolean;
}

/** One for each store, for all runs of the process. */
const all = new WeakMap<object, Map<string, Entry>>();

export class Flights {
  readonly #entries: Map<string, Entry>;

  constructor(store: object) {
    this.#entries = all.get(store) ?? new Map();
    all.set(store, this.#entries);
  }

  /** Somebody found nothing for that key, and will `take` it or `leave` it. */
  expect(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined)
      this.#entries.set(key, { waiting: 1, flight: undefined, ended: false });
    else entry.waiting++;
  }

  leave(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.waiting--;
    if (entry.waiting <= 0 && (entry.flight === undefined || entry.ended))
      this.#entries.delete(key);
  }

  /** The attempt for that key which is under way, or which one has ended that others waited for. */
  of(key: string): Flight | undefined {
    return this.#entries.get(key)?.flight;
  }

  /** An attempt for that key has begun. One that fails is nobody's any more. */
  begin(key: string, flight: Flight): void {
    const entry = this.#entries.get(key) ?? { waiting: 0, flight: undefined, ended: false };
    entry.flight = flight;
    entry.ended = false;
    this.#entries.set(key, entry);
    const over = (failed: boolean): void => {
      if (entry.flight !== flight) return;
      entry.ended = true;
      if (failed) entry.flight = undefined;
      if (entry.waiting <= 0) this.#entries.delete(key);
    };
    flight.result.then(
      () => over(false),
      () => over(true),
    );
  }
}
