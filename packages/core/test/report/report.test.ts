import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  after,
  type Clock,
  DynamicScheduler,
  flow,
  map,
  optional,
  pick,
  RunError,
  type RunOptions,
  settled,
  type Task,
  type TaskContext,
  type TaskStatistics,
  task,
  VERSION,
  value,
} from "../../src/index.ts";
import { scripted, VirtualClock } from "../../src/testing.ts";

const work = (clock: VirtualClock, name: string, ms: number): Task<void> =>
  task(name, (_, { signal }) => clock.wait(ms, signal));
const fail = (message: string) => (): never => {
  throw new Error(message);
};
function row(report: { taskStatistics: TaskStatistics[] }, name: string): TaskStatistics {
  const found = report.taskStatistics.find(({ taskName }) => taskName === name);
  if (found === undefined) throw new Error(`No row of ${name}`);
  return found;
}

/** A clock that a function can hold: its time goes on while the function does not return. */
class HeldClock implements Clock {
  readonly inner = new VirtualClock();
  #held = 0;
  now = (): number => this.inner.now() + this.#held;
  wallNow = (): number => this.inner.wallNow() + this.#held;
  after = (ms: number, fire: () => void): (() => void) => this.inner.after(ms, fire);
  hold(ms: number): void {
    this.#held += ms;
  }
}

describe("The statistics of a task", () => {
  it("hold every fact of a task that waited for a slot", async () => {
    const clock = new VirtualClock();
    const a = work(clock, "a", 10);
    const b = work(clock, "b", 20);
    const c = task("c", { a: after(a), b: after(b) }, () => clock.wait(5).then(() => [1, 2]), {
      tags: ["slow"],
      retry: 1,
    });
    const report = await clock.run(flow("f", { c }).run({ clock, concurrency: 1 }));
    const { fingerprint, ...facts } = report.toJSON().taskStatistics[1] as TaskStatistics;
    expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(facts).toEqual({
      taskName: "b",
      kind: "task",
      stageId: 0,
      dependencies: [],
      status: "completed",
      readyAt: 0,
      startAt: 10,
      endAt: 30,
      queuedMs: 10,
      durationMs: 20,
      runMs: 20,
      retry: 0,
      attemptCount: 1,
      attemptStatistics: [
        {
          taskName: "b",
          attemptNumber: 1,
          maxRetries: 0,
          startAt: 10,
          endAt: 30,
          durationMs: 20,
          queuedMs: 10,
          slot: 0,
          limitedBy: "concurrency",
          slotFreedBy: "a",
          status: "completed",
          willRetry: false,
          executor: "main",
        },
      ],
    });
    expect(report.toJSON().taskStatistics[2]).toMatchObject({
      dependencies: [
        { task: "a", kind: "after" },
        { task: "b", kind: "after" },
      ],
      releasedBy: "b",
      readyAt: 30,
      startAt: 30,
      queuedMs: 0,
      tags: ["slow"],
      retry: 1,
      output: { type: "Array", size: 2 },
    });
    expect(report.totalDurationMs).toBe(35);
    expect(report.busyMs).toBe(35);
    expect(report.peakConcurrency).toBe(1);
  });

  it("name the resource that a task waited for, and who gave it back", async () => {
    const clock = new VirtualClock();
    const options = { resources: { db: 2 } };
    const a = task("a", () => clock.wait(10), options);
    const free = task("free", () => clock.wait(50));
    const b = task("b", () => clock.wait(10), { resources: { db: 1 } });
    const roots = { a, b, free };
    const report = await clock.run(flow("f", roots).run({ clock, resources: { db: 2 } }));
    expect(row(report, "b").attemptStatistics[0]).toMatchObject({
      startAt: 10,
      queuedMs: 10,
      limitedBy: "db",
      slotFreedBy: "a",
    });
    expect(row(report, "free").attemptStatistics[0]).not.toHaveProperty("limitedBy");
    expect(report.peakConcurrency).toBe(2);
  });

  it("tell retries and their delays: the duration has them, the time that ran has not", async () => {
    const clock = new VirtualClock();
    const play = scripted(
      clock,
      { ms: 5, throw: "one" },
      { ms: 6, throw: "two" },
      { ms: 7, return: "three" },
    );
    const load = task("load", play, {
      retry: { attempts: 3, backoff: "exponential", baseMs: 100 },
    });
    const report = await clock.run(flow("f", { load }).run({ clock }));
    expect(row(report, "load")).toMatchObject({
      startAt: 0,
      endAt: 318,
      durationMs: 318,
      runMs: 18,
      queuedMs: 0,
      retry: 3,
      attemptCount: 3,
    });
    const told = row(report, "load").attemptStatistics.map((attempt) => [
      attempt.attemptNumber,
      attempt.maxRetries,
      attempt.startAt,
      attempt.endAt,
      attempt.status,
      attempt.errorMessage,
      attempt.willRetry,
      attempt.delayMs,
    ]);
    expect(told).toEqual([
      [1, 3, 0, 5, "failed", "one", true, 100],
      [2, 3, 105, 111, "failed", "two", true, 200],
      [3, 3, 311, 318, "completed", undefined, false, undefined],
    ]);
    expect(report).toMatchObject({ flakyTasks: 1, totalAttempts: 3, busyMs: 18, errorSummary: [] });
  });

  it("tell each kind of task and of dependency, with what is taken and where it goes", async () => {
    const list = task("list", () => ({ rows: [1, 2] }));
    const sizes = map("sizes", pick(list, "rows"), (one) => one);
    const sum = task(
      "sum",
      {
        sizes,
        total: pick(list, (all) => all.rows.length),
        maybe: optional(list),
        end: settled(list),
        _: after(list),
      },
      () => "sum",
      { description: "adds up" },
    );
    const archive = task("archive", { _: after(list) }, () => {});
    const report = await flow("f", { sum }, { tails: { archive } }).run();
    await report.tail;
    const rows = report.taskStatistics;
    expect(
      rows.map(({ taskName, kind, stageId, parent, index }) => [
        taskName,
        kind,
        stageId,
        parent,
        index,
      ]),
    ).toEqual([
      ["list", "task", 0, undefined, undefined],
      ["sizes", "map", 1, undefined, undefined],
      ["archive", "tail", 1, undefined, undefined],
      ["sum", "task", 2, undefined, undefined],
      ["sizes[0]", "item", null, "sizes", 0],
      ["sizes[1]", "item", null, "sizes", 1],
    ]);
    expect(row(report, "sizes").dependencies).toEqual([
      { task: "list", kind: "value", from: "rows", to: "over" },
    ]);
    expect(row(report, "sum").dependencies).toEqual([
      { task: "sizes", kind: "value", to: "sizes" },
      { task: "list", kind: "value", to: "total" },
      { task: "list", kind: "optional", to: "maybe" },
      { task: "list", kind: "settled", to: "end" },
      { task: "list", kind: "after" },
    ]);
    expect(row(report, "sizes")).toMatchObject({
      attemptCount: 0,
      attemptStatistics: [],
      output: { size: 2 },
    });
  });

  it("name what released a task: the last dependency that ran, skipped ones followed back", async () => {
    const clock = new VirtualClock();
    const fast = work(clock, "fast", 5);
    const slow = work(clock, "slow", 20);
    const skipped = task("skipped", { slow }, () => {}, { when: () => false });
    const join = task("join", { fast, slow, skipped: optional(skipped) }, () => {});
    const report = await clock.run(flow("f", { join }).run({ clock }));
    expect(row(report, "join").releasedBy).toBe("slow");
    expect(row(report, "slow").releasedBy).toBeUndefined();
  });

  it("say how long one call held the thread, from 50 ms up", async () => {
    const clock = new HeldClock();
    const hog = task("hog", () => clock.hold(60));
    const polite = task("polite", { hog }, () => clock.hold(50));
    const report = await flow("f", { polite }).run({ clock });
    expect(row(report, "hog")).toMatchObject({ blockedMs: 60, durationMs: 60 });
    expect(row(report, "polite").blockedMs).toBeUndefined();
    expect(row(report, "polite")).toMatchObject({ startAt: 60, endAt: 110 });
  });

  it("do not count what an earlier call held as this one's run", async () => {
    const clock = new HeldClock();
    const hog = task("hog", () => clock.hold(60));
    const next = task("next", () => clock.hold(1));
    const report = await flow("f", { hog, next }).run({ clock });
    expect(row(report, "next")).toMatchObject({ readyAt: 0, startAt: 60, runMs: 1, queuedMs: 60 });
  });

  it("say of a task that ignored its signal for how long it went on", async () => {
    const clock = new VirtualClock();
    const deaf = task("deaf", scripted(clock, { ms: 100, ignoresSignal: true }), { timeoutMs: 30 });
    const report = await clock.run(flow("f", { deaf }).run({ clock }));
    expect(row(report, "deaf")).toMatchObject({
      status: "failed",
      ignoredSignal: true,
      overrunMs: 70,
      durationMs: 100,
      error: { name: "TimeoutError", code: "ASTRUM_TIMEOUT" },
    });
  });

  it("keep what a task says of itself, as values that JSON holds", async () => {
    const load = task("load", (_, { attributes }) => {
      attributes
        .set("rows", 3)
        .set("__proto__", "odd")
        .set("big", 3n as never)
        .set("nan", Number.NaN);
    });
    const report = await flow("f", { load }).run();
    expect(Object.entries(row(report, "load").attributes ?? {})).toEqual([
      ["rows", 3],
      ["__proto__", "odd"],
      ["big", "3n"],
      ["nan", "NaN"],
    ]);
  });

  it.each([
    ["a key without a text", () => Object.create(null)],
    ["a key that is a symbol", () => Symbol("mine")],
    ["a key that throws when it is read", () => hostileKey()],
  ])("are there whatever it says of itself: %s", async (_, key) => {
    const work = ({ attributes }: TaskContext): void => {
      attributes.set(key() as never, 1).set("text", hostileKey() as never);
      Object.assign(attributes, {
        [Symbol.iterator]: () => {
          throw new Error("not to be read");
        },
      });
    };
    const sync = task("sync", (_, context) => work(context));
    const later = task("later", async (_, context) => {
      await null;
      work(context);
    });
    const fails = task(
      "fails",
      async (_, context) => {
        work(context);
        throw new Error("no");
      },
      { onFailure: "ignore" },
    );
    const report = await flow("f", { sync, later, fails }).run();
    expect(report.executionState).toBe("completed");
    for (const name of ["sync", "later", "fails"]) {
      expect(Object.entries(row(report, name).attributes ?? {})).toEqual([
        [expect.stringMatching(/^(an object|Symbol\(mine\))$/), 1],
        ["text", "an object"],
      ]);
    }
  });

  it("give every reason its own kind", async () => {
    const clock = new VirtualClock();
    const boom = task("boom", scripted(clock, { ms: 10, throw: "boom" }));
    const running = task("running", scripted(clock, { ms: 100 }));
    const queued = task("queued", () => {}, { priority: -1 });
    const child = task("child", { boom }, () => {});
    const grandchild = task("grandchild", { child }, () => {});
    const waiting = task("waiting", { running }, () => {});
    const roots = { grandchild, waiting, queued };
    const report = await clock.run(flow("f", roots).run({ clock, concurrency: 2 }));
    const told = report.taskStatistics.map(({ taskName, status, reason }) => [
      taskName,
      status,
      reason,
    ]);
    expect(told).toEqual([
      ["boom", "failed", undefined],
      ["running", "cancelled", { kind: "failure", task: "boom" }],
      [
        "queued",
        "cancelled",
        { kind: "not-started", message: 'the run was stopped because "boom" failed' },
      ],
      ["child", "skipped", { kind: "dependency", task: "boom", root: "boom" }],
      ["waiting", "skipped", { kind: "failure", task: "boom" }],
      ["grandchild", "skipped", { kind: "dependency", task: "child", root: "boom" }],
    ]);
    expect(row(report, "queued")).toMatchObject({ attemptCount: 0, startAt: null, endAt: null });
  });

  it.each<[string, (run: { cancel(reason?: unknown): void }) => RunOptions, unknown]>([
    [
      "the time limit of the run",
      () => ({ timeoutMs: 20 }),
      { kind: "timeout", limitMs: 20, scope: "run" },
    ],
    [
      "a signal",
      () => ({ signal: AbortSignal.abort(new Error("no more")) }),
      { kind: "aborted", message: "the run was aborted: no more" },
    ],
  ])("say that %s stopped a task", async (_, options, reason) => {
    const clock = new VirtualClock();
    const first = work(clock, "first", 50);
    const second = task("second", { first }, () => {});
    const report = await clock.run(
      flow("f", { second }).run({ clock, ...options({ cancel() {} }) }),
    );
    expect(row(report, "second").reason).toEqual(reason);
    expect(["cancelled", "skipped"]).toContain(row(report, "first").status);
    expect(row(report, "first").reason).toEqual(reason);
  });
});

describe("The summary of a run", () => {
  const everything = async () => {
    const clock = new VirtualClock();
    const restored = task("restored", () => 1);
    const earlier = (await flow("f", { restored }).run()).toJSON({ outputs: true });
    const completed = task("completed", { restored }, () => 2);
    const flaky = task("flaky", scripted(clock, { throw: "once" }, { return: 3 }), { retry: 1 });
    const failed = task("failed", fail("boom"));
    const skipped = task("skipped", { failed }, () => {});
    const cancelled = work(clock, "cancelled", 100);
    const abandoned = task("abandoned", scripted(clock, { ms: 500, ignoresSignal: true }), {
      timeoutMs: 10,
    });
    const detached = work(clock, "detached", 300);
    const roots = { completed, flaky, skipped, cancelled, abandoned };
    const run = flow("f", roots, { tails: { detached } }).start({
      clock,
      failure: "continue",
      graceMs: 5,
      resumeFrom: earlier,
    });
    run.cancelTask("cancelled");
    return { clock, report: await clock.run(run.report) };
  };

  it("counts each task once, and the seven counts add up", async () => {
    const { report } = await everything();
    const {
      successfulTasks,
      failedTasks,
      cancelledTasks,
      skippedTasks,
      restoredTasks,
      detachedTasks,
      abandonedTasks,
    } = report;
    const counts = {
      successfulTasks,
      failedTasks,
      cancelledTasks,
      skippedTasks,
      restoredTasks,
      detachedTasks,
      abandonedTasks,
    };
    expect(counts).toEqual({
      successfulTasks: 2,
      failedTasks: 1,
      cancelledTasks: 1,
      skippedTasks: 1,
      restoredTasks: 1,
      detachedTasks: 1,
      abandonedTasks: 1,
    });
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(report.totalTasks);
    expect(report.flakyTasks).toBe(1);
    expect(report.totalAttempts).toBe(7);
    expect(row(report, "restored")).toMatchObject({
      restored: true,
      attemptCount: 0,
      startAt: null,
    });
  });

  it("shows a detached task as it was, and its end in the tail", async () => {
    const { clock, report } = await everything();
    const before = row(report.toJSON(), "detached");
    expect(before).toMatchObject({ status: "detached", startAt: 0, endAt: null, durationMs: 0 });
    expect(before.attemptStatistics[0]).toMatchObject({ status: "running", endAt: null });
    const [tail] = await clock.run(report.tail);
    expect(tail).toMatchObject({ taskName: "detached", status: "completed", durationMs: 300 });
    expect(row(report.toJSON(), "detached")).toEqual(before);
  });

  it("says which run it was, where, with what options and versions", async () => {
    const clock = new VirtualClock(Date.UTC(2026, 4, 1, 12));
    const a = task("a", () => {}, { resources: { db: 1 } });
    const report = await flow("nightly", { a }).run({
      clock,
      runId: "run-7",
      concurrency: 3,
      resources: { db: 2 },
      failure: { maxFailures: 4 },
      timeoutMs: 1000,
      targets: ["a"],
      attributes: { region: "eu", attempt: 1, dry: false },
    });
    const { host, versions, ...run } = report.toJSON().run;
    expect(run).toEqual({
      id: "run-7",
      flow: "nightly",
      targets: ["a"],
      startedAt: "2026-05-01T12:00:00.000Z",
      attributes: { region: "eu", attempt: 1, dry: false },
      config: {
        concurrency: 3,
        resources: { db: 2 },
        failure: "maxFailures:4",
        dispatch: "dependencies",
        timeoutMs: 1000,
      },
    });
    expect(versions).toMatchObject({ "@astrum/core": VERSION, node: process.versions.node });
    expect(host).toMatchObject({ platform: process.platform, arch: process.arch });
    expect(host?.cpus).toBeGreaterThan(0);
    expect(report.clock).toEqual({ epochMs: Date.UTC(2026, 4, 1, 12), driftMs: 0 });
  });

  it("says the options of the run as they were, whatever the caller does to them before it is read", async () => {
    const targets = ["a"];
    const attributes: Record<string, string> = { region: "eu" };
    const resources: Record<string, number> = { db: 2 };
    const failure = { maxFailures: 4 };
    const report = await flow("f", { a: task("a", () => 1) }).run({
      targets,
      attributes,
      resources,
      failure,
    });
    targets.push("b");
    attributes.region = "us";
    resources.db = 7;
    failure.maxFailures = 1;
    expect(report.run).toMatchObject({
      targets: ["a"],
      attributes: { region: "eu" },
      config: { resources: { db: 2 }, failure: "maxFailures:4" },
    });
    expect(report.run).toBe(report.toJSON().run);
  });

  it("tells planning from execution, on one clock", async () => {
    const inner = new VirtualClock();
    let reads = 0;
    const clock: Clock = {
      now: () => inner.now() + (reads++ === 0 ? 0 : 3.25),
      wallNow: () => inner.wallNow(),
      after: (ms, fire) => inner.after(ms, fire),
    };
    const report = await inner.run(flow("f", { a: work(inner, "a", 10) }).run({ clock }));
    expect(report).toMatchObject({
      planningDurationMs: 3.25,
      executionDurationMs: 10,
      totalDurationMs: 13.25,
    });
    expect(row(report, "a")).toMatchObject({ readyAt: 3.25, startAt: 3.25, endAt: 13.25 });
  });

  it("tells a wall clock that was set meanwhile", async () => {
    const inner = new VirtualClock();
    let set = 0;
    const clock: Clock = {
      now: () => inner.now(),
      wallNow: () => inner.wallNow() + set,
      after: (ms, fire) => inner.after(ms, fire),
    };
    const a = task("a", () => {
      set = -5000;
    });
    const report = await flow("f", { a }).run({ clock });
    expect(report.clock.driftMs).toBe(-5000);
    expect(report.totalDurationMs).toBe(0);
  });

  it("rounds to microseconds, so that what adds up on the clock adds up in the report", async () => {
    const inner = new VirtualClock();
    const clock: Clock = {
      now: () => inner.now() / 3,
      wallNow: () => inner.wallNow(),
      after: (ms, fire) => inner.after(ms, fire),
    };
    const a = work(inner, "a", 1);
    const b = task("b", { a }, () => inner.wait(1));
    const report = await inner.run(flow("f", { b }).run({ clock }));
    const { criticalPath } = report.analysis;
    expect(criticalPath.map(({ runMs }) => runMs)).toEqual([0.333, 0.334]);
    expect(report.totalDurationMs).toBe(0.667);
  });

  it("has one line for each failure, the first first, none twice", async () => {
    const clock = new VirtualClock();
    const late = task("late", scripted(clock, { ms: 20, throw: "late" }));
    const early = task(
      "early",
      scripted(clock, { ms: 5, throw: "a\nmessage of\r\n  three lines" }),
      { retry: 1 },
    );
    const after1 = task("after1", { early, late }, () => {});
    const after2 = task("after2", { early }, () => {});
    const thrown = task("thrown", { _: settled(late) }, () => {
      throw "no error at all";
    });
    const roots = { after1, after2, thrown };
    const report = await clock.run(flow("f", roots).run({ clock, failure: "continue" }));
    expect(report.errorSummary).toEqual([
      'Task "early" failed after 2 attempts: a message of three lines',
      'Task "late" failed: late',
      'Task "thrown" failed: threw "no error at all"',
    ]);
  });

  it("says in the summary that a time limit stopped the run", async () => {
    const clock = new VirtualClock();
    const report = await clock.run(
      flow("f", { a: work(clock, "a", 50) }).run({ clock, timeoutMs: 20 }),
    );
    expect(report.errorSummary).toEqual(['The run took longer than 20 ms (running then: "a")']);
    expect(report.executionState).toBe("failed");
  });
});

describe("The statistics of a stage", () => {
  it("say when its tasks ran, what it waited for and what went on beside it", async () => {
    const clock = new VirtualClock();
    const a = work(clock, "a", 10);
    const lone = work(clock, "lone", 100);
    const b = task("b", { a }, () => clock.wait(20));
    const c = task("c", { a }, () => clock.wait(30));
    const d = task("d", { b, c }, () => {}, { when: () => false });
    const report = await clock.run(flow("f", { lone, d }).run({ clock }));
    expect(report.toJSON().stageStatistics).toEqual([
      {
        stageId: 0,
        stageName: "Stage_0",
        startAt: 0,
        endAt: 100,
        durationMs: 100,
        parallelTaskCount: 2,
        waitTaskCount: 0,
        parallelTasks: ["a", "lone"],
        waitTasks: [],
        startTasks: ["a", "lone"],
      },
      {
        stageId: 1,
        stageName: "Stage_1",
        startAt: 10,
        endAt: 40,
        durationMs: 30,
        parallelTaskCount: 3,
        waitTaskCount: 1,
        parallelTasks: ["lone", "b", "c"],
        waitTasks: ["a"],
        startTasks: ["b", "c"],
      },
      {
        stageId: 2,
        stageName: "Stage_2",
        startAt: null,
        endAt: null,
        durationMs: 0,
        parallelTaskCount: 2,
        waitTaskCount: 2,
        parallelTasks: ["lone", "d"],
        waitTasks: ["b", "c"],
        startTasks: ["d"],
      },
    ]);
    expect(report).toMatchObject({ totalStages: 3, maxParallelism: 3, peakConcurrency: 3 });
  });
});

describe("A report answers", () => {
  const clock = new VirtualClock();
  const short = work(clock, "short", 10);
  const items = map(
    "items",
    task("list", () => [20, 60]),
    (ms) => clock.wait(ms),
  );
  const never = task("never", { short }, () => {}, { when: () => false });
  const questions = flow("f", { short, items, never });

  it("which task took longest, the average, and which belong to a stage", async () => {
    const report = await clock.run(questions.run({ clock }));
    expect(report.getLongestTask()).toMatchObject({ taskName: "items[1]", durationMs: 60 });
    expect(report.getAverageTaskDurationMs()).toBe((10 + 0 + 20 + 60) / 4);
    const names = (stage: number): string[] =>
      report.getTaskStatisticsByStage(stage).map(({ taskName }) => taskName);
    expect([names(0), names(1), names(7)]).toEqual([["short", "list"], ["items", "never"], []]);
  });

  it("what became of a task, by handle or by name, of items too", async () => {
    const report = await clock.run(questions.run({ clock }));
    expect(report.outcome(short)).toEqual({
      status: "completed",
      value: undefined,
      restored: false,
    });
    expect(report.outcome("never")).toEqual({
      status: "skipped",
      reason: "its condition was not met",
      because: "condition",
    });
    expect(report.outcome("items[1]").status).toBe("completed");
    expect(() => report.outcome("itmes")).toThrow('There is no task "itmes" in this run');
    expect(() => report.outcome(task("short", () => {}))).toThrow(
      'Task "short" of this run is another one than the task given',
    );
  });
});

describe("Outputs", () => {
  it("are those of the roots for a flow, of all completed tasks for a scheduler, in a usual object", async () => {
    const a = task("a", () => 1);
    const b = task("b", { a }, () => 2);
    const report = await flow("f", { result: b }).run();
    expect(report.outputs).toStrictEqual({ result: 2 });
    expect(Object.getPrototypeOf(report.originalTasks)).toBeNull();
    expect([...report.taskReturnSet]).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    const scheduled = await new DynamicScheduler(
      [
        ["a", () => 1],
        ["b", fail("boom")],
      ],
      [{ taskName: "a" }, { taskName: "b" }],
    ).execute();
    expect(scheduled.outputs).toStrictEqual({ a: 1 });
    expect(Object.entries(scheduled.originalTasks)).toEqual([
      ["a", []],
      ["b", []],
    ]);
  });

  it("are stored on demand, all of them or those that are named", async () => {
    const a = task("a", () => ({ rows: 1 }));
    const b = task("b", { a }, () => undefined);
    const report = await flow("f", { b }).run();
    expect(report.toJSON()).not.toHaveProperty("outputs");
    expect({ ...report.toJSON({ outputs: true }).outputs }).toEqual({
      a: { encoding: "json", value: { rows: 1 } },
      b: { encoding: "undefined" },
    });
    expect(Object.keys(report.toJSON({ outputs: ["a", "x"] }).outputs ?? {})).toEqual(["a"]);
  });
});

describe("unwrap()", () => {
  it("gives the outputs of the roots when each has a value", async () => {
    const flag = task("flag", fail("no flag"));
    const page = task("page", { flag: optional(flag) }, ({ flag }) => flag ?? "default");
    const report = await flow("f", { page }).run({ failure: "continue" });
    expect(report.executionState).toBe("failed");
    expect({ ...report.unwrap() }).toEqual({ page: "default" });
  });

  it("gives a usual object: it is printed and compared like one that was written down", async () => {
    const report = await flow("f", { a: task("a", () => 1) }).run();
    expect(report.unwrap()).toStrictEqual({ a: 1 });
    expect(inspect(report.unwrap())).toBe("{ a: 1 }");
    const scheduler = new DynamicScheduler([["b", () => 2]], [{ taskName: "b" }]);
    expect((await scheduler.execute()).unwrap()).toStrictEqual({ b: 2 });
  });

  it("gives roots of any name, `__proto__` too, and nothing that is none of them", async () => {
    const roots = JSON.parse('{"__proto__": 0, "constructor": 0}') as Record<string, Task<string>>;
    for (const key of Object.keys(roots)) {
      Object.defineProperty(roots, key, { value: task(`of ${key}`, () => key), enumerable: true });
    }
    const report = await flow("f", roots).run();
    for (const outputs of [report.unwrap(), report.outputs]) {
      expect(Object.entries(outputs)).toEqual([
        ["__proto__", "__proto__"],
        ["constructor", "constructor"],
      ]);
      expect(Object.getPrototypeOf(outputs)).toBe(Object.prototype);
    }
  });

  it("throws every cause when a root has none, the first failure first", async () => {
    const clock = new VirtualClock();
    const first = new TypeError("first");
    const second = new Error("second");
    const b = task("b", scripted(clock, { ms: 20, throw: second }));
    const a = task("a", scripted(clock, { ms: 10, throw: first }));
    const root = task("root", { a, b }, () => {});
    const report = await clock.run(flow("f", { root }).run({ clock, failure: "continue" }));
    let thrown: unknown;
    try {
      report.unwrap();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RunError);
    expect(thrown).toBeInstanceOf(AggregateError);
    expect((thrown as RunError).errors[0]).toBe(first);
    expect((thrown as RunError).errors[1]).toBe(second);
    expect((thrown as RunError).errors).toHaveLength(2);
    expect((thrown as RunError).message.split("\n  ")).toEqual([
      "The run failed:",
      'Task "a" failed: first',
      'Task "b" failed: second',
      'Task "root" was skipped: needs "a", which failed',
    ]);
  });

  it("says of a completed run which roots have no value, and why", async () => {
    const out = task("out", fail("the auditor is out"), { onFailure: "ignore" });
    const idle = task("idle", () => 1, { when: () => ({ skip: "not today" }) });
    const reads = task("reads", { out }, () => 1);
    const fine = task("fine", () => 1);
    const report = await flow("f", { fine, reads, later: idle }).run();
    expect(report.executionState).toBe("completed");
    const said = [
      "The run completed, but not every root has a value:",
      'Task "reads" was skipped: needs "out", which failed',
      'Task "idle", root "later", was skipped: not today',
      'Task "out" failed: the auditor is out (tolerated)',
    ];
    expect(() => report.unwrap()).toThrow(expect.objectContaining({ message: said.join("\n  ") }));
  });

  it("says of a root without a value why the first of those that it waited for was skipped or cancelled", async () => {
    const idle = task("idle", () => 1, { when: () => ({ skip: "not today" }) });
    const near = task("near", { idle }, () => 1);
    const far = task("far", { near }, () => 1);
    const skipped = await flow("f", { near, far }).run();
    expect(() => skipped.unwrap()).toThrow(
      expect.objectContaining({
        message: [
          "The run completed, but not every root has a value:",
          'Task "near" was skipped: needs "idle", which was skipped: not today',
          'Task "far" was skipped: needs "near", which was skipped because "idle" was skipped: not today',
        ].join("\n  "),
      }),
    );
    expect(skipped.outcome("near")).toMatchObject({ because: "dependency", root: "idle" });

    const clock = new VirtualClock();
    const slow = task("slow", (_, { signal }) => clock.wait(9, signal));
    const run = flow("f", { reads: task("reads", { slow }, () => 1) }).start({ clock });
    clock.after(1, () => run.cancelTask("slow", new Error("too dear")));
    const cancelled = await clock.run(run.report);
    expect(() => cancelled.unwrap()).toThrow(
      'needs "slow", which was cancelled: cancelled by the caller: too dear',
    );
  });

  it("says of a scheduler, which has no roots, which of its tasks have no value", async () => {
    const scheduler = DynamicScheduler.from({ a: { run: () => 1, when: () => false } });
    const report = await scheduler.execute();
    expect(() => report.unwrap()).toThrow(
      'The run completed, but not every task has a value:\n  Task "a" was skipped: its condition was not met',
    );
  });

  it("says why a root has no value before what was tolerated elsewhere, however much that is", async () => {
    const pages = map("pages", value(Array.from({ length: 30 }, (_, at) => at)), fail("503"), {
      items: "settled",
    });
    const safe = task("safe", fail("busy"), { fallback: () => 0 });
    const index = task("index", { pages, safe }, () => 1, { when: () => ({ skip: "no page" }) });
    const message = await flow("f", { index })
      .run()
      .then((report) => report.unwrap())
      .then(String, ({ message }: Error) => message.split("\n  "));
    expect(message[1]).toBe('Task "index" was skipped: no page');
    expect(message[2]).toBe('Task "pages[0]" failed: 503 (tolerated)');
    expect(message.at(-1)).toBe("… and 11 more");
    expect(String(message)).not.toContain('"safe"');
  });

  it("tells a root that was given up once", async () => {
    const clock = new VirtualClock();
    const deaf = scripted(clock, { ms: 50, ignoresSignal: true });
    const a = task("a", deaf, { timeoutMs: 5 });
    const report = await clock.run(flow("f", { a }).run({ clock, graceMs: 5 }));
    const message = `The run failed:\n  ${report.errorSummary[0]}`;
    expect(() => report.unwrap()).toThrow(expect.objectContaining({ message }));
  });

  it("of a scheduler does without the outputs that were let go", async () => {
    const orders = [{ taskName: "a" }, { taskName: "b", dependencies: [{ taskName: "a" }] }];
    const scheduler = new DynamicScheduler(
      [
        ["a", () => 1],
        ["b", () => 2],
      ],
      orders,
      { keep: "roots" },
    );
    expect({ ...(await scheduler.execute()).unwrap() }).toEqual({ b: 2 });
  });

  it("throws the reason when the run was aborted", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const report = await flow("f", { a: task("a", () => 1) }).run({ signal });
    expect(report.executionState).toBe("cancelled");
    expect(() => report.unwrap()).toThrow(
      /^The run was cancelled:\n {2}Task "a" was skipped: the run was aborted: enough$/,
    );
  });
});

describe("A failed outcome", () => {
  it("holds the very error that was thrown, untouched, even a frozen one", async () => {
    const error = Object.freeze(
      Object.assign(new Error("boom", { cause: 7 }), { detail: { a: 1 } }),
    );
    const keys = Reflect.ownKeys(error);
    const report = await flow("f", {
      a: task("a", () => {
        throw error;
      }),
    }).run();
    const outcome = report.outcome("a");
    expect(outcome.status === "failed" && outcome.error).toBe(error);
    report.toJSON();
    expect(Reflect.ownKeys(error)).toEqual(keys);
  });

  it.each([
    ["a string", "text", '"text"'],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 7, "7"],
    ["a plain object", { message: "looks like one" }, "an object"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a BigInt", 3n, "3n"],
  ])("wraps %s that was thrown, with it as the cause", async (_, value, said) => {
    const thrower = async (): Promise<never> => {
      throw value;
    };
    const report = await flow("f", { a: task("a", thrower) }).run();
    expect(report.outcome("a")).toMatchObject({
      status: "failed",
      timedOut: false,
      error: {
        name: "NonErrorThrown",
        code: "ASTRUM_NON_ERROR",
        message: `Task "a" threw ${said}`,
        cause: value,
      },
    });
    expect(() => JSON.stringify(report)).not.toThrow();
  });
});

describe("The serialised report", () => {
  const roundTrip = (report: { toJSON(options?: { outputs: true }): unknown }): void => {
    const stored = report.toJSON({ outputs: true });
    expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
  };

  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  class Point {
    x = 1;
  }
  const deep = (depth: number): unknown[] => {
    let list: unknown[] = [];
    for (let at = 0; at < depth; at++) list = [list];
    return list;
  };
  const holes = Object.assign(new Array(3), { 0: 1, 2: 3 });

  it.each<[string, () => unknown]>([
    ["null", () => null],
    ["nested records and lists", () => ({ a: [1, "x", true, null, { b: [] }] })],
    ["a lone surrogate", () => "\ud800"],
    ["one value twice", () => [Point.name, [1], [1]]],
    ["an empty text", () => ""],
  ])("stores %s as it is", async (_, make) => {
    const value = make();
    const report = await flow("f", { a: task("a", () => value) }).run();
    const stored = report.toJSON({ outputs: true });
    expect(stored.outputs?.a?.encoding).toBe("json");
    expect(JSON.parse(JSON.stringify(stored)).outputs.a.value).toEqual(value);
    roundTrip(report);
  });

  it("stores what JSON has not with tags", async () => {
    const report = await flow("f", { a: task("a", () => new Date(0)) }).run();
    const { outputs } = report.toJSON({ outputs: true });
    expect(outputs?.a).toEqual({ encoding: "tagged", version: 1, value: { $: ["Date", 0] } });
    roundTrip(report);
  });

  it("stores a copy, which does not change with the live value", async () => {
    const value = { rows: [1] };
    const report = await flow("f", { a: task("a", () => value) }).run();
    const stored = report.toJSON({ outputs: true });
    value.rows.push(2);
    expect(stored.outputs?.a).toEqual({ encoding: "json", value: { rows: [1] } });
  });

  const notSerialisable = "not-serialisable";
  it.each<[string, () => unknown, why: string, type: string]>([
    ["a function", () => () => {}, notSerialisable, "function"],
    ["a symbol", () => Symbol("s"), notSerialisable, "symbol"],
    [
      "a throwing getter",
      () => ({
        get a() {
          throw new Error("no");
        },
      }),
      notSerialisable,
      "Object",
    ],
    ["a revoked proxy", () => [revoked.proxy], notSerialisable, "Array"],
    ["an instance", () => new Point(), notSerialisable, "Point"],
    ["a weak map", () => new WeakMap(), notSerialisable, "WeakMap"],
    ["a list with a name", () => Object.assign([1], { name: 1 }), notSerialisable, "Array"],
    ["a list with a hole", () => holes, notSerialisable, "Array"],
    [
      "a list with a hole and a name",
      () => Object.assign([...[]], holes, { name: 1 }),
      notSerialisable,
      "Array",
    ],
    [
      "a list of its own class",
      () => new (class Rows extends Array {})(),
      notSerialisable,
      "Array",
    ],
    [
      "a hidden property",
      () => Object.defineProperty({}, "hidden", { value: 1 }),
      notSerialisable,
      "Object",
    ],
    [
      "an inherited property",
      () => Object.create(Object.create(null, { a: { value: 1, enumerable: true } })),
      notSerialisable,
      "object",
    ],
    ["a toJSON of its own", () => ({ toJSON: () => 1 }), notSerialisable, "Object"],
    ["a symbol as a key", () => ({ [Symbol("s")]: 1 }), notSerialisable, "Object"],
    ["a deep list", () => deep(100_000), "too-large", "Array"],
  ])("describes %s instead of changing it", async (_, make, why, type) => {
    const report = await flow("f", { a: task("a", make) }).run();
    expect(report.toJSON({ outputs: true }).outputs?.a).toMatchObject({
      encoding: "omitted",
      why,
      type,
    });
    roundTrip(report);
  });

  const loop = new Error("loop");
  loop.cause = new Error("inner", { cause: loop });
  const shared = new Error("root cause");
  it.each<[string, () => unknown, object]>([
    [
      "with a cause",
      () => new Error("outer", { cause: new TypeError("inner") }),
      { message: "outer", cause: { name: "TypeError", message: "inner" } },
    ],
    [
      "in a circle",
      () => loop,
      { message: "loop", cause: { message: "inner", cause: { message: "loop", truncated: true } } },
    ],
    [
      "of many with one cause",
      () =>
        new AggregateError(
          [new Error("a", { cause: shared }), new Error("b", { cause: shared })],
          "both",
        ),
      {
        errors: [
          { message: "a", cause: { message: "root cause" } },
          { message: "b", cause: { message: "root cause" } },
        ],
      },
    ],
    [
      "with fields of its own",
      () => Object.assign(new Error("x"), { code: "E1", status: 404, big: 3n }),
      { code: "E1", data: { status: 404 } },
    ],
    [
      "with a throwing message",
      () => Object.defineProperty(new Error("x"), "message", { get: fail("no") }),
      { truncated: true },
    ],
    [
      "with a throwing name",
      () => Object.defineProperty(new Error("x"), "name", { get: fail("no") }),
      { truncated: true },
    ],
    [
      "with a throwing field",
      () => Object.defineProperty(new Error("x"), "extra", { get: fail("no"), enumerable: true }),
      { message: "x" },
    ],
    [
      "with a field named __proto__",
      () =>
        Object.defineProperty(new Error("x"), "__proto__", { value: { a: 1 }, enumerable: true }),
      { message: "x" },
    ],
    ["that is a revoked proxy", () => revoked.proxy, { name: "NonErrorThrown" }],
    ["with a huge message", () => new Error("x".repeat(100_000)), { truncated: true }],
    [
      "with a toJSON that throws",
      () => Object.assign(new Error("x"), { toJSON: fail("no") }),
      { message: "x" },
    ],
    [
      "with a code that is no number",
      () => Object.assign(new Error("x"), { code: Number.NaN }),
      { message: "x" },
    ],
    [
      "thrown as a proxy that refuses all",
      () =>
        new Proxy(
          {},
          { get: fail("no"), getPrototypeOf: fail("no"), has: fail("no"), ownKeys: fail("no") },
        ),
      { name: "NonErrorThrown" },
    ],
  ])("holds an error %s", async (_, make, expected) => {
    const a = task("a", () => {
      throw make();
    });
    const done = await flow("f", { a }).run();
    const told = row(done.toJSON(), "a");
    expect(told.error).toMatchObject(expected);
    expect(told.attemptStatistics[0]?.error).toEqual(told.error);
    expect(done.errorSummary).toHaveLength(1);
    expect(done.errorSummary[0]?.length).toBeLessThan(20_000);
    expect(() => done.unwrap()).toThrow(RunError);
    roundTrip(done);
  });

  it("is what JSON.stringify() makes of the report", async () => {
    const report = await flow("f", { a: task("a", () => 1) }).run();
    expect(JSON.parse(JSON.stringify(report))).toEqual(report.toJSON());
    expect(report.toJSON()).toMatchObject({
      format: "astrum.execution-report",
      formatVersion: "1.1",
    });
    expect(structuredClone(report.toJSON())).toEqual(report.toJSON());
  });
});

describe("A report", () => {
  it("can be spread: the copy holds what it held, and its functions work", async () => {
    const a = task("a", () => 1);
    const report = await flow("f", { a }).run({ runId: "r" });
    const copy = { ...report, mine: true };
    expect(copy).toMatchObject({ executionState: "completed", totalTasks: 1, outputs: { a: 1 } });
    expect(copy.run.id).toBe("r");
    expect(copy.taskStatistics).toHaveLength(1);
    expect(copy.unwrap()).toEqual({ a: 1 });
    expect(copy.outcome(a).status).toBe("completed");
    expect(Object.keys(copy).sort()).toEqual([...Object.keys(report), "mine"].sort());
    const named = Object.keys(report.toJSON()).filter((key) => !key.startsWith("format"));
    expect(Object.keys(report)).toEqual(expect.arrayContaining(named));
  });

  it("can be taken apart", async () => {
    const report = await flow("f", { a: task("a", () => 1) }).run();
    const { unwrap, outcome, toJSON, getLongestTask, outputs } = report;
    expect([unwrap(), outputs]).toEqual([{ a: 1 }, { a: 1 }]);
    expect(outcome("a").status).toBe("completed");
    expect(toJSON().executionState).toBe("completed");
    expect(getLongestTask()?.taskName).toBe("a");
  });

  it("of a plan that failed can be, too", async () => {
    const report = await new DynamicScheduler([], [{ taskName: "a" }]).execute();
    expect({ ...report }).toMatchObject({ executionState: "failed", planIssues: [{}] });
  });
});

/** Refuses to be read, in every way. */
function hostileKey(): object {
  const refuse = (): never => {
    throw new Error("not to be read");
  };
  return new Proxy({}, { get: refuse, getPrototypeOf: refuse, ownKeys: refuse, has: refuse });
}
