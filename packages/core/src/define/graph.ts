/**
 * The graph: checked, frozen, indexed. Names are resolved here, once; from here on a task is an integer and an unknown
 * name cannot exist. Both doors build it. It knows no capacity, no status and no order of execution.
 */
import type { Issues } from "../ground/check.ts";
import { type Definition, lives, type SlotKind } from "./definition.ts";
import { itemNamed } from "./item-name.ts";
import { checkThings } from "./living.ts";
import { checkOptions } from "./task-options.ts";

/** How a dependent hangs on its dependency; what each means for it is the table of `rulesOut`. */
export const VALUE = 0;
export const OPTIONAL = 1;
export const SETTLED = 2;
export const AFTER = 3;
/** From a task to a root of the flow inside of it, whose values it gives: nobody waits along it. */
export const INNER = 4;
export const EDGE_KINDS = ["value", "optional", "settled", "after", "value"] as const;

export interface Root {
  readonly key: string;
  readonly task: number;
}

/** A flow inside of a task, its owner: the tasks before that, from `first` on, those of flows inside of them included. */
export interface Subflow {
  readonly owner: number;
  readonly first: number;
  /** What it gives. */
  readonly roots: readonly Root[];
  /** Those that start when all others of it but tails have ended. */
  readonly finallyTasks: readonly number[];
  /** Whether its owner is asked whether it is wanted: until then nothing of it starts. */
  readonly asked: boolean;
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
  /** Whether the value of any task is to be released. */
  readonly lives: boolean;
  /** From each task to what it reads: one edge for every slot that reads a task, in the order of the slots. */
  readonly dependencies: Edges;
  /** The same edges, from each task to its readers, in the order of their declaration. */
  readonly dependents: Edges;
  /** The tasks that nobody waits for. */
  readonly tails: ReadonlySet<number>;
  /** Those that start when all others but tails have ended. */
  readonly finallyTasks: ReadonlySet<number>;
  /** They, and those that start when all others of the flow that they are part of have ended. */
  readonly gated: ReadonlySet<number>;
  /** Flows inside of its tasks, in the order of their owners: what is inside of another comes before it. */
  readonly subflows: readonly Subflow[];
  /** What `report.outputs` holds; none means every task under its own name. */
  readonly roots: readonly Root[] | undefined;
  /** The keys of the roots that the targets leave out. */
  readonly leftOut: readonly string[];
}

/** How a dependent hangs on what a slot of this kind reads. */
export function edgeKind(kind: SlotKind): number {
  if (kind === "optional") return OPTIONAL;
  if (kind === "settled") return SETTLED;
  return kind === "after" ? AFTER : VALUE;
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

/** What tasks are beside what they are themselves. */
export type Roles = Pick<Graph, "tails" | "finallyTasks"> & Partial<Pick<Graph, "subflows">>;

function gatedIn(finallyTasks: ReadonlySet<number>, subflows: readonly Subflow[]): Set<number> {
  return new Set([...finallyTasks, ...subflows.flatMap((one) => one.finallyTasks)]);
}

const NO_SUBFLOWS: readonly Subflow[] = [];
const NO_TASKS: ReadonlySet<number> = new Set();
const NO_KEYS: readonly string[] = [];
const NO_DEFINITIONS: readonly Definition[] = [];

/**
 * Builds a graph from definitions whose dependencies are already integers; the issues say what is wrong with it. `index`:
 * their names, where they have been read before.
 */
export function graph(
  name: string,
  definitions: readonly Definition[],
  list: EdgeList,
  { tails, finallyTasks, subflows = NO_SUBFLOWS }: Roles,
  roots: readonly Root[] | undefined,
  issues: Issues,
  index: ReadonlyMap<string, number> = indexed(definitions),
): Graph {
  const size = definitions.length;
  const { needing, maps, things } = lookAt(definitions, issues);
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
  if (things) checkThings(issues, definitions, dependencies, tails);
  if (finallyTasks.size > 0) reportFinally(issues, definitions, dependents, tails, finallyTasks);
  return {
    name,
    size,
    definitions,
    index,
    needing,
    lives: things,
    dependencies,
    dependents,
    tails,
    finallyTasks,
    gated: subflows.length === 0 ? finallyTasks : gatedIn(finallyTasks, subflows),
    subflows,
    roots,
    leftOut: [],
  };
}

/** The same of definitions of a known shape: only they themselves are looked at. */
export function graphOfShape(
  name: string,
  definitions: readonly Definition[],
  {
    index,
    dependencies,
    dependents,
    roots,
  }: Pick<Graph, "index" | "dependencies" | "dependents" | "roots">,
  issues: Issues,
): Graph {
  const { needing, things } = lookAt(definitions, issues);
  return {
    name,
    size: definitions.length,
    definitions,
    index,
    needing,
    lives: things,
    dependencies,
    dependents,
    tails: NO_TASKS,
    finallyTasks: NO_TASKS,
    gated: NO_TASKS,
    subflows: NO_SUBFLOWS,
    roots,
    leftOut: NO_KEYS,
  };
}

/** Checks their options; says which ask for what a run must be given, and whether one is a map, or lives. */
function lookAt(
  definitions: readonly Definition[],
  issues: Issues,
): { readonly needing: readonly Definition[]; readonly maps: boolean; readonly things: boolean } {
  let needing: Definition[] | undefined;
  let maps = false;
  let things = false;
  for (const definition of definitions) {
    if (definition.kind === "map") maps = true;
    if (definition.needs) {
      needing ??= [];
      needing.push(definition);
    }
    if (definition.options === undefined) continue;
    checkOptions(issues, definition);
    if (lives(definition)) things = true;
  }
  return { needing: needing ?? NO_DEFINITIONS, maps, things };
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

function definitionName(graph: Graph, task: number): string {
  return (graph.definitions[task] as Definition).name;
}
