/**
 * What can cross to another thread (as a structured clone) or process (as the core writes values down): which types can;
 * to a thread, which value cannot and where, and in what shape errors go; attributes and trace carriers. Knows no pool, no
 * queue and no message.
 */
export type {
  AnyFunction,
  ArgsOf,
  CannotCross,
  IfCrosses,
  Medium,
  TakesContext,
} from "./crossable.d.ts";

/** The first place in a value that cannot cross. */
export interface Obstacle {
  /** For example `input.items[3].onDone`. */
  readonly path: string;
  /** Reads after "is", for example `a function`. */
  readonly what: string;
}

/**
 * Finds the place that stops a value from being cloned, or of which a clone would keep nothing (a `URL`, an instance that
 * has methods or getters but no fields), for the error message; `undefined` when every part can cross. Made for after a
 * clone has failed, or would lose something, so it may be slow. What is `transferred` counts as fine and is not touched: a
 * trial clone would detach it. `root` is what the value is called in the path. Never throws.
 */
export declare function findCloneObstacle(
  value: unknown,
  root: string,
  transferred?: readonly unknown[],
): Obstacle | undefined;

/**
 * Whether a clone of the value would keep nothing of something in it, and say nothing of that: `findCloneObstacle` knows
 * what, and where. Looks at the first 5,000 values in it, the outer ones first. What is `transferred` counts as fine. Made
 * for every value that is about to be cloned, so it is quick. Never throws.
 */
export declare function losesInClone(value: unknown, transferred?: readonly unknown[]): boolean;

/**
 * That the value is a flow of the core, which would lose what it is on its way, or arrive as its bare fields; `undefined`
 * of any other value. Those that look for obstacles find one inside of others. Never throws.
 */
export declare function flowObstacle(value: unknown, path: string): Obstacle | undefined;

/** Node 20 sends a detached buffer of a transfer list without complaint, and the message is lost on the other side. */
export declare function isDetached(part: object): boolean;

/** An error in parts that can cross, each of its values carried as a `V`. */
export interface ErrorParts<V> {
  /** The built-in class it descends from, so that `instanceof TypeError` holds on the other side. */
  base: string;
  className: string;
  name: string;
  message: string;
  stack?: string;
  /** Its own fields, and what retries read (`code`, `retryable`, `retryAfterMs`, `retryAfter`) wherever it is. */
  fields: [name: string, value: V][];
  cause?: V;
  errors?: V[];
}

export interface TakeApartOptions<V> {
  /** What the error is called in the paths. Default: `thrown`. */
  readonly path?: string;
  /** Handed the parts before the first value is carried: an error may contain itself. */
  readonly begun?: (parts: ErrorParts<V>) => void;
}

/** Takes an error apart. Throws only what `carry` throws, whatever the getters of the error do. */
export declare function takeApart<V>(
  error: Error,
  carry: (value: unknown, path: string) => V,
  options?: TakeApartOptions<V>,
): ErrorParts<V>;

/** The error again, with a class of the same name. `begun` is handed it before the first value is opened. */
export declare function putTogether<V>(
  parts: ErrorParts<V>,
  open: (value: V) => unknown,
  begun?: (error: Error) => void,
): Error;

/**
 * What a function and its clean-ups threw, as one: the only one as it is, of several an `AggregateError`. Whether and when
 * there is another attempt is for the first to say, as the core has it in its own thread. Never throws.
 */
export declare function joined(errors: readonly unknown[]): unknown;

/** True for errors of any realm; never throws. */
export declare function isError(value: unknown): value is Error;

export type Attribute = string | number | boolean;

/**
 * The attributes of a task as they cross: a value that is none is described, in the words that the core's report has for
 * it. Never throws.
 */
export declare function attributeEntries(
  attributes: ReadonlyMap<unknown, unknown>,
): [name: string, value: Attribute][];

/** What observers put into a carrier, without what is no text: a faulty observer must not cost the attempt. */
export declare function carrierTexts(carrier: object): Record<string, string>;

/** Makes what a carrier holds ambient: a `RemoteActivator` of the core, as far as it is called here. */
export interface Activator {
  activate(
    carrier: Readonly<Record<string, string>>,
    info: { readonly task: string; readonly attempt: number },
    proceed: () => void,
  ): void;
  flush?(signal: AbortSignal): unknown;
}

export interface Activated<A extends Activator> {
  /** The first is outermost. */
  readonly activators: readonly A[];
  readonly carrier: Readonly<Record<string, string>>;
  readonly info: { readonly task: string; readonly attempt: number };
  /** Told of an activator that threw. Must not throw. */
  onFault(activator: A, error: unknown): void;
}

/** Runs `run` once, within all of them, and gives what it gives. Throws only what it throws. */
export declare function runActivated<A extends Activator, T>(
  setting: Activated<A>,
  run: () => T,
): T;

/** Has them hand on what they have buffered, before the thread or process ends. A hanging one is not waited for. */
export declare function flushActivators<A extends Activator>(
  activators: readonly A[],
  timeoutMs: number,
  onFault: Activated<A>["onFault"],
): Promise<void>;

/**
 * The error for an attempt that skipped itself elsewhere: what `skip` of the context of whoever asked throws, so that it
 * knows it again; of a call by hand, which has none, the same error made here.
 */
export declare function skippedBy(
  asked: { readonly taskName: string; readonly skip?: ((reason: string) => never) | undefined },
  reason: string,
): unknown;

/** A line of a task's log as it crosses: the core's `RemoteLogLine`. */
export interface RemoteLogLine {
  readonly message: string;
  readonly attributes?: Readonly<Record<string, Attribute>> | undefined;
  readonly agoMs: number;
}

/** `context.log()` of one attempt elsewhere: what has not been sent yet, at most 100 lines. */
export declare class LogLines {
  /** `maxChars`: how much of it is sent at once, as JSON. Default: all. */
  constructor(maxChars?: number);
  /** A line that was said here, whatever it is. Never throws. */
  add(message: unknown, attributes?: unknown): void;
  /** Lines that were said further away. */
  take(lines: readonly RemoteLogLine[], leftOut: number): void;
  /** What is to be sent, the last lines of it, and how many were left out; nothing when there is nothing. */
  send(): { readonly lines: RemoteLogLine[]; readonly leftOut: number } | undefined;
}

/** `context.skip()` of one attempt elsewhere. */
export declare class Skipping {
  constructor(task: string);
  /** Why it is skipped, once it is. */
  get reason(): string | undefined;
  /** Throws what the core throws, always the same error; a `TypeError` without a reason; an error once the function has ended. */
  skip(reason: string): never;
  /** The function has ended: from now on nothing skips. */
  end(): void;
  /** Whether what the function threw is the skip, or has it as a cause. Never throws. */
  isEndedBy(error: unknown): boolean;
}

/** A short, bounded description, in the words of the core's reports. Never throws. */
export declare function describe(value: unknown): string;

/** What a thrown value says: its message, or a description. Never throws. */
export declare function messageOf(thrown: unknown): string;

/** The value as a string; a description of one that cannot be made a string. Never throws. */
export declare function text(value: unknown): string;
