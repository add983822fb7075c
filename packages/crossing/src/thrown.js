/**
 * An error in parts, and back; several as one. A clone alone loses its class, its code and its fields. How a value inside it is carried is the caller's. Knows no message.
 */
import { types } from "node:util";
import { messageOf, text } from "./describe.js";
import { placeOf } from "./place.js";

/** @type {ReadonlyMap<string, ErrorConstructor>} */
const BASES = new Map(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((base) => [
    base.name,
    /** @type {ErrorConstructor} */ (base),
  ]),
);

/** Whether and when there is another attempt. */
const FOR_RETRIES = ["retryable", "retryAfterMs", "retryAfter"];
/** It counts wherever a class has it: what those read who try again, and the errors that it is made of. */
const INHERITED = ["code", ...FOR_RETRIES, "errors"];
/** Told in other ways; or functions, whose descriptions would stand where somebody calls them. */
const NO_FIELDS = new Set(["name", "message", "stack", "cause", "toString", "valueOf", "toJSON"]);

/** @type {typeof import("./index.js").isError} */
export function isError(value) {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    return false; // A proxy that refuses to be looked at.
  }
}

/**
 * @template V
 * @param {Error} error
 * @param {(value: unknown, path: string) => V} carry
 * @param {import("./index.js").TakeApartOptions<V>} [options]
 * @returns {import("./index.js").ErrorParts<V>}
 */
export function takeApart(error, carry, options = {}) {
  const { path = "thrown", begun } = options;
  /** @type {import("./index.js").ErrorParts<V>} */
  const parts = {
    base: baseOf(error),
    className: text(read(read(error, "constructor"), "name") || "Error"),
    name: said(error, "name"),
    message: said(error, "message"),
    fields: [],
  };
  const stack = read(error, "stack");
  if (typeof stack === "string") parts.stack = stack;
  begun?.(parts);
  const members = membersOf(error);
  for (const name of fieldsOf(error, parts.base)) {
    if (name === "errors" && members !== undefined) continue;
    parts.fields.push([name, carry(read(error, name), placeOf(error, path, name))]);
  }
  // A cause is always the error's own.
  if (isOwn(error, "cause")) parts.cause = carry(read(error, "cause"), `${path}.cause`);
  if (members !== undefined)
    parts.errors = members.map((each, index) => carry(each, `${path}.errors[${index}]`));
  return parts;
}

/**
 * As it is printed.
 *
 * @param {Error} error
 * @param {"name" | "message"} key
 */
function said(error, key) {
  const value = read(error, key);
  return value === undefined ? "" : text(value);
}

/**
 * @param {Error} error
 * @returns {unknown[] | undefined}
 */
function membersOf(error) {
  const errors = read(error, "errors");
  try {
    return Array.isArray(errors) ? Array.prototype.slice.call(errors) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {Error} error
 * @param {string} base
 * @returns {string[]}
 */
function fieldsOf(error, base) {
  // `DOMException` has a legacy numeric code on its prototype, which its name brings back.
  const inherited =
    base === "DOMException" ? [] : INHERITED.filter((key) => read(error, key) !== undefined);
  try {
    return [...new Set(inherited.concat(Object.keys(error)))].filter((key) => !NO_FIELDS.has(key));
  } catch {
    return inherited;
  }
}

/**
 * @param {Error} error
 * @returns {string}
 */
function baseOf(error) {
  try {
    if (error instanceof DOMException) return "DOMException";
    if (error instanceof AggregateError) return "AggregateError";
    for (let at = error; at !== null; at = Object.getPrototypeOf(at)) {
      const name = text(read(read(at, "constructor"), "name"));
      if (name !== "Error" && BASES.has(name)) return name;
    }
  } catch {
    // A proxy that refuses to be looked at.
  }
  return "Error";
}

/**
 * @template V
 * @param {import("./index.js").ErrorParts<V>} parts
 * @param {(value: V) => unknown} open
 * @param {(error: Error) => void} [begun]
 * @returns {Error}
 */
export function putTogether(parts, open, begun) {
  const { name, stack, fields, errors } = parts;
  const error = construct(parts);
  begun?.(error);
  if (error.name !== name) hide(error, "name", name);
  // Also where there is none: that of this place would say something else.
  hide(error, "stack", stack);
  if ("cause" in parts) hide(error, "cause", open(/** @type {V} */ (parts.cause)));
  if (errors !== undefined) hide(error, "errors", errors.map(open));
  for (const [key, value] of fields) {
    if (NO_FIELDS.has(key)) continue;
    Object.defineProperty(error, key, {
      value: open(value),
      writable: true,
      configurable: true,
      // As the core has it when it reads an error that was written down.
      enumerable: key !== "errors",
    });
  }
  return error;
}

/** @type {typeof import("./index.js").joined} */
export function joined(errors) {
  const [first] = errors;
  if (errors.length === 1) return first;
  const error = new AggregateError(errors, messageOf(first));
  for (const name of FOR_RETRIES) {
    const value = read(first, name);
    if (value !== undefined) Object.assign(error, { [name]: value });
  }
  return error;
}

/**
 * @param {Pick<import("./index.js").ErrorParts<unknown>, "base" | "className" | "name" | "message">} parts
 * @returns {Error}
 */
function construct({ base, className, name, message }) {
  if (base === "DOMException") return new DOMException(message, name);
  const Base = base === "AggregateError" ? AggregateError : (BASES.get(base) ?? Error);
  const args = base === "AggregateError" ? [[], message] : [message];
  if (className === base) return Reflect.construct(Base, args);
  // The class itself is on the other side; one of the same name keeps `error.constructor.name` and inspection true.
  const Named = { [className]: class extends /** @type {ErrorConstructor} */ (Base) {} }[className];
  return Reflect.construct(Base, args, Named ?? Base);
}

/**
 * @param {object} target
 * @param {string} key
 * @param {unknown} value
 */
function hide(target, key, value) {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

/**
 * @param {object} object
 * @param {string} key
 */
function isOwn(object, key) {
  try {
    return Object.hasOwn(object, key);
  } catch {
    return false;
  }
}

/**
 * A getter of a thrown object may throw in turn.
 *
 * @param {unknown} object
 * @param {string} key
 * @returns {unknown}
 */
function read(object, key) {
  try {
    return /** @type {Record<string, unknown> | null | undefined} */ (object)?.[key];
  } catch {
    return undefined;
  }
}
