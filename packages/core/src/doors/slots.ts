/**
 * The slots and edges of door 2's tasks, from dependencies that are integers and from what each task takes. Reports nothing;
 * a name that is no task gets no slot.
 */
import type { Slot } from "../define/definition.ts";
import { AFTER, type EdgeList, OPTIONAL, SETTLED, VALUE } from "../define/graph.ts";
import type { Named } from "./named.ts";
import type { DataItem, Edges, TaskOrder } from "./records.ts";

/** Where `first` has no input of a task, and where its inputs have their slots. */
const NONE = -1;
const PLACED = -2;

const NOTHING: readonly Slot[] = [];

/** The dependencies of a task are the `dependencies` of `Named` between two places. */
export class Slots {
  readonly #index: ReadonlyMap<string, number>;
  readonly #dependencies: Int32Array;
  readonly #orders: readonly TaskOrder[];
  /** All that wait for a task and take nothing from it share one slot, and its list where that is all they wait for. */
  readonly #afters: (readonly [Slot] | undefined)[];
  /** Scratch: the first input that a task takes from each other one; by input, what it takes from and the next one. */
  readonly #first: Int32Array;
  readonly #source: Int32Array;
  readonly #next: Int32Array;
  /** Scratch: a list that is pushed to has room for 17. */
  readonly #slots: Slot[] = [];
  #unknown = false;

  /** `most`: how many inputs a task has at most. */
  constructor({ index, dependencies }: Named, orders: readonly TaskOrder[], most: number) {
    const { length } = orders;
    this.#index = index;
    this.#dependencies = dependencies;
    this.#orders = orders;
    this.#afters = new Array(length);
    this.#first = new Int32Array(length).fill(NONE);
    this.#source = new Int32Array(most);
    this.#next = new Int32Array(most);
  }

  /** Whether anything that was read since this was asked last is no task. */
  takeUnknown(): boolean {
    const unknown = this.#unknown;
    this.#unknown = false;
    return unknown;
  }

  /** Of a task that takes nothing. */
  after(from: number, to: number, edges: Edges | undefined, list: EdgeList): readonly Slot[] {
    if (from === to) return NOTHING;
    const slots: Slot[] = new Array(to - from);
    let known = 0;
    for (let at = from; at < to; at++) {
      const dependency = this.#dependencies[at] as number;
      if (dependency === NONE) continue;
      list.add(dependency, this.#kind(dependency, edges, AFTER));
      const alone = this.#after(dependency);
      if (to - from === 1) return alone;
      slots[known++] = alone[0];
    }
    return this.#known(slots, known);
  }

  /** The list of a map, whose slot is its first. */
  over(from: DataItem["from"], list: EdgeList): readonly Slot[] {
    const task = "task" in from ? this.#index.get(from.task) : undefined;
    if (task !== undefined) list.add(task, VALUE);
    else if ("task" in from) {
      this.#unknown = true;
      return NOTHING;
    }
    return [slotOf({ from, to: { key: "over" } }, undefined)];
  }

  /** Of a task that takes the outputs of all its dependencies, by name. */
  passing(from: number, to: number, edges: Edges | undefined, list: EdgeList): readonly Slot[] {
    const slots: Slot[] = new Array(to - from);
    let known = 0;
    for (let at = from; at < to; at++) {
      const dependency = this.#dependencies[at] as number;
      if (dependency === NONE) continue;
      const { taskName } = this.#orders[dependency] as TaskOrder;
      list.add(dependency, this.#kind(dependency, edges, VALUE));
      slots[known++] = { to: taskName, kind: edgeOf(edges, taskName) ?? "value", task: taskName };
    }
    return this.#known(slots, known);
  }

  /** Those of the dependencies that are tasks. */
  #known(slots: readonly Slot[], known: number): readonly Slot[] {
    if (known === slots.length) return slots;
    this.#unknown = true;
    return slots.slice(0, known);
  }

  #kind(dependency: number, edges: Edges | undefined, otherwise: number): number {
    if (edges === undefined) return otherwise;
    const edge = edgeOf(edges, (this.#orders[dependency] as TaskOrder).taskName);
    if (edge === undefined) return otherwise;
    return edge === "optional" ? OPTIONAL : SETTLED;
  }

  /** Its dependencies in the order of their declaration, each with the inputs taken from it; then all other inputs. */
  taking(
    from: number,
    to: number,
    inputs: readonly DataItem[],
    edges: Edges | undefined,
    list: EdgeList,
  ): readonly Slot[] {
    const first = this.#first;
    const source = this.#source;
    const next = this.#next;
    const slots = this.#slots;
    let count = 0;
    for (let at = inputs.length - 1; at >= 0; at--) {
      const { from } = inputs[at] as DataItem;
      const task = "task" in from ? this.#index.get(from.task) : undefined;
      source[at] = task ?? NONE;
      if (task !== undefined) {
        next[at] = first[task] as number;
        first[task] = at;
      } else if ("task" in from) this.#unknown = true;
    }
    for (let nth = from; nth < to; nth++) {
      const dependency = this.#dependencies[nth] as number;
      if (dependency === NONE) this.#unknown = true;
      else if (first[dependency] === NONE) {
        slots[count++] = this.#after(dependency)[0];
        list.add(dependency, this.#kind(dependency, edges, AFTER));
      } else {
        for (let at = first[dependency] as number; at !== NONE; at = next[at] as number) {
          slots[count++] = slotOf(inputs[at] as DataItem, edges);
          list.add(dependency, this.#kind(dependency, edges, VALUE));
        }
        first[dependency] = PLACED;
      }
    }
    for (let at = 0; at < inputs.length; at++) {
      const task = source[at] as number;
      const input = inputs[at] as DataItem;
      if (task === NONE) {
        if (!("task" in input.from)) slots[count++] = slotOf(input, edges);
      } else if (first[task] !== PLACED) {
        slots[count++] = slotOf(input, edges);
        list.add(task, this.#kind(task, edges, VALUE));
      }
    }
    for (let at = 0; at < inputs.length; at++) {
      const task = source[at] as number;
      if (task !== NONE) first[task] = NONE;
    }
    return slots.slice(0, count);
  }

  #after(dependency: number): readonly [Slot] {
    let slots = this.#afters[dependency];
    if (slots === undefined) {
      const name = (this.#orders[dependency] as TaskOrder).taskName;
      slots = [{ to: name, kind: "after", task: name }];
      this.#afters[dependency] = slots;
    }
    return slots;
  }
}

function edgeOf(edges: Edges | undefined, name: string): Edges[string] | undefined {
  return edges !== undefined && Object.hasOwn(edges, name) ? edges[name] : undefined;
}

function slotOf({ from, to, type: schema }: DataItem, edges: Edges | undefined): Slot {
  const target = "key" in to ? to.key : to.index;
  if ("value" in from) return { to: target, kind: "constant", constant: from.value, schema };
  if ("compute" in from) return { to: target, kind: "compute", compute: from.compute, schema };
  const at = from.key ?? from.index;
  const select = at === undefined ? undefined : ({ how: "locator", at } as const);
  return { to: target, kind: edgeOf(edges, from.task) ?? "value", task: from.task, select, schema };
}
