/**
 * The graph: checked, frozen, indexed. Names are resolved here, once; from here on a task is an integer and an unknown
 * name cannot exist. Both doors build it. It knows no capacity, no status and no order of execution.
 */
import { Issues } from "../ground/check.ts";
import { didYouMean, nearest } from "../ground/guess.ts";
import type { Definition } from "./definition.ts";
import { itemNamed } from "./item-name.ts";
import { checkOptions } from "./task-options.ts";

/** How a dependent hangs on its dependency; what each means for it is the table of `rulesOut`. */
export const VALUE = 0;
export const OPTIONAL = 1;
export const SETTLED = 2;
export const AFTER = 3;
export const EDGE_KINDS = ["value", "optional", "settled", "after"] as const;

export interface Root {
  readonly key: string;
  readonly task: number;
}

/** Edges in compressed rows: those of task `t` are the entries from `start[t]` to `start[t + 1]`. */
export interface Edges {
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly kind: Uint8Array;
}

export interface Graph {
  readonly name: string;
  readonly size: number;
  readonly definitions: readonly Definition[];
  readonly index: ReadonlyMap<string, number>;
  /** Those that ask for what a run must be given. */
  readonly needing: readonly Definition[];
  /** From each task to what it reads: one edge for every slot that reads a task, in the order of the slots. */
  readonly dependencies: Edges;
  /** The same edges, from each task to its readers, in the order of their declaration. */
  readonly dependents: Edges;
  /** The tasks that nobody waits for. */
  readonly tails: ReadonlySet<number>;
  /** Those that start when all others but tails have ended. */
  readonly finallyTasks: ReadonlySet<number>;
  /** What `report.outputs` holds; none means every task under its own name. */
  readonly roots: readonly Root[] | undefined;
  /** The keys of the roots that the targets leave out. */
  readonly leftOut: readonly string[];
}

/** The edges of a graph in the making: one row a task, in declaration order. */
export class EdgeList {
  readonly #start: Int32Array;
  readonly #end: Int32Array;
  readonly #kind: Uint8Array;
  #rows = 0;
  #edges = 0;

  /** Room for so many tasks, and at most so many edges. */
  constructor(tasks: number, edges: number) {
    this.#start = new Int32Array(tasks + 1);
    this.#end = new Int32Array(edges);
    this.#kind = new Uint8Array(edges);
  }

  add(dependency: number, kind: number): void {
    this.#end[this.#edges] = dependency;
    this.#kind[this.#edges++] = kind;
  }

  closeRow(): void {
    this.#start[++this.#rows] = this.#edges;
  }

  edges(): Edges {
    const count = this.#edges;
    const full = count === this.#end.length;
    return {
      start: this.#start,
      end: full ? this.#end : this.#end.slice(0, count),
      kind: full ? this.#kind : this.#kind.slice(0, count),
    };
  }
}

/**
 * Builds a graph from definitions whose dependencies are already integers; the issues say what is wrong with it. `index`:
 * their names, where they have been read before.
 */
export function graph(
  name: string,
  definitions: readonly Definition[],
  list: EdgeList,
  { tails, finallyTasks }: Pick<Graph, "tails" | "finallyTasks">,
  roots: readonly Root[] | undefined,
  issues: Issues,
  index: ReadonlyMap<string, number> = indexed(definitions),
): Graph {
  const size = definitions.length;
  const needing: Definition[] = [];
  let maps = false;
  for (let task = 0; task < size; task++) {
    const definition = definitions[task] as Definition;
    if (definition.kind === "map") maps = true;
    if (definition.needs) needing.push(definition);
    if (definition.options !== undefined) checkOptions(issues, definition);
  }
  if (index.size < size) reportDuplicates(issues, definitions);
  if (maps) reportItemNames(issues, definitions, index);

  const dependencies = list.edges();
  const dependents = reversed(dependencies, size);
  for (const tail of tails) {
    const first = dependents.start[tail] as number;
    if (first < (dependents.start[tail + 1] as number)) {
      const name = (definitions[tail] as Definition).name;
      const reader = (definitions[dependents.end[first] as number] as Definition).name;
      issues.add(
        "tail-with-dependents",
        `Tail task "${name}" has a dependent, "${reader}": nobody waits for a tail task, so nothing may depend on it`,
        ["tails", name],
      );
    }
  }
  if (finallyTasks.size > 0) reportFinally(issues, definitions, dependents, tails, finallyTasks);
  return {
    name,
    size,
    definitions,
    index,
    needing,
    dependencies,
    dependents,
    tails,
    finallyTasks,
    roots,
    leftOut: [],
  };
}

/** What a finally task cannot be: a tail, or read by anybody but another one. */
function reportFinally(
  issues: Issues,
  definitions: readonly Definition[],
  { start, end }: Edges,
  tails: ReadonlySet<number>,
  finallyTasks: ReadonlySet<number>,
): void {
  for (const task of finallyTasks) {
    const { name } = definitions[task] as Definition;
    if (tails.has(task)) {
      issues.add(
        "tail-and-finally",
        `Task "${name}" is a tail and a finally task: nobody waits for a tail task, and the run waits for a finally task. Leave it out of one of them`,
        ["finally", name],
      );
    }
    const reader = end
      .subarray(start[task], start[task + 1])
      .find((dependent) => !finallyTasks.has(dependent));
    if (reader === undefined) continue;
    const { name: other } = definitions[reader] as Definition;
    issues.add(
      "finally-with-dependents",
      `Finally task "${name}" has a dependent, "${other}", that is none: it starts when all others have ended, so only another finally task may depend on it`,
      ["finally", name],
    );
  }
}

function indexed(definitions: readonly Definition[]): Map<string, number> {
  const index = new Map<string, number>();
  for (let task = 0; task < definitions.length; task++) {
    index.set((definitions[task] as Definition).name, task);
  }
  return index;
}

function reversed(edges: Edges, size: number): Edges {
  const count = edges.end.length;
  const start = new Int32Array(size + 1);
  for (let edge = 0; edge < count; edge++) {
    const at = (edges.end[edge] as number) + 1;
    start[at] = (start[at] as number) + 1;
  }
  for (let task = 0; task < size; task++) {
    start[task + 1] = (start[task + 1] as number) + (start[task] as number);
  }
  const free = start.slice(0, size);
  const end = new Int32Array(count);
  const kind = new Uint8Array(count);
  for (let task = 0; task < size; task++) {
    const last = edges.start[task + 1] as number;
    for (let edge = edges.start[task] as number; edge < last; edge++) {
      const dependency = edges.end[edge] as number;
      const at = free[dependency] as number;
      free[dependency] = at + 1;
      end[at] = task;
      kind[at] = edges.kind[edge] as number;
    }
  }
  return { start, end, kind };
}

function reportDuplicates(issues: Issues, definitions: readonly Definition[]): void {
  const seen = new Set<string>();
  const told = new Set<string>();
  for (const { name } of definitions) {
    if (seen.has(name) && !told.has(name)) {
      told.add(name);
      issues.add(
        "duplicate-name",
        `Two tasks are named "${name}": names identify tasks, give each its own`,
        ["tasks", name],
      );
    }
    seen.add(name);
  }
}

function reportItemNames(
  issues: Issues,
  definitions: readonly Definition[],
  index: ReadonlyMap<string, number>,
): void {
  for (const { name } of definitions) {
    const item = itemNamed(name);
    if (item === undefined || definitions[index.get(item.map) ?? -1]?.kind !== "map") continue;
    issues.add(
      "duplicate-name",
      `Task "${name}" has the name of an item of map "${item.map}": rename one of them`,
      ["tasks", name],
    );
  }
}

/** Reports each name that is not a task of the graph, with the one that was probably meant. */
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

/** The names that a task depends on, each once, in the order of its slots. */
export function dependencyNames(graph: Graph, task: number): string[] {
  const { start, end } = graph.dependencies;
  const first = start[task] as number;
  const last = start[task + 1] as number;
  // Most tasks of large graphs have one: no list that grows, and no set.
  if (last - first === 1) return [definitionName(graph, end[first] as number)];
  const names: string[] = [];
  const seen = new Set<number>();
  for (let edge = first; edge < last; edge++) {
    const dependency = end[edge] as number;
    if (seen.has(dependency)) continue;
    seen.add(dependency);
    names.push(definitionName(graph, dependency));
  }
  return names;
}

/**
 * The part of a graph that the targets need. Tail tasks stay when all that they depend on does; so do finally tasks, also
 * those that depend on nothing.
 */
export function restrict(whole: Graph, targets: readonly string[], issues: Issues): Graph {
  unknownNames(
    issues,
    targets,
    whole.index,
    "unknown-target",
    (name) => `Target "${name}" is not a task of "${whole.name}"`,
    ["targets"],
  );
  const { start, end, kind } = whole.dependencies;
  const kept = new Uint8Array(whole.size);
  const pending: number[] = [];
  for (const target of targets) {
    const task = whole.index.get(target);
    if (task !== undefined) pending.push(task);
  }
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    if (kept[task] === 1) continue;
    kept[task] = 1;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) pending.push(end[edge] as number);
  }
  const keptWhole = (task: number): boolean =>
    end.subarray(start[task], start[task + 1]).every((dependency) => kept[dependency] === 1);
  for (const tail of whole.tails) {
    if (start[tail] !== start[tail + 1] && keptWhole(tail)) kept[tail] = 1;
  }
  keepFinally(whole, kept, keptWhole);

  const renumbered = new Int32Array(whole.size).fill(-1);
  const definitions: Definition[] = [];
  for (let task = 0; task < whole.size; task++) {
    if (kept[task] === 0) continue;
    renumbered[task] = definitions.length;
    definitions.push(whole.definitions[task] as Definition);
  }
  const list = new EdgeList(definitions.length, end.length);
  for (let task = 0; task < whole.size; task++) {
    if (kept[task] === 0) continue;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      list.add(renumbered[end[edge] as number] as number, kind[edge] as number);
    }
    list.closeRow();
  }
  const renumber = (tasks: ReadonlySet<number>): Set<number> =>
    new Set(
      [...tasks].filter((task) => kept[task] === 1).map((task) => renumbered[task] as number),
    );
  const roles = { tails: renumber(whole.tails), finallyTasks: renumber(whole.finallyTasks) };
  const roots = whole.roots
    ?.filter(({ task }) => kept[task] === 1)
    .map(({ key, task }) => ({ key, task: renumbered[task] as number }));
  const leftOut = (whole.roots ?? []).filter(({ task }) => kept[task] === 0).map(({ key }) => key);
  // A part of a checked graph has nothing new to check.
  return { ...graph(whole.name, definitions, list, roles, roots, new Issues()), leftOut };
}

/** Finally tasks that read nothing that is left out; whoever reads one of them is looked at once more. */
function keepFinally(
  { finallyTasks, dependents }: Graph,
  kept: Uint8Array,
  keptWhole: (task: number) => boolean,
): void {
  const pending = [...finallyTasks];
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    if (kept[task] === 1 || !keptWhole(task)) continue;
    kept[task] = 1;
    for (const reader of dependents.end.subarray(
      dependents.start[task],
      dependents.start[task + 1],
    )) {
      pending.push(reader);
    }
  }
}

function definitionName(graph: Graph, task: number): string {
  return (graph.definitions[task] as Definition).name;
}
