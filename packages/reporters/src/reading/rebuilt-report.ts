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
import { isFlaky } from "../wording/outcome.ts";
import type { CollectedRun } from "./collected-run.ts";
import { rebuiltAnalysis } from "./rebuilt-analysis.ts";
import { rebuiltTask } from "./rebuilt-task.ts";

type StoredOutputs = ReadonlyMap<
  string,
  { readonly fingerprint: string; readonly output: EncodedValue }
>;

/** `earlier` holds what former runs in the same log stored: the outputs of restored tasks are there. */
export function rebuiltReport(run: CollectedRun, earlier: StoredOutputs): SerializedReport {
  const tasks = Array.from(run.tasks.values());
  const outputs = outputsOf(run, earlier);
  if (run.finished !== undefined) {
    const taskStatistics = tasks.flatMap(({ statistics }) =>
      statistics === undefined ? [] : [statistics],
    );
    const { outputs: declared, ...head } = run.finished;
    return { ...head, taskStatistics, ...(declared === undefined ? {} : { outputs }) };
  }
  const taskStatistics = tasks.map((task) => task.statistics ?? rebuiltTask(task, run));
  const executionState = run.end?.executionState ?? "interrupted";
  const count = (status: TaskStatistics["status"]): number =>
    taskStatistics.filter((task) => task.status === status).length;
  const attempts = taskStatistics.flatMap(({ attemptStatistics }) => attemptStatistics);
  const stageStatistics = stagesOf(taskStatistics);
  const planningDurationMs = run.known?.planningDurationMs ?? 0;
  const restored = taskStatistics.filter(({ status }) => status === "restored");
  return {
    format: "astrum.execution-report",
    formatVersion: "1.0",
    run: run.known?.run ?? describedRun(run),
    clock: { epochMs: run.epochMs, driftMs: null },
    executionState,
    totalDurationMs: run.lastAt,
    planningDurationMs,
    executionDurationMs: thousandths(Math.max(0, run.lastAt - planningDurationMs)),
    totalTasks: taskStatistics.length,
    totalStages: Math.max(run.start?.stageCount ?? 0, stageStatistics.length),
    maxParallelism:
      run.start?.maxParallelism ??
      Math.max(0, ...stageStatistics.map(({ parallelTaskCount }) => parallelTaskCount)),
    peakConcurrency: peakOf(attempts, run.lastAt),
    successfulTasks: count("completed"),
    failedTasks: count("failed"),
    cancelledTasks: count("cancelled"),
    skippedTasks: count("skipped"),
    restoredTasks: restored.length,
    detachedTasks: count("detached"),
    abandonedTasks: count("abandoned"),
    flakyTasks: taskStatistics.filter(isFlaky).length,
    totalAttempts: attempts.length,
    busyMs: thousandths(attempts.reduce((sum, { durationMs }) => sum + durationMs, 0)),
    stageStatistics,
    taskStatistics,
    errorSummary: errorsOf(run, taskStatistics, executionState),
    originalTasks: run.known?.originalTasks ?? originalTasks(taskStatistics),
    ...(run.known?.planIssues === undefined ? {} : { planIssues: run.known.planIssues }),
    ...(run.known?.resume === undefined ? {} : { resume: run.known.resume }),
    analysis: rebuiltAnalysis(taskStatistics, run.start?.concurrency ?? null),
    ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
  };
}

function outputsOf(run: CollectedRun, earlier: StoredOutputs): Record<string, EncodedValue> {
  const outputs = Object.create(null) as Record<string, EncodedValue>;
  for (const { key, output, outcome, live } of run.tasks.values()) {
    const restored = outcome?.status === "restored" || live === "restored";
    const stored = output ?? (restored ? earlier.get(key)?.output : undefined);
    if (stored !== undefined) outputs[key] = stored;
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

function stagesOf(tasks: readonly TaskStatistics[]): StageStatistics[] {
  const stages = new Map<number, TaskStatistics[]>();
  for (const task of tasks) {
    if (task.stageId === null) continue;
    const members = stages.get(task.stageId);
    if (members === undefined) stages.set(task.stageId, [task]);
    else members.push(task);
  }
  return Array.from(stages)
    .sort(([a], [b]) => a - b)
    .map(([stageId, members]) => {
      const names = members.map(({ taskName }) => taskName);
      const waitTasks = Array.from(
        new Set(members.flatMap(({ dependencies }) => dependencies.map(({ task }) => task))),
      );
      const starts = members.flatMap(({ startAt }) => (startAt === null ? [] : [startAt]));
      const ends = members.flatMap(({ startAt, endAt }) =>
        startAt === null || endAt === null ? [] : [endAt],
      );
      const startAt = starts.length === 0 ? null : least(starts);
      const endAt = ends.length === 0 ? null : most(ends);
      return {
        stageId,
        stageName: `Stage_${stageId}`,
        startAt,
        endAt,
        durationMs: startAt === null || endAt === null ? 0 : thousandths(endAt - startAt),
        parallelTaskCount: names.length,
        waitTaskCount: waitTasks.length,
        parallelTasks: names,
        waitTasks,
        startTasks: [...names],
      };
    });
}

function peakOf(
  attempts: readonly { readonly startAt: number; readonly endAt: number | null }[],
  end: number,
): number {
  // At one instant ends come before starts: a slot that is handed over counts once.
  const changes = attempts.flatMap(({ startAt, endAt }) => [
    { at: startAt, by: 1 },
    { at: endAt ?? end + 1, by: -1 },
  ]);
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let running = 0;
  let peak = 0;
  for (const { by } of changes) {
    running += by;
    peak = Math.max(peak, running);
  }
  return peak;
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
    if (kind !== "item") original[taskName] = dependencies.map(({ task }) => task);
  }
  return original;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
