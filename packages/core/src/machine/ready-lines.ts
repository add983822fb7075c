/**
 * Ready tasks as they wait: those of one demand in one line, which is made of groups, one for each priority in it, because
 * of equal tasks only the first can be chosen or be in the way. Amounts that were computed differ from task to task: such
 * tasks share a line too. Knows an order, and not what is free.
 */
import { Heap } from "./heap.ts";

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

export interface Line {
  /** Of all its tasks, unless amounts are computed. */
  readonly demand: Demand;
  /** The same for lines that need the same here and, in other amounts, the same of what is shared. */
  readonly alike: string;
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

export class ReadyLines {
  readonly all: Line[] = [];
  readonly #order: Order;
  readonly #before: (a: number, b: number) => boolean;
  readonly #byKey: Map<string, Line> = new Map();
  readonly #byShare: Map<Share, Line[]> = new Map();
  /** Amounts that were computed, by task. */
  readonly #computed: Map<number, readonly number[]> = new Map();

  constructor(order: Order) {
    this.#order = order;
    this.#before = (a, b) => order.before(a, b);
  }

  /** Whether the best task of one group goes before that of another. */
  readonly ahead = (a: Group, b: Group): boolean =>
    this.#order.before(a.tasks.first as number, b.tasks.first as number);

  add(task: number, demand: Demand): void {
    const line = this.#byKey.get(demand.key) ?? this.#newLine(demand);
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

  /** Takes the best task out of a group. */
  pop(group: Group): void {
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

  /** The best group of a line; tasks at its head that are not `live` are dropped. */
  first(line: Line, live: (task: number) => boolean): Group | undefined {
    for (let group = line.groups.first; group !== undefined; group = line.groups.first) {
      if (live(group.tasks.first as number)) return group;
      this.pop(group);
    }
    return undefined;
  }

  /** Those that need this share. */
  of(share: Share): readonly Line[] {
    return this.#byShare.get(share) ?? [];
  }

  /** Whether some tasks have waited that need something else of what is shared than others, or nothing of it. */
  get isMixed(): boolean {
    const [first] = this.#byShare.values();
    return first !== undefined && first.length < this.all.length;
  }

  /** What the first of a group needs. */
  unitsOf({ line, tasks }: Group): readonly number[] {
    const { computed, units } = line.demand;
    return computed ? (this.#computed.get(tasks.first as number) as readonly number[]) : units;
  }

  #newLine(demand: Demand): Line {
    const { computed, key, share, units } = demand;
    const line: Line = {
      demand,
      alike: computed ? key : `${units.join()} ${share?.places.join() ?? "-"}`,
      byPriority: new Map(),
      groups: new Heap(this.ahead, (group, at) => {
        group.at = at;
      }),
      highest: new Heap<Group>((a, b) => a.own > b.own),
      bypassed: 0,
      lacking: 0,
    };
    this.all.push(line);
    this.#byKey.set(demand.key, line);
    if (share === undefined) return line;
    const together = this.#byShare.get(share);
    if (together === undefined) this.#byShare.set(share, [line]);
    else together.push(line);
    return line;
  }
}

/** Whether the best of a line may be chosen, as far as its share goes: it has it, or it may ask for it. */
export function isOpen({ demand: { share } }: Line): boolean {
  return share === undefined || share.state === "granted" || share.state === "idle";
}

export function headOf(line: Line): number | undefined {
  return line.groups.first?.tasks.first;
}

/** The highest priority in a line that has tasks. */
export function highestOf({ highest }: Line): number {
  for (;;) {
    const group = highest.first as Group;
    if (group.tasks.first !== undefined) return group.own;
    group.listed = false;
    highest.removeAt(0);
  }
}
