/** What the audit looked at and what it left out, with the reason. Judges neither. */
import type { FileAnalysis } from "./analyse/file.ts";
import type { Discovery } from "./discover.ts";
import { comparePaths, type FindingKind, type Skip } from "./finding.ts";

export interface Survey {
  readonly textFiles: number;
  readonly binaryFiles: number;
  /** From how many of them findings of a kind could come. */
  readonly from: Readonly<Record<FindingKind, number>>;
  /** Sorted by path. */
  readonly skipped: readonly Skip[];
}

export function survey(discovery: Discovery, analyses: readonly FileAnalysis[]): Survey {
  const skipped: Skip[] = [...discovery.skipped];
  const from = { links: 0, cycles: 0, dup: 0, hotspots: 0 };
  let textFiles = 0;
  let binaryFiles = 0;
  for (const { path, unread, leftOut, markdown, loads, code, complexity } of analyses) {
    if (unread === undefined) textFiles++;
    if (unread === "binary") binaryFiles++;
    if (leftOut !== undefined) skipped.push({ path, reason: leftOut });
    if (markdown !== undefined) from.links++;
    if (loads !== undefined) from.cycles++;
    if (code !== undefined) from.dup++;
    if (complexity !== undefined) from.hotspots++;
  }
  return { textFiles, binaryFiles, from, skipped: skipped.sort(comparePaths) };
}
