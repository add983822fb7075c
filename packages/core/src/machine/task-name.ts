/**
 * How people call a task of a run: by its name; an item of a map by the map's and its index, a task of a flow inside of
 * another by that one's, a dot and its own. Names are made when they are read. Knows no row.
 */
import type { Definition } from "../define/definition.ts";
import type { Graph } from "../define/graph.ts";
import { itemName, itemNamed } from "../define/item-name.ts";
import type { Ledger } from "./ledger.ts";
import type { Spawn } from "./spawns.ts";

/** What was written down for a task that is no item. */
export function definitionIn(graph: Graph, ledger: Ledger, written: number): Definition {
  return (ledger.grown ?? graph).definitions[written] as Definition;
}

/** The name of a task, of an item, `map[3]`, or of a task inside of another, `crawl.page`. */
export function taskName(graph: Graph, ledger: Ledger, task: number): string {
  if (task < graph.size) return (graph.definitions[task] as Definition).name;
  const spawn = ledger.spawns.of(task);
  if (spawn === undefined || task >= ledger.tasks) throw new RangeError(`There is no task ${task}`);
  const owner = taskName(graph, ledger, spawn.owner);
  if (spawn.roots === undefined) return itemName(owner, task - spawn.first);
  return `${insideOf(owner, spawn)}.${definitionIn(graph, ledger, task).name}`;
}

/** What stands before the names of the tasks of a flow. */
function insideOf(owner: string, { iteration }: Spawn): string {
  return iteration === undefined ? owner : itemName(owner, iteration);
}

/** As it was declared: without the indices of items and iterations. */
export function declaredName(graph: Graph, ledger: Ledger, task: number): string {
  const written = ledger.writtenOf(task);
  const { name } = definitionIn(graph, ledger, written);
  const spawn = ledger.spawns.of(written);
  return spawn === undefined ? name : `${declaredName(graph, ledger, spawn.owner)}.${name}`;
}

/** The task that one is inside of, or an item of. */
export function parentOf(ledger: Ledger, task: number): number | undefined {
  return ledger.nestedIn.get(task) ?? ledger.spawns.of(task)?.owner;
}

/** The task of that name; of an item, or one inside of another, once it is there. */
export function taskNamed(graph: Graph, ledger: Ledger, name: string): number | undefined {
  const planned = graph.index.get(name);
  if (planned !== undefined || ledger.spawns.all.length === 0) return planned;
  const item = itemNamed(name);
  if (item !== undefined) {
    const spawn = spawnNamed(graph, ledger, item.map);
    if (spawn?.roots === undefined && spawn !== undefined && item.index < spawn.count) {
      return spawn.first + item.index;
    }
  }
  // Names may hold dots themselves, so each of them may be the one that divides.
  for (let dot = name.lastIndexOf("."); dot > 0; dot = name.lastIndexOf(".", dot - 1)) {
    const found = taskInside(graph, ledger, name.slice(0, dot), name.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function spawnNamed(graph: Graph, ledger: Ledger, owner: string): Spawn | undefined {
  const at = taskNamed(graph, ledger, owner);
  return at === undefined ? undefined : ledger.spawns.in(at);
}

/** The task of that name of its own in a flow inside of another task, or in one of those of a loop. */
function taskInside(graph: Graph, ledger: Ledger, path: string, name: string): number | undefined {
  for (const spawn of flowsAt(graph, ledger, path)) {
    for (let task = spawn.first; task < spawn.first + spawn.count; task++) {
      if (definitionIn(graph, ledger, task).name === name) return task;
    }
  }
  return undefined;
}

function* flowsAt(graph: Graph, ledger: Ledger, path: string): Iterable<Spawn> {
  const own = spawnNamed(graph, ledger, path);
  if (own?.roots !== undefined && own.iteration === undefined) yield own;
  const item = itemNamed(path);
  let spawn = item && spawnNamed(graph, ledger, item.map);
  for (; spawn !== undefined; spawn = spawn.before) {
    if (spawn.iteration === item?.index) yield spawn;
  }
}
