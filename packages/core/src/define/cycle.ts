/** Tasks that wait for each other, as the one cycle that a message can show. Knows edges; orders and plans nothing. */
import type { Issues } from "../ground/check.ts";
import type { Definition } from "./definition.ts";
import type { Graph } from "./graph.ts";

/**
 * Reports the shortest cycle as a path, which begins with the task that was declared first; the order in which
 * dependencies are written changes nothing. A walk from dependency to dependency must come round: that gives one cycle. The
 * shortest through a task is a breadth-first search, made from the tasks of that cycle and then from all others that
 * are caught, until the searches together have read each edge some ten times over: a huge tangle stays cheap, and its
 * cycle may then be a longer one. `missing`: how many dependencies each task still waits for once all that can be
 * ordered is.
 */
export function reportCycle(issues: Issues, graph: Graph, missing: Int32Array): void {
  const { start, end } = graph.dependencies;
  const tangled = (task: number): boolean => (missing[task] as number) > 0;
  const dependencies = (task: number): Int32Array => end.slice(start[task], start[task + 1]).sort();
  const walk: number[] = [];
  const position = new Map<number, number>();
  let at = missing.findIndex((count) => count > 0);
  while (!position.has(at)) {
    position.set(at, walk.push(at) - 1);
    at = dependencies(at).find(tangled) as number;
  }
  const found = walk.slice(position.get(at));
  let best = [...found, at];
  let budget = 10 * (graph.size + end.length) + 1000;
  const origins = new Set(found.toSorted((a, b) => a - b));
  for (let task = 0; task < graph.size; task++) if (tangled(task)) origins.add(task);
  for (const origin of origins) {
    if (budget <= 0 || best.length === 2) break;
    const cameFrom = new Map<number, number>();
    const queue = [origin];
    search: for (const task of queue) {
      for (const dependency of dependencies(task)) {
        budget--;
        if (dependency === origin) {
          const path = [origin];
          for (let back = task; back !== origin; back = cameFrom.get(back) as number)
            path.push(back);
          path.push(origin);
          if (path.length < best.length) best = path.reverse();
          break search;
        }
        if (!tangled(dependency) || cameFrom.has(dependency)) continue;
        cameFrom.set(dependency, task);
        queue.push(dependency);
      }
    }
  }
  const members = best.slice(0, -1);
  const first = members.indexOf(members.reduce((least, task) => Math.min(least, task)));
  const path = [...members.slice(first), ...members.slice(0, first), members[first] as number];
  const names = path.map((task) => (graph.definitions[task] as Definition).name);
  issues.add(
    "cycle",
    `Tasks wait for each other: ${names.map((name) => `"${name}"`).join(" → ")}. Remove one of these dependencies`,
    names,
  );
}
