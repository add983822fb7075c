import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/contract/clock.ts";
import { flow, NonRetryableError, type RetryPolicy, Semaphore, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, escaped, row, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

/** The delays after each attempt of a task that always fails. */
async function delays(
  retry: number | RetryPolicy,
  thrown: (attempt: number) => unknown = (attempt) => new Error(`no ${attempt}`),
  random?: () => number,
): Promise<(number | undefined)[]> {
  const clock = new VirtualClock();
  const fails = task(
    "fails",
    (_, { attempt }) => {
      throw thrown(attempt);
    },
    { retry },
  );
  const report = await clock.run(
    flow("f", { fails }).run(random === undefined ? { clock } : { clock, random }),
  );
  return row(report, "fails").attemptStatistics.map(({ delayMs }) => delayMs);
}

const NONE = undefined;

describe("A retry", () => {
  it("is made as often as allowed, and the last failure is final", async () => {
    const { clock } = setup();
    const fails = task(
      "fails",
      (_, { attempt }) => {
        throw new Error(`no ${attempt}`);
      },
      { retry: 3 },
    );
    const report = await clock.run(flow("f", { fails }).run({ clock }));
    expect(row(report, "fails")).toMatchObject({ attemptCount: 4, retry: 3, status: "failed" });
    expect(report.errorSummary).toEqual(['Task "fails" failed after 4 attempts: no 4']);
    expect(report.totalAttempts).toBe(4);
  });

  it("that succeeds completes the task, which is then called flaky", async () => {
    const { clock } = setup();
    const flaky = task(
      "flaky",
      (_, { attempt }) => {
        if (attempt === 1) throw new Error("first");
        return attempt;
      },
      { retry: 1 },
    );
    const report = await clock.run(flow("f", { flaky }).run({ clock }));
    expect(report).toMatchObject({ executionState: "completed", flakyTasks: 1, errorSummary: [] });
    expect(report.outputs.flaky).toBe(2);
    expect(row(report, "flaky").attemptStatistics).toMatchObject([
      { attemptNumber: 1, status: "failed", errorMessage: "first", willRetry: true },
      { attemptNumber: 2, status: "completed", willRetry: false },
    ]);
  });

  it("sees the inputs that were resolved once, and the condition is not asked again", async () => {
    const { clock } = setup();
    let asked = 0;
    const seen: unknown[] = [];
    const source = task("source", () => ({ n: 1 }));
    const flaky = task(
      "flaky",
      { source },
      ({ source }, { attempt }) => {
        seen.push(source);
        if (attempt < 3) throw new Error("again");
      },
      { retry: 2, when: () => ++asked > 0 },
    );
    await clock.run(flow("f", { flaky }).run({ clock }));
    expect(asked).toBe(1);
    expect(new Set(seen).size).toBe(1);
    expect(seen).toHaveLength(3);
  });

  it("may be the hundred thousandth of a synchronous function: no stack grows", async () => {
    const { clock } = setup();
    const again = new Error("again");
    let calls = 0;
    const fails = task(
      "fails",
      () => {
        if (++calls <= 100_000) throw again;
      },
      { retry: 100_000 },
    );
    const report = await clock.run(flow("f", { fails }).run({ clock }));
    expect(report.executionState).toBe("completed");
    expect(report.totalAttempts).toBe(100_001);
    expect(report.analysis.criticalPath).toHaveLength(100_001);
  });
});

describe("The back-off", () => {
  it("is none for a plain number, and by default", async () => {
    expect(await delays(2)).toEqual([0, 0, NONE]);
    expect(await delays({ attempts: 2 })).toEqual([0, 0, NONE]);
    expect(await delays({ attempts: 1, backoff: "none", baseMs: 500 })).toEqual([0, NONE]);
  });

  it("`fixed` is `baseMs`, 100 by default", async () => {
    expect(await delays({ attempts: 3, backoff: "fixed" })).toEqual([100, 100, 100, NONE]);
    expect(await delays({ attempts: 2, backoff: "fixed", baseMs: 7 })).toEqual([7, 7, NONE]);
  });

  it("`linear` grows by `baseMs`, and never goes over `maxMs`", async () => {
    expect(await delays({ attempts: 3, backoff: "linear" })).toEqual([100, 200, 300, NONE]);
    const capped = { attempts: 4, backoff: "linear", baseMs: 10, maxMs: 25 } as const;
    expect(await delays(capped)).toEqual([10, 20, 25, 25, NONE]);
  });

  it("`exponential` doubles, and never goes over `maxMs`, 30,000 by default", async () => {
    expect(await delays({ attempts: 5, backoff: "exponential" })).toEqual([
      100,
      200,
      400,
      800,
      1600,
      NONE,
    ]);
    expect(await delays({ attempts: 4, backoff: "exponential", baseMs: 10, maxMs: 35 })).toEqual([
      10,
      20,
      35,
      35,
      NONE,
    ]);
    expect((await delays({ attempts: 60, backoff: "exponential" })).at(-2)).toBe(30_000);
  });

  it("`exponential` of nothing is nothing, however often it is doubled", async () => {
    const policy = { attempts: 1030, backoff: "exponential", baseMs: 0 } as const;
    expect(new Set(await delays(policy))).toEqual(new Set([0, NONE]));
  });

  it("of your own is asked with the number of the retry and the error", async () => {
    const asked: unknown[] = [];
    const backoff = (retry: number, error: unknown): number => {
      asked.push([retry, (error as Error).message]);
      return retry * 5;
    };
    expect(await delays({ attempts: 2, backoff })).toEqual([5, 10, NONE]);
    expect(asked).toEqual([
      [1, "no 1"],
      [2, "no 2"],
    ]);
    expect(await delays({ attempts: 1, backoff: () => 1e9, maxMs: 50 })).toEqual([50, NONE]);
  });

  it.each([Number.NaN, -1, "5", undefined])(
    "of your own that gives %s fails the task and says so",
    async (given) => {
      const { clock } = setup();
      const fails = task(
        "fails",
        () => {
          throw new Error("the first");
        },
        { retry: { attempts: 3, backoff: () => given as number } },
      );
      const report = await clock.run(flow("f", { fails }).run({ clock }));
      expect(row(report, "fails").attemptCount).toBe(1);
      const { error } = report.outcome(fails) as { error: AggregateError };
      expect(error.message).toContain(
        'Task "fails" failed: the first; and so did its retry policy: Expected the back-off',
      );
      expect(report.errorSummary).toEqual([error.message]);
      expect(error.errors).toMatchObject([{ message: "the first" }, { name: "RangeError" }]);
    },
  );

  it("with full jitter is a random part of itself", async () => {
    const given = [0, 0.5, 0.25];
    const random = (): number => given.shift() as number;
    expect(
      await delays(
        { attempts: 3, backoff: "exponential", baseMs: 100, jitter: "full" },
        undefined,
        random,
      ),
    ).toEqual([0, 100, 100, NONE]);
  });

  it("without jitter asks for no random number", async () => {
    const random = vi.fn(() => 0.5);
    await delays({ attempts: 2, backoff: "fixed" }, undefined, random);
    expect(random).not.toHaveBeenCalled();
  });

  it("of hours is waited for on the clock of the run", async () => {
    const { clock, diary } = setup();
    const hour = 3_600_000;
    const fails = task("fails", diary.task({ throw: "again" }), {
      retry: { attempts: 3, backoff: "fixed", baseMs: hour, maxMs: hour },
    });
    const report = await clock.run(flow("f", { fails }).run({ clock }));
    expect(report.totalDurationMs).toBe(3 * hour);
    expect(diary.started).toHaveLength(4);
    expect(row(report, "fails")).toMatchObject({ durationMs: 3 * hour, runMs: 0, queuedMs: 0 });
  });
});

describe("No retry follows", () => {
  it("what `retryIf` refuses", async () => {
    const asked: unknown[] = [];
    const retryIf = (error: unknown, retry: number): boolean => {
      asked.push([(error as Error).message, retry]);
      return retry < 3;
    };
    expect(await delays({ attempts: 9, retryIf })).toEqual([0, 0, NONE]);
    expect(asked).toEqual([
      ["no 1", 1],
      ["no 2", 2],
      ["no 3", 3],
    ]);
  });

  it("a `retryIf` that throws", async () => {
    const thrown = new Error("policy");
    const retryIf = (): boolean => {
      throw thrown;
    };
    expect(await delays({ attempts: 3, retryIf })).toEqual([NONE]);
  });

  it("a back-off that gives a promise, whose rejection is nobody's and whose end the attempt waits for", async () => {
    const { clock } = setup();
    const lost = await escaped(async () => {
      const backoff = (async (): Promise<number> => {
        await clock.wait(10);
        throw new Error("late");
      }) as never;
      const fails = task(
        "fails",
        () => {
          throw new Error("no");
        },
        { retry: { attempts: 3, backoff } },
      );
      const report = await clock.run(flow("f", { fails }).run({ clock }));
      expect(row(report, "fails")).toMatchObject({ attemptCount: 1, endAt: 10 });
      expect(row(report, "fails").error?.message).toMatch(
        /so did its retry policy: .* got a promise$/,
      );
    });
    expect(lost).toEqual([]);
  });

  it.each([Number.NaN, -1, 2, "0.5", undefined])("for jitter drawn as %s", async (drawn) => {
    const policy: RetryPolicy = { attempts: 2, backoff: "fixed", jitter: "full" };
    expect(await delays(policy, undefined, () => drawn as number)).toEqual([NONE]);
  });

  it("a NonRetryableError, nor an error that says `retryable: false`", async () => {
    expect(await delays(3, () => new NonRetryableError("never"))).toEqual([NONE]);
    expect(await delays(3, () => Object.assign(new Error("no"), { retryable: false }))).toEqual([
      NONE,
    ]);
    expect(await delays(1, () => Object.assign(new Error("no"), { retryable: true }))).toEqual([
      0,
      NONE,
    ]);
  });

  it("an abort", async () => {
    const { clock, diary } = setup();
    const runs = task("runs", diary.task({ ms: 100 }), { retry: 5 });
    const run = flow("f", { runs }).start({ clock });
    await clock.advance(10);
    run.cancel();
    const report = await clock.run(run.report);
    expect(row(report, "runs")).toMatchObject({ attemptCount: 1, status: "cancelled" });
  });
});

describe("An error's `retryAfterMs`", () => {
  const busy = (retryAfterMs: unknown) => () => Object.assign(new Error("busy"), { retryAfterMs });

  it("is the least delay, whatever the policy says", async () => {
    expect(await delays(1, busy(700))).toEqual([700, NONE]);
    expect(await delays({ attempts: 1, backoff: "fixed", baseMs: 10 }, busy(700))).toEqual([
      700,
      NONE,
    ]);
    expect(await delays({ attempts: 1, backoff: "fixed", baseMs: 900 }, busy(700))).toEqual([
      900,
      NONE,
    ]);
  });

  it("may be longer than `maxMs`", async () => {
    expect(
      await delays({ attempts: 1, backoff: "fixed", baseMs: 10, maxMs: 20 }, busy(60_000)),
    ).toEqual([60_000, NONE]);
  });

  it.each([Number.NaN, -5, Number.POSITIVE_INFINITY, "700", null])(
    "of %s is not heard",
    async (ms) => {
      expect(await delays(1, busy(ms))).toEqual([0, NONE]);
    },
  );
});

describe("What an error says of a delay and nobody can hear", () => {
  /** What the log of the first attempt says. */
  async function said(fields: object): Promise<readonly string[]> {
    const { clock } = setup();
    const busy = task("busy", () => Promise.reject(Object.assign(new Error("429"), fields)), {
      retry: 1,
    });
    const report = await clock.run(flow("f", { busy }).run({ clock }));
    const [first, second] = row(report, "busy").attemptStatistics.map(({ log }) =>
      (log ?? []).map(({ message }) => message),
    );
    expect(second).toEqual(first);
    return first ?? [];
  }

  it.each([
    ["700", '"700"'],
    [Number.NaN, "NaN"],
    [new Date(0), "a Date"],
  ])("is in the log of its attempt: a `retryAfterMs` of %s", async (retryAfterMs, got) => {
    expect(await said({ retryAfterMs })).toEqual([
      `\`retryAfterMs\` of the error is not heard: it is a number of milliseconds, and here ${got}`,
    ]);
  });

  it.each([
    [30, "30"],
    ["Wed, 21 Oct", '"Wed, 21 Oct"'],
    [{ resource: 1, ms: 5 }, "{ resource: 1, ms: 5 }"],
    [{ resource: "llm", ms: "5" }, '{ resource: "llm", ms: "5" }'],
    [{ seconds: 5 }, "an object"],
  ])("is in the log of its attempt: a `retryAfter` of %j", async (retryAfter, got) => {
    expect(await said({ retryAfter })).toEqual([
      `\`retryAfter\` of the error is not heard: it is { resource: name, ms: milliseconds }, and here ${got}. The delay of the task alone is \`retryAfterMs\``,
    ]);
  });

  it("is nothing where it is a delay, none, or one that is over", async () => {
    for (const fields of [
      {},
      { retryAfterMs: 5 },
      { retryAfterMs: -5 },
      { retryAfterMs: Number.POSITIVE_INFINITY },
      { retryAfterMs: null, retryAfter: null },
      { retryAfter: { resource: "llm", ms: 5 } },
      { retryAfter: { resource: "llm", ms: -5 } },
    ]) {
      expect(await said(fields)).toEqual([]);
    }
  });
});

describe("An error that does not let itself be read", () => {
  const closed = (key: string) => () =>
    Object.defineProperty(new Error("closed"), key, {
      get() {
        throw new Error("not yours");
      },
    });

  it.each(["retryable", "retryAfterMs"])(
    "when it is asked for `%s` is like any other",
    async (key) => {
      expect(await delays(1, closed(key))).toEqual([0, NONE]);
    },
  );
});

describe("While a task waits for its retry", () => {
  it("its slot and its resources are free", async () => {
    const { clock, diary } = setup();
    const flaky = task("flaky", diary.task({ ms: 10, throw: "again" }), {
      priority: 1,
      resources: { db: 1 },
      retry: { attempts: 1, backoff: "fixed", baseMs: 100 },
    });
    const other = task("other", diary.task({ ms: 50 }), { resources: { db: 1 } });
    const report = await clock.run(
      flow("f", { flaky, other }).run({
        clock,
        concurrency: 1,
        resources: { db: 1 },
        failure: "continue",
      }),
    );
    expect(row(report, "other")).toMatchObject({ startAt: 10, endAt: 60 });
    expect(row(report, "flaky").attemptStatistics.map(({ startAt }) => startAt)).toEqual([0, 110]);
  });

  it("so is its permit of a shared semaphore", async () => {
    const { clock, diary } = setup();
    const concurrency = new Semaphore(1);
    const flaky = task("flaky", diary.task({ ms: 10, throw: "again" }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 100 },
    });
    const other = task("other", diary.task({ ms: 50 }));
    const [, report] = await clock.run(
      Promise.all([
        flow("f", { flaky }).run({ clock, concurrency }),
        flow("g", { other }).run({ clock, concurrency }),
      ]),
    );
    expect(row(report, "other")).toMatchObject({ startAt: 10, endAt: 60 });
  });

  it("an abort ends the wait at once", async () => {
    const { clock, diary } = setup();
    const flaky = task("flaky", diary.task({ throw: "again" }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 20_000 },
    });
    const run = flow("f", { flaky }).start({ clock });
    await clock.advance(10);
    run.cancel();
    const report = await clock.run(run.report);
    expect(report.totalDurationMs).toBe(10);
    expect(clock.pending).toBe(0);
    expect(statuses(report)).toEqual({ flaky: "cancelled" });
  });

  it("it competes anew for capacity afterwards", async () => {
    const { clock, diary } = setup();
    const flaky = task("flaky", diary.task({ ms: 10, throw: "again" }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 10 },
      priority: 1,
    });
    const long = task("long", diary.task({ ms: 100 }));
    const report = await clock.run(
      flow("f", { flaky, long }).run({ clock, concurrency: 1, failure: "continue" }),
    );
    expect(row(report, "flaky")).toMatchObject({ queuedMs: 90 });
    expect(row(report, "flaky").attemptStatistics[1]).toMatchObject({
      startAt: 110,
      queuedMs: 90,
      limitedBy: "concurrency",
      slotFreedBy: "long",
    });
  });
});

describe("A retry without delay", () => {
  it("keeps its slot and uses no timer", async () => {
    const { clock, diary } = setup();
    const first = task("first", diary.task({ throw: "again" }), { retry: 2 });
    const second = task("second", diary.task(), { priority: 9 });
    const blocker = task("blocker", diary.task({ ms: 10 }), { priority: 99 });
    let timers = 0;
    const after = clock.after.bind(clock);
    clock.after = (ms, fire) => {
      timers++;
      return after(ms, fire);
    };
    await clock.run(flow("f", { first }).run({ clock, concurrency: 1, failure: "continue" }));
    expect(timers).toBe(0);
    diary.started.length = 0;
    const report = await clock.run(
      flow("f", { blocker, first, second }).run({ clock, concurrency: 1, failure: "continue" }),
    );
    expect(diary.started).toEqual(["blocker", "second", "first", "first", "first"]);
    const slots = row(report, "first").attemptStatistics.map(({ slot }) => slot);
    expect(new Set(slots).size).toBe(1);
  });

  it("is not overtaken by what has a higher priority", async () => {
    const { clock } = setup();
    const order: string[] = [];
    const release = task("release", () => clock.wait(5));
    const flaky = task(
      "flaky",
      async (_, { attempt }) => {
        order.push(`flaky ${attempt}`);
        await clock.wait(10);
        if (attempt < 3) throw new Error("again");
      },
      { retry: 2 },
    );
    const urgent = task("urgent", { release }, () => void order.push("urgent"), { priority: 9 });
    await clock.run(flow("f", { flaky, urgent }).run({ clock, concurrency: 2 }));
    expect(order).toEqual(["flaky 1", "urgent", "flaky 2", "flaky 3"]);
    order.length = 0;
    const one = task("one", () => order.push("one"), { priority: 1 });
    const always = task(
      "always",
      (_, { attempt }) => {
        order.push(`always ${attempt}`);
        if (attempt < 3) throw new Error("again");
      },
      { retry: 2, priority: 2 },
    );
    await clock.run(flow("g", { one, always }).run({ clock, concurrency: 1 }));
    expect(order).toEqual(["always 1", "always 2", "always 3", "one"]);
  });
});

describe("The clock of the system", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("chains timers above 2³¹−1 ms, which would fire at once", () => {
    vi.useFakeTimers();
    const longest = 2 ** 31 - 1;
    const asked: number[] = [];
    const faked = globalThis.setTimeout;
    globalThis.setTimeout = ((fire: () => void, ms: number) => {
      asked.push(ms);
      return faked(fire, ms);
    }) as typeof setTimeout;
    const fire = vi.fn();
    try {
      systemClock.after(2.5 * longest, fire);
      vi.advanceTimersByTime(2.5 * longest - 2);
      expect(fire).not.toHaveBeenCalled();
      vi.advanceTimersByTime(3);
      expect(fire).toHaveBeenCalledTimes(1);
    } finally {
      // What does not find its own function there does not take it away.
      globalThis.setTimeout = faked;
    }
    expect(Math.max(...asked)).toBeLessThanOrEqual(longest);
    expect(asked).toHaveLength(3);
  });

  it("calls a chained timer off, whichever link is armed", () => {
    vi.useFakeTimers();
    const fire = vi.fn();
    const off = systemClock.after(3 * 2 ** 31, fire);
    vi.advanceTimersByTime(2 ** 31 + 1000);
    off();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5 * 2 ** 31);
    expect(fire).not.toHaveBeenCalled();
  });
});
