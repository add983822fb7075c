/**
 * What comes up inside of a task and becomes rows: the tasks of a flow, and the items of a map once its list is there; which
 * of them are restored, and which wait. Starts nobody.
 */
import type { GraphPlan } from "../define/plan.ts";
import type { Bounds } from "./bounds.ts";
import type { Edges } from "./edges.ts";
import type { InnerFlow, PreparedEvent } from "./event.ts";
import type { Flows } from "./flows.ts";
import { Grown } from "./grown.ts";
import type { Ledger } from "./ledger.ts";
import type { Maps } from "./maps.ts";
import type { Owners } from "./owners.ts";
import type { Propagation } from "./propagation.ts";
import type { Room } from "./room.ts";
import { rowsOf } from "./scope.ts";
import type { Starts } from "./starts.ts";
import { INSIDE, QUEUED, RESTORED } from "./states.ts";
import type { Tasks } from "./tasks.ts";
import type { Turn } from "./turn.ts";

/** The rooms that it tells. */
interface Rooms {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  readonly turn: Turn;
  readonly tasks: Tasks;
  readonly maps: Maps;
  readonly flows: Flows;
  readonly edges: Edges;
  readonly bounds: Bounds;
  readonly room: Room;
  readonly propagation: Propagation;
  readonly owners: Owners;
  readonly starts: Starts;
}

export class Arrivals {
  readonly #rooms: Rooms;
  readonly #observed: boolean;

  constructor(rooms: Rooms, observed: boolean) {
    this.#rooms = rooms;
    this.#observed = observed;
  }

  /** A flow comes up inside of a task: its tasks are rows. */
  enter(owner: number, flow: InnerFlow): void {
    const { plan, ledger, turn, tasks, flows, edges, bounds, propagation, owners } = this.#rooms;
    const { graph, iteration } = flow;
    ledger.grown ??= new Grown(plan.graph);
    const cause = iteration === undefined ? owner : owners.lastInside(owner);
    const spawn = ledger.enter(owner, graph, iteration);
    const { first, count } = spawn;
    const inner = flows.enter(spawn, graph);
    propagation.enter(graph, first);
    if (this.#observed) turn.command({ type: "spawned", first, count });
    tasks.become(owner, INSIDE);
    owners.restoreInside(inner, flow);
    turn.cause = cause;
    edges.beginInside(inner);
    if (bounds.detached.has(owner)) bounds.detach(rowsOf(spawn));
  }

  /** The list of a map is there: its items are rows, of which some may be restored. */
  list(event: PreparedEvent): void {
    const { ledger, turn, tasks, maps, bounds, room, owners, starts } = this.#rooms;
    const { task: map, items: count = 0, keys, restored, amounts } = event;
    const items = maps.list(ledger.spawn(map, count, keys), restored?.size ?? 0);
    const { first } = items.spawn;
    if (this.#observed) turn.command({ type: "spawned", first, count });
    tasks.become(map, INSIDE);
    for (const index of event.foundItems ?? []) ledger.cached.set(first + index, true);
    for (const index of restored?.keys() ?? []) tasks.become(first + index, RESTORED);
    for (const item of rowsOf(items.spawn)) {
      if (ledger.status[item] === RESTORED) continue;
      ledger.readyAt[item] = turn.now;
      ledger.releasedBy[item] = ledger.releasedBy[map] as number;
      if (amounts !== undefined) room.compute(item, amounts, item - first);
      tasks.become(item, QUEUED);
    }
    if (bounds.detached.has(map)) bounds.detach(rowsOf(items.spawn));
    if (items.open.main === 0) owners.itemsEnded(items);
    for (const [index, error] of event.refused ?? []) starts.refuse(first + index, error);
  }
}
