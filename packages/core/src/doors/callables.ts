/**
 * The functions of door 2, as they come: pairs of a name and a function, checked in the constructor and each given its place.
 * Knows no order.
 */

import { noFunction } from "../define/task.ts";
import type { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import type { TaskCallable } from "./records.ts";
import { isSoundPair } from "./sound.ts";

/** The functions of a scheduler and their names, in the order in which they were given, and the place of each name. */
export interface Callables {
  readonly names: readonly string[];
  readonly functions: readonly TaskCallable[];
  readonly index: ReadonlyMap<string, number>;
}

export function checkTasks(issues: Issues, tasks: unknown): Callables {
  const names: string[] = [];
  const functions: TaskCallable[] = [];
  const index = new Map<string, number>();
  if (!Array.isArray(tasks))
    issues.expected(["tasks"], "an array of [name, function] pairs", tasks);
  else {
    for (let at = 0; at < tasks.length; at++) {
      const pair: unknown = tasks[at];
      if (!isSoundPair(pair) && !checkPair(issues, tasks, at)) continue;
      const [name, run] = pair as [string, TaskCallable];
      const before = index.size;
      index.set(name, names.length);
      if (index.size === before) {
        issues.add(
          "duplicate-name",
          `Two tasks are named "${name}": names identify tasks, give each its own`,
          ["tasks", String(at)],
        );
      }
      names.push(name);
      functions.push(run);
    }
  }
  return { names, functions, index };
}

/** Says what is wrong with a pair; whether it has a name. */
function checkPair(issues: Issues, tasks: readonly unknown[], at: number): boolean {
  const pair = tasks[at];
  const path = ["tasks", String(at)];
  if (!Array.isArray(pair) || pair.length !== 2) {
    const got = at in tasks ? describe(pair) : "a hole";
    issues.add(
      "invalid-task",
      `\`tasks[${at}]\` must be a [name, function] pair, got ${got}`,
      path,
    );
    return false;
  }
  const [name, run] = pair as [unknown, unknown];
  if (!issues.name(path, name, `The name in \`tasks[${at}]\``)) return false;
  if (typeof run !== "function") issues.add("not-a-function", noFunction(name, run), path);
  return true;
}
