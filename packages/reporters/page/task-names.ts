/**
 * Which task is meant by a name, as somebody wrote it or as it stood in a log, and by which name a task is passed on. An item
 * is called by its index, `read[3]`, or by what its map calls it, `read[user-7]`, which means the same item in the next run.
 * Knows no DOM.
 */
import { NONE } from "../src/html/page-data.ts";
import type { Run } from "./run.ts";

const SUGGESTED = 3;

export class TaskNames {
  readonly #run: Run;
  readonly #places: Map<string, number> = new Map();
  /** Items by the keys of their maps. */
  readonly #keyed: Map<string, number> = new Map();
  readonly #names: readonly string[];

  constructor(run: Run) {
    this.#run = run;
    const names: string[] = [];
    const keyed: string[] = [];
    for (let task = 0; task < run.taskCount; task++) {
      const [name, key] = this.#parts(task);
      names.push(name);
      keyed.push(key);
      if (!this.#places.has(name)) this.#places.set(name, task);
    }
    this.#names = names.map((name, task) => {
      const key = keyed[task] ?? "";
      if (key === "" || this.#places.has(key) || this.#keyed.has(key)) return name;
      this.#keyed.set(key, task);
      return key;
    });
  }

  /** The name that leads back to it; undefined where another one is called so, too. */
  nameOf(task: number): string | undefined {
    const name = this.#names[task];
    return name !== undefined && this.find(name) === task ? name : undefined;
  }

  find(name: string): number | undefined {
    return this.#places.get(name) ?? this.#keyed.get(name);
  }

  /** Some that somebody might have meant. */
  near(name: string): number[] {
    const wanted = letters(name);
    const start = letters(name.split(/[[(.]/, 1)[0] ?? "");
    const found: number[] = [];
    for (const looksAlike of [
      (other: string) => other === wanted,
      (other: string) => wanted !== "" && other.includes(wanted),
      (other: string) => start.length > 2 && other.includes(start),
    ]) {
      for (let task = 0; task < this.#run.taskCount && found.length < SUGGESTED; task++) {
        if (!found.includes(task) && looksAlike(letters(this.#run.name(task)))) found.push(task);
      }
    }
    return found;
  }

  /** Its name, and for an item with a key the name by that. */
  #parts(task: number): readonly [name: string, keyed: string] {
    const run = this.#run;
    const label = run.name(task);
    const map = run.data.tasks.parent[task] ?? NONE;
    if (run.kind(task) !== "item" || map === NONE) return [label, ""];
    const above = run.name(map);
    const [, index, key] = /^(\[\d+\]) \((.*)\)$/s.exec(label.slice(above.length)) ?? [];
    if (!label.startsWith(above) || index === undefined) return [label, ""];
    return [`${above}${index}`, `${above}[${key}]`];
  }
}

/** Of a name what is heard when it is spoken. */
function letters(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
