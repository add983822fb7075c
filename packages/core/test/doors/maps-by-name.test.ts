/** Maps of the documented scheduler: tasks that call their function once for each item of a list. */
import { describe, expect, it, vi } from "vitest";
import {
  DynamicScheduler,
  InputError,
  type TaskContext,
  type WrittenOptions,
  type WrittenTask,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { refusal } from "../refusal.ts";

const files: WrittenTask = { run: () => ["a.md", "readme.md"] };
const length = (file: string): number => file.length;
const from = DynamicScheduler.from;

describe("A map of a scheduler", () => {
  it("calls its function with each item and its index, and gives the results in order", async () => {
    const sizes = vi.fn((file: string, _index: number, _context: TaskContext) => file.length);
    const report = await from({
      sizes: { run: sizes, over: { task: "files" } },
      files,
      total: {
        run: (sizes: number[]) => sizes.reduce((a, b) => a + b),
        inputs: [{ from: { task: "sizes" }, to: { index: 0 } }],
      },
    }).execute();
    expect(report.unwrap()).toEqual({ files: ["a.md", "readme.md"], sizes: [4, 9], total: 13 });
    expect(sizes.mock.calls.map(([item, index, { taskName }]) => [item, index, taskName])).toEqual([
      ["a.md", 0, "sizes[0]"],
      ["readme.md", 1, "sizes[1]"],
    ]);
    expect(report.taskStatistics.filter(({ kind }) => kind === "item")).toHaveLength(2);
  });

  it("maps over a part of an output, a value, or what a function gives", async () => {
    const report = await from({
      found: { run: () => ({ files: ["abc"] }) },
      part: { run: length, over: { task: "found", key: "files" } },
      value: { run: length, over: { value: ["a", "ab"] } },
      computed: { run: length, over: { compute: async () => ["abcd"] } },
      none: { run: length, over: { value: [] } },
    }).execute();
    expect(report.unwrap()).toMatchObject({ part: [3], value: [1, 2], computed: [4], none: [] });
  });

  it("takes inputs beside item and index, also those of `passOutputs`", async () => {
    const run = (file: string, index: number, { prefix }: { prefix: string }) =>
      `${index} ${prefix}${file}`;
    const prefix: WrittenTask = { run: () => "docs/" };
    const over = { task: "files" };
    const inputs = [{ from: { task: "prefix" }, to: { key: "prefix" } }];
    const referred = await from({ files, prefix, paths: { run, over, inputs } }).execute();
    const passed = await from(
      { files, prefix, paths: { run, over, dependencies: ["prefix"] } },
      { passOutputs: true },
    ).execute();
    expect(referred.unwrap().paths).toEqual(["0 docs/a.md", "1 docs/readme.md"]);
    expect(passed.unwrap().paths).toEqual(referred.unwrap().paths);
  });

  it("has a limit of its own, retries each item, and waits for its dependencies as well", async () => {
    const clock = new VirtualClock();
    const flaky = vi.fn();
    const run = async (ms: number, _: number, { attempt }: TaskContext) => {
      await clock.wait(ms);
      flaky(attempt);
      if (attempt === 1) throw new Error("again");
    };
    const scheduler = new DynamicScheduler(
      [
        ["first", () => clock.wait(5)],
        ["waits", run],
      ],
      [{ taskName: "first" }, { taskName: "waits", dependencies: ["first"] }],
      {
        clock,
        maps: { waits: { over: { value: [10, 10] }, concurrency: 1 } },
        taskRetries: { waits: 1 },
      },
    );
    const report = await clock.run(scheduler.execute());
    expect([report.totalDurationMs, report.flakyTasks, flaky.mock.calls.length]).toEqual([
      45, 2, 4,
    ]);
  });

  it("is restored item by item", async () => {
    const run = vi.fn(length);
    const of = (list: string[]): DynamicScheduler =>
      from({ sizes: { run, over: { value: list } } });
    const earlier = (await of(["a", "ab"]).execute()).toJSON({ outputs: true });
    const report = await of(["a", "abc"]).execute({ resumeFrom: earlier });
    expect([report.unwrap().sizes, run.mock.calls.length]).toEqual([[1, 3], 3]);
  });

  it("has items that fail alone, each called by its key", async () => {
    const run = (file: string): number => {
      if (file === "a.md") throw new Error("gone");
      return file.length;
    };
    const key = (file: string): string => `of ${file}`;
    const over = { task: "files" };
    const report = await from({ files, sizes: { run, over, key, items: "settled" } }).execute();
    expect(report.executionState).toBe("completed");
    expect(report.outputs.sizes).toMatchObject([
      { status: "failed", error: { message: "gone" } },
      { status: "completed", value: 9 },
    ]);
    const keys = report.toJSON().taskStatistics.flatMap(({ key }) => (key ? [key] : []));
    expect(keys).toEqual(["of a.md", "of readme.md"]);
    const maps = { m: { over: { value: [] }, key: "name", items: "some" } };
    expect(await refusal(() => new DynamicScheduler([], [], { maps } as never))).toEqual([
      'Expected `maps.m.key` to be a function, got `"name"`',
      'Expected `maps.m.items` to be "all" or "settled", got `"some"`',
    ]);
  });

  it("fails over what is no list, before any item is called", async () => {
    const run = vi.fn();
    const report = await from({
      files: { run: () => "a" },
      m: { run, over: { task: "files" } },
    }).execute();
    expect(report.failures).toMatchObject([{ task: "m", error: expect.any(InputError) }]);
    expect(run).not.toHaveBeenCalled();
  });

  it("is refused where it could not work, with all that is wrong", async () => {
    const planned = async (
      tasks: Record<string, WrittenTask>,
      options?: WrittenOptions,
    ): Promise<string[]> => (await from(tasks, options).execute()).errorSummary;
    expect(await planned({ files, m: { run: length, over: { task: "fils" } } })).toEqual([
      'Task "m" depends on "fils", which is not defined. Did you mean "files"?',
    ]);
    const inputs = [{ from: { value: 1 }, to: { index: 0 } }];
    expect(await planned({ m: { run: length, over: { value: [] }, inputs } })).toEqual([
      'Inputs of map "m" go to indices: its function is called with the item and the index, and inputs by key',
    ]);
    const staged = { dispatch: "stages" } as const;
    expect(await planned({ m: { run: length, over: { value: [] } } }, staged)).toEqual([
      'Map "m" cannot be used with `dispatch: "stages"`: leave it out, or dispatch by dependencies',
    ]);
    const cyclic = {
      a: { run: length, over: { task: "b" } },
      b: { run: length, over: { task: "a" } },
    };
    expect(await planned(cyclic)).toEqual([expect.stringContaining("Tasks wait for each other")]);
    const maps = { m: { over: { value: [], task: "a" }, concurrency: 0 }, n: { list: [] } };
    expect(await refusal(() => new DynamicScheduler([], [], { maps } as never))).toEqual([
      "Expected `maps.m.over` to be one of { task }, { value } and { compute }, got `an object`",
      "Expected `maps.m.concurrency` to be an integer from 1 up, got `0`",
      expect.stringContaining("Unknown option `list` of `maps.n`."),
      'Expected `maps.n.over` to be what a map is over, { task: "users" }, got `undefined`',
    ]);
    const unknown = new DynamicScheduler([["sizes", length]], [{ taskName: "sizes" }], {
      maps: { sizse: { over: { value: [] } } },
    });
    expect((await unknown.execute()).errorSummary).toEqual([
      '`maps` names "sizse", which is no task. Did you mean "sizes"?',
    ]);
  });
});
