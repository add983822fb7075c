/**
 * A time limit that passed, as the error that says so: which limit, when that was noticed, and how far things were. Says
 * only what is known; starts and stops nothing.
 */
import { describe } from "../ground/describe.ts";
import { frameless, type Progress, TimeoutError } from "../ground/errors.ts";
import type { Ledger } from "../machine/ledger.ts";
import type { Reason } from "../machine/reason.ts";
import { rounded } from "./durations.ts";

/** By so much of the limit too late is worth a word: the thread was held. */
const LATE_PART = 0.1;

/** What is known of an attempt when its time is up. */
export interface AttemptScene {
  readonly limitMs: number;
  /** Its own limit, or the deadline of its task. */
  readonly scope: "attempt" | "task";
  readonly elapsedMs: number;
  /** It had ended by then, and could not be asked to stop: something held the thread. */
  readonly ended: boolean;
  /** What it had said last. */
  readonly progress: Progress | undefined;
  /** It had failed with this, and its retry policy was being asked. */
  readonly failure?: Error | undefined;
}

/** `Task "a" took longer than 5 ms (asked to stop after 7 ms; last progress: 40 %, "page 3")`, or `than its deadline of 5 ms`. */
export function attemptTimeout(task: string, scene: AttemptScene): TimeoutError {
  const { limitMs, scope, elapsedMs, ended, progress, failure } = scene;
  const known = lateness(limitMs, elapsedMs, ended ? "ended" : "asked to stop");
  if (progress !== undefined) known.push(`last progress: ${progressText(progress)}`);
  if (failure !== undefined) known.push("its retry policy had not answered");
  const limit = scope === "task" ? `its deadline of ${limitMs} ms` : `${limitMs} ms`;
  const message = `Task "${task}" took longer than ${limit}${inBrackets(known)}`;
  const facts = { elapsedMs: rounded(elapsedMs), progress };
  const options = failure === undefined ? facts : { ...facts, cause: failure };
  return frameless(new TimeoutError(message, limitMs, scope, options));
}

/** The same, when the function threw another error instead of stopping as it was asked to. */
export function withCause(timeout: TimeoutError, cause: unknown): TimeoutError {
  const { message, limitMs, scope, elapsedMs, progress } = timeout;
  return frameless(new TimeoutError(message, limitMs, scope, { elapsedMs, progress, cause }));
}

type RunTimeout = Extract<Reason, { kind: "timeout"; scope: "run" }>;

/** `The run took longer than 300 ms (running then: "a" (40 %, "page 3"), "b" and 2 more)`. */
export function runTimeout(reason: RunTimeout, nameOf: (task: number) => string): TimeoutError {
  const { limitMs, elapsedMs, running = 0, busy = [] } = reason;
  const known = elapsedMs === undefined ? [] : lateness(limitMs, elapsedMs, "stopped");
  if (busy.length > 0) {
    const names = busy.map(({ task, progress }) => {
      const far = progress === undefined ? "" : ` (${progressText(progress)})`;
      return `"${nameOf(task)}"${far}`;
    });
    const more = running > busy.length ? ` and ${running - busy.length} more` : "";
    known.push(`running then: ${names.join(", ")}${more}`);
  }
  const message = `The run took longer than ${limitMs} ms${inBrackets(known)}`;
  const facts = elapsedMs === undefined ? {} : { elapsedMs: rounded(elapsedMs) };
  return frameless(new TimeoutError(message, limitMs, "run", facts));
}

function lateness(limitMs: number, elapsedMs: number, what: string): string[] {
  const late = elapsedMs - limitMs >= Math.max(1, LATE_PART * limitMs);
  return late ? [`${what} after ${Math.round(elapsedMs)} ms`] : [];
}

function progressText({ fraction, message }: Progress): string {
  const said = message === undefined || message === "" ? "" : `, ${describe(message)}`;
  return `${Math.round(100 * fraction)} %${said}`;
}

function inBrackets(known: readonly string[]): string {
  return known.length === 0 ? "" : ` (${known.join("; ")})`;
}

/** Whether a failed task ran out of time: its last attempt did, or its deadline passed with no attempt under way. */
export function hasTimedOut({ timedOut, lastAttempt, taskErrors }: Ledger, task: number): boolean {
  return timedOut.has(lastAttempt[task] as number) || taskErrors.get(task) instanceof TimeoutError;
}
