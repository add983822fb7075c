/** What each row of a run is, before and whatever happens: its traits, its role, what it is a part of. Changes nothing. */
import type { Graph } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { Traits, TraitTable } from "../define/traits.ts";
import type { Grown } from "./grown.ts";
import type { Ledger } from "./ledger.ts";
import type { Role } from "./states.ts";

export class Rows {
  readonly #ledger: Ledger;
  readonly #graph: Graph;
  readonly #traits: TraitTable;

  constructor({ traits, graph }: GraphPlan, ledger: Ledger) {
    this.#ledger = ledger;
    this.#graph = graph;
    this.#traits = traits;
  }

  /** Whether any row must be asked before it may queue. */
  get ask(): boolean {
    return this.#traits.asks || this.#ledger.grown?.asks === true;
  }

  /** An item has those of its map. */
  traitsOf(row: number): Traits {
    const written = this.#ledger.writtenOf(row);
    if (written < this.#ledger.planned) return this.#traits.of(written);
    return (this.#ledger.grown as Grown).traitsOf(written);
  }

  /** Whether its failure, or what fails inside of it, neither fails nor stops the run. */
  tolerates(row: number): boolean {
    const { tolerated, settles } = this.traitsOf(row);
    return tolerated || (settles && this.isItem(row)) || this.isTail(row);
  }

  /** Whether nothing that fails inside of it goes further: it is tolerated, or there is a value in its place. */
  holds(row: number): boolean {
    return this.tolerates(row) || this.fallsBack(row);
  }

  isItem(row: number): boolean {
    return this.#ledger.itemsOf(row) !== undefined;
  }

  /** Whether there is a fallback for it: that of a map is for its items. */
  fallsBack(row: number): boolean {
    const { fallback } = this.traitsOf(row);
    return fallback === (this.isItem(row) ? "item" : "task");
  }

  /** What it is to the scope that it lies in: of a map all items are main rows. */
  roleOf(row: number): Role {
    const { tails, gated } = this.#ledger.grown ?? this.#graph;
    if (tails.size === 0 && gated.size === 0) return "main";
    if (tails.has(row)) return "tails";
    return gated.has(row) ? "finally" : "main";
  }

  /** Whether nobody waits for it: tail tasks, and the items of tail maps. */
  isTail(row: number): boolean {
    const { tails } = this.#ledger.grown ?? this.#graph;
    return tails.size > 0 && tails.has(this.#ledger.writtenOf(row));
  }
}
