/**
 * What the lines of an event log say about one run, collected as they come. Judges nothing: a log may end anywhere.
 * Instants are milliseconds since the start of the run.
 */
import type {
  EncodedValue,
  LogLineStatistics,
  Origin,
  SerializedReport,
  TaskStatistics,
  TaskStatus,
} from "@astrum/core";
import type {
  AttemptEndLine,
  AttemptLogLine,
  AttemptStartLine,
  CompletedLine,
  EventLine,
  LiveOrFinal,
  OutcomeLine,
  ReportStart,
  RunEndLine,
  RunStartLine,
  StartedLine,
  TaskFacts,
  TaskLine,
  TaskLostLine,
  TaskReleasedLine,
  TaskStatusLine,
} from "./log-format.ts";

export interface CollectedAttempt {
  readonly number: number;
  /** Its place, and that of its end, among all lines of the run. */
  readonly opened: number;
  closed?: number;
  readonly startAt: number;
  readonly queuedMs: number;
  executor: string;
  /** One that was free, when the log does not say which. */
  readonly slot: number;
  readonly limitedBy: string | undefined;
  /** Whose end made room for it, when it had waited. */
  readonly slotFreedBy: string | undefined;
  endAt?: number;
  outcome?: OutcomeLine;
  willRetry?: boolean;
  delayMs?: number;
  deliveries?: number;
  /** The last lines of its log, and how many there were before. */
  log?: LogLineStatistics[];
  logDropped?: number;
}

/** As many lines as a report keeps of an attempt. */
const LOG_LINES = 100;

export interface CollectedTask {
  readonly key: string;
  info?: TaskLine;
  live: LiveOrFinal;
  readyAt?: number;
  releasedBy?: string;
  /** Whether the log says who let it become ready, be it nobody: then nothing is concluded. */
  releaseTold?: boolean;
  /** Who caused the latest change of status. */
  cause?: string;
  facts?: TaskFacts;
  loss?: { readonly at: number; readonly line: TaskLostLine };
  /** The last time that a value of it was let go. */
  release?: { readonly at: number; readonly line: TaskReleasedLine };
  /** The task that had failed by then, of one that was skipped and nobody said why. */
  keptBy?: string;
  readonly attempts: CollectedAttempt[];
  /** The latest attempt of each number. */
  readonly byNumber: Map<number, CollectedAttempt>;
  endAt?: number;
  outcome?: OutcomeLine;
  fingerprint?: string;
  statistics?: TaskStatistics;
}

/** What a journal was told of a task or item. */
export interface StoredOutput {
  readonly fingerprint: string;
  readonly output: EncodedValue;
  /** When it completed; none for what came after the end of the run, or in another one. */
  readonly at?: number;
  /** What it was made from; an older log does not say. */
  readonly origin?: Origin;
  /** Of an item, its map and its place there. */
  readonly parent?: string;
  readonly index?: number;
}

export function storedOutput(line: CompletedLine, at?: number): StoredOutput {
  const { fingerprint, output, origin, parent, index } = line;
  return {
    fingerprint,
    output,
    ...(at === undefined ? {} : { at }),
    ...(origin === undefined ? {} : { origin }),
    ...(parent === undefined ? {} : { parent }),
    ...(index === undefined ? {} : { index }),
  };
}

export class CollectedRun {
  readonly id: string;
  readonly tasks: Map<string, CollectedTask> = new Map();
  readonly #items: Map<string, CollectedTask[]> = new Map();
  /** By task and item, also of those that no line of an observer names: a run may tell its journal alone. */
  readonly stored: Map<string, StoredOutput> = new Map();
  /** Who began the chain of skipped tasks that a task is on, once somebody has asked. */
  readonly roots: Map<string, string> = new Map();
  /** Outputs that had no encoding. */
  readonly unstored: { readonly task: string; readonly why: string }[] = [];
  start: RunStartLine | undefined;
  journal: StartedLine | undefined;
  end: RunEndLine | undefined;
  /** Most attempts at once, counted as they began and ended. */
  peak = 0;
  #running = 0;
  #lines = 0;
  /** The first task that failed, by name. */
  #failed: string | undefined;
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

  /** All that the log names, in the order of the plan; of a journal alone what had completed, in that order. */
  get listed(): CollectedTask[] {
    if (this.tasks.size === 0) {
      for (const [key, { parent }] of this.stored) {
        const task = this.#task(key);
        if (parent !== undefined) this.#list(task, parent);
      }
    }
    return Array.from(this.tasks.values());
  }

  /** In the order in which they were listed. */
  itemsOf(map: string): readonly CollectedTask[] {
    return this.#items.get(map) ?? [];
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
    // What comes after the end is not of the run any more: only outputs, of tail tasks that it did not wait for.
    if (this.end !== undefined) {
      if (line.type === "completed") this.#store(line, undefined);
      return;
    }
    const place = this.#lines++;
    const at = Math.max(0, thousandths(line.at - this.epochMs));
    this.lastAt = Math.max(this.lastAt, at);
    switch (line.type) {
      case "started":
        this.journal = line;
        break;
      case "task.status":
        this.#status(this.#task(line.task), line, at);
        break;
      case "attempt.start":
        this.#opened(this.#task(line.task), line, at, place);
        break;
      case "attempt.log":
        this.#said(this.#task(line.task), line, thousandths(line.at - this.epochMs));
        break;
      case "attempt.end":
        this.#closed(this.#task(line.task), line, at, place);
        break;
      case "completed":
        this.#store(line, at);
        break;
      case "task.end": {
        const { outcome, statistics } = line;
        const task = this.#task(line.task);
        Object.assign(task, { outcome, endAt: at });
        if (statistics !== undefined) task.statistics = statistics;
        if (outcome.status === "failed") this.#failed ??= line.task;
        break;
      }
      case "task.lost":
        this.#task(line.task).loss ??= { at, line };
        break;
      case "task.unstored":
        this.unstored.push({ task: line.task, why: line.why });
        break;
      case "task.released":
        this.#task(line.task).release = { at, line };
        break;
      case "run.end":
        this.end = line;
        break;
      default:
    }
  }

  #store(line: CompletedLine, at: number | undefined): void {
    this.stored.set(line.task, storedOutput(line, at));
  }

  #opened(task: CollectedTask, line: AttemptStartLine, at: number, opened: number): void {
    task.live = "running";
    task.readyAt ??= Math.max(0, thousandths(at - line.waitedMs));
    const attempt: CollectedAttempt = {
      number: line.attempt,
      opened,
      startAt: at,
      queuedMs: Math.max(0, thousandths(line.waitedMs)),
      executor: line.executor,
      slot: line.slot ?? this.#freeSlots.pop() ?? this.#slots++,
      limitedBy: line.limitedBy,
      slotFreedBy:
        line.slot === undefined ? this.#roomMaker(task, line.waitedMs, at) : line.slotFreedBy,
    };
    task.attempts.push(attempt);
    task.byNumber.set(attempt.number, attempt);
    this.peak = Math.max(this.peak, ++this.#running);
  }

  #said(task: CollectedTask, line: AttemptLogLine, at: number): void {
    const attempt = task.byNumber.get(line.attempt);
    if (attempt === undefined) return;
    const { message, attributes } = line;
    attempt.log ??= [];
    attempt.log.push({ at, message, ...(attributes === undefined ? {} : { attributes }) });
    if (attempt.log.length <= LOG_LINES) return;
    attempt.log.shift();
    attempt.logDropped = (attempt.logDropped ?? 0) + 1;
  }

  #closed(task: CollectedTask, line: AttemptEndLine, at: number, closed: number): void {
    const attempt = task.byNumber.get(line.attempt);
    const { outcome, willRetry, delayMs, executor, deliveries, logDropped } = line;
    if (attempt === undefined) return;
    if (logDropped !== undefined) attempt.logDropped = logDropped;
    if (executor !== undefined) attempt.executor = executor;
    // The run ended first, and the attempt went on unseen.
    if (outcome.status === "detached") return;
    this.#freeSlots.push(attempt.slot);
    this.#lastEnd = { task: line.task, at };
    if (attempt.closed === undefined) this.#running--;
    Object.assign(attempt, { closed, endAt: at, outcome, willRetry, delayMs, deliveries });
  }

  #status(task: CollectedTask, line: TaskStatusLine, at: number): void {
    const { info, to, cause } = line;
    if (info !== undefined) {
      if (task.info === undefined && info.parent !== undefined) this.#list(task, info.parent);
      task.info = info;
      if (info.fingerprint !== undefined) task.fingerprint = info.fingerprint;
    }
    // A map holds no slot: it goes from waiting straight to running.
    if ((to === "ready" || to === "running") && task.readyAt === undefined) {
      task.readyAt = at;
      if (cause !== undefined) task.releasedBy = cause;
    }
    if (line.readyAt === null) delete task.readyAt;
    else if (line.readyAt !== undefined) task.readyAt = line.readyAt;
    if (line.releasedBy !== undefined) {
      if (line.releasedBy === null) delete task.releasedBy;
      else task.releasedBy = line.releasedBy;
    }
    if (info?.edges !== undefined || info?.kind !== undefined) task.releaseTold = true;
    task.live = to;
    if (cause === undefined) delete task.cause;
    else task.cause = cause;
    if (line.facts !== undefined) task.facts = line.facts;
    if (isFinal(to)) {
      task.endAt ??= at;
      if (to === "skipped" && cause === undefined && this.#failed !== undefined) {
        task.keptBy = this.#failed;
      }
    }
  }

  #list(item: CollectedTask, map: string): void {
    const items = this.#items.get(map);
    if (items === undefined) this.#items.set(map, [item]);
    else items.push(item);
  }

  /** As told; else, for one that had waited, the attempt that ended in the same instant: it may be about to retry. */
  #roomMaker(task: CollectedTask, waitedMs: number, at: number): string | undefined {
    if (task.cause !== undefined) {
      return waitedMs > 0 || task.cause !== task.releasedBy ? task.cause : undefined;
    }
    return waitedMs > 0 && this.#lastEnd?.at === at ? this.#lastEnd.task : undefined;
  }

  #task(key: string): CollectedTask {
    let task = this.tasks.get(key);
    if (task === undefined) {
      task = { key, live: "waiting", attempts: [], byNumber: new Map() };
      this.tasks.set(key, task);
    }
    return task;
  }
}

export function isFinal(status: LiveOrFinal): status is TaskStatus {
  return status !== "waiting" && status !== "ready" && status !== "running" && status !== "delayed";
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
