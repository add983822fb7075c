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
import { Attempts, type Verdict } from "./attempts.ts";
import { Bounds } from "./bounds.ts";
import type { Permit } from "./claims.ts";
import { Cursor } from "./cursor.ts";
import { Deadlines } from "./deadlines.ts";
import { ruledOut } from "./edges.ts";
import type { Command, ExpiredEvent, GatheredEvent, MachineEvent, ReturnedEvent } from "./event.ts";
import { Fallbacks } from "./fallbacks.ts";
import { BY_CONCURRENCY, BY_SEMAPHORE, Ledger } from "./ledger.ts";
import { Line } from "./line.ts";
import type { Machine, RunSettings, RunState } from "./machine.ts";
import { Room } from "./room.ts";
import { Rows } from "./rows.ts";
import { ENDING, QUEUED, RESTORED, RUNNING, SKIPPED, WAITING } from "./states.ts";
import { StagedStops } from "./stops-stages.ts";
import { type Answer, Tasks } from "./tasks.ts";
import { Turn } from "./turn.ts";

export class StagedRun implements Machine {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  readonly #turn: Turn = new Turn();
  readonly #concurrency: number;
  readonly #rows: Rows;
  readonly #tasks: Tasks;
  readonly #attempts: Attempts;
  readonly #bounds: Bounds;
  readonly #room: Room;
  readonly #deadlines: Deadlines;
  readonly #stops: StagedStops;
  readonly #cursor: Cursor;
  readonly #line: Line;

  constructor(plan: GraphPlan, settings: RunSettings = {}) {
    const { concurrency = Number.POSITIVE_INFINITY, observed = false } = settings;
    const ledger = new Ledger(plan.graph.size);
    const turn = this.#turn;
    const rows = new Rows(plan, ledger);
    const tasks = new Tasks(ledger, turn, observed);
    const attempts = new Attempts(rows, ledger, turn, observed);
    const bounds = new Bounds(ledger, turn, observed);
    const fallbacks = new Fallbacks(rows, ledger, turn, tasks);
    const rooms = { plan, ledger, turn, rows, tasks, attempts, bounds, fallbacks };
    this.plan = plan;
    this.ledger = ledger;
    this.#concurrency = concurrency;
    this.#rows = rows;
    this.#tasks = tasks;
    this.#attempts = attempts;
    this.#bounds = bounds;
    this.#room = new Room(rows, ledger, turn, settings);
    this.#deadlines = new Deadlines(rows, ledger, turn, tasks);
    this.#stops = new StagedStops(rooms, settings);
    this.#cursor = new Cursor(plan);
    this.#line = new Line(ledger);
  }

  get state(): RunState | undefined {
    return this.#bounds.state;
  }

  get detached(): ReadonlySet<number> {
    return this.#bounds.detached;
  }

  /** The stage that is awaited; the last one when all are started, -1 without any. */
  get stage(): number {
    return Math.min(this.#cursor.stage, this.plan.totalStages - 1);
  }

  /** `pending` while what the stage waits for is awaited; the last stage is `running` until all has ended. */
  get stageStatus(): "pending" | "running" | "completed" | "failed" | "cancelled" {
    if (this.state !== undefined) return this.state;
    const { stoppedBy } = this.ledger;
    if (stoppedBy !== undefined) return stoppedBy.kind === "aborted" ? "cancelled" : "failed";
    return this.#cursor.atLastStage ? "running" : "pending";
  }

  handle(event: MachineEvent): readonly Command[] {
    this.#turn.begin(event.at);
    switch (event.type) {
      case "started":
      case "placed":
      case "logged":
        this.#attempts.note(event);
        return this.#turn.commands;
      case "returned":
        this.#returned(event, this.#attempts.ended(event, false));
        break;
      case "skipped":
      case "abandon":
      case "threw":
        // Until its turn comes, a task goes on as if nothing had happened: it may always have another attempt.
        this.#attemptEnded(
          event.task,
          this.#attempts.ended(event, event.type === "threw" && this.#deadlines.allows(event)),
          event.type === "threw" && event.stops !== undefined,
        );
        if (event.type === "threw" && event.stops !== undefined) this.#stops.stop(event.stops);
        break;
      case "gathered":
        this.#stored(event);
        break;
      case "expired":
        this.#expired(event);
        break;
      case "prepared":
        this.#answered(event.task, this.#tasks.answered(event));
        break;
      case "forsake":
        this.#tasks.forsake(event.task);
        break;
      case "elapsed":
        this.#answered(event.task, this.#deadlines.elapsed(event.task));
        break;
      case "permit":
        this.#endOverdue();
        this.#permitted(event);
        break;
      case "fellBack":
        this.#stops.fellBack(event);
        break;
      case "cancel":
        if (!this.#bounds.isEarly(event)) this.#stops.cancel(event.task, event.reason);
        break;
      case "stop":
        if (!this.#bounds.isEarly(event)) this.#stops.stop(event.cause);
        break;
      case "begin":
        this.#begin(event.restored);
        break;
    }
    this.#endOverdue();
    this.#proceed(event);
    this.#bounds.closeWhen(this.#stops.openTails === 0 && this.#tasks.idle);
    return this.#turn.commands;
  }

  awaitsNext(): boolean {
    return false;
  }

  awaitsInputs(task: number): boolean {
    return this.#tasks.awaitsInputs(task);
  }

  mayComplete(task: number): boolean {
    return this.#attempts.mayComplete(task);
  }

  mayRetry(task: number): boolean {
    return this.#attempts.mayRetry(task, this.#rows.traitsOf(task).retries);
  }

  isExpired(task: number): boolean {
    return this.#attempts.isExpired(task);
  }

  claimOf(task: number): number | undefined {
    return this.#room.claimOf(task);
  }

  /** Nothing lives here. */
  lossOf(): undefined {}

  #proceed(event: MachineEvent): void {
    const { ledger } = this;
    if ("task" in event && ledger.isFinal(event.task)) {
      const { task } = event;
      // A task that was skipped before it ran released nobody: what ended before it did.
      const skipped = ledger.status[task] === SKIPPED && ledger.lastAttempt[task] === -1;
      this.#turn.cause = skipped ? (ledger.releasedBy[task] as number) : task;
    }
    // A slot goes to the next in line before the end of the task that had it is noticed.
    this.#fill();
    if (this.#bounds.open) this.#advance();
    this.#fill();
  }

  /** The cursor does the rest. */
  #begin(restored: ReadonlyMap<number, unknown> | undefined): void {
    for (const task of restored?.keys() ?? []) this.#stops.finish(task, RESTORED);
    for (const [task, reason] of this.#bounds.calledOffBefore) this.#stops.cancel(task, reason);
    const stopped = this.#bounds.begin();
    if (stopped !== undefined) this.#stops.stop(stopped);
  }

  // ---- the cursor --------------------------------------------------------------------------------------------------

  #advance(): void {
    const { ledger, plan } = this;
    const cursor = this.#cursor;
    while (!cursor.finishing) {
      if (!this.#awaitAll()) return;
      if (ledger.stoppedBy === undefined && !cursor.atLastStage) {
        this.#startStage();
        cursor.nextStage();
      }
      if (ledger.stoppedBy !== undefined || cursor.atLastStage) cursor.finish();
    }
    if (!this.#awaitAll() || !this.#tasks.idle) return;
    // The tail tasks that have room belong to the run: its report counts them, so they start before its end is told.
    this.#fill();
    const tails = [...plan.graph.tails];
    this.#bounds.settle(
      false,
      tails.filter((tail) => !ledger.isFinal(tail)),
    );
  }

  /** Whether the cursor has come to the end of what it awaits; at the first failure, or when stopped, it leaves a stage's. */
  #awaitAll(): boolean {
    const { ledger, plan } = this;
    const cursor = this.#cursor;
    for (let { task } = cursor; task !== undefined; task = cursor.next()) {
      if (ledger.stoppedBy !== undefined && !cursor.finishing) return true;
      if (plan.graph.tails.has(task)) continue;
      if (!ledger.isFinal(task)) {
        const { stoppedBy } = ledger;
        if (stoppedBy?.kind === "failure") this.#stops.callOff(task, stoppedBy);
        if (!ledger.isFinal(task)) return false;
      }
      if (ledger.stoppedBy === undefined && this.#stops.isFatal(task)) {
        ledger.stoppedBy = { kind: "failure", task };
        this.#stops.skipFrom(cursor.stage, ledger.stoppedBy);
      }
    }
    return true;
  }

  /** When one task has inputs to resolve, the whole stage takes that way, so that the order of the line holds. */
  #startStage(): void {
    const { ledger, plan } = this;
    const { order, stageStart } = plan;
    const { stage } = this.#cursor;
    const starting: number[] = [];
    for (const task of order.subarray(stageStart[stage], stageStart[stage + 1])) {
      if (ledger.status[task] !== WAITING) continue; // Restored, or called off by the caller.
      const reason = ruledOut(plan.graph, ledger, task);
      if (reason !== undefined) {
        this.#stops.skip(task, reason);
      } else {
        ledger.readyAt[task] = this.#turn.now;
        ledger.releasedBy[task] = this.#turn.cause;
        starting.push(task);
      }
    }
    const ask = starting.some((task) => this.#rows.traitsOf(task).asks);
    for (const task of starting) {
      if (ask) this.#tasks.ask(task);
      else this.#enqueue(task);
    }
  }

  // ---- the line ----------------------------------------------------------------------------------------------------

  #enqueue(task: number): void {
    this.#tasks.become(task, QUEUED);
    this.#line.push(task);
  }

  #fill(): void {
    for (let task = this.#line.first; task !== undefined; task = this.#line.first) {
      if (this.#room.permits) {
        this.#room.askPermit(task);
        return;
      }
      if (this.#room.running >= this.#concurrency) {
        this.#line.hold();
        return;
      }
      this.#start(task, this.#line.firstWasHeld ? BY_CONCURRENCY : 0);
    }
  }

  /** A permit starts the first in line. */
  #permitted(permit: Permit): void {
    const task = this.#room.permitFor(permit, this.#line.first);
    if (task === undefined) return;
    this.#start(task, this.#turn.now > this.#tasks.queuedSince(task) ? BY_SEMAPHORE : 0);
  }

  /** The first in line leaves it. */
  #start(task: number, limitedBy: number): void {
    this.#line.leave();
    this.#tasks.become(task, RUNNING);
    this.#attempts.open(task, this.#tasks.queuedSince(task), this.#room.take(), limitedBy);
  }

  // ---- what an end or an answer means ------------------------------------------------------------------------------

  #attemptEnded(task: number, verdict: Verdict | undefined, broken = false): void {
    if (verdict === undefined) return;
    if (verdict === "again") {
      // Its slot and its permit stay with the task.
      this.#attempts.reopen(task);
      return;
    }
    this.#room.give(task);
    if (verdict === "later") this.#deadlines.delay(task);
    else this.#stops.conclude(task, verdict, broken);
  }

  /** One whose result is being stored holds no slot any more, and has not ended before that. */
  #returned({ task, storing }: ReturnedEvent, verdict: Verdict | undefined): void {
    if (verdict !== "completed" || storing !== true) {
      this.#attemptEnded(task, verdict);
      return;
    }
    this.#room.give(task);
    this.#tasks.become(task, ENDING);
  }

  /** When it was not, the run has been stopped by then. */
  #stored({ task, error, journalMs }: GatheredEvent): void {
    if (journalMs !== undefined) this.ledger.journalMs.set(task, journalMs);
    if (error === undefined) {
      this.#stops.conclude(task, "completed");
      return;
    }
    this.ledger.taskErrors.set(task, error);
    this.#stops.conclude(task, "failing", true);
  }

  #expired(event: ExpiredEvent): void {
    const { task, limitMs, scope } = event;
    if (this.#deadlines.expired(event)) this.#stops.conclude(task, "failing");
    else this.#attempts.ask(task, { kind: "expired", limitMs, scope });
  }

  #endOverdue(): void {
    const deadlines = this.#deadlines;
    for (let task = deadlines.passed(); task !== undefined; task = deadlines.passed()) {
      this.#stops.conclude(task, "failing");
    }
  }

  #answered(task: number, answer: Answer | undefined): void {
    if (answer === "queued") this.#enqueue(task);
    else if (answer !== undefined && answer !== "inside") this.#stops.conclude(task, answer);
  }
}
