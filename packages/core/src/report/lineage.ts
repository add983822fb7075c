/**
 * What was written down for each task of a run, what it is called, what it reads, and what it came up inside of; also for
 * a flow that is about to come up, whose tasks are the next rows. Knows no value.
 */
import type { Definition } from "../define/definition.ts";
import type { Graph, Subflow } from "../define/graph.ts";
import { itemName } from "../define/item-name.ts";
import type { Ledger } from "../machine/ledger.ts";
import type { Spawn } from "../machine/spawns.ts";
import { definitionIn, parentOf, taskName } from "../machine/task-name.ts";

/** A flow that is about to come up inside of a task. */
export interface NextFlow {
  readonly owner: number;
  readonly graph: Graph;
  readonly iteration?: number | undefined;
}

/** What a task of a flow came up inside of, and of a loop in which iteration. */
export interface Around {
  readonly owner: number;
  readonly iteration: number | undefined;
  /** The one before, of a loop. */
  readonly before: Spawn | undefined;
}

export class Lineage {
  readonly graph: Graph;
  readonly #ledger: Ledger;
  #next: NextFlow | undefined;

  constructor(graph: Graph, ledger: Ledger) {
    this.graph = graph;
    this.#ledger = ledger;
  }

  /** While `look` goes on, that flow is there already. Returns what `look` does. */
  expecting<T>(next: NextFlow, look: (first: number) => T): T {
    this.#next = next;
    try {
      return look(this.#ledger.tasks);
    } finally {
      this.#next = undefined;
    }
  }

  /** Whether it is one of the flow that is about to come up: it may yet be refused. */
  isNext(row: number): boolean {
    return row >= this.#ledger.tasks;
  }

  definition(row: number): Definition {
    if (!this.isNext(row)) return definitionIn(this.graph, this.#ledger, row);
    const { graph } = this.#next as NextFlow;
    return graph.definitions[row - this.#ledger.tasks] as Definition;
  }

  nameOf(row: number): string {
    if (!this.isNext(row)) return taskName(this.graph, this.#ledger, row);
    const { owner, iteration } = this.#next as NextFlow;
    const path = taskName(this.graph, this.#ledger, owner);
    const inside = iteration === undefined ? path : itemName(path, iteration);
    return `${inside}.${this.definition(row).name}`;
  }

  /** What it reads, one for each edge. */
  sources(row: number): Int32Array {
    const next = this.isNext(row) ? (this.#next as NextFlow).graph : undefined;
    const { start, end } = (next ?? this.#ledger.grown ?? this.graph).dependencies;
    const first = next === undefined ? 0 : this.#ledger.tasks;
    const own = end.subarray(start[row - first], start[row - first + 1]);
    return first === 0 ? own : own.map((source) => source + first);
  }

  /** None for a task of the plan; an item is where its map is. */
  around(row: number): Around | undefined {
    if (this.isNext(row)) {
      const { owner, iteration } = this.#next as NextFlow;
      const before = iteration === undefined ? undefined : this.#ledger.spawns.in(owner);
      return { owner, iteration, before };
    }
    const spawn = this.#ledger.spawns.of(row);
    return spawn && { owner: spawn.owner, iteration: spawn.iteration, before: spawn.before };
  }

  /** Whether it starts when all others of its flow have ended, or is inside of one that does. */
  isGated(row: number): boolean {
    let at: number | undefined = row;
    if (this.isNext(row)) {
      const { graph, owner } = this.#next as NextFlow;
      const task = row - this.#ledger.tasks;
      const isInGated = ({ first, owner }: Subflow): boolean =>
        task >= first && task < owner && graph.gated.has(owner);
      if (graph.gated.has(task)) return true;
      if (graph.gated.size > 0 && graph.subflows.some(isInGated)) return true;
      at = owner;
    }
    const { gated } = this.#ledger.grown ?? this.graph;
    if (gated.size === 0) return false;
    while (at !== undefined && !gated.has(at)) at = parentOf(this.#ledger, at);
    return at !== undefined;
  }
}
