/** A report to resume from to which anything has happened: it is refused, or the run is as right as without it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DefinitionError, flow, map, param, type SerializedReport, task } from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";
import { FINAL, written } from "../scenario.ts";

const scale = param<number>("scale");
const RIGHT = { sum: [10, 21, 32], last: "of 3" };

/** Two maps, one after the other; `broken` fails the second one halfway. */
function graph(calls: string[] = [], broken = false) {
  const list = task("list", () => {
    calls.push("list");
    return [0, 1, 2];
  });
  const tens = map("tens", list, { scale }, (item, index, { scale }) => {
    calls.push(`tens[${index}]`);
    return item * scale;
  });
  const sum = map("sum", tens, async (item, index) => {
    calls.push(`sum[${index}]`);
    if (broken && index === 1) throw new Error("broken");
    return item + index + 10;
  });
  const last = task("last", { sum }, ({ sum }) => {
    calls.push("last");
    return `of ${sum.length}`;
  });
  return flow("damaged", { sum, last });
}

/** What became of a run that was given this report. */
async function given(resumeFrom: unknown): Promise<"refused" | "right"> {
  const calls: string[] = [];
  const clock = new VirtualClock();
  let report: Awaited<ReturnType<ReturnType<typeof graph>["run"]>>;
  try {
    // Throws when nothing is left that could settle the run.
    report = await clock.run(
      graph(calls).run({
        clock,
        params: [scale.of(10)],
        resumeFrom: resumeFrom as SerializedReport,
      }),
    );
  } catch (error) {
    expect(error).toBeInstanceOf(DefinitionError);
    expect(calls).toEqual([]);
    return "refused";
  }
  expect(report.executionState).toBe("completed");
  expect(report.outputs).toEqual(RIGHT);
  expect(new Set(calls).size).toBe(calls.length);
  for (const { status } of report.taskStatistics) expect(FINAL).toContain(status);
  const { totalTasks, successfulTasks, restoredTasks } = report;
  expect(successfulTasks + restoredTasks).toBe(totalTasks);
  JSON.stringify(report.toJSON({ outputs: true }));
  return "right";
}

const whole = written(await graph().run({ params: [scale.of(10)] }));
const half = written(await graph([], true).run({ params: [scale.of(10)], failure: "continue" }));

/** What stands where something else should: other types, other numbers, names that mean something to an engine. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(
    ...[undefined, null, "", "0", 0, -1, 0.5, -(2 ** 32), 1e300, Number.NaN, true, [], {}],
    ...["__proto__", "constructor", "restored", "running", "json", "zip", [null], { length: 3 }],
    ...["list", "tens[0]", "tens[01]", "tens[-1]", "sum[1e3]", "tens[4294967296]", "x".repeat(300)],
  ),
  fc.anything({ maxDepth: 2, withBigInt: true, withDate: true, withMap: true }),
);

/** Every place of a value but inside stored outputs, whose content nobody can check. */
function places(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key];
    const isOutput = path[0] === "outputs" && key === "value";
    return isOutput ? [] : [here, ...places(inner, here)];
  });
}

function damaged(report: SerializedReport, path: readonly string[], by: unknown): unknown {
  const copy = structuredClone(report) as unknown as Record<string, unknown>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  const last = path.at(-1) as string;
  if (by === undefined) delete at[last];
  else at[last] = by;
  return copy;
}

describe("A run that is given a damaged report", () => {
  test("is what it should be when the report is whole", async () => {
    expect(await given(whole)).toBe("right");
    expect(await given(half)).toBe("right");
  });

  test.each([
    ["whole", whole],
    ["half done", half],
  ])("is refused or right, wherever one that was %s is damaged", async (_, report) => {
    const ends = { refused: 0, right: 0 };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places(report)), anything, async (path, by) => {
        ends[await given(damaged(report, path, by))]++;
      }),
      { numRuns: 400, seed: 20_260_101 },
    );
    expect(ends.refused).toBeGreaterThan(5);
    expect(ends.right).toBeGreaterThan(100);
  });

  test("is right with rows that are there twice, in any order, or not at all", async () => {
    const rows = whole.taskStatistics;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...rows), { maxLength: 20 }),
        fc.shuffledSubarray(Object.keys(whole.outputs ?? {})),
        async (taskStatistics, names) => {
          const outputs = Object.fromEntries(
            names.map((name) => [name, whole.outputs?.[name] as never]),
          );
          expect(await given({ ...whole, taskStatistics, outputs })).toBe("right");
        },
      ),
      { numRuns: 100, seed: 20_260_101 },
    );
  });

  const index = (index: unknown) => ({
    ...half,
    taskStatistics: half.taskStatistics.map((row) =>
      row.parent === undefined ? row : { ...row, index },
    ),
  });
  test.each([
    ["the index of an item is a text", index("0")],
    ["the index of an item is between two", index(0.5)],
    ["the index of an item wraps around", index(-(2 ** 32))],
    ["all items have one index", index(1)],
    [
      "a task is said to have items",
      {
        ...half,
        outputs: { ...half.outputs, "list[0]": half.outputs?.["tens[0]"] },
        origins: { ...half.origins, "list[0]": half.origins?.["tens[0]"] },
      },
    ],
    [
      "a map has items beyond its list",
      {
        ...half,
        outputs: { ...half.outputs, "sum[3]": half.outputs?.["sum[0]"] },
        origins: { ...half.origins, "sum[3]": half.origins?.["sum[0]"] },
      },
    ],
    [
      "an item has the output of another one",
      {
        ...half,
        outputs: { ...half.outputs, "sum[0]": half.outputs?.["sum[2]"] },
        origins: { ...half.origins, "sum[0]": half.origins?.["sum[2]"] },
      },
    ],
  ])("is right when %s", async (_, report) => {
    expect(await given(report)).toBe("right");
  });

  test.each<[string, unknown, RegExp]>([
    [
      "a status that there is not",
      { ...whole, taskStatistics: [{ ...whole.taskStatistics[0], status: "running" }] },
      /`resumeFrom\.taskStatistics\[0\]\.status` to be one of completed, failed,.* got `"running"`/,
    ],
    [
      "a state that there is not",
      { ...whole, executionState: "fine" },
      /`resumeFrom\.executionState` to be "completed" or "failed"/,
    ],
    ["a newer format", { ...whole, formatVersion: "2.0" }, /a report of format version 1/],
    ["a format that only looks like 1", { ...whole, formatVersion: "1.x" }, /format version 1/],
    [
      "an output without an encoding",
      { ...whole, outputs: { list: [1] } },
      /outputs\.list` to be an output/,
    ],
    [
      "an origin that is no digest",
      { ...whole, origins: { list: { run: 1 } } },
      /origins\.list\.run` to be a digest/,
    ],
    [
      "an origin that has nothing where it may have a digest",
      { ...whole, origins: { list: { ...whole.origins?.list, given: null } } },
      /origins\.list\.given` to be a digest, got `null`/,
    ],
    [
      "a flow without a name",
      { ...whole, run: { ...whole.run, flow: 7 } },
      /resumeFrom\.run\.flow` to be a string/,
    ],
  ])("is refused with %s, and told where", async (_, report, place) => {
    const run = graph().run({ params: [scale.of(10)], resumeFrom: report as SerializedReport });
    await expect(run).rejects.toThrow(DefinitionError);
    await expect(run).rejects.toThrow(place);
  });

  test("is right when a stored value is none that was stored", async () => {
    for (const value of [undefined, Number.NaN, () => 1, new Map(), { toJSON: () => 1 }]) {
      const outputs = { ...whole.outputs, list: { encoding: "json", value } as never };
      expect(await given({ ...whole, outputs })).toBe("right");
    }
  });

  test("is right when a getter of it gives something else each time", async () => {
    let times = 0;
    const outputs = Object.defineProperty({ ...whole.outputs }, "list", {
      enumerable: true,
      get: () => (times++ % 2 === 0 ? whole.outputs?.list : { encoding: "json", value: () => 1 }),
    });
    expect(await given({ ...whole, outputs })).toBe("right");
  });
});
