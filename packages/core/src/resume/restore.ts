/**
 * What an earlier run left, for a run that takes it up: which tasks need not be called again. Reads a report as JSON or
 * a journal; guesses nothing.
 */

import type { GraphPlan } from "../define/plan.ts";
import type { Definition } from "../define/task.ts";
import { Issues } from "../ground/check.ts";
import { decodeValue, type EncodedValue } from "../ground/encode.ts";
import { DefinitionError } from "../ground/errors.ts";
import { Fingerprints } from "../report/fingerprint.ts";
import type { SerializedReport } from "../report/report.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import type { JournalEntry } from "./journal.ts";

/** What is restored, by index in the plan. */
export interface Restored {
  readonly outputs: ReadonlyMap<number, unknown>;
  /** Of maps that are not restored as a whole: outputs by map, then by index. */
  readonly items: ReadonlyMap<number, ReadonlyMap<number, unknown>>;
  readonly summary: NonNullable<SerializedReport["resume"]>;
}

/**
 * A task is restored only if it completed, its output was stored, its fingerprint is the same, and everything that it
 * depends on is restored. The items of a map that has to run again are restored one by one, by the same rule.
 */
export function restore(plan: GraphPlan, report: SerializedReport): Restored {
  const { graph } = plan;
  const fingerprints = new Fingerprints(graph);
  const rows = new Map(report.taskStatistics.map((row) => [row.taskName, row]));
  const stored = new Map(Object.entries(report.outputs ?? {}));
  const outputs = new Map<number, unknown>();
  const items = new Map<number, Map<number, unknown>>();
  const restored: string[] = [];
  const rerun: { task: string; why: string }[] = [];

  for (const task of plan.order) {
    const definition = graph.definitions[task] as Definition;
    const { name } = definition;
    const dependency = runningDependency(plan, task, outputs);
    const why =
      dependency === undefined
        ? obstacle(rows.get(name), stored.get(name), fingerprints.of(task))
        : `its dependency "${dependency}" runs again`;
    if (why === undefined) {
      outputs.set(task, decodeValue(stored.get(name) as EncodedValue));
      restored.push(name);
      continue;
    }
    rerun.push({ task: name, why });
    if (definition.kind === "map" && dependency === undefined) items.set(task, new Map());
  }
  for (const row of report.taskStatistics) {
    const map = row.parent === undefined ? undefined : graph.index.get(row.parent);
    const found = map === undefined ? undefined : items.get(map);
    if (found === undefined || map === undefined || row.index === undefined) continue;
    const output = stored.get(row.taskName);
    if (obstacle(row, output, fingerprints.of(map, row.index)) !== undefined) continue;
    found.set(row.index, decodeValue(output as EncodedValue));
    restored.push(row.taskName);
  }
  const ignored = report.taskStatistics
    .filter(({ taskName, parent }) => parent === undefined && !graph.index.has(taskName))
    .map(({ taskName }) => taskName);
  return { outputs, items, summary: { restored, ignored, rerun } };
}

function runningDependency(
  { graph }: GraphPlan,
  task: number,
  restored: ReadonlyMap<number, unknown>,
): string | undefined {
  const { start, end } = graph.dependencies;
  for (const dependency of end.subarray(start[task], start[task + 1])) {
    if (!restored.has(dependency)) return (graph.definitions[dependency] as Definition).name;
  }
  return undefined;
}

/** Why an earlier result cannot stand. */
function obstacle(
  row: TaskStatistics | undefined,
  output: EncodedValue | undefined,
  now: string,
): string | undefined {
  if (row === undefined) return "it was not part of the earlier run";
  if (row.status !== "completed" && row.status !== "restored")
    return `it had ${row.status === "failed" ? "failed" : `been ${row.status}`}`;
  if (row.fingerprint !== now) return "its name, inputs or version changed";
  switch (output?.encoding) {
    case "json":
    case "undefined":
      return undefined;
    case "omitted":
      return `its output was not stored: ${output.why}`;
    default: // A newer version may know more ways.
      return output === undefined
        ? "its output was not stored"
        : "its output is stored in a way that this version cannot read";
  }
}

/**
 * A report of what a journal was told, for `resumeFrom`: the tasks that had completed, with their outputs. Entries of
 * other types are skipped, and of two entries for one task the later counts. Throws `DefinitionError` for what is no entry,
 * such as a line that was not parsed: leave out the last line when a crash cut it short.
 */
export function reportOfJournal(entries: Iterable<JournalEntry>): SerializedReport {
  const rows = new Map<string, TaskStatistics>();
  const outputs: Record<string, EncodedValue> = Object.create(null);
  const issues = new Issues();
  let at = 0;
  let runId = "";
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const entry of entries) {
    const path = [`entries[${at++}]`];
    if (typeof (entry as JournalEntry | null)?.type !== "string") {
      issues.expected(path, "an entry that a journal was told", entry);
      continue;
    }
    if (entry.type === "completed" && typeof entry.task !== "string") {
      issues.expected([...path, "task"], "the name of a task", entry.task);
      continue;
    }
    first = Math.min(first, entry.at);
    last = Math.max(last, entry.at);
    if (entry.type !== "completed") continue;
    const { task, output } = entry as JournalEntry & { task: string; output: EncodedValue };
    rows.set(task, completedRow(entry));
    outputs[task] = output;
    runId = String(entry.runId ?? "");
  }
  if (issues.list.length > 0) throw new DefinitionError(issues.list);
  const epochMs = Number.isFinite(first) ? first : 0;
  const totalDurationMs = Math.max(0, last - epochMs);
  return {
    format: "astrum.execution-report",
    formatVersion: "1.0",
    run: {
      id: runId,
      targets: [],
      startedAt: new Date(epochMs).toISOString(),
      config: { concurrency: null, failure: "unknown", dispatch: "unknown" },
      versions: {},
    },
    clock: { epochMs, driftMs: null },
    executionState: "interrupted",
    totalDurationMs,
    planningDurationMs: 0,
    executionDurationMs: totalDurationMs,
    totalTasks: rows.size,
    totalStages: 0,
    maxParallelism: 0,
    peakConcurrency: 0,
    successfulTasks: rows.size,
    failedTasks: 0,
    cancelledTasks: 0,
    skippedTasks: 0,
    restoredTasks: 0,
    detachedTasks: 0,
    abandonedTasks: 0,
    flakyTasks: 0,
    totalAttempts: 0,
    busyMs: 0,
    stageStatistics: [],
    taskStatistics: [...rows.values()],
    errorSummary: [],
    originalTasks: {},
    analysis: { criticalPath: [], bounds: { dependencyMs: 0, workMs: null }, boundBy: "none" },
    outputs,
  };
}

/** A journal knows that a task completed and what it gave; not when it had started. */
function completedRow(entry: JournalEntry): TaskStatistics {
  const { task, fingerprint, parent, index } = entry as JournalEntry & {
    task: string;
    fingerprint: string;
    parent?: string;
    index?: number;
  };
  return {
    taskName: task,
    kind: parent === undefined ? "task" : "item",
    ...(parent === undefined ? {} : { parent }),
    ...(index === undefined ? {} : { index }),
    stageId: null,
    dependencies: [],
    status: "completed",
    fingerprint,
    readyAt: null,
    startAt: null,
    endAt: null,
    queuedMs: 0,
    durationMs: 0,
    runMs: 0,
    retry: 0,
    attemptCount: 0,
    attemptStatistics: [],
  };
}
