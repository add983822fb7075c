/**
 * Door 1: a flow is named roots and all that they reach, checked once. It is immutable and runs any number of times,
 * also at once; outputs live in the run. Knows handles; how a graph is planned and run is others' affair.
 */

import { anchor } from "../contract/clock.ts";
import type { EventStream } from "../contract/event-stream.ts";
import { TaskHandle } from "../define/definition.ts";
import { FlowHandle } from "../define/flow-handle.ts";
import { checkGiven, givenAsConstants } from "../define/given-params.ts";
import type { Giving } from "../define/giving.ts";
import type { Graph } from "../define/graph.ts";
import { type GraphPlan, type Plan, plan } from "../define/plan.ts";
import { plainName, type Task, type ValueOf } from "../define/task.ts";
import { noSuchTask } from "../define/unknown-name.ts";
import type { Execution } from "../drive/execution.ts";
import { checkNeeds, checkRunOptions, type RunOptions } from "../drive/options.ts";
import { checkParameters } from "../drive/parameters.ts";
import { type Brand, brand, otherCopy } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import { DefinitionError, PlanError } from "../ground/errors.ts";
import { byDependencies } from "../machine/machine-for.ts";
import type { ExecutionReport } from "../report/execution-report.ts";
import { forecasting } from "../whatif/forecast.ts";
import { type FlowRun, flowRun } from "./flow-run.ts";
import { launch } from "./launch.ts";
import { reach } from "./reach.ts";
import { type ResumeInfo, type ResumeInfoOptions, resumeInfo } from "./resume-info.ts";
import { STUBS, type Stubbing } from "./stubs.ts";

const NONE: readonly [key: string, task: TaskHandle][] = [];

export type Roots = { readonly [name: string]: Task<unknown> };

export interface Flow<out O> extends Giving<O> {
  readonly name: string;
  /** Throws `PlanError`. */
  plan(options?: Pick<RunOptions, "targets">): Plan;
  /**
   * What a run with these options would restore of `resumeFrom`, and why it would call the rest: nothing is called but the
   * schemas of parameters. Parameters may be left out; then what reads them is not known to stand.
   *
   * Rejects with `DefinitionError` or `PlanError` as `run()` does.
   */
  resumeInfo(options: ResumeInfoOptions): Promise<ResumeInfo>;
  /** Resolves with a report even when tasks fail; rejects only for invalid options and `PlanError`. */
  run(options?: RunOptions): Promise<ExecutionReport<O>>;
  /**
   * Starts a run and hands it over at once: to cancel it, to look at it, to read its events. It costs what one observer
   * costs.
   */
  start(options?: RunOptions): FlowRun<O>;
  /**
   * The same flow with values for these of its parameters, by name: what a function returns must need no others. One that
   * is `undefined` is not given. Throws `DefinitionError` for a name that no task takes.
   */
  with(params: Readonly<Record<string, unknown>>): Flow<O>;
}

/**
 * Makes a flow of its roots and everything that they reach. `tails` are run too, and not waited for. `finally` tasks are
 * run when all others but tails have ended, whatever ended the run (a failure, its time limit, an abort), and before it
 * settles. What they read usually is `settled`, since it may not have completed.
 *
 * The run's signal and time limit do not reach finally tasks; their own time limits do, and so does a second `cancel()`.
 * One that fails makes a completed run a failed one, and stops no other.
 *
 * Throws `DefinitionError` when it is not given tasks, and `PlanError` with every problem of the graph: two tasks or two
 * parameters of one name, invalid options of tasks, a tail task with dependents, a finally task with one that is none.
 *
 * @example
 * ```ts
 * import { flow, task } from "@astrum/core";
 *
 * const build = task("build", async () => "build 7");
 * const publish = task("publish", { build }, ({ build }) => `published ${build}`);
 * const release = flow("release", { publish });
 *
 * console.log(release.plan().criticalPath()); // [ 'build', 'publish' ]
 * const done = await release.run({ concurrency: 4, timeoutMs: 60_000 });
 * console.log(done.executionState, done.unwrap().publish); // completed published build 7
 * ```
 */
export function flow<R extends Roots>(
  name: string,
  roots: R,
  options?: { readonly tails?: Roots | undefined; readonly finally?: Roots | undefined },
): Flow<{ readonly [K in keyof R]: ValueOf<R[K]> }> {
  const issues = new Issues();
  issues.name(["name"], name, "The name of a flow");
  const rootTasks = handles(issues, "roots", roots ?? null);
  const given = issues.record([], options, ["tails", "finally"]);
  const beside = {
    tails: given?.tails === undefined ? NONE : handles(issues, "tails", given.tails),
    finally: given?.finally === undefined ? NONE : handles(issues, "finally", given.finally),
  };
  issues.throwAs(DefinitionError);

  // Nothing was wrong with what was given: what is wrong now is the graph.
  const built = reach(name, rootTasks, beside, issues);
  issues.throwAs(PlanError);
  return new GraphFlow(name, built) as unknown as Flow<{ readonly [K in keyof R]: ValueOf<R[K]> }>;
}

function handles(issues: Issues, what: string, given: unknown): [key: string, task: TaskHandle][] {
  const unnamed = given instanceof TaskHandle ? [given] : given;
  if (Array.isArray(unnamed)) {
    const whose = what === "roots" ? "The tasks of a flow" : `The tasks in \`${what}\``;
    const message = `${whose} are an object: write { ${keysOf(unnamed)} }`;
    issues.add("invalid-task", message, [what]);
    return [];
  }
  const record = issues.record([what], given);
  const found: [string, TaskHandle][] = [];
  for (const key in record) {
    const task = record[key];
    if (task instanceof TaskHandle) found.push([key, task]);
    else {
      issues.add(
        "invalid-task",
        `\`${what}.${key}\` must be a task, made with task() or map(), got ${otherCopy(task, "task") ?? describe(task)}`,
        [what, key],
      );
    }
  }
  return found;
}

/** How tasks are written as the values of an object: a few of them. */
function keysOf(tasks: readonly unknown[]): string {
  const names = tasks.slice(0, 5).map((task) => {
    return task instanceof TaskHandle ? plainName(task.name) : undefined;
  });
  if (names.length === 0 || names.includes(undefined)) return "name: …";
  return [...names, ...(tasks.length > names.length ? ["…"] : [])].join(", ");
}

/** The one implementation of `Flow`. */
export class GraphFlow
  extends FlowHandle
  implements Omit<Flow<Record<string, unknown>>, keyof Giving<unknown>>
{
  /** As people know it, where a tool prints it. */
  static override readonly name: string = "Flow";
  override readonly name: string;
  override readonly graph: Graph;
  #whole: GraphPlan | undefined;

  constructor(name: string, graph: Graph) {
    super();
    this.name = name;
    this.graph = graph;
  }

  get "~astrum"(): Brand {
    return brand("flow");
  }

  plan(options?: Pick<RunOptions, "targets">): Plan {
    const issues = new Issues();
    const { targets } = checkRunOptions(issues, options);
    issues.throwAs(DefinitionError);
    return this.#plan(targets);
  }

  #plan(targets: readonly string[] | undefined): GraphPlan {
    if (targets !== undefined) return forecasting(plan(this.graph, targets));
    this.#whole ??= forecasting(plan(this.graph));
    return this.#whole;
  }

  #planned(options: RunOptions & { readonly [STUBS]?: Stubbing }): GraphPlan {
    return options[STUBS]?.(this.graph, options.targets) ?? this.#plan(options.targets);
  }

  with(params: Readonly<Record<string, unknown>>): Flow<Record<string, unknown>> {
    const issues = new Issues();
    const given = issues.record(["params"], params ?? null) ?? {};
    const values = new Map(Object.entries(given).filter(([, value]) => value !== undefined));
    checkGiven(issues, this.graph, values.keys(), ["params"]);
    issues.throwAs(DefinitionError);
    const made: unknown = new GraphFlow(this.name, givenAsConstants(this.graph, values));
    return made as Flow<Record<string, unknown>>;
  }

  resumeInfo(options: ResumeInfoOptions): Promise<ResumeInfo> {
    return resumeInfo(this.graph, (targets) => this.#plan(targets), options);
  }

  run(options?: RunOptions): Promise<ExecutionReport<Record<string, unknown>>> {
    try {
      return this.#launch(options).report;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  start(given?: RunOptions): FlowRun<Record<string, unknown>> {
    return flowRun(
      (stream) => {
        const execution = this.#launch(given, stream);
        return { report: execution.report, execution };
      },
      (error) => Promise.reject(error),
      (name) => {
        if (!this.graph.index.has(name)) throw noSuchTask(this.graph, name, "flow");
      },
    );
  }

  /** Throws what is wrong with the options, before anything runs. */
  #launch(given: RunOptions | undefined, stream?: EventStream): Execution {
    const issues = new Issues();
    const options = checkRunOptions(issues, given);
    issues.throwAs(DefinitionError);
    const from = anchor(options.clock);
    const planned = this.#planned(options);
    const { graph } = planned;
    checkNeeds(issues, graph, options, this.graph);
    issues.throwAs(PlanError);
    return launch({
      plan: planned,
      options,
      anchor: from,
      dispatch: "dependencies",
      machine: byDependencies,
      parameters: () => checkParameters(graph, options.params),
      stream,
    }).execution;
  }
}
