import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  BudgetExhaustedError,
  flow,
  map,
  RateLimit,
  Semaphore,
  type TaskContext,
  task,
  value,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, row, starts, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("context.spent()", () => {
  /** Asks for 5, and says after 10 ms what it was. */
  const asks = (clock: VirtualClock, name: string, ...said: number[]) =>
    task(
      name,
      async (_: unknown, context: TaskContext) => {
        await clock.wait(10);
        for (const amount of said) context.spent("llm", amount);
      },
      { resources: { llm: 5 } },
    );

  it("gives back nothing that time has brought back already", async () => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 10, perMs: 1000 });
    const slow = map(
      "slow",
      value([0, 1, 2, 3, 4]),
      async (at, _, context) => {
        await clock.wait(10_000 - at * 1000);
        context.spent("llm", 0);
      },
      { resources: { llm: 10 } },
    );
    const next = map("next", slow, () => clock.now(), { resources: { llm: 10 } });
    const report = await clock.run(flow("f", { next }).run({ clock, resources: { llm } }));
    const begun = report.unwrap().next;
    // Five took ten each, a second apart: the last of them is back long since.
    expect(begun).toEqual([10_000, 11_000, 12_000, 13_000, 14_000]);
  });

  it("gives back what was too much, to whoever waits", async () => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 10, perMs: 1000 });
    const first = asks(clock, "first", 1);
    const second = asks(clock, "second");
    const third = asks(clock, "third");
    const report = await clock.run(
      flow("f", { first, second, third }).run({ clock, resources: { llm } }),
    );
    // 10 at once; the third needs 5, of which 4 come back after 10 ms, and 0.1 has come back by itself.
    expect(starts(report)).toEqual({ first: 0, second: 0, third: 100 });
  });

  it("makes a debt of what is missing, which delays who comes next", async () => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 10, perMs: 1000 });
    const first = asks(clock, "first", 25);
    const second = asks(clock, "second");
    const later = flow("later", { second });
    await clock.run(flow("f", { first }).run({ clock, resources: { llm } }));
    const report = await clock.run(later.run({ clock, resources: { llm } }));
    // 25 of 10 are spent: 20 must have come back before 5 more may be.
    expect(starts(report)).toEqual({ second: 1990 });
  });

  it("counts what it said last, and nothing after its attempt has ended", async () => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 10, perMs: 1000 });
    let late: TaskContext | undefined;
    const first = task(
      "first",
      async (_, context) => {
        late = context;
        context.spent("llm", 1000);
        context.spent("llm", 10);
      },
      { resources: { llm: 5 } },
    );
    await clock.run(flow("f", { first }).run({ clock, resources: { llm } }));
    late?.spent("llm", 0);
    const report = await clock.run(
      flow("g", { second: asks(clock, "second") }).run({ clock, resources: { llm } }),
    );
    expect(starts(report)).toEqual({ second: 500 });
  });

  it("is also for a task that has asked for nothing", async () => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 10, perMs: 1000 });
    const first = task("first", (_, { spent }) => {
      spent("llm", 100);
      spent("llm", 10);
    });
    const second = task("second", { first }, () => 1, { resources: { llm: 1 } });
    const report = await clock.run(flow("f", { second }).run({ clock, resources: { llm } }));
    expect(starts(report)).toMatchObject({ second: 100 });
  });

  it.each<[string, unknown, string]>([
    ["lmmm", 1, 'context.spent("lmmm", …): the run has no rate limit of that name.'],
    [
      "tokenz",
      1,
      'context.spent("tokenz", …): the run has no rate limit of that name. Did you mean "tokens"?',
    ],
    ["db", 1, 'context.spent("db", …): the run has no rate limit of that name.'],
    ["gpu", 1, 'context.spent("gpu", …): the run has no rate limit of that name.'],
    ["llm", -1, "context.spent() needs a finite amount from 0 up, got -1"],
    ["llm", Number.NaN, "context.spent() needs a finite amount from 0 up, got NaN"],
    ["llm", "3", 'context.spent() needs a finite amount from 0 up, got "3"'],
  ])("of %j, %j throws", async (resource, amount, message) => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 10, perMs: 1000 });
    const t = task("t", (_, context) => context.spent(resource, amount as number));
    const report = await clock.run(
      flow("f", { t }).run({
        clock,
        resources: { llm, tokens: llm, db: 1, gpu: new Semaphore(1) },
      }),
    );
    expect(report.failures[0]?.error).toBeInstanceOf(TypeError);
    expect(report.failures).toMatchObject([{ error: { message } }]);
  });
});

describe("A budget", () => {
  const spends = (diary: Diary, name: string, tokens: number, ms = 10) =>
    task(name, diary.task({ ms }), { resources: { tokens } });

  it("fails who can never be served, and nobody else", async () => {
    const { clock, diary } = setup();
    const tokens = new RateLimit({ limit: 10, perMs: Number.POSITIVE_INFINITY });
    const report = await clock.run(
      flow("f", {
        a: spends(diary, "a", 6),
        b: spends(diary, "b", 6),
        c: spends(diary, "c", 4),
      }).run({ clock, failure: "continue", resources: { tokens } }),
    );
    expect(statuses(report)).toEqual({ a: "completed", b: "failed", c: "completed" });
    const [failure] = report.failures;
    expect(failure?.error).toBeInstanceOf(BudgetExhaustedError);
    expect(failure?.error).toMatchObject({
      resource: "tokens",
      needed: 6,
      left: 4,
      retryable: false,
      code: "ASTRUM_BUDGET_EXHAUSTED",
      message:
        'The budget "tokens" is exhausted: 6 are needed, 4 are left, and no running task can give any back',
    });
    expect(row(report, "b")).toMatchObject({ attemptCount: 0, status: "failed" });
    expect(report.run.config.rates).toEqual({ tokens: { limit: 10, perMs: null, burst: 10 } });
  });

  it("is not exhausted while somebody can give units back", async () => {
    const { clock, diary } = setup();
    const tokens = new RateLimit({ limit: 10, perMs: Number.POSITIVE_INFINITY });
    const estimate = task(
      "estimate",
      async (_, context) => {
        await clock.wait(10);
        context.spent("tokens", 2);
        await clock.wait(10);
      },
      { resources: { tokens: 8 } },
    );
    const report = await clock.run(
      flow("f", {
        estimate,
        b: spends(diary, "b", 6),
        c: spends(diary, "c", 6),
      }).run({ clock, failure: "continue", resources: { tokens } }),
    );
    expect(starts(report)).toMatchObject({ estimate: 0, b: 10 });
    // `estimate` could have given back 2 until 20, `b` its 6 until 20.
    expect(row(report, "c")).toMatchObject({ status: "failed", attemptCount: 0 });
    expect(report.totalDurationMs).toBe(20);
  });

  it("is spent by all runs that are given it, and by retries", async () => {
    const { clock, diary } = setup();
    const tokens = new RateLimit({ limit: 2, perMs: Number.POSITIVE_INFINITY });
    const fails = task("fails", diary.task({ throw: "no" }), {
      retry: 5,
      resources: { tokens: 1 },
    });
    const report = await clock.run(flow("f", { fails }).run({ clock, resources: { tokens } }));
    expect(diary.started).toEqual(["fails", "fails"]);
    expect(row(report, "fails")).toMatchObject({ status: "failed", attemptCount: 2 });
    expect(report.failures[0]?.error).toBeInstanceOf(BudgetExhaustedError);
    const next = await clock.run(
      flow("g", { more: spends(diary, "more", 1) }).run({ clock, resources: { tokens } }),
    );
    expect(next.executionState).toBe("failed");
  });

  it("that ends a task which had failed before does not hide with what", async () => {
    const { clock, diary } = setup();
    const tokens = new RateLimit({ limit: 1, perMs: Number.POSITIVE_INFINITY });
    const error = new Error("refused");
    const fails = task("fails", diary.task({ throw: error as never }), {
      retry: 5,
      resources: { tokens: 1 },
    });
    const report = await clock.run(flow("f", { fails }).run({ clock, resources: { tokens } }));
    expect(report.failures[0]?.error).toMatchObject({
      name: "BudgetExhaustedError",
      cause: error,
    });
    expect(report.errorSummary[0]).toContain(": refused");
  });

  it("fails thousands who wait for it, one after the other", async () => {
    const { clock, diary } = setup();
    const tokens = new RateLimit({ limit: 1, perMs: Number.POSITIVE_INFINITY });
    const list = task("list", () => Array.from({ length: 5000 }));
    const items = map("items", list, diary.item(), { items: "settled", resources: { tokens: 1 } });
    const report = await clock.run(flow("f", { items }).run({ clock, resources: { tokens } }));
    expect(report.toleratedFailures).toBe(4999);
    expect(diary.started).toHaveLength(1);
  });

  it("is exhausted by an end that also makes ready who comes before those that wait", async () => {
    const { clock, diary } = setup();
    const resources = {
      tokens: new RateLimit({ limit: 10, perMs: Number.POSITIVE_INFINITY }),
      calls: new RateLimit({ limit: 10, perMs: 1000 }),
    };
    const asks = { resources: { tokens: 5, calls: 1 } };
    const first = spends(diary, "first", 6);
    const alone = spends(diary, "alone", 5);
    const behind = task("behind", diary.task({}), asks);
    const urgent = task("urgent", { first }, diary.task({}), { ...asks, priority: 10 });
    const report = await clock.run(
      flow("f", { first, alone, behind, urgent }).run({ clock, failure: "continue", resources }),
    );
    expect(statuses(report)).toEqual({
      first: "completed",
      alone: "failed",
      behind: "failed",
      urgent: "failed",
    });
  });

  it("is not exhausted for who needs less, and comes before another at the instant at which that one is denied", async () => {
    const { clock, diary } = setup();
    const tokens = new RateLimit({ limit: 10, perMs: Number.POSITIVE_INFINITY });
    const items = map("items", value([6, 1, 2]), diary.item(), {
      concurrency: 1,
      priority: 10,
      resources: { tokens: (units) => units },
    });
    const needed = task("needed", () => 5);
    const denied = task("denied", { needed }, diary.task({}), {
      resources: { tokens: ({ needed }) => needed },
    });
    const report = await clock.run(
      flow("f", { items, denied }).run({ clock, failure: "continue", resources: { tokens } }),
    );
    expect(statuses(report)).toMatchObject({ items: "completed", denied: "failed" });
    expect(report.failures.map(({ task }) => task)).toEqual(["denied"]);
    expect(report.failures[0]?.error).toMatchObject({ needed: 5 });
  });
});

describe("retryAfter of an error", () => {
  const busy = (resource: string, ms: number) =>
    Object.assign(new Error("429"), { retryAfter: { resource, ms } });

  it("makes everybody wait who needs that resource, in every run", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 100, perMs: 100 });
    let calls = 0;
    const refused = task(
      "refused",
      () => {
        if (calls++ === 0) throw busy("llm", 500);
      },
      { retry: 1, resources: { llm: 1 } },
    );
    const uses = (name: string) =>
      task(name, { refused: refused }, diary.task({ ms: 1 }), { resources: { llm: 1 } });
    const other = task("other", diary.task({ ms: 1 }));
    const first = flow("f", { uses: uses("uses"), other }).run({ clock, resources: { llm } });
    await clock.advance(10);
    const waits = task("waits", diary.task({ ms: 1 }), { resources: { llm: 1 } });
    const second = flow("g", { waits }).run({ clock, resources: { llm } });
    const [report, elsewhere] = await clock.run(Promise.all([first, second]));
    expect(starts(report)).toMatchObject({ other: 0, uses: 500 });
    expect(row(report, "refused").attemptStatistics).toMatchObject([
      { startAt: 0, delayMs: 0 },
      { startAt: 500, limitedBy: "resource:llm" },
    ]);
    expect(starts(elsewhere)).toEqual({ waits: 490 });
  });

  it("concerns the others also when the task is not tried again, and a semaphore too", async () => {
    const { clock, diary } = setup();
    const gpu = new Semaphore(3);
    const refused = task(
      "refused",
      () => {
        throw busy("gpu", 300);
      },
      { onFailure: "ignore", resources: { gpu: 1 } },
    );
    const waits = task("waits", diary.task({ ms: 1 }), { resources: { gpu: 1 }, priority: -1 });
    const report = await clock.run(
      flow("f", { refused, waits }).run({ clock, concurrency: 1, resources: { gpu } }),
    );
    expect(starts(report)).toMatchObject({ waits: 300 });
  });

  it("lets those attempts go on that run", async () => {
    const { clock, diary } = setup();
    const llm = new RateLimit({ limit: 100, perMs: 100 });
    const refused = task(
      "refused",
      async () => {
        await clock.wait(10);
        throw busy("llm", 500);
      },
      { onFailure: "ignore", resources: { llm: 1 } },
    );
    const runs = task("runs", diary.task({ ms: 30 }), { resources: { llm: 1 } });
    const report = await clock.run(flow("f", { runs, refused }).run({ clock, resources: { llm } }));
    const { status, attemptStatistics } = row(report, "runs");
    expect(status).toBe("completed");
    expect(attemptStatistics.map(({ startAt, endAt }) => [startAt, endAt])).toEqual([[0, 30]]);
  });

  it("is the task's own delay where the resource is the run's own, or none", async () => {
    const { clock, diary } = setup();
    for (const resource of ["db", "unheard of"]) {
      let calls = 0;
      const refused = task(
        "refused",
        () => {
          if (calls++ === 0) throw busy(resource, 200);
        },
        { retry: { attempts: 1, backoff: "fixed", baseMs: 10 }, resources: { db: 1 } },
      );
      const other = task("other", diary.task({ ms: 1 }), { resources: { db: 1 }, priority: -1 });
      const report = await clock.run(
        flow("f", { refused, other }).run({ clock, resources: { db: 1 } }),
      );
      expect(row(report, "refused").attemptStatistics[0]).toMatchObject({ delayMs: 200 });
      expect(starts(report)).toMatchObject({ other: 0 });
    }
  });

  it("that is longer than a day is a day: nobody waits for ever", async () => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 100, perMs: 100 });
    let calls = 0;
    const refused = task(
      "refused",
      () => {
        if (calls++ === 0) throw busy("llm", 1e300);
      },
      { retry: 1, resources: { llm: 1 } },
    );
    const report = await clock.run(flow("f", { refused }).run({ clock, resources: { llm } }));
    expect(report).toMatchObject({ executionState: "completed", totalDurationMs: 86_400_000 });
  });

  it("keeps nothing of the run that met it, which may be over long before", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const llm = new RateLimit({ limit: 100, perMs: 100 });
    const refs: WeakRef<object>[] = [];
    const once = async (): Promise<void> => {
      const value = { large: new Array(1000) };
      refs.push(new WeakRef(value));
      const gives = task("gives", () => value);
      const refused = task(
        "refused",
        { gives },
        () => {
          throw busy("llm", 60_000);
        },
        { resources: { llm: 1 } },
      );
      await flow("f", { refused }).run({ resources: { llm } });
    };
    await once();
    for (let turn = 0; turn < 5; turn++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refs.map((ref) => ref.deref())).toEqual([undefined]);
    expect(llm.limit).toBe(100);
  });

  it("that is none is let pass", async () => {
    const { clock } = setup();
    const llm = new RateLimit({ limit: 100, perMs: 100 });
    for (const retryAfter of [
      null,
      5,
      { resource: "llm" },
      { resource: 1, ms: 5 },
      { resource: "llm", ms: -5 },
      { resource: "llm", ms: Infinity },
    ]) {
      const refused = task(
        "refused",
        () => {
          throw Object.assign(new Error("429"), { retryAfter });
        },
        { retry: 1, resources: { llm: 1 } },
      );
      const report = await clock.run(flow("f", { refused }).run({ clock, resources: { llm } }));
      expect(report.totalDurationMs).toBe(0);
    }
  });
});
