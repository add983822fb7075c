/**
 * What cannot be said of tasks whose value lives until its last reader has ended: nobody waits for a tail task, so no end
 * of it could let anything go. Knows no run.
 */
import type { Issues } from "../ground/check.ts";
import { type Definition, lives } from "./definition.ts";

/** From each task to what it reads, in compressed rows. */
interface Dependencies {
  readonly start: Int32Array;
  readonly end: Int32Array;
}

export function checkThings(
  issues: Issues,
  definitions: readonly Definition[],
  { start, end }: Dependencies,
  tails: ReadonlySet<number>,
): void {
  for (const tail of tails) {
    const definition = definitions[tail] as Definition;
    const { name } = definition;
    if (lives(definition)) {
      issues.add(
        "release-of-tail",
        `Tail task "${name}" cannot have \`release\`: nobody waits for a tail task, so nothing says when its value may go. Make it a root`,
        ["tasks", name, "release"],
      );
    }
    for (const dependency of new Set(end.subarray(start[tail], start[tail + 1]))) {
      const thing = definitions[dependency];
      if (thing === undefined || !lives(thing)) continue;
      issues.add(
        "tail-reads-thing",
        `Tail task "${name}" reads "${thing.name}", which has \`release\`: nobody waits for a tail task, so it may go on when "${thing.name}" is gone. Make it a root`,
        ["tails", name],
      );
    }
  }
}
