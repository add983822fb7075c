/** How an attempt is carried out: the place to put caching, throttling, other threads, other machines. */

import type { AttemptInfo } from "./observer.ts";

/**
 * Carries out one attempt; its outcome is the attempt's outcome. The default calls
 * `attempt.run(...attempt.args, attempt.context)`. Runners compose by wrapping.
 */
export type Runner = (attempt: RunnerAttempt) => unknown;

export interface RunnerAttempt {
  readonly info: AttemptInfo;
  readonly run: (...args: unknown[]) => unknown;
  /** Without the context, so that they can be cloned. */
  readonly args: readonly unknown[];
  readonly context: unknown;
  readonly signal: AbortSignal;
  /** What the observers want taken along when the attempt leaves this thread or process. */
  carrier(): Record<string, string>;
  /** Where it runs, for the report: "worker-3", "host:pid". */
  setExecutor(name: string): void;
  progress(fraction: number, message?: string): void;
}
