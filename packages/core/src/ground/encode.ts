/**
 * Values and errors as JSON, bounded and without surprises: nothing here throws, whatever a getter or a `toJSON` of the
 * user does, and what JSON cannot hold is described, never changed into something that looks like the original.
 */
import { describe } from "./errors.ts";

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
    };

/** Values and characters that an output may have; larger ones are omitted. */
const MAX_SIZE = 1_000_000;
const MAX_DEPTH = 200;

/**
 * Encodes a value that comes back exactly as it was, but for a record without a prototype, which gets one; any other is
 * omitted, with its type.
 */
export function encodeValue(value: unknown): EncodedValue {
  if (value === undefined) return { encoding: "undefined" };
  try {
    return { encoding: "json", value: copy(value, [], { left: MAX_SIZE }) };
  } catch (thrown) {
    const why = thrown === TOO_LARGE ? "too-large" : "not-serialisable";
    return { encoding: "omitted", why, ...describeOutput(value) };
  }
}

/** What a stored value was; only for `json` and `undefined`. */
export function decodeValue(encoded: EncodedValue): unknown {
  return encoded.encoding === "json" ? encoded.value : undefined;
}

const TOO_LARGE = Symbol("too large");
const NOT_JSON = Symbol("not JSON");

/** A copy, so that a stored report does not change with the live value. Throws one of the symbols. */
function copy(value: unknown, inside: object[], budget: { left: number }): unknown {
  budget.left--;
  if (typeof value === "string") budget.left -= value.length;
  if (budget.left < 0) throw TOO_LARGE;
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value) || Object.is(value, -0)) throw NOT_JSON;
      return value;
    case "object": {
      if (value === null) return null;
      if (inside.includes(value)) throw NOT_JSON;
      if (inside.length === MAX_DEPTH) throw TOO_LARGE;
      inside.push(value);
      const copied = Array.isArray(value)
        ? copyArray(value, inside, budget)
        : copyRecord(value, inside, budget);
      inside.pop();
      return copied;
    }
    default:
      throw NOT_JSON;
  }
}

/** How many prototypes a value has: one for a record, two for an array, of any realm; more for instances of classes. */
function prototypes(value: object): number {
  let count = 0;
  let at: unknown = Object.getPrototypeOf(value);
  for (; at !== null && count < 3; at = Object.getPrototypeOf(at)) count++;
  return count;
}

function copyArray(value: readonly unknown[], inside: object[], budget: { left: number }): unknown {
  if (value.length > budget.left) throw TOO_LARGE;
  // Properties beside the elements and the length would be lost; a hole reads undefined, which JSON has not.
  if (prototypes(value) !== 2 || Reflect.ownKeys(value).length !== value.length + 1) throw NOT_JSON;
  const copied: unknown[] = [];
  for (let at = 0; at < value.length; at++) {
    copied.push(copy(value[at], inside, budget));
  }
  return copied;
}

function copyRecord(value: object, inside: object[], budget: { left: number }): object {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && !Object.hasOwn(prototype as object, "isPrototypeOf")) throw NOT_JSON;
  const keys = Object.keys(value);
  // Properties with symbols and hidden ones would be lost.
  if (keys.length !== Reflect.ownKeys(value).length) throw NOT_JSON;
  const copied: Record<string, unknown> = {};
  for (const key of keys) {
    budget.left -= key.length;
    // `__proto__` does not come back from JSON as a property everywhere, and `toJSON` would be called.
    if (key === "__proto__" || key === "toJSON") throw NOT_JSON;
    copied[key] = copy((value as Record<string, unknown>)[key], inside, budget);
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

/**
 * An error as the report holds it, for observers that write one down: with its causes (8 deep), its `errors` (50) and its
 * own fields; texts end at 16,384 characters, and what was left out says `truncated`. A value that is no error is described
 * as one. Never throws.
 */
export function serializeError(error: unknown): SerializedError {
  return serialized(error, 0, new Set());
}

function serialized(error: unknown, depth: number, seen: Set<unknown>): SerializedError {
  try {
    if (typeof error !== "object" || error === null)
      return { name: "Error", message: describe(error) };
    const { name, message, stack, code, cause, errors } = error as Record<string, unknown>;
    const result: SerializedError = {
      name: typeof name === "string" ? name.slice(0, 256) : "Error",
      message: typeof message === "string" ? message.slice(0, MAX_TEXT) : describe(error),
    };
    // In full where it comes first: causes can go in circles, and many errors can share one.
    if (seen.has(error)) return { ...result, truncated: true };
    seen.add(error);
    if (typeof stack === "string") result.stack = stack.slice(0, MAX_TEXT);
    if (typeof code === "string" || Number.isFinite(code)) result.code = code as string | number;
    if (typeof message === "string" && message.length > MAX_TEXT) result.truncated = true;
    if (cause !== undefined) {
      if (depth < MAX_CAUSES) result.cause = serialized(cause, depth + 1, seen);
      else result.truncated = true;
    }
    if (Array.isArray(errors)) {
      if (depth < MAX_CAUSES) {
        result.errors = errors.slice(0, MAX_ERRORS).map((one) => serialized(one, depth + 1, seen));
      }
      if (depth >= MAX_CAUSES || errors.length > MAX_ERRORS) result.truncated = true;
    }
    const data = ownFields(error);
    if (data !== undefined) result.data = data;
    return result;
  } catch {
    return { name: "Error", message: "an error that cannot be read", truncated: true };
  }
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
    return encodeValue(error[key]);
  } catch {
    return undefined; // A getter that throws.
  }
}
