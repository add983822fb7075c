/** Whatever a journal was kept in has done to its entries: they are refused with the place, or make a valid report. */
import { DefinitionError, flow, type JournalEntry, map, reportOfJournal, task } from "@astrum/core";
import { scripted, VirtualClock } from "@astrum/core/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { reportSchema } from "../../src/index.ts";
import { schemaIssues } from "../../src/reading/schema-check.ts";
import { HOSTILE, pathsOf, replaced } from "./damage.ts";

describe("The report of a journal", () => {
  const entries: JournalEntry[] = [];
  beforeAll(async () => {
    const clock = new VirtualClock(Date.UTC(2026, 10, 23));
    const list = task("list", scripted(clock, { ms: 1, return: ["a", "b"] }));
    const items = map("items", list, (item: string) => item);
    const unstored = task("unstored", { items }, () => new Date(0));
    const nothing = task("nothing", () => undefined);
    await clock.run(
      flow("f", { items, unstored, nothing }).run({
        clock,
        runId: "r",
        journal: (entry) => void entries.push(JSON.parse(JSON.stringify(entry)) as JournalEntry),
      }),
    );
  });

  it("is valid, or its entries are refused with the place, whatever becomes of any value in them", () => {
    let refused = 0;
    let read = 0;
    entries.forEach((entry, place) => {
      for (const path of pathsOf(entry)) {
        for (const hostile of HOSTILE) {
          const damaged = entries.map((one, at) =>
            at === place ? (replaced(entry, path, hostile) as JournalEntry) : one,
          );
          try {
            const report = JSON.parse(JSON.stringify(reportOfJournal(damaged))) as unknown;
            // An encoding that this version does not know may be one of a newer version: its task runs again.
            if (path.join(".") !== "output.encoding")
              expect(schemaIssues(reportSchema, report)).toEqual([]);
            read++;
          } catch (error) {
            if (!(error instanceof DefinitionError)) throw error;
            expect(error.issues[0]?.path[0]).toBe(`entries[${place}]`);
            refused++;
          }
        }
      }
    });
    expect(refused).toBeGreaterThan(200);
    expect(read).toBeGreaterThan(200);
  });

  it.each([1e300, -1e300, 8.64e15, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses an instant that is no day of a report: %d",
    (at) => {
      expect(() => reportOfJournal([{ type: "completed", at, task: "a" }])).toThrow(
        "Expected `entries[0].at` to be milliseconds since the Unix epoch",
      );
    },
  );
});
