/** The shapes of the rows that people read: of a task, of an attempt, of a stage. Types only; others make the rows. */
import type { Because } from "../define/task.ts";
import type { SerializedError } from "../ground/serialize-error.ts";

/** Milliseconds, rounded to 3 decimals. Durations end in `Ms`. */
export type Ms = number;
/** Milliseconds since `clock.epochMs`, on the monotonic clock. Instants end in `At`. */
export type Offset = number;

export interface StageStatistics {
  stageId: number;
  stageName: string;
  startAt: Offset | null;
  endAt: Offset | null;
  durationMs: Ms;
  parallelTaskCount: number;
  waitTaskCount: number;
  /** The tasks of this depth, and those of earlier stages that nobody has had to wait for yet. */
  parallelTasks: string[];
  /** What the tasks of this depth depend on. */
  waitTasks: string[];
  /** The tasks of this depth. */
  startTasks: string[];
}

export type TaskStatus =
  | "completed"
  | "failed"
  | "cancelled"
  | "skipped"
  | "restored"
  | "detached"
  | "abandoned";

export interface TaskStatistics {
  taskName: string;
  kind: "task" | "map" | "item" | "tail";
  /**
   * Of a finally task, and of the items of one: it started when all others but tails had ended. Of a task with a flow
   * inside of it, or one after another: `subflow`, `loop`.
   */
  role?: "finally" | "subflow" | "loop";
  /** What it is inside of: of an item its map, of a task of a flow the task that has it inside. */
  parent?: string;
  /** Of an item: its index in its map. */
  index?: number;
  /** Of an item: what it is called by the `key` of its map. */
  key?: string;
  /** Depth in the plan; `null` for items, and tasks of flows, that came up at run time. */
  stageId: number | null;
  dependencies: {
    task: string;
    kind: "value" | "optional" | "settled" | "after";
    /** The key or index that is taken, where it is not the whole output or a function's choice. */
    from?: string | number;
    /** The input that it becomes. */
    to?: string | number;
  }[];
  status: TaskStatus;
  /** It failed, and the run tolerates that: the task has `onFailure: "ignore"`, its fallback gave a value, it is a tail, or an item that fails alone. */
  tolerated?: true;
  /** It failed, and its fallback gave a value in its place; of a map: some of its items did. */
  fallback?: true;
  /** Resume key: name, kind, edges, selectors and version; no value is hashed. */
  fingerprint: string;
  restored?: true;
  /** Where its result was, of one that was restored from something else than an earlier run. */
  source?: "cache";
  /** Of a task with `lost`: when its value had gone by itself while others needed it, and what these failed with. */
  lostAt?: Offset;
  lostError?: SerializedError;
  /** Of a task with `release`: when that had ended, for its last value, and how long it had taken. */
  releasedAt?: Offset;
  releaseMs?: Ms;
  /** Why its value could not be released, or that nobody waited any longer. */
  releaseError?: SerializedError;
  /**
   * The longest that it held the thread, when that was over 50 ms: its call, or what it did after an `await` while no other
   * attempt of the run was under way.
   */
  blockedMs?: Ms;
  /** How long a journal that returns promises took to store its result: for so long it was running, without a slot. */
  journalMs?: Ms;
  /** Required for skipped, cancelled and abandoned. `root` is the first task of the chain that ruled it out. */
  reason?:
    | { kind: "dependency"; task: string; root: string }
    | { kind: "condition" | "aborted" | "not-started"; message?: string }
    | { kind: "failure"; task: string }
    | {
        kind: "timeout";
        limitMs: Ms;
        scope: "attempt" | "run";
        /** The limit was the deadline of the task, for all of its attempts. */
        deadline?: true;
      };
  /**
   * Of a skipped task: its condition said so, or itself while it ran; a task that it needs did not complete; or the run was
   * stopped before its turn.
   */
  because?: Because;
  /** Of a skipped task: which other one is the first cause, the first of the chain or the failure that stopped the run. */
  root?: string;
  /** When its dependencies had ended. */
  readyAt: Offset | null;
  /** The first call and the end of the last attempt; `null` for a task that was never called. */
  startAt: Offset | null;
  endAt: Offset | null;
  /** Ready, waiting for capacity; over all attempts. */
  queuedMs: Ms;
  /** From `startAt` to `endAt`, back-off included. */
  durationMs: Ms;
  /** The sum of its attempts. */
  runMs: Ms;
  /** The dependency that ran and settled last; skipped ones are followed back. For a finally task, of all that ended before. */
  releasedBy?: string;
  /** Retries that it was allowed. */
  retry: number;
  attemptCount: number;
  attemptStatistics: AttemptStatistics[];
  error?: SerializedError;
  /** Its attempt was asked to stop and went on. */
  ignoredSignal?: true;
  /** For so long it went on; without an attempt: what was asked before one (schemas, computed inputs) did. */
  overrunMs?: Ms;
  tags?: readonly string[];
  /** What its definition says of it. */
  description?: string;
  /** Of a task with one; higher goes first. */
  priority?: number;
  /** Of a map with a limit of its own: how many of its items run at once. */
  concurrency?: number;
  /**
   * Units that an attempt of it, or of each of its items, holds or spends. Of an item: those that were computed for it; of a
   * task they may also come from its inputs, and are not there when it was never asked.
   */
  resources?: Readonly<Record<string, number>>;
  attributes?: Record<string, string | number | boolean>;
  output?: { type: string; size?: number };
}

/** A line of a task's log. */
export interface LogLineStatistics {
  at: Offset;
  message: string;
  attributes?: Record<string, string | number | boolean>;
}

export interface AttemptStatistics {
  taskName: string;
  attemptNumber: number;
  maxRetries: number;
  startAt: Offset;
  endAt: Offset | null;
  durationMs: Ms;
  queuedMs: Ms;
  /** Facts that nothing can recover later: the slot, who freed it, what it waited for. */
  slot?: number;
  slotFreedBy?: string;
  limitedBy?: string;
  status: "completed" | "failed" | "cancelled" | "running" | "abandoned";
  /** The error in one line, with its causes. */
  errorMessage?: string;
  error?: SerializedError;
  willRetry: boolean;
  /** The back-off that followed. */
  delayMs?: Ms;
  /** Where it ran: "main", unless a runner said otherwise ("worker-3", "host:pid"). A report of old may lack it. */
  executor?: string;
  /** How often it was started, where that is more than once: a runner that delivers at least once lost an executor. */
  deliveries?: number;
  /** What it said with `context.log()`: the last lines, at most 100. */
  log?: LogLineStatistics[];
  /** How many lines there were before those; nothing when these are all. */
  logDropped?: number;
  trace?: { traceId: string; spanId: string };
}
