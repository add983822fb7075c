/**
 * What is inside of what: tasks of flows inside of tasks, items inside of maps. A subflow, a loop and a map whose items are
 * flows are shown as one line or one box, and this says what is in it. A report from elsewhere may say anything: who would be
 * inside of itself, or of nobody that is there, is at the top. Knows no format.
 */
import type { TaskStatistics } from "@astrum/core";

/** Of a row of a report, or of a task of a plan. */
export interface Nested {
  readonly name: string;
  readonly parent?: string | undefined;
  readonly role?: TaskStatistics["role"];
}

const NOBODY: readonly number[] = [];

/** More than a run has, whose flows nest 100 deep with a map and an item each: what claims to be deeper is beside its parent. */
const DEEPEST = 512;

/** Rows are told by their places. */
export class Nesting {
  readonly #rows: readonly Nested[];
  readonly #parents: Int32Array;
  readonly #children: Map<number, number[]> = new Map();
  readonly #outermost: Int32Array;
  readonly #mapsOfFlows: Set<number> = new Set();

  constructor(rows: readonly Nested[]) {
    this.#rows = rows;
    this.#parents = shallow(parentsOf(rows));
    this.#outermost = new Int32Array(rows.length).fill(-1);
    this.#parents.forEach((parent, place) => {
      if (parent === -1) return;
      const own = this.#children.get(parent);
      if (own === undefined) this.#children.set(parent, [place]);
      else own.push(place);
    });
    for (const place of this.#children.keys()) this.#mapsOfFlows.add(this.parentOf(place));
  }

  static of({ taskStatistics }: { readonly taskStatistics: readonly TaskStatistics[] }): Nesting {
    return new Nesting(
      taskStatistics.map(({ taskName: name, parent, role }) => ({ name, parent, role })),
    );
  }

  /** -1 at the top. */
  parentOf(place: number): number {
    return this.#parents[place] ?? -1;
  }

  /** All that it is inside of, the nearest first. */
  around(place: number): number[] {
    const around: number[] = [];
    for (let at = this.parentOf(place); at !== -1; at = this.parentOf(at)) around.push(at);
    return around;
  }

  /** What it is inside of at the top; itself, where it is there. */
  outermostOf(place: number): number {
    let outermost = place;
    const way: number[] = [];
    while (this.parentOf(outermost) !== -1) {
      const known = this.#outermost[outermost] as number;
      if (known !== -1) {
        outermost = known;
        break;
      }
      way.push(outermost);
      outermost = this.parentOf(outermost);
    }
    for (const one of way) this.#outermost[one] = outermost;
    return outermost;
  }

  /** Directly inside of it, in the order of the rows. */
  childrenOf(place: number): readonly number[] {
    return this.#children.get(place) ?? NOBODY;
  }

  /** A subflow or a loop with something inside, or a map of flows: one line, or one box, that opens. */
  folds(place: number): boolean {
    if (!this.#children.has(place)) return false;
    const role = this.#rows[place]?.role;
    return role === "subflow" || role === "loop" || this.#mapsOfFlows.has(place);
  }

  /** Everything inside of it, at any depth, in the order of the rows. */
  insideOf(place: number): number[] {
    const inside = [...this.childrenOf(place)];
    for (let at = 0; at < inside.length; at++) {
      for (const child of this.childrenOf(inside[at] as number)) inside.push(child);
    }
    return inside.sort((a, b) => a - b);
  }

  /** Those that are not inside of one that folds; of what is inside of one task, those that are in no other such. */
  unfolded(within?: number): number[] {
    const shown: number[] = [];
    const open =
      within === undefined
        ? this.#rows.flatMap((_, place) => (this.parentOf(place) === -1 ? [place] : []))
        : [...this.childrenOf(within)];
    for (let at = 0; at < open.length; at++) {
      const place = open[at] as number;
      shown.push(place);
      if (this.folds(place)) continue;
      for (const child of this.childrenOf(place)) open.push(child);
    }
    return shown.sort((a, b) => a - b);
  }
}

/** The place of each row's parent, -1 where it has none; no row is above itself. */
function parentsOf(rows: readonly Nested[]): Int32Array {
  const places = new Map<string, number>();
  rows.forEach(({ name }, place) => {
    if (!places.has(name)) places.set(name, place);
  });
  const parents = Int32Array.from(rows, ({ parent }) =>
    parent === undefined ? -1 : (places.get(parent) ?? -1),
  );
  /** 0: not looked at; otherwise the row from which it was reached first. */
  const reachedFrom = new Int32Array(rows.length);
  rows.forEach((_, from) => {
    let place = from;
    while (reachedFrom[place] === 0) {
      reachedFrom[place] = from + 1;
      const parent = parents[place] as number;
      if (parent === -1) break;
      // It leads back to where this way went already: a circle, which is cut here.
      if (reachedFrom[parent] === from + 1) parents[place] = -1;
      place = parent;
    }
  });
  return parents;
}

/** The same, nobody deeper than `DEEPEST`. */
function shallow(parents: Int32Array): Int32Array {
  const depths = new Int32Array(parents.length).fill(-1);
  for (let from = 0; from < parents.length; from++) {
    const way: number[] = [];
    for (let at = from; at !== -1 && depths[at] === -1; at = parents[at] as number) way.push(at);
    for (let at = way.pop(); at !== undefined; at = way.pop()) {
      const parent = parents[at] as number;
      const depth = parent === -1 ? 0 : (depths[parent] as number) + 1;
      if (depth > DEEPEST) parents[at] = parents[parent] as number;
      depths[at] = Math.min(depth, DEEPEST);
    }
  }
  return parents;
}
