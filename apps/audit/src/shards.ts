/** Puts small pieces of work together, so that what a call to a thread costs is little beside what it does. */

/**
 * In characters. A call costs little, a thread much: one to two seconds of computing and 100 MB until its parsers are
 * loaded and warm. One is started for each shard until there are as many as allowed, so a shard is no less than is worth
 * that.
 */
const fullShard = 128 * 1024;

/** Keeps the order. A piece that is larger than a full shard is a shard by itself. */
export function inShards<Piece>(
  pieces: readonly Piece[],
  sizeOf: (piece: Piece) => number,
): Piece[][] {
  const shards: Piece[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const piece of pieces) {
    const size = sizeOf(piece);
    if (filled + size > fullShard) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)?.push(piece);
    filled += size;
  }
  return shards;
}
