/**
 * The part of a run that is carried out on threads, as a runner: the tasks that compute, by their names. The graph does not
 * know. Whoever makes them ends them.
 */
import type { Runner } from "@astrum/core";
import { createWorkerPool, type WorkerPoolOptions, workerModule } from "@astrum/worker-threads";

const work = workerModule<typeof import("./work.ts")>(new URL("./work.js", import.meta.url));
const tracing = new URL("./tracing.worker.js", import.meta.url);

/**
 * A parser that recurses gives up on a deeply nested file where the stack ends, so the stack decides what is skipped. In
 * a thread it is four times that of the main thread; this makes it the same: 984 KiB, V8's default, and the 192 KiB that
 * Node keeps for itself in a thread.
 */
const stackSizeMb = (984 + 192) / 1024;

export interface Threads {
  readonly runner: Runner;
  /** Ends them; what traces they hold is sent before. */
  stop(): Promise<void>;
}

/**
 * `threads` at most, started as there is work for them; none for a map of fewer than `fewestShards`, which is over before a
 * thread has loaded its parsers. With `otlp`, the threads send their own spans there, as parts of the same trace.
 */
export function onThreads(
  threads: number,
  fewestShards: number,
  otlp: string | undefined,
): Threads {
  const pool = createWorkerPool({
    threads,
    resourceLimits: { stackSizeMb },
    ...(otlp !== undefined && tracedTo(otlp)),
  });
  const { analyse, compare } = work;
  const there = pool.runner({ tasks: { analyse, compare } });
  return {
    runner(attempt) {
      const [item] = attempt.args as readonly [{ readonly of?: number }?];
      const isWorthIt = (item?.of ?? 0) >= fewestShards;
      return isWorthIt ? there(attempt) : attempt.run(...attempt.args, attempt.context);
    },
    stop: () => pool.close(),
  };
}

function tracedTo(otlp: string): WorkerPoolOptions {
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: otlp };
  return { preload: [tracing], activators: [tracing], env };
}
