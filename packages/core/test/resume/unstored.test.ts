/** Outputs that a journal cannot store are told while the run goes on, with the place of what is in the way. */
import { describe, expect, it } from "vitest";
import {
  type Flow,
  flow,
  fromEvents,
  map,
  type Observer,
  type RunOptions,
  type SerializedReport,
  task,
} from "../../src/index.ts";

/** Of three items the second holds a function. */
function rows(seen: string[] = []): Flow<{ readonly sum: number }> {
  const list = task("list", () => [1, 2, 3]);
  const each = map("each", list, (item) => ({ rows: [item, item === 2 ? () => item : 0] }));
  const sum = task("sum", { each }, ({ each }) => {
    seen.push("sum is called");
    return each.length;
  });
  return flow("rows", { sum });
}

function listener(seen: string[]): Observer {
  return fromEvents("listener", (event) => {
    if (event.type === "task.unstored") seen.push(`${event.task.key}: ${event.why}`);
    if (event.type === "task.status" && event.to === "completed") seen.push(event.task.key);
  });
}

async function ran(options: RunOptions, seen: string[] = []): Promise<SerializedReport> {
  const observers = [listener(seen)];
  return (await rows(seen).run({ concurrency: 1, observers, ...options })).toJSON();
}

describe("An output without an encoding", () => {
  it("is told before its task is told to have completed, and before a dependent is called", async () => {
    const seen: string[] = [];
    const report = await ran({ journal: () => {} }, seen);
    expect(seen).toEqual([
      "list",
      "each[0]",
      "each[1]: .rows[1] is a function",
      "each[1]",
      "each[2]",
      "each: [1].rows[1] is a function",
      "each",
      "sum is called",
      "sum",
    ]);
    expect(report.executionState).toBe("completed");
  });

  it("is in `report.resume`, also of a run that took up none", async () => {
    const report = await ran({ journal: () => {} });
    const unstored = [
      { task: "each[1]", why: ".rows[1] is a function" },
      { task: "each", why: "[1].rows[1] is a function" },
    ];
    expect(report.resume).toEqual({ restored: [], ignored: [], rerun: [], unstored });
    expect(report.run.resumes).toBeUndefined();
  });

  it("is told of what a resumed run calls again, and of nothing that it restores", async () => {
    const first = await rows().run({ journal: () => {} });
    const resumeFrom = first.toJSON({ outputs: true });
    const report = await ran({ journal: () => {}, resumeFrom });
    expect(report.resume?.restored).toEqual(["list", "each[0]", "each[2]"]);
    expect(report.resume?.unstored?.map(({ task }) => task)).toEqual(["each[1]", "each"]);
  });

  it("is no news without a journal, nor that of a thing, which is never stored", async () => {
    const seen: string[] = [];
    expect((await ran({}, seen)).resume).toBeUndefined();
    expect(seen.filter((line) => line.includes(": "))).toEqual([]);
    const db = task("db", () => ({ close: () => {} }), { release: () => {} });
    const report = await flow("f", { one: task("one", { db }, () => 1) }).run({
      journal: () => {},
      observers: [listener(seen)],
    });
    expect(report.toJSON().resume).toBeUndefined();
    expect(seen.filter((line) => line.includes(": "))).toEqual([]);
  });

  it("is told when the output as a whole has none", async () => {
    const seen: string[] = [];
    await flow("f", { one: task("one", () => () => 1) }).run({
      journal: () => {},
      observers: [listener(seen)],
    });
    expect(seen).toEqual(["one: it is a function", "one"]);
  });
});
