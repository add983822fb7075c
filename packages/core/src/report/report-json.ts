/** A report as JSON: field by field, in the order in which people read it. */
import type { ExecutionReport } from "./execution-report.ts";
import { storedOutputs } from "./outputs.ts";
import type { RunRecord } from "./run-record.ts";
import type { SerializedReport } from "./serialized-report.ts";
import type { StageRow } from "./stage-row.ts";
import type { TaskRow } from "./task-row.ts";

/** One that has these lists, empty or not. */
type Listing = ExecutionReport & Required<Pick<ExecutionReport, "planIssues" | "observerErrors">>;

/** `wanted`: of which tasks it holds the outputs. */
export function reportJson(
  report: Listing,
  record: RunRecord,
  wanted: boolean | readonly string[] | undefined,
): SerializedReport {
  const { planIssues, observerErrors, resume } = record;
  const { cpuMs } = report;
  const json: SerializedReport = {
    format: "astrum.execution-report",
    formatVersion: "1.1",
    run: report.run,
    clock: report.clock,
    executionState: report.executionState,
    ...(report.timedOut && { timedOut: true }),
    totalDurationMs: report.totalDurationMs,
    planningDurationMs: report.planningDurationMs,
    executionDurationMs: report.executionDurationMs,
    totalTasks: report.totalTasks,
    totalStages: report.totalStages,
    maxParallelism: report.maxParallelism,
    peakConcurrency: report.peakConcurrency,
    successfulTasks: report.successfulTasks,
    failedTasks: report.failedTasks,
    cancelledTasks: report.cancelledTasks,
    skippedTasks: report.skippedTasks,
    restoredTasks: report.restoredTasks,
    detachedTasks: report.detachedTasks,
    abandonedTasks: report.abandonedTasks,
    toleratedFailures: report.toleratedFailures,
    flakyTasks: report.flakyTasks,
    totalAttempts: report.totalAttempts,
    busyMs: report.busyMs,
    ...(cpuMs === undefined ? {} : { cpuMs }),
    stageStatistics: report.stageStatistics.map((row) => (row as StageRow).toJSON()),
    taskStatistics: report.taskStatistics.map((row) => (row as unknown as TaskRow).toJSON()),
    errorSummary: report.errorSummary,
    originalTasks: report.originalTasks,
    analysis: report.analysis,
  };
  if (planIssues.length > 0) json.planIssues = report.planIssues;
  if (observerErrors.length > 0) json.observerErrors = report.observerErrors;
  if (resume !== undefined) json.resume = resume;
  if (wanted !== undefined && wanted !== false) {
    Object.assign(json, storedOutputs(record, wanted === true ? undefined : new Set(wanted)));
  }
  return json;
}
