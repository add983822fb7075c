/**
 * Door 2: the documented scheduler. Names and predeclared orders, for graphs that come from data. It turns them into the
 * same graph that door 1 builds; from there on there is one engine.
 */
import { type Anchor, anchor } from "../contract/clock.ts";
import type { EventStream } from "../contract/event-stream.ts";
import type { Graph } from "../define/graph.ts";
import { type GraphPlan, type Plan, plan } from "../define/plan.ts";
import { noSuchTask } from "../define/unknown-name.ts";
import type { Execution } from "../drive/execution.ts";
import { checkNeeds } from "../drive/options.ts";
import { NO_PARAMETERS } from "../drive/parameters.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError, PlanError } from "../ground/errors.ts";
import type { Machine } from "../machine/machine.ts";
import { machineFor } from "../machine/machine-for.ts";
import { StagedRun } from "../machine/run-stages.ts";
import type { ExecutionReport } from "../report/execution-report.ts";
import { forecasting } from "../whatif/forecast.ts";
import { buildGraph } from "./assemble.ts";
import { type Callables, checkTasks } from "./callables.ts";
import { type FlowRun, flowRun } from "./flow-run.ts";
import { launch } from "./launch.ts";
import { checkStaged } from "./not-with-stages.ts";
import { failedPlanReport } from "./plan-failure.ts";
import {
  checkExecuteOptions,
  checkOrders,
  checkSchedulerOptions,
  type ExecuteOptions,
  type SchedulerOptions,
  type TaskCallable,
  type TaskOrder,
} from "./records.ts";
import { recordsOf, type WrittenOptions, type WrittenTasks } from "./written.ts";

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
 *   [{ taskName: "extract" }, { taskName: "load", dependencies: ["extract"] }],
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
  readonly #callables: Callables;
  readonly #orders: readonly TaskOrder[];
  readonly #options: SchedulerOptions;
  #graph: Graph | undefined;
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

  /**
   * A scheduler of tasks that are written down each in one place: its function, its dependencies, its options. For graphs
   * from a file, whose entries are given their functions.
   *
   * Throws `DefinitionError` with all that is wrong; an unknown dependency is a plan error, as ever.
   *
   * @example
   * ```ts
   * import { DynamicScheduler } from "@astrum/core";
   *
   * const file = { clean: {}, build: { dependencies: ["clean"], retry: 1 } };
   * const scheduler = DynamicScheduler.from(
   *   Object.fromEntries(
   *     Object.entries(file).map(([name, task]) => [name, { ...task, run: () => `${name} done` }]),
   *   ),
   * );
   *
   * const report = await scheduler.execute({ targets: ["build"] });
   * console.log(report.unwrap().build); // build done
   * ```
   */
  static from<
    Runs extends Readonly<Record<string, unknown>> = Record<never, never>,
    Schemas = Record<never, never>,
    Lists = Record<never, never>,
  >(tasks: WrittenTasks<Runs, Schemas, Lists>, options: WrittenOptions = {}): DynamicScheduler {
    const issues = new Issues();
    const records = recordsOf(issues, tasks, options);
    let made: DynamicScheduler;
    try {
      made = new DynamicScheduler(records.tasks, records.orders, records.options);
    } catch (error) {
      if (!(error instanceof DefinitionError)) throw error;
      throw new DefinitionError([...issues.list, ...error.issues]);
    }
    issues.throwAs(DefinitionError);
    return made;
  }

  /** What would run. Throws `PlanError` with every problem at once. */
  plan(): Plan {
    return forecasting(this.#planned());
  }

  /**
   * Runs the tasks, or those that the `targets` need. What is said here goes before what the constructor was told. A failed
   * task or a failed plan is a failed report: rejects only for invalid options, and when its clock gives no numbers.
   */
  async execute(options?: ExecuteOptions): Promise<ExecutionReport> {
    const run = this.#prepare(options);
    try {
      return await this.#launch(run).report;
    } catch (error) {
      return this.#failed(run, error);
    }
  }

  /**
   * Starts a run, as `execute()` does, and hands it over at once: to cancel it, to look at it, to read its events. It costs
   * what one observer costs.
   */
  start(options?: ExecuteOptions): FlowRun<Record<string, unknown>> {
    let run: Prepared | undefined;
    return flowRun(
      (stream) => {
        run = this.#prepare(options);
        return this.#launch(run, stream);
      },
      (error) => (run === undefined ? Promise.reject(error) : this.#failed(run, error)),
      (name) => {
        const { index } = this.#callables;
        if (!index.has(name)) throw noSuchTask({ index }, name, "scheduler");
      },
    );
  }

  /** Throws what is wrong with the options of this run, before anything else. */
  #prepare(given: ExecuteOptions | undefined): Prepared {
    const issues = new Issues();
    checkExecuteOptions(issues, given);
    issues.throwAs(DefinitionError);
    const options: Prepared["options"] = { ...this.#options };
    // Symbols too: a recording is asked for under one.
    for (const key of Reflect.ownKeys(given ?? {}) as (keyof ExecuteOptions)[]) {
      if (given?.[key] !== undefined) Object.assign(options, { [key]: given[key] });
    }
    return { options, anchor: anchor(options.clock) };
  }

  #launch(
    { options, anchor }: Prepared,
    stream?: EventStream,
  ): { report: Promise<ExecutionReport>; execution: Execution } {
    this.#state = "planning";
    this.#machine = undefined;
    this.#settledUpTo = 0;
    const planned = this.#planned(options);
    const { dispatch = "dependencies" } = options;
    const parameters = () => NO_PARAMETERS;
    // Before the first tasks are called: they may look.
    this.#state = "running";
    const work = {
      plan: planned,
      options,
      anchor,
      dispatch,
      machine: machineFor,
      parameters,
      stream,
    };
    const { execution, machine } = launch(work);
    return { report: this.#follow(execution, machine), execution };
  }

  async #follow(execution: Execution, machine: Machine): Promise<ExecutionReport> {
    this.#machine = machine;
    const report = await execution.report;
    if (this.#machine === machine) this.#state = report.executionState;
    return report;
  }

  /** The report of a plan that failed. */
  async #failed({ options, anchor }: Prepared, error: unknown): Promise<ExecutionReport> {
    if (!(error instanceof PlanError)) throw error;
    this.#state = "failed";
    const { names } = this.#callables;
    return failedPlanReport(this.#name, this.#orders, names, error, anchor, options);
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

  /** The plan of a run, or what is wrong with it, all at once. That of all tasks is one for all runs. */
  #planned(options: Prepared["options"] = this.#options): GraphPlan {
    const { targets } = options;
    const issues = new Issues();
    const built = this.#built(issues);
    let planned: GraphPlan;
    if (targets === undefined) {
      this.#checkRun(issues, built, options);
      this.#plan ??= plan(built, undefined, issues);
      planned = this.#plan;
    } else {
      planned = plan(built, targets, issues);
      this.#checkRun(issues, planned.graph, options);
    }
    issues.throwAs(PlanError);
    return planned;
  }

  #built(issues: Issues): Graph {
    if (this.#graph !== undefined) return this.#graph;
    const built = buildGraph(this.#name, this.#callables, this.#orders, this.#options, issues);
    if (issues.list.length === 0) this.#graph = built;
    return built;
  }

  #checkRun(issues: Issues, graph: Graph, options: Prepared["options"]): void {
    checkNeeds(issues, graph, options);
    if (options.dispatch === "stages") checkStaged(issues, graph, options);
  }
}

/** One run: its options, and the instant from which it counts. */
interface Prepared {
  readonly options: SchedulerOptions & ExecuteOptions;
  readonly anchor: Anchor;
}
