/** What a loop fails with that was not done after its last flow: after how many, and what that one gave. Knows no run. */

/**
 * A loop had as many flows as it may have, and `until` wanted more. `outputs` are those of the last one: a `fallback` can
 * give them all the same.
 *
 * @example
 * ```ts
 * import { flow, LoopLimitError, loop, task } from "@astrum/core";
 *
 * const guess = (number: number) => flow("guess", { number: task("number", () => number) });
 * const found = loop("found", {}, {
 *   first: () => guess(1),
 *   next: ({ number }) => guess(number + 1),
 *   until: ({ number }) => number === 7,
 *   max: 3,
 *   fallback: (error) => {
 *     if (error instanceof LoopLimitError) return error.outputs as { number: number };
 *     throw error;
 *   },
 * });
 * const done = await flow("guessing", { found }).run();
 * console.log(done.executionState, done.unwrap().found.number); // completed 3
 * ```
 */
export class LoopLimitError extends Error {
  override readonly name: string = "LoopLimitError";
  readonly code = "ASTRUM_LOOP_LIMIT";
  /** The loop. */
  readonly task: string;
  /** How many flows it had: its `max`. */
  readonly iterations: number;
  // Behind a getter: a report that writes down the error's own fields has what tasks gave elsewhere.
  readonly #outputs: unknown;

  constructor(task: string, iterations: number, outputs: unknown) {
    const flows = iterations === 1 ? "flow" : "flows";
    super(`"${task}" was not done after ${iterations} ${flows}, its \`max\``);
    this.task = task;
    this.iterations = iterations;
    this.#outputs = outputs;
    this.stack = `${this.name}: ${this.message}`;
  }

  /** What the last flow gave, by the keys of its roots. */
  get outputs(): unknown {
    return this.#outputs;
  }
}
