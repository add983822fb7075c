/** Results that are kept between runs: found before an attempt, shared while they are made, never in the way of a run. */
import { AsyncLocalStorage } from "node:async_hooks";
import Keyv from "keyv";
import { describe, expect, it } from "vitest";
import {
  type CacheStore,
  DynamicScheduler,
  type ExecutionReport,
  type Flow,
  flow,
  fromEvents,
  type JournalEntry,
  map,
  PlanError,
  param,
  type RunOptions,
  reportOfJournal,
  type TaskOptions,
  task,
  taskResult,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

const name = param<string>("name");

interface Counted {
  readonly greeting: Flow<{ readonly end: string }>;
  readonly calls: string[];
}

/** A cached task between a parameter and a task that is not cached. */
function greeting(options: TaskOptions<{ name: string }> = { cache: {} }): Counted {
  const calls: string[] = [];
  const hello = task(
    "hello",
    { name },
    ({ name }) => {
      calls.push(`hello ${name}`);
      return { text: `hello ${name}`, at: new Date(0) };
    },
    options,
  );
  const end = task("end", { hello }, ({ hello }) => {
    calls.push("end");
    return `${hello.text} ${hello.at.getTime()}`;
  });
  return { greeting: flow("greeting", { end }), calls };
}

async function greet(
  cache: CacheStore | undefined,
  who = "Ada",
  options: TaskOptions<{ name: string }> = { cache: {} },
  run: RunOptions = {},
): Promise<{ calls: string[]; report: ExecutionReport<{ readonly end: string }> }> {
  const { greeting: made, calls } = greeting(options);
  return { report: await made.run({ cache, params: { name: who }, ...run }), calls };
}

function row(report: ExecutionReport<unknown>, task: string) {
  return report.toJSON().taskStatistics.find(({ taskName }) => taskName === task);
}

describe("A task with `cache`", () => {
  it("is taken from the store, and its dependents run with the value as it was", async () => {
    const cache = new Map<string, string>();
    expect((await greet(cache)).calls).toEqual(["hello Ada", "end"]);
    const { calls, report } = await greet(cache);
    expect(calls).toEqual(["end"]);
    expect(report.unwrap().end).toBe("hello Ada 0");
    expect(row(report, "hello")).toMatchObject({
      status: "restored",
      restored: true,
      source: "cache",
      attemptCount: 0,
    });
    expect(report.restoredTasks).toBe(1);
  });

  it("has other inputs, another version, name or flow as another key", async () => {
    const cache = new Map<string, string>();
    await greet(cache);
    expect((await greet(cache, "Bob")).calls).toEqual(["hello Bob", "end"]);
    expect((await greet(cache, "Ada", { cache: {}, version: "2" })).calls).toHaveLength(2);
    const calls: string[] = [];
    const same = (task_: string, flow_: string) =>
      flow(flow_, {
        end: task(task_, { name }, ({ name }) => calls.push(name), { cache: {} }),
      }).run({ cache, params: { name: "Ada" } });
    await same("hello", "greeting 2");
    await same("hello 2", "greeting");
    expect(calls).toHaveLength(2);
    expect(cache.size).toBe(5);
  });

  it("has what `key` says as its key, also a promise of it", async () => {
    const cache = new Map<string, string>();
    const options = { cache: { key: async ({ name }: { name: string }) => name.length } };
    await greet(cache, "Ada", options);
    const { calls, report } = await greet(cache, "Bob", options);
    expect(calls).toEqual(["end"]);
    expect(report.unwrap().end).toBe("hello Ada 0");
    expect((await greet(cache, "Grace", options)).calls).toHaveLength(2);
  });

  it("fails with the error of its `key`, before it is called", async () => {
    const key = () => {
      throw new Error("no such file");
    };
    const { calls, report } = await greet(new Map(), "Ada", { cache: { key } });
    expect(calls).toEqual([]);
    expect(report.errorSummary).toEqual(['Task "hello" failed: no such file']);
  });

  it("counts for `ttlMs`, whether or not the store looks at that", async () => {
    const cache = new Map<string, string>();
    const clock = new VirtualClock();
    const options = { cache: { ttlMs: 1000 } };
    const run = () => clock.run(greet(cache, "Ada", options, { clock }));
    await run();
    await clock.advance(999);
    expect((await run()).calls).toEqual(["end"]);
    await clock.advance(1);
    expect((await run()).calls).toEqual(["hello Ada", "end"]);
    const told: unknown[] = [];
    const store = { get: () => undefined, set: (...args: unknown[]) => told.push(args[2]) };
    await greet(store, "Ada", options);
    expect(told).toEqual([1000]);
  });

  it("runs as ever where the run has no cache, and is asked for nothing when it is skipped", async () => {
    expect((await greet(undefined)).calls).toEqual(["hello Ada", "end"]);
    const asked: string[] = [];
    const store = { get: (key: string) => void asked.push(key), set: () => {} };
    const when = () => false;
    expect((await greet(store, "Ada", { cache: {}, when })).calls).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("keeps nothing of an attempt that failed, was skipped or called off", async () => {
    const cache = new Map<string, string>();
    const bad = task("bad", () => Promise.reject(new Error("no")), { cache: {}, retry: 1 });
    const skipped = task("skipped", (_, context) => context.skip("nothing to do"), { cache: {} });
    await flow("f", { bad, skipped }).run({ cache, failure: "continue" });
    expect(cache.size).toBe(0);
  });

  it("keeps what a later attempt gives, also one that follows at once", async () => {
    const cache = new Map<string, string>();
    let calls = 0;
    const work = () => {
      if (++calls < 3) throw new Error("busy");
      return calls;
    };
    const made = () => flow("f", { one: task("one", work, { cache: {}, retry: 2 }) });
    expect((await made().run({ cache })).unwrap().one).toBe(3);
    expect((await made().run({ cache })).unwrap().one).toBe(3);
    expect(calls).toBe(3);
  });

  it("keeps nothing that a fallback gave, and nothing for a map as a whole", async () => {
    const cache = new Map<string, string>();
    const calls: string[] = [];
    const list = task("list", () => ["a", "b"]);
    const each = (item: string) => {
      calls.push(item);
      if (item === "b") throw new Error("no");
      return item;
    };
    const made = () => {
      const one = task("one", () => each("b"), { cache: {}, fallback: () => "instead" });
      const all = map("all", list, each, { cache: {}, fallback: () => "instead" });
      return flow("f", { one, all });
    };
    for (const called of [
      ["b", "a", "b"],
      ["b", "b"],
    ]) {
      calls.length = 0;
      const report = await made().run({ cache });
      expect(report.unwrap()).toEqual({ one: "instead", all: ["a", "instead"] });
      expect(calls).toEqual(called);
    }
    expect(cache.size).toBe(1);
  });

  it("is called again where it returned a flow, whose own tasks are kept", async () => {
    const cache = new Map<string, string>();
    const calls: string[] = [];
    const outer = task(
      "outer",
      () => {
        calls.push("outer");
        const inner = task("inner", () => calls.push("inner"), { cache: {} });
        return flow("inside", { inner });
      },
      { cache: {} },
    );
    const run = () => flow("f", { outer }).run({ cache });
    const [first, again] = [await run(), await run()];
    expect(calls).toEqual(["outer", "inner", "outer"]);
    expect(cache.size).toBe(1);
    expect(again.unwrap()).toEqual(first.unwrap());
    expect(row(again, "outer.inner")).toMatchObject({ status: "restored", source: "cache" });
    expect(again.observerErrors ?? []).toEqual([]);
  });

  it("holds no slot while the store is asked", async () => {
    let answer: (nothing: undefined) => void = () => {};
    const store = {
      get: () => new Promise<undefined>((resolve) => (answer = resolve)),
      set: () => {},
    };
    const order: string[] = [];
    const slow = task("slow", () => order.push("slow"), { cache: {} });
    const other = task("other", () => {
      order.push("other");
      answer(undefined);
    });
    await flow("f", { slow, other }).run({ cache: store, concurrency: 1 });
    expect(order).toEqual(["other", "slow"]);
  });

  it("is in the plan, and tells observers where its result was", async () => {
    const { greeting: made } = greeting();
    expect(made.plan().explain()).toContain("hello (cached)");
    const cache = new Map<string, string>();
    const seen: string[] = [];
    const observer = fromEvents("seen", (event) => {
      if (event.type === "task.end") seen.push(`${event.task.key} ${taskResult(event.outcome)}`);
      if (event.type === "task.status" && event.to === "restored") seen.push(event.task.key);
    });
    await greet(cache);
    await greet(cache, "Ada", { cache: {} }, { observers: [observer] });
    expect(seen).toEqual(["hello", "end success"]);
    expect(taskResult({ status: "restored", source: "cache" })).toBe("cached");
    expect(taskResult({ status: "restored" })).toBe("restored");
  });

  it("cannot live, and is told only what there is", () => {
    const make = (options: object) => () =>
      flow("f", { one: task("one", () => 1, options as TaskOptions) });
    expect(make({ cache: {}, release: () => {} })).toThrow(
      'Task "one" has `cache` and `release`: what lives ends with its run, and cannot be kept.',
    );
    expect(make({ cache: { ttlMS: 5 } })).toThrow('Did you mean "ttlMs"?');
    expect(make({ cache: { key: "a" } })).toThrow(PlanError);
    expect(make({ cache: { ttlMs: -1 } })).toThrow(PlanError);
    expect(make({ cache: true })).toThrow(PlanError);
  });

  it("is for the documented door as well, under both ways to dispatch", async () => {
    for (const dispatch of ["dependencies", "stages"] as const) {
      const cache = new Map<string, string>();
      const calls: string[] = [];
      const run = () =>
        DynamicScheduler.from(
          {
            a: { run: () => calls.push("a"), cache: {} },
            b: { run: () => calls.push("b"), dependencies: ["a"] },
          },
          { cache, dispatch },
        ).execute();
      await run();
      const report = await run();
      expect(calls).toEqual(["a", "b", "b"]);
      expect(row(report, "a")).toMatchObject({ status: "restored", source: "cache" });
      expect(report.executionState).toBe("completed");
    }
  });
});

describe("A map with `cache`", () => {
  const files = param<readonly string[]>("files");

  async function compile(
    cache: CacheStore,
    list: readonly string[],
    run: RunOptions = {},
  ): Promise<{ calls: string[]; report: ExecutionReport<{ readonly all: string }> }> {
    const calls: string[] = [];
    const each = map(
      "compile",
      files,
      (file) => {
        calls.push(file);
        return file.toUpperCase();
      },
      { cache: {} },
    );
    const all = task("all", { each }, ({ each }) => each.join(" "));
    const report = await flow("build", { all }).run({ cache, params: { files: list }, ...run });
    return { calls, report };
  }

  it("takes the items that are there, at whatever place, and calls the others", async () => {
    const cache = new Map<string, string>();
    await compile(cache, ["a", "b", "c"]);
    const { calls, report } = await compile(cache, ["c", "x", "a"]);
    expect(calls).toEqual(["x"]);
    expect(report.unwrap().all).toBe("C X A");
    expect(row(report, "compile[0]")).toMatchObject({ status: "restored", source: "cache" });
    expect(row(report, "compile[1]")?.source).toBeUndefined();
    expect((await compile(cache, ["x", "b"])).calls).toEqual([]);
    expect((await compile(cache, [])).report.unwrap().all).toBe("");
  });

  it("calls ten thousand equal items once", async () => {
    const cache = new Map<string, string>();
    const list = Array.from({ length: 10_000 }, () => "a");
    const { calls, report } = await compile(cache, list, { concurrency: 100 });
    expect(calls).toEqual(["a"]);
    expect(report.unwrap().all).toHaveLength(2 * list.length - 1);
    expect(cache.size).toBe(1);
  });

  it("is journaled like what was called, so that a run that takes it up needs no cache", async () => {
    const cache = new Map<string, string>();
    await compile(cache, ["a", "b"]);
    const entries: JournalEntry[] = [];
    let told = 0;
    const killed = await compile(cache, ["a", "b", "x"], {
      journal: (entry) => {
        if (++told > 3) throw new Error("killed");
        entries.push(entry);
      },
    });
    expect(killed.report.executionState).toBe("failed");
    expect(entries.map(({ task: told }) => told)).toEqual([undefined, "compile[0]", "compile[1]"]);
    const resumeFrom = reportOfJournal(entries);
    const after = await compile(new Map(), ["a", "b", "x"], { resumeFrom });
    expect(after.calls).toEqual(["x"]);
    expect(row(after.report, "compile[0]")?.source).toBeUndefined();
  });

  it("asks `key` with the item, and counts the place where the function takes it", async () => {
    const cache = new Map<string, string>();
    const calls: string[] = [];
    const run = async (list: readonly string[], keyed: boolean): Promise<unknown> => {
      const each = map(
        "each",
        files,
        (file, index) => {
          calls.push(file);
          return `${index} ${file}`;
        },
        keyed ? { cache: { key: (file: string) => file.length } } : { cache: {} },
      );
      return (await flow("f", { each }).run({ cache, params: { files: list } })).unwrap().each;
    };
    await run(["a", "b"], false);
    expect(await run(["b", "a"], false)).toEqual(["0 b", "1 a"]);
    expect(calls).toEqual(["a", "b", "b", "a"]);
    await run(["aa"], true);
    expect(await run(["bb"], true)).toEqual(["0 aa"]);
  });

  it.each(["throws", "is called off", "is given up"])(
    "that %s asks for no other item, and the run waits for those that were asked, within its grace period",
    async (end) => {
      const clock = new VirtualClock();
      const seen = { asked: 0, open: 0, looked: 0 };
      const key = async (item: number): Promise<number> => {
        seen.asked++;
        seen.open++;
        const throws = end === "throws" && (item === 5 || item === 6);
        await clock.wait(throws ? 1 : 10);
        seen.open--;
        if (throws) throw new Error(`no file ${item}`);
        return item;
      };
      const list = task("list", () => Array.from({ length: 1000 }, (_, at) => at));
      const each = map("each", list, (item) => item, { cache: { key } });
      const cache = { get: () => void seen.looked++, set() {} };
      const graceMs = end === "is given up" ? 2 : undefined;
      const run = flow("f", { each }).start({ clock, cache, graceMs });
      if (end !== "throws") clock.after(5, () => run.cancel());
      const report = await clock.run(run.report);
      const open = end === "is given up" ? 64 : 0;
      expect(seen).toEqual({ asked: 64, open, looked: 0 });
      if (end === "throws") {
        expect(report.errorSummary).toEqual(['Task "each" failed: no file 5']);
      } else expect(report.executionState).toBe("cancelled");
      await clock.advance(1000);
      expect(seen).toEqual({ asked: 64, open: 0, looked: 0 });
    },
  );
});

describe("Runs that miss the same key at once", () => {
  /** A task whose calls end when they are told to. */
  function slow(): { made: Flow<{ readonly one: object }>; ends: ((error?: Error) => void)[] } {
    const ends: ((error?: Error) => void)[] = [];
    const one = task(
      "one",
      () =>
        new Promise<object>((resolve, reject) => {
          ends.push((error) => (error === undefined ? resolve({ n: ends.length }) : reject(error)));
        }),
      { cache: {} },
    );
    return { made: flow("f", { one }), ends };
  }

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it("share one attempt; each has a value of its own", async () => {
    const { made, ends } = slow();
    const cache = new Map<string, string>();
    const runs = [made.run({ cache }), made.run({ cache }), made.run({ cache })];
    await turn();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    const values = (await Promise.all(runs)).map((report) => report.unwrap().one);
    expect(values).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
    expect(new Set(values).size).toBe(3);
    expect(ends).toHaveLength(1);
    expect(cache.size).toBe(1);
  });

  it("share its failure, and one that retries makes the next attempt", async () => {
    const ends: ((error: Error) => void)[] = [];
    const made = (retry: number) =>
      flow("f", {
        one: task("one", () => new Promise<never>((_, reject) => ends.push(reject)), {
          cache: {},
          retry,
        }),
      });
    const cache = new Map<string, string>();
    const runs = [made(0).run({ cache }), made(1).run({ cache })];
    await turn();
    expect(ends).toHaveLength(1);
    ends[0]?.(new Error("busy"));
    await turn();
    expect(ends).toHaveLength(2);
    ends[1]?.(new Error("busy again"));
    const reports = await Promise.all(runs);
    expect(reports.map(({ errorSummary }) => errorSummary[0])).toEqual([
      'Task "one" failed: busy',
      'Task "one" failed after 2 attempts: busy again',
    ]);
  });

  it("do not share the end of one that was called off", async () => {
    const { made, ends } = slow();
    const cache = new Map<string, string>();
    const controller = new AbortController();
    const first = made.run({ cache, signal: controller.signal });
    const second = made.run({ cache });
    await turn();
    controller.abort();
    ends[0]?.(new Error("stopped"));
    await turn();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    expect((await first).executionState).toBe("cancelled");
    expect((await second).unwrap().one).toEqual({ n: 2 });
  });

  it("make the next attempt at once when one is told to stop, also one that never ends: one for all of them", async () => {
    for (const how of ["aborted", "out of time"]) {
      const clock = new VirtualClock();
      const cache = new Map<string, string>();
      const whose = new AsyncLocalStorage<number>();
      const calls: unknown[] = [];
      const run = (number: number, ends: () => Promise<number>, options: object = {}) => {
        const work = () => {
          calls.push(whose.getStore());
          return ends();
        };
        const one = task("one", work, { cache: {}, ...options });
        return whose.run(number, () => flow("f", { one }).start({ clock, cache, graceMs: 50 }));
      };
      const never = () => new Promise<never>(() => {});
      const first = run(0, never, how === "aborted" ? {} : { timeoutMs: 10 });
      const others = Array.from({ length: 50 }, (_, n) =>
        run(n + 1, () => clock.wait(5).then(() => 7)),
      );
      await clock.advance(10);
      if (how === "aborted") first.cancel();
      await clock.advance(5);
      const reports = await Promise.all(others.map(({ report }) => report));
      expect(reports.map((report) => report.unwrap())).toEqual(others.map(() => ({ one: 7 })));
      expect(calls).toEqual([0, 1]);
      expect(cache.size).toBe(1);
      expect(row(await clock.run(first.report), "one")?.status).toBe("abandoned");
    }
  });

  it("have a result for as long as it counts, and not one that was there before they found nothing", async () => {
    const clock = new VirtualClock();
    const cache = new Map<string, string>();
    const calls: number[] = [];
    const run = (number: number, waits: number, ttlMs: number | undefined) => {
      const gate = task("gate", () => clock.wait(waits));
      const one = task("one", () => calls.push(number), { cache: { ttlMs } });
      const made = flow("f", waits === 0 ? { one } : { gate, one });
      return clock.run(made.run({ clock, cache, concurrency: 1 }));
    };
    const late = run(1, 500, 100);
    const later = run(2, 50, 100);
    await run(3, 0, 100);
    expect(calls).toEqual([3]);
    await later;
    expect(calls).toEqual([3]);
    cache.clear();
    await run(4, 0, 100);
    expect(calls).toEqual([3, 4]);
    await late;
    expect(calls).toEqual([3, 4, 1]);
  });

  it("share what another got while the store was still asked for them, though that could not be kept", async () => {
    const clock = new VirtualClock();
    const calls: number[] = [];
    const store = {
      get: () => clock.wait(4).then(() => undefined),
      set: () => {
        throw new Error("no room");
      },
    };
    const run = (number: number) =>
      flow("f", { one: task("one", () => calls.push(number), { cache: {} }) }).run({
        clock,
        cache: store,
      });
    const reports = await clock.run(Promise.all([run(1), run(2)]));
    expect(calls).toEqual([1]);
    expect(reports.map((report) => report.unwrap().one)).toEqual([1, 1]);
  });

  it("may be ten thousand items of one list: one is called", async () => {
    const cache = new Map<string, string>();
    const calls: number[] = [];
    const list = task("list", () => new Array<number>(10_000).fill(7));
    const same = map("same", list, (n) => calls.push(n), { cache: {}, concurrency: 100 });
    const report = await flow("f", { same }).run({ cache });
    expect(new Set(report.unwrap().same)).toEqual(new Set([1]));
    expect(calls).toHaveLength(1);
    expect(cache.size).toBe(1);
  });

  it("stop waiting when they are called off themselves", async () => {
    const { made, ends } = slow();
    const cache = new Map<string, string>();
    const first = made.run({ cache });
    const controller = new AbortController();
    const second = made.run({ cache, signal: controller.signal });
    await turn();
    controller.abort();
    expect((await second).executionState).toBe("cancelled");
    ends[0]?.();
    expect((await first).executionState).toBe("completed");
  });

  it("find what another had, also when they begin after it has ended", async () => {
    const { made, ends } = slow();
    const cache = new Map<string, string>();
    const gate = task("gate", () => turn().then(turn).then(turn));
    const late = flow("f", {
      gate,
      one: task("one", () => Promise.reject(new Error("called")), { cache: {} }),
    });
    const first = made.run({ cache });
    const second = late.run({ cache, concurrency: 1 });
    await turn();
    ends[0]?.();
    expect((await first).unwrap().one).toEqual({ n: 1 });
    expect((await second).unwrap().one).toEqual({ n: 1 });
  });

  it("use another store, and share nothing with it", async () => {
    const { made, ends } = slow();
    const runs = [made.run({ cache: new Map() }), made.run({ cache: new Map() })];
    await turn();
    expect(ends).toHaveLength(2);
    for (const end of ends) end();
    await Promise.all(runs);
  });
});

describe("A store", () => {
  it("that throws or rejects is a miss, told once a run", async () => {
    const broken = {
      get: () => Promise.reject(new Error("ECONNREFUSED")),
      set: () => {
        throw new Error("read only");
      },
    };
    const calls: number[] = [];
    const list = task("list", () => [1, 2, 3]);
    const rows = map("rows", list, (item) => calls.push(item), { cache: {} });
    const report = await flow("f", { rows }).run({ cache: broken });
    expect(calls).toEqual([1, 2, 3]);
    expect(report.executionState).toBe("completed");
    expect(report.observerErrors?.map(({ name, message }) => `${name}: ${message}`)).toEqual([
      "CacheError: The cache could not be read: ECONNREFUSED",
      "CacheError: The cache could not be written: read only",
    ]);
  });

  it("may keep a result of ten megabytes", async () => {
    const cache = new Map<string, string>();
    const large = "x".repeat(10_000_000);
    let calls = 0;
    const one = task("one", () => ({ large, calls: ++calls }), { cache: {} });
    await flow("f", { one }).run({ cache });
    const { one: kept } = (await flow("f", { one }).run({ cache })).unwrap();
    expect(kept.calls).toBe(1);
    expect(kept.large === large).toBe(true);
  });

  it("that hands out nonsense is a miss, and nothing of it is called", async () => {
    const texts = [
      null,
      7,
      "",
      "{",
      "[]",
      '{"astrum":2,"output":{"encoding":"json","value":1}}',
      '{"astrum":1}',
      '{"astrum":1,"output":{"encoding":"json","value":{"__proto__":{}}}}',
      '{"astrum":1,"output":{"encoding":"json","value":1},"until":"never"}',
      {
        get astrum() {
          throw new Error("read");
        },
      },
    ];
    for (const text of texts) {
      const { calls, report } = await greet({ get: () => text, set: () => {} });
      expect(calls).toEqual(["hello Ada", "end"]);
      expect(report.executionState).toBe("completed");
      expect(report.toJSON().observerErrors).toBeUndefined();
    }
  });

  it("keeps nothing that has no encoding, nor of a key without one; both are told", async () => {
    const cache = new Map<string, string>();
    const open = task("open", () => ({ close: () => {} }), { cache: {} });
    const read = task("read", { open }, () => 1, { cache: {} });
    const report = await flow("f", { read }).run({ cache });
    expect(report.executionState).toBe("completed");
    expect(cache.size).toBe(0);
    expect(report.observerErrors?.map(({ message }) => message)).toEqual([
      'The output of task "open" is not cached, since it has no encoding: .close is a function',
      'Of task "read" nothing is cached, since its key has no encoding: [1].open.close is a function',
    ]);
  });

  it("is waited for before the run settles, ten seconds at most", async () => {
    const clock = new VirtualClock();
    let written = false;
    const slow = {
      get: () => undefined,
      set: async () => {
        await clock.wait(500);
        written = true;
      },
    };
    await clock.run(greet(slow, "Ada", { cache: {} }, { clock }));
    expect(written).toBe(true);
    const never = { get: () => undefined, set: () => new Promise(() => {}) };
    const { report } = await clock.run(greet(never, "Ada", { cache: {} }, { clock }));
    expect(report.executionState).toBe("completed");
    expect(report.observerErrors?.[0]?.message).toBe(
      "The cache had not written everything 10000 ms after the run",
    );
  });

  it("is a Keyv as well as a Map", async () => {
    const cache = new Keyv<string>();
    const options = { cache: { ttlMs: 60_000 } };
    await greet(cache, "Ada", options);
    const { calls, report } = await greet(cache, "Ada", options);
    expect(calls).toEqual(["end"]);
    expect(report.unwrap().end).toBe("hello Ada 0");
    expect(report.toJSON().observerErrors).toBeUndefined();
  });

  it("that never answers holds a run no longer than its time limit and its grace period", async () => {
    const clock = new VirtualClock();
    const never = { get: () => new Promise(() => {}), set: () => {} };
    const options = { clock, timeoutMs: 100, graceMs: 10 };
    const { report } = await clock.run(greet(never, "Ada", { cache: {} }, options));
    expect(report.executionState).toBe("failed");
    expect(report.totalDurationMs).toBeLessThanOrEqual(110);
  });

  it("that never answers is a miss after ten seconds, told once, and is not asked again", async () => {
    const clock = new VirtualClock();
    let asked = 0;
    const never = {
      get: () => {
        asked++;
        return new Promise(() => {});
      },
      set: () => {},
    };
    const list = task("list", () => Array.from({ length: 10_000 }, (_, n) => n));
    const rows = map("rows", list, (n) => n, { cache: {} });
    const end = task("end", { rows }, ({ rows }) => rows.length, { cache: {} });
    const report = await clock.run(flow("f", { end }).run({ clock, cache: never }));
    expect(report.unwrap().end).toBe(10_000);
    expect(report.totalDurationMs).toBe(10_000);
    expect(asked).toBe(64);
    expect(report.observerErrors?.map(({ message }) => message)).toEqual([
      "The cache could not be read: it had not answered after 10000 ms",
    ]);
  });

  it("that answers late, once it was given up, changes nothing, also when it throws then", async () => {
    const clock = new VirtualClock();
    const late = {
      get: async () => {
        await clock.wait(10_500);
        throw new Error("ECONNRESET");
      },
      set: () => {
        throw new Error("is told nothing more");
      },
    };
    const slow: TaskOptions<object> = { cache: {} };
    const one = task("one", () => clock.wait(1000).then(() => 1), slow);
    const report = await clock.run(flow("f", { one }).run({ clock, cache: late }));
    expect(report.unwrap().one).toBe(1);
    expect(report.observerErrors?.map(({ message }) => message)).toEqual([
      "The cache could not be read: it had not answered after 10000 ms",
    ]);
  });

  it("that answered while the thread was held is heard, however long that was", async () => {
    const clock = new VirtualClock();
    const kept = new Map<string, string>();
    await greet(kept);
    const answers: (() => void)[] = [];
    const store = {
      get: (key: string) => new Promise((resolve) => answers.push(() => resolve(kept.get(key)))),
      set: () => {},
    };
    const run = greet(store, "Ada", { cache: {} }, { clock });
    await clock.advance(0);
    clock.hold(60_000);
    // Timers that are due come first, then what has come in, as in any event loop.
    clock.after(0, () => {
      for (const answer of answers) answer();
    });
    const { calls, report } = await clock.run(run);
    expect(calls).toEqual(["end"]);
    expect(report.observerErrors).toEqual([]);
  });

  it("that a run gave up asking holds no timer of it, and nobody waits for what it says then", async () => {
    const clock = new VirtualClock();
    let answer = (): void => {};
    const store = {
      get: () =>
        new Promise<void>((resolve) => {
          answer = resolve;
        }),
      set: () => {},
    };
    const options = { clock, timeoutMs: 10, graceMs: 10 };
    const { calls, report } = await clock.run(greet(store, "Ada", { cache: {} }, options));
    expect(report.executionState).toBe("failed");
    expect(clock.pending).toBe(0);
    answer();
    await clock.advance(20_000);
    expect(calls).toEqual([]);
    expect(report.observerErrors).toEqual([]);
  });

  it("is refused before anything runs when it is none", async () => {
    for (const cache of [{}, null, { get: () => {} }, 7]) {
      await expect(greet(cache as never)).rejects.toThrow(
        "Expected `cache` to be a store with `get` and `set`, such as a Map or a Keyv",
      );
    }
  });
});
