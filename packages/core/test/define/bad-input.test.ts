import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/contract/clock.ts";
import {
  after,
  type Clock,
  type DefinitionError,
  DynamicScheduler,
  flow,
  flushObservers,
  fromEvents,
  map,
  optional,
  param,
  pick,
  registerGlobalObserver,
  Semaphore,
  settled,
  type TaskOrder,
  task,
  value,
} from "../../src/index.ts";
import { scripted, VirtualClock } from "../../src/testing.ts";
import { refusal } from "../refusal.ts";

const nothing = (): void => {};
const never = new Promise<never>(() => {});

/** An array that begins with a hole. */
const holed = (...rest: unknown[]): unknown[] =>
  Object.assign(
    new Array(rest.length + 1),
    Object.fromEntries(rest.map((one, at) => [at + 1, one])),
  );

const WRONG_INTEGERS = [Number.NaN, -1, 1.5, "3", Number.POSITIVE_INFINITY, null, 3n];
const WRONG_AMOUNTS = [Number.NaN, -1, "3", Number.POSITIVE_INFINITY, null, 3n];
const shown = (value: unknown): string =>
  typeof value === "string" ? `"${value}"` : typeof value === "bigint" ? `${value}n` : `${value}`;

const cases = (
  options: readonly (readonly [
    name: string,
    at: (value: unknown) => object,
    expected: string,
    values: readonly unknown[],
  ])[],
): [where: string, options: object, message: string][] =>
  options.flatMap(([name, at, expected, values]) =>
    values.map((value): [string, object, string] => [
      `${name}: ${shown(value)}`,
      at(value),
      `Expected \`${name}\` to be ${expected}, got \`${shown(value)}\``,
    ]),
  );

const runOptions = cases([
  [
    "concurrency",
    (concurrency) => ({ concurrency }),
    "an integer from 1 up or a Semaphore",
    [...WRONG_INTEGERS, 0],
  ],
  [
    "timeoutMs",
    (timeoutMs) => ({ timeoutMs }),
    "a number of milliseconds above 0",
    [...WRONG_AMOUNTS, 0],
  ],
  ["graceMs", (graceMs) => ({ graceMs }), "a number of milliseconds from 0 up", WRONG_AMOUNTS],
  [
    "resources.db",
    (db) => ({ resources: { db } }),
    "an integer from 0 up, a Semaphore or a RateLimit",
    WRONG_INTEGERS,
  ],
  [
    "failure.maxFailures",
    (maxFailures) => ({ failure: { maxFailures } }),
    "an integer from 1 up",
    [...WRONG_INTEGERS, 0],
  ],
  [
    "estimates.load",
    (load) => ({ estimates: { load } }),
    "a number of milliseconds from 0 up",
    WRONG_AMOUNTS,
  ],
  [
    "failure",
    (failure) => ({ failure }),
    '"stop", "drain", "continue" or { maxFailures }',
    ["halt", 1, null],
  ],
  ["keep", (keep) => ({ keep }), '"all" or "roots"', ["none", null, 1]],
  ["random", (random) => ({ random }), "a function", [0.5, "x", null]],
  ["runner", (runner) => ({ runner }), "a function", [1, null]],
  [
    "journal",
    (journal) => ({ journal }),
    "a function that stores each entry, such as `eventLog(path).journal`",
    [1, null],
  ],
  ["signal", (signal) => ({ signal }), "an AbortSignal", [1, "x", null]],
  ["clock", (clock) => ({ clock }), "a clock with now, wallNow and after", [1, null]],
  ["resources", (resources) => ({ resources }), "an object", [4, "db", null]],
  ["estimates", (estimates) => ({ estimates }), "an object", [4, null]],
  ["attributes", (attributes) => ({ attributes }), "an object", [4, null]],
  [
    "attributes.region",
    (region) => ({ attributes: { region } }),
    "a string, a finite number or a boolean",
    [Number.NaN, 3n, null, undefined],
  ],
]);

const taskOptions = cases([
  ["retry", (retry) => ({ retry }), "an integer from 0 up", WRONG_INTEGERS],
  [
    "retry.attempts",
    (attempts) => ({ retry: { attempts } }),
    "an integer from 0 up",
    [...WRONG_INTEGERS, undefined],
  ],
  [
    "retry.baseMs",
    (baseMs) => ({ retry: { attempts: 1, baseMs } }),
    "a number of milliseconds from 0 up",
    WRONG_AMOUNTS,
  ],
  [
    "retry.maxMs",
    (maxMs) => ({ retry: { attempts: 1, maxMs } }),
    "a number of milliseconds from 0 up",
    WRONG_AMOUNTS,
  ],
  [
    "retry.backoff",
    (backoff) => ({ retry: { attempts: 1, backoff } }),
    '"none", "fixed", "linear", "exponential" or a function',
    ["quadratic", 2],
  ],
  [
    "retry.jitter",
    (jitter) => ({ retry: { attempts: 1, jitter } }),
    '"none" or "full"',
    ["half", 1],
  ],
  ["retry.retryIf", (retryIf) => ({ retry: { attempts: 1, retryIf } }), "a function", [true]],
  [
    "timeoutMs",
    (timeoutMs) => ({ timeoutMs }),
    "a number of milliseconds above 0",
    [...WRONG_AMOUNTS, 0],
  ],
  [
    "priority",
    (priority) => ({ priority }),
    "a finite number",
    [Number.NaN, "3", Number.POSITIVE_INFINITY, null, 3n],
  ],
  ["resources", (resources) => ({ resources }), "an object", [1, null]],
  [
    "resources.db",
    (db) => ({ resources: { db } }),
    "an integer from 0 up or a function",
    WRONG_INTEGERS,
  ],
  ["when", (when) => ({ when }), "a function", [true, null]],
  ["onFailure", (onFailure) => ({ onFailure }), '"fail" or "ignore"', ["stop", null]],
  [
    "output",
    (output) => ({ output }),
    "a Standard Schema, such as one of zod, valibot or arktype",
    ["string", null],
  ],
  ["tags", (tags) => ({ tags }), "an array of strings", ["a", null]],
  ["description", (description) => ({ description }), "a string", [1, null]],
  ["version", (version) => ({ version }), "a string", [1, null]],
]).map(([where, options, message]): [string, object, string] => [
  where,
  options,
  message.replace("` to be", '` of task "load" to be'),
]);

describe("The options of a run", () => {
  const load = flow("f", { load: task("load", nothing) });

  it.each(runOptions)("refuse %s", async (_, options, message) => {
    expect(await refusal(() => load.run(options))).toEqual([expect.stringContaining(message)]);
    expect(await refusal(() => load.start(options).report)).toHaveLength(1);
    expect(await refusal(() => new DynamicScheduler([], [], options))).toEqual([
      expect.stringContaining(message),
    ]);
  });

  it("refuse what they do not know, and say what was meant or what there is", async () => {
    expect(
      await refusal(() => load.run({ concurency: 2, failure: { max: 1 }, xyz: 1 } as never)),
    ).toEqual([
      'Unknown option `concurency`. Did you mean "concurrency"?',
      expect.stringMatching(/^Unknown option `xyz`\. There are signal, concurrency, .*random.*\.$/),
      "Unknown option `max` of `failure`. There are maxFailures.",
      "Expected `failure.maxFailures` to be an integer from 1 up, got `undefined`",
    ]);
  });

  it("are not for both doors where a scheduler has its own way", async () => {
    expect(
      await refusal(() => new DynamicScheduler([], [], { targets: [], params: [] } as never)),
    ).toEqual([
      "Unknown option `targets`: give them to `execute()`",
      "Unknown option `params`: a scheduler has none",
    ]);
  });

  it("refuse targets and parameters of the wrong kind, holes too", async () => {
    for (const targets of ["load", [1], holed("load"), null]) {
      expect(await refusal(() => load.run({ targets } as never))).toEqual([
        expect.stringContaining("Expected `targets` to be an array of task names"),
      ]);
    }
    for (const params of [[1], holed(param("a").of(1))]) {
      expect(await refusal(() => load.run({ params } as never))).toEqual([
        expect.stringContaining("Expected `params` to be an array of bindings"),
      ]);
    }
    for (const params of [null, 7, new Map([["user", 1]]), new Set(), never]) {
      expect(await refusal(() => load.run({ params } as never))).toEqual([
        expect.stringContaining("Expected `params` to be an object, got"),
      ]);
    }
    for (const [params, what] of [
      [param("a").of(1), "a value of a parameter"],
      [param("a"), "a parameter"],
    ]) {
      expect(await refusal(() => load.run({ params } as never))).toEqual([
        `Expected \`params\` to be values by name or an array of bindings, got ${what}: write { name: … } or [param.of(…)]`,
      ]);
    }
  });

  it("refuse a run id that is no name", async () => {
    expect(await refusal(() => load.run({ runId: "" }))).toEqual(["`runId` must not be empty"]);
  });

  it("refuse bindings that are not whole, or say more than a binding can", async () => {
    for (const params of [[{ param: "user" }], [{ name: "user", value: 1 }], [param("user")]]) {
      expect(await refusal(() => load.run({ params } as never))).toEqual([
        expect.stringContaining("Expected `params` to be an array of bindings"),
      ]);
    }
    const user = param<string>("user");
    const read = flow("f", { reads: task("reads", { user }, nothing) });
    const params = [{ param: "user", value: "a", values: 1 }];
    expect(await refusal(() => read.run({ params }))).toEqual([
      'Unknown option `values` of `params[0]`. Did you mean "value"?',
    ]);
    await read.run({ params: [{ param: "user", value: undefined }] });
  });

  it("give a parameter one value", async () => {
    const user = param<string>("user");
    const read = flow("f", { reads: task("reads", { user }, nothing) });
    expect(await refusal(() => read.run({ params: [user.of("a"), user.of("b")] }))).toEqual([
      'The parameter "user" is given twice: give it one value',
    ]);
  });

  it("refuse observers with a hole", async () => {
    expect(await refusal(() => load.run({ observers: holed({ name: "o" }) } as never))).toEqual([
      expect.stringMatching(/^The name of `observers\[\d\]` must be a string, got `undefined`$/),
    ]);
  });

  it("say what of a log is a journal and what an observer", async () => {
    const log = { journal: nothing, observer: { name: "event-log" }, close: nothing };
    const wrong = { journal: log, observers: [{ name: "o" }, log] } as never;
    const told = [
      "`observers[1]` is no observer but has one: write `log.observer`",
      "Expected `journal` to be a function, got `an object` that has one: write `journal: log.journal`",
    ];
    expect(await refusal(() => load.run(wrong))).toEqual(told);
    expect(await refusal(() => new DynamicScheduler([], [], wrong))).toEqual(told);
    expect(await refusal(() => registerGlobalObserver(log as never))).toEqual([
      "`observer` is no observer but has one: write `log.observer`",
    ]);
    expect(await refusal(() => load.run({ observers: log } as never))).toEqual([
      "Expected `observers` to be an array of observers, got `an object`: write `[log.observer]`",
    ]);
    for (const [journal, got] of [
      ["run.ndjson", '"run.ndjson"'],
      [{ append: nothing }, "an object"],
    ] as const) {
      expect(await refusal(() => load.run({ journal } as never))).toEqual([
        `Expected \`journal\` to be a function that stores each entry, such as \`eventLog(path).journal\`, got \`${got}\``,
      ]);
    }
  });

  it("refuse a function for an observer: it has a name, and would be told nothing", async () => {
    const told = (at: string) => [
      `\`${at}\` is a function, and an observer is an object: \`fromEvents("mine", (event) => …)\` makes one`,
    ];
    for (const observer of [nothing, () => {}, class Mine {}] as never[]) {
      expect(await refusal(() => load.run({ observers: [observer] }))).toEqual(
        told("observers[0]"),
      );
      expect(await refusal(() => registerGlobalObserver(observer))).toEqual(told("observer"));
    }
  });

  it("refuse a signal that cannot be listened to and left alone again", async () => {
    const signal = { aborted: false, addEventListener: () => {} };
    expect(await refusal(() => load.run({ signal } as never))).toEqual([
      "Expected `signal` to be an AbortSignal, got `an object`",
    ]);
  });

  it("refuse an earlier report that was damaged, and tell every place", async () => {
    const report = { format: "astrum.execution-report", formatVersion: "1.0" };
    const resumeFrom = { ...report, taskStatistics: [null, { taskName: 1 }], outputs: [] };
    const told = [
      "Expected `resumeFrom.taskStatistics[0]` to be the statistics of a task, with its taskName, got `null`",
      "Expected `resumeFrom.taskStatistics[1]` to be the statistics of a task, with its taskName, got `an object`",
      "Expected `resumeFrom.outputs` to be an object, got `an array`",
    ];
    expect(await refusal(() => load.run({ resumeFrom } as never))).toEqual(told);
    expect(await refusal(() => new DynamicScheduler([], [], { resumeFrom } as never))).toEqual(
      told,
    );
  });

  it("refuse a clock that gives no milliseconds", async () => {
    const clock: Clock = { ...systemClock, now: () => Number.NaN, wallNow: () => 1e18 };
    expect(await refusal(() => load.run({ clock }))).toEqual([
      "Expected `clock.now()` to be milliseconds that a Date can hold, got `NaN`",
      "Expected `clock.wallNow()` to be milliseconds that a Date can hold, got `1000000000000000000`",
    ]);
  });

  it("refuse a clock that throws", async () => {
    const broken = (): never => {
      throw new Error("stopped");
    };
    const clock: Clock = { ...systemClock, now: broken, wallNow: broken };
    const told = ["`clock.now()` threw: stopped", "`clock.wallNow()` threw: stopped"];
    expect(await refusal(() => load.run({ clock }))).toEqual(told);
    const scheduler = new DynamicScheduler([["a", nothing]], [{ taskName: "a" }], { clock });
    expect(await refusal(() => scheduler.execute())).toEqual(told);
  });

  it("refuse a clock that lacks a hand", async () => {
    const now = (): number => 0;
    for (const [clock, got] of [
      [{ now, wallNow: now }, "`an object` without after"],
      [{ now }, "`an object` without wallNow and after"],
      [{}, "`an object`"],
      [null, "`null`"],
      [VirtualClock, "`a function`"],
    ] as const) {
      expect(await refusal(() => load.run({ clock } as never))).toEqual([
        `Expected \`clock\` to be a clock with now, wallNow and after, got ${got}`,
      ]);
    }
  });

  it("are told all at once", async () => {
    expect(
      await refusal(() =>
        load.run({ concurrency: 0, timeoutMs: -1, keep: "x", graceMs: "1" } as never),
      ),
    ).toHaveLength(4);
  });

  it("that are no object are refused", async () => {
    for (const options of [1, null, "x", [], new Map([["concurrency", 1]]), never, load]) {
      expect(await refusal(() => load.run(options as never))).toHaveLength(1);
      expect(await refusal(() => load.plan(options as never))).toHaveLength(1);
      expect(await refusal(() => new DynamicScheduler([], [], options as never))).toHaveLength(1);
    }
  });
});

describe("The options of a task", () => {
  it.each(taskOptions)("refuse %s", async (_, options, message) => {
    const list = task("list", () => [1]);
    expect(await refusal(() => flow("f", { load: task("load", nothing, options) }))).toEqual([
      message,
    ]);
    expect(await refusal(() => flow("f", { load: map("load", list, nothing, options) }))).toEqual([
      message,
    ]);
    const { retry, ...rest } = options as { retry?: never };
    const door2 =
      "retry" in options ? { taskRetries: { load: retry } } : { taskOptions: { load: rest } };
    expect(
      await refusal(
        () => new DynamicScheduler([["load", nothing]], [{ taskName: "load" }], door2 as never),
      ),
    ).toEqual([message]);
  });

  it.each([...WRONG_INTEGERS, 0])("refuse a map's concurrency of %s", async (concurrency) => {
    const list = task("list", () => [1]);
    const sizes = map("sizes", list, nothing, { concurrency } as never);
    expect(await refusal(() => flow("f", { sizes }))).toEqual([
      `Expected \`concurrency\` of task "sizes" to be an integer from 1 up, got \`${shown(concurrency)}\``,
    ]);
  });

  it("refuse what they do not know, and say what was meant or what there is", async () => {
    const load = task("load", nothing, { timeout: 3, retry: { attempt: 2, attempts: 1 } } as never);
    expect(await refusal(() => flow("f", { load }))).toEqual([
      'Unknown option `timeout` of task "load". Did you mean "timeoutMs"?',
      'Unknown option `attempt` of `retry` of task "load". Did you mean "attempts"?',
    ]);
    const limited = task("load", nothing, { concurrency: 3 } as never);
    expect(await refusal(() => flow("f", { load: limited }))).toEqual([
      expect.stringMatching(
        /^Unknown option `concurrency` of task "load"\. There are retry, .*priority.*\.$/,
      ),
    ]);
    expect(
      await refusal(
        () => new DynamicScheduler([], [], { taskOptions: { load: { retry: 1 } } } as never),
      ),
    ).toEqual(['Retries of task "load" go into `taskRetries`']);
  });

  it("refuse tags with a hole", async () => {
    const load = task("load", nothing, { tags: holed("a") } as never);
    expect(await refusal(() => flow("f", { load }))).toEqual([
      'Expected `tags` of task "load" to be an array of strings, got `an array`',
    ]);
  });

  it("of all tasks are told at once, together with the graph's own problems", async () => {
    const roots = {
      a: task("a", nothing, { priority: Number.NaN }),
      b: task("a", nothing, { timeoutMs: -1, retry: 1.5 }),
    };
    expect(await refusal(() => flow("f", roots))).toHaveLength(4);
  });

  it("that are no object are refused where they are written", async () => {
    for (const options of [1, null, "x", [], new Set(["retry"]), never, nothing]) {
      expect(await refusal(() => task("load", nothing, options as never))).toHaveLength(1);
    }
  });
});

describe("Records", () => {
  const a = task("a", nothing);
  const db = new Map([["db", 1]]);

  it.each<[what: string, attempt: () => unknown]>([
    ["roots", () => flow("f", new Map([["a", a]]) as never)],
    ["roots that are still to come", () => flow("f", Promise.resolve({ a }) as never)],
    ["tails", () => flow("f", { a }, { tails: new Set([a]) as never })],
    ["finally", () => flow("f", { a }, { finally: new Set([a]) as never })],
    ["inputs", () => task("b", new Map([["a", a]]) as never, nothing)],
    ["resources of a run", () => flow("f", { a }).run({ resources: db as never })],
    ["resources of a task", () => flow("f", { b: task("b", nothing, { resources: db as never }) })],
    ["estimates", () => flow("f", { a }).run({ estimates: db as never })],
    ["attributes", () => flow("f", { a }).run({ attributes: new Headers() as never })],
    ["retries", () => new DynamicScheduler([], [], { taskRetries: db as never })],
    ["options of tasks", () => new DynamicScheduler([], [], { taskOptions: new Map() as never })],
    ["data references", () => new DynamicScheduler([], [], { taskDataRefs: new Map() as never })],
    ["an order", () => new DynamicScheduler([], [new Map() as never])],
  ])("are no lists, no maps and no promises: %s", async (_, attempt) => {
    expect(await refusal(attempt)).toEqual([
      expect.stringMatching(/^Expected `.*` .*be an object, got `a (Map|Set|Headers|promise)`$/),
    ]);
  });

  it("may be objects of any class, and of none", async () => {
    class Settings {
      readonly timeoutMs = 60_000;
    }
    const bare = Object.assign(Object.create(null), { db: 1 });
    const uses = task("uses", nothing, {
      resources: Object.assign(Object.create(null), { db: 1 }),
    });
    const done = await flow("f", { uses }).run({ ...new Settings(), resources: bare });
    expect(done.executionState).toBe("completed");
    expect((await flow("f", { a }).run(new Settings())).executionState).toBe("completed");
  });
});

describe("A definition", () => {
  it("needs a function, and says so when it is given its promise", async () => {
    expect(await refusal(() => task("load", never as never))).toEqual([
      'Task "load" is a promise: pass the function, do not call it',
    ]);
    expect(await refusal(() => task("load", {}, never as never))).toEqual([
      'Task "load" is a promise: pass the function, do not call it',
    ]);
    expect(
      await refusal(() =>
        map(
          "load",
          task("list", () => [1]),
          never as never,
        ),
      ),
    ).toEqual(['Task "load" is a promise: pass the function, do not call it']);
    expect(await refusal(() => task("load", undefined as never))).toEqual([
      'Task "load" needs a function, got undefined',
    ]);
  });

  it("takes tasks and what is made of them, nothing else", async () => {
    const extract = task("extract", nothing);
    const inputs = {
      ok: extract,
      text: "extract",
      promise: never,
      called: extract.name,
      none: undefined,
    };
    expect(await refusal(() => task("load", inputs as never, nothing))).toEqual(
      ['"text"', '"promise"', '"called"', '"none"'].map((key) =>
        expect.stringContaining(
          `Input ${key} of task "load" must be a task or one of pick, optional, settled, after, param and value, got`,
        ),
      ),
    );
    expect(await refusal(() => map("sizes", [1, 2] as never, nothing))).toEqual([
      'Map "sizes" needs a task or an input to map over, got an array: write value([…]) for a list that is known',
    ]);
    expect(await refusal(() => map("sizes", nothing as never, [1, 2] as never))).toEqual([
      'Map "sizes" needs a task or an input to map over, got a function: make it a task',
      'Task "sizes" needs a function, got an array: the list stands before it',
    ]);
    expect(await refusal(() => map("sizes", 5 as never, nothing))).toEqual([
      'Map "sizes" needs a task or an input to map over, got 5',
    ]);
    for (const word of [pick, optional, settled, after] as unknown as ((
      task: never,
    ) => unknown)[]) {
      expect(await refusal(() => word("extract" as never))).toEqual([
        `${word.name}() needs a task, got "extract"`,
      ]);
    }
  });

  it("says of what is no input what to do instead", async () => {
    const of = async (input: unknown): Promise<string[]> =>
      refusal(() => task("load", { x: input } as never, nothing));
    const must =
      'Input "x" of task "load" must be a task or one of pick, optional, settled, after, param and value, got ';
    const constant = ": write value(…) for a constant, or give it to each run as a param()";
    const extract = task("extract", nothing);
    const day = param<string>("day");
    expect(await of(5)).toEqual([`${must}5${constant}`]);
    expect(await of("extract")).toEqual([`${must}"extract"${constant}`]);
    expect(await of([extract])).toEqual([`${must}an array${constant}`]);
    expect(await of(null)).toEqual([`${must}null${constant}`]);
    expect(await of(undefined)).toEqual([`${must}undefined`]);
    expect(await of(nothing)).toEqual([`${must}a function: make it a task`]);
    expect(await of(never)).toEqual([`${must}a promise: make the function that gives it a task`]);
    expect(await of(flow("f", { extract }))).toEqual([
      `${must}a flow: take a task of it, or run it inside a task`,
    ]);
    expect(await of(day.of("monday"))).toEqual([
      `${must}a value of a parameter: take the parameter itself, and give its value to the run`,
    ]);
    expect(await of(flow("f", { extract }).plan())).toEqual([`${must}a plan`]);
    const report = await flow("f", { extract }).run();
    expect(await of(report)).toEqual([`${must}a report`]);
    expect(await of(report.taskStatistics[0])).toEqual([`${must}a task's statistics`]);
    expect(await of(report.stageStatistics[0])).toEqual([`${must}a stage's statistics`]);
  });

  it("takes its inputs by name, and says so in one sentence when it is given one of them", async () => {
    const user = task("user", nothing);
    const odd = task("fetch user", nothing);
    const of = async (inputs: unknown): Promise<string[]> =>
      refusal(() => task("card", inputs as never, nothing));
    expect(await of(user)).toEqual([
      'The inputs of task "card" are an object, got a task: write { user }',
    ]);
    expect(await of(odd)).toEqual([
      'The inputs of task "card" are an object, got a task: write { name: … }',
    ]);
    expect(await of(pick(user, "length" as never))).toEqual([
      'The inputs of task "card" are an object, got an input made with pick(): write { name: … }',
    ]);
    expect(await of(param("day"))).toEqual([
      'The inputs of task "card" are an object, got a parameter: write { name: … }',
    ]);
    const list = task("list", () => [1]);
    const sizes = map("sizes", list, nothing);
    expect(await refusal(() => map("more", list, sizes as never, nothing))).toEqual([
      'The inputs of task "more" are an object, got a map: write { sizes }',
    ]);
    expect(await of([user])).toEqual([
      'Expected `inputs` of task "card" to be an object, got `an array`',
    ]);
  });

  it("makes one input of a task, not an input of an input, and says how both are had", async () => {
    const user = task("user", () => ({ name: "Ada" }));
    const part = pick(user, "name") as never;
    expect(await refusal(() => settled(part))).toEqual([
      "settled() needs a task, got an input made with pick(): write settled(task), and take the part in the function",
    ]);
    expect(await refusal(() => after(part))).toEqual([
      "after() needs a task, got an input made with pick(): write after(task)",
    ]);
    expect(await refusal(() => pick(part, "length" as never))).toEqual([
      "pick() needs a task, got an input made with pick(): write pick(task, (value) => …) with a function that takes all of it",
    ]);
    for (const taken of [optional(part), pick(optional(user), "name")] as never[]) {
      expect(await refusal(() => pick(taken, "length" as never))).toEqual([
        "pick() needs a task, got an input made with optional(): write pick(optional(task), (value) => …) with a function that takes all of it",
      ]);
      expect(await refusal(() => optional(taken))).toEqual([
        "optional() needs a task, got an input made with optional(): it is optional already, take it as it is",
      ]);
    }
    expect(await refusal(() => pick(settled(user) as never, "status" as never))).toEqual([
      "pick() needs a task, got an input made with settled(): write settled(task), and take the part in the function",
    ]);
    expect(await refusal(() => optional(param("day") as never))).toEqual([
      "optional() needs a task, got a parameter: it has a value in every run, take it as it is",
    ]);
    expect(await refusal(() => optional(value(1) as never))).toEqual([
      "optional() needs a task, got an input made with value(): it has a value in every run, take it as it is",
    ]);
  });

  it("makes no constant of what is an input already, or of a promise", async () => {
    const user = task("user", () => ({ name: "Ada" }));
    for (const [given, says] of [
      [user, "a task: take it as it is"],
      [pick(user, "name"), "an input made with pick(): take it as it is"],
      [param("day"), "a parameter: take it as it is"],
      [value(1), "an input made with value(): take it as it is"],
      [never, "a promise: make the function that gives it a task"],
    ] as const) {
      expect(await refusal(() => value(given as never))).toEqual([
        `value() needs a constant, got ${says}`,
      ]);
    }
  });

  it("picks by a key or a function", async () => {
    const user = task("user", () => ({ name: "Ada" }));
    for (const part of [undefined, null, {}, true]) {
      expect(await refusal(() => pick(user, part as never))).toEqual([
        expect.stringMatching(/^pick\(\) needs a key or a function of the output of "user", got /),
      ]);
    }
  });

  it("has no more arguments than it can use", async () => {
    const list = task("list", () => [1]);
    expect(await refusal(() => task("a", nothing as never, {} as never, {}))).toEqual([
      'Task "a" has an argument too many, an object: inputs come before the function, options after it',
    ]);
    expect(await refusal(() => map("m", list, nothing as never, {} as never, {}))).toEqual([
      'Task "m" has an argument too many, an object: inputs come before the function, options after it',
    ]);
    expect(await refusal(() => task("a", nothing, nothing as never))).toEqual([
      'Expected `options` of task "a" to be an object, got `a function`',
    ]);
  });

  it("says all that is wrong with it at once", async () => {
    expect(await refusal(() => task("", { a: 1 } as never, 5 as never))).toHaveLength(3);
  });
});

describe("A flow", () => {
  it("takes named tasks, nothing else", async () => {
    expect(await refusal(() => flow("f", { a: nothing, b: never } as never))).toEqual([
      "`roots.a` must be a task, made with task() or map(), got a function",
      "`roots.b` must be a task, made with task() or map(), got a promise",
    ]);
    expect(await refusal(() => flow("f", undefined as never))).toHaveLength(1);
    expect(await refusal(() => flow("f", {}, { tail: {} } as never))).toEqual([
      'Unknown option `tail`. Did you mean "tails"?',
    ]);
  });

  it("is told how to name its tasks, when it is given one of them or a list", async () => {
    const a = task("a", nothing);
    const b = task("b-2", nothing);
    for (const [given, write] of [
      [a, "{ a }"],
      [[a], "{ a }"],
      [[a, task("c", nothing)], "{ a, c }"],
      [b, "{ name: … }"],
      [[a, b], "{ name: … }"],
      [[], "{ name: … }"],
      [[nothing], "{ name: … }"],
      [new Array(10_000).fill(a), "{ a, a, a, a, a, … }"],
    ] as const) {
      expect(await refusal(() => flow("f", given as never))).toEqual([
        `The tasks of a flow are an object: write ${write}`,
      ]);
    }
    expect(await refusal(() => flow("f", { a }, { tails: b, finally: [a] } as never))).toEqual([
      "The tasks in `tails` are an object: write { name: … }",
      "The tasks in `finally` are an object: write { a }",
    ]);
  });
});

describe("A parameter", () => {
  it("is checked by a schema, nothing else", async () => {
    expect(await refusal(() => param("day", String as never))).toEqual([
      "Expected `params.day.schema` to be a Standard Schema, such as one of zod, valibot or arktype, got `a function`",
    ]);
    expect(await refusal(() => param("", 1 as never))).toHaveLength(2);
  });
});

describe("A scheduler", () => {
  it("refuses everything but [name, function] pairs, in one TypeError that lists every offence", () => {
    const tasks = [
      ["fine", nothing],
      ["load", never],
      ["text", "nothing"],
      "pair",
      ["alone"],
      ["three", nothing, nothing],
    ].concat(holed([7, nothing], ["fine", nothing]) as never);
    let refused: unknown;
    try {
      new DynamicScheduler(tasks as never, []);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(TypeError);
    expect((refused as DefinitionError).issues.map(({ message }) => message)).toEqual([
      'Task "load" is a promise: pass the function, do not call it',
      'Task "text" needs a function, got "nothing"',
      '`tasks[3]` must be a [name, function] pair, got "pair"',
      "`tasks[4]` must be a [name, function] pair, got an array",
      "`tasks[5]` must be a [name, function] pair, got an array",
      "`tasks[6]` must be a [name, function] pair, got a hole",
      "The name in `tasks[7]` must be a string, got `7`",
      'Two tasks are named "fine": names identify tasks, give each its own',
    ]);
  });

  it("refuses orders that are none, holes too", async () => {
    const orders = [{ taskName: "a", dependencies: "b" }].concat(
      holed("c", {
        taskName: "d",
        dependencies: holed(7, { taskName: 1 }).concat("" as never),
      }) as never,
    );
    expect(await refusal(() => new DynamicScheduler([], orders as never))).toEqual([
      'Expected `taskOrder[0].dependencies` to be an array of names or task orders, got `"b"`',
      "Expected `taskOrder[1]` to be an object, got `null`",
      'Expected `taskOrder[2]` to be an object, got `"c"`',
      "`taskOrder[3].dependencies[3]` must not be empty",
      "Expected `taskOrder[3].dependencies[0]` to be an object, got `null`",
      "Expected `taskOrder[3].dependencies[1]` to be an object, got `7`",
      "`taskOrder[3].dependencies[2].taskName` must be a string, got `1`",
    ]);
    expect(await refusal(() => new DynamicScheduler({} as never, {} as never))).toEqual([
      "Expected `tasks` to be an array of [name, function] pairs, got `an object`",
      "Expected `taskOrder` to be an array of { taskName, dependencies }, got `an object`",
    ]);
  });

  it("refuses what it does not know of an order, and guesses what was meant", async () => {
    const order = (keys: object): TaskOrder => ({ taskName: "deploy", ...keys }) as never;
    for (const key of ["deps", "dependsOn", "depends_on", "needs", "dependancies"]) {
      const deploy = order({ [key]: [{ taskName: "build" }] });
      expect(
        await refusal(() => new DynamicScheduler([], [{ taskName: "build" }, deploy])),
      ).toEqual([
        `Unknown option \`${key}\` of \`taskOrder[1]\`, the order of task "deploy". Did you mean "dependencies"?`,
      ]);
    }
    expect(await refusal(() => new DynamicScheduler([], [order({ cost: 3 })]))).toEqual([
      'Unknown option `cost` of `taskOrder[0]`, the order of task "deploy". There are taskName, dependencies, edges.',
    ]);
  });

  it("looks at orders of any depth", async () => {
    const deep = {
      taskName: "a",
      dependencies: [{ taskName: "b", dependencies: [{ taskName: "c", deps: [] }, 7] }],
    };
    expect(await refusal(() => new DynamicScheduler([], [deep as never]))).toEqual([
      'Unknown option `deps` of `taskOrder[0].dependencies[0].dependencies[0]`, the order of task "c". Did you mean "dependencies"?',
      "Expected `taskOrder[0].dependencies[0].dependencies[1]` to be an object, got `7`",
    ]);
    const wrong = { taskName: "a", dependencies: [{ taskName: "b", dependencies: "c" }] };
    expect(await refusal(() => new DynamicScheduler([], [wrong as never]))).toEqual([
      'Expected `taskOrder[0].dependencies[0].dependencies` to be an array of names or task orders, got `"c"`',
    ]);
    let chain: TaskOrder = { taskName: "t0", deps: [] } as never;
    for (let at = 1; at < 20_000; at++) chain = { taskName: `t${at}`, dependencies: [chain] };
    expect(await refusal(() => new DynamicScheduler([], [chain]))).toHaveLength(1);
  });

  it("looks into an order as often, however many share it, itself included", async () => {
    const lookedFor = (count: number): number => {
      let looked = 0;
      const inside = ["other"];
      const look = (): string => {
        looked++;
        return "other";
      };
      Object.defineProperty(inside, 0, { get: look, enumerable: true });
      const shared = { taskName: "shared", dependencies: inside };
      const readers = Array.from({ length: count }, (_, at) => ({
        taskName: `t${at}`,
        dependencies: [shared],
      }));
      const tasks = ["other", "shared", ...readers.map(({ taskName }) => taskName)];
      const named = tasks.map((name) => [name, nothing] as const);
      new DynamicScheduler(named, [{ taskName: "other" }, shared, ...readers]).plan();
      return looked;
    };
    expect(lookedFor(200)).toBe(lookedFor(100));
    const round: { taskName: string; dependencies: TaskOrder[] } = {
      taskName: "round",
      dependencies: [],
    };
    round.dependencies.push(round);
    expect(await refusal(() => new DynamicScheduler([["round", nothing]], [round]).plan())).toEqual(
      ['Tasks wait for each other: "round" → "round". Remove one of these dependencies'],
    );
  });

  it("guesses a few unknown dependencies, not thousands", async () => {
    const names = Array.from({ length: 3000 }, (_, at) => `task-number-${at}`);
    const scheduler = new DynamicScheduler(
      names.map((name) => [name, nothing]),
      names.map((taskName) => ({ taskName, dependencies: [{ taskName: `x${taskName}` }] })),
    );
    const issues = await refusal(() => scheduler.plan());
    expect(issues).toHaveLength(3000);
    expect(issues.filter((message) => message.includes("Did you mean"))).toHaveLength(10);
  });

  it("refuses data references that cannot be read", async () => {
    const inputs = [
      { from: { task: "a", key: "k", index: 0 }, to: { key: "x" } },
      { from: { tsak: "a" }, to: { key: "x" } },
      { from: { task: "a", value: 1 }, to: { key: "x" } },
      { from: { task: "a", index: -1 }, to: { key: "x" } },
      { from: { compute: 1 }, to: { index: 0.5 } },
      { from: { value: 1 }, to: {} },
      { from: { value: 1 }, to: { key: "x", index: 1 } },
      { from: { value: 1 }, to: { key: "x" }, type: String },
      { from: { value: 1 } },
      null,
      { from: { value: 1 }, to: { index: 1e9 } },
    ];
    const options = { taskDataRefs: { load: { inputs } } };
    const told = await refusal(() => new DynamicScheduler([], [], options as never));
    expect(told).toEqual([
      "Expected `taskDataRefs.load.inputs[0].from` to be a key or an index, not both, got `an object`",
      "Expected `taskDataRefs.load.inputs[1].from` to be one of { task }, { value } and { compute }, got `an object`",
      "Expected `taskDataRefs.load.inputs[2].from` to be one of { task }, { value } and { compute }, got `an object`",
      "Expected `taskDataRefs.load.inputs[3].from.index` to be an integer from 0 up, got `-1`",
      "Expected `taskDataRefs.load.inputs[4].from.compute` to be a function, got `1`",
      "Expected `taskDataRefs.load.inputs[4].to.index` to be an integer from 0 to 1000, got `0.5`",
      "Expected `taskDataRefs.load.inputs[5].to` to be { key } or { index }, got `an object`",
      "Expected `taskDataRefs.load.inputs[6].to` to be { key } or { index }, got `an object`",
      "Expected `taskDataRefs.load.inputs[7].type` to be a Standard Schema, such as one of zod, valibot or arktype, got `a function`",
      "Expected `taskDataRefs.load.inputs[8].to` to be an object, got `null`",
      "Expected `taskDataRefs.load.inputs[9]` to be an object, got `null`",
      "Expected `taskDataRefs.load.inputs[10].to.index` to be an integer from 0 to 1000, got `1000000000`",
    ]);
  });

  it("refuses data references with a hole", async () => {
    const inputs = holed({ from: { value: 1 }, to: { key: "x" } });
    const options = { taskDataRefs: { load: { inputs } } };
    expect(await refusal(() => new DynamicScheduler([], [], options as never))).toEqual([
      expect.stringMatching(/^Expected `taskDataRefs.load.inputs\[\d\]` to be an object, got/),
    ]);
  });

  it("plans no task whose inputs contradict each other", async () => {
    const mixed = new DynamicScheduler([["load", nothing]], [{ taskName: "load" }], {
      taskDataRefs: {
        load: {
          inputs: [
            { from: { value: 1 }, to: { key: "x" } },
            { from: { value: 2 }, to: { index: 0 } },
            { from: { value: 3 }, to: { key: "x" } },
          ],
        },
      },
    });
    expect(await refusal(() => mixed.plan())).toEqual([
      'Inputs of task "load" go to keys and to indices: a function is called with one object or with arguments, choose one',
      'Two inputs of task "load" go to key "x"',
    ]);
  });

  it("plans no task of two orders that differ, but takes a reference for one", async () => {
    const a = { taskName: "a" };
    const b = { taskName: "b" };
    const tasks = ["a", "b", "c"].map((name): [string, () => void] => [name, nothing]);
    const differing = [
      a,
      { ...b, dependencies: [a] },
      { taskName: "c", dependencies: [{ ...b, dependencies: [] }] },
    ];
    expect(await refusal(() => new DynamicScheduler(tasks, differing).plan())).toEqual([
      'Task "b" has two orders with different dependencies, one of them in the dependencies of "c": keep one',
    ]);
    const referring = [a, { ...b, dependencies: [a] }, { taskName: "c", dependencies: [b] }];
    expect(new DynamicScheduler(tasks, referring).plan().totalStages).toBe(3);
  });
});

describe("A semaphore", () => {
  it.each([...WRONG_INTEGERS, 0, undefined])("refuses %s permits", async (limit) => {
    expect(await refusal(() => new Semaphore(limit as never))).toEqual([
      expect.stringContaining("Expected `limit` to be an integer from 1 up"),
    ]);
  });
});

describe("A semaphore's acquire()", () => {
  it("takes a number or calls back, and nothing else", async () => {
    expect(await refusal(() => new Semaphore(1).acquire("1" as never))).toEqual([
      'Expected `units` to be an integer from 1 to 1, or a function, got `"1"`',
    ]);
  });
});

describe("fromEvents()", () => {
  it("takes a name and a function", async () => {
    expect(await refusal(() => fromEvents("" as never, {} as never))).toEqual([
      "The name of an observer must not be empty",
      "Expected `on` to be a function, got `an object`",
    ]);
    expect(await refusal(() => fromEvents("log", undefined as never))).toEqual([
      "Expected `on` to be a function, got `undefined`",
    ]);
  });
});

describe("flushObservers()", () => {
  it("refuses options that it does not know, and limits that are none", async () => {
    expect(await refusal(() => flushObservers({ timeout: 5 } as never))).toEqual([
      'Unknown option `timeout`. Did you mean "timeoutMs"?',
    ]);
    expect(await refusal(() => flushObservers(5 as never))).toEqual([
      "Expected `options` to be an object, got `5`",
    ]);
    expect(await refusal(() => flushObservers({ timeoutMs: -1 }))).toHaveLength(1);
  });
});

describe("Estimates of a plan", () => {
  it("are milliseconds by task name", async () => {
    const planned = flow("f", { load: task("load", nothing) }).plan();
    expect(await refusal(() => planned.criticalPath({ load: "5" } as never))).toEqual([
      'Expected `estimates.load` to be a number of milliseconds from 0 up, got `"5"`',
    ]);
    expect(await refusal(() => planned.criticalPath([5] as never))).toHaveLength(1);
  });
});

describe("A step of a script", () => {
  it("is checked when the script is written", async () => {
    const clock = new VirtualClock();
    expect(
      await refusal(() =>
        scripted(clock, { ms: 5 }, { retrun: 1, ms: "5" } as never, null as never),
      ),
    ).toEqual([
      'Unknown option `retrun` of `steps[1]`. Did you mean "return"?',
      'Expected `steps[1].ms` to be a number of milliseconds from 0 up, got `"5"`',
      "Expected `steps[2]` to be an object, got `null`",
    ]);
  });
});
