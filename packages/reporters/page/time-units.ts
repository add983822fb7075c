/** The units in which people write a time into the filter and into the address, as microseconds. */
export const TIME_UNITS: Readonly<Record<string, number>> = {
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
};
