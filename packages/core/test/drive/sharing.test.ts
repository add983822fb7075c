/**
 * Any three runs that share two semaphores and a rate, beside capacity of their own: nobody hangs, nothing is held above
 * what there is, all comes back, and the recorded grants give the same reports.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ExecutionReport,
  flow,
  RateLimit,
  type RunOptions,
  Semaphore,
  type Task,
  type TaskContext,
  task,
} from "../../src/index.ts";
import { recorded, replay, VirtualClock } from "../../src/testing.ts";

const CASES = 200;
const LIMITS = { a: 2, b: 3 };
const BURST = 4;

const someTask = fc.record({
  a: fc.nat(LIMITS.a),
  b: fc.nat(LIMITS.b),
  rate: fc.nat(BURST),
  db: fc.nat(2),
  /** Amounts of what is shared are told by a function. */
  computed: fc.boolean(),
  priority: fc.integer({ min: -1, max: 1 }),
  after: fc.option(fc.nat(9), { nil: undefined }),
  ms: fc.nat(20),
  retries: fc.nat(2),
  delay: fc.constantFrom(0, 0, 7),
  fails: fc.boolean(),
  says: fc.option(fc.nat(2 * BURST), { nil: undefined }),
  blocks: fc.constantFrom(undefined, undefined, undefined, "a", "rate", "db"),
});
const someRun = fc.record({
  tasks: fc.array(someTask, { minLength: 1, maxLength: 7 }),
  concurrency: fc.constantFrom(undefined, 1, 2, "shared" as const),
  failure: fc.constantFrom("stop" as const, "drain" as const, "continue" as const),
  cancelAt: fc.option(fc.nat(60), { nil: undefined }),
  cancelTaskAt: fc.option(fc.nat(60), { nil: undefined }),
  timeoutMs: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
  startsAt: fc.nat(10),
});
type SomeRun = typeof someRun extends fc.Arbitrary<infer T> ? T : never;

class Held {
  readonly broken: string[] = [];
  readonly spent: { at: number; units: number }[] = [];
  readonly #units: Record<string, number> = { a: 0, b: 0, slots: 0 };

  take(units: Record<string, number>, sign: 1 | -1): void {
    for (const [name, amount] of Object.entries(units)) {
      this.#units[name] = (this.#units[name] ?? 0) + sign * amount;
      const most = { ...LIMITS, slots: 2 }[name] as number;
      if ((this.#units[name] as number) > most) this.broken.push(`${this.#units[name]} of ${name}`);
    }
  }
}

function started(clock: VirtualClock, spec: SomeRun, held: Held, shared: RunOptions) {
  const made: Task<unknown>[] = [];
  spec.tasks.forEach((one, at) => {
    const { a, b, rate, db, computed, priority, ms, retries, delay, fails, says, blocks } = one;
    const units = { a, b, ...(spec.concurrency === "shared" ? { slots: 1 } : {}) };
    const work = async (_: unknown, { attempt, signal, spent }: TaskContext) => {
      held.take(units, 1);
      held.spent.push({ at: clock.now(), units: rate });
      try {
        if (ms > 0) await clock.wait(ms, signal);
        if (says !== undefined) spent("rate", says);
        if (fails || attempt <= retries) {
          const retryAfter = blocks && { resource: blocks, ms: 15 };
          throw Object.assign(new Error("fails"), { retryAfter });
        }
      } finally {
        held.take(units, -1);
      }
    };
    const given = <T extends number>(amount: T) => (computed ? () => amount : amount);
    const before = one.after === undefined || at === 0 ? undefined : made[one.after % at];
    made.push(
      task(`t${at}`, before === undefined ? {} : { before }, work, {
        priority,
        onFailure: "ignore",
        resources: { a: given(a), b: given(b), rate: given(rate), db },
        retry: { attempts: retries, backoff: "fixed", baseMs: delay },
      }),
    );
  });
  const { concurrency, failure, timeoutMs, cancelAt, cancelTaskAt } = spec;
  const { options, recording } = recorded<RunOptions>({
    ...shared,
    failure,
    timeoutMs,
    concurrency: concurrency === "shared" ? shared.concurrency : concurrency,
  });
  const graph = flow("f", Object.fromEntries(made.map((one) => [one.name, one])));
  const run = graph.start(options);
  if (cancelAt !== undefined) clock.after(cancelAt, () => run.cancel());
  if (cancelTaskAt !== undefined) clock.after(cancelTaskAt, () => run.cancelTask("t0"));
  const isReplayed = (report: ExecutionReport): void =>
    expect(replay(graph.plan(), recording).toJSON()).toEqual(report.toJSON());
  return { report: run.report, isReplayed };
}

function isWhole(semaphore: Semaphore): boolean {
  let free = 0;
  for (let at = 0; at <= semaphore.limit; at++) semaphore.acquire(() => free++);
  return free === semaphore.limit;
}

describe("Three runs that share two semaphores and a rate", () => {
  it(`end, whatever they ask for (${CASES} random cases)`, { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(someRun, someRun, someRun), async (specs) => {
        const clock = new VirtualClock();
        const [a, b, slots] = [new Semaphore(LIMITS.a), new Semaphore(LIMITS.b), new Semaphore(2)];
        const rate = new RateLimit({ limit: BURST, perMs: 40 });
        const held = new Held();
        const shared = { clock, concurrency: slots, resources: { a, b, rate, db: 2 } };
        const runs: ReturnType<typeof started>[] = [];
        // The clock throws when nothing is left that could end them.
        await clock.run(
          Promise.all(
            specs.map(async (spec) => {
              if (spec.startsAt > 0) await clock.wait(spec.startsAt);
              const run = started(clock, spec, held, shared);
              runs.push(run);
              await run.report;
            }),
          ),
        );
        expect(held.broken).toEqual([]);
        for (const { report, isReplayed } of runs) isReplayed((await report) as ExecutionReport);
        await clock.advance(5000);
        expect([a, b, slots].map(isWhole)).toEqual([true, true, true]);
        expect(clock.pending).toBe(0);
      }),
      { numRuns: CASES, seed: 20_260_101 },
    );
  });
});
