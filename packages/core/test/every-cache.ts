/**
 * Random runs that share a cache, held against what docs/guarantees.md promises of it: known from that page and from what the
 * functions saw, not from the engine. Throws with the promise that was broken.
 */
import {
  type CacheStore,
  type ExecutionReport,
  flow,
  map,
  type Task,
  type TaskContext,
  task,
} from "../src/index.ts";
import { VirtualClock } from "../src/testing.ts";
import { hold } from "./hold.ts";
import type { CachedTask, CachingRun, RandomCaches } from "./random-caches.ts";

/** One call as its function saw it; instants are places in the order of everything that was seen. */
interface Called {
  readonly id: number;
  /** Name and key. */
  readonly what: string;
  readonly run: number;
  readonly attempt: number;
  readonly startedAt: number;
  readonly startedMs: number;
  endedAt: number;
  endedMs: number;
  stoppedAt: number;
  failed: boolean;
}

/** What every call gives. */
interface Value {
  readonly call: number;
  readonly what: string;
}

/** A key that was asked for: the store is asked at once, or in the microtasks that follow. */
interface AskedKey {
  readonly what: string;
  readonly at: number;
  readonly ms: number;
}

export async function everyCache(spec: RandomCaches): Promise<void> {
  const world = new World(spec);
  const { clock } = world;
  const runs: Promise<ExecutionReport<Record<string, unknown>>>[] = [];
  spec.runs.forEach((one, number) => {
    runs.push(
      new Promise((resolve) => {
        clock.after(one.startsAt, () => resolve(world.run(one, number)));
      }),
    );
  });
  const reports = await clock.run(Promise.all(runs));
  for (const [number, report] of reports.entries()) {
    world.isRight(report, spec.runs[number] as CachingRun);
  }
  world.everyValueIsItsOwn();
  world.callsAreShared();
  await clock.advance(100_000);
  hold("nothing goes on", clock.pending === 0, clock.pending);
  // Nobody has what was there before the store forgot it.
  world.kept.clear();
  const before = world.calls.length;
  const all = ["a", "b"].map((name) => ({ ...CALM, name: name as "a" | "b" }));
  const last = { ...CALM_RUN, tasks: all };
  world.isRight(await clock.run(world.run(last, spec.runs.length)), last);
  hold("what was forgotten is called again", world.calls.length === before + all.length);
}

const CALM: CachedTask = {
  name: "a",
  key: 0,
  waits: 0,
  ms: 2,
  failures: 0,
  retries: 0,
  deaf: false,
};
const CALM_RUN: CachingRun = {
  startsAt: 0,
  tasks: [],
  items: [],
  cancelledAt: undefined,
  taskTimeoutMs: undefined,
  graceMs: undefined,
};

class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kept: Map<string, string> = new Map();
  readonly calls: Called[] = [];
  readonly #spec: RandomCaches;
  readonly #store: CacheStore;
  /** By run, and task or item. */
  readonly #asked: Map<string, AskedKey> = new Map();
  readonly #values: object[] = [];
  #order = 0;

  constructor(spec: RandomCaches) {
    this.#spec = spec;
    const { getMs, setMs, getFails, setFails } = spec;
    this.#store = {
      get: (key) => this.#after(getMs, () => this.#answer(getFails, () => this.kept.get(key))),
      set: (key, text) =>
        this.#after(setMs, () => this.#answer(setFails, () => this.kept.set(key, text))),
    };
  }

  run(one: CachingRun, number: number): Promise<ExecutionReport<Record<string, unknown>>> {
    const roots: Record<string, Task<unknown>> = {};
    for (const wanted of one.tasks) {
      const { name, waits } = wanted;
      let failures = wanted.failures;
      const cache = { ttlMs: this.#spec.ttlMs, key: () => this.#ask(number, name, wanted.key) };
      roots[name] = task(
        name,
        (_: object, context: TaskContext) =>
          this.#call(number, `${name} ${wanted.key}`, wanted, context, () => failures-- > 0),
        {
          cache,
          retry: wanted.retries,
          ...(one.taskTimeoutMs !== undefined && { timeoutMs: one.taskTimeoutMs }),
          ...(waits > 0 && { resources: { desk: 1 }, priority: -1 }),
        },
      );
      if (waits === 0) continue;
      // Its inputs are there, and the store is asked, long before it may start.
      roots[`before ${name}`] = task(`before ${name}`, () => this.clock.wait(waits), {
        resources: { desk: 1 },
      });
    }
    const list = task("list", () => one.items);
    roots.items = map(
      "items",
      list,
      (key, _index, context) => this.#call(number, `items ${key}`, CALM, context, () => false),
      {
        cache: {
          ttlMs: this.#spec.ttlMs,
          key: (key, index) => this.#ask(number, "items", key, index),
        },
      },
    );
    const run = flow("f", roots).start({
      clock: this.clock,
      cache: this.#store,
      failure: "continue",
      resources: { desk: 1 },
      ...(one.graceMs !== undefined && { graceMs: one.graceMs }),
    });
    if (one.cancelledAt !== undefined) this.clock.after(one.cancelledAt, () => run.cancel());
    return run.report as Promise<ExecutionReport<Record<string, unknown>>>;
  }

  /** Whatever the store does, a run fails by its own calls alone; each value is one of a call for that key that still counts. */
  isRight(report: ExecutionReport<Record<string, unknown>>, one: CachingRun): void {
    const { getFails, setFails, ttlMs = Number.POSITIVE_INFINITY } = this.#spec;
    const calm =
      one.cancelledAt === undefined &&
      this.#spec.runs.every(({ taskTimeoutMs, tasks }) => {
        return taskTimeoutMs === undefined && tasks.every(({ failures }) => failures === 0);
      });
    hold(
      "nothing but calls fails a run",
      !calm || report.executionState === "completed",
      report.executionState,
      report.errorSummary,
      one,
    );
    const faults = report.observerErrors?.map(({ message }) => message) ?? [];
    for (const fault of faults) {
      const expected =
        (getFails && fault === "The cache could not be read: no store") ||
        (setFails && fault === "The cache could not be written: no store");
      hold("a cache says what is wrong with it", expected, fault);
    }
    hold("each fault is told once", new Set(faults).size === faults.length, faults);
    for (const [name, value] of report.taskReturnSet) {
      if (name === "list" || name.startsWith("before") || name.endsWith("]")) continue;
      const wants = one.tasks.find((wanted) => wanted.name === name);
      const values = (name === "items" ? value : [value]) as readonly Value[];
      values.forEach(({ call, what }, index) => {
        this.#values.push(values[index] as object);
        const wanted = name === "items" ? `items ${one.items[index]}` : `${name} ${wants?.key}`;
        hold("a value is one for its key", what === wanted, name, what, wanted);
        const { failed, endedMs, what: made } = this.calls[call] as Called;
        hold("a value is one that a call gave", !failed && made === what, name, call);
        const number = [...this.#spec.runs].indexOf(one);
        const asked = this.#asked.get(`${number} ${name} ${name === "items" ? index : ""}`);
        const counts = asked === undefined || endedMs + ttlMs > asked.ms;
        hold("a value still counted when it was asked for", counts, name, endedMs, asked);
      });
    }
  }

  everyValueIsItsOwn(): void {
    hold("every value is a copy of its own", new Set(this.#values).size === this.#values.length);
  }

  /** No two calls for one key go on at once, unless the first was told to stop; nor is one made for what another gave meanwhile. */
  callsAreShared(): void {
    const { getFails, setFails, ttlMs = Number.POSITIVE_INFINITY } = this.#spec;
    const fails = getFails || setFails;
    for (const later of this.calls) {
      for (const first of this.calls) {
        if (first.what !== later.what || first.id >= later.id) continue;
        const free = first.endedAt < later.startedAt || first.stoppedAt < later.startedAt;
        hold("calls for one key are shared", free, first, later);
        if (fails || first.failed || first.stoppedAt < first.endedAt) continue;
        // A store is asked once, before the first attempt.
        if (later.attempt > 1) continue;
        const asked = this.#askedBy(later);
        const waited = asked !== undefined && asked.at < first.endedAt;
        const counts = first.endedMs + ttlMs > later.startedMs;
        hold("what was given meanwhile is not called", !waited || !counts, first, later);
      }
    }
  }

  /** When the last of that run asked for the key: one of them is the one that was called. */
  #askedBy({ run, what }: Called): AskedKey | undefined {
    const asked = [...this.#asked]
      .filter(([who, key]) => who.startsWith(`${run} `) && key.what === what)
      .map(([, key]) => key);
    return asked.sort((a, b) => b.at - a.at)[0];
  }

  #ask(run: number, name: string, key: number, index: number | "" = ""): number {
    const what = `${name} ${key}`;
    this.#asked.set(`${run} ${name} ${index}`, { what, at: ++this.#order, ms: this.clock.now() });
    return key;
  }

  #call(
    run: number,
    what: string,
    { ms, deaf }: CachedTask,
    { signal, attempt }: TaskContext,
    fails: () => boolean,
  ): Value | Promise<Value> {
    const called: Called = {
      id: this.calls.length,
      what,
      run,
      attempt,
      startedAt: ++this.#order,
      startedMs: this.clock.now(),
      endedAt: Number.POSITIVE_INFINITY,
      endedMs: Number.POSITIVE_INFINITY,
      stoppedAt: Number.POSITIVE_INFINITY,
      failed: false,
    };
    this.calls.push(called);
    if (signal.aborted) called.stoppedAt = called.startedAt;
    signal.addEventListener("abort", () => {
      called.stoppedAt = ++this.#order;
    });
    const end = (error?: unknown): Value => {
      called.endedAt = ++this.#order;
      called.endedMs = this.clock.now();
      called.failed = error !== undefined || fails();
      if (called.failed) throw error ?? new Error("failed");
      return { call: called.id, what };
    };
    if (ms < 0) return end();
    if (ms === 0) return Promise.resolve().then(() => end());
    return this.clock.wait(ms, deaf ? undefined : signal).then(() => end(), end);
  }

  #after<T>(ms: number, answer: () => T): T | Promise<T> {
    if (ms < 0) return answer();
    return ms === 0 ? Promise.resolve().then(answer) : this.clock.wait(ms).then(answer);
  }

  #answer<T>(fails: boolean, answer: () => T): T {
    if (fails) throw new Error("no store");
    return answer();
  }
}
