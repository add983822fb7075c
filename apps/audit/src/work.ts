/**
 * The two parts of the audit that compute for long, as `map` calls them. They run where they are called: on the main
 * thread, or on another when a runner takes them there. Loads the parsers when the first shard comes, half a second, and
 * so not in a thread that hands its shards on. Between two pieces the event loop turns, so that Ctrl-C is heard.
 */
import { setImmediate } from "node:timers/promises";
import type { TaskContext } from "@astrum/core";
import type { FileAnalysis } from "./analyse/file.ts";
import type { Excerpt } from "./duplicates/candidates.ts";
import type { DuplicateBlock } from "./duplicates/compare.ts";
import { untilItPasses } from "./flaky-io.ts";
import type { Shard } from "./shards.ts";

/** Some files below a folder. Not their texts: those are read by whoever analyses them. */
export interface FileShard extends Shard<string> {
  readonly root: string;
}

type Context = Pick<TaskContext, "signal" | "attempt">;

/** One analysis for each file, in their order. */
export async function analyse(
  { root, pieces }: FileShard,
  _index: number,
  { signal, attempt }: Context,
): Promise<FileAnalysis[]> {
  const { analyseTraced } = await import("./analyse/traced.ts");
  const lastTry = attempt > untilItPasses.attempts;
  return oneByOne(pieces, signal, (path) => analyseTraced(root, path, lastTry));
}

/** The blocks that are repeated in each candidate, in the order of the candidates. */
export async function compare(
  { pieces }: Shard<readonly Excerpt[]>,
  _index: number,
  { signal }: Context,
): Promise<DuplicateBlock[][]> {
  const { compareExcerpts } = await import("./duplicates/compare.ts");
  return oneByOne(pieces, signal, compareExcerpts);
}

async function oneByOne<Piece, Result>(
  pieces: readonly Piece[],
  signal: AbortSignal,
  carryOut: (piece: Piece) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const piece of pieces) {
    await setImmediate(undefined, { signal });
    results.push(carryOut(piece));
  }
  return results;
}
