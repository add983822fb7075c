/** What the audit looked at and what it left out, with the reason. Judges neither. */
import type { FileAnalysis } from "./analyse/file.ts";
import type { Discovery } from "./discover.ts";
import { comparePaths, type Skip } from "./finding.ts";
import { largestFileBytes, type ReadFile } from "./read.ts";

export interface Survey {
  readonly textFiles: number;
  readonly binaryFiles: number;
  /** Sorted by path. */
  readonly skipped: readonly Skip[];
}

export function survey(
  discovery: Discovery,
  read: readonly ReadFile[],
  analyses: readonly FileAnalysis[],
): Survey {
  const skipped: Skip[] = [...discovery.skipped];
  for (const file of read) {
    const reason = reasonFor(file);
    if (reason !== undefined) skipped.push({ path: file.path, reason });
  }
  for (const { path, leftOut } of analyses) {
    if (leftOut !== undefined) skipped.push({ path, reason: leftOut });
  }
  return {
    textFiles: analyses.length,
    binaryFiles: read.filter((file) => file.kind === "binary").length,
    skipped: skipped.sort(comparePaths),
  };
}

function reasonFor(file: ReadFile): string | undefined {
  if (file.kind === "skipped") return file.reason;
  return file.kind === "oversized"
    ? `larger than ${largestFileBytes / 1024 / 1024} MiB`
    : undefined;
}
