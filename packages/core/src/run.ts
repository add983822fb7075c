/**
 * The run machine: one passage through a plan. Events go in, commands come out; it is synchronous and deterministic,
 * reads no clock, awaits nothing, calls no code of the user and knows no promise, signal or observer. What happens is
 * recorded in the ledger. `for (const command of run.handle(event)) obey(command)` is all that a driver does.
 */
import type { AbortCause, Command, MachineEvent, PreparedEvent, StopCause } from "./event.ts";
import { AFTER, VALUE } from "./graph.ts";
import {
  ABANDONED,
  BY_MAP,
  BY_SEMAPHORE,
  CANCELLED,
  COMPLETED,
  DELAYED,
  DETACHED,
  FAILED,
  Ledger,
  READY,
  RESTORED,
  type Reason,
  RUNNING,
  SKIPPED,
  type Spawn,
  WAITING,
} from "./ledger.ts";
import { type GraphPlan, remainingPaths } from "./plan.ts";
import { ReadyQueue } from "./ready-queue.ts";
import { type Definition, maxRetriesOf } from "./task.ts";

/** stop: start nothing new, abort what runs. drain: start nothing new, let it finish. continue: run all that does not depend on a failure. */
export type FailureMode = "stop" | "drain" | "continue" | { readonly maxFailures: number };

export interface RunSettings {
  readonly concurrency?: number | undefined;
  /** A semaphore shared with other runs limits this one: every start needs a permit. */
  readonly permits?: boolean;
  readonly resources?: Readonly<Record<string, number>> | undefined;
  readonly failure?: FailureMode | undefined;
  readonly estimates?: Readonly<Record<string, number>> | undefined;
  /** Say when an output has no reader left. */
  readonly release?: boolean;
  /** Say when a status changes. */
  readonly observed?: boolean;
}

const NO_DEMAND: readonly number[] = [];

/** What a driver needs of a machine; there is one for each way to dispatch. */
export interface Machine {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  /** How the run ended; `undefined` while it goes on. */
  readonly state: "completed" | "failed" | "cancelled" | undefined;
  /** Tail tasks that had not ended when the run did. */
  readonly detached: ReadonlySet<number>;
  /** What is to be done now. Events are facts and must be true; those that came too late are let pass. */
  handle(event: MachineEvent): readonly Command[];
  /** Whether a failure of the running attempt could be followed by another one. */
  mayRetry(task: number): boolean;
  /** Whether the running attempt was asked to stop because of its own time limit, and for nothing else since. */
  isExpired(task: number): boolean;
  /** The definition of a task; an item has that of its map. */
  definitionOf(task: number): Definition;
}

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

export class Run implements Machine {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  state: "completed" | "failed" | "cancelled" | undefined;
  readonly detached: Set<number> = new Set();

  readonly #settings: RunSettings;
  readonly #resources: readonly string[];
  readonly #queue: ReadyQueue | undefined;
  /** Edges of each task whose dependency has not ended. */
  readonly #missing: Int32Array;
  /** Edges of each task whose dependent has not ended; only counted when outputs are to be released. */
  readonly #readers: Int32Array | undefined;
  readonly #maps: Map<number, Expansion> = new Map();
  /** Running attempts that were asked to stop, and why. */
  readonly #asked: Map<number, AbortCause> = new Map();
  /** Since when a task competes that is ready again, or whose inputs took time to resolve. */
  readonly #requeuedAt: Map<number, number> = new Map();
  readonly #freeSlots: number[] = [];
  #slots = 0;
  #running = 0;
  /** Tasks and items without a final status that the run waits for; and tail tasks. */
  #open: number;
  #openTails: number;
  #begun = false;
  /** What stopped the run before it began: what is restored stays restored. */
  #stoppedBefore: StopCause | undefined;
  #phase: "open" | "draining" | "stopped" = "open";
  /** Tail tasks that have begun go on when a failure stops the run; what else stops it stops them too. */
  #tailsGoOn = true;
  /** Failures of tasks and items that were not ignored. */
  #failures = 0;
  #permitAsked = false;

  // What belongs to the event at hand.
  #at = 0;
  #commands: Command[] = [];
  /** Tasks whose last dependency has ended. */
  #released: number[] = [];
  /** The task whose end is being told, and the attempt that gave its capacity back. */
  #cause = -1;
  #freed = -1;

  constructor(plan: GraphPlan, settings: RunSettings = {}) {
    const { graph } = plan;
    this.plan = plan;
    this.ledger = new Ledger(graph.size);
    this.#settings = settings;
    this.#openTails = graph.tails.size;
    this.#open = graph.size - this.#openTails;
    this.#missing = degrees(graph.dependencies.start, graph.size);
    if (settings.release) {
      this.#readers = degrees(graph.dependents.start, graph.size);
      for (const { task } of graph.roots ?? []) this.#readers[task] = Number.MAX_SAFE_INTEGER;
    }
    this.#resources = Object.keys(settings.resources ?? {});
    if (settings.concurrency !== undefined || settings.permits || this.#resources.length > 0) {
      this.#queue = new ReadyQueue(
        settings.concurrency ?? Number.POSITIVE_INFINITY,
        this.#resources.map((name) => settings.resources?.[name] as number),
        this.#precedence(),
      );
    }
  }

  handle(event: MachineEvent): readonly Command[] {
    const commands: Command[] = [];
    this.#commands = commands;
    this.#at = event.at;
    this.#cause = -1;
    this.#freed = -1;
    switch (event.type) {
      case "started":
        this.ledger.startAt[this.ledger.lastAttempt[event.task] as number] = event.at;
        return commands;
      case "returned":
        if (event.facts !== undefined) this.ledger.note(event.task, event.facts);
        this.#returned(event.task);
        break;
      case "threw":
        if (event.facts !== undefined) this.ledger.note(event.task, event.facts);
        this.#threw(event.task, event.error, event.retryMs, event.timedOut === true);
        break;
      case "prepared":
        this.#prepared(event);
        break;
      case "elapsed":
        if (this.ledger.status[event.task] === DELAYED) {
          this.#requeuedAt.set(event.task, event.at);
          this.#enqueue(event.task);
        }
        break;
      case "permit":
        this.#permitted();
        break;
      case "placed":
        this.ledger.executors.set(this.ledger.lastAttempt[event.task] as number, event.executor);
        return commands;
      case "expired":
        this.#ask(event.task, { kind: "expired", limitMs: event.limitMs });
        break;
      case "abandon":
        this.#abandon(event.task, event.error, event.overrunMs);
        break;
      case "cancel":
        this.#cancel(event.task, event.reason);
        break;
      case "stop":
        if (this.#begun) this.#halt(reasonOf(event.cause), event.cause);
        else this.#stoppedBefore ??= event.cause;
        break;
      case "begin":
        this.#begin(event.restored?.keys() ?? []);
        break;
    }
    if (this.#released.length > 0) this.#startReleased();
    const more = event.type === "prepared" && event.more === true;
    if (this.#queue !== undefined && !more) this.#fill(this.#queue);
    if (this.#open === 0 && this.#begun && this.state === undefined) this.#settle();
    return commands;
  }

  mayRetry(task: number): boolean {
    const cause = this.#asked.get(task);
    return (
      this.#goesOn(task) &&
      (cause === undefined || cause.kind === "expired") &&
      this.ledger.attemptCount(task) <= maxRetriesOf(this.definitionOf(task))
    );
  }

  isExpired(task: number): boolean {
    return this.#asked.get(task)?.kind === "expired";
  }

  definitionOf(task: number): Definition {
    const { graph } = this.plan;
    const planned = task < graph.size ? task : (this.ledger.spawnOf(task) as Spawn).map;
    return graph.definitions[planned] as Definition;
  }

  // ---- from waiting to running -------------------------------------------------------------------------------------

  #begin(restored: Iterable<number>): void {
    for (const task of restored) this.#finish(task, RESTORED);
    this.#begun = true;
    const stopped = this.#stoppedBefore;
    if (stopped !== undefined) {
      this.#halt(reasonOf(stopped), stopped);
      return;
    }
    this.#cause = -1;
    for (let task = 0; task < this.plan.graph.size; task++) {
      if (this.#missing[task] === 0 && this.ledger.status[task] === WAITING) this.#release(task);
    }
  }

  #release(task: number): void {
    this.ledger.readyAt[task] = this.#at;
    this.ledger.releasedBy[task] = this.#cause;
    this.#released.push(task);
  }

  /** In declaration order; when one of them has inputs to resolve, all take that way, so that the order holds. */
  #startReleased(): void {
    const released = this.#released;
    this.#released = [];
    if (this.#phase !== "open") return;
    const { definitions } = this.plan.graph;
    if (released.length > 1) released.sort((a, b) => a - b);
    let prepare = false;
    for (const task of released) if ((definitions[task] as Definition).prepares) prepare = true;
    for (const task of released) {
      if (prepare) this.#commands.push({ type: "prepare", task });
      else this.#enqueue(task);
    }
  }

  #prepared(event: PreparedEvent): void {
    const { task } = event;
    if (this.ledger.status[task] !== WAITING) return; // Stopped or cancelled meanwhile.
    if (event.skip !== undefined) {
      this.ledger.reasons.set(task, { kind: "condition", message: event.skip });
      this.#finish(task, SKIPPED);
    } else if ("error" in event) {
      this.ledger.taskErrors.set(task, event.error);
      this.#fail(task, FAILED);
    } else if (event.items !== undefined) {
      this.#expand(task, event.items, event.restored);
    } else {
      // Until now it waited for its inputs, not for capacity.
      if (event.at > (this.ledger.readyAt[task] as number)) this.#requeuedAt.set(task, event.at);
      this.#enqueue(task);
    }
  }

  #enqueue(task: number): void {
    this.#become(task, READY);
    if (this.#queue === undefined) this.#start(task, 0);
    else this.#queue.add(task, this.#demand(task));
  }

  #fill(queue: ReadyQueue): void {
    const live = (task: number): boolean => this.ledger.status[task] === READY;
    if (!this.#settings.permits) {
      for (let taken = queue.take(live); taken !== undefined; taken = queue.take(live)) {
        this.#start(taken.task, taken.lacked || this.#heldByMap(taken.task));
      }
    } else if (!this.#permitAsked && queue.fits(live)) {
      this.#permitAsked = true;
      this.#commands.push({ type: "acquire" });
    }
  }

  /** A permit starts the best task that fits by now, or goes back in the same turn. */
  #permitted(): void {
    this.#permitAsked = false;
    const taken = this.#queue?.take((task) => this.ledger.status[task] === READY);
    if (taken === undefined) {
      this.#commands.push({ type: "yield" });
    } else {
      const waited = this.#at > this.#readySince(taken.task);
      this.#start(taken.task, taken.lacked === 0 && waited ? BY_SEMAPHORE : taken.lacked);
    }
  }

  #start(task: number, limitedBy: number): void {
    const { ledger } = this;
    this.#become(task, RUNNING);
    const attempt = this.#openAttempt(task, this.#freeSlots.pop() ?? this.#slots++);
    if (limitedBy !== 0) {
      ledger.limitedBy[attempt] = limitedBy;
      ledger.freedBy[attempt] = this.#freed;
    }
    if (++this.#running > ledger.peakConcurrency) ledger.peakConcurrency = this.#running;
  }

  #openAttempt(task: number, slot: number): number {
    const attempt = this.ledger.open(task, this.#readySince(task), this.#at, slot);
    this.#commands.push({ type: "start", task, attempt });
    return attempt;
  }

  #readySince(task: number): number {
    const { size } = this.#requeuedAt;
    const requeued = size === 0 ? undefined : this.#requeuedAt.get(task);
    return requeued ?? (this.ledger.readyAt[task] as number);
  }

  // ---- the end of an attempt ---------------------------------------------------------------------------------------

  #returned(task: number): void {
    if (this.ledger.status[task] !== RUNNING || this.#endIfAsked(task)) return;
    this.#closeAttempt(task, COMPLETED);
    this.#finish(task, COMPLETED);
  }

  #threw(task: number, error: unknown, retryMs: number | undefined, timedOut: boolean): void {
    const { ledger } = this;
    if (ledger.status[task] !== RUNNING) return;
    const attempt = ledger.lastAttempt[task] as number;
    ledger.errors.set(attempt, error);
    if (timedOut) ledger.timedOut.add(attempt);
    if (this.#endIfAsked(task)) return;
    if (retryMs === undefined || !this.#goesOn(task)) {
      this.#closeAttempt(task, FAILED);
      this.#fail(task, FAILED);
      return;
    }
    ledger.retryDelay.set(attempt, retryMs);
    if (retryMs === 0) {
      // The slot, the resources and the permit stay with the task.
      this.#record(attempt, FAILED);
      this.#requeuedAt.set(task, this.#at);
      this.#openAttempt(task, ledger.slot[attempt] as number);
      return;
    }
    this.#closeAttempt(task, FAILED);
    this.#become(task, DELAYED);
    this.#commands.push({ type: "delay", task, ms: retryMs });
  }

  /** An attempt that was asked to stop ends `cancelled`, however its function ended; a time-out is a failure. */
  #endIfAsked(task: number): boolean {
    const cause = this.#asked.size === 0 ? undefined : this.#asked.get(task);
    if (cause === undefined) return false;
    this.#asked.delete(task);
    if (cause.kind === "expired") return false;
    this.#closeAttempt(task, CANCELLED);
    this.ledger.reasons.set(task, reasonOf(cause));
    this.#finish(task, CANCELLED);
    return true;
  }

  #closeAttempt(task: number, status: number): void {
    const attempt = this.ledger.lastAttempt[task] as number;
    this.#record(attempt, status);
    this.#freeSlots.push(this.ledger.slot[attempt] as number);
    this.#running--;
    this.#freed = attempt;
    this.#queue?.give(this.#demand(task));
    if (this.#settings.permits) this.#commands.push({ type: "yield" });
  }

  #record(attempt: number, status: number): void {
    this.ledger.close(attempt, status, this.#at);
    if (this.#settings.observed) this.#commands.push({ type: "ended", attempt });
  }

  #abandon(task: number, error: unknown, overrunMs: number): void {
    const { ledger } = this;
    const cause = this.#asked.get(task);
    if (ledger.status[task] !== RUNNING || cause === undefined) return;
    this.#asked.delete(task);
    ledger.errors.set(ledger.lastAttempt[task] as number, error);
    ledger.overrunMs.set(task, overrunMs);
    ledger.reasons.set(task, reasonOf(cause));
    this.#closeAttempt(task, ABANDONED);
    // One that ran over its own time limit has failed; one that was stopped by others has not.
    if (cause.kind === "expired") this.#fail(task, ABANDONED);
    else this.#finish(task, ABANDONED);
  }

  // ---- final statuses ----------------------------------------------------------------------------------------------

  /** A final failure: the policy decides what it means for the run. */
  #fail(task: number, status: number): void {
    const { failure = "stop" } = this.#settings;
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
    this.#finish(task, status);
    if (!stops) return;
    const reason: Reason = { kind: "failure", task };
    this.#halt(reason, failure === "drain" ? undefined : { kind: "failure", task });
  }

  /** Gives a task its final status and tells its dependents; those that this rules out are skipped, and so on. */
  #finish(task: number, status: number): void {
    this.#become(task, status);
    // A task that was skipped released nobody: what ended before it did.
    this.#cause = status === SKIPPED ? (this.ledger.releasedBy[task] as number) : task;
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
      if (tail) this.#openTails--;
      else this.#open--;
      this.#itemEnded(task);
      return ruledOut;
    }
    if (tail) {
      this.#openTails--;
      if (this.state !== undefined && this.#openTails === 0) this.#commands.push({ type: "close" });
    } else {
      this.#open--;
    }
    if (this.#requeuedAt.size > 0) this.#requeuedAt.delete(task);
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
        this.#become(dependent, SKIPPED);
        out ??= [];
        out.push(dependent);
      } else {
        const missing = (this.#missing[dependent] as number) - 1;
        this.#missing[dependent] = missing;
        if (missing === 0 && this.#begun) this.#release(dependent);
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
        this.#commands.push({ type: "release", task: dependency });
      }
    }
    // Its readers may all be done before it is: those that were skipped.
    const { start: read } = this.plan.graph.dependents;
    if (left[task] === 0 && (read[task] as number) < (read[task + 1] as number)) {
      this.#commands.push({ type: "release", task });
    }
  }

  #become(task: number, status: number): void {
    const from = this.ledger.status[task] as number;
    this.ledger.status[task] = status;
    if (this.#settings.observed) {
      this.#commands.push({ type: "status", task, from, to: status, cause: this.#cause });
    }
  }

  // ---- maps --------------------------------------------------------------------------------------------------------

  #expand(map: number, count: number, restored: ReadonlyMap<number, unknown> | undefined): void {
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
    if (this.#settings.observed) this.#commands.push({ type: "spawned", first, count });
    this.#become(map, RUNNING);
    for (const index of restored?.keys() ?? []) this.#become(first + index, RESTORED);
    for (let item = first; item < first + count; item++) {
      if (ledger.status[item] === RESTORED) continue;
      ledger.readyAt[item] = this.#at;
      ledger.releasedBy[item] = ledger.releasedBy[map] as number;
      this.#become(item, READY);
    }
    if (!this.#isTail(map)) this.#open += expansion.open;
    else this.#openTails += expansion.open;
    if (this.detached.has(map)) {
      for (let item = first; item < first + count; item++) this.detached.add(item);
    }
    if (expansion.open === 0) this.#finishMap(map, expansion);
    else this.#admit(expansion);
  }

  /** Lets items in, as many as the map's own limit allows. */
  #admit(expansion: Expansion): void {
    const { spawn } = expansion;
    if (!this.#goesOn(spawn.map)) return;
    while (expansion.active < expansion.limit && expansion.next < spawn.count) {
      const item = spawn.first + expansion.next++;
      if (this.ledger.status[item] !== READY) continue;
      expansion.active++;
      if (this.#queue === undefined) this.#start(item, this.#heldByMap(item));
      else this.#queue.add(item, this.#demand(item));
    }
  }

  /** An item that starts later than it was listed, though nothing else was lacking, waited for its map. */
  #heldByMap(task: number): number {
    return task >= this.plan.graph.size && this.#at > this.#readySince(task) ? BY_MAP : 0;
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

  /** The items decide: one that failed fails the map, one that was cancelled cancels it. */
  #finishMap(map: number, expansion: Expansion): void {
    this.#concludeMap(map, expansion);
    if (this.#readers === undefined) return;
    // The map was the only reader of its items; their results live on in its list.
    const { first, count } = expansion.spawn;
    for (let item = first; item < first + count; item++) {
      this.#commands.push({ type: "release", task: item });
    }
  }

  #concludeMap(map: number, { spawn, failed, cancelled }: Expansion): void {
    const { ledger } = this;
    const { first, count } = spawn;
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
      this.#finish(map, FAILED);
    } else if (cancelled > 0) {
      let item = first;
      while (ledger.status[item] !== CANCELLED && ledger.status[item] !== ABANDONED) item++;
      ledger.reasons.set(map, ledger.reasons.get(item) as Reason);
      this.#finish(map, CANCELLED);
    } else {
      this.#commands.push({ type: "gather", task: map, first, count });
      this.#finish(map, COMPLETED);
    }
  }

  // ---- stopping ----------------------------------------------------------------------------------------------------

  #ask(task: number, cause: AbortCause): void {
    if (this.ledger.status[task] !== RUNNING || this.#maps.has(task)) return;
    const before = this.#asked.get(task);
    if (before === undefined) this.#commands.push({ type: "abort", task, cause });
    // A stop outweighs a time-out: the attempt ends cancelled.
    if (before === undefined || before.kind === "expired") this.#asked.set(task, cause);
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
    this.#cause = -1;
    const waiting: number[] = [];
    for (let task = 0; task < graph.size; task++) {
      if (ledger.status[task] !== WAITING) continue;
      ledger.reasons.set(task, reason);
      ledger.readyAt[task] = Number.NaN;
      this.#become(task, SKIPPED);
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
      else if (cause !== undefined) this.#ask(task, cause);
    }
  }

  /** A map has begun when its items are listed. */
  #hasBegun(task: number): boolean {
    return task >= this.plan.graph.size || this.ledger.lastAttempt[task] !== -1;
  }

  /** Whether the task may start attempts. */
  #goesOn(task: number): boolean {
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
    if (ledger.status[task] === DELAYED) this.#commands.push({ type: "undelay", task });
    if (ledger.lastAttempt[task] === -1) {
      ledger.reasons.set(task, { kind: "not-started", because: reason });
      this.#finish(task, CANCELLED);
    } else if (cause === undefined) {
      this.#fail(task, FAILED);
    } else {
      ledger.reasons.set(task, reason);
      this.#finish(task, CANCELLED);
    }
  }

  #cancel(task: number, reason: unknown): void {
    const { ledger } = this;
    const status = ledger.status[task] as number;
    if (status >= COMPLETED) return;
    const expansion = this.#maps.get(task);
    if (expansion !== undefined) {
      const { first, count } = expansion.spawn;
      expansion.next = count; // The end of one item lets in no other.
      for (let item = first; item < first + count; item++) this.#cancel(item, reason);
    } else if (status === RUNNING) {
      this.#ask(task, { kind: "cancelled", reason });
    } else {
      if (status === DELAYED) this.#commands.push({ type: "undelay", task });
      ledger.reasons.set(task, { kind: "aborted", scope: "task", reason });
      this.#finish(task, CANCELLED);
    }
  }

  #settle(): void {
    const { stoppedBy } = this.ledger;
    if (stoppedBy === undefined) this.state = this.#failures > 0 ? "failed" : "completed";
    else this.state = stoppedBy.kind === "aborted" ? "cancelled" : "failed";
    for (const tail of this.#openTailTasks()) {
      this.detached.add(tail);
      if (this.#settings.observed) {
        const from = this.ledger.status[tail] as number;
        this.#commands.push({ type: "status", task: tail, from, to: DETACHED, cause: -1 });
      }
    }
    this.#commands.push({ type: "settle" });
    if (this.#openTails === 0) this.#commands.push({ type: "close" });
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

  // ---- order and amounts -------------------------------------------------------------------------------------------

  #demand(task: number): readonly number[] {
    const resources = this.definitionOf(task).options?.resources;
    if (resources === undefined || this.#resources.length === 0) return NO_DEMAND;
    return this.#resources.map((name) =>
      Object.hasOwn(resources, name) ? (resources[name] as number) : 0,
    );
  }

  /** Priority, then longest remaining path, then declaration; an item stands where its map does. */
  #precedence(): (a: number, b: number) => boolean {
    const { graph } = this.plan;
    const path = remainingPaths(this.plan, this.#settings.estimates);
    const order = Int32Array.from({ length: graph.size }, (_, task) => task);
    const priority = (task: number): number => graph.definitions[task]?.options?.priority ?? 0;
    order.sort(
      (a, b) => priority(b) - priority(a) || (path[b] as number) - (path[a] as number) || a - b,
    );
    const rank = new Int32Array(graph.size);
    order.forEach((task, at) => {
      rank[task] = at;
    });
    const rankOf = (task: number): number =>
      rank[task < graph.size ? task : (this.ledger.spawnOf(task) as Spawn).map] as number;
    return (a, b) => rankOf(a) < rankOf(b) || (rankOf(a) === rankOf(b) && a < b);
  }
}

/** Why, in the words of the ledger. */
export function reasonOf(cause: AbortCause | StopCause): Reason {
  switch (cause.kind) {
    case "failure":
      return { kind: "failure", task: cause.task };
    case "timeout":
      return { kind: "timeout", limitMs: cause.limitMs, scope: "run" };
    case "expired":
      return { kind: "timeout", limitMs: cause.limitMs, scope: "attempt" };
    case "journal":
      return { kind: "journal", error: cause.error };
    case "cancelled":
      return { kind: "aborted", scope: "task", reason: cause.reason };
    case "aborted":
      return { kind: "aborted", scope: "run", reason: cause.reason };
  }
}

function degrees(start: Int32Array, size: number): Int32Array {
  const counts = new Int32Array(size);
  for (let task = 0; task < size; task++) {
    counts[task] = (start[task + 1] as number) - (start[task] as number);
  }
  return counts;
}
