/** The part of a graph that a run is for: its targets, and all that they need. Checks nothing but the targets. */
import { Issues } from "../ground/check.ts";
import { around } from "./around.ts";
import type { Definition } from "./definition.ts";
import { EdgeList, type Graph, graph, type Subflow } from "./graph.ts";
import { unknownNames } from "./unknown-name.ts";

/**
 * The part of a graph that the targets need. Tail tasks stay when all that they depend on does; so do finally tasks, also
 * those that depend on nothing. Of a flow inside of a task that is kept, all that gives what it gives stays, and its tails and
 * finally tasks.
 */
export function restrict(whole: Graph, targets: readonly string[], issues: Issues): Graph {
  unknownNames(
    issues,
    targets,
    whole.index,
    "unknown-target",
    (name) => `Target "${name}" is not a task of "${whole.name}"`,
    ["targets"],
  );
  const { start, end, kind } = whole.dependencies;
  const kept = new Uint8Array(whole.size);
  const pending: number[] = [];
  for (const target of targets) {
    const task = whole.index.get(target);
    if (task !== undefined) pending.push(task);
  }
  const inside = insideOf(whole);
  const tails = inside.get(undefined) ?? [];
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    if (kept[task] === 1) continue;
    kept[task] = 1;
    for (const inner of inside.get(task) ?? []) pending.push(inner);
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) pending.push(end[edge] as number);
  }
  const keptWhole = (task: number): boolean =>
    end.subarray(start[task], start[task + 1]).every((dependency) => kept[dependency] === 1);
  for (const tail of tails) {
    if (start[tail] !== start[tail + 1] && keptWhole(tail)) kept[tail] = 1;
  }
  keepFinally(whole, kept, keptWhole);

  const renumbered = new Int32Array(whole.size).fill(-1);
  const definitions: Definition[] = [];
  for (let task = 0; task < whole.size; task++) {
    if (kept[task] === 0) continue;
    renumbered[task] = definitions.length;
    definitions.push(whole.definitions[task] as Definition);
  }
  const list = new EdgeList(definitions.length, end.length);
  for (let task = 0; task < whole.size; task++) {
    if (kept[task] === 0) continue;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      list.add(renumbered[end[edge] as number] as number, kind[edge] as number);
    }
    list.closeRow();
  }
  const renumber = (tasks: ReadonlySet<number>): Set<number> =>
    new Set(
      [...tasks].filter((task) => kept[task] === 1).map((task) => renumbered[task] as number),
    );
  const roles = {
    tails: renumber(whole.tails),
    finallyTasks: renumber(whole.finallyTasks),
    subflows: keptSubflows(whole, kept, renumbered),
  };
  const roots = whole.roots
    ?.filter(({ task }) => kept[task] === 1)
    .map(({ key, task }) => ({ key, task: renumbered[task] as number }));
  const leftOut = (whole.roots ?? []).filter(({ task }) => kept[task] === 0).map(({ key }) => key);
  // A part of a checked graph has nothing new to check.
  return { ...graph(whole.name, definitions, list, roles, roots, new Issues()), leftOut };
}

/** By the owner of a flow, none for the one around all: what of it nobody reads. What it gives, its owner reads itself. */
function insideOf(whole: Graph): Map<number | undefined, number[]> {
  const { subflows, tails } = whole;
  const inside = new Map<number | undefined, number[]>([[undefined, []]]);
  for (const { owner, finallyTasks } of subflows) inside.set(owner, [...finallyTasks]);
  const innermost = around(whole);
  for (const tail of tails) inside.get(subflows[innermost[tail] as number]?.owner)?.push(tail);
  return inside;
}

/** Those whose owners are kept; what is left of another is a part of the flow around it. */
function keptSubflows({ subflows }: Graph, kept: Uint8Array, renumbered: Int32Array): Subflow[] {
  const row = (task: number): number => renumbered[task] as number;
  return subflows
    .filter(({ owner }) => kept[owner] === 1)
    .map(({ owner, first, roots, finallyTasks, asked }) => ({
      owner: row(owner),
      first: row(kept.indexOf(1, first)),
      roots: roots.map(({ key, task }) => ({ key, task: row(task) })),
      finallyTasks: finallyTasks.map(row),
      asked,
    }));
}

/** Finally tasks that read nothing that is left out; whoever reads one of them is looked at once more. */
function keepFinally(
  { finallyTasks, dependents }: Graph,
  kept: Uint8Array,
  keptWhole: (task: number) => boolean,
): void {
  const pending = [...finallyTasks];
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    if (kept[task] === 1 || !keptWhole(task)) continue;
    kept[task] = 1;
    for (const reader of dependents.end.subarray(
      dependents.start[task],
      dependents.start[task + 1],
    )) {
      pending.push(reader);
    }
  }
}
