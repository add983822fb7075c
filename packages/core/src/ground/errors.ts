/**
 * Every error class of the engine, on one page. Each has a stable `code`, carries its facts as fields, and its message
 * says who, what and the way out. Errors thrown by tasks are never replaced: they are kept as they are, on outcomes.
 * No stack of these classes has frames of the engine: what is thrown at a caller shows the caller's, the others none.
 */
import { describe } from "./describe.ts";
import { INSPECT, printedError } from "./printed-error.ts";
import { readableStack } from "./readable-stack.ts";

/** One thing that is wrong with a definition, a graph or an option. */
export interface Issue {
  /** Stable and kebab-case: `unknown-dependency`, `cycle`, `invalid-option`, … */
  readonly code: string;
  readonly message: string;
  /** Where: `["tasks", "load", "retry"]`. */
  readonly path: readonly string[];
  /** The name that was probably meant. */
  readonly suggestion?: string;
}

function listed(title: string, issues: readonly Issue[]): string {
  if (issues.length === 1) return (issues[0] as Issue).message;
  const shown = issues.slice(0, 50).map((issue) => `  - ${issue.message}`);
  if (issues.length > shown.length) shown.push(`  - … and ${issues.length - shown.length} more`);
  return `${title}\n${shown.join("\n")}`;
}

/** A definition or an option that can never work, thrown where it is written; `issues` lists every offence. */
export class DefinitionError extends TypeError {
  override readonly name: string = "DefinitionError";
  readonly code = "ASTRUM_DEFINITION";
  readonly issues: readonly Issue[];
  constructor(issues: readonly Issue[]) {
    super(listed(`${issues.length} invalid values:`, issues));
    this.issues = issues;
    showCaller(this);
  }
}

/** A graph that cannot run; `issues` lists every problem at once. Nothing has run when it is thrown. */
export class PlanError extends Error {
  override readonly name: string = "PlanError";
  readonly code = "ASTRUM_PLAN";
  readonly issues: readonly Issue[];
  constructor(issues: readonly Issue[]) {
    super(listed(`The graph cannot be planned, ${issues.length} problems:`, issues));
    this.issues = issues;
    showCaller(this);
  }
}

/** Thrown by `report.unwrap()`; `errors` holds the original error of every failure, the first failure first. */
export class RunError extends AggregateError {
  override readonly name: string = "RunError";
  readonly code = "ASTRUM_RUN";
  constructor(errors: Iterable<unknown>, message?: string, options?: ErrorOptions) {
    super(errors, message, options);
    showCaller(this);
  }
}

/** Printed without frames of ours, in the errors that it holds too. */
Object.defineProperty(RunError.prototype, INSPECT, {
  value(this: RunError, _depth: number, options: object, inspect?: unknown): unknown {
    const copy = printedError(this);
    return typeof inspect === "function" ? inspect(copy, options) : copy;
  },
});

/** What is known of a time limit that passed. */
export interface TimeoutFacts {
  /** When the attempt or the run was asked to stop, in milliseconds since its start, or that of the task's first attempt: late when the thread was held. */
  readonly elapsedMs?: number | undefined;
  /** What the attempt had said last with `context.progress()`. */
  readonly progress?: Progress | undefined;
}

/** How far a task says it is. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly message?: string | undefined;
}

/**
 * The reason of a signal, and the error of an attempt, whose time limit passed: `Task "a" took longer than 5 ms (asked to
 * stop after 7 ms; last progress: 40 %, "page 3")`.
 */
export class TimeoutError extends Error {
  override readonly name: string = "TimeoutError";
  readonly code = "ASTRUM_TIMEOUT";
  /** Milliseconds. */
  readonly limitMs: number;
  /** Of an attempt its `timeoutMs`, of all attempts of a task its `deadlineMs`, of the run its `timeoutMs`, of a release the run's `graceMs`. */
  readonly scope: "attempt" | "task" | "run" | "release";
  declare readonly elapsedMs?: number | undefined;
  declare readonly progress?: Progress | undefined;
  constructor(
    message: string,
    limitMs: number,
    scope: "attempt" | "task" | "run" | "release",
    options?: ErrorOptions & TimeoutFacts,
  ) {
    super(message, options);
    this.limitMs = limitMs;
    this.scope = scope;
    if (options?.elapsedMs !== undefined) this.elapsedMs = options.elapsedMs;
    if (options?.progress !== undefined) this.progress = options.progress;
  }
}

/**
 * The reason of the signals of running tasks when another task's failure stopped the run, or the flow inside of a task,
 * of which both are part; `cause` is that failure.
 */
export class RunStoppedError extends Error {
  override readonly name: string = "RunStoppedError";
  readonly code = "ASTRUM_STOPPED";
  /** The task that failed. */
  readonly task: string;
  constructor(task: string, cause: unknown, inside?: string) {
    const what = inside === undefined ? "The run" : `Task "${inside}"`;
    super(`${what} was stopped because task "${task}" failed`, { cause });
    this.task = task;
  }
}

/** The reason when the caller aborted the run; `cause` is the caller's reason. */
export class RunAbortedError extends Error {
  override readonly name: string = "RunAbortedError";
  readonly code = "ASTRUM_ABORTED";
}

/** The reason when the caller cancelled one task; `cause` is the caller's reason. */
export class TaskCancelledError extends Error {
  override readonly name: string = "TaskCancelledError";
  readonly code = "ASTRUM_CANCELLED";
  readonly task: string;
  constructor(task: string, cause: unknown) {
    super(`Task "${task}" was cancelled`, cause === undefined ? undefined : { cause });
    this.task = task;
  }
}

/** What `context.skip()` throws, to end the function that called it. A function that catches it does not undo the skip. */
export class TaskSkippedError extends Error {
  override readonly name: string = "TaskSkippedError";
  readonly code = "ASTRUM_SKIPPED";
  readonly task: string;
  /** As the task gave it. */
  readonly reason: string;
  constructor(task: string, reason: string) {
    super(`Task "${task}" was skipped: ${reason}`);
    this.task = task;
    this.reason = reason;
  }
}

/**
 * What a task gave has gone by itself while others needed it: the reason of their signals, and the error with which they
 * fail, also before they began. `cause` is why, where its `lost` said so; `errors` what an attempt threw that did not stop
 * as it was asked to.
 */
export class LostError extends Error {
  override readonly name: string = "LostError";
  readonly code = "ASTRUM_LOST";
  readonly retryable = false;
  /** The task whose value it was. */
  readonly task: string;
  declare readonly errors?: readonly unknown[];
  constructor(task: string, options?: ErrorOptions & { readonly errors?: readonly unknown[] }) {
    super(`"${task}" has gone`, options);
    this.task = task;
    if (options?.errors !== undefined) this.errors = options.errors;
  }
}

/** Throw it from a task to say that another attempt cannot help: it is never retried. */
export class NonRetryableError extends Error {
  override readonly name: string = "NonRetryableError";
  readonly code = "ASTRUM_NON_RETRYABLE";
  readonly retryable = false;
}

/**
 * What a task asks for can never be there: the budget (a `RateLimit` without refill) has fewer units left, and no task that
 * runs can give any back. It is no failure of an attempt, and is not retried.
 */
export class BudgetExhaustedError extends Error {
  override readonly name: string = "BudgetExhaustedError";
  readonly code = "ASTRUM_BUDGET_EXHAUSTED";
  readonly retryable = false;
  /** The name that the run has for the budget. */
  readonly resource: string;
  /** Units that were asked for, and that are left. */
  readonly needed: number;
  readonly left: number;
  constructor(resource: string, needed: number, left: number) {
    super(
      `The budget "${resource}" is exhausted: ${counted(needed)} needed, ${counted(left)} left, and no running task can give any back`,
    );
    this.resource = resource;
    this.needed = needed;
    this.left = left;
  }
}

function counted(units: number): string {
  return `${Math.round(units * 1e6) / 1e6} ${units === 1 ? "is" : "are"}`;
}

/** An input that could not be taken from what a dependency returned. It fails the consumer, once. */
export class InputError extends Error {
  override readonly name: string = "InputError";
  readonly code = "ASTRUM_INPUT";
  readonly retryable = false;
  /** The consumer. */
  readonly task: string;
  constructor(task: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.task = task;
  }
}

/** A value that its schema refused; `issues` is what the schema said. */
export class SchemaError extends Error {
  override readonly name: string = "SchemaError";
  readonly code = "ASTRUM_SCHEMA";
  readonly task: string;
  readonly issues: readonly { readonly message: string; readonly path: readonly string[] }[];
  constructor(task: string, subject: string, issues: SchemaError["issues"]) {
    super(`Task "${task}": ${subject} does not match its schema: ${complaints(issues)}`);
    this.task = task;
    this.issues = issues;
  }
}

/** What a schema said, in one line. */
export function complaints(issues: SchemaError["issues"]): string {
  const said = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  return said.join("; ");
}

/** The journal threw, so what was completed may not have been stored; the run is failed. */
export class JournalError extends Error {
  override readonly name: string = "JournalError";
  readonly code = "ASTRUM_JOURNAL";
}

/** The clock that the run was given failed while the run went on, which stopped it. */
export class ClockError extends Error {
  override readonly name: string = "ClockError";
  readonly code = "ASTRUM_CLOCK";
}

/** A task threw, or a signal was aborted with, something that is no `Error`; `cause` is that value. */
export class NonErrorThrown extends Error {
  override readonly name: string = "NonErrorThrown";
  readonly code = "ASTRUM_NON_ERROR";
}

/** True for errors of this realm and of others, `DOMException` included. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
  } catch {
    return false; // A proxy that refuses to be looked at.
  }
}

/** The value itself when it is an error; else an error that has it as its cause. */
export function asError(value: unknown, subject: string): Error {
  if (isError(value)) return value;
  return frameless(new NonErrorThrown(`${subject} ${describe(value)}`, { cause: value }));
}

/** For an error that the engine makes and hands to tasks and reports: where it was made tells nobody anything. */
export function frameless<E extends Error>(error: E): E {
  return withStack(error, []);
}

/** For an error that is thrown at the caller: the frames that are left begin where the engine was called. */
function showCaller(error: Error): void {
  withStack(error, readableStack(error).frames);
}

function withStack<E extends Error>(error: E, frames: readonly string[]): E {
  const title = error.message === "" ? error.name : `${error.name}: ${error.message}`;
  const value = [title, ...frames].join("\n");
  return Object.defineProperty(error, "stack", { value, configurable: true, writable: true });
}
