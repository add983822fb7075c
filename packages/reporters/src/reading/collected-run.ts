/**
 * What the lines of an event log say about one run, collected as they come. Judges nothing: a log may end anywhere.
 * Instants are milliseconds since the start of the run.
 */
import type { EncodedValue, SerializedReport, TaskStatistics } from "@astrum/core";
import type {
  EventLine,
  LiveOrFinal,
  OutcomeLine,
  ReportStart,
  RunEndLine,
  RunStartLine,
  TaskLine,
} from "./log-format.ts";

export interface CollectedAttempt {
  readonly number: number;
  readonly startAt: number;
  readonly queuedMs: number;
  readonly executor: string;
  /** One that was free, when the log does not say which. */
  readonly slot: number;
  readonly limitedBy: string | undefined;
  /** Whose end made room for it, when it had waited. */
  readonly slotFreedBy: string | undefined;
  endAt?: number;
  outcome?: OutcomeLine;
  willRetry?: boolean;
  delayMs?: number;
}

export interface CollectedTask {
  readonly key: string;
  info?: TaskLine;
  live: LiveOrFinal;
  readyAt?: number;
  releasedBy?: string;
  /** Who caused the latest change of status. */
  cause?: string;
  readonly attempts: CollectedAttempt[];
  endAt?: number;
  outcome?: OutcomeLine;
  fingerprint?: string;
  output?: EncodedValue;
  completedAt?: number;
  statistics?: TaskStatistics;
}

export class CollectedRun {
  readonly id: string;
  readonly tasks: Map<string, CollectedTask> = new Map();
  /** By map, the item that was called first; or just the first, as long as none was. */
  readonly firstItems: Map<string, CollectedTask> = new Map();
  start: RunStartLine | undefined;
  end: RunEndLine | undefined;
  readonly #freeSlots: number[] = [];
  #slots = 0;
  #lastEnd: { readonly task: string; readonly at: number } | undefined;
  /** Of the last line. */
  lastAt = 0;
  epochMs: number;

  constructor(id: string, at: number) {
    this.id = id;
    this.epochMs = at;
  }

  get started(): boolean {
    return this.start !== undefined;
  }

  get known(): ReportStart | undefined {
    return this.start?.report;
  }

  /** The whole of it but the tasks, when a finished report was written as a log. */
  get finished(): Omit<SerializedReport, "taskStatistics"> | undefined {
    return this.end?.report;
  }

  take(line: EventLine): void {
    if (line.type === "run.start") {
      this.start = line;
      this.epochMs = line.report?.clock.epochMs ?? line.at;
    }
    const at = Math.max(0, Math.round((line.at - this.epochMs) * 1000) / 1000);
    this.lastAt = Math.max(this.lastAt, at);
    switch (line.type) {
      case "task.status":
        this.#status(this.#task(line.task), line, at);
        break;
      case "attempt.start": {
        const task = this.#task(line.task);
        task.live = "running";
        const parent = task.info?.parent;
        if (parent !== undefined && this.firstItems.get(parent)?.attempts.length === 0) {
          this.firstItems.set(parent, task);
        }
        task.readyAt ??= Math.max(0, Math.round((at - line.waitedMs) * 1000) / 1000);
        task.attempts.push({
          number: line.attempt,
          startAt: at,
          queuedMs: Math.max(0, Math.round(line.waitedMs * 1000) / 1000),
          executor: line.executor,
          slot: this.#takeSlot(line.slot),
          limitedBy: line.limitedBy,
          slotFreedBy: this.#roomMaker(task, line.waitedMs, at),
        });
        break;
      }
      case "attempt.end": {
        const attempt = this.#task(line.task).attempts.findLast(
          ({ number }) => number === line.attempt,
        );
        if (attempt === undefined) break;
        const { outcome, willRetry, delayMs } = line;
        // The run ended first: the attempt went on unseen.
        if (outcome.status === "detached") break;
        this.#freeSlots.push(attempt.slot);
        this.#lastEnd = { task: line.task, at };
        Object.assign(attempt, { endAt: at, outcome, willRetry, delayMs });
        break;
      }
      case "completed": {
        const task = this.#task(line.task);
        const { fingerprint, output } = line;
        Object.assign(task, { fingerprint, output, completedAt: at });
        break;
      }
      case "task.end": {
        const { outcome, statistics } = line;
        const task = this.#task(line.task);
        Object.assign(task, { outcome, endAt: at });
        if (statistics !== undefined) task.statistics = statistics;
        break;
      }
      case "run.end":
        this.end = line;
        break;
      default:
    }
  }

  #status(
    task: CollectedTask,
    line: { readonly to: LiveOrFinal; readonly cause?: string; readonly info?: TaskLine },
    at: number,
  ): void {
    if (line.info !== undefined) {
      task.info = line.info;
      const { parent } = line.info;
      if (parent !== undefined && !this.firstItems.has(parent)) this.firstItems.set(parent, task);
      if (line.info.fingerprint !== undefined) task.fingerprint = line.info.fingerprint;
    }
    // A map holds no slot: it goes from waiting straight to running.
    if ((line.to === "ready" || line.to === "running") && task.readyAt === undefined) {
      task.readyAt = at;
      if (line.cause !== undefined) task.releasedBy = line.cause;
    }
    task.live = line.to;
    if (line.cause === undefined) delete task.cause;
    else task.cause = line.cause;
    if (
      line.to !== "waiting" &&
      line.to !== "ready" &&
      line.to !== "running" &&
      line.to !== "delayed"
    ) {
      task.endAt ??= at;
    }
  }

  /** As told; else, for one that had waited, the attempt that ended in the same instant: it may be about to retry. */
  #roomMaker(task: CollectedTask, waitedMs: number, at: number): string | undefined {
    if (task.cause !== undefined) {
      return waitedMs > 0 || task.cause !== task.releasedBy ? task.cause : undefined;
    }
    return waitedMs > 0 && this.#lastEnd?.at === at ? this.#lastEnd.task : undefined;
  }

  #takeSlot(recorded: number | undefined): number {
    return recorded ?? this.#freeSlots.pop() ?? this.#slots++;
  }

  #task(key: string): CollectedTask {
    let task = this.tasks.get(key);
    if (task === undefined) {
      task = { key, live: "waiting", attempts: [] };
      this.tasks.set(key, task);
    }
    return task;
  }
}
