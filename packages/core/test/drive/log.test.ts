/** `context.log()` and `context.remainingMs()`: what a task says while it runs, and what it knows of its limits. */
import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type ExecutionReport,
  flow,
  fromEvents,
  map,
  placementOf,
  type RunEvent,
  type SchedulerOptions,
  settled,
  type Task,
  type TaskContext,
  task,
} from "../../src/index.ts";
import { recorded, replay, VirtualClock } from "../../src/testing.ts";
import { row } from "../scenario.ts";

function said(report: ExecutionReport, name: string): unknown[] {
  return row(report, name).attemptStatistics.map(({ log, logDropped }) => [
    log?.map(({ message }) => message),
    logDropped,
  ]);
}

describe("A line of a task's log", () => {
  it("is kept with its attempt, when and what", async () => {
    const clock = new VirtualClock();
    const pages = task(
      "pages",
      async (_, { log, attempt }) => {
        log("page", { number: 1, of: "sizes", last: false });
        await clock.wait(5);
        log(`end of ${attempt}`);
        if (attempt === 1) throw new Error("no");
      },
      { retry: 1 },
    );
    const report = await clock.run(flow("f", { pages }).run({ clock }));
    expect(row(report, "pages").attemptStatistics.map(({ log }) => log)).toEqual([
      [
        { at: 0, message: "page", attributes: { number: 1, of: "sizes", last: false } },
        { at: 5, message: "end of 1" },
      ],
      [
        { at: 5, message: "page", attributes: { number: 1, of: "sizes", last: false } },
        { at: 10, message: "end of 2" },
      ],
    ]);
    expect(report.toJSON().taskStatistics[0]?.attemptStatistics[0]?.log).toHaveLength(2);
  });

  it("is one of the last 100, and the report says how many there were before: of a million too", async () => {
    const chatty = task("chatty", (_, { log }) => {
      for (let line = 0; line < 1_000_000; line++) log(`line ${line}`);
    });
    const report = await flow("f", { chatty }).run();
    const [attempt] = row(report, "chatty").attemptStatistics;
    expect(attempt?.log).toHaveLength(100);
    expect(attempt?.log?.[0]?.message).toBe("line 999900");
    expect(attempt?.logDropped).toBe(999_900);
  });

  it("has a size: 2,000 characters, 32 attributes, 500 characters of a text", async () => {
    const long = "x".repeat(10_000);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`a${at}`, long]));
    const speaks = task("speaks", (_, { log }) => log(long, many));
    const report = await flow("f", { speaks }).run();
    const [line] = row(report, "speaks").attemptStatistics[0]?.log ?? [];
    expect(line?.message).toHaveLength(2_000);
    expect(Object.keys(line?.attributes ?? {})).toHaveLength(32);
    expect(line?.attributes?.a0).toHaveLength(500);
  });

  it("is no longer because something in it is no text, and is cut through no character", async () => {
    const speaks = task("speaks", (_, { log }) => {
      log("x", {
        big: 10n ** 5_000n,
        sign: Symbol("s".repeat(9_000)),
        smile: "😀".repeat(1_500),
      } as never);
      log("😀".repeat(1_500));
      log((10n ** 5_000n) as never);
    });
    const report = await flow("f", { speaks }).run();
    const [first, second, third] = row(report, "speaks").attemptStatistics[0]?.log ?? [];
    const texts = [...Object.values(first?.attributes ?? {}), second?.message, third?.message];
    expect(texts.map((text) => String(text).length)).toEqual([80, 80, 499, 1_999, 80]);
    expect(texts.every((text) => !/[\ud800-\udbff]…/.test(String(text)))).toBe(true);
  });

  it("harms nothing, whatever it is", async () => {
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("cannot be listed");
        },
        get: () => {
          throw new Error("cannot be read");
        },
      },
    );
    const wrong: [unknown, unknown?][] = [
      [Symbol("sign")],
      [undefined],
      [proxy, proxy],
      ["text", null],
      ["text", "text"],
      ["text", { nan: Number.NaN, big: 5n, list: [1], none: undefined }],
    ];
    const speaks = task("speaks", (_, { log }) => {
      for (const [message, attributes] of wrong)
        log(message as string, attributes as object as never);
    });
    const report = await flow("f", { speaks }).run();
    expect(row(report, "speaks").attemptStatistics[0]?.log).toMatchObject([
      { message: "Symbol(sign)" },
      { message: "undefined" },
      { message: "an object" },
      { message: "text" },
      { message: "text" },
      {
        message: "text",
        attributes: { nan: "NaN", big: "5n", list: "an array", none: "undefined" },
      },
    ]);
  });

  it("of an attempt that had to be given up is there: it is all that is known of it", async () => {
    const clock = new VirtualClock();
    const hangs = task(
      "hangs",
      (_, { log, attributes }) => {
        attributes.set("db", "main");
        log("connecting");
        return new Promise(() => {});
      },
      { timeoutMs: 10 },
    );
    const report = await clock.run(flow("f", { hangs }).run({ clock, graceMs: 5 }));
    expect(row(report, "hangs")).toMatchObject({ status: "abandoned", attributes: { db: "main" } });
    expect(said(report, "hangs")).toEqual([[["connecting"], undefined]]);
  });

  it("of a tail task that goes on is there up to the end of the run, and in the tail to its own", async () => {
    const clock = new VirtualClock();
    const { options, recording } = recorded({ clock });
    const tail = task("tail", async (_, { log }) => {
      log("during");
      await clock.wait(50);
      log("after");
    });
    const done = flow("f", { a: task("a", () => clock.wait(10)) }, { tails: { tail } });
    const report = await clock.run(done.run(options));
    expect(said(report, "tail")).toEqual([[["during"], undefined]]);
    expect(replay(done.plan(), recording).toJSON()).toEqual(report.toJSON());
    const [row] = await clock.run(report.tail);
    expect(row?.attemptStatistics[0]?.log?.map(({ message }) => message)).toEqual([
      "during",
      "after",
    ]);
    expect(said(report, "tail")).toEqual([[["during"], undefined]]);
  });

  it("of a tail task whose end comes in the very turn of the run's is there too", async () => {
    const { options, recording } = recorded({});
    const tail = task("tail", (_, { log }) => log("at once"));
    const done = flow("f", { a: task("a", () => 1) }, { tails: { tail } });
    const report = await done.run(options);
    expect(said(report, "tail")).toEqual([[["at once"], undefined]]);
    expect(replay(done.plan(), recording).toJSON()).toEqual(report.toJSON());
  });

  it("may be said by what was deferred, and not once the attempt is over", async () => {
    const late: TaskContext[] = [];
    const speaks = task("speaks", (_, context) => {
      late.push(context);
      context.defer(() => context.log("cleaned up"));
    });
    const report = await flow("f", { speaks }).run();
    late[0]?.log("too late");
    expect(said(report, "speaks")).toEqual([[["cleaned up"], undefined]]);
  });

  it("is told to observers at once; what was left out with the end of the attempt", async () => {
    const clock = new VirtualClock();
    const events: RunEvent[] = [];
    const observer = fromEvents("all", (event) => void events.push(event));
    const speaks = task("speaks", async (_, { log }) => {
      log("first", { n: 1 });
      expect(events.at(-1)).toMatchObject({
        type: "attempt.log",
        message: "first",
        attributes: { n: 1 },
        attempt: { number: 1, task: { key: "speaks" } },
      });
      for (let line = 0; line < 100; line++) log("more");
    });
    await clock.run(flow("f", { speaks }).run({ clock, observers: [observer] }));
    expect(events.filter(({ type }) => type === "attempt.log")).toHaveLength(101);
    expect(events.find(({ type }) => type === "attempt.end")).toMatchObject({ logDropped: 1 });
  });

  it("said where the task runs is told by whoever carries it out, with what was left out", async () => {
    const clock = new VirtualClock();
    const far = task("far", async (_, context) => {
      await clock.wait(10);
      placementOf(context)?.logged(
        [
          { message: "there", agoMs: 4 },
          { message: "and then", agoMs: Number.NaN },
        ],
        7,
      );
    });
    const report = await clock.run(flow("f", { far }).run({ clock }));
    expect(row(report, "far").attemptStatistics[0]).toMatchObject({
      log: [
        { at: 6, message: "there" },
        { at: 10, message: "and then" },
      ],
      logDropped: 7,
    });
  });

  it.each(["dependencies", "stages"] as const)("is replayed as it was (%s)", async (dispatch) => {
    const { options, recording } = recorded<SchedulerOptions>({ dispatch });
    const scheduler = new DynamicScheduler(
      [["speaks", (_, context: TaskContext) => context.log("hello")]],
      [{ taskName: "speaks" }],
      options,
    );
    const report = await scheduler.execute();
    expect(said(report, "speaks")).toEqual([[["hello"], undefined]]);
    expect(replay(scheduler.plan(), recording).toJSON()).toEqual(report.toJSON());
  });

  it("is not there for who said nothing", async () => {
    const report = await flow("f", { mute: task("mute", () => 1) }).run();
    expect(JSON.stringify(report)).not.toContain('"log"');
  });
});

describe("What is left of the time of an attempt", () => {
  /** What a task that asks after 10 ms is told. */
  async function left(
    own: number | undefined,
    run: number | undefined,
    place: "root" | "finally" | "item" | "spared" = "root",
  ): Promise<number> {
    const clock = new VirtualClock();
    let told = Number.NaN;
    const ask = async (context: TaskContext): Promise<void> => {
      await clock.wait(10);
      told = context.remainingMs();
    };
    const spared = place === "spared" ? { uninterruptible: true } : {};
    const options = { ...(own === undefined ? {} : { timeoutMs: own }), ...spared };
    const asks = task("asks", {}, (_, context) => ask(context), options);
    const one = task("one", () => [1]);
    const item = map("items", one, {}, (_, __, ___, context) => ask(context), options);
    const limit = { clock, ...(run !== undefined && { timeoutMs: run }) };
    if (place === "finally") {
      await clock.run(flow("f", { one }, { finally: { asks } }).run(limit));
    } else {
      const root: Task<unknown> = place === "item" ? item : asks;
      await clock.run(flow("f", { root }).run(limit));
    }
    return told;
  }

  it("is without end when nothing limits it", async () => {
    expect(await left(undefined, undefined)).toBe(Number.POSITIVE_INFINITY);
  });

  it("of one that is uninterruptible is not the run's, which does not ask it to stop", async () => {
    expect(await left(undefined, 5, "spared")).toBe(Number.POSITIVE_INFINITY);
    expect(await left(100, 5, "spared")).toBe(90);
  });

  it("is the least of its own limit and the run's", async () => {
    expect(await left(100, undefined)).toBe(90);
    expect(await left(undefined, 60)).toBe(50);
    expect(await left(100, 60)).toBe(50);
    expect(await left(40, 60)).toBe(30);
    expect(await left(40, 60, "item")).toBe(30);
  });

  it("of a finally task is its own: the limit of the run is not for it", async () => {
    expect(await left(40, 60, "finally")).toBe(30);
    expect(await left(undefined, 60, "finally")).toBe(Number.POSITIVE_INFINITY);
  });

  it("counts from the start of the attempt, of each anew, and not from that of the queue", async () => {
    const clock = new VirtualClock();
    const told: number[] = [];
    const blocks = task("blocks", () => clock.wait(30));
    const asks = task(
      "asks",
      (_, { remainingMs, attempt }) => {
        told.push(remainingMs());
        if (attempt === 1) throw new Error("again");
      },
      { timeoutMs: 20, retry: { attempts: 1, backoff: "fixed", baseMs: 50 } },
    );
    await clock.run(flow("f", { blocks, asks }).run({ clock, concurrency: 1 }));
    expect(told).toEqual([20, 20]);
  });

  it("of a task with a deadline is what is left of that, also in a later attempt", async () => {
    const clock = new VirtualClock();
    const told: number[] = [];
    const asks = task(
      "asks",
      async (_, { remainingMs, attempt }) => {
        told.push(remainingMs());
        await clock.wait(10);
        if (attempt === 1) throw new Error("again");
      },
      { deadlineMs: 50, timeoutMs: 45, retry: 1 },
    );
    await clock.run(flow("f", { asks }).run({ clock }));
    expect(told).toEqual([45, 40]);
  });

  it("is never below 0, also when a limit has passed", async () => {
    const clock = new VirtualClock();
    const told: number[] = [];
    const deaf = task(
      "deaf",
      async (_, { remainingMs }) => {
        await clock.wait(30);
        told.push(remainingMs());
      },
      { timeoutMs: 20 },
    );
    await clock.run(flow("f", { deaf }).run({ clock }));
    const held = task("held", async (_, { remainingMs }) => {
      await clock.wait(30);
      told.push(remainingMs());
    });
    await clock.run(flow("f", { held }).run({ clock, timeoutMs: 20 }));
    expect(told).toEqual([0, 0]);
  });

  it("of a tail task that goes on after the run has no limit of the run's", async () => {
    const clock = new VirtualClock();
    let told = 0;
    const tail = task("tail", async (_, { remainingMs }) => {
      await clock.wait(50);
      told = remainingMs();
    });
    const report = await clock.run(
      flow("f", { a: task("a", () => 1) }, { tails: { tail } }).run({ clock, timeoutMs: 40 }),
    );
    await clock.run(report.tail);
    expect(told).toBe(Number.POSITIVE_INFINITY);
  });

  it("can be asked of a context that was taken apart, and of a settled map's items", async () => {
    const list = task("list", () => [1, 2]);
    const items = map("items", list, (_, __, { remainingMs }) => remainingMs(), {
      timeoutMs: 1000,
      items: "settled",
    });
    const sees = task("sees", { items: settled(items) }, ({ items }) => items.status);
    const report = await flow("f", { sees }).run();
    expect(report.outputs.sees).toBe("completed");
  });
});
