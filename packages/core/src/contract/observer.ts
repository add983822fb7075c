/**
 * Observers: who is told how a run goes. They are told synchronously, in scopes that nest as run, task and attempt do,
 * and can make a context ambient around the task's function; they never see, delay or change a result. Nothing that an
 * observer does reaches the run: its faults are collected, each once.
 */
import type { Because } from "../define/task.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { ReportFooter, ReportHeader } from "../report/serialized-report.ts";
import type { TaskStatistics } from "../report/statistics.ts";

/** Frozen; the same object for every event of one run. */
export interface RunInfo {
  readonly runId: string;
  readonly flow: string;
  readonly taskCount: number;
  readonly stageCount: number;
  readonly maxParallelism: number;
  readonly concurrency: number | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** The id of the run that it took up. */
  readonly resumes?: string | undefined;
}

/** Frozen; the same object for every event of one task of one run. */
export interface TaskInfo {
  readonly run: RunInfo;
  /** Declared name, few values by contract: of a task inside of another its path without indices, `thumbs.resize`. */
  readonly name: string;
  /** Unique in the run: with indices, `thumbs[3].resize`. */
  readonly key: string;
  /** A map has no attempts of its own, its items have; nobody waits for a tail. */
  readonly kind: "task" | "map" | "item" | "tail";
  /**
   * Of a finally task, and of the items of one: it starts when all others but tails have ended. Of one that has a flow
   * inside of it from the beginning, or flows one after another: `subflow`, `loop`.
   */
  readonly role?: "finally" | "subflow" | "loop";
  readonly stage: number | null;
  /** Keys: an event never drags its ancestry along. */
  readonly dependencies: readonly string[];
  /** The key of what it is inside of: of an item its map, of a task of a flow the task that has it inside. */
  readonly parent: string | undefined;
  /** Of an item: what it is called by the `key` of its map. As many values as there are items: never a metric's label. */
  readonly itemKey: string | undefined;
  readonly maxAttempts: number;
  /** Of a map with a limit of its own: how many of its items run at once. */
  readonly concurrency: number | undefined;
  readonly tags: readonly string[];
}

export interface AttemptInfo {
  readonly task: TaskInfo;
  /** From 1. */
  readonly number: number;
  /** "main" unless a runner says otherwise; at the attempt's end it is where it ran. */
  readonly executor: string;
  /** At the attempt's end: how often it was started, where that is more than once. */
  readonly deliveries?: number;
}

export type LiveStatus = "waiting" | "ready" | "running" | "delayed";
export type FinalStatus =
  | "completed"
  | "failed"
  | "cancelled"
  | "skipped"
  | "restored"
  | "detached"
  | "abandoned";

/**
 * What became of a task or of an attempt. That of a task is the verdict of the report: whether it timed out, and whether
 * the run tolerates its failure, is told here and need not be guessed.
 */
export type TaskOutcome =
  | { readonly status: "completed" }
  /** `source`: its result was in the cache, not in an earlier run. */
  | { readonly status: "restored"; readonly source?: "cache" }
  | {
      readonly status: "failed";
      readonly error: unknown;
      readonly timedOut: boolean;
      /** Of a task: its failure neither fails nor stops the run. */
      readonly tolerated?: true;
      /** Of a task: its fallback gave a value in its place. */
      readonly fallback?: true;
    }
  | {
      readonly status: "cancelled";
      readonly reason: unknown;
      /** Of an attempt that threw something else than the reason it was given. */
      readonly error?: unknown;
    }
  | {
      readonly status: "abandoned";
      readonly reason: unknown;
      /** Its own time limit is what asked it to stop: it has failed. Otherwise it was called off, with others or alone. */
      readonly timedOut: boolean;
      /** What it read has gone: it has failed likewise. */
      readonly lost?: true;
      readonly tolerated?: true;
      readonly fallback?: true;
    }
  | {
      readonly status: "skipped";
      readonly reason: string;
      readonly because: Because;
      /** Of those that it needs, the one that ruled it out. */
      readonly cause: string | undefined;
      /** The task that is the first cause: of that chain, or the one whose failure stopped the run. */
      readonly root: string | undefined;
    }
  | { readonly status: "detached" };

interface Timed {
  /** Epoch milliseconds from the run's monotonic clock, as far from its start as the report says: in whole microseconds. */
  readonly at: number;
}
export interface RunStartEvent extends Timed {
  readonly run: RunInfo;
  /** What the report says of the run before its tasks begin. */
  readonly header: ReportHeader;
}
export interface StatusEvent extends Timed {
  readonly task: TaskInfo;
  readonly from: LiveStatus | undefined;
  readonly to: LiveStatus | FinalStatus;
  /** Milliseconds spent in `from`. */
  readonly elapsedMs: number;
  /** Whose settling caused it. */
  readonly cause: string | undefined;
  /**
   * What the report would say of the task now, its `status` excepted: `to` says it. To be called before the hook returns:
   * later it tells of later.
   */
  readonly statistics: () => TaskStatistics;
}
export interface TaskStartEvent extends Timed {
  readonly task: TaskInfo;
  readonly cause: string | undefined;
}
export interface TaskEndEvent extends Timed {
  readonly task: TaskInfo;
  readonly outcome: TaskOutcome;
  readonly attempts: number;
  readonly queuedMs: number;
  readonly durationMs: number;
  /** What its last attempt said with `context.attributes`. */
  readonly attributes: Readonly<Record<string, string | number | boolean>> | undefined;
}
/** What a task with `lost` gave has gone by itself, while others needed it. */
export interface LostEvent extends Timed {
  readonly task: TaskInfo;
  /** With which those fail; its cause is why. */
  readonly error: Error;
}
/** A value of a task with `release` was let go, or was to be. */
export interface ReleasedEvent extends Timed {
  readonly task: TaskInfo;
  /** For so long its release had been called. */
  readonly releaseMs: number;
  /** Present when one of its values could not be released, or nobody waited any longer. */
  readonly error?: unknown;
}
/** A task or item completes, and a run that takes this one up will call it again: its output has no encoding. */
export interface UnstoredEvent extends Timed {
  readonly task: TaskInfo;
  /** What in it cannot be stored, and where: `.rows[3].at is a function`. */
  readonly why: string;
}
export interface AttemptStartEvent extends Timed {
  readonly attempt: AttemptInfo;
  readonly waitedMs: number;
  /** The concurrency slot that it holds, from 0. */
  readonly slot: number;
  /** What it waited for: "concurrency", "semaphore", "map" (its map's own limit), the name of a resource of the run, or "resource:" and the name of one that runs share. */
  readonly limitedBy: string | undefined;
  /** The task whose end gave that back. */
  readonly slotFreedBy: string | undefined;
}
export interface AttemptEndEvent extends Timed {
  readonly attempt: AttemptInfo;
  readonly outcome: TaskOutcome;
  readonly durationMs: number;
  readonly willRetry: boolean;
  readonly delayMs: number | undefined;
  /** Lines of its log that the report does not keep, because others came after them, or that were not told at all. */
  readonly logDropped: number;
}
/** A line of the task's log. */
export interface LogEvent extends Timed {
  readonly attempt: AttemptInfo;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>> | undefined;
}
export interface ProgressEvent extends Timed {
  readonly attempt: AttemptInfo;
  readonly fraction: number;
  readonly message: string | undefined;
}
export interface RunEndEvent extends Timed {
  readonly run: RunInfo;
  readonly executionState: "completed" | "failed" | "cancelled";
  readonly durationMs: number;
  readonly counts: Readonly<Record<FinalStatus, number>>;
  /** Failures among these that the run tolerates. */
  readonly toleratedFailures: number;
  /** The first that is not tolerated; `timedOut`: the task's own time limit. */
  readonly firstFailure:
    | { readonly task: string; readonly error: unknown; readonly timedOut: boolean }
    | undefined;
  /** The run's own time limit is what stopped it. */
  readonly timedOut: boolean;
  /** What the report says beside its tasks and their counts. Faults of observers until now. */
  readonly footer: ReportFooter;
  /** How often each observer went wrong until now; without those that did not. */
  readonly observerFaults: readonly { readonly observer: string; readonly count: number }[];
}

/** Runs the next `around`, finally the task function. Synchronous, idempotent, returns nothing. */
export type Proceed = () => void;

export interface Observer {
  readonly name: string;
  /** Called in the async context of the caller of `run()`. */
  run?(event: RunStartEvent): RunScope | void;
  /** Hands on what is buffered. Never awaited by a run; see `flushObservers`. */
  flush?(signal: AbortSignal): void | Promise<void>;
}
/** What an observer wants to be told of a run. A hook that is put here once the run has started is not called. */
export interface RunScope {
  /** Around every task function of the run, outside the attempt's own. */
  around?(proceed: Proceed): void;
  status?(event: StatusEvent): void;
  /**
   * Dependencies are met, and the task that it is inside of has begun, which was told first. Never called for skipped and
   * restored tasks.
   */
  task?(event: TaskStartEvent): TaskScope | void;
  lost?(event: LostEvent): void;
  released?(event: ReleasedEvent): void;
  /** For runs with a journal: before the task is told to have completed. */
  unstored?(event: UnstoredEvent): void;
  end?(event: RunEndEvent): void;
}
export interface TaskScope {
  attempt?(event: AttemptStartEvent): AttemptScope | void;
  end?(event: TaskEndEvent): void;
}
export interface AttemptScope {
  around?(proceed: Proceed): void;
  progress?(event: ProgressEvent): void;
  log?(event: LogEvent): void;
  /** The attempt leaves this thread or process. */
  inject?(carrier: Record<string, string>): void;
  end?(event: AttemptEndEvent): void;
}

/** The far side of `inject`, registered in the entry module of a worker. */
export interface RemoteActivator {
  readonly name: string;
  activate(
    carrier: Readonly<Record<string, string>>,
    info: { readonly task: string; readonly attempt: number },
    proceed: Proceed,
  ): void;
  flush?(signal: AbortSignal): void | Promise<void>;
}

export type RunEvent =
  | ({ readonly type: "run.start" } & RunStartEvent)
  | ({ readonly type: "task.status" } & StatusEvent)
  | ({ readonly type: "attempt.start" } & AttemptStartEvent)
  | ({ readonly type: "attempt.progress" } & ProgressEvent)
  | ({ readonly type: "attempt.log" } & LogEvent)
  | ({ readonly type: "attempt.end" } & AttemptEndEvent)
  | ({ readonly type: "task.end" } & TaskEndEvent)
  | ({ readonly type: "task.lost" } & LostEvent)
  | ({ readonly type: "task.released" } & ReleasedEvent)
  | ({ readonly type: "task.unstored" } & UnstoredEvent)
  | ({ readonly type: "run.end" } & RunEndEvent);

/** By scope: the promise of what was told with its start. A hook that opens a scope can return nothing else. */
const promises = new WeakMap<object, unknown>();

/**
 * One callback, one discriminated union in order: loggers, progress displays, event logs. It is not awaited; when it
 * returns a promise, the rejection of that is a fault of the observer, as an error is that it throws.
 *
 * Throws `DefinitionError` when the name is none or `on` is no function.
 */
export function fromEvents(name: string, on: (event: RunEvent) => void): Observer {
  const issues = new Issues();
  issues.name(["name"], name, "The name of an observer");
  if (typeof on !== "function") issues.expected(["on"], "a function", on);
  issues.throwAs(DefinitionError);
  // Every event names its task and attempt, so the scopes know nothing: one of each kind serves them all. What is told of
  // every task is written out: a spread behind a property takes longer than all the rest.
  const attempt: AttemptScope = {
    progress: (event) => on({ type: "attempt.progress", ...event }),
    log: (event) => on({ type: "attempt.log", ...event }),
    end: ({ at, attempt, outcome, durationMs, willRetry, delayMs, logDropped }) =>
      on({ type: "attempt.end", at, attempt, outcome, durationMs, willRetry, delayMs, logDropped }),
  };
  const task: TaskScope = {
    attempt: ({ at, attempt: info, waitedMs, slot, limitedBy, slotFreedBy }) => {
      const type = "attempt.start";
      const told = on({ type, at, attempt: info, waitedMs, slot, limitedBy, slotFreedBy });
      return promising(attempt, told);
    },
    end: ({ at, task, outcome, attempts, queuedMs, durationMs, attributes }) =>
      on({ type: "task.end", at, task, outcome, attempts, queuedMs, durationMs, attributes }),
  };
  const run: RunScope = {
    status: ({ at, task, from, to, elapsedMs, cause, statistics }) =>
      on({ type: "task.status", at, task, from, to, elapsedMs, cause, statistics }),
    task: () => task,
    lost: (event) => on({ type: "task.lost", ...event }),
    released: (event) => on({ type: "task.released", ...event }),
    unstored: (event) => on({ type: "task.unstored", ...event }),
    end: (event) => on({ type: "run.end", ...event }),
  };
  return {
    name,
    run: (start) => promising(run, on({ type: "run.start", ...start })),
  };
}

function promising<S extends object>(shared: S, told: unknown): S {
  if (typeof told !== "object" || told === null) return shared;
  const scope = { ...shared };
  promises.set(scope, told);
  return scope;
}

/** What the start of a scope was told with, when that may be a promise. */
export function promisedWith(scope: unknown): unknown {
  return promises.get(scope as object);
}

/** What an observer is called in messages, and how two of them are told apart. */
export function nameOf(observer: Observer): string {
  try {
    return String(observer.name);
  } catch {
    return "an observer"; // It does not let itself be read.
  }
}
