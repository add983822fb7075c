/**
 * The calls of tasks that are under way, by slot: each is limited in time from its start, asked to stop, and given up
 * once it has ended or nobody waits for it. Decides nothing: the machine is told that a limit has passed.
 */

import { type AbortCause, reasonOf, type StopCause } from "../machine/reason.ts";
import { parentOf } from "../machine/task-name.ts";
import { startOf } from "../report/durations.ts";
import type { Reasons } from "../report/reasons.ts";
import { unanswered } from "./ask-retry.ts";
import { Call, type CallHost } from "./call.ts";
import { definitionOf } from "./definition-of.ts";
import { graceOf } from "./grace-of.ts";
import type { Host } from "./host.ts";
import { attemptTimeUp, runTimeUp } from "./time-up.ts";

/** What it needs of the driver. */
export interface CallsHost extends CallHost, Host {
  readonly reasons: Reasons;
  /** When the run's time limit asks this task to stop. */
  runEndsAt(task: number): number;
}

export class Calls {
  readonly #host: CallsHost;
  readonly #graceMs: number | undefined;
  readonly #running: (Call | undefined)[] = [];

  constructor(host: CallsHost, graceMs: number | undefined) {
    this.#host = host;
    this.#graceMs = graceMs;
  }

  /** The call of an attempt that starts at `at`; from then on its time limit runs. */
  open(task: number, id: number, at: number): Call {
    const { ledger } = this.#host.machine;
    const number = ledger.firstAttempt[task] === id ? 1 : ledger.attemptCount(task);
    const call = new Call(this.#host, task, id, number);
    this.#running[ledger.slot[id] as number] = call;
    const { timeoutMs: limitMs, deadlineMs } = definitionOf(this.#host.machine, task).options ?? {};
    if (deadlineMs !== undefined) {
      const began = ledger.startAt[ledger.firstAttempt[task] as number] as number;
      call.due = { at: began + deadlineMs, limitMs: deadlineMs };
    }
    if (limitMs !== undefined) {
      call.limit = { at: at + limitMs, limitMs };
      call.disarm = this.#host.after(limitMs, () => {
        call.timedOut = true;
        this.#host.send({ type: "expired", task, at: this.#host.now(), limitMs });
      });
    }
    return call;
  }

  /** Those under way. */
  get all(): readonly Call[] {
    return this.#running.filter((call) => call !== undefined);
  }

  /** Its function has ended, and something else is waited for: that has no time limit of its own. */
  unlimit(call: Call): void {
    call.disarm?.();
    call.disarm = undefined;
    call.letGo?.();
    call.letGo = undefined;
  }

  /** Nothing more is heard of it. */
  close(call: Call): void {
    call.over = true;
    call.left?.();
    call.disarm?.();
    call.letGo?.();
    this.#running[this.#host.machine.ledger.slot[call.id] as number] = undefined;
  }

  /** There is no run any more that could hear of any: all are asked to stop. */
  forsake(reason: Error, at: number): void {
    for (const call of this.all) {
      this.close(call);
      call.ask(reason, at);
    }
  }

  /** A call that ends after its limit has timed out, though its timer could not fire: something held the thread. */
  expireIfLate(call: Call, at: number): void {
    if (call.asked || call.over) return;
    const { task, due, limit } = call;
    const overdue = due !== undefined && at > due.at;
    const passed = overdue ? due : limit;
    if (passed === undefined || (at <= passed.at && !call.timedOut)) return;
    const { limitMs } = passed;
    const event = { type: "expired", task, at, limitMs } as const;
    const expired = overdue ? ({ ...event, scope: "task" } as const) : event;
    call.late = true;
    call.disarm?.();
    call.ask(attemptTimeUp(call, this.#host.machine.ledger, expired, at), at);
    this.#host.send(expired);
  }

  /** What is left until the first of the limits that ask it to stop; each is an instant, or none. */
  remainingMs(call: Call): number {
    const limits = [call.limit?.at, call.due?.at, this.#host.runEndsAt(call.task)];
    const { grown, nestedIn } = this.#host.machine.ledger;
    if (grown !== undefined || nestedIn.size > 0) limits.push(this.#dueAround(call.task));
    const ends = limits.map((at = Number.POSITIVE_INFINITY) => at);
    return Math.max(0, Math.min(...ends) - this.#host.now());
  }

  /** The first deadline of those that it is inside of. */
  #dueAround(task: number): number {
    const { machine } = this.#host;
    const { ledger } = machine;
    let due = Number.POSITIVE_INFINITY;
    for (let at = parentOf(ledger, task); at !== undefined; at = parentOf(ledger, at)) {
      const { kind, options } = definitionOf(machine, at);
      // A map has those of its items alone.
      if (options?.deadlineMs === undefined) continue;
      if (kind === "map" && ledger.itemsOf(at) === undefined) continue;
      due = Math.min(due, startOf(ledger, at) + options.deadlineMs);
    }
    return due;
  }

  /** Asks the running call of a task to stop; within the grace period it is waited for. */
  abort(task: number, cause: AbortCause, at: number): void {
    const { ledger } = this.#host.machine;
    const call = this.#callOf(task);
    if (call === undefined) return;
    // A function that has ended has kept, or broken, its time limit; one that was asked before has its grace period.
    if (call.ended ? cause.kind === "expired" && cause.scope !== "task" : call.told) return;
    call.told = true;
    call.disarm?.();
    const error =
      cause.kind === "expired"
        ? attemptTimeUp(call, ledger, cause, at)
        : this.#host.reasons.errorOf(reasonOf(cause), task);
    this.#grace(call, error, at);
    call.ask(error, at);
  }

  /** Nobody asks it, but from now on it is waited for within the grace period. */
  press(task: number, cause: AbortCause, at: number): void {
    const call = this.#callOf(task);
    if (call === undefined) return;
    this.#grace(call, this.#host.reasons.errorOf(reasonOf(cause), task), at);
  }

  /** One grace period, from what came first. */
  #grace(call: Call, error: Error, at: number): void {
    const { task } = call;
    const graceMs = graceOf(this.#host.machine, task, this.#graceMs);
    if (graceMs === undefined || call.letGo !== undefined) return;
    call.letGo = this.#host.after(graceMs, () => {
      if (call.over) return;
      this.close(call);
      call.givenUp?.();
      const now = this.#host.now();
      const overrunMs = now - at;
      const { failure } = call;
      // The deadline of a task says so itself.
      const known = failure === undefined || error.cause === failure;
      const told = known ? error : unanswered(call.taskName, failure, overrunMs);
      const facts = call.facts();
      this.#host.send({ type: "abandon", task, at: now, error: told, overrunMs, facts });
    });
  }

  #callOf(task: number): Call | undefined {
    const { lastAttempt, slot } = this.#host.machine.ledger;
    return this.#running[slot[lastAttempt[task] as number] as number];
  }

  /** Why the run stops now that its own limit has passed. */
  runTimeUp(limitMs: number, at: number): StopCause {
    return runTimeUp(this.#running, this.#host.machine.ledger, limitMs, at);
  }
}
