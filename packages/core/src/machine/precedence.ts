/**
 * Which of two ready tasks goes first when capacity is short: numbers for each task of a plan, made once. An urgent task
 * is no sooner done than what it needs, so a priority reaches all that leads to it. Knows no capacity and no status.
 */
import { type GraphPlan, remainingPaths } from "../define/plan.ts";
import type { Ledger } from "./ledger.ts";

export class Precedence {
  readonly #ledger: Ledger;
  /** What each task was given. */
  readonly #own: Float64Array;
  /** Its place in the order. */
  readonly #rank: Int32Array;

  /**
   * By the largest priority among a task and all that depends on it, then its own, then the longest remaining path, then
   * declaration.
   */
  constructor(
    plan: GraphPlan,
    ledger: Ledger,
    estimates: Readonly<Record<string, number>> | undefined,
  ) {
    this.#ledger = ledger;
    const { size, definitions } = plan.graph;
    this.#own = Float64Array.from(definitions, ({ options }) => options?.priority ?? 0);
    const own = this.#own;
    const reach = reaches(plan, own);
    const path = remainingPaths(plan, estimates);
    const order = Int32Array.from({ length: size }, (_, task) => task);
    order.sort(
      (a, b) =>
        (reach[b] as number) - (reach[a] as number) ||
        (own[b] as number) - (own[a] as number) ||
        (path[b] as number) - (path[a] as number) ||
        a - b,
    );
    this.#rank = new Int32Array(size);
    order.forEach((task, at) => {
      this.#rank[task] = at;
    });
  }

  before(a: number, b: number): boolean {
    const first = this.#rankOf(a);
    const second = this.#rankOf(b);
    return first < second || (first === second && a < b);
  }

  /** The priority that a task was given itself. */
  ownOf(task: number): number {
    return this.#own[this.#ledger.plannedOf(task)] as number;
  }

  /** An item stands where its map does. */
  #rankOf(task: number): number {
    return this.#rank[this.#ledger.plannedOf(task)] as number;
  }
}

/** For each task the largest priority among it and all that depends on it, however far away. */
function reaches({ graph, order }: GraphPlan, own: Float64Array): Float64Array {
  const { start, end } = graph.dependents;
  const reach = own.slice();
  for (let at = order.length - 1; at >= 0; at--) {
    const task = order[at] as number;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const further = reach[end[edge] as number] as number;
      if (further > (reach[task] as number)) reach[task] = further;
    }
  }
  return reach;
}
