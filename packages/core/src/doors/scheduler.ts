/**
 * Door 2: the documented scheduler. Names and predeclared orders, for graphs that come from data. It turns them into the
 * same graph that door 1 builds; from there on there is one engine.
 */

import {
  AFTER,
  checkOptions,
  checkSchema,
  EdgeList,
  type Graph,
  graph,
  unknownNames,
  VALUE,
} from "../define/graph.ts";
import { type GraphPlan, type Plan, plan } from "../define/plan.ts";
import {
  type Definition,
  prepares,
  type RetryPolicy,
  type Schema,
  type Slot,
  type TaskOptions,
} from "../define/task.ts";
import { anchor, type Dispatch, type Execution } from "../drive/execute.ts";
import { checkNeeds, checkRunOptions, type RunOptions } from "../drive/options.ts";
import { didYouMean, Issues, isString, nearest } from "../ground/check.ts";
import { DefinitionError, describe, PlanError } from "../ground/errors.ts";
import type { Machine } from "../machine/attempts.ts";
import { StagedRun } from "../machine/run-stages.ts";
import type { ExecutionReport } from "../report/report.ts";
import { launch } from "./launch.ts";
import { failedPlanReport } from "./plan-failure.ts";

/** A task's place in the order: its name and what it waits for. */
export interface TaskOrder {
  readonly taskName: string;
  readonly dependencies?: readonly TaskOrder[];
}

/** Called with `(inputs, context)`, or with one argument for each input that goes to an index, and the context. */
export type TaskCallable = (...args: never[]) => unknown;

/** What a task is called with. */
export interface TaskData {
  readonly inputs: readonly DataItem[];
}

export interface DataItem {
  /** The output of a task or a part of it (an own `key`, or the `index` of an array), a value, or what a function gives. */
  readonly from:
    | { readonly task: string; readonly key?: string; readonly index?: number }
    | { readonly value: unknown }
    | { readonly compute: () => unknown };
  readonly to: { readonly key: string } | { readonly index: number };
  /** Checks, and may convert, the value. */
  readonly type?: Schema;
}

export interface SchedulerOptions extends Omit<RunOptions, "targets" | "params"> {
  /** Default "scheduler". */
  readonly name?: string;
  readonly taskDataRefs?: Readonly<Record<string, TaskData>>;
  readonly taskRetries?: Readonly<Record<string, number | RetryPolicy>>;
  readonly taskOptions?: Readonly<Record<string, Omit<TaskOptions, "retry">>>;
  /** Tasks that are started and not waited for. */
  readonly ignoreTailTasks?: readonly string[];
  /**
   * `stages`: the documented algorithm, in which a stage starts when all that it waits for has ended, and a failure is
   * noticed when its task is awaited. It takes no resources, priorities, estimates or `failure` other than `stop`.
   * Default `dependencies`.
   */
  readonly dispatch?: Dispatch;
}

const SCHEDULER_KEYS = [
  "name",
  "taskDataRefs",
  "taskRetries",
  "taskOptions",
  "ignoreTailTasks",
  "dispatch",
] as const satisfies readonly (keyof SchedulerOptions)[];

/** The last argument that an input can go to: arguments before it that get none are `undefined`, and are made. */
const MAX_ARGUMENT = 1000;

/** Plans and runs tasks that are given by name, in a predeclared order. Runs any number of times, also at once. */
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
    if (issues.list.length > 0) throw new DefinitionError(issues.list);
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
    const work = { plan: planned, options, anchor: from, dispatch, params: new Map() };
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

// ---- what the constructor refuses ------------------------------------------------------------------------------------

function checkTasks(issues: Issues, tasks: unknown): Map<string, TaskCallable> {
  const callables = new Map<string, TaskCallable>();
  if (!Array.isArray(tasks)) {
    issues.expected(["tasks"], "an array of [name, function] pairs", tasks);
    return callables;
  }
  for (let at = 0; at < tasks.length; at++) {
    const pair: unknown = tasks[at];
    const path = ["tasks", String(at)];
    if (!Array.isArray(pair) || pair.length !== 2) {
      const got = at in tasks ? describe(pair) : "a hole";
      issues.add(
        "invalid-task",
        `\`tasks[${at}]\` must be a [name, function] pair, got ${got}`,
        path,
      );
      continue;
    }
    const [name, run] = pair as [unknown, unknown];
    if (!issues.name(path, name, `The name in \`tasks[${at}]\``)) continue;
    if (typeof run !== "function") {
      issues.add(
        "not-a-function",
        describe(run) === "a promise"
          ? `Task "${name}" is a promise: pass the function, do not call it`
          : `Task "${name}" needs a function, got ${describe(run)}`,
        path,
      );
    }
    if (callables.has(name)) {
      issues.add(
        "duplicate-name",
        `Two tasks are named "${name}": names identify tasks, give each its own`,
        path,
      );
    }
    callables.set(name, run as TaskCallable);
  }
  return callables;
}

function checkOrders(issues: Issues, orders: unknown): readonly TaskOrder[] {
  if (!Array.isArray(orders)) {
    issues.expected(["taskOrder"], "an array of { taskName, dependencies }", orders);
    return [];
  }
  for (let at = 0; at < orders.length; at++) {
    const order = issues.record([`taskOrder[${at}]`], orders[at] ?? null);
    if (order === undefined) continue;
    issues.name(["taskOrder", String(at)], order.taskName, `\`taskOrder[${at}].taskName\``);
    const { dependencies } = order;
    if (dependencies === undefined) continue;
    if (!Array.isArray(dependencies)) {
      issues.expected([`taskOrder[${at}].dependencies`], "an array of task orders", dependencies);
      continue;
    }
    for (let nth = 0; nth < dependencies.length; nth++) {
      const where = `taskOrder[${at}].dependencies[${nth}]`;
      const dependency = issues.record([where], (dependencies[nth] as unknown) ?? null);
      if (dependency !== undefined)
        issues.name([where], dependency.taskName, `\`${where}.taskName\``);
    }
  }
  return orders;
}

function checkSchedulerOptions(issues: Issues, given: unknown): void {
  // A scheduler runs all of its tasks, and takes its values through `taskDataRefs`.
  const options = checkRunOptions(issues, given, SCHEDULER_KEYS) as SchedulerOptions & RunOptions;
  for (const key of ["targets", "params"] as const) {
    if (options[key] !== undefined) {
      issues.add("unknown-option", `Unknown option \`${key}\`: a scheduler has none`, [key]);
    }
  }
  if (options.name !== undefined) issues.name(["name"], options.name, "`name`");
  issues.oneOf(["dispatch"], options.dispatch, ["dependencies", "stages"]);
  issues.array(["ignoreTailTasks"], options.ignoreTailTasks, "task names", isString);
  const retries = issues.record(["taskRetries"], options.taskRetries);
  for (const name in retries) {
    checkOptions(issues, { name, kind: "task", options: { retry: retries[name] as number } });
  }
  const taskOptions = issues.record(["taskOptions"], options.taskOptions);
  for (const name in taskOptions) {
    const one = issues.record(["taskOptions", name], taskOptions[name]);
    if (one === undefined) continue;
    if ("retry" in one) {
      issues.add("unknown-option", `Retries of task "${name}" go into \`taskRetries\``, [
        "taskOptions",
        name,
        "retry",
      ]);
    }
    const { retry: _, ...rest } = one;
    checkOptions(issues, { name, kind: "task", options: rest });
  }
  const refs = issues.record(["taskDataRefs"], options.taskDataRefs);
  for (const name in refs) checkTaskData(issues, ["taskDataRefs", name], refs[name]);
}

function checkTaskData(issues: Issues, path: readonly string[], given: unknown): void {
  const data = issues.record(path, given, ["inputs"]);
  if (data === undefined) return;
  if (!Array.isArray(data.inputs)) {
    issues.expected([...path, "inputs"], "an array of { from, to }", data.inputs);
    return;
  }
  // `Array.from` shows the holes.
  Array.from(data.inputs).forEach((item: unknown, at) => {
    const where = [...path, `inputs[${at}]`];
    const record = issues.record(where, item ?? null, ["from", "to", "type"]);
    if (record === undefined) return;
    const from = issues.record([...where, "from"], record.from ?? null);
    const to = issues.record([...where, "to"], record.to ?? null);
    if (from !== undefined) checkFrom(issues, [...where, "from"], from);
    if (to !== undefined) checkTo(issues, [...where, "to"], to);
    checkSchema(issues, [...where, "type"], record.type);
  });
}

function checkFrom(
  issues: Issues,
  path: readonly string[],
  from: Readonly<Record<string, unknown>>,
): void {
  const ways = ["task", "value", "compute"].filter((way) => way in from);
  const [way] = ways;
  if (ways.length !== 1) {
    issues.expected(path, "one of { task }, { value } and { compute }", from);
  } else if (way === "task") {
    issues.record(path, from, ["task", "key", "index"]);
    issues.name([...path, "task"], from.task, `\`${path.join(".")}.task\``);
    if (from.key !== undefined && from.index !== undefined) {
      issues.expected(path, "a key or an index, not both", from);
    }
    if (from.key !== undefined && typeof from.key !== "string") {
      issues.expected([...path, "key"], "a string", from.key);
    }
    issues.integer([...path, "index"], from.index, 0);
  } else {
    issues.record(path, from, [way as string]);
    if (way === "compute" && typeof from.compute !== "function") {
      issues.expected([...path, "compute"], "a function", from.compute);
    }
  }
}

function checkTo(
  issues: Issues,
  path: readonly string[],
  to: Readonly<Record<string, unknown>>,
): void {
  issues.record(path, to, ["key", "index"]);
  if ("key" in to === "index" in to) issues.expected(path, "{ key } or { index }", to);
  if ("key" in to && typeof to.key !== "string")
    issues.expected([...path, "key"], "a string", to.key);
  if ("index" in to) {
    issues.integer([...path, "index"], to.index ?? Number.NaN, 0, MAX_ARGUMENT);
  }
}

// ---- what the plan refuses -------------------------------------------------------------------------------------------

function buildGraph(
  name: string,
  callables: ReadonlyMap<string, TaskCallable>,
  orders: readonly TaskOrder[],
  options: SchedulerOptions,
  issues: Issues,
): Graph {
  const index = new Map(orders.map(({ taskName }, at) => [taskName, at]));
  unknownNames(
    issues,
    index.keys(),
    callables,
    "missing-callable",
    (task) => `Task "${task}" has an order but no function`,
    ["taskOrder"],
  );
  unknownNames(
    issues,
    callables.keys(),
    index,
    "missing-order",
    (task) => `Task "${task}" has a function but no order: it would never run`,
    ["tasks"],
  );
  const { taskDataRefs = {}, taskRetries = {}, taskOptions = {}, ignoreTailTasks = [] } = options;
  for (const [option, keys] of [
    ["taskDataRefs", Object.keys(taskDataRefs)],
    ["taskRetries", Object.keys(taskRetries)],
    ["taskOptions", Object.keys(taskOptions)],
    ["ignoreTailTasks", ignoreTailTasks],
  ] as const) {
    unknownNames(
      issues,
      keys,
      index,
      "unknown-task",
      (task) => `\`${option}\` names "${task}", which is no task`,
      [option],
    );
  }
  checkConflicts(issues, orders, index);

  const given = Object.values(taskDataRefs).reduce((sum, { inputs }) => sum + inputs.length, 0);
  const ordered = orders.reduce((sum, { dependencies = [] }) => sum + dependencies.length, 0);
  const list = new EdgeList(orders.length, given + ordered);
  const definitions = orders.map((order): Definition => {
    const { taskName } = order;
    const inputs = own(taskDataRefs, taskName)?.inputs ?? [];
    const slots = slotsOf(order, inputs);
    const kept = slots.filter((slot) => {
      if (slot.task === undefined) return true;
      const dependency = index.get(slot.task as string);
      if (dependency === undefined) {
        const guess = nearest(slot.task as string, index.keys());
        issues.add(
          "unknown-dependency",
          `Task "${taskName}" depends on "${slot.task}", which is not defined.${didYouMean(guess)}`,
          ["taskOrder", taskName],
          guess,
        );
        return false;
      }
      list.add(dependency, slot.kind === "after" ? AFTER : VALUE);
      return true;
    });
    list.closeRow();
    const indexed = inputs.filter(({ to }) => "index" in to).length;
    if (indexed > 0 && indexed < inputs.length) {
      issues.add(
        "mixed-inputs",
        `Inputs of task "${taskName}" go to keys and to indices: a function is called with one object or with arguments, choose one`,
        ["taskDataRefs", taskName],
      );
    }
    checkTargets(issues, taskName, inputs);
    const retry = own(taskRetries, taskName);
    const chosen = own(taskOptions, taskName);
    const definition = {
      name: taskName,
      kind: "task",
      slots: kept,
      call: indexed > 0 ? "positional" : "inputs",
      run: callables.get(taskName) ?? ((): void => {}),
      options: retry === undefined ? chosen : { ...chosen, retry },
    } as const;
    return { ...definition, prepares: prepares(definition) };
  });
  const tails = new Set<number>();
  for (const tail of ignoreTailTasks) {
    const at = index.get(tail);
    if (at !== undefined) tails.add(at);
  }
  return graph(name, definitions, list, tails, undefined, issues);
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Its dependencies in the order of their declaration, each with the inputs taken from it; then all other inputs. */
function slotsOf(order: TaskOrder, inputs: readonly DataItem[]): Slot[] {
  const slots: Slot[] = [];
  const placed = new Set<DataItem>();
  const seen = new Set<string>();
  for (const { taskName: dependency } of order.dependencies ?? []) {
    if (seen.has(dependency)) continue;
    seen.add(dependency);
    const taken = inputs.filter(({ from }) => "task" in from && from.task === dependency);
    for (const input of taken) {
      slots.push(slotOf(input));
      placed.add(input);
    }
    if (taken.length === 0) slots.push({ to: dependency, kind: "after", task: dependency });
  }
  for (const input of inputs) if (!placed.has(input)) slots.push(slotOf(input));
  return slots;
}

function slotOf({ from, to, type: schema }: DataItem): Slot {
  const target = "key" in to ? to.key : to.index;
  if ("value" in from) return { to: target, kind: "constant", constant: from.value, schema };
  if ("compute" in from) return { to: target, kind: "compute", compute: from.compute, schema };
  const at = from.key ?? from.index;
  const select = at === undefined ? undefined : ({ how: "locator", at } as const);
  return { to: target, kind: "value", task: from.task, select, schema };
}

function checkTargets(issues: Issues, taskName: string, inputs: readonly DataItem[]): void {
  const seen = new Set<string | number>();
  for (const { to } of inputs) {
    const target = "key" in to ? to.key : to.index;
    if (seen.has(target)) {
      const what = typeof target === "number" ? `index ${target}` : `key "${target}"`;
      issues.add("duplicate-input", `Two inputs of task "${taskName}" go to ${what}`, [
        "taskDataRefs",
        taskName,
      ]);
    }
    seen.add(target);
  }
}

/** A dependency that is written out must say the same as the order of that name; one without dependencies is a reference. */
function checkConflicts(
  issues: Issues,
  orders: readonly TaskOrder[],
  index: ReadonlyMap<string, number>,
): void {
  const told = new Set<string>();
  const names = ({ dependencies = [] }: TaskOrder): string =>
    JSON.stringify(dependencies.map(({ taskName }) => taskName).sort());
  for (const order of orders) {
    for (const dependency of order.dependencies ?? []) {
      const { taskName } = dependency;
      const listed = orders[index.get(taskName) ?? -1];
      if (listed === undefined || listed === dependency || dependency.dependencies === undefined)
        continue;
      if (told.has(taskName) || names(listed) === names(dependency)) continue;
      told.add(taskName);
      issues.add(
        "conflicting-orders",
        `Task "${taskName}" has two orders with different dependencies, one of them in the dependencies of "${order.taskName}": keep one`,
        ["taskOrder", taskName],
      );
    }
  }
}

/**
 * The documented algorithm is first come, first served, and stops at the first failure that it notices: what orders or
 * weighs tasks, or lets others run on, has no place in it.
 */
function checkStaged(
  issues: Issues,
  { definitions }: Graph,
  { resources, estimates, failure = "stop" }: SchedulerOptions,
): void {
  const refuse = (what: string, path: readonly string[]): void =>
    issues.add(
      "not-with-stages",
      `${what} cannot be used with \`dispatch: "stages"\`: leave it out, or dispatch by dependencies`,
      path,
    );
  if (resources !== undefined) refuse("`resources`", ["resources"]);
  if (estimates !== undefined) refuse("`estimates`", ["estimates"]);
  if (failure !== "stop") {
    refuse(
      typeof failure === "string" ? `\`failure: "${failure}"\`` : "`failure: { maxFailures }`",
      ["failure"],
    );
  }
  for (const { name, options } of definitions) {
    if (options?.priority !== undefined)
      refuse(`The priority of task "${name}"`, ["taskOptions", name, "priority"]);
    if (options?.resources !== undefined)
      refuse(`\`resources\` of task "${name}"`, ["taskOptions", name, "resources"]);
  }
}
