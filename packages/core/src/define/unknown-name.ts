/** A name that is no task, told with the one that was probably meant. Knows names only. */
import type { Issues } from "../ground/check.ts";
import { didYouMean, nearest } from "../ground/guess.ts";

/** Reports each name that is not among those that are known, with the one that was probably meant. */
export function unknownNames(
  issues: Issues,
  names: Iterable<string>,
  known: ReadonlyMap<string, unknown>,
  code: string,
  say: (name: string) => string,
  path: readonly string[],
): void {
  let guesses = 10; // A guess reads every name: some are worth it, thousands are not.
  for (const name of names) {
    if (known.has(name)) continue;
    const guess = guesses-- > 0 ? nearest(name, known.keys()) : undefined;
    issues.add(code, `${say(name)}.${didYouMean(guess)}`, [...path, name], guess);
  }
}

/** For who asks for a task, or an item, that is not there: with the one that was probably meant. */
export function noSuchTask(
  { index }: { readonly index: ReadonlyMap<string, unknown> },
  name: unknown,
  where: "run" | "flow" | "scheduler",
): RangeError {
  const guess = didYouMean(nearest(String(name), index.keys()));
  return new RangeError(`There is no task "${name}" in this ${where}.${guess}`);
}
