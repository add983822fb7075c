/** Items in an order, of which nearly all enter at its end and leave at its beginning. Knows nothing of them but that. */

export interface InLine<T> {
  /** Who has a smaller one stands before. */
  readonly order: number;
  before: T | undefined;
  next: T | undefined;
}

export class Line<T extends InLine<T>> {
  first: T | undefined;
  last: T | undefined;

  enter(item: T): void {
    let before = this.last;
    while (before !== undefined && before.order > item.order) before = before.before;
    this.#put(item, before);
  }

  leave(item: T): void {
    const { before, next } = item;
    if (before === undefined) this.first = next;
    else before.next = next;
    if (next === undefined) this.last = before;
    else next.before = before;
    item.before = undefined;
    item.next = undefined;
  }

  /** Its order is another one now. */
  moved(item: T): void {
    let { before, next } = item;
    this.leave(item);
    while (next !== undefined && next.order < item.order) {
      before = next;
      next = next.next;
    }
    while (before !== undefined && before.order > item.order) before = before.before;
    this.#put(item, before);
  }

  #put(item: T, before: T | undefined): void {
    const next = before === undefined ? this.first : before.next;
    item.before = before;
    item.next = next;
    if (before === undefined) this.first = item;
    else before.next = item;
    if (next === undefined) this.last = item;
    else next.before = item;
  }
}
