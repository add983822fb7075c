/**
 * The run machine: one passage through a plan. Events go in, commands come out; it is synchronous and deterministic,
 * reads no clock, awaits nothing, calls no code of the user and knows no promise, signal or observer. What happens is
 * recorded in the ledger. `for (const command of run.handle(event)) obey(command)` is all that a driver does.
 */

import type { Definition } from "../define/definition.ts";
import { AFTER, VALUE } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import { Attempts, type RunSettings, reasonOf } from "./attempts.ts";
import type { AbortCause, PreparedEvent, StopCause } from "./event.ts";
import {
  ABANDONED,
  BY_MAP,
  BY_SEMAPHORE,
  CANCELLED,
  COMPLETED,
  DELAYED,
  FAILED,
  READY,
  RESTORED,
  type Reason,
  RUNNING,
  SKIPPED,
  type Spawn,
  WAITING,
} from "./ledger.ts";
import { Precedence } from "./precedence.ts";
import { ReadyQueue } from "./ready-queue.ts";

const NO_DEMAND: readonly number[] = [];

/** A map whose items are listed. */
interface Expansion {
  readonly spawn: Spawn;
  readonly limit: number;
  /** The next item to let into the competition for capacity. */
  next: number;
  /** Items let in that have not ended. */
  active: number;
  /** Items that have not ended. */
  open: number;
  failed: number;
  /** An item that was cancelled: the map cannot complete. */
  cancelled: number;
}

export class Run extends Attempts {
  readonly #resources: readonly string[];
  readonly #queue: ReadyQueue | undefined;
  /** Edges of each task whose dependency has not ended. */
  readonly #missing: Int32Array;
  /** Edges of each task whose dependent has not ended; only counted when outputs are to be released. */
  readonly #readers: Int32Array | undefined;
  readonly #maps: Map<number, Expansion> = new Map();
  /** Tasks and items without a final status that the run waits for. */
  #open: number;
  #phase: "open" | "draining" | "stopped" = "open";
  /** Tail tasks that have begun go on when a failure stops the run; what else stops it stops them too. */
  #tailsGoOn = true;
  /** Failures of tasks and items that were not ignored. */
  #failures = 0;
  #permitAsked = false;
  /** A map's result is being put together. */
  #gathering = false;
  /** Nobody is chosen before those that can be prepared at once are there. */
  #mustering = false;

  /** Tasks whose last dependency has ended at this event. */
  readonly #released: Int32Array;
  #releasedCount = 0;

  constructor(plan: GraphPlan, settings: RunSettings = {}) {
    super(plan, settings);
    const { graph } = plan;
    this.openTails = graph.tails.size;
    this.#open = graph.size - this.openTails;
    this.#missing = degrees(graph.dependencies.start, graph.size);
    this.#released = new Int32Array(graph.size);
    if (settings.release) {
      this.#readers = degrees(graph.dependents.start, graph.size);
      for (const { task } of graph.roots ?? []) this.#readers[task] = Number.MAX_SAFE_INTEGER;
    }
    this.#resources = Object.keys(settings.resources ?? {});
    if (settings.concurrency !== undefined || settings.permits || this.#resources.length > 0) {
      this.#queue = new ReadyQueue(
        settings.concurrency ?? Number.POSITIVE_INFINITY,
        this.#resources.map((name) => settings.resources?.[name] as number),
        new Precedence(plan, this.ledger, settings.estimates),
      );
    }
  }

  /** Who was released starts or queues, who fits starts, and the run settles when nobody is left. */
  protected override proceed(): void {
    // The answer comes before anything else: a map whose result was not kept stops the run.
    if (this.#gathering) return;
    if (this.#releasedCount > 0) this.#startReleased();
    if (this.#queue !== undefined && !this.#mustering) this.#fill(this.#queue);
    if (this.#open === 0 && this.begun && this.state === undefined && this.idle) {
      this.settle(this.#failures > 0 ? "failed" : "completed", this.#openTailTasks());
    }
  }

  // ---- from waiting to running -------------------------------------------------------------------------------------

  protected override begin(): void {
    for (let task = 0; task < this.plan.graph.size; task++) {
      if (this.#missing[task] === 0 && this.ledger.status[task] === WAITING) this.#release(task);
    }
  }

  #release(task: number): void {
    this.ledger.readyAt[task] = this.now;
    this.ledger.releasedBy[task] = this.cause;
    this.#released[this.#releasedCount++] = task;
  }

  /** In declaration order; when one of them has inputs to resolve, all take that way, so that the order holds. */
  #startReleased(): void {
    const released = this.#released;
    const count = this.#releasedCount;
    this.#releasedCount = 0;
    if (this.#phase !== "open") return;
    const { definitions } = this.plan.graph;
    let prepare = false;
    let ordered = true;
    for (let at = 0; at < count; at++) {
      if ((definitions[released[at] as number] as Definition).prepares) prepare = true;
      if (at > 0 && (released[at] as number) < (released[at - 1] as number)) ordered = false;
    }
    if (!ordered) released.subarray(0, count).sort();
    for (let at = 0; at < count; at++) {
      const task = released[at] as number;
      if (prepare) this.prepare(task);
      else this.enqueue(task);
    }
    if (!prepare || this.#queue === undefined || this.#mustering) return;
    this.#mustering = true;
    this.command({ type: "muster" });
  }

  protected override mustered(): void {
    this.#mustering = false;
  }

  protected override enqueue(task: number): void {
    this.become(task, READY);
    if (this.#queue === undefined) this.start(task, 0);
    else this.#queue.add(task, this.#demand(task));
  }

  #fill(queue: ReadyQueue): void {
    const live = (task: number): boolean => this.ledger.status[task] === READY;
    if (!this.settings.permits) {
      for (let taken = queue.take(live); taken !== undefined; taken = queue.take(live)) {
        this.start(taken.task, taken.lacked || this.#heldByMap(taken.task));
      }
    } else if (!this.#permitAsked && queue.fits(live)) {
      this.#permitAsked = true;
      this.command({ type: "acquire" });
    }
  }

  /** A permit starts the best task that fits by now, or goes back in the same turn. */
  protected override permitted(): void {
    this.#permitAsked = false;
    const taken = this.#queue?.take((task) => this.ledger.status[task] === READY);
    if (taken === undefined) {
      this.command({ type: "yield" });
    } else {
      const waited = this.now > this.readySince(taken.task);
      this.start(taken.task, taken.lacked === 0 && waited ? BY_SEMAPHORE : taken.lacked);
    }
  }

  // ---- final statuses ----------------------------------------------------------------------------------------------

  /** A final failure: the policy decides what it means for the run. */
  protected override fail(task: number, status: number): void {
    const { failure = "stop" } = this.settings;
    this.ledger.failures.push(task);
    const expansion = this.#expansionOf(task);
    if (expansion !== undefined) expansion.failed++;
    const ignored = this.definitionOf(task).options?.onFailure === "ignore" || this.#isTail(task);
    if (!ignored) this.#failures++;
    const limit = typeof failure === "object" ? failure.maxFailures : 1;
    const goesOn = ignored || failure === "continue" || this.#failures < limit;
    const stops = !goesOn && this.#phase === "open";
    // Before it is told to others: its end must not let in the next item of its map.
    if (stops) this.#phase = "draining";
    this.finish(task, status);
    if (!stops) return;
    const reason: Reason = { kind: "failure", task };
    this.#halt(reason, failure === "drain" ? undefined : { kind: "failure", task });
  }

  /** Gives a task its final status and tells its dependents; those that this rules out are skipped, and so on. */
  protected override finish(task: number, status: number): void {
    this.become(task, status);
    // A task that was skipped released nobody: what ended before it did.
    this.cause = status === SKIPPED ? (this.ledger.releasedBy[task] as number) : task;
    const ruledOut: number[] | undefined = this.#close(task);
    if (ruledOut === undefined) return;
    for (let next = ruledOut.pop(); next !== undefined; next = ruledOut.pop()) {
      this.#close(next, ruledOut);
    }
  }

  /** Counts a task that has its final status; returns the dependents that this rules out, already `skipped`. */
  #close(task: number, ruledOut?: number[]): number[] | undefined {
    const { ledger } = this;
    const { graph } = this.plan;
    const tail = this.#isTail(task);
    if (task >= graph.size) {
      if (tail) this.openTails--;
      else this.#open--;
      this.#itemEnded(task);
      return ruledOut;
    }
    if (tail) this.openTails--;
    else this.#open--;
    if (this.requeuedAt.size > 0) this.requeuedAt.delete(task);
    if (this.#readers !== undefined) this.#doneReading(task, this.#readers);

    const good = ledger.status[task] === COMPLETED || ledger.status[task] === RESTORED;
    const { start, end, kind } = graph.dependents;
    const last = start[task + 1] as number;
    let out = ruledOut;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependent = end[edge] as number;
      if (ledger.status[dependent] !== WAITING) continue;
      if (!good && (kind[edge] === VALUE || kind[edge] === AFTER)) {
        const before = ledger.reasons.get(task);
        const root = before?.kind === "dependency" ? before.root : task;
        ledger.reasons.set(dependent, { kind: "dependency", task, root });
        this.become(dependent, SKIPPED);
        out ??= [];
        out.push(dependent);
      } else {
        const missing = (this.#missing[dependent] as number) - 1;
        this.#missing[dependent] = missing;
        if (missing === 0 && this.begun) this.#release(dependent);
      }
    }
    return out;
  }

  /** The outputs that this task was the last to read have no reader left, nor has its own when all were done before. */
  #doneReading(task: number, left: Int32Array): void {
    const { start, end } = this.plan.graph.dependencies;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependency = end[edge] as number;
      const readers = (left[dependency] as number) - 1;
      left[dependency] = readers;
      if (readers === 0 && this.ledger.isFinal(dependency)) {
        this.command({ type: "release", task: dependency });
      }
    }
    // Its readers may all be done before it is: those that were skipped.
    const { start: read } = this.plan.graph.dependents;
    if (left[task] === 0 && (read[task] as number) < (read[task + 1] as number)) {
      this.command({ type: "release", task });
    }
  }

  // ---- maps --------------------------------------------------------------------------------------------------------

  protected override expand({ task: map, items: count = 0, restored }: PreparedEvent): void {
    const { ledger } = this;
    const first = ledger.spawn(map, count);
    const expansion: Expansion = {
      spawn: ledger.spawns.at(-1) as Spawn,
      limit: this.definitionOf(map).options?.concurrency ?? Number.POSITIVE_INFINITY,
      next: 0,
      active: 0,
      open: count - (restored?.size ?? 0),
      failed: 0,
      cancelled: 0,
    };
    this.#maps.set(map, expansion);
    if (this.settings.observed) this.command({ type: "spawned", first, count });
    this.become(map, RUNNING);
    for (const index of restored?.keys() ?? []) this.become(first + index, RESTORED);
    for (let item = first; item < first + count; item++) {
      if (ledger.status[item] === RESTORED) continue;
      ledger.readyAt[item] = this.now;
      ledger.releasedBy[item] = ledger.releasedBy[map] as number;
      this.become(item, READY);
    }
    if (!this.#isTail(map)) this.#open += expansion.open;
    else this.openTails += expansion.open;
    if (this.detached.has(map)) {
      for (let item = first; item < first + count; item++) this.detached.add(item);
    }
    if (expansion.open === 0) this.#finishMap(map, expansion);
    else this.#admit(expansion);
  }

  /** Lets items in, as many as the map's own limit allows. */
  #admit(expansion: Expansion): void {
    const { spawn } = expansion;
    if (!this.goesOn(spawn.map)) return;
    while (expansion.active < expansion.limit && expansion.next < spawn.count) {
      const item = spawn.first + expansion.next++;
      if (this.ledger.status[item] !== READY) continue;
      expansion.active++;
      if (this.#queue === undefined) this.start(item, this.#heldByMap(item));
      else this.#queue.add(item, this.#demand(item));
    }
  }

  /** An item that starts later than it was listed, though nothing else was lacking, waited for its map. */
  #heldByMap(task: number): number {
    return task >= this.plan.graph.size && this.now > this.readySince(task) ? BY_MAP : 0;
  }

  #itemEnded(item: number): void {
    const expansion = this.#expansionOf(item) as Expansion;
    const { spawn } = expansion;
    const { status } = this.ledger;
    if (item - spawn.first < expansion.next) expansion.active--;
    expansion.open--;
    if (status[item] === CANCELLED || status[item] === ABANDONED) expansion.cancelled++;
    if (expansion.open === 0) this.#finishMap(spawn.map, expansion);
    else this.#admit(expansion);
  }

  #expansionOf(item: number): Expansion | undefined {
    const spawn = this.ledger.spawnOf(item);
    return spawn && this.#maps.get(spawn.map);
  }

  protected override gathered(map: number): void {
    this.#gathering = false;
    this.#releaseItems(map);
  }

  /** The map was the only reader of its items; their results live on in its list. */
  #releaseItems(map: number): void {
    if (this.#readers === undefined) return;
    const { first, count } = this.ledger.spawnOfMap.get(map) as Spawn;
    for (let item = first; item < first + count; item++) {
      this.command({ type: "release", task: item });
    }
  }

  /** The items decide: one that failed fails the map, one that was cancelled cancels it. */
  #finishMap(map: number, { spawn, failed, cancelled }: Expansion): void {
    const { ledger } = this;
    const { first, count } = spawn;
    if (failed === 0 && cancelled === 0) {
      this.#gathering = true;
      this.command({ type: "gather", task: map, first, count });
      return;
    }
    if (failed > 0) {
      const name = this.plan.nameOf(map);
      const errors: unknown[] = [];
      for (let item = first; item < first + count; item++) {
        if (ledger.status[item] === FAILED || ledger.status[item] === ABANDONED) {
          errors.push(ledger.errorOf(item));
        }
      }
      const message = `${failed} of the ${count} items of "${name}" failed`;
      const error = new AggregateError(errors, message);
      // A stack of the machine tells nobody anything, and would be another one at a replay.
      error.stack = `${error.name}: ${message}`;
      ledger.taskErrors.set(map, error);
      this.finish(map, FAILED);
    } else {
      let item = first;
      while (ledger.status[item] !== CANCELLED && ledger.status[item] !== ABANDONED) item++;
      ledger.reasons.set(map, ledger.reasons.get(item) as Reason);
      this.finish(map, CANCELLED);
    }
    this.#releaseItems(map);
  }

  // ---- stopping ----------------------------------------------------------------------------------------------------

  protected override drain(): void {
    this.#phase = "draining";
  }

  protected override stop(cause: StopCause): void {
    this.#halt(reasonOf(cause), cause);
  }

  /**
   * Starts nothing new; with a cause, what runs is asked to stop. A task's failure leaves running tail tasks alone, the
   * caller's abort and the run's time limit do not.
   */
  #halt(reason: Reason, cause: AbortCause | undefined): void {
    const { ledger } = this;
    const { graph } = this.plan;
    const spareTails = reason.kind === "failure";
    if (this.state === undefined) ledger.stoppedBy ??= reason;
    this.#phase = cause === undefined ? "draining" : "stopped";
    if (!spareTails) this.#tailsGoOn = false;
    this.cause = -1;
    const waiting: number[] = [];
    for (let task = 0; task < graph.size; task++) {
      if (ledger.status[task] !== WAITING) continue;
      ledger.reasons.set(task, reason);
      ledger.readyAt[task] = Number.NaN;
      this.become(task, SKIPPED);
      waiting.push(task);
    }
    // Counted when all have their reason: none of them is ruled out by another one.
    for (const task of waiting) this.#close(task);
    const { tasks } = ledger;
    for (let task = 0; task < tasks; task++) {
      const status = ledger.status[task] as number;
      if (status >= COMPLETED) continue;
      if (spareTails && this.#isTail(task) && this.#hasBegun(task)) continue;
      if (status === READY || status === DELAYED) this.#halfDone(task, reason, cause);
      else if (cause !== undefined) this.ask(task, cause);
    }
  }

  /** A map has begun when its items are listed. */
  #hasBegun(task: number): boolean {
    return task >= this.plan.graph.size || this.ledger.lastAttempt[task] !== -1;
  }

  protected override giveBack(task: number): void {
    this.#queue?.give(this.#demand(task));
  }

  /** Whether the task may start attempts. */
  protected override goesOn(task: number): boolean {
    return this.#phase === "open" || (this.#tailsGoOn && this.#isTail(task));
  }

  /** Tail tasks, and the items of tail maps. */
  #isTail(task: number): boolean {
    const { tails } = this.plan.graph;
    return tails.size > 0 && tails.has(this.ledger.plannedOf(task));
  }

  /** A task between attempts, or before its first. */
  #halfDone(task: number, reason: Reason, cause: AbortCause | undefined): void {
    const { ledger } = this;
    if (ledger.status[task] === DELAYED) this.command({ type: "undelay", task });
    if (ledger.lastAttempt[task] === -1) {
      ledger.reasons.set(task, { kind: "not-started", because: reason });
      this.finish(task, CANCELLED);
    } else if (cause === undefined) {
      this.fail(task, FAILED);
    } else {
      ledger.reasons.set(task, reason);
      this.finish(task, CANCELLED);
    }
  }

  protected override cancel(task: number, reason: unknown): void {
    const { ledger } = this;
    const status = ledger.status[task] as number;
    if (status >= COMPLETED) return;
    const expansion = this.#maps.get(task);
    if (expansion !== undefined) {
      const { first, count } = expansion.spawn;
      expansion.next = count; // The end of one item lets in no other.
      for (let item = first; item < first + count; item++) this.cancel(item, reason);
    } else if (status === RUNNING) {
      this.ask(task, { kind: "cancelled", reason });
    } else {
      if (status === DELAYED) this.command({ type: "undelay", task });
      ledger.reasons.set(task, { kind: "aborted", scope: "task", reason });
      this.finish(task, CANCELLED);
    }
  }

  /** Tail tasks, and items of tail maps, without a final status. */
  *#openTailTasks(): Iterable<number> {
    for (const tail of this.plan.graph.tails) {
      if (this.ledger.isFinal(tail)) continue;
      yield tail;
      const { first = 0, count = 0 } = this.#maps.get(tail)?.spawn ?? {};
      for (let item = first; item < first + count; item++) {
        if (!this.ledger.isFinal(item)) yield item;
      }
    }
  }

  // ---- amounts -----------------------------------------------------------------------------------------------------

  #demand(task: number): readonly number[] {
    const resources = this.definitionOf(task).options?.resources;
    if (resources === undefined || this.#resources.length === 0) return NO_DEMAND;
    return this.#resources.map((name) =>
      Object.hasOwn(resources, name) ? (resources[name] as number) : 0,
    );
  }
}

function degrees(start: Int32Array, size: number): Int32Array {
  const counts = new Int32Array(size);
  for (let task = 0; task < size; task++) {
    counts[task] = (start[task + 1] as number) - (start[task] as number);
  }
  return counts;
}
