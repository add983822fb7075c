/** What a worker tells of itself. Of a payload nothing is ever told, of an error of a task only its name. */

export interface WorkerLogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  /** Few values: `worker.started`, `job.left`, `lease.lost`, … */
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export type WorkerLog = (entry: WorkerLogEntry) => void;
