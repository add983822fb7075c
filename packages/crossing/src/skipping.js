/**
 * `context.skip()` where the function runs elsewhere: what it throws, and whether a function has ended so. As the core has
 * it for functions in its own thread.
 */
import { describe } from "./describe.js";

/** Longer chains of causes are followed no further. */
const MAX_STEPS = 1000;

/**
 * By its fields the core's `TaskSkippedError`.
 *
 * @param {string} task
 * @param {string} reason
 */
function skipError(task, reason) {
  const error = new Error(`Task "${task}" was skipped: ${reason}`);
  error.stack = `TaskSkippedError: ${error.message}`;
  return Object.assign(error, { name: "TaskSkippedError", code: "ASTRUM_SKIPPED", task, reason });
}

/** @type {typeof import("./index.js").skippedBy} */
export function skippedBy({ taskName, skip }, reason) {
  try {
    return skip?.(reason) ?? skipError(taskName, reason);
  } catch (error) {
    return error;
  }
}

/** @implements {InstanceType<typeof import("./index.js").Skipping>} */
export class Skipping {
  #task;
  /** @type {ReturnType<typeof skipError> | undefined} */
  #thrown;
  #over = false;

  /** @param {string} task */
  constructor(task) {
    this.#task = task;
  }

  get reason() {
    return this.#thrown?.reason;
  }

  /**
   * @param {string} reason
   * @returns {never}
   */
  skip(reason) {
    if (typeof reason !== "string" || reason === "")
      throw new TypeError(`context.skip() needs a reason, a text, got ${describe(reason)}`);
    if (this.#over)
      throw new Error(`Task "${this.#task}" has ended: it cannot be skipped any more`);
    this.#thrown ??= skipError(this.#task, reason);
    throw this.#thrown;
  }

  end() {
    this.#over = true;
  }

  /** @param {unknown} error */
  isEndedBy(error) {
    if (this.#thrown === undefined) return false;
    let cause = error;
    for (let step = 0; step < MAX_STEPS && cause !== undefined && cause !== null; step++) {
      if (cause === this.#thrown) return true;
      try {
        cause = /** @type {{ cause?: unknown }} */ (cause).cause;
      } catch {
        return false; // It does not let itself be read.
      }
    }
    return false;
  }
}
