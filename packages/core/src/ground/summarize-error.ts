/**
 * What an error says, in one line: the one place that tells people why something failed. It reads live errors and their
 * serialised form alike, so that a report, its formats and what is thrown all say the same. Knows no task and no stack.
 */
import { describe } from "./errors.ts";
import { fieldOf } from "./field.ts";

const MAX_LINE = 1000;
/** Of one message more is not read: it may have megabytes. */
const MAX_MESSAGE = 4000;
/** Of one aggregate, and of all that are in one another. */
const MAX_MEMBERS = 3;
const MAX_TOLD = 30;
/** So many links of a chain of causes are told, the last of them the root: as many as a serialised error has. */
const MAX_LINKS = 8;
const MAX_STEPS = 1000;

/**
 * An error in one line: its message, what its members say if it is an aggregate, then the same of its cause, and of that
 * one's, down to the root: `fetch failed: connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432`. What was
 * said once is not repeated. At most 1,000 characters: of long messages the ends are left out, of an aggregate all members
 * but three, of a longer chain than eight what stands before the root. A value that is no error is described. Never throws.
 *
 * @example
 * console.error(`Could not deploy: ${summarizeError(error)}`);
 */
export function summarizeError(error: unknown): string {
  return chainText(error, MAX_LINE, { inside: new Set(), members: MAX_TOLD });
}

interface Telling {
  /** The aggregates whose members are being told: a circle ends there. */
  readonly inside: Set<unknown>;
  /** How many members may still be told, in all aggregates together. */
  members: number;
}

/** An error and its causes, in at most so many characters. */
function chainText(error: unknown, length: number, telling: Telling): string {
  const said: string[] = [];
  for (const link of chainOf(error, telling.inside)) {
    const text = link === SKIPPED ? "…" : linkText(link, telling);
    if (text !== "" && !said.some((before) => says(before, text))) said.push(text);
  }
  return joined(said, ": ", length);
}

const SKIPPED = Symbol("causes that are left out");

/** The error and its causes, outermost first; a circle ends where it closes. */
function chainOf(error: unknown, inside: ReadonlySet<unknown>): unknown[] {
  const links = [error];
  const seen = new Set<unknown>(inside).add(error);
  for (let cause = causeOf(error); links.length < MAX_STEPS; cause = causeOf(cause)) {
    if (cause === undefined || cause === null || seen.has(cause)) break;
    seen.add(cause);
    links.push(cause);
  }
  if (links.length <= MAX_LINKS) return links;
  return [...links.slice(0, MAX_LINKS - 1), SKIPPED, links.at(-1)];
}

function causeOf(error: unknown): unknown {
  return isRecord(error) ? fieldOf(error, "cause") : undefined;
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What one error says without its causes. */
function linkText(error: unknown, telling: Telling): string {
  const message = messageOf(error);
  const { texts, more } = membersOf(error, telling);
  const unsaid = texts.filter((text, at) => !says(message, text) && texts.indexOf(text) === at);
  if (unsaid.length === 0) return message === "" ? nameOf(error) : message;
  // One that the message quotes is no reason for the others: they stand beside it.
  const beside = unsaid.length < texts.length ? "; " : ": ";
  const said = joined(more === "" ? unsaid : [...unsaid, more], "; ", MAX_LINE / 2);
  return message === "" ? said : `${cut(message, MAX_LINE / 2)}${beside}${said}`;
}

interface Members {
  /** What the first ones say. */
  readonly texts: readonly string[];
  /** How many follow. */
  readonly more: string;
}

function membersOf(error: unknown, telling: Telling): Members {
  const members = isRecord(error) ? fieldOf(error, "errors") : undefined;
  if (!isArray(members) || telling.inside.has(error)) return { texts: [], more: "" };
  telling.inside.add(error);
  const texts: string[] = [];
  const length = lengthOf(members);
  while (texts.length < Math.min(length, MAX_MEMBERS) && telling.members > 0) {
    telling.members--;
    texts.push(chainText(fieldOf(members, String(texts.length)), MAX_LINE / 2, telling));
  }
  telling.inside.delete(error);
  if (texts.length === length) return { texts, more: "" };
  // Of a serialised one nobody knows how many there were.
  const least = fieldOf(error, "truncated") === true ? "at least " : "";
  return { texts, more: `and ${least}${length - texts.length} more` };
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
  return typeof message === "string" ? oneLine(message) : describe(error);
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

/** The texts as one, each cut no shorter than it must be for all of them to have room. */
function joined(texts: readonly string[], separator: string, length: number): string {
  let room = length - separator.length * Math.max(0, texts.length - 1);
  let most = room;
  const lengths = texts.map((text) => text.length).sort((a, b) => a - b);
  lengths.forEach((own, at) => {
    most = Math.floor(room / (lengths.length - at));
    room -= Math.min(own, most);
  });
  return texts.map((text) => cut(text, most)).join(separator);
}

/** Never through the middle of a pair of surrogates. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
