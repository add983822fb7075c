/** How people call a task of a run: by its name, an item of a map by the map's and its index. Knows no row. */
import type { Definition } from "../define/definition.ts";
import type { Graph } from "../define/graph.ts";
import { itemName, itemNamed } from "../define/item-name.ts";
import type { Ledger } from "../machine/ledger.ts";

/** The name of a task or of an item, `map[3]`. */
export function taskName(graph: Graph, ledger: Ledger, task: number): string {
  if (task < graph.size) return (graph.definitions[task] as Definition).name;
  const spawn = ledger.spawnOf(task);
  if (spawn === undefined) throw new RangeError(`There is no task ${task}`);
  return itemName((graph.definitions[spawn.owner] as Definition).name, task - spawn.first);
}

/** The task of that name, or the item, `map[3]`, once its map has listed it. */
export function taskNamed(graph: Graph, ledger: Ledger, name: string): number | undefined {
  const planned = graph.index.get(name);
  if (planned !== undefined || ledger.spawns.length === 0) return planned;
  const { map = "", index = 0 } = itemNamed(name) ?? {};
  const spawn = ledger.spawnOfMap.get(graph.index.get(map) ?? -1);
  return spawn !== undefined && index < spawn.count ? spawn.first + index : undefined;
}
