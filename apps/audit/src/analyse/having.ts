/** Picks out of all analyses those that have a part. Loads no parser. */
import type { FileAnalysis } from "./file.ts";
import type { Markdown } from "./markdown.ts";

/** The analyses that have a part, for the one who asks about that part. */
export function having<Part extends "code" | "loads" | "markdown" | "complexity">(
  part: Part,
  analyses: readonly FileAnalysis[],
): (FileAnalysis & Required<Pick<FileAnalysis, Part>>)[] {
  type Having = FileAnalysis & Required<Pick<FileAnalysis, Part>>;
  return analyses.filter((analysis): analysis is Having => analysis[part] !== undefined);
}

export function markdownByPath(analyses: readonly FileAnalysis[]): ReadonlyMap<string, Markdown> {
  return new Map(having("markdown", analyses).map(({ path, markdown }) => [path, markdown]));
}
