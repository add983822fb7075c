/**
 * A report made from what an event log says about one run. Where the log holds a finished report it is given back as it was;
 * otherwise statistics are added up here, and what the log does not say is "interrupted", never guessed as done.
 */
import {
  type EncodedValue,
  type Origin,
  type SerializedReport,
  type StageStatistics,
  summarizeFailure,
  type TaskStatistics,
} from "@astrum/core";
import { microseconds } from "../wording/microseconds.ts";
import { isFlaky } from "../wording/outcome.ts";
import type { CollectedRun, StoredOutput } from "./collected-run.ts";
import { rebuiltAnalysis } from "./rebuilt-analysis.ts";
import { insideSpans } from "./rebuilt-spans.ts";
import { rebuiltStages } from "./rebuilt-stages.ts";
import { rebuiltTask } from "./rebuilt-task.ts";

/** `earlier` holds what the runs that it took up had stored: what it has not stored again is there. */
export function rebuiltReport(
  run: CollectedRun,
  earlier: ReadonlyMap<string, StoredOutput>,
): SerializedReport {
  const tasks = run.listed;
  const spans = insideSpans(run);
  if (run.finished !== undefined) {
    // One whose last line is lost is worked out again; what only attempts name is no task of the report.
    const listed = tasks.filter(({ statistics, info }) => statistics ?? info);
    const taskStatistics = listed.map((task) => task.statistics ?? rebuiltTask(task, run, spans));
    return withDeclaredOutputs({ ...run.finished, taskStatistics }, run);
  }
  const taskStatistics = tasks.map((task) => task.statistics ?? rebuiltTask(task, run, spans));
  const footer = run.end?.footer;
  const executionState = run.end?.executionState ?? "interrupted";
  const count = (status: TaskStatistics["status"]): number =>
    taskStatistics.filter((task) => task.status === status).length;
  const stageStatistics = rebuiltStages(taskStatistics);
  const planningDurationMs = run.known?.planningDurationMs ?? 0;
  const planIssues = run.known?.planIssues;
  const observerErrors = footer?.observerErrors;
  const resume = footer?.resume ?? run.known?.resume ?? unstoredBy(run);
  return {
    format: "astrum.execution-report",
    formatVersion: "1.1",
    run: run.known?.run ?? describedRun(run),
    clock: { epochMs: run.epochMs, driftMs: footer?.clock.driftMs ?? null },
    executionState,
    ...(footer?.timedOut && { timedOut: true }),
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
    toleratedFailures: taskStatistics.filter(({ tolerated }) => tolerated).length,
    flakyTasks: taskStatistics.filter(isFlaky).length,
    totalAttempts: taskStatistics.reduce((sum, task) => sum + task.attemptStatistics.length, 0),
    busyMs: busyMs(taskStatistics),
    ...(footer?.cpuMs === undefined ? {} : { cpuMs: footer.cpuMs }),
    stageStatistics,
    taskStatistics,
    errorSummary: footer?.errorSummary ?? errorsOf(run, taskStatistics, executionState),
    originalTasks: run.known?.originalTasks ?? originalTasks(taskStatistics),
    ...(planIssues === undefined ? {} : { planIssues }),
    ...(observerErrors === undefined ? {} : { observerErrors }),
    ...(resume === undefined ? {} : { resume }),
    analysis: rebuiltAnalysis(taskStatistics, run),
    ...storedParts(storedBy(run, earlier)),
  };
}

/** Of a run that was cut off: what it had taken over is not known to its log. */
function unstoredBy({ unstored }: CollectedRun): SerializedReport["resume"] {
  if (unstored.length === 0) return undefined;
  return { restored: [], ignored: [], rerun: [], unstored: [...unstored] };
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

/** A finished report says whether it holds outputs and origins; what they are is on lines of their own. */
function withDeclaredOutputs(report: SerializedReport, run: CollectedRun): SerializedReport {
  const { outputs: declared, origins: compared, ...rest } = report;
  const { outputs = {}, origins = {} } = storedParts(run.stored);
  return {
    ...rest,
    ...(declared === undefined ? {} : { outputs }),
    ...(compared === undefined ? {} : { origins }),
  };
}

/** An item whose map is stored as a whole is not needed any more. */
function storedBy(
  run: CollectedRun,
  earlier: ReadonlyMap<string, StoredOutput>,
): Map<string, StoredOutput> {
  const stored = new Map(run.stored);
  for (const [task, one] of earlier) {
    const needed = one.parent === undefined || !run.stored.has(one.parent);
    if (needed && !stored.has(task)) stored.set(task, one);
  }
  return stored;
}

function storedParts(
  stored: ReadonlyMap<string, StoredOutput>,
): Pick<SerializedReport, "outputs" | "origins"> {
  if (stored.size === 0) return {};
  const outputs = Object.create(null) as Record<string, EncodedValue>;
  const origins = Object.create(null) as Record<string, Origin>;
  for (const [task, { output, origin }] of stored) {
    outputs[task] = output;
    if (origin !== undefined) origins[task] = origin;
  }
  return { outputs, ...(Object.keys(origins).length === 0 ? {} : { origins }) };
}

function describedRun(run: CollectedRun): SerializedReport["run"] {
  const { start, journal } = run;
  const { flow, resumes } = { ...journal, ...start };
  const attributes = start?.attributes ?? {};
  return {
    id: run.id,
    ...(flow === undefined ? {} : { flow }),
    ...(resumes === undefined ? {} : { resumes }),
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
  const failures = tasks.filter(({ status, tolerated }) => status === "failed" && !tolerated);
  const lines = failures
    .sort((a, b) => (a.endAt ?? 0) - (b.endAt ?? 0))
    .map(({ taskName, error, attemptCount }) =>
      error === undefined
        ? `Task "${taskName}" failed`
        : summarizeFailure({ task: taskName, error, attempts: attemptCount }),
    );
  if (run.id === "" && tasks.length === 0) lines.push("The event log does not hold a run yet.");
  else if (state === "interrupted")
    lines.push(`The run ${run.id} was interrupted: its event log ends before it did.`);
  return Array.from(new Set(lines));
}

function originalTasks(tasks: readonly TaskStatistics[]): Record<string, string[]> {
  const original = Object.create(null) as Record<string, string[]>;
  for (const { taskName, kind, parent, stageId, dependencies } of tasks) {
    // What came up at run time was no task of the plan.
    if (kind !== "item" && (parent === undefined || stageId !== null)) {
      original[taskName] = Array.from(new Set(dependencies.map(({ task }) => task)));
    }
  }
  return original;
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
