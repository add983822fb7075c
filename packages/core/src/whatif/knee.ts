/**
 * The makespan by slots, and the number beyond which more of them gain nothing. Asks for a prediction for each number that it
 * looks at; knows no run.
 */
import type { Prediction } from "./prediction.ts";

export interface Knee {
  /** By slots, from 1 to the number that is used at once when there is no limit. Not every number between them. */
  readonly points: readonly { readonly slots: number; readonly makespanMs: number }[];
  /** Of the points the least number of slots that takes at most 1 % longer than the best of them, with everything else as it was. */
  readonly slots: number;
}

/** From so many tasks on a point takes its time. */
const LARGE = 2000;
/** More than the best by this share is a gain. */
const NOTHING = 0.01;

/**
 * Looks at 1, 2, 3, 4, 6, 8, 12 …, of a large run at every second of them, and then between the two that enclose the knee
 * until one slot fewer was looked at and is not enough.
 */
export function kneeOf(
  tasks: number,
  predict: (slots: number) => Pick<Prediction, "makespanMs" | "peakConcurrency">,
): Knee {
  const free = predict(Number.POSITIVE_INFINITY);
  const most = Math.max(1, free.peakConcurrency);
  const points = new Map<number, number>([[most, free.makespanMs]]);
  const makespanOf = (slots: number): number => {
    const known = points.get(slots) ?? predict(slots).makespanMs;
    points.set(slots, known);
    return known;
  };
  for (let slots = 1; slots < most; slots *= 2) {
    makespanOf(slots);
    if (slots > 1 && slots * 1.5 < most && tasks < LARGE) makespanOf(slots * 1.5);
  }
  for (;;) {
    // Tasks in another order may take less time on fewer slots: then what is within 1 % of the best is another.
    const enough = Math.min(...points.values()) * (1 + NOTHING);
    const looked = sorted(points);
    const first = looked.findIndex(({ makespanMs }) => makespanMs <= enough);
    const slots = looked[first]?.slots ?? most;
    const below = looked[first - 1]?.slots ?? 0;
    if (slots - below <= 1) return { points: looked, slots };
    makespanOf((slots + below) >> 1);
  }
}

function sorted(points: ReadonlyMap<number, number>): Knee["points"] {
  return Array.from(points, ([slots, makespanMs]) => ({ slots, makespanMs })).sort(
    (a, b) => a.slots - b.slots,
  );
}
