/**
 * What happened, in columns: one row a task, one row an attempt. The machines write it as they handle their events, the
 * report and the analysis read it. Rows of objects cost seven times as much memory, and are made only when they are
 * read. Instants are milliseconds since the run's anchor; `NaN` is "has not happened", -1 is "none".
 */

import type { Graph, Root } from "../define/graph.ts";
import { begun, Columns, roomFor } from "./columns.ts";
import type { Attributes, EndFacts, LogFacts } from "./event.ts";
import type { Grown } from "./grown.ts";
import type { Reason } from "./reason.ts";
import { Sparse } from "./sparse.ts";
import { type Spawn, Spawns } from "./spawns.ts";
import { COMPLETED, isFinal, RESTORED, RUNNING } from "./states.ts";

/** Tasks that are inside of another, consecutive from `first`. */
export type Inside = Pick<Spawn, "first" | "count">;

/** The same from the beginning, with what the flow gives, counted from `base` on. */
export interface Nested extends Inside {
  readonly roots: readonly Root[];
  readonly base: number;
}

/** The value of a thing was let go, or was to be. */
export interface Release {
  readonly calledAt: number;
  readonly endedAt: number;
  /** The first that went wrong; a function that was called more than once may have given more than one value. */
  readonly error?: unknown;
}

/** The column that limited a start: what the attempt waited for. 0 is nothing. */
export const BY_CONCURRENCY = 1;
export const BY_SEMAPHORE = 2;
/** The map's own limit. */
export const BY_MAP = 3;
/** Resources follow: those of the run in the order of its `resources`, then those that it shares with other runs. */
export const BY_RESOURCE = 4;

const NO_ROOTS: readonly Root[] = [];

/** Bytes of a row of tasks, and of attempts. */
const TASK_WIDTH = 8 + 3 * 4 + 1;
const ATTEMPT_WIDTH = 3 * 8 + 4 * 4 + 2;

export class Ledger {
  /** Tasks of the plan; items come after them. */
  readonly planned: number;
  tasks: number;
  readyAt: Float64Array;
  /** The dependency whose end made it ready. */
  releasedBy: Int32Array;
  firstAttempt: Int32Array;
  lastAttempt: Int32Array;
  /** The state of each task. */
  status: Uint8Array;
  /** What has come up inside of tasks. */
  spawns: Spawns;
  /** Of tasks of a flow that was planned with the rest: the task that it is inside of. */
  readonly nestedIn: Sparse<number> = new Sparse();
  /** By such a task: its flow. */
  readonly nested: Sparse<Nested> = new Sparse();
  /** Tails of flows inside of tasks, with what is inside of them from the beginning: a task does not end with these. */
  readonly innerTails: Sparse<true> = new Sparse();
  /** Definitions and edges, once there are more than those of the plan. */
  grown: Grown | undefined;
  /** Required for skipped, cancelled and abandoned tasks. */
  readonly reasons: Sparse<Reason> = new Sparse();
  /** Errors of tasks that no attempt explains: unresolved inputs, maps. */
  readonly taskErrors: Sparse<unknown> = new Sparse();

  attempts = 0;
  queuedAt: Float64Array;
  startAt: Float64Array;
  endAt: Float64Array;
  attemptTask: Int32Array;
  attemptNext: Int32Array;
  slot: Int32Array;
  /** The attempt whose end let this one start, when capacity held it back. */
  freedBy: Int32Array;
  /** RUNNING, and then how it ended. */
  attemptStatus: Uint8Array;
  limitedBy: Uint8Array;
  /** For retries: the attempt of the task before, and its number, from 2. */
  readonly attemptBefore: Sparse<number> = new Sparse();
  readonly attemptNumber: Sparse<number> = new Sparse();
  readonly errors: Sparse<unknown> = new Sparse();
  readonly timedOut: Sparse<true> = new Sparse();
  readonly retryDelay: Sparse<number> = new Sparse();
  readonly executors: Sparse<string> = new Sparse();
  /** How often an attempt was handed to somebody, for those that were more than once. */
  readonly deliveries: Sparse<number> = new Sparse();
  readonly blockedMs: Sparse<number> = new Sparse();
  readonly attributes: Sparse<Attributes> = new Sparse();
  /** What attempts said last in their logs. */
  readonly logs: Sparse<LogFacts> = new Sparse();
  /** How long an attempt went on after it was asked to stop, when it ignored its signal; or what was asked before one. */
  readonly overrunMs: Sparse<number> = new Sparse();

  /** Units of resources that were computed for a task or an item. */
  readonly amounts: Sparse<Readonly<Record<string, number>>> = new Sparse();

  /** Things that have gone by themselves: when, and the error of those that read them. */
  readonly losses: Sparse<{ readonly at: number; readonly error: Error }> = new Sparse();
  /** Of things: the last value that was let go. */
  readonly releases: Sparse<Release> = new Sparse();

  /** Final failures in the order they happened, tolerated ones included. */
  readonly failures: number[] = [];
  /** Those of them that neither fail nor stop the run, and maps that failed with such items. */
  readonly tolerated: Sparse<true> = new Sparse();
  /** Failed tasks and items whose fallback gave a value, and maps that are made of such items. */
  readonly fellBack: Sparse<true> = new Sparse();
  /** How long the journal took to store a result, where the task waited for it. */
  readonly journalMs: Sparse<number> = new Sparse();
  /** Restored tasks and items whose results were in the cache. */
  readonly cached: Sparse<true> = new Sparse();
  /** Completed maps of which an item failed, was called off or skipped alone: a later run calls it again. */
  readonly halfDone: Sparse<true> = new Sparse();
  peakConcurrency = 0;
  /** The first code of `limitedBy` that is a resource shared with other runs. */
  sharedFrom: number = Number.POSITIVE_INFINITY;
  /** What stopped the run, once something has. */
  stoppedBy: Reason | undefined;

  constructor(planned: number) {
    this.planned = planned;
    this.tasks = planned;
    this.spawns = new Spawns(planned);
    const tasks = new Columns(planned, TASK_WIDTH);
    this.readyAt = tasks.float64().fill(Number.NaN);
    this.releasedBy = tasks.int32().fill(-1);
    this.firstAttempt = tasks.int32().fill(-1);
    this.lastAttempt = tasks.int32().fill(-1);
    this.status = tasks.uint8();
    const attempts = new Columns(planned, ATTEMPT_WIDTH);
    this.queuedAt = attempts.float64();
    this.startAt = attempts.float64();
    this.endAt = attempts.float64();
    this.attemptTask = attempts.int32();
    this.attemptNext = attempts.int32();
    this.slot = attempts.int32();
    this.freedBy = attempts.int32();
    this.attemptStatus = attempts.uint8();
    this.limitedBy = attempts.uint8();
  }

  /** Lists the items of a map; returns them. */
  spawn(owner: number, count: number, keys?: readonly string[]): Spawn {
    return this.#add({ owner, first: this.tasks, count, keys });
  }

  /** A flow has come up inside of a task, or the next one of a loop; returns its tasks. */
  enter(owner: number, graph: Graph, iteration?: number): Spawn {
    const first = this.tasks;
    const roots = graph.roots ?? NO_ROOTS;
    const before = this.spawns.in(owner);
    const spawn: Spawn =
      iteration === undefined
        ? { owner, first, count: graph.size, roots }
        : { owner, first, count: graph.size, roots, iteration, before };
    (this.grown as Grown).append(graph, first);
    return this.#add(spawn);
  }

  #add(spawn: Spawn): Spawn {
    this.tasks += spawn.count;
    this.spawns.add(spawn);
    if (this.tasks > this.status.length) {
      this.#growTasks(roomFor(this.tasks, this.status.length));
    }
    return spawn;
  }

  /** To rows to which nothing has happened: most of what comes up is small, and finds them there. */
  #growTasks(rows: number): void {
    const tasks = new Columns(rows, TASK_WIDTH);
    const before = this.status.length;
    this.readyAt = begun(tasks.float64(), this.readyAt).fill(Number.NaN, before);
    this.releasedBy = begun(tasks.int32(), this.releasedBy).fill(-1, before);
    this.firstAttempt = begun(tasks.int32(), this.firstAttempt).fill(-1, before);
    this.lastAttempt = begun(tasks.int32(), this.lastAttempt).fill(-1, before);
    this.status = begun(tasks.uint8(), this.status);
  }

  #growAttempts(rows: number): void {
    const attempts = new Columns(rows, ATTEMPT_WIDTH);
    this.queuedAt = begun(attempts.float64(), this.queuedAt);
    this.startAt = begun(attempts.float64(), this.startAt);
    this.endAt = begun(attempts.float64(), this.endAt);
    this.attemptTask = begun(attempts.int32(), this.attemptTask);
    this.attemptNext = begun(attempts.int32(), this.attemptNext);
    this.slot = begun(attempts.int32(), this.slot);
    this.freedBy = begun(attempts.int32(), this.freedBy);
    this.attemptStatus = begun(attempts.uint8(), this.attemptStatus);
    this.limitedBy = begun(attempts.uint8(), this.limitedBy);
  }

  /** What is inside of a task, in the order in which it came up: items, a flow, those of a loop. */
  *inside(owner: number): Iterable<Inside> {
    const nested = this.nested.size === 0 ? undefined : this.nested.get(owner);
    if (nested !== undefined) yield nested;
    const spawns: Spawn[] = [];
    let spawn = this.spawns.in(owner);
    for (; spawn !== undefined; spawn = spawn.before) spawns.push(spawn);
    yield* spawns.reverse();
  }

  /** What an item is called by the `key` of its map. */
  keyOf(item: number): string | undefined {
    const spawn = this.spawns.of(item);
    return spawn?.keys?.[item - spawn.first];
  }

  /** The items that it is one of. */
  itemsOf(task: number): Spawn | undefined {
    const spawn = task < this.planned ? undefined : this.spawns.of(task);
    return spawn?.roots === undefined ? spawn : undefined;
  }

  /** The task that its definition was written for: itself, or the map that it is an item of. */
  writtenOf(task: number): number {
    return this.itemsOf(task)?.owner ?? task;
  }

  /** A new attempt of a task, running from `at`. */
  open(task: number, queuedAt: number, at: number, slot: number): number {
    const attempt = this.attempts++;
    if (attempt >= this.attemptTask.length) {
      this.#growAttempts(Math.max(roomFor(attempt + 1, attempt), this.tasks));
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
  note(task: number, { overrunMs, blockedMs, attributes, log }: EndFacts): void {
    if (overrunMs !== undefined) this.overrunMs.set(task, overrunMs);
    if (blockedMs !== undefined) {
      this.blockedMs.set(task, Math.max(blockedMs, this.blockedMs.get(task) ?? 0));
    }
    if (attributes !== undefined) this.attributes.set(task, attributes);
    if (log !== undefined) this.logs.set(this.lastAttempt[task] as number, log);
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
    return isFinal(this.status[task] as number);
  }

  /** Whether there is a value for those that depend on it: its own, or that of its fallback. */
  hasValue(task: number): boolean {
    const status = this.status[task];
    if (status === COMPLETED || status === RESTORED) return true;
    return this.fellBack.size > 0 && this.fellBack.has(task);
  }

  /** Whether a later run may go on from its output: it is not made of what failed. */
  stands(task: number): boolean {
    return !this.fellBack.has(task) && !this.halfDone.has(task);
  }

  /** A final failure, which the run tolerates or not. */
  fail(task: number, tolerated: boolean): void {
    this.failures.push(task);
    if (tolerated) this.tolerated.set(task, true);
  }

  /** The final failures that are not tolerated, in the order they happened. */
  get fatal(): readonly number[] {
    if (this.tolerated.size === 0) return this.failures;
    return this.failures.filter((task) => !this.tolerated.has(task));
  }

  /** Things that could not be released, each with its error. */
  get unreleased(): readonly (readonly [task: number, error: unknown])[] {
    const failed: [number, unknown][] = [];
    for (const [task, release] of this.releases) {
      if ("error" in release) failed.push([task, release.error]);
    }
    return failed;
  }

  /** As it is now: what happens later does not reach the copy. */
  copy(): Ledger {
    const copied: Ledger = Object.assign(new Ledger(0), this);
    for (const [key, value] of Object.entries(this)) {
      if (value instanceof Sparse || value instanceof Spawns)
        Object.assign(copied, { [key]: value.copy() });
      else if (ArrayBuffer.isView(value) || Array.isArray(value)) {
        Object.assign(copied, { [key]: (value as number[]).slice() });
      }
    }
    return copied;
  }

  /** The error that a task ended with. */
  errorOf(task: number): unknown {
    if (this.taskErrors.has(task)) return this.taskErrors.get(task);
    return this.errors.get(this.lastAttempt[task] as number);
  }
}
