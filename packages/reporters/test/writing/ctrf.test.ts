import { type CTRFReport, validate } from "ctrf";
import { describe, expect, it } from "vitest";
import { renderCtrf } from "../../src/index.ts";
import { fixture, fixtureNames } from "../fixtures.ts";

describe.each(fixtureNames)("the CTRF report of the fixture %s", (name) => {
  const report = fixture(name);
  const document = JSON.parse(renderCtrf(report)) as CTRFReport;
  const { summary, tests } = document.results;

  it("is valid to CTRF's own validator", () => {
    const { valid, errors } = validate(document);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it("has the names of the tasks as they are, but for halves of surrogate pairs", () => {
    expect(tests.slice(0, report.totalTasks).map((test) => test.name)).toEqual(
      report.taskStatistics.map(({ taskName }) => taskName.replace(/\p{Cs}/gu, "\ufffd")),
    );
  });

  it("counts what it lists", () => {
    expect(summary.tests).toBe(tests.length);
    for (const status of ["passed", "failed", "skipped", "pending", "other"] as const) {
      expect(tests.filter((test) => test.status === status)).toHaveLength(summary[status]);
    }
    expect(summary.flaky).toBe(tests.filter(({ flaky }) => flaky).length);
    expect(tests.filter(({ rawStatus }) => rawStatus !== undefined)).toHaveLength(
      report.totalTasks,
    );
  });
});

it("a validator that accepts everything would prove nothing", () => {
  const document = JSON.parse(renderCtrf(fixture("one"))) as {
    results: { tests: { status: string }[] };
  };
  for (const test of document.results.tests) test.status = "splendid";
  expect(validate(document).valid).toBe(false);
});
