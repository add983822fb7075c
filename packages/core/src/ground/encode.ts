/**
 * Values and errors as JSON, bounded and without surprises: nothing here throws, whatever a getter or a `toJSON` of the
 * user does, and what JSON cannot hold is described, never changed into something that looks like the original.
 */
import { describe } from "./errors.ts";
import { fieldOf } from "./field.ts";
import { summarizeError } from "./summarize-error.ts";

export interface SerializedError {
  name: string;
  message: string;
  stack?: string;
  code?: string | number;
  cause?: SerializedError;
  errors?: SerializedError[];
  /** Its other own fields that JSON can hold. */
  data?: Record<string, unknown>;
  truncated?: true;
}

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

/** The type of an output, and its size where it has an obvious one. */
export function describeOutput(value: unknown): { type: string; size?: number } {
  if (value === null) return { type: "null" };
  if (typeof value === "string") return { type: "string", size: value.length };
  if (typeof value !== "object") return { type: typeof value };
  try {
    if (Array.isArray(value)) return { type: "Array", size: value.length };
    const name: unknown = value.constructor?.name;
    const type = typeof name === "string" && name !== "" ? name.slice(0, 80) : "object";
    const { size, byteLength } = value as { size?: unknown; byteLength?: unknown };
    if (typeof byteLength === "number") return { type, size: byteLength };
    if ((value instanceof Map || value instanceof Set) && typeof size === "number")
      return { type, size };
    return { type };
  } catch {
    return { type: "object" };
  }
}

const MAX_CAUSES = 8;
const MAX_ERRORS = 50;
const MAX_TEXT = 16_384;
/** Values and characters of one field. */
const MAX_FIELD = 1_000_000;
/** Errors of one tree, and characters of all their texts: aggregates of aggregates grow fast. */
const MAX_TREE = 500;
const MAX_TREE_TEXT = 1_000_000;
/** When these are spent an error is its message without its stack, and of that so much. */
const SHORT_TEXT = 500;
const MAX_STEPS = 1000;

/**
 * An error as the report holds it, for observers that write one down: with its causes (8 deep, of a longer chain the last is
 * the root), its `errors` (50) and its own fields; at most 500 errors in all, texts end at 16,384 characters, and what was
 * left out says `truncated`. The stack is as it was thrown: `readableStack` leaves out what is not for people. A value that
 * is no error is described as one. Never throws.
 */
export function serializeError(error: unknown): SerializedError {
  return serialized(error, 0, { seen: new Set(), errors: MAX_TREE, text: MAX_TREE_TEXT });
}

/** What one tree of errors may still use. */
interface Tree {
  readonly seen: Set<unknown>;
  errors: number;
  text: number;
}

function serialized(error: unknown, depth: number, tree: Tree): SerializedError {
  tree.errors--;
  try {
    if (typeof error !== "object" || error === null)
      return { name: "Error", message: describe(error) };
    const { name, message, stack, code, cause, errors } = error as Record<string, unknown>;
    const most = tree.text > 0 ? MAX_TEXT : SHORT_TEXT;
    const result: SerializedError = {
      name: typeof name === "string" ? name.slice(0, 256) : "Error",
      message: typeof message === "string" ? message.slice(0, most) : describe(error),
    };
    // In full where it comes first: causes can go in circles, and many errors can share one.
    if (tree.seen.has(error)) return { ...result, truncated: true };
    tree.seen.add(error);
    if (typeof stack === "string" && tree.text > 0) result.stack = stack.slice(0, MAX_TEXT);
    if (typeof stack === "string" && tree.text <= 0) result.truncated = true;
    tree.text -= result.message.length + (result.stack?.length ?? 0);
    if (typeof code === "string" || Number.isFinite(code)) result.code = code as string | number;
    if (typeof message === "string" && message.length > most) result.truncated = true;
    if (cause !== undefined && cause !== null) addCause(result, cause, depth, tree);
    if (Array.isArray(errors)) addMembers(result, errors, depth, tree);
    const data = ownFields(error);
    if (data !== undefined) result.data = data;
    return result;
  } catch {
    // It does not let itself be read: all that is known is what kind of value it is.
    return { name: "Error", message: describe(error), truncated: true };
  }
}

function addCause(result: SerializedError, cause: unknown, depth: number, tree: Tree): void {
  if (depth >= MAX_CAUSES || tree.errors <= 0) {
    result.truncated = true;
    return;
  }
  const root = depth === MAX_CAUSES - 1 ? rootOf(cause) : cause;
  if (root !== cause) result.truncated = true;
  result.cause = serialized(root, depth + 1, tree);
}

/** The last of a chain of causes: why all of it happened. In a circle, where it closes. */
function rootOf(error: unknown): unknown {
  let root = error;
  const seen = new Set([root]);
  for (let cause = causeOf(root); seen.size < MAX_STEPS; cause = causeOf(cause)) {
    if (cause === undefined || cause === null || seen.has(cause)) break;
    seen.add(cause);
    root = cause;
  }
  return root;
}

function causeOf(error: unknown): unknown {
  return typeof error === "object" ? fieldOf(error, "cause") : undefined;
}

function addMembers(
  result: SerializedError,
  errors: readonly unknown[],
  depth: number,
  tree: Tree,
): void {
  const count = depth < MAX_CAUSES ? Math.min(errors.length, MAX_ERRORS) : 0;
  const members: SerializedError[] = [];
  for (let at = 0; at < count && tree.errors > 0; at++) {
    members.push(serialized(errors[at], depth + 1, tree));
  }
  if (depth < MAX_CAUSES) result.errors = members;
  if (members.length < errors.length) result.truncated = true;
}

const KNOWN_FIELDS = new Set(["name", "message", "stack", "code", "cause", "errors", "__proto__"]);

function ownFields(error: object): Record<string, unknown> | undefined {
  let data: Record<string, unknown> | undefined;
  for (const key of Object.keys(error).slice(0, 50)) {
    if (KNOWN_FIELDS.has(key)) continue;
    const encoded = encodeField(error as Record<string, unknown>, key);
    if (encoded?.encoding !== "json") continue;
    data ??= {};
    data[key] = encoded.value;
  }
  return data;
}

function encodeField(
  error: Readonly<Record<string, unknown>>,
  key: string,
): EncodedValue | undefined {
  try {
    return encodeValue(error[key], MAX_FIELD);
  } catch {
    return undefined; // A getter that throws.
  }
}
