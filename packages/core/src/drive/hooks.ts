/**
 * Calls the hooks of observers, and lets nothing that they do reach the run: their faults are collected, each once. Knows
 * no event.
 */
import {
  type AttemptScope,
  nameOf,
  type Observer,
  type Proceed,
  promisedWith,
  type RunScope,
} from "../contract/observer.ts";
import { type SerializedError, serializeError } from "../ground/serialize-error.ts";
import { summarizeError } from "../ground/summarize-error.ts";

/** Faults that are kept; an observer that fails at every event of a huge run must not fill the report. */
const MAX_FAULTS = 100;

/** What went wrong in observers and in the cache, each fault once. */
export class Faults {
  readonly list: SerializedError[] = [];
  readonly #seen: Set<string> = new Set();
  /** By observer, repeats included. */
  readonly counts: Map<string, number> = new Map();

  add(observer: string, hook: string, what: string, error?: unknown): void {
    this.counts.set(observer, (this.counts.get(observer) ?? 0) + 1);
    const message = `Observer "${observer}" ${what} in ${hook}${error === undefined ? "" : `: ${summarizeError(error)}`}`;
    if (this.#seen.has(message) || this.list.length >= MAX_FAULTS) return;
    this.#seen.add(message);
    const fault: SerializedError = { name: "ObserverError", message };
    if (error !== undefined) fault.cause = serializeError(error);
    this.list.push(fault);
  }

  /** What went wrong in something else that no run may feel. */
  note(fault: SerializedError): void {
    if (this.#seen.has(fault.message) || this.list.length >= MAX_FAULTS) return;
    this.#seen.add(fault.message);
    this.list.push(fault);
  }
}

/** The scopes that observers opened for one thing: one place an observer, in the order of registration. */
export type Scopes<S> = readonly (S | undefined)[];

/** What has the hook `H`, which is told `E`. */
type Hooked<H extends string, E> = { readonly [K in H]?: ((event: E) => unknown) | undefined };

/** Calls hooks, and lets nothing that they do come through. */
export class Hooks {
  readonly #names: readonly string[];
  readonly #faults: Faults;

  constructor(observers: readonly Observer[], faults: Faults) {
    this.#names = observers.map(nameOf);
    this.#faults = faults;
  }

  /** Whether any scope has a hook. One that does not let itself be read is taken to have it: its fault is told when it is called. */
  anyHas<H extends string>(scopes: Scopes<{ readonly [K in H]?: unknown }>, hook: H): boolean {
    return scopes.some((scope) => {
      try {
        return scope?.[hook] !== undefined;
      } catch {
        return true;
      }
    });
  }

  /** Calls the start hook `method` of each parent, in order, and collects the scopes that they open. */
  open<H extends string, E, S extends object>(
    parents: Scopes<Hooked<H, E>>,
    hook: string,
    method: H,
    event: E,
  ): Scopes<S> {
    const scopes: (S | undefined)[] = new Array(parents.length).fill(undefined);
    for (let at = 0; at < parents.length; at++) {
      const parent = parents[at];
      if (parent === undefined) continue;
      const scope = this.#call(at, hook, parent, method, event);
      if (scope === undefined || scope === null) continue;
      if (typeof scope === "object") {
        scopes[at] = scope as S;
        this.#watch(at, hook, promisedWith(scope));
      } else this.#faults.add(this.#name(at), hook, "returned no scope");
    }
    return scopes;
  }

  /** Calls the hook `method` of each scope, in order. */
  tell<H extends string, E>(scopes: Scopes<Hooked<H, E>>, hook: string, method: H, event: E): void {
    for (let at = 0; at < scopes.length; at++) {
      const scope = scopes[at];
      if (scope !== undefined) this.#call(at, hook, scope, method, event);
    }
  }

  /** Calls the end hook of each scope, in reverse order. */
  end<E>(scopes: Scopes<Hooked<"end", E>>, hook: string, event: E): void {
    for (let at = scopes.length - 1; at >= 0; at--) {
      const scope = scopes[at];
      if (scope !== undefined) this.#call(at, hook, scope, "end", event);
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

  /** As `#guarded`, without a function for each call. */
  #call<H extends string, E>(
    at: number,
    hook: string,
    scope: Hooked<H, E>,
    method: H,
    event: E,
  ): unknown {
    try {
      const result = scope[method]?.(event);
      return this.#watch(at, hook, result) ? undefined : result;
    } catch (error) {
      this.#faults.add(this.#name(at), hook, "threw", error ?? String(error));
      return undefined;
    }
  }

  /** What the hook returned; nothing if that is a promise, whose rejection is kept when it comes. */
  #guarded<R>(at: number, hook: string, call: () => R): R | undefined {
    try {
      const result = call();
      return this.#watch(at, hook, result) ? undefined : result;
    } catch (error) {
      this.#faults.add(this.#name(at), hook, "threw", error ?? String(error));
      return undefined;
    }
  }

  /** Whether it is a promise; its rejection is a fault. */
  #watch(at: number, hook: string, result: unknown): boolean {
    if (!isThenable(result)) return false;
    result.then(undefined, (error) => this.#faults.add(this.#name(at), hook, "rejected", error));
    return true;
  }

  #name(at: number): string {
    return this.#names[at] as string;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
