/**
 * The lines of an event log, version 1: one JSON object each. `v` is the version, `run` the id of the run, `seq` counts the lines
 * of one writer, `at` is milliseconds since the Unix epoch from the run's monotonic clock. A reader skips types and
 * properties that it does not know. The optional parts are what only a finished report knows; `renderNdjson` writes them.
 */
import type {
  EncodedValue,
  Origin,
  ReportFooter,
  ReportHeader,
  SerializedError,
  SerializedReport,
  TaskStatistics,
  TaskStatus,
} from "@astrum/core";

export const LINE_VERSION = 1;

interface LineHead {
  readonly v: number;
  readonly seq: number;
  readonly run: string;
  readonly at: number;
}

export type LineBody =
  | RunStartLine
  | StartedLine
  | TaskStatusLine
  | AttemptStartLine
  | AttemptProgressLine
  | AttemptLogLine
  | AttemptEndLine
  | CompletedLine
  | TaskEndLine
  | TaskReleasedLine
  | TaskLostLine
  | TaskUnstoredLine
  | RunEndLine;

export type EventLine = LineHead & LineBody;

/** As it is before it is written: an optional part may be there and undefined, which JSON leaves out. */
export type Unwritten<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? {
        [K in keyof T]:
          | Unwritten<T[K]>
          | (Partial<Pick<T, K>> extends Pick<T, K> ? undefined : never);
      }
    : T;

const LINE_TYPES: readonly string[] = [
  "run.start",
  "started",
  "task.status",
  "attempt.start",
  "attempt.progress",
  "attempt.log",
  "attempt.end",
  "completed",
  "task.end",
  "task.released",
  "task.lost",
  "task.unstored",
  "run.end",
] satisfies LineBody["type"][];

/** Whether this version knows what such lines say. */
export function isLineType(type: string): boolean {
  return LINE_TYPES.includes(type);
}

export interface RunStartLine {
  readonly type: "run.start";
  readonly flow: string;
  readonly stageCount: number;
  readonly maxParallelism: number;
  readonly concurrency: number | null;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** The id of the run that it took up. */
  readonly resumes?: string;
  readonly report?: ReportStart;
}

/** The first of the journal: what it says may be all that is known of the run. */
export interface StartedLine {
  readonly type: "started";
  readonly flow: string;
  readonly resumes?: string;
}

/** The parts of a report that are known before the first task starts; of a finished one also what was planned. */
export type ReportStart = ReportHeader &
  Partial<Pick<SerializedReport, "originalTasks" | "planIssues" | "resume">>;

export type LiveOrFinal = TaskStatus | "waiting" | "ready" | "running" | "delayed";

export interface TaskStatusLine {
  readonly type: "task.status";
  readonly task: string;
  readonly from?: LiveOrFinal;
  readonly to: LiveOrFinal;
  readonly cause?: string;
  /** With the first line that names the task. */
  readonly info?: TaskLine;
  /** With the line that ends its waiting, where they are not the line's own instant and cause. */
  readonly readyAt?: number | null;
  readonly releasedBy?: string | null;
  /** With a final status: what the report says of the task and the other lines do not. */
  readonly facts?: TaskFacts;
}

export type TaskFacts = Partial<
  Pick<
    TaskStatistics,
    | "source"
    | "tolerated"
    | "fallback"
    | "reason"
    | "blockedMs"
    | "journalMs"
    | "ignoredSignal"
    | "overrunMs"
    | "attributes"
    | "output"
    | "resources"
  >
>;

export interface TaskLine {
  readonly name: string;
  readonly stage: number | null;
  readonly dependencies: readonly string[];
  readonly parent?: string;
  readonly maxAttempts: number;
  readonly tags: readonly string[];
  readonly kind?: TaskStatistics["kind"];
  readonly role?: NonNullable<TaskStatistics["role"]>;
  readonly edges?: TaskStatistics["dependencies"];
  readonly index?: number;
  /** What an item is called by the `key` of its map. */
  readonly key?: string;
  readonly fingerprint?: string;
  /** Of a map with a limit of its own. */
  readonly concurrency?: number;
  readonly description?: string;
  readonly priority?: number;
}

export interface AttemptStartLine {
  readonly type: "attempt.start";
  readonly task: string;
  readonly attempt: number;
  readonly executor: string;
  readonly waitedMs: number;
  readonly slot?: number;
  readonly limitedBy?: string;
  readonly slotFreedBy?: string;
}

interface AttemptProgressLine {
  readonly type: "attempt.progress";
  readonly task: string;
  readonly attempt: number;
  readonly fraction: number;
  readonly message?: string;
}

/** What a task said with `context.log()`. */
export interface AttemptLogLine {
  readonly type: "attempt.log";
  readonly task: string;
  readonly attempt: number;
  readonly message: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

export interface AttemptEndLine {
  readonly type: "attempt.end";
  readonly task: string;
  readonly attempt: number;
  readonly outcome: OutcomeLine;
  readonly willRetry: boolean;
  readonly delayMs?: number;
  /** Where it ran, unless that is what its start said. */
  readonly executor?: string;
  /** How often it was started, where that is more than once. */
  readonly deliveries?: number;
  /** Lines of its log that the report does not keep. */
  readonly logDropped?: number;
}

/** Written by the journal before a dependent is released. */
export interface CompletedLine {
  readonly type: "completed";
  readonly task: string;
  readonly fingerprint: string;
  readonly output: EncodedValue;
  /** The JSON of the output, encrypted; `output` then only says so. */
  readonly sealed?: string;
  readonly origin?: Origin;
  /** Of an item: its map, and its place there. */
  readonly parent?: string;
  readonly index?: number;
  /** The last property: the CRC-32 of the line before it, in UTF-8. */
  readonly crc?: string;
}

interface TaskEndLine {
  readonly type: "task.end";
  readonly task: string;
  readonly outcome: OutcomeLine;
  readonly statistics?: TaskStatistics;
}

/** The value of a task with `release` was let go, or was to be. The last line of a task counts. */
export interface TaskReleasedLine {
  readonly type: "task.released";
  readonly task: string;
  readonly releaseMs: number;
  readonly error?: SerializedError;
}

/** What a task with `lost` gave has gone by itself, while others needed it. */
export interface TaskLostLine {
  readonly type: "task.lost";
  readonly task: string;
  readonly error: SerializedError;
}

/** What a task gave has no encoding; its journal was told so. */
interface TaskUnstoredLine {
  readonly type: "task.unstored";
  readonly task: string;
  readonly why: string;
}

export interface RunEndLine {
  readonly type: "run.end";
  readonly executionState: SerializedReport["executionState"];
  /** Of a finished report that was written as a log: all of it but the tasks. */
  readonly report?: Omit<SerializedReport, "taskStatistics">;
  /** Of a run that was told while it went on: what only its end knows. */
  readonly footer?: ReportFooter;
}

export interface OutcomeLine {
  readonly status: TaskStatus;
  readonly error?: SerializedError;
  /** What it says in one line, where that is more than the serialised error does. */
  readonly errorMessage?: string;
  readonly timedOut?: boolean;
  /** Why it was cancelled, abandoned or skipped. */
  readonly reason?: string;
  /** The task that ruled a skipped one out. */
  readonly cause?: string;
}
