/** The names of everything in the store that belongs to one queue, all in one slot of a Redis Cluster. */

export interface QueueName {
  readonly queue: string;
  readonly prefix: string;
}

export class Names {
  /** What BullMQ calls the queue: the braces put all of its keys into one slot. */
  readonly bullName: string;
  readonly prefix: string;
  readonly #base: string;

  constructor({ queue, prefix }: QueueName) {
    this.bullName = `{${queue}}`;
    this.prefix = prefix;
    this.#base = `${prefix}:{${queue}}:`;
  }

  /** The hash of a job, which BullMQ keeps. */
  job(jobId: string): string {
    return this.#base + jobId;
  }

  get jobBase(): string {
    return this.#base;
  }

  key(name: "completed" | "failed" | "workers" | "worker-info" | "sweep"): string {
    return this.#base + name;
  }

  /** Who has a run, and that it is known. */
  run(runId: string): string {
    return `${this.#base}run:${runId}`;
  }

  /** The pub/sub channel on which schedulers ask workers to stop attempts. */
  get cancelChannel(): string {
    return `${this.#base}cancel`;
  }
}
