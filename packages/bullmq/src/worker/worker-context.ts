/** What a task's function is given on a worker. Knows how to tell the scheduler, not how the attempt ends. */
import { setMaxListeners } from "node:events";
import type { RemoteContext } from "../context.ts";
import { type Attribute, idempotencyKeyOf, type JobData } from "../wire/protocol.ts";
import type { ProgressLine } from "./progress-line.ts";

type Cleanup = (signal: AbortSignal) => unknown;

export class WorkerContext implements RemoteContext {
  readonly taskName: string;
  readonly runId: string;
  readonly attempt: number;
  readonly deliveries: number;
  readonly signal: AbortSignal;
  readonly attributes: Map<string, Attribute>;
  readonly idempotencyKey: string;
  // Properties of its own, so that the context can be spread and taken apart.
  readonly progress: RemoteContext["progress"];
  readonly defer: RemoteContext["defer"];
  readonly #cleanups: Cleanup[] = [];

  constructor(data: JobData, deliveries: number, signal: AbortSignal, line: ProgressLine) {
    this.taskName = data.taskName;
    this.runId = data.runId;
    this.attempt = data.attempt;
    this.deliveries = deliveries;
    this.idempotencyKey = idempotencyKeyOf(data);
    this.signal = signal;
    this.attributes = new Map(data.attributes);
    this.progress = (fraction, message) => line.say(fraction, message);
    this.defer = (cleanup) => {
      if (typeof cleanup !== "function")
        throw new TypeError(`context.defer() of task "${this.taskName}" needs a function`);
      this.#cleanups.push(cleanup);
    };
    // As everywhere, any number may listen to it: Node would warn of a leak from 11 on.
    setMaxListeners(0, signal);
  }

  /** Last in, first out, every one of them whatever the others do. Returns what they threw. */
  async cleanUp(): Promise<unknown[]> {
    const errors: unknown[] = [];
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    for (let next = this.#cleanups.pop(); next; next = this.#cleanups.pop()) {
      try {
        await next(signal);
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}
