/**
 * One observed run: turns what the driver does and the machine says into the events that observers are told. Exists
 * only when somebody observes. Reads the ledger; changes nothing.
 */

import type {
  AttemptInfo,
  AttemptScope,
  FinalStatus,
  LiveStatus,
  Observer,
  RunInfo,
  RunScope,
  TaskInfo,
  TaskOutcome,
  TaskScope,
} from "../contract/observer.ts";
import { frozen } from "../ground/frozen.ts";
import type { LogLine } from "../machine/event.ts";
import type { Ledger, Release } from "../machine/ledger.ts";
import type { RunState } from "../machine/machine.ts";
import {
  CANCELLED,
  COMPLETED,
  DETACHED,
  RESTORED,
  SKIPPED,
  STATUSES,
  WAITING,
} from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import { limitName } from "../report/attempt-row.ts";
import { between, queuedOf, rounded, startOf } from "../report/durations.ts";
import type { ReportFooter, ReportHeader } from "../report/serialized-report.ts";
import { type Facts, taskRow } from "../report/task-row.ts";
import type { Call } from "./call.ts";
import { type Faults, Hooks, type Scopes } from "./hooks.ts";
import { observedAttemptOutcome, observedEnd, observedOutcome } from "./observed-outcome.ts";
import { attemptInfo, taskInfo } from "./task-info.ts";

const NOTHING: readonly never[] = Object.freeze([]);

export interface Observed extends Facts {
  readonly info: RunInfo;
  readonly header: ReportHeader;
}

export class Notifier {
  readonly #run: Observed;
  readonly #hooks: Hooks;
  readonly #faults: Faults;
  readonly #scopes: Scopes<RunScope>;
  /**
   * Which hooks anybody has: asked once, when the scopes of the run are open. What nobody is told is not made, which is
   * most of what watching costs those who only want to know of the end.
   */
  readonly #wanted: { readonly status: boolean; readonly task: boolean; readonly around: boolean };
  readonly #infos: (TaskInfo | undefined)[];
  readonly #tasks: (Scopes<TaskScope> | undefined)[];
  /** Under way, by id. */
  readonly #attempts: ({ info: AttemptInfo; scopes: Scopes<AttemptScope> } | undefined)[] = [];
  /** When each task got its present status. */
  readonly #since: number[];
  /** Nobody is told anything more: the run has ended, or no observer wants to know of it. */
  #over: boolean;

  constructor(observers: readonly Observer[], run: Observed, faults: Faults) {
    this.#run = run;
    this.#faults = faults;
    const { size } = run.plan.graph;
    this.#infos = new Array(size);
    this.#tasks = new Array(size);
    this.#since = new Array(size);
    this.#hooks = new Hooks(observers, this.#faults);
    const header = frozen(run.header);
    const event = Object.freeze({ at: this.#wall(0), run: run.info, header });
    this.#scopes = this.#hooks.open(observers, "run", "run", event);
    this.#over = this.#scopes.every((scope) => scope === undefined);
    this.#wanted = {
      status: this.#hooks.anyHas(this.#scopes, "status"),
      task: this.#hooks.anyHas(this.#scopes, "task"),
      around: this.#hooks.anyHas(this.#scopes, "around"),
    };
    if (this.#wanted.status) for (const task of run.plan.order) this.#listed(task, 0);
  }

  /** In whole microseconds from the start, so that what is told adds up as the report does. */
  #wall(at: number): number {
    return this.#run.header.clock.epochMs + rounded(at);
  }

  /** A map's items are there. */
  spawned(first: number, count: number, at: number): void {
    if (this.#over || !this.#wanted.status) return;
    for (let item = first; item < first + count; item++) this.#listed(item, at);
  }

  #listed(task: number, at: number): void {
    this.#since[task] = at;
    this.#tellStatus(task, undefined, WAITING, at, 0, -1);
  }

  status(task: number, from: number, to: number, by: number, at: number): void {
    const { status, task: wantsTasks } = this.#wanted;
    if (this.#over || from === to || !(status || wantsTasks)) return;
    // A task whose inputs had to be prepared became ready by an event of its own: what released it came before.
    const released = by === -1 && from === WAITING && to !== SKIPPED && to !== CANCELLED;
    const cause = released ? (this.#run.ledger.releasedBy[task] as number) : by;
    if (to === DETACHED) this.#detachAttempt(task, at);
    if (status) {
      const elapsed = between(this.#since[task] ?? at, at);
      this.#since[task] = at;
      this.#tellStatus(task, from, to, at, elapsed, cause);
    }
    if (!wantsTasks) return;
    const never = to === SKIPPED || to === RESTORED || to === CANCELLED;
    if (from === WAITING && !never) this.#openTask(task, cause, at);
    if (to >= COMPLETED) this.#endTask(task, to, at);
  }

  #tellStatus(
    task: number,
    from: number | undefined,
    to: number,
    at: number,
    elapsedMs: number,
    cause: number,
  ): void {
    const event = Object.freeze({
      at: this.#wall(at),
      task: this.#info(task),
      from: from === undefined ? undefined : (STATUSES[from] as LiveStatus),
      to: STATUSES[to] as LiveStatus | FinalStatus,
      elapsedMs,
      cause: this.#nameOf(cause),
      statistics: () => taskRow(this.#run, task),
    });
    this.#hooks.tell(this.#scopes, "status", "status", event);
  }

  #openTask(task: number, cause: number, at: number): void {
    const event = Object.freeze({
      at: this.#wall(at),
      task: this.#info(task),
      cause: this.#nameOf(cause),
    });
    this.#tasks[task] = this.#hooks.open(this.#scopes, "task", "task", event);
  }

  #endTask(task: number, status: number, at: number): void {
    const scopes = this.#tasks[task];
    if (scopes === undefined) return;
    this.#tasks[task] = undefined;
    const { ledger } = this.#run;
    const attributes = ledger.attributes.get(task);
    const event = Object.freeze({
      at: this.#wall(at),
      task: this.#info(task),
      outcome: Object.freeze({
        ...observedOutcome(this.#run, task, status),
        ...(ledger.tolerated.has(task) && { tolerated: true as const }),
        ...(ledger.fellBack.has(task) && status !== COMPLETED && { fallback: true as const }),
      }),
      attempts: ledger.attemptCount(task),
      queuedMs: queuedOf(ledger, task),
      durationMs: this.#durationOf(task, at),
      attributes: attributes && Object.freeze({ ...attributes }),
    });
    this.#hooks.end(scopes, "task.end", event);
  }

  /** From its first call, or that of its first item; 0 for a task that was never called. */
  #durationOf(task: number, at: number): number {
    const start = startOf(this.#run.ledger, task);
    return Number.isNaN(start) ? 0 : between(start, at);
  }

  // ---- attempts ----------------------------------------------------------------------------------------------------

  attemptStarts({ task, id, attempt: number }: Call, at: number): void {
    const parents = this.#tasks[task];
    if (this.#over || parents === undefined) return;
    const { ledger, resources } = this.#run;
    const info = attemptInfo(this.#info(task), number);
    const limit = ledger.limitedBy[id] as number;
    const freedBy = limit === 0 ? -1 : (ledger.freedBy[id] as number);
    const event = Object.freeze({
      at: this.#wall(at),
      attempt: info,
      waitedMs: between(ledger.queuedAt[id] as number, at),
      slot: ledger.slot[id] as number,
      limitedBy: limit === 0 ? undefined : limitName(limit, resources),
      slotFreedBy: freedBy === -1 ? undefined : this.#nameOf(ledger.attemptTask[freedBy] as number),
    });
    const scopes: Scopes<AttemptScope> = this.#hooks.open(parents, "attempt", "attempt", event);
    this.#attempts[id] = { info, scopes };
  }

  info({ id, task, attempt }: Call): AttemptInfo {
    return this.#attempts[id]?.info ?? attemptInfo(this.#info(task), attempt);
  }

  /** Calls the task's function, which `body` does, in the contexts that observers make. `body` must not throw. */
  around({ id }: Call, body: () => void): void {
    const scopes = this.#attempts[id]?.scopes ?? NOTHING;
    if (this.#over || !(this.#wanted.around || this.#hooks.anyHas(scopes, "around"))) body();
    else this.#hooks.around(this.#scopes, scopes, body);
  }

  progress({ id }: Call, fraction: number, message: string | undefined, at: number): void {
    const attempt = this.#attempts[id];
    if (attempt === undefined) return;
    const event = Object.freeze({
      at: this.#wall(at),
      attempt: attempt.info,
      fraction,
      message,
    });
    this.#hooks.tell(attempt.scopes, "attempt.progress", "progress", event);
  }

  logged({ id }: Call, { at, message, attributes }: LogLine): void {
    const attempt = this.#attempts[id];
    if (attempt === undefined) return;
    const event = Object.freeze({
      at: this.#wall(at),
      attempt: attempt.info,
      message,
      attributes: attributes && Object.freeze(attributes),
    });
    this.#hooks.tell(attempt.scopes, "attempt.log", "log", event);
  }

  /** What the attempt takes along when it leaves this thread. */
  carrier({ id }: Call): Record<string, string> {
    const carrier: Record<string, string> = {};
    const scopes = this.#attempts[id]?.scopes ?? NOTHING;
    this.#hooks.tell(scopes, "attempt.inject", "inject", carrier);
    return carrier;
  }

  attemptEnds(id: number, at: number): void {
    if (this.#attempts[id] === undefined) return;
    const { ledger } = this.#run;
    const status = ledger.attemptStatus[id] as number;
    const delayMs = ledger.retryDelay.get(id);
    this.#endAttempt(id, observedAttemptOutcome(this.#run, id, status), at, delayMs);
  }

  #endAttempt(id: number, outcome: TaskOutcome, at: number, delayMs: number | undefined): void {
    const attempt = this.#attempts[id];
    if (attempt === undefined) return;
    this.#attempts[id] = undefined;
    const { ledger } = this.#run;
    const event = Object.freeze({
      at: this.#wall(at),
      attempt: placed(attempt.info, ledger.executors.get(id), ledger.deliveries.get(id)),
      outcome: Object.freeze(outcome),
      durationMs: between(ledger.startAt[id] as number, at),
      willRetry: delayMs !== undefined,
      delayMs,
      logDropped: ledger.logs.get(id)?.dropped ?? 0,
    });
    this.#hooks.end(attempt.scopes, "attempt.end", event);
  }

  /** The run ends before this attempt does: its scope is closed now, because nothing is told after the run's end. */
  #detachAttempt(task: number, at: number): void {
    this.#endAttempt(
      this.#run.ledger.lastAttempt[task] as number,
      { status: "detached" },
      at,
      undefined,
    );
  }

  // ---- what lives --------------------------------------------------------------------------------------------------

  /** A thing has gone by itself. */
  gone(task: number, at: number): void {
    if (this.#over) return;
    const { error } = this.#run.ledger.losses.get(task) as { error: Error };
    const event = Object.freeze({ at: this.#wall(at), task: this.#info(task), error });
    this.#hooks.tell(this.#scopes, "lost", "lost", event);
  }

  /** A value of a thing was released, or was to be. */
  released(task: number, at: number): void {
    if (this.#over) return;
    const release = this.#run.ledger.releases.get(task) as Release;
    const event = Object.freeze({
      at: this.#wall(at),
      task: this.#info(task),
      releaseMs: between(release.calledAt, release.endedAt),
      ...("error" in release && { error: release.error }),
    });
    this.#hooks.tell(this.#scopes, "released", "released", event);
  }

  /** A task or item completes whose output could not be stored. */
  unstored(task: number, why: string, at: number): void {
    const event = Object.freeze({ at: this.#wall(at), task: this.#info(task), why });
    this.#hooks.tell(this.#scopes, "unstored", "unstored", event);
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  end(executionState: RunState, ledger: Ledger, at: number, footer: ReportFooter): void {
    this.#over = true;
    const event = Object.freeze({
      at: this.#wall(at),
      run: this.#run.info,
      ...observedEnd({ ...this.#run, ledger }, executionState, at),
      observerFaults: Object.freeze(
        [...this.#faults.counts].map(([observer, count]) => Object.freeze({ observer, count })),
      ),
      footer: frozen(footer),
    });
    this.#hooks.end(this.#scopes, "run.end", event);
  }

  // ---- names -------------------------------------------------------------------------------------------------------

  #nameOf(task: number): string | undefined {
    return task === -1 ? undefined : taskName(this.#run.plan.graph, this.#run.ledger, task);
  }

  #info(task: number): TaskInfo {
    let info = this.#infos[task];
    if (info === undefined) {
      info = taskInfo(this.#run.plan, this.#run.ledger, this.#run.info, task);
      this.#infos[task] = info;
    }
    return info;
  }
}

/** The attempt as it is known at its end: where it ran, and how often it was started. */
function placed(
  info: AttemptInfo,
  executor: string | undefined,
  deliveries: number | undefined,
): AttemptInfo {
  if (executor === undefined && deliveries === undefined) return info;
  return Object.freeze({
    ...info,
    ...(executor !== undefined && { executor }),
    ...(deliveries !== undefined && { deliveries }),
  });
}
