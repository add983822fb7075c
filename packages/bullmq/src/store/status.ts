/** What an operator wants to know of a queue: how much waits, who is there, and what nobody can run. */
import type { JobStore } from "./job-store.ts";
import { type WorkerInfo, workersIn } from "./worker-registry.ts";

export interface FleetStatus {
  readonly queue: string;
  /** Jobs that wait for a worker. */
  readonly waiting: number;
  readonly running: number;
  /** Ended, and kept for a scheduler that attaches again. */
  readonly kept: { readonly completed: number; readonly failed: number };
  readonly workers: readonly WorkerInfo[];
  /** How many workers have each task, by the version of this package that they run. */
  readonly tasks: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export async function statusOf(store: JobStore, queue: string): Promise<FleetStatus> {
  const [counts, workers] = await Promise.all([
    store.counts(),
    workersIn(store.script, store.names),
  ]);
  const { wait = 0, prioritized = 0, delayed = 0, active = 0, completed = 0, failed = 0 } = counts;
  const tasks: Record<string, Record<string, number>> = {};
  for (const worker of workers) {
    for (const name of worker.tasks) {
      const versions = tasks[name] ?? {};
      versions[worker.version] = (versions[worker.version] ?? 0) + 1;
      tasks[name] = versions;
    }
  }
  return {
    queue,
    waiting: wait + prioritized + delayed,
    running: active,
    kept: { completed, failed },
    workers,
    tasks,
  };
}
