/**
 * The stages of tasks of which some have a flow inside: a task comes after all that is inside of it, a finally task of a
 * flow after all others of that, and what has to be asked for after what it is asked with. Knows no plan.
 */
import { around } from "./around.ts";
import { type Graph, INNER } from "./graph.ts";

/** Writes the depth of each task; returns how many stages there are. Every task stands after all that it reads. */
export function nestedDepths(graph: Graph, depth: Int32Array): number {
  const { size, subflows, dependencies, gated, tails } = graph;
  const { start, end, kind } = dependencies;
  const innermost = around(graph);
  const after = (task: number, inner: boolean): number => {
    let own = 0;
    for (let edge = start[task] as number; edge < (start[task + 1] as number); edge++) {
      if (!inner && kind[edge] === INNER) continue;
      own = Math.max(own, (depth[end[edge] as number] as number) + 1);
    }
    return own;
  };
  /** The first stage in which anything of each flow may start, and the first after all its tasks but finally tasks. */
  const opens = new Int32Array(subflows.length);
  const gates = new Int32Array(subflows.length);
  const ends = new Int32Array(subflows.length);
  const begun = new Uint8Array(subflows.length);
  const open = (at: number): number => {
    if (at === -1) return 0;
    if (begun[at] === 0) {
      begun[at] = 1;
      const { owner, asked } = subflows[at] as Graph["subflows"][number];
      const outer = innermost[owner] as number;
      let from = open(outer);
      if (asked) from = Math.max(from, after(owner, false) + 1);
      if (outer !== -1 && gated.has(owner)) from = Math.max(from, gates[outer] as number);
      opens[at] = from;
    }
    return opens[at] as number;
  };
  const owned = new Map(subflows.map(({ owner }, at) => [owner, at]));
  let deepest = 0;
  for (let task = 0; task < size; task++) {
    const outer = innermost[task] as number;
    const inside = owned.get(task);
    let own = Math.max(open(outer), after(task, true));
    if (outer !== -1 && gated.has(task)) own = Math.max(own, gates[outer] as number);
    if (inside !== undefined) own = Math.max(own, ends[inside] as number);
    depth[task] = own;
    deepest = Math.max(deepest, own + 1);
    if (outer === -1 || tails.has(task)) continue;
    ends[outer] = Math.max(ends[outer] as number, own + 1);
    if (!gated.has(task)) gates[outer] = Math.max(gates[outer] as number, own + 1);
  }
  return deepest;
}
