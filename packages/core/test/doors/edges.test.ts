/** How a task of the documented scheduler waits for another, and is called with what that gave. */
import { describe, expect, it, vi } from "vitest";
import { DynamicScheduler, type Outcome, type WrittenTask } from "../../src/index.ts";
import { refusal } from "../refusal.ts";

const both = ["dependencies", "stages"] as const;
const nothing = (): void => {};
const fails = (): never => {
  throw new Error("gone");
};
const load: WrittenTask = { run: fails, onFailure: "ignore" };
const from = [{ from: { task: "load", key: "rows" }, to: { key: "rows" } }];

describe("`edges` of a task", () => {
  it("let it run when a dependency failed, which an edge of its success does not", async () => {
    const scheduler = DynamicScheduler.from({
      load,
      strict: { run: nothing, dependencies: ["load"] },
      report: { run: () => "sent", dependencies: ["load"], edges: { load: "settled" } },
      page: { run: () => "shown", dependencies: ["load"], edges: { load: "optional" } },
    });
    const done = await scheduler.execute();
    expect(done.outcome("strict").status).toBe("skipped");
    expect(done.outputs).toStrictEqual({ report: "sent", page: "shown" });
    expect(done.taskStatistics.find(({ taskName }) => taskName === "report")?.dependencies).toEqual(
      [{ task: "load", kind: "settled" }],
    );
  });

  it("still order: it starts when the dependency has ended", async () => {
    const ran: string[] = [];
    const run = (name: string) => async () => void ran.push(name);
    await DynamicScheduler.from({
      last: { run: run("last"), dependencies: ["first"], edges: { first: "optional" } },
      first: { run: run("first") },
    }).execute();
    expect(ran).toEqual(["first", "last"]);
  });

  it("make of a data reference the value or undefined, or the outcome", async () => {
    const taken = vi.fn();
    const tasks = (first: WrittenTask): Record<string, WrittenTask> => ({
      load: first,
      page: { run: taken, inputs: from, edges: { load: "optional" } },
      mail: {
        run: taken,
        inputs: [{ from: { task: "load" }, to: { key: "load" } }],
        edges: { load: "settled" },
      },
    });
    await DynamicScheduler.from(tasks(load)).execute();
    await DynamicScheduler.from(tasks({ run: () => ({ rows: 7 }) })).execute();
    expect(taken.mock.calls.map(([inputs]) => inputs)).toMatchObject([
      { rows: undefined },
      { load: { status: "failed", error: { message: "gone" } } },
      { rows: 7 },
      { load: { status: "completed", value: { rows: 7 } } },
    ]);
  });

  it("stand in an order as well, also beside data references to others", async () => {
    const scheduler = new DynamicScheduler(
      [
        ["load", fails],
        ["day", () => "monday"],
        ["mail", ({ day }: { day: string }) => day],
      ],
      [
        { taskName: "load" },
        { taskName: "day" },
        { taskName: "mail", dependencies: ["load"], edges: { load: "optional" } },
      ],
      {
        taskOptions: { load: { onFailure: "ignore" } },
        taskDataRefs: { mail: { inputs: [{ from: { task: "day" }, to: { key: "day" } }] } },
      },
    );
    expect((await scheduler.execute()).outputs).toStrictEqual({ day: "monday", mail: "monday" });
  });

  it("of what is no dependency are a plan error, with the one that was probably meant", async () => {
    const edges = { laod: "optional" } as const;
    const scheduler = DynamicScheduler.from({
      load,
      page: { run: nothing, dependencies: ["load"], edges },
    });
    expect((await scheduler.execute()).errorSummary).toEqual([
      '`edges` of task "page" name "laod", which is none of its dependencies. Did you mean "load"?',
    ]);
  });

  it("are refused where they are none, and where nobody would look at them", async () => {
    const page = { run: nothing, dependencies: ["load"], edges: { load: "maybe" } };
    expect(await refusal(() => DynamicScheduler.from({ load, page } as never))).toEqual([
      'Expected `edges.load` of task "page" to be "optional" or "settled", got `"maybe"`',
    ]);
    const nested = { taskName: "a", edges: { b: "optional" } };
    const orders = [{ taskName: "c", dependencies: [nested] }];
    expect(await refusal(() => new DynamicScheduler([], orders as never))).toEqual([
      "`taskOrder[0].dependencies[0].edges`, in the dependencies of another task, are not looked at: write them in the order of the task itself",
    ]);
  });

  it("cannot be used with stages, which stop at the first failure", async () => {
    const page: WrittenTask = { run: nothing, dependencies: ["load"], edges: { load: "settled" } };
    const scheduler = DynamicScheduler.from({ load, page }, { dispatch: "stages" });
    expect((await scheduler.execute()).errorSummary).toEqual([
      '`edges` of task "page" cannot be used with `dispatch: "stages"`: leave it out, or dispatch by dependencies',
    ]);
  });
});

describe("With `passOutputs`", () => {
  it.each(both)(
    "a task is called with the outputs of its dependencies by name, by %s",
    async (dispatch) => {
      const total = vi.fn(({ a, b }: { a: number; b: number }) => a + b);
      const scheduler = DynamicScheduler.from(
        {
          a: { run: (inputs) => Object.keys(inputs as object).length + 1 },
          b: { run: async () => 2 },
          total: { run: total, dependencies: ["a", "b"] },
        },
        { passOutputs: true, dispatch },
      );
      expect((await scheduler.execute()).unwrap()).toEqual({ a: 1, b: 2, total: 3 });
      expect(total).toHaveBeenCalledWith({ a: 1, b: 2 }, expect.objectContaining({ attempt: 1 }));
    },
  );

  it("a task with data references is called with those alone", async () => {
    const page = vi.fn();
    const tasks = {
      load: { run: () => ({ rows: 7 }) },
      other: { run: () => 1 },
      page: { run: page, dependencies: ["load", "other"], inputs: from },
    };
    await DynamicScheduler.from(tasks, { passOutputs: true }).execute();
    expect(page.mock.calls[0]?.[0]).toEqual({ rows: 7 });
  });

  it("an edge says what is passed: the value or undefined, or the outcome", async () => {
    const page = vi.fn();
    const tasks: Record<string, WrittenTask> = {
      load,
      other: load,
      page: {
        run: page,
        dependencies: ["load", "other"],
        edges: { load: "optional", other: "settled" },
      },
    };
    await DynamicScheduler.from(tasks, { passOutputs: true }).execute();
    const inputs = page.mock.calls[0]?.[0] as { load: unknown; other: Outcome<unknown> };
    expect([Object.keys(inputs), inputs.load]).toEqual([["load", "other"], undefined]);
    expect(inputs.other.status).toBe("failed");
  });

  it("a run is resumed from its outputs, and without it from others", async () => {
    const of = (passOutputs: boolean): DynamicScheduler =>
      DynamicScheduler.from(
        { a: { run: () => 1 }, b: { run: (inputs) => inputs, dependencies: ["a"] } },
        { passOutputs },
      );
    const earlier = (await of(true).execute()).toJSON({ outputs: true });
    expect((await of(true).execute({ resumeFrom: earlier })).restoredTasks).toBe(2);
    const other = await of(false).execute({ resumeFrom: earlier });
    expect([other.restoredTasks, other.outputs]).toEqual([1, { a: 1, b: {} }]);
  });

  it("an unknown dependency is told as ever, and what is no boolean is refused", async () => {
    const tasks = { page: { run: nothing, dependencies: ["laod"] }, load };
    const report = await DynamicScheduler.from(tasks, { passOutputs: true }).execute();
    expect(report.errorSummary).toEqual([expect.stringContaining('Did you mean "load"?')]);
    expect(await refusal(() => DynamicScheduler.from({}, { passOutputs: 1 } as never))).toEqual([
      "Expected `passOutputs` to be true or false, got `1`",
    ]);
  });
});
