/**
 * Tasks with something inside of them, when that has ended: what it makes of its owner, a map, a task with a flow inside, a
 * loop that may go on; and the result of such a task, which is put together and stored. Starts nobody.
 */
import type { GraphPlan } from "../define/plan.ts";
import type { Edges } from "./edges.ts";
import type { ExpiredEvent, GatheredEvent, InnerFlow, IteratedEvent } from "./event.ts";
import { type Flows, isOver } from "./flows.ts";
import type { Ledger } from "./ledger.ts";
import type { Maps } from "./maps.ts";
import type { Propagation, PropagationRooms } from "./propagation.ts";
import { reasonOf } from "./reason.ts";
import type { Inner, Items, Scope } from "./scope.ts";
import type { Scopes } from "./scopes.ts";
import {
  BETWEEN,
  CANCELLED,
  COMPLETED,
  ENDING,
  FAILED,
  INSIDE,
  RESTORED,
  SKIPPED,
  WAITING,
} from "./states.ts";
import type { Stops } from "./stops.ts";
import { taskName } from "./task-name.ts";
import type { Tasks } from "./tasks.ts";
import type { Turn } from "./turn.ts";

const NO_ROWS: readonly number[] = [];

/** The rooms that it tells: those that hear of one end, and whoever tells these. */
interface Rooms extends Omit<PropagationRooms, "things"> {
  readonly propagation: Propagation;
  readonly stops: Stops;
}

export class Owners {
  /** Maps, and tasks with a flow inside, whose answer to `gather` or `iterate` comes before anything else. */
  ending = 0;
  /** Those whose answer takes time: a schema, a step of a loop or the journal does. */
  readonly #pending: Set<number> = new Set();
  readonly #plan: GraphPlan;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #tasks: Tasks;
  readonly #scopes: Scopes;
  readonly #maps: Maps;
  readonly #flows: Flows;
  readonly #edges: Edges;
  readonly #propagation: Propagation;
  readonly #stops: Stops;

  constructor(rooms: Rooms) {
    this.#plan = rooms.plan;
    this.#ledger = rooms.ledger;
    this.#turn = rooms.turn;
    this.#tasks = rooms.tasks;
    this.#scopes = rooms.scopes;
    this.#maps = rooms.maps;
    this.#flows = rooms.flows;
    this.#edges = rooms.edges;
    this.#propagation = rooms.propagation;
    this.#stops = rooms.stops;
  }

  // ---- flows inside of tasks ---------------------------------------------------------------------------------------

  /** Some of its rows are restored. */
  restoreInside({ first }: Inner, { restored, unneeded = NO_ROWS }: InnerFlow): void {
    for (const index of restored?.keys() ?? NO_ROWS)
      this.#propagation.finish(first + index, RESTORED);
    for (const index of unneeded) this.#propagation.unneeded(first + index);
  }

  /** The first row of a flow that was planned with the rest goes on: so do those that it is inside of, the outermost first. */
  begins(row: number): void {
    const { nestedIn, status, readyAt, releasedBy } = this.#ledger;
    const owner = nestedIn.get(row);
    if (owner === undefined || status[owner] !== WAITING) return;
    readyAt[owner] = readyAt[row] as number;
    releasedBy[owner] = releasedBy[row] as number;
    this.begins(owner);
    this.#tasks.become(owner, INSIDE);
  }

  /** All main rows of a flow have ended, or its finally rows too: it is closing, or over, and says what became of its owner. */
  flowEnded(inner: Inner): void {
    const { owner } = inner;
    if (inner.phase !== "closing") {
      this.#scopes.close(inner);
      if (inner.open.finally > 0) {
        this.#turn.cause = inner.last;
        this.#edges.openGate(inner.finallyTasks, inner.base);
      }
      if (!isOver(inner)) return;
    }
    inner.over = true;
    if (this.#ledger.isFinal(owner)) return;
    const verdict = this.#flows.verdict(inner);
    const { status, readyAt } = this.#ledger;
    // Nothing of it was released: all was restored, or ruled out.
    if (status[owner] === WAITING && verdict === "ending") readyAt[owner] = this.#turn.now;
    this.#turn.cause = inner.last;
    if (inner.expired && verdict !== "failed") {
      this.#stops.conclude(owner, "failing");
      return;
    }
    if (verdict === "ending") {
      this.#flows.completes(inner);
      if (inner.iteration === undefined) this.#gather(owner);
      else this.#iterate(inner, inner.iteration);
      return;
    }
    if (verdict === "failed") {
      const nameOf = (task: number): string => taskName(this.#plan.graph, this.#ledger, task);
      this.#stops.failInside(owner, this.#flows.errorOf(inner, nameOf));
    } else if (inner.stoppedBy?.kind === "lost") {
      // What it reads has gone before anything of it that needed that had begun.
      this.#ledger.taskErrors.set(owner, inner.stoppedBy.error);
      this.#stops.conclude(owner, "failing");
    } else {
      this.#ledger.reasons.set(owner, this.#flows.reasonOf(inner));
      this.#propagation.finish(owner, verdict === "cancelled" ? CANCELLED : SKIPPED);
    }
  }

  /** The deadline of a task has passed: whether it is one with a flow inside. What is in time is not stopped: finally tasks. */
  expire({ task, error }: ExpiredEvent): boolean {
    const status = this.#ledger.status[task];
    const inner = status === INSIDE || status === BETWEEN ? this.#scopes.inside(task) : undefined;
    if (inner === undefined || "spawn" in inner) return false;
    if (inner.phase === "closing" && inner.iteration === undefined) return true;
    this.#ledger.taskErrors.set(task, error);
    inner.expired = true;
    if (status === BETWEEN) this.#stops.conclude(task, "failing");
    else this.#stops.halt(inner, "stopped", { kind: "failure", task, inside: task }, "stopped");
    return true;
  }

  /** All that it gives is there. */
  #gather(owner: number): void {
    const { first, count } = this.#scopes.inside(owner) as Scope;
    this.ending++;
    this.#tasks.become(owner, ENDING);
    this.#turn.command({ type: "gather", task: owner, first, count });
  }

  // ---- loops -------------------------------------------------------------------------------------------------------

  /** A flow of a loop has ended well: it is asked what comes next, unless it was stopped meanwhile. */
  #iterate({ owner, stoppedBy }: Inner, iteration: number): void {
    if (stoppedBy === undefined) {
      this.ending++;
      this.#tasks.become(owner, BETWEEN);
      this.#turn.command({ type: "iterate", task: owner, iteration });
      return;
    }
    if (stoppedBy.kind === "lost") {
      this.#ledger.taskErrors.set(owner, stoppedBy.error);
      this.#stops.conclude(owner, "failing");
    } else {
      this.#ledger.reasons.set(owner, stoppedBy);
      this.#propagation.finish(owner, CANCELLED);
    }
  }

  /** The answer to that: whether the flow comes up that it brings. */
  iterated(event: IteratedEvent): boolean {
    const { task, done, inner, pending } = event;
    // Only what answers at once is waited for before anything else.
    if (pending) this.#pending.add(task);
    if (pending || !this.#pending.delete(task)) this.ending--;
    if (pending || !this.#tasks.iterated(event)) return false;
    if ("error" in event) {
      this.#ledger.taskErrors.set(task, event.error);
      this.#stops.conclude(task, "failing");
    } else if (done) {
      this.#gather(task);
    } else if (inner !== undefined && this.#scopes.mayStart(task)) {
      this.#propagation.insideEnded(task);
      return true;
    } else this.refuse(task);
    return false;
  }

  /** The row whose end let the flow of a loop come up that comes next: the last of those before it. */
  lastInside(owner: number): number {
    let inner = this.#scopes.inside(owner) as Inner | undefined;
    while (inner !== undefined && inner.last === -1) inner = inner.before;
    return inner?.last ?? owner;
  }

  /** A task may not go on with the flow that it has returned: the run, or what it is inside of, was halted meanwhile. */
  refuse(task: number): void {
    const { haltedBy } = this.#scopes.of(task) as Partial<Inner>;
    const reason = haltedBy ?? this.#ledger.stoppedBy;
    if (reason !== undefined) this.#ledger.reasons.set(task, reason);
    this.#propagation.finish(task, CANCELLED);
  }

  // ---- items of maps, and results ----------------------------------------------------------------------------------

  /** They decide what becomes of their map. */
  itemsEnded(items: Items): void {
    const { owner: map, first, count } = items.spawn;
    const verdict = this.#maps.verdict(items);
    if (verdict === "ending") {
      this.ending++;
      this.#maps.completes(items);
      this.#tasks.become(map, ENDING);
      this.#turn.command({ type: "gather", task: map, first, count });
      return;
    }
    if (verdict !== "cancelled") {
      const error = this.#maps.errorOf(items, taskName(this.#plan.graph, this.#ledger, map));
      this.#turn.command({ type: "collect", task: map, first, count });
      if (verdict === "failing") {
        this.#ledger.taskErrors.set(map, error);
        this.#stops.fail(map, FAILED);
      } else this.#stops.failInside(map, error);
    } else {
      this.#ledger.reasons.set(map, this.#maps.reasonOf(items));
      this.#propagation.finish(map, CANCELLED);
    }
  }

  /** The attempt of a task has ended well, and its result is being stored: it holds nothing any more. */
  stores(task: number): void {
    this.#tasks.become(task, ENDING);
    this.#pending.add(task);
  }

  /** Nobody goes on with a result that could not be kept. */
  gathered({ task: map, error, stops, pending, journalMs }: GatheredEvent): void {
    if (journalMs !== undefined) this.#ledger.journalMs.set(map, journalMs);
    if (pending) {
      this.ending--;
      this.#pending.add(map);
      return;
    }
    if (this.#pending.delete(map)) this.ending++;
    if (stops === undefined && error === undefined) {
      this.#propagation.finish(map, COMPLETED);
    } else {
      this.#ledger.taskErrors.set(map, error);
      if (stops !== undefined) this.#scopes.halt(this.#scopes.run, "draining", reasonOf(stops));
      // Else it is its schema that refused it.
      const broken = stops !== undefined || journalMs !== undefined;
      this.#stops.conclude(map, "failing", broken);
      if (stops !== undefined) this.#stops.stop(stops);
    }
    this.ending--;
  }
}
