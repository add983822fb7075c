/**
 * What a run hands back: the truth, in the documented scheduler's words. It is read from the ledger when it is asked for.
 * It starts nothing and changes nothing.
 */

import { dependencyNames, type Graph } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { Outcome, Task } from "../define/task.ts";
import { noSuchTask } from "../define/unknown-name.ts";
import { type Brand, brand } from "../ground/brand.ts";
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
} from "../machine/states.ts";
import { taskNamed } from "../machine/task-name.ts";
import { type Analysis, analyse } from "./analysis.ts";
import { averageDurationMs, busyMs, type Counts, countsOf, longestTask } from "./counts.ts";
import { between, rounded } from "./durations.ts";
import { errorSummary } from "./error-summary.ts";
import type { ExecutionReport } from "./execution-report.ts";
import { failuresOf, type TaskFailure } from "./failures.ts";
import { footerOf, timedOutOf } from "./footer.ts";
import { outcomeOf } from "./outcome.ts";
import { outputsOfAll, outputsOfRoots } from "./outputs.ts";
import { reportJson } from "./report-json.ts";
import { missingRoots, runError } from "./run-error.ts";
import type { RunRecord } from "./run-record.ts";
import type { PlanIssue, ReportFooter, SerializedReport } from "./serialized-report.ts";
import { StageRow, StageTimes } from "./stage-row.ts";
import type { Ms, StageStatistics, TaskStatistics } from "./statistics.ts";
import { taskRow } from "./task-row.ts";

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
  timedOut: true,
  flakyTasks: true,
  totalAttempts: true,
  busyMs: true,
  cpuMs: true,
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
  #counts: Counts | undefined;
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
    this.#counts ??= countsOf(this.#ledger);
    return this.#counts.byStatus[status] as number;
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

  get timedOut(): true | undefined {
    return timedOutOf(this.#record);
  }

  get toleratedFailures(): number {
    return this.#ledger.tolerated.size;
  }

  get flakyTasks(): number {
    this.#counts ??= countsOf(this.#ledger);
    return this.#counts.flaky;
  }

  get totalAttempts(): number {
    return this.#ledger.attempts;
  }

  get busyMs(): Ms {
    return busyMs(this.#ledger);
  }

  get cpuMs(): Ms | undefined {
    const { cpuMs } = this.#record;
    return cpuMs === undefined ? undefined : rounded(cpuMs);
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
    const times = new StageTimes(this.#plan, this.#ledger);
    for (let at = 0; at < rows.length; at++) rows[at] = new StageRow(times, at);
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
    return outputsOfRoots(this.#record);
  }

  get taskReturnSet(): ReadonlyMap<string, unknown> {
    return outputsOfAll(this.#record);
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
    const missing = missingRoots(this.#record);
    const { planIssues } = this.#record;
    if (missing.length + this.#graph.leftOut.length + planIssues.length === 0) return this.outputs;
    throw runError(this.#record, missing);
  }

  getLongestTask(): TaskStatistics | undefined {
    return longestTask(this.taskStatistics);
  }

  getAverageTaskDurationMs(): number {
    return averageDurationMs(this.taskStatistics);
  }

  getTaskStatisticsByStage(stageId: number): TaskStatistics[] {
    return this.taskStatistics.filter((row) => row.stageId === stageId);
  }

  /** What observers are told of it. */
  get footer(): ReportFooter {
    return footerOf(this.#record);
  }

  toJSON(options?: { outputs?: boolean | readonly string[] | undefined }): SerializedReport {
    return reportJson(this, this.#record, options?.outputs);
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
