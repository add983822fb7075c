/**
 * The report under the field names of the Python scheduler (`dataclasses.asdict` of its `ExecutionReport`), for tools written
 * against that: seconds, wall-clock instants, its three statuses. What it does not know is left out: tasks that never
 * started, tail task futures, everything this report has beyond it.
 */
import {
  type AttemptStatistics,
  type SerializedReport,
  summarizeError,
  type TaskStatistics,
} from "@astrum/core";
import { checkOptions, flag, type Rules } from "astrum-options";
import type { AnyReport } from "../wording/given-report.ts";
import { attemptMessage, errorOf } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";

export interface AstrumPythonOptions {
  /** Fill `task_return_set` with the outputs that the report holds. Default `false`. */
  readonly outputs?: boolean | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<AstrumPythonOptions> = { outputs: flag, redact: redactRule };

export interface AstrumPythonReport {
  total_start_time: number;
  total_end_time: number;
  total_duration: number;
  planning_duration: number;
  execution_duration: number;
  total_tasks: number;
  total_stages: number;
  max_parallelism: number;
  successful_tasks: number;
  failed_tasks: number;
  stage_statistics: AstrumPythonStage[];
  task_statistics: AstrumPythonTask[];
  execution_state: string;
  error_summary: string[];
  original_tasks: Record<string, string[]>;
  task_return_set: Record<string, unknown>;
}

export interface AstrumPythonStage {
  stage_id: number;
  stage_name: string;
  start_time: number;
  end_time: number;
  duration: number;
  parallel_task_count: number;
  wait_task_count: number;
  parallel_tasks: string[];
  wait_tasks: string[];
}

export interface AstrumPythonTask {
  task_name: string;
  /** -1 for items of a map. */
  stage_id: number;
  start_time: number;
  end_time: number;
  duration: number;
  status: "completed" | "failed" | "cancelled";
  error_message: string | null;
  retry: number;
  attempt_count: number;
  attempt_statistics: AstrumPythonAttempt[];
}

export interface AstrumPythonAttempt {
  task_name: string;
  attempt_number: number;
  max_retries: number;
  start_time: number;
  end_time: number;
  duration: number;
  status: "completed" | "failed" | "cancelled";
  error_message: string | null;
  will_retry: boolean;
}

/** The report under the field names of the Python scheduler, for tools written against that. */
export function toAstrumPython(
  report: AnyReport,
  options: AstrumPythonOptions = {},
): AstrumPythonReport {
  checkOptions("toAstrumPython", options, RULES);
  const shown = redacted(report, options.redact, options.outputs === true);
  const clock = new WallClock(shown);
  const started = shown.taskStatistics.filter(({ startAt }) => startAt !== null);
  return {
    total_start_time: clock.at(0),
    total_end_time: clock.at(shown.totalDurationMs),
    total_duration: seconds(shown.totalDurationMs),
    planning_duration: seconds(shown.planningDurationMs),
    execution_duration: seconds(shown.executionDurationMs),
    total_tasks: shown.totalTasks,
    total_stages: shown.totalStages,
    max_parallelism: shown.maxParallelism,
    successful_tasks: shown.successfulTasks + shown.restoredTasks,
    failed_tasks: shown.failedTasks,
    stage_statistics: shown.stageStatistics.map((stage) => ({
      stage_id: stage.stageId,
      stage_name: stage.stageName,
      start_time: clock.at(stage.startAt ?? shown.totalDurationMs),
      end_time: clock.at(stage.endAt ?? shown.totalDurationMs),
      duration: seconds(stage.durationMs),
      parallel_task_count: stage.parallelTaskCount,
      wait_task_count: stage.waitTaskCount,
      parallel_tasks: stage.parallelTasks,
      wait_tasks: stage.waitTasks,
    })),
    task_statistics: started.map((task) => taskOf(task, clock)),
    execution_state: shown.executionState === "interrupted" ? "cancelled" : shown.executionState,
    error_summary: shown.errorSummary,
    original_tasks: Object.fromEntries(Object.entries(shown.originalTasks)),
    task_return_set: options.outputs === true ? returnsOf(shown) : {},
  };
}

function taskOf(task: TaskStatistics, clock: WallClock): AstrumPythonTask {
  const last = task.attemptStatistics.at(-1);
  return {
    task_name: task.taskName,
    stage_id: task.stageId ?? -1,
    start_time: clock.at(task.startAt ?? 0),
    end_time: clock.at(task.endAt ?? clock.end),
    duration: seconds(task.durationMs),
    status: statusOf(task.status),
    error_message: messageOf(task, last),
    retry: task.retry,
    attempt_count: task.attemptCount,
    attempt_statistics: task.attemptStatistics.map((attempt) => attemptOf(attempt, clock)),
  };
}

function messageOf(task: TaskStatistics, last: AttemptStatistics | undefined): string | null {
  const error = errorOf(task);
  if (error !== undefined) return summarizeError(error);
  return (last && attemptMessage(last)) ?? null;
}

function attemptOf(attempt: AttemptStatistics, clock: WallClock): AstrumPythonAttempt {
  return {
    task_name: attempt.taskName,
    attempt_number: attempt.attemptNumber,
    max_retries: attempt.maxRetries,
    start_time: clock.at(attempt.startAt),
    end_time: clock.at(attempt.endAt ?? clock.end),
    duration: seconds(attempt.durationMs),
    status: statusOf(attempt.status),
    error_message: attemptMessage(attempt) ?? null,
    will_retry: attempt.willRetry,
  };
}

function statusOf(status: string): "completed" | "failed" | "cancelled" {
  if (status === "completed" || status === "restored") return "completed";
  return status === "failed" ? "failed" : "cancelled";
}

function returnsOf(report: SerializedReport): Record<string, unknown> {
  const returns: [string, unknown][] = [];
  for (const [name, output] of Object.entries(report.outputs ?? {})) {
    if (output.encoding === "json") returns.push([name, output.value]);
    else if (output.encoding === "undefined") returns.push([name, null]);
  }
  return Object.fromEntries(returns);
}

class WallClock {
  /** Where the report ends, for what was still running. */
  readonly end: number;
  readonly #epochMs: number;

  constructor(report: SerializedReport) {
    this.end = report.totalDurationMs;
    this.#epochMs = report.clock.epochMs;
  }

  at(offsetMs: number): number {
    return seconds(this.#epochMs + offsetMs);
  }
}

/** To the microsecond, as a float of `time.time()`. */
function seconds(ms: number): number {
  return Math.round(ms * 1000) / 1_000_000;
}
