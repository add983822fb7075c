/**
 * Files that load each other in a circle: the strongly connected components of the imports, and a shortest cycle of
 * each. Iterative, so that no import chain is too long. Pure.
 */
import type { Import } from "./analyse/imports.ts";
import { type Apart, apartOf } from "./apart.ts";
import { type CycleFinding, comparePaths } from "./finding.ts";
import { resolveImport } from "./resolve-import.ts";

export interface ModuleFile {
  readonly path: string;
  readonly loads: readonly Import[];
  /** Whether a program wrote it. */
  readonly generated?: true;
}

/** For each file, by index, the files that it loads and the line of the first import that does so. */
type Edges = readonly ReadonlyMap<number, number>[];

/** One finding for each component. `modules` are sorted by path; so is the result. */
export function importCycles(modules: readonly ModuleFile[]): CycleFinding[] {
  const indices = new Map(modules.map(({ path }, index) => [path, index] as const));
  const files = new Set(indices.keys());
  const edges: Edges = modules.map(({ path, loads }) => {
    const targets = new Map<number, number>();
    for (const { specifier, line } of loads) {
      const resolved = resolveImport(path, specifier, files);
      const target = resolved === undefined ? undefined : indices.get(resolved);
      if (target !== undefined && !targets.has(target)) targets.set(target, line);
    }
    return targets;
  });
  return components(edges)
    .filter(([only, second]) => second !== undefined || edges[only as number]?.has(only as number))
    .map((component) => findingOf(component, edges, modules))
    .sort(comparePaths);
}

function findingOf(
  component: readonly number[],
  edges: Edges,
  modules: readonly ModuleFile[],
): CycleFinding {
  const cycle = shortestCycle(component, edges);
  const files = cycle.map((index) => (modules[index] as ModuleFile).path);
  const first = cycle[0] as number;
  const line = edges[first]?.get(cycle[1] ?? first) ?? 1;
  const circle = [...files, files[0]].join(" → ");
  const rest = component.length - cycle.length;
  const more = rest === 0 ? "" : ` (${component.length} files reach each other)`;
  const message = files.length === 1 ? `the file imports itself` : `import cycle: ${circle}${more}`;
  const members = component.map((index) => modules[index] as ModuleFile);
  const apart = apartFor(members);
  return {
    kind: "cycles",
    path: files[0] as string,
    line,
    message,
    ...(apart && { apart }),
    files,
    members: members.map(({ path }) => path),
  };
}

/** Why none of them counts. */
function apartFor(members: readonly ModuleFile[]): Apart | undefined {
  const reasons = members.map(({ path, generated }) => apartOf(path, generated));
  return reasons.includes(undefined) ? undefined : reasons[0];
}

/** Tarjan's strongly connected components (1972), with a stack of its own instead of recursion. */
function components(edges: Edges): number[][] {
  const unvisited = -1;
  const order = new Int32Array(edges.length).fill(unvisited);
  const low = new Int32Array(edges.length);
  const onStack = new Uint8Array(edges.length);
  const stack: number[] = [];
  const found: number[][] = [];
  let visited = 0;
  for (let root = 0; root < edges.length; root++) {
    if (order[root] !== unvisited) continue;
    const path = [enter(root)];
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const { node, targets } = frame;
      const { done, value: target } = targets.next();
      if (!done) {
        if (order[target] === unvisited) path.push(enter(target));
        else if (onStack[target])
          low[node] = Math.min(low[node] as number, order[target] as number);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] === order[node]) {
        const members = stack.splice(stack.lastIndexOf(node));
        for (const member of members) onStack[member] = 0;
        found.push(members.sort((a, b) => a - b));
      }
    }
  }
  return found;

  function enter(node: number): { node: number; targets: Iterator<number> } {
    order[node] = low[node] = visited++;
    onStack[node] = 1;
    stack.push(node);
    return { node, targets: (edges[node] as ReadonlyMap<number, number>).keys() };
  }
}

/**
 * Breadth first from every member, never as deep as the best cycle so far. A member that was tried is taken away, and
 * with it whatever is on no circle any more, so that one long circle costs one pass and not one for each file.
 */
function shortestCycle(component: readonly number[], edges: Edges): number[] {
  const left = new Remaining(component, edges);
  let best: number[] = [];
  for (const start of component) {
    if (!left.has(start)) continue;
    const limit = best.length === 0 ? Number.POSITIVE_INFINITY : best.length;
    best = shortestCycleFrom(start, limit, left) ?? best;
    left.remove(start);
  }
  return best;
}

function shortestCycleFrom(start: number, limit: number, left: Remaining): number[] | undefined {
  const cameFrom = new Map<number, number>();
  let level = [start];
  for (let length = 1; level.length > 0 && length < limit; length++) {
    const next: number[] = [];
    for (const node of level) {
      for (const target of left.targetsOf(node)) {
        if (target === start) {
          const cycle = [node];
          for (let at = node; at !== start; cycle.push(at)) at = cameFrom.get(at) as number;
          return cycle.reverse();
        }
        if (cameFrom.has(target)) continue;
        cameFrom.set(target, node);
        next.push(target);
      }
    }
    level = next;
  }
  return undefined;
}

/** What is left of a component: files that still have an import from it and one into it. */
class Remaining {
  readonly #targets = new Map<number, Set<number>>();
  readonly #sources = new Map<number, Set<number>>();

  constructor(component: readonly number[], edges: Edges) {
    for (const node of component) {
      this.#targets.set(node, new Set());
      this.#sources.set(node, new Set());
    }
    for (const node of component) {
      for (const target of edges[node]?.keys() ?? []) {
        this.#sources.get(target)?.add(node);
        if (this.has(target)) this.#targets.get(node)?.add(target);
      }
    }
  }

  has(node: number): boolean {
    return this.#targets.has(node);
  }

  targetsOf(node: number): Iterable<number> {
    return this.#targets.get(node) ?? [];
  }

  remove(first: number): void {
    const leaving = [first];
    for (let node = leaving.pop(); node !== undefined; node = leaving.pop()) {
      for (const target of this.#targets.get(node) ?? []) {
        const sources = this.#sources.get(target);
        if (sources?.delete(node) && sources.size === 0) leaving.push(target);
      }
      for (const source of this.#sources.get(node) ?? []) {
        const targets = this.#targets.get(source);
        if (targets?.delete(node) && targets.size === 0) leaving.push(source);
      }
      this.#targets.delete(node);
      this.#sources.delete(node);
    }
  }
}
