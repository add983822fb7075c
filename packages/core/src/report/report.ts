/**
 * What a run hands back: the truth, in the documented scheduler's words. It is read from the ledger when it is asked for.
 * It starts nothing and changes nothing.
 */

import { dependencyNames, type Graph, noSuchTask } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { Outcome, Task } from "../define/task.ts";
import { type Brand, brand } from "../ground/brand.ts";
import { type EncodedValue, encodeValue } from "../ground/encode.ts";
import type { Issue } from "../ground/errors.ts";
import type { SerializedError } from "../ground/serialize-error.ts";
import { spreadable } from "../ground/spreadable.ts";
import type { Ledger } from "../machine/ledger.ts";
import {
  ABANDONED,
  CANCELLED,
  COMPLETED,
  DETACHED,
  FAILED,
  RESTORED,
  SKIPPED,
  STATUSES,
} from "../machine/states.ts";
import { type Analysis, analyse } from "./analysis.ts";
import { between, ranMicros, rounded } from "./durations.ts";
import { errorSummary } from "./error-summary.ts";
import { failuresOf, type TaskFailure } from "./failures.ts";
import type { Origin, Origins } from "./origin.ts";
import { outcomeOf } from "./outcome.ts";
import { runError } from "./run-error.ts";
import { StageRow } from "./stage-row.ts";
import type { Ms, StageStatistics, TaskStatistics } from "./statistics.ts";
import { taskName, taskNamed } from "./task-name.ts";
import { type Facts, type TaskRow, taskRow } from "./task-row.ts";

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
      resources?: Record<string, number>;
      failure: string;
      dispatch: string;
      timeoutMs?: Ms;
    };
    versions: Record<string, string>;
    host?: { platform: string; arch: string; cpus: number };
  };
  /** The wall and the monotonic clock, read in one turn; a drift other than 0 is a clock that was set or a machine that slept. */
  clock: { epochMs: number; driftMs: Ms | null };

  executionState: "completed" | "failed" | "cancelled" | "interrupted";
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
  resume?: { restored: string[]; ignored: string[]; rerun: { task: string; why: string }[] };
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
  extends Pick<SerializedReport, "clock" | "errorSummary" | "observerErrors" | "resume"> {
  /** By task: its `overrunMs`, when that was known only after its status was told. */
  overruns?: Record<string, Ms>;
}

/** What `execute()` and `flow.run()` resolve to. */
export interface ExecutionReport<Outputs = Record<string, unknown>>
  extends Omit<SerializedReport, "outputs" | "format" | "formatVersion"> {
  /** Tasks and items that failed and whose failure the run tolerates. */
  readonly toleratedFailures: number;
  /** Live outputs by name: of the roots for a flow, of every completed task for a scheduler. */
  readonly outputs: Partial<Outputs>;
  /** The live outputs of every completed task and item, by name. */
  readonly taskReturnSet: ReadonlyMap<string, unknown>;
  /**
   * Every task and item that failed, with the error that it threw: those that failed the run first, then tolerated ones.
   * Empty when the graph could not be planned: `planIssues` says why. Not in the JSON, which has each error with its task.
   */
  readonly failures: readonly TaskFailure[];
  /** Always resolves, with the final statistics of the detached tasks. */
  readonly tail: Promise<readonly TaskStatistics[]>;
  /** What became of a task. A failed outcome holds the original error, untouched. */
  outcome<T>(task: Task<T>): Outcome<T>;
  outcome(task: string): Outcome<unknown>;
  /**
   * The outputs; throws `RunError`, whose `errors` holds every failure, unless every root has a value. A root that the
   * run's `targets` left out has none: what did run is in `outputs`.
   */
  unwrap(): Outputs;
  getLongestTask(): TaskStatistics | undefined;
  getAverageTaskDurationMs(): number;
  getTaskStatisticsByStage(stageId: number): TaskStatistics[];
  /**
   * Never throws. `outputs`: include the outputs of all tasks, or of those named. Takes out no secret: fields of errors,
   * attributes and outputs are in it as they are. `redactReport(report)` of `@astrum/reporters` is the report without.
   */
  toJSON(options?: { outputs?: boolean | readonly string[] | undefined }): SerializedReport;
}

/** What is known of a run beside its ledger. */
export interface RunFacts {
  /** Made when it is first asked for: most reports are never read that far. */
  readonly header: () => SerializedReport["run"];
  readonly clock: SerializedReport["clock"];
  readonly resources: readonly string[];
  readonly concurrency: number | undefined;
  readonly staged: boolean;
  /** Instants: when the plan was there, and when the run was settled. */
  readonly plannedAt: number;
  readonly settledAt: number;
  readonly planIssues: readonly Issue[];
  /** What was written, when the plan does not hold it. */
  readonly originalTasks?: Readonly<Record<string, readonly string[]>>;
  readonly observerErrors: readonly SerializedError[];
  readonly resume: SerializedReport["resume"];
  readonly origins: Origins;
  /** What an earlier run stored of items, and this one neither used nor ruled out. */
  readonly carried: readonly {
    readonly name: string;
    readonly output: EncodedValue;
    readonly origin: Origin;
  }[];
}

/** All that a report is made of. */
export interface RunRecord extends Facts, RunFacts {
  readonly resources: readonly string[];
  readonly state: "completed" | "failed" | "cancelled";
  readonly released: ReadonlySet<number>;
  readonly tail: Promise<readonly TaskStatistics[]>;
}

/** What a report shows when it is spread or taken apart. */
const SHOWN = {
  run: true,
  clock: true,
  executionState: true,
  totalDurationMs: true,
  planningDurationMs: true,
  executionDurationMs: true,
  totalTasks: true,
  totalStages: true,
  maxParallelism: true,
  peakConcurrency: true,
  successfulTasks: true,
  failedTasks: true,
  cancelledTasks: true,
  skippedTasks: true,
  restoredTasks: true,
  detachedTasks: true,
  abandonedTasks: true,
  toleratedFailures: true,
  flakyTasks: true,
  totalAttempts: true,
  busyMs: true,
  stageStatistics: true,
  taskStatistics: true,
  errorSummary: true,
  failures: true,
  originalTasks: true,
  planIssues: true,
  observerErrors: true,
  resume: true,
  analysis: true,
  outputs: true,
  taskReturnSet: true,
  tail: true,
  outcome: true,
  unwrap: true,
  getLongestTask: true,
  getAverageTaskDurationMs: true,
  getTaskStatisticsByStage: true,
  toJSON: true,
} satisfies Record<keyof ExecutionReport & keyof Report, true>;

const shown = spreadable<Report>(Object.keys(SHOWN) as (keyof typeof SHOWN)[]);

/** The report of a run, as its caller is handed it. */
export function reportOf(record: RunRecord): Report {
  return shown(new Report(record));
}

/** The one implementation of `ExecutionReport`. */
export class Report implements ExecutionReport {
  /** As people know it, where a tool prints it. */
  static readonly name: string = "ExecutionReport";
  readonly executionState: RunRecord["state"];
  readonly clock: SerializedReport["clock"];
  readonly tail: Promise<readonly TaskStatistics[]>;
  readonly #record: RunRecord;
  #counts: Uint32Array | undefined;
  #flaky = 0;
  #rows: TaskStatistics[] | undefined;
  #analysis: Analysis | undefined;

  constructor(record: RunRecord) {
    this.#record = record;
    this.executionState = record.state;
    this.clock = record.clock;
    this.tail = record.tail;
  }

  get "~astrum"(): Brand {
    return brand("report");
  }

  get #ledger(): Ledger {
    return this.#record.ledger;
  }

  get #plan(): GraphPlan {
    return this.#record.plan;
  }

  get #graph(): Graph {
    return this.#record.plan.graph;
  }

  get run(): SerializedReport["run"] {
    return this.#record.header();
  }

  get totalDurationMs(): Ms {
    return rounded(this.#record.settledAt);
  }

  get planningDurationMs(): Ms {
    return rounded(this.#record.plannedAt);
  }

  get executionDurationMs(): Ms {
    return between(this.#record.plannedAt, this.#record.settledAt);
  }

  get totalTasks(): number {
    return this.#ledger.tasks;
  }

  get totalStages(): number {
    return this.#plan.totalStages;
  }

  get maxParallelism(): number {
    return this.#plan.maxParallelism;
  }

  get peakConcurrency(): number {
    return this.#ledger.peakConcurrency;
  }

  #count(status: number): number {
    if (this.#counts === undefined) {
      const ledger = this.#ledger;
      const counts = new Uint32Array(STATUSES.length);
      for (let task = 0; task < ledger.tasks; task++) {
        const status = ledger.status[task] as number;
        counts[status] = (counts[status] as number) + 1;
        const { firstAttempt, lastAttempt } = ledger;
        if (status === COMPLETED && firstAttempt[task] !== lastAttempt[task]) this.#flaky++;
      }
      this.#counts = counts;
    }
    return this.#counts[status] as number;
  }

  get successfulTasks(): number {
    return this.#count(COMPLETED);
  }

  get failedTasks(): number {
    return this.#count(FAILED);
  }

  get cancelledTasks(): number {
    return this.#count(CANCELLED);
  }

  get skippedTasks(): number {
    return this.#count(SKIPPED);
  }

  get restoredTasks(): number {
    return this.#count(RESTORED);
  }

  get detachedTasks(): number {
    return this.#count(DETACHED);
  }

  get abandonedTasks(): number {
    return this.#count(ABANDONED);
  }

  get toleratedFailures(): number {
    return this.#ledger.tolerated.size;
  }

  get flakyTasks(): number {
    this.#count(COMPLETED);
    return this.#flaky;
  }

  get totalAttempts(): number {
    return this.#ledger.attempts;
  }

  get busyMs(): Ms {
    const ledger = this.#ledger;
    let busy = 0;
    for (let attempt = 0; attempt < ledger.attempts; attempt++) busy += ranMicros(ledger, attempt);
    return busy / 1000;
  }

  get taskStatistics(): TaskStatistics[] {
    if (this.#rows === undefined) {
      const { tasks } = this.#ledger;
      const { size } = this.#graph;
      const { order } = this.#plan;
      const rows: TaskStatistics[] = new Array(tasks);
      for (let at = 0; at < size; at++) rows[at] = taskRow(this.#record, order[at] as number);
      for (let item = size; item < tasks; item++) rows[item] = taskRow(this.#record, item);
      this.#rows = rows;
    }
    return this.#rows;
  }

  get stageStatistics(): StageStatistics[] {
    // `Array.from` takes ten times as long.
    const rows: StageStatistics[] = new Array(this.totalStages);
    const { plan, ledger } = this.#record;
    for (let at = 0; at < rows.length; at++) rows[at] = new StageRow(plan, ledger, at);
    return rows;
  }

  get errorSummary(): string[] {
    return errorSummary(this.#record);
  }

  get failures(): TaskFailure[] {
    return failuresOf(this.#record);
  }

  get originalTasks(): Record<string, string[]> {
    const tasks: Record<string, string[]> = Object.create(null);
    const { originalTasks } = this.#record;
    for (const name in originalTasks) tasks[name] = [...(originalTasks[name] as readonly string[])];
    if (originalTasks !== undefined) return tasks;
    this.#graph.definitions.forEach(({ name }, task) => {
      tasks[name] = dependencyNames(this.#graph, task);
    });
    return tasks;
  }

  get planIssues(): PlanIssue[] {
    return this.#record.planIssues.map((issue) => ({ ...issue, path: [...issue.path] }));
  }

  get observerErrors(): SerializedError[] {
    return [...this.#record.observerErrors];
  }

  get resume(): NonNullable<SerializedReport["resume"]> {
    return this.#record.resume ?? { restored: [], ignored: [], rerun: [] };
  }

  get analysis(): Analysis {
    this.#analysis ??= analyse(this.#record);
    return this.#analysis;
  }

  get outputs(): Record<string, unknown> {
    const { outputs } = this.#record;
    const named: [name: string, output: unknown][] = [];
    const { roots } = this.#graph;
    if (roots === undefined) {
      for (const task of this.#plan.order) {
        if (this.#hasOutput(task)) {
          named.push([taskName(this.#graph, this.#ledger, task), outputs[task]]);
        }
      }
    } else {
      for (const { key, task } of roots)
        if (this.#hasOutput(task)) named.push([key, outputs[task]]);
    }
    // A usual object, since people print and compare it; `__proto__` is a property of its own all the same.
    return Object.fromEntries(named);
  }

  #isDone(task: number): boolean {
    const status = this.#ledger.status[task];
    return status === COMPLETED || status === RESTORED;
  }

  #hasOutput(task: number): boolean {
    return this.#isDone(task) && !this.#record.released.has(task);
  }

  get taskReturnSet(): ReadonlyMap<string, unknown> {
    const returned = new Map<string, unknown>();
    for (let task = 0; task < this.#ledger.tasks; task++) {
      if (this.#hasOutput(task)) {
        returned.set(taskName(this.#graph, this.#ledger, task), this.#record.outputs[task]);
      }
    }
    return returned;
  }

  outcome<T>(task: Task<T>): Outcome<T>;
  outcome(task: string): Outcome<unknown>;
  outcome(task: Task<unknown> | string): Outcome<unknown> {
    const name = typeof task === "string" ? task : task.name;
    const at = taskNamed(this.#graph, this.#ledger, name);
    if (at === undefined) throw noSuchTask(this.#graph, name, "run");
    const definition = this.#graph.definitions[at];
    const made = definition?.standsFor ?? definition;
    if (typeof task !== "string" && at < this.#graph.size && made !== (task as unknown)) {
      throw new RangeError(`Task "${name}" of this run is another one than the task given`);
    }
    return outcomeOf(this.#record, at);
  }

  unwrap(): Record<string, unknown> {
    const roots = this.#graph.roots ?? [...this.#graph.index].map(([key, task]) => ({ key, task }));
    // What a scheduler let go was had; a flow lets none of its roots go.
    const { tails, finallyTasks } = this.#graph;
    const promised = roots.filter(({ task }) => !tails.has(task) && !finallyTasks.has(task));
    const missing = promised.filter(({ task }) => !this.#isDone(task));
    const { planIssues } = this.#record;
    if (missing.length + this.#graph.leftOut.length + planIssues.length === 0) {
      return this.outputs;
    }
    throw runError(this.#record, missing);
  }

  getLongestTask(): TaskStatistics | undefined {
    let longest: TaskStatistics | undefined;
    for (const row of this.taskStatistics) {
      if (row.startAt === null || row.kind === "map") continue;
      if (longest === undefined || row.durationMs > longest.durationMs) longest = row;
    }
    return longest;
  }

  getAverageTaskDurationMs(): number {
    const started = this.taskStatistics.filter(
      ({ startAt, kind }) => startAt !== null && kind !== "map",
    );
    if (started.length === 0) return 0;
    return started.reduce((sum, { durationMs }) => sum + durationMs, 0) / started.length;
  }

  getTaskStatisticsByStage(stageId: number): TaskStatistics[] {
    return this.taskStatistics.filter((row) => row.stageId === stageId);
  }

  /** What observers are told of it. */
  get footer(): ReportFooter {
    const { observerErrors, resume } = this.#record;
    return {
      clock: this.clock,
      errorSummary: this.errorSummary,
      ...(observerErrors.length > 0 ? { observerErrors: this.observerErrors } : {}),
      ...(resume === undefined ? {} : { resume }),
      ...this.#overruns,
    };
  }

  /** Of tasks without an attempt: what was asked before one went on after they had got their status. */
  get #overruns(): Pick<ReportFooter, "overruns"> {
    const { overrunMs, lastAttempt } = this.#ledger;
    const late = [...overrunMs].filter(([task]) => lastAttempt[task] === -1);
    if (late.length === 0) return {};
    const overruns: Record<string, Ms> = Object.create(null);
    for (const [task, ms] of late)
      overruns[taskName(this.#graph, this.#ledger, task)] = rounded(ms);
    return { overruns };
  }

  toJSON(options?: { outputs?: boolean | readonly string[] | undefined }): SerializedReport {
    const { planIssues, observerErrors, resume } = this.#record;
    const report: SerializedReport = {
      format: "astrum.execution-report",
      formatVersion: "1.1",
      run: this.run,
      clock: this.clock,
      executionState: this.executionState,
      totalDurationMs: this.totalDurationMs,
      planningDurationMs: this.planningDurationMs,
      executionDurationMs: this.executionDurationMs,
      totalTasks: this.totalTasks,
      totalStages: this.totalStages,
      maxParallelism: this.maxParallelism,
      peakConcurrency: this.peakConcurrency,
      successfulTasks: this.successfulTasks,
      failedTasks: this.failedTasks,
      cancelledTasks: this.cancelledTasks,
      skippedTasks: this.skippedTasks,
      restoredTasks: this.restoredTasks,
      detachedTasks: this.detachedTasks,
      abandonedTasks: this.abandonedTasks,
      toleratedFailures: this.toleratedFailures,
      flakyTasks: this.flakyTasks,
      totalAttempts: this.totalAttempts,
      busyMs: this.busyMs,
      stageStatistics: this.stageStatistics.map((row) => (row as StageRow).toJSON()),
      taskStatistics: this.taskStatistics.map((row) => (row as unknown as TaskRow).toJSON()),
      errorSummary: this.errorSummary,
      originalTasks: this.originalTasks,
      analysis: this.analysis,
    };
    if (planIssues.length > 0) report.planIssues = this.planIssues;
    if (observerErrors.length > 0) report.observerErrors = this.observerErrors;
    if (resume !== undefined) report.resume = resume;
    const wanted = options?.outputs;
    if (wanted !== undefined && wanted !== false) {
      Object.assign(report, this.#storedOutputs(wanted === true ? undefined : new Set(wanted)));
    }
    return report;
  }

  #storedOutputs(
    only: ReadonlySet<string> | undefined,
  ): Pick<SerializedReport, "outputs" | "origins"> {
    const record = this.#record;
    const outputs: Record<string, EncodedValue> = Object.create(null);
    const origins: Record<string, Origin> = Object.create(null);
    const add = (name: string, output: EncodedValue, origin: Origin | undefined): void => {
      outputs[name] = output;
      if (origin !== undefined) origins[name] = origin;
    };
    for (const { name, output, origin } of record.carried) {
      if (only === undefined || only.has(name)) add(name, output, origin);
    }
    for (let task = 0; task < this.#ledger.tasks; task++) {
      const name = taskName(this.#graph, this.#ledger, task);
      if (!this.#hasOutput(task) || (only !== undefined && !only.has(name))) continue;
      const output = encodeValue(record.outputs[task]);
      add(name, output, output.encoding === "omitted" ? undefined : record.origins.of(task));
    }
    return Object.keys(origins).length === 0 ? { outputs } : { outputs, origins };
  }
}

/** What Node prints for a report: the summary, not thousands of rows. */
Object.defineProperty(Report.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Report): object {
    const { taskStatistics, stageStatistics, originalTasks, analysis, ...summary } = this.toJSON();
    const { boundBy, criticalPath } = analysis;
    return { ...summary, boundBy, criticalPath: criticalPath.slice(0, 10) };
  },
});
