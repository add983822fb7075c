/** The instants that are written on a time axis: round ones, as people count them. Knows no picture and no zone. */
import { duration } from "./duration.ts";

const SECOND = 1e6;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of seconds and minutes those that make a whole of the next unit. */
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12, 24].map((hours) => hours * HOUR),
];

/** From one instant to the next, in microseconds: at least `roughUs`, never less than one. */
export function roundStep(roughUs: number): number {
  const known = roughUs < SECOND ? undefined : STEPS.find((step) => step >= roughUs);
  if (known !== undefined) return known;
  // Below a second and above a day people count by tens.
  const unit = roughUs < SECOND ? 1 : DAY;
  const rough = roughUs / unit;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((one) => one * power >= rough) ?? 10;
  return Math.max(1, factor * power * unit);
}

/** `34 min`, `1 h 30 min`, `2 min 15 s`; what is zero is not said. */
export function instantText(us: number): string {
  if (us < MINUTE) return duration(us / 1000);
  const seconds = Math.round(us / SECOND);
  const parts: readonly (readonly [count: number, unit: string])[] = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
