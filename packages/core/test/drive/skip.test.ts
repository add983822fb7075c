/** `context.skip()`: a task that finds out while it runs that it is not wanted. */
import { describe, expect, it } from "vitest";
import {
  after,
  DynamicScheduler,
  type ExecutionReport,
  flow,
  fromEvents,
  map,
  optional,
  type RunEvent,
  type Schema,
  settled,
  type TaskContext,
  type TaskOptions,
  TaskSkippedError,
  task,
} from "../../src/index.ts";
import { recorded, replay, trace, VirtualClock } from "../../src/testing.ts";
import { Notebook, row, statuses, written } from "../scenario.ts";

const dispatches = ["dependencies", "stages"] as const;

/** The report of one task whose function is this. */
async function skipping(
  work: (context: TaskContext) => unknown,
  options: TaskOptions<object, Schema> = {},
): Promise<ExecutionReport> {
  const skips = task("skips", {}, (_, context) => work(context), options);
  return await flow("f", { skips }).run();
}

describe.each(dispatches)("A task that skips itself (%s)", (dispatch) => {
  it("has run and is skipped, for its reason; what needs it is skipped for want of it", async () => {
    const clock = new VirtualClock();
    const scheduler = new DynamicScheduler(
      [
        ["skips", (_, context: TaskContext) => clock.wait(5).then(() => context.skip("no news"))],
        ["needs", () => "never"],
        ["beside", () => clock.wait(9)],
      ],
      [
        { taskName: "skips" },
        { taskName: "needs", dependencies: ["skips"] },
        { taskName: "beside" },
      ],
      { clock, dispatch },
    );
    const report = await clock.run(scheduler.execute());
    expect(report).toMatchObject({ executionState: "completed", skippedTasks: 2, failedTasks: 0 });
    expect(row(report, "skips")).toMatchObject({
      status: "skipped",
      attemptCount: 1,
      startAt: 0,
      endAt: 5,
      reason: { kind: "condition", message: "no news" },
    });
    expect(row(report, "skips").attemptStatistics).toMatchObject([{ status: "completed" }]);
    expect(row(report, "needs")).toMatchObject({
      status: "skipped",
      attemptCount: 0,
      reason: { kind: "dependency", task: "skips", root: "skips" },
    });
  });

  it("is replayed as it was", async () => {
    const clock = new VirtualClock();
    const { options, recording } = recorded({ clock, dispatch });
    const scheduler = new DynamicScheduler(
      [["skips", (_, context: TaskContext) => context.skip("no news")]],
      [{ taskName: "skips" }],
      options,
    );
    const report = await clock.run(scheduler.execute());
    expect(replay(scheduler.plan(), recording).toJSON()).toEqual(report.toJSON());
    expect(trace(scheduler.plan(), recording).at(-1)).toMatch(/skips skipped/);
  });
});

describe("What `skip` throws", () => {
  it("is a TaskSkippedError that says who and why", async () => {
    let thrown: unknown;
    await skipping((context) => {
      try {
        context.skip("no news");
      } catch (error) {
        thrown = error;
        throw error;
      }
    });
    expect(thrown).toBeInstanceOf(TaskSkippedError);
    expect(thrown).toMatchObject({
      code: "ASTRUM_SKIPPED",
      task: "skips",
      reason: "no news",
      message: 'Task "skips" was skipped: no news',
    });
  });

  it.each([
    ["is caught, and the function returns", () => "a value", "skipped"],
    [
      "is the cause of another error",
      (error: unknown) => {
        throw new Error("wrapped", { cause: new Error("twice", { cause: error }) });
      },
      "skipped",
    ],
    [
      "gives way to an error of another cause",
      () => {
        throw new Error("the disk is full");
      },
      "failed",
    ],
  ] as const)("when it %s: the task is %3$s", async (_, caught, status) => {
    const report = await skipping(async (context) => {
      try {
        await Promise.resolve();
        return context.skip("no news");
      } catch (error) {
        return caught(error);
      }
    });
    expect(row(report, "skips").status).toBe(status);
    if (status === "failed") expect(report.errorSummary[0]).toMatch(/the disk is full$/);
  });

  it("counts once: a second call throws the same, and the first reason stays", async () => {
    const thrown: unknown[] = [];
    const report = await skipping((context) => {
      for (const reason of ["first", "second"]) {
        try {
          context.skip(reason);
        } catch (error) {
          thrown.push(error);
        }
      }
    });
    expect(thrown[0]).toBe(thrown[1]);
    expect(row(report, "skips").reason).toEqual({ kind: "condition", message: "first" });
  });

  it("needs a reason", async () => {
    for (const wrong of [undefined, "", 5] as never[]) {
      const report = await skipping((context) => context.skip(wrong));
      expect(row(report, "skips").error?.message).toMatch(
        /^context\.skip\(\) needs a reason, a text/,
      );
    }
  });

  it("can be thrown by a context that was spread or taken apart", async () => {
    const spread = await skipping((context) => ({ ...context }).skip("no news"));
    const apart = await skipping(({ skip }) => skip("no news"));
    expect([spread, apart].map((report) => row(report, "skips").status)).toEqual([
      "skipped",
      "skipped",
    ]);
  });
});

describe("A skip", () => {
  it("checks no output, asks for no retry, and runs what was deferred", async () => {
    const log: string[] = [];
    const output: Schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => {
          log.push("schema");
          return { value };
        },
      },
    };
    const report = await skipping(
      (context) => {
        context.defer(() => void log.push("deferred"));
        context.skip("no news");
      },
      { output, retry: { attempts: 2, retryIf: () => log.push("policy") > 0 } },
    );
    expect(row(report, "skips")).toMatchObject({ status: "skipped", attemptCount: 1 });
    expect(log).toEqual(["deferred"]);
  });

  it("is not heard in a cleanup, nor when the attempt has ended: both say so", async () => {
    const late: TaskContext[] = [];
    const inCleanup = await skipping((context) => {
      late.push(context);
      context.defer(() => context.skip("too late"));
    });
    expect(row(inCleanup, "skips").error?.message).toBe(
      'Task "skips" has ended: it cannot be skipped any more',
    );
    expect(() => late[0]?.skip("too late")).toThrow("has ended: it cannot be skipped any more");
  });

  it("becomes a failure when a cleanup fails", async () => {
    const report = await skipping((context) => {
      context.defer(() => {
        throw new Error("cleanup");
      });
      context.skip("no news");
    });
    expect(row(report, "skips")).toMatchObject({ status: "failed", error: { message: "cleanup" } });
  });

  it("of a later attempt follows failed ones", async () => {
    const report = await skipping(
      (context) => {
        if (context.attempt === 1) throw new Error("first");
        context.skip("no news");
      },
      { retry: 1 },
    );
    expect(row(report, "skips")).toMatchObject({ status: "skipped", attemptCount: 2 });
    expect(report.executionState).toBe("completed");
  });

  it.each(["an abort", "a call-off"])("counts as a return after %s", async (what) => {
    const clock = new VirtualClock();
    const skips = task("skips", (_, context) => clock.wait(10).then(() => context.skip("no news")));
    const run = flow("f", { skips }).start({ clock });
    await clock.advance(5);
    if (what === "an abort") run.cancel();
    else run.cancelTask("skips");
    expect(row(await clock.run(run.report), "skips").status).toBe("cancelled");
  });

  it("comes too late after the time limit of its attempt", async () => {
    const clock = new VirtualClock();
    const skips = task(
      "skips",
      (_, context) => clock.wait(10).then(() => context.skip("no news")),
      {
        timeoutMs: 5,
      },
    );
    const report = await clock.run(flow("f", { skips }).run({ clock }));
    expect(report.outcome(skips)).toMatchObject({ status: "failed", timedOut: true });
  });

  it("frees its slot, and its end is what released who tolerates it", async () => {
    const clock = new VirtualClock();
    const skips = task("skips", (_, context) => clock.wait(10).then(() => context.skip("no news")));
    const next = task("next", { skips: optional(skips) }, ({ skips }) => clock.wait(skips ?? 5));
    const report = await clock.run(flow("f", { next }).run({ clock, concurrency: 1 }));
    expect(row(report, "next")).toMatchObject({ startAt: 10, releasedBy: "skips" });
    expect(report.analysis.criticalPath.map(({ task }) => task)).toEqual(["skips", "next"]);
  });

  it("is told by each kind of edge as of any skipped task", async () => {
    const skips = task("skips", (_, context): string => context.skip("no news"));
    const plain = task("plain", { skips }, () => "ran");
    const ordered = task("ordered", { skips: after(skips) }, () => "ran");
    const lenient = task("lenient", { skips: optional(skips) }, ({ skips }) => skips);
    const seeing = task("seeing", { skips: settled(skips) }, ({ skips }) => skips);
    const report = await flow("f", { plain, ordered, lenient, seeing }).run();
    expect(statuses(report)).toMatchObject({
      plain: "skipped",
      ordered: "skipped",
      lenient: "completed",
      seeing: "completed",
    });
    expect(report.outputs.lenient).toBeUndefined();
    expect(report.outputs.seeing).toMatchObject({ status: "skipped", reason: "no news" });
    expect(() => report.unwrap()).toThrow(/"plain"/);
  });

  it("is told to observers: the attempt has completed, the task is skipped", async () => {
    const events: RunEvent[] = [];
    const skips = task("skips", (_, context) => context.skip("no news"));
    await flow("f", { skips }).run({
      observers: [fromEvents("all", (event) => void events.push(event))],
    });
    const told = events.flatMap((event) =>
      event.type === "attempt.end" || event.type === "task.end"
        ? [[event.type, event.outcome.status]]
        : [],
    );
    expect(told).toEqual([
      ["attempt.end", "completed"],
      ["task.end", "skipped"],
    ]);
    expect(events.at(-1)).toMatchObject({ type: "run.end", counts: { skipped: 1, failed: 0 } });
  });
});

describe("An item that skips itself", () => {
  const odd = (item: number, context: TaskContext): number =>
    item % 2 === 1 ? context.skip(`${item} is odd`) : item;

  it("leaves `undefined` in its place, and the map completes", async () => {
    const list = task("list", () => [0, 1, 2, 3]);
    const even = map("even", list, (item, _, context) => odd(item, context));
    const report = await flow("f", { even }).run();
    expect(report.unwrap().even).toStrictEqual([0, undefined, 2, undefined]);
    expect(statuses(report)).toMatchObject({ even: "completed", "even[1]": "skipped" });
  });

  it("is an outcome where items fail alone", async () => {
    const list = task("list", () => [0, 1, 2]);
    const even = map("even", list, (item, _, context) => odd(item, context), { items: "settled" });
    const [first, second] = (await flow("f", { even }).run()).unwrap().even;
    expect(first).toMatchObject({ status: "completed", value: 0 });
    expect(second).toMatchObject({ status: "skipped", reason: "1 is odd" });
  });

  it("lets the next one in: ten thousand of them, two at a time", async () => {
    const list = task("list", () => Array.from({ length: 10_000 }, (_, at) => at));
    const none = map("none", list, async (_, __, context) => context.skip("none"), {
      concurrency: 2,
    });
    const report = await flow("f", { none }).run();
    expect(report).toMatchObject({ executionState: "completed", skippedTasks: 10_000 });
    // Also when none has a value: each has its place.
    expect(report.unwrap().none).toEqual(new Array(10_000).fill(undefined));
  });

  it("is no failure of its map, whose error names the others", async () => {
    const list = task("list", () => [0, 1, 2]);
    const even = map("even", list, (item, _, context) => {
      if (item === 2) throw new Error("no");
      return odd(item, context);
    });
    const report = await flow("f", { even }).run({ failure: "continue" });
    expect(report.outcome(even)).toMatchObject({
      error: { failures: [{ index: 2 }], completed: [{ index: 0, value: 0 }] },
    });
  });

  it("is asked again in a run that takes this one up; those that completed are not", async () => {
    const calls: number[] = [];
    const list = task("list", () => [0, 1, 2]);
    const even = map("even", list, (item, _, context) => {
      calls.push(item);
      return odd(item, context);
    });
    const notebook = new Notebook();
    const first = await flow("f", { even }).run({ journal: notebook.journal });
    calls.length = 0;
    const again = await flow("f", { even }).run({ resumeFrom: written(first) });
    expect(calls).toEqual([1]);
    expect(again.unwrap().even).toEqual([0, undefined, 2]);
    expect(notebook.tasks).not.toContain("even[1]");
  });
});
