/** Puts small pieces of work together, so that what a task costs is little beside what it does. Knows no kind of work. */
import { createHash } from "node:crypto";

/** A part of many pieces, in their order. */
export interface Shard<Piece> {
  /** Of all shards of these pieces, a name of its own: that of its first piece. */
  readonly name: string;
  /** How many shards there are in all. */
  readonly of: number;
  readonly pieces: readonly Piece[];
}

/** The longest key of an item that a map takes. */
const longestName = 256;

/**
 * What is in a shard depends on the pieces alone, so that an interrupted audit finds the same shards when it goes on. A
 * piece that is larger than a full shard is a shard by itself. Names of pieces are unique.
 */
export function inShards<Piece>(
  pieces: readonly Piece[],
  full: number,
  nameOf: (piece: Piece) => string,
  sizeOf: (piece: Piece) => number = () => 1,
): Shard<Piece>[] {
  const shards: Piece[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const piece of pieces) {
    const size = sizeOf(piece);
    if (filled + size > full) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)?.push(piece);
    filled += size;
  }
  return shards.map((pieces) => {
    const name = shortened(nameOf(pieces[0] as Piece));
    return { name, of: shards.length, pieces };
  });
}

/** Still unique: what is cut off is there as a hash. */
function shortened(name: string): string {
  if (name.length <= longestName) return name;
  const hash = createHash("sha256").update(name).digest("base64url");
  return `${name.slice(0, longestName - hash.length - 1)}…${hash}`;
}
