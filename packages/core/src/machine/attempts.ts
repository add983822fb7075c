/**
 * What both machines have in common: what each event is about, and the life of attempts. They take a slot, they end,
 * they are asked to stop and are heard no more. What a task's end means for other tasks, and who may start, is the
 * machine's; it is asked here and told there.
 */

import { type Definition, maxRetriesOf } from "../define/definition.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { AbortCause, Command, MachineEvent, PreparedEvent, StopCause } from "./event.ts";
import {
  ABANDONED,
  CANCELLED,
  COMPLETED,
  DELAYED,
  DETACHED,
  FAILED,
  Ledger,
  RESTORED,
  type Reason,
  RUNNING,
  SKIPPED,
  WAITING,
} from "./ledger.ts";

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
  /** Whether the answer to `prepare` is still wanted: the task has no status yet. */
  awaitsInputs(task: number): boolean;
  /** Whether the task completes if its running attempt returns. */
  mayComplete(task: number): boolean;
  /** Whether a failure of the running attempt could be followed by another one. */
  mayRetry(task: number): boolean;
  /** Whether the running attempt was asked to stop because of its own time limit, and for nothing else since. */
  isExpired(task: number): boolean;
  /** The definition of a task; an item has that of its map. */
  definitionOf(task: number): Definition;
}

const NO_COMMANDS: readonly Command[] = [];

export abstract class Attempts implements Machine {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  state: "completed" | "failed" | "cancelled" | undefined;
  readonly detached: Set<number> = new Set();

  protected readonly settings: RunSettings;
  /** Running attempts that were asked to stop, and why. */
  protected readonly asked: Map<number, AbortCause> = new Map();
  /** Since when a task competes that is ready again, or whose inputs took time to resolve. */
  protected readonly requeuedAt: Map<number, number> = new Map();
  protected running = 0;
  protected begun = false;
  /** What stopped the run before it began: what is restored stays restored. And what was called off before. */
  #stoppedBefore: StopCause | undefined;
  readonly #calledOffBefore: Map<number, unknown> = new Map();
  readonly #freeSlots: number[] = [];
  #slots = 0;
  /** Tasks whose inputs are being prepared; and since when those are waited for that have got their status meanwhile. */
  readonly #preparing: Set<number> = new Set();
  readonly #lingering: Map<number, number> = new Map();
  /** Tail tasks, and their items, without a final status. */
  protected openTails = 0;
  #closed = false;

  // What belongs to the event at hand.
  protected now = 0;
  #commands: Command[] | undefined;
  /** The task whose end is being told, and the attempt that gave its capacity back. */
  protected cause = -1;
  protected freed = -1;

  constructor(plan: GraphPlan, settings: RunSettings) {
    this.plan = plan;
    this.settings = settings;
    this.ledger = new Ledger(plan.graph.size);
  }

  /** Nothing has started, and what is restored is known. */
  protected abstract begin(): void;
  /** The run is stopped from outside. */
  protected abstract stop(cause: StopCause): void;
  /** Nothing starts any more, whatever a failure means for the run otherwise. */
  protected abstract drain(): void;
  /** The caller calls off one task. */
  protected abstract cancel(task: number, reason: unknown): void;
  /** The inputs of a task are there; those of a map are a list to be expanded. */
  protected abstract expand(event: PreparedEvent): void;
  /** A map is done with its items. */
  protected abstract gathered(map: number): void;
  /** A task may start as soon as there is room. */
  protected abstract enqueue(task: number): void;
  /** What could be prepared at once has been. */
  protected abstract mustered(): void;
  /** The shared semaphore gave a permit. */
  protected abstract permitted(): void;
  /** After every event: who can start now, and whether the run is over. */
  protected abstract proceed(event: MachineEvent): void;
  /** Gives a task its final status, with all that follows from it. */
  protected abstract finish(task: number, status: number): void;
  /** A final failure: what it means for the run, then `finish`. */
  protected abstract fail(task: number, status: number): void;
  /** Whether the task may start further attempts. */
  protected abstract goesOn(task: number): boolean;
  /** The capacity of an attempt comes back, its slot excepted. */
  protected abstract giveBack(task: number): void;

  handle(event: MachineEvent): readonly Command[] {
    this.#commands = undefined;
    this.now = event.at;
    this.cause = -1;
    this.freed = -1;
    switch (event.type) {
      case "started":
        this.ledger.startAt[this.ledger.lastAttempt[event.task] as number] = event.at;
        return NO_COMMANDS;
      case "placed": {
        const { executor, deliveries } = event;
        const attempt = this.ledger.lastAttempt[event.task] as number;
        if (executor !== undefined) this.ledger.executors.set(attempt, executor);
        if (deliveries !== undefined) this.ledger.deliveries.set(attempt, deliveries);
        return NO_COMMANDS;
      }
      case "returned":
        if (event.facts !== undefined) this.ledger.note(event.task, event.facts);
        this.#returned(event.task);
        break;
      case "threw":
        if (event.facts !== undefined) this.ledger.note(event.task, event.facts);
        if (event.stops !== undefined) this.drain();
        this.#threw(event.task, event.error, event.retryMs, event.timedOut === true);
        if (event.stops !== undefined) this.stop(event.stops);
        break;
      case "gathered":
        this.#gathered(event.task, event.error, event.stops);
        break;
      case "prepared":
        this.#prepared(event);
        break;
      case "elapsed":
        if (this.ledger.status[event.task] === DELAYED) {
          this.requeuedAt.set(event.task, event.at);
          this.enqueue(event.task);
        }
        break;
      case "mustered":
        this.mustered();
        break;
      case "permit":
        this.permitted();
        break;
      case "expired":
        this.ask(event.task, { kind: "expired", limitMs: event.limitMs });
        break;
      case "abandon":
        this.#abandon(event.task, event.error, event.overrunMs);
        break;
      case "forsake":
        this.#forsake(event.task);
        break;
      case "cancel":
        if (this.begun) this.cancel(event.task, event.reason);
        else this.#calledOffBefore.set(event.task, event.reason);
        break;
      case "stop":
        if (this.begun) this.stop(event.cause);
        else this.#stoppedBefore ??= event.cause;
        break;
      case "begin":
        for (const task of event.restored?.keys() ?? []) this.finish(task, RESTORED);
        for (const [task, reason] of this.#calledOffBefore) this.cancel(task, reason);
        this.begun = true;
        this.cause = -1;
        if (this.#stoppedBefore === undefined) this.begin();
        else this.stop(this.#stoppedBefore);
        break;
    }
    this.proceed(event);
    if (this.state !== undefined && !this.#closed && this.openTails === 0 && this.idle) {
      this.#closed = true;
      this.command({ type: "close" });
    }
    return this.#commands ?? NO_COMMANDS;
  }

  /** Most events lead to one command: a list made of it is smaller than one that it is pushed to. */
  protected command(command: Command): void {
    if (this.#commands === undefined) this.#commands = [command];
    else this.#commands.push(command);
  }

  awaitsInputs(task: number): boolean {
    return this.ledger.status[task] === WAITING;
  }

  mayComplete(task: number): boolean {
    return this.ledger.status[task] === RUNNING && !this.asked.has(task);
  }

  mayRetry(task: number): boolean {
    const cause = this.asked.get(task);
    return (
      this.goesOn(task) &&
      (cause === undefined || cause.kind === "expired") &&
      this.ledger.attemptCount(task) <= maxRetriesOf(this.definitionOf(task))
    );
  }

  isExpired(task: number): boolean {
    return this.asked.get(task)?.kind === "expired";
  }

  definitionOf(task: number): Definition {
    const { graph } = this.plan;
    return graph.definitions[this.ledger.plannedOf(task)] as Definition;
  }

  protected start(task: number, limitedBy: number): void {
    const { ledger } = this;
    this.become(task, RUNNING);
    const attempt = this.#open(task, this.#freeSlots.pop() ?? this.#slots++);
    if (limitedBy !== 0) {
      ledger.limitedBy[attempt] = limitedBy;
      ledger.freedBy[attempt] = this.freed;
    }
    if (++this.running > ledger.peakConcurrency) ledger.peakConcurrency = this.running;
  }

  #open(task: number, slot: number): number {
    const attempt = this.ledger.open(task, this.readySince(task), this.now, slot);
    this.command({ type: "start", task, attempt });
    return attempt;
  }

  protected readySince(task: number): number {
    const requeued = this.requeuedAt.size === 0 ? undefined : this.requeuedAt.get(task);
    return requeued ?? (this.ledger.readyAt[task] as number);
  }

  // ---- preparations ------------------------------------------------------------------------------------------------

  protected prepare(task: number): void {
    this.#preparing.add(task);
    this.command({ type: "prepare", task });
  }

  /** Whether no preparation goes on that nobody wants any more: until then the run has not ended. */
  protected get idle(): boolean {
    return this.#lingering.size === 0;
  }

  /** The end of such a preparation. */
  #lingered(task: number): void {
    const since = this.#lingering.get(task);
    if (since === undefined) return;
    this.#lingering.delete(task);
    // Less is not worth a word.
    if (this.now - since >= 1) this.ledger.overrunMs.set(task, this.now - since);
  }

  /** It goes on, and nobody waits for it any more: the report names what was left behind. */
  #forsake(task: number): void {
    const since = this.#lingering.get(task);
    if (since === undefined) return;
    this.#lingering.delete(task);
    this.ledger.overrunMs.set(task, this.now - since);
  }

  #prepared(event: PreparedEvent): void {
    const { task } = event;
    const { ledger } = this;
    if (event.unfinished !== true) {
      this.#preparing.delete(task);
      this.#lingered(task);
    }
    if (ledger.status[task] !== WAITING) return; // Stopped or called off meanwhile.
    if (event.skip !== undefined) {
      ledger.reasons.set(task, { kind: "condition", message: event.skip });
      this.finish(task, SKIPPED);
    } else if ("error" in event) {
      ledger.taskErrors.set(task, event.error);
      this.fail(task, FAILED);
    } else if (event.items !== undefined) {
      this.expand(event);
    } else {
      // Until now it waited for its inputs, not for capacity.
      if (event.at > (ledger.readyAt[task] as number)) this.requeuedAt.set(task, event.at);
      this.enqueue(task);
    }
  }

  // ---- ends --------------------------------------------------------------------------------------------------------

  /** Nobody goes on with a result that could not be kept. */
  #gathered(map: number, error: unknown, stops: StopCause | undefined): void {
    if (stops === undefined) {
      this.finish(map, COMPLETED);
    } else {
      this.ledger.taskErrors.set(map, error);
      this.drain();
      this.fail(map, FAILED);
      this.stop(stops);
    }
    this.gathered(map);
  }

  #returned(task: number): void {
    if (this.ledger.status[task] !== RUNNING || this.#endIfAsked(task)) return;
    this.#close(task, COMPLETED);
    this.finish(task, COMPLETED);
  }

  #threw(task: number, error: unknown, retryMs: number | undefined, timedOut: boolean): void {
    const { ledger } = this;
    if (ledger.status[task] !== RUNNING) return;
    const attempt = ledger.lastAttempt[task] as number;
    ledger.errors.set(attempt, error);
    if (timedOut) ledger.timedOut.add(attempt);
    if (this.#endIfAsked(task)) return;
    if (retryMs === undefined || !this.goesOn(task)) {
      this.#close(task, FAILED);
      this.fail(task, FAILED);
      return;
    }
    ledger.retryDelay.set(attempt, retryMs);
    if (retryMs === 0) {
      // The slot, the resources and the permit stay with the task.
      this.#record(attempt, FAILED);
      this.requeuedAt.set(task, this.now);
      this.#open(task, ledger.slot[attempt] as number);
      return;
    }
    this.#close(task, FAILED);
    this.become(task, DELAYED);
    this.command({ type: "delay", task, ms: retryMs });
  }

  /** An attempt that was asked to stop ends `cancelled`, however its function ended; a time-out is a failure. */
  #endIfAsked(task: number): boolean {
    const cause = this.asked.size === 0 ? undefined : this.asked.get(task);
    if (cause === undefined) return false;
    this.asked.delete(task);
    if (cause.kind === "expired") return false;
    this.#close(task, CANCELLED);
    this.ledger.reasons.set(task, reasonOf(cause));
    this.finish(task, CANCELLED);
    return true;
  }

  #close(task: number, status: number): void {
    const attempt = this.ledger.lastAttempt[task] as number;
    this.#record(attempt, status);
    this.#freeSlots.push(this.ledger.slot[attempt] as number);
    this.running--;
    this.freed = attempt;
    this.giveBack(task);
    if (this.settings.permits) this.command({ type: "yield" });
  }

  #record(attempt: number, status: number): void {
    this.ledger.close(attempt, status, this.now);
    if (this.settings.observed) this.command({ type: "ended", attempt });
  }

  protected ask(task: number, cause: AbortCause): void {
    // A map runs without an attempt of its own.
    if (this.ledger.status[task] !== RUNNING || this.ledger.lastAttempt[task] === -1) return;
    const before = this.asked.get(task);
    if (before === undefined) this.command({ type: "abort", task, cause });
    // A stop outweighs a time-out: the attempt ends cancelled.
    if (before === undefined || before.kind === "expired") this.asked.set(task, cause);
  }

  #abandon(task: number, error: unknown, overrunMs: number): void {
    const { ledger } = this;
    const cause = this.asked.get(task);
    if (ledger.status[task] !== RUNNING || cause === undefined) return;
    this.asked.delete(task);
    ledger.errors.set(ledger.lastAttempt[task] as number, error);
    ledger.overrunMs.set(task, overrunMs);
    ledger.reasons.set(task, reasonOf(cause));
    this.#close(task, ABANDONED);
    // One that ran over its own time limit has failed; one that was stopped by others has not.
    if (cause.kind === "expired") this.fail(task, ABANDONED);
    else this.finish(task, ABANDONED);
  }

  protected become(task: number, status: number): void {
    const from = this.ledger.status[task] as number;
    this.ledger.status[task] = status;
    if (this.settings.observed) {
      this.command({ type: "status", task, from, to: status, cause: this.cause });
    }
    if (this.#preparing.size > 0 && status >= COMPLETED && this.#preparing.delete(task)) {
      this.#lingering.set(task, this.now);
      this.command({ type: "unprepare", task });
    }
  }

  /** The run is over; the tail tasks that are not are detached from it. */
  protected settle(state: "completed" | "failed", openTails: Iterable<number>): void {
    const { stoppedBy } = this.ledger;
    if (stoppedBy === undefined) this.state = state;
    else this.state = stoppedBy.kind === "aborted" ? "cancelled" : "failed";
    this.cause = -1;
    for (const tail of openTails) {
      this.detached.add(tail);
      if (this.settings.observed) {
        const from = this.ledger.status[tail] as number;
        this.command({ type: "status", task: tail, from, to: DETACHED, cause: -1 });
      }
    }
    this.command({ type: "settle" });
  }
}

/** Why, in the words of the ledger. */
export function reasonOf(cause: AbortCause | StopCause): Reason {
  switch (cause.kind) {
    case "failure":
      return { kind: "failure", task: cause.task };
    case "timeout":
      return { ...cause, scope: "run" };
    case "expired":
      return { kind: "timeout", limitMs: cause.limitMs, scope: "attempt" };
    case "journal":
    case "clock":
      return { kind: cause.kind, error: cause.error };
    case "cancelled":
      return { kind: "aborted", scope: "task", reason: cause.reason };
    case "aborted":
      return { kind: "aborted", scope: "run", reason: cause.reason };
  }
}
