/** A flow as a task of another, known beforehand: its tasks are planned with the rest. */
import { describe, expect, it } from "vitest";
import {
  after,
  type Flow,
  flow,
  map,
  optional,
  PlanError,
  param,
  pick,
  type RunOptions,
  reportOfJournal,
  SubflowError,
  settled,
  subflow,
  type Task,
  task,
  value,
} from "../../src/index.ts";
import { recorded, replay, testRun, VirtualClock } from "../../src/testing.ts";
import { Diary, Notebook, row, statuses, written } from "../scenario.ts";

const code = param<string>("code");

/** Loads and ranks the sales of a region. */
function regionFlow(diary: Diary, fails: readonly string[] = []) {
  const load = task("load", { code }, ({ code }, context) => {
    const fail = fails.includes(context.taskName) ? { throw: "no data" } : { return: code };
    return diary.task({ ms: 2, ...fail })({}, context) as Promise<string>;
  });
  const rank = task("rank", { load }, async ({ load }, context) => {
    await diary.task({ ms: 3 })({}, context);
    return `${load}!`;
  });
  return flow("region", { rank });
}

async function run<O>(made: (diary: Diary) => Flow<O>, options: RunOptions = {}) {
  const clock = new VirtualClock();
  const diary = new Diary(clock);
  const report = await clock.run(made(diary).run({ clock, ...options }));
  return { report, diary };
}

function twice(diary: Diary, fails?: readonly string[]) {
  const region = regionFlow(diary, fails);
  const us = task("us code", () => "us");
  const given = {
    eu: subflow("eu", region, { code: value("eu") }),
    us: subflow("us", region, { code: us }),
  };
  return flow("report", {
    both: task("both", given, ({ eu, us }) => `${eu.rank} ${us.rank}`),
  });
}

describe("A subflow", () => {
  it("is planned with the rest, under its name, once for each use", async () => {
    const clock = new VirtualClock();
    const plan = twice(new Diary(clock)).plan();
    expect(plan.stages.map(({ startTasks }) => startTasks)).toEqual([
      ["us code", "eu.load"],
      ["eu.rank", "us.load"],
      ["eu", "us.rank"],
      ["us"],
      ["both"],
    ]);
    expect(plan.criticalPath()).toEqual(["us code", "us.load", "us.rank", "us", "both"]);
    expect(plan.explain()).toContain("eu (subflow of 2 tasks) ← eu.rank");
  });

  it("gives an object of its outputs", async () => {
    const { report, diary } = await run(twice);
    expect(report.unwrap()).toEqual({ both: "eu! us!" });
    expect(row(report, "eu")).toMatchObject({
      kind: "task",
      role: "subflow",
      status: "completed",
      attemptCount: 0,
      startAt: 0,
      endAt: 5,
      dependencies: [{ task: "eu.rank", kind: "value", to: "rank" }],
    });
    expect(row(report, "us.load")).toMatchObject({
      parent: "us",
      releasedBy: "us code",
      stageId: 1,
    });
    expect(diary.started).toEqual(["eu.load", "us.load", "eu.rank", "us.rank"]);
    expect(report.outcome("eu.load")).toMatchObject({ status: "completed", value: "eu" });
    expect(report.analysis.bounds.dependencyMs).toBe(5);
    expect(report.analysis.criticalPath.map(({ task }) => task)).toEqual([
      "us code",
      "us.load",
      "us.rank",
      "both",
    ]);
  });

  it("leaves parameters that are not given to the flow around it", async () => {
    const outer = (diary: Diary) => flow("outer", { eu: subflow("eu", regionFlow(diary)) });
    const { report } = await run(outer, { params: { code: "fr" } });
    expect(report.unwrap()).toEqual({ eu: { rank: "fr!" } });
    await expect(run(outer)).rejects.toThrow('Task "eu.load" needs the parameter "code"');
  });

  it("takes any input in the place of a parameter, checked by its schema", async () => {
    const upper = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (given: unknown) =>
          typeof given === "string"
            ? { value: given.toUpperCase() }
            : { issues: [{ message: "no text" }] },
      },
    };
    const name = param("name", upper as never) as unknown as ReturnType<typeof param<string>>;
    const inner = flow("inner", { greet: task("greet", { name }, ({ name }) => `hello ${name}`) });
    const user = task("user", () => ({ first: "ada", age: 36 }));
    const { report } = await run(
      () =>
        flow("outer", {
          good: subflow("good", inner, { name: pick(user, "first") }),
          bad: subflow("bad", inner, { name: pick(user, "age") }, { onFailure: "ignore" }),
        }),
      { failure: "continue" },
    );
    expect(report.outputs).toEqual({ good: { greet: "hello ADA" } });
    expect(report.failures).toMatchObject([{ task: "bad.greet", tolerated: true }]);
  });

  it("may be inside of another, and of items that become flows", async () => {
    const { report } = await run((diary) => {
      const inner = (depth: number): Flow<Record<string, unknown>> =>
        flow(
          "level",
          depth === 0
            ? { leaf: task("leaf", diary.task({ ms: 1 })) }
            : { down: subflow("down", inner(depth - 1)) },
        );
      const list = task("list", () => [1, 2]);
      return flow("outer", {
        deep: subflow("deep", inner(2)),
        items: map("items", list, () => inner(1)),
      });
    });
    expect(report.executionState).toBe("completed");
    expect(Object.keys(statuses(report)).sort()).toEqual([
      "deep",
      "deep.down",
      "deep.down.down",
      "deep.down.down.leaf",
      "items",
      "items[0]",
      "items[0].down",
      "items[0].down.leaf",
      "items[1]",
      "items[1].down",
      "items[1].down.leaf",
      "list",
    ]);
    expect(row(report, "items[1].down.leaf").parent).toBe("items[1].down");
    expect(row(report, "deep.down.down.leaf").parent).toBe("deep.down.down");
  });

  it("brings no tail along that reads what is kept, when it is not kept itself", async () => {
    const user = param<string>("user");
    const work = task("work", { user }, ({ user }) => user);
    const inner = flow("inner", { work }, { tails: { log: task("log", { user }, () => 0) } });
    const name = task("name", () => "Ada");
    const outer = flow("outer", { eu: subflow("eu", inner, { user: name }) });
    expect(outer.plan({ targets: ["name"] }).tasks.map((one) => one.name)).toEqual(["name"]);
  });

  it("is restricted to targets inside of it, or kept as a whole", async () => {
    const { report } = await run(twice, { targets: ["us.load"] });
    expect(statuses(report)).toEqual({ "us code": "completed", "us.load": "completed" });
    const { report: whole } = await run(twice, { targets: ["eu"] });
    expect(Object.keys(statuses(whole))).toEqual(["eu.load", "eu.rank", "eu"]);
    await expect(run(twice, { targets: ["eu.lod"] })).rejects.toThrow('Did you mean "eu.load"?');
  });

  it("has a stand-in in the place of all of it, or of one of its tasks", async () => {
    const called: string[] = [];
    const load = task("load", { code }, ({ code }, { taskName }) => {
      called.push(taskName);
      return code;
    });
    const region = flow("region", { rank: task("rank", { load }, ({ load }) => `${load}!`) });
    const given = {
      eu: subflow("eu", region, { code: value("eu") }),
      us: subflow("us", region, { code: value("us") }),
    };
    const both = task("both", given, ({ eu, us }) => `${eu.rank} ${us.rank}`);
    const report = flow("report", { both });
    const whole = await testRun(report, { stubs: { eu: { rank: "E" } } });
    expect(whole.unwrap()).toEqual({ both: "E us!" });
    expect(called).toEqual(["us.load"]);
    const part = await testRun(report, { stubs: { "eu.load": "x", us: { rank: "U" } } });
    expect(part.unwrap()).toEqual({ both: "x! U" });
    expect(called).toEqual(["us.load"]);
  });

  it("says what is wrong with it where it is written", () => {
    const region = regionFlow(new Diary(new VirtualClock()));
    const other = task("other", () => 1);
    expect(() => subflow("eu", {} as never)).toThrow('Subflow "eu" needs a flow, got an object');
    expect(() => subflow("eu", region, { cod: value("x") })).toThrow(
      'No task of flow "region" takes the parameter "cod". Did you mean "code"?',
    );
    expect(() => subflow("eu", region, { code: "x" as never })).toThrow(
      /write value\(…\) for a constant/,
    );
    expect(() => subflow("eu", region, { code: after(other) as never })).toThrow("gives no value");
    expect(() => flow("f", { eu: subflow("eu", region, {}, { retry: 1 } as never) })).toThrow(
      "`retry`",
    );
    const clash = () =>
      flow("f", {
        a: subflow("eu", region),
        b: task("eu.load", () => 1),
        c: task("eu.fine", () => 1),
      });
    expect(clash).toThrow(PlanError);
    expect(clash).toThrow('Two tasks are named "eu.load"');
  });
});

describe("A failure inside of a subflow", () => {
  it("is that of its task, and stops the run as any", async () => {
    const { report } = await run((diary) => twice(diary, ["us.load"]));
    expect(statuses(report)).toEqual({
      "us code": "completed",
      "eu.load": "completed",
      "eu.rank": "cancelled",
      eu: "cancelled",
      "us.load": "failed",
      "us.rank": "skipped",
      us: "failed",
      both: "skipped",
    });
    expect(report.outcome("us")).toMatchObject({ error: { message: '"us" failed in "us.load"' } });
    expect(report.errorSummary).toEqual(['Task "us.load" failed: no data']);
  });

  it("is held where its task is tolerated, or has a fallback", async () => {
    const { report } = await run((diary) => {
      const region = regionFlow(diary, ["a.load", "b.load"]);
      const a = subflow("a", region, { code: value("a") }, { onFailure: "ignore" });
      const b = subflow(
        "b",
        region,
        { code: value("b") },
        { fallback: (error) => ({ rank: String(error) }) },
      );
      const c = subflow("c", region, { code: value("c") });
      return flow("outer", {
        all: task("all", { a: settled(a), b, c }, ({ a, b, c }) => [a.status, b.rank, c.rank]),
      });
    });
    expect(report.executionState).toBe("completed");
    expect(report.unwrap().all).toEqual(["failed", 'SubflowError: "b" failed in "b.load"', "c!"]);
    expect((report.outcome("a") as { error: unknown }).error).toBeInstanceOf(SubflowError);
    const eu = subflow("eu", flow("region", { load: task("load", () => 1) }));
    const done = await flow("outer", { eu }).run();
    expect(done.outcome(eu)).toMatchObject({ status: "completed", value: { load: 1 } });
  });
});

describe("The condition of a subflow", () => {
  const asked = (verdict: boolean | "throws") => (diary: Diary) => {
    const eu = subflow(
      "eu",
      regionFlow(diary),
      { code: value("eu") },
      {
        when: (given) => {
          diary.started.push(`asked with ${JSON.stringify(given)}`);
          if (verdict === "throws") throw new Error("cannot say");
          return verdict;
        },
      },
    );
    return flow("outer", {
      seen: task("seen", { eu: optional(eu) }, ({ eu }) => eu?.rank ?? "none"),
    });
  };

  it("is asked with what is given, before anything of it starts", async () => {
    const { report, diary } = await run(asked(true));
    expect(diary.started).toEqual(['asked with {"code":"eu"}', "eu.load", "eu.rank"]);
    expect(report.unwrap()).toEqual({ seen: "eu!" });
  });

  it("skips all of it", async () => {
    const { report, diary } = await run(asked(false));
    expect(diary.started).toHaveLength(1);
    expect(statuses(report)).toEqual({
      eu: "skipped",
      "eu.load": "skipped",
      "eu.rank": "skipped",
      seen: "completed",
    });
    expect(row(report, "eu.load").reason).toMatchObject({ kind: "dependency", task: "eu" });
    const { report: thrown } = await run(asked("throws"), { failure: "continue" });
    expect(statuses(thrown)).toMatchObject({ eu: "failed", "eu.rank": "skipped" });
  });
});

describe("The run around a subflow", () => {
  it("calls off all of it by its name, also before it begins", async () => {
    for (const at of [0, 4]) {
      const clock = new VirtualClock();
      const diary = new Diary(clock);
      const first = task("first", diary.task({ ms: 1, return: "x" }));
      const eu = subflow("eu", regionFlow(diary), { code: first as Task<string> });
      const running = flow("outer", {
        seen: task("seen", { eu: settled(eu) }, ({ eu }) => eu.status),
      }).start({ clock });
      if (at === 0) running.cancelTask("eu");
      else clock.after(at, () => running.cancelTask("eu"));
      const report = await clock.run(running.report);
      expect(statuses(report)).toMatchObject({
        eu: "cancelled",
        "eu.rank": at === 0 ? "skipped" : "cancelled",
        seen: "completed",
      });
    }
  });

  it("may have more tails than a call takes arguments", () => {
    const tails = Object.fromEntries(
      Array.from({ length: 150_000 }, (_, at) => [`tail${at}`, task(`tail${at}`, () => at)]),
    );
    const inner = flow("inner", { only: task("only", () => 1) }, { tails });
    const { tasks } = flow("outer", { one: subflow("one", inner) }).plan();
    expect(Object.keys(tasks)).toHaveLength(150_002);
  });

  it("runs its finally tasks at its own end, and has its tails as its own", async () => {
    const { diary, report } = await run((diary) => {
      const inner = flow(
        "inner",
        { load: task("load", diary.task({ ms: 1 })) },
        {
          finally: { clean: task("clean", diary.task({ ms: 2 })) },
          tails: { tail: task("tail", diary.task({ ms: 99 })) },
        },
      );
      const one = subflow("one", inner);
      const next = task("next", { one }, (_, context) => diary.task({ ms: 1 })({}, context));
      return flow("outer", { next, long: task("long", diary.task({ ms: 20 })) });
    });
    expect(diary.started).toEqual(["one.load", "one.tail", "long", "one.clean", "next"]);
    expect(statuses(report)).toMatchObject({ "one.tail": "detached", "one.clean": "completed" });
    expect(report.executionState).toBe("completed");
  });

  it("waits for all others where the subflow itself is a finally task", async () => {
    const { diary } = await run((diary) =>
      flow(
        "outer",
        { work: task("work", diary.task({ ms: 9 })) },
        { finally: { close: subflow("close", regionFlow(diary), { code: value("x") }) } },
      ),
    );
    expect(diary.started).toEqual(["work", "close.load", "close.rank"]);
  });

  it("is replayed from its events", async () => {
    const clock = new VirtualClock();
    const graph = twice(new Diary(clock));
    const { options, recording } = recorded({ clock, concurrency: 1 });
    const report = await clock.run(graph.run(options));
    expect(replay(graph.plan(), recording).toJSON({ outputs: true })).toEqual(
      report.toJSON({ outputs: true }),
    );
  });

  it("takes it up from every prefix of its journal", async () => {
    const first = new Notebook();
    const { report: whole } = await run(twice, { journal: first.journal });
    for (let cut = 0; cut <= first.tasks.length; cut++) {
      const notebook = new Notebook();
      notebook.entries.push(...first.entries);
      notebook.cut(cut);
      const stored = new Set(notebook.tasks);
      const { report, diary } = await run(twice, { resumeFrom: reportOfJournal(notebook.entries) });
      expect(report.unwrap()).toEqual(whole.unwrap());
      for (const name of diary.started) expect(stored.has(name), name).toBe(false);
    }
    const { diary, report } = await run(twice, { resumeFrom: written(whole) });
    expect(diary.started).toEqual([]);
    expect(report.resume?.ignored).toEqual([]);
  });

  it("runs no finally task of one that is restored whole", async () => {
    const made = (diary: Diary) => {
      const clean = task("clean", diary.task({ ms: 1 }));
      const inner = flow(
        "inner",
        { load: task("load", diary.task({ ms: 1, return: 1 })) },
        { finally: { clean } },
      );
      return flow("outer", { one: subflow("one", inner) });
    };
    const { report } = await run(made);
    const again = await run(made, { resumeFrom: written(report) });
    expect(again.diary.started).toEqual([]);
    expect(row(again.report, "one.clean")).toMatchObject({
      status: "skipped",
      reason: { message: "the flow that it is part of was restored" },
    });
  });
});
