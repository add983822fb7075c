import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  flow,
  map,
  type Observer,
  type Runner,
  type RunOptions,
  Semaphore,
  type TaskContext,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

const storage = new AsyncLocalStorage<string>();

/** Two layers with a join, a map, a retry with a delay, a condition, a cleanup: every way to a call. */
function everyWay(clock: VirtualClock, seen: [string, string | undefined][]) {
  const note = (name: string): void => {
    seen.push([name, storage.getStore()]);
  };
  const first = task("first", async (_, { defer }) => {
    note("first");
    defer(() => note("first's cleanup"));
    await clock.wait(10);
    note("first, later");
    return [1, 2, 3];
  });
  const flaky = task(
    "flaky",
    async (_, { attempt }) => {
      note(`flaky ${attempt}`);
      await storage.run("inside flaky", () => clock.wait(3));
      if (attempt === 1) throw new Error("again");
    },
    {
      retry: {
        attempts: 1,
        backoff: () => {
          note("back-off");
          return 5;
        },
        retryIf: () => {
          note("retryIf");
          return true;
        },
      },
    },
  );
  const items = map(
    "items",
    first,
    async (item) => {
      note(`item ${item}`);
      await clock.wait(item);
    },
    { concurrency: 1 },
  );
  const join = task("join", { items, flaky }, () => note("join"), {
    when: () => {
      note("condition");
      return true;
    },
  });
  const limited = task(
    "limited",
    async (_, { signal }) => {
      note("limited");
      signal.addEventListener("abort", () => note("listener"));
      await clock.wait(100, signal).catch(() => {});
    },
    { timeoutMs: 20, onFailure: "ignore" },
  );
  return flow("f", { join, limited });
}

/** Each name with the context that it saw, where that was not the right one. */
function strays(seen: readonly [string, string | undefined][], right: string | undefined) {
  return seen.filter(([, context]) => context !== right);
}

describe("Every call of a run", () => {
  it("is in the async context of the caller of run()", async () => {
    const clock = new VirtualClock();
    const seen: [string, string | undefined][] = [];
    const run = storage.run("caller", () => everyWay(clock, seen).run({ clock }));
    await storage.run("somebody else", () => clock.run(run));
    expect(seen.map(([name]) => name).sort()).toEqual(
      [
        "back-off",
        "condition",
        "first",
        "first's cleanup",
        "first, later",
        "flaky 1",
        "flaky 2",
        "item 1",
        "item 2",
        "item 3",
        "join",
        "limited",
        "listener",
        "retryIf",
      ].sort(),
    );
    expect(strays(seen, "caller")).toEqual([]);
  });

  it("is so with a limit, and with a semaphore whose permits come from another run", async () => {
    const clock = new VirtualClock();
    for (const concurrency of [1, new Semaphore(1)]) {
      const mine: [string, string | undefined][] = [];
      const yours: [string, string | undefined][] = [];
      const runs = [
        storage.run("me", () => everyWay(clock, mine).run({ clock, concurrency })),
        storage.run("you", () => everyWay(clock, yours).run({ clock, concurrency })),
      ];
      await clock.run(Promise.all(runs));
      expect(strays(mine, "me")).toEqual([]);
      expect(strays(yours, "you")).toEqual([]);
    }
  });

  it("is without a context where the caller had none", async () => {
    const clock = new VirtualClock();
    const seen: [string, string | undefined][] = [];
    const run = storage.exit(() => everyWay(clock, seen).run({ clock }));
    await storage.run("somebody else", () => clock.run(run));
    expect(strays(seen, undefined)).toEqual([]);
  });

  it("is not in the context of whoever cancels", async () => {
    const clock = new VirtualClock();
    const seen: [string, string | undefined][] = [];
    const note = (name: string): void => {
      seen.push([name, storage.getStore()]);
    };
    const called = task("called", async (_, { signal, defer }) => {
      defer(() => note("cleanup"));
      signal.addEventListener("abort", () => note("listener"));
      await clock.wait(100, signal);
    });
    const other = task("other", () => clock.wait(10));
    const freed = task("freed", () => note("freed"), { priority: -1 });
    const run = storage.run("caller", () =>
      flow("f", { called, other, freed }).start({ clock, concurrency: 2 }),
    );
    await clock.advance(5);
    storage.run("canceller", () => run.cancelTask("called"));
    await clock.run(run.report);
    expect(seen).toEqual([
      ["listener", "caller"],
      ["cleanup", "caller"],
      ["freed", "caller"],
    ]);
  });
});

describe("A task that enters a context for good", () => {
  const hostile = (clock: VirtualClock, seen: [string, string | undefined][]) => {
    const note = (name: string): void => {
      seen.push([name, storage.getStore()]);
    };
    const enters = task("enters", async () => {
      storage.enterWith("the task's own");
      note("enters");
      await clock.wait(1);
      note("enters, later");
    });
    const sync = task("sync", () => storage.enterWith("the task's own"));
    const sibling = task("sibling", () => note("sibling"));
    const child = task("child", { enters, sync, sibling }, () => note("child"));
    const grandchild = task("grandchild", { child }, () => note("grandchild"));
    return flow("f", { grandchild });
  };

  it.each(["caller", undefined])("keeps it to itself, when the caller's is %s", async (context) => {
    const clock = new VirtualClock();
    const seen: [string, string | undefined][] = [];
    const begin = () => hostile(clock, seen).run({ clock });
    const run = context === undefined ? storage.exit(begin) : storage.run(context, begin);
    await clock.run(run);
    expect(seen).toEqual([
      ["enters", "the task's own"],
      ["sibling", context],
      ["enters, later", "the task's own"],
      ["child", context],
      ["grandchild", context],
    ]);
  });

  it("does not change the caller's", async () => {
    const clock = new VirtualClock();
    await storage.run("caller", async () => {
      const run = hostile(clock, []).run({ clock });
      expect(storage.getStore()).toBe("caller");
      await clock.run(run);
      expect(storage.getStore()).toBe("caller");
    });
    await storage.exit(async () => {
      const run = hostile(clock, []).run({ clock });
      expect(storage.getStore()).toBeUndefined();
      await clock.run(run);
    });
  });
});

/** What an observer of traces does: it makes a context ambient around each call of a task. */
const ambient = new AsyncLocalStorage<string>();
const tracer: Observer = {
  name: "tracer",
  run: () => ({
    task: ({ task: { key } }) => ({
      attempt: ({ attempt: { number } }) => ({
        around: (proceed) => ambient.run(`${key} ${number}`, proceed),
      }),
    }),
  }),
};

describe("A lazy query that a plain function returns", () => {
  type Log = [query: string, caller: string | undefined, span: string | undefined][];

  /** Does its work when it is asked, as those of Prisma, Knex, Drizzle and Mongoose do. */
  function query<T>(log: Log, name: string, work: () => T, on: object = {}): PromiseLike<T> {
    const ask = (resolve: (value: T) => void, reject: (error: unknown) => void): void => {
      log.push([name, storage.getStore(), ambient.getStore()]);
      Promise.resolve().then(work).then(resolve, reject);
    };
    const thenable: "then" = "then";
    return Object.assign(on, { [thenable]: ask }) as PromiseLike<T>;
  }

  function everyQuery(log: Log) {
    const once = task("once", () => query(log, "once", () => [1, 2]));
    const items = map("items", once, (item) => query(log, `item ${item}`, () => item));
    const retried = task(
      "retried",
      (_, { attempt }) =>
        query(log, `retried ${attempt}`, () => {
          if (attempt === 1) throw new Error("again");
        }),
      { retry: 1 },
    );
    const last = task("last", { items, retried }, ({ items }) => query(log, "last", () => items));
    return flow("f", { last });
  }

  const names = ["item 1", "item 2", "last", "once", "retried 1", "retried 2"];
  const spans: Record<string, string> = {
    "item 1": "items[0] 1",
    "item 2": "items[1] 1",
    last: "last 1",
    once: "once 1",
    "retried 1": "retried 1",
    "retried 2": "retried 2",
  };

  it.each<[string, RunOptions]>([
    ["without an observer", {}],
    ["with one", { observers: [tracer] }],
    ["one after the other", { observers: [tracer], concurrency: 1 }],
    [
      "through a runner",
      { observers: [tracer], runner: ({ run, args, context }) => run(...args, context) },
    ],
    [
      "through a runner that waits for it",
      {
        observers: [tracer],
        runner: async ({ run, args, context }) => await run(...args, context),
      },
    ],
  ])("is made in the context of its task, once: %s", async (_, options) => {
    const log: Log = [];
    const report = await storage.run("caller", () => everyQuery(log).run(options));
    expect(report.outputs).toEqual({ last: [1, 2] });
    log.sort();
    const span = (name: string): string | undefined =>
      options.observers === undefined ? undefined : spans[name];
    expect(log).toEqual(names.map((name) => [name, "caller", span(name)]));
  });

  it.each(["dependencies", "stages"] as const)("of a scheduler too (%s)", async (dispatch) => {
    const log: Log = [];
    const scheduler = new DynamicScheduler(
      [["query", () => query(log, "query", () => 1)]],
      [{ taskName: "query" }],
      { dispatch, observers: [tracer] },
    );
    const report = await storage.run("caller", () => scheduler.execute());
    expect(report.taskReturnSet.get("query")).toBe(1);
    expect(log).toEqual([["query", "caller", "query 1"]]);
  });

  it("may be a promise that does its work when it is asked", async () => {
    const log: Log = [];
    const lazy = task("lazy", () => query(log, "lazy", () => 1, new Promise(() => {})));
    const report = await storage.run("caller", () =>
      flow("f", { lazy }).run({ observers: [tracer] }),
    );
    expect(report.outputs.lazy).toBe(1);
    expect(log).toEqual([["lazy", "caller", "lazy 1"]]);
  });
});

describe("The context of a task", () => {
  it("can be spread, to hand on more with it", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const helper = (context: TaskContext & { readonly db: string }): string => {
      context.defer(() => log.push("cleaned"));
      context.progress(0.5);
      context.attributes.set("db", context.db);
      return `${context.taskName} ${context.runId} ${context.attempt} ${context.signal.aborted}`;
    };
    const one = task("one", (_, context) => helper({ ...context, db: "main" }));
    const list = task("list", () => [1]);
    const items = map("items", list, (_, __, context) => helper({ ...context, db: "main" }));
    const report = await clock.run(flow("f", { one, items }).run({ clock, runId: "r" }));
    expect(report.outputs).toEqual({ one: "one r 1 false", items: ["items[0] r 1 false"] });
    expect(log).toEqual(["cleaned", "cleaned"]);
    for (const { taskName, attributes } of report.taskStatistics) {
      if (taskName === "one" || taskName === "items[0]") expect(attributes).toEqual({ db: "main" });
    }
  });

  it("can be taken apart; its signal is the one that is aborted", async () => {
    const clock = new VirtualClock();
    let reason: unknown;
    const one = task("one", async (_, { signal, defer, progress, ...rest }) => {
      defer(() => {
        reason = signal.reason;
      });
      progress(1);
      expect(Object.keys(rest)).toEqual([
        ...["taskName", "runId", "attempt", "attributes"],
        ...["skip", "spent", "log", "remainingMs", "journalEntry"],
      ]);
      await clock.wait(100, signal);
    });
    const run = flow("f", { one }).start({ clock });
    await clock.advance(10);
    run.cancel("enough");
    await clock.run(run.report);
    expect(reason).toMatchObject({ code: "ASTRUM_ABORTED", cause: { message: /enough/ } });
  });

  it("is so through a runner, and in a scheduler", async () => {
    const seen: string[][] = [];
    const runner: Runner = ({ run, args, context }) => {
      seen.push(Object.keys({ ...(context as object) }));
      return run(...args, context);
    };
    const look = (_: unknown, context: TaskContext): number =>
      seen.push(Object.keys({ ...context }));
    await new DynamicScheduler([["look", look]], [{ taskName: "look" }], { runner }).execute();
    const keys = [
      ...["taskName", "runId", "attempt", "signal", "attributes", "progress", "defer"],
      ...["skip", "spent", "log", "remainingMs", "journalEntry"],
    ];
    expect(seen).toEqual([keys, keys]);
  });
});
