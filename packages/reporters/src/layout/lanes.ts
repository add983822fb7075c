/**
 * The lanes of a timeline, handed out in the order of starts: a recorded slot is a lane of its own while it is free, and
 * everyone else gets the lowest free lane above all recorded ones. Knows instants, and no task.
 */

export class Lanes {
  readonly #most: number;
  #recordedLanes = 0;
  readonly #recordedEnd: number[] = [];
  readonly #drawnEnd: number[] = [];
  /** Lanes above the recorded slots: those that are busy by when they end, those that are free by their number. */
  readonly #busy: Heap = new Heap();
  readonly #free: Heap = new Heap();
  #spareLanes = 0;

  /** `slots` are those that were recorded, one for each attempt that has one. */
  constructor(slots: readonly (number | undefined)[]) {
    this.#most = slots.length;
    for (const slot of slots) {
      if (this.#isLane(slot)) this.#recordedLanes = Math.max(this.#recordedLanes, slot + 1);
    }
  }

  /** The engine never has more slots than attempts; a report from elsewhere may hold anything. */
  #isLane(slot: number | undefined): slot is number {
    return slot !== undefined && Number.isInteger(slot) && slot >= 0 && slot < this.#most;
  }

  get count(): number {
    return this.#recordedLanes + this.#spareLanes;
  }

  /** For what runs from `startUs`, which no call before was later than, to `endUs`. */
  take(slot: number | undefined, startUs: number, endUs: number): number {
    if (this.#isLane(slot) && (this.#recordedEnd[slot] ?? 0) <= startUs) {
      this.#recordedEnd[slot] = endUs;
      return slot;
    }
    while (this.#busy.least <= startUs) {
      const lane = this.#busy.pop();
      this.#free.push(lane, lane);
    }
    const lane = this.#free.size > 0 ? this.#free.pop() : this.#recordedLanes + this.#spareLanes++;
    this.#busy.push(endUs, lane);
    return lane;
  }

  drawnUntil(lane: number): number {
    return this.#drawnEnd[lane] ?? 0;
  }

  draw(lane: number, endUs: number): void {
    this.#drawnEnd[lane] = endUs;
  }
}

/** Lanes by a key, the least first: a run of 100,000 attempts without slots has nearly as many lanes. */
class Heap {
  readonly #keys: number[] = [];
  readonly #lanes: number[] = [];

  get size(): number {
    return this.#keys.length;
  }

  /** Infinite when there is none. */
  get least(): number {
    return this.#keys[0] ?? Number.POSITIVE_INFINITY;
  }

  push(key: number, lane: number): void {
    let at = this.#keys.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = this.#keys[above] as number;
      if (other <= key) break;
      this.#put(at, other, this.#lanes[above] as number);
      at = above;
    }
    this.#put(at, key, lane);
  }

  /** Of one that is not empty. */
  pop(): number {
    const least = this.#lanes[0] as number;
    const key = this.#keys.pop() as number;
    const lane = this.#lanes.pop() as number;
    if (this.#keys.length === 0) return least;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const right = this.#keys[below + 1];
      if (right !== undefined && right < (this.#keys[below] as number)) below++;
      const other = this.#keys[below];
      if (other === undefined || other >= key) break;
      this.#put(at, other, this.#lanes[below] as number);
      at = below;
    }
    this.#put(at, key, lane);
    return least;
  }

  #put(at: number, key: number, lane: number): void {
    this.#keys[at] = key;
    this.#lanes[at] = lane;
  }
}
