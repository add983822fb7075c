/**
 * What a cache holds: under which key the result of a task is found, and the text that it is kept as. Whatever a store hands
 * out is read without harm: what is no entry is none. Knows no store.
 */
import { decodeValue } from "../ground/decode.ts";
import { digest } from "../ground/digest.ts";
import { type EncodedValue, encodeValue } from "../ground/encode.ts";

/** Changes when entries of before can no longer be read. */
const VERSION = 1;

/**
 * The key of a result: of the flow's name, the definition of the task and what `of` says. None, but why not, where that has
 * no encoding.
 */
export function entryKey(flow: string, definition: string, of: unknown): { key: string } | string {
  const encoded = encodeValue(of);
  if (encoded.encoding === "omitted") return encoded.detail ?? encoded.why;
  return { key: `astrum:${VERSION}:${digest(JSON.stringify([flow, definition, encoded]))}` };
}

/** `now`: milliseconds since the Unix epoch. */
export function entryText(output: EncodedValue, ttlMs: number | undefined, now: number): string {
  const until = ttlMs === undefined ? undefined : now + ttlMs;
  return JSON.stringify({ astrum: VERSION, output, until });
}

/** The value of an entry that still counts: a copy. */
export function entryValue(text: unknown, now: number): { readonly value: unknown } | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const { astrum, output, until } = JSON.parse(text) as Record<string, unknown>;
    if (astrum !== VERSION || (until !== undefined && !((until as number) > now))) return undefined;
    return decodeValue(output as EncodedValue);
  } catch {
    return undefined;
  }
}
