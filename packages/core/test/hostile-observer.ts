/**
 * Observers that do whatever an observer can do wrong, chosen by a seed: the same seed makes the same observer. Knows
 * nothing of the run it is given to.
 */
import type { Observer, Proceed } from "../src/index.ts";

/** A stream of numbers from 0 up to 1 (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const refusing = new Proxy(
  {},
  {
    get() {
      throw new Error("refuses to be read");
    },
  },
);

/** What a hook may answer when it should answer nothing. */
const answers: readonly (() => unknown)[] = [
  () => undefined,
  () => undefined,
  () => {
    throw new Error("hook");
  },
  () => {
    throw null;
  },
  () => {
    throw refusing;
  },
  () => Promise.reject(new Error("async hook")),
  () => Promise.reject(undefined),
  () => new Promise(() => {}),
  () => 42,
  () => refusing,
  () => ({
    // biome-ignore lint/suspicious/noThenProperty: a thenable that misbehaves is what is wanted here
    then() {
      throw new Error("then");
    },
  }),
  () => ({
    // biome-ignore lint/suspicious/noThenProperty: likewise
    then(_: unknown, fail: (error: unknown) => void) {
      fail(new Error("twice"));
      fail(new Error("twice"));
    },
  }),
];

const arounds: readonly ((proceed: Proceed) => unknown)[] = [
  (proceed) => proceed(),
  () => undefined,
  () => {
    throw new Error("before");
  },
  (proceed) => {
    proceed();
    throw new Error("after");
  },
  (proceed) => {
    proceed();
    proceed();
  },
  (proceed) => void Promise.resolve().then(proceed),
  (proceed) => {
    proceed();
    queueMicrotask(proceed);
  },
  async (proceed) => {
    await null;
    proceed();
    throw new Error("late");
  },
  (proceed) => {
    try {
      proceed();
    } finally {
      proceed();
    }
    return refusing;
  },
];

export function hostileObserver(name: string, random: () => number): Observer {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const hook = (): unknown => pick(answers)();
  const around = (proceed: Proceed): unknown => pick(arounds)(proceed);
  /** A scope, or what is none; some of them change what they are given. */
  const scope = (hooks: object): unknown => {
    const roll = random();
    if (roll < 0.1) return hook();
    if (roll < 0.15) return new Proxy(hooks, { get: (_, key) => refusingOnce(hooks, key, random) });
    return hooks;
  };
  const vandal = (event: object): unknown => {
    if (random() < 0.3) Object.assign(event, { at: -1 });
    return hook();
  };
  const attempt = (): unknown =>
    scope({ around, progress: vandal, end: vandal, inject: hook, unknown: hook });
  const task = (): unknown => scope({ attempt, end: vandal });
  const run = (): unknown =>
    scope({ around, status: vandal, task, released: vandal, lost: vandal, end: vandal });
  return { name, run } as Observer;
}

/** Reads as the scope does, now and then with an error. */
function refusingOnce(hooks: object, key: PropertyKey, random: () => number): unknown {
  if (random() < 0.2) throw new Error(`refuses ${String(key)}`);
  return (hooks as Record<PropertyKey, unknown>)[key];
}
