/**
 * A report made from what an event log says about one run. Where the log holds a finished report it is given back as it was;
 * otherwise statistics are added up here, and what the log does not say is "interrupted", never guessed as done.
 */
import {
  type EncodedValue,
  type SerializedReport,
  type StageStatistics,
  summarizeFailure,
  type TaskStatistics,
} from "@astrum/core";
import { microseconds } from "../wording/microseconds.ts";
import { isFlaky } from "../wording/outcome.ts";
import type { CollectedRun } from "./collected-run.ts";
import { rebuiltAnalysis } from "./rebuilt-analysis.ts";
import { rebuiltStages } from "./rebuilt-stages.ts";
import { rebuiltTask } from "./rebuilt-task.ts";

type StoredOutputs = ReadonlyMap<
  string,
  { readonly fingerprint: string; readonly output: EncodedValue }
>;

/** `earlier` holds what former runs in the same log stored: the outputs of restored tasks are there. */
export function rebuiltReport(run: CollectedRun, earlier: StoredOutputs): SerializedReport {
  const tasks = run.listed;
  const outputs = outputsOf(run, earlier);
  if (run.finished !== undefined) {
    const taskStatistics = tasks.map((task) => task.statistics ?? rebuiltTask(task, run));
    const { outputs: declared, ...head } = run.finished;
    return { ...head, taskStatistics, ...(declared === undefined ? {} : { outputs }) };
  }
  const taskStatistics = tasks.map((task) => task.statistics ?? rebuiltTask(task, run));
  const footer = run.end?.footer;
  const executionState = run.end?.executionState ?? "interrupted";
  const count = (status: TaskStatistics["status"]): number =>
    taskStatistics.filter((task) => task.status === status).length;
  const stageStatistics = rebuiltStages(taskStatistics);
  const planningDurationMs = run.known?.planningDurationMs ?? 0;
  const planIssues = run.known?.planIssues;
  const observerErrors = footer?.observerErrors;
  const resume = footer?.resume ?? run.known?.resume;
  return {
    format: "astrum.execution-report",
    formatVersion: "1.0",
    run: run.known?.run ?? describedRun(run),
    clock: { epochMs: run.epochMs, driftMs: footer?.clock.driftMs ?? null },
    executionState,
    totalDurationMs: run.lastAt,
    planningDurationMs,
    executionDurationMs: thousandths(Math.max(0, run.lastAt - planningDurationMs)),
    totalTasks: taskStatistics.length,
    totalStages: Math.max(run.start?.stageCount ?? 0, stageStatistics.length),
    maxParallelism: run.start?.maxParallelism ?? widest(stageStatistics),
    peakConcurrency: run.peak,
    successfulTasks: count("completed"),
    failedTasks: count("failed"),
    cancelledTasks: count("cancelled"),
    skippedTasks: count("skipped"),
    restoredTasks: count("restored"),
    detachedTasks: count("detached"),
    abandonedTasks: count("abandoned"),
    flakyTasks: taskStatistics.filter(isFlaky).length,
    totalAttempts: taskStatistics.reduce((sum, task) => sum + task.attemptStatistics.length, 0),
    busyMs: busyMs(taskStatistics),
    stageStatistics,
    taskStatistics,
    errorSummary: footer?.errorSummary ?? errorsOf(run, taskStatistics, executionState),
    originalTasks: run.known?.originalTasks ?? originalTasks(taskStatistics),
    ...(planIssues === undefined ? {} : { planIssues }),
    ...(observerErrors === undefined ? {} : { observerErrors }),
    ...(resume === undefined ? {} : { resume }),
    analysis: rebuiltAnalysis(taskStatistics, run),
    ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
  };
}

function busyMs(tasks: readonly TaskStatistics[]): number {
  let us = 0;
  for (const { attemptStatistics } of tasks) {
    for (const { durationMs } of attemptStatistics) us += microseconds(durationMs);
  }
  return us / 1000;
}

function widest(stages: readonly StageStatistics[]): number {
  return stages.reduce((most, { parallelTaskCount }) => Math.max(most, parallelTaskCount), 0);
}

function outputsOf(run: CollectedRun, earlier: StoredOutputs): Record<string, EncodedValue> {
  const outputs = Object.create(null) as Record<string, EncodedValue>;
  for (const [key, { output }] of run.stored) outputs[key] = output;
  for (const { key, live } of run.tasks.values()) {
    const stored = live === "restored" ? earlier.get(key)?.output : undefined;
    if (stored !== undefined) outputs[key] ??= stored;
  }
  return outputs;
}

function describedRun(run: CollectedRun): SerializedReport["run"] {
  const { start } = run;
  const attributes = start?.attributes ?? {};
  return {
    id: run.id,
    ...(start === undefined ? {} : { flow: start.flow }),
    targets: [],
    startedAt: new Date(Math.trunc(run.epochMs)).toISOString(),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    config: { concurrency: start?.concurrency ?? null, failure: "unknown", dispatch: "unknown" },
    versions: {},
  };
}

function errorsOf(
  run: CollectedRun,
  tasks: readonly TaskStatistics[],
  state: SerializedReport["executionState"],
): string[] {
  const failures = tasks.filter(({ status }) => status === "failed");
  const lines = failures
    .sort((a, b) => (a.endAt ?? 0) - (b.endAt ?? 0))
    .map(({ taskName, error, attemptCount }) =>
      error === undefined
        ? `Task "${taskName}" failed`
        : summarizeFailure({ task: taskName, error, attempts: attemptCount }),
    );
  if (state === "interrupted")
    lines.push(`The run ${run.id} was interrupted: its event log ends before it did.`);
  return Array.from(new Set(lines));
}

function originalTasks(tasks: readonly TaskStatistics[]): Record<string, string[]> {
  const original = Object.create(null) as Record<string, string[]>;
  for (const { taskName, kind, dependencies } of tasks) {
    if (kind !== "item") {
      original[taskName] = Array.from(new Set(dependencies.map(({ task }) => task)));
    }
  }
  return original;
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
