import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { pageDataOf } from "../../src/html/from-report.ts";
import { packed, unpacked } from "../../src/html/packing.ts";
import { fixture, fixtureNames } from "../fixtures.ts";

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
