/**
 * Attempts that several runs of one process share, because all of them found nothing in the same store for the same key. Knows
 * promises and keys; what a result is, and whether it is kept, is for `cached`.
 */

/** What carries out a flight. */
interface Attempt {
  /** Whether it was told to stop: then its end says nothing about what the others want. */
  readonly asked: boolean;
  /** Aborted in that moment. */
  readonly signal: AbortSignal;
}

export interface Flight {
  readonly attempt: Attempt;
  readonly result: Promise<unknown>;
  /** The attempt is over, and its result kept where it counts: who asks the store from now on finds it there. */
  over: boolean;
  /** Until when a result that is kept counts, in milliseconds since the Unix epoch; none is kept yet without it. */
  until: number | undefined;
}

/** A key that somebody asks for, or found nothing for and has not started with. */
interface Entry {
  /** How many there are of these. Until there is none, what one of them got is kept for the others. */
  waiting: number;
  flight: Flight | undefined;
}

/** One for each store, for all runs of the process. */
const all = new WeakMap<object, Map<string, Entry>>();

export class Flights {
  readonly #entries: Map<string, Entry>;

  constructor(store: object) {
    this.#entries = all.get(store) ?? new Map();
    all.set(store, this.#entries);
  }

  /** Somebody is about to ask the store for that key: the flight that is over by now, whose result is in the store if anywhere. */
  before(key: string): Flight | undefined {
    const flight = this.#entries.get(key)?.flight;
    return flight?.over === true ? flight : undefined;
  }

  /** Somebody asks for that key, and will `leave` it when it has found something, or starts. */
  expect(key: string): void {
    this.#entry(key).waiting++;
  }

  leave(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.waiting--;
    this.#forget(key, entry);
  }

  /**
   * The attempt for that key whose result somebody may have that had found `before`: one that is under way, or a kept one that
   * still counts at `now`.
   */
  of(key: string, before: Flight | undefined, now: number): Flight | undefined {
    const flight = this.#entries.get(key)?.flight;
    if (flight === undefined || flight === before || flight.attempt.asked) return undefined;
    return flight.until !== undefined && flight.until <= now ? undefined : flight;
  }

  /** An attempt for that key has begun, which takes the place of any before it. One that fails is nobody's any more. */
  begin(key: string, attempt: Attempt, result: Promise<unknown>): Flight {
    const entry = this.#entry(key);
    const flight: Flight = { attempt, result, over: false, until: undefined };
    entry.flight = flight;
    result.catch(() => this.#drop(key, flight));
    return flight;
  }

  /** Nothing more comes of it. What is not kept is nobody's any more. */
  end(key: string, flight: Flight): void {
    flight.over = true;
    if (flight.until === undefined) this.#drop(key, flight);
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#forget(key, entry);
  }

  #drop(key: string, flight: Flight): void {
    const entry = this.#entries.get(key);
    if (entry?.flight !== flight) return;
    entry.flight = undefined;
    this.#forget(key, entry);
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { waiting: 0, flight: undefined };
    this.#entries.set(key, entry);
    return entry;
  }

  #forget(key: string, { waiting, flight }: Entry): void {
    if (waiting <= 0 && flight?.over !== false) this.#entries.delete(key);
  }
}
