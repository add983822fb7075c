import { describe, expect, test } from "vitest";
import {
  DefinitionError,
  flow,
  type JournalEntry,
  map,
  pick,
  reportOfJournal,
  type SerializedReport,
  task,
} from "../../src/index.ts";
import { written } from "../scenario.ts";

/** A chain of three in which the middle one fails until it is mended, and what was called. */
function broken(options: { version?: string; output?: () => unknown } = {}) {
  const calls: string[] = [];
  let mended = false;
  const first = task(
    "first",
    () => {
      calls.push("first");
      return options.output?.() ?? { rows: [1, 2] };
    },
    options.version === undefined ? {} : { version: options.version },
  );
  const second = task("second", { first }, () => {
    calls.push("second");
    if (!mended) throw new Error("broken");
    return "mended";
  });
  const third = task("third", { second }, ({ second }) => {
    calls.push("third");
    return `${second}, and on`;
  });
  return {
    flow: flow("chain", { third }),
    calls,
    mend() {
      mended = true;
      calls.length = 0;
    },
  };
}

function ring(): object {
  const whole: { next?: object } = {};
  whole.next = whole;
  return whole;
}

function closed(): object {
  return Object.defineProperty({}, "door", {
    enumerable: true,
    get: () => {
      throw new Error("locked");
    },
  });
}

function nested(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level++) value = { in: value };
  return value;
}

describe("A run that takes up a report", () => {
  test("calls what had failed and what depends on it, and nothing else", async () => {
    const { flow, calls, mend } = broken();
    const before = written(await flow.run());
    mend();
    const report = await flow.run({ resumeFrom: before });
    expect(calls).toEqual(["second", "third"]);
    expect(report.unwrap().third).toBe("mended, and on");
    expect(report.outcome("first")).toEqual({
      status: "completed",
      value: { rows: [1, 2] },
      restored: true,
    });
    expect(report.resume).toEqual({
      restored: ["first"],
      ignored: [],
      rerun: [
        { task: "second", why: "it had failed" },
        { task: "third", why: 'its dependency "second" runs again' },
      ],
    });
    const { restoredTasks, successfulTasks, totalTasks } = report;
    expect({ restoredTasks, successfulTasks, totalTasks }).toEqual({
      restoredTasks: 1,
      successfulTasks: 2,
      totalTasks: 3,
    });
  });

  test("can itself be taken up", async () => {
    const { flow, calls, mend } = broken();
    const first = written(await flow.run());
    const second = written(await flow.run({ resumeFrom: first }));
    mend();
    await flow.run({ resumeFrom: second });
    expect(calls).toEqual(["second", "third"]);
  });

  test("calls nothing when everything had completed", async () => {
    const { flow, calls, mend } = broken();
    mend();
    const before = written(await flow.run());
    calls.length = 0;
    const report = await flow.run({ resumeFrom: before });
    expect(calls).toEqual([]);
    expect(report.executionState).toBe("completed");
    expect(report.unwrap().third).toBe("mended, and on");
    expect(report.analysis.criticalPath).toEqual([]);
  });

  test("calls a task again whose version is another", async () => {
    const before = written(await broken({ version: "1" }).flow.run());
    const { flow, calls } = broken({ version: "2" });
    const { resume } = await flow.run({ resumeFrom: before });
    expect(calls).toContain("first");
    expect(resume?.rerun[0]).toEqual({
      task: "first",
      why: "its name, inputs or version changed",
    });
  });

  test("calls a task again whose inputs are others", async () => {
    const source = task("source", () => ({ a: 1, b: 2 }));
    const taking = (key: "a" | "b") =>
      flow("f", { part: task("part", { it: pick(source, key) }, ({ it }) => it) });
    const before = written(await taking("a").run());
    const report = await taking("b").run({ resumeFrom: before });
    expect(report.outputs.part).toBe(2);
    expect(report.resume?.restored).toEqual(["source"]);
  });

  test.each([
    ["a date", () => new Date(0)],
    ["a map", () => new Map([[1, 2]])],
    ["a bigint", () => 1n],
    ["not a number", () => Number.NaN],
    ["an undefined property", () => ({ a: undefined })],
    ["a circle", () => ring()],
    ["bytes", () => Buffer.from("bytes")],
    ["outcomes with errors", () => [{ status: "failed", error: new RangeError("far") }]],
  ])("hands out an output as it was: %s", async (_, output) => {
    const { flow, calls, mend } = broken({ output });
    const before = written(await flow.run());
    mend();
    calls.length = 0;
    const report = await flow.run({ resumeFrom: before });
    expect(calls).not.toContain("first");
    expect(report.resume?.restored).toContain("first");
    expect((report.outcome("first") as { value?: unknown }).value).toStrictEqual(output());
  });

  test.each([
    ["an instance", () => new (class Row {})(), "it is a Row"],
    ["a function far down", () => ({ rows: [1, 2, { at: () => 1 }] }), ".rows[2].at is a function"],
    ["a name with a space", () => ({ "a b": [Symbol("s")] }), '["a b"][0] is Symbol(s)'],
    [
      "a list with a hole",
      () => [new Array(3)],
      "[0] is an array with holes or with properties of its own",
    ],
    ["a getter that throws", () => closed(), ".door cannot be read: locked"],
    ["too deep", () => nested(201), /^[.a-z…]+ is nested deeper than 200 levels$/],
  ])(
    "calls a task again whose output was %s, and says what has no encoding",
    async (_, output, what) => {
      const { flow, calls, mend } = broken({ output });
      const before = written(await flow.run());
      mend();
      const { resume } = await flow.run({ resumeFrom: before });
      expect(calls).toContain("first");
      const [, said] = /^its output was not stored: (.*)$/.exec(resume?.rerun[0]?.why ?? "") ?? [];
      if (typeof what === "string") expect(said).toBe(what);
      else expect(said).toMatch(what);
    },
  );

  test("calls everything again when no outputs were stored", async () => {
    const { flow, calls, mend } = broken();
    const { outputs, origins, ...before } = written(await flow.run());
    mend();
    const { resume } = await flow.run({ resumeFrom: before });
    expect(calls).toEqual(["first", "second", "third"]);
    expect(resume?.rerun[0]).toEqual({
      task: "first",
      why: "its output was not stored, nor was any: a log has those that its journal was told, a report those of `toJSON({ outputs: true })`",
    });
  });

  test("names what it does not know, and what is new", async () => {
    const before = written(await broken().flow.run());
    const other = flow("chain", { fresh: task("fresh", () => 1) });
    const { resume } = await other.run({ resumeFrom: before });
    expect(resume).toEqual({
      restored: [],
      ignored: ["first", "second", "third"],
      rerun: [{ task: "fresh", why: "it was not part of the earlier run" }],
    });
  });

  test("restores the items of a map one by one", async () => {
    const calls: number[] = [];
    let mended = false;
    const list = task("list", () => [10, 20, 30, 40]);
    const halves = map("halves", list, (item) => {
      calls.push(item);
      if (item === 30 && !mended) throw new Error("odd");
      return item / 2;
    });
    const f = flow("f", { halves });
    const before = written(await f.run({ failure: "continue" }));
    mended = true;
    calls.length = 0;
    const report = await f.run({ resumeFrom: before });
    expect(calls).toEqual([30]);
    expect(report.unwrap().halves).toEqual([5, 10, 15, 20]);
    expect(report.resume?.restored).toEqual(["list", "halves[0]", "halves[1]", "halves[3]"]);
  });

  test("restores no more items than the list has", async () => {
    let length = 3;
    const calls: number[] = [];
    const list = task("list", () => Array.from({ length }, (_, at) => at));
    const f = (version: string) =>
      flow("f", {
        each: map(
          "each",
          list,
          (item) => {
            calls.push(item);
            if (item === 2) throw new Error("no");
            return item;
          },
          { version },
        ),
      });
    const before = written(await f("1").run({ failure: "continue" }));
    before.outputs = { ...before.outputs, list: { encoding: "json", value: [0] } };
    length = 1;
    calls.length = 0;
    const report = await f("1").run({ resumeFrom: before });
    expect(calls).toEqual([]);
    expect(report.unwrap().each).toEqual([0]);
  });

  test("refuses what is no report, before anything runs", async () => {
    const { flow, calls } = broken();
    for (const wrong of [
      {},
      null,
      "report",
      { format: "astrum.execution-report", formatVersion: "2.0", taskStatistics: [] },
    ]) {
      const run = flow.run({ resumeFrom: wrong as unknown as SerializedReport });
      await expect(run).rejects.toThrow(DefinitionError);
    }
    expect(calls).toEqual([]);
  });
});

describe("A report of a journal", () => {
  test("is enough for a later run, whatever was cut off after it", async () => {
    const { flow, calls, mend } = broken();
    const entries: JournalEntry[] = [];
    await flow.run({ journal: (entry) => entries.push(JSON.parse(JSON.stringify(entry))) });
    mend();
    const report = await flow.run({ resumeFrom: reportOfJournal(entries) });
    expect(calls).toEqual(["second", "third"]);
    expect(report.executionState).toBe("completed");
  });

  test("of a run that was taken up is enough by itself", async () => {
    const { flow, calls, mend } = broken();
    const first: JournalEntry[] = [];
    await flow.run({ journal: (entry) => first.push(entry) });
    const second: JournalEntry[] = [];
    await flow.run({
      resumeFrom: reportOfJournal(first),
      journal: (entry) => second.push(entry),
    });
    mend();
    await flow.run({ resumeFrom: reportOfJournal(second) });
    expect(calls).toEqual(["second", "third"]);
  });

  test("refuses what is no entry, such as a line that was not parsed, and tells every place", () => {
    const entries = ['{"type":"completed"}', null, { type: "completed", at: 1 }];
    expect(() => reportOfJournal(entries as never)).toThrow(DefinitionError);
    expect(() => reportOfJournal(entries as never)).toThrow(
      /`entries\[0\]` to be an entry[\s\S]*`entries\[1\]`[\s\S]*`entries\[2\].task` to be the name of a task/,
    );
  });

  test("whose output is stored in a way that is not known runs the task again", async () => {
    const { flow, calls, mend } = broken();
    const entries: JournalEntry[] = [];
    await flow.run({ journal: (entry) => entries.push({ ...entry, output: { encoding: "zip" } }) });
    mend();
    const { resume } = await flow.run({ resumeFrom: reportOfJournal(entries) });
    expect(calls).toEqual(["first", "second", "third"]);
    expect(resume?.rerun[0]).toEqual({
      task: "first",
      why: "its output is stored in a way that this version cannot read",
    });
  });

  test("skips entries of a type that it does not know", () => {
    const report = reportOfJournal([{ type: "note", at: 5, text: "hello" }]);
    expect(report.taskStatistics).toEqual([]);
    expect(report.executionState).toBe("interrupted");
  });

  test("refuses fields that cannot be what they should be", () => {
    const entry = { type: "completed", at: 1, task: "a", output: { encoding: "json", value: 1 } };
    const wrong = [
      { ...entry, at: 1e300 },
      { ...entry, at: Number.NaN },
      { ...entry, at: "1" },
      { ...entry, output: undefined },
      { ...entry, output: "json" },
      { ...entry, index: -1 },
      { ...entry, index: "0" },
      { ...entry, parent: 1 },
      { ...entry, origin: "here" },
      { ...entry, runId: {} },
      { type: "started", at: 1, flow: 1 },
      { type: "started", at: 1, resumes: [] },
    ];
    for (const one of wrong) {
      expect(() => reportOfJournal([one as never])).toThrow(DefinitionError);
    }
    expect(() => reportOfJournal(wrong as never)).toThrow(
      "Expected `entries[0].at` to be milliseconds since the Unix epoch, got `1e+300`",
    );
  });

  test("of nothing, or of a run that told nothing of tasks, is nothing to take up", async () => {
    const f = flow("f", { a: task("a", () => 1) });
    const nothing = await f.run({ resumeFrom: reportOfJournal([]) });
    expect(nothing.executionState).toBe("completed");
    expect(nothing.resume).toEqual({ restored: [], ignored: [], rerun: [] });
    expect(nothing.run).not.toHaveProperty("resumes");
    const started = [{ type: "started", at: 5, runId: "r1", flow: "f" }];
    const after = await f.run({ resumeFrom: reportOfJournal(started) });
    expect(after.run.resumes).toBe("r1");
    expect(after.resume?.rerun).toEqual([{ task: "a", why: "no result of it was stored" }]);
  });
});
