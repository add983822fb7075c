/**
 * Runs of random graphs: failures, retries, time-outs, conditions, maps, tails, cancellations, flows inside of tasks, all
 * from one seed.
 */
import {
  after,
  type ExecutionReport,
  type Flow,
  flow,
  loop,
  map,
  type Observer,
  optional,
  type RunOptions,
  settled,
  subflow,
  type Task,
  task,
} from "@astrum/core";
import { VirtualClock } from "@astrum/core/testing";

/** mulberry32, by Tommy Ettinger: small, seeded, good enough to choose with. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface RandomRun {
  readonly report: ExecutionReport;
  readonly clock: VirtualClock;
}

/** A flow named `random`, run with this observer. */
export async function randomRun(seed: number, observers: readonly Observer[]): Promise<RandomRun> {
  const next = random(seed);
  const chance = (share: number): boolean => next() < share;
  const below = (limit: number): number => Math.floor(next() * limit);
  const clock = new VirtualClock();
  const built = randomFlow("random", 3 + below(15), DEPTH, { clock, chance, below });

  const options: RunOptions = {
    clock,
    observers,
    random: next,
    failure: (["stop", "drain", "continue", { maxFailures: 2 }] as const)[below(4)] ?? "stop",
    ...(chance(0.6) && { concurrency: 1 + below(5) }),
    ...(chance(0.2) && { timeoutMs: 40 + below(400) }),
    ...(chance(0.5) && { graceMs: 20 }),
  };
  const run = built.start(options);
  if (chance(0.15)) clock.after(30 + below(200), () => run.cancel("enough"));
  if (chance(0.2)) clock.after(30 + below(100), () => run.cancelTask("t1"));
  const report = await clock.run(run.report);
  return { report: report as ExecutionReport, clock };
}

/** What the tasks of one run are drawn with. */
interface Drawn {
  readonly clock: VirtualClock;
  readonly chance: (share: number) => boolean;
  readonly below: (limit: number) => number;
}

/** Flows inside of one another, at most. */
const DEPTH = 3;

/** `depth`: how many flows it may have inside of one another. */
function randomFlow(name: string, size: number, depth: number, drawn: Drawn): Flow<unknown> {
  const { clock, chance, below } = drawn;
  const work = async (_: unknown, context: { signal: AbortSignal }): Promise<number[]> => {
    const ignores = chance(0.1);
    await clock.wait(below(80), ignores ? undefined : context.signal);
    if (chance(0.2)) throw new Error("unlucky");
    return Array.from({ length: below(5) }, (_, item) => item);
  };
  /** Often a flow, in place of what the work gives. */
  const becoming = async (_: unknown, context: { signal: AbortSignal }): Promise<unknown> => {
    const list = await work(_, context);
    return chance(0.7) ? inner() : list;
  };
  const inner = (): Flow<unknown> => randomFlow("inner", 1 + below(3), depth - 1, drawn);
  const until = async (): Promise<boolean> => {
    await clock.wait(below(20));
    if (chance(0.1)) throw new Error("undecided");
    return chance(0.4);
  };
  const around = (): object => ({
    ...(chance(0.1) && { onFailure: "ignore" }),
    ...(chance(0.1) && { when: () => chance(0.5) }),
  });
  const options = (): object => ({
    ...around(),
    ...(chance(0.1) && { deadlineMs: 30 + below(100) }),
    ...(chance(0.4) && { retry: { attempts: below(3), backoff: "fixed", baseMs: below(50) } }),
    ...(chance(0.2) && { timeoutMs: 20 + below(60) }),
  });
  const tasks: Task<unknown>[] = [];
  /** Those of them that give a list. */
  const lists: Task<number[]>[] = [];
  for (let at = 0; at < size; at++) {
    const inputs: Record<string, never> = {};
    for (let edge = below(3); edge > 0 && at > 0; edge--) {
      const from = tasks[below(at)] as Task<unknown>;
      const edges = [from, optional(from), settled(from), after(from)];
      inputs[`i${edge}`] = edges[below(4)] as never;
    }
    const from = lists[below(Math.max(lists.length, 1))];
    const become = depth > 0 && chance(0.3);
    if (from !== undefined && chance(0.2)) {
      const item = become ? becoming : work;
      const items = map(`t${at}`, from, (_: number, __: number, context) => item(_, context), {
        ...(options() as { retry?: number }),
        ...(chance(0.4) && { items: "settled" as const }),
      });
      tasks.push(items as unknown as Task<unknown>);
    } else if (become && chance(0.3)) {
      tasks.push(randomLoop(`t${at}`, inner, around(), drawn));
    } else if (become && chance(0.4)) {
      tasks.push(subflow(`t${at}`, inner(), {}, around()));
    } else if (become && chance(0.5)) {
      const steps = { first: inner, next: inner, until, max: 1 + below(3) };
      tasks.push(loop(`t${at}`, inputs, { ...steps, ...around() }));
    } else if (become) {
      tasks.push(task(`t${at}`, inputs, becoming as never, options()));
    } else {
      const plain = task(`t${at}`, inputs, work as never, options()) as Task<number[]>;
      tasks.push(plain);
      lists.push(plain);
    }
  }
  const first = { _: after(tasks[0] as Task<unknown>) };
  const tail = task("archive", first, (_, { signal }) => clock.wait(below(300), signal), options());
  const last = task("clean", (_, { signal }) => clock.wait(below(20), signal), options());
  return flow(name, Object.fromEntries(tasks.map((one) => [one.name, one])), {
    ...(chance(0.5) && { tails: { tail } }),
    ...(chance(0.2) && { finally: { last } }),
  });
}

/** One to three flows, one after another, of which the last one may still not be enough. */
function randomLoop(
  name: string,
  inner: () => Flow<unknown>,
  options: object,
  { chance, below }: Drawn,
): Task<unknown> {
  const steps = {
    first: inner,
    next: () => {
      if (chance(0.1)) throw new Error("no next one");
      return inner();
    },
    until: () => chance(0.5),
    max: 1 + below(3),
  };
  return loop(name, {}, { ...steps, ...options });
}
