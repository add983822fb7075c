/** The report as its caller holds it, as a type: what the JSON has, live values and methods. */
import type { Outcome, Task } from "../define/task.ts";
import type { TaskFailure } from "./failures.ts";
import type { SerializedReport } from "./serialized-report.ts";
import type { Ms, TaskStatistics } from "./statistics.ts";

/** What `execute()` and `flow.run()` resolve to. */
export interface ExecutionReport<Outputs = Record<string, unknown>>
  extends Omit<SerializedReport, "outputs" | "format" | "formatVersion" | "cpuMs" | "timedOut"> {
  /** Of a run that failed: its own time limit is what stopped it. */
  readonly timedOut?: true | undefined;
  /** Processor time of the whole process while the run went on; none on another clock than the system's. */
  readonly cpuMs?: Ms | undefined;
  /** Tasks and items that failed and whose failure the run tolerates. */
  readonly toleratedFailures: number;
  /** Live outputs by name: of the roots for a flow, of every completed task for a scheduler; with those of fallbacks. */
  readonly outputs: Partial<Outputs>;
  /** The live outputs of every completed task and item, by name, and what fallbacks gave in their place. */
  readonly taskReturnSet: ReadonlyMap<string, unknown>;
  /**
   * Every task and item that failed, with the error that it threw: those that failed the run first, then tolerated ones.
   * Empty when the graph could not be planned: `planIssues` says why. Not in the JSON, which has each error with its task.
   */
  readonly failures: readonly TaskFailure[];
  /** Always resolves, with the final statistics of the detached tasks. */
  readonly tail: Promise<readonly TaskStatistics[]>;
  /** What became of a task. A failed outcome holds the original error, untouched. */
  outcome<T>(this: void, task: Task<T>): Outcome<T>;
  outcome(this: void, task: string): Outcome<unknown>;
  /**
   * The outputs; throws `RunError`, whose `errors` holds every failure, unless every root of a flow, every task of a
   * scheduler, has a value. A root that the run's `targets` left out has none: what did run is in `outputs`.
   */
  unwrap(this: void): Outputs;
  getLongestTask(this: void): TaskStatistics | undefined;
  getAverageTaskDurationMs(this: void): number;
  getTaskStatisticsByStage(this: void, stageId: number): TaskStatistics[];
  /**
   * Never throws. `outputs`: include the outputs of all tasks, or of those named. Takes out no secret: fields of errors,
   * attributes and outputs are in it as they are. `redactReport(report)` of `@astrum/reporters` is the report without.
   */
  toJSON(
    this: void,
    options?: { outputs?: boolean | readonly string[] | undefined },
  ): SerializedReport;
}
