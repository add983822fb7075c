/**
 * The work in a thread: what `workOnThreads` refers to and only threads import, so that the parsers are loaded there
 * and not in the main thread. Parameters are those of a function for `map`. Looks at no signal: a thread is ended from
 * outside.
 */
import { analyseFile, type FileAnalysis } from "./analyse/file.ts";
import { compareExcerpts, type DuplicateBlock, type Excerpt } from "./duplicates/compare.ts";
import type { TextFile } from "./read.ts";

export function analyse(files: readonly TextFile[], _index: number): FileAnalysis[] {
  return files.map(({ path, text }) => analyseFile(path, text));
}

export function compare(
  groups: readonly (readonly Excerpt[])[],
  _index: number,
): DuplicateBlock[][] {
  return groups.map(compareExcerpts);
}
