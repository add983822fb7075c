import { describe, expect, it, vi } from "vitest";
import { DynamicScheduler, flow, map, param, Semaphore, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { statuses } from "../scenario.ts";

describe("Runs of one flow", () => {
  it("never cross: each has its own parameters, outputs, attempts and report", async () => {
    const clock = new VirtualClock();
    const n = param<number>("n");
    const seeds = task("seeds", { n }, async ({ n }) => {
      await clock.wait(n % 7);
      return Array.from({ length: (n % 3) + 1 }, (_, at) => n * 100 + at);
    });
    const failed = new Set<string>();
    const squares = map(
      "squares",
      seeds,
      async (seed, index, { runId, attempt }) => {
        await clock.wait(index);
        if (attempt === 1 && seed % 2 === 0 && !failed.has(`${runId}${index}`)) {
          failed.add(`${runId}${index}`);
          throw new Error("again");
        }
        return seed * seed;
      },
      { retry: { attempts: 1, backoff: "fixed", baseMs: 3 } },
    );
    const sum = task("sum", { squares, n }, ({ squares, n }) => ({
      n,
      sum: squares.reduce((total, one) => total + one, 0),
    }));
    const once = flow("f", { sum, seeds });
    const numbers = Array.from({ length: 40 }, (_, at) => at);
    const reports = await clock.run(
      Promise.all(
        numbers.map((value) =>
          once.run({ clock, params: [n.of(value)], concurrency: (value % 3) + 1 }),
        ),
      ),
    );
    for (const value of numbers) {
      const report = reports[value];
      const list = Array.from({ length: (value % 3) + 1 }, (_, at) => value * 100 + at);
      expect(report?.outputs).toEqual({
        seeds: list,
        sum: { n: value, sum: list.reduce((total, one) => total + one * one, 0) },
      });
      expect(report?.totalTasks).toBe(3 + list.length);
      expect(report?.flakyTasks).toBe(list.filter((seed) => seed % 2 === 0).length);
    }
    expect(new Set(reports.map(({ run }) => run.id)).size).toBe(40);
  });

  it("end each in its own way", async () => {
    const clock = new VirtualClock();
    const mood = param<string>("mood");
    const acts = task("acts", { mood }, async ({ mood }, { signal }) => {
      await clock.wait(10, signal);
      if (mood === "bad") throw new Error("bad mood");
      return mood;
    });
    const next = task("next", { acts }, ({ acts }) => acts);
    const once = flow("f", { next });
    const good = once.start({ clock, params: [mood.of("good")] });
    const bad = once.start({ clock, params: [mood.of("bad")] });
    const cancelled = once.start({ clock, params: [mood.of("good")] });
    const called = once.start({ clock, params: [mood.of("good")] });
    await clock.advance(5);
    cancelled.cancel();
    called.cancelTask("acts");
    const reports = await clock.run(
      Promise.all([good.report, bad.report, cancelled.report, called.report]),
    );
    expect(reports.map((report) => [report.executionState, statuses(report)])).toEqual([
      ["completed", { acts: "completed", next: "completed" }],
      ["failed", { acts: "failed", next: "skipped" }],
      ["cancelled", { acts: "cancelled", next: "skipped" }],
      ["completed", { acts: "cancelled", next: "skipped" }],
    ]);
  });

  it("may be of flows that share tasks", async () => {
    const clock = new VirtualClock();
    let calls = 0;
    const shared = task("shared", async () => {
      calls++;
      await clock.wait(5);
      return calls;
    });
    const left = task("left", { shared }, ({ shared }) => shared);
    const right = task("right", { shared }, ({ shared }) => shared);
    await clock.run(
      Promise.all([flow("l", { left }).run({ clock }), flow("r", { right }).run({ clock })]),
    );
    expect(calls).toBe(2);
  });

  it("may begin inside a task of another", async () => {
    const clock = new VirtualClock();
    const depth = param<number>("depth");
    const nest: { flow?: ReturnType<typeof nested> } = {};
    function nested() {
      const level = task("level", { depth }, async ({ depth }, { signal }): Promise<number> => {
        await clock.wait(1);
        if (depth === 0) return 0;
        const report = await nest.flow?.run({ clock, signal, params: [depth_(depth - 1)] });
        return (report?.unwrap().level as number) + 1;
      });
      return flow("nested", { level });
    }
    const depth_ = (value: number) => depth.of(value);
    nest.flow = nested();
    const report = await clock.run(nest.flow.run({ clock, params: [depth.of(20)] }));
    expect(report.outputs.level).toBe(20);
  });
});

describe("Runs of one semaphore", () => {
  it("may be ten thousand that wait for one permit: no stack grows", async () => {
    const concurrency = new Semaphore(1);
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const holder = flow("holder", { holds: task("holds", () => gate) }).run({ concurrency });
    const calls: number[] = [];
    const waiting = Array.from({ length: 10_000 }, (_, at) =>
      flow("waiting", { waits: task("waits", () => calls.push(at)) }).run({ concurrency }),
    );
    open();
    const reports = await Promise.all([holder, ...waiting]);
    expect(reports.every(({ executionState }) => executionState === "completed")).toBe(true);
    expect(calls).toEqual(Array.from({ length: 10_000 }, (_, at) => at)); // First come, first served.
  });
});

describe("The permits of a semaphore", () => {
  /** Takes as many as there are, and gives them back. */
  const free = (semaphore: Semaphore): number => {
    const released: (() => void)[] = [];
    const callOff = Array.from({ length: semaphore.limit * 2 }, () =>
      semaphore.acquire((release) => released.push(release)),
    );
    const count = released.length;
    for (const off of callOff) off();
    for (const release of released) release();
    return count;
  };

  it("are as many as its limit, however often one is given back", () => {
    const semaphore = new Semaphore(2);
    let release: () => void = () => {};
    semaphore.acquire((own) => {
      release = own;
    });
    expect(free(semaphore)).toBe(1);
    for (let time = 0; time < 3; time++) release();
    expect(free(semaphore)).toBe(2);
  });

  it("are given back by who holds them, not by who has given back already", async () => {
    const semaphore = new Semaphore(1);
    const order: string[] = [];
    let first: () => void = () => {};
    let second: () => void = () => {};
    semaphore.acquire((release) => {
      first = release;
    });
    semaphore.acquire((release) => {
      order.push("second");
      second = release;
    });
    semaphore.acquire(() => order.push("third"));
    first();
    first(); // The second holds it now.
    expect(order).toEqual(["second"]);
    second();
    expect(order).toEqual(["second", "third"]);
  });

  it("are passed on in the order of those that wait, without those that were called off, time and again", () => {
    const semaphore = new Semaphore(1);
    const order: number[] = [];
    const releases: (() => void)[] = [];
    for (let round = 0; round < 3; round++) {
      semaphore.acquire((release) => releases.push(release));
      for (let at = 0; at < 20_000; at++) {
        const callOff = semaphore.acquire((release) => {
          order.push(at);
          releases.push(release);
        });
        if (at % 2 === 1) callOff();
      }
      for (let release = releases.pop(); release; release = releases.pop()) release();
      expect(order.splice(0)).toEqual(Array.from({ length: 10_000 }, (_, at) => 2 * at));
      expect(free(semaphore)).toBe(1);
    }
  });

  it("are passed on whatever the callback of another one throws, which is nobody's error here", () => {
    const later = vi.spyOn(globalThis, "queueMicrotask").mockImplementation(() => {});
    const semaphore = new Semaphore(1);
    const order: string[] = [];
    let first: () => void = () => {};
    semaphore.acquire((release) => {
      first = release;
    });
    semaphore.acquire((release) => {
      release();
      throw new Error("mine");
    });
    semaphore.acquire(() => order.push("third"));
    expect(first).not.toThrow();
    expect(order).toEqual(["third"]);
    const [tell] = later.mock.lastCall ?? [];
    later.mockRestore();
    expect(tell).toThrow("mine");
  });

  it("are not lost in runs that end in every way", async () => {
    const clock = new VirtualClock();
    const concurrency = new Semaphore(2);
    const slow = (name: string) => task(name, (_, { signal }) => clock.wait(50, signal));
    const fails = task("fails", () => Promise.reject(new Error("x")), {
      retry: { attempts: 2, backoff: "fixed", baseMs: 10 },
    });
    const graph = flow("f", { a: slow("a"), b: slow("b"), c: slow("c"), fails });
    const runs = [
      graph.run({ clock, concurrency }),
      graph.run({ clock, concurrency, failure: "continue" }),
      graph.run({ clock, concurrency, timeoutMs: 20 }),
      graph.run({ clock, concurrency, signal: AbortSignal.abort() }),
    ];
    await clock.run(Promise.all(runs));
    expect(free(concurrency)).toBe(2);
  });
});

describe("Runs of one scheduler", () => {
  it("never cross", async () => {
    const clock = new VirtualClock();
    let runs = 0;
    const first = { taskName: "first" };
    const scheduler = new DynamicScheduler(
      [
        [
          "first",
          async () => {
            const run = ++runs;
            await clock.wait(10 - run);
            return { run };
          },
        ],
        ["second", ({ run }: { run: number }) => run * 10],
      ],
      [first, { taskName: "second", dependencies: [first] }],
      {
        clock,
        taskDataRefs: {
          second: { inputs: [{ from: { task: "first", key: "run" }, to: { key: "run" } }] },
        },
      },
    );
    const reports = await clock.run(
      Promise.all([scheduler.execute(), scheduler.execute(), scheduler.execute()]),
    );
    expect(reports.map(({ outputs }) => outputs.second)).toEqual([10, 20, 30]);
  });
});
