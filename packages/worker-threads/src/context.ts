/** What a task's function is given inside a thread, as types. The object itself is made there, in `worker/context.js`. */

import type { TransferListItem } from "node:worker_threads";
import type { TaskContext } from "@astrum/core";

/** What may stand in a transfer list. Shared memory is accepted and left alone: it is never moved. */
export type Transferable = TransferListItem | ArrayBufferLike;

/**
 * The last argument of a task's function in a thread. It has everything of the core's `TaskContext`, so a function
 * written against that runs on either side unchanged.
 *
 * `signal` aborts with the reason of the caller; inside a synchronous loop, where no event can arrive, read `cancelled`.
 * `spent` of a rate limit that the run does not have fails the attempt. `attributes` travel back when the function has ended. `defer` runs its clean-ups here, in the thread, before the
 * attempt ends; a thread that is terminated runs none.
 *
 * A thread carries out an attempt once: none is started again behind your back, so there is no count of deliveries. For what
 * must not happen twice when an attempt is retried, make the key of `runId` and `taskName`, which are the same for every
 * attempt of a task in a run.
 */
export interface WorkerContext extends TaskContext {
  /** Whether to stop. One atomic read: cheap enough for the innermost loop, and live without yielding. */
  readonly cancelled: boolean;
  /** Returns `value`, and moves `items`, which it must contain, to the caller instead of copying them. */
  transfer<T>(value: T, items: Iterable<Transferable>): T;
}
