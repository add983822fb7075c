/**
 * In which scope each row lies; who may start there, whom a halt concerns, and which scope a failure halts. Tells no row and
 * starts none.
 */
import type { Graph } from "../define/graph.ts";
import type { Ledger } from "./ledger.ts";
import type { FailureMode } from "./machine.ts";
import type { Reason } from "./reason.ts";
import type { Rows } from "./rows.ts";
import { halt, type Inner, type Items, lower, rowsOf, type Scope } from "./scope.ts";
import { Sparse } from "./sparse.ts";
import { INSIDE, type Phase, type Role, SCOPE, SKIPPED } from "./states.ts";

export class Scopes {
  readonly run: Scope;
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #failure: FailureMode;
  /** Flows that are inside of tasks from the beginning, by owner. */
  readonly #nested: Sparse<Inner> = new Sparse();
  /** What came up since, each in the place that it has among the spawns. */
  readonly #spawned: (Items | Inner)[] = [];

  constructor(rows: Rows, ledger: Ledger, graph: Graph, failure: FailureMode = "stop") {
    this.#rows = rows;
    this.#ledger = ledger;
    this.#failure = failure;
    const nests = graph.subflows.length > 0;
    const tails = nests ? 0 : graph.tails.size;
    const last = nests ? 0 : graph.finallyTasks.size;
    const open = { main: nests ? 0 : graph.size - last - tails, finally: last, tails };
    this.run = {
      phase: "open",
      owner: -1,
      outer: undefined,
      holder: undefined,
      first: 0,
      count: graph.size,
      open,
      failed: 0,
    };
  }

  /** What is inside of this row: the items of a map, once they are listed; a flow. */
  inside(owner: number): Items | Inner | undefined {
    const place = this.#ledger.spawns.placeIn(owner);
    return place === -1 ? this.#nested.get(owner) : this.#spawned[place];
  }

  /** What has come up last. */
  put(scope: Items | Inner): void {
    this.#spawned.push(scope);
  }

  /** What is there from the beginning of the scope around it. */
  putNested(inner: Inner): void {
    this.#nested.set(inner.owner, inner);
  }

  /** The items that this row is one of. */
  itemsOf(row: number): Items | undefined {
    const scope = this.cameUpWith(row);
    return scope !== undefined && "spawn" in scope ? scope : undefined;
  }

  /** With what a row came up; nothing for one of the plan. */
  cameUpWith(row: number): Items | Inner | undefined {
    const place = this.#ledger.spawns.placeOf(row);
    return place === -1 ? undefined : this.#spawned[place];
  }

  /** The scope that a row lies in. */
  of(row: number): Scope {
    const { nestedIn } = this.#ledger;
    const owner = nestedIn.size === 0 ? undefined : nestedIn.get(row);
    if (owner !== undefined) return this.#nested.get(owner) as Inner;
    return this.cameUpWith(row) ?? this.run;
  }

  /** A row has its final state. Returned is the flow that may be over with that. */
  ended(row: number): Inner | undefined {
    const scope = this.of(row);
    const role = this.#rows.roleOf(row);
    if (scope === this.run || role === "tails") {
      this.run.open[role]--;
      return undefined;
    }
    scope.open[role]--;
    const inner = scope as Inner;
    const { lastAttempt, status } = this.#ledger;
    const has = this.inside(row) !== undefined && status[row] !== SKIPPED;
    if (has || lastAttempt[row] !== -1) inner.last = row;
    return inner.open.main === 0 ? inner : undefined;
  }

  /** Counts the rows of a graph, each in its scope. */
  count({ size }: Graph, first: number): void {
    for (let row = first; row < first + size; row++) {
      const role = this.#rows.roleOf(row);
      const scope = this.of(row);
      if (role === "tails" && scope !== this.run) this.#noteTail(row);
      (role === "tails" ? this.run : scope).open[role]++;
    }
  }

  /** With what is inside of it from the beginning, which comes before it. */
  #noteTail(tail: number): void {
    const { innerTails, nested } = this.#ledger;
    const inside = nested.get(tail);
    for (let row = inside?.first ?? tail; row <= tail; row++) innerTails.set(row, true);
  }

  /** Whether a failure of this row, of a flow, is one of its flow. */
  failsItsFlow(row: number): boolean {
    return !this.#failsAlone(row);
  }

  /** Whether any flow is inside of a task. */
  get nests(): boolean {
    return this.#ledger.nestedIn.size > 0 || this.#ledger.grown !== undefined;
  }

  /** The rows of a scope, and those inside them; every row comes after its owner. */
  *within(scope: Scope): Iterable<number> {
    if (scope === this.run) {
      for (let row = 0; row < this.#ledger.tasks; row++) yield row;
      return;
    }
    const open = [scope];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { first, count } = next;
      for (const row of rowsOf(next)) {
        yield row;
        const inside = this.inside(row);
        // What is there from the beginning has its rows among these.
        if (inside !== undefined && !(inside.first >= first && inside.first < first + count)) {
          open.push(inside);
        }
      }
      const before = (next as Partial<Inner>).before;
      if (before !== undefined) open.push(before);
    }
  }

  /**
   * What a row is to a scope that it lies in, however deep: what is inside of a finally row, or of a tail, is what that is.
   */
  roleIn(scope: Scope, row: number): Role {
    let role: Role = "main";
    let at = row;
    for (;;) {
      const own = this.#rows.roleOf(at);
      if (own === "finally") return own;
      if (own === "tails") role = own;
      const around = this.of(at);
      if (around === scope || around.outer === undefined) return role;
      at = around.owner;
    }
  }

  // ---- phases ------------------------------------------------------------------------------------------------------

  /** Whether a row that has begun, or an item, may start: another attempt, the next item. */
  mayStart(row: number): boolean {
    const effect = SCOPE[this.of(row).phase][this.#rows.roleOf(row)];
    return effect === "start" || effect === "those begun go on";
  }

  /** Whether it was stopped: what goes on of it is waited for only within the grace period. */
  isStopped(row: number): boolean {
    return SCOPE[this.of(row).phase][this.#rows.roleOf(row)] === "asked";
  }

  /** Whether a row may start that has just been released. */
  letsStart(row: number): boolean {
    return SCOPE[this.of(row).phase][this.#rows.roleOf(row)] === "start";
  }

  /** From now on its finally rows may start, and the verdict is fixed. */
  close(scope: Scope): void {
    lower(scope, "closing");
  }

  /** The main row, or item of one, whose attempt ended last: what finally rows have waited for. -1 when none had any. */
  lastToEnd(): number {
    const { attempts, attemptTask, endAt } = this.#ledger;
    let last = -1;
    let latest = Number.NEGATIVE_INFINITY;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const row = attemptTask[attempt] as number;
      const end = endAt[attempt] as number;
      if (!(end >= latest) || this.roleIn(this.run, row) !== "main") continue;
      latest = end;
      last = row;
    }
    return last;
  }

  /** A scope goes down to this phase, and so does what lies in it. `all`: finally rows too. */
  halt(scope: Scope, phase: Phase, reason: Reason, all = false): void {
    halt(scope, phase, reason);
    const follow = (inner: Scope): void => {
      if (!this.#concerns(this.roleIn(scope, inner.owner), phase, all)) return;
      halt(inner, phase, reason);
    };
    if (scope === this.run) {
      for (const [, inner] of this.#nested) follow(inner);
      for (const scope of this.#spawned) follow(scope);
    } else {
      for (const row of this.within(scope)) {
        const inner = this.inside(row);
        if (inner !== undefined) follow(inner);
      }
    }
  }

  /** Whether a halt to this phase concerns rows that have begun, by role. */
  #concerns(role: Role, phase: Phase, all: boolean): boolean {
    if (role === "finally") return all;
    return role === "main" || SCOPE[phase].tails === "asked";
  }

  /** Whether a halt of a scope to this phase does not concern a row that lies in it. */
  isSpared(scope: Scope, row: number, phase: Phase, all: boolean): boolean {
    const role = this.roleIn(scope, row);
    if (this.#concerns(role, phase, all)) return false;
    if (role === "finally") return true;
    // Of tails those are spared that have begun, with all that is inside of them.
    let tail = row;
    while (this.#rows.roleOf(tail) !== "tails") tail = this.of(tail).owner;
    return this.#ledger.lastAttempt[tail] !== -1 || this.#ledger.status[tail] === INSIDE;
  }

  /** Records and counts a final failure, `broken` where a result could not be kept; the scope that it halts, when it halts one. */
  fails(row: number, broken = false): Scope | undefined {
    const items = broken ? this.itemsOf(row) : undefined;
    if (items !== undefined) items.broken = true;
    const tolerated = this.#isTolerated(row);
    this.#ledger.fail(row, tolerated);
    if (!tolerated) this.run.failed++;
    return this.#halts(row);
  }

  /** A row has failed with what is inside of it, which has been counted. Likewise the scope that this halts. */
  ownerFails(owner: number): Scope | undefined {
    if (this.#isTolerated(owner)) this.#ledger.tolerated.set(owner, true);
    return this.#halts(owner);
  }

  /** Whether what fails neither fails nor stops the run: a row says so, or one that it is inside of. */
  #isTolerated(row: number): boolean {
    return this.#failsAlone(row) || this.of(row).holder !== undefined;
  }

  /** Whether it is tolerated by itself, or has a value all the same. */
  #failsAlone(row: number): boolean {
    return this.#rows.tolerates(row) || this.#ledger.fellBack.has(row);
  }

  /** Counts it in its scope. */
  #halts(row: number): Scope | undefined {
    const scope = this.of(row);
    const alone = this.#failsAlone(row);
    if ("spawn" in scope) {
      // Items that are tolerated fail their map all the same, unless they fail alone.
      (scope as Items)[this.#ledger.fellBack.has(row) ? "fellBack" : "failed"]++;
    } else if (scope !== this.run && !alone) scope.failed++;
    if (alone) return undefined;
    const { holder } = scope;
    const halted = holder ?? this.run;
    if (halted.phase !== "open" || this.roleIn(halted, row) === "finally") return undefined;
    if (holder !== undefined) return holder;
    if (this.#failure === "continue") return undefined;
    const most = typeof this.#failure === "object" ? this.#failure.maxFailures : 1;
    return this.run.failed >= most ? this.run : undefined;
  }
}
