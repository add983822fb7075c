/**
 * From the records of door 2 to the graph that both doors share: names become indices, data references become inputs.
 * Collects what the records, taken together, get wrong. Plans and runs nothing.
 */

import { type Definition, needs, prepares } from "../define/definition.ts";
import { EdgeList, type Graph, graph, OPTIONAL, SETTLED } from "../define/graph.ts";
import { unknownNames } from "../define/unknown-name.ts";
import type { Issues } from "../ground/check.ts";
import { didYouMean, nearest } from "../ground/guess.ts";
import type { Callables } from "./callables.ts";
import { type Named, named } from "./named.ts";
import {
  type DataItem,
  type MapData,
  nameOfOrder,
  type SchedulerOptions,
  type TaskData,
  type TaskOrder,
} from "./records.ts";
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
    const over = map === undefined ? undefined : slots.over(map.over, list);
    const takes = inputs.length > 0;
    const passes = !takes && passOutputs && from < to;
    const read = takes
      ? slots.taking(from, to, inputs, edges, list)
      : passes
        ? slots.passing(from, to, edges, list)
        : slots.after(from, to, edges, list);
    list.closeRow();
    if (read.unknown || over?.unknown === true) {
      unknown.report(order, map === undefined ? inputs : [...inputs, { from: map.over }]);
    }
    if (edges !== undefined) checkEdgeNames(issues, order, inputs);
    const indexed = indexCount(inputs);
    if (indexed > 0 && indexed < inputs.length) {
      issues.add(
        "mixed-inputs",
        `Inputs of task "${taskName}" go to keys and to indices: a function is called with one object or with arguments, choose one`,
        ["taskDataRefs", taskName],
      );
    }
    if (indexed > 0 && map !== undefined) {
      issues.add(
        "mixed-inputs",
        `Inputs of map "${taskName}" go to indices: its function is called with the item and the index, and inputs by key`,
        ["taskDataRefs", taskName],
      );
    }
    if (inputs.length > 1) checkTargets(issues, taskName, inputs);
    const retry = retries?.[task];
    const own = chosen?.[task];
    const retried = retry === undefined ? own : { ...own, retry };
    const given = map === undefined ? retried : { ...retried, ...ownOptions(map) };
    const kind = map === undefined ? "task" : "map";
    const all = over === undefined ? read.slots : [...over.slots, ...read.slots];
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

/** What is said of a task is said of one that is there. */
function checkNames(
  issues: Issues,
  names: readonly string[],
  index: ReadonlyMap<string, number>,
  option: string,
): void {
  unknownNames(
    issues,
    names,
    index,
    "unknown-task",
    (task) => `\`${option}\` names "${task}", which is no task`,
    [option],
  );
}

/** What is said of a map only. */
function ownOptions({ concurrency, key, items }: MapData): Omit<MapData, "over"> {
  return { concurrency, key, items };
}

const NO_INPUTS: readonly DataItem[] = [];
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

/** Each order needs a function, and each function an order. */
function checkPairs(
  issues: Issues,
  callables: ReadonlyMap<string, number>,
  index: ReadonlyMap<string, number>,
): void {
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
}

/** Says of each task what it depends on that is not there, with what was probably meant. */
class UnknownDependencies {
  readonly #issues: Issues;
  readonly #index: ReadonlyMap<string, number>;
  readonly #callables: ReadonlyMap<string, number>;
  #guesses = 10; // A guess reads every name: some are worth it, thousands are not.
  /** What was meant may be half defined: a function whose order is missing as well. */
  #names: ReadonlySet<string> | undefined;

  constructor(
    issues: Issues,
    index: ReadonlyMap<string, number>,
    callables: ReadonlyMap<string, number>,
  ) {
    this.#issues = issues;
    this.#index = index;
    this.#callables = callables;
  }

  report(
    { taskName, dependencies = [] }: TaskOrder,
    inputs: readonly Pick<DataItem, "from">[],
  ): void {
    this.#names ??= new Set([...this.#index.keys(), ...this.#callables.keys()]);
    const read = inputs.flatMap(({ from }) => ("task" in from ? [from.task] : []));
    for (const missing of new Set([...dependencies.map(nameOfOrder), ...read])) {
      if (this.#index.has(missing)) continue;
      const half = this.#callables.has(missing);
      const guess =
        !half && this.#guesses-- > 0 ? nearest(missing, this.#names, taskName) : undefined;
      const what = half ? "which has a function but no order" : "which is not defined";
      this.#issues.add(
        "unknown-dependency",
        `Task "${taskName}" depends on "${missing}", ${what}.${didYouMean(guess)}`,
        ["taskOrder", taskName],
        guess,
      );
    }
  }
}

/** How a task waits is said of what it waits for. */
function checkEdgeNames(
  issues: Issues,
  { taskName, dependencies = [], edges }: TaskOrder,
  inputs: readonly DataItem[],
): void {
  const read = inputs.flatMap(({ from }) => ("task" in from ? [from.task] : []));
  const known = new Map([...dependencies.map(nameOfOrder), ...read].map((name) => [name, true]));
  unknownNames(
    issues,
    Object.keys(edges ?? {}),
    known,
    "unknown-edge",
    (name) => `\`edges\` of task "${taskName}" name "${name}", which is none of its dependencies`,
    ["taskOrder", taskName, "edges"],
  );
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
  /** One that thousands of orders share is looked at once. */
  const compared = new Set<TaskOrder>();
  const names = ({ dependencies = [] }: TaskOrder): string =>
    JSON.stringify(dependencies.map(nameOfOrder).sort());
  for (const order of orders) {
    for (const dependency of order.dependencies ?? []) {
      if (typeof dependency === "string" || compared.has(dependency)) continue;
      compared.add(dependency);
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
export function checkStaged(
  issues: Issues,
  { definitions, dependencies: { start, kind } }: Graph,
  { resources, estimates, failure = "stop", finallyTasks = [] }: SchedulerOptions,
): void {
  const refuse = (what: string, path: readonly string[]): void =>
    issues.add(
      "not-with-stages",
      `${what} cannot be used with \`dispatch: "stages"\`: leave it out, or dispatch by dependencies`,
      path,
    );
  if (resources !== undefined) refuse("`resources`", ["resources"]);
  if (estimates !== undefined) refuse("`estimates`", ["estimates"]);
  if (finallyTasks.length > 0) refuse("`finallyTasks`", ["finallyTasks"]);
  if (failure !== "stop") {
    refuse(
      typeof failure === "string" ? `\`failure: "${failure}"\`` : "`failure: { maxFailures }`",
      ["failure"],
    );
  }
  definitions.forEach(({ name, kind: what, options }, task) => {
    if (what === "map") refuse(`Map "${name}"`, ["maps", name]);
    const edges = kind.subarray(start[task], start[task + 1]);
    if (edges.includes(OPTIONAL) || edges.includes(SETTLED))
      refuse(`\`edges\` of task "${name}"`, ["taskOrder", name, "edges"]);
    if (options?.priority !== undefined)
      refuse(`The priority of task "${name}"`, ["taskOptions", name, "priority"]);
    if (options?.resources !== undefined)
      refuse(`\`resources\` of task "${name}"`, ["taskOptions", name, "resources"]);
  });
}
