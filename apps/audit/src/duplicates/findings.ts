/** Puts the duplicated blocks of all groups into words. Finds none itself. */
import { type Apart, apartOf } from "../apart.ts";
import { compareFindings, type DuplicateFinding, type Occurrence } from "../finding.ts";
import type { SourceFile } from "./candidates.ts";
import type { DuplicateBlock } from "./compare.ts";

/** More places than this are in the JSON only. */
const placesInMessage = 3;

export function duplicateFindings(
  groups: readonly (readonly DuplicateBlock[])[],
  sources: readonly SourceFile[],
): DuplicateFinding[] {
  const testsFrom = new Map(sources.map(({ path, code }) => [path, code.testsFrom]));
  const standsApart = ({ path, endLine }: Occurrence): Apart | undefined =>
    apartOf(path) ??
    (endLine >= (testsFrom.get(path) ?? Number.POSITIVE_INFINITY) ? "test" : undefined);
  return groups
    .flat()
    .map((block) => findingOf(block, block.occurrences.map(standsApart)))
    .sort(compareFindings);
}

function findingOf(
  { lines, occurrences }: DuplicateBlock,
  reasons: readonly (Apart | undefined)[],
): DuplicateFinding {
  const [first, ...others] = occurrences as readonly [Occurrence, ...Occurrence[]];
  const places = others
    .slice(0, placesInMessage)
    .map(({ path, startLine, endLine }) => `${path}:${startLine}-${endLine}`);
  const more = others.length - places.length;
  const also = places.join(", ") + (more > 0 ? ` and ${more} more` : "");
  const message = `lines ${first.startLine}-${first.endLine} (${lines} compared) are also at ${also}`;
  const apart = apartFor(reasons);
  return {
    kind: "dup",
    path: first.path,
    line: first.startLine,
    message,
    ...(apart && { apart }),
    lines,
    occurrences,
  };
}

/** It takes two places that count to make a copy that does. */
function apartFor(reasons: readonly (Apart | undefined)[]): Apart | undefined {
  const counting = reasons.filter((reason) => reason === undefined).length;
  return counting >= 2 ? undefined : reasons.find((reason) => reason !== undefined);
}
