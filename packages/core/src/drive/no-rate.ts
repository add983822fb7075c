/** The error of saying that something was spent of which the run has no rate limit. */
import { describe } from "../ground/describe.ts";
import { didYouMean, nearest } from "../ground/guess.ts";

/** `rates`: those that it has. */
export function noRate(resource: unknown, rates: readonly string[]): TypeError {
  const guess = typeof resource === "string" ? nearest(resource, rates) : undefined;
  return new TypeError(
    `context.spent(${describe(resource)}, …): the run has no rate limit of that name.${didYouMean(guess)}`,
  );
}
