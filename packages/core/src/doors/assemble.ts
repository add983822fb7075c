/**
 * From the records of door 2 to the graph that both doors share: names become indices, data references become inputs. Has
 * checked what the records, taken together, get wrong. Plans and runs nothing.
 */

import { type Definition, needs, prepares, type Slot } from "../define/definition.ts";
import { EdgeList, type Graph, graph } from "../define/graph.ts";
import type { Issues } from "../ground/check.ts";
import type { Callables } from "./callables.ts";
import {
  checkConflicts,
  checkEdgeNames,
  checkIndexed,
  checkNames,
  checkPairs,
  checkTargets,
  UnknownDependencies,
} from "./cross-checks.ts";
import { type Named, named } from "./named.ts";
import type { DataItem, MapData, SchedulerOptions, TaskData, TaskOrder } from "./records.ts";
import { Slots } from "./slots.ts";

export function buildGraph(
  name: string,
  callables: Callables,
  orders: readonly TaskOrder[],
  options: SchedulerOptions,
  issues: Issues,
): Graph {
  const names = named(callables, orders);
  const { index, functions, start, dependencies } = names;
  if (!names.complete) checkPairs(issues, callables.index, index);
  const refs = byTask(issues, names, "taskDataRefs", options);
  const retries = byTask(issues, names, "taskRetries", options);
  const chosen = byTask(issues, names, "taskOptions", options);
  const maps = byTask(issues, names, "maps", options);
  const roles = {
    tails: known(issues, index, "ignoreTailTasks", options),
    finallyTasks: known(issues, index, "finallyTasks", options),
  };
  if (names.retold) checkConflicts(issues, orders, index);

  const size = orders.length;
  const { passOutputs } = options;
  const { most, all: taken } = inputCounts(refs);
  const list = new EdgeList(size, dependencies.length + taken + (maps === undefined ? 0 : size));
  const slots = new Slots(names, orders, most);
  const unknown = new UnknownDependencies(issues, index, callables.index);
  const definitions: Definition[] = new Array(size);
  for (let task = 0; task < size; task++) {
    const order = orders[task] as TaskOrder;
    const { taskName, edges } = order;
    const inputs = refs?.[task]?.inputs ?? NO_INPUTS;
    const from = start[task] as number;
    const to = start[task + 1] as number;
    const map = maps?.[task];
    const over = map === undefined ? NO_SLOTS : slots.over(map.over, list);
    const takes = inputs.length > 0;
    const passes = !takes && passOutputs && from < to;
    const read = takes
      ? slots.taking(from, to, inputs, edges, list)
      : passes
        ? slots.passing(from, to, edges, list)
        : slots.after(from, to, edges, list);
    list.closeRow();
    if (slots.takeUnknown()) {
      unknown.report(order, map === undefined ? inputs : [...inputs, { from: map.over }]);
    }
    if (edges !== undefined) checkEdgeNames(issues, order, inputs);
    const indexed = indexCount(inputs);
    if (indexed > 0) checkIndexed(issues, taskName, indexed < inputs.length, map !== undefined);
    if (inputs.length > 1) checkTargets(issues, taskName, inputs);
    const retry = retries?.[task];
    const own = chosen?.[task];
    const retried = retry === undefined ? own : { ...own, retry };
    const given = map === undefined ? retried : { ...retried, ...ownOptions(map) };
    const kind = map === undefined ? "task" : "map";
    const all = over.length === 0 ? read : [...over, ...read];
    // One literal with all its fields: a run touches it, and one that grows lies in two places.
    definitions[task] = {
      name: taskName,
      kind,
      slots: all,
      call: !takes && !passes ? "nothing" : indexed > 0 ? "positional" : "inputs",
      run: (functions[task] as Definition["run"] | undefined) ?? nothing,
      options: given,
      prepares: prepares(kind, all, given),
      needs: needs(all, given),
      takesInputs: takes || passes === true,
    };
  }
  return graph(name, definitions, list, roles, undefined, issues, index);
}

type ByName = "taskDataRefs" | "taskRetries" | "taskOptions" | "maps";

/** What an option says of tasks, by task; nothing when it says nothing. Its names are read here, once. */
function byTask<O extends ByName>(
  issues: Issues,
  { index, functions }: Named,
  option: O,
  options: SchedulerOptions,
): readonly NonNullable<SchedulerOptions[O]>[string][] | undefined {
  const record: SchedulerOptions[ByName] = options[option];
  const names = Object.keys(record ?? {});
  if (record === undefined || names.length === 0) return undefined;
  const said = new Array(functions.length);
  let complete = true;
  for (const name of names) {
    const task = index.get(name);
    if (task === undefined) complete = false;
    else said[task] = record[name];
  }
  if (!complete) checkNames(issues, names, index, option);
  return said;
}

/** The tasks that an option names, those that there are. */
function known(
  issues: Issues,
  index: ReadonlyMap<string, number>,
  option: "ignoreTailTasks" | "finallyTasks",
  options: SchedulerOptions,
): ReadonlySet<number> {
  const names = options[option] ?? [];
  checkNames(issues, names, index, option);
  const tasks = new Set<number>();
  for (const name of names) {
    const task = index.get(name);
    if (task !== undefined) tasks.add(task);
  }
  return tasks;
}

/** What is said of a map only. */
function ownOptions({ concurrency, key, items }: MapData): Omit<MapData, "over"> {
  return { concurrency, key, items };
}

const NO_INPUTS: readonly DataItem[] = [];
const NO_SLOTS: readonly Slot[] = [];
const nothing = (): void => {};

/** How many inputs a task has at most, and all together. */
function inputCounts(refs: readonly (TaskData | undefined)[] = []): { most: number; all: number } {
  let most = 0;
  let all = 0;
  for (const data of refs) {
    const count = data?.inputs.length ?? 0;
    all += count;
    if (count > most) most = count;
  }
  return { most, all };
}

/** How many inputs go to an index. */
function indexCount(inputs: readonly DataItem[]): number {
  let count = 0;
  for (const { to } of inputs) if ("index" in to) count++;
  return count;
}
