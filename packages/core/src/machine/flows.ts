/**
 * Flows inside of tasks: when one may be over, and what it makes of its owner, which is as good as what its rows have come
 * to. Tells no row and starts none.
 */
import type { Graph } from "../define/graph.ts";
import { SubflowError } from "../ground/subflow-error.ts";
import type { Ledger } from "./ledger.ts";
import type { Reason } from "./reason.ts";
import type { Rows } from "./rows.ts";
import type { Inner, Scope } from "./scope.ts";
import type { Scopes } from "./scopes.ts";
import type { Spawn } from "./spawns.ts";
import { ABANDONED, FAILED } from "./states.ts";

const NO_ROOTS: Inner["roots"] = [];

export class Flows {
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #scopes: Scopes;
  /** Flows whose main or finally rows may all have ended. */
  readonly #done: Inner[] = [];

  constructor(rows: Rows, ledger: Ledger, scopes: Scopes, graph: Graph) {
    this.#rows = rows;
    this.#ledger = ledger;
    this.#scopes = scopes;
    if (graph.subflows.length === 0) return;
    this.#nest(scopes.run, graph, 0);
    scopes.count(graph, 0);
    this.#noteEmpty(graph, 0);
  }

  /** Flows that are inside of tasks from the beginning of a scope, whose rows begin at `first`. */
  #nest(scope: Scope, { subflows }: Graph, first: number): void {
    // What is inside of another comes before it in the list, and after it here.
    for (let at = subflows.length - 1; at >= 0; at--) {
      const one = subflows[at] as Graph["subflows"][number];
      const owner = first + one.owner;
      const around = this.#ledger.nestedIn.get(owner);
      const outer = around === undefined ? scope : (this.#scopes.inside(around) as Inner);
      const inner = this.#inner(owner, outer, first + one.first, one.owner - one.first, one, first);
      this.#scopes.putNested(inner);
      this.#ledger.nested.set(owner, inner);
      for (let row = inner.first; row < owner; row++) this.#ledger.nestedIn.set(row, owner);
    }
  }

  /** A flow has come up inside of a row. */
  enter(spawn: Spawn, graph: Graph): Inner {
    const { owner, first, count, iteration } = spawn;
    const given = {
      roots: graph.roots ?? NO_ROOTS,
      finallyTasks: graph.finallyTasks,
      asked: false,
    };
    const inner = this.#inner(owner, this.#scopes.of(owner), first, count, given, first, iteration);
    if (spawn.before !== undefined)
      inner.before = this.#scopes.cameUpWith(spawn.before.first) as Inner;
    this.#scopes.put(inner);
    if (graph.subflows.length === 0 && graph.tails.size === 0 && graph.finallyTasks.size === 0) {
      inner.open.main = count;
    } else {
      this.#nest(inner, graph, first);
      this.#scopes.count(graph, first);
      this.#noteEmpty(graph, first);
    }
    if (inner.open.main === 0) this.#done.push(inner);
    return inner;
  }

  /** Flows without main rows end when they may begin. */
  #noteEmpty({ subflows }: Graph, first: number): void {
    for (const { owner } of subflows) {
      const inner = this.#scopes.inside(first + owner) as Inner;
      if (inner.open.main === 0) this.#done.push(inner);
    }
  }

  #inner(
    owner: number,
    outer: Scope,
    first: number,
    count: number,
    given: Pick<Inner, "roots" | "finallyTasks"> & { readonly asked: boolean },
    base: number,
    iteration?: number,
  ): Inner {
    const inner: Inner = {
      phase: "open",
      owner,
      outer,
      holder: outer.holder,
      first,
      count,
      open: { main: 0, finally: 0, tails: 0 },
      failed: 0,
      roots: given.roots,
      finallyTasks: given.finallyTasks,
      base,
      opened: !given.asked,
      iteration,
      before: undefined,
      haltedBy: undefined,
      stoppedBy: undefined,
      last: -1,
      expired: false,
      alive: 0,
      lingering: 0,
      over: false,
    };
    return this.#rows.holds(owner) ? Object.assign(inner, { holder: inner }) : inner;
  }

  /** Whether rows of a flow may start, and of all that it lies in: one without main rows is not over before that. */
  #isOpen(inner: Inner): boolean {
    let at: Scope = inner;
    while (at.outer !== undefined) {
      if ("opened" in at && !(at as Inner).opened) return false;
      if (this.#rows.roleOf(at.owner) === "finally" && at.outer.phase !== "closing") return false;
      at = at.outer;
    }
    return true;
  }

  /** The owner of a flow was asked, and is wanted: its rows may start. */
  open(inner: Inner): void {
    inner.opened = true;
    if (inner.open.main === 0) this.#done.push(inner);
  }

  /** A row of a flow has ended, and no main row of it is open: it may be over. */
  mayEnd(inner: Inner): void {
    this.#done.push(inner);
  }

  /** An answer goes on that nobody wants any more, or has ended: until then no flow is over that its row lies in. */
  lingers(row: number, more: 1 | -1): void {
    let at = this.#scopes.of(row);
    for (; at.outer !== undefined; at = at.outer) {
      if ("spawn" in at) continue;
      const inner = at as Inner;
      inner.lingering += more;
      if (inner.lingering === 0 && inner.open.main === 0) this.#done.push(inner);
    }
  }

  /** Whether any flow may be over. */
  get mayEndAny(): boolean {
    return this.#done.length > 0;
  }

  /** The next flow whose main rows have all ended, and its finally rows once it is closing; none when there is none. */
  nextDone(): Inner | undefined {
    for (let at = this.#done.length - 1; at >= 0; at--) {
      const inner = this.#done[at] as Inner;
      if (!this.#isOpen(inner) && !this.#ledger.isFinal(inner.owner)) continue;
      // What it still waits for brings it back: it is not looked at before that.
      if (at === this.#done.length - 1) this.#done.pop();
      else this.#done.splice(at, 1);
      const ended = inner.phase === "closing" ? isOver(inner) : inner.lingering === 0;
      if (ended && !inner.over) return inner;
    }
    return undefined;
  }

  /**
   * All its rows have ended: what failed in it fails its owner. Without a value for every root the owner is what became
   * of the flow: halted with it, or skipped as whoever reads such a root.
   */
  verdict(inner: Inner): "ending" | "failed" | "cancelled" | "skipped" {
    if (inner.failed > 0) return "failed";
    if (this.#missing(inner) === undefined) return "ending";
    return inner.haltedBy !== undefined && this.hasBegun(inner) ? "cancelled" : "skipped";
  }

  /** It completes, with what its roots gave: what a fallback gave in the place of one does not stand for a later run. */
  completes({ owner, roots, base }: Inner): void {
    if (roots.some(({ task }) => !this.#ledger.stands(base + task)))
      this.#ledger.halfDone.set(owner, true);
  }

  /** Why, for one that is cancelled or skipped. */
  reasonOf(inner: Inner): Reason {
    if (inner.haltedBy !== undefined) return inner.haltedBy;
    const task = this.#missing(inner) as number;
    const before = this.#ledger.reasons.get(task);
    return { kind: "dependency", task, root: before?.kind === "dependency" ? before.root : task };
  }

  /** Whether any function of it was called, or that of its owner. */
  hasBegun(inner: Inner): boolean {
    const { lastAttempt } = this.#ledger;
    if (lastAttempt[inner.owner] !== -1) return true;
    for (const row of this.#scopes.within(inner)) if (lastAttempt[row] !== -1) return true;
    return false;
  }

  /** Why an owner failed: the errors of the tasks of its flow, those that failed alone left out. */
  errorOf(inner: Inner, nameOf: (row: number) => string): SubflowError {
    const { status } = this.#ledger;
    const failed: number[] = [];
    for (let row = inner.first; row < inner.first + inner.count; row++) {
      if (status[row] !== FAILED && status[row] !== ABANDONED) continue;
      if (this.#scopes.of(row) !== inner || !this.#scopes.failsItsFlow(row)) continue;
      failed.push(row);
    }
    const errors = failed.map((row) => this.#ledger.errorOf(row));
    return new SubflowError(nameOf(inner.owner), failed.map(nameOf), errors);
  }

  #missing({ roots, base }: Inner): number | undefined {
    for (const { task } of roots) if (!this.#ledger.hasValue(base + task)) return base + task;
    return undefined;
  }
}

/** Whether its finally rows have ended, and nothing of it lives. */
export function isOver({ open, alive }: Inner): boolean {
  return open.finally === 0 && alive === 0;
}
