/** Conditions and retry policies that take their time: `when` and `retryIf` may return a promise. */
import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type ExecutionReport,
  flow,
  map,
  type Schema,
  type TaskOptions,
  task,
} from "../../src/index.ts";
import { recorded, replay, trace, VirtualClock } from "../../src/testing.ts";
import { escaped, Gate, row } from "../scenario.ts";

const dispatches = ["dependencies", "stages"] as const;

/** A thenable that lets itself be looked at once. */
function shy(): object {
  const thenable: "then" = "then";
  let reads = 0;
  return {
    get [thenable]() {
      if (++reads > 1) throw new Error("then, read");
      return () => {};
    },
  };
}

describe.each(dispatches)("A condition that answers later (%s)", (dispatch) => {
  /** One task with this condition, on a run with one slot, beside a task that takes 5 ms. */
  function asked(
    clock: VirtualClock,
    when: () => unknown,
    more: ConstructorParameters<typeof DynamicScheduler>[2] = {},
  ): { scheduler: DynamicScheduler; log: string[] } {
    const log: string[] = [];
    const scheduler = new DynamicScheduler(
      [
        ["asked", () => void log.push(`asked at ${clock.now()}`)],
        ["beside", () => clock.wait(5).then(() => void log.push("beside"))],
      ],
      [{ taskName: "asked" }, { taskName: "beside" }],
      { clock, dispatch, taskOptions: { asked: { when: when as never } }, ...more },
    );
    return { scheduler, log };
  }

  it("lets the task run when it says so, and holds no slot until then", async () => {
    const clock = new VirtualClock();
    const { scheduler, log } = asked(clock, () => clock.wait(10).then(() => true), {
      concurrency: 1,
    });
    const report = await clock.run(scheduler.execute());
    expect(log).toEqual(["beside", "asked at 10"]);
    expect(row(report, "asked")).toMatchObject({ status: "completed", startAt: 10, queuedMs: 0 });
  });

  it.each([
    ["false", false, "its condition was not met"],
    ["a reason", { skip: "nothing new" }, "nothing new"],
  ])("skips it when it answers %s", async (_, answer, message) => {
    const clock = new VirtualClock();
    const { scheduler, log } = asked(clock, () => clock.wait(1).then(() => answer));
    const report = await clock.run(scheduler.execute());
    expect(row(report, "asked")).toMatchObject({
      status: "skipped",
      reason: { kind: "condition", message },
    });
    expect(log).toEqual(["beside"]);
  });

  it.each([
    ["is rejected", () => Promise.reject(new Error("no idea")), /^no idea$/],
    ["is rejected with nothing", () => Promise.reject(undefined), /could not be prepared/],
    ["gives no verdict", async () => "yes", /or a promise of that, got "yes"$/],
    ["cannot be asked for its value", shy, /then, read/],
  ])("fails the task when its promise %s", async (_, when, message) => {
    const clock = new VirtualClock();
    const seen = await escaped(async () => {
      const { scheduler } = asked(clock, when);
      const report = await clock.run(scheduler.execute());
      expect(row(report, "asked")).toMatchObject({ status: "failed", attemptCount: 0 });
      expect(row(report, "asked").error?.message ?? "").toMatch(message);
    });
    expect(seen).toEqual([]);
  });

  it("holds a run that is stopped until it answers, and what it answers is not heard", async () => {
    const clock = new VirtualClock();
    const gate = new Gate<boolean>();
    const controller = new AbortController();
    const { scheduler, log } = asked(clock, () => gate.promise, { signal: controller.signal });
    const run = scheduler.execute();
    await clock.advance(10);
    controller.abort();
    await clock.advance(50);
    gate.open(true);
    const report = await clock.run(run);
    expect(report.totalDurationMs).toBe(60);
    expect(row(report, "asked")).toMatchObject({ status: "skipped", reason: { kind: "aborted" } });
    expect(log).toEqual(["beside"]);
  });

  it("that never answers holds such a run for its grace period only", async () => {
    const clock = new VirtualClock();
    const gate = new Gate<boolean>();
    const controller = new AbortController();
    const { signal } = controller;
    const seen = await escaped(async () => {
      const { scheduler, log } = asked(clock, () => gate.promise, { signal, graceMs: 20 });
      const run = scheduler.execute();
      await clock.advance(10);
      controller.abort();
      const report = await clock.run(run);
      expect(report.totalDurationMs).toBe(30);
      expect(row(report, "asked")).toMatchObject({ status: "skipped", overrunMs: 20 });
      gate.fail(new Error("late"));
      await clock.advance(1000);
      expect(log).toEqual(["beside"]);
    });
    expect(seen).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe("A condition that answers later", () => {
  it("is asked once, after the inputs are there, however many of its task's kind there are", async () => {
    const clock = new VirtualClock();
    let asked = 0;
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, at) => [
        `t${at}`,
        task(`t${at}`, () => at, {
          when: async () => {
            asked++;
            await clock.wait(1);
            return at % 2 === 0;
          },
        }),
      ]),
    );
    const report = await clock.run(flow("f", many).run({ clock, concurrency: 3 }));
    expect(asked).toBe(10_000);
    expect(report).toMatchObject({ successfulTasks: 5000, skippedTasks: 5000 });
  });

  it("of a map is asked for the whole list, and its keys are made only after a yes", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const list = task("list", () => ["a", "b"]);
    const sizes = (answer: boolean): ReturnType<typeof map<string, number>> =>
      map("sizes", list, (text) => text.length, {
        when: () => clock.wait(1).then(() => answer),
        key: (text) => {
          log.push(text);
          return text;
        },
      });
    const yes = await clock.run(flow("f", { sizes: sizes(true) }).run({ clock }));
    expect(yes.unwrap().sizes).toEqual([1, 1]);
    expect(log).toEqual(["a", "b"]);
    const no = await clock.run(flow("f", { sizes: sizes(false) }).run({ clock }));
    expect(row(no, "sizes").status).toBe("skipped");
    expect(log).toHaveLength(2);
  });

  it("has not the time limit of its task, which is that of attempts", async () => {
    const clock = new VirtualClock();
    const slow = task("slow", () => "ran", {
      timeoutMs: 5,
      when: () => clock.wait(100).then(() => true),
    });
    expect((await clock.run(flow("f", { slow }).run({ clock }))).unwrap()).toEqual({ slow: "ran" });
  });

  it("is replayed as it was", async () => {
    const clock = new VirtualClock();
    const { options, recording } = recorded({ clock });
    const shy = flow("f", {
      shy: task("shy", () => 1, { when: () => clock.wait(7).then(() => ({ skip: "shy" })) }),
    });
    const report = await clock.run(shy.run(options));
    expect(replay(shy.plan(), recording).toJSON()).toEqual(report.toJSON());
    expect(trace(shy.plan(), recording)).toEqual([
      "0 begin → prepare shy",
      "7 shy is not wanted: shy → settle, close",
    ]);
  });
});

/** A task that fails after `ms`, and whose policy answers as it is told. */
function failing(
  clock: VirtualClock,
  retryIf: (error: unknown, retry: number) => boolean | PromiseLike<boolean>,
  { ms = 0, ...options }: TaskOptions<object> & { readonly ms?: number } = {},
) {
  return task(
    "fails",
    async (_, { attempt, signal }) => {
      await clock.wait(ms, signal);
      throw new Error(`no ${attempt}`);
    },
    { ...options, retry: { attempts: 3, retryIf } },
  );
}

function fates(report: ExecutionReport): unknown[] {
  return row(report, "fails").attemptStatistics.map(({ status, startAt, endAt, errorMessage }) => [
    status,
    startAt,
    endAt,
    errorMessage,
  ]);
}

describe("A retry policy that answers later", () => {
  it("decides, and its attempt lasts until it has answered", async () => {
    const clock = new VirtualClock();
    const asked: unknown[] = [];
    const fails = failing(clock, async (error, retry) => {
      asked.push([(error as Error).message, retry]);
      await clock.wait(10);
      return retry < 2;
    });
    const report = await clock.run(flow("f", { fails }).run({ clock }));
    expect(fates(report)).toEqual([
      ["failed", 0, 10, "no 1"],
      ["failed", 10, 20, "no 2"],
    ]);
    expect(asked).toEqual([
      ["no 1", 1],
      ["no 2", 2],
    ]);
    expect(row(report, "fails").error?.message).toBe("no 2");
  });

  it("holds the slot meanwhile", async () => {
    const clock = new VirtualClock();
    const fails = failing(clock, () => clock.wait(10).then(() => false));
    const next = task("next", () => {});
    const report = await clock.run(
      flow("f", { fails, next }).run({ clock, concurrency: 1, failure: "continue" }),
    );
    expect(row(report, "next").startAt).toBe(10);
  });

  it("may be a lazy query, which is asked once", async () => {
    const clock = new VirtualClock();
    let made = 0;
    const query = (): PromiseLike<boolean> =>
      ({
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
        then: (resolve: (answer: boolean) => void) => {
          made++;
          resolve(false);
        },
      }) as PromiseLike<boolean>;
    const report = await clock.run(flow("f", { fails: failing(clock, query) }).run({ clock }));
    expect(row(report, "fails").attemptCount).toBe(1);
    expect(made).toBe(1);
  });

  it("whose promise is rejected fails the task with both errors, and no attempt follows", async () => {
    const clock = new VirtualClock();
    const fails = failing(clock, () =>
      clock.wait(1).then(() => Promise.reject(new Error("policy"))),
    );
    const report = await clock.run(flow("f", { fails }).run({ clock }));
    expect(row(report, "fails")).toMatchObject({ attemptCount: 1, status: "failed" });
    expect(row(report, "fails").error?.message).toBe(
      'Task "fails" failed: no 1; and so did its retry policy: policy',
    );
  });

  it.each(["an abort", "a call-off", "the time limit of the run"])(
    "means no once %s has come: the run waits for the answer, and the back-off is not asked",
    async (what) => {
      const clock = new VirtualClock();
      const log: string[] = [];
      const gate = new Gate<boolean>();
      const fails = task(
        "fails",
        () => {
          throw new Error("no");
        },
        {
          retry: {
            attempts: 3,
            retryIf: () => gate.promise,
            backoff: () => {
              log.push("back-off");
              return 0;
            },
          },
        },
      );
      const run = flow("f", { fails }).start({
        clock,
        ...(what === "the time limit of the run" && { timeoutMs: 10 }),
      });
      void run.report.then(() => log.push("settled"));
      await clock.advance(10);
      if (what === "an abort") run.cancel();
      if (what === "a call-off") run.cancelTask("fails");
      await clock.advance(10);
      expect(log).toEqual([]);
      gate.open(true);
      const report = await clock.run(run.report);
      expect(log).toEqual(["settled"]);
      expect(fates(report)).toEqual([["cancelled", 0, 20, "no"]]);
      expect(row(report, "fails").status).toBe("cancelled");
    },
  );

  it("means no in a run that drains, and the task has failed", async () => {
    const clock = new VirtualClock();
    const fails = failing(clock, () => clock.wait(10).then(() => true));
    const other = task("other", async () => {
      await clock.wait(5);
      throw new Error("other");
    });
    const report = await clock.run(flow("f", { fails, other }).run({ clock, failure: "drain" }));
    expect(fates(report)).toEqual([["failed", 0, 10, "no 1"]]);
  });

  it("that never answers holds a stopped run for its grace period only", async () => {
    const clock = new VirtualClock();
    const gate = new Gate<boolean>();
    const seen = await escaped(async () => {
      const run = flow("f", { fails: failing(clock, () => gate.promise) }).start({
        clock,
        graceMs: 20,
      });
      await clock.advance(10);
      run.cancel();
      const report = await clock.run(run.report);
      expect(report.totalDurationMs).toBe(30);
      expect(row(report, "fails")).toMatchObject({ status: "abandoned", overrunMs: 20 });
      expect(report.outcome("fails")).toMatchObject({
        reason: {
          message:
            'Task "fails" failed: no 1; and its retry policy had not answered 20 ms after it was called off',
          cause: { message: "no 1" },
        },
      });
      gate.fail(new Error("late"));
      await clock.advance(100);
    });
    expect(seen).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("that never answers before the deadline does not hide what the attempt failed with", async () => {
    const clock = new VirtualClock();
    const never = new Promise<boolean>(() => {});
    const fails = failing(clock, () => never, { deadlineMs: 20 });
    const report = await clock.run(flow("f", { fails }).run({ clock, graceMs: 5 }));
    expect(report.totalDurationMs).toBe(25);
    expect(report.failures[0]).toMatchObject({
      error: {
        name: "TimeoutError",
        message:
          'Task "fails" took longer than its deadline of 20 ms (its retry policy had not answered)',
        cause: { message: "no 1" },
      },
    });
  });

  it("is no part of what the time limit of an attempt and its grace period are for", async () => {
    const clock = new VirtualClock();
    const fails = failing(clock, () => clock.wait(100).then(() => false), {
      ms: 50,
      timeoutMs: 10,
    });
    const report = await clock.run(flow("f", { fails }).run({ clock, graceMs: 5 }));
    expect(row(report, "fails")).toMatchObject({ status: "failed", endAt: 110 });
    expect(report.outcome(fails)).toMatchObject({ status: "failed", timedOut: true });
    const early = failing(clock, () => clock.wait(100).then(() => false), { timeoutMs: 10 });
    const unharmed = await clock.run(flow("f", { early }).run({ clock, graceMs: 5 }));
    expect(unharmed.outcome(early)).toMatchObject({ status: "failed", timedOut: false });
  });

  it("of an attempt that timed out does not hold a run that is stopped then beyond its grace period", async () => {
    const clock = new VirtualClock();
    const never = new Promise<boolean>(() => {});
    const fails = failing(clock, () => never, { ms: 50, timeoutMs: 10 });
    const run = flow("f", { fails }).start({ clock, graceMs: 5 });
    await clock.advance(100);
    run.cancel();
    const report = await clock.run(run.report);
    expect(report.totalDurationMs).toBe(105);
    expect(row(report, "fails")).toMatchObject({ status: "abandoned", overrunMs: 5 });
    expect(clock.pending).toBe(0);
  });

  it("is replayed as it was", async () => {
    const clock = new VirtualClock();
    const { options, recording } = recorded({ clock, graceMs: 20 });
    const gate = new Gate<boolean>();
    const stubborn = flow("f", { fails: failing(clock, () => gate.promise) });
    const run = stubborn.start(options);
    await clock.advance(10);
    run.cancel();
    const report = await clock.run(run.report);
    expect(replay(stubborn.plan(), recording).toJSON()).toEqual(report.toJSON());
  });
});

describe("Nothing is asked once it is not wanted", () => {
  it("neither the condition after inputs that took too long, nor the keys after such a condition", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const slow: Schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => clock.wait(10).then(() => ({ value })),
      },
    };
    const list = task("list", () => [1, 2]);
    const items = map("items", list, (item) => item, {
      when: () => clock.wait(10).then(() => log.push("answered") > 0),
      key: (item) => `${log.push("key")} ${item}`,
    });
    const checked = new DynamicScheduler([["checked", () => {}]], [{ taskName: "checked" }], {
      clock,
      taskDataRefs: {
        checked: { inputs: [{ from: { compute: () => 1 }, to: { key: "x" }, type: slow }] },
      },
      taskOptions: { checked: { when: async () => log.push("condition") > 0 } },
      timeoutMs: 5,
    });
    await clock.run(checked.execute());
    await clock.run(flow("f", { items }).run({ clock, timeoutMs: 5 }));
    await clock.advance(100);
    expect(log).toEqual(["answered"]);
  });
});
