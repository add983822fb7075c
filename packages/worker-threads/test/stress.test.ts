import { expect, onTestFinished, test } from "vitest";
import type { WorkerCrashedError, WorkerPool } from "../src/index.ts";
import { faults, openPool, rejection, tasks } from "./rig.ts";

/** The same numbers in every run (xorshift32), so that a failure can be looked at again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
}

type Mishap = readonly [
  expected: string,
  run: (pool: WorkerPool, value: number) => Promise<unknown>,
];

const mishaps: readonly Mishap[] = [
  ["WorkerCrashedError", (pool) => pool.task(faults.exit)(1)],
  ["WorkerCrashedError", (pool) => pool.task(faults.throwUncaught)("late")],
  ["WorkerSerializationError", (pool) => pool.task(tasks.echo)({ no: () => {} })],
  ["WorkerSerializationError", (pool) => pool.task(faults.returnUnclonable)()],
  ["WorkerSerializationError", (pool) => pool.task(faults.throwUnclonable)()],
  ["WorkerModuleError", (pool) => pool.task({ ...tasks.double, exportName: "missing" })(1)],
  ["Error", (pool) => pool.task(faults.throwErrorWithFunction)()],
  ["WorkerTimeoutError", (pool) => pool.task(faults.loopForever, { timeoutMs: 5 })()],
  [
    "TimeoutError",
    (pool) => pool.task(faults.loopForever)({}, { signal: AbortSignal.timeout(15) }),
  ],
  ["WorkerOutOfMemoryError", (pool) => pool.task(faults.exhaustMemory)()],
];

/** Every rejection that nobody hears, until the end of the test. */
function unheard(): readonly unknown[] {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  return errors;
}

/** `pnpm test:slow` asks for more. */
const count = Number(process.env.ASTRUM_MISHAPS ?? 150);

for (const minThreads of [0, 2])
  test(
    `${count} calls, half of them mishaps of every kind, all settle as they should, with ${minThreads} threads kept`,
    async () => {
      const unhandled = unheard();
      const pool = openPool({
        threads: 2,
        minThreads,
        idleTimeoutMs: 20,
        resourceLimits: { maxOldGenerationSizeMb: 16 },
      });
      const roll = dice(20_261_123);
      const calls = Array.from({ length: count }, async (_, index) => {
        if (roll(2) > 0) return (await pool.task(tasks.double)(index)) === index * 2 || index;
        // Running out of memory takes the longest by far: twelve of them will do.
        const [expected, run] = mishaps[
          index % 50 === 0 ? mishaps.length - 1 : roll(mishaps.length - 1)
        ] as Mishap;
        const error = (await rejection(run(pool, index))) as Error;
        return error.name === expected || `${index}: expected ${expected}, got ${error.stack}`;
      });
      const outcomes = await Promise.all(calls);
      expect(outcomes.filter((outcome) => outcome !== true)).toEqual([]);
      expect(pool.stats).toMatchObject({ running: 0, queued: 0 });
      await pool.close();
      expect(pool.stats.threads).toBe(0);
      expect(unhandled).toEqual([]);
    },
    400 * count,
  );

test("300 calls, a third of them crashes, while the system now and then refuses threads, all settle as they should", async () => {
  const unhandled = unheard();
  const env: NodeJS.ProcessEnv = {};
  const pool = openPool({ threads: 3, minThreads: 1, idleTimeoutMs: 5, env });
  const roll = dice(20_261_128);
  let over = false;
  const moods = (async () => {
    while (!over) {
      if (roll(2) > 0) env.NODE_OPTIONS = "--no-such-option";
      else delete env.NODE_OPTIONS;
      await new Promise((resolve) => setTimeout(resolve, roll(20)));
    }
  })();
  const calls = Array.from({ length: 300 }, async (_, index) => {
    const crashes = roll(3) === 0;
    const outcome = await (crashes ? pool.task(faults.exit)(7) : pool.task(tasks.double)(index))
      .then((value) => `${value}`)
      .catch(({ name, exitCode }: Partial<WorkerCrashedError>) => `${name} ${exitCode}`);
    return { index, outcome, expected: crashes ? "WorkerCrashedError 7" : `${index * 2}` };
  });
  const outcomes = await Promise.all(calls);
  over = true;
  await moods;
  const refused = outcomes.filter(({ outcome }) => outcome === "WorkerCrashedError undefined");
  const others = outcomes.filter((each) => !refused.includes(each));
  expect(others.filter(({ outcome, expected }) => outcome !== expected)).toEqual([]);
  expect(refused.length).toBeGreaterThan(0);
  expect(others.length).toBeGreaterThan(0);
  await pool.close();
  expect(pool.stats).toEqual({ threads: 0, running: 0, queued: 0 });
  expect(unhandled).toEqual([]);
});
