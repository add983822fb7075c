/**
 * What has come up inside of tasks: the items of maps and the tasks of flows, found by any of their rows and by the task that
 * they are inside of. Only grows; knows no state and no name.
 */
import type { Root } from "../define/graph.ts";
import { longer } from "./columns.ts";

const NO_ROWS = new Int32Array(0);

/** What has come up inside of a task, its owner: the items of a map or the tasks of a flow, consecutive from `first`. */
export interface Spawn {
  readonly owner: number;
  readonly first: number;
  readonly count: number;
  /** What each is called, of a map with `key`. */
  readonly keys?: readonly string[] | undefined;
  /** Of a flow: what it gives, by index among its tasks. */
  readonly roots?: readonly Root[];
  /** Of a loop: which of its flows this is, and the one before. */
  readonly iteration?: number;
  readonly before?: Spawn | undefined;
}

export class Spawns {
  readonly #planned: number;
  readonly #list: Spawn[];
  /** By row beyond the plan, its place in the list; by owner, that of the last one inside of it, from 1. Once there are two. */
  #places: Int32Array | undefined;
  #owned: Int32Array | undefined;

  constructor(planned: number, list: readonly Spawn[] = []) {
    this.#planned = planned;
    this.#list = [];
    for (const spawn of list) this.add(spawn);
  }

  get all(): readonly Spawn[] {
    return this.#list;
  }

  add(spawn: Spawn): void {
    this.#list.push(spawn);
    if (this.#list.length < 2) return;
    // So that nobody looks for one among ten thousand.
    if (this.#list.length === 2) this.#note(this.#list[0] as Spawn, 0);
    this.#note(spawn, this.#list.length - 1);
  }

  #note({ owner, first, count }: Spawn, place: number): void {
    const from = first - this.#planned;
    this.#places = longer(this.#places ?? NO_ROWS, from + count);
    for (let row = from; row < from + count; row++) this.#places[row] = place;
    this.#owned = longer(this.#owned ?? NO_ROWS, Math.max(first + count, owner + 1));
    this.#owned[owner] = place + 1;
  }

  /** Where the one stands that a row belongs to; -1 for a row of the plan. */
  placeOf(row: number): number {
    if (row < this.#planned) return -1;
    return this.#places === undefined
      ? this.#list.length - 1
      : (this.#places[row - this.#planned] ?? -1);
  }

  /** Where the last one stands that is inside of a task; -1 without any. */
  placeIn(owner: number): number {
    if (this.#owned !== undefined) return (this.#owned[owner] ?? 0) - 1;
    return this.#list[0]?.owner === owner ? 0 : -1;
  }

  of(row: number): Spawn | undefined {
    const place = this.placeOf(row);
    return place === -1 ? undefined : this.#list[place];
  }

  in(owner: number): Spawn | undefined {
    const place = this.placeIn(owner);
    return place === -1 ? undefined : this.#list[place];
  }

  copy(): Spawns {
    return new Spawns(this.#planned, this.#list);
  }
}
