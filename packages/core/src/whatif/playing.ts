/**
 * Which task of a script each row of a run plays: those of the plan, the items of maps, those of flows that came up inside of
 * tasks. Answers no command.
 */
import type { Graph } from "../define/graph.ts";
import type { InnerFlow } from "../machine/event.ts";
import type { Ledger } from "../machine/ledger.ts";
import type { Spawn } from "../machine/spawns.ts";
import type { Scene, Script, ScriptedTask } from "./script.ts";

type List = readonly (ScriptedTask | undefined)[];

export class Playing {
  readonly #script: Script;
  readonly #ledger: Ledger;
  /** The scripts of flows that the machine was given, and of those that have come up. */
  readonly #given: Map<Graph, Script> = new Map();
  readonly #inside: Map<Spawn, Script> = new Map();

  constructor(script: Script, ledger: Ledger) {
    this.#script = script;
    this.#ledger = ledger;
  }

  of(row: number): ScriptedTask | undefined {
    const spawn = this.#ledger.spawns.of(row);
    if (spawn === undefined) return this.#script.tasks[row];
    const own = this.#inside.get(spawn);
    if (own !== undefined) return own.tasks[row - spawn.first];
    return this.listOf(spawn.owner)?.[row - spawn.first];
  }

  /** The items of a map, wherever it is. */
  listOf(map: number): List | undefined {
    const around = this.#ledger.spawns.of(map);
    const inside = around && this.#inside.get(around);
    if (around === undefined || inside === undefined) return this.#script.items.get(map);
    return inside.items.get(map - around.first);
  }

  /** A flow of the script, as the machine is given it. */
  innerOf({ graph, script }: Scene, iteration?: number): InnerFlow {
    this.#given.set(graph, script);
    return {
      graph,
      ...restoredIn(script.tasks),
      ...(iteration !== undefined && { iteration }),
    };
  }

  /** It has come up inside of its task, unless that may not go on. */
  enters(task: number, { graph }: InnerFlow): void {
    const spawn = this.#ledger.spawns.in(task);
    const script = this.#given.get(graph);
    if (spawn !== undefined && script !== undefined) this.#inside.set(spawn, script);
  }
}

/** Those of a list that were taken over from an earlier run, as an event says it: by index, if there are any. */
export function restoredIn(list: List): { readonly restored?: ReadonlyMap<number, undefined> } {
  const restored = new Map<number, undefined>();
  list.forEach((task, at) => {
    if (task?.restored) restored.set(at, undefined);
  });
  return restored.size === 0 ? {} : { restored };
}
