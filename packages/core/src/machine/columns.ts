/**
 * Columns of numbers for one table, all of one length. V8 keeps a typed array of up to 64 bytes on its heap, and gives a
 * larger one an allocation of its own: so small columns are arrays of their own, and larger ones are views of one buffer.
 */
const SMALL = 8;

export class Columns {
  readonly #rows: number;
  readonly #buffer: ArrayBuffer | undefined;
  #at = 0;

  /** `width`: the bytes of one row, over all columns. The widest columns are taken first, or they do not lie evenly. */
  constructor(rows: number, width: number) {
    this.#rows = rows;
    this.#buffer = rows > SMALL ? new ArrayBuffer(rows * width) : undefined;
  }

  float64(): Float64Array {
    if (this.#buffer === undefined) return new Float64Array(this.#rows);
    return new Float64Array(this.#buffer, this.#taken(8), this.#rows);
  }

  int32(): Int32Array {
    if (this.#buffer === undefined) return new Int32Array(this.#rows);
    return new Int32Array(this.#buffer, this.#taken(4), this.#rows);
  }

  uint8(): Uint8Array {
    if (this.#buffer === undefined) return new Uint8Array(this.#rows);
    return new Uint8Array(this.#buffer, this.#taken(1), this.#rows);
  }

  /** Where the column begins. */
  #taken(width: number): number {
    const at = this.#at;
    this.#at += width * this.#rows;
    return at;
  }
}

/** How long a column is made that becomes too short: rows that come up a few at a time are copied about once each. */
export function roomFor(rows: number, before: number): number {
  return Math.max(16, rows, 2 * before);
}

/** The column itself where it has so many rows, else one with room for more that begins as it does. */
export function longer<C extends Int32Array | Uint8Array>(column: C, rows: number): C {
  if (column.length >= rows) return column;
  const longer = column.constructor as new (length: number) => C;
  return begun(new longer(roomFor(rows, column.length)), column);
}

/** A longer column that begins as the one before it. */
export function begun<C extends Float64Array | Int32Array | Uint8Array>(column: C, before: C): C {
  column.set(before);
  return column;
}
