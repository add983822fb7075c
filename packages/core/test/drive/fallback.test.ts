import { describe, expect, it } from "vitest";
import {
  after,
  DynamicScheduler,
  flow,
  fromEvents,
  type MapError,
  map,
  NonErrorThrown,
  type Outcome,
  optional,
  PlanError,
  param,
  pick,
  type RunEvent,
  reportOfJournal,
  settled,
  summarizeError,
  task,
} from "../../src/index.ts";
import { recorded, replay, scripted, trace, VirtualClock } from "../../src/testing.ts";
import { Diary, escaped, Gate, Notebook, row, statuses, written } from "../scenario.ts";

const dispatches = ["dependencies", "stages"] as const;

describe("A task that has failed for good and has a fallback", () => {
  it("gives its value to all that read it, and to the caller; `settled` sees the failure", async () => {
    const clock = new VirtualClock();
    const broken = new Error("down");
    const asked: unknown[] = [];
    const user = task(
      "user",
      (): { name: string } => {
        throw broken;
      },
      {
        fallback: (error) => {
          asked.push(error);
          return { name: "guest" };
        },
      },
    );
    const reads = task("reads", { user, name: pick(user, "name") }, (inputs) => inputs);
    const maybe = task(
      "maybe",
      { user: optional(user), name: pick(optional(user), "name") },
      (inputs) => inputs,
    );
    const waits = task("waits", { _: after(user) }, () => "waited");
    const sees = task("sees", { end: settled(user) }, ({ end }) => end);
    const report = await clock.run(flow("f", { user, reads, maybe, waits, sees }).run({ clock }));
    const guest = { name: "guest" };
    expect(report.executionState).toBe("completed");
    expect(report.unwrap()).toEqual({
      user: guest,
      reads: { user: guest, name: "guest" },
      maybe: { user: guest, name: "guest" },
      waits: "waited",
      sees: { status: "failed", error: broken, timedOut: false },
    });
    expect(asked).toEqual([broken]);
    expect(report.outcome(user)).toEqual({ status: "failed", error: broken, timedOut: false });
    expect(report.taskReturnSet.get("user")).toEqual(guest);
  });

  it("is in the report as failed and tolerated, with its fallback, and blames nobody", async () => {
    const clock = new VirtualClock();
    const user = task("user", scripted(clock, { throw: "down" }), { fallback: () => 7 });
    const report = await clock.run(flow("f", { user }).run({ clock }));
    expect(row(written(report), "user")).toMatchObject({
      status: "failed",
      tolerated: true,
      fallback: true,
      attemptCount: 1,
      error: { message: "down" },
    });
    expect(report).toMatchObject({ failedTasks: 1, toleratedFailures: 1, errorSummary: [] });
    expect(report.failures).toMatchObject([{ task: "user", tolerated: true, attempts: 1 }]);
  });

  it("is asked after the last attempt, once", async () => {
    const clock = new VirtualClock();
    const asked: unknown[] = [];
    const user = task(
      "user",
      scripted(clock, { ms: 1, throw: "first" }, { ms: 1, throw: "second" }, { throw: "third" }),
      {
        retry: { attempts: 2, backoff: "fixed", baseMs: 10 },
        fallback: (error) => void asked.push(summarizeError(error)),
      },
    );
    const report = await clock.run(flow("f", { user }).run({ clock }));
    expect(asked).toEqual(["third"]);
    expect(row(report, "user").attemptCount).toBe(3);
    expect(report.unwrap()).toEqual({ user: undefined });
  });

  it("gives its slot back before, and its dependents compete with all that became ready with them", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const failing = task("failing", diary.task({ ms: 10, throw: "down" }), { fallback: () => 1 });
    const urgent = task("urgent", { failing }, diary.task({ ms: 1 }), { priority: 2 });
    const other = task("other", diary.task({ ms: 1 }), { priority: 1 });
    await clock.run(flow("f", { urgent, other }).run({ clock, concurrency: 1 }));
    expect(diary.started).toEqual(["failing", "urgent", "other"]);
  });

  it("whose attempt was abandoned is abandoned, and its value is there", async () => {
    const clock = new VirtualClock();
    const never = new Gate<string>();
    const deaf = task("deaf", () => never.promise, { timeoutMs: 10, fallback: () => "instead" });
    const next = task("next", { deaf }, ({ deaf }) => deaf);
    const report = await clock.run(flow("f", { next }).run({ clock, graceMs: 5 }));
    expect(report.unwrap()).toEqual({ next: "instead" });
    expect(row(report, "deaf")).toMatchObject({
      status: "abandoned",
      tolerated: true,
      fallback: true,
    });
    never.open("late");
  });

  it("has it asked too when its inputs could not be resolved", async () => {
    const clock = new VirtualClock();
    const list = task("list", (): { a?: { b: number } } => ({}));
    const reads = task(
      "reads",
      { b: pick(list, ({ a }) => (a as { b: number }).b) },
      ({ b }) => b,
      {
        fallback: () => -1,
      },
    );
    const report = await clock.run(flow("f", { reads }).run({ clock }));
    expect(report.unwrap()).toEqual({ reads: -1 });
    expect(row(report, "reads")).toMatchObject({
      status: "failed",
      attemptCount: 0,
      startAt: null,
      fallback: true,
    });
  });

  it("lets go of the value like any other under `keep: roots`", async () => {
    const clock = new VirtualClock();
    const user = task("user", scripted(clock, { throw: "down" }), { fallback: () => "large" });
    const size = task("size", { user }, ({ user }) => String(user).length);
    const report = await clock.run(flow("f", { size }).run({ clock, keep: "roots" }));
    expect(report.unwrap()).toEqual({ size: 5 });
    expect(report.taskReturnSet.has("user")).toBe(false);
  });

  it("is not checked by the schema of the output", async () => {
    const clock = new VirtualClock();
    const schema = {
      "~standard": {
        version: 1,
        vendor: "here",
        validate: () => ({ issues: [{ message: "never" }] }),
      },
    } as const;
    const user = task("user", () => 1, { output: schema, fallback: () => "unchecked" });
    const report = await clock.run(flow("f", { user }).run({ clock }));
    expect(report.unwrap()).toEqual({ user: "unchecked" });
  });

  it.each(["drain", "continue", { maxFailures: 1 }] as const)(
    "stops nothing, and is no failure that counts, under %o",
    async (failure) => {
      const clock = new VirtualClock();
      const user = task("user", scripted(clock, { throw: "down" }), { fallback: () => 1 });
      const other = task("other", scripted(clock, { ms: 10 }));
      const last = task("last", { user, other }, ({ user }) => user);
      const report = await clock.run(flow("f", { last }).run({ clock, failure }));
      expect(report.unwrap()).toEqual({ last: 1 });
    },
  );

  it("between two attempts when the run drains has failed with the last, and is asked", async () => {
    const clock = new VirtualClock();
    const fails = task("fails", scripted(clock, { ms: 5, throw: "fatal" }));
    const delayed = task("delayed", scripted(clock, { throw: "again" }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 100 },
      fallback: () => "instead",
    });
    const report = await clock.run(flow("f", { fails, delayed }).run({ clock, failure: "drain" }));
    expect(report.outputs).toEqual({ delayed: "instead" });
    expect(report.totalDurationMs).toBe(5);
    expect(statuses(report)).toEqual({ fails: "failed", delayed: "failed" });
  });
});

describe("A fallback is not asked", () => {
  const never = (): never => {
    throw new Error("it was asked");
  };

  it("for a task that was stopped, called off or skipped", async () => {
    const clock = new VirtualClock();
    const fails = task("fails", scripted(clock, { ms: 5, throw: "down" }));
    const stopped = task("stopped", scripted(clock, { ms: 50 }), { fallback: never });
    const skipped = task("skipped", { fails }, scripted(clock, {}), { fallback: never });
    const unwanted = task("unwanted", scripted(clock, {}), { when: () => false, fallback: never });
    const called = task("called", scripted(clock, { ms: 50 }), { fallback: never });
    const run = flow("f", { stopped, skipped, unwanted, called }).start({ clock });
    clock.after(1, () => run.cancelTask("called"));
    const report = await clock.run(run.report);
    expect(statuses(report)).toEqual({
      fails: "failed",
      stopped: "cancelled",
      skipped: "skipped",
      unwanted: "skipped",
      called: "cancelled",
    });
  });

  it("for one that throws when it is asked to stop", async () => {
    const clock = new VirtualClock();
    const run = flow("f", {
      cleans: task(
        "cleans",
        (_, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new Error("while cleaning")));
          }),
        { fallback: never },
      ),
    }).start({ clock });
    clock.after(5, () => run.cancel());
    expect(statuses(await clock.run(run.report))).toEqual({ cleans: "cancelled" });
  });

  it("when it is the journal that failed", async () => {
    const clock = new VirtualClock();
    const one = task("one", scripted(clock, { return: 1 }), { fallback: never });
    const report = await clock.run(
      flow("f", { one }).run({
        clock,
        journal: ({ type }) => {
          if (type === "completed") throw new Error("disk full");
        },
      }),
    );
    expect(report.executionState).toBe("failed");
    expect(row(report, "one")).toMatchObject({ status: "failed" });
    expect(row(report, "one").fallback).toBeUndefined();
  });

  it("for a map that failed as a whole: it is for its items", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => ["same", "same"]);
    const items = map("items", list, () => 1, { key: (item) => item, fallback: never });
    const report = await clock.run(flow("f", { items }).run({ clock }));
    expect(report.errorSummary).toEqual([expect.stringContaining('"same"')]);
  });
});

describe("A fallback that throws", () => {
  it("is the failure, with the first error as its cause, and fails the run", async () => {
    const clock = new VirtualClock();
    const first = new Error("service down");
    const second = new Error("cache empty");
    const user = task(
      "user",
      () => {
        throw first;
      },
      {
        fallback: () => {
          throw second;
        },
      },
    );
    const needs = task("needs", { user }, () => 1);
    const report = await clock.run(flow("f", { needs }).run({ clock }));
    expect(report.executionState).toBe("failed");
    expect(report.outcome(user)).toEqual({ status: "failed", error: second, timedOut: false });
    expect(second.cause).toBe(first);
    expect(report.errorSummary).toEqual(['Task "user" failed: cache empty: service down']);
    expect(row(report, "user")).toMatchObject({ status: "failed" });
    expect(row(report, "user").tolerated).toBeUndefined();
    // The attempt failed with its own error.
    expect(row(report, "user").attemptStatistics[0]).toMatchObject({
      error: { message: "service down" },
    });
    expect(statuses(report).needs).toBe("skipped");
  });

  it("is tolerated where the task's failure is", async () => {
    const clock = new VirtualClock();
    const user = task("user", scripted(clock, { throw: "down" }), {
      onFailure: "ignore",
      fallback: () => {
        throw new Error("empty");
      },
    });
    const report = await clock.run(flow("f", { user }).run({ clock }));
    expect(report.executionState).toBe("completed");
    expect(row(report, "user")).toMatchObject({ tolerated: true, error: { message: "empty" } });
    expect(row(report, "user").fallback).toBeUndefined();
    expect(() => report.unwrap()).toThrow("not every root has a value");
  });

  it("may throw the very error, something that knows it, or what is part of it", async () => {
    const clock = new VirtualClock();
    const inner = new Error("socket");
    const outer = new Error("request", { cause: inner });
    const wrapping = new Error("no user", { cause: outer });
    const thrown = (thrown: unknown) =>
      task(
        `${Math.random()}`,
        () => {
          throw outer;
        },
        {
          fallback: () => {
            throw thrown;
          },
        },
      );
    const [same, knowing, part, unlike] = [outer, wrapping, inner, "text"].map(thrown) as [
      ReturnType<typeof thrown>,
      ReturnType<typeof thrown>,
      ReturnType<typeof thrown>,
      ReturnType<typeof thrown>,
    ];
    const report = await clock.run(
      flow("f", { same, knowing, part, unlike }).run({ clock, failure: "continue" }),
    );
    const errorOf = (one: typeof same) => (report.outcome(one) as { error: Error }).error;
    expect(errorOf(same)).toBe(outer);
    expect(errorOf(knowing)).toBe(wrapping);
    expect(inner.cause).toBeUndefined();
    expect(errorOf(part)).toMatchObject({ errors: [inner], cause: outer });
    expect(errorOf(unlike)).toMatchObject({ errors: [expect.any(NonErrorThrown)], cause: outer });
    expect(summarizeError(errorOf(unlike))).toContain("so did its fallback");
  });

  it("twice the same error: the second failure is its own, and no cause is lost", async () => {
    const clock = new VirtualClock();
    const shared = Object.freeze(new Error("always this one"));
    const broken = (name: string) =>
      task(
        name,
        () => {
          throw new Error(name);
        },
        {
          fallback: () => {
            throw shared;
          },
        },
      );
    const report = await clock.run(
      flow("f", { a: broken("a"), b: broken("b") }).run({ clock, failure: "continue" }),
    );
    expect(report.failures.map(({ error }) => (error as Error).cause)).toEqual([
      new Error("a"),
      new Error("b"),
    ]);
  });
});

describe("A fallback that gives a promise", () => {
  it.each(dispatches)("is awaited, without a slot (dispatch: %s)", async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = new DynamicScheduler(
      [
        ["user", scripted(clock, { ms: 1, throw: "down" })],
        ["other", scripted(clock, { ms: 5 })],
        ["page", (user: unknown) => `hello ${user}`],
      ],
      [{ taskName: "user" }, { taskName: "other" }, { taskName: "page", dependencies: ["user"] }],
      {
        clock,
        dispatch,
        concurrency: 1,
        taskDataRefs: { page: { inputs: [{ from: { task: "user" }, to: { index: 0 } }] } },
        taskOptions: { user: { fallback: () => clock.wait(10).then(() => "guest") } },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(report.outputs).toMatchObject({ user: "guest", page: "hello guest" });
    expect(report.executionState).toBe("completed");
    expect(row(report, "other").startAt).toBe(1);
    expect(row(report, "page").startAt).toBe(11);
    expect(row(report, "user")).toMatchObject({ status: "failed", tolerated: true, endAt: 1 });
  });

  it("that is rejected is the failure", async () => {
    const clock = new VirtualClock();
    const user = task("user", scripted(clock, { throw: "down" }), {
      fallback: async () => {
        await clock.wait(3);
        throw new Error("cache empty");
      },
    });
    const report = await clock.run(flow("f", { user }).run({ clock }));
    expect(report.errorSummary).toEqual(['Task "user" failed: cache empty: down']);
  });

  it("may be any thenable, which is asked once; one that cannot be looked at has thrown", async () => {
    const clock = new VirtualClock();
    let queries = 0;
    const lazy = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
      then: (resolve: (value: string) => void) => {
        queries++;
        resolve("row");
      },
    };
    const hostile = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
      get then(): never {
        throw new Error("then, read");
      },
    };
    const query = task("query", scripted(clock, { throw: "down" }), { fallback: () => lazy });
    const refuses = task("refuses", scripted(clock, { throw: "down" }), {
      fallback: () => hostile,
    });
    const report = await clock.run(
      flow("f", { query, refuses }).run({ clock, failure: "continue" }),
    );
    expect(report.outputs).toEqual({ query: "row" });
    expect(queries).toBe(1);
    expect(report.errorSummary).toEqual(['Task "refuses" failed: then, read: down']);
  });

  it.each(dispatches)("is let end when the run is stopped (dispatch: %s)", async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = new DynamicScheduler(
      [["user", scripted(clock, { throw: "down" })]],
      [{ taskName: "user" }],
      { clock, dispatch, taskOptions: { user: { fallback: () => clock.wait(20).then(() => 1) } } },
    );
    const run = scheduler.start();
    clock.after(5, () => run.cancel());
    const report = await clock.run(run.report);
    expect(report.executionState).toBe("cancelled");
    expect(report.totalDurationMs).toBe(20);
    expect(row(report, "user")).toMatchObject({ status: "failed", fallback: true });
  });

  it.each(dispatches)(
    "is left behind after the grace period, and says so (dispatch: %s)",
    async (dispatch) => {
      const clock = new VirtualClock();
      const late = new Gate<number>();
      const scheduler = new DynamicScheduler(
        [["user", scripted(clock, { throw: "down" })]],
        [{ taskName: "user" }],
        { clock, dispatch, graceMs: 10, taskOptions: { user: { fallback: () => late.promise } } },
      );
      const unheard = await escaped(async () => {
        const run = scheduler.start();
        clock.after(5, () => run.cancel());
        clock.after(7, () => run.cancel());
        const report = await clock.run(run.report);
        expect(report.totalDurationMs).toBe(15);
        expect(row(report, "user").tolerated).toBeUndefined();
        expect(report.errorSummary).toEqual([
          'Task "user" failed: The fallback of task "user" had not ended 10 ms after it was called off: down',
        ]);
        late.fail(new Error("too late"));
      });
      expect(unheard).toEqual([]);
      expect(clock.pending).toBe(0);
    },
  );

  it("is waited for in the same way when its task alone is called off", async () => {
    const clock = new VirtualClock();
    const user = task("user", scripted(clock, { throw: "down" }), {
      fallback: () => new Promise<number>(() => {}),
    });
    const run = flow("f", { user }).start({ clock, graceMs: 10, failure: "continue" });
    clock.after(5, () => run.cancelTask("user"));
    const report = await clock.run(run.report);
    expect(report.totalDurationMs).toBe(15);
    expect(report.errorSummary[0]).toContain("10 ms after it was called off");
  });

  it("of a tail goes on after the run, and the tail's statistics tell of it", async () => {
    const clock = new VirtualClock();
    const tail = task("tail", scripted(clock, { throw: "down" }), {
      fallback: () => clock.wait(20).then(() => 1),
    });
    const root = task("root", scripted(clock, { ms: 5 }));
    const report = await clock.run(flow("f", { root }, { tails: { tail } }).run({ clock }));
    expect(report.totalDurationMs).toBe(5);
    expect(statuses(report).tail).toBe("detached");
    expect(await clock.run(report.tail)).toMatchObject([
      { taskName: "tail", status: "failed", tolerated: true, fallback: true },
    ]);
  });
});

describe("The fallback of a map", () => {
  it("is each item's: the map completes with its values among the others, in order", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [1, 2, 3, 4]);
    const odd = map(
      "odd",
      list,
      (n) => {
        if (n % 2 === 0) throw new Error(`${n} is even`);
        return n * 10;
      },
      { fallback: (error) => (error as Error).message },
    );
    const sum = task("sum", { odd, end: settled(odd) }, ({ odd, end }) => [odd.length, end.status]);
    const report = await clock.run(flow("f", { odd, sum }).run({ clock }));
    expect(report.unwrap()).toEqual({
      odd: [10, "2 is even", 30, "4 is even"],
      sum: [4, "completed"],
    });
    expect(row(report, "odd")).toMatchObject({ status: "completed", fallback: true });
    expect(row(report, "odd[1]")).toMatchObject({ status: "failed", tolerated: true });
    expect(report.toleratedFailures).toBe(2);
  });

  it("that throws fails the map: its error names those items only, and carries all other values", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [0, 1, 2]);
    const items = map(
      "items",
      list,
      (n): number => {
        if (n > 0) throw new Error(`${n}`);
        return n;
      },
      {
        fallback: (error) => {
          if ((error as Error).message === "2") throw error;
          return -1;
        },
      },
    );
    const report = await clock.run(flow("f", { items }).run({ clock, failure: "continue" }));
    const { error } = report.outcome(items) as Extract<Outcome<unknown>, { status: "failed" }>;
    expect((error as MapError).failures.map(({ index }) => index)).toEqual([2]);
    expect((error as MapError).completed.map(({ value }) => value)).toEqual([0, -1]);
    expect(report.errorSummary).toEqual(['Task "items[2]" failed: 2']);
  });

  it("stands in for items that were abandoned", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => [1, 2]);
    const items = map("items", list, (n) => (n === 1 ? n : new Promise<number>(() => {})), {
      timeoutMs: 10,
      fallback: () => 0,
    });
    const report = await clock.run(flow("f", { items }).run({ clock, graceMs: 5 }));
    expect(report.unwrap()).toEqual({ items: [1, 0] });
    expect(statuses(report)).toMatchObject({ items: "completed", "items[1]": "abandoned" });
  });

  it("is refused where nobody would be given its value", () => {
    const list = task("list", () => [1]);
    const items = map("items", list, () => 1, { items: "settled", fallback: () => 2 });
    expect(() => flow("f", { items })).toThrow(
      expect.objectContaining({
        issues: [
          expect.objectContaining({
            code: "unread-fallback",
            message:
              'The fallback of map "items" is for nobody, since its items fail alone and the map gives their outcomes: leave out `fallback` or `items: "settled"`',
            path: ["tasks", "items", "fallback"],
          }),
        ],
      }),
    );
  });
});

describe("What a fallback gave is not stored", () => {
  const day = param<number>("day");
  /** A source that is down, with what depends on it, and a map of which some items are. */
  function site(clock: VirtualClock, down: boolean) {
    const diary = new Diary(clock);
    const fallback = (): string => "instead";
    const work = down ? { throw: "down" } : { return: "fresh" };
    const source = task("source", { day }, diary.task(work), { fallback });
    const page = task("page", { source }, ({ source }) => `page of ${source}`);
    const list = task("list", () => [0, 1]);
    const half = map(
      "half",
      list,
      (n, _, { taskName }) => {
        diary.started.push(taskName);
        if (down && n === 1) throw new Error("down");
        return n;
      },
      { fallback },
    );
    const end = task("end", { half }, ({ half }) => half.join());
    return { diary, graph: flow("site", { page, end }) };
  }

  it.each(["its report", "its journal"])(
    "by %s: task, map and dependents run again, all else is restored",
    async (by) => {
      const clock = new VirtualClock();
      const notebook = new Notebook();
      const params = { day: 1 };
      const first = site(clock, true);
      const report = await clock.run(first.graph.run({ clock, params, journal: notebook.journal }));
      expect(report.unwrap()).toEqual({ page: "page of instead", end: "0,instead" });
      expect(notebook.tasks).toEqual(["list", "page", "half[0]", "end"]);
      expect(Object.keys(written(report).outputs ?? {}).sort()).toEqual([
        "end",
        "half[0]",
        "list",
        "page",
      ]);
      const resumeFrom = by === "its report" ? written(report) : reportOfJournal(notebook.entries);
      const second = site(clock, false);
      const again = await clock.run(second.graph.run({ clock, params, resumeFrom }));
      expect(again.unwrap()).toEqual({ page: "page of fresh", end: "0,1" });
      expect(again.resume?.restored).toEqual(["list", "half[0]"]);
      expect(second.diary.started).toEqual(["source", "half[1]"]);
      const why = Object.fromEntries(again.resume?.rerun.map(({ task, why }) => [task, why]) ?? []);
      expect(why.page).toBe('its dependency "source" runs again');
      expect(why.end).toBe('its dependency "half" runs again');
      if (by !== "its report") return;
      expect(why.source).toBe("it had failed");
      expect(why.half).toBe("its output was not stored");
    },
  );
});

describe("A fallback is told", () => {
  it("to observers, with the end of its task", async () => {
    const clock = new VirtualClock();
    const events: RunEvent[] = [];
    const user = task("user", scripted(clock, { ms: 2, throw: "down" }), {
      fallback: () => clock.wait(3).then(() => 1),
    });
    const observers = [fromEvents("all", (event) => void events.push(event))];
    await clock.run(flow("f", { user }).run({ clock, observers }));
    const told = events.flatMap((event) =>
      event.type === "task.status" ? [[event.at - Date.UTC(2026, 0, 1), event.to]] : [],
    );
    expect(told).toEqual([
      [0, "waiting"],
      [0, "ready"],
      [0, "running"],
      [5, "failed"],
    ]);
    expect(events.find(({ type }) => type === "task.end")).toMatchObject({
      outcome: { status: "failed", tolerated: true, fallback: true, timedOut: false },
    });
    expect(events.at(-1)).toMatchObject({ toleratedFailures: 1, firstFailure: undefined });
  });

  it("in the plan", () => {
    const list = task("list", () => [1], { fallback: () => [] });
    const items = map("items", list, () => 1, { fallback: () => 2 });
    const text = flow("f", { items }).plan().explain();
    expect(text).toContain("  list (it has a fallback)\n");
    expect(text).toContain("  items (map, its items have a fallback) ← list");
  });

  it("in a trace, and a recorded run gives the same report again", async () => {
    const clock = new VirtualClock();
    const at = task("at", scripted(clock, { throw: "down" }), { fallback: () => "once" });
    const later = task("later", { at }, scripted(clock, { throw: "down" }), {
      fallback: () => clock.wait(2).then(() => "later"),
    });
    const { options, recording } = recorded({ clock });
    const graph = flow("f", { later });
    const report = await clock.run(graph.run(options));
    expect(trace(graph.plan(), recording)).toEqual([
      "0 begin → start at",
      "0 at threw → fallback at",
      "0 at fell back → start later",
      "0 later threw → fallback later",
      "0 later waits for its fallback",
      "2 later fell back → settle, close",
    ]);
    expect(replay(graph.plan(), recording).outputs).toEqual({ later: "later" });
    expect(replay(graph.plan(), recording).toJSON()).toEqual(report.toJSON());
  });

  it("is asked for 20,000 at once, and what lives and what runs in the end are as always", async () => {
    const list = task("list", () => Array.from({ length: 20_000 }, (_, at) => at));
    const each = map("each", list, (at) => at, {
      resources: { r: () => -1 },
      fallback: () => 0,
    });
    const close = task("close", () => "closed");
    const report = await flow("f", { each }, { finally: { close } }).run({ resources: { r: 1 } });
    expect(report).toMatchObject({ executionState: "completed", toleratedFailures: 20_000 });
    expect(statuses(report)).toMatchObject({ close: "completed" });
  });

  it("is refused when it is no function", () => {
    // @ts-expect-error a value is given by a function
    const user = task("user", () => [1], { fallback: [] });
    expect(() => flow("f", { user })).toThrow(PlanError);
    expect(() => flow("f", { user })).toThrow(
      'Expected `fallback` of task "user" to be a function, got `an array`',
    );
    const typo = task("user", () => 1, { recover: () => 2 } as object);
    expect(() => flow("f", { typo })).toThrow('Did you mean "fallback"?');
  });
});
