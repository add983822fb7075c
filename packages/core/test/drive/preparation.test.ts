import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type SchedulerOptions,
  type Schema,
  type TaskContext,
  type TaskData,
} from "../../src/index.ts";
import { recorded, replay, trace, VirtualClock } from "../../src/testing.ts";
import { escaped, Gate, row, statuses } from "../scenario.ts";

const dispatches = ["dependencies", "stages"] as const;

/** A schema that writes down that it was asked. */
function noting(log: string[], what: string): Schema {
  const validate = (value: unknown): { readonly value: unknown } => {
    log.push(what);
    return { value };
  };
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** A task `slow` whose input is computed for as long as the gate is shut, then checked, then its condition is asked. */
function slowToPrepare(
  gate: Gate<unknown>,
  log: string[],
  options: SchedulerOptions,
  others: Readonly<Record<string, () => unknown>> = {},
): DynamicScheduler {
  const compute = (): Promise<unknown> => {
    log.push("computing");
    return gate.promise.finally(() => log.push("computed"));
  };
  const slow: TaskData = {
    inputs: [{ from: { compute }, to: { key: "x" }, type: noting(log, "schema") }],
  };
  const when = (): boolean => {
    log.push("condition");
    return true;
  };
  return new DynamicScheduler(
    [["slow", () => log.push("called")], ...Object.entries(others)],
    ["slow", ...Object.keys(others)].map((taskName) => ({ taskName })),
    { ...options, taskDataRefs: { slow }, taskOptions: { slow: { when } } },
  );
}

describe.each(dispatches)("What a task is asked before it queues (%s)", (dispatch) => {
  it("ends before a run that was aborted meanwhile settles, and nothing more is asked", async () => {
    const clock = new VirtualClock();
    const gate = new Gate<unknown>();
    const log: string[] = [];
    const controller = new AbortController();
    const { signal } = controller;
    const run = slowToPrepare(gate, log, { clock, signal, dispatch }).execute();
    void run.then(() => log.push("settled"));
    await clock.advance(10);
    controller.abort();
    await clock.advance(50);
    expect(log).toEqual(["computing"]);
    gate.open(1);
    const report = await clock.run(run);
    expect(log).toEqual(["computing", "computed", "settled"]);
    expect(report.executionState).toBe("cancelled");
    expect(row(report, "slow")).toMatchObject({
      status: "skipped",
      reason: { kind: "aborted" },
      overrunMs: 50,
    });
    expect(report.totalDurationMs).toBe(60);
    await clock.advance(1000);
    expect(log).toHaveLength(3);
  });

  it("does so when another task has failed meanwhile", async () => {
    const clock = new VirtualClock();
    const gate = new Gate<unknown>();
    const log: string[] = [];
    const fails = async (): Promise<never> => {
      await clock.wait(5);
      throw new Error("broken");
    };
    // The documented algorithm awaits tasks in their order: the failure is noticed there once `slow` has ended.
    const scheduler = slowToPrepare(gate, log, { clock, dispatch }, { fails });
    const run = scheduler.execute();
    void run.then(() => log.push("settled"));
    await clock.advance(10);
    gate.open(1);
    const report = await clock.run(run);
    expect(report.executionState).toBe("failed");
    expect(log.at(-1)).toBe("settled");
    expect(log.includes("condition")).toBe(dispatch === "stages");
  });

  it("is waited for within the grace period only, and what comes later asks nothing", async () => {
    const clock = new VirtualClock();
    const gate = new Gate<unknown>();
    const log: string[] = [];
    const controller = new AbortController();
    const { signal } = controller;
    const seen = await escaped(async () => {
      const run = slowToPrepare(gate, log, { clock, signal, dispatch, graceMs: 20 }).execute();
      await clock.advance(10);
      controller.abort();
      const report = await clock.run(run);
      expect(report.totalDurationMs).toBe(30);
      expect(row(report, "slow")).toMatchObject({ status: "skipped", overrunMs: 20 });
      expect(row(report, "slow").ignoredSignal).toBeUndefined();
      gate.fail(new Error("late"));
      await clock.advance(1000);
    });
    expect(seen).toEqual([]);
    expect(log).toEqual(["computing", "computed"]);
    expect(clock.pending).toBe(0);
  });
});

describe("What is asked before a task queues", () => {
  const input = (key: string, compute: () => unknown, type?: Schema): TaskData["inputs"][number] =>
    type === undefined
      ? { from: { compute }, to: { key } }
      : { from: { compute }, to: { key }, type };

  it("fails the task with the first input that fails, at once; the run waits for the others", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const other = async (): Promise<void> => {
      await clock.wait(30);
      log.push("computed");
    };
    const failing = (ms: number) => async (): Promise<never> => {
      await clock.wait(ms);
      throw new Error(`after ${ms}`);
    };
    const inputs = [
      input("a", other, noting(log, "schema")),
      input("b", failing(20)),
      input("c", failing(10)),
    ];
    const runs = (_: unknown, { signal }: TaskContext): Promise<void> => clock.wait(100, signal);
    const scheduler = new DynamicScheduler(
      [
        ["bad", () => log.push("called")],
        ["runs", runs],
      ],
      [{ taskName: "bad" }, { taskName: "runs" }],
      { clock, taskDataRefs: { bad: { inputs } } },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "bad").error?.message).toMatch(/after 10$/);
    expect(row(report, "runs")).toMatchObject({ status: "cancelled", endAt: 10 });
    expect(report.totalDurationMs).toBe(30);
    expect(log).toEqual(["computed"]);
  });

  it("asks for nothing more once an input has failed", async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const broken = (): never => {
      throw new Error("broken");
    };
    const inputs = [
      input("a", () => clock.wait(10), noting(log, "schema of a")),
      input("b", broken),
      input("c", () => log.push("c")),
    ];
    const scheduler = new DynamicScheduler(
      [["bad", () => log.push("called")]],
      [{ taskName: "bad" }],
      { clock, taskDataRefs: { bad: { inputs } } },
    );
    const report = await clock.run(scheduler.execute());
    expect(row(report, "bad").error?.message).toMatch(/broken$/);
    expect(report.totalDurationMs).toBe(10);
    expect(log).toEqual([]);
  });

  it("does not keep the run of a tail task, but its tail", async () => {
    const clock = new VirtualClock();
    const gate = new Gate<unknown>();
    const log: string[] = [];
    const scheduler = slowToPrepare(gate, log, { clock, ignoreTailTasks: ["slow"] });
    const report = await clock.run(scheduler.execute());
    expect(statuses(report)).toEqual({ slow: "detached" });
    gate.open(1);
    expect(await clock.run(report.tail)).toMatchObject([{ status: "completed" }]);
    expect(log).toEqual(["computing", "computed", "schema", "condition", "called"]);
  });

  it("is replayed as it was", async () => {
    const clock = new VirtualClock();
    const gate = new Gate<unknown>();
    const controller = new AbortController();
    const { signal } = controller;
    const { options, recording } = recorded({ clock, signal, graceMs: 20 });
    const scheduler = slowToPrepare(gate, [], options);
    const run = scheduler.execute();
    await clock.advance(10);
    controller.abort();
    const report = await clock.run(run);
    expect(replay(scheduler.plan(), recording).toJSON()).toEqual(report.toJSON());
    expect(trace(scheduler.plan(), recording)).toEqual([
      "0 begin → prepare slow",
      "10 stop: aborted → unprepare slow",
      "30 slow forsake → settle, close",
    ]);
  });
});
