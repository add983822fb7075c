import { describe, expect, it } from "vitest";
import {
  flow,
  MapError,
  map,
  optional,
  param,
  pick,
  settled,
  type TaskInfo,
  task,
  value,
} from "../../src/index.ts";
import { recorded, replay, VirtualClock } from "../../src/testing.ts";
import { Diary, row, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

const letters = task("letters", () => ["a", "b", "c", "d"]);

describe("A map", () => {
  it("calls its function once for each item and returns the results in order", async () => {
    const { clock } = setup();
    const upper = map("upper", letters, async (letter, index) => {
      await clock.wait(10 - index);
      return `${index}${letter.toUpperCase()}`;
    });
    const report = await clock.run(flow("f", { upper }).run({ clock }));
    expect(report.outputs.upper).toEqual(["0A", "1B", "2C", "3D"]);
  });

  it("lists every item in the report, with attempts and status of its own", async () => {
    const { clock } = setup();
    const flaky = map(
      "flaky",
      letters,
      (letter, _, { attempt }) => {
        if (letter === "c" && attempt === 1) throw new Error("again");
        return letter;
      },
      { retry: 1 },
    );
    const report = await clock.run(flow("f", { flaky }).run({ clock }));
    expect(report).toMatchObject({ totalTasks: 6, successfulTasks: 6, flakyTasks: 1 });
    expect(row(report, "flaky[2]")).toMatchObject({
      kind: "item",
      parent: "flaky",
      index: 2,
      stageId: null,
      attemptCount: 2,
      status: "completed",
    });
    expect(row(report, "flaky")).toMatchObject({ kind: "map", attemptCount: 0 });
    expect(report.outcome("flaky[3]")).toEqual({
      status: "completed",
      value: "d",
      restored: false,
    });
    expect(report.taskReturnSet.get("flaky[0]")).toBe("a");
  });

  it("of an empty list completes with an empty list, without a call", async () => {
    const { clock, diary } = setup();
    const none = task("none", () => []);
    const items = map("items", none, diary.item());
    const next = task("next", { items }, ({ items }) => items.length);
    const report = await clock.run(flow("f", { items, next }).run({ clock }));
    expect(report.outputs).toEqual({ items: [], next: 0 });
    expect(report.totalAttempts).toBe(2);
    expect(row(report, "items")).toMatchObject({ status: "completed", startAt: null });
  });

  it("runs no more items at once than its own limit, and starts the next in the turn one ends", async () => {
    const { clock, diary } = setup();
    const items = map("items", letters, diary.item({ ms: 10 }), { concurrency: 2 });
    const stranger = task("stranger", diary.task({ ms: 5 }));
    const report = await clock.run(flow("f", { items, stranger }).run({ clock }));
    expect(report.totalDurationMs).toBe(20);
    expect(diary.peak).toBe(3);
    expect(row(report, "items[2]").attemptStatistics[0]).toMatchObject({
      startAt: 10,
      queuedMs: 10,
      limitedBy: "map",
      slotFreedBy: "items[0]",
    });
  });

  it("keeps both its own limit and that of the run", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => Array.from({ length: 9 }));
    const items = map("items", list, diary.item({ ms: 10 }), { concurrency: 5 });
    const report = await clock.run(flow("f", { items }).run({ clock, concurrency: 3 }));
    expect(diary.peak).toBe(3);
    expect(report.totalDurationMs).toBe(30);
  });

  it("holds no slot itself: with one slot its items run all the same", async () => {
    const { clock, diary } = setup();
    const items = map("items", letters, diary.item({ ms: 10 }));
    const report = await clock.run(flow("f", { items }).run({ clock, concurrency: 1 }));
    expect(report).toMatchObject({ executionState: "completed", peakConcurrency: 1 });
    expect(report.totalDurationMs).toBe(40);
  });

  it("is lazy: an item is called when its turn comes, with what the list holds then", async () => {
    const { clock } = setup();
    const list = [{ n: 0 }, { n: 0 }, { n: 0 }];
    const source = task("source", () => list);
    const seen = map(
      "seen",
      source,
      async (item) => {
        const { n } = item;
        for (const one of list) one.n++;
        await clock.wait(1);
        return n;
      },
      { concurrency: 1 },
    );
    const report = await clock.run(flow("f", { seen }).run({ clock }));
    expect(report.outputs.seen).toEqual([0, 1, 2]);
  });

  it("asks for the resources of each item", async () => {
    const { clock, diary } = setup();
    const items = map("items", letters, diary.item({ ms: 10 }), { resources: { db: 2 } });
    await clock.run(flow("f", { items }).run({ clock, resources: { db: 5 } }));
    expect(diary.peak).toBe(2);
  });

  it("takes other inputs, its list from a part of an output, and parameters", async () => {
    const { clock } = setup();
    const factor = param<number>("factor");
    const page = task("page", () => ({ rows: [1, 2, 3], total: 3 }));
    const offset = task("offset", () => 100);
    const broken = task(
      "broken",
      () => {
        throw new Error("no");
      },
      { onFailure: "ignore" },
    );
    const scaled = map(
      "scaled",
      pick(page, "rows"),
      { factor, offset, maybe: optional(broken), outcome: settled(broken) },
      (item, index, { factor, offset, maybe, outcome }) => [
        item * factor + offset + index,
        maybe,
        outcome.status,
      ],
    );
    const report = await clock.run(flow("f", { scaled }).run({ clock, params: [factor.of(10)] }));
    expect(report.outputs.scaled).toEqual([
      [110, undefined, "failed"],
      [121, undefined, "failed"],
      [132, undefined, "failed"],
    ]);
  });

  it("may map over a map", async () => {
    const { clock } = setup();
    const doubled = map("doubled", letters, (letter) => letter + letter);
    const lengths = map("lengths", doubled, (pair) => pair.length);
    const report = await clock.run(flow("f", { lengths }).run({ clock }));
    expect(report.outputs.lengths).toEqual([2, 2, 2, 2]);
    expect(row(report, "lengths").releasedBy).toBe("doubled");
  });

  it("may run a flow for each item, and these do not cross", async () => {
    const { clock } = setup();
    const item = param<string>("item");
    const inner = flow("inner", {
      shout: task("shout", { item }, async ({ item }) => {
        await clock.wait(5);
        return item.toUpperCase();
      }),
    });
    const outer = map("outer", letters, async (letter, _, { signal }) => {
      const report = await inner.run({ clock, signal, params: [item.of(letter)] });
      return report.unwrap().shout;
    });
    const report = await clock.run(flow("f", { outer }).run({ clock }));
    expect(report.outputs.outer).toEqual(["A", "B", "C", "D"]);
  });

  it("asks its condition once, for the whole", async () => {
    const { clock, diary } = setup();
    const items = map("items", letters, diary.item(), { when: () => ({ skip: "not today" }) });
    const report = await clock.run(flow("f", { items }).run({ clock }));
    expect(row(report, "items")).toMatchObject({
      status: "skipped",
      reason: { kind: "condition", message: "not today" },
    });
    expect(report.totalTasks).toBe(2);
  });

  it("over what is no array fails, and says what it got", async () => {
    const { clock } = setup();
    for (const [given, described] of [
      [{ length: 2 }, "an object"],
      ["text", '"text"'],
      [new WeakSet(), "a WeakSet"],
      [undefined, "undefined"],
    ] as const) {
      const wrong = task("wrong", () => given as unknown as string[]);
      const items = map("items", wrong, (item) => item);
      const report = await clock.run(flow("f", { items }).run({ clock }));
      expect(report.errorSummary).toEqual([
        `Map "items" needs an array or another iterable to map over, got ${described}`,
      ]);
    }
  });

  it("reads any other iterable once, before it lists the items", async () => {
    const told: string[] = [];
    function* letters() {
      for (const letter of ["a", "b"]) {
        told.push(`read ${letter}`);
        yield letter;
      }
    }
    const read = map("read", task("list", letters), (letter) => {
      told.push(`called ${letter}`);
      return letter.toUpperCase();
    });
    const sets = map("sets", value(new Set([1, 2, 1])), (item) => item * 2);
    const pairs = map("pairs", value(new Map([["a", 1]])), ([key, item]) => `${key}${item}`);
    const bytes = map("bytes", value(Uint8Array.of(3, 4)), (item) => item);
    const report = await flow("f", { read, sets, pairs, bytes }).run();
    expect(report.unwrap()).toEqual({
      read: ["A", "B"],
      sets: [2, 4],
      pairs: ["a1"],
      bytes: [3, 4],
    });
    expect(told).toEqual(["read a", "read b", "called a", "called b"]);
  });

  it("fails over an iterable that throws, and reads no more of an endless one than it may have items", async () => {
    function* broken() {
      yield 1;
      throw new Error("the cursor is gone");
    }
    let read = 0;
    let closed = false;
    function* endless() {
      try {
        for (;;) yield read++;
      } finally {
        closed = true;
      }
    }
    const calls: unknown[] = [];
    const over = (list: () => Iterable<number>) =>
      flow("f", { items: map("items", task("list", list), (item) => calls.push(item)) });
    expect((await over(broken).run()).errorSummary).toEqual([
      'Map "items" could not read what it maps over: the cursor is gone',
    ]);
    const { errorSummary } = await over(endless).run({ maxTasks: 10 });
    expect(errorSummary).toEqual([
      'Task "items" failed: Inside of "items" the run would have at least 11 tasks more, and has 2 already: at most 10 are allowed, say more with `maxTasks`',
    ]);
    expect([read, closed, calls]).toEqual([11, true, []]);
  });

  it("takes no iterator that another map, or an earlier run, has read for an empty list", async () => {
    const used =
      "a map has read this iterator already, and an iterator gives its items once. Gather them in an array first";
    const letters = task("letters", () => ["a", "b"].values());
    const one = map("one", letters, (letter) => letter);
    const two = map("two", letters, (letter) => letter);
    const both = await flow("f", { one, two }).run({ failure: "continue" });
    expect(both.outputs).toEqual({ one: ["a", "b"] });
    expect(both.errorSummary).toEqual([`Map "two" could not read what it maps over: ${used}`]);
    const given = flow("g", { items: map("items", value([1].values()), (item) => item) });
    expect((await given.run()).unwrap()).toEqual({ items: [1] });
    expect((await given.run()).errorSummary).toEqual([
      `Map "items" could not read what it maps over: ${used}`,
    ]);
  });

  it("fails over what lists its items asynchronously, with the way out", async () => {
    const rows = task("rows", async function* () {
      yield 1;
    });
    const items = map("items", rows as never, (row) => row);
    expect((await flow("f", { items }).run()).errorSummary).toEqual([
      'Map "items" needs an array or another iterable to map over, got an asynchronous one: gather its items in an array first',
    ]);
  });

  it("whose name a task of the flow has taken for an item is a plan error", () => {
    const items = map("items", letters, (item) => item);
    const clash = task("items[7]", () => 1);
    expect(() => flow("f", { items, clash })).toThrow('has the name of an item of map "items"');
  });
});

describe("When an item fails", () => {
  const work = (diary: Diary, options = {}) =>
    map(
      "items",
      letters,
      (letter, index, context) =>
        diary.item(letter === "b" ? { ms: 10, throw: "broken b" } : { ms: 30, return: letter })(
          letter,
          index,
          context,
        ),
      options,
    );

  it("`stop` asks the others to stop and starts no further one", async () => {
    const { clock, diary } = setup();
    const items = work(diary, { concurrency: 3 });
    const report = await clock.run(flow("f", { items }).run({ clock }));
    expect(report).toMatchObject({ executionState: "failed", totalDurationMs: 10 });
    expect(statuses(report)).toEqual({
      letters: "completed",
      items: "failed",
      "items[0]": "cancelled",
      "items[1]": "failed",
      "items[2]": "cancelled",
      "items[3]": "cancelled",
    });
    expect(row(report, "items[3]")).toMatchObject({
      attemptCount: 0,
      reason: { kind: "not-started" },
    });
    expect(diary.started).toHaveLength(3);
    expect(report.errorSummary).toEqual(['Task "items[1]" failed: broken b']);
  });

  it("`drain` lets the running ones end", async () => {
    const { clock, diary } = setup();
    const items = work(diary, { concurrency: 3 });
    const report = await clock.run(flow("f", { items }).run({ clock, failure: "drain" }));
    expect(statuses(report)).toMatchObject({
      items: "failed",
      "items[0]": "completed",
      "items[2]": "completed",
      "items[3]": "cancelled",
    });
  });

  it("`continue` runs every item, then fails the map with all their errors", async () => {
    const { clock, diary } = setup();
    const items = work(diary, { concurrency: 2 });
    const needs = task("needs", { items }, () => {});
    const takes = task("takes", { items: settled(items) }, ({ items }) => items);
    const report = await clock.run(flow("f", { needs, takes }).run({ clock, failure: "continue" }));
    expect(diary.ended).toHaveLength(4);
    const outcome = report.outcome(items) as { status: string; error: AggregateError };
    expect(outcome.status).toBe("failed");
    expect(outcome.error).toBeInstanceOf(AggregateError);
    expect(outcome.error.message).toBe('1 of the 4 items of "items" failed');
    expect(outcome.error.errors).toMatchObject([{ message: "broken b" }]);
    expect(report.outputs.takes).toEqual(outcome);
    expect(row(report, "needs").reason).toMatchObject({ task: "items", root: "items" });
    expect(report.outcome("items[0]")).toMatchObject({ status: "completed", value: "a" });
  });

  it("names each of them with index and key in a `MapError`, with what the others gave", async () => {
    const { clock } = setup();
    const items = map(
      "items",
      letters,
      (letter) => {
        if (letter === "b" || letter === "d") throw new Error(`broken ${letter}`);
        return letter.toUpperCase();
      },
      { key: (letter) => `letter ${letter}` },
    );
    const takes = task("takes", { items: settled(items) }, ({ items }) => items);
    const { options, recording } = recorded({ clock, failure: "continue" });
    const report = await clock.run(flow("f", { takes }).run(options));
    const { error } = report.outputs.takes as { error: MapError };
    expect(error).toBeInstanceOf(MapError);
    expect(error).toMatchObject({ name: "MapError", code: "ASTRUM_MAP" });
    expect(error.failures).toMatchObject([
      { index: 1, key: "letter b", error: { message: "broken b" } },
      { index: 3, key: "letter d", error: { message: "broken d" } },
    ]);
    expect(error.completed).toEqual([
      { index: 0, key: "letter a", value: "A" },
      { index: 2, key: "letter c", value: "C" },
    ]);
    // Rows of their own say it: the report does not say it twice, and holds no value that nobody asked for.
    expect(row(report, "items").error).not.toHaveProperty("data");
    const again = replay(flow("f", { takes }).plan(), recording).outcome("items");
    const told = (again as { error: MapError }).error;
    expect(told.failures).toEqual(error.failures);
    expect(told.completed).toEqual(error.completed);
  });

  it('`onFailure: "ignore"` lets the run complete, and the map has failed all the same', async () => {
    const { clock, diary } = setup();
    const items = work(diary, { onFailure: "ignore" });
    const takes = task("takes", { items: optional(items) }, ({ items }) => items ?? "none");
    const report = await clock.run(flow("f", { takes }).run({ clock }));
    expect(report.executionState).toBe("completed");
    expect(diary.ended).toHaveLength(4);
    expect(row(report, "items").status).toBe("failed");
    expect(report.outputs.takes).toBe("none");
  });

  it("its retries are its own", async () => {
    const { clock } = setup();
    let calls = 0;
    const items = map(
      "items",
      letters,
      (letter) => {
        calls++;
        if (letter === "b") throw new Error("always");
      },
      { retry: 2 },
    );
    const report = await clock.run(flow("f", { items }).run({ clock, failure: "continue" }));
    expect(calls).toBe(6);
    expect(row(report, "items[1]").attemptCount).toBe(3);
  });
});

describe("A wide map", () => {
  it("of 100,000 items runs them all, a hundred at once", async () => {
    const { clock } = setup();
    let running = 0;
    let peak = 0;
    const list = task("list", () => Array.from({ length: 100_000 }, (_, at) => at));
    const items = map(
      "items",
      list,
      async (item) => {
        peak = Math.max(peak, ++running);
        await null;
        running--;
        return item * 2;
      },
      { concurrency: 100 },
    );
    const total = task("total", { items }, ({ items }) => items.reduce((sum, one) => sum + one, 0));
    const report = await clock.run(flow("f", { total }).run({ clock }));
    expect(report.outputs.total).toBe(9_999_900_000);
    expect(peak).toBe(100);
    expect(report).toMatchObject({ successfulTasks: 100_003, peakConcurrency: 100 });
  });
});

describe('The items of a map with `items: "settled"`', () => {
  it("end as they end, and the map gives what became of each, in order", async () => {
    const { clock, diary } = setup();
    const items = map(
      "items",
      letters,
      async (letter, index, context) => {
        await clock.wait(10 - index);
        if (letter === "b") throw new Error("broken b");
        if (letter === "c") return diary.item({ ms: 100 })(letter, index, context);
        return letter;
      },
      { items: "settled" },
    );
    const after = task("after", diary.task({ ms: 50 }));
    const run = flow("f", { items, after }).start({ clock });
    clock.after(20, () => run.cancelTask("items[2]", "not wanted"));
    const report = await clock.run(run.report);
    expect(report).toMatchObject({
      executionState: "completed",
      errorSummary: [],
      failedTasks: 1,
      toleratedFailures: 1,
    });
    expect(report.unwrap().items).toMatchObject([
      { status: "completed", value: "a", restored: false },
      { status: "failed", error: { message: "broken b" }, timedOut: false },
      { status: "cancelled", reason: { code: "ASTRUM_CANCELLED" } },
      { status: "completed", value: "d" },
    ]);
    expect(row(report, "items")).toMatchObject({ status: "completed", tolerated: undefined });
    expect(row(report, "items[1]")).toMatchObject({ status: "failed", tolerated: true });
    expect(statuses(report).after).toBe("completed");
  });

  it("complete a map of no items, and one whose items all fail", async () => {
    const none = task("none", (): string[] => []);
    const broken = (): never => {
      throw new Error("broken");
    };
    const empty = map("empty", none, broken, { items: "settled" });
    const all = map("all", letters, broken, { items: "settled" });
    const { empty: nothing, all: failed } = (await flow("f", { empty, all }).run()).unwrap();
    expect(nothing).toEqual([]);
    expect(failed.map(({ status }) => status)).toEqual(["failed", "failed", "failed", "failed"]);
  });

  it("are stopped with the run all the same, and the map with them", async () => {
    const { clock, diary } = setup();
    const items = map("items", letters, diary.item({ ms: 50 }), { items: "settled" });
    const fails = task("fails", diary.task({ ms: 10, throw: "broken" }));
    const report = await clock.run(flow("f", { items, fails }).run({ clock }));
    expect(report.executionState).toBe("failed");
    expect(row(report, "items")).toMatchObject({
      status: "cancelled",
      reason: { kind: "failure", task: "fails" },
    });
  });

  it("are stopped with their map, when that is called off", async () => {
    const { clock, diary } = setup();
    const items = map("items", letters, diary.item({ ms: 50 }), { items: "settled" });
    const run = flow("f", { items }).start({ clock });
    clock.after(10, () => run.cancelTask("items"));
    const report = await clock.run(run.report);
    expect(row(report, "items").status).toBe("cancelled");
  });

  it("are not counted by `maxFailures`", async () => {
    const { clock, diary } = setup();
    const items = map("items", letters, diary.item({ ms: 1, throw: "no" }), { items: "settled" });
    const next = task("next", { items }, ({ items }) => items.length);
    const report = await clock.run(flow("f", { next }).run({ clock, failure: { maxFailures: 1 } }));
    expect(report.unwrap().next).toBe(4);
  });

  it("are restored where they completed, and only the others run again", async () => {
    let broken = true;
    const called: string[] = [];
    const items = map(
      "items",
      letters,
      (letter) => {
        called.push(letter);
        if (broken && letter === "b") throw new Error("broken b");
        return letter;
      },
      { items: "settled" },
    );
    const first = await flow("f", { items }).run();
    broken = false;
    called.length = 0;
    const resumeFrom = first.toJSON({ outputs: true });
    expect(Object.keys(resumeFrom.outputs ?? {})).not.toContain("items");
    const report = await flow("f", { items }).run({ resumeFrom });
    expect(called).toEqual(["b"]);
    expect(report.unwrap().items).toMatchObject([
      { status: "completed", value: "a", restored: true },
      { status: "completed", value: "b", restored: false },
      { status: "completed", value: "c", restored: true },
      { status: "completed", value: "d", restored: true },
    ]);
    // A map that gave values gives none of these outcomes to a later run.
    const plain = map("items", letters, (letter) => letter);
    const before = (await flow("f", { items: plain }).run()).toJSON({ outputs: true });
    const after = await flow("f", { items }).run({ resumeFrom: before });
    expect(after.resume?.restored).not.toContain("items");
    expect(after.unwrap().items[0]).toMatchObject({ status: "completed", value: "a" });
  });

  it("are marked in the plan", () => {
    const items = map("items", letters, () => {}, { items: "settled" });
    expect(flow("f", { items }).plan().explain()).toContain("items (map, its items fail alone)");
  });
});

describe("The key of an item", () => {
  it("is asked for once an item, and is in statistics and in what observers are told", async () => {
    const { clock } = setup();
    const asked: [string, number][] = [];
    const told: (string | undefined)[] = [];
    const items = map("items", letters, (letter) => letter, {
      retry: 1,
      key: (letter, index) => {
        asked.push([letter, index]);
        return `${letter}!`;
      },
    });
    const observer = {
      name: "keys",
      run: () => ({ task: ({ task }: { task: TaskInfo }) => void told.push(task.itemKey) }),
    };
    const report = await clock.run(flow("f", { items }).run({ clock, observers: [observer] }));
    expect(asked).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
      ["d", 3],
    ]);
    expect(row(report, "items[2]")).toMatchObject({ taskName: "items[2]", index: 2, key: "c!" });
    expect(row(report, "items").key).toBeUndefined();
    expect(told).toEqual([undefined, undefined, "a!", "b!", "c!", "d!"]);
  });

  it.each([
    [
      "that is there twice",
      (letter: string) => (letter === "d" ? "b" : letter),
      'Items 1 and 3 of map "items" have one key, "b"',
    ],
    [
      "that cannot be made",
      (letter: string) => {
        if (letter === "c") throw new Error("no name");
        return letter;
      },
      'The key of item 2 of map "items" could not be made: no name',
    ],
    [
      "that is too long",
      (letter: string) => letter.repeat(257),
      'The key of item 0 of map "items" must be a text of 1 to 256 characters, got 257',
    ],
    [
      "that is empty",
      () => "",
      'The key of item 0 of map "items" must be a text of 1 to 256 characters, got ""',
    ],
    [
      "that is a promise",
      () => Promise.reject(new Error("nobody hears it")) as unknown as string,
      'The key of item 0 of map "items" must be a text of 1 to 256 characters, got a promise',
    ],
  ])("%s fails the map, before any item is called", async (_, key, said) => {
    const { clock, diary } = setup();
    const items = map("items", letters, diary.item(), { key, items: "settled" });
    const report = await clock.run(flow("f", { items }).run({ clock }));
    expect(report.errorSummary).toEqual([said]);
    expect(diary.started).toEqual([]);
    expect(report.totalTasks).toBe(2);
  });

  it("of 256 characters is taken", async () => {
    const items = map("items", letters, () => 1, { key: (letter) => letter.repeat(256) });
    const report = await flow("f", { items }).run();
    expect(row(report, "items[0]").key).toBe("a".repeat(256));
  });
});
