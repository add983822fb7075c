/**
 * The items of maps: which one its map lets in next, and what they make of it when all have ended. Tells no row and starts
 * none.
 */
import { type FailedItem, MapError } from "../ground/map-error.ts";
import type { Ledger } from "./ledger.ts";
import type { Reason } from "./reason.ts";
import type { Rows } from "./rows.ts";
import { type Items, rowsOf } from "./scope.ts";
import type { Scopes } from "./scopes.ts";
import type { Spawn } from "./spawns.ts";
import { ABANDONED, CANCELLED, FAILED, QUEUED, SCOPE, SKIPPED } from "./states.ts";

export class Maps {
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #scopes: Scopes;
  /** Maps that may let an item in, since one was listed or has ended. */
  readonly #admitting: Items[] = [];

  constructor(rows: Rows, ledger: Ledger, scopes: Scopes) {
    this.#rows = rows;
    this.#ledger = ledger;
    this.#scopes = scopes;
  }

  /** The items of a map are listed, of which so many have their final state. */
  list(spawn: Spawn, ended: number): Items {
    const { owner, first, count } = spawn;
    const outer = this.#scopes.of(owner);
    const items: Items = {
      phase: "open",
      owner,
      outer,
      // What a map tolerates its items tolerate themselves.
      holder: outer.holder,
      first,
      count,
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
    this.#scopes.put(items);
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
    const items = this.#scopes.itemsOf(item) as Items;
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
