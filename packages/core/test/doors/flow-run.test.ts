import { describe, expect, it } from "vitest";
import {
  DefinitionError,
  type FlowRun,
  flow,
  fromEvents,
  map,
  PlanError,
  param,
  type RunEvent,
  type Schema,
  type StreamedEvent,
  type TaskContext,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}
async function all(events: AsyncIterable<StreamedEvent>): Promise<StreamedEvent[]> {
  const read: StreamedEvent[] = [];
  for await (const event of events) read.push(event);
  return read;
}
/** One line an event: what it is and whom it is about. */
function line(event: StreamedEvent): string {
  if (event.type === "events.lost") return `lost ${event.count}`;
  if ("task" in event) {
    return `${event.type} ${event.task.key}${event.type === "task.status" ? ` ${event.to}` : ""}`;
  }
  return "attempt" in event ? `${event.type} ${event.attempt.task.key}` : event.type;
}
const refusing: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: () => Promise.resolve({ issues: [{ message: "no" }] }),
  },
};

describe("snapshot() of a run that is under way", () => {
  it("counts its tasks and tells of those that run how long, and how far", async () => {
    const { clock, diary } = setup();
    const a = task("a", async (_: object, { progress, signal }: TaskContext) => {
      progress(0.25, "a quarter");
      await clock.wait(10, signal);
    });
    const b = task("b", diary.task({ ms: 3, throw: "again" }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 100 },
    });
    const c = task("c", { a }, diary.task({ ms: 5 }));
    const items = map(
      "items",
      task("list", () => [1, 2]),
      diary.item({ ms: 50 }),
    );
    const run = flow("nightly", { b, c, items }).start({ clock, concurrency: 3, runId: "r1" });
    await clock.advance(4);
    expect(run.snapshot()).toStrictEqual({
      runId: "r1",
      flow: "nightly",
      executionState: "running",
      elapsedMs: 4,
      totalTasks: 7,
      counts: {
        waiting: 1,
        ready: 0,
        running: 4,
        delayed: 1,
        completed: 1,
        failed: 0,
        cancelled: 0,
        skipped: 0,
        restored: 0,
        detached: 0,
        abandoned: 0,
      },
      running: [
        { task: "a", attempt: 1, runMs: 4, progress: { fraction: 0.25, message: "a quarter" } },
        { task: "items[0]", attempt: 1, runMs: 4 },
        { task: "items[1]", attempt: 1, runMs: 1 },
      ],
    });
    expect(JSON.parse(JSON.stringify(run.snapshot()))).toEqual(run.snapshot());
    await clock.run(run.report);
  });

  it("says which attempt it is, and that it was asked to stop", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 20, deaf: true, throw: "no" }), { retry: 1 });
    const run = flow("f", { deaf }).start({ clock });
    await clock.advance(25);
    run.cancel();
    expect(run.snapshot().running).toEqual([
      { task: "deaf", attempt: 2, runMs: 5, stopping: true },
    ]);
    await clock.run(run.report);
  });

  it("of one that has settled is the end, with the tail tasks that go on", async () => {
    const { clock, diary } = setup();
    const tails = { tail: task("tail", diary.task({ ms: 90 })) };
    const run = flow("f", { a: task("a", diary.task({ ms: 5 })) }, { tails }).start({ clock });
    const report = await clock.run(run.report);
    await clock.advance(10);
    expect(run.snapshot()).toMatchObject({
      executionState: "completed",
      elapsedMs: 5,
      counts: { completed: 1, detached: 1, running: 0 },
      running: [{ task: "tail", runMs: 15 }],
    });
    await clock.run(report.tail);
    expect(run.snapshot()).toMatchObject({ elapsedMs: 5, counts: { detached: 1 }, running: [] });
  });

  it("adds up at every moment of a run", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ ms: 2, throw: "no" }));
    const b = task("b", { a }, diary.task());
    const c = map(
      "c",
      task("list", () => [1, 2, 3]),
      diary.item({ ms: 3 }),
      { concurrency: 1 },
    );
    let seen = 0;
    const look = fromEvents("look", () => {
      const { counts, totalTasks } = run?.snapshot() ?? { counts: {}, totalTasks: 0 };
      const sum = Object.values(counts).reduce((sum, count) => sum + count, 0);
      expect(sum).toBe(totalTasks);
      seen++;
    });
    let run: FlowRun<unknown> | undefined;
    run = flow("f", { b, c }).start({ clock, observers: [look], failure: "continue" });
    const report = await clock.run(run.report);
    expect([report.observerErrors, seen > 20]).toEqual([[], true]);
  });

  it("throws what the report is rejected with, whenever that came out", async () => {
    const missing = flow("f", { a: task("a", { p: param("p") }, () => 1) }).start();
    expect(() => missing.snapshot()).toThrow(PlanError);
    await expect(missing.report).rejects.toThrow(PlanError);
    const p = param("p", refusing);
    const refused = flow("f", { a: task("a", { p }, () => 1) }).start({ params: { p: "x" } });
    expect(refused.snapshot().executionState).toBe("running");
    await expect(refused.report).rejects.toThrow(PlanError);
    expect(() => refused.snapshot()).toThrow(PlanError);
  });
});

describe("events() of a run that is under way", () => {
  it("are what an observer is told, from the start to the end", async () => {
    const { clock, diary } = setup();
    const told: RunEvent[] = [];
    const observers = [fromEvents("seen", (event) => told.push(event))];
    const a = task("a", async (_: object, { progress }: TaskContext) => {
      await clock.wait(2);
      progress(0.5);
      throw new Error("no");
    });
    const b = task(
      "b",
      {
        list: map(
          "m",
          task("l", () => [1]),
          diary.item({ ms: 1 }),
        ),
      },
      () => 1,
    );
    const run = flow("f", { a, b }).start({ clock, observers, failure: "continue" });
    const reading = all(run.events());
    await clock.run(run.report);
    const read = await reading;
    expect(read.map(line)).toEqual(told.map(line));
    expect([read[0]?.type, read.at(-1)?.type]).toEqual(["run.start", "run.end"]);
    expect(read.map(line)).toContain("attempt.progress a");
  });

  it("come while the run goes on, to each reader", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ ms: 5 }));
    const run = flow("f", { b: task("b", { a }, diary.task({ ms: 5 })) }).start({ clock });
    const lines: string[] = [];
    const reading = (async () => {
      for await (const event of run.events()) lines.push(line(event));
    })();
    const other = all(run.events());
    await clock.advance(5);
    expect(lines.at(-1)).toBe("attempt.start b");
    await clock.run(run.report);
    await reading;
    expect((await other).map(line)).toEqual(lines);
  });

  it("are told from then on to who asks later, and the end alone to who asks after it", async () => {
    const { clock, diary } = setup();
    const run = flow("f", { a: task("a", diary.task({ ms: 5 })) }).start({ clock });
    await clock.advance(2);
    const late = all(run.events());
    await clock.run(run.report);
    expect((await late).map(line)).toEqual([
      "attempt.end a",
      "task.status a completed",
      "task.end a",
      "run.end",
    ]);
    expect((await all(run.events())).map(line)).toEqual(["run.end"]);
  });

  it("do not wait for a slow reader: it is told how many it lost, and reads the newest", async () => {
    const { clock } = setup();
    const beat = task("beat", async (_: object, { progress }: TaskContext) => {
      for (let at = 1; at <= 1000; at++) progress(at / 1000);
      await clock.wait(1);
    });
    const run = flow("f", { beat }).start({ clock });
    const fast = all(run.events());
    const slow = run.events({ unread: 4 });
    await clock.run(run.report);
    const total = (await fast).length;
    expect((await all(slow)).map(line)).toEqual([
      `lost ${total - 4}`,
      "attempt.end beat",
      "task.status beat completed",
      "task.end beat",
      "run.end",
    ]);
  });

  it("told before they were asked for are there in the same turn, 10,000 at most", async () => {
    const { clock } = setup();
    const beat = task("beat", async (_: object, { progress }: TaskContext) => {
      for (let at = 1; at <= 12_000; at++) progress(at / 12_000);
      await clock.wait(1);
    });
    const run = flow("f", { beat }).start({ clock });
    const reading = all(run.events({ unread: 100_000 }));
    await clock.run(run.report);
    const [first, ...rest] = (await reading).map(line);
    expect([first, rest.length]).toEqual(["lost 2005", 10_004]);
  });

  it("are kept in their order for a reader who is never done with them", async () => {
    const { clock } = setup();
    const beat = task("beat", async (_: object, { progress }: TaskContext) => {
      for (let at = 0; at < 100; at++) {
        progress(at / 100);
        await clock.wait(1);
      }
    });
    const run = flow("f", { beat }).start({ clock });
    const events = run.events({ unread: 20 });
    const read: StreamedEvent[] = [];
    for (let at = 0; at < 60; at++) {
      read.push((await events.next()).value as StreamedEvent);
      await clock.advance(1);
    }
    for await (const event of events) {
      read.push(event);
      await clock.advance(1);
    }
    const told = read.flatMap((event) => ("fraction" in event ? [event.fraction * 100] : []));
    expect(told.map(Math.round)).toEqual(Array.from({ length: 100 }, (_, at) => at));
    expect(read.at(-1)?.type).toBe("run.end");
  });

  it("stay within their limit again and again, and say each time what was lost", async () => {
    const { clock } = setup();
    const beat = task("beat", async (_: object, { progress }: TaskContext) => {
      for (let round = 0; round < 3; round++) {
        await clock.wait(1);
        for (let at = 0; at < 10; at++) progress(at / 10);
      }
      await clock.wait(1);
    });
    const run = flow("f", { beat }).start({ clock });
    const slow = run.events({ unread: 3 });
    for (let round = 0; round < 3; round++) {
      await clock.advance(1);
      const got = [await slow.next(), await slow.next(), await slow.next(), await slow.next()];
      const [lost, ...rest] = got.map(({ value }) => value as StreamedEvent);
      expect(lost).toEqual({ type: "events.lost", count: expect.any(Number) });
      expect(rest.map((event) => "fraction" in event && event.fraction)).toEqual([0.7, 0.8, 0.9]);
    }
    await slow.return();
    await clock.run(run.report);
  });

  it("end with the loop that is left, and the run goes on", async () => {
    const { clock, diary } = setup();
    const run = flow("f", { a: task("a", diary.task({ ms: 5, return: 7 })) }).start({ clock });
    for await (const event of run.events()) if (event.type === "run.start") break;
    expect((await clock.run(run.report)).unwrap()).toEqual({ a: 7 });
  });

  it("throw what the report is rejected with", async () => {
    const missing = flow("f", { a: task("a", { p: param("p") }, () => 1) }).start();
    await expect(all(missing.events())).rejects.toThrow(PlanError);
    await expect(missing.report).rejects.toThrow(PlanError);
    const p = param("p", refusing);
    const refused = flow("f", { a: task("a", { p }, () => 1) }).start({ params: { p: "x" } });
    const reading = all(refused.events());
    await expect(refused.report).rejects.toThrow(PlanError);
    await expect(reading).rejects.toThrow(PlanError);
  });

  it("are refused with a limit that is none, before anything is read", async () => {
    const { report, events } = flow("f", { a: task("a", () => 1) }).start();
    for (const unread of [0, 1.5, "all"]) {
      expect(() => events({ unread } as never)).toThrow(DefinitionError);
    }
    expect(() => events({ buffer: 3 } as never)).toThrow("Unknown option `buffer`");
    await report;
  });
});
