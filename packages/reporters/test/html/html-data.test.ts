import { gzipSync } from "node:zlib";
import type { AttemptStatistics, TaskStatistics } from "@astrum/core";
import { describe, expect, it } from "vitest";
import { pageDataOf } from "../../src/html/from-report.ts";
import { packed, unpacked } from "../../src/html/packing.ts";
import { noteOf } from "../../src/html/task-note.ts";
import { fixture, fixtureNames } from "../fixtures.ts";

describe("what a page says of a task beside its columns", () => {
  const noted = (changes: Partial<TaskStatistics>): string => {
    const [task] = fixture("mixed").taskStatistics;
    return noteOf({ ...(task as TaskStatistics), tags: [], ...changes }, undefined);
  };

  it("is how long it went on: an attempt after it was asked to stop, inputs after the task was called off", () => {
    expect(noted({ overrunMs: 70, ignoredSignal: true, status: "cancelled" })).toMatch(
      /did not stop when it was asked to\nended 70 ms after it was asked to stop/,
    );
    expect(noted({ overrunMs: 70, ignoredSignal: true, status: "abandoned" })).toMatch(
      /given up 70 ms after it was asked to stop/,
    );
    expect(noted({ overrunMs: 70, status: "skipped", attemptCount: 0 })).toMatch(
      /^waited 70 ms for its inputs after it was called off/m,
    );
  });

  it.each([
    [{ type: "string", size: 4 }, "string of 4 characters"],
    [{ type: "Array", size: 1 }, "Array of 1 item"],
    [{ type: "Map", size: 1200 }, "Map of 1,200 items"],
    [{ type: "Uint8Array", size: 8 }, "Uint8Array of 8 bytes"],
    [{ type: "Date" }, "Date"],
  ])("is what it gave, and how much of what: %j", (output, said) => {
    expect(`${noted({ output })}\n`).toContain(`output: ${said}\n`);
  });

  it("is where an attempt ran, when that was not the main thread", () => {
    const report = structuredClone(fixture("mixed"));
    const attempts = report.taskStatistics.flatMap(({ attemptStatistics }) => attemptStatistics);
    for (const attempt of attempts) attempt.executor = "main";
    expect(pageDataOf(report, "mixed").texts).not.toContain("main");
    (attempts[0] as AttemptStatistics).executor = "worker-1";
    expect(pageDataOf(report, "mixed").texts).toContain("worker-1");
  });
});

describe("the columns of a page", () => {
  it.each(fixtureNames)("of the fixture %s are the same after packing and unpacking", (name) => {
    const data = pageDataOf(fixture(name), name);
    const sent: unknown = JSON.parse(JSON.stringify(packed(data)));
    expect(unpacked(sent as typeof data)).toEqual(data);
  });

  it("are of one length each, for tasks and for attempts", () => {
    const { tasks, attempts, dependencies } = pageDataOf(fixture("mixed"), "mixed");
    const lengths = (columns: object): number[] =>
      Array.from(new Set(Object.values(columns).map(({ length }: unknown[]) => length)));
    expect(lengths(tasks)).toEqual([298]);
    expect(lengths(attempts)).toEqual([308]);
    expect(dependencies.task).toHaveLength(
      tasks.dependencyCount.reduce((sum, count) => sum + count),
    );
  });

  it("take a third less room packed, when written for compression", () => {
    const data = pageDataOf(fixture("large"), "large");
    expect(gzipped(packed(data))).toBeLessThan((gzipped(data) * 2) / 3);
  });
});

function gzipped(value: unknown): number {
  return gzipSync(JSON.stringify(value)).length;
}
