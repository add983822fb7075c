/** What the tests share: pools that end with their test, the modules, and waiting for what a thread has reached. */
import { onTestFinished } from "vitest";
import { createWorkerPool, type WorkerPool, type WorkerPoolOptions } from "../src/index.ts";

export { faults, tasks } from "./modules/references.ts";

export function openPool(options: WorkerPoolOptions = { threads: 1 }): WorkerPool {
  const pool = createWorkerPool(options);
  onTestFinished(() => pool.destroy());
  return pool;
}

/** The error a promise rejects with; fails when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome) return outcome.error;
  throw new Error(`Expected a rejection, got ${String(outcome.value)}`);
}

export function sharedCells(count = 1): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

/** Until a thread has set the first cell. */
export async function reached(shared: Int32Array): Promise<void> {
  while (Atomics.load(shared, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
}
