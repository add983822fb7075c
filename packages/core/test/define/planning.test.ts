import { describe, expect, it } from "vitest";
import {
  after,
  DefinitionError,
  DynamicScheduler,
  flow,
  type Inputs,
  map,
  type Param,
  PlanError,
  param,
  RunError,
  type SchedulerOptions,
  type Schema,
  settled,
  subflow,
  type Task,
  type TaskOrder,
  task,
} from "../../src/index.ts";

const nothing = (): void => {};

function scheduler(
  graph: Readonly<Record<string, readonly string[]>>,
  options?: SchedulerOptions,
): DynamicScheduler {
  const names = Object.keys(graph);
  return new DynamicScheduler(
    names.map((name) => [name, nothing]),
    names.map((taskName) => ({
      taskName,
      dependencies: (graph[taskName] ?? []).map((dependency) => ({ taskName: dependency })),
    })),
    options,
  );
}

function issuesOf(plan: () => unknown): PlanError["issues"] {
  try {
    plan();
  } catch (error) {
    if (error instanceof PlanError || error instanceof DefinitionError) return error.issues;
    throw error;
  }
  throw new Error("There is no problem");
}

const messages = (plan: () => unknown): string[] => issuesOf(plan).map(({ message }) => message);
const codes = (plan: () => unknown): string[] => issuesOf(plan).map(({ code }) => code);

describe("A graph that cannot be planned", () => {
  it("says all that is wrong with it at once, each with its place and what was probably meant", () => {
    const broken = new DynamicScheduler(
      [
        ["extract", nothing],
        ["merge", nothing],
        ["rank", nothing],
        ["unordered", nothing],
        ["ping", nothing],
        ["pong", nothing],
      ],
      [
        { taskName: "extract" },
        { taskName: "merge", dependencies: [{ taskName: "extract" }] },
        { taskName: "rank", dependencies: [{ taskName: "merg" }] },
        { taskName: "ping", dependencies: [{ taskName: "pong" }] },
        { taskName: "pong", dependencies: [{ taskName: "ping" }] },
        { taskName: "bodiless" },
      ],
      {
        taskRetries: { mergee: 1 },
        taskOptions: {
          Rank: {},
          extract: { resources: { gpu: 1 } },
          merge: { resources: { db: 5 } },
        },
        taskDataRefs: { nowhere: { inputs: [] } },
        ignoreTailTasks: ["extract", "rnak"],
        resources: { db: 4 },
      },
    );
    const issues = issuesOf(() => broken.plan());
    expect(issues.map(({ code, path, suggestion }) => [code, path.join("."), suggestion])).toEqual([
      ["missing-callable", "taskOrder.bodiless", undefined],
      ["missing-order", "tasks.unordered", undefined],
      ["unknown-task", "taskDataRefs.nowhere", undefined],
      ["unknown-task", "taskRetries.mergee", "merge"],
      ["unknown-task", "taskOptions.Rank", "rank"],
      ["unknown-task", "ignoreTailTasks.rnak", "rank"],
      ["unknown-dependency", "taskOrder.rank", "merge"],
      ["tail-with-dependents", "tails.extract", undefined],
      ["unknown-resource", "tasks.extract.resources.gpu", undefined],
      ["demand-above-capacity", "tasks.merge.resources.db", undefined],
      ["cycle", "ping.pong.ping", undefined],
    ]);
    expect(issues.map(({ message }) => message)).toEqual([
      'Task "bodiless" has an order but no function.',
      'Task "unordered" has a function but no order: it would never run.',
      '`taskDataRefs` names "nowhere", which is no task.',
      '`taskRetries` names "mergee", which is no task. Did you mean "merge"?',
      '`taskOptions` names "Rank", which is no task. Did you mean "rank"?',
      '`ignoreTailTasks` names "rnak", which is no task. Did you mean "rank"?',
      'Task "rank" depends on "merg", which is not defined. Did you mean "merge"?',
      'Tail task "extract" has a dependent, "merge": nobody waits for a tail task, so nothing may depend on it',
      'Task "extract" needs 1 of "gpu", which the run does not have. Give it with `resources: { gpu: … }`',
      'Task "merge" needs 5 of "db", but the run has only 4',
      'Tasks wait for each other: "ping" → "pong" → "ping". Remove one of these dependencies',
    ]);
  });

  it("is told in one error whose message lists every problem", () => {
    const broken = scheduler({ a: ["b"], c: ["d"] });
    expect(() => broken.plan()).toThrow(
      "The graph cannot be planned, 2 problems:\n" +
        '  - Task "a" depends on "b", which is not defined.\n' +
        '  - Task "c" depends on "d", which is not defined.',
    );
  });

  it("knows what was meant also by its function, when the order of that is missing too", () => {
    const broken = new DynamicScheduler(
      [
        ["extract", () => 1],
        ["load", () => 2],
        ["send", () => 3],
      ],
      [
        { taskName: "load", dependencies: [{ taskName: "extarct" }] },
        { taskName: "send", dependencies: [{ taskName: "extract" }] },
      ],
    );
    expect(() => broken.plan()).toThrow(
      "The graph cannot be planned, 3 problems:\n" +
        '  - Task "extract" has a function but no order: it would never run.\n' +
        '  - Task "load" depends on "extarct", which is not defined. Did you mean "extract"?\n' +
        '  - Task "send" depends on "extract", which has a function but no order.',
    );
  });

  it("gives a failed report from execute(), in which every task is skipped and nothing ran", async () => {
    let calls = 0;
    const broken = new DynamicScheduler(
      [
        ["a", () => calls++],
        ["b", () => calls++],
      ],
      [{ taskName: "a" }, { taskName: "b", dependencies: [{ taskName: "bee" }] }],
    );
    const report = await broken.execute();
    expect(calls).toBe(0);
    expect(report.executionState).toBe("failed");
    expect(broken.executionState).toBe("failed");
    expect(report.taskStatistics.map(({ taskName, status }) => [taskName, status])).toEqual([
      ["a", "skipped"],
      ["b", "skipped"],
    ]);
    expect(report.taskStatistics[0]?.reason).toEqual({
      kind: "not-started",
      message: "the graph cannot be planned",
    });
    expect(report.planIssues?.map(({ code }) => code)).toEqual(["unknown-dependency"]);
    expect(report.errorSummary).toEqual(report.planIssues?.map(({ message }) => message));
    expect({ ...report.originalTasks }).toEqual({ a: [], b: ["bee"] });
    expect(() => report.unwrap()).toThrow(/The run failed/);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report.toJSON());
    await expect(report.tail).resolves.toEqual([]);
  });

  it("rejects from flow.run() with the same error, before anything ran", async () => {
    let calls = 0;
    const greedy = task("greedy", () => calls++, { resources: { db: 1 } });
    await expect(flow("f", { greedy }).run()).rejects.toThrow(PlanError);
    expect(calls).toBe(0);
  });
});

describe("A cycle", () => {
  it("is told from the task that was declared first, however its dependencies are written", () => {
    const told = (graph: Readonly<Record<string, readonly string[]>>): string[] =>
      issuesOf(() => scheduler(graph).plan()).map(({ path }) => path.join(" "));
    expect(told({ a: ["b", "c"], b: ["c"], c: ["d"], d: ["b"] })).toEqual(["b c d b"]);
    expect(told({ a: ["c", "b"], b: ["c"], c: ["d"], d: ["b"] })).toEqual(["b c d b"]);
    expect(told({ z: ["d"], d: ["z"], a: ["z"] })).toEqual(["z d z"]);
    // Of several that are as short, the same one.
    expect(told({ a: ["b", "c"], b: ["a"], c: ["a"] })).toEqual(["a b a"]);
    expect(told({ a: ["c", "b"], b: ["a"], c: ["a"] })).toEqual(["a b a"]);
  });

  it("is told as a path that comes back to where it began", () => {
    expect(
      issuesOf(() => scheduler({ a: ["c"], b: ["a"], c: ["b"], entry: ["a"] }).plan()),
    ).toEqual([expect.objectContaining({ code: "cycle", path: ["a", "c", "b", "a"] })]);
  });

  it("of a task that waits for itself names the task twice", () => {
    expect(issuesOf(() => scheduler({ a: [], b: ["a", "b"] }).plan())[0]?.path).toEqual(["b", "b"]);
  });

  it("is the shortest of those that share a task", () => {
    const graph = { a: ["b"], b: ["c", "a2"], c: ["d"], d: ["a"], a2: ["b"] };
    expect(issuesOf(() => scheduler(graph).plan())[0]?.path).toHaveLength(3);
  });

  it("is the shortest of those that share no task, wherever it is declared", () => {
    const graph = { a: ["b"], b: ["c"], c: ["a"], p: ["q", "a"], q: ["p"] };
    const path = issuesOf(() => scheduler(graph).plan())[0]?.path;
    expect([...new Set(path)].sort()).toEqual(["p", "q"]);
  });

  it("of 20,000 tasks is found without recursion", () => {
    const graph: Record<string, string[]> = {};
    for (let at = 0; at < 20_000; at++) graph[`t${at}`] = [`t${(at + 1) % 20_000}`];
    expect(issuesOf(() => scheduler(graph).plan())[0]?.path).toHaveLength(20_001);
  });
});

describe("Names", () => {
  it("of two tasks of a flow must differ", () => {
    const twins = { a: task("twin", nothing), b: task("twin", nothing), c: task("twin", nothing) };
    expect(messages(() => flow("f", twins))).toEqual([
      'Two tasks are named "twin": names identify tasks, give each its own',
    ]);
  });

  it("may not be given twice to a scheduler: in its tasks when it is made, in its orders when it plans", () => {
    expect(
      codes(
        () =>
          new DynamicScheduler(
            [
              ["a", nothing],
              ["a", nothing],
            ],
            [],
          ),
      ),
    ).toEqual(["duplicate-name"]);
    const twice = new DynamicScheduler([["a", nothing]], [{ taskName: "a" }, { taskName: "a" }]);
    expect(codes(() => twice.plan())).toEqual(["duplicate-name"]);
  });

  it("may not be those of a map's items", () => {
    const list = task("list", () => [1]);
    const sizes = map("sizes", list, nothing);
    const clash = task("sizes[0]", nothing);
    const apart = task("list[0]", nothing);
    const unlike = task("sizes[01]", nothing);
    expect(messages(() => flow("f", { sizes, clash, apart, unlike }))).toEqual([
      'Task "sizes[0]" has the name of an item of map "sizes": rename one of them',
    ]);
  });

  const strange = {
    "of an object's prototype": "__proto__",
    "of a constructor": "constructor",
    "of a method": "toString",
    "of a property that looks up": "hasOwnProperty",
    "with a dot": "a.b",
    "like a number": "7",
    "of 256 characters": "n".repeat(256),
    "with a lone surrogate": "\ud800",
    "of one blank": " ",
  };
  it.each(Object.entries(strange))("%s work through both doors", async (_, name) => {
    const first = task(name, () => "from door 1");
    const second = task(`${name.slice(0, 200)}+`, { [name]: first }, (inputs) => inputs[name]);
    const done = await flow("f", { [name]: first, second }).run();
    expect(done.executionState).toBe("completed");
    expect(done.outputs.second).toBe("from door 1");
    expect(Object.getOwnPropertyDescriptor(done.outputs, name)?.value).toBe("from door 1");
    expect(done.outcome(name)).toMatchObject({ status: "completed" });

    const order: TaskOrder = { taskName: name };
    const report = await new DynamicScheduler(
      [
        [name, () => ({ [name]: "from door 2" })],
        ["reader", (inputs: Record<string, unknown>) => inputs[name]],
      ],
      [order, { taskName: "reader", dependencies: [order] }],
      {
        taskRetries: { [name]: 2 },
        taskOptions: { [name]: { priority: 1, tags: ["odd"] } },
        taskDataRefs: {
          reader: { inputs: [{ from: { task: name, key: name }, to: { key: name } }] },
        },
        estimates: { [name]: 5 },
        concurrency: 1,
      },
    ).execute();
    expect(report.errorSummary).toEqual([]);
    expect(report.taskReturnSet.get("reader")).toBe("from door 2");
    expect(Object.keys(report.originalTasks)).toContain(name);
    const row = report.taskStatistics.find(({ taskName }) => taskName === name);
    expect(row).toMatchObject({ retry: 2, tags: ["odd"], status: "completed" });
    expect(JSON.parse(JSON.stringify(report)).originalTasks.reader).toEqual([name]);
  });

  it.each([
    ["", "must not be empty"],
    ["n".repeat(257), "is 257 characters long, at most 256 are allowed"],
    [42, "must be a string, got `42`"],
    [undefined, "must be a string, got `undefined`"],
  ])("such as %o are refused everywhere", (name, why) => {
    const wrong = name as string;
    expect(() => task(wrong, nothing)).toThrow(`The name of a task ${why}`);
    expect(() => param(wrong)).toThrow(`The name of a parameter ${why}`);
    expect(() => flow(wrong, {})).toThrow(`The name of a flow ${why}`);
    expect(() => new DynamicScheduler([[wrong, nothing]], [])).toThrow(
      `The name in \`tasks[0]\` ${why}`,
    );
    expect(() => new DynamicScheduler([], [{ taskName: wrong }])).toThrow(
      `\`taskOrder[0].taskName\` ${why}`,
    );
  });
});

describe("Tail tasks", () => {
  it("with dependents are refused by name", () => {
    const tail = task("tail", nothing);
    const reader = task("reader", { _: after(tail) }, nothing);
    expect(messages(() => flow("f", { reader }, { tails: { tail } }))).toEqual([
      'Tail task "tail" has a dependent, "reader": nobody waits for a tail task, so nothing may depend on it',
    ]);
  });
});

describe("Finally tasks", () => {
  it("are refused where anybody but another one reads them", () => {
    const close = task("close", nothing);
    const fine = task("fine", { _: after(close) }, nothing);
    const reader = task("reader", { _: after(close) }, nothing);
    const tail = task("tail", { _: after(fine) }, nothing);
    const options = { tails: { tail }, finally: { close, fine } };
    expect(messages(() => flow("f", { reader }, options))).toEqual([
      'Finally task "close" has a dependent, "reader", that is none: it starts when all others have ended, so only another finally task may depend on it',
      'Finally task "fine" has a dependent, "tail", that is none: it starts when all others have ended, so only another finally task may depend on it',
    ]);
  });

  it("are refused as roots, and as tails", () => {
    const root = task("root", nothing);
    const tail = task("tail", nothing);
    const options = { tails: { tail }, finally: { root, tail } };
    expect(messages(() => flow("f", { root }, options))).toEqual([
      'Task "root" is a root and a finally task: what a finally task gives is no result of the flow. Leave it out of one of them',
      'Task "tail" is a tail and a finally task: nobody waits for a tail task, and the run waits for a finally task. Leave it out of one of them',
    ]);
  });

  it("are tasks that there are, also in door 2", () => {
    const order = [{ taskName: "close" }];
    const scheduler = new DynamicScheduler([["close", nothing]], order, {
      finallyTasks: ["clsoe"],
    });
    expect(messages(() => scheduler.plan())).toEqual([
      '`finallyTasks` names "clsoe", which is no task. Did you mean "close"?',
    ]);
  });

  it("are refused in what other tools call them, with the word that is meant", () => {
    const root = task("root", nothing);
    expect(messages(() => flow("f", { root }, { teardown: { root } } as never))).toEqual([
      'Unknown option `teardown`. Did you mean "finally"?',
    ]);
  });
});

describe("A task that is root and tail", () => {
  it("is refused: its output would be promised, and nobody would wait for it", () => {
    const both = task("both", nothing);
    const other = task("other", nothing);
    expect(messages(() => flow("f", { other, result: both }, { tails: { both } }))).toEqual([
      'Task "both" is a root and a tail: nobody waits for a tail task, so its output cannot be promised. Leave it out of one of them',
    ]);
  });
});

describe("Targets", () => {
  const a = task("a", () => "a");
  const b = task("b", { a }, () => "b");
  const c = task("c", { a }, () => "c");
  const d = task("d", { b, c }, () => "d");
  const archive = task("archive", { b }, () => "archive");
  const wide = flow("wide", { d, second: b }, { tails: { archive } });

  it("run alone, with what they need, and with the tails of what is there", async () => {
    const planned = wide.plan({ targets: ["b"] });
    expect(planned.tasks.map(({ name }) => name)).toEqual(["a", "b", "archive"]);
    const done = await wide.run({ targets: ["c"] });
    expect([...done.taskReturnSet.keys()]).toEqual(["a", "c"]);
    expect(done.run.targets).toEqual(["c"]);
    expect({ ...done.outputs }).toEqual({});
    expect({ ...(await wide.run({ targets: ["b"] })).outputs }).toEqual({ second: "b" });
  });

  it("keep a finally task when all that it reads is kept, and always when it reads nothing", () => {
    const lone = task("lone", () => "lone");
    const ofB = task("ofB", { b: settled(b) }, () => "ofB");
    const behind = task("behind", { ofB, lone }, () => "behind");
    const last = { behind, ofB, lone };
    const closing = flow("closing", { d, second: b }, { finally: last });
    const names = (targets: string[]): string[] =>
      closing
        .plan({ targets })
        .tasks.map(({ name }) => name)
        .sort();
    expect(names(["c"])).toEqual(["a", "c", "lone"]);
    expect(names(["b"])).toEqual(["a", "b", "behind", "lone", "ofB"]);
    expect(names(["behind"])).toEqual(["a", "b", "behind", "lone", "ofB"]);
  });

  it("give the outputs of every root that they need, named or not", async () => {
    const done = await wide.run({ targets: ["d"] });
    expect({ ...done.outputs }).toEqual({ d: "d", second: "b" });
    expect({ ...done.unwrap() }).toEqual({ d: "d", second: "b" });
    const kept = await wide.run({ targets: ["d"], keep: "roots" });
    expect({ ...kept.unwrap() }).toEqual({ d: "d", second: "b" });
  });

  it("that leave a root out give a report that does not pretend to have it", async () => {
    const done = await wide.run({ targets: ["b"] });
    expect(done.executionState).toBe("completed");
    expect(() => done.unwrap()).toThrow(RunError);
    expect(() => done.unwrap()).toThrow(
      /^The run completed.*\n {2}Root "d" did not run: it was not among the targets$/,
    );
    expect({ ...done.outputs }).toEqual({ second: "b" });
    expect({ ...(await wide.run({ targets: ["b", "d"] })).unwrap() }).toEqual({
      d: "d",
      second: "b",
    });
  });

  it("that are no tasks are refused, with what was probably meant", async () => {
    const small = flow("small", { extract: task("extract", nothing) });
    await expect(small.run({ targets: ["extrct", "x".repeat(20)] })).rejects.toMatchObject({
      issues: [
        {
          code: "unknown-target",
          message: 'Target "extrct" is not a task of "small". Did you mean "extract"?',
          path: ["targets", "extrct"],
          suggestion: "extract",
        },
        { code: "unknown-target", path: ["targets", "x".repeat(20)] },
      ],
    });
  });
});

describe("Parameters", () => {
  const user = param<string>("user");
  const day = param<number>("day");
  const greet = task("greet", { user, day }, (inputs) => inputs);
  const greeting = flow("greeting", { greet });

  it("that are missing and those that no task takes are told together", async () => {
    const userr = param<string>("userr");
    await expect(greeting.run({ params: [day.of(1), userr.of("x")] })).rejects.toMatchObject({
      issues: [
        {
          code: "missing-parameter",
          message: 'Task "greet" needs the parameter "user": give it with `params: { user: … }`',
          path: ["params", "user"],
        },
        {
          code: "unknown-parameter",
          message: 'No task takes the parameter "userr". Did you mean "user"?',
          path: ["params", "userr"],
          suggestion: "user",
        },
      ],
    });
  });

  it("by name are told of in the same way, one without a value as one that is not there", async () => {
    const odd = param<string>("first name");
    const named = flow("named", { n: task("n", { odd, day }, (inputs) => inputs) });
    const params = { day: undefined, dya: 1 };
    await expect(named.run({ params })).rejects.toMatchObject({
      issues: [
        { message: expect.stringContaining('give it with `params: { "first name": … }`') },
        { message: expect.stringContaining("give it with `params: { day: … }`") },
        { code: "unknown-parameter", suggestion: "day" },
      ],
    });
    const done = await named.run({ params: { "first name": "Ada", day: 7 } });
    expect(done.unwrap().n).toEqual({ odd: "Ada", day: 7 });
  });

  it("by name are checked and converted by their schemas, and compared when a run is resumed", async () => {
    const age = param("age", {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (given) =>
          Number(given) >= 0 ? { value: Number(given) } : { issues: [{ message: "no age" }] },
      },
    } as Schema<number, string>);
    const old = flow("old", { old: task("old", { age }, ({ age }) => age + 1) });
    await expect(old.run({ params: { age: "x" } })).rejects.toMatchObject({
      issues: [{ code: "invalid-parameter" }],
    });
    const done = await old.run({ params: { age: "41" } });
    expect(done.unwrap()).toEqual({ old: 42 });
    const resumeFrom = done.toJSON({ outputs: true });
    expect((await old.run({ params: [age.of("41")], resumeFrom })).restoredTasks).toBe(1);
    expect((await old.run({ params: { age: "7" }, resumeFrom })).restoredTasks).toBe(0);
  });

  it("of one name are one: a second one is refused, with who reads them", () => {
    const id = (): Param<unknown> => param("id");
    const [first, second] = [id(), id()];
    const reader = (name: string, inputs: Inputs): Task<unknown> => task(name, inputs, nothing);
    const roots = {
      a: reader("a", { first }),
      b: reader("b", { first, day }),
      c: reader("c", { second }),
      d: reader("d", { third: id() }),
    };
    expect(messages(() => flow("f", roots))).toEqual([
      'Two parameters are named "id", read by tasks "a" and "c": names identify parameters, share one of them or give each its own name',
    ]);
    expect(messages(() => flow("f", { e: reader("e", { first, second }) }))).toEqual([
      'Two parameters are named "id", read by task "e": names identify parameters, share one of them or give each its own name',
    ]);
    expect(
      messages(() => flow("f", { m: map("m", id() as Param<unknown[]>, { first }, nothing) })),
    ).toEqual([expect.stringContaining('Two parameters are named "id", read by task "m"')]);
    expect(flow("f", { a: roots.a, b: roots.b }).plan().totalTasks).toBe(2);
  });

  it("take a value that they made themselves, or one that was written by hand", async () => {
    const namesake = param<number>("user");
    await expect(greeting.run({ params: [namesake.of(7), day.of(1)] })).rejects.toMatchObject({
      issues: [
        {
          code: "another-parameter",
          message:
            'The value for the parameter "user" was made by another parameter of that name: use `of` of the one that the tasks take',
          path: ["params", "user"],
        },
      ],
    });
    const done = await greeting.run({ params: [{ param: "user", value: "x" }, day.of(1)] });
    expect(done.unwrap().greet).toEqual({ user: "x", day: 1 });
  });

  it("that only tasks outside the targets read may be given, and are not looked at", async () => {
    let checked = 0;
    const schema: Schema<number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => {
          checked++;
          return { value: Number(value) };
        },
      },
    };
    const age = param("age", schema);
    const plain = task("plain", () => 1);
    const aged = task("aged", { age }, (inputs) => inputs.age);
    const two = flow("two", { plain, aged });
    const done = await two.run({ targets: ["plain"], params: [age.of("7")] });
    expect(done.outputs).toMatchObject({ plain: 1 });
    expect(checked).toBe(0);
    expect((await two.run({ params: [age.of("7")] })).unwrap().aged).toBe(7);
    await expect(two.run({ targets: ["plain"], params: [day.of(1)] })).rejects.toMatchObject({
      issues: [{ code: "unknown-parameter" }],
    });
    await expect(two.run({ targets: ["aged"] })).rejects.toMatchObject({
      issues: [{ code: "missing-parameter" }],
    });
  });

  it("are given for each run", async () => {
    const runs = await Promise.all(
      ["x", "y"].map((name) => greeting.run({ params: [user.of(name), day.of(2)] })),
    );
    expect(runs.map((done) => done.outputs.greet)).toEqual([
      { user: "x", day: 2 },
      { user: "y", day: 2 },
    ]);
  });
});

describe("A plan", () => {
  const diamond = scheduler({ a: [], lone: [], b: ["a"], c: ["a"], d: ["b", "c"] });

  it("puts each task into the stage of its depth, in declaration order", () => {
    expect(diamond.plan().tasks).toEqual([
      { name: "a", stageId: 0, dependencies: [] },
      { name: "lone", stageId: 0, dependencies: [] },
      { name: "b", stageId: 1, dependencies: ["a"] },
      { name: "c", stageId: 1, dependencies: ["a"] },
      { name: "d", stageId: 2, dependencies: ["b", "c"] },
    ]);
  });

  it("says of each stage what starts, what it waits for and what is under way", () => {
    expect(diamond.plan().stages).toEqual([
      { stageId: 0, startTasks: ["a", "lone"], waitForTasks: [], parallelTasks: ["a", "lone"] },
      {
        stageId: 1,
        startTasks: ["b", "c"],
        waitForTasks: ["a"],
        parallelTasks: ["lone", "b", "c"],
      },
      { stageId: 2, startTasks: ["d"], waitForTasks: ["b", "c"], parallelTasks: ["lone", "d"] },
    ]);
  });

  it("counts tasks, stages and the widest stage", () => {
    const { totalTasks, totalStages, maxParallelism } = diamond.plan();
    expect({ totalTasks, totalStages, maxParallelism }).toEqual({
      totalTasks: 5,
      totalStages: 3,
      maxParallelism: 3,
    });
  });

  it("knows the longest path, by count or by estimates", () => {
    const plan = scheduler({ a: [], b: ["a"], c: ["b"], slow: [], last: ["slow"] }).plan();
    expect(plan.criticalPath()).toEqual(["a", "b", "c"]);
    expect(plan.criticalPath({ slow: 100, a: 1, b: 1, c: 1 })).toEqual(["slow", "last"]);
    expect(plan.criticalPath({})).toHaveLength(3);
    expect(scheduler({}).plan().criticalPath()).toEqual([]);
  });

  it("puts finally tasks behind all others, which they wait for", () => {
    const a = task("a", nothing);
    const b = task("b", { a }, nothing);
    const lone = task("lone", nothing);
    const tail = task("tail", nothing);
    const close = task("close", nothing);
    const told = task("told", { close, a }, nothing);
    const plan = flow("f", { b, lone }, { tails: { tail }, finally: { close, told } }).plan();
    expect(plan.stages).toEqual([
      {
        stageId: 0,
        startTasks: ["a", "lone", "tail"],
        waitForTasks: [],
        parallelTasks: ["a", "lone", "tail"],
      },
      {
        stageId: 1,
        startTasks: ["b"],
        waitForTasks: ["a"],
        parallelTasks: ["lone", "tail", "b"],
      },
      {
        stageId: 2,
        startTasks: ["close"],
        waitForTasks: [],
        parallelTasks: ["tail", "close"],
      },
      {
        stageId: 3,
        startTasks: ["told"],
        waitForTasks: ["close", "a"],
        parallelTasks: ["tail", "told"],
      },
    ]);
    expect(plan.maxParallelism).toBe(3);
    expect(plan.criticalPath()).toEqual(["a", "b", "close", "told"]);
    expect(plan.criticalPath({ lone: 5, told: 1 })).toEqual(["lone", "close", "told"]);
    expect(plan.explain()).toContain(
      "stage 2\n  close (finally)\nstage 3\n  told (finally) ← close, a\n",
    );
  });

  it("explains itself to people", () => {
    const list = task("list", () => [1]);
    const sizes = map("sizes", list, nothing);
    const report = task("report", { sizes, list }, nothing);
    const archive = task("archive", { report: after(list) }, nothing);
    expect(flow("daily", { report }, { tails: { archive } }).plan().explain()).toBe(
      [
        "daily: 4 tasks in 3 stages, at most 2 at once",
        "stage 0",
        "  list",
        "stage 1",
        "  sizes (map) ← list",
        "  archive (tail) ← list",
        "stage 2",
        "  report ← sizes, list",
        "longest path: list → sizes → report",
      ].join("\n"),
    );
    const asked = { when: () => true };
    const read = map("read", list, nothing, { ...asked, key: (n) => `row ${n}` });
    const build = subflow("build", flow("inner", { list }), {}, asked);
    const marked = flow("asked", { read, build }).plan().explain();
    expect(marked).toContain("  read (map, has a condition, its items have keys) ← list\n");
    expect(marked).toContain("  build (subflow of 1 task, has a condition) ← build.list\n");
    expect(scheduler({}).plan().explain()).toBe(
      "scheduler: 0 tasks in 0 stages, at most 0 at once",
    );
  });

  it("explains a huge graph in a text that stays readable", () => {
    const graph: Record<string, string[]> = { sink: [] };
    for (let at = 0; at < 150; at++) graph[`chain${at}`] = at === 0 ? [] : [`chain${at - 1}`];
    for (let at = 0; at < 30; at++) graph[`wide${at}`] = [];
    graph.sink = Object.keys(graph).filter((name) => name.startsWith("wide"));
    const text = scheduler(graph).plan().explain();
    expect(text).toContain("  … and 11 more\n");
    expect(text).toContain("… and 50 more stages");
    expect(text).toContain(
      "  sink ← wide0, wide1, wide2, wide3, wide4, wide5, wide6, wide7, wide8, wide9, wide10, … (30 in all)",
    );
    expect(text.split("\n").length).toBeLessThan(250);
  });

  it("is the same object of the same values however often it is asked for", () => {
    expect(diamond.plan()).toBe(diamond.plan());
    expect(diamond.plan().stages).toBe(diamond.plan().stages);
  });
});

describe("An empty graph", () => {
  it("completes with zero tasks through both doors", async () => {
    for (const report of [
      await flow("empty", {}).run(),
      await new DynamicScheduler([], []).execute(),
      await flow("empty", {}).run({ concurrency: 1, timeoutMs: 1000 }),
    ]) {
      expect(report).toMatchObject({
        executionState: "completed",
        totalTasks: 0,
        totalStages: 0,
        maxParallelism: 0,
        peakConcurrency: 0,
        totalAttempts: 0,
        errorSummary: [],
        taskStatistics: [],
        stageStatistics: [],
      });
      expect({ ...report.unwrap() }).toEqual({});
      expect(report.getLongestTask()).toBeUndefined();
      expect(report.getAverageTaskDurationMs()).toBe(0);
      expect(report.analysis).toEqual({
        criticalPath: [],
        bounds: { dependencyMs: 0, workMs: report.run.config.concurrency === null ? null : 0 },
        boundBy: "none",
      });
    }
  });
});

// On a busy machine the limit of a test would measure its neighbours.
describe("Depth", { timeout: 60_000 }, () => {
  const DEEP = 100_000;

  it("of 100,000 tasks, declared sink first, is planned and run by a scheduler", async () => {
    const orders: TaskOrder[] = [];
    for (let at = DEEP - 1; at >= 0; at--) {
      orders.push({
        taskName: `t${at}`,
        dependencies: at === 0 ? [] : [{ taskName: `t${at - 1}` }],
      });
    }
    let calls = 0;
    const deep = new DynamicScheduler(
      orders.map(({ taskName }) => [taskName, () => calls++]),
      orders,
    );
    expect(deep.plan().totalStages).toBe(DEEP);
    expect(deep.plan().criticalPath()).toHaveLength(DEEP);
    const report = await deep.execute();
    expect(report.successfulTasks).toBe(DEEP);
    expect(calls).toBe(DEEP);
    expect(report.taskReturnSet.get(`t${DEEP - 1}`)).toBe(DEEP - 1);
  });

  it("of 100,000 handles is checked, planned and run by a flow", async () => {
    let last: Task<number> = task("t0", () => 0);
    for (let at = 1; at < DEEP; at++) {
      last = task(`t${at}`, { before: last }, ({ before }) => before + 1);
    }
    const done = await flow("deep", { last }).run({ concurrency: 4 });
    expect(done.outputs.last).toBe(DEEP - 1);
    expect(done.totalStages).toBe(DEEP);
  });
});
