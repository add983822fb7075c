/**
 * What ends as one: the run, and inside it the items of each map. A scope counts its rows, and its phase says who may
 * start in it; a failure policy and a halt are about scopes. Tells no row and starts none.
 */
import type { Graph } from "../define/graph.ts";
import { type FailedItem, MapError } from "../ground/map-error.ts";
import type { Ledger, Reason, Spawn } from "./ledger.ts";
import type { FailureMode } from "./machine.ts";
import type { Rows } from "./rows.ts";
import { Sparse } from "./sparse.ts";
import { ABANDONED, CANCELLED, FAILED, type Phase, QUEUED, type Role, SCOPE } from "./states.ts";

interface Scope {
  phase: Phase;
  /** Rows that failed; in the run those whose failure is not tolerated. */
  failed: number;
}

interface RunScope extends Scope {
  /** Rows without a final state, by role. */
  readonly open: Record<Role, number>;
}

/** The items of a map. */
export interface Items extends Scope {
  /** Items without a final state. */
  open: number;
  readonly spawn: Spawn;
  /** Items that may be let into the competition for capacity at once. */
  readonly limit: number;
  /** The next one to let in, and those let in that have not ended. */
  next: number;
  active: number;
  cancelled: number;
}

const PHASES = Object.keys(SCOPE);

export class Scopes {
  readonly run: RunScope;
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #failure: FailureMode;
  /** By map, in the order of the ledger's spawns. */
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
    this.run = { phase: "open", open, failed: 0 };
  }

  /** The items of this map, once they are listed. */
  inside(map: number): Items | undefined {
    return this.#inside.get(map);
  }

  /** The scope of an item; none for a row of the plan. */
  itemsOf(row: number): Items | undefined {
    const spawn = this.#ledger.spawnOf(row);
    return spawn && this.#inside.get(spawn.map);
  }

  /** A row of the run has its final state. */
  ended(row: number): void {
    this.run.open[this.#rows.roleOf(row)]--;
  }

  // ---- phases ------------------------------------------------------------------------------------------------------

  /** Whether a row that has begun, or an item, may start: another attempt, the next item. */
  mayStart(row: number): boolean {
    const items = this.itemsOf(row);
    const role = items === undefined ? this.#rows.roleOf(row) : "main";
    const effect = SCOPE[(items ?? this.run).phase][role];
    return effect === "start" || effect === "those begun go on";
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
      if (!(end >= latest) || this.#rows.roleOf(row) !== "main") continue;
      latest = end;
      last = row;
    }
    return last;
  }

  /** The run goes down to this phase, and so does what is inside it. `all`: finally rows too. */
  halt(phase: Phase, all = false): void {
    lower(this.run, phase);
    for (const [map, items] of this.#inside) {
      if (this.#concerns(this.#rows.roleOf(map), phase, all)) lower(items, phase);
    }
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

  /** Whether it is a finally task, or an item of one. */
  isFinally(row: number): boolean {
    return this.#rows.roleOf(row) === "finally";
  }

  /** Whether a halt of the run to this phase does not concern this row. */
  isSpared(row: number, phase: Phase, all: boolean): boolean {
    const role = this.#rows.roleOf(row);
    if (this.#concerns(role, phase, all)) return false;
    // Of tails those are spared that have begun.
    return (
      role === "finally" || row >= this.#ledger.planned || this.#ledger.lastAttempt[row] !== -1
    );
  }

  /** Records and counts a final failure; whether it halts the run. */
  fails(row: number): boolean {
    const items = this.itemsOf(row);
    if (items !== undefined) items.failed++;
    const tolerated = this.#rows.tolerates(row);
    this.#ledger.fail(row, tolerated);
    if (tolerated) return false;
    this.run.failed++;
    if (this.isFinally(row)) return false;
    if (this.run.phase !== "open" || this.#failure === "continue") return false;
    return this.run.failed >= (typeof this.#failure === "object" ? this.#failure.maxFailures : 1);
  }

  // ---- items -------------------------------------------------------------------------------------------------------

  /** The items of a map are listed, of which so many have their final state. */
  list(spawn: Spawn, ended: number): Items {
    const { map, count } = spawn;
    const items: Items = {
      phase: "open",
      open: count - ended,
      failed: 0,
      spawn,
      limit: this.#rows.traitsOf(map).itemLimit,
      next: 0,
      active: 0,
      cancelled: 0,
    };
    this.#inside.set(map, items);
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
    items.open--;
    if (status === CANCELLED || status === ABANDONED) items.cancelled++;
    if (this.#admitting.at(-1) !== items) this.#admitting.push(items);
    return items;
  }

  /**
   * What its items make of a map: one that failed fails it, one that was cancelled cancels it. Where items fail alone only
   * what stops them all does: with the run, or because the result of one could not be kept.
   */
  verdict({ spawn, phase, failed, cancelled }: Items): "ending" | "failed" | "cancelled" {
    if (this.#rows.traitsOf(spawn.map).settles) {
      if (phase === "open" || (failed === 0 && cancelled === 0)) return "ending";
      if (cancelled > 0) return "cancelled";
      return phase === "stopped" ? "failed" : "ending";
    }
    if (failed > 0) return "failed";
    return cancelled > 0 ? "cancelled" : "ending";
  }

  /** A map has failed with its items, which have been counted: whether that is tolerated is recorded. */
  mapFails(map: number): void {
    if (this.#rows.tolerates(map)) this.#ledger.tolerated.set(map, true);
  }

  /** Why a map failed: the errors of its items. */
  errorOf({ spawn, failed }: Items, name: string): MapError {
    const { status } = this.#ledger;
    const failures: FailedItem[] = [];
    for (const item of rowsOf(spawn)) {
      if (status[item] === FAILED || status[item] === ABANDONED) {
        const index = item - spawn.first;
        failures.push({ index, key: spawn.keys?.[index], error: this.#ledger.errorOf(item) });
      }
    }
    return new MapError(`${failed} of the ${spawn.count} items of "${name}" failed`, failures);
  }

  /** Why a map was cancelled: as the first of its items that was. */
  reasonOf({ spawn }: Items): Reason {
    const { status, reasons } = this.#ledger;
    let { first: item } = spawn;
    while (status[item] !== CANCELLED && status[item] !== ABANDONED) item++;
    return reasons.get(item) as Reason;
  }
}

export function* rowsOf({ first, count }: Spawn): Iterable<number> {
  for (let row = first; row < first + count; row++) yield row;
}

/** A scope only ever goes down. */
function lower(scope: Pick<Scope, "phase">, phase: Phase): void {
  if (PHASES.indexOf(phase) > PHASES.indexOf(scope.phase)) scope.phase = phase;
}
