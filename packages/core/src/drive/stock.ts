/**
 * Something that several runs share, as whoever hands it out sees it: what is there, who waits for it in which order, until
 * when it is held back. Grants nothing and knows no run.
 */
import type { Clock } from "../contract/clock.ts";

/** The time of whoever asks: instants of its clock, and calls at one. */
export interface Time {
  now(): number;
  /** Calls `fire` once, unless it is called off before. */
  after(ms: number, fire: () => void): () => void;
}

/** What is counted: units that are held and come back with their end, or units that are spent. */
export interface Supply {
  /** Whether units are spent: they do not come back with the end of whoever took them. */
  readonly spends: boolean;
  /** Whether so many cannot be taken now. */
  lacks(units: number, now: number): boolean;
  /** Takes so many, also more than there are. */
  take(units: number, now: number): void;
  /** Gives back so many of those that were taken up to the mark, but for what time has brought back since. */
  give(units: number, now: number, mark: number): void;
  /** How far it has been taken from; kept by whoever may give back. */
  readonly mark: number;
  /** How many are there; fewer than none is a debt. */
  left(now: number): number;
  /** Milliseconds until time alone has brought so many; `Infinity` when it never does. */
  waitMs(units: number, now: number): number;
  /** Whether what is spent never comes back. */
  readonly ends: boolean;
}

/** What one asks for: everything that it needs, all or nothing. */
export class Claim {
  readonly time: Time;
  /** Of each thing that it needs, which is there once. */
  places: readonly Place[];
  readonly granted: () => void;
  readonly denied: (by: Stock, left: number) => void;
  state: "waiting" | "granted" | "denied" | "held" | "over" = "waiting";
  /** Who has a smaller one goes first. */
  order = 0;
  /** How often somebody later was given what this one needs. */
  bypassed = 0;
  /** What it lacked last; nothing when it never waited. */
  lacked: Stock | undefined;
  /** How much of that was left when it was denied. */
  left = 0;

  constructor(
    time: Time,
    demand: ReadonlyMap<Stock, number>,
    granted: () => void,
    denied: (by: Stock, left: number) => void,
  ) {
    this.time = time;
    this.places = placesOf(this, demand);
    this.granted = granted;
    this.denied = denied;
  }

  /** It needs this now, and enters no line for it. */
  renew(demand: ReadonlyMap<Stock, number>): void {
    this.places = placesOf(this, demand);
  }
}

function placesOf(claim: Claim, demand: ReadonlyMap<Stock, number>): Place[] {
  return Array.from(demand, ([stock, units]) => new Place(claim, stock, units));
}

/** What a claim needs of one thing, and where it stands in its line. */
export class Place {
  readonly claim: Claim;
  readonly stock: Stock;
  readonly units: number;
  /** What it has spent, as far as that is known; once it is granted. */
  spent = 0;
  /** How far its stock had been taken from then. */
  mark = 0;
  before: Place | undefined;
  next: Place | undefined;

  constructor(claim: Claim, stock: Stock, units: number) {
    this.claim = claim;
    this.stock = stock;
    this.units = units;
  }
}

export class Stock {
  readonly supply: Supply;
  first: Place | undefined;
  #last: Place | undefined;
  /** Grants that have spent of it, and may yet say that it was less. */
  open = 0;
  /** When it is looked at again. */
  timer: { readonly due: number; readonly time: Time; readonly cancel: () => void } | undefined;
  /** On the clock of whoever said so, of whom nothing else is kept: the run may be over. */
  #pause: { readonly clock: Pick<Clock, "now">; readonly until: number } | undefined;

  constructor(supply: Supply) {
    this.supply = supply;
  }

  /** Nobody is given any of it for so long; a longer pause that goes on stays. */
  pause(clock: Pick<Clock, "now">, ms: number): void {
    if (ms > this.pausedMs) this.#pause = { clock, until: instantOf(clock) + ms };
  }

  /** How long that is from now. */
  get pausedMs(): number {
    if (this.#pause === undefined) return 0;
    const { clock, until } = this.#pause;
    const left = until - instantOf(clock);
    if (left > 0) return left;
    this.#pause = undefined;
    return 0;
  }

  lacks(units: number, time: Time): boolean {
    return this.pausedMs > 0 || this.supply.lacks(units, time.now());
  }

  /** Milliseconds until it may not lack so many any more, as far as time brings them. */
  waitMs(units: number, time: Time): number {
    return Math.max(this.pausedMs, this.supply.waitMs(units, time.now()));
  }

  /** Whether what is not there now never will be: nobody is left who could give any back. */
  get isExhausted(): boolean {
    return this.supply.ends && this.open === 0;
  }

  /** In the order of the claims; nearly always at the end. */
  enter(place: Place): void {
    let before = this.#last;
    while (before !== undefined && before.claim.order > place.claim.order) before = before.before;
    const next = before === undefined ? this.first : before.next;
    place.before = before;
    place.next = next;
    if (before === undefined) this.first = place;
    else before.next = place;
    if (next === undefined) this.#last = place;
    else next.before = place;
  }

  leave(place: Place): void {
    const { before, next } = place;
    if (before === undefined) this.first = next;
    else before.next = next;
    if (next === undefined) this.#last = before;
    else next.before = before;
    place.before = undefined;
    place.next = undefined;
  }
}

/** No number where a clock of the user's own has failed: then nobody waits for it. */
function instantOf(clock: Pick<Clock, "now">): number {
  try {
    return clock.now();
  } catch {
    return Number.NaN;
  }
}

/** What stands behind the objects that callers hand to their runs. */
const stocks: WeakMap<object, Stock> = new WeakMap();

/** From now on this object stands for it. */
export function keepStock(shared: object, stock: Stock): void {
  stocks.set(shared, stock);
}

export function stockOf(shared: object): Stock {
  return stocks.get(shared) as Stock;
}
