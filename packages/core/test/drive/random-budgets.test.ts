/** Random tasks with one budget between them, and what the page promises of those that it can never serve. */
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  BudgetExhaustedError,
  type ExecutionReport,
  flow,
  map,
  RateLimit,
  Semaphore,
  type Task,
  type TaskContext,
  task,
  value,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

const spender = fc.record({
  /** More than one: the items of a map. */
  units: fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }),
  computed: fc.boolean(),
  alsoCalls: fc.boolean(),
  alsoDb: fc.boolean(),
  ms: fc.nat(3),
  /** What it says that it has spent. */
  spent: fc.option(fc.nat(8), { nil: undefined }),
  failsFirst: fc.boolean(),
  retry: fc.nat(1),
  priority: fc.nat(2),
  /** One before it that it waits for, if there is one. */
  after: fc.option(fc.nat(9), { nil: undefined }),
  atOnce: fc.integer({ min: 1, max: 3 }),
});
const run = fc.record({
  limit: fc.integer({ min: 7, max: 24 }),
  concurrency: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  spenders: fc.array(spender, { minLength: 2, maxLength: 9 }),
});
type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

interface Told {
  readonly report: ExecutionReport<unknown>;
  /** By name, what each asks for. */
  readonly asks: ReadonlyMap<string, number>;
  /** What is spent at the end. */
  readonly spent: number;
}

async function played({ limit, concurrency, spenders }: Run): Promise<Told> {
  const clock = new VirtualClock();
  const asks = new Map<string, number>();
  let spent = 0;
  const body = async (of: (typeof spenders)[number], units: number, context: TaskContext) => {
    spent += units;
    await clock.wait(of.ms, context.signal);
    if (of.spent !== undefined) {
      context.spent("tokens", of.spent);
      spent += of.spent - units;
    }
    if (of.failsFirst && context.attempt === 1) throw new Error("at first");
  };
  const tasks: Task<unknown>[] = [];
  const made = (of: (typeof spenders)[number], name: string): Task<unknown> => {
    const shared = { ...(of.alsoCalls && { calls: 1 }), ...(of.alsoDb && { db: 1 }) };
    const options = { priority: of.priority, retry: of.retry };
    const [first = 0, ...more] = of.units;
    if (more.length > 0) {
      of.units.forEach((units, index) => void asks.set(`${name}[${index}]`, units));
      return map(name, value(of.units), (units, _, context) => body(of, units, context), {
        ...options,
        items: "settled",
        concurrency: of.atOnce,
        resources: { ...shared, tokens: (units) => units },
      });
    }
    asks.set(name, first);
    const dependency = of.after === undefined ? undefined : tasks[of.after % tasks.length];
    return task(
      name,
      dependency === undefined ? {} : { dependency },
      (_, context) => body(of, first, context),
      { ...options, resources: { ...shared, tokens: of.computed ? () => first : first } },
    );
  };
  for (const of of spenders) tasks.push(made(of, `t${tasks.length}`));
  const resources = {
    tokens: new RateLimit({ limit, perMs: Number.POSITIVE_INFINITY }),
    calls: new RateLimit({ limit: 3, perMs: 5 }),
    db: new Semaphore(2),
  };
  const whole = flow("spending", Object.fromEntries(tasks.map((one) => [one.name, one])));
  const options = { clock, concurrency, failure: "continue", resources } as const;
  return { report: await clock.run(whole.run(options)), asks, spent };
}

it("A budget fails those who ask for more than is left, each by what it asks for, and keeps nobody waiting", async () => {
  let denied = 0;
  await fc.assert(
    fc.asyncProperty(run, async (drawn) => {
      const { report, asks, spent } = await played(drawn);
      for (const { task, error } of report.failures) {
        if (!(error instanceof BudgetExhaustedError)) continue;
        denied++;
        expect(error.needed, task).toBe(asks.get(task));
        expect(error.needed, task).toBeGreaterThan(error.left);
        // Nobody could give anything back, so nothing has come back since.
        expect(error.left, task).toBeGreaterThanOrEqual(drawn.limit - spent);
      }
      const ends = new Set(report.taskStatistics.map(({ status }) => status));
      for (const status of ends) expect(["completed", "failed", "skipped"]).toContain(status);
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(denied).toBeGreaterThan(300);
});
