/**
 * Ready tasks that compete for capacity: slots and named resources, taken all at once or not at all. The best that fits
 * goes first. A task that does not fit lets others pass, but never one of lower priority that would take what it needs,
 * and after 64 bypasses nobody at all. One that fits here, and waits for what several runs share, keeps nothing from
 * others before its 64 bypasses. Knows amounts and an order; starts nothing.
 *
 * Of a line, when its best does not fit, none does. So a choice costs as many looks as there are different demands, and
 * where somebody is in the way, different priorities, however many tasks wait. Where amounts are computed, none passes
 * another of its line.
 */
import { Capacity } from "./capacity.ts";
import { mayKeep, Passing } from "./passing.ts";
import {
  type Demand,
  type Group,
  headOf,
  isOpen,
  type Line,
  type Order,
  ReadyLines,
  type Share,
} from "./ready-lines.ts";

/** Who may go next. */
export interface Choice {
  readonly task: number;
  readonly share: Share | undefined;
  readonly group: Group;
}

export class ReadyQueue {
  readonly #order: Order;
  readonly #lines: ReadyLines;
  readonly #capacity: Capacity;

  /** `slots` may be `Infinity`; `capacities` in the order of the demands. */
  constructor(slots: number, capacities: readonly number[], order: Order) {
    this.#order = order;
    this.#lines = new ReadyLines(order);
    this.#capacity = new Capacity(slots, capacities);
  }

  add(task: number, demand: Demand): void {
    this.#lines.add(task, demand);
  }

  /**
   * The best task that fits and passes nobody whom it may not, with the share that it has or is to ask for. Tasks that are
   * not `live` any more are dropped on the way.
   */
  choose(live: (task: number) => boolean): Choice | undefined {
    let group = this.#look(live);
    while (group === "again") group = this.#look(live);
    if (group === undefined) return undefined;
    return { task: group.tasks.first as number, share: group.line.demand.share, group };
  }

  /** Whether some tasks have waited that need something else of what is shared than others, or nothing of it. */
  get isMixed(): boolean {
    return this.#lines.isMixed;
  }

  /** Whether one of two waiting tasks goes first. */
  before(a: number, b: number): boolean {
    return this.#order.before(a, b);
  }

  /** Takes a chosen task, and its capacity with it. Returns what it had lacked: a `BY_` code, or 0. */
  take({ task, group }: Choice): number {
    for (const other of this.#lines.all) {
      const head = headOf(other);
      if (head === undefined || head === task || other.lacking === 0) continue;
      if (this.#order.before(head, task)) other.bypassed++;
    }
    const { lacking } = group.line;
    this.#capacity.take(this.#lines.unitsOf(group));
    this.#lines.pop(group);
    return lacking;
  }

  /** Capacity comes back. */
  give(units: readonly number[]): void {
    this.#capacity.give(units);
  }

  /** The best task of the lines that need this share. */
  headOf(share: Share, live: (task: number) => boolean): number | undefined {
    return this.#bestOf(share, live)?.tasks.first;
  }

  /** The best task of these lines was given what it needs of the share, and could not take it. */
  bypass(share: Share, live: (task: number) => boolean): void {
    const best = this.#bestOf(share, live);
    if (best !== undefined) best.line.bypassed++;
  }

  #bestOf(share: Share, live: (task: number) => boolean): Group | undefined {
    let best: Group | undefined;
    for (const line of this.#lines.of(share)) {
      const group = this.#lines.first(line, live);
      if (group !== undefined && this.#isBetter(group, best)) best = group;
    }
    return best;
  }

  /** `again`: some that stood in the way were not live any more. */
  #look(live: (task: number) => boolean): Group | "again" | undefined {
    let best: Group | undefined;
    /** The first that may be in the way of others. */
    let first: Group | undefined;
    for (const line of this.#lines.all) {
      const group = this.#lines.first(line, live);
      if (group === undefined) continue;
      const lack = this.#capacity.lack(this.#lines.unitsOf(group));
      if (lack !== 0) line.lacking = lack;
      else if (!isOpen(line)) settled(line);
      else if (this.#isBetter(group, best)) best = group;
      if ((lack !== 0 || mayKeep(line)) && this.#isBetter(group, first)) first = group;
    }
    // As a rule.
    if (best === undefined || first === undefined || !this.#lines.ahead(first, best)) return best;
    return new Passing(this.#lines, this.#capacity, first).choose(live);
  }

  #isBetter(group: Group, best: Group | undefined): boolean {
    return best === undefined || this.#lines.ahead(group, best);
  }
}

/** It fits here, and waits for its share alone: nobody who starts meanwhile takes what it lacks. */
function settled(line: Line): void {
  if (line.demand.share?.state === "waiting") line.lacking = 0;
}
