/**
 * Which results of an earlier run stand, and why the others do not. One stands if it was made from what this run would
 * make it from; what cannot be compared does not. Guesses nothing and calls nothing.
 */

import { type Definition, lives, type Slot } from "../define/definition.ts";
import type { Graph } from "../define/graph.ts";
import { itemName, itemNamed } from "../define/item-name.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { NextFlow } from "../report/lineage.ts";
import { type Basis, Incomparable } from "../report/origin.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import {
  type Earlier,
  type EarlierOutput,
  type EarlierTask,
  type TakenOutput,
  take,
} from "./earlier.ts";
import { itemPlaces, itemsByMap, placed } from "./item-places.ts";

/** A task, or an item of a map, that this run may not have to call. */
interface Claim {
  readonly name: string;
  /** For an item, its map. */
  readonly task: number;
  readonly item: boolean;
  /** What this run would give it. */
  given(): string | undefined | Incomparable;
}

interface UnjudgedOutput extends TakenOutput {
  readonly name: string;
  /** For an item, its map. */
  readonly task: number;
  readonly index?: number;
  /** It is inside of that task, and whether it comes up again is not known. */
  readonly inside?: true;
}

const NOTHING_STORED =
  "its output was not stored, nor was any: a log has those that its journal was told, a report those of `toJSON({ outputs: true })`";

/** An item that is taken over. */
export interface TakenItem extends TakenOutput {
  /** Its place in the list of the earlier run. */
  readonly before: number;
}

/** Of a flow that is about to come up, by index: results that stand, and things that need not start for that. */
interface StandingInside {
  readonly standing: ReadonlyMap<number, TakenOutput>;
  readonly unneeded: readonly number[];
}

/** What a run takes over. */
export class Restoration {
  /** The id of the run that is taken up, if it has one. */
  readonly runId: string | undefined;
  /** By index in the plan. */
  readonly outputs: Map<number, TakenOutput> = new Map();
  /** Things that nothing of this run reads. */
  readonly unneeded: readonly number[];
  readonly #plan: GraphPlan;
  readonly #earlier: Earlier;
  readonly #basis: Basis;
  /** Tasks that were not judged: the run was called off before it had their parameters, or those of what they read. */
  readonly #unjudged: Set<number> = new Set();
  /** Things that are made from what they were made from: they are started again, and their readers need not be. */
  readonly #standing: Set<number> = new Set();
  /** Tasks that run again because something that they read does: nothing inside of them can stand. */
  readonly #ruledOut: Set<number> = new Set();
  /** Of maps that run again though all that they depend on is restored: the names of stored items, by index. */
  readonly #items: Map<number, ReadonlyMap<number, string>> = new Map();
  /** The names of all that came up inside of tasks, and was judged. */
  readonly #inside: Set<string> = new Set();
  /** Of them, things that need not start. */
  readonly #unreadInside: Set<string> = new Set();
  /** By map: the names of its stored items, by index; made once. */
  #itemNames: ReadonlyMap<string, ReadonlyMap<number, string>> | undefined;
  readonly #restored: string[] = [];
  readonly #rerun: { task: string; why: string }[] = [];

  /** Decides for every task of the plan. */
  constructor(plan: GraphPlan, earlier: Earlier, basis: Basis) {
    this.runId = earlier.runId;
    this.#plan = plan;
    this.#earlier = earlier;
    this.#basis = basis;
    for (const task of plan.order) this.#judge(task);
    this.unneeded = plan.graph.lives ? this.#unread(plan.graph, 0) : [];
  }

  /** Things whose readers are all restored, or such things themselves. Whoever gets the report reads a root. */
  #unread(graph: Graph, first: number): number[] {
    const { start, end } = graph.dependents;
    const roots = new Set(graph.roots?.map(({ task }) => task));
    const unread = new Set<number>();
    const unreadLast = (task: number): void => {
      if (!lives(graph.definitions[task] as Definition) || roots.has(task)) return;
      const readers = end.subarray(start[task], start[task + 1]);
      const done = readers.every(
        (reader) => this.outputs.has(first + reader) || unread.has(first + reader),
      );
      if (done && readers.length > 0) unread.add(first + task);
    };
    const order = first === 0 ? this.#plan.order : Array.from(graph.definitions.keys());
    for (let at = order.length - 1; at >= 0; at--) unreadLast(order[at] as number);
    return [...unread];
  }

  /** Takes over the result of a task, or says why not; a map whose items may stand is looked at when it has its list. */
  #judge(task: number): void {
    const { lineage } = this.#basis;
    const name = lineage.nameOf(task);
    if (lineage.isGated(task)) {
      this.#rerun.push({ task: name, why: "it is a finally task: those run in every run" });
      return;
    }
    const dependency = this.#runningDependency(task);
    const given = dependency === undefined ? this.#basis.given(task) : undefined;
    if (lives(lineage.definition(task))) {
      if (dependency === undefined && !(given instanceof Incomparable)) this.#standing.add(task);
      this.#rerun.push({ task: name, why: "it lives no longer than its run" });
      return;
    }
    const found =
      dependency === undefined
        ? this.#find({ name, task, item: false, given: () => given })
        : `its dependency "${lineage.nameOf(dependency)}" runs again`;
    if (typeof found === "object") {
      this.outputs.set(task, found);
      this.#restored.push(name);
      return;
    }
    this.#rerun.push({ task: name, why: found });
    const unjudged = this.#unjudged;
    const unknown = given instanceof Incomparable && given.unknown;
    if (unknown || (dependency !== undefined && unjudged.has(dependency))) unjudged.add(task);
    else if (dependency !== undefined) {
      this.#ruledOut.add(task);
      return;
    }
    if (lineage.definition(task).kind === "map") this.#open(task, name);
  }

  /** Likewise for the tasks of a flow that is about to come up: those that stand, by index. */
  inside(next: NextFlow): StandingInside {
    const standing = new Map<number, TakenOutput>();
    const unneeded: number[] = [];
    this.#basis.lineage.expecting(next, (first) => {
      const { size } = next.graph;
      // Another flow may have been about to come up there, and was refused.
      for (let index = 0; index < size; index++) {
        this.outputs.delete(first + index);
        this.#items.delete(first + index);
      }
      for (let index = 0; index < size; index++) {
        this.#inside.add(this.#basis.lineage.nameOf(first + index));
        this.#judge(first + index);
        const taken = this.outputs.get(first + index);
        if (taken !== undefined) standing.set(index, taken);
      }
      if (!next.graph.lives) return;
      for (const task of this.#unread(next.graph, first)) {
        unneeded.push(task - first);
        this.#unreadInside.add(this.#basis.lineage.nameOf(task));
      }
    });
    return { standing, unneeded };
  }

  /** For the report: what was restored by now, and why the rest was not. */
  get summary(): NonNullable<SerializedReport["resume"]> {
    const { index } = this.#plan.graph;
    const ignored = Array.from(this.#earlier.tasks.keys()).filter(
      (name) => !index.has(name) && this.#plannedAround(name) === undefined,
    );
    const unread = new Set(this.unneeded.map((task) => this.#plan.nameOf(task)));
    const isUnread = (task: string): boolean => unread.has(task) || this.#unreadInside.has(task);
    const rerun = this.#rerun.filter(({ task }) => !isUnread(task));
    return { restored: [...this.#restored], ignored, rerun };
  }

  /**
   * Those of a map's items that stand, now that its list and their keys are known: none where a dependency gave no result
   * this time (`missing`). An item is found by what it is given, at whatever place it stood. To be asked once for each map.
   */
  items(
    map: number,
    list: readonly unknown[],
    keys: readonly string[] | undefined,
    missing?: number,
  ): Map<number, TakenItem> {
    const standing = new Map<number, TakenItem>();
    const stored = this.#items.get(map);
    if (stored === undefined) return standing;
    const givens = list.map((item, at) => this.#basis.givenToItem(map, at, item, keys?.[at]));
    const givenAt = (name: string): string | undefined =>
      this.#earlier.stored.get(name)?.origin?.given;
    const places = itemPlaces(stored, givenAt, givens);
    const taken = new Set(places.values());
    const mapName = this.#basis.lineage.nameOf(map);
    for (const [index, given] of givens.entries()) {
      const before = places.get(index);
      // What stood here stands elsewhere now.
      if (before === undefined && taken.has(index)) continue;
      const name = stored.get(before ?? index);
      if (name === undefined) continue;
      const found =
        missing === undefined
          ? this.#find({ name, task: map, item: true, given: () => given })
          : `its dependency "${this.#basis.lineage.nameOf(missing)}" gave no result this time`;
      const now = itemName(mapName, index);
      if (typeof found === "object") {
        standing.set(index, { ...placed(found, before ?? index, index), before: before ?? index });
        this.#restored.push(now);
      } else {
        this.#rerun.push({ task: now, why: found });
      }
    }
    return standing;
  }

  /** What was stored and has not been judged: it is handed on, so that it is not lost when this run is cut off. */
  *unjudged(
    listed: (map: number) => boolean = () => false,
    over: (task: number) => boolean = () => false,
  ): Iterable<UnjudgedOutput> {
    for (const name of this.#earlier.stored.keys()) {
      const task = this.#plannedAround(name);
      if (task === undefined || this.outputs.has(task) || this.#ruledOut.has(task)) continue;
      // The items of planned maps are below.
      if (this.#inside.has(name) || this.#plan.graph.index.has(itemNamed(name)?.map ?? ""))
        continue;
      if (over(task)) continue;
      const found = this.#stored(name);
      if (found !== undefined) yield { ...found, name, task, inside: true };
    }
    for (const task of this.#unjudged) {
      const name = this.#plan.nameOf(task);
      const found = this.#stored(name);
      if (found !== undefined) yield { ...found, name, task };
    }
    for (const [task, items] of this.#items) {
      if (listed(task)) continue;
      for (const [index, name] of items) {
        const found = this.#stored(name);
        if (found !== undefined) yield { ...found, name, task, index };
      }
    }
  }

  /** Of a name inside of a planned task, however deep: that one. */
  #plannedAround(name: string): number | undefined {
    const { index } = this.#plan.graph;
    if (index.has(name)) return undefined;
    for (let at = name.length - 1; at > 0; at--) {
      const last = name[at];
      const task = last === "." || last === "[" ? index.get(name.slice(0, at)) : undefined;
      if (task !== undefined) return task;
    }
    return undefined;
  }

  #stored(name: string): TakenOutput | undefined {
    const output = this.#earlier.stored.get(name);
    return output && take(output);
  }

  /** One that is not restored; one that was judged comes first. */
  #runningDependency(task: number): number | undefined {
    const sources = this.#basis.lineage.sources(task);
    const running = sources.filter(
      (dependency) => !this.outputs.has(dependency) && !this.#standing.has(dependency),
    );
    return running.find((dependency) => !this.#unjudged.has(dependency)) ?? running[0];
  }

  /** The stored items of a map, by index. */
  #open(map: number, name: string): void {
    this.#itemNames ??= itemsByMap(
      this.#earlier.stored.keys(),
      (item) => this.#earlier.stored.get(item)?.origin,
    );
    const items = this.#itemNames.get(name);
    if (items !== undefined) this.#items.set(map, items);
  }

  /** The result that stands, or why none does. */
  #find(claim: Claim): TakenOutput | string {
    const { flow, stored, tasks } = this.#earlier;
    if (flow !== undefined && flow !== this.#plan.graph.name) {
      return `the earlier run was one of another flow, "${flow}"`;
    }
    const output = stored.get(claim.name);
    const before = tasks.get(claim.name);
    if (output === undefined) return this.#withoutOutput(before);
    const why = this.#difference(output, claim);
    if (why === undefined) return take(output) ?? UNREADABLE;
    // Of a task that failed since, something older may be stored.
    const done = before?.status === "completed" || before?.status === "restored";
    return before === undefined || done ? why : this.#withoutOutput(before);
  }

  /** What keeps a stored output from standing. */
  #difference(output: EarlierOutput, claim: Claim): string | undefined {
    const { omitted, origin } = output;
    const { task } = claim;
    if (omitted !== undefined) return `its output was not stored: ${omitted}`;
    if (origin === undefined) return "what its output was made from was not stored";
    if (origin.definition !== this.#basis.definition(task)) {
      return "its name, inputs or version changed";
    }
    const given = claim.given();
    if (given instanceof Incomparable) return given.why;
    if (given !== origin.given) return this.#changedValue(claim);
    const runOf = (dependency: number): string | undefined =>
      this.outputs.get(dependency)?.origin.run;
    const from = this.#basis.from(task, runOf);
    return from === origin.from ? undefined : "what it depends on has run again since";
  }

  #changedValue({ task, item }: Claim): string {
    const { lineage } = this.#basis;
    const { slots } = lineage.definition(task);
    const read = item ? slots.slice(1) : slots;
    const values = item ? ["its item"] : [];
    const around = lineage.around(task);
    if (around !== undefined) values.push(`what "${lineage.nameOf(around.owner)}" was given`);
    for (const slot of read) {
      const value = valueIn(slot);
      if (value !== undefined) values.push(value);
    }
    return values.length === 1
      ? `${values[0]} has another value`
      : `one of these has another value: ${values.join(", ")}`;
  }

  /** Why nothing is stored of a task. */
  #withoutOutput(before: EarlierTask | undefined): string {
    if (before === undefined) {
      return this.#earlier.interrupted
        ? "no result of it was stored"
        : "it was not part of the earlier run";
    }
    if (before.cutOff) {
      const was = before.status === "abandoned" ? "was running" : "had not ended";
      return `it ${was} when the earlier run was interrupted`;
    }
    switch (before.status) {
      case "completed":
      case "restored":
        return this.#earlier.stored.size === 0 ? NOTHING_STORED : "its output was not stored";
      case "failed":
        return "it had failed";
      case "detached":
        return "it had not ended when the earlier run did";
      default:
        return `it had been ${before.status}`;
    }
  }
}

const UNREADABLE = "its output is stored in a way that this version cannot read";

function valueIn({ to, kind, param }: Slot): string | undefined {
  if (param !== undefined) return `its parameter "${param.name}"`;
  return kind === "constant" ? `its input "${to}"` : undefined;
}
