/**
 * Takes a thrown value apart so that it survives the way between threads, and puts it together again. The structured
 * clone alone loses an error's class, code and own fields, and the errors of an `AggregateError`. Knows no port.
 */
import { inspect, types } from "node:util";
import { canClone, findObstacle } from "./obstacle.js";

/** @import { Packed, PackedError } from "../wire.ts" */

/** @type {ReadonlyMap<string, ErrorConstructor>} */
const BASES = new Map(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((base) => [
    base.name,
    /** @type {ErrorConstructor} */ (base),
  ]),
);

/** Read by those who retry; they count even when a class has them on its prototype. */
const INHERITED = ["code", "retryable", "retryAfterMs"];
const SPECIAL = new Set(["name", "message", "stack", "cause", "errors"]);

/**
 * @param {unknown} thrown
 * @param {string} [path] what the value is called when it cannot cross
 * @returns {Packed}
 */
export function pack(thrown, path = "thrown") {
  return packAny(thrown, path, new Map());
}

/**
 * @param {Packed} packed
 * @returns {unknown}
 */
export function unpack(packed) {
  return unpackAny(packed, new Map());
}

/**
 * @param {unknown} thrown
 * @param {string} path
 * @param {Map<object, PackedError>} seen
 * @returns {Packed}
 */
function packAny(thrown, path, seen) {
  if (isError(thrown)) return { error: packError(thrown, path, seen) };
  if (canClone(thrown)) return { value: thrown };
  return { obstacle: findObstacle(thrown, path) ?? { path, what: "not clonable" } };
}

/**
 * @param {Error} error
 * @param {string} path
 * @param {Map<object, PackedError>} seen
 */
function packError(error, path, seen) {
  const known = seen.get(error);
  if (known !== undefined) return known;
  const stack = read(error, "stack");
  /** @type {PackedError} */
  const packed = {
    base: baseOf(error),
    className: String(read(read(error, "constructor"), "name") || "Error"),
    name: String(read(error, "name")),
    message: String(read(error, "message")),
    stack: typeof stack === "string" ? stack : undefined,
    fields: [],
  };
  seen.set(error, packed);
  const cause = Object.hasOwn(error, "cause") ? read(error, "cause") : undefined;
  if (cause !== undefined) packed.cause = packField(cause, `${path}.cause`, seen);
  const errors = read(error, "errors");
  if (Array.isArray(errors))
    packed.errors = errors.map((each, index) => packField(each, `${path}.errors[${index}]`, seen));
  for (const key of Object.keys(error).concat(INHERITED)) {
    if (SPECIAL.has(key) || packed.fields.some(([name]) => name === key)) continue;
    const value = read(error, key);
    // `DOMException` has a legacy numeric code on its prototype that its name brings back.
    if (value === undefined || (packed.base === "DOMException" && !Object.hasOwn(error, key)))
      continue;
    packed.fields.push([key, packField(value, `${path}.${key}`, seen)]);
  }
  return packed;
}

/**
 * A part of an error that cannot cross must not cost the error: it is described instead.
 *
 * @param {unknown} value
 * @param {string} path
 * @param {Map<object, PackedError>} seen
 * @returns {Packed}
 */
function packField(value, path, seen) {
  const packed = packAny(value, path, seen);
  return "obstacle" in packed ? { value: inspect(value, { depth: 1 }).slice(0, 500) } : packed;
}

/** @param {Error} error */
function baseOf(error) {
  if (error instanceof DOMException) return "DOMException";
  if (error instanceof AggregateError) return "AggregateError";
  for (let prototype = error; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    const name = String(read(read(prototype, "constructor"), "name"));
    if (name !== "Error" && BASES.has(name)) return name;
  }
  return "Error";
}

/**
 * @param {Packed} packed
 * @param {Map<PackedError, Error>} seen
 * @returns {unknown}
 */
function unpackAny(packed, seen) {
  if ("error" in packed) return unpackError(packed.error, seen);
  return "value" in packed ? packed.value : undefined;
}

/**
 * @param {PackedError} packed
 * @param {Map<PackedError, Error>} seen
 */
function unpackError(packed, seen) {
  const known = seen.get(packed);
  if (known !== undefined) return known;
  const error = construct(packed);
  seen.set(packed, error);
  if (error.name !== packed.name) hide(error, "name", packed.name);
  if (packed.stack !== undefined) hide(error, "stack", packed.stack);
  if (packed.cause !== undefined) hide(error, "cause", unpackAny(packed.cause, seen));
  if (packed.errors !== undefined)
    hide(
      error,
      "errors",
      packed.errors.map((each) => unpackAny(each, seen)),
    );
  for (const [key, value] of packed.fields)
    Object.defineProperty(error, key, {
      value: unpackAny(value, seen),
      writable: true,
      configurable: true,
      enumerable: true,
    });
  return error;
}

/**
 * @param {PackedError} packed
 * @returns {Error}
 */
function construct({ base, className, name, message }) {
  if (base === "DOMException") return new DOMException(message, name);
  const Base = base === "AggregateError" ? AggregateError : (BASES.get(base) ?? Error);
  const args = base === "AggregateError" ? [[], message] : [message];
  if (className === base) return Reflect.construct(Base, args);
  // The class itself lives in the other thread; one of the same name keeps `error.constructor.name` and inspection true.
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
 * @param {unknown} value
 * @returns {value is Error}
 */
function isError(value) {
  return types.isNativeError(value) || value instanceof Error;
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
    return /** @type {Record<string, unknown> | undefined} */ (object)?.[key];
  } catch {
    return undefined;
  }
}
