/**
 * Ready tasks that compete for capacity: slots and named resources, taken all at once or not at all. The best goes
 * first: priority, then longest remaining path, then declaration. A task that does not fit lets others pass, but after
 * 64 bypasses what it needs is kept for it. Knows ranks and amounts; starts nothing.
 *
 * Tasks of one demand wait in one heap, because when its best does not fit, none of them does: a choice costs as many
 * looks as there are different demands, however many tasks wait.
 */
import { BY_CONCURRENCY, BY_RESOURCE } from "./ledger.ts";

const BYPASSES = 64;

interface Line {
  /** Amounts by resource, in the order of the capacities. */
  readonly demand: readonly number[];
  readonly heap: number[];
  bypassed: number;
  /** What its best task did not get when it was last looked at: a `BY_` code, or 0. */
  lacking: number;
}

export class ReadyQueue {
  readonly #free: number[];
  #slots: number;
  readonly #before: (a: number, b: number) => boolean;
  readonly #lines: Map<string, Line> = new Map();

  /** `slots` may be `Infinity`; `capacities` in the order of the demands; `before` is the order of tasks. */
  constructor(
    slots: number,
    capacities: readonly number[],
    before: (a: number, b: number) => boolean,
  ) {
    this.#slots = slots;
    this.#free = [...capacities];
    this.#before = before;
  }

  add(task: number, demand: readonly number[]): void {
    const key = demand.join();
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { demand, heap: [], bypassed: 0, lacking: 0 };
      this.#lines.set(key, line);
    }
    const { heap } = line;
    let at = heap.push(task) - 1;
    if (at > 0 && this.#before(task, heap[0] as number)) line.bypassed = 0;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#before(task, heap[above] as number)) break;
      heap[at] = heap[above] as number;
      at = above;
    }
    heap[at] = task;
  }

  /**
   * Takes the best task that fits, and its capacity with it; -1 when none does. Tasks that are not `live` any more are
   * dropped on the way.
   */
  take(live: (task: number) => boolean): { task: number; lacked: number } | undefined {
    const line = this.#best(live);
    if (line === undefined) return undefined;
    const task = line.heap[0] as number;
    for (const other of this.#lines.values()) {
      if (other.heap.length === 0) continue;
      if (other !== line && other.lacking !== 0 && this.#before(other.heap[0] as number, task)) {
        other.bypassed++;
      }
    }
    const lacked = line.lacking;
    this.#pop(line);
    this.#slots--;
    for (let at = 0; at < line.demand.length; at++) {
      this.#free[at] = (this.#free[at] as number) - (line.demand[at] as number);
    }
    return { task, lacked };
  }

  /** Whether `take` would find a task. */
  fits(live: (task: number) => boolean): boolean {
    return this.#best(live) !== undefined;
  }

  /** Capacity comes back. */
  give(demand: readonly number[]): void {
    this.#slots++;
    for (let at = 0; at < demand.length; at++) {
      this.#free[at] = (this.#free[at] as number) + (demand[at] as number);
    }
  }

  #best(live: (task: number) => boolean): Line | undefined {
    let reserved: Line | undefined;
    for (const line of this.#lines.values()) {
      while (line.heap.length > 0 && !live(line.heap[0] as number)) this.#pop(line);
      if (line.heap.length === 0) continue;
      const lack = this.#lack(line.demand, undefined);
      if (lack !== 0) line.lacking = lack;
      if (lack !== 0 && line.bypassed >= BYPASSES && (!reserved || this.#ahead(line, reserved))) {
        reserved = line;
      }
    }
    let best: Line | undefined;
    for (const line of this.#lines.values()) {
      if (line.heap.length === 0 || this.#lack(line.demand, reserved?.demand) !== 0) continue;
      if (best === undefined || this.#ahead(line, best)) best = line;
    }
    return best;
  }

  #ahead(a: Line, b: Line): boolean {
    return this.#before(a.heap[0] as number, b.heap[0] as number);
  }

  /** What is missing for a demand, when what is `kept` for another must remain free; 0 when nothing is. */
  #lack(demand: readonly number[], kept: readonly number[] | undefined): number {
    if (this.#slots < (kept === undefined ? 1 : 2)) return BY_CONCURRENCY;
    for (let at = 0; at < demand.length; at++) {
      const wanted = demand[at] as number;
      if (wanted > 0 && wanted + (kept?.[at] ?? 0) > (this.#free[at] as number)) {
        return BY_RESOURCE + at;
      }
    }
    return 0;
  }

  #pop(line: Line): void {
    const { heap } = line;
    const last = heap.pop() as number;
    line.bypassed = 0;
    if (heap.length === 0) {
      line.lacking = 0;
      return;
    }
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (
        below + 1 < heap.length &&
        this.#before(heap[below + 1] as number, heap[below] as number)
      ) {
        below++;
      }
      if (!this.#before(heap[below] as number, last)) break;
      heap[at] = heap[below] as number;
      at = below;
    }
    heap[at] = last;
  }
}
