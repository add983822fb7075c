import { describe, expect, it } from "vitest";
import {
  DynamicScheduler,
  flow,
  map,
  NonRetryableError,
  summarizeFailure,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { Diary } from "../scenario.ts";

function setup(): { clock: VirtualClock; diary: Diary } {
  const clock = new VirtualClock();
  return { clock, diary: new Diary(clock) };
}

describe("`failures` of a report", () => {
  it("are the tasks that failed, with the very error that was thrown", async () => {
    const error = Object.assign(new Error("gone"), { response: { status: 410 } });
    const load = task("load", () => Promise.reject(error), { retry: 2 });
    const report = await flow("f", { load }).run();
    expect(report.failures).toStrictEqual([
      { task: "load", error, tolerated: false, attempts: 3, abandoned: false },
    ]);
    expect(report.failures[0]?.error).toBe(error);
  });

  it("tell those that failed the run first, then the tolerated ones, each in the order in which they failed", async () => {
    const { clock, diary } = setup();
    const ignore = { onFailure: "ignore" } as const;
    const roots = {
      a: task("a", diary.task({ ms: 1, throw: "first" }), ignore),
      b: task("b", diary.task({ ms: 2, throw: "second" })),
      c: task("c", diary.task({ ms: 3, throw: "third" }), ignore),
      d: task("d", diary.task({ ms: 4, throw: "fourth" })),
      slow: task("slow", diary.task({ ms: 9 })),
    };
    const tails = { tail: task("tail", diary.task({ ms: 5, throw: "fifth" })) };
    const report = await clock.run(flow("f", roots, { tails }).run({ clock, failure: "continue" }));
    expect(report.failures.map(({ task, tolerated }) => [task, tolerated])).toEqual([
      ["b", false],
      ["d", false],
      ["a", true],
      ["c", true],
      ["tail", true],
    ]);
  });

  it("are tolerated exactly where the run is not failed by them, in both ways of dispatch", async () => {
    for (const dispatch of ["dependencies", "stages"] as const) {
      const run = (onFailure: "ignore" | "fail") =>
        new DynamicScheduler([["a", () => Promise.reject(new Error("no"))]], [{ taskName: "a" }], {
          dispatch,
          taskOptions: { a: { onFailure } },
        }).execute();
      const [ignored, failed] = [await run("ignore"), await run("fail")];
      expect([ignored.executionState, ignored.failures[0]?.tolerated]).toEqual(["completed", true]);
      expect([failed.executionState, failed.failures[0]?.tolerated]).toEqual(["failed", false]);
    }
  });

  it("are the items of a map that failed, by their names, and not the map once more", async () => {
    const read = map(
      "read",
      task("files", () => [1, 2, 3]),
      (file) => {
        if (file !== 2) throw new NonRetryableError(`no ${file}`);
      },
    );
    const report = await flow("f", { read }).run({ failure: "continue" });
    expect(report.failures.map(({ task }) => task)).toEqual(["read[0]", "read[2]"]);
  });

  it("hold a task that was given up, and one whose inputs could not be taken", async () => {
    const { clock, diary } = setup();
    const roots = {
      deaf: task("deaf", diary.task({ ms: 50, deaf: true }), { timeoutMs: 5 }),
      wrong: map(
        "wrong",
        task("list", () => 7 as unknown as number[]),
        () => {},
      ),
    };
    const report = await clock.run(
      flow("f", roots).run({ clock, graceMs: 5, failure: "continue" }),
    );
    expect(report.failures).toMatchObject([
      { task: "wrong", attempts: 0, abandoned: false },
      { task: "deaf", attempts: 1, abandoned: true, error: { code: "ASTRUM_TIMEOUT" } },
    ]);
  });

  it("give with summarizeFailure() the lines of the error summary", async () => {
    const { clock, diary } = setup();
    const load = task("load", diary.task({ ms: 1, throw: "gone" }), { retry: 1 });
    const save = task("save", diary.task({ ms: 9, throw: "full" }));
    const report = await clock.run(flow("f", { load, save }).run({ clock, failure: "continue" }));
    expect(report.failures.map(summarizeFailure)).toEqual(report.errorSummary);
  });

  it("are none when all went well, or nothing could be planned", async () => {
    expect((await flow("f", { a: task("a", () => 1) }).run()).failures).toEqual([]);
    const unplanned = await new DynamicScheduler([], [{ taskName: "a" }]).execute();
    expect([unplanned.failures, unplanned.planIssues?.length]).toEqual([[], 1]);
  });

  it("are not in the JSON, which has each error with its task", async () => {
    const a = task("a", () => Promise.reject(new Error("no")));
    const report = await flow("f", { a }).run();
    expect(report.toJSON()).not.toHaveProperty("failures");
    expect({ ...report }.failures).toHaveLength(1);
  });
});
