/**
 * What a journal was told, as the report of a run that was cut off. Knows entries and which runs belong together; whether
 * a result stands is for `restore`.
 */

import type { JournalEntry } from "../define/journal-entry.ts";
import { Issues } from "../ground/check.ts";
import { isEncoded } from "../ground/decode.ts";
import type { EncodedValue } from "../ground/encode.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { Origin } from "../report/origin.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import { originOf } from "./earlier.ts";

/** What one run told. */
interface ToldRun {
  readonly id: string;
  readonly from: number;
  to: number;
  started: StartedEntry | undefined;
  readonly completed: Map<string, CompletedEntry>;
}

interface StartedEntry extends JournalEntry {
  readonly flow?: string;
  readonly resumes?: string;
}

interface CompletedEntry extends JournalEntry {
  readonly task: string;
  readonly output: EncodedValue;
  readonly origin?: Origin;
  readonly fingerprint?: string;
  readonly parent?: string;
  readonly index?: number;
}

/**
 * A report of what a journal was told, for `resumeFrom`: the tasks that had completed, with their outputs. When it was told
 * of several runs, that of the run that started last; what this one had not told yet is taken from the run that it
 * resumed, and so on. Other runs are left alone. Of two entries for one task in one run the later counts, and entries of
 * other types are skipped.
 *
 * Throws `DefinitionError` for what is no entry, such as a line that was not parsed: leave out the last line when a crash
 * cut it short.
 */
export function reportOfJournal(entries: Iterable<JournalEntry>): SerializedReport {
  const issues = new Issues();
  const runs: ToldRun[] = [];
  const latest = new Map<string, ToldRun>();
  let at = 0;
  for (const entry of entries) {
    const path = [`entries[${at++}]`];
    if (isEntry(issues, path, entry)) take(runs, latest, entry);
  }
  issues.throwAs(DefinitionError);
  const chosen = runs.at(-1);
  const told = new Map<string, CompletedEntry>();
  for (const run of chain(runs)) {
    for (const [task, entry] of run.completed) if (!told.has(task)) told.set(task, entry);
  }
  return reportOf(chosen, [...told.values()]);
}

/** `latest`: the run that an id stands for now; the caller may give the same one to run after run. */
function take(runs: ToldRun[], latest: Map<string, ToldRun>, entry: JournalEntry): void {
  const { type, at } = entry;
  if (type !== "started" && type !== "completed") return;
  const id = String(entry.runId ?? "");
  let run = latest.get(id);
  if (run === undefined || (type === "started" && run.started !== undefined)) {
    run = { id, from: at, to: at, started: undefined, completed: new Map() };
    runs.push(run);
    latest.set(id, run);
  }
  run.to = Math.max(run.to, at);
  if (type === "started") run.started = entry;
  else run.completed.set(String(entry.task), entry as CompletedEntry);
}

/** The run that started last, the one that it resumed, and so on. */
function* chain(runs: readonly ToldRun[]): Iterable<ToldRun> {
  let at = runs.length - 1;
  while (at >= 0) {
    const run = runs[at] as ToldRun;
    yield run;
    const resumed = run.started?.resumes;
    do at--;
    while (at >= 0 && (resumed === undefined || runs[at]?.id !== resumed));
  }
}

/** The years 0 to 9999: a report names the day on which its run started. */
const FIRST_INSTANT = -62_167_219_200_000;
const LAST_INSTANT = 253_402_300_799_999;

const TEXTS = ["runId", "fingerprint", "parent", "flow", "resumes"] as const;

/** Whether all that is read of it is what it should be. */
function isEntry(issues: Issues, path: readonly string[], entry: unknown): entry is JournalEntry {
  const fields = (entry ?? {}) as Partial<CompletedEntry>;
  const { type, at, task, output, index, origin } = fields;
  const before = issues.list.length;
  if (typeof type !== "string") {
    issues.expected(path, "an entry that a journal was told", entry);
    return false;
  }
  if (typeof at !== "number" || !(at >= FIRST_INSTANT && at <= LAST_INSTANT)) {
    issues.expected([...path, "at"], "milliseconds since the Unix epoch", at);
  }
  if (type === "completed") {
    if (typeof task !== "string") issues.expected([...path, "task"], "the name of a task", task);
    if (!isEncoded(output)) {
      issues.expected([...path, "output"], "an output with its encoding", output);
    }
    issues.integer([...path, "index"], index, 0);
    originOf(issues, [...path, "origin"], origin);
  }
  for (const key of TEXTS) {
    const text = fields[key];
    if (text !== undefined && typeof text !== "string") {
      issues.expected([...path, key], "a string", text);
    }
  }
  return issues.list.length === before;
}

function reportOf(
  run: ToldRun | undefined,
  completed: readonly CompletedEntry[],
): SerializedReport {
  const { id = "", from: epochMs = 0, to = 0, started } = run ?? {};
  const totalDurationMs = Math.max(0, to - epochMs);
  const outputs: Record<string, EncodedValue> = Object.create(null);
  const origins: Record<string, Origin> = Object.create(null);
  for (const { task, output, origin } of completed) {
    outputs[task] = output;
    if (origin !== undefined) origins[task] = origin;
  }
  return {
    format: "astrum.execution-report",
    formatVersion: "1.1",
    run: {
      id,
      ...(started?.flow === undefined ? {} : { flow: started.flow }),
      ...(started?.resumes === undefined ? {} : { resumes: started.resumes }),
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
    totalTasks: completed.length,
    totalStages: 0,
    maxParallelism: 0,
    peakConcurrency: 0,
    successfulTasks: completed.length,
    failedTasks: 0,
    cancelledTasks: 0,
    skippedTasks: 0,
    restoredTasks: 0,
    detachedTasks: 0,
    abandonedTasks: 0,
    toleratedFailures: 0,
    flakyTasks: 0,
    totalAttempts: 0,
    busyMs: 0,
    stageStatistics: [],
    taskStatistics: completed.map(completedRow),
    errorSummary: [],
    originalTasks: {},
    analysis: { criticalPath: [], bounds: { dependencyMs: 0, workMs: null }, boundBy: "none" },
    outputs,
    origins,
  };
}

/** A journal knows that a task completed and what it gave; not when it had started. */
function completedRow({ task, fingerprint = "", parent, index }: CompletedEntry): TaskStatistics {
  const row: TaskStatistics = {
    taskName: task,
    kind: index === undefined ? "task" : "item",
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
  if (parent !== undefined) row.parent = parent;
  if (index !== undefined) row.index = index;
  return row;
}
