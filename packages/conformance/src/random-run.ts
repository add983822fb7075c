/** Runs of random graphs: failures, retries, time-outs, conditions, maps, tails, cancellations, all from one seed. */
import {
  after,
  type ExecutionReport,
  type Flow,
  flow,
  map,
  type Observer,
  optional,
  type RunOptions,
  settled,
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
  const built = randomFlow(clock, chance, below);

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

function randomFlow(
  clock: VirtualClock,
  chance: (share: number) => boolean,
  below: (limit: number) => number,
): Flow<unknown> {
  const work = async (_: unknown, context: { signal: AbortSignal }): Promise<number[]> => {
    const ignores = chance(0.1);
    await clock.wait(below(80), ignores ? undefined : context.signal);
    if (chance(0.2)) throw new Error("unlucky");
    return Array.from({ length: below(5) }, (_, item) => item);
  };
  const options = (): object => ({
    ...(chance(0.4) && { retry: { attempts: below(3), backoff: "fixed", baseMs: below(50) } }),
    ...(chance(0.2) && { timeoutMs: 20 + below(60) }),
    ...(chance(0.1) && { onFailure: "ignore" }),
    ...(chance(0.1) && { when: () => chance(0.5) }),
  });
  const tasks: Task<number[]>[] = [];
  const count = 3 + below(15);
  for (let at = 0; at < count; at++) {
    const inputs: Record<string, never> = {};
    for (let edge = below(3); edge > 0 && at > 0; edge--) {
      const from = tasks[below(at)] as Task<number[]>;
      const edges = [from, optional(from), settled(from), after(from)];
      inputs[`i${edge}`] = edges[below(4)] as never;
    }
    const from = tasks[below(Math.max(at, 1))];
    if (from !== undefined && chance(0.2)) {
      const items = map(`t${at}`, from, (_: number, __: number, context) => work(_, context), {
        ...(options() as { retry?: number }),
        ...(chance(0.4) && { items: "settled" as const }),
      });
      tasks.push(items as unknown as Task<number[]>);
    } else {
      tasks.push(task(`t${at}`, inputs, work as never, options()) as Task<number[]>);
    }
  }
  const tail = task(
    "archive",
    { _: after(tasks[0] as Task<number[]>) },
    (_, { signal }) => clock.wait(below(300), signal),
    options(),
  );
  return flow("random", Object.fromEntries(tasks.map((one) => [one.name, one])), {
    ...(chance(0.5) && { tails: { tail } }),
  });
}
