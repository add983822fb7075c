/** Functions that hand over what cannot cross, in every way that a thread has to send something home. */
import { threadId } from "node:worker_threads";

/** @import { WorkerContext } from "../../src/index.ts" */

function refuse() {
  throw new Error("not to be looked at");
}

class Account {
  id = 7;
}

/**
 * @param {object} _
 * @param {WorkerContext} context
 */
export function spends(_, { spent }) {
  spent("llm", 2);
  spent("llm", 8);
}

/**
 * @param {object} _
 * @param {WorkerContext} context
 */
export function spendsElsewhere(_, { spent }) {
  spent("lmm", 2);
}

/** Until this it reads the same each time. @returns {object} */
function flips() {
  let looks = 0;
  return Object.defineProperty({}, "value", {
    enumerable: true,
    get: () => (looks++ === 0 ? 1 : refuse),
  });
}

/** @type {Record<string, () => unknown>} */
const things = {
  "a function": () => refuse,
  "a symbol": () => Symbol("sign"),
  "an instance of a class": () => new Account(),
  "an object without a prototype": () => Object.create(null),
  "an object with a getter that throws": () =>
    Object.defineProperty({}, "trap", { enumerable: true, get: refuse }),
  "an object with a getter that changes its mind": flips,
  "an object that contains itself": () => {
    /** @type {Record<string, unknown>} */
    const self = {};
    self.again = [self];
    return self;
  },
  "an object whose class cannot be read": () =>
    Object.defineProperty({}, "constructor", { get: refuse }),
  "an object that is no string": () => ({ toString: refuse, valueOf: refuse }),
  "an object that inspects itself": () => ({
    [Symbol.for("nodejs.util.inspect.custom")]: refuse,
    f: refuse,
  }),
  "a proxy that refuses": () =>
    new Proxy(
      {},
      Object.fromEntries(["get", "getPrototypeOf", "ownKeys", "has"].map((trap) => [trap, refuse])),
    ),
  "a chain without an end": () => {
    const endless = () =>
      Object.defineProperty({}, "next", { enumerable: true, get: () => endless() });
    return endless();
  },
  "a map of functions": () => new Map([["f", refuse]]),
  "a weak map": () => new WeakMap(),
  "not a number": () => Number.NaN,
  "a bigint": () => 12n,
  "a date": () => new Date(0),
  nothing: () => undefined,
  null: () => null,
};

export const kinds = Object.keys(things);

/** @param {string} kind */
export function make(kind) {
  return things[kind]?.();
}

export function thread() {
  return threadId;
}

/**
 * @param {unknown} _
 * @param {WorkerContext} context
 */
export function setAttributes(_, { attributes }) {
  for (const kind of kinds) attributes.set(kind, /** @type {string} */ (make(kind)));
  attributes.set("colour", "red");
  return "done";
}

/**
 * @param {unknown} inputs
 * @param {WorkerContext} context
 */
export function setAttributesAndFail(inputs, context) {
  setAttributes(inputs, context);
  throw new Error("after all");
}

/**
 * @param {unknown} _
 * @param {WorkerContext} context
 */
export function look(_, { attributes }) {
  const seen = Object.fromEntries(attributes);
  attributes.set("new", 1);
  return seen;
}

/**
 * @param {unknown} _
 * @param {WorkerContext} context
 */
export function tellProgress(_, { progress }) {
  for (const kind of kinds) {
    progress(/** @type {number} */ (make(kind)));
    progress(0.5, /** @type {string} */ (make(kind)));
  }
  progress(1, "done");
  return "done";
}

/** @param {{ kind: string }} input */
export function returnIt({ kind }) {
  return { list: [make(kind)] };
}

/** @param {{ kind: string }} input */
export function throwIt({ kind }) {
  throw make(kind);
}

/** @param {{ kind: string }} input */
export function throwAsField({ kind }) {
  throw Object.assign(new RangeError("kept"), { field: make(kind), code: "E_KEPT" });
}

/** @param {{ kind: string }} input */
export function throwAsPart({ kind }) {
  const cause = new AggregateError([make(kind), new TypeError("member")], "many");
  throw new RangeError("kept", { cause });
}

/** @param {{ kind: string }} input */
export function throwAsName({ kind }) {
  const error = new RangeError("kept");
  for (const key of ["stack", "name", "constructor", "errors", "cause", "code"])
    Object.defineProperty(error, key, { value: make(kind) });
  throw error;
}

/**
 * @param {{ kind: string }} input
 * @param {WorkerContext} context
 */
export function throwInCleanups({ kind }, { defer }) {
  defer(() => {
    throw make(kind);
  });
  defer(() => {
    throw Object.assign(new Error("second"), { field: make(kind) });
  });
  throw make(kind);
}

/** @param {{ kind: string }} input */
export async function throwUncaught({ kind }) {
  setImmediate(() => {
    throw Object.assign(new RangeError("late"), { field: make(kind) });
  });
  await new Promise(() => {});
}

/** @param {{ length: number }} input */
export function throwChain({ length }) {
  let error = new Error("at the bottom");
  for (let link = 1; link < length; link++) error = new Error(`link ${link}`, { cause: error });
  throw error;
}

/**
 * @param {unknown} _
 * @param {{ readonly defer: WorkerContext["defer"] }} context
 */
export function failForGood(_, { defer }) {
  defer(() => {
    throw new Error("clean-up failed");
  });
  throw Object.assign(new Error("for good"), { retryable: false });
}

/**
 * @param {Int32Array} shared
 * @param {WorkerContext} context
 */
export async function untilAborted(shared, { signal }) {
  Atomics.store(shared, 0, 1);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/**
 * @param {object} _
 * @param {import("@astrum/core").TaskContext} context
 */
export function asksForItsEntry(_, context) {
  return context.journalEntry(1);
}
