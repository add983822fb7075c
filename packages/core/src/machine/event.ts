/**
 * What goes into the run machine and what comes out. Events are facts with their instant; commands are orders to the
 * driver. Both only grow: a new promise of the engine adds a variant, it never changes one. Tasks are integers here.
 */

import type { Graph } from "../define/graph.ts";
import type { AbortCause, StopCause } from "./reason.ts";

interface Instant {
  /** Milliseconds since the run's anchor. */
  readonly at: number;
}
interface OfTask extends Instant {
  readonly task: number;
}

/** The run starts. Restored tasks, with their outputs, count as completed and are not called. */
export interface BeginEvent extends Instant {
  readonly type: "begin";
  readonly restored?: ReadonlyMap<number, unknown>;
  /** Things that nothing of this run reads: they are not started. */
  readonly unneeded?: readonly number[] | undefined;
}
/** The answer to `prepare`: the inputs are there, the condition was asked. Of a task that has its status: nothing is asked any more. */
export interface PreparedEvent extends OfTask {
  readonly type: "prepared";
  /** The condition said no, with this reason. */
  readonly skip?: string;
  /** The inputs could not be resolved. */
  readonly error?: unknown;
  /** With an error: other inputs are still being resolved. Another `prepared` follows when they have ended. */
  readonly unfinished?: true;
  /** For a map: how many items its list has, and the outputs of those that are restored, by index. */
  readonly items?: number;
  /** What each is called, when the map has `key`. */
  readonly keys?: readonly string[] | undefined;
  readonly restored?: ReadonlyMap<number, unknown>;
  /** Its result was in the cache. */
  readonly found?: true;
  /** Those of the restored items whose results were in the cache, by index. */
  readonly foundItems?: ReadonlySet<number>;
  /** Where amounts are computed: by resource, of a task one, of a map one for each item. */
  readonly amounts?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Items that cannot have what they ask for, by index, each with its error. */
  readonly refused?: ReadonlyMap<number, unknown> | undefined;
  /** For a loop: its first flow. */
  readonly inner?: InnerFlow;
}
/**
 * The answer to `iterate`: the loop is done, or its next flow, or neither when it may not go on. Of a task that has its
 * status: nothing is asked any more.
 */
export interface IteratedEvent extends OfTask {
  readonly type: "iterated";
  readonly done?: true;
  readonly inner?: InnerFlow;
  readonly error?: unknown;
  /** A promise was given: another `iterated` follows when that has settled. */
  readonly pending?: true;
}
/** The answer to `muster`. */
interface MusteredEvent extends Instant {
  readonly type: "mustered";
}
/** The function is called now, later than its `start` command by what the calls before it took. */
interface StartedEvent extends OfTask {
  readonly type: "started";
}
/** What may be known at the end of an attempt beside how it ended. */
export interface EndFacts {
  /** How long it went on after it was asked to stop, when it ignored that. */
  readonly overrunMs?: number | undefined;
  /** How long its call held the thread, when that was long. */
  readonly blockedMs?: number | undefined;
  readonly attributes?: Attributes | undefined;
  readonly log?: LogFacts | undefined;
}
/** A line of a task's log, and when it was said. */
export interface LogLine extends Instant {
  readonly message: string;
  readonly attributes?: Attributes;
}
/** The last lines of an attempt, and how many there were before them. */
export interface LogFacts {
  readonly lines: readonly LogLine[];
  readonly dropped: number;
}
export type Attributes = Readonly<Record<string, string | number | boolean>>;
/** The attempt ended well, or as it was asked to. The machine does not look at the value. */
export interface ReturnedEvent extends OfTask {
  readonly type: "returned";
  /** Its value is being stored: a `gathered` follows when it is. */
  readonly storing?: true;
  readonly value: unknown;
  /** `false`: it was asked to stop, and what it gave is not here. */
  readonly heard?: false;
  /** Present when the value is a flow: the task goes on with that inside of it. */
  readonly inner?: InnerFlow;
  readonly facts?: EndFacts | undefined;
}
/** A flow that comes up inside of a task. */
export interface InnerFlow {
  readonly graph: Graph;
  /** The outputs of its tasks that are restored, by index. */
  readonly restored?: ReadonlyMap<number, unknown> | undefined;
  /** Tasks with `release` whose readers are all restored, by index. */
  readonly unneeded?: readonly number[] | undefined;
  /** Of a loop: which of its flows it is, from 0. */
  readonly iteration?: number;
}
/** The attempt ended the task as skipped. */
interface SkippedEvent extends OfTask {
  readonly type: "skipped";
  readonly reason: string;
  readonly facts?: EndFacts | undefined;
}
/** The attempt ended with an error. */
export interface ThrewEvent extends OfTask {
  readonly type: "threw";
  readonly error: unknown;
  /** Present when another attempt is wanted: after so many milliseconds. */
  readonly retryMs?: number | undefined;
  readonly timedOut?: boolean;
  /** Present when the run stops with it, whatever the failure would mean otherwise. */
  readonly stops?: StopCause;
  readonly facts?: EndFacts | undefined;
}
/** The answer to `gather`: the result of a map is there, or it could not be kept. Also of a task that was `storing`. */
export interface GatheredEvent extends OfTask {
  readonly type: "gathered";
  /** A schema is being asked, or the journal stores it: another `gathered` follows. */
  readonly pending?: true;
  /** How long the journal took, where it took its time. When it failed then, the run was told before. */
  readonly journalMs?: number;
  readonly error?: unknown;
  /** Present when the run stops with it. */
  readonly stops?: StopCause;
}
/**
 * The answer to `fallback`, at once: its value, what it threw, or that it gave a promise. Then another one follows when
 * that has settled.
 */
export interface FellBackEvent extends OfTask {
  readonly type: "fellBack";
  readonly value?: unknown;
  readonly error?: unknown;
  readonly pending?: true;
}
/** The time limit of the running attempt has passed, or the deadline of the task. */
export interface ExpiredEvent extends OfTask {
  readonly type: "expired";
  readonly limitMs: number;
  readonly scope?: "task";
  /** For a task with a flow inside, which has no attempt that could end with it. */
  readonly error?: Error;
}
/** A back-off is over. */
interface ElapsedEvent extends OfTask {
  readonly type: "elapsed";
}
/** The grace period of an attempt that was asked to stop is over: nobody waits for it any more. */
interface AbandonEvent extends OfTask {
  readonly type: "abandon";
  readonly error: unknown;
  readonly overrunMs: number;
  readonly facts?: EndFacts | undefined;
}
/** The grace period of a preparation that nobody wants any more is over: nobody waits for it either. */
interface ForsakeEvent extends OfTask {
  readonly type: "forsake";
}
/** Where the running attempt is carried out, or how often it was handed to somebody. */
interface PlacedEvent extends OfTask {
  readonly type: "placed";
  readonly executor?: string;
  readonly deliveries?: number;
}
/** A thing's function gave a value that counts for nothing: it is being released, which `disposed` ends. */
interface UnheardEvent extends OfTask {
  readonly type: "unheard";
}
/** A value of a thing has been released, or nobody waits for that any more: the answer to `dispose`, or the end of `unheard`. */
export interface DisposedEvent extends OfTask {
  readonly type: "disposed";
  /** When its release was called. */
  readonly calledAt: number;
  /** Present when that failed, or was not waited for any longer. */
  readonly error?: unknown;
}
/** A thing has gone by itself. */
export interface LostEvent extends OfTask {
  readonly type: "lost";
  /** With which all fail that read it. */
  readonly error: Error;
}
/** What an attempt that goes on after the run has said until then. */
interface LoggedEvent extends OfTask {
  readonly type: "logged";
  readonly log: LogFacts;
}
interface StopEvent extends Instant {
  readonly type: "stop";
  readonly cause: StopCause;
}
/** One task is called off; the run goes on. */
interface CancelEvent extends OfTask {
  readonly type: "cancel";
  readonly reason: unknown;
}
/** What was claimed of that which several runs share was granted. */
interface PermitEvent extends Instant {
  readonly type: "permit";
  readonly claim: number;
  /** As they were asked for last before it was granted. */
  readonly units: readonly number[];
  /** The shared resource that it waited for, in the order of the settings. */
  readonly lacked?: number | undefined;
}
/** What was claimed can never be granted: a budget is exhausted. */
export interface DeniedEvent extends Instant {
  readonly type: "denied";
  readonly claim: number;
  /** As they were asked for last before it was denied. */
  readonly units: readonly number[];
  readonly error: unknown;
}

export type MachineEvent =
  | BeginEvent
  | PreparedEvent
  | IteratedEvent
  | MusteredEvent
  | StartedEvent
  | ReturnedEvent
  | SkippedEvent
  | ThrewEvent
  | GatheredEvent
  | FellBackEvent
  | ExpiredEvent
  | ElapsedEvent
  | AbandonEvent
  | ForsakeEvent
  | PlacedEvent
  | UnheardEvent
  | DisposedEvent
  | LostEvent
  | LoggedEvent
  | StopEvent
  | CancelEvent
  | PermitEvent
  | DeniedEvent;

/** What an event brings that is restored, of the rows that come up next, by index. */
export function restoredNext(event: MachineEvent): ReadonlyMap<number, unknown> | undefined {
  switch (event.type) {
    case "prepared":
      return event.inner?.restored ?? event.restored;
    case "returned":
    case "iterated":
      return event.inner?.restored;
    default:
      return undefined;
  }
}

export type Command =
  /** Resolve the inputs and ask the condition; answer with `prepared`. */
  | { readonly type: "prepare"; readonly task: number }
  /**
   * Answer with `mustered` when the commands before it are obeyed: what could be prepared at once has been, and competes
   * for capacity together.
   */
  | { readonly type: "muster" }
  /** The answer to `prepare` or `iterate` is not wanted any more, but its end is: within the grace period, or answer with `forsake`. */
  | { readonly type: "unprepare"; readonly task: number }
  /** Call the function; answer with `returned`, `skipped` or `threw`. */
  | { readonly type: "start"; readonly task: number; readonly attempt: number }
  /** Ask the running attempt to stop; again when there is a stronger cause. */
  | { readonly type: "abort"; readonly task: number; readonly cause: AbortCause }
  /**
   * Ask nobody to stop, but wait for what goes on of this task only within the grace period from now on: for its attempt,
   * with why it would be asked, or for its fallback.
   */
  | { readonly type: "press"; readonly task: number; readonly cause?: AbortCause }
  /** The task has failed for good: ask its fallback for a value; answer with `fellBack`. */
  | { readonly type: "fallback"; readonly task: number }
  /** Answer with `elapsed` after so many milliseconds. */
  | { readonly type: "delay"; readonly task: number; readonly ms: number }
  /** That answer is not wanted any more. */
  | { readonly type: "undelay"; readonly task: number }
  /** All items of a map have ended, or the flow inside of a task: put its result together; answer with `gathered`. */
  | {
      readonly type: "gather";
      readonly task: number;
      readonly first: number;
      readonly count: number;
    }
  /** A flow of a loop has ended, and given a value for each of its roots: which one comes next? Answer with `iterated`, at once. */
  | { readonly type: "iterate"; readonly task: number; readonly iteration: number }
  /** A map has failed: its error is to be told what those items gave that completed. */
  | {
      readonly type: "collect";
      readonly task: number;
      readonly first: number;
      readonly count: number;
    }
  /** Nobody will read this output again. */
  | { readonly type: "release"; readonly task: number }
  /** A thing is there, and somebody is to read it: answer with `lost` when it has gone by itself. */
  | { readonly type: "watch"; readonly task: number }
  /** The last reader of a thing has ended: release its value; answer with `disposed`. */
  | { readonly type: "dispose"; readonly task: number }
  /** Whoever releases something is asked to hurry, now and from now on. */
  | { readonly type: "hasten" }
  /**
   * Ask for these units of that which several runs share, in the order of the settings, and for a permit where every start
   * needs one: all or nothing; answer with `permit` or `denied`. Of a claim that waits: its amounts are now these.
   */
  | { readonly type: "acquire"; readonly claim: number; readonly units: readonly number[] }
  /** The claims of this run that wait, in the order in which they are to be served among each other. */
  | { readonly type: "arrange"; readonly claims: readonly number[] }
  /** A claim is not wanted any more. */
  | { readonly type: "withdraw"; readonly claim: number }
  /** Give back what a claim holds. `unused`: also what an attempt would have spent. */
  | { readonly type: "yield"; readonly claim: number; readonly unused?: true }
  /** The status of a task changed; only sent to a driver that asked for it. */
  | {
      readonly type: "status";
      readonly task: number;
      readonly from: number;
      readonly to: number;
      /** Whose settling caused it, or -1. */
      readonly cause: number;
    }
  /** An attempt ended; only sent to a driver that asked for statuses. */
  | { readonly type: "ended"; readonly attempt: number }
  /** A value of a thing was released, or a thing has gone; likewise. */
  | { readonly type: "released"; readonly task: number }
  | { readonly type: "gone"; readonly task: number }
  /** The items of a map are listed, or the tasks of a flow inside of another; likewise. */
  | { readonly type: "spawned"; readonly first: number; readonly count: number }
  /** Every task that the run waits for has its final status. */
  | { readonly type: "settle" }
  /** The last detached tail task has its final status. */
  | { readonly type: "close" };
