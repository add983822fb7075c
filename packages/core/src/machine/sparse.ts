/** A column that few rows have: a `Map` by row, made when the first is set. Most runs write none of a dozen of them. */
export class Sparse<V> {
  #rows: Map<number, V> | undefined;

  get size(): number {
    return this.#rows === undefined ? 0 : this.#rows.size;
  }

  has(row: number): boolean {
    return this.#rows?.has(row) ?? false;
  }

  get(row: number): V | undefined {
    return this.#rows?.get(row);
  }

  set(row: number, value: V): void {
    this.#rows ??= new Map<number, never>();
    this.#rows.set(row, value);
  }

  /** Whether there was one. */
  delete(row: number): boolean {
    return this.#rows?.delete(row) ?? false;
  }

  copy(): Sparse<V> {
    const copied = new Sparse<V>();
    if (this.#rows !== undefined) copied.#rows = new Map(this.#rows);
    return copied;
  }

  /** In the order in which the rows were first set. */
  [Symbol.iterator](): Iterator<[row: number, value: V]> {
    return (this.#rows ?? NONE).entries() as Iterator<[number, V]>;
  }
}

const NONE: ReadonlyMap<number, never> = new Map<number, never>();
