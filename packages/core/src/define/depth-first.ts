/**
 * A number for each task such that whoever goes by it holds few outputs: what is begun is brought to its end before
 * something else is begun. Knows no priority and no capacity.
 */
import type { Graph } from "./graph.ts";
import { isGated, lengthOf, type Ordered } from "./longest-path.ts";

/**
 * Depth-first from the tasks that nobody reads, each number after those of what the task needs: the deepest of these first,
 * since its result is then the only one that is held while the others are made; of equal ones in declaration order.
 */
export function depthFirst(
  ordered: Ordered,
  estimates?: Readonly<Record<string, number>>,
): Int32Array {
  const { graph } = ordered;
  const { size } = graph;
  const { start, end } = graph.dependencies;
  const depth = depths(ordered, estimates);
  const deepestFirst = (tasks: Int32Array): Int32Array =>
    tasks.length < 2
      ? tasks
      : tasks.slice().sort((a, b) => (depth[b] as number) - (depth[a] as number) || a - b);
  const numbers = new Int32Array(size).fill(-1);
  let number = 0;
  // Chains are as long as graphs: no recursion.
  const open: { readonly task: number; readonly needs: Int32Array; next: number }[] = [];
  const enter = (task: number): void => {
    // From here on it is not entered again.
    numbers[task] = size;
    const all = end.subarray(start[task], start[task + 1]);
    open.push({ task, needs: deepestFirst(all), next: 0 });
  };
  for (const sink of deepestFirst(sinks(graph))) {
    enter(sink);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const need = top.needs[top.next++];
      if (need === undefined) {
        numbers[top.task] = number++;
        open.pop();
      } else if (numbers[need] === -1 && !isGated(graph, need, top.task)) {
        enter(need);
      }
    }
  }
  return numbers;
}

/** Tasks that nobody reads; who reads them behind the gate of finally tasks is nobody. */
function sinks(graph: Graph): Int32Array {
  const { start, end } = graph.dependents;
  return Int32Array.from({ length: graph.size }, (_, task) => task).filter((task) =>
    end
      .subarray(start[task], start[task + 1])
      .every((dependent) => isGated(graph, task, dependent)),
  );
}

/** For each task the longest path that leads to its end, by estimates or by the number of tasks. */
function depths(
  { graph, order }: Ordered,
  estimates?: Readonly<Record<string, number>>,
): Float64Array {
  const { start, end } = graph.dependencies;
  const depth = new Float64Array(graph.size);
  for (const task of order) {
    let longest = 0;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependency = end[edge] as number;
      if (isGated(graph, dependency, task)) continue;
      longest = Math.max(longest, depth[dependency] as number);
    }
    depth[task] = longest + lengthOf(graph, task, estimates);
  }
  return depth;
}
