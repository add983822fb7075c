import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  after,
  type DataItem,
  DynamicScheduler,
  type ExecutionReport,
  flow,
  type Input,
  InputError,
  map,
  type Outcome,
  optional,
  param,
  pick,
  type SchedulerOptions,
  type Schema,
  SchemaError,
  settled,
  type Task,
  type TaskStatus,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

const fail = (message: string) => (): never => {
  throw new Error(message);
};
const errorOf = (report: ExecutionReport<unknown>, name: string): unknown => {
  const outcome = report.outcome(name);
  return outcome.status === "failed" ? outcome.error : undefined;
};

describe("A part of an output that may be missing", () => {
  const user = task("user", () => ({ name: "Ada" }));
  const gone = task("gone", (): { name: string } => fail("gone")(), { onFailure: "ignore" });
  const off = task("off", () => ({ name: "Bob" }), { when: () => false });
  const shout = ({ name }: { name: string }): string => name.toUpperCase();

  it("is the part where there is an output, in whichever order it is written", async () => {
    const a = task(
      "a",
      {
        one: optional(pick(user, "name")),
        two: optional(pick(user, shout)),
        three: pick(optional(user), "name"),
        four: pick(optional(user), (user) => user?.name.length),
      },
      (inputs) => inputs,
    );
    const { a: inputs } = (await flow("f", { a }).run()).unwrap();
    expect(inputs).toEqual({ one: "Ada", two: "ADA", three: "Ada", four: 3 });
  });

  it.each([
    ["failed", gone],
    ["was skipped", off],
  ])("is undefined where the task %s, and what picks it is not asked", async (_, source) => {
    const a = task(
      "a",
      {
        one: optional(pick(source, "name")),
        two: optional(pick(source, shout)),
        three: pick(optional(source), "name"),
      },
      (inputs) => inputs,
    );
    const { a: inputs } = (await flow("f", { a }).run()).unwrap();
    expect(inputs).toStrictEqual({ one: undefined, two: undefined, three: undefined });
  });

  it("may have a default: the function of pick(optional(…)) is called without an output, too", async () => {
    const a = task(
      "a",
      {
        name: pick(optional(gone), (gone) => gone?.name ?? "nobody"),
        other: pick(optional(user), (user) => user?.name ?? "nobody"),
      },
      (inputs) => inputs,
    );
    expect((await flow("f", { a }).run()).unwrap().a).toEqual({ name: "nobody", other: "Ada" });
  });

  it("is read as ever of a task that completed: what its function throws fails the consumer", async () => {
    const empty = task("empty", () => undefined as unknown as { name: string });
    const a = task("a", { name: optional(pick(empty, shout)) }, () => 1);
    const b = task("b", { name: pick(optional(empty), "name") }, () => 1);
    const report = await flow("f", { a, b }).run({ failure: "continue" });
    expect(errorOf(report, "a")).toBeInstanceOf(InputError);
    expect(errorOf(report, "b")).toBeInstanceOf(InputError);
  });

  it("is read again from a restored output", async () => {
    const of = (version: string) =>
      flow("f", {
        a: task("a", { name: optional(pick(user, "name")) }, ({ name }) => name, { version }),
      });
    const earlier = (await of("1").run()).toJSON({ outputs: true });
    const report = await of("2").run({ resumeFrom: earlier });
    expect([report.restoredTasks, report.unwrap().a]).toEqual([1, "Ada"]);
  });

  it("is an optional edge of its key in the report", async () => {
    const inputs = { one: optional(pick(user, "name")), two: pick(optional(user), "name") };
    const report = await flow("f", { a: task("a", inputs, () => 1) }).run();
    const row = report.taskStatistics.find(({ taskName }) => taskName === "a");
    expect(row?.dependencies).toEqual([
      { task: "user", kind: "optional", from: "name", to: "one" },
      { task: "user", kind: "optional", from: "name", to: "two" },
    ]);
  });

  it("has another fingerprint where its function is asked for a default", async () => {
    const name = (user: { name: string } | undefined): string => user?.name ?? "nobody";
    const of = async (input: Input<string | undefined>): Promise<unknown> => {
      const report = await flow("f", { a: task("a", { input }, () => 1) }).run();
      return report.taskStatistics.find(({ taskName }) => taskName === "a")?.fingerprint;
    };
    expect(await of(optional(pick(user, name)))).not.toBe(await of(pick(optional(user), name)));
  });

  it("is another input where its function is asked for a default: a resumed run takes it again", async () => {
    const name = (user: { name: string } | undefined): string => user?.name ?? "nobody";
    const of = (input: Input<string | undefined>) =>
      flow("f", { a: task("a", { input }, ({ input }) => input) });
    const earlier = (await of(optional(pick(user, name))).run()).toJSON({ outputs: true });
    const again = of(pick(optional(user), name));
    expect((await again.run({ resumeFrom: earlier })).restoredTasks).toBe(1);
    const same = of(optional(pick(user, name)));
    expect((await same.run({ resumeFrom: earlier })).restoredTasks).toBe(2);
  });
});

describe("A task is called with", () => {
  const users = task("users", async () => ({
    list: ["ann", "bob"],
    total: 2,
    nested: { deep: 7 },
  }));

  it("the outputs of others, by its own keys", async () => {
    const join = task("join", { users, again: users }, (inputs) => inputs);
    const { join: inputs } = (await flow("f", { join }).run()).unwrap();
    expect(inputs.users).toBe(inputs.again);
    expect(Object.keys(inputs)).toEqual(["users", "again"]);
  });

  it("a property, or what a function makes of an output", async () => {
    const join = task(
      "join",
      { total: pick(users, "total"), first: pick(users, ({ list }) => list[0]) },
      (inputs) => inputs,
    );
    expect((await flow("f", { join }).run()).unwrap().join).toEqual({ total: 2, first: "ann" });
  });

  it("a picked property that does not exist as undefined: a plain property read", async () => {
    const join = task("join", { none: pick(users, "nothing" as never) }, (inputs) => inputs);
    expect((await flow("f", { join }).run()).unwrap().join).toEqual({ none: undefined });
  });

  it("the promise that a selector returns, not what it resolves to", async () => {
    const join = task(
      "join",
      { later: pick(users, async () => 1) },
      ({ later }) => later instanceof Promise,
    );
    expect((await flow("f", { join }).run()).unwrap().join).toBe(true);
  });

  it("no key for what it only comes after", async () => {
    const join = task("join", { _: after(users), users }, (inputs) => Object.keys(inputs));
    expect((await flow("f", { join }).run()).unwrap().join).toEqual(["users"]);
  });

  it("a frozen empty object when it takes nothing", async () => {
    const lone = task("lone", (inputs) => [Object.keys(inputs), Object.isFrozen(inputs)]);
    expect((await flow("f", { lone }).run()).unwrap().lone).toEqual([[], true]);
  });

  it("inputs named like the properties that every object has", async () => {
    const inputs = Object.fromEntries(
      ["__proto__", "constructor", "toString"].map((key) => [key, users]),
    );
    for (const extra of [{}, { part: pick(users, "total") }]) {
      const join = task("join", { ...inputs, ...extra } as { a: typeof users }, (given) => [
        Object.keys(given),
        Object.getPrototypeOf(given) === Object.prototype,
        Object.getOwnPropertyDescriptor(given, "__proto__")?.value,
      ]);
      const [keys, plain, own] = (await flow("f", { join, users }).run()).unwrap().join;
      expect(keys).toEqual([...Object.keys(inputs), ...Object.keys(extra)]);
      expect(plain).toBe(true);
      expect(own).toMatchObject({ total: 2 });
    }
  });

  it("its own inputs, when two runs go on at once", async () => {
    const clock = new VirtualClock();
    const user = param<string>("user");
    const load = task("load", { user }, async (inputs, { signal }) => {
      await clock.wait(inputs.user.length, signal);
      return inputs.user;
    });
    const greet = task("greet", { load }, (inputs) => `hello ${inputs.load}`);
    const greeting = flow("f", { greet });
    const runs = ["anna", "bo"].map((name) => greeting.run({ clock, params: [user.of(name)] }));
    const done = await clock.run(Promise.all(runs));
    expect(done.map((report) => report.outputs.greet)).toEqual(["hello anna", "hello bo"]);
  });
});

describe("A map is called with", () => {
  it("each item, its index, and the inputs beside", async () => {
    const list = task("list", () => ["a", "b"]);
    const suffix = task("suffix", () => "!");
    const shout = map(
      "shout",
      list,
      { suffix },
      (item, index, inputs) => `${index}${item}${inputs.suffix}`,
    );
    expect((await flow("f", { shout }).run()).unwrap().shout).toEqual(["0a!", "1b!"]);
  });

  it("the items of a part of an output, or of a parameter", async () => {
    const page = task("page", () => ({ rows: [1, 2] }));
    const numbers = param<number[]>("numbers");
    const doubled = map("doubled", pick(page, "rows"), (row) => row * 2);
    const tripled = map("tripled", numbers, (row) => row * 3);
    const done = await flow("f", { doubled, tripled }).run({ params: [numbers.of([3])] });
    expect({ ...done.unwrap() }).toEqual({ doubled: [2, 4], tripled: [9] });
  });

  it("nothing, and fails, when there is no array to map over", async () => {
    const list = task("list", () => "abc") as unknown as Task<string[]>;
    let calls = 0;
    const sizes = map("sizes", list, () => calls++, { retry: 3 });
    const report = await flow("f", { sizes }).run();
    expect(calls).toBe(0);
    expect(errorOf(report, "sizes")).toMatchObject({
      name: "InputError",
      message: 'Map "sizes" needs an array or another iterable to map over, got "abc"',
    });
  });
});

// The table of edges: what a dependent of each kind does when its dependency has ended in each way.

type Fate = "runs" | "skipped";
interface Upstream {
  readonly ended: string;
  readonly status: TaskStatus;
  readonly make: (clock: VirtualClock) => Task<string>;
  readonly outcome: Partial<Outcome<string>>;
  readonly cancel?: true;
  readonly resume?: true;
  readonly graceMs?: number;
}

const ignoring = (clock: VirtualClock, ms: number) => async (): Promise<string> => {
  await clock.wait(ms);
  return "late";
};
const upstreams: Upstream[] = [
  {
    ended: "completed",
    status: "completed",
    make: () => task("up", () => "value"),
    outcome: { status: "completed", value: "value", restored: false },
  },
  {
    ended: "was restored",
    status: "restored",
    make: () => task("up", () => "value"),
    outcome: { status: "completed", value: "value", restored: true },
    resume: true,
  },
  {
    ended: "failed",
    status: "failed",
    make: () => task("up", fail("broken") as () => string),
    outcome: { status: "failed", timedOut: false, error: new Error("broken") },
  },
  {
    ended: "failed with onFailure: ignore",
    status: "failed",
    make: () => task("up", fail("broken") as () => string, { onFailure: "ignore" }),
    outcome: { status: "failed", timedOut: false },
  },
  {
    ended: "failed by its time limit",
    status: "failed",
    make: (clock) =>
      task(
        "up",
        async (_, { signal }) => {
          await clock.wait(1000, signal);
          return "";
        },
        { timeoutMs: 10 },
      ),
    outcome: { status: "failed", timedOut: true },
  },
  {
    ended: "abandoned",
    status: "abandoned",
    make: (clock) => task("up", ignoring(clock, 1000), { timeoutMs: 10 }),
    outcome: { status: "abandoned" },
    graceMs: 5,
  },
  {
    ended: "cancelled by cancelTask",
    status: "cancelled",
    make: (clock) =>
      task("up", async (_, { signal }) => {
        await clock.wait(1000, signal);
        return "";
      }),
    outcome: { status: "cancelled" },
    cancel: true,
  },
  {
    ended: "skipped by its condition",
    status: "skipped",
    make: () => task("up", () => "value", { when: () => ({ skip: "not today" }) }),
    outcome: { status: "skipped", reason: "not today", because: "condition" },
  },
  {
    ended: "skipped by its dependency",
    status: "skipped",
    make: () => {
      const root = task("root", fail("broken"));
      return task("up", { root }, () => "value");
    },
    outcome: {
      status: "skipped",
      reason: 'needs "root", which failed',
      because: "dependency",
      root: "root",
    },
  },
];

interface Edge {
  readonly kind: string;
  readonly make: (up: Task<string>) => Input<unknown> | Task<unknown>;
  readonly fate: (upstream: Upstream) => Fate;
  readonly given?: (upstream: Upstream) => unknown;
}
const whenCompleted = ({ outcome }: Upstream): Fate =>
  outcome.status === "completed" ? "runs" : "skipped";
const always = (): Fate => "runs";
const edges: Edge[] = [
  { kind: "value", make: (up) => up, fate: whenCompleted, given: () => "value" },
  { kind: "pick", make: (up) => pick(up, "length"), fate: whenCompleted, given: () => 5 },
  { kind: "after", make: (up) => after(up), fate: whenCompleted, given: () => "no such key" },
  {
    kind: "optional",
    make: (up) => optional(up),
    fate: always,
    given: ({ outcome }) => (outcome.status === "completed" ? "value" : undefined),
  },
  {
    kind: "settled",
    make: (up) => settled(up),
    fate: always,
    given: ({ outcome }) => expect.objectContaining(outcome),
  },
];

const table = upstreams.flatMap((upstream) =>
  edges.map((edge) => ({ upstream, edge, title: `${edge.kind} of a task that ${upstream.ended}` })),
);

describe("A dependent by", () => {
  it.each(table)("$title", async ({ upstream, edge }) => {
    const clock = new VirtualClock();
    const up = upstream.make(clock);
    const down = task("down", { in: edge.make(up) } as { in: Task<unknown> }, (inputs) =>
      "in" in inputs ? inputs.in : "no such key",
    );
    const { graceMs } = upstream;
    const earlier = upstream.resume && (await flow("f", { up }).run()).toJSON({ outputs: true });
    const run = flow("f", { down }).start({
      clock,
      failure: "continue",
      ...(graceMs === undefined ? {} : { graceMs }),
      ...(earlier === undefined ? {} : { resumeFrom: earlier }),
    });
    if (upstream.cancel) run.cancelTask("up", "not needed");
    const report = await clock.run(run.report);
    const [row] = report.taskStatistics.filter(({ taskName }) => taskName === "up");
    expect(row?.status).toBe(upstream.status);
    const outcome = report.outcome(down);
    if (edge.fate(upstream) === "runs") {
      expect(outcome).toEqual({
        status: "completed",
        value: edge.given?.(upstream),
        restored: false,
      });
    } else {
      const root = upstream.ended === "skipped by its dependency" ? "root" : "up";
      expect(outcome.status).toBe("skipped");
      expect(report.taskStatistics.find(({ taskName }) => taskName === "down")).toMatchObject({
        status: "skipped",
        attemptCount: 0,
        reason: { kind: "dependency", task: "up", root },
      });
    }
  });

  it("optional or settled is not called when a failure stops the run", async () => {
    for (const failure of ["stop", "drain"] as const) {
      let calls = 0;
      const up = task("up", fail("broken"));
      const down = task("down", { a: optional(up), b: settled(up) }, () => calls++);
      const report = await flow("f", { down }).run({ failure });
      expect(report.executionState).toBe("failed");
      expect(report.outcome(down).status).toBe("skipped");
      expect(calls).toBe(0);
    }
  });

  it("optional or settled is called under any policy when the failure is ignored", async () => {
    const up = task("up", fail("broken"), { onFailure: "ignore" });
    const down = task("down", { a: optional(up), b: settled(up) }, ({ a, b }) => [a, b.status]);
    for (const failure of ["stop", "drain", "continue", { maxFailures: 1 }] as const) {
      const report = await flow("f", { down }).run({ failure });
      expect(report.executionState).toBe("completed");
      expect(report.unwrap().down).toEqual([undefined, "failed"]);
    }
  });

  it("settled is handed the very error object that was thrown", async () => {
    const broken = new Error("broken");
    const up = task("up", () => {
      throw broken;
    });
    const down = task("down", { up: settled(up) }, (inputs) =>
      inputs.up.status === "failed" ? inputs.up.error : undefined,
    );
    const report = await flow("f", { down }).run({ failure: "continue" });
    expect(report.outcome(down)).toMatchObject({ value: broken });
  });

  it("several edges to one task is ruled out by the strictest of them", async () => {
    const up = task("up", fail("broken"));
    const down = task("down", { a: optional(up), b: up }, () => "ran");
    const report = await flow("f", { down }).run({ failure: "continue" });
    expect(report.outcome(down).status).toBe("skipped");
  });
});

describe("A condition", () => {
  const users = task("users", () => ["ann"]);

  it("is asked with the resolved inputs, and lets the task run", async () => {
    let asked: unknown;
    const report = task("report", { users, first: pick(users, 0) }, () => "ran", {
      when: (inputs) => {
        asked = inputs;
        return inputs.users.length > 0;
      },
    });
    expect((await flow("f", { report }).run()).unwrap().report).toBe("ran");
    expect(asked).toEqual({ users: ["ann"], first: "ann" });
  });

  it.each([
    [false, "its condition was not met"],
    [{ skip: "no users" }, "no users"],
  ])("that answers %o skips the task and says why", async (verdict, why) => {
    let calls = 0;
    const report = task("report", { users }, () => calls++, { when: () => verdict });
    const done = await flow("f", { report }).run();
    expect(calls).toBe(0);
    expect(done.executionState).toBe("completed");
    expect(done.outcome(report)).toEqual({ status: "skipped", reason: why, because: "condition" });
    expect(done.taskStatistics[1]).toMatchObject({
      status: "skipped",
      reason: { kind: "condition", message: why },
      attemptCount: 0,
      startAt: null,
    });
    expect(() => done.unwrap()).toThrow(`Task "report" was skipped: ${why}`);
  });

  it("is asked once for a whole map", async () => {
    let asked = 0;
    const sizes = map("sizes", users, (user) => user.length, {
      when: () => {
        asked++;
        return true;
      },
    });
    expect((await flow("f", { sizes }).run()).unwrap().sizes).toEqual([3]);
    expect(asked).toBe(1);
  });

  it("that throws fails the task once, retries or not", async () => {
    let asked = 0;
    const report = task("report", { users }, () => "ran", {
      retry: 5,
      when: () => {
        asked++;
        throw new Error("no idea");
      },
    });
    const done = await flow("f", { report }).run();
    expect(asked).toBe(1);
    expect(errorOf(done, "report")).toMatchObject({ message: "no idea" });
    expect(done.taskStatistics[1]).toMatchObject({ status: "failed", attemptCount: 0 });
  });

  it.each([
    ["undefined", () => {}],
    ["undefined", async () => {}],
    ["0", () => 0],
    ["an object", () => ({ skp: "typo" })],
    ["null", () => null],
    ["{ skip, because }", () => ({ skip: "not today", because: "sunday" })],
  ])("that answers %s, which is no answer, fails the task and says so", async (what, when) => {
    let calls = 0;
    const report = task("report", { users }, () => calls++, { when: when as () => boolean });
    const done = await flow("f", { report }).run();
    expect(calls).toBe(0);
    expect(errorOf(done, "report")).toMatchObject({
      message: `The condition of task "report" must return true, false or { skip: "why" }, or a promise of that, got ${what}`,
    });
  });
});

describe("Inputs are resolved once", () => {
  it("however often the task is retried", async () => {
    let picks = 0;
    let asked = 0;
    let calls = 0;
    const up = task("up", () => [1]);
    const down = task(
      "down",
      {
        first: pick(up, (list) => {
          picks++;
          return list;
        }),
      },
      ({ first }) => {
        calls++;
        if (calls < 3) throw new Error("again");
        return first;
      },
      { retry: 2, when: () => ++asked > 0 },
    );
    const done = await flow("f", { down }).run();
    expect(done.unwrap().down).toEqual([1]);
    expect([picks, asked, calls]).toEqual([1, 1, 3]);
  });

  it("before the task queues: the time that takes is no time in the queue", async () => {
    const clock = new VirtualClock();
    const scheduler = new DynamicScheduler([["load", (a: unknown) => a]], [{ taskName: "load" }], {
      clock,
      taskDataRefs: {
        load: {
          inputs: [
            {
              from: {
                compute: async () => {
                  await clock.wait(30);
                  return "computed";
                },
              },
              to: { index: 0 },
            },
          ],
        },
      },
    });
    const report = await clock.run(scheduler.execute());
    expect(report.outputs.load).toBe("computed");
    expect(report.taskStatistics[0]).toMatchObject({ startAt: 30, readyAt: 0, queuedMs: 0 });
  });

  it("and a selector that throws fails the consumer once, never the producer", async () => {
    let produced = 0;
    let picks = 0;
    const up = task("up", () => ++produced, { retry: 3 });
    const down = task(
      "down",
      {
        part: pick(up, (): never => {
          picks++;
          throw new Error("no such part");
        }),
      },
      () => "ran",
      { retry: 3 },
    );
    const done = await flow("f", { down }).run();
    expect([produced, picks]).toEqual([1, 1]);
    expect(done.outcome(up).status).toBe("completed");
    const error = errorOf(done, "down");
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({
      code: "ASTRUM_INPUT",
      task: "down",
      message: 'Input "part" of task "down" could not be taken from "up": no such part',
      cause: { message: "no such part" },
    });
  });

  it("and a picked key of null or undefined fails the consumer", async () => {
    const up = task("up", () => null) as unknown as Task<{ key: string }>;
    const down = task("down", { part: pick(up, "key") }, () => "ran");
    expect(errorOf(await flow("f", { down }).run(), "down")).toMatchObject({
      message: expect.stringMatching(/^Input "part" of task "down" could not be taken from "up": /),
    });
  });
});

// Door 2.

type From = DataItem["from"];
async function locate(
  output: unknown,
  from: Extract<From, { task: string }>,
  options?: SchedulerOptions,
) {
  let calls = 0;
  const report = await new DynamicScheduler(
    [
      ["up", () => ++calls && output],
      ["down", ({ part }: { part: unknown }) => ({ part })],
    ],
    [{ taskName: "up" }, { taskName: "down", dependencies: [{ taskName: "up" }] }],
    {
      taskRetries: { up: 2, down: 2 },
      taskDataRefs: { down: { inputs: [{ from, to: { key: "part" } }] } },
      ...options,
    },
  ).execute();
  return { report, calls };
}

describe("A locator of the scheduler", () => {
  it.each([
    ["the whole output", { a: 1 }, {}, { a: 1 }],
    ["an own key", { a: 1 }, { key: "a" }, 1],
    ["a key that holds undefined", { a: undefined }, { key: "a" }, undefined],
    ["an own key named __proto__", JSON.parse('{"__proto__": 1}'), { key: "__proto__" }, 1],
    ["an index of an array", ["x", "y"], { index: 1 }, "y"],
    ["a key of an array", ["x", "y"], { key: "1" }, "y"],
    ["a key of a function's object", Object.assign(new Date(0), { a: 1 }), { key: "a" }, 1],
  ])("reads %s", async (_, output, where, expected) => {
    const { report } = await locate(output, { task: "up", ...where });
    expect(report.errorSummary).toEqual([]);
    expect(report.outputs.down).toEqual({ part: expected });
  });

  it.each([
    [
      { rows: 1, total: 2 },
      { key: "row" },
      'key "row" of the output of "up", but it has only "rows", "total"',
    ],
    [{}, { key: "a" }, 'key "a" of the output of "up", but that object is empty'],
    [{ a: 1 }, { key: "toString" }, 'key "toString" of the output of "up", but it has only "a"'],
    [
      null,
      { key: "a" },
      'key "a" of the output of "up", but that is null: a key reads objects only',
    ],
    [
      "text",
      { key: "length" },
      'key "length" of the output of "up", but that is "text": a key reads objects only',
    ],
    [
      undefined,
      { key: "a" },
      'key "a" of the output of "up", but that is undefined: a key reads objects only',
    ],
    [["x"], { index: 1 }, 'index 1 of the output of "up", but that array has a length of 1'],
    [[], { index: 0 }, 'index 0 of the output of "up", but that array is empty'],
    [
      "text",
      { index: 0 },
      'index 0 of the output of "up", but that is "text": an index reads arrays only',
    ],
    [
      { a: 1 },
      { index: 0 },
      'index 0 of the output of "up", but that is an object: an index reads arrays only',
    ],
  ])(
    "into %o at %o fails the consumer once, and says what is there",
    async (output, where, why) => {
      const { report, calls } = await locate(output, { task: "up", ...where });
      expect(calls).toBe(1);
      expect(report.outcome("up").status).toBe("completed");
      expect(errorOf(report, "down")).toMatchObject({
        name: "InputError",
        task: "down",
        message: `Task "down" takes ${why}`,
      });
      expect(report.taskStatistics.map(({ attemptCount }) => attemptCount)).toEqual([1, 0]);
    },
  );

  it("names at most twenty keys of those that exist", async () => {
    const wide = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`k${at}`, at]));
    const { report } = await locate(wide, { task: "up", key: "x" });
    expect(errorOf(report, "down")).toMatchObject({
      message: expect.stringMatching(/it has only "k0", .*"k19", … 10 more$/),
    });
  });

  it("of one consumer does not disturb another that wants the whole", async () => {
    const up = { taskName: "up" };
    const report = await new DynamicScheduler(
      [
        ["up", () => ({ a: 1 })],
        ["whole", (inputs: unknown) => inputs],
        ["part", (inputs: unknown) => inputs],
      ],
      [up, { taskName: "whole" }, { taskName: "part" }],
      {
        taskDataRefs: {
          whole: { inputs: [{ from: { task: "up" }, to: { key: "up" } }] },
          part: { inputs: [{ from: { task: "up", key: "a" }, to: { key: "up" } }] },
        },
      },
    ).execute();
    expect(report.outputs).toMatchObject({ whole: { up: { a: 1 } }, part: { up: 1 } });
    expect({ ...report.originalTasks }).toEqual({ up: [], whole: ["up"], part: ["up"] });
  });
});

describe("A callable of the scheduler", () => {
  const call = async (inputs: DataItem[], run: (...args: never[]) => unknown) => {
    const report = await new DynamicScheduler(
      [
        ["up", () => "up"],
        ["down", run],
      ],
      [{ taskName: "up" }, { taskName: "down" }],
      { taskDataRefs: { down: { inputs } } },
    ).execute();
    expect(report.errorSummary).toEqual([]);
    return report.outputs.down;
  };
  const args = (...given: unknown[]): unknown[] => given;
  const context = expect.objectContaining({ attempt: 1 });

  it("is called with inputs and context when its inputs go to keys", async () => {
    const inputs: DataItem[] = [
      { from: { task: "up" }, to: { key: "a" } },
      { from: { value: 2 }, to: { key: "b" } },
      { from: { compute: () => 3 }, to: { key: "c" } },
    ];
    expect(await call(inputs, args)).toEqual([{ a: "up", b: 2, c: 3 }, context]);
  });

  it("is called with an empty object and context when it has none", async () => {
    expect(await call([], args)).toEqual([{}, context]);
  });

  it("is called with one argument for each index, then the context, in whatever order they are given", async () => {
    const inputs: DataItem[] = [
      { from: { value: "second" }, to: { index: 1 } },
      { from: { task: "up" }, to: { index: 0 } },
    ];
    expect(await call(inputs, args)).toEqual(["up", "second", context]);
  });

  it("gets a lone argument at the index that was asked for", async () => {
    for (const from of [{ value: "x" }, { compute: async () => "x" }]) {
      expect(await call([{ from, to: { index: 2 } }], args)).toEqual([
        undefined,
        undefined,
        "x",
        context,
      ]);
    }
  });

  it("fails once when a computed input does, at once or later, and no other rejection is left over", async () => {
    const left: unknown[] = [];
    const note = (reason: unknown): void => void left.push(reason);
    process.on("unhandledRejection", note);
    for (const compute of [fail("no value"), async () => fail("no value")()]) {
      let calls = 0;
      const report = await new DynamicScheduler(
        [
          ["up", () => ({})],
          ["down", () => calls++],
        ],
        [{ taskName: "up" }, { taskName: "down" }],
        {
          taskRetries: { down: 3 },
          taskDataRefs: {
            down: {
              inputs: [{ from: { compute }, to: { key: "a" } }],
            },
          },
        },
      ).execute();
      expect(calls).toBe(0);
      expect(errorOf(report, "down")).toMatchObject({
        name: "InputError",
        task: "down",
        message: 'Input "a" of task "down" could not be taken: no value',
        cause: { message: "no value" },
      });
    }
    // One input is rejected later, the next one is wrong at once.
    const report = await new DynamicScheduler(
      [
        ["up", () => ({})],
        ["down", () => "ran"],
      ],
      [{ taskName: "up" }, { taskName: "down" }],
      {
        taskDataRefs: {
          down: {
            inputs: [
              { from: { compute: async () => fail("later")() }, to: { key: "a" } },
              { from: { task: "up", key: "missing" }, to: { key: "b" } },
            ],
          },
        },
      },
    ).execute();
    expect(report.failedTasks).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(left).toEqual([]);
  });
});

// Schemas of three libraries, through the interface that they share.

const delayed: Schema<number> = {
  "~standard": {
    version: 1,
    vendor: "own",
    validate: async (value) =>
      typeof value === "number"
        ? { value: value + 1 }
        : { issues: [{ message: "no number", path: [{ key: "deep" }, 0, Symbol("s")] }] },
  },
};
const shape = {
  zod: z.object({ user: z.object({ age: z.coerce.number().int() }) }),
  valibot: v.object({
    user: v.object({ age: v.pipe(v.unknown(), v.transform(Number), v.number(), v.integer()) }),
  }),
  arktype: type({ user: { age: "string.integer.parse | number.integer" } }),
};
const asyncShape = {
  zod: z.object({
    user: z
      .object({ age: z.coerce.number() })
      .refine(async ({ age }) => age > 0, { path: ["age"] }),
  }),
  valibot: v.objectAsync({
    user: v.objectAsync({
      age: v.pipeAsync(
        v.unknown(),
        v.transform(Number),
        v.checkAsync(async (age) => age > 0),
      ),
    }),
  }),
};
const schemas: [string, Schema<{ user: { age: number } }>][] = [
  ...Object.entries(shape),
  ...Object.entries(asyncShape).map(
    ([name, schema]): [string, Schema<{ user: { age: number } }>] => [
      `${name}, asynchronous`,
      schema,
    ],
  ),
];

describe.each(schemas)("An output schema of %s", (_, output) => {
  it("converts what the function returned, for dependents and for the report", async () => {
    const load = task("load", async () => ({ user: { age: "42" } }), { output });
    const age = task("age", { age: pick(load, ({ user }) => user.age) }, (inputs) => inputs.age);
    const done = await flow("f", { load, age }).run();
    expect(done.errorSummary).toEqual([]);
    expect({ ...done.unwrap() }).toEqual({ load: { user: { age: 42 } }, age: 42 });
  });

  it("fails the attempt with an error that names the task, the path and the issue", async () => {
    const load = task("load", () => ({ user: { age: "x" } }), { output });
    const done = await flow("f", { load }).run();
    const error = errorOf(done, "load");
    expect(error).toBeInstanceOf(SchemaError);
    expect(error).toMatchObject({ code: "ASTRUM_SCHEMA", task: "load" });
    const [issue] = (error as SchemaError).issues;
    expect(issue?.path).toEqual(["user", "age"]);
    expect(issue?.message).not.toBe("");
    expect((error as SchemaError).message).toBe(
      `Task "load": output does not match its schema: user.age: ${issue?.message}`,
    );
    expect(done.errorSummary[0]).toContain("user.age");
  });
});

describe("A schema", () => {
  it("may answer with a promise of its own kind", async () => {
    const thenable: "then" = "then";
    const later = <T>(value: T): Promise<T> =>
      ({ [thenable]: (resolve: (value: T) => void) => resolve(value) }) as unknown as Promise<T>;
    const validate = (value: unknown): Promise<{ readonly value: string }> =>
      later({ value: `checked ${value}` });
    const own: Schema<string> = { "~standard": { version: 1, vendor: "own", validate } };
    const who = param("who", own);
    const load = task("load", { who }, ({ who }) => `of ${who}`, { output: own });
    const report = await flow("f", { load }).run({ params: [who.of("me")] });
    expect(report.outputs.load).toBe("checked of checked me");
  });

  it("of an output may need time, and convert", async () => {
    const load = task("load", () => 1, { output: delayed });
    expect((await flow("f", { load }).run()).unwrap().load).toBe(2);
  });

  it("names steps of a path of every kind", async () => {
    const load = task("load", () => "x", { output: delayed });
    expect(errorOf(await flow("f", { load }).run(), "load")).toMatchObject({
      issues: [{ message: "no number", path: ["deep", "0", "Symbol(s)"] }],
      message: 'Task "load": output does not match its schema: deep.0.Symbol(s): no number',
    });
  });

  it("of an output makes another attempt when the task has one left", async () => {
    let calls = 0;
    const load = task("load", () => (++calls === 1 ? "x" : 41), { output: delayed, retry: 1 });
    const done = await flow("f", { load }).run();
    expect(done.unwrap().load).toBe(42);
    expect(done.flakyTasks).toBe(1);
  });

  it("of a map's output is asked for each item", async () => {
    const list = task("list", () => ["1", "x", "3"]);
    const ages = map("ages", list, (age) => ({ user: { age } }), { output: shape.zod });
    const done = await flow("f", { ages }).run({ failure: "continue" });
    expect(done.outcome("ages[0]")).toMatchObject({ value: { user: { age: 1 } } });
    expect(errorOf(done, "ages[1]")).toMatchObject({ task: "ages[1]" });
    expect(done.outcome("ages[2]").status).toBe("completed");
  });

  it("that throws fails the attempt", async () => {
    const output = {
      "~standard": { version: 1, vendor: "own", validate: fail("bad schema") },
    } as const;
    const load = task("load", () => 1, { output });
    expect(errorOf(await flow("f", { load }).run(), "load")).toMatchObject({
      message: "bad schema",
    });
  });

  it.each(schemas)(
    "of a parameter, %s, checks and converts it before anything runs",
    async (_, schema) => {
      let calls = 0;
      const who = param("who", schema);
      const greet = task("greet", { who }, (inputs) => ++calls && inputs.who.user.age);
      const greeting = flow("f", { greet });
      const given = who.of({ user: { age: "7" as unknown as number } });
      expect((await greeting.run({ params: [given] })).unwrap().greet).toBe(7);
      calls = 0;
      await expect(
        greeting.run({ params: [who.of({ user: { age: "x" as unknown as number } })] }),
      ).rejects.toMatchObject({
        code: "ASTRUM_PLAN",
        issues: [
          {
            code: "invalid-parameter",
            path: ["params", "who"],
            message: expect.stringMatching(
              /^Parameter "who" does not match its schema: user\.age: ./,
            ),
          },
        ],
      });
      expect(calls).toBe(0);
    },
  );

  it.each(schemas)("of a scheduler's input, %s, checks and converts it", async (_, schema) => {
    const load = async (age: string) => locateTyped({ user: { age } }, schema);
    expect((await load("7")).outputs.down).toEqual({ user: { age: 7 } });
    const report = await load("x");
    expect(report.outcome("up").status).toBe("completed");
    expect(errorOf(report, "down")).toMatchObject({
      name: "SchemaError",
      task: "down",
      message: expect.stringMatching(
        /^Task "down": input "part" does not match its schema: user\.age: ./,
      ),
    });
  });
});

function locateTyped(output: unknown, schema: Schema): Promise<ExecutionReport> {
  return new DynamicScheduler(
    [
      ["up", () => output],
      ["down", ({ part }: { part: unknown }) => part],
    ],
    [{ taskName: "up" }, { taskName: "down" }],
    {
      taskRetries: { down: 2 },
      taskDataRefs: {
        down: { inputs: [{ from: { task: "up" }, to: { key: "part" }, type: schema }] },
      },
    },
  ).execute();
}
