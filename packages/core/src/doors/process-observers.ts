/** Observers of the whole process, and the flush of all that were ever told of a run, before a process ends. */

import { checkObserver } from "../contract/check-observer.ts";
import { systemClock } from "../contract/clock.ts";
import { nameOf, type Observer } from "../contract/observer.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import { seenObservers } from "./seen-observers.ts";

/** Shared by every copy of this package in the process: the version is that of what is kept there. */
const GLOBAL: unique symbol = Symbol.for("astrum.observers.v1") as never;

function globalObservers(): Set<Observer> {
  const host = globalThis as { [GLOBAL]?: Set<Observer> };
  host[GLOBAL] ??= new Set();
  return host[GLOBAL];
}

/** By observer: the registration that counts. One that was replaced takes nobody away. */
const registrations = new WeakMap<Observer, object>();

/**
 * Every run of this process that starts from now on, for auto-instrumentation. Returns the way back, for this observer
 * only. It takes the place of a global one of the same name (a module that is loaded again registers again), as a run's
 * own observer takes that of a global one. Throws a `DefinitionError` for what is no observer.
 */
export function registerGlobalObserver(observer: Observer): () => void {
  const issues = new Issues();
  checkObserver(issues, ["observer"], observer);
  issues.throwAs(DefinitionError);
  const observers = globalObservers();
  const name = nameOf(observer);
  for (const other of observers) if (nameOf(other) === name) observers.delete(other);
  observers.add(observer);
  const registration = {};
  registrations.set(observer, registration);
  return () => {
    if (registrations.get(observer) === registration) observers.delete(observer);
  };
}

/** Who is told of a run: its own observers after those of the process. */
export function observersOf(own: readonly Observer[] = []): readonly Observer[] {
  if (own.length === 0 && globalObservers().size === 0) return own;
  const names = new Set(own.map(nameOf));
  const observers = [...globalObservers()].filter((observer) => !names.has(nameOf(observer)));
  observers.push(...own);
  for (const observer of observers) if (flushes(observer)) seenObservers.add(observer);
  return observers;
}

function flushes(observer: Observer): boolean {
  try {
    return typeof observer.flush === "function";
  } catch {
    return false; // It does not let itself be read.
  }
}

/**
 * Waits for the `flush` of every global observer and of every observer of an earlier run, for short-lived processes.
 * After `timeoutMs` (default 5,000) the signal is aborted and nobody is waited for. Rejects only for wrong options, with
 * a `DefinitionError`.
 */
export async function flushObservers(
  options: { readonly timeoutMs?: number | undefined } = {},
): Promise<void> {
  const issues = new Issues();
  const given = issues.record([], options, ["timeoutMs"]);
  issues.amount(["timeoutMs"], given?.timeoutMs);
  issues.throwAs(DefinitionError);
  const { timeoutMs = 5000 } = options;
  const observers = new Set([...globalObservers(), ...seenObservers.all()]);
  const controller = new AbortController();
  const flushes = [...observers].map(async (observer) => observer.flush?.(controller.signal));
  await new Promise<void>((resolve) => {
    const callOff = systemClock.after(timeoutMs, () => {
      controller.abort(new Error(`Observers were not flushed in ${timeoutMs} ms`));
      resolve();
    });
    void Promise.allSettled(flushes).then(() => {
      callOff();
      resolve();
    });
  });
}
