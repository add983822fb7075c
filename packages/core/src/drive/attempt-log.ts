/**
 * The log of one attempt as it is kept: lines of bounded size, the last of them, and how many there were before. Tells
 * nobody and knows no task.
 */
import { cut } from "../ground/cut.ts";
import { describe } from "../ground/describe.ts";
import type { Attributes, LogFacts, LogLine } from "../machine/event.ts";

const MAX_LINES = 100;
const MAX_MESSAGE = 2_000;
const MAX_ATTRIBUTES = 32;
const MAX_NAME = 100;
const MAX_TEXT = 500;

export class AttemptLog {
  readonly #lines: LogLine[] = [];
  #dropped = 0;

  add(line: LogLine): void {
    this.#lines.push(line);
    if (this.#lines.length <= MAX_LINES) return;
    this.#lines.shift();
    this.#dropped++;
  }

  /** So many lines were said where nobody could keep them. */
  leaveOut(lines: number): void {
    if (Number.isSafeInteger(lines) && lines > 0) this.#dropped += lines;
  }

  /** As it is now. */
  get facts(): LogFacts {
    return { lines: this.#lines.slice(), dropped: this.#dropped };
  }
}

/** What was said, whatever it is: never throws. */
export function logLine(at: number, message: unknown, attributes: unknown): LogLine {
  const text = typeof message === "string" ? message : describe(message);
  const recorded = attributes === undefined ? undefined : recordOf(attributes);
  const line = { at, message: cut(text, MAX_MESSAGE) };
  return recorded === undefined ? line : { ...line, attributes: recorded };
}

/** What JSON cannot hold is described; nothing of what does not let itself be read. */
function recordOf(attributes: unknown): Attributes | undefined {
  const kept: [string, string | number | boolean][] = [];
  try {
    if (typeof attributes !== "object" || attributes === null) return undefined;
    for (const [name, value] of Object.entries(attributes).slice(0, MAX_ATTRIBUTES)) {
      kept.push([cut(name, MAX_NAME), attributeOf(value)]);
    }
  } catch {
    // A getter of the user's.
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function attributeOf(value: unknown): string | number | boolean {
  if (typeof value === "string") return cut(value, MAX_TEXT);
  const holds = typeof value === "boolean" || Number.isFinite(value);
  return holds ? (value as number | boolean) : describe(value);
}
