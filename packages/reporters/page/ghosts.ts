/** The attempts of a simulated run as the timeline draws them: by task, by slot, and how many of some tasks ran when. Knows no pixels. */
import type { SimulatedBars } from "./answering.ts";
import { type Staircase, staircase } from "./load.ts";
import type { GroupHead, Row } from "./rows.ts";

const NOBODY: readonly number[] = [];

export class Ghosts {
  readonly startUs: Float64Array;
  readonly endUs: Float64Array;
  /** When the last of them ends. */
  readonly lastUs: number;
  /** How long the run takes: the end of the last that is waited for. */
  readonly makespanUs: number;
  /** How many slots are used. */
  readonly slots: number;
  readonly #task: Int32Array;
  readonly #byTask: Map<number, number[]> = new Map();
  readonly #bySlot: Map<number, number[]> = new Map();
  readonly #loads: WeakMap<GroupHead, Staircase> = new WeakMap();

  constructor({ task, slot, startUs, endUs }: SimulatedBars, makespanUs: number) {
    this.#task = task;
    this.startUs = startUs;
    this.endUs = endUs;
    this.makespanUs = makespanUs;
    let last = makespanUs;
    task.forEach((one, place) => {
      push(this.#byTask, one, place);
      push(this.#bySlot, slot[place] ?? -1, place);
      last = Math.max(last, endUs[place] ?? 0);
    });
    this.lastUs = last;
    this.slots = slot.reduce((most, one) => Math.max(most, one), -1) + 1;
  }

  /** In the order of their starts. */
  of(task: number): readonly number[] {
    return this.#byTask.get(task) ?? NOBODY;
  }

  on(slot: number): readonly number[] {
    return this.#bySlot.get(slot) ?? NOBODY;
  }

  /** How many attempts of the tasks of a group run when: asked for in every frame, worked out once. */
  loadOf(head: GroupHead, taskOf: readonly number[]): Staircase {
    const known = this.#loads.get(head);
    if (known !== undefined) return known;
    const load = this.load(new Set(head.members.map((attempt) => taskOf[attempt] ?? -1)));
    this.#loads.set(head, load);
    return load;
  }

  /** How many attempts of these tasks run when. */
  load(tasks: ReadonlySet<number>): Staircase {
    const intervals: [number, number][] = [];
    this.#task.forEach((task, place) => {
      if (tasks.has(task)) intervals.push([this.startUs[place] ?? 0, this.endUs[place] ?? 0]);
    });
    return staircase(intervals);
  }
}

/** With a row for each slot that the run did not have. */
export function withSlots(rows: readonly Row[], ghosts: Ghosts | undefined): readonly Row[] {
  const more: Row[] = [];
  for (let slot = 1 + (rows.at(-1)?.slot ?? -1); slot < (ghosts?.slots ?? 0); slot++)
    more.push({ label: `slot ${slot}`, attempts: [], waits: false, slot });
  return [...rows, ...more];
}

function push(lists: Map<number, number[]>, key: number, place: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [place]);
  else list.push(place);
}
