/** What each row of a run is, before and whatever happens: its traits, its role, what it is a part of. Changes nothing. */
import type { GraphPlan } from "../define/plan.ts";
import type { Traits, TraitTable } from "../define/traits.ts";
import type { Ledger } from "./ledger.ts";
import type { Role } from "./states.ts";

export class Rows {
  readonly #ledger: Ledger;
  readonly #traits: TraitTable;
  readonly #tails: ReadonlySet<number>;
  readonly #finally: ReadonlySet<number>;

  constructor(plan: GraphPlan, ledger: Ledger) {
    this.#ledger = ledger;
    this.#traits = plan.traits;
    this.#tails = plan.graph.tails;
    this.#finally = plan.graph.finallyTasks;
  }

  /** Whether any row must be asked before it may queue. */
  get ask(): boolean {
    return this.#traits.asks;
  }

  /** An item has those of its map. */
  traitsOf(row: number): Traits {
    return this.#traits.of(this.#ledger.plannedOf(row));
  }

  /** Whether its failure neither fails nor stops the run. */
  tolerates(row: number): boolean {
    const { tolerated, settles } = this.traitsOf(row);
    return tolerated || (settles && row >= this.#ledger.planned) || this.isTail(row);
  }

  /** Whether there is a fallback for it: that of a map is for its items. */
  fallsBack(row: number): boolean {
    const { fallback } = this.traitsOf(row);
    return fallback === (row < this.#ledger.planned ? "task" : "item");
  }

  /** What it is to the scope that it lies in: of a map all items are main rows. */
  roleOf(row: number): Role {
    if (this.#tails.size === 0 && this.#finally.size === 0) return "main";
    if (this.#tails.has(row)) return "tails";
    return this.#finally.has(row) ? "finally" : "main";
  }

  /** Whether nobody waits for it: tail tasks, and the items of tail maps. */
  isTail(row: number): boolean {
    return this.#tails.size > 0 && this.#tails.has(this.#ledger.plannedOf(row));
  }
}
