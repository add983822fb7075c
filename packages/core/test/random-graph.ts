/**
 * Random graphs of tasks that behave in every way tasks can behave, and runs of them in every way they can be run: as
 * values that fast-check makes and shrinks, and as flows that write down what happens to them. It judges nothing.
 */
import fc from "fast-check";
import {
  after,
  type FailureMode,
  type Flow,
  type FlowRun,
  flow,
  map,
  NonRetryableError,
  optional,
  pick,
  RateLimit,
  type ReleaseContext,
  type RunOptions,
  Semaphore,
  settled,
  type Task,
  type TaskContext,
  task,
} from "../src/index.ts";
import type { VirtualClock } from "../src/testing.ts";

/** How many lines a call says in its log. */
export const LINES = { log: 2, "log-much": 120 } as const;

/** One call: what it does at once, how long it takes, how it ends and how it takes to be asked to stop. */
export interface Call {
  readonly deed:
    | "none"
    | "abort"
    | "cancel"
    | "cancel-task"
    | "progress"
    | "read-signal"
    | keyof typeof LINES;
  /** -1 is synchronous, 0 a few microtasks, else milliseconds; `Infinity` until it is aborted. */
  readonly ms: number;
  readonly end:
    | "return"
    | "throw"
    | "throw-undefined"
    | "throw-proxy"
    | "throw-final"
    | "resolve-twice"
    | "throwing-thenable"
    | "throwing-then-getter"
    | "proxy-promise"
    | "lazy-query"
    | "skip"
    | "skip-caught"
    | "skip-wrapped"
    | "skip-lost";
  readonly ears: "obeys" | "deaf" | "returns" | "throws-another" | "lingers";
  readonly cleanup: "none" | "quick" | "slow" | "throws";
  /** Milliseconds for which it holds the thread: when it begins, and before it ends. */
  readonly holds: readonly [first: number, last: number];
}

/** An input that is computed before the task queues. */
export interface Ask {
  /** -1 is synchronous, 0 a microtask, else milliseconds; `Infinity` only where a grace period ends the wait. */
  readonly ms: number;
  readonly end: "value" | "throw" | "throw-undefined";
  /** Milliseconds likewise; or there is none, or it refuses. */
  readonly schema: number | "none" | "refuses";
}

/** What a condition or a policy answers, when there is one, and after how long: as an input that is computed. */
export interface Verdict {
  readonly says: "none" | "yes" | "no" | "throws";
  readonly ms: number;
}

export interface RandomTask {
  readonly kind: "task" | "map";
  readonly tail: boolean;
  /** Unless another task reads it that is none. */
  readonly finally: boolean;
  /** Which earlier tasks it reads, as a fraction of those there are, and how. */
  readonly edges: readonly {
    readonly from: number;
    readonly kind: "value" | "optional" | "settled" | "after" | "pick";
  }[];
  /** By attempt; later attempts make the last call. For a map, items begin at their index. */
  readonly calls: readonly Call[];
  readonly retries: number;
  readonly backoff: "none" | "fixed" | "linear" | "exponential" | "throws";
  readonly timeoutMs: number | undefined;
  readonly deadlineMs: number | undefined;
  readonly uninterruptible: boolean;
  readonly priority: number;
  readonly demand: readonly [db: number, cpu: number];
  readonly when: Verdict;
  /** Of a task: what its retry policy says. */
  readonly policy: Verdict;
  readonly asks: readonly Ask[];
  readonly ignored: boolean;
  /** What its fallback does, unless it is a map whose items fail alone. */
  readonly fallback: "none" | "gives" | "throws" | "promises" | "rejects" | "never";
  readonly items: number;
  readonly concurrency: number | undefined;
  /** Of a map: whether its items fail alone, and what they are called. */
  readonly alone: boolean;
  /** Whether its value is to be released, unless it is a map, a tail or read by one; and how that goes. */
  readonly release:
    | "none"
    | "at-once"
    | "quick"
    | "slow"
    | "throws"
    | "hangs"
    | "waits-for-its-signal";
  /** Of such a task: when its value goes by itself, in milliseconds from its completion, and how that is told. */
  readonly loss: "none" | { readonly ms: number; readonly how: "resolves" | "rejects" | "throws" };
  readonly keys: "none" | "unique" | "twice" | "throws";
}

export interface RandomRun {
  readonly tasks: readonly RandomTask[];
  readonly limit: "none" | "number" | "semaphore";
  readonly slots: number;
  readonly failure: FailureMode;
  readonly timeoutMs: number | undefined;
  readonly graceMs: number | undefined;
  readonly keep: "all" | "roots";
  readonly abortedBefore: boolean;
  /** What the caller does meanwhile. */
  readonly acts: readonly {
    readonly at: number;
    readonly act: "abort" | "cancel" | "cancel-task";
    /** Which task or item, as a fraction. */
    readonly on: number;
  }[];
  /** The journal stores so many entries, then throws; without it there is none. */
  readonly journalBreaksAt: number | undefined;
  /** Whether anybody is told how it goes. */
  readonly observed: boolean;
  /** Whether `db` is the run's own, or what that is. */
  readonly db: "own" | "semaphore" | "rate";
  /** How long the journal takes for its entries, in turns: -1 is synchronous, 0 a microtask, else milliseconds. */
  readonly journalTakes: readonly number[];
}

export const CAPACITY: Readonly<Record<"db" | "cpu", number>> = { db: 3, cpu: 2 };

/** What a run is given of that: `db` may be something that it could share with others. */
export function resourcesOf({ db }: RandomRun): NonNullable<RunOptions["resources"]> {
  if (db === "semaphore") return { ...CAPACITY, db: new Semaphore(CAPACITY.db) };
  if (db === "rate") return { ...CAPACITY, db: new RateLimit({ limit: CAPACITY.db, perMs: 10 }) };
  return CAPACITY;
}

const oneOf = fc.constantFrom;
/** Mostly the first. */
function mostly<T>(usual: T, ...rest: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: 4, arbitrary: oneOf(usual, ...rest) },
  );
}
const fraction = fc.integer({ min: 0, max: 99 }).map((hundredths) => hundredths / 100);

const call: fc.Arbitrary<Call> = fc.record({
  deed: mostly<Call["deed"]>(
    "none",
    "read-signal",
    "progress",
    "log",
    "log-much",
    "cancel-task",
    "cancel",
    "abort",
  ),
  ms: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -1, max: 20 }) },
    { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  ),
  end: mostly<Call["end"]>(
    "return",
    "throw",
    "throw-undefined",
    "throw-proxy",
    "throw-final",
    "resolve-twice",
    "throwing-thenable",
    "throwing-then-getter",
    "proxy-promise",
    "lazy-query",
    "skip",
    "skip-caught",
    "skip-wrapped",
    "skip-lost",
  ),
  ears: mostly<Call["ears"]>("obeys", "deaf", "returns", "throws-another", "lingers"),
  cleanup: mostly<Call["cleanup"]>("none", "quick", "slow", "throws"),
  holds: fc.oneof(
    { weight: 8, arbitrary: fc.constant([0, 0] as const) },
    { weight: 1, arbitrary: fc.tuple(oneOf(0, 3, 14, 45), oneOf(0, 6, 14)) },
  ),
});

const ask: fc.Arbitrary<Ask> = fc.record({
  ms: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -1, max: 20 }) },
    { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  ),
  end: mostly<Ask["end"]>("value", "throw", "throw-undefined"),
  schema: mostly<Ask["schema"]>("none", -1, 0, 7, "refuses"),
});

const verdict: fc.Arbitrary<Verdict> = fc.record({
  says: mostly<Verdict["says"]>("none", "yes", "yes", "no", "throws"),
  ms: mostly(-1, 0, 3, 11, Number.POSITIVE_INFINITY),
});

const randomTask: fc.Arbitrary<RandomTask> = fc.record({
  kind: mostly<RandomTask["kind"]>("task", "map"),
  tail: mostly(false, true),
  finally: mostly(false, true),
  edges: fc.array(
    fc.record({ from: fraction, kind: oneOf("value", "optional", "settled", "after", "pick") }),
    { maxLength: 3 },
  ),
  calls: fc.array(call, { minLength: 1, maxLength: 3 }),
  retries: mostly(0, 1, 2),
  backoff: mostly<RandomTask["backoff"]>("none", "fixed", "linear", "exponential", "throws"),
  timeoutMs: mostly<number | undefined>(undefined, 5, 12),
  deadlineMs: mostly<number | undefined>(undefined, 7, 16, 30),
  uninterruptible: mostly(false, true),
  priority: mostly(0, 1, -1),
  demand: fc.oneof(
    { weight: 3, arbitrary: fc.constant([0, 0] as const) },
    { weight: 2, arbitrary: fc.tuple(fc.nat(CAPACITY.db), fc.nat(CAPACITY.cpu)) },
  ),
  when: verdict,
  policy: verdict,
  asks: fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(ask, { minLength: 1, maxLength: 2 }) },
  ),
  ignored: mostly(false, true),
  fallback: mostly<RandomTask["fallback"]>(
    "none",
    "gives",
    "throws",
    "promises",
    "rejects",
    "never",
  ),
  items: fc.nat(4),
  concurrency: mostly<number | undefined>(undefined, 1, 2),
  alone: fc.boolean(),
  release: mostly<RandomTask["release"]>(
    "none",
    "at-once",
    "quick",
    "slow",
    "throws",
    "hangs",
    "waits-for-its-signal",
  ),
  loss: fc.oneof(
    { weight: 3, arbitrary: fc.constant("none" as const) },
    {
      weight: 2,
      arbitrary: fc.record({
        ms: fc.integer({ min: 0, max: 25 }),
        how: oneOf("resolves", "rejects", "throws"),
      }),
    },
  ),
  keys: mostly<RandomTask["keys"]>("none", "unique", "unique", "twice", "throws"),
});

export const randomRun: fc.Arbitrary<RandomRun> = fc.record({
  tasks: fc.array(randomTask, { minLength: 1, maxLength: 9 }),
  limit: oneOf("none", "number", "semaphore"),
  slots: fc.integer({ min: 1, max: 4 }),
  failure: oneOf<FailureMode[]>("stop", "drain", "continue", { maxFailures: 2 }),
  timeoutMs: mostly<number | undefined>(undefined, 15, 40),
  graceMs: oneOf(undefined, undefined, 0, 5),
  keep: oneOf("all", "roots"),
  abortedBefore: fc.integer({ min: 0, max: 19 }).map((one) => one === 19),
  acts: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 30 }),
      act: mostly<RandomRun["acts"][number]["act"]>("cancel-task", "abort", "cancel"),
      on: fraction,
    }),
    { maxLength: 2 },
  ),
  journalBreaksAt: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 25 }) },
  ),
  observed: fc.boolean(),
  db: mostly<RandomRun["db"]>("own", "semaphore", "rate"),
  journalTakes: fc.oneof(
    { weight: 1, arbitrary: fc.constant([-1]) },
    { weight: 2, arbitrary: fc.array(oneOf(-1, -1, 0, 1, 4, 12), { minLength: 1, maxLength: 3 }) },
  ),
});

/** Whether something in it ends only when it is aborted, or given up. */
export function endless({ tasks }: RandomRun): boolean {
  return tasks.some(
    ({ calls, asks, when, policy, fallback }) =>
      fallback === "never" ||
      [...calls, ...asks, when, policy].some(({ ms }) => !Number.isFinite(ms)),
  );
}

/** One call as its function saw it. */
export interface Seen {
  readonly task: string;
  readonly declared: string;
  readonly attempt: number;
  readonly demand: readonly number[];
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Its place in the order of everything that was seen. */
  readonly startedAt: number;
  /** When it ended, its last cleanup included; `undefined` while it goes on. */
  endedAt: number | undefined;
  /** Its retry policy is being asked. */
  asking: boolean;
  /** Of one that is uninterruptible: why it had been asked to stop by its end. */
  reason?: unknown;
}

/** What was asked of the user beside the functions: a computed input, its schema, the condition, the retry policy. */
export interface Asked {
  readonly declared: string;
  readonly what: "compute" | "schema" | "condition" | "policy";
  readonly startedAt: number;
  /** `undefined` while it goes on. */
  endedAt: number | undefined;
}

/** A fallback that was asked, with the error that it was given. */
export interface FellBack {
  readonly declared: string;
  readonly error: unknown;
  readonly startedAt: number;
  /** `undefined` while it goes on. */
  endedAt: number | undefined;
}

/** A value of a thing: when its function gave it, and what became of it, in the order of everything that was seen. */
export interface Given {
  readonly of: Seen;
  readonly value: unknown;
  readonly at: number;
}

export interface Released {
  readonly declared: string;
  readonly value: unknown;
  readonly startedAt: number;
  /** `undefined` while it goes on. */
  endedAt: number | undefined;
}

/** A lazy query that a function returned: how often it was made, and in whose context. */
export interface Query {
  readonly of: Seen;
  /** Returned by the function itself, not by a promise of it. */
  readonly plain: boolean;
  readonly madeIn: (string | undefined)[];
}

/** A random graph as a flow, with what its functions see. */
export class RandomGraph {
  readonly flow: Flow<Record<string, unknown>>;
  readonly seen: Seen[] = [];
  readonly asked: Asked[] = [];
  readonly queries: Query[] = [];
  readonly fellBack: FellBack[] = [];
  /** What the functions of things gave, and what was released. */
  readonly given: Given[] = [];
  readonly released: Released[] = [];
  /** Things whose loss is heard of, once for each time that this was asked. */
  readonly watched: string[] = [];
  /** Tasks whose values are to be released. */
  readonly things: ReadonlySet<string>;
  /** The call in whose context an observer has put whatever runs now. */
  inside: string | undefined;
  readonly tails: Set<string> = new Set();
  readonly finallyTasks: ReadonlySet<string>;
  readonly controller: AbortController = new AbortController();
  /** There once the run is; tasks of the first turn do not have it. */
  run: FlowRun<unknown> | undefined;
  /** Called whenever a function begins. */
  onStart: (seen: Seen) => void = () => {};
  readonly #clock: VirtualClock;
  readonly #spec: RandomRun;
  #order = 0;

  constructor(clock: VirtualClock, spec: RandomRun) {
    this.#clock = clock;
    this.#spec = spec;
    const made: Task<unknown>[] = [];
    const roots: Record<string, Task<unknown>> = {};
    const tails: Record<string, Task<unknown>> = {};
    this.finallyTasks = finallyIn(spec);
    this.things = thingsIn(spec, this.finallyTasks);
    const last: Record<string, Task<unknown>> = {};
    const read = new Set(
      spec.tasks.flatMap(({ edges }, at) =>
        at === 0 ? [] : edges.map(({ from }) => Math.floor(from * at)),
      ),
    );
    spec.tasks.forEach((one, at) => {
      const handle = this.#make(one, at, made);
      made.push(handle);
      if (this.finallyTasks.has(handle.name)) {
        last[handle.name] = handle;
      } else if (one.tail && !read.has(at)) {
        tails[handle.name] = handle;
        this.tails.add(handle.name);
      } else {
        roots[handle.name] = handle;
      }
    });
    this.flow = flow("random", roots, { tails, finally: last });
  }

  /** The next place in the order of everything that is seen. */
  tick(): number {
    return ++this.#order;
  }

  /** The task, or an item of it, that a fraction stands for. */
  named(on: number): string {
    const at = Math.floor(on * this.#spec.tasks.length);
    const { kind, items } = this.#spec.tasks[at] as RandomTask;
    const name = `t${at}`;
    return kind === "map" && items > 0 && Math.round(on * 100) % 2 === 1 ? `${name}[0]` : name;
  }

  cancelTask(on: number): void {
    try {
      this.run?.cancelTask(this.named(on), "called off");
    } catch (error) {
      // An item whose map has not listed it.
      if (!(error instanceof RangeError)) throw error;
    }
  }

  #make(one: RandomTask, at: number, made: readonly Task<unknown>[]): Task<unknown> {
    const name = `t${at}`;
    const inputs: Record<string, Task<unknown>> = {};
    if (at > 0) {
      one.edges.forEach(({ from, kind }, edge) => {
        const source = made[Math.floor(from * at)] as Task<unknown>;
        inputs[`${kind}:${source.name}:${edge}`] = linked(source, kind) as Task<unknown>;
      });
    }
    const options = {
      ...(one.retries > 0 && {
        retry: {
          attempts: one.retries,
          backoff: backoffOf(one),
          baseMs: 4,
          ...(one.kind === "task" &&
            one.policy.says !== "none" && { retryIf: () => this.#policy(one, name) as boolean }),
        },
      }),
      ...(one.timeoutMs !== undefined && { timeoutMs: one.timeoutMs }),
      ...(one.deadlineMs !== undefined && { deadlineMs: one.deadlineMs }),
      uninterruptible: one.uninterruptible,
      ...(one.when.says !== "none" && {
        when: () => this.#verdict(name, "condition", one.when) as boolean,
      }),
      priority: one.priority,
      onFailure: one.ignored ? ("ignore" as const) : ("fail" as const),
      resources: { db: one.demand[0], cpu: one.demand[1] },
      ...(this.things.has(name) && {
        release: (value: unknown, { signal }: ReleaseContext) =>
          this.#release(one.release, name, value, signal),
        ...(one.loss !== "none" && { lost: this.#lost(name, one.loss) }),
      }),
      ...(fallsBack(one) && {
        fallback: (error: unknown) => this.#fallback(one.fallback, name, error),
      }),
    };
    if (one.kind === "task") {
      const made = task(
        name,
        inputs,
        (given, context) => this.#call(one, name, given, context, 0),
        options,
      );
      return this.#asking(made, one.asks);
    }
    const list = task(`${name}-list`, () => Array.from({ length: one.items }, (_, index) => index));
    const mapped = map(
      name,
      list,
      inputs,
      (_, index, given, context) => this.#call(one, name, given, context, index),
      {
        ...options,
        ...(one.concurrency !== undefined && { concurrency: one.concurrency }),
        ...(one.keys !== "none" && { key: (_: number, index: number) => keyOf(one.keys, index) }),
        items: one.alone ? "settled" : "all",
      },
    );
    return this.#asking(mapped as Task<unknown>, one.asks);
  }

  /** Computed inputs are for graphs from data; the engine is the same, so their slots are given to a task of this door. */
  #asking(made: Task<unknown>, asks: readonly Ask[]): Task<unknown> {
    if (asks.length === 0) return made;
    const { slots } = made as unknown as { readonly slots: readonly object[] };
    const more = asks.map((ask, at) => ({
      to: `asked:${at}`,
      kind: "compute",
      compute: () => this.#ask(made.name, "compute", ask.ms, ask.end),
      schema: ask.schema === "none" ? undefined : this.#schema(made.name, ask),
    }));
    return Object.assign(made, { slots: [...slots, ...more], prepares: true });
  }

  #schema(name: string, { schema }: Ask): object {
    const validate = (value: unknown): unknown => {
      if (schema === "refuses") return { issues: [{ message: "no" }] };
      return this.#ask(name, "schema", schema as number, "value", { value });
    };
    return { "~standard": { version: 1, vendor: "random", validate } };
  }

  #ask(
    declared: string,
    what: Asked["what"],
    given: number,
    end: Ask["end"],
    value: unknown = "asked",
  ): unknown {
    const asked: Asked = { declared, what, startedAt: this.tick(), endedAt: undefined };
    this.asked.push(asked);
    const ended = (): unknown => {
      asked.endedAt = this.tick();
      if (end === "value") return value;
      throw end === "throw" ? new Error("asked in vain") : undefined;
    };
    // Nobody can call these off: only a grace period ends the wait.
    const ends = this.#spec.graceMs !== undefined && !this.finallyTasks.has(declared);
    const ms = Number.isFinite(given) || ends ? given : 30;
    if (ms < 0) return ended();
    if (ms === 0) return Promise.resolve().then(ended);
    return Number.isFinite(ms) ? this.#clock.wait(ms).then(ended) : new Promise(() => {});
  }

  #lost(declared: string, { ms, how }: Exclude<RandomTask["loss"], "none">): () => Promise<void> {
    return () => {
      this.watched.push(declared);
      if (how === "throws") throw undefined;
      const gone = this.#clock.wait(ms);
      return how === "resolves" ? gone : gone.then(() => Promise.reject(new Error("gone")));
    };
  }

  /** What never ends by itself must hear, unless somebody gives it up. */
  async #release(
    how: RandomTask["release"],
    declared: string,
    value: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const released: Released = { declared, value, startedAt: this.tick(), endedAt: undefined };
    this.released.push(released);
    const clock = this.#clock;
    const ends = this.#spec.graceMs !== undefined;
    if (how === "quick") await clock.wait(3);
    if (how === "slow") await clock.wait(12);
    if (how === "hangs") await (ends ? new Promise(() => {}) : clock.wait(30));
    if (how === "waits-for-its-signal") await clock.wait(40, signal).catch(() => {});
    released.endedAt = this.tick();
    if (how === "throws") throw undefined;
  }

  #verdict(name: string, what: "condition" | "policy", { says, ms }: Verdict): unknown {
    return this.#ask(name, what, ms, says === "throws" ? "throw" : "value", says === "yes");
  }

  #policy({ policy }: RandomTask, name: string): unknown {
    const failed = this.seen.findLast(({ task }) => task === name) as Seen;
    failed.asking = true;
    const answered = (): void => {
      failed.asking = false;
    };
    try {
      const answer = this.#verdict(name, "policy", policy);
      if (answer instanceof Promise) return answer.finally(answered);
      answered();
      return answer;
    } catch (error) {
      answered();
      throw error;
    }
  }

  #fallback(does: RandomTask["fallback"], declared: string, error: unknown): unknown {
    const asked: FellBack = { declared, error, startedAt: this.tick(), endedAt: undefined };
    this.fellBack.push(asked);
    const end = (): unknown => {
      asked.endedAt = this.tick();
      if (does === "throws" || does === "rejects") throw new Error("no fallback");
      return FELL_BACK;
    };
    if (does === "gives" || does === "throws") return end();
    // Only a grace period ends the wait for one that never answers.
    const answers =
      does !== "never" || this.#spec.graceMs === undefined || this.finallyTasks.has(declared);
    return answers ? this.#clock.wait(3).then(end) : new Promise(() => {});
  }

  #call(
    one: RandomTask,
    declared: string,
    inputs: Readonly<Record<string, unknown>>,
    context: TaskContext,
    offset: number,
  ): unknown {
    const { attempt, taskName } = context;
    const seen: Seen = {
      task: taskName,
      declared,
      attempt,
      demand: one.demand,
      inputs,
      startedAt: this.tick(),
      endedAt: undefined,
      asking: false,
    };
    this.seen.push(seen);
    this.onStart(seen);
    const plan = callOf(one, attempt, offset) as Call;
    const leave = (): void => {
      if (one.uninterruptible) seen.reason = context.signal.reason;
      seen.endedAt = this.tick();
    };
    if (plan.cleanup !== "none") context.defer(leave);
    if (plan.cleanup === "slow") context.defer((signal) => this.#clock.wait(2, signal));
    if (plan.cleanup === "throws") {
      context.defer(() => {
        throw new Error("cleanup");
      });
    }
    this.#do(plan.deed, context, attempt / 10 + offset / 7);
    const [first, last] = plan.holds;
    if (first > 0) this.#clock.hold(first);
    const end = (): unknown => {
      if (last > 0) this.#clock.hold(last);
      if (plan.cleanup === "none") leave();
      const value = `${taskName}!`;
      if (GIVES.has(plan.end)) this.#gives(seen, value);
      if (plan.end === "lazy-query") return this.#query(seen, plan.ms < 0, value);
      return plan.end.startsWith("skip")
        ? skipped(plan.end, context, value)
        : ended(plan.end as Ended, value);
    };
    if (plan.ms < 0) return end();
    // Nobody may ever ask some to stop, but their own time limit.
    const spared = one.uninterruptible || this.finallyTasks.has(declared);
    const asked = one.timeoutMs !== undefined || !spared;
    const own = Number.isFinite(plan.ms) || asked ? plan : { ...plan, ms: 9 };
    return this.#wait(own, context).then(end, (reason: unknown) => {
      if (plan.cleanup === "none") leave();
      if (plan.ears === "returns") return this.#gives(seen, "something");
      throw plan.ears === "throws-another" ? new Error("another") : reason;
    });
  }

  #gives(of: Seen, value: unknown): unknown {
    if (this.things.has(of.declared)) this.given.push({ of, value, at: this.tick() });
    return value;
  }

  /** Does its work when it is asked, as the queries of most database libraries do. */
  #query(of: Seen, plain: boolean, value: string): unknown {
    const query: Query = { of, plain, madeIn: [] };
    this.queries.push(query);
    const thenable: "then" = "then";
    return {
      [thenable]: (resolve: (value: string) => void) => {
        query.madeIn.push(this.inside);
        resolve(value);
      },
    };
  }

  #do(deed: Call["deed"], context: TaskContext, on: number): void {
    if (deed === "abort") this.controller.abort("by a task");
    else if (deed === "cancel") this.run?.cancel("by a task");
    else if (deed === "cancel-task") this.cancelTask(on % 1);
    else if (deed === "progress") context.progress(0.5);
    else if (deed === "log" || deed === "log-much") {
      for (let line = 0; line < LINES[deed]; line++) context.log(`line ${line}`, { line });
    } else if (deed === "read-signal") context.signal.throwIfAborted();
  }

  async #wait({ ms, ears }: Call, { signal }: TaskContext): Promise<void> {
    if (ms === 0) {
      await null;
      await null;
      return;
    }
    const clock = this.#clock;
    // What never ends by itself must hear, unless somebody gives it up.
    const deaf = ears === "deaf" && (Number.isFinite(ms) || this.#spec.graceMs !== undefined);
    if (!Number.isFinite(ms)) {
      await new Promise((_, reject) => {
        if (deaf) return;
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    }
    await clock.wait(ms, deaf ? undefined : signal).catch(async (reason) => {
      if (ears === "lingers") await clock.wait(4);
      throw reason;
    });
  }
}

/** How the task was made that has this name; none for what only lists the items of a map. */
export function writtenAs({ tasks }: RandomRun, name: string): RandomTask | undefined {
  return tasks[Number(name.slice(1))];
}

/** The call that an attempt makes; `index`: of the item of a map. */
export function callOf(
  task: RandomTask | undefined,
  attempt: number,
  index: number,
): Call | undefined {
  return task?.calls[Math.min(attempt - 1 + index, task.calls.length - 1)];
}

/** Whether any call of it holds the thread. */
export function holdsThread({ tasks }: RandomRun): boolean {
  return tasks.some(({ calls }) => calls.some(({ holds }) => holds[0] + holds[1] > 0));
}

/** What fallbacks give. */
export const FELL_BACK = "a fallback";

/** Whether it was made with a fallback. */
export function fallsBack({ kind, alone, fallback }: RandomTask): boolean {
  return fallback !== "none" && !(kind === "map" && alone);
}

/** The names of the finally tasks: those that no other task reads. */
function finallyIn({ tasks }: RandomRun): Set<string> {
  const found = new Set<string>();
  const readByOthers = new Set<number>();
  for (let at = tasks.length - 1; at >= 0; at--) {
    const { finally: last, edges } = tasks[at] as RandomTask;
    if (last && !readByOthers.has(at)) found.add(`t${at}`);
    else for (const { from } of edges) readByOthers.add(Math.floor(from * at));
  }
  return found;
}

/** Ends with which a function gives a value. */
const GIVES: ReadonlySet<Call["end"]> = new Set([
  "return",
  "resolve-twice",
  "lazy-query",
  "skip-caught",
]);

/** The names of the things: neither maps nor tails, nor read by tails. */
function thingsIn({ tasks }: RandomRun, finallyTasks: ReadonlySet<string>): Set<string> {
  const sourcesOf = (at: number): number[] =>
    at === 0 ? [] : (tasks[at] as RandomTask).edges.map(({ from }) => Math.floor(from * at));
  const read = new Set(tasks.flatMap((_, at) => sourcesOf(at)));
  const isTail = (at: number): boolean =>
    tasks[at]?.tail === true && !read.has(at) && !finallyTasks.has(`t${at}`);
  const readByTails = new Set(tasks.flatMap((_, at) => (isTail(at) ? sourcesOf(at) : [])));
  const things = tasks.flatMap(({ kind, release }, at) => {
    const may = kind === "task" && release !== "none" && !isTail(at) && !readByTails.has(at);
    return may ? [`t${at}`] : [];
  });
  return new Set(things);
}

function linked(source: Task<unknown>, kind: RandomTask["edges"][number]["kind"]): unknown {
  switch (kind) {
    case "optional":
      return optional(source);
    case "settled":
      return settled(source);
    case "after":
      return after(source);
    case "pick":
      return pick(source, (value) => value);
    default:
      return source;
  }
}

function backoffOf({
  backoff,
}: RandomTask): Exclude<RandomTask["backoff"], "throws"> | (() => number) {
  if (backoff !== "throws") return backoff;
  return () => {
    throw new Error("back-off");
  };
}

/** What becomes of what `skip` throws: nothing, it is caught, it is the cause of another error, it is lost to one. */
function skipped(end: string, context: TaskContext, value: string): unknown {
  try {
    return context.skip("not wanted after all");
  } catch (error) {
    if (end === "skip-caught") return value;
    if (end === "skip-lost") throw new Error("thrown while skipping");
    throw end === "skip-wrapped" ? new Error("wrapped", { cause: error }) : error;
  }
}

type Ended = Exclude<Call["end"], "lazy-query" | `skip${string}`>;

/** Every way to end that the language has. */
function ended(end: Ended, value: string): unknown {
  switch (end) {
    case "return":
      return value;
    case "throw":
      throw new Error("thrown");
    case "throw-undefined":
      throw undefined;
    case "throw-final":
      throw new NonRetryableError("final");
    case "throw-proxy":
      throw new Proxy(
        {},
        {
          get: () => {
            throw new Error("cannot be read");
          },
          getPrototypeOf: () => {
            throw new Error("cannot be asked");
          },
        },
      );
    case "resolve-twice":
      return {
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
        then(resolve: (value: string) => void, reject: (error: Error) => void) {
          resolve(value);
          resolve("twice");
          reject(new Error("thrice"));
          throw new Error("and once more");
        },
      };
    case "throwing-thenable":
      return {
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
        then() {
          throw new Error("then");
        },
      };
    case "throwing-then-getter":
      return {
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
        get then() {
          throw new Error("then, read");
        },
      };
    case "proxy-promise":
      return new Proxy(Promise.resolve(value), {});
  }
}

/** What an item is called. */
function keyOf(keys: RandomTask["keys"], index: number): string {
  if (keys === "throws" && index === 1) throw new Error("no key");
  return keys === "twice" ? "key 0" : `key ${index}`;
}
