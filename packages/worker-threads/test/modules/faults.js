/** Tasks that go wrong in every way a thread allows. */
import { threadId } from "node:worker_threads";

/** @import { WorkerContext } from "../../src/index.ts" */

/** @param {number} code */
export function exit(code) {
  process.exit(code);
}

/** What the heap limit is for. */
export function exhaustMemory() {
  const hoard = [];
  for (;;) hoard.push(Array.from({ length: 1000 }, (_, index) => ({ index })));
}

/** @param {string} message */
export async function throwUncaught(message) {
  setImmediate(() => {
    throw Object.assign(new RangeError(message), { code: "E_LATE" });
  });
  await new Promise(() => {});
}

/** Throws what no string can be made of, where nobody can catch it. */
export async function throwNothingKnown() {
  setImmediate(() => {
    throw Object.create(null);
  });
  await new Promise(() => {});
}

/** @param {string} message */
export async function rejectUnhandled(message) {
  void Promise.reject(new TypeError(message));
  await new Promise(() => {});
}

export function loopForever() {
  for (;;);
}

export function never() {
  return new Promise(() => {});
}

/** @returns {unknown} */
export function returnUnclonable() {
  return { list: [1, { onDone: () => {} }] };
}

export function returnTrap() {
  return {
    /** @returns {number} */
    get trap() {
      throw new RangeError("sprung");
    },
  };
}

export function throwUnclonable() {
  throw () => "thrown";
}

export function throwErrorWithFunction() {
  throw Object.assign(new Error("with a function in it"), { retry: () => {}, status: 503 });
}

export function abort() {
  process.abort();
}

/** Ends its thread when it is no longer running anything. */
export function exitLater() {
  setTimeout(() => process.exit(3), 1);
  return threadId;
}

/** Throws where nobody can catch it, when nothing is running any more. */
export function throwLater() {
  setTimeout(() => {
    throw new Error("left over");
  }, 1);
  return threadId;
}

/** Answers, and ends the thread before anybody could know. */
export function answerAndExit() {
  queueMicrotask(() => queueMicrotask(() => setImmediate(() => process.exit(4))));
  return "answered";
}

/**
 * @param {Int32Array} shared
 * @param {WorkerContext} context
 */
export function loopUntilCancelled(shared, context) {
  Atomics.store(shared, 0, 1);
  Atomics.notify(shared, 0);
  while (!context.cancelled);
  throw context.signal.reason;
}

/**
 * @param {Int32Array} shared
 * @param {WorkerContext} context
 */
export async function waitForSignal(shared, { signal }) {
  Atomics.store(shared, 0, 1);
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/**
 * @param {Int32Array} shared
 * @param {WorkerContext} context
 */
export function failWhileStopping(shared, context) {
  Atomics.store(shared, 0, 1);
  while (!context.cancelled);
  throw new Error("could not save");
}

/**
 * @param {Int32Array} shared
 * @param {WorkerContext} context
 */
export function finishInSpite(shared, context) {
  Atomics.store(shared, 0, 1);
  while (!context.cancelled);
  return "finished";
}

/**
 * @param {Int32Array} shared
 * @param {WorkerContext} context
 */
export function wrapReason(shared, context) {
  Atomics.store(shared, 0, 1);
  while (!context.cancelled);
  throw new Error("stopped", { cause: context.signal.reason });
}

/** @param {Int32Array} shared */
export function tellAndReturn(shared) {
  Atomics.store(shared, 0, 1);
  return "answered";
}

/** @param {Int32Array} shared */
export function loopAndTell(shared) {
  Atomics.store(shared, 0, 1);
  for (;;);
}

export function thread() {
  return threadId;
}

/** @returns {unknown} */
export function loseInResult() {
  return { signal: new AbortController().signal };
}

export function loseThrown() {
  throw new URL("https://a.example/");
}

export function loseInError() {
  throw Object.assign(new Error("no answer"), { url: new URL("https://a.example/") });
}
