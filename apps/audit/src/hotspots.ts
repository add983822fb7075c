/**
 * The files where changes are frequent and hard at once: how often a file changed times how many decisions it takes,
 * after Tornhill (Your Code as a Crime Scene, 2015). A ranking of a repository's own files, not a fault in any of them.
 */
import type { Complexity } from "./analyse/complexity.ts";
import type { HotspotFinding } from "./finding.ts";
import type { Churn } from "./git-churn.ts";

export interface MeasuredFile {
  readonly path: string;
  readonly complexity: Complexity;
}

/** What is told. A file that hardly changes, or decides hardly anything, is none however far up it stands. */
const mostTold = 10;
const fewestChanges = 5;
const fewestDecisions = 20;

/** The hottest first. */
export function hotspots(
  { commits, changes }: Churn,
  files: readonly MeasuredFile[],
): HotspotFinding[] {
  const changed = new Map(changes);
  return files
    .map(({ path, complexity }) => ({ path, complexity, churn: changed.get(path) ?? 0 }))
    .filter(
      ({ churn, complexity }) => churn >= fewestChanges && complexity.decisions >= fewestDecisions,
    )
    .map((file) => ({ ...file, heat: file.churn * file.complexity.decisions }))
    .sort((a, b) => b.heat - a.heat || (a.path < b.path ? -1 : 1))
    .slice(0, mostTold)
    .map(({ path, complexity: { decisions, line, decisionsThere }, churn }, index) => ({
      kind: "hotspots" as const,
      path,
      line,
      message:
        `rank ${index + 1}: changed in ${churn} of the last ${commits} commits, ${decisions} decisions` +
        `, ${decisionsThere} of them from this line on`,
      commits: churn,
      decisions,
    }));
}
