/**
 * Which of two tasks goes first when capacity is short: a place for each task, made once. An urgent task is no sooner done
 * than what it needs, so a priority reaches all that leads to it. Knows no capacity and no status.
 */
import { depthFirst } from "./depth-first.ts";
import type { Graph } from "./graph.ts";
import { isGated, type Ordered, remainingPaths } from "./longest-path.ts";
import type { TraitTable } from "./traits.ts";

/** What the order is made from. */
export interface Ranked extends Ordered {
  readonly traits: TraitTable;
}

/**
 * The place of each task: by the largest priority among it and all that depends on it, then its own, then the longest
 * remaining path, then declaration; where outputs are let go (`frees`), then depth-first in the place of both.
 */
export function rankTasks(
  ranked: Ranked,
  estimates?: Readonly<Record<string, number>>,
  frees = false,
): Int32Array {
  const { graph, order, traits } = ranked;
  const { size } = graph;
  const own = new Float64Array(size);
  if (!traits.plain) for (let task = 0; task < size; task++) own[task] = traits.of(task).priority;
  const reach = traits.plain ? own : reaches(graph, order, own);
  // The larger goes first.
  const path = frees
    ? depthFirst(ranked, estimates).map((number) => -number)
    : remainingPaths(ranked, estimates);
  const sorted = Int32Array.from({ length: size }, (_, task) => task);
  sorted.sort(
    (a, b) =>
      (reach[b] as number) - (reach[a] as number) ||
      (own[b] as number) - (own[a] as number) ||
      (path[b] as number) - (path[a] as number) ||
      a - b,
  );
  const places = new Int32Array(size);
  for (let at = 0; at < size; at++) places[sorted[at] as number] = at;
  return places;
}

/** For each task the largest priority among it and all that depends on it, however far away. */
function reaches(graph: Graph, order: Int32Array, own: Float64Array): Float64Array {
  const { start, end } = graph.dependents;
  const reach = own.slice();
  for (let at = order.length - 1; at >= 0; at--) {
    const task = order[at] as number;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependent = end[edge] as number;
      const further = reach[dependent] as number;
      if (further <= (reach[task] as number) || isGated(graph, task, dependent)) continue;
      reach[task] = further;
    }
  }
  return reach;
}
