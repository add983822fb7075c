/**
 * What the end of one task means for the others: dependents that it releases or rules out, what they had still to read, the
 * flow or the map that it was the last of. Stops nobody, starts nobody.
 */
import type { Graph } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { Edges } from "./edges.ts";
import type { Flows } from "./flows.ts";
import type { Ledger } from "./ledger.ts";
import type { RunSettings } from "./machine.ts";
import type { Maps } from "./maps.ts";
import { Readers } from "./readers.ts";
import type { Reason } from "./reason.ts";
import type { Items, Scope } from "./scope.ts";
import type { Scopes } from "./scopes.ts";
import { RESTORED, SKIPPED, WAITING } from "./states.ts";
import type { Tasks } from "./tasks.ts";
import type { Things } from "./things.ts";
import type { Turn } from "./turn.ts";

/** The rooms that it tells. */
export interface PropagationRooms {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  readonly turn: Turn;
  readonly tasks: Tasks;
  readonly scopes: Scopes;
  readonly maps: Maps;
  readonly flows: Flows;
  readonly edges: Edges;
  readonly things: Things;
}

export class Propagation {
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #tasks: Tasks;
  readonly #scopes: Scopes;
  readonly #maps: Maps;
  readonly #flows: Flows;
  readonly #edges: Edges;
  readonly #things: Things;
  /** Told when the last item of a map has ended. */
  readonly #itemsEnded: (items: Items) => void;
  /** Only counted when outputs are to be released. */
  readonly #readers: Readers | undefined;

  constructor(
    rooms: PropagationRooms,
    { release }: RunSettings,
    itemsEnded: (items: Items) => void,
  ) {
    const { plan, ledger, turn } = rooms;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#tasks = rooms.tasks;
    this.#scopes = rooms.scopes;
    this.#maps = rooms.maps;
    this.#flows = rooms.flows;
    this.#edges = rooms.edges;
    this.#things = rooms.things;
    this.#itemsEnded = itemsEnded;
    if (release) this.#readers = new Readers(plan.graph, ledger, turn);
  }

  /** Gives a task its final state and tells its dependents; those that this rules out are skipped, and so on. */
  finish(task: number, state: number): void {
    this.#tasks.become(task, state);
    // A task that was skipped before it ran released nobody: what ended before it did.
    const { releasedBy, lastAttempt } = this.#ledger;
    const released = state !== SKIPPED || lastAttempt[task] !== -1;
    this.#turn.cause = released ? task : (releasedBy[task] as number);
    if (this.#scopes.itemsOf(task) !== undefined) {
      this.insideEnded(task);
      const items = this.#maps.itemEnded(task);
      if (items.open.main === 0) this.#itemsEnded(items);
      return;
    }
    this.tellDependents(task);
    this.insideEnded(task);
  }

  /** Nothing of this run reads it. */
  unneeded(thing: number): void {
    this.#ledger.reasons.set(thing, { kind: "unneeded" });
    this.finish(thing, SKIPPED);
  }

  /** A task that is no item has ended, and so have those that this rules out, and so on. */
  tellDependents(task: number): void {
    const ruledOut = this.#ended(task, undefined);
    if (ruledOut === undefined) return;
    for (let next = ruledOut.pop(); next !== undefined; next = ruledOut.pop()) {
      this.#ended(next, ruledOut);
    }
  }

  /** One that is no item has its final state; returns those that this rules out, which have theirs as well. */
  #ended(task: number, ruledOut: number[] | undefined): number[] | undefined {
    const inner = this.#scopes.ended(task);
    if (inner !== undefined) this.#flows.mayEnd(inner);
    // Before its output is let go.
    this.#things.ended(task);
    this.#readers?.ended(task);
    const out = this.#edges.ended(task, ruledOut);
    const inside = this.#scopes.nests ? this.#scopes.inside(task) : undefined;
    // What has come up comes after its owner, and has begun.
    return inside === undefined || inside.first > task ? out : this.#neverOpened(inside, out);
  }

  /** The owner of a flow has ended before anything of it could begin: none of it will. */
  #neverOpened({ owner, first }: Scope, ruledOut: number[] | undefined): number[] | undefined {
    const { status, reasons } = this.#ledger;
    const before = reasons.get(owner);
    const root = before?.kind === "dependency" ? before.root : owner;
    const reason: Reason =
      status[owner] === RESTORED
        ? { kind: "condition", message: "the flow that it is part of was restored" }
        : { kind: "dependency", task: owner, root };
    let out = ruledOut;
    for (let row = first; row < owner; row++) {
      if (status[row] !== WAITING) continue;
      reasons.set(row, reason);
      this.#tasks.become(row, SKIPPED);
      out ??= [];
      out.push(row);
    }
    return out;
  }

  /** A flow has come up inside of a task: its rows begin at `first`. */
  enter(graph: Graph, first: number): void {
    this.#edges.enter(graph, first);
    this.#things.enter(graph, first);
    this.#readers?.enter(graph, first);
  }

  /**
   * What is inside of a task has no reader left: its results live on in what the task gave. Of a loop those of its last flow,
   * before the next one comes up.
   */
  insideEnded(owner: number): void {
    if (this.#readers === undefined) return;
    const spawn = this.#ledger.spawns.in(owner);
    if (spawn !== undefined) this.#readers.insideEnded(spawn);
  }

  /** When all others have ended: tail tasks, and what is inside of them, without a final state. */
  *openTails(): Iterable<number> {
    if (this.#scopes.run.open.tails === 0) return;
    const told = new Set<number>();
    for (const row of this.#scopes.within(this.#scopes.run)) {
      if (this.#ledger.isFinal(row) || told.has(row)) continue;
      yield row;
      const inside = this.#scopes.inside(row);
      for (const inner of inside === undefined ? [] : this.#scopes.within(inside)) {
        if (this.#ledger.isFinal(inner)) continue;
        told.add(inner);
        yield inner;
      }
    }
  }
}
