/**
 * The rows that people read, made from the ledger's columns when they are read. Instants are rounded to microseconds
 * first and durations are differences of rounded instants, so that what adds up on the clock adds up in the report.
 */
import { describeOutput, type SerializedError, serializeError } from "./encode.ts";
import { EDGE_KINDS, type Graph } from "./graph.ts";
import {
  ABANDONED,
  BY_CONCURRENCY,
  BY_MAP,
  BY_RESOURCE,
  BY_SEMAPHORE,
  COMPLETED,
  type Ledger,
  RESTORED,
  type Reason,
  RUNNING,
  STATUSES,
} from "./ledger.ts";
import type { GraphPlan } from "./plan.ts";
import type { Reasons } from "./reasons.ts";
import { type Definition, maxRetriesOf, type Slot } from "./task.ts";

/** Milliseconds, rounded to 3 decimals. Durations end in `Ms`. */
export type Ms = number;
/** Milliseconds since `clock.epochMs`, on the monotonic clock. Instants end in `At`. */
export type Offset = number;

export interface StageStatistics {
  stageId: number;
  stageName: string;
  startAt: Offset | null;
  endAt: Offset | null;
  durationMs: Ms;
  parallelTaskCount: number;
  waitTaskCount: number;
  /** The tasks of this depth. */
  parallelTasks: string[];
  /** What they depend on. */
  waitTasks: string[];
  startTasks: string[];
}

export type TaskStatus =
  | "completed"
  | "failed"
  | "cancelled"
  | "skipped"
  | "restored"
  | "detached"
  | "abandoned";

export interface TaskStatistics {
  taskName: string;
  kind: "task" | "map" | "item" | "tail";
  /** The map that an item belongs to, and its index there. */
  parent?: string;
  index?: number;
  /** Depth in the plan; `null` for items, which are spawned at run time. */
  stageId: number | null;
  dependencies: {
    task: string;
    kind: "value" | "optional" | "settled" | "after";
    /** The key or index that is taken, where it is not the whole output or a function's choice. */
    from?: string | number;
    /** The input that it becomes. */
    to?: string | number;
  }[];
  status: TaskStatus;
  /** Resume key: name, kind, edges, selectors and version; no value is hashed. */
  fingerprint: string;
  restored?: true;
  /** The longest that a call held the thread, when that was over 50 ms. */
  blockedMs?: Ms;
  /** Required for skipped, cancelled and abandoned. `root` is the first task of the chain that ruled it out. */
  reason?:
    | { kind: "dependency"; task: string; root: string }
    | { kind: "condition" | "aborted" | "not-started"; message?: string }
    | { kind: "failure"; task: string }
    | { kind: "timeout"; limitMs: Ms; scope: "attempt" | "run" };
  /** When its dependencies had ended. */
  readyAt: Offset | null;
  /** The first call and the end of the last attempt; `null` for a task that was never called. */
  startAt: Offset | null;
  endAt: Offset | null;
  /** Ready, waiting for capacity; over all attempts. */
  queuedMs: Ms;
  /** From `startAt` to `endAt`, back-off included. */
  durationMs: Ms;
  /** The sum of its attempts. */
  runMs: Ms;
  /** The dependency that ran and settled last; skipped ones are followed back. */
  releasedBy?: string;
  /** Retries that it was allowed. */
  retry: number;
  attemptCount: number;
  attemptStatistics: AttemptStatistics[];
  error?: SerializedError;
  /** It was asked to stop and went on: for so long. */
  ignoredSignal?: true;
  overrunMs?: Ms;
  tags?: readonly string[];
  attributes?: Record<string, string | number | boolean>;
  output?: { type: string; size?: number };
}

export interface AttemptStatistics {
  taskName: string;
  attemptNumber: number;
  maxRetries: number;
  startAt: Offset;
  endAt: Offset | null;
  durationMs: Ms;
  queuedMs: Ms;
  /** Facts that nothing can recover later: the slot, who freed it, what it waited for. */
  slot?: number;
  slotFreedBy?: string;
  limitedBy?: string;
  status: "completed" | "failed" | "cancelled" | "running" | "abandoned";
  errorMessage?: string;
  error?: SerializedError;
  willRetry: boolean;
  /** The back-off that followed. */
  delayMs?: Ms;
  /** Where it ran: "main", "worker-3", "host:pid". */
  executor?: string;
  trace?: { traceId: string; spanId: string };
}

/** Whole microseconds. */
export function micros(ms: number): number {
  return Math.round(ms * 1000);
}

/** The difference of two instants as milliseconds. */
export function between(from: number, to: number): Ms {
  return (micros(to) - micros(from)) / 1000;
}

export function rounded(ms: number): Ms {
  return micros(ms) / 1000;
}

function instant(ms: number): Offset | null {
  return Number.isNaN(ms) ? null : rounded(ms);
}

/** What rows are made from. */
export interface Facts {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  readonly reasons: Reasons;
  readonly resources: readonly string[];
  readonly outputs: readonly unknown[];
}

/** The name of a task or of an item, `map[3]`. */
export function taskName(graph: Graph, ledger: Ledger, task: number): string {
  if (task < graph.size) return (graph.definitions[task] as Definition).name;
  const spawn = ledger.spawnOf(task);
  if (spawn === undefined) throw new RangeError(`There is no task ${task}`);
  return `${(graph.definitions[spawn.map] as Definition).name}[${task - spawn.first}]`;
}

export function taskRow(facts: Facts, task: number): TaskStatistics {
  const { plan, ledger, outputs } = facts;
  const { graph } = plan;
  const spawn = ledger.spawnOf(task);
  const planned = spawn?.map ?? task;
  const definition = graph.definitions[planned] as Definition;
  const name = taskName(graph, ledger, task);
  const attempts = attemptRows(facts, task, name, definition);
  const status = ledger.status[task] as number;
  let queuedMs = 0;
  let runMs = 0;
  for (const attempt of attempts) {
    queuedMs += attempt.queuedMs;
    runMs += attempt.durationMs;
  }
  const span =
    definition.kind === "map" && spawn === undefined
      ? mapSpan(ledger, task)
      : taskSpan(ledger, task);
  const row: TaskStatistics = {
    taskName: name,
    kind: spawn ? "item" : graph.tails.has(task) ? "tail" : definition.kind,
    stageId: spawn ? null : (plan.depth[task] as number),
    dependencies: spawn ? [] : edgeRows(graph, task),
    status: STATUSES[status] as TaskStatus,
    fingerprint: fingerprint(graph, planned, spawn && task - spawn.first),
    readyAt: instant(ledger.readyAt[task] as number),
    startAt: instant(span.start),
    endAt: instant(span.end),
    queuedMs: rounded(queuedMs),
    durationMs: Number.isNaN(span.end) ? 0 : between(span.start, span.end),
    runMs: rounded(runMs),
    retry: maxRetriesOf(definition),
    attemptCount: attempts.length,
    attemptStatistics: attempts,
  };
  if (spawn !== undefined) {
    row.parent = definition.name;
    row.index = task - spawn.first;
  }
  const releasedBy = ledger.releasedBy[task] as number;
  if (releasedBy !== -1) row.releasedBy = taskName(graph, ledger, releasedBy);
  if (status === RESTORED) row.restored = true;
  const reason = ledger.reasons.size === 0 ? undefined : ledger.reasons.get(task);
  if (reason !== undefined) row.reason = reasonRow(facts, reason);
  const blocked = ledger.blockedMs.size === 0 ? undefined : ledger.blockedMs.get(task);
  if (blocked !== undefined) row.blockedMs = rounded(blocked);
  const overrun = ledger.overrunMs.size === 0 ? undefined : ledger.overrunMs.get(task);
  if (overrun !== undefined) {
    row.ignoredSignal = true;
    row.overrunMs = rounded(overrun);
  }
  if (STATUSES[status] === "failed" || status === ABANDONED) {
    row.error = serializeError(ledger.errorOf(task));
  }
  if (definition.options?.tags !== undefined) row.tags = definition.options.tags;
  const attributes = ledger.attributes.size === 0 ? undefined : ledger.attributes.get(task);
  if (attributes !== undefined) row.attributes = { ...attributes };
  if (status === COMPLETED && outputs[task] !== undefined)
    row.output = describeOutput(outputs[task]);
  return row;
}

export function taskSpan(ledger: Ledger, task: number): { start: number; end: number } {
  const first = ledger.firstAttempt[task] as number;
  if (first === -1) return { start: Number.NaN, end: Number.NaN };
  return {
    start: ledger.startAt[first] as number,
    end: ledger.endAt[ledger.lastAttempt[task] as number] as number,
  };
}

/** A map has no attempts of its own: it goes from the first call of an item to the end of the last. */
export function mapSpan(ledger: Ledger, map: number): { start: number; end: number } {
  const spawn = ledger.spawns.find((one) => one.map === map);
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (let item = spawn?.first ?? 0; spawn && item < spawn.first + spawn.count; item++) {
    const span = taskSpan(ledger, item);
    if (span.start < start) start = span.start;
    if (span.end > end) end = span.end;
  }
  return start === Number.POSITIVE_INFINITY
    ? { start: Number.NaN, end: Number.NaN }
    : { start, end };
}

function attemptRows(
  facts: Facts,
  task: number,
  name: string,
  definition: Definition,
): AttemptStatistics[] {
  const { ledger } = facts;
  const rows: AttemptStatistics[] = [];
  const maxRetries = maxRetriesOf(definition);
  for (
    let attempt = ledger.firstAttempt[task] as number;
    attempt !== -1;
    attempt = ledger.attemptNext[attempt] as number
  ) {
    rows.push(attemptRow(facts, attempt, name, rows.length + 1, maxRetries));
  }
  return rows;
}

function attemptRow(
  { plan, ledger, resources }: Facts,
  attempt: number,
  name: string,
  attemptNumber: number,
  maxRetries: number,
): AttemptStatistics {
  const start = ledger.startAt[attempt] as number;
  const end = ledger.endAt[attempt] as number;
  const running = ledger.attemptStatus[attempt] === RUNNING;
  const row: AttemptStatistics = {
    taskName: name,
    attemptNumber,
    maxRetries,
    startAt: rounded(start),
    endAt: running ? null : rounded(end),
    durationMs: running ? 0 : between(start, end),
    queuedMs: between(ledger.queuedAt[attempt] as number, start),
    slot: ledger.slot[attempt] as number,
    status: STATUSES[ledger.attemptStatus[attempt] as number] as AttemptStatistics["status"],
    willRetry: false,
  };
  const limit = ledger.limitedBy[attempt] as number;
  if (limit !== 0) {
    row.limitedBy = limitName(limit, resources);
    const freedBy = ledger.freedBy[attempt] as number;
    if (freedBy !== -1) {
      row.slotFreedBy = taskName(plan.graph, ledger, ledger.attemptTask[freedBy] as number);
    }
  }
  if (ledger.errors.size > 0 && ledger.errors.has(attempt)) {
    row.error = serializeError(ledger.errors.get(attempt));
    row.errorMessage = row.error.message;
    const delay = ledger.retryDelay.get(attempt);
    if (delay !== undefined) {
      row.willRetry = true;
      row.delayMs = rounded(delay);
    }
  }
  const executor = ledger.executors.size === 0 ? undefined : ledger.executors.get(attempt);
  if (executor !== undefined) row.executor = executor;
  return row;
}

function limitName(limit: number, resources: readonly string[]): string {
  if (limit === BY_CONCURRENCY) return "concurrency";
  if (limit === BY_SEMAPHORE) return "semaphore";
  if (limit === BY_MAP) return "map";
  return resources[limit - BY_RESOURCE] as string;
}

function reasonRow(facts: Facts, reason: Reason): NonNullable<TaskStatistics["reason"]> {
  const { plan, ledger, reasons } = facts;
  const name = (task: number): string => taskName(plan.graph, ledger, task);
  switch (reason.kind) {
    case "dependency":
      return { kind: "dependency", task: name(reason.task), root: name(reason.root) };
    case "failure":
      return { kind: "failure", task: name(reason.task) };
    case "timeout":
      return { kind: "timeout", limitMs: reason.limitMs, scope: reason.scope };
    case "condition":
      return { kind: "condition", message: reason.message };
    case "not-started":
      return { kind: "not-started", message: reasons.textOf(reason.because) };
    default:
      return { kind: "aborted", message: reasons.textOf(reason) };
  }
}

/** The slots behind a task's edges, in their order. */
function edgeSlots({ slots }: Definition): Slot[] {
  return slots.filter((slot) => slot.task !== undefined);
}

function selectedKey({ select }: Slot): string | number | undefined {
  if (select === undefined || select.how === "function") return undefined;
  if (select.how === "locator") return select.at;
  return typeof select.key === "number" ? select.key : String(select.key);
}

function edgeRows(graph: Graph, task: number): TaskStatistics["dependencies"] {
  const { start, end, kind } = graph.dependencies;
  const first = start[task] as number;
  if (first === (start[task + 1] as number)) return [];
  return edgeSlots(graph.definitions[task] as Definition).map((slot, at) => {
    const edge = first + at;
    const row: TaskStatistics["dependencies"][number] = {
      task: (graph.definitions[end[edge] as number] as Definition).name,
      kind: EDGE_KINDS[kind[edge] as number] as (typeof EDGE_KINDS)[number],
    };
    const from = selectedKey(slot);
    if (from !== undefined) row.from = from;
    if (row.kind !== "after") row.to = slot.to;
    return row;
  });
}

/**
 * What must be the same for an earlier result to stand: name, kind, edges, selectors and version, as 64 bits in
 * hexadecimal (two FNV-1a hashes, http://www.isthe.com/chongo/tech/comp/fnv). Functions are covered by `version` only.
 */
export function fingerprint(graph: Graph, task: number, item?: number): string {
  const definition = graph.definitions[task] as Definition;
  const hash = new Hash();
  hash.add(definition.name);
  hash.add(item === undefined ? definition.kind : `item ${item}`);
  hash.add(definition.options?.version ?? "");
  const { start, end, kind } = graph.dependencies;
  let edge = start[task] as number;
  for (const slot of definition.slots) {
    hash.add(String(slot.to));
    if (slot.task !== undefined) {
      hash.add((graph.definitions[end[edge] as number] as Definition).name);
      hash.add(EDGE_KINDS[kind[edge] as number] as string);
      edge++;
    } else {
      hash.add(slot.kind);
      if (slot.param !== undefined) hash.add(slot.param.name);
    }
    if (slot.select !== undefined)
      hash.add(`${slot.select.how} ${String(selectedKey(slot) ?? "")}`);
  }
  return hash.hex();
}

class Hash {
  #a = 0x811c9dc5;
  #b = 0x811c9dc5 ^ 0x5bd1e995;

  /** Texts are kept apart by their length, so that "a", "bc" is not "ab", "c". */
  add(text: string): void {
    this.#mix(text.length);
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
  }

  #mix(unit: number): void {
    this.#a = Math.imul(this.#a ^ unit, 0x01000193);
    this.#b = Math.imul(this.#b ^ unit, 0x01000193) ^ (this.#b >>> 15);
  }

  hex(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }
}
