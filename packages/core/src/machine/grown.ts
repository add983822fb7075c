/**
 * The rows of a run beyond its plan, once a flow has come up inside of a task: their edges, in one address space with
 * those of the plan, their traits, and what was written down for each. The graph that they come from is let go. Only
 * grows; knows no state.
 */
import type { Definition } from "../define/definition.ts";
import type { Edges, Graph } from "../define/graph.ts";
import { type Traits, traitsOf } from "../define/traits.ts";
import { longer } from "./columns.ts";

/** Edges that rows are added to. */
class GrowingEdges implements Edges {
  start: Int32Array;
  end: Int32Array;
  kind: Uint8Array;
  #rows: number;

  constructor({ start, end, kind }: Edges, rows: number) {
    this.start = start;
    this.end = end;
    this.kind = kind;
    this.#rows = rows;
  }

  /** Those of a graph whose first row is `first`; the rows before it that are not there yet have none. */
  append(inner: Edges, size: number, first: number): void {
    const edges = this.start[this.#rows] as number;
    const added = inner.start[size] as number;
    this.start = longer(this.start, first + size + 1);
    this.end = longer(this.end, edges + added);
    this.kind = longer(this.kind, edges + added);
    for (let row = this.#rows; row < first; row++) this.start[row + 1] = edges;
    for (let row = 0; row < size; row++) {
      this.start[first + row + 1] = edges + (inner.start[row + 1] as number);
    }
    for (let edge = 0; edge < added; edge++) {
      this.end[edges + edge] = (inner.end[edge] as number) + first;
      this.kind[edges + edge] = inner.kind[edge] as number;
    }
    this.#rows = first + size;
  }
}

export class Grown {
  /** By row; items of maps have none of their own. */
  readonly definitions: (Definition | undefined)[];
  readonly dependencies: GrowingEdges;
  readonly dependents: GrowingEdges;
  /** Tails, and tasks that start when all others of their flow have ended: of the plan and of what has come up. */
  readonly tails: Set<number>;
  readonly gated: Set<number>;
  /** Whether the value of any of them is to be released. */
  lives: boolean;
  /** Whether any of them asks before it queues. */
  asks = false;
  /** By row, of those beyond the plan. */
  readonly #traits: (Traits | undefined)[] = [];
  readonly #planned: number;

  constructor({ definitions, dependencies, dependents, size, tails, gated, lives }: Graph) {
    this.lives = lives;
    this.#planned = size;
    this.definitions = definitions.slice();
    this.tails = new Set(tails);
    this.gated = new Set(gated);
    this.dependencies = new GrowingEdges(dependencies, size);
    this.dependents = new GrowingEdges(dependents, size);
  }

  /** The tasks of a flow are rows from `first` on. */
  append(graph: Graph, first: number): void {
    const { definitions, dependencies, dependents, size } = graph;
    if (graph.lives) this.lives = true;
    for (const task of graph.tails) this.tails.add(first + task);
    for (const task of graph.gated) this.gated.add(first + task);
    while (this.definitions.length < first) this.definitions.push(undefined);
    while (this.#traits.length < first - this.#planned) this.#traits.push(undefined);
    for (const definition of definitions) {
      this.definitions.push(definition);
      this.#traits.push(traitsOf(definition));
      if (definition.prepares) this.asks = true;
    }
    this.dependencies.append(dependencies, size, first);
    this.dependents.append(dependents, size, first);
  }

  traitsOf(row: number): Traits {
    return this.#traits[row - this.#planned] as Traits;
  }
}
