/**
 * Where this engine differs from the documented Python scheduler (astrum 0.1.1), on purpose: DIFFERENCES.md, number by
 * number. Where `dispatch: "stages"` brings the old behaviour back, that is tested too.
 */
import { expect, test } from "vitest";
import {
  type Clock,
  DefinitionError,
  DynamicScheduler,
  fromEvents,
  PlanError,
  type SchedulerOptions,
  Semaphore,
  type TaskContext,
  type TaskOrder,
} from "../../src/index.ts";
import { scripted, VirtualClock } from "../../src/testing.ts";
import { reasons, row, small, starts, statuses } from "../small-scheduler.ts";

const stages = { dispatch: "stages" } as const;
const dispatches = ["dependencies", "stages"] as const;

/** The codes of what is wrong with a plan. */
function codes(scheduler: DynamicScheduler): string[] {
  try {
    scheduler.plan();
  } catch (error) {
    if (error instanceof PlanError) return error.issues.map(({ code }) => code);
    throw error;
  }
  return [];
}

test("1: a task starts when its own dependencies are done", async () => {
  const tasks = {
    quick: { does: { ms: 10 } },
    slow: { does: { ms: 300 } },
    behindQuick: { after: ["quick"], does: { ms: 10 } },
    behindSlow: { after: ["slow"], does: { ms: 10 } },
  };
  const clock = new VirtualClock();
  const ours = await clock.run(small(clock, tasks).execute());
  expect(starts(ours)).toMatchObject({ behindQuick: 10, behindSlow: 300 });
  const theirs = await clock.run(small(clock, tasks, stages).execute());
  expect(starts(theirs)).toMatchObject({ behindQuick: 300, behindSlow: 300 });
});

test("2: a failure is noticed in the turn it happens", async () => {
  const tasks = {
    slow: { does: { ms: 500 } },
    bad: { does: { ms: 20, throw: "boom" } },
    other: { does: { ms: 30 } },
    behindOther: { after: ["other"], does: { ms: 10 } },
    join: { after: ["slow", "bad"] },
  };
  const clock = new VirtualClock();
  const ours = await clock.run(small(clock, tasks).execute());
  expect(ours.totalDurationMs).toBe(20);
  expect(statuses(ours)).toMatchObject({ slow: "cancelled", other: "cancelled" });
  expect(starts(ours)).toMatchObject({ behindOther: null, join: null });
  const theirs = await clock.run(small(clock, tasks, stages).execute());
  expect(theirs.totalDurationMs).toBe(500);
  expect(statuses(theirs)).toMatchObject({ slow: "completed", other: "completed" });
});

test("3: what becomes of the tasks of the last stage does not depend on the order of declaration", async () => {
  const slow = { does: { ms: 400 } };
  const bad = { does: { ms: 10, throw: "boom" } };
  const clock = new VirtualClock();
  const outcomes = async (options?: SchedulerOptions): Promise<string[]> => {
    const found: string[] = [];
    for (const tasks of [
      { slow, bad },
      { bad, slow },
    ]) {
      const report = await clock.run(small(clock, tasks, options).execute());
      found.push(`${row(report, "slow").status} at ${report.totalDurationMs}`);
    }
    return found;
  };
  expect(await outcomes()).toEqual(["cancelled at 10", "cancelled at 10"]);
  expect(await outcomes(stages)).toEqual(["completed at 400", "cancelled at 10"]);
});

test.each(dispatches)(
  "4: every task has one final status and a reason, by %s",
  async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 20, throw: "boom" } },
        deaf: { does: { ms: 50, return: "done all the same", ignoresSignal: true } },
        behindBad: { after: ["bad"] },
        behindDeaf: { after: ["deaf"] },
        behindThat: { after: ["behindDeaf"] },
      },
      { dispatch },
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({
      bad: "failed",
      deaf: "cancelled",
      behindBad: "skipped",
      behindDeaf: "skipped",
      behindThat: "skipped",
    });
    expect(reasons(report)).toEqual({
      deaf: { kind: "failure", task: "bad" },
      behindBad: { kind: "dependency", task: "bad", root: "bad" },
      behindDeaf: { kind: "failure", task: "bad" },
      behindThat: { kind: "failure", task: "bad" },
    });
    expect(row(report, "deaf")).toMatchObject({ ignoredSignal: true, overrunMs: 30 });
  },
);

test.each(dispatches)(
  "5: a tail task has a status, its end is told, and its name is checked, by %s",
  async (dispatch) => {
    const clock = new VirtualClock();
    const tasks = {
      work: { does: { ms: 10 } },
      audit: { after: ["work"], does: { ms: 100, throw: "unheard" } },
      end: { after: ["work"] },
    };
    const options = { dispatch, ignoreTailTasks: ["audit"] };
    const report = await clock.run(small(clock, tasks, options).execute());
    expect(report.executionState).toBe("completed");
    expect(report.detachedTasks).toBe(1);
    expect(row(report, "audit")).toMatchObject({ status: "detached", kind: "tail" });
    const tail = await clock.run(report.tail);
    expect(tail).toMatchObject([
      { taskName: "audit", status: "failed", endAt: 110, error: { message: "unheard" } },
    ]);
    expect(codes(small(clock, tasks, { ...options, ignoreTailTasks: ["audti"] }))).toEqual([
      "unknown-task",
    ]);
    expect(codes(small(clock, tasks, { ...options, ignoreTailTasks: ["work"] }))).toEqual([
      "tail-with-dependents",
    ]);
  },
);

test.each(dispatches)(
  "6: an aborted run leaves nothing behind and is reported, by %s",
  async (dispatch) => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const events: string[] = [];
    const does = async (_: object, { signal, taskName }: TaskContext): Promise<void> => {
      await clock.wait(100, signal);
      events.push(taskName);
    };
    const scheduler = small(
      clock,
      { a: { does }, b: { does }, c: { after: ["a"], does } },
      { dispatch, signal: controller.signal },
    );
    const running = scheduler.execute();
    await clock.advance(20);
    controller.abort(new Error("shutting down"));
    const report = await clock.run(running);
    expect(report.executionState).toBe("cancelled");
    expect(statuses(report)).toEqual({ a: "cancelled", b: "cancelled", c: "skipped" });
    await clock.advance(1000);
    expect(events).toEqual([]);
  },
);

test("7: outputs live in the run: a later run has none of them, runs at once do not mix", async () => {
  const clock = new VirtualClock();
  let calls = 0;
  const scheduler = new DynamicScheduler(
    [
      [
        "a",
        async () => {
          const call = ++calls;
          await clock.wait(10 * call);
          if (call === 2) throw new Error("second time");
          return call;
        },
      ],
      [
        "b",
        async ({ n }: { n: number }) => {
          await clock.wait(100);
          return n;
        },
      ],
    ],
    [{ taskName: "a" }, { taskName: "b" }],
    { clock, taskDataRefs: { b: { inputs: [{ from: { task: "a" }, to: { key: "n" } }] } } },
  );
  const first = await clock.run(scheduler.execute());
  const second = await clock.run(scheduler.execute());
  expect([...first.taskReturnSet]).toEqual([
    ["a", 1],
    ["b", 1],
  ]);
  expect([...second.taskReturnSet]).toEqual([]);
  const [third, fourth] = await clock.run(Promise.all([scheduler.execute(), scheduler.execute()]));
  expect(third.outputs).toEqual(Object.assign(Object.create(null), { a: 3, b: 3 }));
  expect(fourth.outputs).toEqual(Object.assign(Object.create(null), { a: 4, b: 4 }));
});

test("8: a consumer's wrong locator fails the consumer, once, and names what there is", async () => {
  const clock = new VirtualClock();
  let produced = 0;
  let consumed = 0;
  const scheduler = small(
    clock,
    {
      producer: { does: () => ({ rows: ++produced, bytes: 1 }) },
      consumer: { after: ["producer"], does: () => ++consumed },
    },
    {
      taskRetries: { producer: 2, consumer: 2 },
      taskDataRefs: {
        consumer: { inputs: [{ from: { task: "producer", key: "row" }, to: { key: "row" } }] },
      },
    },
  );
  const report = await clock.run(scheduler.execute());
  expect(statuses(report)).toEqual({ producer: "completed", consumer: "failed" });
  expect([produced, consumed]).toEqual([1, 0]);
  expect(row(report, "consumer").error?.message).toBe(
    'Task "consumer" takes key "row" of the output of "producer", but it has only "rows", "bytes"',
  );
});

test("9: one consumer may take the whole output and another a part of it", async () => {
  const clock = new VirtualClock();
  const scheduler = small(
    clock,
    {
      a: { does: { ms: 5, return: { n: 1 } } },
      whole: { does: (inputs: object) => inputs },
      part: { does: (inputs: object) => inputs },
    },
    {
      taskDataRefs: {
        whole: { inputs: [{ from: { task: "a" }, to: { key: "all" } }] },
        part: { inputs: [{ from: { task: "a", key: "n" }, to: { key: "n" } }] },
      },
    },
  );
  const { outputs } = await clock.run(scheduler.execute());
  expect(outputs).toMatchObject({ whole: { all: { n: 1 } }, part: { n: 1 } });
});

test("10: a lone positional input with index 2 arrives as argument 2", async () => {
  const clock = new VirtualClock();
  const scheduler = small(
    clock,
    { a: { does: { return: "third" } }, b: { does: (...args: unknown[]) => args.slice(0, -1) } },
    { taskDataRefs: { b: { inputs: [{ from: { task: "a" }, to: { index: 2 } }] } } },
  );
  const { outputs } = await clock.run(scheduler.execute());
  expect(outputs.b).toEqual([undefined, undefined, "third"]);
});

test.each<[unknown, string]>([
  [{ first: 1 }, "an object"],
  ["text", '"text"'],
])(
  "11: an index reads arrays only: of %j it is an error that names the type",
  async (output, named) => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { a: { does: () => output }, b: {} },
      { taskDataRefs: { b: { inputs: [{ from: { task: "a", index: 0 }, to: { key: "x" } }] } } },
    );
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({ a: "completed", b: "failed" });
    expect(row(report, "b").error?.message).toContain(
      `that is ${named}: an index reads arrays only`,
    );
  },
);

test.each(dispatches)(
  "12: any depth is safe, to plan, to run and to find a cycle in, by %s",
  async (dispatch) => {
    const depth = 20_000;
    const name = (at: number): string => `t${at}`;
    // Sink first: the order in which a recursive search goes deepest.
    const chain = Array.from(
      { length: depth },
      (_, at): TaskOrder => ({
        taskName: name(at),
        dependencies: at + 1 < depth ? [{ taskName: name(at + 1) }] : [],
      }),
    );
    const functions = chain.map(({ taskName }): [string, () => number] => [taskName, () => 1]);
    const scheduler = new DynamicScheduler(functions, chain, { dispatch });
    expect(scheduler.plan().totalStages).toBe(depth);
    const report = await scheduler.execute();
    expect(report.successfulTasks).toBe(depth);

    const closed = [
      ...chain.slice(0, -1),
      { taskName: name(depth - 1), dependencies: [{ taskName: name(0) }] },
    ];
    expect(codes(new DynamicScheduler(functions, closed, { dispatch }))).toEqual(["cycle"]);
  },
);

test("13: a missing function, or a function without an order, is a plan error before anything runs", async () => {
  let calls = 0;
  const scheduler = new DynamicScheduler(
    [
      ["first", () => calls++],
      ["extra", () => calls++],
    ],
    [{ taskName: "first" }, { taskName: "second", dependencies: [{ taskName: "first" }] }],
  );
  expect(codes(scheduler).sort()).toEqual(["missing-callable", "missing-order"]);
  const report = await scheduler.execute();
  expect(report.executionState).toBe("failed");
  expect(calls).toBe(0);
});

test("14: two orders of one name with different dependencies are a plan error", () => {
  const functions = ["a", "b", "c"].map((name): [string, () => void] => [name, () => {}]);
  const conflicting = new DynamicScheduler(functions, [
    { taskName: "a" },
    { taskName: "b" },
    { taskName: "c", dependencies: [{ taskName: "b", dependencies: [{ taskName: "a" }] }] },
  ]);
  expect(codes(conflicting)).toEqual(["conflicting-orders"]);
  const twice = new DynamicScheduler(functions, [
    { taskName: "a" },
    { taskName: "b" },
    { taskName: "c" },
    { taskName: "c", dependencies: [{ taskName: "a" }] },
  ]);
  expect(codes(twice)).toEqual(["duplicate-name"]);
});

test.each<[string, SchedulerOptions]>([
  ["taskRetries -1", { taskRetries: { a: -1 } }],
  ["taskRetries of a string", { taskRetries: { a: "2" as unknown as number } }],
  ["concurrency 0", { concurrency: 0 }],
  ["concurrency -3", { concurrency: -3 }],
])("15: %s is rejected up front", (_, options) => {
  expect(() => small(new VirtualClock(), { a: {} }, options)).toThrow(DefinitionError);
});

test("15: retries of a task that does not exist are a plan error with a suggestion", () => {
  const scheduler = small(new VirtualClock(), { load: {} }, { taskRetries: { laod: 2 } });
  expect(() => scheduler.plan()).toThrow(
    '`taskRetries` names "laod", which is no task. Did you mean "load"?',
  );
  expect(() => new Semaphore(0)).toThrow(DefinitionError);
});

test.each(dispatches)(
  "16: retries back off, by their own policy, and the slot is free meanwhile, by %s",
  async (dispatch) => {
    const clock = new VirtualClock();
    const asked: number[] = [];
    const scheduler = small(
      clock,
      {
        flaky: {
          does: [
            { ms: 10, throw: "1" },
            { ms: 10, throw: "2" },
            { ms: 10, throw: "3" },
          ],
        },
        other: { does: { ms: 20 } },
      },
      {
        dispatch,
        concurrency: 1,
        random: () => 0.5,
        taskRetries: {
          flaky: {
            attempts: 5,
            backoff: "exponential",
            baseMs: 100,
            jitter: "full",
            retryIf: (_, retry) => asked.push(retry) < 3,
          },
        },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "other").startAt).toBe(10);
    expect(
      row(report, "flaky").attemptStatistics.map(({ startAt, delayMs }) => [startAt, delayMs]),
    ).toEqual([
      [0, 50],
      [60, 100],
      [170, undefined],
    ]);
    expect(asked).toEqual([1, 2, 3]);
  },
);

test("17: plan problems are listed, and an error that a task threw is kept as it is", async () => {
  const clock = new VirtualClock();
  const unplanned = small(clock, { a: { after: ["ghost", "b"] }, b: { after: ["a"] } });
  const { planIssues } = await unplanned.execute();
  expect(planIssues?.map(({ code, path }) => [code, path[0]])).toEqual([
    ["unknown-dependency", "taskOrder"],
    ["cycle", expect.any(String)],
  ]);

  class Refused extends RangeError {
    override readonly name = "Refused";
    readonly code = "E_REFUSED";
  }
  const error = new Refused("no", { cause: new Error("deep") });
  const scheduler = small(clock, {
    a: {
      does: () => {
        throw error;
      },
    },
  });
  const report = await clock.run(scheduler.execute());
  const outcome = report.outcome("a");
  expect(outcome.status === "failed" && outcome.error).toBe(error);
  expect(row(report, "a").error).toMatchObject({
    name: "Refused",
    message: "no",
    code: "E_REFUSED",
    stack: expect.stringContaining("Refused: no"),
    cause: { message: "deep" },
  });
});

test.each(dispatches)("18: a failure is one line of the summary, by %s", async (dispatch) => {
  const clock = new VirtualClock();
  const scheduler = small(
    clock,
    { bad: { does: { ms: 1, throw: "boom" } }, next: { after: ["bad"] } },
    { dispatch, taskRetries: { bad: 2 } },
  );
  const report = await clock.run(scheduler.execute());
  expect(report.errorSummary).toEqual(['Task "bad" failed after 3 attempts: boom']);
});

test.each(dispatches)(
  "19: durations are measured when things happen, and a stage is the plan's, by %s",
  async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        slow: { does: { ms: 300 } },
        quick: { does: { ms: 10 } },
        queued: { does: { ms: 20 } },
        last: { after: ["slow", "quick"], does: { ms: 5 } },
      },
      { dispatch, concurrency: 2 },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "quick")).toMatchObject({
      durationMs: 10,
      endAt: 10,
      queuedMs: 0,
      stageId: 0,
    });
    expect(row(report, "queued")).toMatchObject({
      durationMs: 20,
      startAt: 10,
      queuedMs: 10,
      stageId: 0,
    });
    expect(row(report, "last")).toMatchObject({ durationMs: 5, startAt: 300, stageId: 1 });
    expect(report.stageStatistics.map(({ startAt, endAt }) => [startAt, endAt])).toEqual([
      [0, 300],
      [300, 305],
    ]);
    expect(report.getTaskStatisticsByStage(1).map(({ taskName }) => taskName)).toEqual(["last"]);
  },
);

test("20: a wall clock that is set back changes no instant and no duration", async () => {
  const clock = new VirtualClock();
  let wall = 5_000_000;
  const jumping: Clock = {
    now: () => clock.now(),
    wallNow: () => (wall -= 1_000_000),
    after: (ms, fire) => clock.after(ms, fire),
  };
  const scheduler = small(clock, { a: { does: { ms: 30 } } }, { clock: jumping });
  const report = await clock.run(scheduler.execute());
  expect(report.clock.epochMs).toBe(4_000_000);
  expect(report.clock.driftMs).toBe(-1_000_030);
  expect(report.totalDurationMs).toBe(30);
  expect(row(report, "a")).toMatchObject({ startAt: 0, endAt: 30 });
});

test("21: a report can be serialised, with detached tail tasks and outputs that JSON cannot hold", async () => {
  const clock = new VirtualClock();
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const scheduler = small(
    clock,
    {
      tail: { does: { ms: 1000 } },
      loop: { does: () => loop },
      big: { does: () => 10n },
      hostile: {
        does: () => ({
          toJSON: () => {
            throw new Error("no");
          },
        }),
      },
    },
    { ignoreTailTasks: ["tail"] },
  );
  const report = await clock.run(scheduler.execute());
  const json = JSON.parse(JSON.stringify(report.toJSON({ outputs: true })));
  expect(json.detachedTasks).toBe(1);
  expect(json.taskStatistics).toHaveLength(4);
  expect(Object.keys(json.outputs)).toEqual(["loop", "big", "hostile"]);
  for (const name of ["loop", "big", "hostile"]) expect(json.outputs[name]).toBeTypeOf("object");
  await clock.run(report.tail);
});

test.each(dispatches)(
  "22: there are time-outs, cancellation from outside, and a run can be watched, by %s",
  async (dispatch) => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const told: string[] = [];
    const watch = fromEvents("watch", (event) => {
      if (event.type === "attempt.end") told.push(`${event.attempt.task.name} ends`);
      if (event.type === "attempt.start") told.push(`${event.attempt.task.name} starts`);
    });
    const scheduler = small(
      clock,
      {
        hung: { does: { ms: 1_000_000 } },
        a: { does: { ms: 10 } },
        b: { after: ["a"], does: { ms: 1_000_000 } },
      },
      {
        dispatch,
        signal: controller.signal,
        taskOptions: { hung: { timeoutMs: 50, onFailure: "ignore" } },
        observers: [watch],
      },
    );
    expect(scheduler.executionState).toBe("none");
    const running = scheduler.execute();
    expect(scheduler.executionState).toBe("running");
    await clock.advance(20);
    expect(told).toEqual(["hung starts", "a starts", "a ends", "b starts"]);
    await clock.advance(80);
    controller.abort();
    const report = await clock.run(running);
    expect(row(report, "hung")).toMatchObject({
      status: "failed",
      endAt: 50,
      error: { name: "TimeoutError" },
    });
    expect(row(report, "b")).toMatchObject({ status: "cancelled", endAt: 100 });
  },
);

test("23: what was stored and never read is no option here, and saying it is an error", () => {
  for (const option of ["hasDataPath", "silence", "taskOutputs", "concurrencyContext"]) {
    const options = { [option]: true } as SchedulerOptions;
    expect(() => small(new VirtualClock(), { a: {} }, options)).toThrow(
      `Unknown option \`${option}\``,
    );
  }
  const order = { taskName: "load", deps: [{ taskName: "extract" }] } as never;
  expect(() => new DynamicScheduler([], [order])).toThrow("Unknown option `deps`");
});

test.each(dispatches)(
  "24: a graph with data references runs any number of times, by %s",
  async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { a: { does: () => ({ n: 1 }) }, b: { does: ({ n }: { n: number }) => n + 1 } },
      {
        dispatch,
        taskDataRefs: { b: { inputs: [{ from: { task: "a", key: "n" }, to: { key: "n" } }] } },
      },
    );
    for (let run = 0; run < 3; run++) {
      const report = await clock.run(scheduler.execute());
      expect(report.executionState).toBe("completed");
      expect(report.outputs.b).toBe(2);
    }
  },
);

test("25: a call that holds the thread over 50 ms says so; one that waits does not", async () => {
  const virtual = new VirtualClock();
  let held = 0;
  const hold = (ms: number): void => {
    held += ms;
  };
  const clock: Clock = {
    now: () => virtual.now() + held,
    wallNow: () => virtual.wallNow() + held,
    after: (ms, fire) => virtual.after(ms, fire),
  };
  const scheduler = small(
    virtual,
    {
      busy: { does: () => hold(80) },
      brief: { does: () => hold(50) },
      waits: { does: scripted(virtual, { ms: 200 }) },
    },
    { clock },
  );
  const report = await virtual.run(scheduler.execute());
  expect(row(report, "busy").blockedMs).toBe(80);
  expect(row(report, "brief").blockedMs).toBeUndefined();
  expect(row(report, "waits").blockedMs).toBeUndefined();
});
