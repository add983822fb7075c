/**
 * What happened, in columns: one row a task, one row an attempt. The machines write it as they handle their events, the
 * report and the analysis read it. Rows of objects cost seven times as much memory, and are made only when they are
 * read. Instants are milliseconds since the run's anchor; `NaN` is "has not happened", -1 is "none".
 */

import type { Attributes, EndFacts, TimeoutScene } from "./event.ts";

export const WAITING = 0;
export const READY = 1;
export const RUNNING = 2;
export const DELAYED = 3;
export const COMPLETED = 4;
export const FAILED = 5;
export const CANCELLED = 6;
export const SKIPPED = 7;
export const RESTORED = 8;
export const DETACHED = 9;
export const ABANDONED = 10;
/** The names of the statuses, by code. From `completed` on they are final. */
export const STATUSES = [
  "waiting",
  "ready",
  "running",
  "delayed",
  "completed",
  "failed",
  "cancelled",
  "skipped",
  "restored",
  "detached",
  "abandoned",
] as const;

export type Reason =
  /** A dependency rules it out; `root` is the first task of that chain. */
  | { readonly kind: "dependency"; readonly task: number; readonly root: number }
  | { readonly kind: "condition"; readonly message: string }
  | { readonly kind: "aborted"; readonly scope: "run" | "task"; readonly reason: unknown }
  | { readonly kind: "not-started"; readonly because: Reason }
  | { readonly kind: "failure"; readonly task: number }
  | { readonly kind: "timeout"; readonly limitMs: number; readonly scope: "attempt" }
  | ({ readonly kind: "timeout"; readonly limitMs: number; readonly scope: "run" } & TimeoutScene)
  | { readonly kind: "journal"; readonly error: unknown }
  | { readonly kind: "clock"; readonly error: unknown };

/** The items of a map: consecutive tasks from `first`. */
export interface Spawn {
  readonly map: number;
  readonly first: number;
  readonly count: number;
}

/** The column that limited a start: what the attempt waited for. 0 is nothing. */
export const BY_CONCURRENCY = 1;
export const BY_SEMAPHORE = 2;
/** The map's own limit. */
export const BY_MAP = 3;
/** Resources follow, in the order of the run's `resources`. */
export const BY_RESOURCE = 4;

export class Ledger {
  /** Tasks of the plan; items come after them. */
  readonly planned: number;
  tasks: number;
  status: Uint8Array;
  readyAt: Float64Array;
  /** The dependency whose end made it ready. */
  releasedBy: Int32Array;
  firstAttempt: Int32Array;
  lastAttempt: Int32Array;
  readonly spawns: Spawn[] = [];
  /** Those of each map. */
  readonly spawnOfMap: Map<number, Spawn> = new Map();
  /** Required for skipped, cancelled and abandoned tasks. */
  readonly reasons: Map<number, Reason> = new Map();
  /** Errors of tasks that no attempt explains: unresolved inputs, maps. */
  readonly taskErrors: Map<number, unknown> = new Map();

  attempts = 0;
  attemptTask: Int32Array;
  attemptNext: Int32Array;
  attemptStatus: Uint8Array;
  queuedAt: Float64Array;
  startAt: Float64Array;
  endAt: Float64Array;
  slot: Int32Array;
  /** The attempt whose end let this one start, when capacity held it back. */
  freedBy: Int32Array;
  limitedBy: Uint8Array;
  /** For retries: the attempt of the task before, and its number, from 2. */
  readonly attemptBefore: Map<number, number> = new Map();
  readonly attemptNumber: Map<number, number> = new Map();
  readonly errors: Map<number, unknown> = new Map();
  readonly timedOut: Set<number> = new Set();
  readonly retryDelay: Map<number, number> = new Map();
  readonly executors: Map<number, string> = new Map();
  /** How often an attempt was handed to somebody, for those that were more than once. */
  readonly deliveries: Map<number, number> = new Map();
  readonly blockedMs: Map<number, number> = new Map();
  readonly attributes: Map<number, Attributes> = new Map();
  /** How long an attempt went on after it was asked to stop, when it ignored its signal; or what was asked before one. */
  readonly overrunMs: Map<number, number> = new Map();

  /** Final failures in the order they happened, ignored ones included. */
  readonly failures: number[] = [];
  peakConcurrency = 0;
  /** What stopped the run, once something has. */
  stoppedBy: Reason | undefined;

  constructor(planned: number) {
    this.planned = planned;
    this.tasks = planned;
    this.status = new Uint8Array(planned);
    this.readyAt = new Float64Array(planned).fill(Number.NaN);
    this.releasedBy = new Int32Array(planned).fill(-1);
    this.firstAttempt = new Int32Array(planned).fill(-1);
    this.lastAttempt = new Int32Array(planned).fill(-1);
    this.attemptTask = new Int32Array(planned);
    this.attemptNext = new Int32Array(planned);
    this.attemptStatus = new Uint8Array(planned);
    this.queuedAt = new Float64Array(planned);
    this.startAt = new Float64Array(planned);
    this.endAt = new Float64Array(planned);
    this.slot = new Int32Array(planned);
    this.freedBy = new Int32Array(planned);
    this.limitedBy = new Uint8Array(planned);
  }

  /** Lists the items of a map; returns the first. */
  spawn(map: number, count: number): number {
    const first = this.tasks;
    this.tasks += count;
    const spawn = { map, first, count };
    this.spawns.push(spawn);
    this.spawnOfMap.set(map, spawn);
    if (this.tasks > this.status.length) {
      const room = Math.max(this.tasks, Math.ceil(this.status.length * 1.5));
      this.status = grown(this.status, room);
      this.readyAt = grown(this.readyAt, room);
      this.releasedBy = grown(this.releasedBy, room);
      this.firstAttempt = grown(this.firstAttempt, room);
      this.lastAttempt = grown(this.lastAttempt, room);
    }
    this.readyAt.fill(Number.NaN, first, this.tasks);
    this.releasedBy.fill(-1, first, this.tasks);
    this.firstAttempt.fill(-1, first, this.tasks);
    this.lastAttempt.fill(-1, first, this.tasks);
    return first;
  }

  /** The spawn that an item belongs to. */
  spawnOf(item: number): Spawn | undefined {
    if (item < this.planned) return undefined;
    let low = 0;
    let high = this.spawns.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.spawns[middle] as Spawn).first <= item) low = middle;
      else high = middle - 1;
    }
    return this.spawns[low];
  }

  /** The task of the plan: itself, or the map that it is an item of. */
  plannedOf(task: number): number {
    return task < this.planned ? task : (this.spawnOf(task) as Spawn).map;
  }

  /** A new attempt of a task, running from `at`. */
  open(task: number, queuedAt: number, at: number, slot: number): number {
    const attempt = this.attempts++;
    if (attempt >= this.attemptTask.length) {
      const room = Math.max(16, Math.ceil(attempt * 1.5), this.tasks);
      this.attemptTask = grown(this.attemptTask, room);
      this.attemptNext = grown(this.attemptNext, room);
      this.attemptStatus = grown(this.attemptStatus, room);
      this.queuedAt = grown(this.queuedAt, room);
      this.startAt = grown(this.startAt, room);
      this.endAt = grown(this.endAt, room);
      this.slot = grown(this.slot, room);
      this.freedBy = grown(this.freedBy, room);
      this.limitedBy = grown(this.limitedBy, room);
    }
    this.attemptTask[attempt] = task;
    this.attemptNext[attempt] = -1;
    this.attemptStatus[attempt] = RUNNING;
    this.queuedAt[attempt] = queuedAt;
    this.startAt[attempt] = at;
    this.endAt[attempt] = Number.NaN;
    this.slot[attempt] = slot;
    this.freedBy[attempt] = -1;
    const before = this.lastAttempt[task] as number;
    if (before === -1) this.firstAttempt[task] = attempt;
    else {
      this.attemptNext[before] = attempt;
      this.attemptBefore.set(attempt, before);
      this.attemptNumber.set(attempt, this.numberOf(before) + 1);
    }
    this.lastAttempt[task] = attempt;
    return attempt;
  }

  close(attempt: number, status: number, at: number): void {
    this.attemptStatus[attempt] = status;
    this.endAt[attempt] = at;
  }

  /** What was learned at the end of an attempt of the task. */
  note(task: number, { overrunMs, blockedMs, attributes }: EndFacts): void {
    if (overrunMs !== undefined) this.overrunMs.set(task, overrunMs);
    if (blockedMs !== undefined) {
      this.blockedMs.set(task, Math.max(blockedMs, this.blockedMs.get(task) ?? 0));
    }
    if (attributes !== undefined) this.attributes.set(task, attributes);
  }

  attemptCount(task: number): number {
    const last = this.lastAttempt[task] as number;
    return last === -1 ? 0 : this.numberOf(last);
  }

  /** The number of an attempt among those of its task, from 1. */
  numberOf(attempt: number): number {
    if (this.attemptNumber.size === 0) return 1;
    return this.attemptNumber.get(attempt) ?? 1;
  }

  isFinal(task: number): boolean {
    return (this.status[task] as number) >= COMPLETED;
  }

  /** As it is now: what happens later does not reach the copy. */
  copy(): Ledger {
    const copied = new Ledger(0);
    Object.assign(copied, this, { planned: this.planned });
    for (const column of COLUMNS) Object.assign(copied, { [column]: this[column].slice() });
    for (const map of [
      "reasons",
      "taskErrors",
      "attemptBefore",
      "attemptNumber",
      "errors",
      "retryDelay",
      "executors",
      "deliveries",
      "blockedMs",
      "overrunMs",
      "attributes",
      "spawnOfMap",
    ] as const) {
      Object.assign(copied, { [map]: new Map<number, unknown>(this[map]) });
    }
    return Object.assign(copied, {
      timedOut: new Set(this.timedOut),
      failures: [...this.failures],
      spawns: [...this.spawns],
    });
  }

  /** The error that a task ended with. */
  errorOf(task: number): unknown {
    if (this.taskErrors.has(task)) return this.taskErrors.get(task);
    return this.errors.get(this.lastAttempt[task] as number);
  }
}

const COLUMNS = [
  "status",
  "readyAt",
  "releasedBy",
  "firstAttempt",
  "lastAttempt",
  "attemptTask",
  "attemptNext",
  "attemptStatus",
  "queuedAt",
  "startAt",
  "endAt",
  "slot",
  "freedBy",
  "limitedBy",
] as const satisfies readonly (keyof Ledger)[];

function grown<C extends Uint8Array | Int32Array | Float64Array>(column: C, room: number): C {
  const wider = new (column.constructor as new (length: number) => C)(room);
  wider.set(column);
  return wider;
}
