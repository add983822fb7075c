/** Task functions for the tests, as a user would write them: an ordinary module. */
import { setTimeout as sleep } from "node:timers/promises";
import { threadId } from "node:worker_threads";

/** @import { WorkerContext } from "../../src/index.ts" */

export const notAFunction = 42;

/** @param {number} value */
export function double(value) {
  return value * 2;
}

/**
 * @template T
 * @param {T} value
 */
export async function echo(value) {
  return value;
}

/** Which thread this is. */
export function thread() {
  return threadId;
}

/**
 * @param {{ readonly letter: string }} input
 * @param {number} times
 * @param {WorkerContext} context
 */
export function positional({ letter }, times, context) {
  return `${letter.repeat(times)} for ${context.taskName}`;
}

/**
 * @param {unknown} _
 * @param {WorkerContext} context
 */
export function whoAmI(_, { taskName, runId, attempt }) {
  return { taskName, runId, attempt };
}

/**
 * @param {Uint8Array} bytes
 * @param {WorkerContext} context
 */
export function invert(bytes, { transfer }) {
  const inverted = bytes.map((byte) => 255 - byte);
  return transfer(inverted, [inverted.buffer]);
}

/** @param {Int32Array} shared */
export function increment(shared) {
  return Atomics.add(shared, 0, 1);
}

/**
 * @param {number} steps
 * @param {WorkerContext} context
 */
export function steps(steps, { progress }) {
  for (let step = 1; step <= steps; step++) progress(step / steps, `step ${step}`);
  return steps;
}

/**
 * @param {string} colour
 * @param {WorkerContext} context
 */
export function paint(colour, context) {
  context.attributes.set("before", String(context.attributes.get("given")));
  context.attributes.set("colour", colour);
  if (colour === "octarine") throw new Error("no such colour");
  return colour;
}

/**
 * @param {Int32Array} log
 * @param {WorkerContext} context
 */
export async function deferring(log, { defer }) {
  const note = (/** @type {number} */ value) => {
    log[Atomics.add(log, 0, 1) + 1] = value;
  };
  defer(() => note(1));
  defer(async (signal) => {
    await sleep(5);
    note(signal.aborted ? -2 : 2);
  });
  note(3);
}

/**
 * @param {boolean} fails
 * @param {WorkerContext} context
 */
export function failingCleanup(fails, context) {
  context.defer(() => {
    throw new Error("clean-up failed");
  });
  if (fails) throw new Error("function failed");
  return "fine";
}

/** @param {Int32Array} order */
export function arrive(order) {
  return Atomics.add(order, 0, 1);
}

/** @param {number} milliseconds */
export async function wait(milliseconds) {
  await sleep(milliseconds);
  return milliseconds;
}

/**
 * Holds its thread until the first cell is set, and counts itself in the second.
 * @param {Int32Array} cells
 */
export function waitForCell(cells) {
  Atomics.add(cells, 1, 1);
  Atomics.wait(cells, 0, 0);
}

let ticks = 0;
export function startTicking() {
  setInterval(() => ticks++, 5).unref();
}
export function ticksSoFar() {
  return ticks;
}

/** @returns {string[]} */
export function preloaded() {
  return Reflect.get(globalThis, "preloaded");
}

/**
 * @param {number} item
 * @param {number} index
 * @param {WorkerContext} _context
 */
export function scale(item, index, _context) {
  return item * index;
}

/**
 * What a context is when it is spread, and whether anybody warns of those that listen to its signal.
 *
 * @param {number} listeners
 * @param {WorkerContext} context
 */
export async function spread(listeners, context) {
  /** @type {string[]} */
  const warnings = [];
  process.on("warning", ({ name }) => warnings.push(name));
  const { defer, signal, attributes, ...rest } = { ...context, mine: true };
  /** @param {AbortSignal} heard */
  const listen = (heard) => {
    for (let at = 0; at < listeners; at++) heard.addEventListener("abort", () => {});
  };
  listen(signal);
  defer(listen);
  attributes.set("spread", true);
  await new Promise((resolve) => setImmediate(resolve));
  return { keys: Object.keys(context), rest: Object.keys(rest), attempt: rest.attempt, warnings };
}
