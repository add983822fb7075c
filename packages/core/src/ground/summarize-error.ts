/**
 * What an error says, in one line: the one place that tells people why something failed. It reads live errors and their
 * serialised form alike, so that a report, its formats and what is thrown all say the same. Knows no task and no stack.
 */
import { causesOf } from "./causes.ts";
import { cut } from "./cut.ts";
import { describe } from "./describe.ts";
import { fieldOf } from "./field.ts";

const MAX_LINE = 1000;
/** Of one message more is not read: it may have megabytes. */
const MAX_MESSAGE = 4000;
/** Of one aggregate, and of all that are in one another. */
const MAX_MEMBERS = 3;
const MAX_TOLD = 12;
/** So many links of a chain of causes are told, the last of them the root: as many as a serialised error has. */
const MAX_LINKS = 8;

/**
 * An error in one line: its message, what its members say if it is an aggregate, then the same of its cause, and of that
 * one's, down to the root: `fetch failed: connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432`. What was
 * said once is not repeated. The line has at most `length` characters, 1,000 unless given: long messages lose their ends,
 * an aggregate all members but three, a chain of more than eight causes those before the root. A value that is no error is
 * described. Never throws.
 *
 * @example
 * ```ts
 * import { summarizeError } from "@astrum/core";
 *
 * const refused = [new Error("refused by ::1"), new Error("refused by 127.0.0.1")];
 * const error = new TypeError("fetch failed", { cause: new AggregateError(refused) });
 * console.log(summarizeError(error)); // fetch failed: refused by ::1; refused by 127.0.0.1
 * ```
 */
export function summarizeError(error: unknown, length: number = MAX_LINE): string {
  return fitted(chainOf(error, { inside: new Set(), members: MAX_TOLD }), length);
}

/** Part of the line, and what stands between it and the part before. */
interface Piece {
  readonly after: ": " | "; ";
  readonly text: string;
}

interface Telling {
  /** The aggregates whose members are being told: a circle ends there. */
  readonly inside: Set<unknown>;
  /** How many members may still be told, in all aggregates together. */
  members: number;
}

/** An error, then its causes. */
function chainOf(error: unknown, telling: Telling): Piece[] {
  const pieces: Piece[] = [];
  const said: string[] = [];
  for (const link of linksOf(error, telling.inside)) {
    const own = link === SKIPPED ? [piece(": ", "…")] : linkOf(link, telling);
    const text = plain(own);
    if (text === "" || said.some((before) => says(before, text))) continue;
    said.push(text);
    pieces.push(...own);
  }
  return pieces;
}

const SKIPPED = Symbol("causes that are left out");

/** The error and its causes, outermost first; a circle ends where it closes. */
function linksOf(error: unknown, inside: ReadonlySet<unknown>): unknown[] {
  const links = causesOf(error, inside);
  if (links.length <= MAX_LINKS) return links;
  return [...links.slice(0, MAX_LINKS - 1), SKIPPED, links.at(-1)];
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What one error says without its causes. */
function linkOf(error: unknown, telling: Telling): Piece[] {
  const message = messageOf(error);
  const { told, more } = membersOf(error, telling);
  const texts = told.map(plain);
  const unsaid = told.filter((_, at) => {
    const text = texts[at] as string;
    return !says(message, text) && texts.indexOf(text) === at;
  });
  if (unsaid.length === 0) return [piece(": ", message === "" ? nameOf(error) : message)];
  const pieces = message === "" ? [] : [piece(": ", message)];
  // A member that the message quotes is no reason for the others: they stand beside it.
  const first = message !== "" && unsaid.length < told.length ? "; " : ": ";
  unsaid.forEach(([head, ...rest], at) => {
    pieces.push(piece(at === 0 ? first : "; ", head?.text ?? ""), ...rest);
  });
  return more === "" ? pieces : [...pieces, piece("; ", more)];
}

interface Members {
  /** What the first ones say. */
  readonly told: readonly Piece[][];
  /** How many follow. */
  readonly more: string;
}

function membersOf(error: unknown, telling: Telling): Members {
  const members = isRecord(error) ? fieldOf(error, "errors") : undefined;
  if (!isArray(members) || telling.inside.has(error)) return { told: [], more: "" };
  telling.inside.add(error);
  const told: Piece[][] = [];
  const length = lengthOf(members);
  while (told.length < Math.min(length, MAX_MEMBERS) && telling.members > 0) {
    telling.members--;
    told.push(chainOf(fieldOf(members, String(told.length)), telling));
  }
  telling.inside.delete(error);
  if (told.length === length) return { told, more: "" };
  // Of a serialised one nobody knows how many there were.
  const least = fieldOf(error, "truncated") === true ? "at least " : "";
  return { told, more: `and ${least}${length - told.length} more` };
}

function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false; // A proxy that was revoked.
  }
}

function lengthOf(list: readonly unknown[]): number {
  const length = fieldOf(list, "length");
  return typeof length === "number" ? length : 0;
}

/** In one line; empty when it has none. What is no error is described. */
function messageOf(error: unknown): string {
  const message = isRecord(error) ? fieldOf(error, "message") : undefined;
  return oneLine(typeof message === "string" ? message : describe(error));
}

/** Lines are joined so that two sentences stay two; one that begins in lower case goes on with the one before. */
function oneLine(message: string): string {
  let text = "";
  for (const line of message.slice(0, MAX_MESSAGE).split(/[\r\n\u2028\u2029]+/)) {
    const words = line.trim();
    if (words === "") continue;
    const ended = /[\p{L}\p{N}"'`)\]]$/u.test(text) && !/^\p{Ll}/u.test(words);
    if (text !== "") text += ended ? "; " : " ";
    text += words;
  }
  return text;
}

function nameOf(error: unknown): string {
  const name = fieldOf(error, "name");
  const code = fieldOf(error, "code");
  const called = typeof name === "string" && name !== "" ? name.slice(0, 256) : "Error";
  return typeof code === "string" && code !== "" ? `${called} (${code.slice(0, 256)})` : called;
}

/** Whether a text holds another one as words of its own: `failed` is in `fetch failed`, `a` is not. */
function says(text: string, part: string): boolean {
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    const end = at + part.length;
    const begins = !isWord(text[at - 1]) || !isWord(part[0]);
    if (begins && (!isWord(text[end]) || !isWord(part.at(-1)))) return true;
  }
  return false;
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}

function piece(after: Piece["after"], text: string): Piece {
  return { after, text };
}

function plain(pieces: readonly Piece[]): string {
  return pieces.map(({ after, text }, at) => (at === 0 ? text : after + text)).join("");
}

/** The pieces as one line, each cut no shorter than it must be for all of them to have room. */
function fitted(pieces: readonly Piece[], length: number): string {
  let room = length - 2 * Math.max(0, pieces.length - 1);
  let most = Number.POSITIVE_INFINITY;
  const lengths = pieces.map(({ text }) => text.length).sort((a, b) => a - b);
  for (const [at, own] of lengths.entries()) {
    const share = Math.max(1, Math.floor(room / (lengths.length - at)));
    if (own > share) {
      most = share;
      break;
    }
    room -= own;
  }
  return cut(plain(pieces.map(({ after, text }) => piece(after, cut(text, most)))), length);
}
