/**
 * Random chains of runs that take each other up: graphs of tasks and maps whose outputs say which call made them and what
 * that call was given. As values that fast-check makes and shrinks, and as flows. It judges nothing.
 */
import fc from "fast-check";
import {
  after,
  type Flow,
  flow,
  type JournalEntry,
  map,
  optional,
  type Param,
  param,
  pick,
  settled,
  type Task,
  type TaskContext,
  task,
} from "../src/index.ts";

export interface ChainTask {
  readonly kind: "task" | "map";
  /** Which earlier tasks it reads, as a fraction of those there are, and how. A map maps over the rows of the first. */
  readonly edges: readonly {
    readonly from: number;
    readonly kind: "value" | "optional" | "settled" | "after" | "pick";
  }[];
  readonly params: readonly ("a" | "b")[];
  /** How many rows its output has, for maps over it. */
  readonly rows: number;
  /** Its output holds what JSON does not. */
  readonly unstorable: boolean;
  /** The lives in which it fails, by number; for a map, its second item. */
  readonly failsIn: readonly number[];
  readonly ignored: boolean;
  /** Of a task: it has a fallback. */
  readonly fallsBack: boolean;
  /** Its value is released after its last reader, unless it is a map or no other task is left. */
  readonly lives: boolean;
  /** In microtasks; none is synchronous. */
  readonly turns: number;
  /** Its results are in the cache that all lives have, unless they live. */
  readonly cached: boolean;
  /** It writes its journal entry itself, in the moment in which it has its result. */
  readonly commits: boolean;
}

export interface Life {
  readonly params: { readonly a: number; readonly b: number };
  /** The task that has another version in this life, as a fraction; none for most. */
  readonly changed: number | undefined;
  /** The process is killed when this entry is told; none goes on to its end. */
  readonly killedAt: number | undefined;
  /** Where the next life reads what this one left. */
  readonly leaves: "chain" | "own journal" | "report";
  readonly concurrency: number | undefined;
  /** How many microtasks the journal takes for its entries, in turns; -1 answers at once. */
  readonly journalTurns: readonly number[];
  /** The entry at which the process is killed was stored all the same: only its answer is lost. */
  readonly lastStored: boolean;
  /** The process is killed right after so many tasks have written their own entries, before they return. */
  readonly killedAtCommit: number | undefined;
  /** What the store of the cache does. */
  readonly store:
    | "well"
    | "late"
    | "none"
    | "get throws"
    | "set throws"
    | "forgets"
    | "never answers";
}

export interface RandomChain {
  readonly tasks: readonly ChainTask[];
  readonly lives: readonly Life[];
}

const fraction = fc.integer({ min: 0, max: 99 }).map((hundredths) => hundredths / 100);
const seldom = fc.integer({ min: 0, max: 9 }).map((one) => one === 9);

const chainTask: fc.Arbitrary<ChainTask> = fc.record({
  kind: fc.constantFrom("task", "map"),
  edges: fc.array(
    fc.record({
      from: fraction,
      kind: fc.constantFrom("value", "value", "optional", "settled", "after", "pick"),
    }),
    { maxLength: 3 },
  ),
  params: fc.subarray<"a" | "b">(["a", "b"]).map((names) => (names.length > 1 ? [] : names)),
  rows: fc.nat(3),
  unstorable: seldom,
  failsIn: fc.subarray([0, 1, 2, 3, 4]).map((lives) => (lives.length > 2 ? [] : lives)),
  ignored: seldom,
  fallsBack: seldom,
  lives: fc.nat(3).map((one) => one === 3),
  turns: fc.nat(3),
  cached: fc.nat(2).map((one) => one === 2),
  commits: seldom,
});

const life: fc.Arbitrary<Life> = fc.record({
  params: fc.record({ a: seldom.map(Number), b: seldom.map(Number) }),
  changed: fc.tuple(seldom, fraction).map(([so, which]) => (so ? which : undefined)),
  killedAt: fc.oneof(fc.constant(undefined), fc.nat(20), fc.nat(8)),
  leaves: fc.constantFrom("chain", "chain", "own journal", "report"),
  concurrency: fc.constantFrom(undefined, 1, 2),
  journalTurns: fc.oneof(
    fc.constant([-1]),
    fc.array(fc.constantFrom(-1, 0, 1, 5), { minLength: 1, maxLength: 3 }),
  ),
  lastStored: fc.boolean(),
  killedAtCommit: fc.constantFrom(undefined, undefined, undefined, 0, 1),
  store: fc.constantFrom(
    "well",
    "well",
    "late",
    "none",
    "get throws",
    "set throws",
    "forgets",
    "never answers",
  ),
});

export const randomChain: fc.Arbitrary<RandomChain> = fc.record({
  tasks: fc.array(chainTask, { minLength: 1, maxLength: 7 }),
  lives: fc.array(life, { minLength: 2, maxLength: 5 }),
});

/** What every output of these tasks is: who made it, and from what. */
export interface Made {
  /** Another one for every call; of a thing another one for everything else that it is made from. */
  readonly by: string;
  readonly version: string;
  readonly params: Readonly<Record<string, number>>;
  /** By dependency: who made what it read; `null` for nothing. */
  readonly saw: Readonly<Record<string, string | null>>;
  readonly item?: readonly [item: unknown, index: number];
  readonly rows: readonly number[];
  /** What JSON has not, where there are rows. */
  readonly when?: Date;
  readonly oddity?: unknown;
}

/** The graph as it is in one life. */
export class ChainGraph {
  readonly flow: Flow<Record<string, unknown>>;
  /** Names of tasks and items that were called, in order; repeats included. */
  readonly calls: string[] = [];
  readonly a: Param<number> = param<number>("a");
  readonly b: Param<number> = param<number>("b");
  /** By task: what it reads. */
  readonly reads: Map<string, readonly string[]> = new Map();
  readonly #life: number;
  readonly #chain: RandomChain;
  /** Who made the results of this life, restored ones included: what `after` does not hand on. */
  readonly made: Map<string, string> = new Map();
  /** Tasks whose values are released, and who made the values that were. */
  readonly things: ReadonlySet<string>;
  readonly given: string[] = [];
  /** What each thing that was called would be, also when it failed. */
  readonly meant: Map<string, string> = new Map();
  readonly released: string[] = [];
  /** Called with the entry that a task writes itself; one that throws is a process that has ended. */
  onCommit: (entry: JournalEntry) => void = () => {};

  constructor(chain: RandomChain, life: number) {
    this.#chain = chain;
    this.#life = life;
    this.things = thingsIn(chain);
    const made: Task<Made | Made[]>[] = [];
    chain.tasks.forEach((one, at) => {
      made.push(this.#make(one, at, made));
    });
    const roots = made.filter(({ name }) => !this.things.has(name));
    this.flow = flow("chain", Object.fromEntries(roots.map((one) => [one.name, one])));
  }

  versionOf(at: number): string {
    const { changed } = this.#chain.lives[this.#life] as Life;
    const other = changed !== undefined && Math.floor(changed * this.#chain.tasks.length) === at;
    return other ? `of life ${this.#life}` : "1";
  }

  #make(one: ChainTask, at: number, before: readonly Task<Made | Made[]>[]): Task<Made | Made[]> {
    const name = `t${at}`;
    const sources = before.length === 0 ? [] : one.edges.map(({ from }) => Math.floor(from * at));
    const read = sources.map((source) => before[source] as Task<Made | Made[]>);
    this.reads.set(name, [...new Set(read.map((source) => source.name))]);
    const inputs: Record<string, Task<unknown>> = {};
    read.forEach((source, edge) => {
      const { kind } = one.edges[edge] as ChainTask["edges"][number];
      inputs[`${edge}`] = linked(source, kind) as Task<unknown>;
    });
    for (const which of one.params) inputs[which] = this[which] as unknown as Task<unknown>;
    const options = {
      version: this.versionOf(at),
      onFailure: one.ignored ? ("ignore" as const) : ("fail" as const),
      ...(one.cached && !this.things.has(name) && { cache: {} }),
    };
    const [first] = read;
    if (one.kind === "map" && first !== undefined) {
      const rows = pick(first, (value) => (Array.isArray(value) ? value : [value]).flatMap(rowsOf));
      const { 0: _, ...rest } = inputs;
      return map(
        name,
        rows,
        rest,
        (item: number, index, given, context) =>
          this.#call(one, at, `${name}[${index}]`, given, context, read, [item, index]),
        options,
      ) as Task<Made[]>;
    }
    const fallback = (): Made => this.#fallback(one, at, name);
    return task(name, inputs, (given, context) => this.#call(one, at, name, given, context, read), {
      ...options,
      ...(one.fallsBack && { fallback }),
      ...(this.things.has(name) && {
        release: ({ by }: Made) => void this.released.push(by),
      }),
    }) as Task<Made>;
  }

  #fallback({ rows }: ChainTask, at: number, name: string): Made {
    const by = `${name}, ${FELL_BACK} in ${this.#life}`;
    this.made.set(name, JSON.stringify(by));
    return {
      by,
      version: this.versionOf(at),
      params: {},
      saw: {},
      rows: Array.from({ length: rows }, (_, row) => row),
    };
  }

  async #call(
    one: ChainTask,
    at: number,
    name: string,
    given: Readonly<Record<string, unknown>>,
    context: TaskContext,
    read: readonly Task<unknown>[],
    item?: readonly [unknown, number],
  ): Promise<Made> {
    this.calls.push(name);
    const saw: Record<string, string | null> = {};
    for (const source of read) saw[source.name] = this.made.get(source.name) ?? null;
    const params = Object.fromEntries(one.params.map((which) => [which, given[which] as number]));
    const version = this.versionOf(at);
    const thing = this.things.has(name);
    const by = thing
      ? `${name} of ${JSON.stringify([version, params, saw])}`
      : `${name} in ${this.#life}`;
    if (thing) this.meant.set(name, JSON.stringify(by));
    for (let turn = 0; turn < one.turns; turn++) await null;
    if (one.failsIn.includes(this.#life) && (item === undefined || item[1] === 1)) {
      throw new Error("failed");
    }
    const rows = Array.from({ length: one.rows }, (_, row) => row * 10);
    if (thing) {
      this.given.push(by);
      this.made.set(name, JSON.stringify(by));
    }
    const made: Made = {
      by,
      version,
      params,
      saw,
      rows,
      ...(item === undefined ? {} : { item }),
      ...(one.rows > 0 ? { when: new Date(one.rows) } : {}),
      ...(one.unstorable ? { oddity: () => {} } : {}),
    };
    if (one.commits && !thing && !one.unstorable) this.onCommit(context.journalEntry(made));
    return made;
  }
}

function thingsIn({ tasks }: RandomChain): Set<string> {
  const things = tasks.flatMap(({ lives, kind, edges }, at) => {
    // The first of all cannot be a map, nor can one that reads nothing.
    const isMap = kind === "map" && at > 0 && edges.length > 0;
    return lives && !isMap ? [`t${at}`] : [];
  });
  return new Set(things.length < tasks.length ? things : []);
}

/** What is in the name of whoever made a value, when a fallback did. */
export const FELL_BACK = "which fell back";

/** Whether a fallback made it. */
export function isOfFallback({ by }: Made): boolean {
  return by.includes(FELL_BACK);
}

function rowsOf(value: unknown): readonly number[] {
  return (value as Made | undefined)?.rows ?? [];
}

function linked(source: Task<unknown>, kind: ChainTask["edges"][number]["kind"]): unknown {
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
