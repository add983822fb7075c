/**
 * Who starts: those that were let in or released queue, or are asked first; of those that compete for capacity the best that
 * fit start; and who can never be served fails. Hears no event.
 */
import { addCause } from "../ground/causes.ts";
import type { Attempts } from "./attempts.ts";
import type { Edges } from "./edges.ts";
import type { DeniedEvent } from "./event.ts";
import { BY_MAP, BY_SEMAPHORE, type Ledger } from "./ledger.ts";
import type { Maps } from "./maps.ts";
import type { Owners } from "./owners.ts";
import type { Room } from "./room.ts";
import type { Rows } from "./rows.ts";
import type { Scopes } from "./scopes.ts";
import { QUEUED, RUNNING, WAITING } from "./states.ts";
import type { Stops } from "./stops.ts";
import type { Tasks } from "./tasks.ts";
import type { Turn } from "./turn.ts";

/** The rooms that it asks and tells. */
interface Rooms {
  readonly ledger: Ledger;
  readonly turn: Turn;
  readonly rows: Rows;
  readonly tasks: Tasks;
  readonly attempts: Attempts;
  readonly scopes: Scopes;
  readonly maps: Maps;
  readonly edges: Edges;
  readonly owners: Owners;
  readonly stops: Stops;
  readonly room: Room;
}

export class Starts {
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #rows: Rows;
  readonly #tasks: Tasks;
  readonly #attempts: Attempts;
  readonly #scopes: Scopes;
  readonly #maps: Maps;
  readonly #edges: Edges;
  readonly #owners: Owners;
  readonly #stops: Stops;
  readonly #room: Room;
  /** Whether tasks compete for anything. */
  readonly #limited: boolean;
  /** Nobody is chosen before those that can be prepared at once are there. */
  #mustering = false;

  constructor(rooms: Rooms, limited: boolean) {
    this.#ledger = rooms.ledger;
    this.#turn = rooms.turn;
    this.#rows = rooms.rows;
    this.#tasks = rooms.tasks;
    this.#attempts = rooms.attempts;
    this.#scopes = rooms.scopes;
    this.#maps = rooms.maps;
    this.#edges = rooms.edges;
    this.#owners = rooms.owners;
    this.#stops = rooms.stops;
    this.#room = rooms.room;
    this.#limited = limited;
  }

  /** Those that can be prepared at once are there: from now on they compete. */
  mustered(): void {
    this.#mustering = false;
    this.#room.answered();
  }

  /** Those that were released before a halt in the same turn are told by it. */
  takeReleased(): void {
    const count = this.#edges.takeReleased();
    if (count === 0) return;
    const { released } = this.#edges;
    let left = 0;
    for (let at = 0; at < count; at++) {
      const row = released[at] as number;
      if (this.#ledger.status[row] !== WAITING || !this.#scopes.letsStart(row)) continue;
      if (this.#scopes.nests) this.#owners.begins(row);
      released[left++] = row;
    }
    if (left > 0) this.#startReleased(left);
  }

  /** Of maps: as many items as each lets in. */
  startItems(): void {
    for (let item = this.#maps.nextItem(); item !== -1; item = this.#maps.nextItem()) {
      if (this.#limited) this.#room.add(item);
      else this.#start(item, this.#heldByMap(item));
    }
  }

  /** In declaration order; when one of them has inputs to resolve, all take that way, so that the order holds. */
  #startReleased(count: number): void {
    const { released } = this.#edges;
    const ask = this.#rows.ask && this.#asksAny(count);
    for (let at = 0; at < count; at++) {
      if (ask) this.#tasks.ask(released[at] as number);
      else this.enqueue(released[at] as number);
    }
    if (!ask || !this.#limited || this.#mustering) return;
    this.#muster();
  }

  #asksAny(count: number): boolean {
    const { released } = this.#edges;
    for (let at = 0; at < count; at++) {
      if (this.#rows.traitsOf(released[at] as number).asks) return true;
    }
    return false;
  }

  /** It competes, or starts at once where nothing is short. */
  enqueue(task: number): void {
    this.#tasks.become(task, QUEUED);
    if (this.#limited) this.#room.add(task);
    else this.#start(task, 0);
  }

  /** The best start that fit. Who waits for what other runs share starts when it is there. */
  fill(): void {
    if (!this.#limited || this.#mustering) return;
    for (let next = this.#room.next(); next !== undefined; next = this.#room.next()) {
      const { task, lacked, permitted } = next;
      const waited = permitted && this.#turn.now > this.#tasks.queuedSince(task);
      this.#start(task, lacked || (waited ? BY_SEMAPHORE : this.#heldByMap(task)));
    }
    if (this.#room.rest()) this.#muster();
  }

  #muster(): void {
    this.#mustering = true;
    this.#turn.command({ type: "muster" });
  }

  /** It cannot be served, now or later. */
  denied(event: DeniedEvent): void {
    const { error } = event;
    const task = this.#room.denied(event);
    if (task === undefined) return;
    // What its last attempt failed with is not lost behind that.
    const before = this.#ledger.errorOf(task);
    if (before !== undefined) addCause(error as Error, before);
    this.refuse(task, error);
  }

  #start(task: number, limitedBy: number): void {
    this.#tasks.become(task, RUNNING);
    this.#attempts.open(task, this.#tasks.queuedSince(task), this.#room.take(), limitedBy);
  }

  /** An item that starts later than it was listed, though nothing else was lacking, waited for its map. */
  #heldByMap(task: number): number {
    if (!this.#rows.isItem(task)) return 0;
    return this.#turn.now > this.#tasks.queuedSince(task) ? BY_MAP : 0;
  }

  /** It cannot have what it asks for, now or later. */
  refuse(task: number, error: unknown): void {
    if (this.#ledger.status[task] !== QUEUED) return;
    this.#ledger.taskErrors.set(task, error);
    this.#stops.conclude(task, "failing");
  }
}
