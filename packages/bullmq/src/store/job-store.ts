/**
 * The scheduler's hand on the jobs of one queue: puts one in, looks at many, takes one out, asks for one to be stopped.
 * What is read here is the truth; events are hints. Decides nothing.
 */
import type { EncodedValue } from "@astrum/core";
import { Queue } from "bullmq";
import { packError } from "../wire/packed-error.ts";
import {
  asEnding,
  asWord,
  type CancelMessage,
  type Ending,
  endingIn,
  type JobData,
  type Word,
} from "../wire/protocol.ts";
import { type Client, closeWith, type FleetConnection, openConnection } from "./connection.ts";
import { Names, type QueueName } from "./names.ts";
import { scriptCaller } from "./scripts.ts";

/** What a job is like at one instant. */
export interface JobState {
  readonly finished: boolean;
  /** Of a job that has ended; `undefined` too where no worker of ours ended it, or it is damaged. */
  readonly ending: Ending | undefined;
  /** Of a job that has failed. */
  readonly failedReason: string | undefined;
  /** How often it was started; those that a worker without the task gave back are not counted. */
  readonly starts: number;
  /** How often its worker was found to be gone. */
  readonly stalled: number;
  readonly executor: string | undefined;
  readonly word: Word | undefined;
}

export interface JobToAdd {
  readonly jobId: string;
  readonly exportName: string;
  readonly data: JobData;
  /** 0, or lower for later. */
  readonly priority: number;
}

const FIELDS = [
  "timestamp",
  "finishedOn",
  "returnvalue",
  "failedReason",
  "ats",
  "left",
  "stc",
  "pb",
  "progress",
];

export class JobStore {
  readonly names: Names;
  readonly client: Client;
  readonly script: ReturnType<typeof scriptCaller>;
  readonly #queue: Queue;

  constructor(connection: FleetConnection, name: QueueName, onError: (error: Error) => void) {
    this.names = new Names(name);
    this.client = openConnection(connection, `astrum:${name.queue}:scheduler`, onError);
    this.script = scriptCaller(this.client);
    this.#queue = new Queue(this.names.bullName, {
      connection: this.client,
      prefix: this.names.prefix,
      skipVersionCheck: true,
    });
    this.#queue.on("error", onError);
  }

  /** Does nothing when the job is there already. */
  async add({ jobId, exportName, data, priority }: JobToAdd): Promise<void> {
    await this.#queue.add(exportName, data, {
      jobId,
      attempts: 1,
      removeOnComplete: false,
      removeOnFail: false,
      stackTraceLimit: 0,
      ...(priority < 0 && { priority: -priority }),
    });
  }

  /** One answer a job, in one trip; `undefined` for a job that is not there. */
  async look(jobIds: readonly string[]): Promise<(JobState | undefined)[]> {
    // All keys are in one slot, so that a pipeline works on a cluster as well.
    const pipeline = this.client.pipeline();
    for (const id of jobIds) pipeline.hmget(this.names.job(id), ...FIELDS);
    const answers = await pipeline.exec();
    return (answers ?? []).map(([error, fields]) => {
      if (error !== null) throw error;
      return stateOf(fields as (string | null)[]);
    });
  }

  /** What somebody put in under that id, of whichever version. */
  async dataOf(jobId: string): Promise<Partial<JobData> | undefined> {
    const data = await this.client.hget(this.names.job(jobId), "data");
    return data === null ? undefined : (parsed(data) as Partial<JobData> | undefined);
  }

  /** A large result, `{}` where it is damaged; `undefined` where there is none. */
  async storedResult(jobId: string): Promise<{ readonly value?: EncodedValue } | undefined> {
    const json = await this.client.hget(this.names.job(jobId), "result");
    if (json === null) return undefined;
    const value = parsed(json);
    return value === undefined ? {} : { value: value as EncodedValue };
  }

  /** Whether it is out: a job that a worker has cannot be taken away. */
  async remove(jobId: string): Promise<boolean> {
    return (await this.#queue.remove(jobId)) === 1;
  }

  /** Tells the workers, whoever has it. Nobody may hear it: say it again until the job has ended. */
  async askToStop(jobId: string, reason: unknown): Promise<void> {
    const message: CancelMessage = { jobId, reason: packError(reason) };
    await this.client.publish(this.names.cancelChannel, JSON.stringify(message));
  }

  /** Gives ended jobs their time to live; at most once in `everyMs`, whoever calls. */
  async sweep(keepMs: number, everyMs: number): Promise<void> {
    const { names } = this;
    const keys = [names.key("completed"), names.key("failed"), names.key("sweep")];
    await this.script("sweep", ...keys, keepMs, everyMs, names.jobBase);
  }

  counts(): Promise<Record<string, number>> {
    return this.#queue.getJobCounts(
      "wait",
      "prioritized",
      "active",
      "delayed",
      "completed",
      "failed",
    );
  }

  close(): Promise<void> {
    return closeWith(this.client, this.#queue);
  }
}

function stateOf(fields: readonly (string | null)[]): JobState | undefined {
  const [timestamp, finishedOn, returned, failedReason, started, left, stalled, executor, word] =
    fields;
  if (timestamp === null || timestamp === undefined) return undefined;
  const completed = typeof returned === "string";
  return {
    finished: typeof finishedOn === "string",
    ending: completed ? asEnding(parsed(returned)) : endingIn(failedReason ?? ""),
    failedReason: completed ? undefined : (failedReason ?? undefined),
    starts: Number(started ?? 0) - Number(left ?? 0),
    stalled: Number(stalled ?? 0),
    executor: executor ?? undefined,
    word: typeof word === "string" ? asWord(parsed(word)) : undefined,
  };
}

/** `undefined` for what is damaged: it would be so at the next look as well. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
