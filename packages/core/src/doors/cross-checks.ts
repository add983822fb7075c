/**
 * What the records of door 2, taken together, get wrong: names that are nowhere else, orders that say two things, inputs
 * that go to one place. Makes nothing of them.
 */
import { unknownNames } from "../define/unknown-name.ts";
import type { Issues } from "../ground/check.ts";
import { didYouMean, nearest } from "../ground/guess.ts";
import { type DataItem, nameOfOrder, type TaskOrder } from "./records.ts";

/** Each order needs a function, and each function an order. */
export function checkPairs(
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
export class UnknownDependencies {
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
export function checkEdgeNames(
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

/** A function is called with one object or with arguments. `mixed`: inputs go to keys as well. */
export function checkIndexed(
  issues: Issues,
  taskName: string,
  mixed: boolean,
  isMap: boolean,
): void {
  const path = ["taskDataRefs", taskName];
  if (mixed) {
    issues.add(
      "mixed-inputs",
      `Inputs of task "${taskName}" go to keys and to indices: a function is called with one object or with arguments, choose one`,
      path,
    );
  }
  if (isMap) {
    issues.add(
      "mixed-inputs",
      `Inputs of map "${taskName}" go to indices: its function is called with the item and the index, and inputs by key`,
      path,
    );
  }
}

export function checkTargets(issues: Issues, taskName: string, inputs: readonly DataItem[]): void {
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
export function checkConflicts(
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

/** What is said of a task is said of one that is there. */
export function checkNames(
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
