/**
 * How long a task queued and ran, over its attempts; when it began and ended; and how instants become milliseconds: rounded
 * to microseconds first, and durations are differences of rounded instants, so that what adds up on the clock adds up in
 * the report.
 */
import type { Ledger } from "../machine/ledger.ts";
import type { Ms, Offset } from "./statistics.ts";

/** Whole microseconds. */
export function micros(ms: number): number {
  return Math.round(ms * 1000);
}

/** The difference of two instants as milliseconds. */
export function between(from: number, to: number): Ms {
  return (micros(to) - micros(from)) / 1000;
}

export function rounded(ms: number): Ms {
  return micros(ms) / 1000;
}

/** `null` for what has not happened. */
export function instant(ms: number): Offset | null {
  return Number.isNaN(ms) ? null : rounded(ms);
}

/** When a task or item was first called; `NaN` if it never was. A map begins with the first of its items, so does a flow. */
export function startOf(ledger: Ledger, task: number): number {
  const first = ledger.firstAttempt[task] as number;
  if (first !== -1) return ledger.startAt[first] as number;
  return edgeOfInside(ledger, task, startOf, Math.min, Number.NaN);
}

/** When its last attempt ended; `NaN` while it has not. What is inside of it ends later: items, a flow. */
export function endOf(ledger: Ledger, task: number): number {
  const last = ledger.lastAttempt[task] as number;
  const own = last === -1 ? Number.NaN : (ledger.endAt[last] as number);
  if (last !== -1 && ledger.grown === undefined) return own;
  return edgeOfInside(ledger, task, endOf, Math.max, own);
}

function edgeOfInside(
  ledger: Ledger,
  owner: number,
  of: (ledger: Ledger, row: number) => number,
  choose: (a: number, b: number) => number,
  own: number,
): number {
  let edge = own;
  for (const { first, count } of ledger.inside(owner)) {
    for (let row = first; row < first + count; row++) {
      if (of === endOf && ledger.innerTails.has(row)) continue;
      const instant = of(ledger, row);
      if (Number.isNaN(instant)) continue;
      edge = Number.isNaN(edge) ? instant : choose(edge, instant);
    }
  }
  return edge;
}

/** How many microseconds an attempt ran; 0 while it still does. */
export function ranMicros({ startAt, endAt }: Ledger, attempt: number): number {
  const end = endAt[attempt] as number;
  return Number.isNaN(end) ? 0 : micros(end) - micros(startAt[attempt] as number);
}

/** How long a task waited for capacity, over all its attempts. */
export function queuedOf(ledger: Ledger, task: number): Ms {
  const { firstAttempt, attemptNext, queuedAt, startAt } = ledger;
  let queued = 0;
  let attempt = firstAttempt[task] as number;
  for (; attempt !== -1; attempt = attemptNext[attempt] as number) {
    queued += micros(startAt[attempt] as number) - micros(queuedAt[attempt] as number);
  }
  return queued / 1000;
}

/** How long its attempts ran, together. */
export function ranOf(ledger: Ledger, task: number): Ms {
  let ran = 0;
  let attempt = ledger.firstAttempt[task] as number;
  for (; attempt !== -1; attempt = ledger.attemptNext[attempt] as number) {
    ran += ranMicros(ledger, attempt);
  }
  return ran / 1000;
}

/** What a task would have taken had it never queued: its attempts and the delays between them. */
export function ownMicros(ledger: Ledger, task: number): number {
  let own = 0;
  for (
    let attempt = ledger.firstAttempt[task] as number;
    attempt !== -1;
    attempt = ledger.attemptNext[attempt] as number
  ) {
    own += ranMicros(ledger, attempt);
    if (ledger.attemptNext[attempt] !== -1) own += micros(ledger.retryDelay.get(attempt) ?? 0);
  }
  return own;
}
