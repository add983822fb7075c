/**
 * Hands out what runs share: first come, first served, everything that a claim asks for or nothing. Who waits keeps from
 * those after it what it lacks, and after 64 of them were given what it needs, all that it needs; so nobody holds one
 * thing while it waits for another, and nobody waits for ever behind others. Knows no run: it calls back.
 */
import type { Clock } from "../contract/clock.ts";
import type { Claim, Place, Stock, Time } from "./stock.ts";

const BYPASSES = 64;
/** A timer for less would not move every clock. */
const LEAST_MS = 0.001;

let arrivals = 0;
/** Things of which more may be there, or whose line has changed: somebody may be served. */
const changed: Set<Stock> = new Set();
let serving = false;
/** Claims that were answered, and have not been told. */
const answered: Set<Claim> = new Set();
let telling = false;

// ---- what claims may do ------------------------------------------------------------------------------------------------

/** Asks for everything that it needs: answered at once when it is there, or can never be, else when it is its turn. */
export function ask(claim: Claim): void {
  arrivals++;
  claim.order = arrivals;
  enter(claim);
  serve();
  if (answered.delete(claim)) tell(claim);
  tellAll();
}

/** A claim that waits needs something else now, and keeps its place in the order. */
export function change(claim: Claim, demand: ReadonlyMap<Stock, number>): void {
  if (claim.state !== "waiting") return;
  leave(claim);
  claim.renew(demand);
  enter(claim);
  serve();
  tellAll();
}

/** The places that these claims have in the order are theirs in this one. */
export function arrange(claims: readonly Claim[]): void {
  const waiting = claims.filter(({ state }) => state === "waiting");
  const orders = waiting.map(({ order }) => order).sort((a, b) => a - b);
  waiting.forEach((claim, at) => {
    if (claim.order === orders[at]) return;
    leave(claim);
    claim.order = orders[at] as number;
    enter(claim);
  });
  serve();
  tellAll();
}

/** It is not wanted any more, or has ended. `unused`: it has spent nothing either. */
export function end(claim: Claim, unused: boolean): void {
  const { state, time } = claim;
  claim.state = "over";
  answered.delete(claim);
  if (state === "waiting") leave(claim);
  if (state === "granted" || state === "held") {
    for (const place of claim.places) giveBack(place, unused || state === "granted", time);
  }
  serve();
  tellAll();
}

/** What a claim that is held has spent of something, in place of what was thought before. */
export function correct(claim: Claim, stock: Stock, spent: number): void {
  const place = claim.places.find((one) => one.stock === stock);
  if (place === undefined || claim.state !== "held") return;
  if (spent > place.spent) take(place, spent - place.spent);
  else stock.supply.give(place.spent - spent, claim.time.now(), place.mark);
  opened(place, spent);
  changed.add(stock);
  serve();
  tellAll();
}

/** Something was spent by somebody who had claimed none of it. */
export function debit(stock: Stock, time: Time, units: number): void {
  if (units > 0) stock.supply.take(units, time.now());
  else stock.supply.give(-units, time.now(), stock.supply.mark);
  changed.add(stock);
  serve();
  tellAll();
}

/** Nobody is given any of it for so long. */
export function pause(stock: Stock, clock: Pick<Clock, "now">, ms: number): void {
  stock.pause(clock, ms);
  changed.add(stock);
  serve();
  tellAll();
}

// ---- who is served -----------------------------------------------------------------------------------------------------

function serve(): void {
  // A clock may call back at once.
  if (serving) return;
  serving = true;
  try {
    // Those that are added on the way come up, too.
    for (const stock of changed) {
      changed.delete(stock);
      deny(stock);
      for (let next = servable(stock); next !== undefined; next = servable(stock)) grant(next);
      wakeLater(stock);
    }
  } finally {
    serving = false;
  }
}

/** The first in the line that finds all it needs, and takes nothing that one before it keeps. */
function servable(stock: Stock): Claim | undefined {
  /** Of each other line, how far it is known that nobody keeps anything. */
  const looked = new Map<Stock, Place | undefined>();
  for (let place = stock.first; place !== undefined; place = place.next) {
    const { claim } = place;
    const lacking = claim.places.find((one) => isLacking(one, stock, looked));
    if (lacking === undefined) return claim;
    claim.lacked = lacking.stock;
    if (keeps(place)) return undefined;
  }
  return undefined;
}

/** Claims are looked at in their order, so that each line is gone through once. Nobody before it keeps `free`. */
function isLacking(place: Place, free: Stock, looked: Map<Stock, Place | undefined>): boolean {
  const { stock, units, claim } = place;
  if (stock.lacks(units, claim.time)) return true;
  if (stock === free || stock.first === place) return false;
  let other = looked.has(stock) ? looked.get(stock) : stock.first;
  while (other !== undefined && other !== place && !keeps(other)) other = other.next;
  looked.set(stock, other);
  return other !== place;
}

function keeps({ stock, units, claim }: Place): boolean {
  return claim.bypassed >= BYPASSES || stock.lacks(units, claim.time);
}

function grant(claim: Claim): void {
  const passed = new Set<Claim>();
  for (const place of claim.places) {
    for (let one = place.before; one !== undefined; one = one.before) passed.add(one.claim);
  }
  for (const other of passed) other.bypassed++;
  leave(claim);
  for (const place of claim.places) {
    take(place, place.units);
    if (place.stock.supply.spends) opened(place, place.units);
  }
  claim.state = "granted";
  answered.add(claim);
}

/** Those that can never be served are told so. */
function deny(stock: Stock): void {
  if (!stock.isExhausted) return;
  for (let place = stock.first; place !== undefined; ) {
    const { claim, next, units } = place;
    if (stock.supply.lacks(units, claim.time.now())) {
      leave(claim);
      claim.state = "denied";
      claim.lacked = stock;
      claim.left = stock.supply.left(claim.time.now());
      answered.add(claim);
    }
    place = next;
  }
}

/** When time brings what the first of those that wait lacks. */
function wakeLater(stock: Stock): void {
  let place = stock.first;
  while (place !== undefined && !stock.lacks(place.units, place.claim.time)) place = place.next;
  const { timer } = stock;
  const time = place?.claim.time;
  const ms = place === undefined ? Infinity : stock.waitMs(place.units, place.claim.time);
  const due = time === undefined || ms === Infinity ? Infinity : time.now() + ms;
  if (timer !== undefined && Math.abs(timer.due - due) < LEAST_MS && timer.time === time) return;
  timer?.cancel();
  stock.timer = undefined;
  if (time === undefined || due === Infinity) return;
  let fired = false;
  const cancel = time.after(Math.max(ms, LEAST_MS), () => {
    fired = true;
    stock.timer = undefined;
    changed.add(stock);
    serve();
    tellAll();
  });
  if (!fired) stock.timer = { due, time, cancel };
}

// ---- bookkeeping -------------------------------------------------------------------------------------------------------

function enter(claim: Claim): void {
  for (const place of claim.places) {
    place.stock.enter(place);
    changed.add(place.stock);
  }
}

/** Others may have waited behind it. */
function leave(claim: Claim): void {
  for (const place of claim.places) {
    place.stock.leave(place);
    changed.add(place.stock);
  }
}

function giveBack(place: Place, unused: boolean, time: Time): void {
  const { stock, units } = place;
  if (!stock.supply.spends) stock.supply.give(units, time.now(), place.mark);
  else if (unused) stock.supply.give(place.spent, time.now(), place.mark);
  if (stock.supply.spends) opened(place, 0);
  changed.add(stock);
}

function take(place: Place, units: number): void {
  const { supply } = place.stock;
  supply.take(units, place.claim.time.now());
  place.mark = supply.mark;
}

/** Who has spent something may yet say that it was less. */
function opened(place: Place, spent: number): void {
  place.stock.open += Number(spent > 0) - Number(place.spent > 0);
  place.spent = spent;
}

/** Whoever is told may give back at once: told from there, thousands of runs would be one stack. */
function tellAll(): void {
  if (telling || serving) return;
  telling = true;
  for (const claim of answered) {
    answered.delete(claim);
    try {
      tell(claim);
    } catch (error) {
      // Of another one's callback: whoever gave something back has nothing to do with it.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
  telling = false;
}

function tell(claim: Claim): void {
  if (claim.state === "denied") {
    claim.state = "over";
    claim.denied(claim.lacked as Stock, claim.left);
    return;
  }
  claim.state = "held";
  claim.granted();
}
