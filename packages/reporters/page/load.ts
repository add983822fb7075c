/** How many attempts ran, and how many waited, at each instant: two staircases, and the highest step between two instants. */
import type { PageData } from "../src/html/page-data.ts";

export interface Staircase {
  /** When the count changes, ascending, and what it is from then on. */
  readonly atUs: Float64Array;
  readonly count: Int32Array;
  readonly highest: number;
}

export function running({ attempts }: PageData, chosen?: readonly number[]): Staircase {
  const places = chosen ?? Array.from(attempts.task.keys());
  return staircase(
    places.map((place) => [attempts.startUs[place] ?? 0, attempts.endUs[place] ?? 0]),
  );
}

export function waiting({ attempts }: PageData, chosen?: readonly number[]): Staircase {
  const queued: [number, number][] = [];
  for (const place of chosen ?? attempts.task.keys()) {
    const startUs = attempts.startUs[place] ?? 0;
    const queuedUs = attempts.queuedUs[place] ?? 0;
    if (queuedUs > 0) queued.push([Math.max(0, startUs - queuedUs), startUs]);
  }
  return staircase(queued);
}

/** The highest count between two instants: a peak between two pixels is not lost. */
export function highestBetween(stairs: Staircase, fromUs: number, toUs: number): number {
  const { atUs, count } = stairs;
  let place = lastAtOrBefore(atUs, fromUs);
  let highest = place < 0 ? 0 : (count[place] ?? 0);
  for (place++; place < atUs.length && (atUs[place] ?? 0) < toUs; place++) {
    highest = Math.max(highest, count[place] ?? 0);
  }
  return highest;
}

export function staircase(intervals: readonly (readonly [number, number])[]): Staircase {
  const changes: [number, number][] = [];
  for (const [from, to] of intervals) {
    if (to > from) changes.push([from, 1], [to, -1]);
  }
  changes.sort((a, b) => a[0] - b[0]);
  const atUs: number[] = [];
  const count: number[] = [];
  let now = 0;
  for (const [at, change] of changes) {
    now += change;
    if (atUs.at(-1) === at) count[count.length - 1] = now;
    else {
      atUs.push(at);
      count.push(now);
    }
  }
  return {
    atUs: Float64Array.from(atUs),
    count: Int32Array.from(count),
    highest: count.reduce((most, one) => Math.max(most, one), 0),
  };
}

function lastAtOrBefore(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
