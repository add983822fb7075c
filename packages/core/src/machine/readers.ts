/** Who has still to read an output: counts edges down, and says when an output has no reader left. Knows no values. */
import type { Graph } from "../define/graph.ts";
import { longer } from "./columns.ts";
import { degrees } from "./edges.ts";
import type { Inside, Ledger } from "./ledger.ts";
import type { Turn } from "./turn.ts";

/** More edges than any task has: whoever gets the report reads a root after all others. */
const FOR_EVER = 0x7fffffff;

export class Readers {
  readonly #graph: Graph;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  /** Edges of each task whose dependent has not ended. */
  #left: Int32Array;

  constructor(graph: Graph, ledger: Ledger, turn: Turn) {
    this.#graph = graph;
    this.#ledger = ledger;
    this.#turn = turn;
    const { dependents, size, roots } = graph;
    this.#left = degrees(dependents.start, size);
    for (const { task } of roots ?? []) this.#left[task] = FOR_EVER;
  }

  /** A flow has come up: its rows begin at `first`. Whoever it is inside of reads its roots after all others. */
  enter({ dependents, size, roots }: Graph, first: number): void {
    this.#left = longer(this.#left, first + size);
    this.#left.set(degrees(dependents.start, size), first);
    for (const { task } of roots ?? []) this.#left[first + task] = FOR_EVER;
  }

  /** A task has ended: what it was the last to read has no reader left, nor has its own output when all were done before. */
  ended(task: number): void {
    const { dependencies, dependents } = this.#ledger.grown ?? this.#graph;
    const last = dependencies.start[task + 1] as number;
    for (let edge = dependencies.start[task] as number; edge < last; edge++) {
      const dependency = dependencies.end[edge] as number;
      const left = (this.#left[dependency] as number) - 1;
      this.#left[dependency] = left;
      if (left === 0 && this.#ledger.isFinal(dependency)) this.#release(dependency);
    }
    // Its readers may all be done before it is: those that were skipped.
    const read = (dependents.start[task] as number) < (dependents.start[task + 1] as number);
    if (read && this.#left[task] === 0) this.#release(task);
  }

  /** The map was the only reader of its items, and the task of the flow inside of it: their results live on in its own. */
  insideEnded({ first, count }: Inside): void {
    const { innerTails } = this.#ledger;
    for (let row = first; row < first + count; row++) {
      // Tails go on, and read each other.
      if (!innerTails.has(row)) this.#release(row);
    }
  }

  #release(task: number): void {
    this.#turn.command({ type: "release", task });
  }
}
