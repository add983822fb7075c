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
  return {
    queue,
    waiting: wait + prioritized + delayed,
    running: active,
    kept: { completed, failed },
    workers,
    tasks: countByTask(workers),
  };
}

/** By maps: a task may be called what every object has, `toString`. */
export function countByTask(workers: readonly WorkerInfo[]): FleetStatus["tasks"] {
  const counts = new Map<string, Map<string, number>>();
  for (const { tasks, version } of workers) {
    for (const name of tasks) {
      const versions = counts.get(name) ?? new Map<string, number>();
      counts.set(name, versions.set(version, (versions.get(version) ?? 0) + 1));
    }
  }
  return Object.fromEntries(
    [...counts].map(([name, versions]) => [name, Object.fromEntries(versions)]),
  );
}
