/**
 * A thrown value on its way, either way: as the core writes values down, of a bounded size, whatever was thrown. What is too
 * large is made shorter first: texts, and what is within. Never throws. Nothing in it becomes code. Knows no job.
 */
import { inspect } from "node:util";
import { decodeValue, type EncodedValue, encodeValue } from "@astrum/core";
import { describe, isError, messageOf } from "astrum-crossing";

/** Characters: of one text, and of all that one thrown value holds. It is sent to every scheduler that listens. */
const LONGEST_TEXT = 16_384;
const LONGEST_WHOLE = 262_144;
/** Of one that is too large: how many errors may be in one another; the message stands for one beyond. */
const MAX_DEPTH = 8;
/** The same: of each error so many fields, and so many errors of an `AggregateError`. */
const MOST = 50;
/** What those read who try again comes first, wherever a class has it. */
const FOR_RETRIES = ["code", "retryable", "retryAfterMs", "retryAfter"];
const TOLD: ReadonlySet<string> = new Set(["name", "message", "stack", "cause", "errors"]);

export function packError(thrown: unknown): EncodedValue {
  const whole = encodeValue(thrown, { most: LONGEST_WHOLE });
  if (whole.encoding !== "omitted") return whole;
  if (!isError(thrown)) return encodeValue(inWords(thrown));
  const cut = encodeValue(shortened(thrown, 0, { left: LONGEST_WHOLE }));
  return cut.encoding === "omitted" ? encodeValue(messageOf(thrown).slice(0, LONGEST_TEXT)) : cut;
}

export function unpackError(packed: EncodedValue): unknown {
  const read = decodeValue(packed);
  if (read !== undefined) return read.value;
  return new Error(
    "What was thrown cannot be read: it is damaged, or a newer @astrum/core wrote it",
  );
}

function inWords(value: unknown): string {
  if (typeof value === "string") return value.slice(0, LONGEST_TEXT);
  try {
    return inspect(value, { depth: 1 }).slice(0, 500);
  } catch {
    return describe(value);
  }
}

interface Budget {
  left: number;
}

/** An error of the same class that says less. */
function shortened(error: Error, depth: number, budget: Budget): Error {
  const short = Object.create(prototypeOf(error)) as Error;
  const put = (key: string, value: unknown, enumerable = true): void =>
    void Object.defineProperty(short, key, { value, enumerable, configurable: true });
  for (const key of ["name", "message", "stack"]) {
    put(key, cut(read(error, key), budget), false);
  }
  // Before what is within it: where only so much crosses, what the error itself says is more.
  for (const key of fieldsOf(error).slice(0, MOST)) {
    const value = part(read(error, key), depth, budget);
    if (value !== undefined) put(key, value);
  }
  const cause = part(read(error, "cause"), depth, budget);
  if (cause !== undefined) put("cause", cause, false);
  const errors = read(error, "errors");
  if (Array.isArray(errors)) {
    const members = errors.slice(0, MOST);
    put(
      "errors",
      members.map((member) => part(member, depth, budget) ?? null),
      false,
    );
  }
  return short;
}

/** Something within an error, as much of it as there is room for; `undefined` for none. */
function part(value: unknown, depth: number, budget: Budget): unknown {
  if (isError(value)) {
    return depth < MAX_DEPTH && budget.left > 0
      ? shortened(value, depth + 1, budget)
      : cut(messageOf(value), budget);
  }
  const encoded = encodeValue(value, { most: Math.min(LONGEST_TEXT, budget.left) });
  if (encoded.encoding === "omitted")
    return typeof value === "string" ? cut(value, budget) : undefined;
  budget.left -= JSON.stringify(encoded).length;
  return value;
}

function cut(text: unknown, budget: Budget): string | undefined {
  if (typeof text !== "string") return undefined;
  const told = text.slice(0, Math.max(0, Math.min(LONGEST_TEXT, budget.left)));
  budget.left -= told.length;
  return told;
}

function fieldsOf(error: Error): string[] {
  try {
    return [...new Set([...FOR_RETRIES, ...Object.keys(error)])].filter((key) => !TOLD.has(key));
  } catch {
    return FOR_RETRIES; // A proxy that refuses to be looked at.
  }
}

function prototypeOf(error: Error): object {
  try {
    return (Object.getPrototypeOf(error) as object | null) ?? Error.prototype;
  } catch {
    return Error.prototype;
  }
}

/** A getter of a thrown object may throw in turn. */
function read(object: Error, key: string): unknown {
  try {
    return (object as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}
