import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { RECORDER } from "../../src/doors/launch.ts";
import { flow, map, Semaphore, TimeoutError, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Program } from "../program.ts";
import { Diary, escaped, Gate, row, statuses } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("When a run has settled", () => {
  it("nothing of it starts later: six tasks, a chain among them, and one that fails at 5 ms", async () => {
    const { clock, diary } = setup();
    const fails = task("fails", diary.task({ ms: 5, throw: "broken" }));
    const one = task("one", diary.task({ ms: 30 }));
    const two = task("two", { one }, diary.task({ ms: 30 }));
    const three = task("three", { two }, diary.task({ ms: 30 }));
    const roots = Object.fromEntries(
      ["a", "b", "c"].map((name) => [name, task(name, diary.task({ ms: 30, deaf: true }))]),
    );
    const report = await clock.run(
      flow("f", { fails, three, ...roots }).run({ clock, concurrency: 4 }),
    );
    expect(report.executionState).toBe("failed");
    expect(diary.running.size).toBe(0);
    const started = diary.started.length;
    await clock.advance(10_000);
    expect(diary.started).toHaveLength(started);
    expect(diary.ended).toHaveLength(started);
    expect(clock.pending).toBe(0);
  });

  it.each(["stop", "drain", "continue"] as const)(
    "under `%s` no started task is still running",
    async (failure) => {
      const { clock, diary } = setup();
      const fails = task("fails", diary.task({ ms: 5, throw: "broken" }));
      const polite = task("polite", diary.task({ ms: 80 }));
      const deaf = task("deaf", diary.task({ ms: 120, deaf: true }));
      const next = task("next", { polite }, diary.task({ ms: 10 }));
      await clock.run(flow("f", { fails, next, deaf }).run({ clock, failure }));
      expect([...diary.running]).toEqual([]);
    },
  );

  it("no timer of it is left on the clock", async () => {
    const { clock, diary } = setup();
    const limited = task("limited", diary.task({ ms: 5 }), { timeoutMs: 1000 });
    const delayed = task("delayed", diary.task({ ms: 1, throw: "again" }), {
      retry: { attempts: 1, backoff: "fixed", baseMs: 500 },
    });
    const fails = task("fails", diary.task({ ms: 10, throw: "broken" }));
    await clock.run(
      flow("f", { limited, delayed, fails }).run({ clock, timeoutMs: 60_000, graceMs: 1000 }),
    );
    expect(clock.pending).toBe(0);
  });

  it("every task has exactly one final status and the counts add up", async () => {
    const { clock, diary } = setup();
    const a = task("a", diary.task({ ms: 5, throw: "broken" }));
    const b = task("b", { a }, diary.task());
    const c = task("c", diary.task({ ms: 50 }));
    const tail = task("tail", diary.task({ ms: 500 }));
    const report = await clock.run(flow("f", { b, c }, { tails: { tail } }).run({ clock }));
    const { successfulTasks, failedTasks, cancelledTasks, skippedTasks } = report;
    const { restoredTasks, detachedTasks, abandonedTasks, totalTasks } = report;
    expect([successfulTasks, failedTasks, cancelledTasks, skippedTasks]).toEqual([0, 1, 1, 1]);
    expect([restoredTasks, detachedTasks, abandonedTasks, totalTasks]).toEqual([0, 1, 0, 4]);
  });

  it("a flow without tasks is completed with nothing", async () => {
    const report = await flow("empty", {}).run();
    expect(report).toMatchObject({ executionState: "completed", totalTasks: 0, totalStages: 0 });
    expect(report.analysis).toMatchObject({ criticalPath: [], boundBy: "none" });
  });
});

describe("An error of the engine's own", () => {
  it.each([1, 2, 4])("rejects the run, which never hangs for it (at event %s)", async (at) => {
    const { clock, diary } = setup();
    const controller = new AbortController();
    const { signal } = controller;
    const sync = task("sync", diary.task());
    const later = task("later", { sync }, diary.task({ ms: 10 }));
    let events = 0;
    const recorder = {
      begin: () => {},
      end: () => {},
      event: () => {
        if (++events === at) throw new Error("a fault");
      },
    };
    const options = { clock, signal, timeoutMs: 1000, [RECORDER]: recorder };
    const last = task("last", { later }, diary.task());
    await expect(clock.run(flow("f", { last }).run(options))).rejects.toThrow("a fault");
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("a run without a report has asked its tasks to stop, starts none, and holds nothing that others wait for", async () => {
    const { clock, diary } = setup();
    const permits = new Semaphore(2);
    const llm = new Semaphore(3);
    const options = { clock, concurrency: permits, resources: { llm } };
    let events = 0;
    const recorder = {
      begin: () => {},
      end: () => {},
      event: ({ type }: { readonly type: string }) => {
        if (type === "returned" && ++events === 1) throw new Error("a fault");
      },
    };
    const recorded = { ...options, [RECORDER]: recorder };
    const quick = task("quick", diary.task({ ms: 5 }));
    const after = task("after", { quick }, diary.task({ ms: 5 }));
    const long = task("long", diary.task({ ms: 1000 }), { resources: { llm: 2 } });
    const waits = task("waits", diary.task({ ms: 5 }), { resources: { llm: 3 } });
    const broken = flow("f", { after, long, waits }).run(recorded);
    await expect(clock.run(broken)).rejects.toThrow("a fault");
    expect(clock.now()).toBe(5);
    expect(diary.started).toEqual(["quick", "long"]);
    expect(diary.running.size).toBe(0);
    const next = task("next", diary.task({ ms: 5 }), { resources: { llm: 3 } });
    const report = await clock.run(flow("g", { next, other: quick }).run(options));
    expect(report).toMatchObject({ executionState: "completed", totalDurationMs: 5 });
  });
});

describe("A grace period", () => {
  it("counts from the abort, and at its end the attempt is abandoned", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 10_000, deaf: true }));
    const polite = task("polite", diary.task({ ms: 10_000 }));
    const run = flow("f", { deaf, polite }).start({ clock, graceMs: 50 });
    await clock.advance(100);
    run.cancel();
    const report = await clock.run(run.report);
    expect(report).toMatchObject({
      executionState: "cancelled",
      totalDurationMs: 150,
      abandonedTasks: 1,
      cancelledTasks: 1,
    });
    expect(row(report, "deaf")).toMatchObject({
      status: "abandoned",
      reason: { kind: "aborted" },
      ignoredSignal: true,
      overrunMs: 50,
      endAt: 150,
      attemptStatistics: [{ status: "abandoned", endAt: 150 }],
    });
    expect(row(report, "polite")).toMatchObject({ status: "cancelled", endAt: 100 });
    expect(report.outcome(deaf)).toMatchObject({ status: "abandoned" });
  });

  it("is not used up by a task that ends within it", async () => {
    const { clock, diary } = setup();
    const slow = task("slow", diary.task({ ms: 120, deaf: true }));
    const run = flow("f", { slow }).start({ clock, graceMs: 50 });
    await clock.advance(100);
    run.cancel();
    const report = await clock.run(run.report);
    expect(report.totalDurationMs).toBe(120);
    expect(row(report, "slow").status).toBe("cancelled");
  });

  it("of 0 waits for nobody", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 10_000, deaf: true }));
    const run = flow("f", { deaf }).start({ clock, graceMs: 0 });
    await clock.advance(100);
    run.cancel();
    expect(await clock.run(run.report)).toMatchObject({ totalDurationMs: 100, abandonedTasks: 1 });
  });

  it("holds for an attempt that ran over its own time limit: it failed for good, and is not retried", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 10_000, deaf: true }), { timeoutMs: 100, retry: 5 });
    const needs = task("needs", { deaf }, diary.task());
    const other = task("other", diary.task({ ms: 200 }));
    const report = await clock.run(
      flow("f", { needs, other }).run({ clock, graceMs: 50, failure: "continue" }),
    );
    expect(report).toMatchObject({ executionState: "failed", totalDurationMs: 200 });
    expect(diary.started).toEqual(["deaf", "other"]);
    expect(row(report, "deaf")).toMatchObject({
      status: "abandoned",
      endAt: 150,
      reason: { kind: "timeout", limitMs: 100, scope: "attempt" },
    });
    expect(row(report, "needs").reason).toEqual({ kind: "dependency", task: "deaf", root: "deaf" });
    expect(report.errorSummary).toEqual([
      'Task "deaf" was abandoned: took longer than 100 ms; it had not stopped 50 ms after it was asked to',
    ]);
    expect(() => report.unwrap()).toThrow();
    const { reason } = report.outcome(deaf) as { reason: unknown };
    expect(reason).toBeInstanceOf(TimeoutError);
  });

  it("gives slot and resources back when the attempt is abandoned", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 10_000, deaf: true }), {
      resources: { db: 1 },
      priority: 1,
    });
    const next = task("next", diary.task({ ms: 10 }), { resources: { db: 1 } });
    const run = flow("f", { deaf, next }).start({
      clock,
      graceMs: 50,
      concurrency: 1,
      resources: { db: 1 },
    });
    await clock.advance(100);
    run.cancelTask("deaf");
    const report = await clock.run(run.report);
    expect(report.executionState).toBe("completed");
    expect(row(report, "next")).toMatchObject({ startAt: 150, endAt: 160 });
  });

  it("of a time-out is not begun again by an abort that comes later", async () => {
    const { clock, diary } = setup();
    const deaf = task("deaf", diary.task({ ms: 10_000, deaf: true }), { timeoutMs: 100 });
    const run = flow("f", { deaf }).start({ clock, graceMs: 50 });
    await clock.advance(140);
    run.cancel();
    const report = await clock.run(run.report);
    expect(report.totalDurationMs).toBe(150);
    // A stop outweighs a time-out: it was the caller's will in the end.
    expect(row(report, "deaf")).toMatchObject({ status: "abandoned", reason: { kind: "aborted" } });
    expect(report.executionState).toBe("cancelled");
  });

  it("lets the abandoned attempt fail later without an unhandled rejection", async () => {
    const { clock } = setup();
    const gate = new Gate();
    const deaf = task("deaf", () => gate.promise);
    const withCleanup = task("withCleanup", (_, { defer }) => {
      defer(() => {
        throw new Error("the cleanup fails too");
      });
      return gate.promise;
    });
    const seen = await escaped(async () => {
      const run = flow("f", { deaf, withCleanup }).start({ clock, graceMs: 5 });
      await clock.advance(10);
      run.cancel();
      const report = await clock.run(run.report);
      expect(report.abandonedTasks).toBe(2);
      gate.fail(new Error("much too late"));
      await clock.advance(10);
      expect(row(report, "deaf").status).toBe("abandoned");
    });
    expect(seen).toEqual([]);
  });
});

describe("A failed run", () => {
  it("leaves no rejection behind that nobody handles, even when nobody reads its errors", async () => {
    const { clock, diary } = setup();
    const roots = Object.fromEntries(
      [1, 2, 3].map((ms) => [
        `t${ms}`,
        task(`t${ms}`, diary.task({ ms, throw: "no", deaf: true })),
      ]),
    );
    const seen = await escaped(() => clock.run(flow("f", roots).run({ clock })));
    expect(seen).toEqual([]);
  });
});

describe("A tail task that has not ended when the run settles", () => {
  it("is detached: it goes on, and `report.tail` resolves with what became of it", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 10 }));
    const archive = task("archive", { root }, diary.task({ ms: 100, return: "kept" }));
    const broken = task("broken", diary.task({ ms: 50, throw: "no" }));
    const report = await clock.run(
      flow("f", { root }, { tails: { archive, broken } }).run({ clock }),
    );
    expect(report).toMatchObject({
      executionState: "completed",
      totalDurationMs: 10,
      detachedTasks: 2,
    });
    const rows = await clock.run(report.tail);
    expect(rows.map(({ taskName, status, endAt }) => [taskName, status, endAt])).toEqual([
      ["archive", "completed", 110],
      ["broken", "failed", 50],
    ]);
    // The report is what was true when the run settled, for ever.
    expect(statuses(report)).toEqual({
      root: "completed",
      archive: "detached",
      broken: "detached",
    });
    expect(report.detachedTasks).toBe(2);
  });

  it("keeps its own promises: retries, time-outs, capacity", async () => {
    const { clock, diary } = setup();
    const root = task("root", diary.task({ ms: 10 }));
    const flaky = task(
      "flaky",
      (_, { attempt }) => {
        if (attempt < 3) throw new Error("again");
        return attempt;
      },
      { retry: { attempts: 2, backoff: "fixed", baseMs: 1000 } },
    );
    const slow = task("slow", diary.task({ ms: 10_000 }), { timeoutMs: 100 });
    const report = await clock.run(
      flow("f", { root }, { tails: { flaky, slow } }).run({ clock, concurrency: 1 }),
    );
    const rows = await clock.run(report.tail);
    expect(rows.map(({ status, attemptCount }) => [status, attemptCount])).toEqual([
      ["completed", 3],
      ["failed", 1],
    ]);
  });

  it("is also a map, with its items", async () => {
    const { clock, diary } = setup();
    const list = task("list", () => [1, 2, 3]);
    const work = task("work", diary.task({ ms: 15 }));
    const items = map("items", list, diary.item({ ms: 10 }), { concurrency: 1 });
    const report = await clock.run(flow("f", { work }, { tails: { items } }).run({ clock }));
    expect(report.totalDurationMs).toBe(15);
    expect(statuses(report)).toEqual({
      list: "completed",
      work: "completed",
      items: "detached",
      "items[0]": "completed",
      "items[1]": "detached",
      "items[2]": "detached",
    });
    const rows = await clock.run(report.tail);
    expect(rows.map(({ taskName, status }) => [taskName, status])).toEqual([
      ["items", "completed"],
      ["items[1]", "completed"],
      ["items[2]", "completed"],
    ]);
    expect(diary.ended).toContain("items[2]");
  });

  it("and no tail at all gives an empty list", async () => {
    const report = await flow("f", { a: task("a", () => 1) }).run();
    expect(await report.tail).toEqual([]);
  });
});

describe("A run that is pending keeps the process alive", () => {
  /** How it ends, and what it says. */
  async function node(body: string): Promise<{ code: unknown; lines: readonly string[] }> {
    const program = new Program(body);
    return { code: await program.ended(), lines: program.lines };
  }

  it("so that Node does not exit while it is awaited, with nothing else on its loop", async () => {
    // A timer that does not hold the process fires only when something else does.
    const { code, lines } = await node(`
      setTimeout(() => (console.log("still there"), process.exit(0)), 300).unref();
      await flow("f", { never: task("never", () => new Promise(() => {})) }).run();
    `);
    expect({ code, lines }).toEqual({ code: 0, lines: ["still there"] });
  });

  it("also while a parameter is being checked, with nothing else on its loop", async () => {
    const { code, lines } = await node(`
      setTimeout(() => (console.log("still there"), process.exit(0)), 300).unref();
      const schema = { "~standard": { version: 1, vendor: "own", validate: () => new Promise(() => {}) } };
      const who = param("who", schema);
      await flow("f", { reads: task("reads", { who }, () => {}) }).run({ params: [who.of(1)] });
    `);
    expect({ code, lines }).toEqual({ code: 0, lines: ["still there"] });
  });

  it("and lets it go when the run has settled, detached tail tasks or not", async () => {
    const { code, lines } = await node(`
      const never = task("never", () => new Promise(() => {}));
      const a = task("a", () => 1);
      const report = await flow("f", { a }, { tails: { never } }).run();
      console.log(report.executionState, report.detachedTasks);
    `);
    expect({ code, lines }).toEqual({ code: 0, lines: ["completed 1"] });
  });

  it.each(["while it runs", "and real again before it ends"])(
    "and lets it go though timers are faked %s",
    async (when) => {
      const { code, lines } = await node(`
      const names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"];
      const real = names.map((name) => globalThis[name]);
      const fake = () => names.forEach((name) => (globalThis[name] = () => ({ faked: true })));
      const restore = () => names.forEach((name, at) => (globalThis[name] = real[at]));
      const a = task("a", async () => {
        fake();
        await null;
        if (${JSON.stringify(when)} !== "while it runs") restore();
      }, { timeoutMs: 60_000 });
      const report = await flow("f", { a }).run({ timeoutMs: 60_000 });
      console.log(report.executionState);
    `);
      expect({ code, lines }).toEqual({ code: 0, lines: ["completed"] });
    },
  );
});
