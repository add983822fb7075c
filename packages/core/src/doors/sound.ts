/**
 * Whether the records of door 2 are, at one look, as they nearly always are. What is not may still be right: `records`
 * looks again, and says what is wrong. Says nothing itself and never throws.
 */
import { isName } from "../ground/check.ts";

/** Whether all orders, and all in their dependencies, are plain objects with a name and a list, or names there. */
export function areSoundOrders(orders: readonly unknown[]): boolean {
  try {
    const pending: (readonly unknown[])[] = [orders];
    const seen = new Set<unknown>();
    for (let list = pending.pop(); list !== undefined; list = pending.pop()) {
      for (let nth = 0; nth < list.length; nth++) {
        const order = list[nth];
        if (typeof order === "string" && list !== orders && isName(order)) continue;
        if (seen.has(order)) continue;
        if (!isPlain(order)) return false;
        seen.add(order);
        for (const key in order) if (key !== "taskName" && key !== "dependencies") return false;
        const { taskName, dependencies } = order;
        if (!isName(taskName)) return false;
        if (dependencies === undefined) continue;
        if (!Array.isArray(dependencies)) return false;
        if (dependencies.length > 0) pending.push(dependencies);
      }
    }
    return true;
  } catch {
    return false; // One that refuses to be looked at.
  }
}

/** Whether an input is the output of a task, or a key of it, that goes to a key. */
export function isSoundItem(item: unknown): boolean {
  try {
    if (!isPlain(item)) return false;
    for (const key in item) if (key !== "from" && key !== "to") return false;
    const { from, to } = item;
    if (!isPlain(from) || !isPlain(to)) return false;
    for (const key in from) if (key !== "task" && key !== "key") return false;
    for (const key in to) if (key !== "key") return false;
    if (!isName(from.task) || typeof to.key !== "string") return false;
    return from.key === undefined || typeof from.key === "string";
  } catch {
    return false;
  }
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
