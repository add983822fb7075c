/** What a run would restore, told before it: it is what the run then does. */
import { describe, expect, it } from "vitest";
import {
  DefinitionError,
  type Flow,
  flow,
  map,
  type Param,
  param,
  pick,
  type SerializedReport,
  task,
} from "../../src/index.ts";

const day = param<string>("day");

interface Night {
  readonly nightly: Flow<{ readonly load: string }>;
  readonly calls: string[];
  readonly day: Param<string>;
}

function night(broken = false): Night {
  const calls: string[] = [];
  const list = task("list", () => [1, 2, 3]);
  const rows = map("rows", list, (item) => {
    calls.push(`rows ${item}`);
    if (broken && item === 3) throw new Error("no row");
    return item * 2;
  });
  const odd = map(
    "odd",
    pick(list, (list) => list.filter((item) => item % 2 === 1)),
    (item) => {
      if (broken && item === 3) throw new Error("no row");
      return item;
    },
  );
  const load = task("load", { rows, odd, day }, ({ rows, day }) => {
    calls.push("load");
    return `${rows.length} of ${day}`;
  });
  return { nightly: flow("nightly", { load }), calls, day };
}

async function failed(): Promise<SerializedReport> {
  const report = await night(true).nightly.run({
    params: { day: "mon" },
    failure: "continue",
    concurrency: 1,
  });
  return report.toJSON({ outputs: true });
}

describe("flow.resumeInfo()", () => {
  it("tells what the run then restores, of maps with a known list item by item", async () => {
    const { nightly, calls } = night();
    const options = { resumeFrom: await failed(), params: { day: "mon" } };
    const info = await nightly.resumeInfo(options);
    expect(calls).toEqual([]);
    expect(info.restored).toEqual(["list", "rows[0]", "rows[1]"]);
    // Its list is what a function picks: nobody calls that before the run.
    expect(info.undecided).toEqual(["odd[0]"]);
    expect(info.rerun).toEqual([
      { task: "rows", why: "it had failed" },
      { task: "odd", why: "it had failed" },
      { task: "load", why: 'its dependency "rows" runs again' },
    ]);
    const { resume } = await nightly.run(options);
    expect(resume).toEqual({
      restored: [...info.restored, ...info.undecided],
      rerun: info.rerun,
      ignored: info.ignored,
    });
  });

  it("says which parameter has another value, and which is not known", async () => {
    const one = task("one", { day }, ({ day }) => day);
    const flown = flow("one", { one });
    const resumeFrom = (await flown.run({ params: { day: "mon" } })).toJSON({ outputs: true });
    expect(await flown.resumeInfo({ resumeFrom, params: { day: "mon" } })).toMatchObject({
      restored: ["one"],
      rerun: [],
    });
    const other = await flown.resumeInfo({ resumeFrom, params: { day: "tue" } });
    expect(other.rerun).toEqual([{ task: "one", why: 'its parameter "day" has another value' }]);
    const unknown = await flown.resumeInfo({ resumeFrom });
    expect(unknown.rerun).toEqual([{ task: "one", why: 'its parameter "day" is not known' }]);
    expect(unknown.undecided).toEqual(["one"]);
  });

  it("asks the schemas of parameters, as the run does", async () => {
    const count = param("count", {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: async (value: unknown) =>
          typeof value === "number" ? { value: value + 1 } : { issues: [{ message: "no number" }] },
      },
    });
    const flown = flow("counted", { one: task("one", { count }, ({ count }) => count) });
    const report = await flown.run({ params: { count: 1 } });
    const resumeFrom = report.toJSON({ outputs: true });
    expect(await flown.resumeInfo({ resumeFrom, params: { count: 1 } })).toMatchObject({
      restored: ["one"],
    });
    const wrong = { resumeFrom, params: { count: "1" } } as never;
    await expect(flown.resumeInfo(wrong)).rejects.toThrow("no number");
  });

  it("refuses what a run refuses, and to be asked about nothing", async () => {
    const { nightly } = night();
    const resumeFrom = await failed();
    await expect(nightly.resumeInfo({})).rejects.toThrow(DefinitionError);
    await expect(nightly.resumeInfo({ resumeFrom: {} as SerializedReport })).rejects.toThrow(
      "Expected `resumeFrom` to be a report of format version 1",
    );
    await expect(nightly.resumeInfo({ resumeFrom, params: { dya: 1 } })).rejects.toThrow(
      'No task takes the parameter "dya". Did you mean "day"?',
    );
    await expect(nightly.resumeInfo({ resumeFrom, targets: ["lod"] })).rejects.toThrow(
      'Did you mean "load"?',
    );
  });

  it("looks at the targets alone", async () => {
    const { nightly } = night();
    const info = await nightly.resumeInfo({ resumeFrom: await failed(), targets: ["rows"] });
    expect(info.restored).toEqual(["list", "rows[0]", "rows[1]"]);
    expect(info.rerun.map(({ task }) => task)).toEqual(["rows"]);
  });
});
