/**
 * Takes a thrown value apart so that it survives the way as JSON, and puts it together again: class name and built-in
 * base, message, stack, causes, the errors of an `AggregateError`, own fields. Never throws, whatever was thrown, and
 * is bounded. Nothing is deserialised into code. Knows no job.
 */
import { inspect, types } from "node:util";
import { findObstacle } from "./json-value.ts";

export type Packed = { readonly error: PackedError } | { readonly value: unknown };

interface PackedError {
  /** The built-in class it descends from, so that `instanceof TypeError` holds on the other side. */
  readonly base: string;
  readonly className: string;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause?: Packed;
  readonly errors?: readonly Packed[];
}

const BASES: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((base) => [
    base.name,
    base as ErrorConstructor,
  ]),
);
/** Read by those who retry; they count even when a class has them on its prototype. */
const INHERITED = ["code", "retryable", "retryAfterMs"];
const SPECIAL = new Set(["name", "message", "stack", "cause", "errors", "__proto__", "toJSON"]);
const MAX_DEPTH = 8;
const MAX_ERRORS = 50;
const MAX_FIELDS = 50;
const MAX_TEXT = 16_384;

export function packError(thrown: unknown): Packed {
  return packAny(thrown, 0);
}

function packAny(thrown: unknown, depth: number): Packed {
  if (isError(thrown)) {
    if (depth > MAX_DEPTH) return { value: text(read(thrown, "message")) };
    return { error: packed(thrown, depth) };
  }
  return { value: plain(thrown) };
}

function packed(error: Error, depth: number): PackedError {
  const stack = read(error, "stack");
  const cause = Object.hasOwn(error, "cause") ? read(error, "cause") : undefined;
  const errors = read(error, "errors");
  return {
    base: baseOf(error),
    className: text(read(read(error, "constructor"), "name") || "Error"),
    name: text(read(error, "name")),
    message: text(read(error, "message")),
    ...(typeof stack === "string" && { stack: text(stack) }),
    fields: fieldsOf(error),
    ...(cause !== undefined && { cause: packAny(cause, depth + 1) }),
    ...(Array.isArray(errors) && {
      errors: errors.slice(0, MAX_ERRORS).map((each) => packAny(each, depth + 1)),
    }),
  };
}

function fieldsOf(error: Error): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of INHERITED.concat(Object.keys(error).slice(0, MAX_FIELDS))) {
    if (SPECIAL.has(key) || Object.hasOwn(fields, key)) continue;
    const value = read(error, key);
    // `DOMException` has a legacy numeric code on its prototype that its name brings back.
    if (value === undefined || (error instanceof DOMException && !Object.hasOwn(error, key)))
      continue;
    fields[key] = plain(value);
  }
  return fields;
}

/** The value itself where JSON holds it, and a short description where it does not. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (findObstacle(value, "value") === undefined) {
    const size = typeof value === "object" ? JSON.stringify(value).length : 0;
    return typeof value === "string" ? text(value) : size > MAX_TEXT ? "(too large)" : value;
  }
  try {
    return inspect(value, { depth: 1 }).slice(0, 500);
  } catch {
    return "(cannot be read)";
  }
}

export function unpackError(from: Packed): unknown {
  if (!("error" in from)) return from.value;
  const { error: packedError } = from;
  const error = construct(packedError);
  if (error.name !== packedError.name) hide(error, "name", packedError.name);
  if (packedError.stack !== undefined) hide(error, "stack", packedError.stack);
  if (packedError.cause !== undefined) hide(error, "cause", unpackError(packedError.cause));
  if (packedError.errors !== undefined) hide(error, "errors", packedError.errors.map(unpackError));
  for (const [key, value] of Object.entries(packedError.fields)) {
    if (SPECIAL.has(key)) continue;
    Object.defineProperty(error, key, {
      value,
      writable: true,
      configurable: true,
      enumerable: true,
    });
  }
  return error;
}

function construct({ base, className, name, message }: PackedError): Error {
  if (base === "DOMException") return new DOMException(message, name);
  const Base = base === "AggregateError" ? AggregateError : (BASES.get(base) ?? Error);
  const args: unknown[] = base === "AggregateError" ? [[], message] : [message];
  if (className === base) return Reflect.construct(Base, args) as Error;
  // The class itself lives on the worker; one of the same name keeps `error.constructor.name` and inspection true.
  const Named = { [className]: class extends (Base as ErrorConstructor) {} }[className];
  return Reflect.construct(Base, args, Named ?? Base) as Error;
}

function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

function baseOf(error: Error): string {
  if (error instanceof DOMException) return "DOMException";
  if (error instanceof AggregateError) return "AggregateError";
  let prototype: object | null = error;
  for (; prototype !== null; prototype = Object.getPrototypeOf(prototype) as object | null) {
    const name = String(read(read(prototype, "constructor"), "name"));
    if (name !== "Error" && BASES.has(name)) return name;
  }
  return "Error";
}

function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** A getter of a thrown object may throw in turn. */
function read(object: unknown, key: string): unknown {
  try {
    return (object as Record<string, unknown> | undefined)?.[key];
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  try {
    return String(value).slice(0, MAX_TEXT);
  } catch {
    return "(cannot be read)";
  }
}
