/** Whether what is handed in is an observer, and what to hand in instead. Calls nothing of it. */
import type { Issues } from "../ground/check.ts";
import { fieldOf } from "../ground/field.ts";
import type { Observer } from "./observer.ts";

/** Collects what is wrong with it; whether it has a name that can be compared. */
export function checkObserver(
  issues: Issues,
  path: readonly string[],
  observer: unknown,
): observer is Observer {
  const { name, run, flush } = (observer ?? {}) as Partial<Observer>;
  const instead = noObserver(observer);
  if (instead !== undefined) {
    issues.add("invalid-option", `\`${place(path)}\` is ${instead}`, path);
    return false;
  }
  issues.callable([...path, "run"], run);
  issues.callable([...path, "flush"], flush);
  return issues.name(path, name, `The name of \`${place(path)}\``);
}

/** What somebody hands in who means the observer of a log, or one function that is told everything. */
function noObserver(given: unknown): string | undefined {
  if (typeof fieldOf(fieldOf(given, "observer"), "name") === "string") {
    return "no observer but has one: write `log.observer`";
  }
  // A function has a name, and would be told nothing.
  return typeof given === "function" && fieldOf(given, "run") === undefined
    ? 'a function, and an observer is an object: `fromEvents("mine", (event) => …)` makes one'
    : undefined;
}

function place([first, ...rest]: readonly string[]): string {
  return `${first}${rest.map((index) => `[${index}]`).join("")}`;
}
