/** The functions of a graph, written once: they run in any thread. */

/** @import { TaskContext } from "@astrum/core" */

export function load() {
  return [1, 2, 3];
}

/**
 * @param {number} item
 * @param {number} index
 * @param {TaskContext} context
 */
export function count(item, index, { progress }) {
  progress(1, `counted ${index}`);
  return item + index;
}

/**
 * @param {{ readonly load: readonly number[] }} inputs
 * @param {TaskContext} context
 */
export async function flaky({ load }, { attempt, defer }) {
  defer(async () => {});
  if (attempt === 1) throw Object.assign(new RangeError("not yet"), { code: "E_EARLY", load });
  return load.length + 1;
}

/**
 * @param {{ readonly counts: readonly number[]; readonly flaky: number }} inputs
 * @param {TaskContext} context
 */
export function total({ counts, flaky }, { attributes }) {
  attributes.set("items", counts.length);
  return counts.reduce((sum, count) => sum + count, flaky);
}

/** @param {{ readonly load: readonly number[] }} inputs */
export function broken({ load }) {
  throw new TypeError("broken for good", { cause: new Error(`cause with ${load.length}`) });
}

/**
 * @param {number} a
 * @param {number} b
 */
export function sum(a, b) {
  return a + b;
}
