/**
 * Ready tasks that compete for capacity: slots and named resources, taken all at once or not at all. The best that fits
 * goes first. A task that does not fit lets others pass, but never one of lower priority that would take what it needs,
 * and after 64 bypasses nobody at all. One that fits here, and waits for what several runs share, keeps nothing from
 * others before its 64 bypasses. Knows amounts and an order; starts nothing.
 *
 * Tasks of one demand wait in one line: when its best does not fit, none of them does. A line is made of groups, one for
 * each priority in it, because of equal tasks only the first can be chosen or be in the way. So a choice costs as many
 * looks as there are different demands, and where somebody is in the way, different priorities, however many tasks wait.
 * Amounts that were computed differ from task to task: such tasks share a line too, and in it none passes another.
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

/**
 * What a line needs of that which several runs share: it is asked for elsewhere, for the best of all lines that need the
 * same. `asked`: the answer is not known yet; `waiting`: it is not there.
 */
export interface Share {
  /** Which of these things it needs any of; how much there is of them is not known here. */
  readonly places: readonly number[];
  state: "idle" | "asked" | "waiting" | "granted";
}

/** What an attempt of a task needs. */
export interface Demand {
  /** Tasks of one key wait in one line. */
  readonly key: string;
  /** Amounts by resource, in the order of the capacities. */
  readonly units: readonly number[];
  readonly share: Share | undefined;
  /** Whether the amounts are those of this task alone. */
  readonly computed: boolean;
}

/** Tasks of one line and one priority; there may be none at the moment. */
export interface Group {
  readonly line: Line;
  readonly own: number;
  readonly tasks: Heap<number>;
  /** Where it stands in its line, when there are any. */
  at: number;
  /** Whether it is among the `highest` of its line. */
  listed: boolean;
}

interface Line {
  /** Of all its tasks, unless amounts are computed. */
  readonly demand: Demand;
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

/** Who may go next. */
export interface Choice {
  readonly task: number;
  readonly share: Share | undefined;
  readonly group: Group;
}

/** How far a search has come in a line. */
interface Sweep {
  readonly line: Line;
  readonly fits: boolean;
  /** Groups that may come next. */
  readonly next: Heap<Group>;
  /** The highest priority among those that lack something here, and whether what the line needs is kept for it. */
  highest: number;
  kept: boolean;
  /** Those that lack something here, where each has its own amounts. */
  readonly passed: Group[];
}

export class ReadyQueue {
  readonly #free: number[];
  #slots: number;
  readonly #order: Order;
  readonly #before: (a: number, b: number) => boolean;
  readonly #lines: Line[] = [];
  readonly #lineOf: Map<string, Line> = new Map();
  readonly #linesOf: Map<Share, Line[]> = new Map();
  /** Amounts that were computed, by task. */
  readonly #computed: Map<number, readonly number[]> = new Map();
  /** `slots` may be `Infinity`; `capacities` in the order of the demands. */
  constructor(slots: number, capacities: readonly number[], order: Order) {
    this.#slots = slots;
    this.#free = [...capacities];
    this.#order = order;
    this.#before = (a, b) => order.before(a, b);
  }

  add(task: number, demand: Demand): void {
    const line = this.#lineOf.get(demand.key) ?? this.#newLine(demand);
    if (demand.computed) this.#computed.set(task, demand.units);
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
    const [first] = this.#linesOf.values();
    return first !== undefined && first.length < this.#lines.length;
  }

  /** Whether one of two waiting tasks goes first. */
  before(a: number, b: number): boolean {
    return this.#order.before(a, b);
  }

  /** Takes a chosen task, and its capacity with it. Returns what it had lacked: a `BY_` code, or 0. */
  take({ task, group }: Choice): number {
    const { line } = group;
    for (const other of this.#lines) {
      const head = headOf(other);
      if (head === undefined || head === task || other.lacking === 0) continue;
      if (this.#order.before(head, task)) other.bypassed++;
    }
    const lacked = line.lacking;
    const units = this.#unitsOf(group);
    this.#pop(group);
    this.#slots--;
    for (let at = 0; at < units.length; at++) {
      this.#free[at] = (this.#free[at] as number) - (units[at] as number);
    }
    return lacked;
  }

  /** Capacity comes back. */
  give(units: readonly number[]): void {
    this.#slots++;
    for (let at = 0; at < units.length; at++) {
      this.#free[at] = (this.#free[at] as number) + (units[at] as number);
    }
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
    for (const line of this.#linesOf.get(share) ?? []) {
      this.#drop(line, live);
      const group = line.groups.first;
      if (group !== undefined && (best === undefined || this.#ahead(group, best))) best = group;
    }
    return best;
  }

  // ---- the choice --------------------------------------------------------------------------------------------------

  /** `again`: some that stood in the way were not live any more. */
  #look(live: (task: number) => boolean): Group | "again" | undefined {
    let best: Group | undefined;
    let first: Group | undefined;
    for (const line of this.#lines) {
      this.#drop(line, live);
      const group = line.groups.first;
      if (group === undefined) continue;
      if (first === undefined || this.#ahead(group, first)) first = group;
      const lack = this.#lack(this.#unitsOf(group), undefined);
      if (lack !== 0) line.lacking = lack;
      else if (!isOpen(line)) settled(line);
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
      const fits = this.#lack(this.#unitsOf(line.groups.first), undefined) === 0;
      sweeps.push({ line, fits, next, highest: Number.NEGATIVE_INFINITY, kept: false, passed: [] });
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
      const { line } = sweep;
      if (!live(group.tasks.first as number)) {
        this.#pop(group);
        return "again";
      }
      const isHead = group === line.groups.first;
      let lacks = !sweep.fits;
      if (line.demand.computed && !isHead) {
        // It does not pass those before it in its line, but it may be in the way of others.
        lacks = this.#lack(this.#unitsOf(group), undefined) !== 0;
      } else if (sweep.fits) {
        const lack = this.#lackBehind(group, sweeps);
        if (lack === 0 && isOpen(line)) return group;
        if (lack !== 0 && isHead) line.lacking = lack;
        lacks = lack !== 0;
      }
      this.#passOver(group, sweep, lacks);
    }
  }

  /** What a group would take from one that waits before it and must not be passed; 0 when nothing. */
  #lackBehind(group: Group, sweeps: readonly Sweep[]): number {
    const units = this.#unitsOf(group);
    for (const sweep of sweeps) {
      const { line: other, highest, kept, passed } = sweep;
      if (kept || highest > group.own) {
        const lack =
          this.#lack(units, this.#unitsOf(other.groups.first as Group)) ||
          this.#common(group.line, other);
        if (lack !== 0) return lack;
      }
      for (const before of passed) {
        if (before.own <= group.own) continue;
        const lack =
          this.#lack(units, this.#unitsOf(before)) || this.#common(group.line, before.line);
        if (lack !== 0) return lack;
      }
    }
    return 0;
  }

  /**
   * It stays waiting; those after it in its line count only with a higher priority. `lacks`: it lacks something here, not
   * only its share.
   */
  #passOver(group: Group, sweep: Sweep, lacks: boolean): void {
    const { line, next } = sweep;
    const { computed } = line.demand;
    if (lacks && computed) sweep.passed.push(group);
    else if (lacks && group.own > sweep.highest) sweep.highest = group.own;
    const isHead = group === line.groups.first;
    if (isHead && line.bypassed >= BYPASSES) sweep.kept = true;
    // The answer may be that it is there: what it needs here is not given to others before that is known.
    if (isHead && !lacks && line.demand.share?.state === "asked") sweep.kept = true;
    next.removeAt(0);
    const { items } = line.groups;
    for (const below of [2 * group.at + 1, 2 * group.at + 2]) {
      if (below < items.length) next.push(items[below] as Group);
    }
    const blocked = !lacks && !computed;
    if (blocked || (!computed && sweep.highest >= highestOf(line))) next.items.length = 0;
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

  /** Something shared that both need, of which the one that waits is to be left its part; 0 when there is nothing. */
  #common(line: Line, other: Line): number {
    const [own, others] = [line.demand.share?.places, other.demand.share?.places];
    const place = own?.find((one) => others?.includes(one));
    return place === undefined ? 0 : BY_RESOURCE + this.#free.length + place;
  }

  // ---- lines -------------------------------------------------------------------------------------------------------

  /** What the first of a group needs. */
  #unitsOf({ line, tasks }: Group): readonly number[] {
    const { computed, units } = line.demand;
    return computed ? (this.#computed.get(tasks.first as number) as readonly number[]) : units;
  }

  #newLine(demand: Demand): Line {
    const line: Line = {
      demand,
      byPriority: new Map(),
      groups: new Heap(this.#ahead, (group, at) => {
        group.at = at;
      }),
      highest: new Heap<Group>((a, b) => a.own > b.own),
      bypassed: 0,
      lacking: 0,
    };
    this.#lines.push(line);
    this.#lineOf.set(demand.key, line);
    const { share } = demand;
    if (share === undefined) return line;
    const together = this.#linesOf.get(share);
    if (together === undefined) this.#linesOf.set(share, [line]);
    else together.push(line);
    return line;
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
    if (line.demand.computed) this.#computed.delete(tasks.first as number);
    tasks.removeAt(0);
    if (tasks.first === undefined) line.groups.removeAt(group.at);
    else line.groups.changed(group.at);
    if (headOf(line) === head) return;
    line.bypassed = 0;
    if (line.groups.first === undefined) line.lacking = 0;
  }
}

/** Whether the best of a line may be chosen, as far as its share goes: it has it, or it may ask for it. */
function isOpen({ demand: { share } }: Line): boolean {
  return share === undefined || share.state === "granted" || share.state === "idle";
}

/** It fits here, and waits for its share alone: nobody who starts meanwhile takes what it lacks. */
function settled(line: Line): void {
  if (line.demand.share?.state === "waiting") line.lacking = 0;
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
