/**
 * What the outputs of one run were made from. Values are looked at before a function of the user sees them, when that is
 * asked for; else when somebody wants to know.
 */

import { lives } from "../define/definition.ts";
import type { Machine } from "../machine/machine.ts";
import { COMPLETED, RESTORED } from "../machine/states.ts";
import type { Around } from "../report/lineage.ts";
import { type Basis, Incomparable, type Origin, type Origins } from "../report/origin.ts";

/** Origins that are made when somebody wants to know one: most runs are neither stored nor gone on from. */
export function whenAsked(make: () => Origins): Origins {
  let made: Origins | undefined;
  return {
    of: (task) => {
      made ??= make();
      return made.of(task);
    },
  };
}

export class RunOrigins implements Origins {
  readonly #run: string;
  readonly #basis: Basis;
  readonly #machine: Machine;
  readonly #listOf: (map: number) => readonly unknown[] | undefined;
  /** Of restored tasks; and of restored items, by map and index. */
  readonly #restored: Map<number, Origin> = new Map();
  readonly #restoredItems: Map<number, ReadonlyMap<number, Origin>> = new Map();
  /** Whether things, which no run hands to another, were made of results. */
  readonly #things: Map<number, boolean> = new Map();
  /** What each item was given. */
  readonly #items: Map<number, string | Incomparable> = new Map();

  /** `run` names the run; `listOf` gives the list of a map as long as it is there. */
  constructor(
    run: string,
    basis: Basis,
    machine: Machine,
    listOf: (map: number) => readonly unknown[] | undefined,
  ) {
    this.#run = run;
    this.#basis = basis;
    this.#machine = machine;
    this.#listOf = listOf;
    basis.around = (around) => this.#around(around);
  }

  /** What a task was given and made from that a flow came up inside of. */
  #around({ owner, iteration, before }: Around): string | Incomparable {
    const { ledger } = this.#machine;
    const item = ledger.itemsOf(owner);
    const written = item?.owner ?? owner;
    const given =
      item === undefined
        ? this.#basis.given(owner)
        : this.#givenToItem(owner, written, owner - item.first);
    if (given instanceof Incomparable) return given;
    if (!this.#madeOfResults(written)) {
      const name = this.#basis.lineage.nameOf(owner);
      return new Incomparable(`"${name}" was made without a result that it reads`);
    }
    const from = this.#basis.from(written, this.#runOf);
    // Of a loop also the runs that gave what the flow before this one gave.
    const first = before?.first ?? 0;
    const roots = (before?.roots ?? []).map(({ task }) => this.#runOf(first + task));
    return JSON.stringify([given ?? null, from ?? null, iteration ?? null, ...roots]);
  }

  readonly #runOf = (row: number): string => this.#restored.get(row)?.run ?? this.#run;

  /** A restored result keeps its origin. */
  keep(task: number, origin: Origin): void {
    this.#restored.set(task, origin);
  }

  /** Of the rows from `first` on that come up next, those that are restored. */
  keepNext(first: number, size: number, origins: ReadonlyMap<number, Origin>): void {
    for (let index = 0; index < size; index++) {
      const origin = origins.get(index);
      if (origin === undefined) this.#restored.delete(first + index);
      else this.#restored.set(first + index, origin);
    }
  }

  keepItems(map: number, origins: ReadonlyMap<number, Origin>): void {
    this.#restoredItems.set(map, origins);
  }

  /** Looks at what a task is given, now: its function may change it. */
  look(task: number): void {
    const spawn = this.#machine.ledger.itemsOf(task);
    if (spawn === undefined) this.#basis.given(task);
    else this.#givenToItem(task, spawn.owner, task - spawn.first);
  }

  of(task: number): Origin | undefined {
    const spawn = this.#machine.ledger.itemsOf(task);
    const restored =
      spawn === undefined
        ? this.#restored.get(task)
        : this.#restoredItems.get(spawn.owner)?.get(task - spawn.first);
    if (restored !== undefined) return restored;
    const planned = spawn?.owner ?? task;
    const given =
      spawn === undefined
        ? this.#basis.given(task)
        : this.#givenToItem(task, planned, task - spawn.first);
    return this.#origin(planned, given);
  }

  /** That of an item before it is a row. */
  ofItem(map: number, index: number, item: unknown, key: string | undefined): Origin | undefined {
    return this.#origin(map, this.#basis.givenToItem(map, index, item, key));
  }

  #origin(planned: number, given: string | undefined | Incomparable): Origin | undefined {
    if (given instanceof Incomparable || !this.#madeOfResults(planned)) return undefined;
    const from = this.#basis.from(planned, this.#runOf);
    const origin: { -readonly [Field in keyof Origin]: Origin[Field] } = {
      run: this.#run,
      definition: this.#basis.definition(planned),
    };
    if (given !== undefined) origin.given = given;
    if (from !== undefined) origin.from = from;
    return origin;
  }

  #givenToItem(item: number, map: number, index: number): string | Incomparable {
    let given = this.#items.get(item);
    if (given === undefined) {
      const list = this.#listOf(map);
      given =
        list === undefined
          ? new Incomparable("its list was let go")
          : this.#basis.givenToItem(map, index, list[index], this.#machine.ledger.keyOf(item));
      this.#items.set(item, given);
    }
    return given;
  }

  /** One that went on without a result of a dependency would have to see the same outcome again, which nobody stores. */
  #madeOfResults(task: number): boolean {
    const { ledger } = this.#machine;
    const { lineage } = this.#basis;
    for (const source of lineage.sources(task)) {
      const status = ledger.status[source];
      if (status !== COMPLETED && status !== RESTORED) return false;
      if (lives(lineage.definition(source)) && !this.#thingOf(source)) return false;
    }
    return true;
  }

  /** A thing stands for what it was made from: whoever reads it would have to see that again, too. */
  #thingOf(task: number): boolean {
    let made = this.#things.get(task);
    if (made === undefined) {
      made = this.#madeOfResults(task);
      this.#things.set(task, made);
    }
    return made;
  }
}
