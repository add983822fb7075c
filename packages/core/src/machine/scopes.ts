/**
 * What ends as one: the run, and inside it the items of each map. Scopes lie in one another, each but the run in the row
 * that owns it. A scope counts its rows, and its phase says who may start in it; a failure policy and a halt are about
 * scopes. Tells no row and starts none.
 */
import type { Graph } from "../define/graph.ts";
import { type FailedItem, MapError } from "../ground/map-error.ts";
import type { Ledger, Reason, Spawn } from "./ledger.ts";
import type { FailureMode } from "./machine.ts";
import type { Rows } from "./rows.ts";
import { Sparse } from "./sparse.ts";
import {
  ABANDONED,
  CANCELLED,
  FAILED,
  type Phase,
  QUEUED,
  type Role,
  SCOPE,
  SKIPPED,
} from "./states.ts";

export interface Scope {
  phase: Phase;
  /** The row that it is inside of, and the scope of that row; the run is the outermost. */
  readonly owner: number;
  readonly outer: Scope | undefined;
  /** The nearest scope, itself included, whose owner tolerates what fails inside it; without one the run's policy decides. */
  readonly holder: Scope | undefined;
  /** Rows without a final state, by role. */
  readonly open: Record<Role, number>;
  /** Rows that failed; in the run those whose failure is not tolerated. */
  failed: number;
}

/** The items of a map: all of them main rows. */
export interface Items extends Scope {
  readonly outer: Scope;
  readonly spawn: Spawn;
  /** Items that may be let into the competition for capacity at once. */
  readonly limit: number;
  /** The next one to let in, and those let in that have not ended. */
  next: number;
  active: number;
  cancelled: number;
  /** Those that failed and were given a value all the same. */
  fellBack: number;
  skipped: number;
  /** What their map reads has gone. */
  lost: boolean;
  /** The result of one could not be kept. */
  broken: boolean;
}

const PHASES = Object.keys(SCOPE);

export class Scopes {
  readonly run: Scope;
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #failure: FailureMode;
  /** By owner, in the order of the ledger's spawns. */
  readonly #inside: Sparse<Items> = new Sparse();
  /** Maps that may let an item in, since one was listed or has ended. */
  readonly #admitting: Items[] = [];

  constructor(rows: Rows, ledger: Ledger, graph: Graph, failure: FailureMode = "stop") {
    this.#rows = rows;
    this.#ledger = ledger;
    this.#failure = failure;
    const tails = graph.tails.size;
    const last = graph.finallyTasks.size;
    const open = { main: graph.size - last - tails, finally: last, tails };
    this.run = {
      phase: "open",
      owner: -1,
      outer: undefined,
      holder: undefined,
      open,
      failed: 0,
    };
  }

  /** What is inside of this row: the items of a map, once they are listed. */
  inside(owner: number): Items | undefined {
    return this.#inside.get(owner);
  }

  /** The items that this row is one of. */
  itemsOf(row: number): Items | undefined {
    const spawn = this.#ledger.spawnOf(row);
    return spawn && this.#inside.get(spawn.owner);
  }

  /** The scope that a row lies in. */
  of(row: number): Scope {
    return this.itemsOf(row) ?? this.run;
  }

  /** A row has its final state. */
  ended(row: number): void {
    this.of(row).open[this.#rows.roleOf(row)]--;
  }

  /** The rows of a scope, and those inside them; every row comes after its owner. */
  *within(scope: Scope): Iterable<number> {
    if (scope === this.run) {
      for (let row = 0; row < this.#ledger.tasks; row++) yield row;
      return;
    }
    const open = [scope as Items];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const row of rowsOf(next.spawn)) {
        yield row;
        const inside = this.#inside.get(row);
        if (inside !== undefined) open.push(inside);
      }
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

  /** Whether rows may start that have just been released. */
  get letsStart(): boolean {
    const { main, finally: last } = SCOPE[this.run.phase];
    return main === "start" || last === "start";
  }

  /** From now on finally rows may start, and the verdict is fixed. */
  close(): void {
    lower(this.run, "closing");
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
  halt(scope: Scope, phase: Phase, all = false): void {
    lower(scope, phase);
    if (scope === this.run) for (const [, inner] of this.#inside) this.#follow(scope, inner, all);
    else {
      for (const row of this.within(scope)) {
        const inner = this.#inside.get(row);
        if (inner !== undefined) this.#follow(scope, inner, all);
      }
    }
  }

  /** What lies in a scope goes down with it, when that concerns it. */
  #follow(scope: Scope, inner: Scope, all: boolean): void {
    const { phase } = scope;
    if (this.#concerns(this.roleIn(scope, inner.owner), phase, all)) lower(inner, phase);
  }

  /** Whether a halt to this phase concerns rows that have begun, by role. */
  #concerns(role: Role, phase: Phase, all: boolean): boolean {
    if (role === "finally") return all;
    return role === "main" || SCOPE[phase].tails === "asked";
  }

  /** A map is called off: the end of one of its items lets in no other. */
  stop(items: Items): void {
    lower(items, "stopped");
  }

  /** Likewise, because what the map reads has gone. */
  lose(items: Items): void {
    lower(items, "stopped");
    items.lost = true;
  }

  /** Whether a halt of a scope to this phase does not concern a row that lies in it. */
  isSpared(scope: Scope, row: number, phase: Phase, all: boolean): boolean {
    const role = this.roleIn(scope, row);
    if (this.#concerns(role, phase, all)) return false;
    // Of tails those are spared that have begun, with all that is inside of them.
    return role === "finally" || this.of(row) !== scope || this.#ledger.lastAttempt[row] !== -1;
  }

  /** Records and counts a final failure, `broken` where a result could not be kept; the scope that it halts, when it halts one. */
  fails(row: number, broken = false): Scope | undefined {
    const items = this.itemsOf(row);
    if (items !== undefined && broken) items.broken = true;
    const fellBack = this.#ledger.fellBack.has(row);
    if (items !== undefined) items[fellBack ? "fellBack" : "failed"]++;
    const tolerated = fellBack || this.#rows.tolerates(row);
    const holder = tolerated ? undefined : this.of(row).holder;
    this.#ledger.fail(row, tolerated || holder !== undefined);
    if (tolerated) return undefined;
    if (holder === undefined) this.run.failed++;
    const halted = holder ?? this.run;
    if (halted.phase !== "open" || this.roleIn(halted, row) === "finally") return undefined;
    if (holder !== undefined) return holder;
    if (this.#failure === "continue") return undefined;
    const most = typeof this.#failure === "object" ? this.#failure.maxFailures : 1;
    return this.run.failed >= most ? this.run : undefined;
  }

  // ---- items -------------------------------------------------------------------------------------------------------

  /** The items of a map are listed, of which so many have their final state. */
  list(spawn: Spawn, ended: number): Items {
    const { owner, count } = spawn;
    const outer = this.of(owner);
    const items: Items = {
      phase: "open",
      owner,
      outer,
      // What a map tolerates its items tolerate themselves.
      holder: outer.holder,
      open: { main: count - ended, finally: 0, tails: 0 },
      failed: 0,
      spawn,
      limit: this.#rows.traitsOf(owner).itemLimit,
      next: 0,
      active: 0,
      cancelled: 0,
      fellBack: 0,
      skipped: 0,
      lost: false,
      broken: false,
    };
    this.#inside.set(owner, items);
    this.#admitting.push(items);
    return items;
  }

  /** Whether a map may let an item in. */
  get letsIn(): boolean {
    return this.#admitting.length > 0;
  }

  /** The next item that its map lets in: as many as its limit allows; -1 when there is none. */
  nextItem(): number {
    for (let items = this.#admitting.at(-1); items !== undefined; items = this.#admitting.at(-1)) {
      const { spawn, limit } = items;
      const starts = SCOPE[items.phase].main === "start";
      while (starts && items.active < limit && items.next < spawn.count) {
        const item = spawn.first + items.next++;
        if (this.#ledger.status[item] !== QUEUED) continue;
        items.active++;
        return item;
      }
      this.#admitting.pop();
    }
    return -1;
  }

  /** An item has its final state. Its scope is returned. */
  itemEnded(item: number): Items {
    const items = this.itemsOf(item) as Items;
    const status = this.#ledger.status[item];
    if (item - items.spawn.first < items.next) items.active--;
    items.open.main--;
    if (this.#calledOff(item)) items.cancelled++;
    else if (status === SKIPPED) items.skipped++;
    if (this.#admitting.at(-1) !== items) this.#admitting.push(items);
    return items;
  }

  /** An item that was given up because of a failure of its own, which is tolerated, is none of them. */
  #calledOff(item: number): boolean {
    const { status, tolerated } = this.#ledger;
    return status[item] === CANCELLED || (status[item] === ABANDONED && !tolerated.has(item));
  }

  /**
   * What its items make of a map: one that failed fails it, one that was cancelled cancels it. Where items fail alone only
   * what stops them all does: with the run, because the result of one could not be kept, or because what the map reads has
   * gone. Then it fails by itself (`failing`), for its items' failures count for nothing.
   */
  verdict(items: Items): "ending" | "failed" | "failing" | "cancelled" {
    const { spawn, phase, failed, cancelled, lost, broken } = items;
    if (this.#rows.traitsOf(spawn.owner).settles) {
      if (phase === "open" || (failed === 0 && cancelled === 0)) return "ending";
      if (cancelled > 0) return "cancelled";
      return lost || broken ? "failing" : "ending";
    }
    if (failed > 0) return "failed";
    return cancelled > 0 ? "cancelled" : "ending";
  }

  /** A map completes, also with items that have the value of a fallback: so has the map. Or with some that have none. */
  completes({ spawn, fellBack, failed, cancelled, skipped }: Items): void {
    if (fellBack > 0) this.#ledger.fellBack.set(spawn.owner, true);
    if (failed + cancelled + skipped > 0) this.#ledger.halfDone.set(spawn.owner, true);
  }

  /** A map has failed with its items, which have been counted: whether that is tolerated is recorded. */
  mapFails(map: number): void {
    if (this.#rows.tolerates(map)) this.#ledger.tolerated.set(map, true);
  }

  /** Why a map failed: the errors of its items. */
  errorOf({ spawn, failed }: Items, name: string): MapError {
    const { status, fellBack } = this.#ledger;
    const failures: FailedItem[] = [];
    for (const item of rowsOf(spawn)) {
      if ((status[item] === FAILED || status[item] === ABANDONED) && !fellBack.has(item)) {
        const index = item - spawn.first;
        failures.push({ index, key: spawn.keys?.[index], error: this.#ledger.errorOf(item) });
      }
    }
    return new MapError(`${failed} of the ${spawn.count} items of "${name}" failed`, failures);
  }

  /** Why a map was cancelled: as the first of its items that was. */
  reasonOf({ spawn }: Items): Reason {
    let { first: item } = spawn;
    while (!this.#calledOff(item)) item++;
    return this.#ledger.reasons.get(item) as Reason;
  }
}

export function* rowsOf({ first, count }: Spawn): Iterable<number> {
  for (let row = first; row < first + count; row++) yield row;
}

/** A scope only ever goes down. */
function lower(scope: Pick<Scope, "phase">, phase: Phase): void {
  if (PHASES.indexOf(phase) > PHASES.indexOf(scope.phase)) scope.phase = phase;
}
