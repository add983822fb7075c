/** What is still to happen in a simulated run, in the order of its instants. Knows no machine. */
import { Heap } from "../machine/heap.ts";

interface Entry<E> {
  readonly at: number;
  readonly serial: number;
  readonly what: E;
  open: boolean;
}

export class Agenda<E> {
  readonly #entries: Heap<Entry<E>> = new Heap(
    (a, b) => a.at < b.at || (a.at === b.at && a.serial < b.serial),
  );
  #serial = 0;

  /** Of one instant, what was added first goes first. Returns the way to call it off. */
  add(at: number, what: E): () => void {
    const entry = { at, serial: this.#serial++, what, open: true };
    this.#entries.push(entry);
    return () => {
      entry.open = false;
    };
  }

  /** Takes the next one; nothing when nothing is left that ever happens. */
  take(): { readonly at: number; readonly what: E } | undefined {
    for (let first = this.#entries.first; first !== undefined; first = this.#entries.first) {
      if (first.at === Number.POSITIVE_INFINITY) return undefined;
      this.#entries.removeAt(0);
      if (first.open) return first;
    }
    return undefined;
  }
}
