/**
 * What flows share that one function makes again and again, as for every item of a map: names, kinds and edges, which are
 * read and checked once. The last small one is known, without any function or value. Knows no run.
 */
import type { TaskHandle } from "./definition.ts";
import { edgeKind, type Graph } from "./graph.ts";

/** Larger ones are seldom made again. */
const MOST_TASKS = 64;

export interface Shape extends Pick<Graph, "index" | "dependencies" | "dependents"> {
  readonly roots: NonNullable<Graph["roots"]>;
  readonly names: readonly string[];
  readonly kinds: readonly TaskHandle["kind"][];
}

let known: Shape | undefined;

/** A graph without tails, finally tasks and flows inside, in which nothing is wrong. */
export function keepShape({ definitions, index, dependencies, dependents, roots }: Graph): void {
  if (roots === undefined || definitions.length > MOST_TASKS) return;
  const names = definitions.map(({ name }) => name);
  const kinds = definitions.map(({ kind }) => kind);
  known = { index, dependencies, dependents, roots, names, kinds };
}

/** The known shape, when these tasks, which know their places, have it. Whoever reads a parameter is looked at anew. */
export function shapeOf(
  tasks: readonly TaskHandle[],
  roots: readonly (readonly [key: string, task: TaskHandle])[],
): Shape | undefined {
  if (known?.names.length !== tasks.length || known.roots.length !== roots.length) return undefined;
  const { names, kinds, dependencies } = known;
  const { start, end, kind: kindOf } = dependencies;
  let edge = 0;
  for (let at = 0; at < tasks.length; at++) {
    const { name, kind, slots } = tasks[at] as TaskHandle;
    if (name !== names[at] || kind !== kinds[at]) return undefined;
    for (const { task, param, kind } of slots) {
      if (param !== undefined) return undefined;
      if (task === undefined) continue;
      if (end[edge] !== (task as TaskHandle).index || kindOf[edge] !== edgeKind(kind))
        return undefined;
      edge++;
    }
    if (edge !== start[at + 1]) return undefined;
  }
  for (let at = 0; at < roots.length; at++) {
    const [key, task] = roots[at] as readonly [string, TaskHandle];
    const root = known.roots[at];
    if (root?.key !== key || root.task !== task.index) return undefined;
  }
  return known;
}
