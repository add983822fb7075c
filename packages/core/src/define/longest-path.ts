/** Longest paths through a graph, by estimates or by the number of tasks: what remains after each task, and the critical path. */
import type { Issues } from "../ground/check.ts";
import type { Definition } from "./definition.ts";
import type { Graph } from "./graph.ts";

export interface Ordered {
  readonly graph: Graph;
  /** Every task after all that it depends on. */
  readonly order: Int32Array;
}

interface Staged extends Ordered {
  /** Where each stage begins in `order`. */
  readonly stageStart: Int32Array;
}

export function checkEstimates(issues: Issues, given: unknown): void {
  const estimates = issues.record(["estimates"], given);
  for (const name in estimates) issues.amount(["estimates", name], estimates[name]);
}

/** The tasks of the longest path, first to last. */
export function criticalPath(plan: Staged, estimates?: Readonly<Record<string, number>>): number[] {
  const { graph, order, stageStart } = plan;
  const { finallyTasks } = graph;
  const length = remainingPaths(plan, estimates);
  const others = order.subarray(0, stageStart[1]).filter((task) => !finallyTasks.has(task));
  const path = longestFrom(graph, others, length);
  if (finallyTasks.size === 0) return path;
  // Those start when the last of the others has ended.
  return [...path, ...longestFrom(graph, finallyTasks, length)];
}

/** The longest path that begins with one of these. */
function longestFrom(graph: Graph, first: Iterable<number>, length: Float64Array): number[] {
  const { start, end } = graph.dependents;
  let next = -1;
  for (const task of first) {
    if (next === -1 || (length[task] as number) > (length[next] as number)) next = task;
  }
  const path: number[] = [];
  while (next !== -1) {
    path.push(next);
    const last = start[next + 1] as number;
    let longest = -1;
    for (let edge = start[next] as number; edge < last; edge++) {
      const dependent = end[edge] as number;
      if (isGated(graph, next, dependent)) continue;
      if (longest === -1 || (length[dependent] as number) > (length[longest] as number)) {
        longest = dependent;
      }
    }
    next = longest;
  }
  return path;
}

/** For each task the length of the longest path from its start to the end of the graph, itself included. */
export function remainingPaths(
  { graph, order }: Ordered,
  estimates?: Readonly<Record<string, number>>,
): Float64Array {
  const { start, end } = graph.dependents;
  const length = new Float64Array(graph.size);
  for (let at = order.length - 1; at >= 0; at--) {
    const task = order[at] as number;
    let longest = 0;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependent = end[edge] as number;
      const rest = length[dependent] as number;
      if (rest > longest && !isGated(graph, task, dependent)) longest = rest;
    }
    length[task] = longest + lengthOf(graph, task, estimates);
  }
  return length;
}

/** How much a task adds to a path: what is estimated, or one task. */
export function lengthOf(
  { definitions }: Graph,
  task: number,
  estimates: Readonly<Record<string, number>> | undefined,
): number {
  if (estimates === undefined) return 1;
  const { name } = definitions[task] as Definition;
  return Object.hasOwn(estimates, name) ? (estimates[name] as number) : 0;
}

/** A finally task waits for all others, also those that it does not read: it makes none of them more urgent. */
export function isGated({ finallyTasks }: Graph, task: number, dependent: number): boolean {
  return finallyTasks.size > 0 && finallyTasks.has(dependent) && !finallyTasks.has(task);
}
