/**
 * What lives: the value of a task with `release`, from its completion to the answer to `dispose`, which the end of its last
 * reader commands; and values that such a task gave and nobody heard. Counts them, in the run and in the flow that they are
 * part of, neither of which is over before they are released; knows no value and stops nobody.
 */
import { type Edges, type Graph, INNER } from "../define/graph.ts";
import { longer } from "./columns.ts";
import type { DisposedEvent, LostEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import type { Rows } from "./rows.ts";
import type { Inner } from "./scope.ts";
import type { Scopes } from "./scopes.ts";
import { COMPLETED } from "./states.ts";
import type { Turn } from "./turn.ts";

/** The rooms that it asks. */
interface Rooms {
  readonly rows: Rows;
  readonly ledger: Ledger;
  readonly turn: Turn;
  readonly scopes: Scopes;
}

export class Things {
  /** Values that are not released: the run waits for them. */
  alive = 0;
  /** Whether a release failed. */
  failed = false;
  readonly #graph: Graph;
  readonly #rooms: Rooms;
  readonly #observed: boolean;
  /** Edges of each task whose dependent has not ended; none as long as nothing of the run can live. */
  #left: Int32Array | undefined;

  constructor(graph: Graph, rooms: Rooms, observed: boolean) {
    this.#graph = graph;
    this.#rooms = rooms;
    this.#observed = observed;
    if (graph.lives) this.#count(graph, 0);
  }

  /** A flow has come up: its rows begin at `first`. */
  enter(graph: Graph, first: number): void {
    if (graph.lives || this.#left !== undefined) this.#count(graph, first);
  }

  #count({ dependents, size }: Graph, first: number): void {
    const { start, kind } = dependents;
    const counts = longer(this.#left ?? new Int32Array(first + size), first + size);
    this.#left = counts;
    for (let row = 0; row < size; row++) {
      let left = 0;
      for (let edge = start[row] as number; edge < (start[row + 1] as number); edge++) {
        if (kind[edge] !== INNER) left++;
      }
      counts[first + row] = left;
    }
  }

  get #dependencies(): Edges {
    return (this.#rooms.ledger.grown ?? this.#graph).dependencies;
  }

  /** A task has its final state: what it was the last to read may go, and so may what nobody will read. */
  ended(task: number): void {
    const left = this.#left;
    if (left === undefined) return;
    const { start, end, kind } = this.#dependencies;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      if (kind[edge] === INNER) continue;
      const dependency = end[edge] as number;
      const count = (left[dependency] as number) - 1;
      left[dependency] = count;
      if (count === 0 && this.#lives(dependency)) this.#dispose(dependency);
    }
    if (!this.#lives(task)) return;
    this.#counts(task, 1);
    if (left[task] === 0) this.#dispose(task);
    else this.#rooms.turn.command({ type: "watch", task });
  }

  /** One that is never restored: what has another final state gave nothing that was heard. */
  #lives(task: number): boolean {
    const { rows, ledger } = this.#rooms;
    return ledger.status[task] === COMPLETED && rows.traitsOf(task).lives;
  }

  /** The run does not settle before it is released, unless it is inside of a tail: then the tail does not end. */
  #counts(task: number, more: 1 | -1): Inner | undefined {
    const { scopes } = this.#rooms;
    const scope = scopes.of(task);
    if (scope === scopes.run) {
      this.alive += more;
      return undefined;
    }
    if (scopes.roleIn(scopes.run, task) !== "tails") this.alive += more;
    const inner = scope as Inner;
    inner.alive += more;
    return inner;
  }

  #dispose(task: number): void {
    this.#rooms.turn.command({ type: "dispose", task });
  }

  /** A value came that nobody hears. */
  unheard(task: number): void {
    this.#counts(task, 1);
  }

  /** `told`: the run has settled, and its report is made. Returned is the flow that may be over with that. */
  disposed({ task, calledAt, at, ...ended }: DisposedEvent, told: boolean): Inner | undefined {
    const { ledger, turn } = this.#rooms;
    const inner = this.#counts(task, -1);
    const over = inner?.alive === 0 && inner.open.main === 0 ? inner : undefined;
    if (told) return over;
    const before = ledger.releases.get(task);
    const failure = before !== undefined && "error" in before ? before : ended;
    const failed = "error" in failure;
    ledger.releases.set(task, { calledAt, endedAt: at, ...(failed && { error: failure.error }) });
    if (failed) this.failed = true;
    if (this.#observed) turn.command({ type: "released", task });
    return over;
  }

  /** A thing has gone: whether anybody is left to whom that matters. */
  lost({ task, at, error }: LostEvent): boolean {
    const { losses } = this.#rooms.ledger;
    if (!this.#lives(task) || this.#left?.[task] === 0 || losses.has(task)) return false;
    losses.set(task, { at, error });
    if (this.#observed) this.#rooms.turn.command({ type: "gone", task });
    return true;
  }

  hasten(): void {
    this.#rooms.turn.command({ type: "hasten" });
  }
}
