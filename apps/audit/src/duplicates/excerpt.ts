/** Cuts the candidate regions out of the files, as the comparison wants them. Compares nothing. */
import { comparedForm } from "../analyse/code-lines.ts";
import { splitLines } from "../analyse/lines.ts";
import type { TextFile } from "../read.ts";
import type { Region, SourceFile } from "./candidates.ts";
import type { Excerpt } from "./compare.ts";

/** `texts` and `sources` hold every file that a region names. */
export function cutExcerpts(
  groups: readonly (readonly Region[])[],
  sources: readonly SourceFile[],
  texts: readonly TextFile[],
): Excerpt[][] {
  const codes = new Map(sources.map(({ path, code }) => [path, code] as const));
  const textOf = new Map(texts.map(({ path, text }) => [path, text] as const));
  const split = new Map<string, readonly string[]>();
  return groups.map((group) => group.map(cut));

  function cut({ path, from, to }: Region): Excerpt {
    const code = codes.get(path);
    const lines = split.get(path) ?? splitLines(textOf.get(path) ?? "");
    split.set(path, lines);
    const numbers = Array.from(code?.numbers.subarray(from, to) ?? []);
    return { path, numbers, lines: numbers.map((number) => comparedForm(lines[number - 1] ?? "")) };
  }
}
