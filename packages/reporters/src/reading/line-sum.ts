/**
 * The checksum that a line with a result ends with: CRC-32 of what stands before it, in UTF-8. A result that was changed on a
 * disk reads like one that was stored; by its sum it does not. Knows no line in particular.
 */

/** At the end of a line; editors may have ended it with more than a line break. */
const SUM = /,"crc":"([\da-f]{8})"\}\s*$/;

/** A line, `{…}`, with its sum as the last property. */
export function withSum(line: string): string {
  const told = line.slice(0, -1);
  return `${told},"crc":"${sumOf(told)}"}`;
}

/** Whether a line that says this sum is as it was written. One that says none, of a log from before there were any, is taken so. */
export function isAsWritten(line: string, crc: unknown): boolean {
  if (crc === undefined) return true;
  const found = SUM.exec(line);
  return found !== null && sumOf(line.slice(0, found.index)) === found[1];
}

/** That of the runtime is five times as fast; where there is none, a log can still be read. */
const builtIn = globalThis.process?.getBuiltinModule?.("node:zlib")?.crc32 as
  | ((text: string) => number)
  | undefined;

function sumOf(text: string): string {
  return (builtIn ?? crc32)(text).toString(16).padStart(8, "0");
}

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** Of a text in UTF-8. */
export function crc32(text: string): number {
  let sum = -1;
  for (const byte of new TextEncoder().encode(text)) {
    sum = (sum >>> 8) ^ (TABLE[(sum ^ byte) & 0xff] as number);
  }
  return ~sum >>> 0;
}
