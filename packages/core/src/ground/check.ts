/**
 * Values are checked where they enter, in one voice: ``Expected `concurrency` to be an integer from 1 up, got `0` ``.
 * Checks collect issues and never throw: the caller says when, once it has seen everything, and as what.
 * Knows numbers, names and keys; knows nothing of graphs.
 */
import { brandOf } from "./brand.ts";
import { describe } from "./describe.ts";
import type { Issue } from "./errors.ts";
import { didYouMean, nearest } from "./guess.ts";
import { synonymOf } from "./synonyms.ts";

const MAX_NAME_LENGTH = 256;

/** Collects what is wrong. */
export class Issues {
  readonly list: Issue[] = [];

  add(code: string, message: string, path: readonly string[], suggestion?: string): void {
    this.list.push(
      suggestion === undefined ? { code, message, path } : { code, message, path, suggestion },
    );
  }

  /** Throws all that was found, as an error of this class; nothing when nothing was. */
  throwAs(error: new (issues: readonly Issue[]) => Error): void {
    if (this.list.length > 0) throw new error(this.list);
  }

  /** `more`: the end of the sentence, such as the way out. */
  expected(path: readonly string[], expectation: string, value: unknown, more = ""): void {
    this.add(
      "invalid-option",
      `Expected ${place(path)} to be ${expectation}, got \`${shown(value)}\`${more}`,
      path,
    );
  }

  /** An integer from `least` up, to `most` if there is an end; `undefined` passes. */
  integer(path: readonly string[], value: unknown, least: number, most?: number): void {
    if (value === undefined) return;
    // Only numbers can be compared: a symbol throws.
    const fits =
      Number.isSafeInteger(value) &&
      (value as number) >= least &&
      (value as number) <= (most ?? Infinity);
    if (!fits) {
      const range = most === undefined ? `from ${least} up` : `from ${least} to ${most}`;
      this.expected(path, `an integer ${range}`, value);
    }
  }

  /** An array whose elements all pass, holes included; `undefined` passes. */
  array(
    path: readonly string[],
    value: unknown,
    expectation: string,
    passes: (element: unknown) => boolean,
  ): void {
    if (value === undefined || (Array.isArray(value) && Array.from(value).every(passes))) return;
    this.expected(path, `an array of ${expectation}`, value);
  }

  /** A finite number of milliseconds (or another amount); `undefined` passes. */
  amount(path: readonly string[], value: unknown, what = "a number of milliseconds"): void {
    if (value === undefined) return;
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
      this.expected(path, `${what} from 0 up`, value);
    }
  }

  /** A time limit; `undefined` passes. */
  timeLimit(path: readonly string[], value: unknown): void {
    if (value === undefined || (typeof value === "number" && value > 0 && value < Infinity)) return;
    this.expected(path, "a number of milliseconds above 0", value);
  }

  /** Milliseconds that a `Date` could hold: no clock is farther away. */
  instant(path: readonly string[], value: unknown): void {
    if (!Number.isFinite(value) || Math.abs(value as number) > 8.64e15) {
      this.expected(path, "milliseconds that a Date can hold", value);
    }
  }

  oneOf(path: readonly string[], value: unknown, allowed: readonly string[]): void {
    if (value === undefined || allowed.includes(value as string)) return;
    this.expected(path, allowed.map((one) => `"${one}"`).join(" or "), value);
  }

  callable(path: readonly string[], value: unknown): void {
    if (value !== undefined && typeof value !== "function") {
      this.expected(path, "a function", value);
    }
  }

  /** A record; its keys must be among `known`. Returns it when it can be looked into. */
  record(
    path: readonly string[],
    value: unknown,
    known?: readonly string[],
  ): Readonly<Record<string, unknown>> | undefined {
    if (value === undefined) return undefined;
    if (!isRecord(value)) {
      this.expected(path, "an object", value);
      return undefined;
    }
    if (known !== undefined && !Object.keys(value).every((key) => known.includes(key))) {
      this.keys(path, value, known, path.length === 0 ? "" : ` of ${place(path)}`);
    }
    return value;
  }

  /** Own keys that are not among `known`, each with a guess at what was meant; `where` is the end of the sentence. */
  keys(path: readonly string[], record: object, known: readonly string[], where: string): void {
    for (const key of Object.keys(record)) {
      if (known.includes(key)) continue;
      const guess = synonymOf(key, known) ?? nearest(key, known);
      const hint = guess === undefined ? ` There are ${known.join(", ")}.` : didYouMean(guess);
      this.add(
        "unknown-option",
        `Unknown option \`${key}\`${where}.${hint}`,
        [...path, key],
        guess,
      );
    }
  }

  /** A name: a string, not empty, of at most 256 characters. Any other string works, `__proto__` too. */
  name(path: readonly string[], value: unknown, what: string): value is string {
    if (typeof value !== "string") {
      this.add("invalid-name", `${what} must be a string, got \`${shown(value)}\``, path);
    } else if (value === "") {
      this.add("invalid-name", `${what} must not be empty`, path);
    } else if (value.length > MAX_NAME_LENGTH) {
      this.add(
        "invalid-name",
        `${what} is ${value.length} characters long, at most ${MAX_NAME_LENGTH} are allowed: ${describe(value)}`,
        path,
      );
    } else {
      return true;
    }
    return false;
  }
}

/** A path as people read it: `retry.attempts` of task "load". */
function place(path: readonly string[]): string {
  if (path[0] !== "tasks" || path.length < 2) return `\`${path.join(".") || "options"}\``;
  const task = `task "${path[1]}"`;
  return path.length === 2 ? task : `\`${path.slice(2).join(".")}\` of ${task}`;
}

/**
 * What has values under names. A list, a `Map` or a `Set` has none, a promise has not got them yet, and a task or a flow
 * has its own: all of them look like records that are empty or full of unknown keys.
 */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || brandOf(value) !== undefined) return false;
  try {
    if ((value as { [Symbol.iterator]?: unknown })[Symbol.iterator] !== undefined) return false;
    return typeof (value as { then?: unknown }).then !== "function";
  } catch {
    return false; // A proxy that refuses to be looked at.
  }
}

/** Whether `Issues.name` has nothing to say about it. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME_LENGTH;
}

export function isString(value: unknown): value is string {
  return typeof value === "string";
}

function shown(value: unknown): string {
  return typeof value === "string" ? `"${value.slice(0, 80)}"` : describe(value);
}
