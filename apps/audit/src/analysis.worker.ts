/**
 * The work in a thread: what `workOnThreads` refers to and only threads import, so that the parsers are loaded there
 * and not in the main thread. Parameters are those of a function for `map`. Looks at no signal: a thread is ended from
 * outside.
 */
import type { FileAnalysis } from "./analyse/file.ts";
import type { Shard } from "./analyse/shard.ts";
import { analyseShardFile } from "./analyse/shard-file.ts";
import type { Excerpt } from "./duplicates/candidates.ts";
import { compareExcerpts, type DuplicateBlock } from "./duplicates/compare.ts";

export async function analyse(shard: Shard, _index: number): Promise<FileAnalysis[]> {
  const analyses: FileAnalysis[] = [];
  for (const file of shard.files) analyses.push(await analyseShardFile(file, shard));
  return analyses;
}

export function compare(
  candidates: readonly (readonly Excerpt[])[],
  _index: number,
): DuplicateBlock[][] {
  return candidates.map(compareExcerpts);
}
