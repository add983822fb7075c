/**
 * The names of door 2, read once: from here on a task is an integer. It notes whether anything about the names needs a
 * word, so that whoever has something to say reads them again only then. Says nothing itself.
 */
import type { Callables } from "./callables.ts";
import { nameOfOrder, type TaskCallable, type TaskOrder } from "./records.ts";

export interface Named {
  /** Of two orders of one name the later one. */
  readonly index: ReadonlyMap<string, number>;
  /** By order; none where a function is missing. */
  readonly functions: readonly (TaskCallable | undefined)[];
  /** Those of order `t` are the entries from `start[t]` to `start[t + 1]` of `dependencies`, each once; -1 is no task. */
  readonly start: Int32Array;
  readonly dependencies: Int32Array;
  /** Every order has a function and every function an order. */
  readonly complete: boolean;
  /** A dependency is written out with dependencies of its own, and not the listed order itself. */
  readonly retold: boolean;
}

export function named(callables: Callables, orders: readonly TaskOrder[]): Named {
  const size = orders.length;
  const { index, functions, complete } = alike(callables, orders) ?? paired(callables, orders);
  let most = 0;
  for (let task = 0; task < size; task++) {
    most += (orders[task] as TaskOrder).dependencies?.length ?? 0;
  }
  const start = new Int32Array(size + 1);
  const row = new Int32Array(most);
  // The last task that named each: a set a task costs more than all the rest.
  const namedBy = new Int32Array(size).fill(-1);
  let retold = false;
  let filled = 0;
  for (let task = 0; task < size; task++) {
    const { dependencies } = orders[task] as TaskOrder;
    if (dependencies !== undefined) {
      for (let nth = 0; nth < dependencies.length; nth++) {
        const dependency = dependencies[nth] as TaskOrder | string;
        const at = index.get(nameOfOrder(dependency)) ?? -1;
        if (typeof dependency !== "string" && dependency.dependencies !== undefined) {
          if (dependency !== orders[at]) retold = true;
        }
        if (at !== -1 && namedBy[at] === task) continue;
        if (at !== -1) namedBy[at] = task;
        row[filled++] = at;
      }
    }
    start[task + 1] = filled;
  }
  return { index, functions, start, dependencies: row, complete, retold };
}

type Pairs = Pick<Named, "index" | "functions" | "complete">;

/** Where orders come in the order of their functions, as they mostly do, they have the places of these. */
function alike(
  { names, functions, index }: Callables,
  orders: readonly TaskOrder[],
): Pairs | undefined {
  if (names.length !== orders.length) return undefined;
  for (let task = 0; task < names.length; task++) {
    if ((orders[task] as TaskOrder).taskName !== names[task]) return undefined;
  }
  return { index, functions, complete: true };
}

function paired(callables: Callables, orders: readonly TaskOrder[]): Pairs {
  const index = new Map<string, number>();
  const functions: (TaskCallable | undefined)[] = new Array(orders.length);
  let complete = true;
  for (let task = 0; task < orders.length; task++) {
    const { taskName } = orders[task] as TaskOrder;
    index.set(taskName, task);
    const at = callables.index.get(taskName);
    if (at === undefined) complete = false;
    else functions[task] = callables.functions[at];
  }
  if (index.size < callables.index.size) complete = false;
  return { index, functions, complete };
}
