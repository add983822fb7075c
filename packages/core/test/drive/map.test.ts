import { describe, expect, it } from "vitest";
import { flow, map, optional, param, pick, settled, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
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
      [new Set([1]), "a Set"],
      [undefined, "undefined"],
    ] as const) {
      const wrong = task("wrong", () => given as unknown as string[]);
      const items = map("items", wrong, (item) => item);
      const report = await clock.run(flow("f", { items }).run({ clock }));
      expect(report.errorSummary).toEqual([
        `Map "items" needs an array to map over, got ${described}`,
      ]);
    }
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
