/**
 * The lines of an event log, version 1: one JSON object each. `v` is the version, `run` the id of the run, `seq` counts the lines
 * of one writer, `at` is milliseconds since the Unix epoch from the run's monotonic clock. A reader skips types and
 * properties that it does not know. The optional parts are what only a finished report knows; `renderNdjson` writes them.
 */
import type {
  EncodedValue,
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
  | TaskStatusLine
  | AttemptStartLine
  | AttemptProgressLine
  | AttemptEndLine
  | CompletedLine
  | TaskEndLine
  | RunEndLine;

export type EventLine = LineHead & LineBody;

export interface RunStartLine {
  readonly type: "run.start";
  readonly flow: string;
  readonly stageCount: number;
  readonly maxParallelism: number;
  readonly concurrency: number | null;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly report?: ReportStart;
}

/** The parts of a report that are known before the first task starts. */
export type ReportStart = Pick<
  SerializedReport,
  "run" | "clock" | "planningDurationMs" | "originalTasks"
> &
  Partial<Pick<SerializedReport, "planIssues" | "resume">>;

export type LiveOrFinal = TaskStatus | "waiting" | "ready" | "running" | "delayed";

interface TaskStatusLine {
  readonly type: "task.status";
  readonly task: string;
  readonly from?: LiveOrFinal;
  readonly to: LiveOrFinal;
  readonly cause?: string;
  /** With the first line that names the task. */
  readonly info?: TaskLine;
}

export interface TaskLine {
  readonly name: string;
  readonly stage: number | null;
  readonly dependencies: readonly string[];
  readonly parent?: string;
  readonly maxAttempts: number;
  readonly tags: readonly string[];
  readonly kind?: TaskStatistics["kind"];
  readonly edges?: TaskStatistics["dependencies"];
  readonly index?: number;
  readonly fingerprint?: string;
}

interface AttemptStartLine {
  readonly type: "attempt.start";
  readonly task: string;
  readonly attempt: number;
  readonly executor: string;
  readonly waitedMs: number;
  readonly slot?: number;
  readonly limitedBy?: string;
}

interface AttemptProgressLine {
  readonly type: "attempt.progress";
  readonly task: string;
  readonly attempt: number;
  readonly fraction: number;
  readonly message?: string;
}

interface AttemptEndLine {
  readonly type: "attempt.end";
  readonly task: string;
  readonly attempt: number;
  readonly outcome: OutcomeLine;
  readonly willRetry: boolean;
  readonly delayMs?: number;
}

/** Written by the journal before a dependent is released. */
interface CompletedLine {
  readonly type: "completed";
  readonly task: string;
  readonly fingerprint: string;
  readonly output: EncodedValue;
}

interface TaskEndLine {
  readonly type: "task.end";
  readonly task: string;
  readonly outcome: OutcomeLine;
  readonly statistics?: TaskStatistics;
}

export interface RunEndLine {
  readonly type: "run.end";
  readonly executionState: SerializedReport["executionState"];
  readonly report?: Omit<SerializedReport, "taskStatistics">;
}

export interface OutcomeLine {
  readonly status: TaskStatus;
  readonly error?: SerializedError;
  readonly timedOut?: boolean;
  /** Why it was cancelled, abandoned or skipped. */
  readonly reason?: string;
  /** The task that ruled a skipped one out. */
  readonly cause?: string;
}
