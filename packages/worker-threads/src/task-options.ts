/** What a single task in a thread can be told, checked where it enters. Knows no thread. */
import { fits, OptionCheck, type Rules } from "astrum-options";
import type { CallRequest } from "./call.ts";
import type { Transferable } from "./context.ts";
import type { WorkerRef } from "./module.ts";
import { timerMs } from "./options.ts";

export interface WorkerTaskOptions<Args extends readonly unknown[] = readonly never[]> {
  /**
   * Parts of the arguments to move into the thread instead of copying them. They are gone here afterwards, for retries
   * too: a second attempt fails with a `WorkerSerializationError`. Shared memory needs no transfer.
   */
  readonly transfer?: ((...args: Args) => readonly Transferable[]) | undefined;
  /**
   * How long the function may take in its thread, waiting for a thread not included. Then it is cancelled and the
   * attempt fails with a `WorkerTimeoutError`. The `timeoutMs` of a task counts the waiting too. Default: no limit.
   */
  readonly timeoutMs?: number | undefined;
  /** Default: the pool's. */
  readonly cancelGraceMs?: number | undefined;
}

/** The parts of a request that are the same for every attempt. */
export type WorkerCall = Pick<CallRequest, "url" | "cancelGraceMs" | "timeoutMs" | "transfer"> & {
  readonly exportName: string;
};

/** What each of them may be. */
export const TASK_RULES: Rules<WorkerTaskOptions> = {
  transfer: fits("a function from the arguments to a list", (value) => typeof value === "function"),
  timeoutMs: timerMs,
  cancelGraceMs: timerMs,
};

/** Throws a `TypeError` that lists everything that is wrong. */
export function workerCall<Args extends readonly unknown[]>(
  who: string,
  ref: WorkerRef<Args, unknown>,
  options: WorkerTaskOptions<Args>,
  cancelGraceMs: number,
): WorkerCall {
  const check = new OptionCheck(who);
  const { url, exportName } = (ref ?? {}) as Partial<WorkerRef<Args, unknown>>;
  if (typeof url !== "string" || typeof exportName !== "string")
    check.fault("ref", "Expected a reference from `workerModule(...)`, such as `image.resize`.");
  check.record("", options, TASK_RULES);
  check.done();
  return {
    url: String(url),
    exportName: String(exportName),
    cancelGraceMs: options.cancelGraceMs ?? cancelGraceMs,
    timeoutMs: options.timeoutMs,
    transfer: options.transfer as CallRequest["transfer"],
  };
}
