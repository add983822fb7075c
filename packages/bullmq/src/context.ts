/** What a task's function is given on a worker, as types. The object itself is made in `worker/worker-context.ts`. */
import type { TaskContext } from "@astrum/core";

/**
 * The last argument of a task's function on a worker. It has everything of the core's `TaskContext`, so a function
 * written against that runs on either side unchanged.
 *
 * `signal` aborts with the reason of the scheduler, or when this worker has lost the attempt. `attributes`, and what
 * was `spent`, travel back when the function has ended. `defer` runs its clean-ups on the worker, before the attempt ends. Of `progress`, the
 * last word always arrives before the result; words in quick succession may be merged.
 */
export interface RemoteContext extends TaskContext {
  /**
   * The same for every attempt and every delivery of this task in this run. Delivery is at least once: hand this to what
   * must not happen twice (a payment, a mail, an insert).
   */
  readonly idempotencyKey: string;
  /** How often this attempt has been started, this time included: above 1 an earlier worker was lost. */
  readonly deliveries: number;
}
