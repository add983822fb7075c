/**
 * The attempts a worker has. Takes a job from the queue's library, checks that it may and can be run here, has it
 * carried out, and gives it back where that is right: to a worker that has the task, or when this one is shut down.
 * Knows who may stop an attempt, and not how jobs are fetched.
 */
import { decodeValue, type RemoteActivator } from "@astrum/core";
import { runActivated } from "astrum-crossing";
import { type Job, WaitingError } from "bullmq";
import { LeaseLostError, WorkerDrainedError } from "../errors.ts";
import { type Client, timeOf } from "../store/connection.ts";
import type { Names } from "../store/names.ts";
import { type Written, writtenResult } from "../wire/encoded.ts";
import { unpackError } from "../wire/packed-error.ts";
import {
  type CancelMessage,
  type Ending,
  failedReasonOf,
  isJobData,
  type JobData,
  LARGE_BYTES,
  PROTOCOL,
  type Word,
} from "../wire/protocol.ts";
import type { Signer } from "../wire/signature.ts";
import { type CarriedOut, carryOut } from "./carry-out.ts";
import type { WorkerLog } from "./log.ts";
import type { WorkerMetrics } from "./metrics.ts";
import { ProgressLine } from "./progress-line.ts";
import type { TaskTable, WorkerTask } from "./task-table.ts";
import type { RunInThread } from "./threads.ts";
import { WorkerContext } from "./worker-context.ts";

export interface AttemptsHost {
  readonly client: Client;
  readonly names: Names;
  readonly signer: Signer;
  readonly tasks: TaskTable;
  readonly runInThread: RunInThread | undefined;
  readonly activators: readonly RemoteActivator[];
  readonly executor: string;
  readonly log: WorkerLog;
  readonly metrics: WorkerMetrics;
}

type Refusal = Extract<Ending, { kind: "refused" }>["reason"];

/** A job that may be done here. */
interface Given {
  readonly data: JobData;
  readonly args: readonly unknown[];
}

/** Ends a job as failed: BullMQ keeps the message, in which the ending is. */
class JobFailed extends Error {
  override get name(): string {
    return "JobFailed";
  }
}

/** The pause of a slot after it has left a job to others, so that a queue of such jobs is no busy loop. */
const LEFT_PAUSE_MS = 250;

/** BullMQ's codes of a job whose lock is gone, is another worker's, or that is back in the queue. */
const REFUSED_CODES: ReadonlySet<unknown> = new Set([-2, -3, -6]);
const REFUSED_JOB = /\bjob (\S+?)(?:\. | is not )/i;

export class Attempts {
  readonly #host: AttemptsHost;
  readonly #running = new Map<string, AbortController>();
  /** Whose lease is lost, until the store has refused their ends. */
  readonly #lost = new Set<string>();

  constructor(host: AttemptsHost) {
    this.#host = host;
  }

  get running(): number {
    return this.#running.size;
  }

  /** A scheduler asks for one to be stopped; mostly another worker has it. */
  cancel(message: string): void {
    try {
      const { jobId, reason } = JSON.parse(message) as CancelMessage;
      const controller = this.#running.get(jobId);
      if (controller !== undefined && !controller.signal.aborted)
        controller.abort(unpackError(reason));
    } catch {
      this.#host.log({
        level: "warn",
        event: "cancel.unreadable",
        message: "Not a message of ours",
      });
    }
  }

  /** Another worker may have them now. */
  leasesLost(jobIds: readonly string[]): void {
    const { log, metrics, executor } = this.#host;
    for (const jobId of jobIds) {
      // Said again at every renewal for as long as its function goes on.
      if (this.#lost.has(jobId)) continue;
      this.#lost.add(jobId);
      metrics.leaseLost();
      const message =
        "Its lease could not be renewed: the event loop was held, or the store out of reach. Another worker may run it now";
      log({ level: "error", event: "lease.lost", message, jobId });
      const controller = this.#running.get(jobId);
      controller?.abort(new LeaseLostError(`${message} (this one is ${executor}).`));
    }
  }

  /** Takes what the queue's library tells of a lost lease; `false` for any other error. */
  toldOfLease(error: Error & { readonly code?: unknown }): boolean {
    // `leasesLost` has told it.
    if (error.message.startsWith("could not renew lock")) return true;
    const [, jobId] = REFUSED_JOB.exec(error.message) ?? [];
    if (jobId === undefined || !REFUSED_CODES.has(error.code)) return false;
    const { log, metrics } = this.#host;
    if (!this.#lost.delete(jobId)) metrics.leaseLost();
    const message = "Its lease had ended, so that the store refused its result";
    log({ level: "error", event: "result.refused", message, jobId });
    return true;
  }

  /** Asks all to stop; they are given back to the queue. */
  giveBack(): void {
    const { executor } = this.#host;
    for (const controller of this.#running.values())
      controller.abort(
        new WorkerDrainedError(`The worker ${executor} is shut down; another one runs this again.`),
      );
  }

  /** Carries out a job; returns what BullMQ stores as its result, and throws what it stores as a failure. */
  async run(job: Job, token: string): Promise<Ending> {
    const jobId = job.id as string;
    const data: unknown = job.data;
    const given = this.#given(jobId, job.name, data);
    const task = this.#host.tasks.get(job.name);
    if (task === undefined) return await this.#leave(job, token);
    const controller = new AbortController();
    this.#running.set(jobId, controller);
    this.#host.metrics.running(1);
    try {
      return await this.#carryOut(job, token, given, task, controller.signal);
    } finally {
      if (this.#running.get(jobId) === controller) this.#running.delete(jobId);
      this.#host.metrics.running(-1);
    }
  }

  async #carryOut(
    job: Job,
    token: string,
    given: Given,
    task: WorkerTask,
    signal: AbortSignal,
  ): Promise<Ending> {
    const { metrics, log, signer } = this.#host;
    const { data } = given;
    const jobId = job.id as string;
    const deliveries = await this.#deliveries(job);
    metrics.waited(task.name, (Date.now() - job.timestamp) / 1_000);
    if (deliveries > 1) {
      metrics.redelivered(task.name);
      log({ level: "warn", event: "job.redelivered", message: "Started again", jobId, deliveries });
    }
    const line = new ProgressLine((word) => job.updateProgress(word));
    const endsAt = await this.#endsAt(jobId, data);
    const context = new WorkerContext(data, deliveries, signal, line, endsAt);
    let executor = this.#host.executor;
    const startedAt = performance.now();
    const done = await carryOut(
      () =>
        this.#call(task, given, context, (name) => {
          executor = `${this.#host.executor}/${name}`;
        }),
      data,
      context,
      () => ({ v: PROTOCOL, executor, deliveries, by: data.by, hash: data.hash }),
    );
    await line.flush();
    const { kind } = done.ending;
    const decided = kind === "value" || kind === "skipped";
    const returned = signal.reason instanceof WorkerDrainedError && !decided;
    const seconds = (performance.now() - startedAt) / 1_000;
    metrics.ended(task.name, returned ? "returned" : resultOf(done.ending), seconds);
    if (returned) {
      log({ level: "info", event: "job.returned", message: "Given back to the queue", jobId });
      await job.moveToWait(token);
      throw new WaitingError();
    }
    const ending = signer.ending(jobId, done.ending);
    if (ending.kind === "skipped") return ending;
    if (ending.kind !== "value") throw new JobFailed(failedReasonOf(done.line, ending));
    return await this.#stored(jobId, ending, done);
  }

  #call(
    task: WorkerTask,
    { data, args }: Given,
    context: WorkerContext,
    setThread: (name: string) => void,
  ): Promise<Written> {
    const { runInThread, activators, log } = this.#host;
    if (runInThread !== undefined) return runInThread({ task, data, context, setThread });
    const { carrier } = data;
    const run = async (): Promise<Written> => writtenResult(await task.run(...args, context));
    if (carrier === undefined || activators.length === 0) return run();
    const onFault = ({ name: activator }: RemoteActivator, error: unknown): void =>
      log({ level: "warn", event: "activator.fault", message: String(error), activator });
    const info = { task: data.taskName, attempt: data.attempt };
    return runActivated({ activators, carrier, info, onFault }, run);
  }

  /** A large result is laid beside its job before that ends. */
  async #stored(
    jobId: string,
    ending: Ending & { kind: "value" },
    { json }: CarriedOut,
  ): Promise<Ending> {
    if (json === undefined || json.length < LARGE_BYTES) return ending;
    const { client, names } = this.#host;
    await client.hset(names.job(jobId), "result", json);
    const { value: _, ...rest } = ending;
    return { ...rest, stored: true };
  }

  /** Times that a worker without the task gave it back do not count. */
  async #deliveries(job: Job): Promise<number> {
    if (job.attemptsStarted < 2) return 1;
    const { client, names } = this.#host;
    const left = await client.hget(names.job(job.id as string), "left");
    return Math.max(1, job.attemptsStarted - Number(left ?? 0));
  }

  /** As this process counts: clocks of two machines differ, that of the store is one for both. */
  async #endsAt(jobId: string, { endsAt }: JobData): Promise<number> {
    if (endsAt === undefined) return Number.POSITIVE_INFINITY;
    const { client, names } = this.#host;
    const storeNow = await timeOf(client, names.job(jobId));
    return performance.now() + endsAt - storeNow;
  }

  /** What is to be done, with the arguments as they were; throws the refusal of a job that this worker must not do. */
  #given(jobId: string, exportName: string, data: unknown): Given {
    const refuse = (reason: Refusal, message: string): never => {
      throw this.#refused(jobId, data, reason, message);
    };
    if (!isJobData(data))
      return refuse(
        "unreadable",
        "it is no job of a fleet. Something else puts jobs into this queue",
      );
    if (data.v !== PROTOCOL)
      return refuse(
        "protocol",
        `it speaks version ${data.v} of the protocol, this worker version ${PROTOCOL}. Deploy scheduler and workers with the same release`,
      );
    if (!this.#host.signer.isOurJob(jobId, exportName, data))
      return refuse(
        "signature",
        "it is not signed with this worker's key. Give scheduler and workers the same signingKey",
      );
    const args = decodeValue(data.args)?.value;
    if (!Array.isArray(args))
      return refuse(
        "unreadable",
        "its arguments cannot be read: they are damaged, or a newer @astrum/core wrote them. Deploy scheduler and workers with the same release",
      );
    return { data, args };
  }

  #refused(jobId: string, data: unknown, reason: Refusal, message: string): Error {
    const { signer, executor, log } = this.#host;
    log({ level: "error", event: "job.refused", message, jobId, reason });
    const { by = "", hash = "" } = (data ?? {}) as Partial<JobData>;
    const facts = { v: PROTOCOL, executor, deliveries: 1, by, hash };
    const ending: Ending = { ...facts, kind: "refused", reason, message };
    return new JobFailed(failedReasonOf(`refused: ${message}`, signer.ending(jobId, ending)));
  }

  /** To the back of the line: a worker that has the task comes by, and so do the jobs that this one can run. */
  async #leave(job: Job, token: string): Promise<never> {
    const { client, names, executor, tasks, log, metrics } = this.#host;
    const known = [...tasks.keys()];
    const word: Word = { left: executor, known };
    log({
      level: "warn",
      event: "job.left",
      message: `No task "${job.name}" here; left to a worker that has it`,
      jobId: job.id,
      task: job.name,
      known,
    });
    metrics.left();
    await client.hincrby(names.job(job.id as string), "left", 1);
    await job.updateProgress(word);
    await job.moveToWait(token);
    await job.changePriority({ priority: job.priority, lifo: false }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, LEFT_PAUSE_MS));
    throw new WaitingError();
  }
}

function resultOf(ending: Ending): "completed" | "failed" | "cancelled" {
  if (ending.kind === "value" || ending.kind === "skipped") return "completed";
  return ending.kind === "obeyed" ? "cancelled" : "failed";
}
