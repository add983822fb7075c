/** The work on a pool of threads. Whoever makes the pool closes it. */
import { createWorkerPool, type WorkerPool, workerModule } from "@astrum/worker-threads";
import type { AuditWork } from "./work.ts";

const url = new URL("./analysis.worker.js", import.meta.url);
const analysis = workerModule<typeof import("./analysis.worker.ts")>(url);

/**
 * A parser that recurses gives up on a deeply nested file where the stack ends, so the stack decides what is skipped. In
 * a thread it is four times that of the main thread; this makes it the same: 984 KiB, V8's default, and the 192 KiB that
 * Node keeps for itself in a thread.
 */
const stackSizeMb = (984 + 192) / 1024;

/** `threads` at most, started as there is work for them; the first at once, to load the parsers while files are read. */
export function workOnThreads(threads: number): { readonly work: AuditWork; pool: WorkerPool } {
  const pool = createWorkerPool({
    threads,
    minThreads: 1,
    preload: [url],
    resourceLimits: { stackSizeMb },
  });
  const work: AuditWork = {
    atOnce: threads,
    analyse: pool.task(analysis.analyse),
    compare: pool.task(analysis.compare),
  };
  return { work, pool };
}
