/**
 * What a run touches outside itself: the caller's signal, the life of the process. Works wherever timers and
 * `AbortSignal` exist; what only some runtimes have is optional.
 */

/** All who wait for one signal, and how the last of them takes its listener away. */
interface Listeners {
  readonly callbacks: Set<() => void>;
  readonly leave: () => void;
}

const listening = new WeakMap<AbortSignal, Listeners>();

/**
 * Calls back once when the signal is aborted. All runs on one signal share one listener, so that a signal of the whole
 * service never has eleven of them (at which Node prints a warning); the last to leave takes it away.
 */
export function onAbort(signal: AbortSignal, fire: () => void): () => void {
  const { callbacks, leave } = listening.get(signal) ?? listenTo(signal);
  // One entry a call, even when two runs were given the same function.
  const entry = (): void => fire();
  callbacks.add(entry);
  return () => {
    if (callbacks.delete(entry) && callbacks.size === 0) leave();
  };
}

function listenTo(signal: AbortSignal): Listeners {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    listening.delete(signal);
    for (const callback of [...callbacks]) callback();
  };
  const leave = (): void => {
    signal.removeEventListener("abort", listener);
    listening.delete(signal);
  };
  const listeners = { callbacks, leave };
  listening.set(signal, listeners);
  signal.addEventListener("abort", listener, { once: true });
  return listeners;
}

type SetMaxListeners = (most: number, target: EventTarget) => void;

interface Runtime {
  readonly process?: { readonly getBuiltinModule?: (id: string) => object | undefined };
}

let setMaxListeners: SetMaxListeners | undefined | null = null;

/**
 * A signal that any number may listen to: a function that makes thirty requests with it leaks nothing, and no warning
 * says so. Only Node counts listeners (from 11 on it warns of a leak), and only there it can be told not to.
 */
export function newController(): AbortController {
  const controller = new AbortController();
  if (setMaxListeners === null) {
    const { process } = globalThis as Runtime;
    const events = process?.getBuiltinModule?.("node:events") as
      | { setMaxListeners?: SetMaxListeners }
      | undefined;
    setMaxListeners = events?.setMaxListeners;
  }
  try {
    setMaxListeners?.(0, controller.signal);
  } catch {
    setMaxListeners = undefined; // A runtime that has it for its own emitters only.
  }
  return controller;
}

/** A random UUID (version 4, RFC 9562). Pages that are not served securely have no `randomUUID`. */
export function newRunId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const octets = crypto.getRandomValues(new Uint8Array(16));
  octets[6] = ((octets[6] as number) & 0x0f) | 0x40;
  octets[8] = ((octets[8] as number) & 0x3f) | 0x80;
  const digits = Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Keeps the process alive: with nothing else on its loop, Node would exit 0 and the run would never settle. */
export function holdProcess(): () => void {
  // As it is now: whoever fakes timers later has one that knows nothing of this timer.
  const stop = clearInterval;
  const timer = setInterval(() => {}, 2 ** 31 - 1);
  return () => stop(timer);
}
