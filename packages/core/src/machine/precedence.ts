/**
 * Which of two ready tasks goes first when capacity is short: the machine compares what the plan has ranked. What has come
 * up inside of a task stands where that stands, and there in the order in which it was written: what is inside of the first
 * item goes before the second.
 */
import type { GraphPlan } from "../define/plan.ts";
import type { Grown } from "./grown.ts";
import type { Ledger } from "./ledger.ts";
import type { RunSettings } from "./machine.ts";
import type { Spawn } from "./spawns.ts";

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
    if (first !== second) return first < second;
    if (this.#ledger.grown === undefined) return a < b;
    return this.#isBeforeInside(a, b);
  }

  /** Two that are inside of one planned task: by their own priority, then by where they are. */
  #isBeforeInside(a: number, b: number): boolean {
    const difference = this.ownOf(b) - this.ownOf(a);
    if (difference !== 0) return difference < 0;
    let first = a;
    let second = b;
    let deeper = this.#depthOf(a) - this.#depthOf(b);
    for (; deeper > 0; deeper--) first = this.#around(first);
    for (; deeper < 0; deeper++) second = this.#around(second);
    if (first === second) return this.#depthOf(a) < this.#depthOf(b);
    for (;;) {
      const around = this.#around(first);
      if (around === this.#around(second)) return first < second;
      first = around;
      second = this.#around(second);
    }
  }

  /** The priority that a task was given itself, on top of that of the task that it has come up in. */
  ownOf(task: number): number {
    const ledger = this.#ledger;
    let own = 0;
    let at = ledger.writtenOf(task);
    for (; at >= ledger.planned; at = ledger.writtenOf(this.#around(at))) {
      own += (ledger.grown as Grown).traitsOf(at).priority;
    }
    return own + this.#plan.traits.of(at).priority;
  }

  /** The task that one has come up in. */
  #around(task: number): number {
    return task < this.#ledger.planned ? -1 : (this.#ledger.spawns.of(task) as Spawn).owner;
  }

  #depthOf(task: number): number {
    let depth = 0;
    for (let at = task; at >= this.#ledger.planned; at = this.#around(at)) depth++;
    return depth;
  }

  #rankOf(task: number): number {
    let at = task;
    while (at >= this.#ledger.planned) at = this.#around(at);
    return this.#ranks[at] as number;
  }
}
