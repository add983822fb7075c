/**
 * Door 2: the documented scheduler. Names and predeclared orders, for graphs that come from data. It turns them into the
 * same graph that door 1 builds; from there on there is one engine.
 */
import { anchor } from "../contract/clock.ts";
import { type GraphPlan, type Plan, plan } from "../define/plan.ts";
import type { Execution } from "../drive/execute.ts";
import { checkNeeds } from "../drive/options.ts";
import { NO_PARAMETERS } from "../drive/parameters.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError, PlanError } from "../ground/errors.ts";
import type { Machine } from "../machine/machine.ts";
import { StagedRun } from "../machine/run-stages.ts";
import type { ExecutionReport } from "../report/report.ts";
import { buildGraph, checkStaged } from "./assemble.ts";
import { launch } from "./launch.ts";
import { failedPlanReport } from "./plan-failure.ts";
import {
  checkOrders,
  checkSchedulerOptions,
  checkTasks,
  type SchedulerOptions,
  type TaskCallable,
  type TaskOrder,
} from "./records.ts";

/**
 * Plans and runs tasks that are given by name, in a predeclared order. Runs any number of times, also at once.
 *
 * An order waits for its `dependencies`; what a task is called with is said apart, in `taskDataRefs`. A task without
 * data references is called with an empty object and its context.
 *
 * @example
 * ```ts
 * import { DynamicScheduler } from "@astrum/core";
 *
 * const scheduler = new DynamicScheduler(
 *   [
 *     ["extract", async () => ({ rows: 100 })],
 *     ["load", async ({ rows }: { rows: number }) => `${rows} rows`],
 *   ],
 *   [{ taskName: "extract" }, { taskName: "load", dependencies: [{ taskName: "extract" }] }],
 *   {
 *     taskDataRefs: {
 *       load: { inputs: [{ from: { task: "extract", key: "rows" }, to: { key: "rows" } }] },
 *     },
 *     taskRetries: { load: 2 },
 *   },
 * );
 *
 * const report = await scheduler.execute();
 * console.log(report.taskReturnSet.get("load")); // 100 rows
 * ```
 */
export class DynamicScheduler {
  readonly #callables: ReadonlyMap<string, TaskCallable>;
  readonly #orders: readonly TaskOrder[];
  readonly #options: SchedulerOptions;
  #plan: GraphPlan | undefined;
  #machine: Machine | undefined;
  #state: "none" | "planning" | "running" | "completed" | "failed" | "cancelled" = "none";
  /** How far down the plan everything is settled; only grows during a run. */
  #settledUpTo = 0;

  /** Throws `DefinitionError`, a `TypeError`, that lists all that is wrong with the tasks and the options. */
  constructor(
    tasks: readonly (readonly [taskId: string, run: TaskCallable])[],
    taskOrder: readonly TaskOrder[],
    options: SchedulerOptions = {},
  ) {
    const issues = new Issues();
    this.#callables = checkTasks(issues, tasks);
    this.#orders = checkOrders(issues, taskOrder);
    checkSchedulerOptions(issues, options);
    issues.throwAs(DefinitionError);
    this.#options = options;
  }

  /** What would run. Throws `PlanError` with every problem at once. */
  plan(): Plan {
    return this.#planned();
  }

  /** Runs the tasks. A failed task or a failed plan is a failed report: rejects only when its clock gives no numbers. */
  async execute(): Promise<ExecutionReport> {
    const options = this.#options;
    const from = anchor(options.clock);
    this.#state = "planning";
    this.#machine = undefined;
    this.#settledUpTo = 0;
    let planned: GraphPlan;
    try {
      planned = this.#planned();
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      this.#state = "failed";
      return failedPlanReport(
        this.#name,
        this.#orders,
        this.#callables.keys(),
        error,
        from,
        options,
      );
    }
    const { dispatch = "dependencies" } = options;
    const parameters = () => NO_PARAMETERS;
    const work = { plan: planned, options, anchor: from, dispatch, parameters };
    // Before the first tasks are called: they may look.
    this.#state = "running";
    const { execution, machine } = launch(work);
    return this.#follow(execution, machine);
  }

  async #follow(execution: Execution, machine: Machine): Promise<ExecutionReport> {
    this.#machine = machine;
    const report = await execution.report;
    if (this.#machine === machine) this.#state = report.executionState;
    return report;
  }

  get executionState(): "none" | "planning" | "running" | "completed" | "failed" | "cancelled" {
    return this.#state;
  }

  /**
   * The lowest stage with an unsettled task; the last one when all are settled, -1 before a run. With
   * `dispatch: "stages"` the stage that starts next, or the last one, or the one that a failure kept from starting.
   */
  get currentStage(): number {
    const machine = this.#machine;
    if (machine === undefined) return -1;
    if (machine instanceof StagedRun) return machine.stage;
    const { order, depth, graph, totalStages } = machine.plan;
    while (this.#settledUpTo < order.length) {
      const task = order[this.#settledUpTo] as number;
      if (!graph.tails.has(task) && !machine.ledger.isFinal(task)) return depth[task] as number;
      this.#settledUpTo++;
    }
    return totalStages - 1;
  }

  /**
   * What the current stage is doing; `undefined` before the first run, `pending` while planning. With
   * `dispatch: "stages"` also `pending` while what the stage waits for has not ended.
   */
  get stageStatus(): "pending" | "running" | "completed" | "failed" | "cancelled" | undefined {
    if (this.#state === "none") return undefined;
    if (this.#machine instanceof StagedRun) return this.#machine.stageStatus;
    return this.#state === "planning" ? "pending" : this.#state;
  }

  get #name(): string {
    return this.#options.name ?? "scheduler";
  }

  #planned(): GraphPlan {
    if (this.#plan !== undefined) return this.#plan;
    const issues = new Issues();
    const built = buildGraph(this.#name, this.#callables, this.#orders, this.#options, issues);
    checkNeeds(issues, built, this.#options);
    if (this.#options.dispatch === "stages") checkStaged(issues, built, this.#options);
    this.#plan = plan(built, undefined, issues);
    return this.#plan;
  }
}
