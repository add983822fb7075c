/** Tasks inside of others are tasks of the run: what a run is given holds for them as for all others. */
import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type Flow,
  flow,
  map,
  PlanError,
  type RunOptions,
  Semaphore,
  subflow,
  type Task,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, row, statuses } from "../scenario.ts";

/** Three tasks in flows of every kind, and one beside them; each has these options. */
function everywhere(diary: Diary, options: object = {}): Flow<unknown> {
  const work = (name: string): Task<unknown> =>
    task(name, diary.task({ ms: 5 }), options) as Task<unknown>;
  const inner = (): Flow<unknown> => flow("inner", { work: work("work") });
  const list = task("list", () => [1]);
  return flow("outer", {
    planned: subflow("planned", inner()),
    returned: task("returned", inner),
    items: map("items", list, inner),
    beside: work("beside"),
  });
}

const WORKERS = ["beside", "items[0].work", "planned.work", "returned.work"];

async function run(options: RunOptions, taskOptions: object = {}) {
  const clock = new VirtualClock();
  const diary = new Diary(clock);
  const report = await clock.run(everywhere(diary, taskOptions).run({ clock, ...options }));
  return { report, diary, clock };
}

describe("Tasks inside of others", () => {
  it("are carried out by the runner of the run, and by no other", async () => {
    const carried: string[] = [];
    const { report } = await run({
      runner: (attempt) => {
        carried.push(attempt.info.task.key);
        return attempt.run(...attempt.args, attempt.context);
      },
    });
    expect(report.executionState).toBe("completed");
    expect(carried.filter((name) => WORKERS.includes(name)).sort()).toEqual(WORKERS);
  });

  it("share its slots, its resources and what it shares with other runs", async () => {
    const desk = new Semaphore(2);
    const limits: [RunOptions, object, number][] = [
      [{ concurrency: 1 }, {}, 1],
      [{ concurrency: new Semaphore(3) }, {}, 3],
      [{ resources: { desk: 2 } }, { resources: { desk: 1 } }, 2],
      [{ resources: { desk } }, { resources: { desk: 2 } }, 1],
    ];
    for (const [options, taskOptions, most] of limits) {
      const { report, diary } = await run(options, taskOptions);
      expect(report.executionState).toBe("completed");
      expect(diary.peak).toBe(most);
    }
    let free = 0;
    for (let unit = 0; unit < desk.limit; unit++) desk.acquire(() => free++);
    expect(free).toBe(desk.limit);
  });

  it("are stopped by its signal, all of them", async () => {
    const controller = new AbortController();
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const running = everywhere(diary).run({ clock, signal: controller.signal });
    await clock.advance(2);
    expect([...diary.running].sort()).toEqual(WORKERS);
    controller.abort();
    const report = await clock.run(running);
    const ended = statuses(report);
    expect(WORKERS.map((name) => ended[name])).toEqual(WORKERS.map(() => "cancelled"));
    expect(report.executionState).toBe("cancelled");
  });

  it("are asked what failed once: what they are inside of counts for no `maxFailures`, and what is tolerated for none", async () => {
    const failing = (name: string): Flow<unknown> =>
      flow("inner", { bad: task("bad", () => Promise.reject(new Error(name))) });
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const deep = task("deep", () =>
      flow("deep", { deeper: task("deeper", () => failing("first")) }),
    );
    const ignored = task("ignored", () => failing("tolerated"), { onFailure: "ignore" });
    const others = ["second", "third"].map((name) =>
      task(name, () => clock.wait(10).then(() => Promise.reject(new Error(name)))),
    );
    const late = task("late", diary.task({ ms: 30 }));
    const roots = { deep, ignored, late, ...Object.fromEntries(others.entries()) };
    const count = async (maxFailures: number): Promise<string | undefined> => {
      const made = flow("outer", roots);
      const report = await clock.run(made.run({ clock, failure: { maxFailures } }));
      return row(report, "late").status;
    };
    // The task at the bottom, and two others beside it: three in all.
    expect(await count(3)).toBe("cancelled");
    expect(await count(4)).toBe("completed");
  });

  it("go in the order of what they are inside of, and only there in that of their own priorities", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const resources = { desk: 1 };
    const work = (name: string, priority: number): Task<unknown> =>
      task(name, diary.task({ ms: 1 }), { priority, resources }) as Task<unknown>;
    const owner = (name: string, priority: number, inside: number): Task<unknown> => {
      const inner = { low: work("low", inside - 1), high: work("high", inside) };
      return task(name, () => flow("inner", inner), { priority }) as Task<unknown>;
    };
    const outer = flow("outer", {
      hold: task("hold", diary.task({ ms: 5 }), { priority: 20, resources }),
      one: owner("one", 1, 9),
      two: owner("two", 2, 0),
    });
    const report = await clock.run(outer.run({ clock, resources }));
    expect(report.executionState).toBe("completed");
    expect(diary.started).toEqual(["hold", "two.high", "two.low", "one.high", "one.low"]);
  });

  it("cannot come up where tasks are dispatched by stages: the task fails, and says why", async () => {
    const inner = flow("inner", { work: task("work", () => 1) });
    const scheduler = DynamicScheduler.from({ one: { run: () => inner } }, { dispatch: "stages" });
    const report = await scheduler.execute();
    expect(report.executionState).toBe("failed");
    const [failure] = report.failures;
    expect(failure?.error).toBeInstanceOf(PlanError);
    expect(String(failure?.error)).toContain(
      'Flow "inner", which came up inside of "one", cannot run with `dispatch: "stages"`: its stages are planned before the run',
    );
    expect(failure?.attempts).toBe(1);
  });
});

describe("A name with a dot", () => {
  it("is one as any, unless it is the path of another task: then two have one name", async () => {
    const inner = flow("inner", { b: task("b", () => 1) });
    const fine = flow("f", { a: subflow("a", inner), other: task("a.c", () => 2) });
    const report = await fine.run();
    expect(report.unwrap()).toEqual({ a: { b: 1 }, other: 2 });
    expect(report.outcome("a.b")).toMatchObject({ value: 1 });
    expect(() => flow("f", { a: subflow("a", inner), other: task("a.b", () => 2) })).toThrow(
      'Two tasks are named "a.b"',
    );
  });
});
