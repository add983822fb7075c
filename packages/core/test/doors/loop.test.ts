/** One flow after another, as a task. */
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it, vi } from "vitest";
import {
  DefinitionError,
  type Flow,
  flow,
  fromEvents,
  type JournalEntry,
  LoopLimitError,
  loop,
  map,
  type ParentOptions,
  PlanError,
  param,
  pick,
  type RunOptions,
  reportOfJournal,
  Semaphore,
  type Steps,
  SubflowError,
  subflow,
  task,
  value,
} from "../../src/index.ts";
import { recorded, replay, testRun, trace, VirtualClock } from "../../src/testing.ts";
import { Diary, Gate, Notebook, row, statuses, type Work, written } from "../scenario.ts";

interface Draft {
  readonly text: string;
  readonly score: number;
}

/** Writes a draft, and gives it its score. */
function draftFlow(diary: Diary, text: string, score: number, work: Work = {}): Flow<Draft> {
  const writes = diary.task({ ms: 2, ...work });
  const write = task("write", async (_, context) => {
    await writes({}, context);
    return text;
  });
  const scores = diary.task({ ms: 1 });
  const critic = task("critic", { write }, async (_, context) => {
    await scores({}, context);
    return score;
  });
  return flow("draft", { text: write, score: critic });
}

type Changed = Partial<Steps<{ readonly topic: string }, Draft>> &
  ParentOptions<Draft, { readonly topic: string }>;

/** A loop that is done with the third draft. */
function draftTask(diary: Diary, steps: Changed = {}) {
  const topic = task("topic", () => "tea");
  return loop(
    "draft",
    { topic },
    {
      first: ({ topic }) => draftFlow(diary, topic, 1),
      next: ({ text, score }) => draftFlow(diary, `${text}!`, score + 1),
      until: ({ score }) => score === 3,
      max: 5,
      ...steps,
    },
  );
}

function draftLoop(diary: Diary, steps: Changed = {}) {
  return flow("essay", { draft: draftTask(diary, steps) });
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

describe("A loop", () => {
  it("runs one flow after another until it is said to be done, and gives what the last one gave", async () => {
    const { report, diary } = await run((diary) => draftLoop(diary));
    expect(report.unwrap()).toEqual({ draft: { text: "tea!!", score: 3 } });
    expect(diary.started).toEqual([
      "draft[0].write",
      "draft[0].critic",
      "draft[1].write",
      "draft[1].critic",
      "draft[2].write",
      "draft[2].critic",
    ]);
    expect(row(report, "draft")).toMatchObject({
      kind: "task",
      role: "loop",
      attemptCount: 0,
      startAt: 0,
      endAt: 9,
    });
    expect(row(report, "draft[1].critic")).toMatchObject({
      parent: "draft",
      stageId: null,
      dependencies: [{ task: "draft[1].write", kind: "value", to: "write" }],
    });
    expect(report.outcome("draft[1].write")).toMatchObject({ status: "completed", value: "tea!" });
  });

  it("is done with its first flow when that is good", async () => {
    const next = vi.fn();
    const { report } = await run((diary) => draftLoop(diary, { until: () => true, next }));
    expect(report.unwrap().draft.score).toBe(1);
    expect(next).not.toHaveBeenCalled();
  });

  it("asks each step once a flow, with what it is there for", async () => {
    const asked: unknown[] = [];
    await run((diary) =>
      draftLoop(diary, {
        first: (inputs) => {
          asked.push(["first", inputs]);
          return draftFlow(diary, "a", 1);
        },
        until: (outputs) => {
          asked.push(["until", { ...outputs }]);
          return outputs.score === 2;
        },
        next: (previous, inputs, iteration) => {
          asked.push(["next", { ...previous }, inputs, iteration]);
          return draftFlow(diary, "b", 2);
        },
      }),
    );
    expect(asked).toEqual([
      ["first", { topic: "tea" }],
      ["until", { text: "a", score: 1 }],
      ["next", { text: "a", score: 1 }, { topic: "tea" }, 1],
      ["until", { text: "b", score: 2 }],
    ]);
  });

  it("waits for steps that give promises, without a slot", async () => {
    const { report, diary } = await run(
      (diary, clock) => {
        const later = async <T>(given: T): Promise<T> => {
          await clock.wait(10);
          return given;
        };
        const draft = draftTask(diary, {
          first: () => later(draftFlow(diary, "a", 1)),
          until: ({ score }) => later(score === 2),
          next: () => later(draftFlow(diary, "b", 2)),
        });
        return flow("both", { draft, other: task("other", diary.task({ ms: 12 })) });
      },
      { concurrency: 1 },
    );
    expect(report.executionState).toBe("completed");
    expect(diary.started[0]).toBe("other");
    // Three promises, and two flows of 3 ms; the first flow waits 2 ms for the only slot.
    expect(report.totalDurationMs).toBe(12 + 3 + 10 + 10 + 3 + 10);
  });

  it("goes on in the turn in which its flow ended: what waits behind it comes later", async () => {
    const { diary } = await run(
      (diary) => {
        const draft = draftTask(diary, { priority: 1 });
        return flow("both", { draft, other: task("other", diary.task()) });
      },
      { concurrency: 1 },
    );
    expect(diary.started.at(-1)).toBe("other");
  });

  it("takes inputs of every kind, and stands inside of flows of every kind", async () => {
    const counted = (name: string) => {
      const step = param<number>("step");
      const from = value(2);
      return flow(name, {
        sum: loop(
          "sum",
          { step, from },
          {
            first: ({ step, from }) => flow("one", { is: task("is", () => step + from) }),
            next: ({ is }, { step }) => flow("one", { is: task("is", () => is + step) }),
            until: ({ is }) => is > 10,
            max: 20,
          },
        ),
      });
    };
    const { report } = await run(() => {
      const one = task("one", () => counted("below").with({ step: 4 }));
      const two = subflow("two", counted("beside"), { step: value(3) });
      const three = map(
        "three",
        task("list", () => [1, 5]),
        (step) => counted("item").with({ step }),
      );
      return flow("all", { one, two, three });
    });
    expect(report.unwrap()).toEqual({
      one: { sum: { is: 14 } },
      two: { sum: { is: 11 } },
      three: [{ sum: { is: 11 } }, { sum: { is: 12 } }],
    });
    expect(statuses(report)).toMatchObject({
      "one.sum[2].is": "completed",
      "two.sum[0].is": "completed",
      "three[1].sum[1].is": "completed",
    });
  });

  it("may have loops inside of its flows", async () => {
    const to = (name: string, end: number, below: () => Flow<{ n: number }>) =>
      loop(
        name,
        {},
        { first: below, next: ({ n }) => counted(n + 1), until: ({ n }) => n >= end, max: 9 },
      );
    const counted = (n: number): Flow<{ n: number }> => flow("n", { n: task("n", () => n) });
    const { report } = await run(() =>
      flow("outer", {
        up: to("up", 4, () => {
          const inner = to("inner", 2, () => counted(0));
          return flow("n", { n: task("n", { n: pick(inner, "n") }, ({ n }) => n) });
        }),
      }),
    );
    expect(report.unwrap().up).toEqual({ n: 4 });
    expect(statuses(report)).toMatchObject({
      "up[0].inner[2].n": "completed",
      "up[2].n": "completed",
    });
  });

  it("is told in explain() with how long it may be", () => {
    expect(draftLoop(new Diary(new VirtualClock())).plan().explain()).toContain(
      "draft (loop of 5 flows at most) ← topic",
    );
  });

  it("can have a stand-in in a test", async () => {
    const first = vi.fn();
    const clock = new VirtualClock();
    const essay = draftLoop(new Diary(clock), { first });
    const report = await clock.run(
      testRun(essay, { clock, stubs: { draft: { text: "stub", score: 9 } } }),
    );
    expect(report.unwrap().draft.text).toBe("stub");
    const called = await clock.run(
      testRun(essay, {
        clock,
        stubs: { draft: ({ topic }: { topic: string }) => ({ text: topic }) },
      }),
    );
    expect(called.unwrap().draft.text).toBe("tea");
    expect(first).not.toHaveBeenCalled();
  });
});

describe("One loop in two runs at once", () => {
  it("is two loops", async () => {
    const clock = new VirtualClock();
    const essay = draftLoop(new Diary(clock));
    const topics = flow("twice", { draft: subflow("essay", essay) });
    const reports = await clock.run(
      Promise.all([essay.run({ clock }), essay.run({ clock }), topics.run({ clock })]),
    );
    for (const report of reports) {
      expect(report.totalDurationMs).toBe(9);
      expect(report.successfulTasks).toBeGreaterThanOrEqual(8);
    }
  });

  it("is two loops, also when they share one slot, which is free in the end", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const essay = draftLoop(diary);
    const concurrency = new Semaphore(1);
    const reports = await clock.run(
      Promise.all([1, 2, 3].map(() => essay.run({ clock, concurrency }))),
    );
    for (const report of reports) expect(report.unwrap().draft.text).toBe("tea!!");
    expect(diary.peak).toBe(1);
    expect(clock.now()).toBe(3 * 9);
    let free = 0;
    concurrency.acquire(() => free++);
    expect(free).toBe(1);
  });
});

describe("A loop of flows without a task", () => {
  it("is asked until it is done, and gives nothing", async () => {
    let asked = 0;
    const { report } = await run(() => {
      const made = () => flow("empty", {});
      return flow("outer", {
        none: loop(
          "none",
          {},
          { first: made, next: async () => made(), until: () => ++asked === 3, max: 3 },
        ),
      });
    });
    expect(report.unwrap().none).toEqual({});
    expect(report.totalTasks).toBe(1);
  });
});

describe("A loop that is not done after `max` flows", () => {
  it("fails with an error that has what the last one gave, and is asked for no other", async () => {
    let asked = 0;
    const { report } = await run((diary) =>
      draftLoop(diary, {
        next: ({ text }) => {
          asked++;
          return draftFlow(diary, `${text}!`, 2);
        },
        max: 2,
      }),
    );
    const outcome = report.outcome("draft");
    expect(outcome.status === "failed" && outcome.error).toBeInstanceOf(LoopLimitError);
    expect(outcome).toMatchObject({
      error: {
        message: '"draft" was not done after 2 flows, its `max`',
        code: "ASTRUM_LOOP_LIMIT",
        task: "draft",
        iterations: 2,
        outputs: { text: "tea!", score: 2 },
      },
    });
    expect(asked).toBe(1);
    expect(report.executionState).toBe("failed");
    expect(report.failures.map(({ task }) => task)).toEqual(["draft"]);
    // What tasks gave is not in a report that was not asked for outputs.
    expect(JSON.stringify(report.toJSON())).not.toContain("tea!");
  });

  it("can fall back on the best there is", async () => {
    const { report } = await run((diary) =>
      draftLoop(diary, {
        until: () => false,
        fallback: (error) => (error as LoopLimitError).outputs as Draft,
      }),
    );
    expect(report.executionState).toBe("completed");
    expect(report.unwrap().draft).toEqual({ text: "tea!!!!", score: 5 });
    expect(row(report, "draft")).toMatchObject({ status: "failed", fallback: true });
  });

  it("may have one flow only", async () => {
    const { report } = await run((diary) => draftLoop(diary, { until: () => false, max: 1 }));
    expect(report.outcome("draft")).toMatchObject({
      error: { message: '"draft" was not done after 1 flow, its `max`' },
    });
  });
});

describe("What fails in a flow of a loop", () => {
  const failing = (diary: Diary, more: Changed = {}) =>
    draftTask(diary, {
      next: (_, __, iteration) =>
        draftFlow(diary, "bad", 2, iteration === 1 ? { throw: "no words" } : {}),
      ...more,
    });

  it("fails the loop, and no other flow follows", async () => {
    const { report, diary } = await run((diary) => flow("essay", { draft: failing(diary) }));
    const outcome = report.outcome("draft");
    expect(outcome.status === "failed" && outcome.error).toBeInstanceOf(SubflowError);
    expect(outcome).toMatchObject({ error: { message: '"draft" failed in "draft[1].write"' } });
    expect(diary.started).toEqual(["draft[0].write", "draft[0].critic", "draft[1].write"]);
    expect(statuses(report)).toMatchObject({ "draft[1].critic": "skipped" });
    expect(report.failures.map(({ task }) => task)).toEqual(["draft[1].write"]);
  });

  it.each<[string, Changed]>([
    ["onFailure", { onFailure: "ignore" }],
    ["fallback", { fallback: () => ({ text: "plain", score: 0 }) }],
  ])("is tolerated where the loop is, with `%s`", async (_, more) => {
    const { report } = await run((diary) => {
      const draft = failing(diary, more);
      return flow("both", { draft, other: task("other", diary.task({ ms: 20, return: 1 })) });
    });
    expect(report.executionState).toBe("completed");
    expect(row(report, "draft[1].write").tolerated).toBe(true);
    expect(statuses(report).other).toBe("completed");
  });

  it("is retried by its own task, not by the loop", async () => {
    let calls = 0;
    const { report } = await run(() =>
      flow("outer", {
        once: loop(
          "once",
          {},
          {
            first: () =>
              flow("try", {
                n: task(
                  "n",
                  () => {
                    calls++;
                    if (calls < 3) throw new Error("not yet");
                    return calls;
                  },
                  { retry: 2 },
                ),
              }),
            next: ({ n }) => flow("try", { n: task("n", () => n) }),
            until: () => true,
            max: 1,
          },
        ),
      }),
    );
    expect(report.unwrap().once).toEqual({ n: 3 });
  });

  it("skips the loop where a root of it was skipped", async () => {
    const { report } = await run((diary) => {
      const made = (n: number): Flow<{ n: number }> =>
        flow("n", { n: task("n", {}, () => n, { when: () => n < 1 }) });
      const up = loop(
        "up",
        {},
        { first: () => made(0), next: ({ n }) => made(n + 1), until: () => false, max: 9 },
      );
      return flow("outer", { after: task("after", { up }, diary.task()) });
    });
    expect(statuses(report)).toMatchObject({
      "up[0].n": "completed",
      "up[1].n": "skipped",
      up: "skipped",
      after: "skipped",
    });
    expect(row(report, "up").reason).toEqual({
      kind: "dependency",
      task: "up[1].n",
      root: "up[1].n",
    });
  });
});

describe("A step of a loop", () => {
  const wrong = (step: string, given: unknown) =>
    run((diary) => draftLoop(diary, { [step]: () => given } as never));

  it.each(["first", "next", "until"])("that throws fails the loop: %s", async (step) => {
    for (const thrown of [() => Promise.reject(new Error("no idea")), () => fail("no idea")]) {
      const { report } = await run((diary) => draftLoop(diary, { [step]: thrown }));
      expect(report.outcome("draft")).toMatchObject({
        status: "failed",
        error: { message: "no idea" },
      });
      expect(report.failures.map(({ task }) => task)).toEqual(["draft"]);
    }
  });

  it("that throws what is no error fails the loop with one that says so", async () => {
    for (const step of ["next", "until"]) {
      const { report } = await run((diary) =>
        draftLoop(diary, { [step]: () => fail(undefined as never, true) }),
      );
      expect(report.outcome("draft")).toMatchObject({
        error: { message: 'A step of loop "draft" threw undefined' },
      });
    }
  });

  it.each(["first", "next"])("that gives no flow is a plan error of the loop: %s", async (step) => {
    const { report } = await wrong(step, { text: "x" });
    const outcome = report.outcome("draft");
    expect(outcome.status === "failed" && outcome.error).toBeInstanceOf(PlanError);
    expect(outcome).toMatchObject({
      error: {
        message: `\`${step}\` of loop "draft" must return a flow, or a promise of one, got an object`,
      },
    });
    const later = await wrong(step, Promise.resolve(7));
    expect(later.report.outcome("draft")).toMatchObject({
      error: { message: expect.stringContaining("got 7") },
    });
  });

  it("that gives no verdict is told", async () => {
    for (const given of ["yes", undefined, Promise.resolve(1)]) {
      const { report } = await wrong("until", given);
      expect(report.outcome("draft")).toMatchObject({
        error: {
          message: expect.stringContaining(
            '`until` of loop "draft" must return true or false, or a promise of that, got ',
          ),
        },
      });
    }
  });

  it.each(["first", "next"])(
    "that gives a flow which cannot come up there is told: %s",
    async (step) => {
      const code = param<string>("code");
      const needy = flow("draft", {
        text: task("text", { code }, ({ code }) => code),
        score: task("score", () => 1),
      });
      const { report } = await wrong(step, needy);
      expect(report.outcome("draft")).toMatchObject({
        error: {
          message: expect.stringContaining('needs the parameter "code": give it to flow "draft"'),
        },
      });
      const tooMany = await run((diary) => draftLoop(diary), {
        maxTasks: step === "first" ? 3 : 4,
      });
      expect(tooMany.report.outcome("draft")).toMatchObject({ status: "failed" });
      expect(tooMany.diary.started).toHaveLength(step === "first" ? 0 : 2);
    },
  );

  it("is not asked when `when` says no", async () => {
    const first = vi.fn();
    const { report } = await run((diary) => draftLoop(diary, { first, when: () => false }));
    expect(statuses(report)).toMatchObject({ draft: "skipped" });
    expect(first).not.toHaveBeenCalled();
  });
});

describe("A loop that is stopped", () => {
  /** Stops when the task of this name starts, or between two flows. */
  const stopped = async (
    how: "cancel" | "cancelTask",
    more: (diary: Diary, clock: VirtualClock) => Changed,
    at: number,
    options: RunOptions = {},
  ) => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const started = draftLoop(diary, more(diary, clock)).start({ clock, ...options });
    clock.after(at, () => {
      if (how === "cancel") started.cancel();
      else started.cancelTask("draft");
    });
    const report = await clock.run(started.report);
    return { report, diary };
  };

  it.each(["cancel", "cancelTask"] as const)(
    "while a flow runs is cancelled with it: %s",
    async (how) => {
      const { report, diary } = await stopped(how, () => ({}), 4);
      expect(statuses(report)).toMatchObject({
        "draft[0].critic": "completed",
        "draft[1].write": "cancelled",
        "draft[1].critic": "skipped",
        draft: "cancelled",
      });
      expect(diary.started).toHaveLength(3);
      expect(report.executionState).toBe(how === "cancel" ? "cancelled" : "completed");
    },
  );

  it.each(["cancel", "cancelTask"] as const)(
    "between two flows is cancelled, asked nothing more, and what it was asked is waited for: %s",
    async (how) => {
      const gate = new Gate<boolean>();
      const next = vi.fn();
      const { report } = await stopped(
        how,
        (_, clock) => {
          clock.after(50, () => gate.open(false));
          return { until: () => gate.promise, next };
        },
        10,
      );
      expect(statuses(report).draft).toBe("cancelled");
      expect(row(report, "draft").overrunMs).toBe(40);
      expect(next).not.toHaveBeenCalled();
      expect(report.totalDurationMs).toBe(50);
      expect(row(report, "draft").reason?.kind).toBe("aborted");
    },
  );

  it("between two flows leaves behind what does not answer within the grace period", async () => {
    const { report } = await stopped(
      "cancel",
      () => ({ until: () => new Promise<never>(() => {}) }),
      10,
      { graceMs: 5 },
    );
    expect(statuses(report).draft).toBe("cancelled");
    expect(row(report, "draft").overrunMs).toBe(5);
    expect(report.totalDurationMs).toBe(15);
  });

  it.each(["next", "until"])(
    "by its own deadline, while a step does not answer, has failed: %s",
    async (step) => {
      for (const fallback of [undefined, () => ({ text: "plain", score: 0 })]) {
        const { report } = await run(
          (diary) =>
            draftLoop(diary, {
              [step]: () => new Promise<never>(() => {}),
              deadlineMs: 20,
              ...(fallback && { fallback }),
            }),
          { graceMs: 5 },
        );
        expect(row(report, "draft").error?.message).toContain("deadline of 20 ms");
        expect(row(report, "draft").status).toBe("failed");
        expect(report.executionState).toBe(fallback === undefined ? "failed" : "completed");
        expect(report.totalDurationMs).toBe(25);
      }
    },
  );

  it.each(["first", "next", "until"])(
    "by the time limit of its run, while a step does not answer: %s",
    async (step) => {
      const { report } = await run(
        (diary) => draftLoop(diary, { [step]: () => new Promise<never>(() => {}) }),
        { timeoutMs: 20, graceMs: 5 },
      );
      expect(statuses(report).draft).toBe(step === "first" ? "skipped" : "cancelled");
      expect(row(report, "draft").reason).toMatchObject({ kind: "timeout", scope: "run" });
      expect(report.executionState).toBe("failed");
      expect(report.totalDurationMs).toBe(25);
    },
  );

  it("before its first flow is there is skipped", async () => {
    const { report } = await stopped(
      "cancel",
      () => ({ first: () => new Promise<never>(() => {}) }),
      10,
      { graceMs: 5 },
    );
    expect(statuses(report).draft).toBe("skipped");
    expect(report.totalDurationMs).toBe(15);
  });

  it.each(["cancel", "cancelTask"] as const)(
    "goes no further when the flow that is spared ends well: %s",
    async (how) => {
      const until = vi.fn(() => true);
      const { report } = await stopped(
        how,
        (diary) => ({
          first: () => {
            const score = task("score", diary.task({ ms: 9, return: 1 }), {
              uninterruptible: true,
            });
            return flow("spared", { text: x, score: score as never });
          },
          until,
        }),
        4,
      );
      expect(statuses(report)).toMatchObject({ "draft[0].score": "completed", draft: "cancelled" });
      expect(until).not.toHaveBeenCalled();
    },
  );

  it("goes no further when it is called off while a finally task of a flow runs", async () => {
    const until = vi.fn(() => false);
    const { report } = await stopped(
      "cancelTask",
      (diary) => ({
        first: () =>
          flow(
            "last",
            { text: x, score: task("score", () => 1) },
            { finally: { clean: task("clean", diary.task({ ms: 9 })) } },
          ),
        until,
      }),
      4,
    );
    expect(statuses(report)).toMatchObject({ "draft[0].clean": "completed", draft: "cancelled" });
    expect(until).not.toHaveBeenCalled();
  });

  it.each([
    [3, "completed"],
    [1, "cancelled"],
  ])(
    "by `drain` ends the flow that goes on, and is done or goes no further: score %i",
    async (score, status) => {
      const next = vi.fn();
      const { report } = await run(
        (diary) => {
          const draft = draftTask(diary, { first: () => draftFlow(diary, "a", score), next });
          // While the critic reads.
          const bad = task("bad", () => diary.clock.wait(2.5).then(() => fail("bad")));
          return flow("both", { draft, bad });
        },
        { failure: "drain" },
      );
      expect(statuses(report)).toMatchObject({ "draft[0].critic": "completed", draft: status });
      expect(next).not.toHaveBeenCalled();
    },
  );

  it("by `drain` while `next` has not answered does not begin with what that gives", async () => {
    const gate = new Gate<Flow<Draft>>();
    const { report, diary } = await run(
      (diary, clock) => {
        const draft = draftTask(diary, { next: () => gate.promise });
        clock.after(9, () => gate.open(draftFlow(diary, "late", 3)));
        return flow("both", { draft, bad: task("bad", diary.task({ ms: 5, throw: "bad" })) });
      },
      { failure: "drain" },
    );
    expect(statuses(report)).toMatchObject({ draft: "cancelled" });
    expect(diary.started).not.toContain("draft[1].write");
    expect(report.totalDurationMs).toBe(9);
  });
});

const x = task("text", () => "x");

function fail(message: string, bare = false): never {
  throw bare ? message : new Error(message);
}

describe("A run with a loop", () => {
  it("tells observers of the tasks of a flow before their first status, and of the loop as one", async () => {
    const told: string[] = [];
    await run((diary) => draftLoop(diary), {
      observers: [
        fromEvents("watch", (event) => {
          if (event.type !== "task.status") return;
          const { key, name, parent, role } = event.task;
          if (event.from === undefined && key === "draft[1].critic")
            told.push(`${name} in ${parent}`);
          if (key === "draft") told.push(`${role} ${event.to}`);
        }),
      ],
    });
    expect(told).toEqual([
      "loop waiting",
      "loop running",
      "draft.critic in draft",
      "loop completed",
    ]);
  });

  it("is replayed from its events", async () => {
    for (const until of [({ score }: Draft) => score === 2, () => false, () => fail("until")]) {
      const clock = new VirtualClock();
      const graph = draftLoop(new Diary(clock), { until });
      const { options, recording } = recorded({ clock, concurrency: 2 });
      const report = await clock.run(graph.run(options));
      expect(replay(graph.plan(), recording).toJSON({ outputs: true })).toEqual(
        report.toJSON({ outputs: true }),
      );
    }
  });

  it("has a critical path through all flows of it, which tiles the makespan", async () => {
    const { report } = await run((diary) => {
      const draft = draftTask(diary);
      return flow("essay", { print: task("print", { draft }, diary.task({ ms: 4 })) });
    });
    const { criticalPath, bounds } = report.analysis;
    expect(criticalPath.map(({ task }) => task)).toEqual([
      "topic",
      "draft[0].write",
      "draft[0].critic",
      "draft[1].write",
      "draft[1].critic",
      "draft[2].write",
      "draft[2].critic",
      "print",
    ]);
    expect(criticalPath.reduce((sum, { gapMs, runMs }) => sum + gapMs + runMs, 0)).toBe(13);
    expect(bounds.dependencyMs).toBe(13);
  });

  it("has a critical path through the last flow of it, also when that took no time", async () => {
    const made = (diary: Diary, ms: number) => flow("n", { n: task("n", diary.task({ ms })) });
    const { report } = await run((diary) => {
      const steps = { first: () => made(diary, 3), next: () => made(diary, 0) };
      const up = loop("up", {}, { ...steps, until: () => false, max: 2, fallback: () => 0 });
      return flow("outer", { print: task("print", { up }, diary.task({ ms: 4 })) });
    });
    expect(report.analysis.criticalPath).toEqual([
      { task: "up[0].n", attempt: 1, link: "start", gapMs: 0, runMs: 3 },
      { task: "up[1].n", attempt: 1, link: "dependency", gapMs: 0, runMs: 0 },
      { task: "print", attempt: 1, link: "dependency", gapMs: 0, runMs: 4 },
    ]);
  });

  it("has a critical path through flows that are maps, and have finally tasks", async () => {
    const made = (diary: Diary, n: number) => {
      const list = value([1, 2]);
      const each = map("each", list, diary.item({ ms: 3 }));
      return flow(
        "n",
        { n: task("n", { each }, () => n) },
        {
          finally: { clean: task("clean", diary.task({ ms: 2 })) },
        },
      );
    };
    const { report } = await run((diary) =>
      flow("outer", {
        up: loop(
          "up",
          {},
          {
            first: () => made(diary, 0),
            next: ({ n }) => made(diary, n + 1),
            until: ({ n }) => n === 1,
            max: 3,
          },
        ),
      }),
    );
    expect(report.totalDurationMs).toBe(10);
    const { criticalPath } = report.analysis;
    expect(criticalPath.map(({ task }) => task).filter((name) => name.endsWith("clean"))).toEqual([
      "up[0].clean",
      "up[1].clean",
    ]);
    expect(criticalPath.reduce((sum, { runMs }) => sum + runMs, 0)).toBe(10);
  });

  it("has a critical path through flows in which nothing but items was called", async () => {
    const made = (diary: Diary) =>
      flow("n", { each: map("each", value([1, 2]), diary.item({ ms: 3, return: 1 })) });
    const { report } = await run((diary) =>
      flow("outer", {
        up: loop(
          "up",
          {},
          { first: () => made(diary), next: () => made(diary), until: () => false, max: 2 },
        ),
      }),
    );
    const { criticalPath } = report.analysis;
    expect(criticalPath.map(({ task, link }) => [task, link])).toEqual([
      ["up[0].each[1]", "start"],
      ["up[1].each[1]", "dependency"],
    ]);
    expect(criticalPath.map(({ gapMs, runMs }) => gapMs + runMs)).toEqual([3, 3]);
  });

  it("holds no output of a flow that is over, where outputs are let go", async () => {
    const { report } = await run((diary) => draftLoop(diary), { keep: "roots" });
    expect([...report.taskReturnSet.keys()]).toEqual(["draft"]);
    expect(report.unwrap().draft).toEqual({ text: "tea!!", score: 3 });
  });

  it("lets go of what a flow gave, where outputs are let go, when the next one comes up", async () => {
    const clock = new VirtualClock();
    const graph = draftLoop(new Diary(clock));
    const { options, recording } = recorded({ clock, keep: "roots" });
    await clock.run(graph.run(options));
    const next = trace(graph.plan(), recording).filter((line) => line.includes("goes on with"));
    expect(next).toHaveLength(2);
    expect(next[0]).toContain("release draft[0].critic");
    expect(next[1]).toContain("release draft[1].critic");
  });

  it.each(["is called off", "has lost what it reads"])(
    "lets go of what a flow gave, where outputs are let go, when the loop %s before the next one",
    async (what) => {
      const clock = new VirtualClock();
      const diary = new Diary(clock);
      const gone = new Gate();
      const db = task("db", () => "db", { release: () => {}, lost: () => gone.promise });
      const up = loop(
        "up",
        { db },
        {
          first: () => draftFlow(diary, "a", 1),
          next: ({ text }) => draftFlow(diary, text, 1),
          until: () => clock.wait(30).then(() => true),
          max: 3,
        },
      );
      const run = flow("outer", { up }).start({ clock, keep: "roots" });
      clock.after(20, () => (what === "is called off" ? run.cancelTask("up") : gone.open()));
      const report = await clock.run(run.report);
      expect(statuses(report).up).toBe(what === "is called off" ? "cancelled" : "failed");
      expect(statuses(report)["up[0].critic"]).toBe("completed");
      expect([...report.taskReturnSet.keys()]).toEqual([]);
    },
  );

  it("lets a recursion of loops come to a hundred flows inside of one another", async () => {
    const deeper = (): Flow<{ next: unknown }> =>
      flow("deeper", {
        next: loop("next", {}, { first: deeper, next: deeper, until: () => true, max: 1 }),
      });
    const { report } = await run(deeper);
    expect(report.totalTasks).toBe(101);
    expect(report.errorSummary[0]).toContain("no more may be inside of one another");
  });

  it("asks steps in the async context of whoever ran the flow", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const look = <T>(given: T): T => {
      seen.push(storage.getStore());
      return given;
    };
    await storage.run("mine", () =>
      run((diary, clock) =>
        draftLoop(diary, {
          first: () => look(draftFlow(diary, "a", 1)),
          next: () => clock.wait(2).then(() => look(draftFlow(diary, "b", 3))),
          until: ({ score }) => look(score === 3),
        }),
      ),
    );
    expect(seen).toEqual(["mine", "mine", "mine", "mine"]);
  });

  it("goes through ten thousand flows without a stack, when all answer at once", async () => {
    const counted = (n: number): Flow<{ n: number }> => flow("n", { n: task("n", () => n) });
    const { report } = await run(() =>
      flow("outer", {
        up: loop(
          "up",
          {},
          {
            first: () => counted(1),
            next: ({ n }) => counted(n + 1),
            until: ({ n }) => n === 10_000,
            max: 10_000,
          },
        ),
      }),
    );
    expect(report.unwrap().up.n).toBe(10_000);
    expect(report.totalTasks).toBe(10_001);
  });

  it("releases what the loop reads when the loop has ended", async () => {
    const told: string[] = [];
    await run((diary) => {
      diary.onStart = (name) => told.push(name);
      const db = task("db", () => "db", { release: () => void told.push("released") });
      const up = loop(
        "up",
        { db },
        {
          first: () => draftFlow(diary, "a", 1),
          next: ({ text, score }) => draftFlow(diary, text, score + 1),
          until: ({ score }) => score === 2,
          max: 3,
        },
      );
      return flow("outer", { up });
    });
    expect(told).toEqual([
      "up[0].write",
      "up[0].critic",
      "up[1].write",
      "up[1].critic",
      "released",
    ]);
  });

  it("releases what lives in a flow of it before the next one comes up", async () => {
    const told: string[] = [];
    await run((diary) => {
      diary.onStart = (name) => told.push(name);
      const made = (n: number): Flow<{ n: number }> => {
        const page = task("page", () => n, { release: (page) => void told.push(`close ${page}`) });
        const reads = diary.task({ ms: 2 });
        const read = task("read", { page }, async ({ page }, context) => {
          await reads({}, context);
          return page;
        });
        return flow("n", { n: read });
      };
      const up = loop(
        "up",
        {},
        { first: () => made(0), next: ({ n }) => made(n + 1), until: ({ n }) => n === 2, max: 3 },
      );
      return flow("outer", { up });
    });
    expect(told).toEqual([
      "up[0].read",
      "close 0",
      "up[1].read",
      "close 1",
      "up[2].read",
      "close 2",
    ]);
  });

  it.each(["fails", "is under way when the loop is called off"])(
    "releases what lives in a flow of it, also when that %s",
    async (how) => {
      const clock = new VirtualClock();
      const diary = new Diary(clock);
      const released: string[] = [];
      const made = (): Flow<{ read: unknown }> => {
        const release = async (page: string): Promise<void> => {
          await clock.wait(3);
          released.push(page);
          if (how === "fails") throw new Error("stuck");
        };
        const page = task("page", () => "page", { release });
        return flow("n", { read: task("read", { page }, diary.task({ ms: 2 })) });
      };
      let flows = 0;
      const until = (): boolean => ++flows === 2;
      const up = loop("up", {}, { first: made, next: made, until, max: 3 });
      const run = flow("outer", { up }).start({ clock });
      if (how !== "fails") clock.after(3, () => run.cancelTask("up"));
      const report = await clock.run(run.report);
      if (how === "fails") {
        expect(statuses(report)).toMatchObject({ up: "completed", "up[1].read": "completed" });
        expect(report.executionState).toBe("failed");
        expect(row(report, "up[0].page").releaseError?.message).toBe("stuck");
        expect(released).toEqual(["page", "page"]);
      } else {
        expect(statuses(report)).toMatchObject({ up: "cancelled", "up[0].read": "completed" });
        expect(released).toEqual(["page"]);
        expect(flows).toBe(0);
        expect(report.totalDurationMs).toBe(5);
      }
    },
  );

  it("fails the loop between two flows when what it reads has gone", async () => {
    const gone = new Gate();
    const { report } = await run((diary, clock) => {
      clock.after(20, () => gone.open());
      const db = task("db", () => "db", { release: () => {}, lost: () => gone.promise });
      const up = loop(
        "up",
        { db },
        {
          first: () => draftFlow(diary, "a", 1),
          next: ({ text }) => draftFlow(diary, text, 1),
          until: () => clock.wait(30).then(() => false),
          max: 3,
        },
      );
      return flow("outer", { up });
    });
    expect(report.outcome("up")).toMatchObject({
      status: "failed",
      error: { code: "ASTRUM_LOST" },
    });
    expect(row(report, "up").overrunMs).toBe(13);
  });

  it("fails the loop when what it reads has gone, also when the flow that is spared ends well", async () => {
    const gone = new Gate();
    const { report } = await run((diary, clock) => {
      clock.after(20, () => gone.open());
      const db = task("db", () => "db", { release: () => {}, lost: () => gone.promise });
      const made = () =>
        flow("n", { n: task("n", diary.task({ ms: 30 }), { uninterruptible: true }) });
      const up = loop("up", { db }, { first: made, next: made, until: () => true, max: 3 });
      return flow("outer", { up });
    });
    expect(statuses(report)).toMatchObject({ "up[0].n": "completed", up: "failed" });
    expect(report.outcome("up")).toMatchObject({ error: { code: "ASTRUM_LOST" } });
  });

  it("is told from its tail, and goes on when the run has settled", async () => {
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const draft = draftTask(diary);
    const main = task("main", diary.task({ ms: 1 }));
    const report = await clock.run(flow("outer", { main }, { tails: { draft } }).run({ clock }));
    expect(statuses(report)).toMatchObject({ main: "completed", draft: "detached" });
    await clock.run(report.tail);
    expect(diary.ended.at(-1)).toBe("draft[2].critic");
  });
});

describe("A loop that is taken up", () => {
  const about = (topic: string) => (diary: Diary) =>
    flow("essay", {
      draft: loop(
        "draft",
        { topic: value(topic) },
        {
          first: ({ topic }) => draftFlow(diary, topic, 1),
          next: ({ text, score }) => draftFlow(diary, `${text}!`, score + 1),
          until: ({ score }) => score >= 3,
          max: 5,
        },
      ),
    });

  const essay = about("tea");

  it("from every prefix of its journal calls nothing that was stored, and gives the same", async () => {
    const first = new Notebook();
    const { report: whole } = await run(essay, { journal: first.journal });
    expect(first.tasks).toEqual([
      "draft[0].write",
      "draft[0].critic",
      "draft[1].write",
      "draft[1].critic",
      "draft[2].write",
      "draft[2].critic",
      "draft",
    ]);
    for (let cut = 0; cut <= first.tasks.length; cut++) {
      const notebook = new Notebook();
      notebook.entries.push(...first.entries);
      notebook.cut(cut);
      const second = new Notebook();
      const { report, diary } = await run(essay, {
        resumeFrom: reportOfJournal(notebook.entries),
        journal: second.journal,
      });
      expect(report.unwrap()).toEqual(whole.unwrap());
      expect(diary.started, `cut ${cut}`).toEqual(first.tasks.slice(0, -1).slice(cut));
      const third = await run(essay, { resumeFrom: reportOfJournal(second.entries) });
      expect(third.diary.started).toEqual([]);
      expect(third.report.unwrap()).toEqual(whole.unwrap());
      const fourth = await run(essay, { resumeFrom: written(report) });
      expect(fourth.diary.started).toEqual([]);
    }
  });

  it("loses nothing that was stored, wherever it is killed, and each run that takes it up", async () => {
    /** A run in a process that is killed when its journal is told the n-th entry: what that left, with what was there. */
    const life = async (left: readonly JournalEntry[], killedAt: number) => {
      const notebook = new Notebook();
      const { report, diary } = await run(essay, {
        ...(left.length > 0 && { resumeFrom: reportOfJournal(left) }),
        journal: (entry) => {
          if (notebook.entries.length === killedAt) throw new Error("killed");
          notebook.journal(entry);
        },
      });
      return { report, calls: diary.started, entries: [...left, ...notebook.entries] };
    };
    const whole = await life([], Number.POSITIVE_INFINITY);
    for (let first = 0; first <= whole.entries.length; first++) {
      for (let second = 0; second <= whole.entries.length; second++) {
        let left: readonly JournalEntry[] = [];
        for (const killedAt of [first, second, second, Number.POSITIVE_INFINITY]) {
          const stored = new Set(left.map(({ task }) => task));
          const { report, calls, entries } = await life(left, killedAt);
          expect(calls.filter((name) => stored.has(name))).toEqual([]);
          if (killedAt > whole.entries.length)
            expect(report.unwrap()).toEqual(whole.report.unwrap());
          left = entries;
        }
      }
    }
  });

  it("after ten thousand flows calls the one that was not stored", async () => {
    const calls: number[] = [];
    const counted = (n: number): Flow<{ n: number }> =>
      flow("n", {
        n: task("n", () => {
          calls.push(n);
          return n;
        }),
      });
    const up = () =>
      flow("outer", {
        up: loop(
          "up",
          {},
          {
            first: () => counted(1),
            next: ({ n }) => counted(n + 1),
            until: ({ n }) => n === 10_000,
            max: 10_000,
          },
        ),
      });
    const notebook = new Notebook();
    await run(up, { journal: notebook.journal });
    expect(notebook.tasks).toHaveLength(10_001);
    notebook.cut(9_999);
    calls.length = 0;
    const { report } = await run(up, { resumeFrom: reportOfJournal(notebook.entries) });
    expect(calls).toEqual([10_000]);
    expect(report.restoredTasks).toBe(9_999);
    expect(report.unwrap().up.n).toBe(10_000);
  });

  it("calls all that comes after a flow of which something runs again", async () => {
    const notebook = new Notebook();
    await run(essay, { journal: notebook.journal });
    const kept = notebook.entries.filter(
      ({ task }) => task !== "draft" && task !== "draft[1].critic",
    );
    const { report, diary } = await run(essay, { resumeFrom: reportOfJournal(kept) });
    expect(report.unwrap().draft.text).toBe("tea!!");
    expect(diary.started).toEqual(["draft[1].critic", "draft[2].write", "draft[2].critic"]);
    expect(report.resume?.rerun.find(({ task }) => task === "draft[2].write")?.why).toBe(
      'what "draft" was given has another value',
    );
  });

  it("takes over nothing that was made from another input", async () => {
    const notebook = new Notebook();
    await run(essay, { journal: notebook.journal });
    const kept = notebook.entries.filter(({ task }) => task !== "draft");
    const { report, diary } = await run(about("coffee"), {
      resumeFrom: reportOfJournal(kept),
    });
    expect(report.unwrap().draft.text).toBe("coffee!!");
    expect(diary.started).toHaveLength(6);
  });

  it("compares what `first` was given before it could change that", async () => {
    const changed = (diary: Diary, topic: string) =>
      flow("essay", {
        draft: loop(
          "draft",
          { topics: value([topic]) },
          {
            first: ({ topics }) => draftFlow(diary, topics.pop() ?? "", 1),
            next: ({ text, score }) => draftFlow(diary, text, score + 1),
            until: ({ score }) => score === 2,
            max: 5,
          },
        ),
      });
    const changing = (topic: string) => (diary: Diary) =>
      flow("outer", { inside: task("inside", () => changed(diary, topic)) });
    const notebook = new Notebook();
    await run(changing("tea"), { journal: notebook.journal });
    notebook.cut(3);
    const resumeFrom = reportOfJournal(notebook.entries);
    const same = await run(changing("tea"), { resumeFrom });
    expect(same.diary.started).toEqual(["inside.draft[1].critic"]);
    const other = await run(changing("coffee"), { resumeFrom });
    expect(other.diary.started).toHaveLength(4);
  });

  it("is replayed from its events", async () => {
    const notebook = new Notebook();
    await run(essay, { journal: notebook.journal });
    notebook.cut(3);
    const clock = new VirtualClock();
    const graph = essay(new Diary(clock));
    const { options, recording } = recorded({
      clock,
      resumeFrom: reportOfJournal(notebook.entries),
    });
    const report = await clock.run(graph.run(options));
    expect(report.restoredTasks).toBe(3);
    expect(replay(graph.plan(), recording).toJSON({ outputs: true })).toEqual(
      report.toJSON({ outputs: true }),
    );
  });

  it("hands on what was stored of a flow that was given too late to come up", async () => {
    const notebook = new Notebook();
    await run(essay, { journal: notebook.journal });
    notebook.cut(4);
    const clock = new VirtualClock();
    const diary = new Diary(clock);
    const gate = new Gate<Flow<Draft>>();
    const started = flow("essay", {
      draft: loop(
        "draft",
        { topic: value("tea") },
        {
          first: ({ topic }) => draftFlow(diary, topic, 1),
          next: () => gate.promise,
          until: ({ score }) => score >= 3,
          max: 5,
        },
      ),
    }).start({ clock, resumeFrom: reportOfJournal(notebook.entries) });
    clock.after(5, () => started.cancel());
    clock.after(9, () => gate.open(draftFlow(diary, "tea!", 2)));
    const cut = await clock.run(started.report);
    expect(statuses(cut).draft).toBe("cancelled");
    const third = await run(essay, { resumeFrom: written(cut) });
    expect(third.diary.started).toEqual(["draft[2].write", "draft[2].critic"]);
  });

  it("with a smaller `max` fails after what is restored, and calls nothing", async () => {
    const notebook = new Notebook();
    await run(essay, { journal: notebook.journal });
    notebook.cut(4);
    const { report, diary } = await run((diary) => draftLoop(diary, { max: 2 }), {
      resumeFrom: reportOfJournal(notebook.entries),
    });
    expect(report.executionState).toBe("failed");
    expect(diary.started).not.toContain("draft[2].write");
  });
});

describe("Bad input to loop()", () => {
  const steps = {
    first: () => flow("x", { x }),
    next: () => flow("x", { x }),
    until: () => true,
    max: 3,
  };
  const message = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      return (error as Error).message;
    }
    return "nothing was wrong";
  };

  it("is told at once, all of it", () => {
    expect(() => loop("", {}, steps)).toThrow(DefinitionError);
    const said = message(() =>
      loop(
        "draft",
        { topic: 3 as never },
        {
          first: undefined as never,
          next: 4 as never,
          until: steps.until,
          max: 0,
        },
      ),
    );
    for (const part of [
      'Input "topic" of task "draft" must be a task',
      'Loop "draft" needs a function as `first`, got undefined',
      'Loop "draft" needs a function as `next`, got 4',
      'Expected `max` of task "draft" to be an integer from 1 up, got `0`',
    ]) {
      expect(said).toContain(part);
    }
  });

  it("names `max`, which every loop must have", () => {
    const { max, ...endless } = steps;
    expect(message(() => loop("draft", {}, endless as never))).toContain(
      'Loop "draft" needs `max`, how many flows there are at most',
    );
    for (const most of [Number.POSITIVE_INFINITY, 2.5, "3"]) {
      expect(message(() => loop("draft", {}, { ...steps, max: most as number }))).toContain(
        "to be an integer from 1 up",
      );
    }
  });

  it("names options that a loop cannot have, and guesses", () => {
    const made = (more: object) =>
      message(() => flow("f", { a: loop("draft", {}, { ...steps, ...more }) }));
    expect(made({ retry: 2 })).toContain("`retry`");
    expect(made({ prioritty: 2 })).toContain("priority");
    expect(message(() => loop("draft", {}, undefined as never))).toContain("to be an object");
  });
});
