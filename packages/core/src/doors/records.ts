/**
 * The records of door 2, as they come from data: tasks by name, their order, what each is called with, and the options.
 * Checks their shape, in the constructor; what they mean together is checked where the graph is made of them.
 */

import { checkSchema, type Schema } from "../define/schema.ts";
import type { TaskContext } from "../define/task-context.ts";
import {
  checkOptions,
  type ReleaseContext,
  type RetryPolicy,
  type TaskOptions,
} from "../define/task-options.ts";
import { checkRunOptions, type RunOptions } from "../drive/options.ts";
import { type Issues, isString } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import type { Dispatch } from "../machine/machine.ts";
import { areSoundOrders, isSoundData } from "./sound.ts";

/**
 * What the end of a dependency means for a task that can go on without its success. `optional`: it runs, and takes
 * `undefined` where there is no output; `settled`: it runs, and takes the `Outcome`.
 */
export type Edges = Readonly<Record<string, "optional" | "settled">>;

/**
 * A task's place in the order: its name and what it waits for. A dependency is the name of a task, the order of that task,
 * or a reference to it, `{ taskName }` alone.
 */
export interface TaskOrder {
  /** Unique among the tasks of the scheduler. */
  readonly taskName: string;
  /** The tasks that it waits for. */
  readonly dependencies?: readonly (TaskOrder | string)[] | undefined;
  /** By the name of a dependency: how it is waited for, where that is not its success. */
  readonly edges?: Edges | undefined;
  /** What other tools call `dependencies`: never here, so that the compiler sees it in mapped data as well. */
  readonly deps?: never;
  /** As `deps`. */
  readonly dependsOn?: never;
  /** As `deps`. */
  readonly needs?: never;
}

/**
 * Called with `(inputs, context)`, or with one argument for each input that goes to an index, and the context. It declares
 * what it takes: its parameters may be narrower than these.
 */
export type TaskCallable =
  // Any function. It has no signature, so that one that declares nothing has its types from the other.
  | CallableFunction
  // As a method, whose parameters may be narrower.
  | { call(inputs: unknown, context: TaskContext): unknown }["call"];

/** The name of what an order waits for, however that is written. */
export function nameOfOrder(dependency: TaskOrder | string): string {
  return typeof dependency === "string" ? dependency : dependency.taskName;
}

/** What a task is called with. */
export interface TaskData {
  readonly inputs: readonly DataItem[];
}

export interface DataItem {
  /** The output of a task or a part of it (an own `key`, or the `index` of an array), a value, or what a function gives. */
  readonly from:
    | {
        readonly task: string;
        readonly key?: string | undefined;
        readonly index?: number | undefined;
      }
    | { readonly value: unknown }
    | { readonly compute: () => unknown };
  /** The name of the input, or its place among the arguments. */
  readonly to: { readonly key: string } | { readonly index: number };
  /** Checks, and may convert, the value. */
  readonly type?: Schema | undefined;
}

/**
 * The options of a task that is known by its name: nobody knows what its functions are asked with, so that they declare it,
 * and their parameters may be narrower than these.
 */
export interface WrittenOptionsOfTask
  extends Omit<TaskOptions<unknown, Schema | undefined, unknown>, "when" | "resources"> {
  /** As `when` of `task()`: asked with the inputs. */
  readonly when?:
    | { call(inputs: unknown): ReturnType<NonNullable<TaskOptions["when"]>> }["call"]
    | undefined;
  /** As `resources` of `task()`: a function is asked with the inputs, that of a map with an item and its index. */
  readonly resources?:
    | Readonly<Record<string, number | { call(of: unknown, index: number): number }["call"]>>
    | undefined;
}

/** Of a task whose value lives until the last task that reads it has ended. Not with `dispatch: "stages"`. */
export interface WrittenLiving<T = unknown> {
  /** Lets go of the value, as `release` of `task()`; its parameters may be narrower than these. */
  readonly release?: { call(value: T, context: ReleaseContext): unknown }["call"] | undefined;
  /** Settles when the value has gone by itself, as `lost` of `task()`. */
  readonly lost?: { call(value: T): PromiseLike<unknown> }["call"] | undefined;
}

/** That a task is a map: its function is called as `(item, index, context)`, or with its inputs before the context. */
export interface MapData {
  /** The list. */
  readonly over: DataItem["from"];
  /** Items that run at once. Default: no limit but the run's. */
  readonly concurrency?: number | undefined;
  /** What each item is called, as `key` of `map()`. */
  readonly key?: { call(item: unknown, index: number): string }["call"] | undefined;
  /** Whether items fail alone, as `items` of `map()`. Default `all`. */
  readonly items?: "all" | "settled" | undefined;
}

export interface SchedulerOptions extends Omit<RunOptions, "targets" | "params"> {
  /** Default "scheduler". */
  readonly name?: string | undefined;
  /** By the name of a task: what it is called with. */
  readonly taskDataRefs?: Readonly<Record<string, TaskData>> | undefined;
  /** By the name of a task: how often a failed attempt is made again, and after how long. */
  readonly taskRetries?: Readonly<Record<string, number | RetryPolicy>> | undefined;
  /** By the name of a task: its other options, as `task()` takes them. */
  readonly taskOptions?:
    | Readonly<Record<string, Omit<WrittenOptionsOfTask, "retry"> & WrittenLiving>>
    | undefined;
  /** Tasks that call their function once for each item of a list, and give the results in order. */
  readonly maps?: Readonly<Record<string, MapData>> | undefined;
  /**
   * A task without data references is called with the outputs of its dependencies, by name, in the place of an empty
   * object. Default `false`.
   */
  readonly passOutputs?: boolean | undefined;
  /** Tasks that are started and not waited for. */
  readonly ignoreTailTasks?: readonly string[] | undefined;
  /**
   * Tasks that start when all others but tail tasks have ended, whatever ended the run, and before it settles. Only
   * another of them may depend on one. Not with `dispatch: "stages"`.
   */
  readonly finallyTasks?: readonly string[] | undefined;
  /**
   * `stages`: the documented algorithm, in which a stage starts when all that it waits for has ended, and a failure is
   * noticed when its task is awaited. It takes no resources, priorities, estimates, finally tasks or `failure` other than
   * `stop`.
   * Default `dependencies`.
   */
  readonly dispatch?: Dispatch | undefined;
}

/** What is said of one run; what the constructor was told holds where nothing is said. */
export type ExecuteOptions = Omit<RunOptions, "params">;

const ORDER_KEYS = ["taskName", "dependencies", "edges"];

const SCHEDULER_KEYS = [
  "name",
  "taskDataRefs",
  "taskRetries",
  "taskOptions",
  "maps",
  "passOutputs",
  "ignoreTailTasks",
  "finallyTasks",
  "dispatch",
] as const satisfies readonly (keyof SchedulerOptions)[];

/** The last argument that an input can go to: arguments before it that get none are `undefined`, and are made. */
const MAX_ARGUMENT = 1000;

/**
 * Checks every order, those in dependencies of dependencies too. One that is met again is not looked at again: graphs
 * are written with shared orders, and some are as deep as they are long.
 */
export function checkOrders(issues: Issues, orders: unknown): readonly TaskOrder[] {
  if (!Array.isArray(orders)) {
    issues.expected(["taskOrder"], "an array of { taskName, dependencies }", orders);
    return [];
  }
  if (areSoundOrders(orders)) return orders;
  const pending: { readonly order: unknown; readonly place: string }[] = [];
  const seen = new Set<unknown>();
  const meet = (list: readonly unknown[], where: string): void => {
    for (let nth = 0; nth < list.length; nth++) {
      const order = list[nth];
      if (where !== "taskOrder" && typeof order === "string") {
        issues.name([`${where}[${nth}]`], order, `\`${where}[${nth}]\``);
        continue;
      }
      if (seen.has(order)) continue;
      if (typeof order === "object" && order !== null) seen.add(order);
      pending.push({ order, place: `${where}[${nth}]` });
    }
  };
  meet(orders, "taskOrder");
  for (let at = 0; at < pending.length; at++) {
    const { order, place } = pending[at] as (typeof pending)[number];
    meet(checkOrder(issues, order, place), `${place}.dependencies`);
  }
  return orders;
}

/** Checks one order by itself; gives what it lists as its dependencies. */
function checkOrder(issues: Issues, given: unknown, place: string): readonly unknown[] {
  const order = issues.record([place], given ?? null);
  if (order === undefined) return [];
  const { taskName, dependencies = [] } = order;
  const whose = typeof taskName === "string" ? `, the order of task ${describe(taskName)}` : "";
  issues.keys([place], order, ORDER_KEYS, ` of \`${place}\`${whose}`);
  issues.name([place], taskName, `\`${place}.taskName\``);
  checkEdges(issues, [`${place}.edges`], order.edges);
  if (order.edges !== undefined && place.includes(".dependencies[")) {
    const message = `\`${place}.edges\`, in the dependencies of another task, are not looked at: write them in the order of the task itself`;
    issues.add("misplaced-edges", message, [place, "edges"]);
  }
  if (Array.isArray(dependencies)) return dependencies;
  issues.expected([`${place}.dependencies`], "an array of names or task orders", dependencies);
  return [];
}

export function checkEdges(issues: Issues, path: readonly string[], given: unknown): void {
  const edges = issues.record(path, given);
  for (const name in edges) {
    issues.oneOf([...path, name], edges[name] ?? null, ["optional", "settled"]);
  }
}

export function checkExecuteOptions(issues: Issues, given: unknown): void {
  const { params } = checkRunOptions(issues, given);
  if (params !== undefined) refuseParams(issues);
}

/** A scheduler takes its values through `taskDataRefs`. */
function refuseParams(issues: Issues): void {
  issues.add("unknown-option", "Unknown option `params`: a scheduler has none", ["params"]);
}

export function checkSchedulerOptions(issues: Issues, given: unknown): void {
  const options = checkRunOptions(issues, given, SCHEDULER_KEYS) as SchedulerOptions & RunOptions;
  if (options.targets !== undefined) {
    const message = "Unknown option `targets`: give them to `execute()`";
    issues.add("unknown-option", message, ["targets"]);
  }
  if (options.params !== undefined) refuseParams(issues);
  if (options.name !== undefined) issues.name(["name"], options.name, "`name`");
  if (![undefined, true, false].includes(options.passOutputs)) {
    issues.expected(["passOutputs"], "true or false", options.passOutputs);
  }
  issues.oneOf(["dispatch"], options.dispatch, ["dependencies", "stages"]);
  issues.array(["ignoreTailTasks"], options.ignoreTailTasks, "task names", isString);
  issues.array(["finallyTasks"], options.finallyTasks, "task names", isString);
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
  const maps = issues.record(["maps"], options.maps);
  for (const name in maps) checkMap(issues, ["maps", name], maps[name] ?? null);
  const refs = issues.record(["taskDataRefs"], options.taskDataRefs);
  for (const name in refs) checkTaskData(issues, ["taskDataRefs", name], refs[name]);
}

export function checkMap(issues: Issues, path: readonly string[], given: unknown): void {
  const map = issues.record(path, given, ["over", "concurrency", "key", "items"]);
  if (map === undefined) return;
  if (map.over === undefined) {
    issues.expected([...path, "over"], 'what a map is over, { task: "users" }', map.over);
    return;
  }
  const over = issues.record([...path, "over"], map.over ?? null);
  if (over !== undefined) checkFrom(issues, [...path, "over"], over);
  issues.integer([...path, "concurrency"], map.concurrency, 1);
  issues.callable([...path, "key"], map.key);
  issues.oneOf([...path, "items"], map.items, ["all", "settled"]);
}

export function checkTaskData(issues: Issues, path: readonly string[], given: unknown): void {
  if (isSoundData(given)) return;
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
