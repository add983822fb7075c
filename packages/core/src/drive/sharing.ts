/**
 * Hands out what runs share: first come, first served, everything that a claim asks for or nothing. Who waits keeps from
 * those after it what it lacks, and after 64 of them were given what it needs, all that it needs; so nobody holds one
 * thing while it waits for another, and nobody waits for ever behind others. Knows no run: it calls back.
 */
import type { Clock } from "../contract/clock.ts";
import {
  type Claim,
  type Lane,
  laneOf,
  type Place,
  type Spot,
  type Stock,
  type Time,
} from "./stock.ts";

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
  enter(claim, 0);
  serve();
  if (answered.delete(claim)) tell(claim);
  tellAll();
}

/** A claim that waits needs something else now, and keeps its place in the order. */
export function change(claim: Claim, demand: ReadonlyMap<Stock, number>): void {
  if (claim.state !== "waiting") return;
  const passed = leave(claim);
  claim.renew(demand);
  enter(claim, passed);
  serve();
  tellAll();
}

/** The places that these claims have in the order are theirs in this one. */
export function arrange(claims: readonly Claim[]): void {
  const waiting = claims.filter(({ state }) => state === "waiting");
  const orders = waiting.map(({ order }) => order).sort((a, b) => a - b);
  waiting.forEach((claim, at) => {
    if (claim.order === orders[at]) return;
    const passed = leave(claim);
    claim.order = orders[at] as number;
    enter(claim, passed);
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
  const place = placeOf(claim, stock);
  if (place === undefined || claim.state !== "held") return;
  if (spent > place.spent) take(place, spent - place.spent, claim.time);
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
    for (let next = firstServable(); next !== undefined; next = firstServable()) grant(next);
  } finally {
    serving = false;
  }
}

/** Of all that can be served the first, be it for whichever thing; where nobody can be, nothing is to do any more. */
function firstServable(): Claim | undefined {
  // Those that are added on the way come up, too.
  for (const stock of changed) deny(stock);
  let first: Claim | undefined;
  for (const stock of changed) {
    const claim = servable(stock);
    if (claim === undefined) {
      changed.delete(stock);
      wakeLater(stock);
    } else if (first === undefined || claim.order < first.order) {
      first = claim;
    }
  }
  return first;
}

/** How far the line of a thing has been gone through, and from which order on somebody keeps it. */
interface Looked {
  spot: Spot | undefined;
  kept: number;
}

/** The first in the line that finds all it needs, and takes nothing that one before it keeps. */
function servable(stock: Stock): Claim | undefined {
  const looked = new Map<Stock, Looked>();
  for (let spot = stock.line.first; spot !== undefined; spot = spot.next) {
    if (isKept(spot, looked)) return undefined;
    const { first, spots } = spot.lane;
    const lacking = spots.find((one) => one.isLacking || (one !== spot && isKept(one, looked)));
    if (lacking === undefined) return first;
    first.lacked = lacking.stock;
  }
  return undefined;
}

/** Whether one before keeps it. Lanes are looked at in their order, so that each line is gone through once. */
function isKept(spot: Spot, looked: Map<Stock, Looked>): boolean {
  const { stock } = spot;
  if (stock.line.first === spot) return false;
  let seen = looked.get(stock);
  if (seen === undefined) {
    seen = { spot: stock.line.first, kept: Number.POSITIVE_INFINITY };
    looked.set(stock, seen);
  }
  while (seen.spot !== undefined && seen.spot.order < spot.order && seen.kept > spot.order) {
    seen.kept = Math.min(seen.kept, keptFrom(seen.spot));
    seen.spot = seen.spot.next;
  }
  return seen.kept < spot.order;
}

function keptFrom(spot: Spot): number {
  if (spot.lane.passed >= BYPASSES) return spot.order;
  return spot.lacking?.order ?? Number.POSITIVE_INFINITY;
}

function grant(claim: Claim): void {
  const { spots } = laneOf(claim);
  const passed = new Set<Lane>();
  for (const spot of spots) {
    for (let one = spot.before; one !== undefined; one = one.before) passed.add(one.lane);
  }
  for (const lane of passed) lane.pass(claim.order);
  // Who stood behind it waited for the same.
  if (claim.next !== undefined) claim.next.lacked ??= claim.lacked;
  leave(claim);
  for (const place of claim.places) {
    take(place, place.units, claim.time);
    if (place.stock.supply.spends) opened(place, place.units);
  }
  claim.state = "granted";
  answered.add(claim);
}

/** Those that can never be served are told so. */
function deny(stock: Stock): void {
  if (!stock.isExhausted) return;
  const denied: Claim[] = [];
  for (let spot = stock.line.first; spot !== undefined; spot = spot.next) {
    for (const claim of spot.denied()) denied.push(claim);
  }
  for (const claim of denied.sort((a, b) => a.order - b.order)) {
    leave(claim);
    claim.state = "denied";
    claim.lacked = stock;
    claim.left = stock.supply.left(claim.time.now());
    answered.add(claim);
  }
}

/** When time brings what the first of those that wait lacks. */
function wakeLater(stock: Stock): void {
  const claim = firstLacking(stock);
  const { timer } = stock;
  const time = claim?.time;
  const ms =
    claim === undefined
      ? Infinity
      : stock.waitMs((placeOf(claim, stock) as Place).units, claim.time);
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

function firstLacking(stock: Stock): Claim | undefined {
  // Time brings none of what is held.
  if (!stock.supply.spends && stock.pausedMs === 0) return undefined;
  let found: Claim | undefined;
  for (let spot = stock.line.first; spot !== undefined; spot = spot.next) {
    if (found !== undefined && spot.order > found.order) break;
    const { lacking } = spot;
    if (lacking !== undefined && !(lacking.order > (found?.order ?? Infinity))) found = lacking;
  }
  return found;
}

// ---- bookkeeping -------------------------------------------------------------------------------------------------------

function enter(claim: Claim, passed: number): void {
  laneOf(claim).enter(claim, passed);
  for (const { stock } of claim.places) changed.add(stock);
}

/** Others may have waited behind it. Returns how often it was passed. */
function leave(claim: Claim): number {
  const passed = laneOf(claim).leave(claim);
  for (const { stock } of claim.places) changed.add(stock);
  return passed;
}

function placeOf({ places }: Claim, stock: Stock): Place | undefined {
  return places.find((one) => one.stock === stock);
}

function giveBack(place: Place, unused: boolean, time: Time): void {
  const { stock, units } = place;
  if (!stock.supply.spends) stock.supply.give(units, time.now(), place.mark);
  else if (unused) stock.supply.give(place.spent, time.now(), place.mark);
  if (stock.supply.spends) opened(place, 0);
  changed.add(stock);
}

function take(place: Place, units: number, time: Time): void {
  const { supply } = place.stock;
  supply.take(units, time.now());
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
