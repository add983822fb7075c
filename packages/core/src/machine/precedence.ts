/** Which of two ready tasks goes first when capacity is short: the machine compares what the plan has ranked. */
import type { GraphPlan } from "../define/plan.ts";
import type { Ledger } from "./ledger.ts";
import type { RunSettings } from "./machine.ts";

export class Precedence {
  readonly #plan: GraphPlan;
  readonly #ledger: Ledger;
  readonly #ranks: Int32Array;

  constructor(plan: GraphPlan, ledger: Ledger, { estimates, release }: RunSettings) {
    this.#plan = plan;
    this.#ledger = ledger;
    this.#ranks = plan.ranks(estimates, release);
  }

  before(a: number, b: number): boolean {
    const first = this.#rankOf(a);
    const second = this.#rankOf(b);
    return first < second || (first === second && a < b);
  }

  /** The priority that a task was given itself. */
  ownOf(task: number): number {
    return this.#plan.traits.of(this.#ledger.plannedOf(task)).priority;
  }

  /** An item stands where its map does. */
  #rankOf(task: number): number {
    return this.#ranks[this.#ledger.plannedOf(task)] as number;
  }
}
