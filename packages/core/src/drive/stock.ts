/**
 * Something that several runs share, as whoever hands it out sees it: what is there, who waits for it in which order, until
 * when it is held back. Grants nothing and knows no run.
 */
import type { Clock } from "../contract/clock.ts";
import { type InLine, Line } from "./line.ts";

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
export class Claim implements InLine<Claim> {
  readonly time: Time;
  /** Of each thing that it needs, which is there once. */
  places: readonly Place[];
  readonly granted: () => void;
  readonly denied: (by: Stock, left: number) => void;
  state: "waiting" | "granted" | "denied" | "held" | "over" = "waiting";
  /** Who has a smaller one goes first. */
  order = 0;
  before: Claim | undefined;
  next: Claim | undefined;
  /** How often somebody was given what its lane needs before this one and all before it, and after all behind it. */
  passed = 0;
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
    this.places = placesOf(demand);
    this.granted = granted;
    this.denied = denied;
  }

  /** It needs this now, and enters no line for it. */
  renew(demand: ReadonlyMap<Stock, number>): void {
    this.places = placesOf(demand);
  }
}

function placesOf(demand: ReadonlyMap<Stock, number>): Place[] {
  return Array.from(demand, ([stock, units]) => new Place(stock, units));
}

/** What a claim needs of one thing. */
export class Place {
  readonly stock: Stock;
  readonly units: number;
  /** What it has spent, as far as that is known; once it is granted. */
  spent = 0;
  /** How far its stock had been taken from then. */
  mark = 0;

  constructor(stock: Stock, units: number) {
    this.stock = stock;
    this.units = units;
  }
}

/**
 * Those that wait and need the same things, of each however much. What the first lacks is kept from those behind it, and
 * whoever keeps something from the first keeps it from them: only the first of a lane is ever served.
 */
export class Lane {
  /** Where it stands in the line of each thing, in the order of the places of its claims. */
  readonly spots: readonly Spot[];
  readonly #home: Map<string, Lane>;
  readonly #key: string;
  readonly #claims: Line<Claim> = new Line();
  /** How often somebody later was given what the first of it needs, or one behind that. */
  passed = 0;

  constructor(places: readonly Place[], home: Map<string, Lane>, key: string) {
    this.spots = places.map(({ stock }, at) => new Spot(this, stock, at));
    this.#home = home;
    this.#key = key;
  }

  /** There as long as anybody waits. */
  get first(): Claim {
    return this.#claims.first as Claim;
  }

  /** `passed`: how often this one was, somewhere else. Those before it count as passed with it. */
  enter(claim: Claim, passed: number): void {
    const { first } = this.#claims;
    this.#claims.enter(claim);
    if (passed > 0) {
      claim.passed = Math.max(0, passed - sumOf(claim.next));
      this.passed += claim.passed;
    }
    for (const spot of this.spots) {
      spot.most = Math.max(spot.most, spot.placeOf(claim).units);
      if (first === undefined) spot.stock.line.enter(spot);
      else if (first !== this.first) spot.stock.line.moved(spot);
    }
  }

  /** Returns how often it was passed. */
  leave(claim: Claim): number {
    const isFirst = claim === this.first;
    const passed = isFirst ? this.passed : sumOf(claim);
    if (claim.before === undefined) this.passed -= claim.passed;
    else claim.before.passed += claim.passed;
    claim.passed = 0;
    this.#claims.leave(claim);
    if (!isFirst) return passed;
    const isEmpty = this.#claims.first === undefined;
    if (isEmpty) this.#home.delete(this.#key);
    for (const spot of this.spots) {
      if (isEmpty) spot.stock.line.leave(spot);
      else spot.stock.line.moved(spot);
    }
    return passed;
  }

  /** Somebody with this order was given what it needs; the first has a smaller one. Counted from the nearer end. */
  pass(order: number): void {
    this.passed++;
    let front = this.#claims.first as Claim;
    let back = this.#claims.last as Claim;
    while (back.order > order && (front.next as Claim).order < order) {
      front = front.next as Claim;
      back = back.before as Claim;
    }
    const last = back.order > order ? front : back;
    last.passed++;
  }
}

function sumOf(from: Claim | undefined): number {
  let sum = 0;
  for (let claim = from; claim !== undefined; claim = claim.next) sum += claim.passed;
  return sum;
}

/** Where a lane stands in the line of one of the things that its claims need. */
export class Spot implements InLine<Spot> {
  readonly lane: Lane;
  readonly stock: Stock;
  readonly #at: number;
  /** None of the lane needs more of it. */
  most = 0;
  before: Spot | undefined;
  next: Spot | undefined;

  constructor(lane: Lane, stock: Stock, at: number) {
    this.lane = lane;
    this.stock = stock;
    this.#at = at;
  }

  get order(): number {
    return this.lane.first.order;
  }

  placeOf(claim: Claim): Place {
    return claim.places[this.#at] as Place;
  }

  /** Whether the first of the lane does not find what it needs. */
  get isLacking(): boolean {
    const { first } = this.lane;
    return this.stock.lacks(this.placeOf(first).units, first.time);
  }

  /** The first of the lane that does not find what it needs. */
  get lacking(): Claim | undefined {
    const { first } = this.lane;
    if (!this.stock.lacks(this.most, first.time)) return undefined;
    let most = 0;
    for (let claim: Claim | undefined = first; claim !== undefined; claim = claim.next) {
      const { units } = this.placeOf(claim);
      if (this.stock.lacks(units, first.time)) return claim;
      most = Math.max(most, units);
    }
    // Whoever needed that much has left.
    this.most = most;
    return undefined;
  }

  /** All of the lane that cannot have what they need of what is there. */
  *denied(): Iterable<Claim> {
    const { first } = this.lane;
    const now = first.time.now();
    if (!this.stock.supply.lacks(this.most, now)) return;
    for (let claim: Claim | undefined = first; claim !== undefined; claim = claim.next) {
      if (this.stock.supply.lacks(this.placeOf(claim).units, now)) yield claim;
    }
  }
}

let made = 0;

export class Stock {
  readonly supply: Supply;
  /** In the order of the first of each lane. */
  readonly line: Line<Spot> = new Line();
  /** Those in whose claims this thing comes first, by the others that they need. */
  readonly lanes: Map<string, Lane> = new Map();
  readonly id: number = ++made;
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
}

/** No number where a clock of the user's own has failed: then nobody waits for it. */
function instantOf(clock: Pick<Clock, "now">): number {
  try {
    return clock.now();
  } catch {
    return Number.NaN;
  }
}

/** Where a claim waits. */
export function laneOf({ places }: Claim): Lane {
  const { lanes } = (places[0] as Place).stock;
  const key = places.length === 1 ? "" : places.map(({ stock }) => stock.id).join();
  let lane = lanes.get(key);
  if (lane === undefined) {
    lane = new Lane(places, lanes, key);
    lanes.set(key, lane);
  }
  return lane;
}
