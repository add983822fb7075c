import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  flow,
  InputError,
  map,
  RateLimit,
  Semaphore,
  task,
} from "../../src/index.ts";
import { recorded, replay, VirtualClock } from "../../src/testing.ts";
import { refusal } from "../refusal.ts";
import { Diary, row, starts, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("An amount that is a function", () => {
  it("is asked once, with the inputs, before the task queues, and holds for every attempt", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 10, perMs: 100 });
    const asked: unknown[] = [];
    const text = task("text", () => "twelve marks");
    const answer = task("answer", { text }, diary.task({ ms: 1, throw: "no" }), {
      resources: {
        llm: (inputs) => {
          asked.push(inputs);
          return inputs.text.length / 2;
        },
      },
      retry: 1,
      onFailure: "ignore",
    });
    const report = await clock.run(flow("f", { answer }).run({ clock, resources: { llm } }));
    expect(asked).toEqual([{ text: "twelve marks" }]);
    // 6 of 10, and 4 and what has come back in 20 ms.
    expect(row(report, "answer").attemptStatistics.map(({ startAt }) => startAt)).toEqual([0, 20]);
  });

  it("holds for what is the run's own, too", async () => {
    const { clock, diary } = setup();
    const needs = (name: string, units: number) =>
      task(name, diary.task({ ms: 10 }), { resources: { gb: () => units } });
    const report = await clock.run(
      flow("f", { a: needs("a", 3), b: needs("b", 2), c: needs("c", 1) }).run({
        clock,
        resources: { gb: 4 },
      }),
    );
    // They are in one line, and in it none passes another.
    expect(starts(report)).toEqual({ a: 0, b: 10, c: 10 });
    expect(row(report, "b").attemptStatistics).toMatchObject([{ limitedBy: "gb" }]);
  });

  it("of a map is asked once an item, with the item and its index", async () => {
    const { clock, diary } = setup();
    const asked: unknown[] = [];
    const list = task("list", () => ["a", "bb", "ccc"]);
    const items = map("items", list, diary.item({ ms: 10 }), {
      resources: {
        gb: (item, index) => {
          asked.push([item, index]);
          return item.length;
        },
      },
    });
    const report = await clock.run(flow("f", { items }).run({ clock, resources: { gb: 3 } }));
    expect(asked).toEqual([
      ["a", 0],
      ["bb", 1],
      ["ccc", 2],
    ]);
    expect(starts(report)).toMatchObject({ "items[0]": 0, "items[1]": 0, "items[2]": 10 });
  });

  it("is not asked of a task that is skipped or whose inputs are not there", async () => {
    const { clock, diary } = setup();
    let asked = 0;
    const resources = { gb: () => ++asked };
    const no = task("no", diary.task(), { resources, when: () => false });
    const fails = task("fails", diary.task({ throw: "no" }), { onFailure: "ignore" });
    const behind = task("behind", { fails }, diary.task(), { resources });
    await clock.run(flow("f", { no, behind }).run({ clock, resources: { gb: 1 } }));
    expect(asked).toBe(0);
  });

  it.each<[string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error("no idea");
      },
      'Task "t" cannot say how much of "gb" it needs',
    ],
    ["wants more than there can be", () => 4, 'Task "t" needs 4 of "gb", but the run has only 3'],
    [
      "wants a part of what is held",
      () => 1.5,
      'Task "t" must need an integer from 0 up of "gb", got 1.5',
    ],
    [
      "wants less than nothing",
      () => -1,
      'Task "t" must need an integer from 0 up of "gb", got -1',
    ],
    [
      "gives a promise",
      async () => 1,
      'Task "t" must need an integer from 0 up of "gb", got a promise',
    ],
  ])("that %s fails its task, before it was called", async (_, gb, message) => {
    const { clock, diary } = setup();
    const t = task("t", diary.task(), { resources: { gb: gb as () => number }, retry: 3 });
    const report = await clock.run(flow("f", { t }).run({ clock, resources: { gb: 3 } }));
    expect(diary.started).toEqual([]);
    expect(report.failures[0]?.error).toBeInstanceOf(InputError);
    expect(report.failures).toMatchObject([{ error: { message } }]);
  });

  it("above what may be spent at once, or of two names for one thing, fails its task", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 5, perMs: 100, burst: 2 });
    const gpu = new Semaphore(2);
    const much = task("much", diary.task(), { resources: { llm: () => 3 } });
    const twice = task("twice", diary.task(), { resources: { x: () => 2, y: 1 } });
    const report = await clock.run(
      flow("f", { much, twice }).run({
        clock,
        failure: "continue",
        resources: { llm, x: gpu, y: gpu },
      }),
    );
    expect(report.errorSummary).toEqual([
      'Task "much" needs 3 of "llm", but at most 2 may be spent at once: raise its `burst`',
      'Task "twice" needs 3 of what "x" and "y" stand for together, but the run has only 2',
    ]);
  });

  it("of one item fails that item alone", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => [1, 9, 2]);
    const items = map("items", list, diary.item({ ms: 1, return: "ok" }), {
      items: "settled",
      resources: { gb: (size) => size },
    });
    const { options, recording } = recorded({ clock, resources: { gb: 3 } });
    const once = flow("f", { items });
    const report = await clock.run(once.run(options));
    expect(statuses(report)).toMatchObject({
      items: "completed",
      "items[0]": "completed",
      "items[1]": "failed",
      "items[2]": "completed",
    });
    expect(report.outputs.items?.[1]).toMatchObject({ status: "failed" });
    expect(replay(once.plan(), recording).toJSON()).toEqual(report.toJSON());
  });

  it("of two items fails the map with the first: the other is cancelled like those that wait", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => [9, 1, 9]);
    const options = { resources: { gb: (size: number) => size } };
    const items = map("items", list, diary.item({ ms: 1 }), options);
    const report = await clock.run(flow("f", { items }).run({ clock, resources: { gb: 3 } }));
    expect(statuses(report)).toMatchObject({
      items: "failed",
      "items[0]": "failed",
      "items[1]": "cancelled",
      "items[2]": "cancelled",
    });
    expect(diary.started).toEqual([]);
    expect(report.failures.map(({ task }) => task)).toEqual(["items[0]"]);
  });

  it("needs a resource that the run has: else it is a plan error", async () => {
    const t = task("t", () => 1, { resources: { memroy: () => 1 } });
    expect(await refusal(() => flow("f", { t }).run({ resources: { memory: 1 } }))).toEqual([
      'Task "t" needs "memroy", which the run does not have. Did you mean "memory"? Give it with `resources: { memroy: … }`',
    ]);
  });

  it("is as good through the documented door, and a plan error by stages", async () => {
    const { clock, diary } = setup();
    const make = (options: object) =>
      new DynamicScheduler(
        [
          ["load", () => 2],
          ["use", diary.task({ ms: 1 })],
        ],
        [{ taskName: "load" }, { taskName: "use", dependencies: ["load"] }],
        {
          clock,
          taskDataRefs: { use: { inputs: [{ from: { task: "load" }, to: { key: "gb" } }] } },
          taskOptions: { use: { resources: { gb: (inputs) => (inputs as { gb: number }).gb } } },
          ...options,
        },
      );
    const report = await clock.run(make({ resources: { gb: 1 } }).execute());
    expect(report.errorSummary).toEqual(['Task "use" needs 2 of "gb", but the run has only 1']);
    expect(await refusal(() => make({ dispatch: "stages" }).plan())).toContainEqual(
      expect.stringContaining('`resources` of task "use" cannot be used with `dispatch: "stages"`'),
    );
  });

  it("is told of by explain(), as constants are", () => {
    const read = task("read", () => "text", { resources: { db: 2, none: 0 } });
    const ask = task("ask", { read }, () => 1, {
      resources: { llm: ({ read }) => read.length, db: 1 },
    });
    const text = flow("f", { ask }).plan().explain();
    expect(text).toContain("  read (needs 2 db)\n");
    expect(text).toContain("  ask (needs some llm, 1 db) ← read\n");
  });

  it("may be another one for each of 20,000 items", async () => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 1e9, perMs: 1 });
    const list = task("list", () => Array.from({ length: 20_000 }, (_, at) => at));
    const items = map("items", list, (at) => at, {
      resources: { llm: (at) => at, gb: (at) => at },
    });
    const report = await clock.run(
      flow("f", { items }).run({ clock, resources: { llm, gb: 20_000 } }),
    );
    expect(report.executionState).toBe("completed");
  });
});
