/** What a task fails with when the flow inside of it has: which of its tasks failed, and why. Knows no run. */

/** Of more tasks only their number is told. */
const MAX_NAMED = 3;

/**
 * A flow inside of a task failed, so the task did. `errors` are those of its tasks, in their order, as they were thrown;
 * a task of it that has a flow inside of itself has a `SubflowError` there. It is no reason to try again where one of
 * these is none: `retryable` is `false` then.
 *
 * @example
 * ```ts
 * import { flow, SubflowError, subflow, task } from "@astrum/core";
 *
 * const region = flow("region", { load: task("load", () => Promise.reject(new Error("no data"))) });
 * const eu = subflow("eu", region);
 * const done = await flow("report", { eu }).run();
 *
 * const outcome = done.outcome(eu);
 * if (outcome.status === "failed" && outcome.error instanceof SubflowError) {
 *   console.log(outcome.error.message); // "eu" failed in "eu.load"
 * }
 * ```
 */
export class SubflowError extends AggregateError {
  override readonly name: string = "SubflowError";
  readonly code = "ASTRUM_SUBFLOW";
  /** The task that the flow is inside of. */
  readonly task: string;
  declare readonly retryable?: false;

  constructor(task: string, failed: readonly string[], errors: readonly unknown[]) {
    const message = `"${task}" failed in ${listed(failed)}`;
    super(errors, message);
    this.task = task;
    this.stack = `${this.name}: ${message}`;
    if (errors.some(isFinal)) this.retryable = false;
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).map((name) => `"${name}"`);
  if (names.length > shown.length) shown.push(`${names.length - shown.length} more tasks`);
  const last = shown.pop() as string;
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}

function isFinal(error: unknown): boolean {
  try {
    return (error as { retryable?: unknown } | null | undefined)?.retryable === false;
  } catch {
    return false; // It does not let itself be read.
  }
}
