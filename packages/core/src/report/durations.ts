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

/** When a task or item was first called; `NaN` if it never was. A map begins with the first of its items. */
export function startOf(ledger: Ledger, task: number): number {
  const first = ledger.firstAttempt[task] as number;
  if (first !== -1) return ledger.startAt[first] as number;
  return edgeOfItems(ledger, task, startOf, Math.min);
}

/** When its last attempt ended; `NaN` while it has not. A map ends with the last of its items. */
export function endOf(ledger: Ledger, task: number): number {
  const last = ledger.lastAttempt[task] as number;
  if (last !== -1) return ledger.endAt[last] as number;
  return edgeOfItems(ledger, task, endOf, Math.max);
}

function edgeOfItems(
  ledger: Ledger,
  map: number,
  of: (ledger: Ledger, item: number) => number,
  choose: (a: number, b: number) => number,
): number {
  const { first, count } = ledger.spawnOfMap.get(map) ?? { first: 0, count: 0 };
  let edge = Number.NaN;
  for (let item = first; item < first + count; item++) {
    const instant = of(ledger, item);
    if (Number.isNaN(instant)) continue;
    edge = Number.isNaN(edge) ? instant : choose(edge, instant);
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
