/**
 * A thrown value on its way as JSON, either way: class name and built-in base, message, stack, causes, the errors of an
 * `AggregateError`, own fields. Never throws, whatever was thrown, and is bounded. Nothing in it becomes code. Knows no
 * job.
 */
import { inspect } from "node:util";
import {
  describe,
  type ErrorParts,
  findJsonObstacle,
  isError,
  messageOf,
  putTogether,
  takeApart,
} from "astrum-crossing";

export type Packed = { readonly error: ErrorParts<Packed> } | { readonly value: unknown };

/** How many errors may be in one another; the message stands for one beyond. JSON cannot say "as above". */
const MAX_DEPTH = 8;
/** Of one error: its fields, and the errors of an `AggregateError`. */
const MOST = 50;
/** Characters: of one text, and of all that one thrown value holds. It is sent to every scheduler that listens. */
const LONGEST_TEXT = 16_384;
const LONGEST_WHOLE = 262_144;

interface Budget {
  left: number;
}

export function packError(thrown: unknown): Packed {
  return pack(thrown, 0, { left: LONGEST_WHOLE });
}

function pack(thrown: unknown, depth: number, budget: Budget): Packed {
  if (!isError(thrown)) return { value: plain(thrown, budget) };
  if (depth > MAX_DEPTH || budget.left === 0) return { value: cut(messageOf(thrown), budget) };
  const error = takeApart(thrown, (part) => pack(part, depth + 1, budget), {
    most: MOST,
    longest: longest(budget),
    begun: ({ className, name, message, stack = "" }) =>
      spend(className.length + name.length + message.length + stack.length, budget),
  });
  return { error };
}

/** The value itself where JSON holds it, and a short description where it does not. */
function plain(value: unknown, budget: Budget): unknown {
  if (value === undefined) return null;
  if (typeof value === "string") return cut(value, budget);
  if (findJsonObstacle(value, "value") !== undefined) return cut(inWords(value), budget);
  const { length } = JSON.stringify(value);
  if (length > longest(budget)) return "(too large)";
  spend(length, budget);
  return value;
}

function inWords(value: unknown): string {
  try {
    return inspect(value, { depth: 1 }).slice(0, 500);
  } catch {
    return describe(value);
  }
}

function cut(text: string, budget: Budget): string {
  const told = text.slice(0, longest(budget));
  spend(told.length, budget);
  return told;
}

function longest({ left }: Budget): number {
  return Math.min(LONGEST_TEXT, left);
}

function spend(characters: number, budget: Budget): void {
  budget.left = Math.max(0, budget.left - characters);
}

export function unpackError(packed: Packed): unknown {
  return "value" in packed ? packed.value : putTogether(packed.error, unpackError);
}
