/**
 * The files where changes are frequent and hard at once: how often a file changed times how many decisions it takes,
 * after Tornhill (Your Code as a Crime Scene, 2015). A ranking of a repository's own files, not a fault in any of them.
 */
import type { Complexity } from "./analyse/complexity.ts";
import { type Apart, apartOf } from "./apart.ts";
import { comparePaths, type HotspotFinding } from "./finding.ts";
import type { Churn } from "./git-churn.ts";

export interface MeasuredFile {
  readonly path: string;
  readonly complexity: Complexity;
  /** Whether a program wrote it. */
  readonly generated?: true;
}

/** What is told. A file that hardly changes, or decides hardly anything, is none however far up it stands. */
const mostTold = 10;
const fewestChanges = 5;
const fewestDecisions = 20;

/** The hottest first; those that do not count after those that do, as many. */
export function hotspots(
  { commits, changes }: Churn,
  files: readonly MeasuredFile[],
): HotspotFinding[] {
  const changed = new Map(changes);
  const all = files
    .map((file) => {
      const churn = changed.get(file.path) ?? 0;
      const heat = churn * file.complexity.decisions;
      return { ...file, churn, heat, apart: apartOf(file.path, file.generated) };
    })
    .filter(
      ({ churn, complexity }) => churn >= fewestChanges && complexity.decisions >= fewestDecisions,
    )
    .sort((a, b) => b.heat - a.heat || comparePaths(a, b));
  return [true, false].flatMap((counts) =>
    all
      .filter(({ apart }) => (apart === undefined) === counts)
      .slice(0, mostTold)
      .map((file, index) => findingOf(file, index + 1, commits)),
  );
}

interface HotFile extends MeasuredFile {
  readonly churn: number;
  readonly apart: Apart | undefined;
}

function findingOf(
  { path, complexity: { decisions, line, decisionsThere }, churn, apart }: HotFile,
  rank: number,
  commits: number,
): HotspotFinding {
  return {
    kind: "hotspots",
    path,
    line,
    message:
      `rank ${rank}: changed in ${churn} of the last ${commits} commits, ${decisions} decisions` +
      `, ${decisionsThere} of them from this line on`,
    ...(apart && { apart }),
    commits: churn,
    decisions,
  };
}
