/**
 * An instant as whole microseconds. Rounded once, at the instant: rounding durations on their own would make neighbours
 * overlap. What is no instant (negative, infinite, not a number) is the start of the run.
 */
export function microseconds(ms: number): number {
  const rounded = Math.round(ms * 1000);
  return Number.isFinite(rounded) && rounded > 0 ? rounded : 0;
}
