/**
 * What the end of a task means along its edges: a dependent loses one that it waits for, and is released with the last; or
 * it is ruled out. Starts nobody, and knows no capacity and no policy.
 */
import { AFTER, type Graph, INNER, VALUE } from "../define/graph.ts";
import { longer } from "./columns.ts";
import type { Ledger } from "./ledger.ts";
import type { Reason } from "./reason.ts";
import type { Inner } from "./scope.ts";
import { SKIPPED, WAITING } from "./states.ts";
import type { Tasks } from "./tasks.ts";
import type { Turn } from "./turn.ts";

export class Edges {
  readonly #graph: Graph;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #tasks: Tasks;
  /** Edges of each task whose dependency has not ended. */
  #missing: Int32Array;
  #begun = false;
  /** Tasks that wait for nothing any more, since `takeReleased` was last asked. */
  released: Int32Array;
  #count = 0;

  constructor(graph: Graph, ledger: Ledger, turn: Turn, tasks: Tasks) {
    this.#graph = graph;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#tasks = tasks;
    this.#missing = degrees(graph.dependencies.start, graph.size);
    if (graph.subflows.length > 0) this.#nest(graph, 0);
    for (const task of graph.finallyTasks) this.#gate(task);
    this.released = new Int32Array(graph.size);
  }

  /**
   * What is inside of a task may have to wait for that one to be asked. An owner waits for no task of its own flow, and
   * one that is not asked for nothing: it begins with the first of them.
   */
  #nest({ subflows }: Pick<Graph, "subflows">, base: number): void {
    const { start, kind } = this.#rows.dependencies;
    for (const { owner, first, finallyTasks, asked } of subflows) {
      let own = asked ? 0 : 1;
      const last = start[base + owner + 1] as number;
      for (let edge = start[base + owner] as number; edge < last; edge++) {
        if (kind[edge] !== INNER) own++;
      }
      this.#missing[base + owner] = own;
      if (asked) for (let row = first; row < owner; row++) this.#addMissing(base + row, 1);
      for (const task of finallyTasks) this.#gate(base + task);
    }
  }

  /** A finally task waits for one edge more, and so does what is inside of it from the beginning. */
  #gate(task: number): void {
    for (const row of this.#withInside(task)) this.#addMissing(row, 1);
  }

  *#withInside(task: number): Iterable<number> {
    const inside = this.#ledger.nested.size === 0 ? undefined : this.#ledger.nested.get(task);
    if (inside !== undefined) {
      for (let row = inside.first; row < task; row++) yield row;
    }
    yield task;
  }

  #addMissing(row: number, more: number): void {
    this.#missing[row] = (this.#missing[row] as number) + more;
  }

  /** Those of the plan, and of what has come up since. */
  get #rows(): Pick<Graph, "dependencies" | "dependents"> {
    return this.#ledger.grown ?? this.#graph;
  }

  /** A flow has come up: its rows begin at `first`. None is released before `beginInside`: some may be restored. */
  enter({ size, dependencies, finallyTasks, subflows }: Graph, first: number): void {
    this.#begun = false;
    this.#missing = longer(this.#missing, first + size);
    this.released = longer(this.released, first + size);
    for (let row = 0; row < size; row++) {
      this.#missing[first + row] =
        (dependencies.start[row + 1] as number) - (dependencies.start[row] as number);
    }
    if (subflows.length > 0) this.#nest({ subflows }, first);
    for (const task of finallyTasks) this.#gate(first + task);
  }

  /** From now on its rows are released: at first those that wait for nothing. */
  beginInside({ first, count }: Pick<Inner, "first" | "count">): void {
    this.#begun = true;
    this.#releaseFrom(first, first + count);
  }

  #releaseFrom(first: number, end: number): void {
    for (let row = first; row < end; row++) {
      if (this.#missing[row] === 0 && this.#ledger.status[row] === WAITING) this.#release(row);
    }
  }

  /** The owner of a flow was asked: what is inside of it waits for one edge less. */
  openInside({ first, owner }: Pick<Inner, "first" | "owner">): void {
    for (let row = first; row < owner; row++) {
      if (this.#ledger.status[row] === WAITING) this.#lose(row);
    }
  }

  /** From now on tasks are released: at first those that wait for nothing. */
  begin(): void {
    this.#begun = true;
    this.#releaseFrom(0, this.#graph.size);
  }

  /** All others but tails have ended: these finally tasks wait for one edge less. */
  openGate(finallyTasks: Iterable<number>, base = 0): void {
    for (const task of finallyTasks) {
      for (const row of this.#withInside(base + task)) {
        if (this.#ledger.status[row] === WAITING) this.#lose(row);
      }
    }
  }

  /** One that it waited for has ended. */
  #lose(task: number): void {
    const missing = (this.#missing[task] as number) - 1;
    this.#missing[task] = missing;
    if (missing === 0 && this.#begun) this.#release(task);
  }

  #release(task: number): void {
    this.#ledger.readyAt[task] = this.#turn.now;
    this.#ledger.releasedBy[task] = this.#turn.cause;
    this.released[this.#count++] = task;
  }

  /** How many are `released`; they are in declaration order. */
  takeReleased(): number {
    const { released } = this;
    const count = this.#count;
    this.#count = 0;
    for (let at = 1; at < count; at++) {
      if ((released[at] as number) > (released[at - 1] as number)) continue;
      released.subarray(0, count).sort();
      break;
    }
    return count;
  }

  /** A task has its final state. Those that this rules out become `skipped`, and are returned: they have ended as well. */
  ended(task: number, ruledOut: number[] | undefined): number[] | undefined {
    const { status, reasons } = this.#ledger;
    const good = this.#ledger.hasValue(task);
    const { start, end, kind } = this.#rows.dependents;
    const last = start[task + 1] as number;
    let out = ruledOut;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependent = end[edge] as number;
      if (status[dependent] !== WAITING || kind[edge] === INNER) continue;
      if (good || (kind[edge] !== VALUE && kind[edge] !== AFTER)) {
        this.#lose(dependent);
        continue;
      }
      const before = reasons.get(task);
      const root = before?.kind === "dependency" ? before.root : task;
      reasons.set(dependent, { kind: "dependency", task, root });
      this.#tasks.become(dependent, SKIPPED);
      out ??= [];
      out.push(dependent);
    }
    return out;
  }
}

/** Why a task cannot run, looked for when it would start; `undefined` when all that it needs has completed, or may still. */
export function ruledOut(graph: Graph, ledger: Ledger, task: number): Reason | undefined {
  const { start, end } = graph.dependencies;
  const last = start[task + 1] as number;
  for (let edge = start[task] as number; edge < last; edge++) {
    const dependency = end[edge] as number;
    if (ledger.hasValue(dependency) || !ledger.isFinal(dependency)) continue;
    const before = ledger.reasons.get(dependency);
    // One that was skipped because the run stops rules nothing out: its dependents share its reason.
    if (before !== undefined && before === ledger.stoppedBy) continue;
    const root = before?.kind === "dependency" ? before.root : dependency;
    return { kind: "dependency", task: dependency, root };
  }
  return undefined;
}

/** How many edges each task has. */
export function degrees(start: Int32Array, size: number): Int32Array {
  const counts = new Int32Array(size);
  for (let task = 0; task < size; task++) {
    counts[task] = (start[task + 1] as number) - (start[task] as number);
  }
  return counts;
}
