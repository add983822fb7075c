/**
 * From the records of door 2 to the graph that both doors share: names become indices, data references become inputs.
 * Collects what the records, taken together, get wrong. Plans and runs nothing.
 */

import { type Definition, prepares, type Slot } from "../define/definition.ts";
import { AFTER, EdgeList, type Graph, graph, unknownNames, VALUE } from "../define/graph.ts";
import type { Issues } from "../ground/check.ts";
import { didYouMean, nearest } from "../ground/guess.ts";
import type { DataItem, SchedulerOptions, TaskCallable, TaskOrder } from "./records.ts";

export function buildGraph(
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
  // What was meant may be half defined: a function whose order is missing as well.
  const names = new Set([...index.keys(), ...callables.keys()]);
  let guesses = 10; // A guess reads every name: some are worth it, thousands are not.
  const definitions = orders.map((order): Definition => {
    const { taskName } = order;
    const inputs = own(taskDataRefs, taskName)?.inputs ?? [];
    const slots = slotsOf(order, inputs);
    const kept = slots.filter((slot) => {
      if (slot.task === undefined) return true;
      const dependency = index.get(slot.task as string);
      if (dependency === undefined) {
        const missing = slot.task as string;
        const half = callables.has(missing);
        const guess = !half && guesses-- > 0 ? nearest(missing, names, taskName) : undefined;
        const what = half ? "which has a function but no order" : "which is not defined";
        issues.add(
          "unknown-dependency",
          `Task "${taskName}" depends on "${missing}", ${what}.${didYouMean(guess)}`,
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
export function checkStaged(
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
