/**
 * The work on the main thread, one piece at a time. Between two pieces the event loop turns, so that Ctrl-C is heard;
 * while one is under way nothing else is.
 */
import { setImmediate } from "node:timers/promises";
import { analyseShardFile } from "./analyse/shard-file.ts";
import { compareExcerpts } from "./duplicates/compare.ts";
import type { AuditWork } from "./work.ts";

export const inlineWork: AuditWork = {
  atOnce: 1,
  analyse: (shard, _, { signal }) =>
    oneByOne(shard.files, signal, (file) => analyseShardFile(file, shard)),
  compare: (candidates, _, { signal }) => oneByOne(candidates, signal, compareExcerpts),
};

async function oneByOne<Piece, Result>(
  pieces: readonly Piece[],
  signal: AbortSignal,
  carryOut: (piece: Piece) => Result | Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const piece of pieces) {
    await setImmediate(undefined, { signal });
    results.push(await carryOut(piece));
  }
  return results;
}
