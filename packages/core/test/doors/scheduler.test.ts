/** The door for graphs that come from data: names, predeclared orders, and options that are checked where they enter. */
import { describe, expect, test } from "vitest";
import {
  DefinitionError,
  DynamicScheduler,
  PlanError,
  type SchedulerOptions,
  type Schema,
  type TaskContext,
  type TaskOrder,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { row, small, starts, statuses } from "../small-scheduler.ts";

const dispatches = ["dependencies", "stages"] as const;
const nothing = (): void => {};

/** What is wrong, as the issues say it. */
function issuesOf(
  make: () => unknown,
): { code: string; message: string; path: readonly string[] }[] {
  try {
    make();
  } catch (error) {
    if (error instanceof PlanError || error instanceof DefinitionError) return [...error.issues];
    throw error;
  }
  return [];
}

describe("while it runs", () => {
  /** What the scheduler says of itself. */
  const live = ({ executionState, currentStage, stageStatus }: DynamicScheduler): unknown[] => [
    executionState,
    currentStage,
    stageStatus,
  ];
  const tasks = {
    quick: { does: { ms: 10 } },
    slow: { does: { ms: 30 } },
    behindQuick: { after: ["quick"], does: { ms: 30 } },
    last: { after: ["behindQuick"], does: { ms: 10 } },
  };

  test("the current stage is the lowest with an unsettled task", async () => {
    const clock = new VirtualClock();
    const scheduler = small(clock, tasks);
    expect(live(scheduler)).toEqual(["none", -1, undefined]);
    const running = scheduler.execute();
    expect(live(scheduler)).toEqual(["running", 0, "running"]);
    await clock.advance(20);
    expect(live(scheduler)).toEqual(["running", 0, "running"]);
    await clock.advance(15);
    expect(live(scheduler)).toEqual(["running", 1, "running"]);
    await clock.advance(10);
    expect(live(scheduler)).toEqual(["running", 2, "running"]);
    await clock.run(running);
    expect(live(scheduler)).toEqual(["completed", 2, "completed"]);
  });

  test("by stages it is the stage that starts next, pending until all that it waits for has ended", async () => {
    const clock = new VirtualClock();
    const scheduler = small(clock, tasks, { dispatch: "stages" });
    expect(live(scheduler)).toEqual(["none", -1, undefined]);
    const running = scheduler.execute();
    expect(live(scheduler)).toEqual(["running", 1, "pending"]);
    await clock.advance(20);
    expect(live(scheduler)).toEqual(["running", 2, "pending"]);
    await clock.advance(25);
    expect(live(scheduler)).toEqual(["running", 2, "running"]);
    await clock.run(running);
    expect(live(scheduler)).toEqual(["completed", 2, "completed"]);
  });

  test.each(dispatches)("a failure shows when it is noticed, by %s", async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        bad: { does: { ms: 10, throw: "boom" } },
        deaf: { does: { ms: 100, ignoresSignal: true } },
        next: { after: ["bad"] },
      },
      { dispatch },
    );
    const running = scheduler.execute();
    await clock.advance(50);
    expect(live(scheduler)).toEqual(
      dispatch === "stages" ? ["running", 1, "failed"] : ["running", 0, "running"],
    );
    await clock.run(running);
    expect(live(scheduler)).toEqual(["failed", 1, "failed"]);
  });

  test.each(dispatches)("an abort shows as cancelled, by %s", async (dispatch) => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const tasks = { a: { does: { ms: 10 } }, b: { after: ["a"] } };
    const scheduler = small(clock, tasks, { dispatch, signal: controller.signal });
    const running = scheduler.execute();
    controller.abort();
    await clock.run(running);
    expect(live(scheduler)).toEqual(["cancelled", 1, "cancelled"]);
  });

  test.each(dispatches)("tail tasks hold no stage open, by %s", async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      {
        tail: { does: { ms: 1000 } },
        a: { does: { ms: 5 } },
        b: { after: ["a"], does: { ms: 5 } },
      },
      { dispatch, ignoreTailTasks: ["tail"] },
    );
    const running = scheduler.execute();
    await clock.advance(7);
    expect(live(scheduler)).toEqual(["running", 1, "running"]);
    const report = await clock.run(running);
    expect(live(scheduler)).toEqual(["completed", 1, "completed"]);
    await clock.run(report.tail);
    expect(live(scheduler)).toEqual(["completed", 1, "completed"]);
  });

  test.each(dispatches)(
    "a plan that fails shows as failed, and a second run starts afresh, by %s",
    async (dispatch) => {
      const clock = new VirtualClock();
      const unplanned = small(clock, { a: { after: ["ghost"] } }, { dispatch });
      await unplanned.execute();
      expect(live(unplanned)).toEqual(["failed", -1, "failed"]);

      const scheduler = small(
        clock,
        { a: { does: { ms: 10 } }, b: { after: ["a"] } },
        { dispatch },
      );
      await clock.run(scheduler.execute());
      expect(live(scheduler)).toEqual(["completed", 1, "completed"]);
      const again = scheduler.execute();
      expect(live(scheduler).slice(0, 2)).toEqual(["running", dispatch === "stages" ? 1 : 0]);
      await clock.run(again);
      expect(live(scheduler)).toEqual(["completed", 1, "completed"]);
    },
  );

  test.each(dispatches)("its first tasks see that it runs, by %s", async (dispatch) => {
    const seen: string[] = [];
    const look = (): void => void seen.push(scheduler.executionState);
    const scheduler = small(new VirtualClock(), { a: { does: look } }, { dispatch });
    await scheduler.execute();
    await scheduler.execute();
    expect(seen).toEqual(["running", "running"]);
  });

  test.each(dispatches)("of two runs at once it tells of the later, by %s", async (dispatch) => {
    const clock = new VirtualClock();
    const scheduler = small(clock, { a: { does: { ms: 100 } } }, { dispatch });
    const first = scheduler.execute();
    await clock.advance(50);
    const second = scheduler.execute();
    await clock.run(first);
    expect(live(scheduler)).toEqual(["running", 0, "running"]);
    await clock.run(second);
    expect(live(scheduler)).toEqual(["completed", 0, "completed"]);
  });

  test.each(dispatches)("without tasks it completes at once, by %s", async (dispatch) => {
    const scheduler = new DynamicScheduler([], [], { dispatch });
    const report = await scheduler.execute();
    expect(report).toMatchObject({ executionState: "completed", totalTasks: 0, totalStages: 0 });
    expect(live(scheduler)).toEqual(["completed", -1, "completed"]);
  });
});

describe("the constructor", () => {
  test("lists every offence in one TypeError", () => {
    const misuse = (): unknown =>
      new DynamicScheduler(
        [
          ["load", Promise.resolve(1)],
          ["load", nothing],
          ["", nothing],
          ["x".repeat(257), nothing],
          [7, nothing],
          "not a pair",
          ["no function"],
          ["wrong", "text"],
        ] as unknown as ConstructorParameters<typeof DynamicScheduler>[0],
        [
          { taskName: "load", dependencies: "extract" },
          { name: "load" },
          null,
        ] as unknown as TaskOrder[],
        {
          concurrency: 0,
          dispatch: "stage",
          taskRetries: { load: -1 },
          taskOptions: { load: { timeoutMs: 0, prioritiy: 1, retry: 1 } },
          taskDataRefs: { load: { inputs: [{ from: {}, to: {} }] } },
          ignoreTailTask: ["load"],
          targets: ["load"],
          timeoutMs: Number.NaN,
        } as unknown as SchedulerOptions,
      );
    expect(misuse).toThrow(TypeError);
    const messages = issuesOf(misuse).map(({ message }) => message);
    expect(messages).toEqual([
      'Task "load" is a promise: pass the function, do not call it',
      'Two tasks are named "load": names identify tasks, give each its own',
      "The name in `tasks[2]` must not be empty",
      expect.stringMatching(
        /^The name in `tasks\[3\]` is 257 characters long, at most 256 are allowed/,
      ),
      "The name in `tasks[4]` must be a string, got `7`",
      '`tasks[5]` must be a [name, function] pair, got "not a pair"',
      "`tasks[6]` must be a [name, function] pair, got an array",
      'Task "wrong" needs a function, got "text"',
      'Expected `taskOrder[0].dependencies` to be an array of names or task orders, got `"extract"`',
      'Unknown option `name` of `taskOrder[1]`. Did you mean "taskName"?',
      "`taskOrder[1].taskName` must be a string, got `undefined`",
      "Expected `taskOrder[2]` to be an object, got `null`",
      expect.stringMatching(/^Unknown option `ignoreTailTask`\. Did you mean "ignoreTailTasks"\?$/),
      "Expected `concurrency` to be an integer from 1 up or a Semaphore, got `0`",
      "Expected `timeoutMs` to be a number of milliseconds above 0, got `NaN`",
      "Unknown option `targets`: give them to `execute()`",
      'Expected `dispatch` to be "dependencies" or "stages", got `"stage"`',
      'Expected `retry` of task "load" to be an integer from 0 up, got `-1`',
      'Retries of task "load" go into `taskRetries`',
      'Unknown option `prioritiy` of task "load". Did you mean "priority"?',
      'Expected `timeoutMs` of task "load" to be a number of milliseconds above 0, got `0`',
      "Expected `taskDataRefs.load.inputs[0].from` to be one of { task }, { value } and { compute }, got `an object`",
      "Expected `taskDataRefs.load.inputs[0].to` to be { key } or { index }, got `an object`",
    ]);
    for (const message of messages.filter((one) => typeof one === "string")) {
      expect(misuse).toThrow(message);
    }
  });

  test("names a hole in the list", () => {
    // biome-ignore lint/suspicious/noSparseArray: that is what is refused.
    const tasks = [["a", nothing], , ["b", nothing]] as unknown as [string, () => void][];
    const order = [{ taskName: "a" }, { taskName: "b" }];
    expect(issuesOf(() => new DynamicScheduler(tasks, order))).toMatchObject([
      { code: "invalid-task", message: "`tasks[1]` must be a [name, function] pair, got a hole" },
    ]);
  });

  test.each<[string, unknown, unknown, unknown]>([
    ["tasks", {}, [], undefined],
    ["taskOrder", [], "a, b", undefined],
    ["options", [], [], 5],
  ])("refuses %s of another kind", (_, tasks, order, options) => {
    expect(
      () => new DynamicScheduler(tasks as [], order as [], options as SchedulerOptions),
    ).toThrow(DefinitionError);
  });

  test.each(["__proto__", "constructor", "toString", "a b", "1"])(
    "takes the name %s",
    async (name) => {
      const scheduler = new DynamicScheduler(
        [
          [name, () => 1],
          ["next", (inputs: object) => Object.entries(inputs)],
        ],
        [{ taskName: name }, { taskName: "next", dependencies: [{ taskName: name }] }],
        { taskDataRefs: { next: { inputs: [{ from: { task: name }, to: { key: name } }] } } },
      );
      const report = await scheduler.execute();
      expect(report.outputs[name]).toBe(1);
      expect(report.outputs.next).toEqual([[name, 1]]);
      expect(report.taskReturnSet.get(name)).toBe(1);
    },
  );
});

describe("the plan", () => {
  test("lists every problem at once, each with a code, a place and a way out", () => {
    const scheduler = new DynamicScheduler(
      [
        ["load", nothing],
        ["loose", nothing],
        ["tail", nothing],
        ["end", nothing],
      ],
      [
        { taskName: "load", dependencies: [{ taskName: "laod" }] },
        { taskName: "tail" },
        { taskName: "end", dependencies: [{ taskName: "tail" }, { taskName: "end" }] },
        { taskName: "unwritten" },
      ],
      {
        ignoreTailTasks: ["tail", "tial"],
        taskRetries: { lod: 1 },
        taskOptions: { endd: {}, load: { resources: { db: 2 } } },
        taskDataRefs: {
          ghost: { inputs: [] },
          end: {
            inputs: [
              { from: { value: 1 }, to: { key: "a" } },
              { from: { value: 2 }, to: { key: "a" } },
              { from: { value: 3 }, to: { index: 0 } },
            ],
          },
        },
        resources: { db: 1 },
      },
    );
    const issues = issuesOf(() => scheduler.plan());
    expect(issues.map(({ code }) => code).sort()).toEqual([
      "cycle",
      "demand-above-capacity",
      "duplicate-input",
      "missing-callable",
      "missing-order",
      "mixed-inputs",
      "tail-with-dependents",
      "unknown-dependency",
      "unknown-task",
      "unknown-task",
      "unknown-task",
      "unknown-task",
    ]);
    for (const { path } of issues) expect(path.length).toBeGreaterThan(0);
    const messages = issues.map(({ message }) => message);
    // Not "load" itself: that would be a cycle.
    expect(messages).toContain('Task "load" depends on "laod", which is not defined.');
    expect(messages).toContain('`taskRetries` names "lod", which is no task. Did you mean "load"?');
    expect(messages).toContain(
      '`ignoreTailTasks` names "tial", which is no task. Did you mean "tail"?',
    );
    expect(messages).toContain(
      'Tasks wait for each other: "end" → "end". Remove one of these dependencies',
    );
  });

  test("that fails gives a failed report in which nothing ran", async () => {
    let calls = 0;
    const scheduler = new DynamicScheduler(
      [
        ["a", () => calls++],
        ["b", () => calls++],
      ],
      [
        { taskName: "a", dependencies: [{ taskName: "b" }] },
        { taskName: "b", dependencies: [{ taskName: "a" }] },
      ],
    );
    const issues = issuesOf(() => scheduler.plan());
    const report = await scheduler.execute();
    expect(calls).toBe(0);
    expect(report).toMatchObject({
      executionState: "failed",
      totalTasks: 2,
      skippedTasks: 2,
      totalAttempts: 0,
      planIssues: issues,
      errorSummary: issues.map(({ message }) => message),
    });
    expect(statuses(report)).toEqual({ a: "skipped", b: "skipped" });
    expect(row(report, "a").reason).toEqual({
      kind: "not-started",
      message: "the graph cannot be planned",
    });
    expect({ ...report.originalTasks }).toEqual({ a: ["b"], b: ["a"] });
    expect(report.toJSON()).toMatchObject({ planIssues: issues, executionState: "failed" });
    expect(await report.tail).toEqual([]);
    expect(() => report.unwrap()).toThrow("Tasks wait for each other");
  });

  test("of a valid graph has its stages, and can be asked for before it runs", () => {
    const plan = small(new VirtualClock(), { a: {}, b: {}, c: { after: ["b", "a"] } }).plan();
    expect(plan.stages).toEqual([
      { stageId: 0, startTasks: ["a", "b"], waitForTasks: [], parallelTasks: ["a", "b"] },
      { stageId: 1, startTasks: ["c"], waitForTasks: ["b", "a"], parallelTasks: ["c"] },
    ]);
  });
});

describe.each(dispatches)("inputs, by %s", (dispatch) => {
  type Inputs = NonNullable<SchedulerOptions["taskDataRefs"]>[string]["inputs"];
  /** What `use` is called with, or the message of what keeps it from being called. */
  const calledWith = async (inputs: Inputs | undefined, returned: unknown = { rows: [1, 2] }) => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { a: { does: () => returned }, use: { does: (...args: unknown[]) => args } },
      { dispatch, ...(inputs === undefined ? {} : { taskDataRefs: { use: { inputs } } }) },
    );
    const report = await clock.run(scheduler.execute());
    const { status, error } = row(report, "use");
    if (status === "failed") return error?.message;
    return (report.outputs.use as unknown[]).slice(0, -1);
  };

  test("that go to keys make one object; without any it is empty", async () => {
    expect(await calledWith(undefined)).toEqual([{}]);
    expect(
      await calledWith([
        { from: { task: "a", key: "rows" }, to: { key: "rows" } },
        { from: { task: "a" }, to: { key: "all" } },
      ]),
    ).toEqual([{ rows: [1, 2], all: { rows: [1, 2] } }]);
  });

  test("that go to indices are arguments, with the context after them", async () => {
    expect(
      await calledWith([
        { from: { task: "a", key: "rows" }, to: { index: 1 } },
        { from: { value: "first" }, to: { index: 0 } },
      ]),
    ).toEqual(["first", [1, 2]]);
    expect(await calledWith([{ from: { task: "a" }, to: { index: 2 } }], 7)).toEqual([
      undefined,
      undefined,
      7,
    ]);
  });

  test("may be elements of arrays, values, and computed, once for each run", async () => {
    let computed = 0;
    const compute = async (): Promise<number> => ++computed;
    const inputs: Inputs = [
      { from: { task: "a", index: 1 }, to: { key: "second" } },
      { from: { value: null }, to: { key: "value" } },
      { from: { compute }, to: { key: "computed" } },
    ];
    expect(await calledWith(inputs, ["x", "y"])).toEqual([
      { second: "y", value: null, computed: 1 },
    ]);
    expect(await calledWith(inputs, ["x", "y"])).toEqual([
      { second: "y", value: null, computed: 2 },
    ]);
  });

  test("are the same for every attempt: nothing is resolved again", async () => {
    const clock = new VirtualClock();
    let computed = 0;
    const seen: unknown[] = [];
    const scheduler = small(
      clock,
      {
        flaky: {
          does: ({ n }: { n: number }, { attempt }: TaskContext) => {
            seen.push([n, attempt]);
            if (attempt < 3) throw new Error("again");
          },
        },
      },
      {
        dispatch,
        taskRetries: { flaky: 2 },
        taskDataRefs: {
          flaky: { inputs: [{ from: { compute: () => ++computed }, to: { key: "n" } }] },
        },
      },
    );
    await clock.run(scheduler.execute());
    expect(seen).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
  });

  test.each<[unknown, Inputs[number]["from"], string]>([
    [{}, { task: "a", key: "rows" }, "that object is empty"],
    [{ row: 1 }, { task: "a", key: "toString" }, 'it has only "row"'],
    [null, { task: "a", key: "rows" }, "that is null: a key reads objects only"],
    ["text", { task: "a", key: "length" }, 'that is "text": a key reads objects only'],
    [[1], { task: "a", index: 1 }, "that array has a length of 1"],
    [{ 0: "x" }, { task: "a", index: 0 }, "that is an object: an index reads arrays only"],
  ])(
    "of %j with a locator that finds nothing fail the consumer",
    async (returned, from, message) => {
      expect(await calledWith([{ from, to: { key: "x" } }], returned)).toContain(message);
    },
  );

  test("whose computation throws fail the consumer, with the cause", async () => {
    const inputs: Inputs = [
      {
        from: {
          compute: () => {
            throw new Error("no value today");
          },
        },
        to: { key: "x" },
      },
    ];
    expect(await calledWith(inputs)).toBe(
      'Input "x" of task "use" could not be taken: no value today',
    );
  });

  test("are checked, and may be converted, by their schema", async () => {
    const count: Schema<number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value) =>
          Array.isArray(value) ? { value: value.length } : { issues: [{ message: "not a list" }] },
      },
    };
    const at = (key: string): Inputs => [
      { from: { task: "a", key }, to: { key: "count" }, type: count },
    ];
    expect(await calledWith(at("rows"))).toEqual([{ count: 2 }]);
    expect(await calledWith(at("rows"), { rows: "none" })).toBe(
      'Task "use": input "count" does not match its schema: not a list',
    );
  });

  test("imply the dependency", async () => {
    const clock = new VirtualClock();
    const scheduler = small(
      clock,
      { use: {}, a: { does: { ms: 10, return: 1 } } },
      { dispatch, taskDataRefs: { use: { inputs: [{ from: { task: "a" }, to: { key: "x" } }] } } },
    );
    expect(scheduler.plan().totalStages).toBe(2);
    expect(starts(await clock.run(scheduler.execute()))).toEqual({ a: 0, use: 10 });
  });
});

describe("what a task waits for", () => {
  const nothing = (): void => {};
  const taken = (task: string, key: string) => ({ from: { task }, to: { key } });

  test("comes in the order of its dependencies, each once with all that is taken from it, then all others", async () => {
    const scheduler = new DynamicScheduler(
      ["a", "b", "c", "d", "e", "all"].map((name) => [name, nothing] as const),
      [
        ...["a", "b", "c", "d", "e"].map((taskName) => ({ taskName })),
        {
          taskName: "all",
          dependencies: ["c", "a", "c", "b"].map((taskName) => ({ taskName })),
        },
      ],
      {
        taskDataRefs: {
          all: {
            inputs: [
              taken("e", "e"),
              taken("a", "first"),
              { from: { value: 1 }, to: { key: "one" } },
              taken("b", "b"),
              taken("a", "second"),
              taken("d", "d"),
              taken("e", "again"),
            ],
          },
        },
      },
    );
    const report = await scheduler.execute();
    const all = report.taskStatistics.find(({ taskName }) => taskName === "all");
    expect(all?.dependencies).toEqual([
      { task: "c", kind: "after" },
      { task: "a", kind: "value", to: "first" },
      { task: "a", kind: "value", to: "second" },
      { task: "b", kind: "value", to: "b" },
      { task: "e", kind: "value", to: "e" },
      { task: "d", kind: "value", to: "d" },
      { task: "e", kind: "value", to: "again" },
    ]);
  });

  test("is told once where it is not there, be it a dependency or an input", () => {
    const scheduler = new DynamicScheduler(
      [["all", nothing]],
      [{ taskName: "all", dependencies: [{ taskName: "x" }, { taskName: "x" }] }],
      { taskDataRefs: { all: { inputs: [taken("y", "y"), taken("x", "x"), taken("y", "z")] } } },
    );
    expect(issuesOf(() => scheduler.plan()).map(({ message }) => message)).toEqual([
      'Task "all" depends on "x", which is not defined.',
      'Task "all" depends on "y", which is not defined.',
    ]);
  });

  test("is refused with a sentence where it does not let itself be looked at", () => {
    const hostile = new Proxy(
      { taskName: "a" },
      {
        getPrototypeOf: () => {
          throw new Error("do not look");
        },
        get: () => {
          throw new Error("do not look");
        },
      },
    );
    const made = (): unknown => new DynamicScheduler([["a", nothing]], [hostile]);
    expect(issuesOf(made).map(({ code }) => code)).toEqual(["invalid-option"]);
  });
});
