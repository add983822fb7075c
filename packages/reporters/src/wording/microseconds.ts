/**
 * An instant as whole microseconds. Rounded once, at the instant: rounding durations on their own would make neighbours
 * overlap. What is no instant (negative, not a number) is the start of the run; what is too late to be told from its
 * neighbours, in 285 years, is the last that is not.
 */
export function microseconds(ms: number): number {
  const rounded = Math.round(ms * 1000);
  return rounded > 0 ? Math.min(rounded, Number.MAX_SAFE_INTEGER) : 0;
}
