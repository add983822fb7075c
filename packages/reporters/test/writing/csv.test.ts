import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { renderCsv } from "../../src/index.ts";
import { fixture, fixtureNames } from "../fixtures.ts";

function rows(text: string): Record<string, string>[] {
  const { data, errors } = Papa.parse<Record<string, string>>(text, {
    header: true,
    skipEmptyLines: true,
  });
  expect(errors).toEqual([]);
  return data;
}

describe.each(fixtureNames)("the table of the fixture %s, as Papa Parse reads it", (name) => {
  const report = fixture(name);

  it("has a row per task with the values of the report", () => {
    const table = rows(renderCsv(report, { formulas: "keep" }));
    expect(table.map((row) => row.status)).toEqual(
      report.taskStatistics.map(({ status }) => status),
    );
    expect(table.map((row) => Number(row.durationMs))).toEqual(
      report.taskStatistics.map(({ durationMs }) => durationMs),
    );
    expect(table.map((row) => JSON.parse(row.dependencies ?? ""))).toEqual(
      report.taskStatistics.map(({ dependencies }) =>
        dependencies.map(({ task }) => task.replace(/\p{Cs}/gu, "\ufffd")),
      ),
    );
  });

  it("has a row per attempt when asked", () => {
    const table = rows(renderCsv(report, { rows: "attempts" }));
    expect(table).toHaveLength(report.totalAttempts);
  });
});

describe("names in a table", () => {
  const report = fixture("hostile");

  it("come back as they were, but for control characters and halves of pairs, which RFC 4180 does not know", () => {
    const table = rows(renderCsv(report, { formulas: "keep" }));
    report.taskStatistics.forEach(({ taskName }, index) => {
      const expected = taskName.replace(/(?![\t\r\n])[\p{Cc}\p{Cs}]/gu, "");
      const got = (table[index]?.taskName ?? "").replace(/[\u2400-\u241f\ufffd]/gu, "");
      expect(got).toBe(expected);
    });
  });

  it("never start a formula unless that was asked for", () => {
    const table = rows(renderCsv(report));
    const texts = table.flatMap((row) => [
      row.taskName ?? "",
      row.releasedBy ?? "",
      row.reason ?? "",
    ]);
    expect(texts.filter((text) => /^[=+\-@]/.test(text))).toEqual([]);
    expect(texts.filter((text) => text.startsWith("'="))).not.toEqual([]);
  });

  it("leave numbers alone: a negative one is no formula", () => {
    const [task] = fixture("one").taskStatistics;
    if (task === undefined) throw new Error("no task");
    const text = renderCsv({ ...fixture("one"), taskStatistics: [{ ...task, queuedMs: -1 }] });
    expect(rows(text)[0]?.queuedMs).toBe("-1");
  });
});
