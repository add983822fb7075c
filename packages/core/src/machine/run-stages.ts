/**
 * The documented algorithm, literally: the machine of `dispatch: "stages"`. One cursor awaits tasks, one after the
 * other. Before each stage it awaits what the stage waits for, in the plan's order, then starts the whole stage; after
 * the last stage it awaits all other tasks in the order of their start. A failure is noticed when the cursor comes to
 * the failed task: no stage starts after that, and each task that the cursor then meets is called off and waited for
 * before it goes on to the next. Until its turn comes, a task goes on as if nothing had happened: it runs, it retries,
 * it is even started when one that was called off frees its slot. Tail tasks are never awaited nor called off.
 *
 * Where that algorithm is silent, it keeps the promises of the other machine: a stop from outside (the caller's abort,
 * the run's time limit) asks all at once; a retry with a delay gives the slot back and queues again, last in line; a
 * task whose dependency did not complete is skipped when its stage starts. Capacity is first come, first served.
 *
 * It knows neither maps nor optional inputs, because the documented scheduler has none, and no resource, priority or
 * failure mode but `stop`: the scheduler refuses to plan those.
 */

import type { GraphPlan } from "../define/plan.ts";
import { Attempts, type RunSettings, reasonOf } from "./attempts.ts";
import type { AbortCause, MachineEvent, StopCause } from "./event.ts";
import {
  BY_CONCURRENCY,
  BY_SEMAPHORE,
  CANCELLED,
  COMPLETED,
  DELAYED,
  READY,
  RESTORED,
  type Reason,
  RUNNING,
  SKIPPED,
  WAITING,
} from "./ledger.ts";

export class StagedRun extends Attempts {
  // The cursor: the stage it will start next, what that waits for (nothing at first), and how far in it (after the last
  // stage: in all tasks) everything has been awaited.
  #stage = 0;
  #awaited: readonly number[] = [];
  #at = 0;
  #finishing = false;

  /** Tasks in line for a slot, from `#head` on; those before `#held` were there when no slot was free. */
  readonly #line: number[] = [];
  #head = 0;
  #held = 0;
  #permitAsked = false;

  /** Failed tasks that stop the run when the cursor comes to them. */
  readonly #fatal: Set<number> = new Set();
  /** Edges of each task whose dependent has not ended; only counted when outputs are to be released. */
  readonly #readers: Int32Array | undefined;

  constructor(plan: GraphPlan, settings: RunSettings = {}) {
    super(plan, settings);
    const { graph } = plan;
    this.openTails = graph.tails.size;
    if (settings.release) {
      const { start } = graph.dependents;
      this.#readers = Int32Array.from(
        { length: graph.size },
        (_, task) => (start[task + 1] as number) - (start[task] as number),
      );
    }
  }

  /** The stage that is awaited; the last one when all are started, -1 without any. */
  get stage(): number {
    return Math.min(this.#stage, this.plan.totalStages - 1);
  }

  /** `pending` while what the stage waits for is awaited; the last stage is `running` until all has ended. */
  get stageStatus(): "pending" | "running" | "completed" | "failed" | "cancelled" {
    if (this.state !== undefined) return this.state;
    const { stoppedBy } = this.ledger;
    if (stoppedBy !== undefined) return stoppedBy.kind === "aborted" ? "cancelled" : "failed";
    return this.#stage < this.plan.totalStages ? "pending" : "running";
  }

  protected override proceed(event: MachineEvent): void {
    const { ledger } = this;
    if ("task" in event && ledger.isFinal(event.task)) {
      const { task } = event;
      // A task that was skipped released nobody: what ended before it did.
      const skipped = ledger.status[task] === SKIPPED;
      this.cause = skipped ? (ledger.releasedBy[task] as number) : task;
    }
    // A slot goes to the next in line before the end of the task that had it is noticed.
    this.#fill();
    if (this.begun && this.state === undefined) this.#advance();
    this.#fill();
  }

  /** The cursor does the rest. */
  protected override begin(): void {}

  // ---- the cursor --------------------------------------------------------------------------------------------------

  #advance(): void {
    const { ledger, plan } = this;
    while (!this.#finishing) {
      if (!this.#awaitAll(this.#awaited)) return;
      if (ledger.stoppedBy === undefined && this.#stage < plan.totalStages) {
        this.#startStage();
        this.#stage++;
        this.#awaited = this.#waitsOf(this.#stage);
      }
      this.#at = 0;
      this.#finishing = ledger.stoppedBy !== undefined || this.#stage >= plan.totalStages;
    }
    if (!this.#awaitAll(plan.order) || !this.idle) return;
    // The tail tasks that have room belong to the run: its report counts them, so they start before its end is told.
    this.#fill();
    const tails = [...plan.graph.tails];
    this.settle(
      "completed",
      tails.filter((tail) => !ledger.isFinal(tail)),
    );
  }

  /** Whether the cursor has come to the end of these tasks; at the first failure, or when stopped, it leaves a stage's. */
  #awaitAll(tasks: ArrayLike<number>): boolean {
    const { ledger, plan } = this;
    for (; this.#at < tasks.length; this.#at++) {
      if (ledger.stoppedBy !== undefined && !this.#finishing) return true;
      const task = tasks[this.#at] as number;
      if (plan.graph.tails.has(task)) continue;
      if (!ledger.isFinal(task)) {
        const { stoppedBy } = ledger;
        if (stoppedBy?.kind === "failure") this.#callOff(task, stoppedBy);
        if (!ledger.isFinal(task)) return false;
      }
      if (ledger.stoppedBy === undefined && this.#fatal.has(task)) {
        ledger.stoppedBy = { kind: "failure", task };
        this.#skipFrom(this.#stage, ledger.stoppedBy);
      }
    }
    return true;
  }

  /** What a stage waits for, in the plan's order. */
  #waitsOf(stage: number): number[] {
    const { order, stageStart, graph } = this.plan;
    const { start, end } = graph.dependencies;
    const waits = new Set<number>();
    for (const task of order.subarray(stageStart[stage], stageStart[stage + 1])) {
      const last = start[task + 1] as number;
      for (let edge = start[task] as number; edge < last; edge++) waits.add(end[edge] as number);
    }
    return [...waits];
  }

  /** When one task has inputs to resolve, the whole stage takes that way, so that the order of the line holds. */
  #startStage(): void {
    const { ledger } = this;
    const { order, stageStart } = this.plan;
    const starting: number[] = [];
    for (const task of order.subarray(stageStart[this.#stage], stageStart[this.#stage + 1])) {
      if (ledger.status[task] !== WAITING) continue; // Restored, or called off by the caller.
      const reason = this.#ruledOut(task);
      if (reason !== undefined) {
        this.#skip(task, reason);
      } else {
        ledger.readyAt[task] = this.now;
        ledger.releasedBy[task] = this.cause;
        starting.push(task);
      }
    }
    const prepare = starting.some((task) => this.definitionOf(task).prepares);
    for (const task of starting) {
      if (prepare) this.prepare(task);
      else this.enqueue(task);
    }
  }

  /** Why a task cannot run; `undefined` when all that it needs has completed, or may still. */
  #ruledOut(task: number): Reason | undefined {
    const { ledger } = this;
    const { start, end } = this.plan.graph.dependencies;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependency = end[edge] as number;
      const status = ledger.status[dependency] as number;
      if (status === COMPLETED || status === RESTORED || !ledger.isFinal(dependency)) continue;
      const before = ledger.reasons.get(dependency);
      // One that was skipped because the run stops rules nothing out: its dependents share its reason.
      if (before !== undefined && before === ledger.stoppedBy) continue;
      const root = before?.kind === "dependency" ? before.root : dependency;
      return { kind: "dependency", task: dependency, root };
    }
    return undefined;
  }

  /** The tasks of a stage and of all later ones will not start. */
  #skipFrom(stage: number, reason: Reason): void {
    const { order, stageStart } = this.plan;
    for (const task of order.subarray(stageStart[stage])) {
      if (this.ledger.status[task] === WAITING) this.#skip(task, this.#ruledOut(task) ?? reason);
    }
  }

  #skip(task: number, reason: Reason): void {
    this.ledger.reasons.set(task, reason);
    this.ledger.readyAt[task] = Number.NaN;
    this.finish(task, SKIPPED);
  }

  // ---- the line ----------------------------------------------------------------------------------------------------

  /** There are no maps here, and whoever was there first goes first. */
  protected override expand(): void {}
  protected override gathered(): void {}
  protected override mustered(): void {}

  protected override enqueue(task: number): void {
    this.become(task, READY);
    this.#line.push(task);
  }

  #fill(): void {
    const { concurrency = Number.POSITIVE_INFINITY, permits } = this.settings;
    while (this.#next() !== undefined) {
      if (permits) {
        if (!this.#permitAsked) this.command({ type: "acquire" });
        this.#permitAsked = true;
        return;
      }
      if (this.running >= concurrency) {
        this.#held = this.#line.length;
        return;
      }
      const limitedBy = this.#head < this.#held ? BY_CONCURRENCY : 0;
      this.start(this.#line[this.#head++] as number, limitedBy);
    }
  }

  /** A permit starts the first in line, or goes back in the same turn. */
  protected override permitted(): void {
    this.#permitAsked = false;
    const task = this.#next();
    if (task === undefined) {
      this.command({ type: "yield" });
    } else {
      this.#head++;
      this.start(task, this.now > this.readySince(task) ? BY_SEMAPHORE : 0);
    }
  }

  /** The first in line; those that were called off have left it. */
  #next(): number | undefined {
    while (
      this.#head < this.#line.length &&
      this.ledger.status[this.#line[this.#head] as number] !== READY
    ) {
      this.#head++;
    }
    return this.#line[this.#head];
  }

  /** Until its turn comes, a task goes on as if nothing had happened. */
  protected override goesOn(): boolean {
    return true;
  }

  /** Nothing but its slot. */
  protected override giveBack(): void {}

  protected override fail(task: number, status: number): void {
    this.ledger.failures.push(task);
    const ignored = this.definitionOf(task).options?.onFailure === "ignore";
    if (!ignored) this.#fatal.add(task);
    this.finish(task, status);
  }

  protected override finish(task: number, status: number): void {
    const { graph } = this.plan;
    this.become(task, status);
    this.requeuedAt.delete(task);
    if (graph.tails.has(task)) this.openTails--;
    if (this.#readers === undefined) return;
    const { start, end } = graph.dependencies;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependency = end[edge] as number;
      const left = (this.#readers[dependency] as number) - 1;
      this.#readers[dependency] = left;
      if (left === 0) this.command({ type: "release", task: dependency });
    }
  }

  // ---- stopping ----------------------------------------------------------------------------------------------------

  /** From outside: nothing new starts, and whatever runs is asked at once, tail tasks too. */
  protected override drain(): void {
    // Any failure stops this machine.
  }

  protected override stop(cause: StopCause): void {
    const reason = reasonOf(cause);
    if (this.state === undefined) this.ledger.stoppedBy ??= reason;
    this.#skipFrom(0, reason);
    for (const task of this.plan.order) {
      if (!this.ledger.isFinal(task)) this.#callOff(task, cause);
    }
  }

  protected override cancel(task: number, reason: unknown): void {
    this.#callOff(task, { kind: "cancelled", reason });
  }

  #callOff(task: number, cause: AbortCause): void {
    const { ledger } = this;
    const status = ledger.status[task] as number;
    if (ledger.isFinal(task)) return;
    if (status === RUNNING) {
      this.ask(task, cause);
      return;
    }
    if (status === DELAYED) this.command({ type: "undelay", task });
    const reason = reasonOf(cause);
    if (cause.kind === "cancelled" || ledger.lastAttempt[task] !== -1) {
      ledger.reasons.set(task, reason);
      this.finish(task, CANCELLED);
    } else if (status === READY) {
      ledger.reasons.set(task, { kind: "not-started", because: reason });
      this.finish(task, CANCELLED);
    } else {
      this.#skip(task, reason); // Its inputs are not there yet.
    }
  }
}
