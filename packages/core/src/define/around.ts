/** Which flow inside of a task each task is part of: where the ranges of a graph's subflows lie within each other. */
import type { Graph } from "./graph.ts";

/** By task: the place in `subflows` of the innermost one around it; -1 is none. */
export function around({ size, subflows }: Graph): Int32Array {
  const innermost = new Int32Array(size).fill(-1);
  // What is inside of another comes before it, and is written over it.
  for (let at = subflows.length - 1; at >= 0; at--) {
    const { first, owner } = subflows[at] as Graph["subflows"][number];
    innermost.fill(at, first, owner);
  }
  return innermost;
}
