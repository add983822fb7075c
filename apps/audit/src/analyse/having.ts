/** Picks out of all analyses those that have a part. Loads no parser. */
import type { FileAnalysis } from "./file.ts";

/** The analyses that have a part, for the one who asks about that part. */
export function having<Part extends "code" | "loads" | "markdown">(
  part: Part,
  analyses: readonly FileAnalysis[],
): (FileAnalysis & Required<Pick<FileAnalysis, Part>>)[] {
  type Having = FileAnalysis & Required<Pick<FileAnalysis, Part>>;
  return analyses.filter((analysis): analysis is Having => analysis[part] !== undefined);
}
