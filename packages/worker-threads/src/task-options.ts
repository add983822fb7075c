/** What a single task in a thread can be told, checked where it enters. Knows no thread. */
import type { CallRequest } from "./call.ts";
import type { Transferable } from "./context.ts";
import type { WorkerRef } from "./module.ts";
import { Check } from "./options.ts";

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

const TASK_OPTIONS = [
  "transfer",
  "timeoutMs",
  "cancelGraceMs",
] satisfies (keyof WorkerTaskOptions)[];

/** Throws a `TypeError` that lists everything that is wrong. */
export function workerCall<Args extends readonly unknown[]>(
  where: string,
  ref: WorkerRef<Args, unknown>,
  options: WorkerTaskOptions<Args>,
  cancelGraceMs: number,
): WorkerCall {
  const check = new Check(where);
  const { url, exportName } = (ref ?? {}) as Partial<WorkerRef<Args, unknown>>;
  if (typeof url !== "string" || typeof exportName !== "string")
    check.fault("Expected a reference from `workerModule(...)`, such as `image.resize`");
  check.keys(options, TASK_OPTIONS);
  const grace = check.number(options, "cancelGraceMs", cancelGraceMs, { from: 0 });
  const timeoutMs =
    options.timeoutMs === undefined
      ? undefined
      : check.number(options, "timeoutMs", 0, { from: 0 });
  if (options.transfer !== undefined && typeof options.transfer !== "function")
    check.fault("Expected `transfer` to be a function from the arguments to an array");
  check.done();
  return {
    url: String(url),
    exportName: String(exportName),
    cancelGraceMs: grace,
    timeoutMs,
    transfer: options.transfer as CallRequest["transfer"],
  };
}
