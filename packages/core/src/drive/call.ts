/**
 * One call of a task, as the driver and the task's function see it: the context. Its signal is made when it is first
 * read, because most tasks never do. Knows nothing of other attempts and decides nothing.
 */

import { PLACEMENT, type Placement, type RemoteLogLine } from "../contract/runner.ts";
import type { JournalEntry } from "../define/journal-entry.ts";
import type { TaskContext } from "../define/task-context.ts";
import { causesOf } from "../ground/causes.ts";
import { describe } from "../ground/describe.ts";
import { frameless, type Progress, TaskSkippedError } from "../ground/errors.ts";
import { spreadable } from "../ground/spreadable.ts";
import type { Attributes, EndFacts, LogFacts, LogLine } from "../machine/event.ts";
import { AttemptLog, logLine } from "./attempt-log.ts";
import { newController } from "./surroundings.ts";

/** What an attempt may ask of the run it belongs to. */
export interface CallHost {
  readonly runId: string;
  nameOf(task: number): string;
  /** It said how far it is, as a part from 0 to 1. */
  progress(call: Call, fraction: number, message: string | undefined): void;
  /** It said something. */
  logged(call: Call, line: LogLine): void;
  now(): number;
  /** Until it is asked to stop by a limit that is known. */
  remainingMs(call: Call): number;
  /** What its journal will be told. */
  journalEntry(call: Call, value: unknown): JournalEntry;
  placement(call: Call): Placement;
  /** It said how much it has spent of a rate limit. Throws when the run has no such rate limit. */
  spent(call: Call, resource: string, amount: number): void;
}

/** A time limit, and the instant at which it passes. */
interface Limit {
  readonly at: number;
  readonly limitMs: number;
}

/** Of what it said last of its progress, more is not kept. */
const MAX_SAID = 500;

export class Call implements TaskContext {
  readonly #host: CallHost;
  /** The task's index in the run, and the attempt's in the ledger. */
  readonly task: number;
  readonly id: number;
  readonly attempt: number;
  /** Its function has given or thrown something; what it deferred may still run. */
  returned = false;
  /** Its function and its cleanups have ended. */
  ended = false;
  /** Nobody waits for it any more: what it still does is not heard. */
  over = false;
  /** When its own time limit passes, and when the deadline of its task. */
  limit: Limit | undefined;
  due: Limit | undefined;
  /** The timer of its time limit has fired. */
  timedOut = false;
  /** Whether it ended only after one of them, before it could be asked to stop. */
  late = false;
  /** The machine has said that it must stop: from then on its grace period runs. */
  told = false;
  /** When it was asked to stop. */
  askedAt: number | undefined;
  #reason: unknown;
  #controller: AbortController | undefined;
  /** What `skip` threw, once it has been called. */
  skipped: TaskSkippedError | undefined;
  cleanups: ((signal: AbortSignal) => unknown)[] | undefined;
  /** What the function of a thing gave, until that is heard or released. */
  gave: { readonly value: unknown } | undefined;
  /** Lets go of that when nobody waits for the attempt any more. */
  givenUp: (() => void) | undefined;
  /** Told when nobody waits for the attempt any more, before anybody hears of its end. */
  left: (() => void) | undefined;
  /** With what it has failed, while its retry policy is asked. */
  failure: Error | undefined;
  /** What it said last of how far it is. */
  said: Progress | undefined;
  /** Calls off its time limit, and the grace period once that runs. */
  disarm: (() => void) | undefined;
  letGo: (() => void) | undefined;
  blockedMs: number | undefined;
  #attributes: Map<string, string | number | boolean> | undefined;
  #log: AttemptLog | undefined;

  constructor(host: CallHost, task: number, id: number, attempt: number) {
    this.#host = host;
    this.task = task;
    this.id = id;
    this.attempt = attempt;
  }

  get taskName(): string {
    return this.#host.nameOf(this.task);
  }

  get runId(): string {
    return this.#host.runId;
  }

  get attributes(): Map<string, string | number | boolean> {
    this.#attributes ??= new Map();
    return this.#attributes;
  }

  /** What is known at its end, when that is anything. */
  facts(overrunMs?: number): EndFacts | undefined {
    const { blockedMs } = this;
    const attributes = this.#attributes && recorded(this.#attributes);
    const log = this.logSoFar;
    const known = blockedMs !== undefined || attributes !== undefined || log !== undefined;
    if (overrunMs === undefined && !known) return undefined;
    return { overrunMs, blockedMs, attributes, log };
  }

  get logSoFar(): LogFacts | undefined {
    return this.#log?.facts;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = newController();
      if (this.asked) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  progress(fraction: number, message?: string): void {
    if (this.over || this.ended || !Number.isFinite(fraction)) return;
    const text = message === undefined || typeof message === "string" ? message : describe(message);
    const between = Math.min(1, Math.max(0, fraction));
    this.said = { fraction: between, message: text?.slice(0, MAX_SAID) };
    this.#host.progress(this, between, text);
  }

  spent(resource: string, amount: number): void {
    if (typeof amount !== "number" || !(amount >= 0 && amount < Number.POSITIVE_INFINITY)) {
      const got = describe(amount);
      throw new TypeError(`context.spent() needs a finite amount from 0 up, got ${got}`);
    }
    if (!this.over && !this.ended) this.#host.spent(this, resource, amount);
  }

  log(message: string, attributes?: Readonly<Record<string, string | number | boolean>>): void {
    this.#say(logLine(this.#host.now(), message, attributes));
  }

  /** The same of lines that were said where it runs, some milliseconds ago; so many more were left out. */
  logged(lines: readonly RemoteLogLine[], leftOut: number): void {
    for (const { message, attributes, agoMs } of lines) {
      const ago = Number.isFinite(agoMs) && agoMs > 0 ? agoMs : 0;
      this.#say(logLine(Math.max(0, this.#host.now() - ago), message, attributes));
    }
    if (this.over || this.ended) return;
    this.#log ??= new AttemptLog();
    this.#log.leaveOut(leftOut);
  }

  #say(line: LogLine): void {
    if (this.over || this.ended) return;
    this.#log ??= new AttemptLog();
    this.#log.add(line);
    this.#host.logged(this, line);
  }

  remainingMs(): number {
    return this.#host.remainingMs(this);
  }

  journalEntry(value: unknown): JournalEntry {
    return this.#host.journalEntry(this, value);
  }

  defer(cleanup: (signal: AbortSignal) => unknown): void {
    if (typeof cleanup !== "function") {
      throw new TypeError(`context.defer() needs a function, got ${describe(cleanup)}`);
    }
    if (this.over || this.ended) {
      throw new Error(`Task "${this.taskName}" has ended: what it defers now would never run`);
    }
    this.cleanups ??= [];
    this.cleanups.push(cleanup);
  }

  skip(reason: string): never {
    if (typeof reason !== "string" || reason === "") {
      throw new TypeError(`context.skip() needs a reason, a text, got ${describe(reason)}`);
    }
    if (this.over || this.returned) {
      throw new Error(`Task "${this.taskName}" has ended: it cannot be skipped any more`);
    }
    this.skipped ??= frameless(new TaskSkippedError(this.taskName, reason));
    throw this.skipped;
  }

  /** Whether it ends as skipped, with this error or none: any other is a failure of its own. */
  isSkippedWith(error: unknown): boolean {
    return this.skipped !== undefined && causesOf(error).includes(this.skipped);
  }

  get placement(): Placement {
    return this.#host.placement(this);
  }

  get asked(): boolean {
    return this.askedAt !== undefined;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Asks the function to stop, once. Listeners that throw are the runtime's affair, as with any signal. */
  ask(reason: Error, at: number): void {
    if (this.asked) return;
    this.askedAt = at;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** Whether an error is the function's way to say that it did stop. */
  isObedience(error: unknown): boolean {
    if (!this.asked) return false;
    if (error === this.#reason) return true;
    try {
      const { name, cause } = (error ?? {}) as { name?: unknown; cause?: unknown };
      return name === "AbortError" || cause === this.#reason;
    } catch {
      return false; // It does not even let itself be read.
    }
  }
}

/** What a function sees of its call when it spreads its context or takes it apart. */
const SHOWN = {
  taskName: true,
  runId: true,
  attempt: true,
  signal: true,
  attributes: true,
  progress: true,
  defer: true,
  skip: true,
  spent: true,
  log: true,
  remainingMs: true,
  journalEntry: true,
} satisfies Record<keyof TaskContext, true>;

/** A call as its function is handed it. A copy of it belongs to the same attempt, so that it has its placement, too. */
export const contextOf: (call: Call) => TaskContext = spreadable<Call>([
  ...(Object.keys(SHOWN) as (keyof typeof SHOWN)[]),
  PLACEMENT,
]);

/** By a symbol, since it is for adapters and no part of what a task's function is offered. */
Object.defineProperty(Call.prototype, PLACEMENT, {
  get(this: Call): Placement {
    return this.placement;
  },
});

const { forEach } = Map.prototype;

/** Attributes are for reports and traces: what JSON cannot hold is described, keys that are no strings too. */
function recorded(attributes: ReadonlyMap<unknown, unknown>): Attributes | undefined {
  const entries: [string, string | number | boolean][] = [];
  // Whatever the function has put on the map itself.
  forEach.call(attributes, (value: unknown, key: unknown) => {
    const holds = typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
    const name = typeof key === "string" ? key : describe(key);
    entries.push([name, holds ? (value as string | number | boolean) : describe(value)]);
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
