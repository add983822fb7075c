/**
 * Values as JSON, bounded and without surprises: nothing here throws, whatever a getter or a `toJSON` of the user does,
 * and what JSON cannot hold is described, never changed into something that looks like the original. Knows no error.
 */
import { describe, describeOutput } from "./describe.ts";
import { summarizeError } from "./summarize-error.ts";

export type EncodedValue =
  | { encoding: "json"; value: unknown }
  | { encoding: "undefined" }
  | {
      encoding: "omitted";
      why: "too-large" | "not-serialisable" | "redacted";
      type: string;
      size?: number;
      /** What cannot be stored, and where: `.rows[3].at is a function`. */
      detail?: string;
    };

const MAX_DEPTH = 200;

/**
 * Encodes a value that comes back exactly as it was, but for a record without a prototype, which gets one; any other is
 * omitted, with its type. `most`: values and characters that it may have. Default: as many as it has.
 */
export function encodeValue(value: unknown, most: number = Number.POSITIVE_INFINITY): EncodedValue {
  if (value === undefined) return { encoding: "undefined" };
  const copying: Copying = { left: most, inside: [], keys: [] };
  try {
    return { encoding: "json", value: copy(value, copying) };
  } catch (thrown) {
    const { why, what } =
      thrown instanceof Misfit
        ? thrown
        : new Misfit("not-serialisable", `cannot be read: ${summarizeError(thrown)}`);
    const detail = `${pathOf(copying)} ${what}`.slice(0, MAX_DETAIL);
    return { encoding: "omitted", why, ...describeOutput(value), detail };
  }
}

const MAX_DETAIL = 300;

/** Why a value has no place in JSON. */
class Misfit {
  readonly why: "too-large" | "not-serialisable";
  readonly what: string;
  constructor(why: Misfit["why"], what: string) {
    this.why = why;
    this.what = what;
  }
}

interface Copying {
  /** Values and characters. */
  left: number;
  /** The containers around the value at hand, from the outermost; and under which key of each it is. */
  readonly inside: object[];
  readonly keys: (string | number)[];
}

/** As one would write it: `.rows[3].at`, or `it` for the value itself. */
function pathOf({ inside, keys }: Copying): string {
  const steps = keys.slice(0, inside.length).map((key) => {
    if (typeof key === "number") return `[${key}]`;
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,79}$/u.test(key)
      ? `.${key}`
      : `[${describe(key)}]`;
  });
  if (steps.length > 12) steps.splice(6, steps.length - 12, "…");
  return steps.length === 0 ? "it" : steps.join("");
}

function refuse(what: string): never {
  throw new Misfit("not-serialisable", what);
}

/** A copy, so that a stored report does not change with the live value. Throws a `Misfit`, and what getters throw. */
function copy(value: unknown, copying: Copying): unknown {
  copying.left--;
  if (typeof value === "string") copying.left -= value.length;
  if (copying.left < 0) throw new Misfit("too-large", "is more than may be kept here");
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Object.is(value, -0)) return refuse("is -0");
      return Number.isFinite(value) ? value : refuse(`is ${value}`);
    case "object":
      return value === null ? null : copyObject(value, copying);
    default:
      return refuse(`is ${describe(value)}`);
  }
}

function copyObject(value: object, copying: Copying): object {
  const { inside } = copying;
  if (inside.includes(value)) return refuse("is an object that it is itself in");
  if (inside.length === MAX_DEPTH) {
    throw new Misfit("too-large", `is nested deeper than ${MAX_DEPTH} levels`);
  }
  if (Array.isArray(value)) {
    refuseArray(value);
    inside.push(value);
    const copied = copyArray(value, copying);
    inside.pop();
    return copied;
  }
  const keys = keysOf(value);
  inside.push(value);
  const copied = copyRecord(value, keys, copying);
  inside.pop();
  return copied;
}

/** How many prototypes a value has: one for a record, two for an array, of any realm; more for instances of classes. */
function prototypes(value: object): number {
  let count = 0;
  let at: unknown = Object.getPrototypeOf(value);
  for (; at !== null && count < 3; at = Object.getPrototypeOf(at)) count++;
  return count;
}

/** Properties beside the elements and the length would be lost; a hole reads undefined, which JSON has not. */
function refuseArray(value: readonly unknown[]): void {
  if (prototypes(value) !== 2) refuse(`is ${describe(value)} of a class of its own`);
  if (Reflect.ownKeys(value).length !== value.length + 1) {
    refuse("is an array with holes or with properties of its own");
  }
}

function copyArray(value: readonly unknown[], copying: Copying): unknown[] {
  const { inside, keys } = copying;
  const depth = inside.length - 1;
  const copied: unknown[] = [];
  for (let at = 0; at < value.length; at++) {
    keys[depth] = at;
    copied.push(copy(value[at], copying));
  }
  return copied;
}

/** The keys of a record, if they are all that there is to it. */
function keysOf(value: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && !Object.hasOwn(prototype as object, "isPrototypeOf")) {
    refuse(`is ${describe(value)}`);
  }
  const keys = Object.keys(value);
  if (keys.length !== Reflect.ownKeys(value).length) {
    refuse("has properties that are hidden or named by symbols");
  }
  return keys;
}

function copyRecord(value: object, own: readonly string[], copying: Copying): object {
  const { inside, keys } = copying;
  const depth = inside.length - 1;
  const copied: Record<string, unknown> = {};
  for (const key of own) {
    keys[depth] = key;
    copying.left -= key.length;
    // `__proto__` does not come back from JSON as a property everywhere, and `toJSON` would be called.
    if (key === "__proto__" || key === "toJSON")
      refuse("has a name that JSON gives a meaning of its own");
    copied[key] = copy((value as Record<string, unknown>)[key], copying);
  }
  return copied;
}
