/** The report as JSON, as types: its head, its counts, its lists. What observers are told of its head and foot. */
import type { EncodedValue } from "../ground/encode.ts";
import type { SerializedError } from "../ground/serialize-error.ts";
import type { Analysis } from "./analysis.ts";
import type { Origin } from "./origin.ts";
import type { Ms, StageStatistics, TaskStatistics } from "./statistics.ts";

export interface PlanIssue {
  code: string;
  message: string;
  path: string[];
  suggestion?: string;
}

/** The report as JSON, version 1.1. Readers must ignore properties that they do not know. */
export interface SerializedReport {
  format: "astrum.execution-report";
  formatVersion: "1.0" | "1.1";
  run: {
    id: string;
    flow?: string;
    /** The id of the run that it took up. */
    resumes?: string;
    targets: string[];
    /** RFC 3339, UTC. */
    startedAt: string;
    attributes?: Record<string, string | number | boolean>;
    config: {
      concurrency: number | null;
      /** Of those that are held; of a semaphore its limit. */
      resources?: Record<string, number>;
      /** Of those that are spent; `perMs` of a budget is `null`. Since 1.1. */
      rates?: Record<string, { limit: number; perMs: number | null; burst: number }>;
      failure: string;
      dispatch: string;
      timeoutMs?: Ms;
      /** It was given estimates: the longest path went first. */
      longestFirst?: true;
      /** Outputs were let go, and tasks that let go of some went first. */
      keep?: "roots";
    };
    versions: Record<string, string>;
    host?: { platform: string; arch: string; cpus: number };
  };
  /** The wall and the monotonic clock, read in one turn; a drift other than 0 is a clock that was set or a machine that slept. */
  clock: { epochMs: number; driftMs: Ms | null };

  executionState: "completed" | "failed" | "cancelled" | "interrupted";
  /** Of a run that failed: its own time limit is what stopped it. Version 1.0 never says so. */
  timedOut?: true;
  totalDurationMs: Ms;
  planningDurationMs: Ms;
  executionDurationMs: Ms;
  totalTasks: number;
  totalStages: number;
  /** Widest planned stage, and what really ran at once. */
  maxParallelism: number;
  peakConcurrency: number;
  /** The seven counts add up to `totalTasks`. */
  successfulTasks: number;
  failedTasks: number;
  cancelledTasks: number;
  skippedTasks: number;
  restoredTasks: number;
  detachedTasks: number;
  abandonedTasks: number;
  /** Failures among them that the run tolerates. Version 1.0 has no such count. */
  toleratedFailures?: number;
  /** Tasks that completed after at least one failed attempt. */
  flakyTasks: number;
  totalAttempts: number;
  busyMs: Ms;
  /** Processor time of the whole process while the run went on, its threads included; where the runtime tells it. */
  cpuMs?: Ms;

  stageStatistics: StageStatistics[];
  /** Every task of the run, planned ones in plan order, then mapped items in spawn order; also those that never started. */
  taskStatistics: TaskStatistics[];
  /** One line per failure that is not tolerated, first failure first, no repeats. */
  errorSummary: string[];
  originalTasks: Record<string, string[]>;
  planIssues?: PlanIssue[];
  /**
   * What went wrong in observers, each fault once. A report that is asked while its process lives also knows of promises
   * that were rejected after the run had settled: those that observers returned for its last events.
   */
  observerErrors?: SerializedError[];
  /** What was taken over of an earlier run, and what a later one cannot take over of this one. */
  resume?: {
    restored: string[];
    ignored: string[];
    rerun: { task: string; why: string }[];
    /** Outputs that the journal was told and that have no encoding: what in them, and where. */
    unstored?: { task: string; why: string }[];
  };
  analysis: Analysis;
  /** Off unless asked for. Of tasks and items; also those of items that were taken over and not needed yet. */
  outputs?: Record<string, EncodedValue>;
  /** What outputs were made from, for those that another run can compare. There with `outputs`. */
  origins?: Record<string, Origin>;
}

/** What a report says of a run before its tasks begin. */
export type ReportHeader = Pick<SerializedReport, "run" | "clock" | "planningDurationMs">;

/** What it says beside its tasks once they have ended. */
export interface ReportFooter
  extends Pick<
    SerializedReport,
    "clock" | "cpuMs" | "errorSummary" | "observerErrors" | "resume" | "timedOut"
  > {
  /** By task: its `overrunMs`, when that was known only after its status was told. */
  overruns?: Record<string, Ms>;
}
