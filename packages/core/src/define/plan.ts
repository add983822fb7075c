/**
 * The plan: what will run, in stages. A stage is the depth of a task; it describes, it never delays. Everything is
 * O(V+E) and iterative, so that any depth is safe; what only people read is made when it is read.
 */
import { type Brand, brand } from "../ground/brand.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError, PlanError } from "../ground/errors.ts";
import { around } from "./around.ts";
import { reportCycle } from "./cycle.ts";
import type { Definition } from "./definition.ts";
import { explain } from "./explain.ts";
import { dependencyNames, type Graph } from "./graph.ts";
import { checkEstimates, criticalPath } from "./longest-path.ts";
import { nestedDepths } from "./nested-depth.ts";
import { rankTasks } from "./rank.ts";
import { restrict } from "./restrict.ts";
import { TraitTable } from "./traits.ts";

export interface PlannedStage {
  readonly stageId: number;
  /** The tasks of this depth, in declaration order. */
  readonly startTasks: readonly string[];
  /** What they depend on. Finally tasks wait for all others, too. */
  readonly waitForTasks: readonly string[];
  /** They, and the tasks of earlier stages that nobody has had to wait for yet. */
  readonly parallelTasks: readonly string[];
}

export interface PlannedTask {
  readonly name: string;
  readonly stageId: number;
  readonly dependencies: readonly string[];
  /** What it is inside of: the task that has its flow inside, of a planned subflow. */
  readonly parent?: string | undefined;
  /** Of a task with a flow inside of it, or one after another. */
  readonly role?: "subflow" | "loop" | undefined;
}

/** What will run, and in what order at most. Nothing has run. */
export interface Plan {
  readonly stages: readonly PlannedStage[];
  readonly tasks: readonly PlannedTask[];
  readonly totalTasks: number;
  readonly totalStages: number;
  /** The largest number of `parallelTasks` of a stage. */
  readonly maxParallelism: number;
  /** The longest path by `estimates` (milliseconds by task name; 0 when a name is missing), by default the one with the most tasks. */
  criticalPath(estimates?: Readonly<Record<string, number>> | undefined): string[];
  /**
   * The plan as text, for people. With `estimates`, milliseconds by task name, also what it would take on one slot, on two,
   * on four and so on, simulated as a run that is given these estimates.
   */
  explain(options?: { readonly estimates?: Estimates | undefined } | undefined): string;
}

type Estimates = Readonly<Record<string, number>>;

/** Says how long a plan would take, in lines for people. Given to plans by those who may run them. */
export type Forecast = (plan: GraphPlan, estimates: Estimates) => string[];

/** The one implementation of `Plan`. */
export class GraphPlan implements Plan {
  /** As people know it, where a tool prints it. */
  static readonly name: string = "Plan";
  readonly graph: Graph;
  /** The stage of each task. */
  readonly depth: Int32Array;
  /** The tasks by stage, in declaration order within each. */
  readonly order: Int32Array;
  /** Where each stage begins in `order`. */
  readonly stageStart: Int32Array;
  forecast: Forecast | undefined;
  #stages: readonly PlannedStage[] | undefined;
  #tasks: readonly PlannedTask[] | undefined;
  #parallel: Int32Array | undefined;
  #traits: TraitTable | undefined;
  #ranks: Int32Array | undefined;
  #freeing: Int32Array | undefined;

  constructor(graph: Graph, depth: Int32Array, stageStart: Int32Array, order: Int32Array) {
    this.graph = graph;
    this.depth = depth;
    this.stageStart = stageStart;
    this.order = order;
  }

  get totalTasks(): number {
    return this.graph.size;
  }

  get totalStages(): number {
    return this.stageStart.length - 1;
  }

  get maxParallelism(): number {
    return this.parallelCounts.reduce((most, count) => Math.max(most, count), 0);
  }

  /** For each stage the number of its `parallelTasks`: a task counts until the stage before that of its first dependent. */
  get parallelCounts(): Int32Array {
    if (this.#parallel !== undefined) return this.#parallel;
    const { totalStages } = this;
    const counts = new Int32Array(totalStages + 1);
    const gate = this.#gate;
    const { start, end } = this.graph.dependents;
    for (let task = 0; task < this.graph.size; task++) {
      const from = this.depth[task] as number;
      let until = this.#isAwaitedAtGate(task) ? gate : totalStages;
      const last = start[task + 1] as number;
      for (let edge = start[task] as number; edge < last; edge++) {
        until = Math.min(until, this.depth[end[edge] as number] as number);
      }
      counts[from] = (counts[from] as number) + 1;
      counts[until] = (counts[until] as number) - 1;
    }
    for (let stage = 1; stage <= totalStages; stage++) {
      counts[stage] = (counts[stage] as number) + (counts[stage - 1] as number);
    }
    this.#parallel = counts;
    return counts;
  }

  /** The stage before which all but finally tasks and tails are waited for; `totalStages` without any. */
  get #gate(): number {
    let gate = this.totalStages;
    for (const task of this.graph.finallyTasks) gate = Math.min(gate, this.depth[task] as number);
    return gate;
  }

  #isAwaitedAtGate(task: number): boolean {
    const { finallyTasks, tails } = this.graph;
    return finallyTasks.size > 0 && !finallyTasks.has(task) && !tails.has(task);
  }

  /** What a run is told of each task. */
  get traits(): TraitTable {
    this.#traits ??= new TraitTable(this.graph.definitions);
    return this.#traits;
  }

  /**
   * The place of each task in the order in which tasks go when capacity is short; kept, unless estimates decide it. `frees`:
   * outputs are let go, and those go first that let go of some.
   */
  ranks(estimates?: Readonly<Record<string, number>> | undefined, frees = false): Int32Array {
    if (estimates !== undefined) return rankTasks(this, estimates, frees);
    if (frees) {
      this.#freeing ??= rankTasks(this, undefined, true);
      return this.#freeing;
    }
    this.#ranks ??= rankTasks(this);
    return this.#ranks;
  }

  nameOf(task: number): string {
    return (this.graph.definitions[task] as Definition).name;
  }

  namesOf(tasks: ArrayLike<number>): string[] {
    const names: string[] = new Array(tasks.length);
    for (let at = 0; at < names.length; at++) names[at] = this.nameOf(tasks[at] as number);
    return names;
  }

  /** What the tasks of a stage depend on, each once, in the order in which they name it; nothing where there is no stage. */
  awaitedBy(stage: number): number[] {
    const { start, end } = this.graph.dependencies;
    const { order, stageStart } = this;
    const from = stageStart[stage] as number;
    const to = stageStart[stage + 1] as number;
    const only = from + 1 === to ? (order[from] as number) : -1;
    // As most stages of a long chain are: no set and no part of the order for each of them.
    if (only !== -1 && (start[only + 1] as number) - (start[only] as number) === 1) {
      return [end[start[only] as number] as number];
    }
    const awaited = new Set<number>();
    for (const task of order.subarray(from, to)) {
      const last = start[task + 1] as number;
      for (let edge = start[task] as number; edge < last; edge++) awaited.add(end[edge] as number);
    }
    return [...awaited];
  }

  get stages(): readonly PlannedStage[] {
    if (this.#stages !== undefined) return this.#stages;
    const stages: PlannedStage[] = new Array(this.totalStages);
    const isAwaited = new Uint8Array(this.graph.size);
    const gate = this.#gate;
    let parallel: number[] = [];
    for (let stageId = 0; stageId < stages.length; stageId++) {
      const starting = this.order.subarray(this.stageStart[stageId], this.stageStart[stageId + 1]);
      const awaited = this.awaitedBy(stageId);
      for (const task of awaited) isAwaited[task] = 1;
      parallel = parallel.filter(
        (task) => isAwaited[task] === 0 && (stageId < gate || !this.#isAwaitedAtGate(task)),
      );
      for (const task of starting) parallel.push(task);
      stages[stageId] = {
        stageId,
        startTasks: this.namesOf(starting),
        waitForTasks: this.namesOf(awaited),
        parallelTasks: this.namesOf(parallel),
      };
    }
    this.#stages = stages;
    return stages;
  }

  get tasks(): readonly PlannedTask[] {
    if (this.#tasks !== undefined) return this.#tasks;
    const { definitions, subflows } = this.graph;
    const innermost = around(this.graph);
    this.#tasks = Array.from(this.order, (task) => {
      const parent = subflows[innermost[task] as number]?.owner;
      const role = definitions[task]?.role;
      return {
        name: this.nameOf(task),
        stageId: this.depth[task] as number,
        dependencies: dependencyNames(this.graph, task),
        ...(parent === undefined ? {} : { parent: this.nameOf(parent) }),
        ...(role === undefined ? {} : { role }),
      };
    });
    return this.#tasks;
  }

  get "~astrum"(): Brand {
    return brand("plan");
  }

  criticalPath(estimates?: Readonly<Record<string, number>>): string[] {
    const issues = new Issues();
    checkEstimates(issues, estimates);
    issues.throwAs(DefinitionError);
    return this.namesOf(criticalPath(this, estimates));
  }

  explain(options?: { readonly estimates?: Estimates | undefined }): string {
    const issues = new Issues();
    issues.record([], options, ["estimates"]);
    checkEstimates(issues, options?.estimates);
    issues.throwAs(DefinitionError);
    const estimates = options?.estimates;
    const lines = explain(this, estimates);
    if (estimates === undefined || this.forecast === undefined) return lines;
    return [lines, ...this.forecast(this, estimates)].join("\n");
  }
}

/**
 * Plans a graph, or the part of it that `targets` needs. Issues found so far are thrown together with those found
 * here: cycles and unknown targets. Layers are Kahn's (1962): a task's stage is one more than that of its deepest
 * dependency.
 */
export function plan(
  whole: Graph,
  targets?: readonly string[],
  issues: Issues = new Issues(),
): GraphPlan {
  const graph = targets === undefined ? whole : restrict(whole, targets, issues);
  const { size } = graph;
  const missing = new Int32Array(size);
  const depth = new Int32Array(size);
  const queue = new Int32Array(size);
  let filled = 0;
  const needs = graph.dependencies.start;
  for (let task = 0; task < size; task++) {
    const count = (needs[task + 1] as number) - (needs[task] as number);
    missing[task] = count;
    if (count === 0) queue[filled++] = task;
  }
  const { start, end } = graph.dependents;
  let deepest = -1;
  for (let at = 0; at < filled; at++) {
    const task = queue[at] as number;
    const below = (depth[task] as number) + 1;
    if (below > deepest) deepest = below;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependent = end[edge] as number;
      if ((depth[dependent] as number) < below) depth[dependent] = below;
      const left = (missing[dependent] as number) - 1;
      missing[dependent] = left;
      if (left === 0) queue[filled++] = dependent;
    }
  }
  if (filled < size) reportCycle(issues, graph, missing);
  issues.throwAs(PlanError);
  if (graph.subflows.length > 0) deepest = nestedDepths(graph, depth);
  if (graph.finallyTasks.size > 0) deepest = behindAllOthers(graph, queue, depth);

  const totalStages = Math.max(deepest, 0);
  const stageStart = new Int32Array(totalStages + 1);
  for (let task = 0; task < size; task++) {
    const at = (depth[task] as number) + 1;
    stageStart[at] = (stageStart[at] as number) + 1;
  }
  for (let stage = 0; stage < totalStages; stage++) {
    stageStart[stage + 1] = (stageStart[stage + 1] as number) + (stageStart[stage] as number);
  }
  const free = stageStart.slice();
  const order = new Int32Array(size);
  for (let task = 0; task < size; task++) {
    const stage = depth[task] as number;
    order[free[stage] as number] = task;
    free[stage] = (free[stage] as number) + 1;
  }
  return new GraphPlan(graph, depth, stageStart, order);
}

/** Finally tasks start in the stage after the last one of all others. Returns how many stages there are then. */
function behindAllOthers(
  { finallyTasks, dependencies, subflows }: Graph,
  order: Int32Array,
  depth: Int32Array,
): number {
  // With all that is inside of them.
  const last = subflows.length === 0 ? finallyTasks : new Set(finallyTasks);
  for (const { owner, first } of subflows) {
    if (!finallyTasks.has(owner)) continue;
    for (let task = first; task < owner; task++) (last as Set<number>).add(task);
  }
  let others = 0;
  for (const task of order) {
    if (!last.has(task)) others = Math.max(others, (depth[task] as number) + 1);
  }
  let stages = others;
  const { start, end } = dependencies;
  for (const task of order) {
    if (!last.has(task)) continue;
    let own = others;
    for (const dependency of end.subarray(start[task], start[task + 1])) {
      own = Math.max(own, (depth[dependency] as number) + 1);
    }
    depth[task] = own;
    stages = Math.max(stages, own + 1);
  }
  return stages;
}
