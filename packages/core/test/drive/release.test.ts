import { describe, expect, it } from "vitest";
import {
  after,
  DynamicScheduler,
  flow,
  fromEvents,
  type Inputs,
  type JournalEntry,
  map,
  optional,
  type ReleaseContext,
  type ReleasedEvent,
  type RunOptions,
  reportOfJournal,
  Semaphore,
  settled,
  type Task,
  type TaskContext,
  TimeoutError,
  task,
} from "../../src/index.ts";
import { testRun, VirtualClock } from "../../src/testing.ts";
import { Diary, Gate, Notebook, row, statuses, written } from "../scenario.ts";

/** Things that write down when they are made and released. */
class Yard {
  readonly clock: VirtualClock = new VirtualClock();
  readonly diary: Diary = new Diary(this.clock);
  /** What was released, with the instant of the call. */
  readonly released: [value: unknown, at: number][] = [];
  readonly signals: AbortSignal[] = [];

  release(ms = 0, fail?: unknown): (value: unknown, context: ReleaseContext) => Promise<void> {
    return async (value, { signal }) => {
      this.released.push([value, this.clock.now()]);
      this.signals.push(signal);
      if (ms > 0) await this.clock.wait(ms);
      if (fail !== undefined) throw fail;
    };
  }

  /** Made within `ms`, released within `releaseMs`. */
  thing(name: string, ms = 5, releaseMs = 3): Task<string> {
    return task(
      name,
      async () => {
        await this.clock.wait(ms);
        return `${name}!`;
      },
      {
        release: this.release(releaseMs),
      },
    );
  }

  run(roots: Record<string, Task<unknown>>, options: RunOptions = {}) {
    return this.clock.run(flow("f", roots).run({ clock: this.clock, ...options }));
  }
}

describe("A thing", () => {
  it("lives until its last reader has ended, then is released once, and the run waits for that", async () => {
    const yard = new Yard();
    const { diary } = yard;
    const db = yard.thing("db");
    const one = task("one", { db }, diary.task({ ms: 10 }));
    const two = task("two", { db, one }, diary.task({ ms: 20 }));
    const other = task("other", diary.task({ ms: 1 }));
    const report = await yard.run({ two, other });
    expect(yard.released).toEqual([["db!", 35]]);
    expect(report).toMatchObject({ executionState: "completed", totalDurationMs: 38 });
    expect(row(report, "db")).toMatchObject({ endAt: 5, releasedAt: 38, releaseMs: 3 });
    expect(row(report, "one").releasedAt).toBeUndefined();
    expect(yard.signals[0]?.aborted).toBe(false);
  });

  const links: Record<string, (db: Task<string>) => Inputs> = {
    value: (db) => ({ db }),
    after: (db) => ({ db: after(db) }),
    optional: (db) => ({ db: optional(db) }),
    settled: (db) => ({ db: settled(db) }),
  };
  it.each(Object.keys(links))("lives for whoever reads it by %s", async (kind) => {
    const yard = new Yard();
    const db = yard.thing("db");
    const reader = task("reader", links[kind]?.(db) ?? {}, yard.diary.task({ ms: 10 }));
    await yard.run({ reader });
    expect(yard.released).toEqual([["db!", 15]]);
  });

  it("lives until a map that reads it has its last item", async () => {
    const yard = new Yard();
    const db = yard.thing("db");
    const list = task("list", () => [1, 2, 3]);
    const rows = map("rows", list, { db }, (_, __, ___, context) =>
      yard.diary.task({ ms: 10 })(undefined, context),
    );
    await yard.run({ rows }, { concurrency: 1 });
    expect(yard.released).toEqual([["db!", 35]]);
  });

  it("does not live for who reads only its readers", async () => {
    const yard = new Yard();
    const db = yard.thing("db");
    const fills = task("fills", { db }, yard.diary.task({ ms: 10 }));
    const test = task("test", { fills }, yard.diary.task({ ms: 20 }));
    await yard.run({ test });
    expect(yard.released).toEqual([["db!", 15]]);
  });

  it("may be made of another one, which outlives it", async () => {
    const yard = new Yard();
    const server = yard.thing("server");
    const client = task("client", { server }, yard.diary.task({ ms: 5, return: "client!" }), {
      release: yard.release(4),
    });
    const use = task("use", { client }, yard.diary.task({ ms: 10 }));
    const report = await yard.run({ use });
    // Who depends on the client alone has no claim on the server: the client read it while it was made.
    expect(yard.released).toEqual([
      ["server!", 10],
      ["client!", 20],
    ]);
    expect(report.totalDurationMs).toBe(24);
  });

  it("is released at once when nobody reads it", async () => {
    const yard = new Yard();
    const report = await yard.run({
      db: yard.thing("db"),
      long: task("long", yard.diary.task({ ms: 50 })),
    });
    expect(yard.released).toEqual([["db!", 5]]);
    expect(report.unwrap()).toMatchObject({ db: "db!" });
  });

  it("is released at once when no reader can run any more", async () => {
    const yard = new Yard();
    const { diary } = yard;
    const db = yard.thing("db", 20);
    const fails = task("fails", diary.task({ ms: 5, throw: "broken" }), { onFailure: "ignore" });
    const reader = task("reader", { db, fails }, diary.task({ ms: 5 }));
    const report = await yard.run({ reader, long: task("long", diary.task({ ms: 50 })) });
    expect(statuses(report)).toMatchObject({ db: "completed", reader: "skipped" });
    expect(yard.released).toEqual([["db!", 20]]);
  });

  it("does not release what its fallback gave: another function made that", async () => {
    const yard = new Yard();
    const db = task("db", yard.diary.task({ ms: 5, throw: "no" }), {
      release: yard.release(),
      fallback: () => "in memory",
    });
    const report = await yard.run({ use: task("use", { db }, ({ db }) => db) });
    expect(report.unwrap()).toEqual({ use: "in memory" });
    expect(yard.released).toEqual([]);
  });

  it("that failed has nothing to release", async () => {
    const yard = new Yard();
    const db = task("db", yard.diary.task({ ms: 5, throw: "no" }), { release: yard.release() });
    const report = await yard.run({ use: task("use", { db }, () => 1) });
    expect(yard.released).toEqual([]);
    expect(row(report, "db").releasedAt).toBeUndefined();
  });

  it("holds its slot while it is made, not while it lives or is released", async () => {
    const yard = new Yard();
    const { diary } = yard;
    const db = yard.thing("db", 5, 30);
    const one = task("one", { db }, diary.task({ ms: 10 }));
    const two = task("two", { one }, diary.task({ ms: 10 }));
    const report = await yard.run({ two }, { concurrency: 1 });
    expect([row(report, "one").startAt, row(report, "two").startAt]).toEqual([5, 15]);
    expect(report.totalDurationMs).toBe(45);
    expect(report.peakConcurrency).toBe(1);
  });

  it('is handed to its release whole with `keep: "roots"`, and let go then', async () => {
    const yard = new Yard();
    const db = yard.thing("db");
    const use = task("use", { db }, yard.diary.task({ ms: 10 }));
    const next = task("next", { use }, yard.diary.task({ ms: 10 }));
    const report = await yard.run({ next }, { keep: "roots" });
    expect(yard.released).toEqual([["db!", 15]]);
    expect(report.outcome("db")).toMatchObject({ released: true, value: undefined });
  });

  it("may be read by a finally task, which it outlives; other finally tasks do not wait for a release", async () => {
    const yard = new Yard();
    const { diary, clock } = yard;
    const db = yard.thing("db", 5, 40);
    const folder = yard.thing("folder", 5, 3);
    const use = task("use", { db, folder }, diary.task({ ms: 10 }));
    const collect = task("collect", { folder: settled(folder) }, diary.task({ ms: 8 }));
    const report = await clock.run(flow("f", { use }, { finally: { collect } }).run({ clock }));
    expect(row(report, "collect").startAt).toBe(15);
    expect(yard.released).toEqual([
      ["db!", 15],
      ["folder!", 23],
    ]);
    expect(report.totalDurationMs).toBe(55);
  });

  it("may be a finally task itself", async () => {
    const yard = new Yard();
    const { clock, diary } = yard;
    const browser = yard.thing("browser", 5, 3);
    const shot = task("shot", { browser }, diary.task({ ms: 10 }));
    const run = flow(
      "f",
      { main: task("main", diary.task({ ms: 1 })) },
      { finally: { browser, shot } },
    );
    const report = await clock.run(run.run({ clock }));
    expect(yard.released).toEqual([["browser!", 16]]);
    expect(report.totalDurationMs).toBe(19);
  });

  it("keeps the run from settling, not the tail tasks from starting", async () => {
    const yard = new Yard();
    const { clock, diary } = yard;
    const db = yard.thing("db", 5, 20);
    const use = task("use", { db }, diary.task({ ms: 5 }));
    const tail = task("tail", { use }, diary.task({ ms: 100 }));
    const report = await clock.run(flow("f", { use }, { tails: { tail } }).run({ clock }));
    expect(row(report, "tail")).toMatchObject({ status: "detached", startAt: 10 });
    expect(report.totalDurationMs).toBe(30);
    await clock.run(report.tail);
  });

  it("may be one of ten thousand", async () => {
    const yard = new Yard();
    const roots = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, at) => {
        const thing = task(`thing${at}`, () => at, { release: yard.release() });
        return [`use${at}`, task(`use${at}`, { thing }, ({ thing }) => thing)] as const;
      }),
    );
    const report = await yard.run(roots, { concurrency: 4, keep: "roots" });
    expect(report.executionState).toBe("completed");
    expect(new Set(yard.released.map(([value]) => value)).size).toBe(10_000);
  });
});

describe("Whatever ends the run, what lives is released before it settles:", () => {
  const ends: Record<string, (yard: Yard) => RunOptions> = {
    "a failure under stop": () => ({}),
    "a failure under drain": () => ({ failure: "drain" }),
    "a failure under continue": () => ({ failure: "continue" }),
    "an abort": ({ clock }) => {
      const controller = new AbortController();
      clock.after(12, () => controller.abort());
      return { signal: controller.signal };
    },
    "its time limit": () => ({ timeoutMs: 12 }),
    "a journal that fails": () => {
      let left = 2;
      const journal = (): void => {
        if (left-- === 0) throw new Error("the disk is full");
      };
      return { journal };
    },
  };
  it.each(Object.keys(ends))("%s", async (end) => {
    const yard = new Yard();
    const { diary } = yard;
    const db = yard.thing("db");
    const use = task("use", { db }, diary.task({ ms: 30 }));
    const fails = task("fails", { db }, diary.task({ ms: 10, throw: "broken" }));
    const waits = task("waits", { db, fails }, diary.task({ ms: 10 }));
    const report = await yard.run({ use, waits }, ends[end]?.(yard) ?? {});
    expect(report.executionState).not.toBe("completed");
    expect(yard.released.map(([value]) => value)).toEqual(["db!"]);
    const [, at] = yard.released[0] as [unknown, number];
    const last = Math.max(...["use", "fails"].map((name) => row(report, name).endAt ?? 0));
    expect(at).toBe(last);
    expect(row(report, "db").releasedAt).toBe(at + 3);
    expect(report.totalDurationMs).toBe(at + 3);
  });

  it("a reader that is called off", async () => {
    const yard = new Yard();
    const { clock, diary } = yard;
    const db = yard.thing("db");
    const use = task("use", { db }, diary.task({ ms: 30 }));
    const run = flow("f", { use }).start({ clock });
    clock.after(12, () => run.cancelTask("use"));
    await clock.run(run.report);
    expect(yard.released).toEqual([["db!", 12]]);
  });

  it("a reader that is abandoned, while it still goes on", async () => {
    const yard = new Yard();
    const db = yard.thing("db");
    const use = task("use", { db }, yard.diary.task({ ms: 100, deaf: true }), { timeoutMs: 10 });
    const report = await yard.run({ use }, { graceMs: 4 });
    expect(row(report, "use").status).toBe("abandoned");
    expect(yard.released).toEqual([["db!", 19]]);
  });
});

describe("A value that nobody hears is released too:", () => {
  it("one that came too late, before the next attempt begins", async () => {
    const yard = new Yard();
    const db = task(
      "db",
      async (_, { attempt }) => {
        await yard.clock.wait(attempt === 1 ? 20 : 5);
        return `db ${attempt}`;
      },
      { release: yard.release(7), timeoutMs: 10, retry: 1 },
    );
    const use = task("use", { db }, yard.diary.task({ ms: 10 }));
    const report = await yard.run({ use });
    expect(yard.released).toEqual([
      ["db 1", 20],
      ["db 2", 42],
    ]);
    expect(
      row(report, "db").attemptStatistics.map(({ startAt, endAt }) => [startAt, endAt]),
    ).toEqual([
      [0, 27],
      [27, 32],
    ]);
    expect(report.executionState).toBe("completed");
  });

  it("one that its schema refused, and the value that a schema made when it did not", async () => {
    const yard = new Yard();
    const only = (wanted: string) => ({
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          value === wanted ? { value: `${value}, made` } : { issues: [{ message: "no" }] },
      },
    });
    const good = task("good", () => "db", { output: only("db"), release: yard.release() });
    const bad = task("bad", () => "db", { output: only("else"), release: yard.release() });
    const report = await yard.run({ good, bad }, { failure: "continue" });
    expect(statuses(report)).toEqual({ good: "completed", bad: "failed" });
    expect(yard.released.map(([value]) => value).sort()).toEqual(["db", "db, made"]);
  });

  it("one of an attempt that was asked to stop", async () => {
    const yard = new Yard();
    const controller = new AbortController();
    yard.clock.after(5, () => controller.abort());
    const db = task("db", yard.diary.task({ ms: 20, deaf: true, return: "db!" }), {
      release: yard.release(6),
    });
    const report = await yard.run({ db }, { signal: controller.signal });
    expect(statuses(report)).toEqual({ db: "cancelled" });
    expect(yard.released).toEqual([["db!", 20]]);
    expect(row(report, "db")).toMatchObject({ releasedAt: 26, releaseMs: 6, overrunMs: 15 });
    expect(report.totalDurationMs).toBe(26);
  });

  const refuses = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: () => ({ issues: [{ message: "no" }] }),
    },
  };

  it.each(["was asked to stop", "failed for good"])(
    "one of an attempt that %s, whose release finds free what the attempt held",
    async (how) => {
      const yard = new Yard();
      const { clock } = yard;
      const permits = new Semaphore(1);
      const options = { clock, concurrency: permits };
      const inner = flow("inner", { drop: task("drop", yard.diary.task({ ms: 3 })) });
      const controller = new AbortController();
      if (how === "was asked to stop") clock.after(5, () => controller.abort());
      const db = task("db", yard.diary.task({ ms: 10, deaf: true, return: "db!" }), {
        ...(how === "failed for good" && { output: refuses }),
        release: async (value) => {
          yard.released.push([value, clock.now()]);
          await inner.run(options);
        },
      });
      const report = await yard.run({ db }, { ...options, signal: controller.signal });
      expect(yard.released).toEqual([["db!", 10]]);
      expect(row(report, "db")).toMatchObject({ endAt: 10, releasedAt: 13, releaseMs: 3 });
      expect(report.totalDurationMs).toBe(13);
    },
  );

  it("one that its schema refused, while the next task has its slot", async () => {
    const yard = new Yard();
    const db = task("db", () => "db!", {
      output: refuses,
      onFailure: "ignore",
      release: yard.release(50),
    });
    const next = task("next", yard.diary.task({ ms: 5 }));
    const report = await yard.run({ db, next }, { concurrency: 1 });
    expect(row(report, "next").startAt).toBe(0);
    expect(report.totalDurationMs).toBe(50);
  });

  it("one of a function that called its own task off", async () => {
    const yard = new Yard();
    const { clock } = yard;
    const db = task(
      "db",
      async () => {
        await null;
        run.cancelTask("db");
        return "db!";
      },
      { release: yard.release(3) },
    );
    const run = flow("f", { db }).start({ clock });
    const report = await clock.run(run.report);
    expect(statuses(report)).toEqual({ db: "cancelled" });
    expect(yard.released).toEqual([["db!", 0]]);
    expect(report.totalDurationMs).toBe(3);
  });

  it("one whose clean-up failed, after that", async () => {
    const yard = new Yard();
    const order: string[] = [];
    const db = task(
      "db",
      (_, { defer }: TaskContext) => {
        defer(() => {
          order.push("clean-up");
          throw new Error("clean-up");
        });
        return "db!";
      },
      { release: () => void order.push("release") },
    );
    const report = await yard.run({ db });
    expect(statuses(report)).toEqual({ db: "failed" });
    expect(order).toEqual(["clean-up", "release"]);
  });

  it("one that was not stored", async () => {
    const yard = new Yard();
    let left = 1;
    const journal = (): void => {
      if (left-- === 0) throw new Error("the disk is full");
    };
    const report = await yard.run({ db: yard.thing("db") }, { journal });
    expect(statuses(report)).toEqual({ db: "failed" });
    expect(yard.released).toEqual([["db!", 5]]);
    expect(report.totalDurationMs).toBe(8);
  });

  it("one of an abandoned attempt that came while the run goes on, which waits for it", async () => {
    const yard = new Yard();
    const db = task("db", yard.diary.task({ ms: 20, deaf: true, return: "db!" }), {
      release: yard.release(10),
      timeoutMs: 5,
      onFailure: "ignore",
    });
    const long = task("long", yard.diary.task({ ms: 25 }));
    const report = await yard.run({ db, long }, { graceMs: 15 - 1 });
    expect(row(report, "db")).toMatchObject({ status: "abandoned", releasedAt: 30, releaseMs: 10 });
    expect(yard.released).toEqual([["db!", 20]]);
    expect(report.totalDurationMs).toBe(30);
  });

  it("one of an abandoned attempt that came after the run, whose report stays as it is", async () => {
    const yard = new Yard();
    const db = task("db", yard.diary.task({ ms: 20, deaf: true, return: "db!" }), {
      release: yard.release(1, new Error("gone")),
      timeoutMs: 5,
    });
    const report = await yard.run({ db }, { graceMs: 5 });
    const before = written(report);
    expect(yard.released).toEqual([]);
    await yard.clock.advance(50);
    expect(yard.released).toEqual([["db!", 20]]);
    expect(written(report)).toEqual(before);
  });
});

describe("A release that throws", () => {
  it("fails a run that had completed, at its end, and stops nothing", async () => {
    const yard = new Yard();
    const { diary } = yard;
    const error = new Error("port in use");
    const db = task("db", () => "db!", { release: yard.release(2, error) });
    const use = task("use", { db }, diary.task({ ms: 5, return: 7 }));
    const long = task("long", { use }, diary.task({ ms: 50 }));
    const report = await yard.run({ use, long });
    expect(report).toMatchObject({ executionState: "failed", successfulTasks: 3, failedTasks: 0 });
    expect(row(report, "db")).toMatchObject({
      status: "completed",
      releasedAt: 7,
      releaseError: { message: "port in use" },
    });
    expect(report.errorSummary).toEqual(['The value of task "db" was not released: port in use']);
    expect(report.failures).toEqual([
      { task: "db", error, tolerated: false, attempts: 1, abandoned: false, released: false },
    ]);
    // Every root has its value.
    expect(report.unwrap()).toMatchObject({ use: 7 });
  });

  it("says so after what failed before, and is among the errors of `unwrap()`", async () => {
    const yard = new Yard();
    const error = new Error("port in use");
    const db = task("db", () => "db!", { release: yard.release(0, error) });
    const use = task("use", { db }, yard.diary.task({ throw: "broken" }));
    const report = await yard.run({ use });
    expect(report.errorSummary).toEqual([
      'Task "use" failed: broken',
      'The value of task "db" was not released: port in use',
    ]);
    const thrown = await Promise.resolve()
      .then(() => report.unwrap())
      .catch((error: AggregateError) => error.errors as unknown[]);
    expect(thrown).toEqual([new Error("broken"), error]);
  });

  it("leaves a cancelled run cancelled", async () => {
    const yard = new Yard();
    const controller = new AbortController();
    const db = task("db", () => "db!", { release: yard.release(0, new Error("no")) });
    const use = task("use", { db }, yard.diary.task({ ms: 20 }));
    yard.clock.after(5, () => controller.abort());
    const report = await yard.run({ use }, { signal: controller.signal });
    expect(report.executionState).toBe("cancelled");
    expect(report.errorSummary).toEqual(['The value of task "db" was not released: no']);
  });

  it("is told also when a later value of its task was released", async () => {
    const yard = new Yard();
    let calls = 0;
    const db = task("db", (_, { attempt }) => (attempt === 1 ? "bad" : "good"), {
      retry: 1,
      output: {
        "~standard": {
          version: 1 as const,
          vendor: "test",
          validate: (value: unknown) =>
            value === "good" ? { value } : { issues: [{ message: "no" }] },
        },
      },
      release: () => {
        if (calls++ === 0) throw new Error("the first");
      },
    });
    const report = await yard.run({ db });
    expect(calls).toBe(2);
    expect(report.executionState).toBe("failed");
    expect(row(report, "db").releaseError?.message).toBe("the first");
  });

  const hostile: Record<string, () => unknown> = {
    undefined: () => {
      throw undefined;
    },
    "a rejection of nothing": () => Promise.reject(undefined),
    "a proxy that cannot be read": () => {
      throw new Proxy(
        {},
        {
          get: () => {
            throw new Error("cannot be read");
          },
        },
      );
    },
    "a thenable that throws": () => ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
      then: () => {
        throw new Error("then");
      },
    }),
  };
  it.each(Object.keys(hostile))("may throw %s", async (what) => {
    const yard = new Yard();
    const db = task("db", () => 1, { release: hostile[what] });
    const report = await yard.run({ db });
    expect(report.executionState).toBe("failed");
    expect(row(report, "db").releaseError?.message).toEqual(expect.any(String));
  });
});

describe("A release that hangs", () => {
  it("is waited for within `graceMs` of its call, hears that, and has failed", async () => {
    const yard = new Yard();
    const gate = new Gate();
    const db = task("db", () => "db!", {
      release: (_, { signal }) => {
        yard.signals.push(signal);
        return gate.promise;
      },
    });
    const use = task("use", { db }, yard.diary.task({ ms: 10 }));
    const report = await yard.run({ use }, { graceMs: 50 });
    expect(report).toMatchObject({ executionState: "failed", totalDurationMs: 60 });
    expect(report.errorSummary).toEqual([
      'The value of task "db" was not released: The release of task "db" took longer than 50 ms',
    ]);
    expect(yard.signals[0]?.reason).toBeInstanceOf(TimeoutError);
    expect(yard.signals[0]?.reason).toMatchObject({ limitMs: 50, scope: "release" });
    const before = written(report);
    gate.fail(new Error("too late"));
    await yard.clock.advance(10);
    expect(written(report)).toEqual(before);
  });

  it.each([
    ["a clean-up", { defer: true }],
    [
      "a schema",
      {
        output: { "~standard": { version: 1, vendor: "t", validate: () => new Promise(() => {}) } },
      },
    ],
    [
      "a retry policy",
      { throws: true, retry: { attempts: 1, retryIf: () => new Promise(() => {}) } },
    ],
  ] as const)("is called though %s that is asked before never answers", async (_, asked) => {
    const yard = new Yard();
    const { defer, throws, ...options } = { defer: false, throws: false, ...asked };
    const make = (_: unknown, context: TaskContext): string => {
      if (defer) context.defer(() => new Promise(() => {}));
      if (throws) context.defer(() => Promise.reject(new Error("no")));
      return "db!";
    };
    const db = task("db", {}, make, { ...(options as object), release: yard.release(1) });
    const controller = new AbortController();
    yard.clock.after(5, () => controller.abort());
    const report = await yard.run({ db }, { signal: controller.signal, graceMs: 10 });
    expect(statuses(report)).toEqual({ db: "abandoned" });
    expect(yard.released).toHaveLength(1);
  });

  it("outlives an attempt's own grace period, which is over", async () => {
    const yard = new Yard();
    const controller = new AbortController();
    yard.clock.after(5, () => controller.abort());
    const db = task("db", yard.diary.task({ ms: 20, deaf: true, return: "db!" }), {
      release: yard.release(19),
    });
    const report = await yard.run({ db }, { signal: controller.signal, graceMs: 20 });
    expect(statuses(report)).toEqual({ db: "cancelled" });
    expect(report.totalDurationMs).toBe(39);
  });
});

describe("A release that is under way is not told of", () => {
  it.each(["a first abort", "the run's time limit"])("%s", async (what) => {
    const yard = new Yard();
    const { clock } = yard;
    const controller = new AbortController();
    let hurried: boolean | undefined;
    const db = task("db", () => "db!", {
      release: async (_, { signal }) => {
        await clock.wait(30);
        hurried = signal.aborted;
      },
    });
    const other = task("other", yard.diary.task({ ms: 20 }));
    const abort = what === "a first abort";
    if (abort) clock.after(10, () => controller.abort());
    const options = abort ? { signal: controller.signal } : { timeoutMs: 10 };
    const report = await yard.run({ db, other }, options);
    expect(hurried).toBe(false);
    expect(statuses(report)).toEqual({ db: "completed", other: "cancelled" });
    expect(row(report, "db")).toMatchObject({ releasedAt: 30, releaseMs: 30 });
    expect(report.totalDurationMs).toBe(30);
  });
});

describe("A second abort", () => {
  it("asks what is being released to hurry, and all that is released after it; each is still waited for", async () => {
    const yard = new Yard();
    const { clock, diary } = yard;
    const aborted: [name: string, at: number][] = [];
    const patient = (name: string): Task<string> =>
      task(name, () => name, {
        release: async (_, { signal }) => {
          await clock.wait(1000, signal).catch(() => aborted.push([name, clock.now()]));
          await clock.wait(2);
        },
      });
    const first = patient("first");
    const second = patient("second");
    const short = task("short", { first }, diary.task({ ms: 5 }));
    const deaf = task("deaf", { second }, diary.task({ ms: 50, deaf: true }));
    const run = flow("f", { short, deaf }).start({ clock });
    clock.after(10, () => run.cancel());
    clock.after(20, () => run.cancel());
    const report = await clock.run(run.report);
    expect(aborted).toEqual([
      ["first", 20],
      ["second", 50],
    ]);
    expect(report).toMatchObject({ executionState: "cancelled", totalDurationMs: 52 });
    expect(report.errorSummary.join()).not.toContain("released");
  });

  it("while a completed run waits for its last release changes nothing of how it ended", async () => {
    const yard = new Yard();
    const { clock } = yard;
    const run = flow("f", { db: yard.thing("db", 5, 30) }).start({ clock });
    clock.after(10, () => run.cancel());
    clock.after(12, () => run.cancel());
    const report = await clock.run(run.report);
    expect(report).toMatchObject({ executionState: "completed", totalDurationMs: 35 });
  });
});

describe("Refused before anything runs:", () => {
  const nothing = (): void => {};
  const issues = (make: () => unknown): string[] => {
    try {
      make();
    } catch (error) {
      return (error as { issues: { code: string; message: string }[] }).issues.map(
        ({ code, message }) => `${code}: ${message}`,
      );
    }
    return [];
  };

  it("a release that is no function", () => {
    const db = task("db", nothing, { release: 3 as never });
    expect(issues(() => flow("f", { db }))).toEqual([
      'invalid-option: Expected `release` of task "db" to be a function, got `3`',
    ]);
  });

  it("a map with one", () => {
    const rows = map(
      "rows",
      task("list", () => [1]),
      nothing,
      { release: nothing } as object,
    );
    expect(issues(() => flow("f", { rows }))).toEqual([
      'release-of-map: Map "rows" cannot have `release`: its value is a list that lives nowhere. Make what lives a task of its own, and let the map read it',
    ]);
  });

  it("a tail with one, and a tail that reads what has one", () => {
    const db = task("db", nothing, { release: nothing });
    const main = task("main", { db }, nothing);
    const reads = task("reads", { db: settled(db), main }, nothing);
    const lives = task("lives", { main }, nothing, { release: nothing });
    expect(issues(() => flow("f", { main }, { tails: { reads, lives } }))).toEqual([
      'tail-reads-thing: Tail task "reads" reads "db", which has `release`: nobody waits for a tail task, so it may go on when "db" is gone. Make it a root',
      'release-of-tail: Tail task "lives" cannot have `release`: nobody waits for a tail task, so nothing says when its value may go. Make it a root',
    ]);
  });

  it("all of it in the documented stage by stage algorithm", async () => {
    const scheduler = new DynamicScheduler([["db", nothing]], [{ taskName: "db" }], {
      dispatch: "stages",
      taskOptions: { db: { release: nothing } },
    });
    const report = await scheduler.execute();
    expect(report.errorSummary).toEqual([
      '`release` of task "db" cannot be used with `dispatch: "stages"`: leave it out, or dispatch by dependencies',
    ]);
  });
});

describe("By name", () => {
  it("a thing is one with `release` in its options", async () => {
    const yard = new Yard();
    const { clock, diary } = yard;
    const scheduler = DynamicScheduler.from(
      {
        db: { run: diary.task({ ms: 5, return: "db!" }), release: yard.release(3) },
        use: { run: diary.task({ ms: 10 }), dependencies: ["db"] },
      },
      { clock },
    );
    const report = await clock.run(scheduler.execute());
    expect(yard.released).toEqual([["db!", 15]]);
    expect(row(report, "db")).toMatchObject({ releasedAt: 18, releaseMs: 3 });
  });
});

describe("Told", () => {
  it("are observers, when a value has gone, with what went wrong", async () => {
    const yard = new Yard();
    const told: (ReleasedEvent & { type: string })[] = [];
    const observer = fromEvents("told", (event) => {
      if (event.type === "task.released") told.push(event);
    });
    const error = new Error("no");
    const db = yard.thing("db", 5, 3);
    const bad = task("bad", () => 1, { release: yard.release(1, error) });
    const report = await yard.run({ db, bad }, { observers: [observer] });
    const start = report.clock.epochMs;
    expect(told.map(({ at, task, type: _, ...rest }) => [at - start, task.key, rest])).toEqual([
      [1, "bad", { releaseMs: 1, error }],
      [8, "db", { releaseMs: 3 }],
    ]);
    expect(report.observerErrors).toEqual([]);
  });

  it("is the reader of a plan", () => {
    const db = task("db", () => 1, { release: () => {} });
    expect(
      flow("f", { use: task("use", { db }, () => 1) })
        .plan()
        .explain(),
    ).toContain("  db (released after its last reader)");
  });
});

describe("A stand-in", () => {
  it.each([
    ["as a value", "fake"],
    ["as a function", () => "fake"],
  ])("%s is not released: it is the test's", async (_, fake) => {
    const yard = new Yard();
    const db = yard.thing("db");
    const use = task("use", { db }, ({ db }) => db);
    const report = await testRun(flow("f", { use }), { stubs: { db: fake } });
    expect(report.unwrap()).toEqual({ use: "fake" });
    expect(yard.released).toEqual([]);
  });
});

describe("Resumed", () => {
  /** Two readers of a thing that is made from a list of tables; the second fails in the first life. */
  function life(yard: Yard, { broken = false, tables = "one", version = "1" } = {}) {
    const { diary } = yard;
    const schema = task("schema", diary.task({ return: tables }), { version });
    const db = task("db", { schema }, ({ schema }) => ({ schema }), { release: yard.release() });
    const pool = task("pool", { db }, () => "pool!", { release: yard.release() });
    const read = task("read", { pool }, diary.task({ return: "read!" }));
    const write = task("write", { db }, diary.task(broken ? { throw: "no" } : { return: "w!" }));
    return flow("f", { read, write });
  }

  it("a thing is started again for those that must run, and makes nobody run again", async () => {
    const first = new Yard();
    const report = await first.clock.run(
      life(first, { broken: true }).run({ clock: first.clock, failure: "continue" }),
    );
    expect(statuses(report)).toMatchObject({ read: "completed", write: "failed" });
    const second = new Yard();
    const resumed = await second.clock.run(
      life(second).run({ clock: second.clock, resumeFrom: written(report) }),
    );
    expect(statuses(resumed)).toEqual({
      schema: "restored",
      db: "completed",
      pool: "skipped",
      read: "restored",
      write: "completed",
    });
    expect(second.diary.started).toEqual(["write"]);
    expect(second.released.map(([value]) => value)).toEqual([{ schema: "one" }]);
    expect(row(resumed, "pool").reason).toEqual({
      kind: "condition",
      message: "all that reads it is restored",
    });
    expect(resumed.executionState).toBe("completed");
    expect(resumed.resume).toEqual({
      restored: ["schema", "read"],
      ignored: [],
      rerun: [
        { task: "db", why: "it lives no longer than its run" },
        { task: "write", why: "it had failed" },
      ],
    });
  });

  it("none is started when all that reads it is restored, also through one that reads another", async () => {
    const first = new Yard();
    const report = await first.clock.run(life(first).run({ clock: first.clock }));
    const second = new Yard();
    const resumed = await second.clock.run(
      life(second).run({ clock: second.clock, resumeFrom: written(report) }),
    );
    expect(statuses(resumed)).toMatchObject({ db: "skipped", pool: "skipped" });
    expect(second.released).toEqual([]);
    expect(resumed.executionState).toBe("completed");
    expect(resumed.unwrap()).toEqual({ read: "read!", write: "w!" });
  });

  it("its readers run again when it was made without a result that is there now", async () => {
    const nightly = (broken: boolean) => {
      const open = (): string => {
        if (broken) throw new Error("unreadable");
        return "config!";
      };
      const config = task("config", open, { release: () => {} });
      const db = task("db", { config: optional(config) }, ({ config }) => config ?? "default", {
        release: () => {},
      });
      return flow("f", { read: task("read", { db }, ({ db }) => db) });
    };
    const report = await nightly(true).run({ failure: "continue" });
    expect(report.outputs).toEqual({ read: "default" });
    const resumed = await nightly(false).run({ resumeFrom: written(report) });
    expect(resumed.unwrap()).toEqual({ read: "config!" });
  });

  it("its readers run again when what it is made from has changed", async () => {
    const first = new Yard();
    const report = await first.clock.run(life(first).run({ clock: first.clock }));
    const second = new Yard();
    const resumed = await second.clock.run(
      life(second, { version: "2" }).run({ clock: second.clock, resumeFrom: written(report) }),
    );
    expect(second.diary.started.sort()).toEqual(["read", "schema", "write"]);
    expect(resumed.resume?.rerun).toContainEqual({
      task: "write",
      why: 'its dependency "db" runs again',
    });
  });

  it("its value is never stored, be it as plain as can be", async () => {
    const yard = new Yard();
    const notebook = new Notebook();
    const plain = task("plain", () => 7, { release: yard.release() });
    const use = task("use", { plain }, ({ plain }) => plain);
    const report = await yard.run({ use }, { journal: notebook.journal });
    const omitted = {
      encoding: "omitted",
      why: "not-serialisable",
      type: "number",
      detail: "it lives no longer than its run",
    };
    const told = notebook.entries.find(({ task }) => task === "plain") as JournalEntry;
    expect(told.output).toEqual(omitted);
    expect(written(report).outputs?.plain).toEqual(omitted);
    expect(reportOfJournal(notebook.entries).origins?.use).toEqual(written(report).origins?.use);
  });

  it("is released again by the run that starts it again, run after run", async () => {
    let resumeFrom: RunOptions["resumeFrom"];
    for (let at = 0; at < 3; at++) {
      const yard = new Yard();
      const notebook = new Notebook();
      const report = await yard.clock.run(
        life(yard, { broken: at < 2 }).run({
          clock: yard.clock,
          failure: "continue",
          journal: notebook.journal,
          resumeFrom,
        }),
      );
      expect(statuses(report).read).toBe(at === 0 ? "completed" : "restored");
      expect(yard.released.filter(([value]) => value !== "pool!")).toHaveLength(1);
      resumeFrom = reportOfJournal(notebook.entries);
    }
  });
});
