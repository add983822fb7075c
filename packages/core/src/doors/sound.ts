/**
 * Whether the records of door 2 are, at one look, as they nearly always are. What is not may still be right: `records`
 * looks again, and says what is wrong. Says nothing itself and never throws.
 */
import { isName } from "../ground/check.ts";

/** Whether this is a name with a function. */
export function isSoundPair(pair: unknown): boolean {
  return (
    Array.isArray(pair) && pair.length === 2 && isName(pair[0]) && typeof pair[1] === "function"
  );
}

/** Whether all orders, and all in their dependencies, are plain objects with a name and a list, or names there. */
export function areSoundOrders(orders: readonly unknown[]): boolean {
  try {
    const inside: unknown[] = [];
    for (let nth = 0; nth < orders.length; nth++) {
      if (!isSoundOrder(orders[nth], inside)) return false;
    }
    if (inside.length === 0) return true;
    const seen = new Set(orders);
    for (let order = inside.pop(); order !== undefined; order = inside.pop()) {
      if (seen.has(order)) continue;
      seen.add(order);
      if (!isSoundOrder(order, inside)) return false;
    }
    return true;
  } catch {
    return false; // One that refuses to be looked at.
  }
}

/** One order by itself. Of its dependencies those that may have dependencies are put `inside`, to be looked at once. */
function isSoundOrder(order: unknown, inside: unknown[]): boolean {
  if (!hasOrderKeys(order)) return false;
  const { taskName, dependencies } = order;
  if (!isName(taskName)) return false;
  if (dependencies === undefined) return true;
  if (!Array.isArray(dependencies)) return false;
  for (let nth = 0; nth < dependencies.length; nth++) {
    const dependency: unknown = dependencies[nth];
    if (typeof dependency === "string") {
      if (!isName(dependency)) return false;
    } else if (!hasOrderKeys(dependency)) return false;
    else if ("dependencies" in dependency) inside.push(dependency);
    else if (!isName(dependency.taskName)) return false;
  }
  return true;
}

function hasOrderKeys(order: unknown): order is Readonly<Record<string, unknown>> {
  if (!isPlain(order)) return false;
  for (const key in order) if (key !== "taskName" && key !== "dependencies") return false;
  return true;
}

/** Whether all inputs of a task are outputs of tasks, or keys of them, that go to keys. */
export function isSoundData(data: unknown): boolean {
  try {
    if (!isPlain(data)) return false;
    for (const key in data) if (key !== "inputs") return false;
    const { inputs } = data;
    if (!Array.isArray(inputs)) return false;
    for (let at = 0; at < inputs.length; at++) if (!isSoundItem(inputs[at])) return false;
    return true;
  } catch {
    return false; // One that refuses to be looked at.
  }
}

function isSoundItem(item: unknown): boolean {
  if (!isPlain(item)) return false;
  for (const key in item) if (key !== "from" && key !== "to") return false;
  const { from, to } = item;
  if (!isPlain(from) || !isPlain(to)) return false;
  for (const key in from) if (key !== "task" && key !== "key") return false;
  for (const key in to) if (key !== "key") return false;
  if (!isName(from.task) || typeof to.key !== "string") return false;
  return from.key === undefined || typeof from.key === "string";
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
