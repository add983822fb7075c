/**
 * What a map maps over, as a list: an array as it stands, of another iterable what it gives, read once. A text is a value,
 * not a list of letters. Knows no task but by its name.
 */
import { describe } from "../ground/describe.ts";
import { frameless, InputError } from "../ground/errors.ts";
import { summarizeError } from "../ground/summarize-error.ts";

/** Iterators that a map has read. Whoever reads one again gets nothing, and would take it for an empty list. */
const spent = new WeakSet<object>();

/** Reads at most one item more than `most`: the map has too many then, and nobody asks how many. */
export function listOf(name: string, over: unknown, most: number): readonly unknown[] {
  if (Array.isArray(over)) return over;
  if (!isObject(over)) throw noList(name, over);
  try {
    const iterate = over[Symbol.iterator];
    if (typeof iterate === "function") {
      if (spent.has(over)) throw new Error(AGAIN);
      const iterator = iterate.call(over);
      if (Object.is(iterator, over)) spent.add(over);
      const list: unknown[] = [];
      for (const item of { [Symbol.iterator]: () => iterator }) if (list.push(item) > most) break;
      return list;
    }
  } catch (error) {
    const message = `Map "${name}" could not read what it maps over: ${summarizeError(error)}`;
    throw frameless(new InputError(name, message, { cause: error }));
  }
  throw noList(name, over);
}

const AGAIN =
  "a map has read this iterator already, and an iterator gives its items once. Gather them in an array first";

type Maybe = Partial<Iterable<unknown> & AsyncIterable<unknown>>;

function isObject(value: unknown): value is Maybe {
  return typeof value === "object" && value !== null;
}

function noList(name: string, over: unknown): InputError {
  const asynchronous = isObject(over) && typeof over[Symbol.asyncIterator] === "function";
  const got = asynchronous
    ? "an asynchronous one: gather its items in an array first"
    : describe(over);
  const message = `Map "${name}" needs an array or another iterable to map over, got ${got}`;
  return frameless(new InputError(name, message));
}
