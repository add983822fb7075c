/** Puts the duplicated blocks of all groups into words. Finds none itself. */
import { type Apart, apartOf } from "../apart.ts";
import { compareFindings, type DuplicateFinding, type Occurrence } from "../finding.ts";
import type { DuplicateBlock } from "./compare.ts";

/** More places than this are in the JSON only. */
const placesInMessage = 3;

export function duplicateFindings(
  groups: readonly (readonly DuplicateBlock[])[],
): DuplicateFinding[] {
  return groups.flat().map(findingOf).sort(compareFindings);
}

function findingOf({ lines, occurrences }: DuplicateBlock): DuplicateFinding {
  const [first, ...others] = occurrences;
  if (first === undefined) throw new Error("A duplicated block has at least two occurrences");
  const places = others
    .slice(0, placesInMessage)
    .map(({ path, startLine, endLine }) => `${path}:${startLine}-${endLine}`);
  const more = others.length - places.length;
  const also = places.join(", ") + (more > 0 ? ` and ${more} more` : "");
  const message = `lines ${first.startLine}-${first.endLine} (${lines} compared) are also at ${also}`;
  const apart = apartFor(occurrences);
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
function apartFor(occurrences: readonly Occurrence[]): Apart | undefined {
  const reasons = occurrences.map(({ path }) => apartOf(path));
  const counting = reasons.filter((reason) => reason === undefined).length;
  return counting >= 2 ? undefined : reasons.find((reason) => reason !== undefined);
}
