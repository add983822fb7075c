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
/** @typedef {{ readonly reason: unknown; readonly seen: Map<object, PackedError> }} Packing */
/** @typedef {{ readonly reason: unknown; readonly seen: Map<PackedError, Error> }} Unpacking */

const SPECIAL = new Set(["name", "message", "stack", "cause", "errors"]);

/**
 * @param {unknown} thrown
 * @param {object} [options]
 * @param {string} [options.path] what the value is called when it cannot cross
 * @param {unknown} [options.reason] of the cancellation: the other side has the original, also of a cause
 * @returns {Packed}
 */
export function pack(thrown, { path = "thrown", reason } = {}) {
  return packAny(thrown, path, { reason, seen: new Map() });
}

/**
 * @param {Packed} packed
 * @param {unknown} [reason]
 * @returns {unknown}
 */
export function unpack(packed, reason) {
  return unpackAny(packed, { reason, seen: new Map() });
}

/**
 * @param {unknown} thrown
 * @param {string} path
 * @param {Packing} state
 * @returns {Packed}
 */
function packAny(thrown, path, state) {
  if (thrown === state.reason && thrown !== undefined) return { reason: true };
  if (isError(thrown)) return { error: packError(thrown, path, state) };
  if (canClone(thrown)) return { value: thrown };
  return { obstacle: findObstacle(thrown, path) ?? { path, what: "not clonable" } };
}

/**
 * @param {Error} error
 * @param {string} path
 * @param {Packing} state
 */
function packError(error, path, state) {
  const { seen } = state;
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
  if (cause !== undefined) packed.cause = packField(cause, `${path}.cause`, state);
  const errors = read(error, "errors");
  if (Array.isArray(errors))
    packed.errors = errors.map((each, index) => packField(each, `${path}.errors[${index}]`, state));
  for (const key of Object.keys(error).concat(INHERITED)) {
    if (SPECIAL.has(key) || packed.fields.some(([name]) => name === key)) continue;
    const value = read(error, key);
    // `DOMException` has a legacy numeric code on its prototype that its name brings back.
    if (value === undefined || (packed.base === "DOMException" && !Object.hasOwn(error, key)))
      continue;
    packed.fields.push([key, packField(value, `${path}.${key}`, state)]);
  }
  return packed;
}

/**
 * A part of an error that cannot cross must not cost the error: it is described instead.
 *
 * @param {unknown} value
 * @param {string} path
 * @param {Packing} state
 * @returns {Packed}
 */
function packField(value, path, state) {
  const packed = packAny(value, path, state);
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
 * @param {Unpacking} state
 * @returns {unknown}
 */
function unpackAny(packed, state) {
  if ("error" in packed) return unpackError(packed.error, state);
  if ("reason" in packed) return state.reason;
  return "value" in packed ? packed.value : undefined;
}

/**
 * @param {PackedError} packed
 * @param {Unpacking} state
 */
function unpackError(packed, state) {
  const { seen } = state;
  const known = seen.get(packed);
  if (known !== undefined) return known;
  const error = construct(packed);
  seen.set(packed, error);
  if (error.name !== packed.name) hide(error, "name", packed.name);
  if (packed.stack !== undefined) hide(error, "stack", packed.stack);
  if (packed.cause !== undefined) hide(error, "cause", unpackAny(packed.cause, state));
  if (packed.errors !== undefined)
    hide(
      error,
      "errors",
      packed.errors.map((each) => unpackAny(each, state)),
    );
  for (const [key, value] of packed.fields)
    Object.defineProperty(error, key, {
      value: unpackAny(value, state),
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
