/**
 * What happens to one task, told to the others: dependents that its end releases or rules out, the run that its failure
 * halts, the map whose last item it was; and who is told when the run stops or a task is called off. Starts nobody.
 */
import type { Graph } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { Attempts } from "./attempts.ts";
import type { Bounds } from "./bounds.ts";
import type { Edges } from "./edges.ts";
import type {
  AbortCause,
  ExpiredEvent,
  FellBackEvent,
  GatheredEvent,
  InnerFlow,
  IteratedEvent,
  StopCause,
} from "./event.ts";
import type { Fallbacks } from "./fallbacks.ts";
import { type Flows, isOver } from "./flows.ts";
import { type Ledger, type Reason, reasonOf } from "./ledger.ts";
import type { RunSettings } from "./machine.ts";
import type { Maps } from "./maps.ts";
import { Readers } from "./readers.ts";
import { type Inner, type Items, lower, rowsOf, type Scope } from "./scope.ts";
import type { Scopes } from "./scopes.ts";
import {
  BETWEEN,
  CANCELLED,
  COMPLETED,
  CONCLUDED,
  type Conclusion,
  ENDING,
  effectOf,
  FAILED,
  INSIDE,
  isFailing,
  type Phase,
  RESTORED,
  SKIPPED,
  type Told,
  WAITING,
} from "./states.ts";
import { taskName } from "./task-name.ts";
import type { Tasks } from "./tasks.ts";
import type { Things } from "./things.ts";
import type { Turn } from "./turn.ts";

/** The rooms that it tells. */
interface Rooms {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  readonly turn: Turn;
  readonly tasks: Tasks;
  readonly attempts: Attempts;
  readonly scopes: Scopes;
  readonly maps: Maps;
  readonly flows: Flows;
  readonly edges: Edges;
  readonly bounds: Bounds;
  readonly fallbacks: Fallbacks;
  readonly things: Things;
}

export class Propagation {
  /** Maps, and tasks with a flow inside, whose result is being stored. */
  ending = 0;
  /** Those of them whose schema is being asked. */
  readonly #pending: Set<number> = new Set();
  /** How often the caller has aborted the run. */
  #aborts = 0;
  readonly #plan: GraphPlan;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #tasks: Tasks;
  readonly #attempts: Attempts;
  readonly #scopes: Scopes;
  readonly #maps: Maps;
  readonly #flows: Flows;
  readonly #edges: Edges;
  readonly #bounds: Bounds;
  readonly #fallbacks: Fallbacks;
  readonly #things: Things;
  readonly #drains: boolean;
  /** Only counted when outputs are to be released. */
  readonly #readers: Readers | undefined;

  constructor(rooms: Rooms, { failure, release }: RunSettings) {
    const { plan, ledger, turn } = rooms;
    this.#plan = plan;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#tasks = rooms.tasks;
    this.#attempts = rooms.attempts;
    this.#scopes = rooms.scopes;
    this.#maps = rooms.maps;
    this.#flows = rooms.flows;
    this.#edges = rooms.edges;
    this.#bounds = rooms.bounds;
    this.#fallbacks = rooms.fallbacks;
    this.#things = rooms.things;
    this.#drains = failure === "drain";
    if (release) this.#readers = new Readers(plan.graph, ledger, turn);
  }

  // ---- ends --------------------------------------------------------------------------------------------------------

  /** `broken`: it is what was to store the result that failed, and no fallback helps against that. */
  conclude(task: number, conclusion: Conclusion, broken = false): void {
    if (!isFailing(conclusion)) this.finish(task, CONCLUDED[conclusion]);
    else if (broken || !this.#fallbacks.ask(task, conclusion))
      this.#fail(task, CONCLUDED[conclusion], broken);
    else if (this.#scopes.isStopped(task)) this.#fallbacks.press(task);
  }

  /** The failure of a task is there for good, with a value in its place or without. */
  fellBack(event: FellBackEvent): void {
    const conclusion = this.#fallbacks.answered(event);
    if (conclusion !== undefined) this.#fail(event.task, CONCLUDED[conclusion]);
  }

  /** A final failure: the policy decides what it means for the run. */
  #fail(task: number, state: number, broken = false): void {
    this.#failing(task, state, this.#scopes.fails(task, broken));
  }

  /** A task has failed with what is inside of it, which was recorded. Its fallback may give a value all the same. */
  #failInside(owner: number, error: unknown): void {
    this.#ledger.taskErrors.set(owner, error);
    if (this.#fallbacks.ask(owner, "failing")) {
      if (this.#scopes.isStopped(owner)) this.#fallbacks.press(owner);
    } else this.#failing(owner, FAILED, this.#scopes.ownerFails(owner));
  }

  #failing(task: number, state: number, halted: Scope | undefined): void {
    if (halted === undefined) {
      this.finish(task, state);
      return;
    }
    const inside = halted === this.#scopes.run ? undefined : halted.owner;
    const cause = { kind: "failure", task, inside } as const;
    this.#scopes.halt(halted, "draining", reasonOf(cause));
    this.finish(task, state);
    this.#haltFor(halted, task);
  }

  /** A task has failed, and its scope is halted for that. */
  #haltFor(halted: Scope, task: number): void {
    const inside = halted === this.#scopes.run ? undefined : halted.owner;
    const cause = { kind: "failure", task, inside } as const;
    if (this.#drains) this.#halt(halted, "draining", cause, "drained");
    else this.#halt(halted, "failed", cause, "stopped");
  }

  /** Gives a task its final state and tells its dependents; those that this rules out are skipped, and so on. */
  finish(task: number, state: number): void {
    this.#tasks.become(task, state);
    // A task that was skipped before it ran released nobody: what ended before it did.
    const { releasedBy, lastAttempt } = this.#ledger;
    const released = state !== SKIPPED || lastAttempt[task] !== -1;
    this.#turn.cause = released ? task : (releasedBy[task] as number);
    if (this.#scopes.itemsOf(task) !== undefined) {
      const items = this.#maps.itemEnded(task);
      if (items.open.main === 0) this.itemsEnded(items);
      return;
    }
    this.#tellDependents(task);
  }

  /** A task that is no item has ended, and so have those that this rules out, and so on. */
  #tellDependents(task: number): void {
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

  // ---- flows inside of tasks ---------------------------------------------------------------------------------------

  /** A flow has come up inside of a task: its rows begin at `first`. */
  enter(graph: Graph, first: number): void {
    this.#edges.enter(graph, first);
    this.#things.enter(graph, first);
    this.#readers?.enter(graph, first);
  }

  /** Some of its rows are restored. */
  restoreInside({ first }: Inner, { restored, unneeded = [] }: InnerFlow): void {
    for (const index of restored?.keys() ?? []) this.finish(first + index, RESTORED);
    for (const index of unneeded) this.unneeded(first + index);
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
    const nameOf = (task: number): string => taskName(this.#plan.graph, this.#ledger, task);
    const verdict = this.#flows.verdict(inner);
    const { status, readyAt } = this.#ledger;
    // Nothing of it was released: all was restored, or ruled out.
    if (status[owner] === WAITING && verdict === "ending") readyAt[owner] = this.#turn.now;
    this.#turn.cause = inner.last;
    if (inner.expired && verdict !== "failed") {
      this.conclude(owner, "failing");
      this.#insideEnded(owner);
      return;
    }
    if (verdict === "ending") {
      this.#flows.completes(inner);
      if (inner.iteration === undefined) this.#gather(owner);
      else this.#iterate(inner, inner.iteration);
      return;
    }
    if (verdict === "failed") this.#failInside(owner, this.#flows.errorOf(inner, nameOf));
    else if (inner.stoppedBy?.kind === "lost") {
      // What it reads has gone before anything of it that needed that had begun.
      this.#ledger.taskErrors.set(owner, inner.stoppedBy.error);
      this.conclude(owner, "failing");
    } else {
      this.#ledger.reasons.set(owner, this.#flows.reasonOf(inner));
      this.finish(owner, verdict === "cancelled" ? CANCELLED : SKIPPED);
    }
    this.#insideEnded(owner);
  }

  /** The deadline of a task has passed: whether it is one with a flow inside. What is in time is not stopped: finally tasks. */
  expire({ task, error }: ExpiredEvent): boolean {
    const status = this.#ledger.status[task];
    const inner = status === INSIDE || status === BETWEEN ? this.#scopes.inside(task) : undefined;
    if (inner === undefined || "spawn" in inner) return false;
    if (inner.phase === "closing" && inner.iteration === undefined) return true;
    this.#ledger.taskErrors.set(task, error);
    inner.expired = true;
    if (status === BETWEEN) {
      this.conclude(task, "failing");
      this.#insideEnded(task);
    } else this.#halt(inner, "stopped", { kind: "failure", task, inside: task }, "stopped");
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
      this.conclude(owner, "failing");
    } else {
      this.#ledger.reasons.set(owner, stoppedBy);
      this.finish(owner, CANCELLED);
    }
    this.#insideEnded(owner);
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
      this.conclude(task, "failing");
    } else if (done) {
      this.#gather(task);
      return false;
    } else if (inner !== undefined && this.#scopes.mayStart(task)) {
      this.#insideEnded(task);
      return true;
    } else this.refuse(task);
    this.#insideEnded(task);
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
    this.finish(task, CANCELLED);
  }

  /** Its results live on in what it gave. Of a loop those of its last flow: the others went when the next one came up. */
  #insideEnded(owner: number): void {
    const spawn = this.#ledger.spawns.in(owner);
    if (spawn !== undefined) this.#readers?.insideEnded(spawn);
  }

  // ---- items of maps -----------------------------------------------------------------------------------------------

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
        this.#fail(map, FAILED);
      } else this.#failInside(map, error);
    } else {
      this.#ledger.reasons.set(map, this.#maps.reasonOf(items));
      this.finish(map, CANCELLED);
    }
    this.#insideEnded(map);
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
      this.finish(map, COMPLETED);
    } else if (stops === undefined) {
      this.#ledger.taskErrors.set(map, error);
      this.#fail(map, FAILED);
    } else {
      this.#ledger.taskErrors.set(map, error);
      this.#scopes.halt(this.#scopes.run, "draining", reasonOf(stops));
      this.#fail(map, FAILED, journalMs !== undefined);
      this.stop(stops);
    }
    this.ending--;
    this.#insideEnded(map);
  }

  /** Nothing of this run reads it. */
  unneeded(thing: number): void {
    this.#ledger.reasons.set(thing, { kind: "unneeded" });
    this.finish(thing, SKIPPED);
  }

  // ---- told to stop ------------------------------------------------------------------------------------------------

  /**
   * The run is stopped, by something else than a failure. Until it is aborted twice, finally tasks are spared, and whatever
   * is released may take its time.
   */
  stop(cause: StopCause): void {
    if (cause.kind === "aborted") this.#aborts++;
    if (this.#aborts > 1) this.#things.hasten();
    this.#halt(this.#scopes.run, "stopped", cause, "stopped", this.#aborts > 1);
  }

  /** The run was stopped before it began: there is nothing that finally tasks could be there for. */
  stopBefore(cause: StopCause): void {
    if (cause.kind === "aborted") this.#aborts++;
    this.#halt(this.#scopes.run, "stopped", cause, "stopped", true);
  }

  /**
   * A scope goes down to this phase: whoever that concerns is told, those that wait before those that have begun. `all`:
   * finally tasks too.
   */
  #halt(scope: Scope, phase: Phase, cause: AbortCause, told: Told, all = false): void {
    const ledger = this.#ledger;
    const reason = reasonOf(cause);
    if (scope === this.#scopes.run && !this.#isDecided(cause)) ledger.stoppedBy ??= reason;
    this.#scopes.halt(scope, phase, reason, all);
    this.#turn.cause = -1;
    const waiting: number[] = [];
    for (const task of this.#scopes.within(scope)) {
      if (effectOf(ledger.status[task] as number, told) !== "skipped") continue;
      if (this.#scopes.isSpared(scope, task, phase, all)) continue;
      ledger.reasons.set(task, reason);
      ledger.readyAt[task] = Number.NaN;
      this.#tasks.become(task, SKIPPED);
      waiting.push(task);
    }
    // Counted when all have their reason: none of them is ruled out by another one.
    for (const task of waiting) this.#tellDependents(task);
    for (const task of this.#scopes.within(scope)) {
      const effect = effectOf(ledger.status[task] as number, told);
      if (effect === undefined || this.#scopes.isSpared(scope, task, phase, all)) continue;
      if (effect === "asked") this.#attempts.ask(task, cause);
      else if (effect === "cancelled") this.#callOff(task, this.#notStarted(task, reason));
      else if (effect === "cancelled, or failing") this.#drain(task, reason);
      else if (effect === "let end" && told === "stopped") this.#fallbacks.press(task);
    }
  }

  /** Whether how the run ends is no longer for this to say: what breaks while it is closing still fails it. */
  #isDecided({ kind }: AbortCause): boolean {
    const closing = this.#scopes.run.phase === "closing";
    return (
      this.#bounds.state !== undefined || (closing && (kind === "aborted" || kind === "timeout"))
    );
  }

  /** Between two attempts it has failed with the last one; before the first it is called off. */
  #drain(task: number, reason: Reason): void {
    const why = this.#notStarted(task, reason);
    if (why !== reason) {
      this.#callOff(task, why);
      return;
    }
    this.#tasks.undelay(task);
    this.conclude(task, "failing");
  }

  /** The reason for a task that does not run at the moment: it may never have. */
  #notStarted(task: number, reason: Reason): Reason {
    if (this.#ledger.lastAttempt[task] !== -1 || this.#ledger.spawns.in(task) !== undefined)
      return reason;
    return { kind: "not-started", because: reason };
  }

  #callOff(task: number, reason: Reason): void {
    this.#tasks.undelay(task);
    this.#ledger.reasons.set(task, reason);
    this.finish(task, CANCELLED);
  }

  /** The caller calls off one task, with all that is inside it. */
  cancel(task: number, reason: unknown): void {
    const effect = effectOf(this.#ledger.status[task] as number, "calledOff");
    if (effect === "asked") {
      this.#attempts.ask(task, { kind: "cancelled", reason });
    } else if (effect === "cancelled") {
      this.#callOff(task, { kind: "aborted", scope: "task", reason });
    } else if (effect === "let end") {
      this.#fallbacks.press(task);
    } else if (effect === "as its rows") {
      const inside = this.#scopes.inside(task) as Items | Inner;
      if ("spawn" in inside) {
        lower(inside, "stopped");
        for (const item of rowsOf(inside)) this.cancel(item, reason);
      } else {
        this.#halt(inside, "stopped", { kind: "cancelled", reason }, "stopped");
      }
    }
  }

  /**
   * A thing has gone: those that read it and run are asked to stop, those that wait fail, unless they fall back. All of
   * these have their state before one of them halts the run or rules out another.
   */
  lose(thing: number, error: Error): void {
    const { start, end } = (this.#ledger.grown ?? this.#plan.graph).dependents;
    const failing: number[] = [];
    const readers = new Set(end.subarray(start[thing], start[thing + 1]));
    for (const reader of readers) this.#loseAt(reader, error, failing);
    const halted = new Map<Scope, number>();
    for (const row of failing) {
      const scope = this.#scopes.fails(row);
      if (scope === undefined || halted.has(scope)) continue;
      halted.set(scope, row);
      this.#scopes.halt(scope, "draining", reasonOf({ kind: "failure", task: row }));
    }
    for (const row of failing) this.finish(row, FAILED);
    for (const [scope, row] of halted) this.#haltFor(scope, row);
  }

  #loseAt(row: number, error: Error, failing: number[]): void {
    const effect = effectOf(this.#ledger.status[row] as number, "lost");
    if (effect === "asked") {
      this.#attempts.ask(row, { kind: "lost", error });
    } else if (effect === "failing") {
      this.#tasks.undelay(row);
      this.#ledger.taskErrors.set(row, error);
      if (this.#fallbacks.ask(row, "failing")) {
        if (this.#scopes.isStopped(row)) this.#fallbacks.press(row);
        return;
      }
      this.#tasks.become(row, FAILED);
      failing.push(row);
    } else if (effect === "as its rows") {
      const inside = this.#scopes.inside(row) as Items | Inner;
      if ("spawn" in inside) {
        lower(inside, "stopped");
        inside.lost = true;
        for (const item of rowsOf(inside)) this.#loseAt(item, error, failing);
      } else this.#halt(inside, "stopped", { kind: "lost", error }, "stopped");
    }
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
