/** What is said of one run of a scheduler, and what its orders may be written as. */
import { describe, expect, it, vi } from "vitest";
import { DefinitionError, DynamicScheduler, PlanError, type TaskOrder } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { small, starts } from "../small-scheduler.ts";

const nothing = (): void => {};
const both = ["dependencies", "stages"] as const;

describe("A dependency that is written as a name", () => {
  const functions = (["first", "b", "c"] as const).map((name) => [name, nothing] as const);
  const [a, b] = [{ taskName: "first" }, { taskName: "b", dependencies: ["first"] }];

  it("means what a reference means, and the order itself", () => {
    const written: TaskOrder[][] = [
      [a, b, { taskName: "c", dependencies: ["b", "first"] }],
      [a, b, { taskName: "c", dependencies: [b, { taskName: "first" }] }],
      [a, b, { taskName: "c", dependencies: ["b", { taskName: "first" }, "b"] }],
    ];
    const plans = written.map((orders) => new DynamicScheduler(functions, orders).plan().tasks);
    expect(plans[0]).toEqual([
      { name: "first", stageId: 0, dependencies: [] },
      { name: "b", stageId: 1, dependencies: ["first"] },
      { name: "c", stageId: 2, dependencies: ["b", "first"] },
    ]);
    expect(plans[1]).toEqual(plans[0]);
    expect(plans[2]).toEqual(plans[0]);
  });

  it("is found in conflicts, guesses and the report of a failed plan", async () => {
    const told = { taskName: "b", dependencies: ["c"] };
    const orders = [a, b, { taskName: "c", dependencies: [told, "frist"] }];
    const scheduler = new DynamicScheduler(functions, orders);
    const report = await scheduler.execute();
    expect(report.planIssues?.map(({ code, suggestion }) => [code, suggestion])).toEqual([
      ["conflicting-orders", undefined],
      ["unknown-dependency", "first"],
    ]);
    expect({ ...report.originalTasks }).toEqual({
      first: [],
      b: ["first"],
      c: ["b", "frist"],
    });
  });
});

describe("execute() with options of the run", () => {
  const clock = new VirtualClock();
  const tasks = {
    a: { does: { ms: 10 } },
    b: { does: { ms: 10 } },
    last: { after: ["a"], does: { ms: 10 } },
  };

  it("goes before what the constructor was told, for that run only", async () => {
    const scheduler = small(clock, tasks, { concurrency: 1, attributes: { by: "constructor" } });
    const wide = await clock.run(scheduler.execute({ concurrency: 2, runId: "wide" }));
    expect([wide.totalDurationMs, wide.run.id]).toEqual([20, "wide"]);
    expect(wide.run.attributes).toEqual({ by: "constructor" });
    expect((await clock.run(scheduler.execute())).totalDurationMs).toBe(30);
    const unsaid = await clock.run(scheduler.execute({ concurrency: undefined }));
    expect(unsaid.totalDurationMs).toBe(30);
  });

  it.each(both)("runs the targets and what they need, by %s", async (dispatch) => {
    const scheduler = small(clock, tasks, { dispatch });
    const report = await clock.run(scheduler.execute({ targets: ["last"] }));
    expect(starts(report)).toEqual({ a: 0, last: 10 });
    expect(report.run.targets).toEqual(["last"]);
    expect((await clock.run(scheduler.execute())).totalTasks).toBe(3);
    const wrong = await scheduler.execute({ targets: ["lst"] });
    expect(wrong.errorSummary).toEqual([
      'Target "lst" is not a task of "scheduler". Did you mean "last"?',
    ]);
  });

  it("plans all tasks once, however often they run", async () => {
    const priority = vi.fn(() => 1);
    const taskOptions = {
      a: {
        get priority() {
          return priority();
        },
      },
    };
    const scheduler = new DynamicScheduler([["a", nothing]], [{ taskName: "a" }], { taskOptions });
    await scheduler.execute();
    priority.mockClear();
    await scheduler.execute();
    expect((await scheduler.execute({ concurrency: 1 })).executionState).toBe("completed");
    expect((await scheduler.execute({ concurrency: 1 })).executionState).toBe("completed");
    scheduler.plan();
    expect(priority).not.toHaveBeenCalled();
  });

  it("is called off by the signal of that run", async () => {
    const controller = new AbortController();
    const scheduler = small(clock, tasks);
    const [called, other] = [scheduler.execute({ signal: controller.signal }), scheduler.execute()];
    await clock.advance(5);
    controller.abort();
    expect((await clock.run(called)).executionState).toBe("cancelled");
    expect((await clock.run(other)).executionState).toBe("completed");
  });

  it("checks what that run gives against what its tasks need", async () => {
    const taskOptions = { a: { resources: { db: 2 } } };
    const scheduler = new DynamicScheduler([["a", nothing]], [{ taskName: "a" }], { taskOptions });
    expect((await scheduler.execute()).planIssues?.map(({ code }) => code)).toEqual([
      "unknown-resource",
    ]);
    const given = await scheduler.execute({ resources: { db: 2 } });
    expect(given.executionState).toBe("completed");
    const staged = new DynamicScheduler([["a", nothing]], [{ taskName: "a" }], {
      dispatch: "stages",
    });
    expect((await staged.execute({ failure: "continue" })).planIssues).toMatchObject([
      { code: "not-with-stages" },
    ]);
  });

  it("refuses what is no option of a run before any task is called", async () => {
    const called = vi.fn();
    const scheduler = new DynamicScheduler([["a", called]], [{ taskName: "a" }]);
    for (const wrong of [{ concurency: 1 }, { taskRetries: {} }, { params: {} }, 7]) {
      await expect(scheduler.execute(wrong as never)).rejects.toThrow(DefinitionError);
      const started = scheduler.start(wrong as never);
      expect(() => started.snapshot()).toThrow(DefinitionError);
      await expect(started.report).rejects.toThrow(DefinitionError);
    }
    expect([called.mock.calls, scheduler.executionState]).toEqual([[], "none"]);
  });
});

describe("start() of a scheduler", () => {
  it("hands over the run: its events, how it stands, and ways to call it off", async () => {
    const clock = new VirtualClock();
    const scheduler = small(clock, { a: { does: { ms: 10 } }, b: { does: { ms: 30 } } });
    const run = scheduler.start();
    const types: string[] = [];
    const reading = (async () => {
      for await (const { type } of run.events()) types.push(type);
    })();
    await clock.advance(5);
    expect(scheduler.executionState).toBe("running");
    expect(run.snapshot()).toMatchObject({ executionState: "running", counts: { running: 2 } });
    run.cancelTask("b");
    const report = await clock.run(run.report);
    await reading;
    expect([types[0], types.at(-1)]).toEqual(["run.start", "run.end"]);
    expect(report.outcome("b").status).toBe("cancelled");
    expect(() => run.cancelTask("bb")).toThrow('There is no task "bb" in this run');
    const other = scheduler.start({ runId: "other" });
    other.cancel();
    expect((await clock.run(other.report)).executionState).toBe("cancelled");
  });

  it("of a plan that failed has a failed report, and says why where a run would be looked at", async () => {
    const scheduler = new DynamicScheduler([], [{ taskName: "a" }]);
    const run = scheduler.start();
    expect(() => run.snapshot()).toThrow(PlanError);
    await expect(run.events().next()).rejects.toThrow(PlanError);
    expect((await run.report).executionState).toBe("failed");
    expect(scheduler.executionState).toBe("failed");
    expect(() => run.cancel()).not.toThrow();
    expect(() => run.cancelTask("b")).toThrow('There is no task "b" in this scheduler');
  });
});
