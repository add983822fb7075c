import { describe, expect, it } from "vitest";
import {
  type Analysis,
  DynamicScheduler,
  type ExecutionReport,
  flow,
  map,
  optional,
  type RunOptions,
  Semaphore,
  settled,
  type Task,
  task,
} from "../../src/index.ts";
import { scripted, VirtualClock } from "../../src/testing.ts";

type Clocked = (clock: VirtualClock) => Promise<ExecutionReport<unknown>>;

/** Tasks by name: how long each takes, and what it comes after. */
function timed(
  clock: VirtualClock,
  tasks: Readonly<Record<string, readonly [ms: number, ...after: string[]]>>,
  options: RunOptions = {},
): Promise<ExecutionReport<unknown>> {
  const made: Record<string, Task<void>> = {};
  for (const [name, [ms, ...before]] of Object.entries(tasks)) {
    const inputs = Object.fromEntries(before.map((other) => [other, made[other] as Task<void>]));
    made[name] = task(name, inputs, (_, { signal }) => clock.wait(ms, signal));
  }
  return flow("f", made).run({ clock, ...options });
}

const steps = ({ criticalPath }: Analysis): unknown[] =>
  criticalPath.map(({ task, attempt, link, gapMs, runMs }) => [task, attempt, link, gapMs, runMs]);

interface Shape {
  readonly run: Clocked;
  readonly path: unknown[];
  readonly bounds: Analysis["bounds"];
  readonly boundBy: Analysis["boundBy"];
}

const shapes: Record<string, Shape> = {
  "a chain beside a shorter task: its dependencies": {
    run: (clock) => timed(clock, { a: [10], b: [20, "a"], c: [5] }),
    path: [
      ["a", 1, "start", 0, 10],
      ["b", 1, "dependency", 0, 20],
    ],
    bounds: { dependencyMs: 30, workMs: null },
    boundBy: "dependencies",
  },
  "a diamond: the slower of its sides": {
    run: (clock) =>
      timed(clock, { a: [1], left: [10, "a"], right: [11, "a"], d: [2, "left", "right"] }),
    path: [
      ["a", 1, "start", 0, 1],
      ["right", 1, "dependency", 0, 11],
      ["d", 1, "dependency", 0, 2],
    ],
    bounds: { dependencyMs: 14, workMs: null },
    boundBy: "dependencies",
  },
  "equal tasks on one slot: each waits for the slot of the one before": {
    run: (clock) => timed(clock, { a: [10], b: [10], c: [10] }, { concurrency: 1 }),
    path: [
      ["a", 1, "start", 0, 10],
      ["b", 1, "slot", 0, 10],
      ["c", 1, "slot", 0, 10],
    ],
    bounds: { dependencyMs: 10, workMs: 30 },
    boundBy: "slots",
  },
  "a chain on one slot: nothing waits for it": {
    run: (clock) => timed(clock, { a: [10], b: [10, "a"] }, { concurrency: 1 }),
    path: [
      ["a", 1, "start", 0, 10],
      ["b", 1, "dependency", 0, 10],
    ],
    bounds: { dependencyMs: 20, workMs: 20 },
    boundBy: "dependencies",
  },
  "a resource that one task holds: capacity is what the next one waited for": {
    run: (clock) => {
      const roots = Object.fromEntries(
        ["a", "b", "c"].map((name) => [
          name,
          task(name, () => clock.wait(10), { resources: { db: 1 } }),
        ]),
      );
      return flow("f", roots).run({ clock, resources: { db: 1 } });
    },
    path: [
      ["a", 1, "start", 0, 10],
      ["b", 1, "slot", 0, 10],
      ["c", 1, "slot", 0, 10],
    ],
    bounds: { dependencyMs: 10, workMs: null },
    boundBy: "slots",
  },
  "a task that is retried after a delay: its attempts, the delay between them": {
    run: (clock) => {
      const play = scripted(clock, { ms: 5, throw: "no" }, { ms: 6, return: 1 });
      const retry = { attempts: 1, backoff: "fixed", baseMs: 100 } as const;
      return flow("f", { a: task("a", play, { retry }) }).run({ clock });
    },
    path: [
      ["a", 1, "start", 0, 5],
      ["a", 2, "retry", 100, 6],
    ],
    bounds: { dependencyMs: 111, workMs: null },
    boundBy: "retries",
  },
  "a task that is retried at once: its attempts, without a gap": {
    run: (clock) => {
      const play = scripted(clock, { ms: 5, throw: "no" }, { ms: 60, return: 1 });
      return flow("f", { a: task("a", play, { retry: 1 }) }).run({ clock });
    },
    path: [
      ["a", 1, "start", 0, 5],
      ["a", 2, "retry", 0, 60],
    ],
    bounds: { dependencyMs: 65, workMs: null },
    boundBy: "dependencies",
  },
  "a retry that finds its slot taken: who gave it back": {
    run: (clock) => {
      const play = scripted(clock, { ms: 5, throw: "no" }, { ms: 6, return: 1 });
      const retry = { attempts: 1, backoff: "fixed", baseMs: 10 } as const;
      const a = task("a", play, { retry, priority: 1 });
      const b = task("b", () => clock.wait(30));
      return flow("f", { a, b }).run({ clock, concurrency: 1 });
    },
    path: [
      ["a", 1, "start", 0, 5],
      ["b", 1, "slot", 0, 30],
      ["a", 2, "slot", 0, 6],
    ],
    bounds: { dependencyMs: 30, workMs: 41 },
    boundBy: "slots",
  },
  "a map with a limit: the items that waited for each other": {
    run: (clock) => {
      const list = task("list", () => clock.wait(3).then(() => [30, 20, 10]));
      const items = map("items", list, (ms) => clock.wait(ms), { concurrency: 1 });
      const end = task("end", { items }, () => clock.wait(4));
      return flow("f", { end }).run({ clock });
    },
    path: [
      ["list", 1, "start", 0, 3],
      ["items[0]", 1, "dependency", 0, 30],
      ["items[1]", 1, "item", 0, 20],
      ["items[2]", 1, "item", 0, 10],
      ["end", 1, "dependency", 0, 4],
    ],
    bounds: { dependencyMs: 67, workMs: null },
    boundBy: "slots",
  },
  "a map without a limit: its longest item": {
    run: (clock) => {
      const list = task("list", () => clock.wait(3).then(() => [10, 30, 20]));
      const items = map("items", list, (ms) => clock.wait(ms));
      const end = task("end", { items }, () => clock.wait(4));
      return flow("f", { end }).run({ clock });
    },
    path: [
      ["list", 1, "start", 0, 3],
      ["items[1]", 1, "dependency", 0, 30],
      ["end", 1, "dependency", 0, 4],
    ],
    bounds: { dependencyMs: 37, workMs: null },
    boundBy: "dependencies",
  },
  "an empty map: what it was made from": {
    run: (clock) => {
      const list = task("list", () => clock.wait(3).then((): number[] => []));
      const items = map("items", list, (ms) => clock.wait(ms));
      const end = task("end", { items }, () => clock.wait(4));
      return flow("f", { end }).run({ clock });
    },
    path: [
      ["list", 1, "start", 0, 3],
      ["end", 1, "dependency", 0, 4],
    ],
    bounds: { dependencyMs: 7, workMs: null },
    boundBy: "dependencies",
  },
  "a skipped task on the way: what ended before it": {
    run: (clock) => {
      const a = task("a", () => clock.wait(10));
      const b = task("b", { a }, () => {}, { when: () => false });
      const c = task("c", { b: optional(b) }, () => clock.wait(5));
      return flow("f", { c }).run({ clock });
    },
    path: [
      ["a", 1, "start", 0, 10],
      ["c", 1, "dependency", 0, 5],
    ],
    bounds: { dependencyMs: 15, workMs: null },
    boundBy: "dependencies",
  },
  "a stage: the end of what it waited for": {
    run: (clock) => {
      const a = { taskName: "a" };
      const tasks = ["a", "b"].map((name): [string, () => Promise<void>] => [
        name,
        () => clock.wait(10),
      ]);
      const orders = [a, { taskName: "b", dependencies: [a] }];
      return new DynamicScheduler(tasks, orders, { clock, dispatch: "stages" }).execute();
    },
    path: [
      ["a", 1, "start", 0, 10],
      ["b", 1, "stage", 0, 10],
    ],
    bounds: { dependencyMs: 20, workMs: null },
    boundBy: "dependencies",
  },
  "a permit that another run holds: a wait for something outside": {
    run: async (clock) => {
      const concurrency = new Semaphore(1);
      const other = timed(clock, { other: [50] }, { concurrency });
      const mine = timed(clock, { a: [10] }, { concurrency });
      await other;
      return mine;
    },
    path: [["a", 1, "external", 50, 10]],
    bounds: { dependencyMs: 10, workMs: 10 },
    boundBy: "slots",
  },
  "a tail task: nothing of it, the run did not wait": {
    run: (clock) => {
      const a = task("a", () => clock.wait(10));
      const tail = task("tail", () => clock.wait(5));
      return flow("f", { a }, { tails: { tail } }).run({ clock });
    },
    path: [["a", 1, "start", 0, 10]],
    bounds: { dependencyMs: 10, workMs: null },
    boundBy: "dependencies",
  },
  "a task that one dependency rules out while another one runs: who comes after it waits for neither":
    {
      run: (clock) => {
        const none = task("none", () => {}, { when: () => false });
        const slow = task("slow", () => clock.wait(10));
        const both = task("both", { none, slow }, () => {});
        const next = task("next", { both: settled(both) }, () => clock.wait(8));
        return flow("f", { next }).run({ clock });
      },
      path: [["slow", 1, "start", 0, 10]],
      bounds: { dependencyMs: 10, workMs: null },
      boundBy: "dependencies",
    },
  "the same inside of a task": {
    run: (clock) => {
      const one = task("one", () => {
        const none = task("none", () => {}, { when: () => false });
        const slow = task("slow", () => clock.wait(10));
        const both = task("both", { none, slow }, () => {});
        return flow("inside", { next: task("next", { both: settled(both) }, () => clock.wait(8)) });
      });
      return flow("f", { one }).run({ clock });
    },
    path: [
      ["one", 1, "start", 0, 0],
      ["one.slow", 1, "dependency", 0, 10],
    ],
    bounds: { dependencyMs: 10, workMs: null },
    boundBy: "dependencies",
  },
  "a task that a failure rules out: who comes after it waits for the failure": {
    run: (clock) => {
      const a = task("a", scripted(clock, { ms: 10, throw: "no" }), { onFailure: "ignore" });
      const slow = task("slow", () => clock.wait(12));
      const both = task("both", { a, slow }, () => {});
      const next = task("next", { both: settled(both) }, () => clock.wait(8));
      return flow("f", { next }).run({ clock });
    },
    path: [
      ["a", 1, "start", 0, 10],
      ["next", 1, "dependency", 0, 8],
    ],
    bounds: { dependencyMs: 18, workMs: null },
    boundBy: "dependencies",
  },
  "a failure: the attempts until then": {
    run: (clock) => {
      const a = task("a", () => clock.wait(10));
      const b = task("b", { a }, scripted(clock, { ms: 5, throw: "no" }));
      const long = task("long", scripted(clock, { ms: 100 }));
      return flow("f", { b, long }).run({ clock, failure: "drain" });
    },
    path: [["long", 1, "start", 0, 100]],
    bounds: { dependencyMs: 100, workMs: null },
    boundBy: "dependencies",
  },
};

describe("The critical path of", () => {
  it.each(Object.entries(shapes))("%s", async (_, { run, path, bounds, boundBy }) => {
    const clock = new VirtualClock();
    const report = await clock.run(run(clock));
    expect(steps(report.analysis)).toEqual(path);
    expect(report.analysis.bounds).toEqual(bounds);
    expect(report.analysis.boundBy).toBe(boundBy);
  });

  it.each(Object.entries(shapes))("tiles the makespan exactly: %s", async (_, { run }) => {
    const clock = new VirtualClock();
    const report = await clock.run(run(clock));
    const ends = report.taskStatistics
      .filter(({ kind }) => kind !== "tail")
      .map(({ endAt }) => endAt ?? 0);
    const tiled = report.analysis.criticalPath.reduce(
      (sum, { gapMs, runMs }) => sum + gapMs + runMs,
      0,
    );
    expect(tiled).toBe(Math.max(...ends));
    const { dependencyMs, workMs } = report.analysis.bounds;
    expect(dependencyMs).toBeLessThanOrEqual(tiled);
    expect(workMs ?? 0).toBeLessThanOrEqual(tiled);
  });

  it("a run on fractions of milliseconds tiles to the microsecond", async () => {
    const inner = new VirtualClock();
    const clock = {
      now: () => inner.now() / 7,
      wallNow: () => inner.wallNow(),
      after: (ms: number, fire: () => void) => inner.after(ms, fire),
    };
    const graph = { a: [1], b: [2, "a"], c: [1, "a"], d: [3, "b", "c"], e: [5] } as const;
    const report = await inner.run(timed(inner, graph, { clock, concurrency: 1 }));
    const micros = report.analysis.criticalPath.reduce(
      (sum, { gapMs, runMs }) => sum + Math.round(gapMs * 1000) + Math.round(runMs * 1000),
      0,
    );
    const ends = report.taskStatistics.map(({ endAt }) => Math.round((endAt ?? 0) * 1000));
    expect(micros).toBe(Math.max(...ends));
    expect(micros).toBe(Math.round(12_000 / 7));
  });

  it("a run with restored tasks never names them", async () => {
    const a = task("a", () => 1);
    const b = task("b", { a }, () => 2);
    const earlier = (await flow("f", { a }).run()).toJSON({ outputs: true });
    const report = await flow("f", { b }).run({ clock: new VirtualClock(), resumeFrom: earlier });
    expect(steps(report.analysis)).toEqual([["b", 1, "start", 0, 0]]);
    expect(report.analysis.boundBy).toBe("none");
  });
});

describe("A run is bound by", () => {
  it("the scheduler when most of its time is in no task", async () => {
    const inner = new VirtualClock();
    let reads = 0;
    const clock = {
      now: () => inner.now() + (reads++ === 0 ? 0 : 40),
      wallNow: () => inner.wallNow(),
      after: (ms: number, fire: () => void) => inner.after(ms, fire),
    };
    const report = await inner.run(timed(inner, { a: [10] }, { clock }));
    expect(steps(report.analysis)).toEqual([["a", 1, "start", 40, 10]]);
    expect(report.analysis.boundBy).toBe("scheduler");
  });

  it("slots exactly where another slot makes it shorter", async () => {
    for (const [slots, boundBy, makespan] of [
      [1, "slots", 60],
      [2, "dependencies", 40],
      [3, "dependencies", 40],
    ] as const) {
      const clock = new VirtualClock();
      const graph = { a: [10], b: [30, "a"], c: [10], d: [10] } as const;
      const report = await clock.run(timed(clock, graph, { concurrency: slots }));
      expect([report.analysis.boundBy, report.totalDurationMs]).toEqual([boundBy, makespan]);
    }
  });
});
