/**
 * Values as JSON, exact and without surprises: nothing here throws, whatever a getter or a `toJSON` of the user does, no
 * getter is read twice, and what has no encoding is described, never changed into something that looks like the original.
 * `decode` is its other half; the format is docs/encoding.md. Knows no task.
 */

import { KINDS } from "./built-ins.ts";
import { describe, describeOutput } from "./describe.ts";
import { type Kind, prototypes } from "./kind.ts";
import { summarizeError } from "./summarize-error.ts";

export type EncodedValue =
  | { encoding: "json"; value: unknown }
  /** JSON, in which records with the one key `$` stand for what JSON has not. */
  | { encoding: "tagged"; version: number; value: unknown }
  | { encoding: "undefined" }
  | {
      encoding: "omitted";
      why: "too-large" | "not-serialisable" | "redacted";
      type: string;
      size?: number;
      /** What cannot be stored, and where: `.rows[3].at is a function`. */
      detail?: string;
    };

/** So many levels may a value have, and what is written of it. */
export const MAX_DEPTH = 200;
const MAX_DETAIL = 300;

export interface EncodeOptions {
  /** Values and characters that it may have. Default: as many as it has. */
  readonly most?: number | undefined;
  /** Told what in a value that is omitted has no encoding: its place (`.rows[3].at`), and what it is (`is a function`). */
  readonly onObstacle?: ((path: string, what: string) => void) | undefined;
}

/**
 * Encodes a value as JSON, so that `decodeValue` makes it again. What JSON has stays as it is; tags stand for `undefined`,
 * `-0`, numbers that are not finite, `bigint`, `Date`, `Map`, `Set`, `RegExp`, `URL`, errors, buffers and views of them,
 * records without a prototype, and objects that are in it more than once. Anything else is omitted, with its type and the
 * place: nothing is written that would come back as something else. Throws nothing, whatever the value does.
 *
 * ```ts
 * const stored = JSON.stringify(encodeValue(new Map([["at", new Date()]])));
 * decodeValue(JSON.parse(stored))?.value; // that map again
 * ```
 */
export function encodeValue(
  value: unknown,
  { most = Number.POSITIVE_INFINITY, onObstacle }: EncodeOptions = {},
): EncodedValue {
  if (value === undefined) return { encoding: "undefined" };
  const encoder = new Encoder(most);
  try {
    return encoder.encode(value);
  } catch (thrown) {
    const { why, what } = misfitOf(thrown);
    const { path } = encoder;
    onObstacle?.(path, what);
    const detail = `${path || "it"} ${what}`.slice(0, MAX_DETAIL);
    return { encoding: "omitted", why, ...describeOutput(value), detail };
  }
}

/** Why a value has no encoding. */
class Misfit {
  readonly why: "too-large" | "not-serialisable";
  readonly what: string;
  constructor(why: Misfit["why"], what: string) {
    this.why = why;
    this.what = what;
  }
}

function misfitOf(thrown: unknown): Misfit {
  if (thrown instanceof Misfit) return thrown;
  return new Misfit("not-serialisable", `cannot be read: ${summarizeError(thrown)}`);
}

/** Of a value that lives as long as its run: nobody could go on with it, and it is not looked into. */
export function encodeLiving(value: unknown): EncodedValue {
  const { type } = describeOutput(value);
  const detail = "it lives no longer than its run";
  return { encoding: "omitted", why: "not-serialisable", type, detail };
}

function refuse(what: string): never {
  throw new Misfit("not-serialisable", what);
}

function tooDeep(): never {
  throw new Misfit("too-large", `is nested deeper than ${MAX_DEPTH} levels`);
}

/** How many containers of JSON are around the innermost; no more than `most`. */
function levels(value: unknown, most: number): number {
  if (typeof value !== "object" || value === null || most === 0) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) {
    deepest = Math.max(deepest, levels(inner, most - 1));
    if (deepest === most - 1) break;
  }
  return deepest + 1;
}

type Copies = Record<string | number, unknown>;

/** Where the copy of an object stands. */
interface Place {
  readonly among: Copies;
  readonly key: string | number;
  /** By which it is meant elsewhere; 0 while it is not. */
  number: number;
  whole: boolean;
}

/** A step to the value at hand: an index, a key, or made when it is asked for. */
type Step = number | string | (() => string);

class Encoder {
  /** Values and characters. */
  #left: number;
  readonly #steps: Step[] = [];
  readonly #places: Map<object, Place> = new Map();
  /** The same, in the order in which they were come to. */
  readonly #objects: object[] = [];
  #numbers = 0;
  #deepest = 0;
  #tagged = false;

  constructor(most: number) {
    this.#left = most;
  }

  encode(given: unknown): EncodedValue {
    const among: Copies = {};
    among.value = this.#copy(given, among, "value");
    const { value } = among;
    if (!this.#tagged) return { encoding: "json", value };
    // Of the five that an object may take: its number, itself, and the list of its parts.
    if (this.#deepest * 5 > MAX_DEPTH && levels(value, MAX_DEPTH + 1) > MAX_DEPTH) tooDeep();
    return { encoding: "tagged", version: 1, value };
  }

  /** As one would write it: `.rows[3].at`, and nothing for the value itself. */
  get path(): string {
    const steps = this.#steps.map((step) => {
      if (typeof step === "function") return step();
      if (typeof step === "number") return `[${step}]`;
      const plain = /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,79}$/u.test(step);
      return plain ? `.${step}` : `[${describe(step)}]`;
    });
    if (steps.length > 12) steps.splice(6, steps.length - 12, "…");
    return steps.join("");
  }

  /** A copy, so that a stored report does not change with the live value. Throws a `Misfit`, and what getters throw. */
  #copy(value: unknown, among: Copies, key: string | number): unknown {
    this.#spend(typeof value === "string" ? value.length + 1 : 1);
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        if (Object.is(value, -0)) return this.#tag("number", "-0");
        return Number.isFinite(value) ? value : this.#tag("number", String(value));
      case "bigint":
        return this.#tag("bigint", this.#fact(String(value)));
      case "undefined":
        return this.#tag("undefined");
      case "object":
        return value === null ? null : this.#object(value, among, key);
      default:
        return refuse(`is ${describe(value)}`);
    }
  }

  #object(value: object, among: Copies, key: string | number): unknown {
    const known = this.#places.get(value);
    if (known !== undefined) return this.#mean(known);
    if (this.#steps.length === MAX_DEPTH) tooDeep();
    this.#deepest = Math.max(this.#deepest, this.#steps.length + 1);
    const place: Place = { among, key, number: 0, whole: false };
    this.#places.set(value, place);
    this.#objects.push(value);
    const copy = Array.isArray(value) ? this.#array(value) : this.#contents(value);
    place.whole = true;
    return place.number === 0 ? copy : this.#tag("object", place.number, copy);
  }

  /** An object that was there before: it is given a number where it stands. */
  #mean(place: Place): unknown {
    if (place.number === 0) {
      place.number = ++this.#numbers;
      // One that it is inside of is not whole yet, and gets its tag when it is.
      if (place.whole) {
        place.among[place.key] = this.#tag("object", place.number, place.among[place.key]);
      }
    }
    return this.#tag("same", place.number);
  }

  #array(value: readonly unknown[]): unknown[] {
    if (prototypes(value) !== 2) refuse(`is ${describe(value)} of a class of its own`);
    // Properties beside the elements and the length would be lost, and so would holes: indices come first among keys.
    const keys = Reflect.ownKeys(value);
    if (keys.length !== value.length + 1 || keys[value.length] !== "length") {
      refuse("is an array with holes or with properties of its own");
    }
    return this.#list(value, (at) => at);
  }

  #list(values: readonly unknown[], step: (at: number) => Step): unknown[] {
    const copies: unknown[] = [];
    const depth = this.#steps.length;
    // Read once: a getter may make it longer, for ever.
    const { length } = values;
    for (let at = 0; at < length; at++) {
      this.#steps[depth] = step(at);
      copies.push(this.#copy(values[at], copies as unknown as Copies, at));
    }
    this.#steps.length = depth;
    return copies;
  }

  #contents(value: object): unknown {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || Object.hasOwn(prototype as object, "isPrototypeOf")) {
      return this.#record(value, prototype === null ? "bare" : "record");
    }
    for (const [tag, kind] of KINDS) if (kind.is(value)) return this.#kind(tag, kind, value);
    return refuse(`is ${describe(value)}`);
  }

  #record(value: object, tag: "record" | "bare"): unknown {
    const keys = Object.keys(value);
    if (keys.length !== Reflect.ownKeys(value).length) {
      refuse("has properties that are hidden or named by symbols");
    }
    const named = tag === "bare" || keys.some((key) => MEANT.has(key));
    if (named) return this.#pairs(tag, value as Copies, keys);
    const copies: Copies = {};
    const depth = this.#steps.length;
    for (const key of keys) {
      this.#steps[depth] = key;
      this.#spend(key.length);
      copies[key] = this.#copy((value as Copies)[key], copies, key);
    }
    this.#steps.length = depth;
    return copies;
  }

  /** In the list of the tag itself: where a copy stands it may yet be given a number. */
  #pairs(tag: string, value: Copies, keys: readonly string[]): object {
    const pairs: unknown[] = [tag];
    const depth = this.#steps.length;
    for (const key of keys) {
      this.#steps[depth] = key;
      pairs.push(this.#fact(key));
      pairs.push(this.#copy(value[key], pairs as unknown as Copies, pairs.length));
    }
    this.#steps.length = depth;
    this.#tagged = true;
    return { $: pairs };
  }

  #kind(tag: string, { facts, parts }: Kind<object>, value: object): unknown {
    const written = facts(value).map((fact) => this.#fact(fact));
    if (parts === undefined) return this.#tag(tag, ...written);
    const of = parts.of(value);
    const step =
      (at: number): Step =>
      () =>
        parts.step(of, at);
    const copies = parts.spared ? this.#spared(of, step) : this.#list(of, step);
    return this.#tag(tag, ...written, copies);
  }

  /** Names and values by turns, without those that cannot be written. */
  #spared(pairs: readonly unknown[], step: (at: number) => Step): unknown[] {
    const copies: unknown[] = [];
    const depth = this.#steps.length;
    for (let at = 0; at < pairs.length; at += 2) {
      const before = { copies: copies.length, objects: this.#objects.length };
      const name = pairs[at] as string;
      this.#steps[depth] = step(at);
      try {
        copies.push(this.#fact(name));
        copies.push(this.#copy(pairs[at + 1], copies as unknown as Copies, copies.length));
      } catch (thrown) {
        if (misfitOf(thrown).why === "too-large") throw thrown;
        copies.length = before.copies;
        // Nothing may be meant that is not written.
        for (const gone of this.#objects.splice(before.objects)) this.#places.delete(gone);
      }
      this.#steps.length = depth;
    }
    return copies;
  }

  #tag(name: string, ...parts: readonly unknown[]): object {
    this.#tagged = true;
    return { $: [name, ...parts] };
  }

  #fact<F>(fact: F): F {
    if (typeof fact === "string") this.#spend(fact.length);
    return fact;
  }

  #spend(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0) throw new Misfit("too-large", "is more than may be kept here");
  }
}

/** Names of properties that mean something: in this format, to records in memory, to JSON. */
const MEANT: ReadonlySet<string> = new Set(["$", "__proto__", "toJSON"]);
