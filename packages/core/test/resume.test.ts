import { describe, expect, test } from "vitest";
import {
  DefinitionError,
  flow,
  type JournalEntry,
  map,
  param,
  pick,
  reportOfJournal,
  type SerializedReport,
  settled,
  task,
} from "../src/index.ts";

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

/** As it comes back from a file. */
function stored(report: SerializedReport): SerializedReport {
  return JSON.parse(JSON.stringify(report));
}

describe("A run that takes up a report", () => {
  test("calls what had failed and what depends on it, and nothing else", async () => {
    const { flow, calls, mend } = broken();
    const before = stored((await flow.run()).toJSON({ outputs: true }));
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
    const first = stored((await flow.run()).toJSON({ outputs: true }));
    const second = stored((await flow.run({ resumeFrom: first })).toJSON({ outputs: true }));
    mend();
    await flow.run({ resumeFrom: second });
    expect(calls).toEqual(["second", "third"]);
  });

  test("calls nothing when everything had completed", async () => {
    const { flow, calls, mend } = broken();
    mend();
    const before = stored((await flow.run()).toJSON({ outputs: true }));
    calls.length = 0;
    const report = await flow.run({ resumeFrom: before });
    expect(calls).toEqual([]);
    expect(report.executionState).toBe("completed");
    expect(report.unwrap().third).toBe("mended, and on");
    expect(report.analysis.criticalPath).toEqual([]);
  });

  test("calls a task again whose version is another", async () => {
    const before = stored((await broken({ version: "1" }).flow.run()).toJSON({ outputs: true }));
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
    const before = stored((await taking("a").run()).toJSON({ outputs: true }));
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
    ["an instance", () => new (class Row {})()],
  ])("calls a task again whose output was %s, which JSON does not give back", async (_, output) => {
    const { flow, calls, mend } = broken({ output });
    const before = stored((await flow.run()).toJSON({ outputs: true }));
    mend();
    const { resume } = await flow.run({ resumeFrom: before });
    expect(calls).toContain("first");
    expect(resume?.rerun[0]).toEqual({
      task: "first",
      why: "its output was not stored: not-serialisable",
    });
  });

  test("calls everything again when no outputs were stored", async () => {
    const { flow, calls, mend } = broken();
    const before = stored((await flow.run()).toJSON());
    mend();
    await flow.run({ resumeFrom: before });
    expect(calls).toEqual(["first", "second", "third"]);
  });

  test("names what it does not know, and what is new", async () => {
    const before = stored((await broken().flow.run()).toJSON({ outputs: true }));
    const other = flow("other", { fresh: task("fresh", () => 1) });
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
    const before = stored((await f.run({ failure: "continue" })).toJSON({ outputs: true }));
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
    const before = stored((await f("1").run({ failure: "continue" })).toJSON({ outputs: true }));
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

  test("does not compare the values of parameters", async () => {
    const who = param<string>("who");
    const f = flow("f", { greeting: task("greeting", { who }, ({ who }) => `Hello ${who}`) });
    const before = await f.run({ params: [who.of("Ada")] });
    const after = await f.run({
      params: [who.of("Grace")],
      resumeFrom: stored(before.toJSON({ outputs: true })),
    });
    expect(after.outputs.greeting).toBe("Hello Ada");
  });
});

describe("A journal", () => {
  test("is told of every completion, items and maps included, before a dependent starts", async () => {
    const told: string[] = [];
    const list = task("list", () => [1, 2]);
    const each = map("each", list, (item) => {
      told.push(`call ${item}`);
      return item;
    });
    const sum = task("sum", { each }, ({ each }) => {
      told.push("call sum");
      return each.length;
    });
    await flow("f", { sum }).run({ journal: ({ task }) => told.push(`${task}`) });
    expect(told).toEqual([
      "list",
      "call 1",
      "call 2",
      "each[0]",
      "each[1]",
      "each",
      "call sum",
      "sum",
    ]);
  });

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

  test("that throws fails the task and the run, under every policy, and says so", async () => {
    for (const failure of ["stop", "drain", "continue"] as const) {
      const { flow, calls } = broken();
      const report = await flow.run({
        failure,
        journal: () => {
          throw new Error("disk full");
        },
      });
      expect(report.executionState).toBe("failed");
      expect(calls).toEqual(["first"]);
      const [line] = report.errorSummary;
      expect(line).toBe('Task "first" failed: The journal failed at task "first": disk full');
    }
  });

  test("that throws starts nothing more, neither what runs whatever became of a task nor the next item", async () => {
    const calls: string[] = [];
    const list = task("list", () => [1, 2, 3]);
    const each = map("each", list, (item) => calls.push(`each ${item}`), { concurrency: 1 });
    const sum = task("sum", { list: settled(list), each: settled(each) }, () => calls.push("sum"));
    for (const failing of ["list", "each[0]"]) {
      const report = await flow("f", { sum }).run({
        failure: "continue",
        journal: ({ task }) => {
          if (task === failing) throw new Error("disk full");
        },
      });
      expect(report.executionState).toBe("failed");
      expect(report.errorSummary[0]).toBe(
        `Task "${failing}" failed: The journal failed at task "${failing}": disk full`,
      );
    }
    expect(calls).toEqual(["each 1"]);
  });

  test("that throws fails the run even at a task whose failure is ignored", async () => {
    const last = task("last", () => 1, { onFailure: "ignore" });
    const report = await flow("f", { last }).run({
      journal: () => {
        throw new Error("disk full");
      },
    });
    expect(report.executionState).toBe("failed");
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
});
