/** How an attempt is carried out: the place to put caching, throttling, other threads, other machines. */

import type { AttemptInfo } from "./observer.ts";

/**
 * Carries out one attempt; its outcome is the attempt's outcome. The default calls
 * `attempt.run(...attempt.args, attempt.context)`. Runners compose by wrapping.
 */
export type Runner = (attempt: RunnerAttempt) => unknown;

/** A line of a task's log that was said where the task runs. */
export interface RemoteLogLine {
  readonly message: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** So many milliseconds before it is told here. */
  readonly agoMs: number;
}

/** What can be known and told of an attempt by whoever carries it out. */
export interface Placement {
  /** What the observers want taken along when the attempt leaves this thread or process. */
  carrier(): Record<string, string>;
  /** Where it runs, for the report: "worker-3", "host:pid". */
  setExecutor(name: string): void;
  /**
   * How often the attempt was started, for the report: for a runner that delivers at least once, whose executor can be
   * lost with an attempt half done. An integer from 2 up; anything else is no news, and ignored.
   */
  setDeliveries(count: number): void;
  /**
   * Lines of the task's log that were said where it runs, in their order; `leftOut` more were said that are not told, which
   * the report counts.
   */
  logged(lines: readonly RemoteLogLine[], leftOut: number): void;
}

/** How the engine's own contexts are asked; use `placementOf`. */
export const PLACEMENT: unique symbol = Symbol.for("astrum.placement") as never;

/**
 * The placement of the attempt that a context belongs to, for functions of an adapter that carry work elsewhere and are
 * called like any other, without a runner. `undefined` for a context that is not the engine's own.
 */
export function placementOf(context: unknown): Placement | undefined {
  return (context as { readonly [PLACEMENT]?: Placement } | null | undefined)?.[PLACEMENT];
}

export interface RunnerAttempt extends Placement {
  readonly info: AttemptInfo;
  readonly run: (...args: unknown[]) => unknown;
  /** Without the context, so that they can be cloned. */
  readonly args: readonly unknown[];
  readonly context: unknown;
  readonly signal: AbortSignal;
  progress(fraction: number, message?: string): void;
}
