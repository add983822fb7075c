/**
 * What a verdict, a failure, a stop, a cancellation or a loss means: the state that a task gets, the fallback that is asked,
 * the scope that is halted, and whom of its rows that concerns. Starts nobody.
 */
import type { GraphPlan } from "../define/plan.ts";
import type { Attempts } from "./attempts.ts";
import type { Bounds } from "./bounds.ts";
import type { FellBackEvent } from "./event.ts";
import type { Fallbacks } from "./fallbacks.ts";
import type { Ledger } from "./ledger.ts";
import type { RunSettings } from "./machine.ts";
import type { Propagation } from "./propagation.ts";
import { type AbortCause, type Reason, reasonOf, type StopCause } from "./reason.ts";
import { type Inner, type Items, lower, rowsOf, type Scope } from "./scope.ts";
import type { Scopes } from "./scopes.ts";
import {
  CANCELLED,
  CONCLUDED,
  type Conclusion,
  effectOf,
  FAILED,
  isFailing,
  type Phase,
  SKIPPED,
  type Told,
} from "./states.ts";
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
  readonly bounds: Bounds;
  readonly fallbacks: Fallbacks;
  readonly things: Things;
  readonly propagation: Propagation;
}

export class Stops {
  /** How often the caller has aborted the run. */
  #aborts = 0;
  readonly #plan: GraphPlan;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #tasks: Tasks;
  readonly #attempts: Attempts;
  readonly #scopes: Scopes;
  readonly #bounds: Bounds;
  readonly #fallbacks: Fallbacks;
  readonly #things: Things;
  readonly #propagation: Propagation;
  readonly #drains: boolean;

  constructor(rooms: Rooms, { failure }: RunSettings) {
    this.#plan = rooms.plan;
    this.#ledger = rooms.ledger;
    this.#turn = rooms.turn;
    this.#tasks = rooms.tasks;
    this.#attempts = rooms.attempts;
    this.#scopes = rooms.scopes;
    this.#bounds = rooms.bounds;
    this.#fallbacks = rooms.fallbacks;
    this.#things = rooms.things;
    this.#propagation = rooms.propagation;
    this.#drains = failure === "drain";
  }

  // ---- verdicts ----------------------------------------------------------------------------------------------------

  /** `broken`: it is what was to store the result that failed, and no fallback helps against that. */
  conclude(task: number, conclusion: Conclusion, broken = false): void {
    if (!isFailing(conclusion)) this.#propagation.finish(task, CONCLUDED[conclusion]);
    else if (broken || !this.#fallbacks.ask(task, conclusion))
      this.fail(task, CONCLUDED[conclusion], broken);
    else if (this.#scopes.isStopped(task)) this.#fallbacks.press(task);
  }

  /** The failure of a task is there for good, with a value in its place or without. */
  fellBack(event: FellBackEvent): void {
    const conclusion = this.#fallbacks.answered(event);
    if (conclusion !== undefined) this.fail(event.task, CONCLUDED[conclusion]);
  }

  /** A final failure: the policy decides what it means for the run. */
  fail(task: number, state: number, broken = false): void {
    this.#failing(task, state, this.#scopes.fails(task, broken));
  }

  /** A task has failed with what is inside of it, which was recorded. Its fallback may give a value all the same. */
  failInside(owner: number, error: unknown): void {
    this.#ledger.taskErrors.set(owner, error);
    if (this.#fallbacks.ask(owner, "failing")) {
      if (this.#scopes.isStopped(owner)) this.#fallbacks.press(owner);
    } else this.#failing(owner, FAILED, this.#scopes.ownerFails(owner));
  }

  #failing(task: number, state: number, halted: Scope | undefined): void {
    if (halted === undefined) {
      this.#propagation.finish(task, state);
      return;
    }
    const inside = halted === this.#scopes.run ? undefined : halted.owner;
    const cause = { kind: "failure", task, inside } as const;
    this.#scopes.halt(halted, "draining", reasonOf(cause));
    this.#propagation.finish(task, state);
    this.#haltFor(halted, task);
  }

  /** A task has failed, and its scope is halted for that. */
  #haltFor(halted: Scope, task: number): void {
    const inside = halted === this.#scopes.run ? undefined : halted.owner;
    const cause = { kind: "failure", task, inside } as const;
    if (this.#drains) this.halt(halted, "draining", cause, "drained");
    else this.halt(halted, "failed", cause, "stopped");
  }

  // ---- told to stop ------------------------------------------------------------------------------------------------

  /**
   * The run is stopped, by something else than a failure. Until it is aborted twice, finally tasks are spared, and whatever
   * is released may take its time.
   */
  stop(cause: StopCause): void {
    if (cause.kind === "aborted") this.#aborts++;
    if (this.#aborts > 1) this.#things.hasten();
    this.halt(this.#scopes.run, "stopped", cause, "stopped", this.#aborts > 1);
  }

  /** The run was stopped before it began: there is nothing that finally tasks could be there for. */
  stopBefore(cause: StopCause): void {
    if (cause.kind === "aborted") this.#aborts++;
    this.halt(this.#scopes.run, "stopped", cause, "stopped", true);
  }

  /**
   * A scope goes down to this phase: whoever that concerns is told, those that wait before those that have begun. `all`:
   * finally tasks too.
   */
  halt(scope: Scope, phase: Phase, cause: AbortCause, told: Told, all = false): void {
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
    for (const task of waiting) this.#propagation.tellDependents(task);
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
    this.#propagation.finish(task, CANCELLED);
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
        this.halt(inside, "stopped", { kind: "cancelled", reason }, "stopped");
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
    for (const row of failing) this.#propagation.finish(row, FAILED);
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
      } else this.halt(inside, "stopped", { kind: "lost", error }, "stopped");
    }
  }
}
