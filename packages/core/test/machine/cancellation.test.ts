import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/contract/clock.ts";
import {
  type Clock,
  DynamicScheduler,
  flow,
  map,
  NonErrorThrown,
  optional,
  RunAbortedError,
  Semaphore,
  settled,
  TaskCancelledError,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary, escaped, Gate, row, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("An aborted run", () => {
  it("whose signal was aborted before starts zero tasks", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task());
    const b = task("b", { a }, diary.task());
    const c = task("c", { b }, diary.task());
    const report = await clock.run(
      flow("f", { c }).run({ clock, signal: AbortSignal.abort(new Error("too late")) }),
    );
    expect(diary.started).toEqual([]);
    expect(report).toMatchObject({
      executionState: "cancelled",
      skippedTasks: 3,
      totalAttempts: 0,
    });
    expect(row(report, "c").reason).toEqual({
      kind: "aborted",
      message: "the run was aborted: too late",
    });
  });

  it("whose signal was aborted before keeps what an earlier run left to it", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ return: 1 }));
    const b = task("b", { a }, diary.task({ throw: "broken" }));
    const c = task("c", { b }, diary.task());
    const resumable = flow("f", { c });
    const first = await clock.run(resumable.run({ clock }));
    const report = await clock.run(
      resumable.run({
        clock,
        resumeFrom: first.toJSON({ outputs: true }),
        signal: AbortSignal.abort(),
      }),
    );
    expect(statuses(report)).toEqual({ a: "restored", b: "skipped", c: "skipped" });
    expect(diary.started).toEqual(["a", "b"]);
  });

  it.each(["the caller's signal", "cancel()"])(
    "by %s asks what runs and starts nothing more",
    async (way) => {
      const { clock, diary } = setup();
      const controller = new AbortController();
      const runs = task("runs", diary.task({ ms: 100 }));
      const waits = task("waits", { runs }, diary.task({ ms: 100 }));
      const behind = task("behind", { waits }, diary.task({ ms: 100 }));
      const queued = task("queued", diary.task({ ms: 100 }));
      const run = flow("f", { behind, queued }).start({
        clock,
        concurrency: 1,
        signal: controller.signal,
      });
      await clock.advance(30);
      if (way === "cancel()") run.cancel(new Error("enough"));
      else controller.abort(new Error("enough"));
      const report = await clock.run(run.report);
      expect(report).toMatchObject({ executionState: "cancelled", totalDurationMs: 30 });
      const aborted = { kind: "aborted", message: "the run was aborted: enough" };
      expect(
        report.taskStatistics.map(({ taskName, status, reason }) => [taskName, status, reason]),
      ).toEqual([
        ["runs", "cancelled", aborted],
        ["queued", "cancelled", { kind: "not-started", message: aborted.message }],
        ["waits", "skipped", aborted],
        ["behind", "skipped", aborted],
      ]);
      expect(() => report.unwrap()).toThrow("the run was aborted: enough");
    },
  );

  it("by its own task, in the middle of its call, stops there", async () => {
    const { clock, diary } = setup();
    const controller = new AbortController();
    const suicidal = task("suicidal", () => controller.abort());
    const next = task("next", { suicidal }, diary.task());
    const sibling = task("sibling", diary.task());
    const report = await clock.run(
      flow("f", { next, sibling }).run({ clock, signal: controller.signal, concurrency: 1 }),
    );
    expect(report.executionState).toBe("cancelled");
    expect(diary.started).toEqual([]);
    expect(row(report, "suicidal")).toMatchObject({ status: "cancelled", attemptCount: 1 });
  });

  it("a second time changes nothing", async () => {
    const { clock, diary } = setup();
    const runs = task("runs", diary.task({ ms: 100 }));
    const run = flow("f", { runs }).start({ clock });
    await clock.advance(10);
    run.cancel(new Error("first"));
    run.cancel(new Error("second"));
    const report = await clock.run(run.report);
    run.cancel(new Error("third"));
    expect(row(report, "runs").reason).toMatchObject({ message: "the run was aborted: first" });
    expect(report.executionState).toBe("cancelled");
  });

  it("after it was over is as it was", async () => {
    const { clock, diary } = setup();
    const done = task("done", diary.task());
    const run = flow("f", { done }).start({ clock });
    const report = await clock.run(run.report);
    run.cancel();
    run.cancelTask("done");
    expect(report.executionState).toBe("completed");
    expect(statuses(report)).toEqual({ done: "completed" });
  });
});

describe("The signal of an attempt", () => {
  it("has a typed error as its reason, whose cause is the caller's", async () => {
    for (const reason of [new Error("mine"), "a text", 42, null, { any: "thing" }, undefined]) {
      const { clock } = setup();
      let told: unknown;
      const runs = task("runs", async (_, { signal }) => {
        await clock.wait(100, signal).catch(() => {});
        told = signal.reason;
      });
      const run = flow("f", { runs }).start({ clock });
      await clock.advance(1);
      run.cancel(reason);
      const report = await clock.run(run.report);
      expect(told).toBeInstanceOf(RunAbortedError);
      expect(told).toMatchObject({ code: "ASTRUM_ABORTED" });
      const { cause } = told as Error;
      if (reason === undefined) expect(cause).toBeUndefined();
      else if (reason instanceof Error) expect(cause).toBe(reason);
      else {
        expect(cause).toBeInstanceOf(NonErrorThrown);
        expect((cause as Error).cause).toBe(reason);
      }
      expect(report.outcome(runs)).toEqual({ status: "cancelled", reason: told });
    }
  });

  it("is the same reason for all tasks of the run", async () => {
    const { clock } = setup();
    const reasons = new Set<unknown>();
    const roots = Object.fromEntries(
      ["a", "b", "c"].map((name) => [
        name,
        task(name, async (_, { signal }) => {
          await clock.wait(100, signal).catch((reason) => reasons.add(reason));
        }),
      ]),
    );
    const run = flow("f", roots).start({ clock });
    await clock.advance(1);
    run.cancel();
    await clock.run(run.report);
    expect(reasons.size).toBe(1);
  });

  it("is made when it is first read, and is aborted also for who reads it late", async () => {
    const { clock } = setup();
    let late: AbortSignal | undefined;
    const original = globalThis.AbortController;
    let made = 0;
    globalThis.AbortController = class extends original {
      constructor() {
        super();
        made++;
      }
    };
    try {
      const never = task("never", () => clock.wait(100));
      const reads = task("reads", async (_, context) => {
        await clock.wait(50);
        late = context.signal;
      });
      const run = flow("f", { never, reads }).start({ clock });
      await clock.advance(10);
      run.cancel();
      await clock.run(run.report);
    } finally {
      globalThis.AbortController = original;
    }
    expect(made).toBe(1);
    expect(late?.aborted).toBe(true);
    expect(late?.reason).toBeInstanceOf(RunAbortedError);
  });

  it("is another one for each attempt", async () => {
    const { clock } = setup();
    const signals: AbortSignal[] = [];
    const slow = task(
      "slow",
      async (_, { signal, attempt }) => {
        signals.push(signal);
        await clock.wait(attempt === 1 ? 100 : 1, signal);
      },
      { timeoutMs: 10, retry: 1 },
    );
    const report = await clock.run(flow("f", { slow }).run({ clock }));
    expect(report.executionState).toBe("completed");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });
});

describe("A task that was asked to stop", () => {
  it("ends `cancelled` however its function ends, and its result is discarded", async () => {
    const { clock } = setup();
    const returns = task("returns", async (_, { signal }) => {
      await clock.wait(100, signal).catch(() => {});
      return "a result";
    });
    const throws = task("throws", async (_, { signal }) => {
      await clock.wait(100, signal);
    });
    const run = flow("f", { returns, throws }).start({ clock });
    await clock.advance(10);
    run.cancel();
    const report = await clock.run(run.report);
    expect(statuses(report)).toEqual({ returns: "cancelled", throws: "cancelled" });
    expect(report.outputs).toEqual({});
    expect(report.taskReturnSet.size).toBe(0);
    expect(row(report, "throws").attemptStatistics[0]).not.toHaveProperty("error");
    expect(row(report, "throws").ignoredSignal).toBeUndefined();
    expect(row(report, "returns").ignoredSignal).toBeUndefined();
  });

  it("keeps on its attempt an error other than the reason it was given", async () => {
    const { clock } = setup();
    const failed = new RangeError("while stopping");
    const clumsy = task("clumsy", async (_, { signal }) => {
      await clock.wait(100, signal).catch(() => {});
      throw failed;
    });
    const wrapping = task("wrapping", async (_, { signal }) => {
      await clock.wait(100, signal).catch((cause) => {
        throw new Error("wrapped", { cause });
      });
    });
    const fetching = task("fetching", async (_, { signal }) => {
      await clock.wait(100, signal).catch(() => {
        throw new DOMException("This operation was aborted", "AbortError");
      });
    });
    const run = flow("f", { clumsy, wrapping, fetching }).start({ clock });
    await clock.advance(10);
    run.cancel();
    const report = await clock.run(run.report);
    expect(row(report, "clumsy")).toMatchObject({
      status: "cancelled",
      attemptStatistics: [{ status: "cancelled", error: { name: "RangeError" } }],
    });
    // To pass the reason on, or to say `AbortError` as the platform does, is to obey.
    for (const name of ["wrapping", "fetching"]) {
      expect(row(report, name).attemptStatistics[0]).not.toHaveProperty("error");
    }
    expect(report.failedTasks).toBe(0);
    expect(report.errorSummary).toEqual([]);
  });

  it("and went on says so, and keeps its slot until it ends", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 100, deaf: true }));
    const other = task("other", diary.task({ ms: 10 }));
    const run = flow("f", { deaf, other }).start({ clock, concurrency: 1 });
    await clock.advance(40);
    run.cancelTask("deaf");
    const report = await clock.run(run.report);
    expect(row(report, "deaf")).toMatchObject({
      status: "cancelled",
      endAt: 100,
      ignoredSignal: true,
      overrunMs: 60,
    });
    expect(row(report, "other").startAt).toBe(100);
  });
});

describe("The signal of a task", () => {
  it("may be listened to by any number, in its attempt and its cleanups: no warning of a leak", async () => {
    const { clock } = setup();
    const listens = (signal: AbortSignal): void => {
      for (let at = 0; at < 30; at++) signal.addEventListener("abort", () => {});
    };
    const many = task("many", (_, { signal, defer }) => {
      defer(listens);
      listens(signal);
    });
    const lost = await escaped(() => clock.run(flow("f", { many }).run({ clock })));
    expect(lost).toEqual([]);
  });
});

describe("cancelTask", () => {
  it("finds an item without looking at the others, and knows no other way to write its name", async () => {
    const { clock } = setup();
    const list = task("list", () => Array.from({ length: 10_000 }));
    const items = map("items", list, () => clock.wait(10), { concurrency: 1 });
    const named = map(
      "other[7]",
      task("pair", () => [1, 2]),
      () => clock.wait(10),
    );
    const graph = flow("f", { items, named });
    let reads = 0;
    for (const one of [items, named]) {
      const { name } = one;
      Object.defineProperty(one, "name", {
        get: () => {
          reads++;
          return name;
        },
      });
    }
    const run = graph.start({ clock });
    await clock.advance(1);
    reads = 0;
    run.cancelTask("items[9999]");
    expect(reads).toBeLessThan(10);
    for (const name of [
      "items[10000]",
      "items[01]",
      "items[-1]",
      "items[1e1]",
      "items[]",
      "items[1",
    ]) {
      expect(() => run.cancelTask(name)).toThrow(`There is no task "${name}" in this run`);
    }
    run.cancelTask("other[7][1]");
    run.cancelTask("items");
    const report = await clock.run(run.report);
    expect(report.outcome("items[9999]").status).toBe("cancelled");
    expect(report.outcome("other[7][1]").status).toBe("cancelled");
    expect(report.outcome("items[0]").status).toBe("cancelled");
    expect(() => report.outcome("items[10000]")).toThrow(RangeError);
  });

  it("fails the task for its dependents, and the run goes on", async () => {
    const { clock, diary } = setup();
    const called = task("called", diary.task({ ms: 100 }));
    const needs = task("needs", { called }, diary.task());
    const takes = task("takes", { called: settled(called) }, ({ called }) => called);
    const other = task("other", diary.task({ ms: 200 }));
    const run = flow("f", { needs, takes, other }).start({ clock });
    await clock.advance(10);
    const why = new Error("not wanted");
    run.cancelTask("called", why);
    const report = await clock.run(run.report);
    expect(report.executionState).toBe("completed");
    expect(report.totalDurationMs).toBe(200);
    expect(statuses(report)).toEqual({
      called: "cancelled",
      needs: "skipped",
      takes: "completed",
      other: "completed",
    });
    const outcome = report.outputs.takes;
    expect(outcome).toMatchObject({ status: "cancelled", reason: { code: "ASTRUM_CANCELLED" } });
    const { reason } = outcome as { reason: TaskCancelledError };
    expect(reason).toBeInstanceOf(TaskCancelledError);
    expect(reason).toMatchObject({ task: "called", cause: why });
    expect(row(report, "called").reason).toEqual({
      kind: "aborted",
      message: "cancelled by the caller: not wanted",
    });
  });

  it("calls off a task that waits, and what waits for it", async () => {
    const { clock, diary } = setup();
    const first = task("first", diary.task({ ms: 10 }));
    const second = task("second", { first }, diary.task());
    const third = task("third", { second }, diary.task());
    const run = flow("f", { third }).start({ clock });
    await clock.advance(1);
    run.cancelTask("second");
    const report = await clock.run(run.report);
    expect(statuses(report)).toEqual({ first: "completed", second: "cancelled", third: "skipped" });
    expect(row(report, "third").reason).toEqual({
      kind: "dependency",
      task: "second",
      root: "second",
    });
    expect(diary.started).toEqual(["first"]);
  });

  it("calls off a task that is ready, with no attempt made", async () => {
    const { clock, diary } = setup();
    const runs = task("runs", diary.task({ ms: 10 }));
    const ready = task("ready", diary.task());
    const last = task("last", diary.task());
    const run = flow("f", { runs, ready, last }).start({ clock, concurrency: 1 });
    await clock.advance(1);
    run.cancelTask("ready");
    const report = await clock.run(run.report);
    expect(row(report, "ready")).toMatchObject({ status: "cancelled", attemptCount: 0 });
    expect(diary.started).toEqual(["runs", "last"]);
  });

  it("calls off a task that is between two attempts, at once", async () => {
    const { clock, diary } = setup();
    const delayed = task("delayed", diary.task({ ms: 1, throw: "again" }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 1000 },
    });
    const run = flow("f", { delayed }).start({ clock });
    await clock.advance(10);
    run.cancelTask("delayed");
    const report = await clock.run(run.report);
    expect(report.totalDurationMs).toBe(10);
    expect(clock.pending).toBe(0);
    expect(row(report, "delayed")).toMatchObject({ status: "cancelled", attemptCount: 1 });
  });

  it("calls off one item, and its map with it", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => [1, 2, 3]);
    const items = map("items", list, diary.item({ ms: 100 }));
    const run = flow("f", { items }).start({ clock });
    await clock.advance(10);
    run.cancelTask("items[1]");
    const report = await clock.run(run.report);
    expect(report.executionState).toBe("completed");
    expect(statuses(report)).toEqual({
      list: "completed",
      items: "cancelled",
      "items[0]": "completed",
      "items[1]": "cancelled",
      "items[2]": "completed",
    });
    expect(row(report, "items").endAt).toBe(100);
  });

  it("calls off a map with all its items, and starts none of those that had not begun", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => [1, 2, 3, 4]);
    const items = map("items", list, diary.item({ ms: 5, throw: "again" }), {
      concurrency: 1,
      retry: { attempts: 1, backoff: "fixed", baseMs: 1000 },
    });
    const run = flow("f", { items }).start({ clock });
    await clock.advance(10);
    run.cancelTask("items");
    const report = await clock.run(run.report);
    expect(diary.started).toEqual(["items[0]"]);
    expect(report.cancelledTasks).toBe(5);
    expect(report.totalDurationMs).toBe(10);
  });

  it("by the task itself while it is called discards what it goes on to return", async () => {
    const { clock } = setup();
    const journal: string[] = [];
    const first = task("first", () => clock.wait(1));
    const self = task("self", { first }, () => {
      run.cancelTask("self");
      return "left behind";
    });
    const reader = task("reader", { self: optional(self) }, ({ self }) => `got ${self}`);
    const run = flow("f", { reader }).start({
      clock,
      journal: ({ type, task }) => type === "completed" && journal.push(String(task)),
    });
    const report = await clock.run(run.report);
    expect(statuses(report)).toEqual({
      first: "completed",
      self: "cancelled",
      reader: "completed",
    });
    expect(report.outputs.reader).toBe("got undefined");
    expect(journal).toEqual(["first", "reader"]);
  });

  it("of a name that the run does not have is an error", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ ms: 1 }));
    const run = flow("f", { a }).start({ clock });
    expect(() => run.cancelTask("b")).toThrow('There is no task "b"');
    expect((await clock.run(run.report)).executionState).toBe("completed");
  });

  it("of a task that has ended changes nothing", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ ms: 1 }));
    const b = task("b", { a }, diary.task({ ms: 10 }));
    const run = flow("f", { b }).start({ clock });
    await clock.advance(5);
    run.cancelTask("a");
    expect(statuses(await clock.run(run.report))).toEqual({ a: "completed", b: "completed" });
  });
});

describe("The caller's signal", () => {
  it("has no listener left after a fan-out of 10,000, and no warning was printed", async () => {
    const { clock } = setup();
    const controller = new AbortController();
    let most = 0;
    const root = task("root", () => clock.wait(1));
    const roots = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, at) => [
        `t${at}`,
        task(`t${at}`, { root }, (_, { signal }) => {
          most = Math.max(most, getEventListeners(controller.signal, "abort").length);
          return clock.wait(1, signal);
        }),
      ]),
    );
    const seen = await escaped(async () => {
      const report = await clock.run(
        flow("f", roots).run({ clock, signal: controller.signal, concurrency: 100 }),
      );
      expect(report.successfulTasks).toBe(10_001);
    });
    expect(most).toBe(1);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(seen).toEqual([]);
  });

  it("may be shared by 50 runs at once without a warning, and aborts them all", async () => {
    const { clock, diary } = setup();
    const controller = new AbortController();
    const runs = task("runs", diary.task({ ms: 100 }));
    const once = flow("f", { runs });
    const seen = await escaped(async () => {
      const all = Array.from({ length: 50 }, () => once.run({ clock, signal: controller.signal }));
      await clock.advance(10);
      controller.abort();
      const reports = await clock.run(Promise.all(all));
      expect(new Set(reports.map(({ executionState }) => executionState))).toEqual(
        new Set(["cancelled"]),
      );
    });
    expect(seen).toEqual([]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("can serve a run after others have left it", async () => {
    const { clock, diary } = setup();
    const controller = new AbortController();
    const short = task("short", diary.task({ ms: 10 }));
    const long = task("long", diary.task({ ms: 100 }));
    const first = flow("f", { short }).run({ clock, signal: controller.signal });
    const second = flow("g", { long }).run({ clock, signal: controller.signal });
    await clock.run(first);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    controller.abort();
    expect((await clock.run(second)).executionState).toBe("cancelled");
  });

  it("need not be AbortSignal's own: what a polyfill gives will do", async () => {
    const { clock, diary } = setup();
    const target = new EventTarget();
    const signal = Object.assign(target, { aborted: false, reason: "polyfilled" });
    const runs = task("runs", diary.task({ ms: 100 }));
    const run = flow("f", { runs }).run({ clock, signal: signal as unknown as AbortSignal });
    await clock.advance(10);
    signal.aborted = true;
    signal.dispatchEvent(new Event("abort"));
    expect((await clock.run(run)).executionState).toBe("cancelled");
  });
});

describe("A run whose inputs are still being computed", () => {
  it("is aborted, settles when its grace period is over, and does not hear of them later", async () => {
    const { clock, diary } = setup();
    const controller = new AbortController();
    const gate = new Gate<number>();
    const scheduler = new DynamicScheduler([["reader", diary.task()]], [{ taskName: "reader" }], {
      clock,
      signal: controller.signal,
      graceMs: 0,
      taskDataRefs: {
        reader: { inputs: [{ from: { compute: () => gate.promise }, to: { key: "n" } }] },
      },
    });
    const run = scheduler.execute();
    await clock.advance(10);
    controller.abort();
    const report = await clock.run(run);
    expect(statuses(report)).toEqual({ reader: "skipped" });
    expect(await escaped(async () => gate.fail(new Error("too late")))).toEqual([]);
    expect(diary.started).toEqual([]);
  });
});

describe("A clock that goes back", () => {
  it("leaves no duration below zero", async () => {
    let now = 1000;
    const clock: Clock = { ...systemClock, now: () => (now -= 7) };
    const first = task("first", async () => {}, { retry: 1 });
    const report = await flow("f", { last: task("last", { first }, () => {}) }).run({ clock });
    for (const { durationMs, queuedMs, runMs } of report.taskStatistics) {
      expect(Math.min(durationMs, queuedMs, runMs)).toBeGreaterThanOrEqual(0);
    }
    expect(report.totalDurationMs).toBeGreaterThanOrEqual(0);
  });
});

describe("A run that waits for a shared semaphore", () => {
  it("is aborted without a permit, and takes none", async () => {
    const { clock, diary } = setup();
    const concurrency = new Semaphore(1);
    const holder = flow("holder", { holds: task("holds", diary.task({ ms: 100 })) });
    const first = holder.run({ clock, concurrency });
    const run = flow("f", { waits: task("waits", diary.task({ ms: 100 })) }).start({
      clock,
      concurrency,
    });
    await clock.advance(10);
    run.cancel();
    expect((await clock.run(run.report)).totalDurationMs).toBe(10);
    await clock.run(first);
    const after = await clock.run(holder.run({ clock, concurrency }));
    expect(after.totalDurationMs).toBe(100);
    expect(diary.started).toEqual(["holds", "holds"]);
  });
});
