/**
 * Observers: who is told how a run goes. They are told synchronously, in scopes that nest as run, task and attempt do,
 * and can make a context ambient around the task's function; they never see, delay or change a result. Nothing that an
 * observer does reaches the run: its faults are collected, each once.
 */
import { Issues } from "../ground/check.ts";
import { type SerializedError, serializeError } from "../ground/encode.ts";
import { DefinitionError, messageOf } from "../ground/errors.ts";

/** Frozen; the same object for every event of one run. */
export interface RunInfo {
  readonly runId: string;
  readonly flow: string;
  readonly taskCount: number;
  readonly stageCount: number;
  readonly maxParallelism: number;
  readonly concurrency: number | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** Frozen; the same object for every event of one task of one run. */
export interface TaskInfo {
  readonly run: RunInfo;
  /** Declared name: few values by contract. */
  readonly name: string;
  /** Unique in the run; differs from `name` for mapped items only. */
  readonly key: string;
  /** A map has no attempts of its own, its items have; nobody waits for a tail. */
  readonly kind: "task" | "map" | "item" | "tail";
  readonly stage: number | null;
  /** Keys: an event never drags its ancestry along. */
  readonly dependencies: readonly string[];
  readonly parent: string | undefined;
  readonly maxAttempts: number;
  readonly tags: readonly string[];
}

export interface AttemptInfo {
  readonly task: TaskInfo;
  /** From 1. */
  readonly number: number;
  /** "main" unless a runner says otherwise; at the attempt's end it is where it ran. */
  readonly executor: string;
}

export type LiveStatus = "waiting" | "ready" | "running" | "delayed";
export type FinalStatus =
  | "completed"
  | "failed"
  | "cancelled"
  | "skipped"
  | "restored"
  | "detached"
  | "abandoned";

export type TaskOutcome =
  | { readonly status: "completed" | "restored" }
  | { readonly status: "failed"; readonly error: unknown; readonly timedOut: boolean }
  | { readonly status: "cancelled" | "abandoned"; readonly reason: unknown }
  | { readonly status: "skipped"; readonly reason: string; readonly cause: string | undefined }
  | { readonly status: "detached" };

interface Timed {
  /** Epoch milliseconds from the run's monotonic clock. */
  readonly at: number;
}
export interface RunStartEvent extends Timed {
  readonly run: RunInfo;
}
export interface StatusEvent extends Timed {
  readonly task: TaskInfo;
  readonly from: LiveStatus | undefined;
  readonly to: LiveStatus | FinalStatus;
  /** Milliseconds spent in `from`. */
  readonly elapsedMs: number;
  /** Whose settling caused it. */
  readonly cause: string | undefined;
}
export interface TaskStartEvent extends Timed {
  readonly task: TaskInfo;
  readonly cause: string | undefined;
}
export interface TaskEndEvent extends Timed {
  readonly task: TaskInfo;
  readonly outcome: TaskOutcome;
  readonly attempts: number;
  readonly queuedMs: number;
  readonly durationMs: number;
}
export interface AttemptStartEvent extends Timed {
  readonly attempt: AttemptInfo;
  readonly waitedMs: number;
}
export interface AttemptEndEvent extends Timed {
  readonly attempt: AttemptInfo;
  readonly outcome: TaskOutcome;
  readonly durationMs: number;
  readonly willRetry: boolean;
  readonly delayMs: number | undefined;
}
export interface ProgressEvent extends Timed {
  readonly attempt: AttemptInfo;
  readonly fraction: number;
  readonly message: string | undefined;
}
export interface RunEndEvent extends Timed {
  readonly run: RunInfo;
  readonly executionState: "completed" | "failed" | "cancelled";
  readonly durationMs: number;
  readonly counts: Readonly<Record<FinalStatus, number>>;
  readonly firstFailure: { readonly task: string; readonly error: unknown } | undefined;
  /** The run's own time limit is what stopped it. */
  readonly timedOut: boolean;
  /** How often each observer went wrong until now; without those that did not. */
  readonly observerFaults: readonly { readonly observer: string; readonly count: number }[];
}

/** Runs the next `around`, finally the task function. Synchronous, idempotent, returns nothing. */
export type Proceed = () => void;

export interface Observer {
  readonly name: string;
  /** Called in the async context of the caller of `run()`. */
  run?(event: RunStartEvent): RunScope | void;
  /** Hands on what is buffered. Never awaited by a run; see `flushObservers`. */
  flush?(signal: AbortSignal): void | Promise<void>;
}
export interface RunScope {
  /** Around every task function of the run, outside the attempt's own. */
  around?(proceed: Proceed): void;
  status?(event: StatusEvent): void;
  /** Dependencies are met; never called for skipped and restored tasks. */
  task?(event: TaskStartEvent): TaskScope | void;
  end?(event: RunEndEvent): void;
}
export interface TaskScope {
  attempt?(event: AttemptStartEvent): AttemptScope | void;
  end?(event: TaskEndEvent): void;
}
export interface AttemptScope {
  around?(proceed: Proceed): void;
  progress?(event: ProgressEvent): void;
  /** The attempt leaves this thread or process. */
  inject?(carrier: Record<string, string>): void;
  end?(event: AttemptEndEvent): void;
}

/** The far side of `inject`, registered in the entry module of a worker. */
export interface RemoteActivator {
  readonly name: string;
  activate(
    carrier: Readonly<Record<string, string>>,
    info: { readonly task: string; readonly attempt: number },
    proceed: Proceed,
  ): void;
  flush?(signal: AbortSignal): void | Promise<void>;
}

export type RunEvent =
  | ({ readonly type: "run.start" } & RunStartEvent)
  | ({ readonly type: "task.status" } & StatusEvent)
  | ({ readonly type: "attempt.start" } & AttemptStartEvent)
  | ({ readonly type: "attempt.progress" } & ProgressEvent)
  | ({ readonly type: "attempt.end" } & AttemptEndEvent)
  | ({ readonly type: "task.end" } & TaskEndEvent)
  | ({ readonly type: "run.end" } & RunEndEvent);

/** One callback, one discriminated union in order: loggers, progress displays, event logs. */
export function fromEvents(name: string, on: (event: RunEvent) => void): Observer {
  // Every event names its task and attempt, so the scopes know nothing: one of each kind serves them all.
  const attempt: AttemptScope = {
    progress: (event) => on({ type: "attempt.progress", ...event }),
    end: (event) => on({ type: "attempt.end", ...event }),
  };
  const task: TaskScope = {
    attempt(event) {
      on({ type: "attempt.start", ...event });
      return attempt;
    },
    end: (event) => on({ type: "task.end", ...event }),
  };
  const run: RunScope = {
    status: (event) => on({ type: "task.status", ...event }),
    task: () => task,
    end: (event) => on({ type: "run.end", ...event }),
  };
  return {
    name,
    run(start) {
      on({ type: "run.start", ...start });
      return run;
    },
  };
}

/** Faults that are kept; an observer that fails at every event of a huge run must not fill the report. */
const MAX_FAULTS = 100;

/** What went wrong in observers, each fault once. */
export class Faults {
  readonly list: SerializedError[] = [];
  readonly #seen: Set<string> = new Set();
  /** By observer, repeats included. */
  readonly counts: Map<string, number> = new Map();

  add(observer: string, hook: string, what: string, error?: unknown): void {
    this.counts.set(observer, (this.counts.get(observer) ?? 0) + 1);
    const message = `Observer "${observer}" ${what} in ${hook}${error === undefined ? "" : `: ${messageOf(error)}`}`;
    if (this.#seen.has(message) || this.list.length >= MAX_FAULTS) return;
    this.#seen.add(message);
    const fault: SerializedError = { name: "ObserverError", message };
    if (error !== undefined) fault.cause = serializeError(error);
    this.list.push(fault);
  }
}

/** The scopes that observers opened for one thing: one place an observer, in the order of registration. */
export type Scopes<S> = readonly (S | undefined)[];

/** Calls hooks, and lets nothing that they do come through. */
export class Hooks {
  readonly #names: readonly string[];
  readonly #faults: Faults;

  constructor(observers: readonly Observer[], faults: Faults) {
    this.#names = observers.map(({ name }) => name);
    this.#faults = faults;
  }

  /** Calls a start hook of each parent, in order, and collects the scopes that they open. */
  open<P extends object, S extends object>(
    parents: Scopes<P>,
    hook: string,
    call: (parent: P) => S | void,
  ): Scopes<S> {
    return parents.map((parent, at) => {
      if (parent === undefined) return undefined;
      const scope = this.#guarded(at, hook, () => call(parent));
      if (scope === undefined || scope === null) return undefined;
      if (typeof scope === "object") return scope as S;
      this.#faults.add(this.#name(at), hook, "returned no scope");
      return undefined;
    });
  }

  /** Calls a hook of each scope, in order. */
  tell<S extends object>(scopes: Scopes<S>, hook: string, call: (scope: S) => unknown): void {
    for (let at = 0; at < scopes.length; at++) {
      const scope = scopes[at];
      if (scope !== undefined) this.#guarded(at, hook, () => call(scope));
    }
  }

  /** Calls an end hook of each scope, in reverse order. */
  end<S extends object>(scopes: Scopes<S>, hook: string, call: (scope: S) => unknown): void {
    for (let at = scopes.length - 1; at >= 0; at--) {
      const scope = scopes[at];
      if (scope !== undefined) this.#guarded(at, hook, () => call(scope));
    }
  }

  /** Calls `body`, which must not throw, inside every `around`; exactly once, whatever they do. */
  around(run: Scopes<RunScope>, attempt: Scopes<AttemptScope>, body: () => void): void {
    let next = body;
    for (let at = run.length - 1; at >= 0; at--) {
      next = this.#wrapped(at, "attempt.around", attempt[at], next);
      next = this.#wrapped(at, "run.around", run[at], next);
    }
    next();
  }

  #wrapped(
    at: number,
    hook: string,
    scope: { around?(proceed: Proceed): void } | undefined,
    inner: () => void,
  ): () => void {
    if (scope === undefined) return inner;
    // Read once and guarded: the scope may be anything.
    const around = this.#guarded(at, hook, () => scope.around);
    if (around === undefined) return inner;
    return () => {
      let state: "open" | "proceeded" | "closed" = "open";
      this.#guarded(at, hook, () =>
        around.call(scope, () => {
          if (state === "open") {
            state = "proceeded";
            inner();
          } else {
            const what = state === "closed" ? "proceeded too late" : "proceeded twice";
            this.#faults.add(this.#name(at), hook, what);
          }
        }),
      );
      if ((state as string) === "open") {
        state = "closed";
        this.#faults.add(this.#name(at), hook, "did not proceed");
        inner();
      }
    };
  }

  /** What the hook returned; nothing if that is a promise, whose rejection is kept when it comes. */
  #guarded<R>(at: number, hook: string, call: () => R): R | undefined {
    try {
      const result = call();
      if (!isThenable(result)) return result;
      result.then(undefined, (error) => this.#faults.add(this.#name(at), hook, "rejected", error));
      return undefined;
    } catch (error) {
      this.#faults.add(this.#name(at), hook, "threw", error ?? String(error));
      return undefined;
    }
  }

  #name(at: number): string {
    return this.#names[at] as string;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

// ---- observers of the whole process ----------------------------------------------------------------------------------

/** Shared by every copy of this package in the process: the version is that of what is kept there. */
const GLOBAL: unique symbol = Symbol.for("astrum.observers.v1") as never;

function globalObservers(): Set<Observer> {
  const host = globalThis as { [GLOBAL]?: Set<Observer> };
  host[GLOBAL] ??= new Set();
  return host[GLOBAL];
}

/**
 * Every run of this process that starts from now on, for auto-instrumentation. Returns the way back. A run's own
 * observer takes the place of a global one of the same name. Throws a `DefinitionError` for what is no observer.
 */
export function registerGlobalObserver(observer: Observer): () => void {
  const issues = new Issues();
  checkObserver(issues, ["observer"], observer);
  if (issues.list.length > 0) throw new DefinitionError(issues.list);
  globalObservers().add(observer);
  return () => {
    globalObservers().delete(observer);
  };
}

/** Collects what is wrong with one observer; whether it has a name that can be compared. */
export function checkObserver(
  issues: Issues,
  path: readonly string[],
  observer: unknown,
): observer is Observer {
  const { name, run, flush } = (observer ?? {}) as Partial<Observer>;
  issues.callable([...path, "run"], run);
  issues.callable([...path, "flush"], flush);
  return issues.name(path, name, `The name of \`${place(path)}\``);
}

function place([first, ...rest]: readonly string[]): string {
  return `${first}${rest.map((index) => `[${index}]`).join("")}`;
}

/** Observers that have something to flush and were seen by a run. */
const seen: Set<WeakRef<Observer>> = new Set();
const known = new WeakSet<Observer>();

/** Who is told of a run: its own observers after those of the process. */
export function observersOf(own: readonly Observer[] = []): readonly Observer[] {
  const names = new Set(own.map(({ name }) => name));
  const observers = [...globalObservers()].filter(({ name }) => !names.has(name));
  observers.push(...own);
  for (const observer of observers) {
    if (typeof observer.flush !== "function" || known.has(observer)) continue;
    known.add(observer);
    seen.add(new WeakRef(observer));
  }
  return observers;
}

/**
 * Waits for the `flush` of every global observer and of every observer of an earlier run, for short-lived processes.
 * Never rejects; after `timeoutMs` (default 5,000) the signal is aborted and nobody is waited for.
 */
export async function flushObservers({
  timeoutMs = 5000,
}: {
  readonly timeoutMs?: number;
} = {}): Promise<void> {
  const observers = new Set(globalObservers());
  for (const reference of seen) {
    const observer = reference.deref();
    if (observer === undefined) seen.delete(reference);
    else observers.add(observer);
  }
  const controller = new AbortController();
  const flushes = [...observers].map(async (observer) => observer.flush?.(controller.signal));
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      controller.abort(new Error(`Observers were not flushed in ${timeoutMs} ms`));
      resolve();
    }, timeoutMs);
    void Promise.allSettled(flushes).then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
