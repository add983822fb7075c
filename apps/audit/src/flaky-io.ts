/**
 * What the tasks do when the machine has a bad moment: no file handle free, a file that another program holds or writes,
 * a thread that was lost. Tells such trouble from the lasting kind; knows no file and no task.
 */
import type { RetryPolicy } from "@astrum/core";

const passing: ReadonlySet<unknown> = new Set([
  "EMFILE",
  "ENFILE",
  "EAGAIN",
  "EBUSY",
  "ESTALE",
  "ECHANGED",
  "ASTRUM_WORKER_CRASHED",
]);

/** Whether the same again may well succeed. */
export function isPassing(error: unknown): boolean {
  return passing.has((error as NodeJS.ErrnoException | null)?.code);
}

/** Six attempts within about a second. The wait is drawn by chance, or all who failed together would return together. */
export const untilItPasses: RetryPolicy & { readonly attempts: number } = {
  attempts: 5,
  backoff: "exponential",
  baseMs: 20,
  maxMs: 500,
  jitter: "full",
  retryIf: isPassing,
};
