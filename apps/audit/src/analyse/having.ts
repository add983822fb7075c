/** Picks out of all analyses those that have a part. Loads no parser. */
import type { FileAnalysis } from "./file.ts";
import type { Markdown } from "./markdown.ts";

type Having<Part extends keyof FileAnalysis> = FileAnalysis & Required<Pick<FileAnalysis, Part>>;

export function having<Part extends keyof FileAnalysis>(
  part: Part,
  analyses: readonly FileAnalysis[],
): Having<Part>[] {
  return analyses.filter((one): one is Having<Part> => one[part] !== undefined);
}

export function markdownByPath(analyses: readonly FileAnalysis[]): ReadonlyMap<string, Markdown> {
  return new Map(having("markdown", analyses).map(({ path, markdown }) => [path, markdown]));
}
