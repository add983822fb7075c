/** A skipped task says in a word why, and which task is the first cause. */
import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  type ExecutionReport,
  type FailureMode,
  flow,
  fromEvents,
  type Outcome,
  type RunEvent,
  settled,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { row } from "../scenario.ts";

const dispatches = ["dependencies", "stages"] as const;

function fails(): never {
  throw new Error("no");
}

/** What its outcome says, which its statistics repeat. */
function why(report: ExecutionReport, name: string): unknown {
  const { because, root } = report.outcome(name) as Extract<Outcome<unknown>, { because: string }>;
  const statistics = row(report, name);
  expect([statistics.because, statistics.root]).toEqual([because, root]);
  return root === undefined ? because : [because, root];
}

describe.each(dispatches)("Why a task was skipped (%s)", (dispatch) => {
  it("is its condition, with no other task to blame", async () => {
    const scheduler = new DynamicScheduler([["shy", () => {}]], [{ taskName: "shy" }], {
      dispatch,
      taskOptions: { shy: { when: () => false } },
    });
    expect(why(await scheduler.execute(), "shy")).toBe("condition");
  });

  it("is a dependency, and the root is the first of the chain, however long", async () => {
    const names = Array.from({ length: 50 }, (_, at) => `t${at}`);
    const scheduler = new DynamicScheduler(
      names.map((name) => [name, () => {}]),
      names.map((taskName, at) => ({ taskName, dependencies: names.slice(at - 1, at) })),
      { dispatch, taskOptions: { t0: { when: () => ({ skip: "nothing new" }) } } },
    );
    const report = await scheduler.execute();
    expect(why(report, "t0")).toBe("condition");
    expect(why(report, "t1")).toEqual(["dependency", "t0"]);
    expect(why(report, "t49")).toEqual(["dependency", "t0"]);
  });

  it("is the run, stopped by a failure that is the root", async () => {
    const clock = new VirtualClock();
    const scheduler = new DynamicScheduler(
      [
        ["slow", (_: unknown, { signal }: { signal: AbortSignal }) => clock.wait(50, signal)],
        ["breaks", () => clock.wait(5).then(fails)],
        ["later", () => {}],
        ["needs", () => {}],
      ],
      [
        { taskName: "slow" },
        { taskName: "breaks" },
        { taskName: "later", dependencies: ["slow"] },
        { taskName: "needs", dependencies: ["breaks"] },
      ] as never,
      { clock, dispatch },
    );
    const report = await clock.run(scheduler.execute());
    expect(why(report, "later")).toEqual(["stopped", "breaks"]);
    expect(why(report, "needs")).toEqual(["dependency", "breaks"]);
  });

  it("is the run, stopped by its caller or its time limit, with no task to blame", async () => {
    for (const timeoutMs of [undefined, 5]) {
      const clock = new VirtualClock();
      const controller = new AbortController();
      const { signal } = controller;
      const scheduler = new DynamicScheduler(
        [
          [
            "slow",
            (_: unknown, context: { signal: AbortSignal }) => clock.wait(50, context.signal),
          ],
          ["later", () => {}],
        ],
        [{ taskName: "slow" }, { taskName: "later", dependencies: ["slow"] }] as never,
        { clock, dispatch, signal, timeoutMs },
      );
      const run = scheduler.execute();
      await clock.advance(2);
      if (timeoutMs === undefined) controller.abort();
      expect(why(await clock.run(run), "later")).toBe("stopped");
    }
  });

  it("is the run that was never planned", async () => {
    const scheduler = new DynamicScheduler(
      [
        ["a", () => {}],
        ["b", () => {}],
      ],
      [
        { taskName: "a", dependencies: ["b"] },
        { taskName: "b", dependencies: ["a"] },
      ],
      { dispatch },
    );
    const report = await scheduler.execute();
    expect(row(report, "a").because).toBe("stopped");
  });
});

describe("Why a task was skipped", () => {
  it("is its condition when it skipped itself, and itself is the root of those that need it", async () => {
    const skips = task("skips", (_, context): string => context.skip("nothing new"));
    const needs = task("needs", { skips }, () => "never");
    const report = await flow("f", { needs }).run();
    expect(why(report, "skips")).toBe("condition");
    expect(why(report, "needs")).toEqual(["dependency", "skips"]);
  });

  it.each<FailureMode>(["continue", "stop", "drain"])(
    "tells those that a failure rules out from those that the run never came to (%s)",
    async (failure) => {
      const clock = new VirtualClock();
      const breaks = task("breaks", fails);
      const needs = task("needs", { breaks }, () => {});
      const long = task("long", (_, { signal }) => clock.wait(9, signal));
      const later = task("later", { long }, () => {});
      const report = await clock.run(flow("f", { needs, later }).run({ clock, failure }));
      expect(why(report, "needs")).toEqual(["dependency", "breaks"]);
      if (failure === "continue") expect(row(report, "later").because).toBeUndefined();
      else expect(why(report, "later")).toEqual(["stopped", "breaks"]);
    },
  );

  it("is what a dependent can decide by: skipped on purpose, or for want of something", async () => {
    const shy = task("shy", () => 1, { when: () => ({ skip: "on purpose" }) });
    const broken = task("broken", fails, { onFailure: "ignore" });
    const wanting = task("wanting", { broken }, () => 1);
    const cleans = task("cleans", { shy: settled(shy), wanting: settled(wanting) }, (all) =>
      Object.values(all).map((one) => one.status === "skipped" && [one.because, one.root]),
    );
    const report = await flow("f", { cleans }).run();
    expect(report.outputs.cleans).toEqual([
      ["condition", undefined],
      ["dependency", "broken"],
    ]);
  });

  it("is told to observers, of tasks that ran in the end of theirs", async () => {
    const events: RunEvent[] = [];
    const observer = fromEvents("all", (event) => void events.push(event));
    const skips = task("skips", (_, context): string => context.skip("nothing new"));
    const needs = task("needs", { skips }, () => "never");
    await flow("f", { needs }).run({ observers: [observer] });
    const ends = events.flatMap((event) =>
      event.type === "task.end" ? [[event.task.key, event.outcome]] : [],
    );
    expect(ends).toEqual([
      [
        "skips",
        {
          status: "skipped",
          reason: "nothing new",
          because: "condition",
          cause: undefined,
          root: undefined,
        },
      ],
    ]);
  });

  it("is nobody's who was not skipped", async () => {
    const clock = new VirtualClock();
    const done = task("done", () => {});
    const called = task("called", (_, { signal }) => clock.wait(5, signal));
    const run = flow("f", { done, called }).start({ clock });
    run.cancelTask("called");
    const report = await clock.run(run.report);
    for (const name of ["done", "called"]) {
      expect(row(report, name)).not.toHaveProperty("because", expect.anything());
      expect(JSON.stringify(row(report, name))).not.toContain("because");
    }
  });
});
