import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type Flow,
  flow,
  map,
  optional,
  type RunOptions,
  Semaphore,
  settled,
  task,
} from "../../src/index.ts";
import { recorded, replay, scripted, VirtualClock } from "../../src/testing.ts";

/** As a reader of a stored report sees it. */
function stored(report: { toJSON(options: { outputs: boolean }): unknown }): unknown {
  return JSON.parse(JSON.stringify(report.toJSON({ outputs: true })));
}

async function both(clock: VirtualClock, graph: Flow<unknown>, given: RunOptions = {}) {
  const { options, recording } = recorded({ ...given, clock });
  const report = await clock.run(graph.run(options));
  // Stored before it is replayed: the replay must not lean on what the run left behind.
  const original = stored(report);
  const again = replay(graph.plan(), recording);
  return { report, original, again, recording };
}

describe("A replayed recording gives the same report", () => {
  it("of a run that completed, outputs included", async () => {
    const clock = new VirtualClock();
    const list = task("list", () => clock.wait(3).then(() => [1, 2, 3]));
    const items = map("items", list, (item) => clock.wait(item).then(() => item * 10));
    const flaky = task("flaky", scripted(clock, { ms: 1, throw: "no" }, { return: { ok: true } }), {
      retry: { attempts: 1, backoff: "fixed" },
    });
    const end = task("end", { items, flaky }, ({ items }) => items);
    const { original, again } = await both(clock, flow("f", { end }), {
      concurrency: 2,
      attributes: { commit: "abc" },
    });
    expect(stored(again)).toEqual(original);
    expect(again.outputs).toEqual({ end: [10, 20, 30] });
    expect(original).toMatchObject({
      executionState: "completed",
      outputs: { flaky: { encoding: "json", value: { ok: true } } },
    });
  });

  it("of a run that failed, with the very errors", async () => {
    const clock = new VirtualClock();
    const broken = new RangeError("broken");
    const fails = task("fails", scripted(clock, { ms: 5, throw: broken }));
    const deaf = task("deaf", scripted(clock, { ms: 500, ignoresSignal: true }));
    const slow = task("slow", scripted(clock, { ms: 100 }), { timeoutMs: 8 });
    const needs = task("needs", { fails }, () => 1);
    const sees = task("sees", { slow: settled(slow), fails: optional(fails) }, () => 2);
    for (const failure of ["stop", "drain", "continue", { maxFailures: 2 }] as const) {
      const { original, again } = await both(clock, flow("f", { needs, sees, deaf }), {
        failure,
        graceMs: 20,
      });
      expect(stored(again)).toEqual(original);
      expect(again.outcome(fails)).toMatchObject({ status: "failed" });
      expect((again.outcome(fails) as { error: unknown }).error).toBe(broken);
    }
  });

  it("of a run that was aborted, with detached tail tasks and a shared semaphore", async () => {
    const clock = new VirtualClock();
    const a = task("a", scripted(clock, { ms: 10 }));
    const b = task("b", { a }, scripted(clock, { ms: 10 }));
    const tail = task("tail", scripted(clock, { ms: 5 }, { ms: 500, ignoresSignal: true }));
    const controller = new AbortController();
    clock.after(15, () => controller.abort("enough"));
    const { original, again, report } = await both(clock, flow("f", { b }, { tails: { tail } }), {
      signal: controller.signal,
      concurrency: new Semaphore(1),
    });
    expect(stored(again)).toEqual(original);
    expect(report.executionState).toBe("cancelled");
    expect(await again.tail).toEqual([]);
  });

  it("of a run that went on after it had settled: as it was when it did", async () => {
    const clock = new VirtualClock();
    const a = task("a", scripted(clock, { ms: 10 }));
    const tail = task("tail", scripted(clock, { ms: 100, throw: "later" }), { retry: 1 });
    const { original, recording } = await both(clock, flow("f", { a }, { tails: { tail } }));
    const events = recording.events.length;
    await clock.advance(1000);
    expect(recording.events.length).toBeGreaterThan(events);
    const again = replay(flow("f", { a }, { tails: { tail } }).plan(), recording);
    expect(stored(again)).toEqual(original);
  });

  it("of a run whose last tail was kept waiting by a held thread while the run settled", async () => {
    const clock = new VirtualClock();
    const a = task("a", () => 1);
    const holding = task("holding", () => clock.hold(45));
    const waiting = task("waiting", scripted(clock, { ms: 100 }));
    const graph = flow("f", { a }, { tails: { holding, waiting } });
    const { original, again, report } = await both(clock, graph, { concurrency: 2 });
    expect(report.taskStatistics.map(({ startAt }) => startAt)).toContain(45);
    expect(stored(again)).toEqual(original);
  });

  it("of a resumed run", async () => {
    const clock = new VirtualClock();
    const list = task("list", scripted(clock, { ms: 1, return: [1, 2, 3] }));
    let broken = true;
    const items = map("items", list, (item) => {
      if (broken && item === 2) throw new Error("no");
      return item;
    });
    const graph = flow("f", { items });
    const first = await clock.run(graph.run({ clock, failure: "continue" }));
    broken = false;
    const { original, again } = await both(clock, graph, {
      resumeFrom: first.toJSON({ outputs: true }),
    });
    expect(stored(again)).toEqual(original);
    expect(original).toMatchObject({ executionState: "completed", restoredTasks: 3 });
  });

  it("of the documented scheduler", async () => {
    const clock = new VirtualClock();
    const first = { taskName: "first" };
    const { options, recording } = recorded({
      clock,
      taskDataRefs: {
        second: { inputs: [{ from: { task: "first", key: "n" }, to: { index: 0 } }] },
      },
    });
    const scheduler = new DynamicScheduler(
      [
        ["first", scripted(clock, { ms: 4, return: { n: 4 } })],
        ["second", (n: number) => n + 1],
      ],
      [first, { taskName: "second", dependencies: [first] }],
      options,
    );
    const original = stored(await clock.run(scheduler.execute()));
    const again = replay(scheduler.plan(), recording);
    expect(stored(again)).toEqual(original);
    expect(again.outputs).toEqual({ first: { n: 4 }, second: 5 });
  });
});

describe("A recording", () => {
  it("is the same for the same graph, clock and random numbers", async () => {
    const record = async () => {
      const clock = new VirtualClock();
      let seed = 1;
      const random = (): number => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      const list = task("list", () => [5, 3, 1]);
      const items = map("items", list, (ms) => clock.wait(ms), { concurrency: 2 });
      const flaky = task("flaky", scripted(clock, { throw: "a" }, { throw: "b" }, {}), {
        retry: { attempts: 2, backoff: "exponential", jitter: "full" },
      });
      const { recording } = await both(clock, flow("f", { items, flaky }), {
        random,
        concurrency: 2,
        runId: "run",
      });
      return recording.events;
    };
    expect(await record()).toEqual(await record());
  });

  it("without an end cannot be replayed, and says so", async () => {
    const clock = new VirtualClock();
    const a = task("a", scripted(clock, { ms: 10 }));
    const graph = flow("f", { a });
    const { options, recording } = recorded({ clock });
    const run = graph.run(options);
    expect(() => replay(graph.plan(), recording)).toThrow("has not settled");
    await clock.run(run);
    expect(replay(graph.plan(), recording).executionState).toBe("completed");
  });
});
