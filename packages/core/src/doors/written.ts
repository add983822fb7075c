/**
 * Tasks that are written down each in one place, as in a file, turned into the records of the documented scheduler. Checks
 * their shape, in the words in which they are written; what they mean together is checked where all records are.
 */

import type { Schema } from "../define/schema.ts";
import { noFunction } from "../define/task.ts";
import type { TaskContext } from "../define/task-context.ts";
import { OPTION_KEYS } from "../define/task-options.ts";
import { type Issues, isName } from "../ground/check.ts";
import {
  checkEdges,
  checkMap,
  checkTaskData,
  type DataItem,
  type Edges,
  type MapData,
  type SchedulerOptions,
  type TaskCallable,
  type TaskOrder,
  type WrittenLiving,
  type WrittenOptionsOfTask,
} from "./records.ts";

/** Called with an item and its index: `(item, index, context)`, or with its inputs before the context. */
type ItemCallable =
  | CallableFunction
  | { call(item: unknown, index: number, context: TaskContext): unknown }["call"];

/** What a function declares as its first parameter. */
type First<R> = R extends (first: infer T, ...others: never) => unknown ? T : unknown;
/** What a task gives: what its schema makes, or what its function returns. */
type Given<R, S> =
  S extends Schema<infer T> ? T : R extends (...declared: never) => infer T ? Awaited<T> : unknown;

/**
 * All that there is to say of a task. Its name is the key under which it stands. `R`: its function; `S`: its schema; `L`:
 * what it is a map over: as far as they are known.
 */
export interface WrittenTask<R = TaskCallable, S = unknown, L = undefined>
  extends WrittenOptionsOfTask,
    WrittenLiving<Given<R, S>>,
    Omit<MapData, "over" | "key"> {
  readonly run: R & (L extends MapData["over"] ? ItemCallable : TaskCallable);
  /** The names of the tasks that it waits for. */
  readonly dependencies?: readonly string[] | undefined;
  /** By the name of a dependency: how it is waited for, where that is not its success. */
  readonly edges?: Edges | undefined;
  /** What it is called with. Without it: with an empty object, or what `passOutputs` says. */
  readonly inputs?: readonly DataItem[] | undefined;
  /** Makes a map of the task, over this list: its function is called as `(item, index, context)`. */
  readonly over?: MapData["over"] | undefined;
  /** What each item is called, as `key` of `map()`. */
  readonly key?: { call(item: First<R>, index: number): string }["call"] | undefined;
  /** What other tools call `dependencies`: never here, so that the compiler sees it in mapped data as well. */
  readonly deps?: never;
  /** As `deps`. */
  readonly dependsOn?: never;
  /** As `deps`. */
  readonly needs?: never;
}

/**
 * Tasks by name. What a function gives or takes is known to those beside it that are called with that: each of these
 * types is found by one key of all tasks.
 */
export type WrittenTasks<Runs, Schemas, Lists> = {
  readonly [K in keyof Runs]: WrittenTask<Runs[K], Of<Schemas, K>, Of<Lists, K>>;
} & { readonly [K in keyof Schemas]: { readonly output?: Schemas[K] } } & {
  readonly [K in keyof Lists]: { readonly over?: Lists[K] };
};
type Of<A, K> = K extends keyof A ? A[K] : undefined;

/** What of the scheduler's options stands with the tasks, and under which key there. */
const WITH_TASKS = {
  taskDataRefs: "`inputs`",
  taskRetries: "`retry`",
  maps: "`over`",
  taskOptions: "each option",
} as const;
export type WrittenOptions = Omit<SchedulerOptions, keyof typeof WITH_TASKS>;

const KEYS = [
  "run",
  "dependencies",
  "edges",
  "inputs",
  "over",
  "concurrency",
  "key",
  "items",
  ...OPTION_KEYS,
];

/** What the constructor of the scheduler is given. What is wrong is left out, and is an issue. */
export interface Records {
  readonly tasks: readonly (readonly [string, TaskCallable])[];
  readonly orders: readonly TaskOrder[];
  readonly options: SchedulerOptions;
}

export function recordsOf(issues: Issues, written: unknown, options: unknown): Records {
  const tasks: [string, TaskCallable][] = [];
  const orders: TaskOrder[] = [];
  const taskDataRefs: [string, { readonly inputs: readonly DataItem[] }][] = [];
  const maps: [string, MapData][] = [];
  const taskRetries: [string, WrittenTask["retry"]][] = [];
  const taskOptions: [string, Omit<WrittenTask, "retry">][] = [];
  const all = issues.record(["tasks"], written ?? null);
  for (const name of Object.keys(all ?? {})) {
    const path = ["tasks", name];
    if (!issues.name(path, name, "The name of a task")) continue;
    const given = all?.[name] ?? null;
    if (typeof given === "function") {
      issues.expected(path, "an object", given, ": write { run: … }");
      continue;
    }
    const task = issues.record(path, given);
    if (task === undefined) continue;
    issues.keys(path, task, KEYS, ` of task "${name}"`);
    const { run, dependencies, edges, inputs, retry, ...more } = task;
    const { over, concurrency, key, items, ...rest } = more;
    if (typeof run !== "function") issues.add("not-a-function", noFunction(name, run), path);
    else tasks.push([name, run as TaskCallable]);
    const before = issues.list.length;
    issues.array([...path, "dependencies"], dependencies, "names of tasks", isName);
    checkEdges(issues, [...path, "edges"], edges);
    const sound = issues.list.length === before;
    const waits = sound && { dependencies: dependencies as string[], edges: edges as Edges };
    orders.push({ taskName: name, ...waits });
    if (inputs !== undefined) {
      checkTaskData(issues, path, { inputs });
      if (issues.list.length === before) {
        taskDataRefs.push([name, { inputs: inputs as readonly DataItem[] }]);
      }
    }
    const map = { over, concurrency, key, items };
    if (Object.values(map).some((said) => said !== undefined)) {
      checkMap(issues, path, map);
      if (issues.list.length === before) maps.push([name, map as MapData]);
    }
    if (retry !== undefined) taskRetries.push([name, retry as WrittenTask["retry"]]);
    const known = Object.entries(rest).filter(([key]) => KEYS.includes(key));
    if (known.length > 0) taskOptions.push([name, Object.fromEntries(known) as never]);
  }
  const given = issues.record([], options);
  for (const key of Object.keys(WITH_TASKS) as (keyof typeof WITH_TASKS)[]) {
    if (given?.[key] === undefined) continue;
    const message = `Unknown option \`${key}\`: write ${WITH_TASKS[key]} with its task`;
    issues.add("unknown-option", message, [key]);
  }
  return {
    tasks,
    orders,
    options: {
      ...(given as WrittenOptions | undefined),
      taskDataRefs: Object.fromEntries(taskDataRefs),
      maps: Object.fromEntries(maps),
      taskRetries: Object.fromEntries(taskRetries) as SchedulerOptions["taskRetries"],
      taskOptions: Object.fromEntries(taskOptions),
    },
  };
}
