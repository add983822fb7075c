/** What a task's function is given on a worker. Knows how to tell the scheduler, not how the attempt ends. */
import { setMaxListeners } from "node:events";
import { LogLines, type RemoteLogLine, Skipping } from "astrum-crossing";
import type { RemoteContext } from "../context.ts";
import { type Attribute, idempotencyKeyOf, type JobData, LOG_CHARS } from "../wire/protocol.ts";
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
  readonly spent: RemoteContext["spent"];
  readonly defer: RemoteContext["defer"];
  readonly skip: RemoteContext["skip"];
  readonly log: RemoteContext["log"];
  readonly remainingMs: RemoteContext["remainingMs"];
  readonly journalEntry: RemoteContext["journalEntry"];
  readonly #log: LogLines = new LogLines(LOG_CHARS);
  readonly #cleanups: Cleanup[] = [];
  readonly #skipping: Skipping;
  readonly #spending: Map<string, number> = new Map();

  /** `endsAt`: when the first of its time limits passes, as this process counts. */
  constructor(
    data: JobData,
    deliveries: number,
    signal: AbortSignal,
    line: ProgressLine,
    endsAt: number = Number.POSITIVE_INFINITY,
  ) {
    this.taskName = data.taskName;
    this.runId = data.runId;
    this.attempt = data.attempt;
    this.deliveries = deliveries;
    this.idempotencyKey = idempotencyKeyOf(data);
    this.signal = signal;
    this.attributes = new Map(data.attributes);
    this.progress = (fraction, message) => line.say(fraction, message);
    this.spent = (resource, amount) => {
      if (typeof amount !== "number" || !(amount >= 0 && amount < Infinity))
        throw new TypeError(
          `context.spent() of task "${this.taskName}" needs a finite amount from 0 up`,
        );
      this.#spending.set(String(resource), amount);
    };
    this.defer = (cleanup) => {
      if (typeof cleanup !== "function")
        throw new TypeError(`context.defer() of task "${this.taskName}" needs a function`);
      this.#cleanups.push(cleanup);
    };
    this.log = (message, attributes) => this.#log.add(message, attributes);
    this.remainingMs = () => Math.max(0, endsAt - performance.now());
    this.journalEntry = () => {
      throw new Error(
        `context.journalEntry() of task "${this.taskName}": the journal is in the process of the run, not in this worker`,
      );
    };
    this.#skipping = new Skipping(data.taskName);
    this.skip = (reason) => this.#skipping.skip(reason);
    // As everywhere, any number may listen to it: Node would warn of a leak from 11 on.
    setMaxListeners(0, signal);
  }

  /** What it has spent, by resource, as it was said last. */
  get spending(): ReadonlyMap<string, number> {
    return this.#spending;
  }

  /** What it said, for the ending. */
  get said(): ReturnType<LogLines["send"]> {
    return this.#log.send();
  }

  /** What was said in a thread. */
  logged(lines: readonly RemoteLogLine[], leftOut: number): void {
    this.#log.take(lines, leftOut);
  }

  /** Why the function has ended its task as skipped, if it has. */
  get skipReason(): string | undefined {
    return this.#skipping.reason;
  }

  /** The function has ended, with this error or none; whether the error is its skip. */
  endsAsSkipped(error?: unknown): boolean {
    this.#skipping.end();
    return this.#skipping.isEndedBy(error);
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
