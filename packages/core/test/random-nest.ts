/**
 * Random flows in flows, up to three deep: subflows, tasks and items that become flows, loops, with failures, conditions, finally
 * tasks and tails anywhere inside; run in every failure mode, called off at random instants. As values that fast-check
 * makes and shrinks, and as flows that write down what happens. It judges nothing.
 */
import fc from "fast-check";
import {
  type FailureMode,
  type Flow,
  flow,
  loop,
  map,
  optional,
  settled,
  subflow,
  type Task,
  type TaskContext,
  task,
} from "../src/index.ts";
import type { VirtualClock } from "../src/testing.ts";

export interface NestTask {
  readonly kind: "plain" | "subflow" | "becomes" | "map" | "loop";
  /** What is inside; of a map of each item, of a loop each time. None for a plain task. */
  readonly inside: NestFlow | undefined;
  readonly items: number;
  /** Of a loop: after how many flows it is done, and how many it may have; how long each step takes, and which one throws. */
  readonly times: number;
  readonly max: number;
  readonly stepMs: number;
  readonly throws: "none" | "first" | "next" | "until";
  readonly edges: readonly {
    readonly from: number;
    readonly kind: "value" | "optional" | "settled";
  }[];
  readonly ms: number;
  readonly fails: boolean;
  readonly retries: number;
  readonly ignored: boolean;
  readonly fallback: boolean;
  readonly when: "none" | "yes" | "no";
  readonly role: "root" | "finally" | "tail";
  readonly alone: boolean;
  /** Of one with something inside: 5 ms. */
  readonly deadline: boolean;
  /** Of a plain task: it reads what lives in its flow, where anything does. */
  readonly reads: boolean;
  readonly deaf: boolean;
}

export interface NestFlow {
  /** Whether it has a task whose value lives. */
  readonly lives: boolean;
  readonly tasks: readonly NestTask[];
}

export interface NestRun {
  readonly flow: NestFlow;
  readonly failure: FailureMode;
  readonly concurrency: number | undefined;
  readonly keep: "all" | "roots";
  readonly acts: readonly {
    readonly at: number;
    readonly act: "cancel" | "cancel-task";
    /** Which of the names that are known by then, as a fraction. */
    readonly on: number;
  }[];
}

const oneOf = fc.constantFrom;
const rarely = (often: number): fc.Arbitrary<boolean> =>
  fc.integer({ min: 0, max: often }).map((one) => one === often);
const fraction = fc.integer({ min: 0, max: 99 }).map((hundredths) => hundredths / 100);

function nestFlow(depth: number): fc.Arbitrary<NestFlow> {
  return fc.record({
    lives: rarely(2),
    tasks: fc.array(nestTask(depth), { minLength: 1, maxLength: depth === 3 ? 4 : 2 }),
  });
}

function nestTask(depth: number): fc.Arbitrary<NestTask> {
  const kinds: NestTask["kind"][] =
    depth === 0 ? ["plain"] : ["plain", "subflow", "becomes", "map", "loop"];
  return fc.record({
    kind: oneOf(...kinds),
    inside: depth === 0 ? fc.constant(undefined) : nestFlow(depth - 1),
    items: fc.nat(2),
    times: fc.integer({ min: 1, max: 3 }),
    max: oneOf(3, 3, 3, 1, 2),
    stepMs: oneOf(-1, -1, 0, 3),
    throws: oneOf("none", "none", "none", "none", "none", "first", "next", "until"),
    edges: fc.array(fc.record({ from: fraction, kind: oneOf("value", "optional", "settled") }), {
      maxLength: 2,
    }),
    ms: fc.integer({ min: 0, max: 6 }),
    fails: rarely(6),
    retries: oneOf(0, 0, 1),
    ignored: rarely(5),
    fallback: rarely(6),
    when: oneOf("none", "none", "none", "yes", "no"),
    role: oneOf("root", "root", "root", "finally", "tail"),
    alone: fc.boolean(),
    deadline: rarely(7),
    reads: fc.boolean(),
    deaf: rarely(6),
  });
}

export const nestRun: fc.Arbitrary<NestRun> = fc.record({
  flow: nestFlow(3),
  failure: oneOf<FailureMode[]>("stop", "drain", "continue", { maxFailures: 2 }),
  concurrency: oneOf(undefined, 1, 2),
  keep: oneOf("all", "roots"),
  acts: fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 20 }),
      act: oneOf("cancel", "cancel-task", "cancel-task"),
      on: fraction,
    }),
    { maxLength: 2 },
  ),
});

/** A value that lived: of which task, and the ticks at which it came and was released. */
export interface NestThing {
  readonly task: string;
  readonly madeAt: number;
  readonly releasedAt: number[];
}

/** What a function saw: when it was called, and when it ended. */
export interface NestSeen {
  readonly task: string;
  /** What it was handed that lives, if it is to be handed such. */
  readonly handed: { readonly thing: NestThing | undefined } | undefined;
  readonly startedAt: number;
  endedAt: number | undefined;
}

/** What a step of a loop saw, by the path of the loop; `count`: how many flows it had then. */
export interface NestStep {
  readonly step: "first" | "next" | "until";
  readonly path: string;
  readonly count: number;
  readonly startedAt: number;
  endedAt: number | undefined;
}

export class NestGraph {
  readonly flow: Flow<unknown>;
  readonly seen: NestSeen[] = [];
  readonly things: NestThing[] = [];
  readonly steps: NestStep[] = [];
  /** The paths of tails. */
  readonly tails: Set<string> = new Set();
  /** By declared path, without indices. */
  readonly specs: Map<string, NestTask> = new Map();
  readonly #clock: VirtualClock;
  #order = 0;

  constructor(clock: VirtualClock, spec: NestFlow) {
    this.#clock = clock;
    this.flow = this.#flow("nest", spec, "");
  }

  tick(): number {
    return ++this.#order;
  }

  /** Lives until its last reader has ended. */
  #thing(): Task<NestThing> {
    return task(
      "thing",
      async (_, { taskName, signal }) => {
        await this.#clock.wait(1, signal);
        const thing = { task: taskName, madeAt: this.tick(), releasedAt: [] };
        this.things.push(thing);
        return thing as NestThing;
      },
      {
        release: async (thing) => {
          await this.#clock.wait(1);
          thing.releasedAt.push(this.tick());
        },
      },
    );
  }

  #flow(name: string, { tasks, lives }: NestFlow, path: string): Flow<unknown> {
    const made: Task<unknown>[] = [];
    const thing = lives ? this.#thing() : undefined;
    const roles: Record<NestTask["role"], Record<string, Task<unknown>>> = {
      root: {},
      finally: {},
      tail: {},
    };
    const read = new Set(
      tasks.flatMap(({ edges }, at) => edges.map(({ from }) => sourceOf(from, at))),
    );
    tasks.forEach((one, at) => {
      const isTail = one.role === "tail" && !read.has(at);
      const reads = one.kind === "plain" && one.reads && !isTail ? thing : undefined;
      const handle = this.#task(one, `t${at}`, at, made, `${path}t${at}`, reads);
      made.push(handle);
      // What others read is a root: nothing but a finally task may read one, and nobody a tail.
      const role = read.has(at) ? "root" : one.role;
      roles[role][handle.name] = handle;
      if (role === "tail") this.tails.add(`${path}t${at}`);
    });
    return flow(name, roles.root, { finally: roles.finally, tails: roles.tail });
  }

  #task(
    one: NestTask,
    name: string,
    at: number,
    made: readonly Task<unknown>[],
    path: string,
    thing: Task<unknown> | undefined,
  ): Task<unknown> {
    this.specs.set(path, one);
    const inputs: Record<string, Task<unknown>> = thing === undefined ? {} : { thing };
    one.edges.forEach(({ from, kind }, edge) => {
      const source = made[sourceOf(from, at)];
      if (source === undefined) return;
      const linked =
        kind === "optional" ? optional(source) : kind === "settled" ? settled(source) : source;
      inputs[`in${edge}`] = linked as Task<unknown>;
    });
    const parent = {
      onFailure: one.ignored ? ("ignore" as const) : ("fail" as const),
      ...(one.fallback && { fallback: () => "instead" }),
      ...(one.when !== "none" && { when: () => one.when === "yes" }),
      ...(one.deadline && one.kind !== "plain" && { deadlineMs: 5 }),
    };
    const options = { ...parent, retry: one.retries };
    const inside = one.inside as NestFlow;
    switch (one.kind) {
      case "subflow":
        return subflow(name, this.#flow(name, inside, `${path}.`), {}, parent) as Task<unknown>;
      case "loop":
        return this.#loop(one, name, inputs, parent, path);
      case "map": {
        const list = task(`${name}-list`, () =>
          Array.from({ length: one.items }, (_, index) => index),
        );
        return map(name, list, inputs, (_, __, ___, context) => this.#call(one, context, path), {
          ...options,
          items: one.alone && !one.fallback ? "settled" : "all",
        }) as Task<unknown>;
      }
      default:
        return task(
          name,
          inputs,
          (given, context) => {
            const handed = given.thing as NestThing | undefined;
            return this.#call(one, context, path, thing && { thing: handed });
          },
          options,
        ) as Task<unknown>;
    }
  }

  #loop(
    one: NestTask,
    name: string,
    inputs: Record<string, Task<unknown>>,
    parent: object,
    path: string,
  ): Task<unknown> {
    const body = (): Flow<unknown> => this.#flow(name, one.inside as NestFlow, `${path}.`);
    let count = 0;
    const step = <T>(which: NestStep["step"], answer: () => T): T | Promise<T> => {
      const seen: NestStep = {
        step: which,
        path,
        count,
        startedAt: this.tick(),
        endedAt: undefined,
      };
      this.steps.push(seen);
      const end = (): T => {
        seen.endedAt = this.tick();
        if (one.throws === which) throw new Error(`${which} of ${path} failed`);
        return answer();
      };
      return one.stepMs < 0 ? end() : this.#clock.wait(one.stepMs).then(end);
    };
    return loop(name, inputs, {
      ...parent,
      first: () => {
        const flow = step("first", body);
        count = 1;
        return flow;
      },
      next: (_, __, iteration) => {
        if (iteration !== count) throw new Error(`${path}: ${iteration} comes after ${count}`);
        const flow = step("next", body);
        count++;
        return flow;
      },
      until: () => step("until", () => count >= one.times),
      max: one.max,
    }) as Task<unknown>;
  }

  async #call(
    one: NestTask,
    context: TaskContext,
    path: string,
    handed?: NestSeen["handed"],
  ): Promise<unknown> {
    const { taskName, signal } = context;
    const seen: NestSeen = {
      task: taskName,
      handed,
      startedAt: this.tick(),
      endedAt: undefined,
    };
    this.seen.push(seen);
    try {
      if (one.ms > 0) await this.#clock.wait(one.ms, one.deaf ? undefined : signal);
      if (one.fails) throw new Error(`${taskName} failed`);
      return one.kind === "plain"
        ? `${taskName}!`
        : this.#flow(taskName, one.inside as NestFlow, `${path}.`);
    } finally {
      seen.endedAt = this.tick();
    }
  }
}

function sourceOf(from: number, at: number): number {
  return at === 0 ? -1 : Math.floor(from * at);
}
