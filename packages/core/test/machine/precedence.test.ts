import { describe, expect, it } from "vitest";
import { after, flow, map, optional, type Task, task } from "../../src/index.ts";
import type { Demand, Order, Share } from "../../src/machine/ready-lines.ts";
import { ReadyQueue } from "../../src/machine/ready-queue.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, row, starts } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

function numbered<T>(count: number, make: (at: number) => Task<T>): Record<string, Task<T>> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${at}`, make(at)]));
}

describe("A priority reaches what its task needs", () => {
  it("which goes before all that is less urgent, however much of that is ready", async () => {
    const { clock, diary } = setup();
    const background = numbered(100, (at) => {
      const first = task(`bg${at}a`, diary.task({ ms: 1 }));
      return task(`bg${at}b`, { first }, diary.task({ ms: 1 }));
    });
    const prepare = task("prepare", diary.task({ ms: 1 }));
    const urgent = task("urgent", { prepare }, diary.task({ ms: 1 }), { priority: 1000 });
    await clock.run(flow("f", { ...background, urgent }).run({ clock, concurrency: 1 }));
    expect(diary.started.slice(0, 2)).toEqual(["prepare", "urgent"]);
  });

  it("however far away, over every kind of edge, and through maps", async () => {
    const { clock, diary } = setup();
    const other = task("other", diary.task({ ms: 1 }), { priority: 1 });
    const far: Task<number[]> = task("far", diary.task({ ms: 1, return: [1] }));
    const items = map("items", far, diary.item({ ms: 1 }));
    const near = task("near", { items: optional(items) }, diary.task({ ms: 1 }));
    const urgent = task("urgent", { near: after(near) }, diary.task({ ms: 1 }), { priority: 2 });
    await clock.run(flow("f", { other, urgent }).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["far", "items[0]", "near", "urgent", "other"]);
  });

  it("also when it was given a low priority of its own", async () => {
    const { clock, diary } = setup();
    const other = task("other", diary.task({ ms: 1 }));
    const lazy = task("lazy", diary.task({ ms: 1 }), { priority: -5 });
    const needs = task("needs", { lazy }, diary.task({ ms: 1 }), { priority: 1 });
    const idle = task("idle", diary.task({ ms: 1 }), { priority: -1 });
    await clock.run(flow("f", { other, idle, needs }).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["lazy", "needs", "other", "idle"]);
  });

  it("only where it is planned: what is outside the targets urges nobody", async () => {
    const { clock, diary } = setup();
    const first = task("first", diary.task({ ms: 1 }));
    const second = task("second", diary.task({ ms: 1 }));
    const urgent = task("urgent", { second }, diary.task({ ms: 1 }), { priority: 1 });
    const targets = ["first", "second"];
    await clock.run(flow("f", { first, urgent }).run({ clock, concurrency: 1, targets }));
    expect(diary.started).toEqual(["first", "second"]);
  });

  it("and among tasks of one reach their own priorities decide: consumers before producers", async () => {
    const { clock, diary } = setup();
    const pairs = numbered(3, (at) => {
      const load = task(`load${at}`, diary.task({ ms: 1 }));
      return task(`use${at}`, { load }, diary.task({ ms: 1 }), { priority: 1 });
    });
    await clock.run(flow("f", pairs).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["load0", "use0", "load1", "use1", "load2", "use2"]);
  });
});

describe("A task that waits for capacity", () => {
  it("is never passed by one of lower priority that takes what it needs", async () => {
    const { clock, diary } = setup();
    const held = task("held", diary.task({ ms: 5 }), { resources: { cpu: 1 } });
    const light = numbered(200, (at) =>
      task(`light${at}`, { held: after(held) }, diary.task({ ms: 10 }), { resources: { cpu: 1 } }),
    );
    const busy = task("busy", diary.task({ ms: 12 }), { resources: { cpu: 1 } });
    const heavy = task("heavy", { held: after(held) }, diary.task({ ms: 1 }), {
      priority: 100,
      resources: { cpu: 2 },
    });
    const report = await clock.run(
      flow("f", { ...light, busy, heavy }).run({ clock, resources: { cpu: 2 } }),
    );
    expect(diary.started.slice(0, 3)).toEqual(["held", "busy", "heavy"]);
    expect(starts(report)).toMatchObject({ heavy: 12, light0: 13 });
    // What was kept from the light ones is what they waited for.
    expect(row(report, "light0").attemptStatistics).toMatchObject([
      { limitedBy: "cpu", slotFreedBy: "heavy" },
    ]);
  });

  it("is passed by one of lower priority that leaves what it needs", async () => {
    const { clock, diary } = setup();
    const cpu = task("cpu", diary.task({ ms: 10 }), { resources: { cpu: 2 }, priority: 9 });
    const both = task("both", diary.task({ ms: 10 }), {
      resources: { cpu: 1, disk: 2 },
      priority: 5,
    });
    const spare = task("spare", diary.task({ ms: 10 }), { resources: { disk: 1 } });
    const last = task("last", diary.task({ ms: 10 }), { resources: { disk: 1 } });
    const none = task("none", diary.task({ ms: 10 }));
    const report = await clock.run(
      flow("f", { cpu, both, spare, last, none }).run({ clock, resources: { cpu: 2, disk: 3 } }),
    );
    // Of three disks two are kept for `both`; who needs neither resource takes nothing from it.
    expect(starts(report)).toEqual({ cpu: 0, both: 10, spare: 0, last: 10, none: 0 });
  });

  it("keeps a slot too, where slots are short", async () => {
    const { clock, diary } = setup();
    const holds = task("holds", diary.task({ ms: 10 }), { resources: { db: 1 }, priority: 9 });
    const waits = task("waits", diary.task({ ms: 10 }), { resources: { db: 1 }, priority: 5 });
    const low = task("low", diary.task({ ms: 10 }));
    const report = await clock.run(
      flow("f", { holds, waits, low }).run({ clock, concurrency: 2, resources: { db: 1 } }),
    );
    expect(starts(report)).toEqual({ holds: 0, waits: 10, low: 10 });
  });

  it("is passed by one of higher priority that comes later, also when it was passed 64 times", async () => {
    const { clock, diary } = setup();
    const large = task("large", diary.task({ ms: 1 }), { resources: { db: 2 } });
    // Two lanes out of step, so that one unit is always taken.
    const list = task("list", () => Array.from({ length: 200 }));
    const small = map(
      "small",
      list,
      (_, index, context) => diary.item({ ms: index === 0 ? 5 : 10 })(_, index, context),
      { resources: { db: 1 } },
    );
    const soon = task("soon", diary.task({ ms: 318 }));
    const urgent = task("urgent", { soon }, diary.task({ ms: 1 }), {
      priority: 1,
      resources: { db: 1 },
    });
    const hold = task("hold", diary.task({ ms: 1 }), { resources: { db: 1 }, priority: 2 });
    const report = await clock.run(
      flow("f", { hold, large, small, urgent }).run({ clock, resources: { db: 2 } }),
    );
    // One unit is kept for `large`, which has been passed 64 times.
    expect(starts(report)).toMatchObject({ large: 321, urgent: 318 });
  });

  it("is passed by one whose dependents are more urgent, and by none of its dependents' siblings", async () => {
    const { clock, diary } = setup();
    const holds = task("holds", diary.task({ ms: 10 }), { resources: { db: 1 }, priority: 99 });
    const waits = task("waits", diary.task({ ms: 10 }), { resources: { db: 2 }, priority: 5 });
    const needed = task("needed", diary.task({ ms: 10 }), { resources: { db: 1 } });
    const urgent = task("urgent", { needed }, diary.task({ ms: 10 }), { priority: 50 });
    const low = task("low", diary.task({ ms: 10 }), { resources: { db: 1 } });
    const report = await clock.run(
      flow("f", { holds, waits, urgent, low }).run({ clock, resources: { db: 2 } }),
    );
    expect(starts(report)).toEqual({ holds: 0, needed: 0, waits: 10, urgent: 10, low: 20 });
  });
});

describe("The choice of who goes next", () => {
  const demandOf = (units: readonly number[]): Demand => ({
    key: units.join(),
    units,
    share: undefined,
    computed: false,
  });
  const taken = (
    queue: ReadyQueue,
    isLive: (task: number) => boolean = () => true,
  ): number | undefined => {
    const choice = queue.choose(isLive);
    if (choice !== undefined) queue.take(choice);
    return choice?.task;
  };

  /** How many comparisons it takes to let so many tasks through, each of a priority of its own. */
  function comparisons(tasks: number, unitsOf: (task: number) => readonly number[]): number {
    let count = 0;
    const order: Order = {
      before: (a, b) => {
        count++;
        return a < b;
      },
      ownOf: (task) => -task,
    };
    const queue = new ReadyQueue(4, [2, 2], order);
    for (let task = 0; task < tasks; task++)
      queue.add((task * 7919) % tasks, demandOf(unitsOf(task)));
    const running: number[] = [];
    for (let done = 0; done < tasks; done++) {
      for (let next = taken(queue); next !== undefined; next = taken(queue)) running.push(next);
      queue.give(unitsOf(running.shift() as number));
    }
    expect(running).toEqual([]);
    return count;
  }

  it.each<[string, (task: number) => readonly number[]]>([
    ["without resources", () => []],
    ["where one half waits for a resource", (task) => (task % 2 === 0 ? [1, 0] : [0, 0])],
    [
      "where resources are crossed",
      (task) =>
        [
          [1, 0],
          [0, 1],
          [1, 1],
          [0, 0],
        ][task % 4] as number[],
    ],
  ])("stays cheap with thousands of priorities %s", (_, unitsOf) => {
    const few = comparisons(1000, unitsOf);
    const many = comparisons(8000, unitsOf);
    expect(many).toBeLessThan(few * 8 * 2);
  });

  /** How many comparisons it takes until so many tasks have their amounts of one shared thing, each another one. */
  function comparisonsOfShares(tasks: number): number {
    let count = 0;
    const order: Order = {
      before: (a, b) => {
        count++;
        return a < b;
      },
      ownOf: () => 0,
    };
    const queue = new ReadyQueue(Number.POSITIVE_INFINITY, [], order);
    const shares = Array.from({ length: tasks }, (): Share => ({ places: [0], state: "idle" }));
    for (const [task, share] of shares.entries()) {
      queue.add(task, { key: `${task}`, units: [], share, computed: false });
    }
    const isLive = (): boolean => true;
    // One at a time is asked for; the answer is that it is not there.
    for (let at = 0; at < tasks; at++) {
      const { share } = queue.choose(isLive) as { share: Share };
      share.state = "asked";
      expect(queue.choose(isLive)).toBeUndefined();
      share.state = "waiting";
    }
    for (const [task, share] of shares.entries()) {
      share.state = "granted";
      expect(taken(queue)).toBe(task);
    }
    return count;
  }

  it("looks a few times at each different amount of what several runs share, until all have an answer", () => {
    // Each of the two answers that a task is given costs one look at every other.
    expect(comparisonsOfShares(400)).toBeLessThan(400 * 400 * 4);
  });

  /** How often a choice reads amounts where each of so many tasks has another one, and none of them may start. */
  function readsOfAmounts(tasks: number): number {
    let count = 0;
    const order: Order = { before: (a, b) => a < b, ownOf: (task) => (task <= tasks / 2 ? 2 : 1) };
    const queue = new ReadyQueue(Number.POSITIVE_INFINITY, [tasks, tasks], order);
    // Those in the first half want too much of one resource, the next too much of the other, which the rest must leave it.
    const unitsOf = (task: number): readonly number[] =>
      task < tasks / 2 ? [2 * tasks + task, 0] : [0, task === tasks / 2 ? 2 * tasks : task];
    for (let task = 0; task < tasks; task++) {
      const units = new Proxy(unitsOf(task), {
        get: (target, key) => {
          count++;
          return Reflect.get(target, key);
        },
      });
      queue.add(task, { ...demandOf(unitsOf(task)), units });
    }
    expect(queue.choose(() => true)).toBeUndefined();
    return count;
  }

  it("reads each different amount a few times, however many of those before it keep theirs", () => {
    const few = readsOfAmounts(100);
    const many = readsOfAmounts(800);
    expect(many).toBeLessThan(few * 8 * 1.5);
  });

  it("forgets who is not wanted any more, wherever that stands", () => {
    const order: Order = { before: (a, b) => a < b, ownOf: (task) => task % 3 };
    const queue = new ReadyQueue(10, [1], order);
    queue.add(100_000, demandOf([1]));
    expect(taken(queue)).toBe(100_000);
    for (let task = 0; task < 30_000; task++) queue.add(task, demandOf([1]));
    queue.add(99_000, demandOf([]));
    expect(taken(queue, (task) => task > 90_000)).toBe(99_000);
    expect(taken(queue)).toBe(undefined);
  });
});
