/** A task or an item whose function returns a flow becomes it: its tasks are tasks of the run. */
import { describe, expect, it } from "vitest";
import {
  type Flow,
  flow,
  fromEvents,
  loop,
  map,
  NonRetryableError,
  optional,
  PlanError,
  param,
  type RunOptions,
  reportOfJournal,
  SubflowError,
  settled,
  subflow,
  type Task,
  task,
} from "../../src/index.ts";
import { recorded, replay, VirtualClock } from "../../src/testing.ts";
import { Diary, Gate, Notebook, row, statuses, written } from "../scenario.ts";

const photos = task("photos", () => [1, 2, 3]);

/** Loads and resizes one photo. */
function thumbFlow(photo: number, diary: Diary, ms: readonly number[] = [2, 3]) {
  const load = task("load", diary.task({ ms: ms[0] as number, return: photo }));
  return flow("thumb", {
    small: task("resize", { load }, async ({ load }, context) => {
      await diary.task({ ms: ms[1] as number })({}, context);
      return (load as number) * 10;
    }),
  });
}

async function run<O>(
  inner: (diary: Diary, clock: VirtualClock) => Flow<O>,
  options: RunOptions = {},
) {
  const clock = new VirtualClock();
  const diary = new Diary(clock);
  const report = await clock.run(inner(diary, clock).run({ clock, ...options }));
  return { report, diary };
}

describe("A function that returns a flow", () => {
  it("makes its task that flow, whose outputs are its value", async () => {
    const { report } = await run((diary) => {
      const one = task("one", () => thumbFlow(4, diary));
      return flow("outer", { twice: task("twice", { one }, ({ one }) => one.small * 2) });
    });
    expect(report.unwrap()).toEqual({ twice: 80 });
    expect(statuses(report)).toEqual({
      one: "completed",
      twice: "completed",
      "one.load": "completed",
      "one.resize": "completed",
    });
    expect(row(report, "one")).toMatchObject({ kind: "task", role: "subflow", attemptCount: 1 });
    expect(row(report, "one.resize")).toMatchObject({
      parent: "one",
      stageId: null,
      dependencies: [{ task: "one.load", kind: "value", to: "load" }],
    });
  });

  it("has given its slot back: a single one is enough, however deep", async () => {
    const below = (depth: number): Flow<{ next: unknown }> =>
      flow("deeper", { next: task("next", () => (depth === 0 ? "ground" : below(depth - 1))) });
    const { report } = await run(() => below(99), { concurrency: 1 });
    expect(report.executionState).toBe("completed");
    expect(report.peakConcurrency).toBe(1);
    expect(report.totalTasks).toBe(100);
  });

  it("lets an item go on while another one still loads", async () => {
    const { diary } = await run((diary) =>
      flow("outer", {
        thumbs: map("thumbs", photos, (photo) => thumbFlow(photo, diary, [photo * 10, 1])),
      }),
    );
    expect(diary.started.slice(-4)).toEqual([
      "thumbs[2].load",
      "thumbs[0].resize",
      "thumbs[1].resize",
      "thumbs[2].resize",
    ]);
  });

  it("counts in the limit of its map with everything inside of it", async () => {
    const { diary } = await run((diary) =>
      flow("outer", {
        thumbs: map("thumbs", photos, (photo) => thumbFlow(photo, diary), { concurrency: 1 }),
      }),
    );
    expect(diary.started).toEqual([
      "thumbs[0].load",
      "thumbs[0].resize",
      "thumbs[1].load",
      "thumbs[1].resize",
      "thumbs[2].load",
      "thumbs[2].resize",
    ]);
  });

  it("goes before the next item where capacity is short", async () => {
    const { diary } = await run(
      (diary) =>
        flow("outer", { thumbs: map("thumbs", photos, (photo) => thumbFlow(photo, diary)) }),
      { concurrency: 1 },
    );
    expect(diary.started.map((name) => name.slice(0, 9))).toEqual([
      "thumbs[0]",
      "thumbs[0]",
      "thumbs[1]",
      "thumbs[1]",
      "thumbs[2]",
      "thumbs[2]",
    ]);
  });

  it("cleans up before its flow begins, and its own time limit is for its attempts alone", async () => {
    const { report, diary } = await run((diary) => {
      const one = task(
        "one",
        {},
        (_, { defer }) => {
          defer(() => void diary.started.push("cleanup"));
          return thumbFlow(1, diary, [50, 50]);
        },
        { timeoutMs: 10, retry: 2 },
      );
      return flow("outer", { one });
    });
    expect(diary.started).toEqual(["cleanup", "one.load", "one.resize"]);
    expect(row(report, "one")).toMatchObject({
      status: "completed",
      attemptCount: 1,
      durationMs: 100,
    });
  });

  it("has its schema asked once, of what the flow gives, and never tried again", async () => {
    const asked: unknown[] = [];
    const schema = (refuses: boolean, later: boolean) => ({
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) => {
          asked.push(value);
          const result = refuses ? { issues: [{ message: "too small" }] } : { value: "checked" };
          return later ? Promise.resolve(result) : result;
        },
      },
    });
    const outer = (refuses: boolean, later: boolean) =>
      run((diary) =>
        flow("outer", {
          one: task("one", {}, () => thumbFlow(1, diary), {
            output: schema(refuses, later),
            retry: 3,
          }),
        }),
      );
    for (const later of [false, true]) {
      asked.length = 0;
      expect((await outer(false, later)).report.unwrap()).toEqual({ one: "checked" });
      expect(asked).toEqual([{ small: 10 }]);
      const { report } = await outer(true, later);
      expect(report.errorSummary).toEqual([expect.stringContaining("too small")]);
      expect(row(report, "one").attemptCount).toBe(1);
    }
  });

  it("fails its task for good with what its schema refuses: a fallback is asked, that of an item too", async () => {
    for (const later of [false, true]) {
      const output = {
        "~standard": {
          version: 1 as const,
          vendor: "test",
          validate: () => {
            const refused = { issues: [{ message: "too small" }] };
            return later ? Promise.resolve(refused) : refused;
          },
        },
      };
      const asked: string[] = [];
      const fallback = (error: unknown): string => {
        asked.push(String(error));
        return "plain";
      };
      const { report } = await run((diary) => {
        const one = task("one", {}, () => thumbFlow(1, diary), { output, fallback });
        const each = map("each", photos, (photo) => thumbFlow(photo, diary), { output, fallback });
        return flow("outer", { one, each });
      });
      expect(report.unwrap()).toEqual({ one: "plain", each: ["plain", "plain", "plain"] });
      expect(asked).toHaveLength(4);
      for (const message of asked) expect(message).toContain("too small");
      expect(row(report, "one")).toMatchObject({ status: "failed", fallback: true });
    }
  });

  it("is called again until it has returned one, and not for what fails inside", async () => {
    const { report, diary } = await run(
      (diary) => {
        let calls = 0;
        const one = task(
          "one",
          {},
          () => {
            if (++calls < 3) throw new Error("busy");
            return flow("inner", { bad: task("bad", diary.task({ ms: 1, throw: "boom" })) });
          },
          { retry: 5, onFailure: "ignore" },
        );
        return flow("outer", { one });
      },
      { failure: "continue" },
    );
    expect(row(report, "one")).toMatchObject({ status: "failed", attemptCount: 3 });
    expect(diary.started).toEqual(["one.bad"]);
  });

  it("after its time limit has not returned one: the next attempt's is the one that begins", async () => {
    const { report, diary } = await run((diary) => {
      let calls = 0;
      const one = task(
        "one",
        {},
        async () => {
          const call = ++calls;
          if (call === 1) await diary.clock.wait(9);
          return flow("inner", { it: task(`of${call}`, diary.task({ ms: 2, return: call })) });
        },
        { timeoutMs: 5, retry: 1 },
      );
      return flow("outer", { one });
    });
    expect(report.unwrap()).toEqual({ one: { it: 2 } });
    expect(diary.started).toEqual(["one.of2"]);
  });

  it("may give nothing to do", async () => {
    const { report } = await run(() => flow("outer", { one: task("one", () => flow("none", {})) }));
    expect(report.unwrap()).toEqual({ one: {} });
  });

  it("skips its task when a root has no value, as by value edges to the roots", async () => {
    const { report } = await run(() => {
      const inner = flow("inner", { maybe: task("maybe", {}, () => 1, { when: () => false }) });
      const one = task("one", () => inner);
      return flow("outer", { after: task("after", { one: optional(one) }, ({ one }) => one) });
    });
    expect(row(report, "one")).toMatchObject({
      status: "skipped",
      reason: { kind: "dependency", task: "one.maybe", root: "one.maybe" },
    });
    expect(report.unwrap()).toEqual({ after: undefined });
  });
});

describe("A failure inside of a task", () => {
  const failing = (diary: Diary) => {
    const bad = task("bad", diary.task({ ms: 1, throw: "boom" }));
    return flow("inner", { bad, slow: task("slow", diary.task({ ms: 9 })) });
  };

  it("is that of the task, with its causes", async () => {
    const { report } = await run(
      (diary) => {
        const one = task("one", {}, () => failing(diary), { retry: 5 });
        return flow("outer", { seen: task("seen", { one: settled(one) }, ({ one }) => one) });
      },
      { failure: "continue" },
    );
    const seen = report.outputs.seen as { status: string; error: SubflowError };
    expect(seen.status).toBe("failed");
    expect(seen.error).toBeInstanceOf(SubflowError);
    expect(seen.error).toMatchObject({ task: "one", message: '"one" failed in "one.bad"' });
    expect(seen.error.errors).toEqual([new Error("boom")]);
    expect(row(report, "one").attemptCount).toBe(1);
    expect(report.errorSummary).toEqual(['Task "one.bad" failed: boom']);
    expect(report.executionState).toBe("failed");
  });

  it("whose fallback throws as well is that failure, with what failed inside as its cause", async () => {
    const { report } = await run((diary) => {
      const fallback = (): never => {
        throw new Error("no way out");
      };
      const one = task("one", {}, () => failing(diary), { fallback });
      return flow("outer", { one, plain: task("plain", diary.task({ ms: 5 })) });
    });
    expect(statuses(report)).toMatchObject({ one: "failed", plain: "cancelled" });
    expect(report.executionState).toBe("failed");
    const { error } = report.outcome("one") as { error: Error };
    expect(error.message).toBe("no way out");
    expect(error.cause).toBeInstanceOf(SubflowError);
    expect(report.errorSummary.join("; ")).toContain("no way out");
  });

  it("says that no other attempt can help, when that is so of a cause", async () => {
    const final = () =>
      flow("inner", { x: task("x", () => Promise.reject(new NonRetryableError("no"))) });
    const { report } = await run(() => flow("outer", { one: task("one", final) }));
    expect(report.failures.map(({ task }) => task)).toEqual(["one.x"]);
    const outcome = report.outcome("one");
    expect(outcome).toMatchObject({ status: "failed", error: { retryable: false } });
  });

  it("stops the run under `stop`, all of it", async () => {
    const { report } = await run((diary) =>
      flow("outer", {
        one: task("one", () => failing(diary)),
        other: task("other", () => thumbFlow(1, diary, [5, 5])),
        plain: task("plain", diary.task({ ms: 5 })),
      }),
    );
    expect(statuses(report)).toEqual({
      one: "failed",
      other: "cancelled",
      plain: "cancelled",
      "one.bad": "failed",
      "one.slow": "cancelled",
      "other.load": "cancelled",
      "other.resize": "skipped",
    });
  });

  it("lets what has begun end under `drain`, and begins nothing", async () => {
    const { report } = await run(
      (diary) =>
        flow("outer", {
          one: task("one", () => failing(diary)),
          other: task("other", () => thumbFlow(1, diary, [5, 5])),
        }),
      { failure: "drain" },
    );
    expect(statuses(report)).toMatchObject({
      one: "failed",
      "one.slow": "completed",
      other: "cancelled",
      "other.load": "completed",
      "other.resize": "skipped",
    });
  });

  it("stops no more than what is inside of a task whose failure is tolerated, in every mode but `drain`", async () => {
    for (const failure of ["stop", "continue", "drain", { maxFailures: 1 }] as const) {
      const { report } = await run(
        (diary) =>
          flow("outer", {
            one: task("one", {}, () => failing(diary), { onFailure: "ignore" }),
            other: task("other", () => thumbFlow(1, diary)),
          }),
        { failure },
      );
      expect(report.executionState).toBe("completed");
      expect(statuses(report)).toMatchObject({
        one: "failed",
        "one.bad": "failed",
        "one.slow": failure === "drain" ? "completed" : "cancelled",
        other: "completed",
      });
      expect(report.toleratedFailures).toBe(2);
      expect(report.errorSummary).toEqual([]);
      if (failure !== "drain") {
        expect(row(report, "one.slow").reason).toEqual({ kind: "failure", task: "one.bad" });
        expect(report.outcome("one.slow")).toMatchObject({
          reason: { message: 'Task "one" was stopped because task "one.bad" failed' },
        });
      }
    }
  });

  it("fails one item alone where items fail alone", async () => {
    const { report } = await run((diary) =>
      flow("outer", {
        all: map(
          "all",
          photos,
          {},
          (photo) => (photo === 2 ? failing(diary) : thumbFlow(photo, diary)),
          {
            items: "settled",
          },
        ),
      }),
    );
    expect(report.unwrap().all.map(({ status }) => status)).toEqual([
      "completed",
      "failed",
      "completed",
    ]);
  });

  it("is a plan error with every issue, when the flow cannot come up", async () => {
    const code = param<string>("code");
    const needing = flow("region", {
      load: task("load", { code }, ({ code }) => code, { resources: { db: 1 } }),
      rank: task("rank", { code }, ({ code }) => code),
    });
    const { report } = await run(() =>
      flow("outer", {
        eu: task("eu", {}, () => needing, { retry: 3 }),
        "us.rank": task("us.rank", () => 1),
      }),
    );
    const outcome = report.outcome("eu");
    const error = (outcome as { error: PlanError }).error;
    expect(error).toBeInstanceOf(PlanError);
    expect(error.issues.map(({ message }) => message)).toEqual([
      'Task "eu.load" needs 1 of "db", which the run does not have. Give it with `resources: { db: … }`',
      'Task "eu.load" needs the parameter "code": give it to flow "region" before it is returned, with `.with({ code: … })`',
      'Task "eu.rank" needs the parameter "code": give it to flow "region" before it is returned, with `.with({ code: … })`',
    ]);
    expect(row(report, "eu").attemptCount).toBe(1);
    const { report: given } = await run(
      () => flow("outer", { eu: task("eu", () => needing.with({ code: "eu" })) }),
      { resources: { db: 1 } },
    );
    expect(given.unwrap()).toEqual({ eu: { load: "eu", rank: "eu" } });
    expect(() => needing.with({ cod: "eu" })).toThrow(
      'No task of flow "region" takes the parameter "cod". Did you mean "code"?',
    );
  });

  it("is a name that another task has already", async () => {
    const inner = flow("inner", { b: task("b", () => 1) });
    const { report } = await run(() =>
      flow("outer", { a: task("a", () => inner), ab: task("a.b", () => 2) }),
    );
    expect(report.errorSummary).toContainEqual(
      expect.stringContaining(
        'Two tasks are named "a.b", one of them inside of "a": rename one of them',
      ),
    );
  });

  it("is too many of them inside of one another, or together", async () => {
    const below = (): Flow<unknown> => flow("deeper", { next: task("next", () => below()) });
    const deep = await run(() => below());
    expect(deep.report.totalTasks).toBe(101);
    expect(deep.report.errorSummary[0]).toMatch(
      /is inside of 100 others: no more may be inside of one another/,
    );
    const wide = await run(
      (diary) => flow("outer", { all: map("all", photos, (photo) => thumbFlow(photo, diary)) }),
      { maxTasks: 8 },
    );
    expect(wide.report.totalTasks).toBe(7);
    expect(wide.report.errorSummary[0]).toMatch(
      /Inside of "all\[.\]" the run would have at least 2 tasks more, and has 7 already: at most 8 are allowed, say more with `maxTasks`/,
    );
    const items = await run((diary) => flow("outer", { all: map("all", photos, diary.item()) }), {
      maxTasks: 4,
    });
    expect(items.report.errorSummary[0]).toMatch(/at most 4 are allowed/);
    const all = (diary: Diary) =>
      flow("outer", { all: map("all", photos, (photo) => thumbFlow(photo, diary)) });
    const exact = await run(all, { maxTasks: 11 });
    expect(exact.report.executionState).toBe("completed");
    expect(exact.report.totalTasks).toBe(11);
    const short = await run(all, { maxTasks: 10 });
    expect(short.report.errorSummary[0]).toMatch(
      /have at least 2 tasks more, and has 9 already: at most 10/,
    );
    await expect(
      run(() => flow("outer", { photos, more: task("more", () => 1) }), { maxTasks: 1 }),
    ).rejects.toThrow(
      "The run would have 2 tasks: at most 1 are allowed, say more with `maxTasks`",
    );
  });
});

describe("A stop", () => {
  it("of the task stops all that is inside of it, and the run goes on", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const one = task("one", () =>
      flow("mid", { deep: task("deep", () => thumbFlow(1, diary, [9, 9])) }),
    );
    const running = flow("outer", {
      seen: task("seen", { one: settled(one) }, ({ one }) => one.status),
    }).start({ clock });
    clock.after(3, () => running.cancelTask("one", "enough"));
    const report = await clock.run(running.report);
    expect(statuses(report)).toEqual({
      one: "cancelled",
      seen: "completed",
      "one.deep": "cancelled",
      "one.deep.load": "cancelled",
      "one.deep.resize": "skipped",
    });
    expect(report.unwrap()).toEqual({ seen: "cancelled" });
  });

  it("of one task inside rules out what needs it, up to the task that it is inside of", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const running = flow("outer", { one: task("one", () => thumbFlow(1, diary, [9, 9])) }).start({
      clock,
    });
    clock.after(3, () => running.cancelTask("one.load"));
    const report = await clock.run(running.report);
    expect(statuses(report)).toEqual({
      one: "skipped",
      "one.load": "cancelled",
      "one.resize": "skipped",
    });
  });

  it("that comes before a function returns its flow lets nothing of it begin", async () => {
    const gate = new Gate<Flow<unknown>>();
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const running = flow("outer", { one: task("one", () => gate.promise) }).start({ clock });
    running.cancel();
    gate.open(thumbFlow(1, diary));
    const report = await clock.run(running.report);
    expect(statuses(report)).toEqual({ one: "cancelled" });
    expect(diary.started).toEqual([]);
  });

  it("by a failure that lets end lets a flow that is returned later not begin", async () => {
    const { report, diary } = await run(
      (diary, clock) =>
        flow("outer", {
          late: task("late", async () => {
            await clock.wait(5);
            return thumbFlow(1, diary);
          }),
          bad: task("bad", diary.task({ ms: 1, throw: "boom" })),
        }),
      { failure: "drain" },
    );
    expect(statuses(report)).toEqual({ late: "cancelled", bad: "failed" });
    expect(diary.started).toEqual(["bad"]);
  });
});

describe("The deadline of a task", () => {
  const slow = (diary: Diary) => flow("inner", { load: task("load", diary.task({ ms: 50 })) });

  it("is one for its attempts and all that is inside of it together", async () => {
    const left: number[] = [];
    const { report, diary } = await run(
      (diary) => {
        const inner = () => {
          const load = task("load", async (_, context) => {
            left.push(context.remainingMs());
            await diary.task({ ms: 50 })({}, context);
          });
          return flow("inner", { rank: task("rank", { load }, diary.task({ ms: 1 })) });
        };
        const one = task(
          "one",
          async () => {
            await diary.clock.wait(4);
            return inner();
          },
          { deadlineMs: 10 },
        );
        return flow("outer", { one, two: task("two", diary.task({ ms: 30 })) });
      },
      { failure: "continue" },
    );
    expect(left).toEqual([6]);
    expect(statuses(report)).toEqual({
      one: "failed",
      two: "completed",
      "one.load": "cancelled",
      "one.rank": "skipped",
    });
    const outcome = report.outcome("one");
    expect(outcome.status === "failed" && outcome.error).toMatchObject({
      name: "TimeoutError",
      message: 'Task "one" took longer than its deadline of 10 ms',
    });
    expect(row(report, "one.load")).toMatchObject({ endAt: 10 });
    expect(diary.ended).toContain("one.load");
  });

  it("is each item's in a map, and its fallback gives a value all the same", async () => {
    const { report } = await run((diary) => {
      const thumbs = map(
        "thumbs",
        photos,
        (photo) => (photo === 2 ? slow(diary) : thumbFlow(photo, diary)),
        { deadlineMs: 20, fallback: () => "too late" },
      );
      return flow("outer", { thumbs });
    });
    expect(report.unwrap().thumbs).toEqual([{ small: 10 }, "too late", { small: 30 }]);
    expect(row(report, "thumbs[1].load")).toMatchObject({ status: "cancelled", endAt: 20 });
  });

  it("is one for a subflow from the first start in it, and for all flows of a loop", async () => {
    const { report, diary } = await run(
      (diary) => {
        const first = task("first", diary.task({ ms: 7 }));
        const left: Task<number> = task("left", { first }, (_, { remainingMs }) => remainingMs());
        const eu = subflow(
          "eu",
          flow("eu", { left, slow: task("slow", diary.task({ ms: 50 })) }),
          {},
          {
            deadlineMs: 10,
            onFailure: "ignore",
          },
        );
        const step = () => flow("step", { write: task("write", diary.task({ ms: 4 })) });
        const steps = { first: step, next: step, until: () => false, max: 9 };
        const draft = loop("draft", {}, { ...steps, deadlineMs: 10, onFailure: "ignore" });
        return flow("outer", { eu, draft });
      },
      { concurrency: 4 },
    );
    expect(report.taskReturnSet.get("eu.left")).toBe(3);
    expect(statuses(report)).toMatchObject({
      eu: "failed",
      "eu.slow": "cancelled",
      draft: "failed",
    });
    expect(row(report, "eu.slow")).toMatchObject({ endAt: 10 });
    expect(row(report, "draft[2].write")).toMatchObject({ status: "cancelled", endAt: 10 });
    expect(diary.started.filter((name) => name.endsWith("write")).length).toBe(3);
  });

  it("stops nothing that is over in time, and no finally task", async () => {
    const { report } = await run((diary) => {
      const tidy = task("tidy", diary.task({ ms: 30 }));
      const load = task("load", diary.task({ ms: 5 }));
      const inner = () => flow("inner", { load }, { finally: { tidy } });
      return flow("outer", { one: task("one", inner, { deadlineMs: 10 }) });
    });
    expect(report.executionState).toBe("completed");
    expect(row(report, "one.tidy")).toMatchObject({ status: "completed", endAt: 35 });
  });

  it("is replayed from its events", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const outer = flow("outer", { one: task("one", () => slow(diary), { deadlineMs: 10 }) });
    const { options, recording } = recorded({ clock });
    const report = await clock.run(outer.run(options));
    expect(report.executionState).toBe("failed");
    expect(replay(outer.plan(), recording).toJSON()).toEqual(report.toJSON());
  });
});

describe("What a flow inside of a task brings along", () => {
  const cleaned = (diary: Diary, load: Parameters<Diary["task"]>[0]) =>
    flow(
      "inner",
      { load: task("load", diary.task(load)) },
      { finally: { clean: task("clean", diary.task({ ms: 2 })) } },
    );

  it("has its finally tasks run at its own end, before whoever needs it", async () => {
    const { diary, report } = await run((diary) => {
      const one = task("one", () => cleaned(diary, { ms: 1 }));
      return flow("outer", {
        next: task("next", { one }, (_, context) => diary.task({ ms: 1 })({}, context)),
        long: task("long", diary.task({ ms: 50 })),
      });
    });
    expect(diary.started).toEqual(["long", "one.load", "one.clean", "next"]);
    expect(row(report, "one.clean").role).toBe("finally");
  });

  it("has them run when the flow failed, was called off, or the run is stopped", async () => {
    const failed = await run((diary) =>
      flow("outer", { one: task("one", () => cleaned(diary, { ms: 1, throw: "boom" })) }),
    );
    expect(statuses(failed.report)).toEqual({
      one: "failed",
      "one.load": "failed",
      "one.clean": "completed",
    });
    for (const stop of ["cancelTask", "cancel"] as const) {
      const clock = new VirtualClock();
      const diary = new Diary(clock);
      const running = flow("outer", { one: task("one", () => cleaned(diary, { ms: 9 })) }).start({
        clock,
      });
      clock.after(3, () => (stop === "cancel" ? running.cancel() : running.cancelTask("one")));
      const report = await clock.run(running.report);
      expect(statuses(report)).toEqual({
        one: "cancelled",
        "one.load": "cancelled",
        "one.clean": "completed",
      });
    }
  });

  it("has them end when it is called off meanwhile, be it twice; by its own name one is stopped", async () => {
    for (const name of ["one", "one.clean"]) {
      const clock = new VirtualClock();
      const diary = new Diary(clock);
      const one = task("one", () => cleaned(diary, { ms: 1 }));
      const seen = task("seen", { one: settled(one) }, ({ one }) => one.status);
      const running = flow("outer", { seen }).start({ clock });
      clock.after(1.5, () => running.cancelTask(name));
      clock.after(2, () => running.cancelTask(name));
      const report = await clock.run(running.report);
      const stopped = name === "one.clean";
      expect(statuses(report)).toMatchObject({
        one: "completed",
        "one.clean": stopped ? "cancelled" : "completed",
      });
      expect(report.unwrap().seen).toBe("completed");
      expect(row(report, "one").endAt).toBe(stopped ? 1.5 : 3);
    }
  });

  it("fails when one of them does, and stops the run then", async () => {
    const { report } = await run((diary) => {
      const bad = task("clean", diary.task({ ms: 1, throw: "stuck" }));
      const inner = flow("inner", { load: task("load", diary.task()) }, { finally: { bad } });
      return flow("outer", {
        one: task("one", () => inner),
        long: task("long", diary.task({ ms: 50 })),
      });
    });
    expect(statuses(report)).toMatchObject({ one: "failed", long: "cancelled" });
    expect(report.errorSummary).toEqual(['Task "one.clean" failed: stuck']);
  });

  it("tells its finally tasks, and who is uninterruptible, of no limit of the run", async () => {
    const told: [string, number][] = [];
    const tell = (name: string, limits = {}) =>
      task(name, async (_, { remainingMs }) => told.push([name, remainingMs()]), limits);
    const last = task("last", () => flow("lasting", { deep: tell("deep") }));
    const { report } = await run(
      () => {
        const one = task("one", () =>
          flow(
            "inner",
            { plain: tell("plain"), firm: tell("firm", { uninterruptible: true }) },
            { finally: { last } },
          ),
        );
        return flow("outer", { one });
      },
      { timeoutMs: 50 },
    );
    expect(report.executionState).toBe("completed");
    expect(told).toEqual([
      ["plain", 50],
      ["firm", Number.POSITIVE_INFINITY],
      ["deep", Number.POSITIVE_INFINITY],
    ]);
  });

  it("has its tails as tails of the run: nobody waits for them", async () => {
    const { report, diary } = await run((diary) => {
      const tail = task("tail", diary.task({ ms: 99 }));
      return flow("outer", {
        one: task("one", () =>
          flow("inner", { load: task("load", diary.task({ ms: 1 })) }, { tails: { tail } }),
        ),
      });
    });
    expect(report.executionState).toBe("completed");
    expect(statuses(report)["one.tail"]).toBe("detached");
    const [left] = await diary.clock.run(report.tail);
    expect(left).toMatchObject({ taskName: "one.tail", kind: "tail", status: "completed" });
  });
  it("lets its tails read each other after its end, also where outputs are let go", async () => {
    const read: unknown[] = [];
    const { report, diary } = await run(
      (diary) => {
        const first = task("first", diary.task({ ms: 5, return: "first!" }));
        const second = task("second", { first }, ({ first }) => read.push(first));
        const slow = task("slow", { second }, diary.task({ ms: 5 }));
        const third = task("third", { slow, first }, ({ first }) => read.push(first));
        const tail = subflow("tail", flow("deep", { third }));
        const load = task("load", diary.task({ ms: 6 }));
        return flow("outer", {
          one: task("one", () => flow("inner", { load }, { tails: { tail } })),
        });
      },
      { keep: "roots" },
    );
    await diary.clock.run(report.tail);
    expect(read).toEqual(["first!", "first!"]);
  });

  it("ends before its tails do, also where these are flows themselves", async () => {
    const { report } = await run((diary) => {
      const tail = subflow("tail", flow("deep", { slow: task("slow", diary.task({ ms: 50 })) }));
      const load = task("load", diary.task({ ms: 1 }));
      return flow("outer", {
        one: task("one", () => flow("inner", { load }, { tails: { tail } })),
        long: task("long", diary.task({ ms: 99 })),
      });
    });
    expect(row(report, "one.tail.slow")).toMatchObject({ status: "completed", endAt: 50 });
    expect(row(report, "one")).toMatchObject({ status: "completed", endAt: 1 });
  });
});

describe("A run with flows inside of tasks", () => {
  const outer = (diary: Diary) =>
    flow("outer", {
      thumbs: map("thumbs", photos, (photo) => thumbFlow(photo, diary)),
    });

  it("tells observers of every task before its first status, by path", async () => {
    const told: string[] = [];
    await run(outer, {
      observers: [
        fromEvents("watch", (event) => {
          if (event.type !== "task.status" || event.from !== undefined) return;
          told.push(`${event.task.key} is ${event.task.name} in ${event.task.parent}`);
        }),
      ],
    });
    expect(told).toContain("thumbs[1].resize is thumbs.resize in thumbs[1]");
  });

  it("is replayed from its events", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const { options, recording } = recorded({ clock, concurrency: 2 });
    const graph = outer(diary);
    const report = await clock.run(graph.run(options));
    expect(replay(graph.plan(), recording).toJSON({ outputs: true })).toEqual(
      report.toJSON({ outputs: true }),
    );
  });

  it("has a critical path that goes through the tasks inside, and tiles the makespan", async () => {
    const { report } = await run((diary) => {
      const thumbs = map("thumbs", photos, (photo) => thumbFlow(photo, diary, [photo, 5]));
      return flow("outer", {
        sum: task("sum", { thumbs }, (_, c) => diary.task({ ms: 4 })({}, c)),
      });
    });
    const { criticalPath, bounds } = report.analysis;
    expect(criticalPath.map(({ task }) => task)).toEqual([
      "photos",
      "thumbs[2]",
      "thumbs[2].load",
      "thumbs[2].resize",
      "sum",
    ]);
    expect(criticalPath.reduce((sum, { gapMs, runMs }) => sum + gapMs + runMs, 0)).toBe(12);
    expect(bounds.dependencyMs).toBe(12);
  });

  it("lets outputs go when their task has its own", async () => {
    const { report } = await run(outer, { keep: "roots" });
    expect([...report.taskReturnSet.keys()]).toEqual(["thumbs"]);
    expect(report.unwrap().thumbs).toEqual([{ small: 10 }, { small: 20 }, { small: 30 }]);
  });

  it("is taken up from every prefix of its journal: nothing that was stored is called again", async () => {
    const first = new Notebook();
    const { report: whole } = await run(outer, { journal: first.journal });
    expect(first.tasks).toContain("thumbs[1].resize");
    for (let cut = 0; cut <= first.tasks.length; cut++) {
      const notebook = new Notebook();
      notebook.entries.push(...first.entries);
      notebook.cut(cut);
      const stored = new Set(notebook.tasks);
      const second = new Notebook();
      const { report, diary } = await run(outer, {
        resumeFrom: reportOfJournal(notebook.entries),
        journal: second.journal,
      });
      expect(report.unwrap()).toEqual(whole.unwrap());
      for (const name of diary.started) expect(stored.has(name), `${name}, cut ${cut}`).toBe(false);
      // What it tells is enough to take it up again.
      const third = await run(outer, { resumeFrom: reportOfJournal(second.entries) });
      expect(third.diary.started).toEqual([]);
      const fourth = await run(outer, { resumeFrom: written(report) });
      expect(fourth.diary.started).toEqual([]);
    }
  });

  it("takes up nothing that was made for another item", async () => {
    const notebook = new Notebook();
    const listed = (list: number[]) => (diary: Diary) =>
      flow("outer", {
        thumbs: map(
          "thumbs",
          task("photos", () => list),
          (photo) => thumbFlow(photo, diary),
        ),
      });
    await run(listed([1, 2, 3]), { journal: notebook.journal });
    const kept = notebook.entries.filter(
      ({ task }) => task !== "photos" && task !== "thumbs" && !/\]$/.test(String(task)),
    );
    const { report, diary } = await run(listed([1, 5, 3]), { resumeFrom: reportOfJournal(kept) });
    expect(report.unwrap().thumbs).toEqual([{ small: 10 }, { small: 50 }, { small: 30 }]);
    // The list was not stored, so its run is another one: nothing that came of it stands.
    expect(diary.started).toHaveLength(6);
  });
});
