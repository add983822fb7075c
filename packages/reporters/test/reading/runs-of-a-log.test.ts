/** The runs of one log as reports, all in one go. */
import type { SerializedReport } from "@astrum/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEventLog, renderNdjson } from "../../src/index.ts";
import { reportsOfRuns, runsOf } from "../../src/reading/read-event-log.ts";
import { siteRun } from "../command/site-runs.ts";

/** As they were written, and how often and how far somebody has gone through them. */
class CountedLines {
  times = 0;
  read = 0;
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.trimEnd().split("\n");
  }

  *[Symbol.iterator](): Generator<string> {
    this.times++;
    this.read = 0;
    for (const line of this.#lines) {
      this.read++;
      yield line;
    }
  }
}

const reportsIn = (text: string): SerializedReport[] => {
  const lines = text.trimEnd().split("\n");
  return Array.from(reportsOfRuns(lines, runsOf(lines)));
};

describe("The runs of a log, read in one go,", () => {
  it("are what each of them is when it is read alone, however their lines lie between each other", async () => {
    const logs = [
      renderNdjson(await siteRun("r1")),
      renderNdjson(await siteRun("r2", { day: 2, failures: 2 })),
      // This one was killed.
      renderNdjson(await siteRun("r3", { day: 3 })).slice(0, 1500),
    ].map((text) => text.trimEnd().split("\n"));
    const places = logs.flatMap((lines, log) => lines.map(() => log));
    await fc.assert(
      fc.property(fc.shuffledSubarray(places, { minLength: places.length }), (order) => {
        const left = logs.map((lines) => lines.slice());
        const text = `${order.map((log) => left[log]?.shift()).join("\n")}\n`;
        const read = new Map(reportsIn(text).map((report) => [report.run.id, report]));
        expect(read.size).toBe(3);
        for (const [runId, report] of read) expect(report).toEqual(readEventLog(text, { runId }));
      }),
      { numRuns: 20 },
    );
  });

  it("are a thousand at the cost of one: the lines are gone through once, and no run is kept beyond its last line", async () => {
    const one = renderNdjson(await siteRun("first"));
    const text = Array.from({ length: 1000 }, (_, n) =>
      one.replaceAll('"run":"first"', `"run":"r${n}"`),
    ).join("");
    const lines = new CountedLines(text);
    const runs = runsOf(lines);
    expect(runs).toHaveLength(1000);
    lines.times = 0;
    let at = 0;
    for (const { executionState } of reportsOfRuns(lines, runs)) {
      expect([executionState, lines.read]).toEqual(["completed", runs[at++]?.lastLine]);
    }
    expect([at, lines.times]).toEqual([1000, 1]);
  });

  it("are those that were asked for", async () => {
    const text = renderNdjson(await siteRun("r1")) + renderNdjson(await siteRun("r2", { day: 2 }));
    const lines = text.split("\n");
    const [, second] = runsOf(lines);
    const reports = Array.from(reportsOfRuns(lines, second === undefined ? [] : [second]));
    expect(reports.map(({ run }) => run.id)).toEqual(["r2"]);
    expect(Array.from(reportsOfRuns(lines, []))).toEqual([]);
  });
});
