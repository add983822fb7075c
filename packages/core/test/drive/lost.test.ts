import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  after,
  DynamicScheduler,
  flow,
  fromEvents,
  type Inputs,
  LostError,
  type LostEvent,
  map,
  optional,
  type RunOptions,
  settled,
  type Task,
  type TaskOutcome,
  task,
  taskResult,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, escaped, Gate, row, statuses, written } from "../scenario.ts";

/** Lives as long as the process: what a promise holds it holds for ever. */
const forever = new Promise<never>(() => {});

/** A server that can be made to go, and those that need it. */
class Yard {
  readonly clock: VirtualClock = new VirtualClock();
  readonly diary: Diary = new Diary(this.clock);
  readonly exit: Gate<unknown> = new Gate<unknown>();
  readonly released: [value: unknown, at: number][] = [];

  server(options: { readonly lost?: (value: string) => Promise<unknown> } = {}): Task<string> {
    return task("server", () => "server!", {
      release: (value) => void this.released.push([value, this.clock.now()]),
      lost: () => this.exit.promise,
      ...options,
    });
  }

  /** It goes after so many milliseconds. */
  goes(ms: number, why?: unknown): void {
    this.clock.after(ms, () => this.exit.fail(why));
  }

  run(roots: Record<string, Task<unknown>>, options: RunOptions = {}) {
    return this.clock.run(flow("f", roots).run({ clock: this.clock, ...options }));
  }
}

const modes = ["stop", "drain", "continue"] as const;

describe("When a thing has gone,", () => {
  it.each(modes)(
    "those that read it and run are stopped, those that wait fail too, under %s",
    async (failure) => {
      const yard = new Yard();
      const { diary } = yard;
      const why = new Error("out of memory");
      yard.goes(10, why);
      const server = yard.server();
      const one = task("one", { server }, diary.task({ ms: 30 }));
      const two = task("two", { server }, diary.task({ ms: 50 }));
      const queued = task("queued", { server }, diary.task({ ms: 5 }));
      const later = task("later", { server, one }, diary.task({ ms: 5 }));
      const behind = task("behind", { later }, diary.task({ ms: 5 }));
      const report = await yard.run({ one, two, queued, behind }, { failure, concurrency: 2 });
      expect(statuses(report)).toEqual({
        server: "completed",
        one: "failed",
        two: "failed",
        queued: "failed",
        later: "failed",
        behind: "skipped",
      });
      for (const name of ["one", "two", "queued", "later"]) {
        const outcome = report.outcome(name) as { error: LostError };
        expect(outcome.error).toBeInstanceOf(LostError);
        expect(outcome.error).toMatchObject({ task: "server", message: '"server" has gone' });
        expect(outcome.error.cause).toBe(why);
      }
      expect(report.totalDurationMs).toBe(10);
      expect(diary.started).toEqual(["one", "two"]);
      expect(report.errorSummary).toContain(
        'Task "later" failed: "server" has gone: out of memory',
      );
      expect(row(report, "server")).toMatchObject({
        lostAt: 10,
        lostError: { name: "LostError", cause: { message: "out of memory" } },
        releasedAt: 10,
      });
    },
  );

  it("who does not read it goes on, under continue", async () => {
    const yard = new Yard();
    yard.goes(10);
    const server = yard.server();
    const use = task("use", { server }, yard.diary.task({ ms: 30 }));
    const other = task("other", yard.diary.task({ ms: 40, return: 4 }));
    const report = await yard.run({ use, other }, { failure: "continue" });
    expect(statuses(report)).toMatchObject({ use: "failed", other: "completed" });
  });

  it("it is released all the same, once its last reader has stopped", async () => {
    const yard = new Yard();
    yard.goes(10);
    const server = yard.server();
    const deaf = task("deaf", { server }, yard.diary.task({ ms: 30, deaf: true }));
    const report = await yard.run({ deaf });
    expect(yard.released).toEqual([["server!", 30]]);
    expect(row(report, "deaf")).toMatchObject({ status: "failed", overrunMs: 20 });
  });

  it("none of its readers is retried: not the one that runs, nor the one that waits for that", async () => {
    const yard = new Yard();
    const { diary } = yard;
    yard.goes(10);
    const server = yard.server();
    const retry = { attempts: 3, backoff: "fixed", baseMs: 100 } as const;
    const runs = task("runs", { server }, diary.task({ ms: 30 }), { retry });
    const waits = task("waits", { server }, diary.task({ ms: 5, throw: "no" }), { retry });
    const report = await yard.run({ runs, waits }, { failure: "continue" });
    expect(statuses(report)).toMatchObject({ runs: "failed", waits: "failed" });
    expect([row(report, "runs").attemptCount, row(report, "waits").attemptCount]).toEqual([1, 1]);
    expect(report.outcome("waits")).toMatchObject({ error: { code: "ASTRUM_LOST" } });
    // The back-off is over too.
    expect(yard.clock.pending).toBe(0);
    expect(report.totalDurationMs).toBe(10);
  });

  const links: Record<string, (server: Task<string>) => Inputs> = {
    value: (server) => ({ server }),
    after: (server) => ({ server: after(server) }),
    optional: (server) => ({ server: optional(server) }),
    settled: (server) => ({ server: settled(server) }),
  };
  it.each(Object.keys(links))("its readers fail whatever their edge: %s", async (kind) => {
    const yard = new Yard();
    yard.goes(10);
    const server = yard.server();
    const slow = task("slow", yard.diary.task({ ms: 20 }));
    const runs = task("runs", links[kind]?.(server) ?? {}, yard.diary.task({ ms: 30 }));
    const waits = task("waits", { ...links[kind]?.(server), slow }, yard.diary.task());
    const report = await yard.run({ runs, waits }, { failure: "continue" });
    expect(statuses(report)).toMatchObject({ runs: "failed", waits: "failed" });
  });

  it("a map that reads it fails with those of its items that had not ended", async () => {
    const yard = new Yard();
    yard.goes(25);
    const server = yard.server();
    const list = task("list", () => [1, 2, 3, 4, 5]);
    for (const items of ["all", "settled"] as const) {
      const rows = map(
        "rows",
        list,
        { server },
        (_, __, ___, context) => yard.diary.task({ ms: 10 })(undefined, context),
        { concurrency: 1, items, retry: 2 },
      );
      const report = await yard.run({ rows }, { failure: "continue" });
      if (items === "settled") continue;
      expect(statuses(report)).toMatchObject({
        rows: "failed",
        "rows[0]": "completed",
        "rows[1]": "completed",
        "rows[2]": "failed",
        "rows[3]": "failed",
        "rows[4]": "failed",
      });
    }
  });

  it("a map whose items fail alone fails too: what it reads has gone, not an item", async () => {
    const yard = new Yard();
    yard.goes(15);
    const server = yard.server();
    const list = task("list", () => [1, 2, 3]);
    const rows = map(
      "rows",
      list,
      { server },
      (_, __, ___, context) => yard.diary.task({ ms: 10 })(undefined, context),
      { concurrency: 1, items: "settled" },
    );
    const report = await yard.run({ rows });
    expect(statuses(report)).toMatchObject({
      rows: "failed",
      "rows[0]": "completed",
      "rows[1]": "failed",
      "rows[2]": "failed",
    });
    expect(report.executionState).toBe("failed");
  });

  it("a finally task that reads it fails, and stops no other", async () => {
    const yard = new Yard();
    const { clock, diary } = yard;
    yard.goes(10);
    const server = yard.server();
    const main = task("main", diary.task({ ms: 20 }));
    const dump = task("dump", { server }, diary.task({ ms: 5 }));
    const tell = task("tell", diary.task({ ms: 5 }));
    const report = await clock.run(flow("f", { main }, { finally: { dump, tell } }).run({ clock }));
    expect(statuses(report)).toMatchObject({
      main: "completed",
      dump: "failed",
      tell: "completed",
    });
    expect(report.executionState).toBe("failed");
  });

  it("in one moment with another one, each reader of both fails once, with the first, and each thing is released", async () => {
    const yard = new Yard();
    yard.goes(10);
    const server = yard.server();
    const other = task("other", () => "other!", {
      release: (value) => void yard.released.push([value, yard.clock.now()]),
      lost: () => yard.exit.promise,
    });
    const slow = task("slow", yard.diary.task({ ms: 20 }));
    const runs = task("runs", { server, other }, yard.diary.task({ ms: 30 }));
    const waits = task("waits", { server, other, slow }, yard.diary.task());
    const report = await yard.run({ runs, waits }, { failure: "continue" });
    expect(statuses(report)).toMatchObject({ runs: "failed", waits: "failed" });
    for (const name of ["runs", "waits"])
      expect(report.outcome(name)).toMatchObject({ error: { task: "server" } });
    expect(report.failures).toHaveLength(2);
    expect(yard.released).toEqual([
      ["server!", 10],
      ["other!", 10],
    ]);
  });

  it("a tolerated reader fails alone", async () => {
    const yard = new Yard();
    yard.goes(10);
    const server = yard.server();
    const use = task("use", { server }, yard.diary.task({ ms: 30 }), { onFailure: "ignore" });
    const report = await yard.run({ use, other: task("other", yard.diary.task({ ms: 40 })) });
    expect(report).toMatchObject({ executionState: "completed", toleratedFailures: 1 });
    expect(statuses(report)).toMatchObject({ use: "failed", other: "completed" });
  });

  it("a reader with a fallback has that value, whether it ran or was still to start", async () => {
    const yard = new Yard();
    const { diary } = yard;
    yard.goes(10);
    const server = yard.server();
    const fallback = (error: unknown): string => (error as LostError).task;
    const runs = task("runs", { server }, diary.task({ ms: 30 }), { fallback });
    const slow = task("slow", diary.task({ ms: 20 }));
    const waits = task("waits", { server, slow }, diary.task(), { fallback });
    const both = task("both", { runs, waits }, ({ runs, waits }) => [runs, waits]);
    const report = await yard.run({ both });
    expect(report.executionState).toBe("completed");
    expect(report.unwrap()).toEqual({ both: ["server", "server"] });
    expect(diary.started).toEqual(["slow", "runs"]);
    expect(yard.released).toEqual([["server!", 10]]);
  });

  it("what a reader threw instead of stopping is kept beside it", async () => {
    const yard = new Yard();
    yard.goes(10, "SIGKILL");
    const server = yard.server();
    const reset = new Error("ECONNRESET");
    const use = task("use", { server }, async (_, { signal }) => {
      await yard.clock.wait(30, signal).catch(() => {});
      throw reset;
    });
    const report = await yard.run({ use });
    const { error } = report.outcome("use") as { error: LostError };
    expect(error).toBeInstanceOf(LostError);
    expect(error.errors).toEqual([reset]);
    expect(report.errorSummary[0]).toContain("ECONNRESET");
    expect(report.errorSummary[0]).toContain("SIGKILL");
  });

  it("a reader that returned all the same has failed: its answer came from what was gone", async () => {
    const yard = new Yard();
    yard.goes(10);
    const server = yard.server();
    const use = task("use", { server }, yard.diary.task({ ms: 20, deaf: true, return: 7 }));
    const report = await yard.run({ use });
    expect(report.outcome("use")).toMatchObject({ status: "failed", error: { task: "server" } });
  });

  it("a reader that does not stop is abandoned, and has failed", async () => {
    const yard = new Yard();
    const told: TaskOutcome[] = [];
    const observer = fromEvents("told", (event) => {
      if (event.type === "task.end" && event.task.name === "use") told.push(event.outcome);
    });
    yard.goes(10);
    const server = yard.server();
    const use = task("use", { server }, yard.diary.task({ ms: 100, deaf: true }));
    const report = await yard.run({ use }, { graceMs: 5, observers: [observer] });
    expect(report.executionState).toBe("failed");
    expect(row(report, "use")).toMatchObject({
      status: "abandoned",
      reason: { kind: "aborted", message: '"server" has gone' },
    });
    expect(report.errorSummary).toEqual([
      'Task "use" was abandoned: "server" has gone; it had not stopped 5 ms after it was asked to',
    ]);
    expect(told.map((outcome) => taskResult(outcome))).toEqual(["failure"]);
  });

  it("one that is called off by something stronger is cancelled", async () => {
    const yard = new Yard();
    const controller = new AbortController();
    yard.goes(10);
    yard.clock.after(15, () => controller.abort());
    const server = yard.server();
    const use = task("use", { server }, yard.diary.task({ ms: 30, deaf: true }));
    const report = await yard.run({ use }, { signal: controller.signal });
    expect(statuses(report)).toMatchObject({ use: "cancelled" });
    expect(report.executionState).toBe("cancelled");
  });

  it("another thing that was made of it is released, and its own readers go on", async () => {
    const yard = new Yard();
    const { diary } = yard;
    yard.goes(10);
    const server = yard.server();
    const client = task("client", { server }, () => "client!", {
      release: (value) => void yard.released.push([value, yard.clock.now()]),
    });
    const keeps = task("keeps", { server, client }, diary.task({ ms: 30 }));
    const use = task("use", { client }, diary.task({ ms: 40 }));
    const report = await yard.run({ keeps, use }, { failure: "continue" });
    expect(statuses(report)).toMatchObject({ keeps: "failed", use: "completed" });
    expect(yard.released).toEqual([
      ["server!", 10],
      ["client!", 40],
    ]);
  });
});

describe("`lost` may", () => {
  it("resolve as well as reject, with whatever says why", async () => {
    for (const [value, summary] of [
      [undefined, '"server" has gone'],
      [137, '"server" has gone: It ended with 137'],
      [new Error("exit"), '"server" has gone: exit'],
    ] as const) {
      const yard = new Yard();
      const server = yard.server();
      yard.clock.after(5, () => yard.exit.open(value));
      const report = await yard.run({
        use: task("use", { server }, yard.diary.task({ ms: 30 })),
      });
      expect(report.errorSummary).toEqual([`Task "use" failed: ${summary}`]);
    }
  });

  const waitedFor = "then";
  const wrong: readonly (readonly [what: string, lost: () => unknown, why: string])[] = [
    ["throw", () => Promise.reject(new Error("no such pipe")), "no such pipe"],
    [
      "throw at once",
      () => {
        throw new Error("no such pipe");
      },
      "no such pipe",
    ],
    [
      "give a promise that does not let itself be waited for",
      () =>
        Object.defineProperty(new Promise(() => {}), waitedFor, {
          value: () => {
            throw new Error("no such pipe");
          },
        }),
      "no such pipe",
    ],
    [
      "give no promise",
      () => undefined,
      "`lost` gave undefined, and no promise that settles when the value has gone",
    ],
  ];
  it.each(wrong)("%s, which is as if the value had gone", async (_, lost, why) => {
    const yard = new Yard();
    const server = yard.server({ lost: lost as () => Promise<unknown> });
    const use = task("use", { server }, yard.diary.task({ ms: 30 }));
    const report = await yard.run({ use });
    expect(report.errorSummary).toEqual([`Task "use" failed: "server" has gone: ${why}`]);
    expect(yard.released).toHaveLength(1);
  });

  it("be called once, with the value, for each that somebody is to read, and for no other", async () => {
    const yard = new Yard();
    const calls: string[] = [];
    const lost = (value: string): Promise<unknown> => {
      calls.push(value);
      return new Promise(() => {});
    };
    const server = yard.server({ lost });
    const alone = task("alone", () => "alone", { release: () => {}, lost });
    const late = task("late", yard.diary.task({ ms: 20, deaf: true, return: "late" }), {
      release: () => {},
      lost,
      timeoutMs: 5,
      onFailure: "ignore",
    });
    const one = task("one", { server }, yard.diary.task({ ms: 5 }));
    const two = task("two", { server, late: optional(late) }, yard.diary.task({ ms: 5 }));
    const report = await yard.run({ one, two, alone });
    expect(report.executionState).toBe("completed");
    expect(calls).toEqual(["server!"]);
  });

  it("settle when nobody reads the value any more: that is nobody's loss", async () => {
    const yard = new Yard();
    const server = yard.server();
    const use = task("use", { server }, yard.diary.task({ ms: 5 }));
    const long = task("long", { use }, yard.diary.task({ ms: 50 }));
    yard.goes(20);
    expect(
      await escaped(async () => {
        const report = await yard.run({ long });
        expect(report.executionState).toBe("completed");
        expect(row(report, "server").lostAt).toBeUndefined();
      }),
    ).toEqual([]);
  });

  it("settle when a reader has failed of its own: told to those that still read it, and to nobody after the last", async () => {
    const lossWith = async (others: boolean) => {
      const yard = new Yard();
      const server = task("server", () => "server!", {
        release: () => yard.clock.wait(5),
        lost: () => yard.exit.promise,
      });
      const first = task("first", { server }, yard.diary.task({ ms: 10, throw: "ECONNRESET" }));
      const other = task("other", { server }, yard.diary.task({ ms: 30 }));
      yard.goes(11);
      const report = await yard.run(others ? { first, other } : { first }, { failure: "continue" });
      expect(report.errorSummary[0]).toBe('Task "first" failed: ECONNRESET');
      return [row(report, "server").lostAt, ...report.errorSummary.slice(1)];
    };
    expect(await lossWith(true)).toEqual([11, 'Task "other" failed: "server" has gone']);
    // Its release is under way by then, which may be what made it go.
    expect(await lossWith(false)).toEqual([undefined]);
  });

  it("settle after the run: its report stays as it is", async () => {
    const yard = new Yard();
    const server = yard.server();
    const report = await yard.run({ use: task("use", { server }, yard.diary.task({ ms: 5 })) });
    const before = written(report);
    expect(
      await escaped(async () => {
        yard.exit.fail(new Error("too late"));
        await yard.clock.advance(10);
      }),
    ).toEqual([]);
    expect(written(report)).toEqual(before);
  });

  it("settle twice, for a thenable that does not keep to the rules", async () => {
    const yard = new Yard();
    const twice = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
      then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
        yard.clock.after(5, () => {
          resolve(1);
          reject(2);
        });
      },
    };
    const server = yard.server({ lost: () => twice as Promise<unknown> });
    const report = await yard.run({ use: task("use", { server }, yard.diary.task({ ms: 30 })) });
    expect(report.errorSummary).toEqual(['Task "use" failed: "server" has gone: It ended with 1']);
  });

  it("never settle, which keeps nothing of the run alive", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const refs: WeakRef<object>[] = [];
    const once = async (): Promise<void> => {
      const value = { large: new Array(1000) };
      refs.push(new WeakRef(value));
      const thing = task("thing", () => value, { release: () => {}, lost: () => forever });
      await flow("f", { use: task("use", { thing }, () => 1) }).run();
    };
    for (let at = 0; at < 20; at++) await once();
    // When garbage is collected is V8's own affair: it is given a few turns of the loop.
    for (let turn = 0; turn < 5; turn++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const left = refs.filter((ref) => ref.deref() !== undefined).length;
    expect(left).toBeLessThan(3);
  });
});

describe("Told", () => {
  it("are observers, before those that fail by it", async () => {
    const yard = new Yard();
    const told: [type: string, key: string][] = [];
    const losses: LostEvent[] = [];
    const observer = fromEvents("told", (event) => {
      if (event.type === "task.lost") losses.push(event);
      if (event.type === "task.lost" || event.type === "task.end" || event.type === "task.released")
        told.push([event.type, event.task.key]);
    });
    yard.goes(10, new Error("gone"));
    const server = yard.server();
    await yard.run(
      { use: task("use", { server }, yard.diary.task({ ms: 30 })) },
      { observers: [observer] },
    );
    expect(told).toEqual([
      ["task.end", "server"],
      ["task.lost", "server"],
      ["task.end", "use"],
      ["task.released", "server"],
    ]);
    expect(losses[0]?.error).toMatchObject({ code: "ASTRUM_LOST", cause: { message: "gone" } });
  });
});

describe("A plan", () => {
  it("says of a thing that it can go by itself", () => {
    const server = new Yard().server();
    const text = flow("f", { use: task("use", { server }, () => 1) })
      .plan()
      .explain();
    expect(text).toContain(
      "  server (released after its last reader, its readers fail when it has gone)\n",
    );
  });
});

describe("By name", () => {
  it("a thing can be lost likewise", async () => {
    const yard = new Yard();
    const { clock, diary } = yard;
    yard.goes(10);
    const scheduler = DynamicScheduler.from(
      {
        server: { run: () => 1, release: () => {}, lost: () => yard.exit.promise },
        use: { run: diary.task({ ms: 30 }), dependencies: ["server"] },
      },
      { clock },
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({ server: "completed", use: "failed" });
  });
});

describe("Refused before anything runs:", () => {
  it("`lost` without `release`, and what is no function", () => {
    const issues = (options: object): string[] => {
      try {
        flow("f", { db: task("db", () => 1, options) });
      } catch (error) {
        return (error as { issues: { message: string }[] }).issues.map(({ message }) => message);
      }
      return [];
    };
    expect(issues({ lost: () => new Promise(() => {}) })).toEqual([
      'Task "db" has `lost` and no `release`: only what lives can be lost. Give it a `release`, be it an empty one',
    ]);
    expect(issues({ release: () => {}, lost: true })).toEqual([
      'Expected `lost` of task "db" to be a function, got `true`',
    ]);
  });
});
