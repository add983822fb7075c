/**
 * Who may pass those that wait: a search through the groups of all lines in their order, for the first that fits and leaves
 * what those before it need. It looks at each group once, and at what is kept for those before it as a whole.
 * Takes nobody out, but whoever is not wanted any more.
 */
import type { Capacity } from "./capacity.ts";
import { Heap } from "./heap.ts";
import { type Group, highestOf, isOpen, type Line, type ReadyLines } from "./ready-lines.ts";
import { Reserve } from "./reserve.ts";

const BYPASSES = 64;

/** How far the search has come in a line. */
interface Sweep {
  readonly line: Line;
  /** Whether the best of the line does. */
  readonly fits: boolean;
  /** Groups that may come next. */
  readonly next: Heap<Group>;
  /** The highest priority among those that lack something here. */
  highest: number;
}

export class Passing {
  readonly #lines: ReadyLines;
  readonly #capacity: Capacity;
  readonly #sweeps: Heap<Sweep>;
  readonly #reserve: Reserve = new Reserve();

  /** `first`: the best that is in the way of others; nobody before it can start. */
  constructor(lines: ReadyLines, capacity: Capacity, first: Group) {
    this.#lines = lines;
    this.#capacity = capacity;
    this.#sweeps = new Heap((a, b) => lines.ahead(a.next.first as Group, b.next.first as Group));
    const fits = this.#lackOf(first) === 0;
    this.#passOver(first, this.#sweepFrom(first, fits), !fits);
    const keepsAll = this.#keepsAll(first.line, !fits);
    for (const line of lines.all) {
      const head = line.groups.first;
      if (head === undefined || line === first.line || lines.ahead(head, first)) continue;
      // What would be kept for those that need the same things is kept for the first.
      if (keepsAll && line.alike === first.line.alike) line.lacking = this.#lackBehind(head);
      else this.#sweepFrom(head, this.#lackOf(head) === 0);
    }
  }

  #sweepFrom(head: Group, fits: boolean): Sweep {
    const next = new Heap(this.#lines.ahead);
    next.push(head);
    const sweep = { line: head.line, fits, next, highest: Number.NEGATIVE_INFINITY };
    this.#sweeps.push(sweep);
    return sweep;
  }

  /** `again`: one that came next was not `live` any more, and is gone; look once more. */
  choose(live: (task: number) => boolean): Group | "again" | undefined {
    for (let sweep = this.#sweeps.first; sweep !== undefined; sweep = this.#sweeps.first) {
      const group = sweep.next.first as Group;
      const { line } = sweep;
      if (!live(group.tasks.first as number)) {
        this.#lines.pop(group);
        return "again";
      }
      const isHead = group === line.groups.first;
      let lacks = !sweep.fits;
      if (line.demand.computed && !isHead) {
        // It does not pass those before it in its line, but it may be in the way of others.
        lacks = this.#lackOf(group) !== 0;
      } else if (sweep.fits) {
        const lack = this.#lackBehind(group);
        if (lack === 0 && isOpen(line)) return group;
        if (lack !== 0 && isHead) line.lacking = lack;
        lacks = lack !== 0;
      }
      this.#passOver(group, sweep, lacks);
    }
    return undefined;
  }

  /** What a group would take from one that waits before it and must not be passed: a `BY_` code, 0 when nothing. */
  #lackBehind(group: Group): number {
    const kept = this.#reserve.from(group.own);
    if (kept === undefined) return 0;
    const lack = this.#capacity.lack(this.#lines.unitsOf(group), kept.units);
    if (lack !== 0) return lack;
    const place = group.line.demand.share?.places.find((one) => kept.places.has(one));
    return place === undefined ? 0 : this.#capacity.sharedFrom + place;
  }

  #lackOf(group: Group): number {
    return this.#capacity.lack(this.#lines.unitsOf(group));
  }

  /**
   * It stays waiting; those after it in its line count only with a higher priority. `lacks`: it lacks something here, not
   * only its share.
   */
  #passOver(group: Group, sweep: Sweep, lacks: boolean): void {
    const { line, next } = sweep;
    const { computed } = line.demand;
    if (lacks && (computed || group.own > sweep.highest)) {
      this.#keep(group, group.own);
      if (!computed) sweep.highest = group.own;
    }
    const isHead = group === line.groups.first;
    if (isHead && this.#keepsAll(line, lacks)) this.#keep(group, Number.POSITIVE_INFINITY);
    next.removeAt(0);
    const { items } = line.groups;
    for (const below of [2 * group.at + 1, 2 * group.at + 2]) {
      if (below < items.length) next.push(items[below] as Group);
    }
    const blocked = !lacks && !computed;
    const over = blocked || (!computed && sweep.highest >= highestOf(line));
    if (over || next.first === undefined) this.#sweeps.removeAt(0);
    else this.#sweeps.changed(0);
  }

  /** Whether what the best of a line needs is kept from everybody. */
  #keepsAll({ bypassed, demand: { share } }: Line, lacks: boolean): boolean {
    // The answer may be that it is there: what it needs here is not given to others before that is known.
    const mayBeThere = !lacks && share?.state === "asked";
    return bypassed >= BYPASSES || mayBeThere;
  }

  #keep(group: Group, own: number): void {
    const { demand } = group.line;
    this.#reserve.keep(own, this.#lines.unitsOf(group), demand.share?.places ?? []);
  }
}

/** Whether those of a line that fit here may be in the way of others. */
export function mayKeep({ bypassed, demand: { computed, share } }: Line): boolean {
  return computed || bypassed >= BYPASSES || share?.state === "asked";
}
