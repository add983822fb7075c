/** A binary heap: the best first. Knows what comes before what, and tells each item where it stands; nothing else. */
export class Heap<T> {
  readonly items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;
  readonly #place: ((item: T, at: number) => void) | undefined;

  /** `place` is told whenever an item gets another index in `items`. */
  constructor(before: (a: T, b: T) => boolean, place?: (item: T, at: number) => void) {
    this.#before = before;
    this.#place = place;
  }

  get first(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    this.#rise(item, this.items.push(item) - 1);
  }

  removeAt(at: number): void {
    const last = this.items.pop() as T;
    if (at < this.items.length) this.#settle(last, at);
  }

  /** The item at this index comes earlier or later than it did. */
  changed(at: number): void {
    this.#settle(this.items[at] as T, at);
  }

  #settle(item: T, at: number): void {
    if (this.#rise(item, at) === at) this.#sink(item, at);
  }

  #rise(item: T, from: number): number {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#before(item, this.items[above] as T)) break;
      this.#put(this.items[above] as T, at);
      at = above;
    }
    this.#put(item, at);
    return at;
  }

  #sink(item: T, from: number): void {
    const { items } = this;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && this.#before(items[below + 1] as T, items[below] as T)) {
        below++;
      }
      if (!this.#before(items[below] as T, item)) break;
      this.#put(items[below] as T, at);
      at = below;
    }
    this.#put(item, at);
  }

  #put(item: T, at: number): void {
    this.items[at] = item;
    this.#place?.(item, at);
  }
}
