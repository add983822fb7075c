/**
 * What the end of a task means along its edges: a dependent loses one that it waits for, and is released with the last; or
 * it is ruled out. Starts nobody, and knows no capacity and no policy.
 */
import { AFTER, type Graph, VALUE } from "../define/graph.ts";
import type { Ledger, Reason } from "./ledger.ts";
import { SKIPPED, WAITING } from "./states.ts";
import type { Tasks } from "./tasks.ts";
import type { Turn } from "./turn.ts";

export class Edges {
  readonly #graph: Graph;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #tasks: Tasks;
  /** Edges of each task whose dependency has not ended. */
  readonly #missing: Int32Array;
  #begun = false;
  /** Tasks that wait for nothing any more, since `takeReleased` was last asked. */
  readonly released: Int32Array;
  #count = 0;

  constructor(graph: Graph, ledger: Ledger, turn: Turn, tasks: Tasks) {
    this.#graph = graph;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#tasks = tasks;
    this.#missing = degrees(graph.dependencies.start, graph.size);
    for (const task of graph.finallyTasks)
      this.#missing[task] = (this.#missing[task] as number) + 1;
    this.released = new Int32Array(graph.size);
  }

  /** From now on tasks are released: at first those that wait for nothing. */
  begin(): void {
    this.#begun = true;
    for (let task = 0; task < this.#graph.size; task++) {
      if (this.#missing[task] === 0 && this.#ledger.status[task] === WAITING) this.#release(task);
    }
  }

  /** All but finally tasks and tails have ended: those wait for one edge less. */
  openGate(): void {
    for (const task of this.#graph.finallyTasks) {
      if (this.#ledger.status[task] === WAITING) this.#lose(task);
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
    const { start, end, kind } = this.#graph.dependents;
    const last = start[task + 1] as number;
    let out = ruledOut;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependent = end[edge] as number;
      if (status[dependent] !== WAITING) continue;
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
