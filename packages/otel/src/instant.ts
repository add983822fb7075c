/**
 * An instant of an event as spans take it. Numbers would not do: SDKs take small ones for `performance.now()`, and round
 * large ones to milliseconds.
 */
export function instant(epochMs: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(epochMs / 1000);
  const nanoseconds = Math.round((epochMs - seconds * 1000) * 1e6);
  return nanoseconds === 1e9 ? [seconds + 1, 0] : [seconds, nanoseconds];
}
