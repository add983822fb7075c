/** The promise of a rate limit, held against whatever asks it: no window of `perMs` sees more than `limit + burst`. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bucket } from "../../src/drive/rate-limit.ts";
import { flow, RateLimit, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

interface Spent {
  readonly at: number;
  readonly units: number;
}

/** The most that any window of this length sees: each begins at something that was spent. */
function mostIn(spent: readonly Spent[], perMs: number): number {
  const sums = spent.map(({ at: from }) =>
    spent
      .filter(({ at }) => at >= from && at < from + perMs)
      .reduce((sum, { units }) => sum + units, 0),
  );
  return Math.max(0, ...sums);
}

const rate = fc.record({
  limit: fc.integer({ min: 1, max: 20 }),
  perMs: fc.integer({ min: 1, max: 200 }),
  burst: fc.integer({ min: 1, max: 20 }),
});

describe("A bucket", () => {
  it("lets no window see more than limit and burst, whoever asks when", () => {
    fc.assert(
      fc.property(
        rate,
        fc.array(fc.record({ waits: fc.nat(60), wants: fc.nat(20) }), { maxLength: 80 }),
        ({ limit, perMs, burst }, asks) => {
          const bucket = new Bucket({ limit, perMs, burst });
          const spent: Spent[] = [];
          let at = 1000;
          for (const { waits, wants } of asks) {
            at += waits;
            const units = Math.min(wants, burst);
            if (bucket.lacks(units, at)) continue;
            bucket.take(units, at);
            spent.push({ at, units });
          }
          // A millionth of a unit is forgiven.
          expect(mostIn(spent, perMs)).toBeLessThanOrEqual(limit + burst + 1e-3);
        },
      ),
      { numRuns: 500, seed: 20_260_101 },
    );
  });

  it("lets no window see more than limit and burst, but for what was spent beyond what was asked for", () => {
    const asks = fc.record({ waits: fc.nat(60), wants: fc.nat(20), more: fc.nat(9) });
    fc.assert(
      fc.property(rate, fc.array(asks, { maxLength: 80 }), ({ limit, perMs, burst }, all) => {
        const bucket = new Bucket({ limit, perMs, burst });
        const askedFor: Spent[] = [];
        let at = 1000;
        for (const { waits, wants, more } of all) {
          at += waits;
          const units = Math.min(wants, burst);
          if (bucket.lacks(units, at)) continue;
          bucket.take(units, at);
          bucket.take(more, at);
          askedFor.push({ at, units });
        }
        expect(mostIn(askedFor, perMs)).toBeLessThanOrEqual(limit + burst + 1e-3);
      }),
      { numRuns: 500, seed: 20_260_101 },
    );
  });

  it("has what was asked for after the time that it said, and not before", () => {
    fc.assert(
      fc.property(rate, fc.array(fc.nat(20), { maxLength: 40 }), (options, asks) => {
        const bucket = new Bucket(options);
        let at = 0;
        for (const wants of asks) {
          const units = Math.min(wants, options.burst);
          const waits = bucket.waitMs(units, at);
          if (waits > 0.01) expect(bucket.lacks(units, at + waits - 0.01)).toBe(waits > 0.02);
          at += waits;
          expect(bucket.lacks(units, at)).toBe(false);
          bucket.take(units, at);
        }
      }),
      { numRuns: 500, seed: 20_260_101 },
    );
  });

  it("is after a permit that was given back what it was before", () => {
    fc.assert(
      fc.property(rate, fc.nat(20), fc.nat(300), (options, wants, later) => {
        const units = Math.min(wants, options.burst);
        const [given, untouched] = [new Bucket(options), new Bucket(options)];
        for (const bucket of [given, untouched]) bucket.take(options.burst, 5);
        given.take(units, later + 5);
        given.take(-units, later + 5);
        expect(given.left(later + 9)).toBeCloseTo(untouched.left(later + 9), 6);
      }),
      { numRuns: 200, seed: 20_260_101 },
    );
  });

  it("is never fuller than its burst, whatever was given back", () => {
    const bucket = new Bucket({ limit: 10, perMs: 100, burst: 5 });
    bucket.take(-100, 0);
    expect(bucket.left(0)).toBe(5);
    expect(bucket.lacks(6, 1e9)).toBe(true);
  });
});

describe("Runs that share a rate", () => {
  it("spend within every window what it allows, and use it up: three flows of random tasks", async () => {
    const tasks = fc.array(fc.record({ units: fc.nat(6), ms: fc.nat(30), retries: fc.nat(2) }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(
        rate,
        fc.tuple(tasks, tasks, tasks),
        async ({ limit, perMs, burst }, all) => {
          const clock = new VirtualClock();
          const llm = new RateLimit({ limit, perMs, burst });
          const spent: Spent[] = [];
          const runs = all.map((list, run) => {
            const roots = list.map(({ units: wants, ms, retries }, at) => {
              const units = Math.min(wants, burst);
              const work = async (_: unknown, { attempt }: { attempt: number }) => {
                spent.push({ at: clock.now(), units });
                await clock.wait(ms);
                if (attempt <= retries) throw new Error("again");
              };
              return task(`t${at}`, work, { resources: { llm: units }, retry: retries });
            });
            return flow(`run ${run}`, Object.fromEntries(roots.map((one) => [one.name, one]))).run({
              clock,
              concurrency: 2,
              resources: { llm },
            });
          });
          const reports = await clock.run(Promise.all(runs));
          expect(reports.map(({ executionState }) => executionState)).toEqual(
            Array(3).fill("completed"),
          );
          expect(mostIn(spent, perMs)).toBeLessThanOrEqual(limit + burst + 1e-3);
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 150, seed: 20_260_101 },
    );
  });
});
