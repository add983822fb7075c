/**
 * The tasks of the runner suite, in plain JavaScript, so that a thread or another process can import them as they are.
 * An export is called as a task's function is: with its inputs and its context.
 */

/** @import { TaskContext } from "@astrum/core" */

/** @param {{ readonly left: number, readonly right: number }} inputs */
export async function sum({ left, right }) {
  return left + right;
}

export function two() {
  return 2;
}

/**
 * @param {number} item
 * @param {number} index
 */
export function scaled(item, index) {
  return item * 10 + index;
}

export async function breaks() {
  throw new RangeError("out of range");
}

/** @returns {never} */
export function final() {
  throw Object.assign(new Error("no retry can mend this"), { retryable: false });
}

/**
 * Its clean-up fails as well.
 *
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function finalAndUntidy(_, { defer }) {
  defer(() => {
    throw new Error("not tidied");
  });
  throw Object.assign(new Error("no retry can mend this"), { retryable: false });
}

/**
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function secondTry(_, { attempt }) {
  if (attempt < 2) throw new Error("once more");
  return attempt;
}

/**
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function tells(_, { progress, taskName, runId }) {
  progress(0.5, "half");
  return `${taskName} of ${runId}`;
}

/**
 * Ends only when it is asked to.
 *
 * @param {unknown} _
 * @param {TaskContext} context
 * @returns {Promise<never>}
 */
export function endless(_, { signal, progress }) {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    progress(0, "began");
  });
}

/**
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function skips(_, { skip }) {
  return skip("nothing new");
}

/**
 * Catches by mistake what ends it.
 *
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function skipsInSecret(_, context) {
  try {
    context.skip("nothing new");
  } catch {
    return "a value";
  }
}

/**
 * Fails on its way out.
 *
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function skipsInVain(_, context) {
  try {
    context.skip("nothing new");
  } catch {
    throw new RangeError("out of range");
  }
}

/**
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function speaks(_, { log }) {
  for (let line = 0; line < 150; line++) log(`line ${line}`, { line });
}

/**
 * What was said before is told with the error.
 *
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function speaksAndBreaks(_, context) {
  context.log("about to break", { at: "the end" });
  throw new RangeError("out of range");
}

/**
 * What it says last counts.
 *
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function spends(_, { spent }) {
  spent("llm", 2);
  spent("llm", 8);
}

/**
 * @param {unknown} _
 * @param {TaskContext} context
 */
export async function asksForTime(_, { remainingMs }) {
  const left = remainingMs();
  return Number.isFinite(left) ? left : "without end";
}
