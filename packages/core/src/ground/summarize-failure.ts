/** A failed task in one line: who, how often, and what its error says. The name is in it once, whoever wrote the error. */
import { fieldOf } from "./field.ts";
import { summarizeError } from "./summarize-error.ts";

export interface Failure {
  readonly task: string;
  readonly error: unknown;
  /** How often its function was called; 0 when its inputs could not be taken. Default 1. */
  readonly attempts?: number;
  /** It did not stop when it was asked to, and was given up. Default `false`. */
  readonly abandoned?: boolean;
  /** `false`: it gave a value that could not be released, and that is what failed. */
  readonly released?: false;
}

/**
 * The line that `errorSummary` has for a failed task: `Task "load" failed after 3 attempts: fetch failed: connect
 * ECONNREFUSED 127.0.0.1:9`. The error may be live or serialised. Never throws.
 *
 * @example
 * ```ts
 * import { flow, fromEvents, summarizeFailure, task } from "@astrum/core";
 *
 * const log = fromEvents("log", (event) => {
 *   if (event.type !== "task.end" || event.outcome.status !== "failed") return;
 *   const { task, outcome, attempts } = event;
 *   console.log(summarizeFailure({ task: task.key, error: outcome.error, attempts }));
 * });
 * const load = task("load", () => Promise.reject(new Error("gone")), { retry: 2 });
 * await flow("nightly", { load }).run({ observers: [log] });
 * // Task "load" failed after 3 attempts: gone
 * ```
 */
export function summarizeFailure(failure: Failure): string {
  const { task, error, attempts = 1, abandoned = false } = failure;
  const told = summarizeError(error);
  if (failure.released === false) return `The value of task "${task}" was not released: ${told}`;
  const after = attempts > 1 ? ` after ${attempts} attempts` : "";
  const code = fieldOf(error, "code");
  // These say themselves which task they are about, and what is wrong with it.
  if (code === "ASTRUM_JOURNAL") return `${told}${after}`;
  if (code === "ASTRUM_INPUT" && attempts === 0) return told;
  return `Task "${task}" ${abandoned ? "was abandoned" : "failed"}${after}: ${withoutName(told, task)}`;
}

/** Errors of the engine begin with the name of their task. */
function withoutName(told: string, task: string): string {
  const own = `Task "${task}"`;
  const opening = [`${own} failed: `, `${own}: `, `${own} `].find((one) => told.startsWith(one));
  return opening === undefined ? told : told.slice(opening.length);
}
