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

/** A graph, as far as it says what it gives. */
interface Given {
  readonly definitions: readonly Definition[];
  readonly roots: readonly { readonly task: number }[] | undefined;
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

/** What a flow gives that is inside of a task, `owner`: nothing of it lives any more when the task has that as its value. */
export function checkGivenThings(
  issues: Issues,
  owner: string,
  { definitions, roots }: Given,
): void {
  for (const { task } of roots ?? []) {
    const definition = definitions[task] as Definition;
    if (!lives(definition)) continue;
    const name = `${owner}.${definition.name}`;
    issues.add(
      "root-lives",
      `Task "${name}" has \`release\` and is a root of the flow inside of "${owner}", which is over only when it has been released: nobody outside could use it. Let those that need it be part of that flow, or give it to the flow`,
      ["tasks", name, "release"],
    );
  }
}
