/**
 * Ready tasks that compete for capacity: slots and named resources, taken all at once or not at all. The best that fits
 * goes first. A task that does not fit lets others pass, but never one of lower priority that would take what it needs,
 * and after 64 bypasses nobody at all. Knows amounts and an order; starts nothing.
 *
 * Tasks of one demand wait in one line: when its best does not fit, none of them does. A line is made of groups, one for
 * each priority in it, because of equal tasks only the first can be chosen or be in the way. So a choice costs as many
 * looks as there are different demands, and where somebody is in the way, different priorities, however many tasks wait.
 */
import { Heap } from "./heap.ts";
import { BY_CONCURRENCY, BY_RESOURCE } from "./ledger.ts";

const BYPASSES = 64;

/** In which order tasks go, and whom they may not pass. */
export interface Order {
  before(a: number, b: number): boolean;
  /** The priority that a task was given itself. */
  ownOf(task: number): number;
}

/** Tasks of one line and one priority; there may be none at the moment. */
interface Group {
  readonly line: Line;
  readonly own: number;
  readonly tasks: Heap<number>;
  /** Where it stands in its line, when there are any. */
  at: number;
  /** Whether it is among the `highest` of its line. */
  listed: boolean;
}

interface Line {
  /** Amounts by resource, in the order of the capacities. */
  readonly demand: readonly number[];
  readonly byPriority: Map<number, Group>;
  /** Those with tasks, by their best ones. */
  readonly groups: Heap<Group>;
  /** The same by priority; those without tasks are taken out when they are met. */
  readonly highest: Heap<Group>;
  /** How often others passed its best task. */
  bypassed: number;
  /** What its best task did not get when it was last looked at: a `BY_` code, or 0. */
  lacking: number;
}

/** How far a search has come in a line. */
interface Sweep {
  readonly line: Line;
  readonly fits: boolean;
  /** Groups that may come next. */
  readonly next: Heap<Group>;
  /** The highest priority among those that stay waiting, and whether what the line needs is kept for it. */
  highest: number;
  kept: boolean;
}

export class ReadyQueue {
  readonly #free: number[];
  #slots: number;
  readonly #order: Order;
  readonly #before: (a: number, b: number) => boolean;
  readonly #lines: Line[] = [];
  readonly #lineOf: Map<string, Line> = new Map();

  /** `slots` may be `Infinity`; `capacities` in the order of the demands. */
  constructor(slots: number, capacities: readonly number[], order: Order) {
    this.#slots = slots;
    this.#free = [...capacities];
    this.#order = order;
    this.#before = (a, b) => order.before(a, b);
  }

  add(task: number, demand: readonly number[]): void {
    const key = demand.length === 0 ? "" : demand.join();
    let line = this.#lineOf.get(key);
    if (line === undefined) {
      line = this.#newLine(demand);
      this.#lines.push(line);
      this.#lineOf.set(key, line);
    }
    const head = headOf(line);
    const own = this.#order.ownOf(task);
    let group = line.byPriority.get(own);
    if (group === undefined) {
      group = { line, own, tasks: new Heap(this.#before), at: 0, listed: false };
      line.byPriority.set(own, group);
    }
    group.tasks.push(task);
    if (group.tasks.items.length === 1) line.groups.push(group);
    else if (group.tasks.first === task) line.groups.changed(group.at);
    if (!group.listed) {
      group.listed = true;
      line.highest.push(group);
    }
    if (head !== undefined && headOf(line) !== head) line.bypassed = 0;
  }

  /**
   * Takes the best task that fits and passes nobody whom it may not, and its capacity with it. Tasks that are not `live`
   * any more are dropped on the way.
   */
  take(live: (task: number) => boolean): { task: number; lacked: number } | undefined {
    const group = this.#choice(live);
    if (group === undefined) return undefined;
    const { line } = group;
    const task = group.tasks.first as number;
    for (const other of this.#lines) {
      const head = headOf(other);
      if (head === undefined || head === task || other.lacking === 0) continue;
      if (this.#order.before(head, task)) other.bypassed++;
    }
    const lacked = line.lacking;
    this.#pop(group);
    this.#slots--;
    for (let at = 0; at < line.demand.length; at++) {
      this.#free[at] = (this.#free[at] as number) - (line.demand[at] as number);
    }
    return { task, lacked };
  }

  /** Whether `take` would find a task. */
  fits(live: (task: number) => boolean): boolean {
    return this.#choice(live) !== undefined;
  }

  /** Capacity comes back. */
  give(demand: readonly number[]): void {
    this.#slots++;
    for (let at = 0; at < demand.length; at++) {
      this.#free[at] = (this.#free[at] as number) + (demand[at] as number);
    }
  }

  // ---- the choice --------------------------------------------------------------------------------------------------

  #choice(live: (task: number) => boolean): Group | undefined {
    let choice = this.#look(live);
    while (choice === "again") choice = this.#look(live);
    return choice;
  }

  /** `again`: some that stood in the way were not live any more. */
  #look(live: (task: number) => boolean): Group | "again" | undefined {
    let best: Group | undefined;
    let first: Group | undefined;
    for (const line of this.#lines) {
      this.#drop(line, live);
      const group = line.groups.first;
      if (group === undefined) continue;
      if (first === undefined || this.#ahead(group, first)) first = group;
      const lack = this.#lack(line.demand, undefined);
      if (lack !== 0) line.lacking = lack;
      else if (best === undefined || this.#ahead(group, best)) best = group;
    }
    // Nobody who comes before it waits: so it is as a rule.
    if (best === first || best === undefined) return best;
    return this.#passing(live);
  }

  /** Goes through the groups in their order, for the first that fits and leaves what those before it need. */
  #passing(live: (task: number) => boolean): Group | "again" | undefined {
    const sweeps: Sweep[] = [];
    for (const line of this.#lines) {
      if (line.groups.first === undefined) continue;
      const next = new Heap(this.#ahead);
      next.push(line.groups.first);
      const fits = this.#lack(line.demand, undefined) === 0;
      sweeps.push({ line, fits, next, highest: Number.NEGATIVE_INFINITY, kept: false });
    }
    for (;;) {
      let sweep: Sweep | undefined;
      for (const one of sweeps) {
        const group = one.next.first;
        if (group === undefined) continue;
        if (sweep === undefined || this.#ahead(group, sweep.next.first as Group)) sweep = one;
      }
      if (sweep === undefined) return undefined;
      const group = sweep.next.first as Group;
      if (!live(group.tasks.first as number)) {
        this.#pop(group);
        return "again";
      }
      if (sweep.fits) {
        const lack = this.#lackBehind(group, sweeps);
        if (lack === 0) return group;
        if (group === sweep.line.groups.first) sweep.line.lacking = lack;
      }
      this.#passOver(group, sweep);
    }
  }

  /** What a group would take from one that waits before it and must not be passed; 0 when nothing. */
  #lackBehind({ line, own }: Group, sweeps: readonly Sweep[]): number {
    for (const { line: other, highest, kept } of sweeps) {
      if (!kept && highest <= own) continue;
      const lack = this.#lack(line.demand, other.demand);
      if (lack !== 0) return lack;
    }
    return 0;
  }

  /** It stays waiting; those after it in its line count only with a higher priority. */
  #passOver(group: Group, sweep: Sweep): void {
    const { line, next } = sweep;
    if (group.own > sweep.highest) sweep.highest = group.own;
    if (group === line.groups.first && line.bypassed >= BYPASSES) sweep.kept = true;
    next.removeAt(0);
    const { items } = line.groups;
    for (const below of [2 * group.at + 1, 2 * group.at + 2]) {
      if (below < items.length) next.push(items[below] as Group);
    }
    if (sweep.highest >= highestOf(line)) next.items.length = 0;
  }

  readonly #ahead = (a: Group, b: Group): boolean =>
    this.#order.before(a.tasks.first as number, b.tasks.first as number);

  /** What is missing for a demand, when what is `kept` for another must remain free; 0 when nothing is. */
  #lack(demand: readonly number[], kept: readonly number[] | undefined): number {
    if (this.#slots < (kept === undefined ? 1 : 2)) return BY_CONCURRENCY;
    for (let at = 0; at < demand.length; at++) {
      const wanted = demand[at] as number;
      if (wanted > 0 && wanted + (kept?.[at] ?? 0) > (this.#free[at] as number)) {
        return BY_RESOURCE + at;
      }
    }
    return 0;
  }

  // ---- lines -------------------------------------------------------------------------------------------------------

  #newLine(demand: readonly number[]): Line {
    return {
      demand,
      byPriority: new Map(),
      groups: new Heap(this.#ahead, (group, at) => {
        group.at = at;
      }),
      highest: new Heap<Group>((a, b) => a.own > b.own),
      bypassed: 0,
      lacking: 0,
    };
  }

  /** Tasks at the head of a line that are not live. */
  #drop(line: Line, live: (task: number) => boolean): void {
    for (let group = line.groups.first; group !== undefined; group = line.groups.first) {
      if (live(group.tasks.first as number)) return;
      this.#pop(group);
    }
  }

  /** Takes the best task out of a group. */
  #pop(group: Group): void {
    const { line, tasks } = group;
    const head = headOf(line);
    tasks.removeAt(0);
    if (tasks.first === undefined) line.groups.removeAt(group.at);
    else line.groups.changed(group.at);
    if (headOf(line) === head) return;
    line.bypassed = 0;
    if (line.groups.first === undefined) line.lacking = 0;
  }
}

function headOf(line: Line): number | undefined {
  return line.groups.first?.tasks.first;
}

/** The highest priority in a line that has tasks. */
function highestOf({ highest }: Line): number {
  for (;;) {
    const group = highest.first as Group;
    if (group.tasks.first !== undefined) return group.own;
    group.listed = false;
    highest.removeAt(0);
  }
}
