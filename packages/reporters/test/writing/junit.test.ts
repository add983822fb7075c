import { parse, type TestCase, type TestSuites } from "junit2json";
import { describe, expect, it } from "vitest";
import { renderJUnit } from "../../src/index.ts";
import { failedTasks, fixture, fixtureNames, linesOfTheRun, skippedTasks } from "../fixtures.ts";

async function read(xml: string): Promise<{ suites: TestSuites; cases: TestCase[] }> {
  const suites = (await parse(xml)) as TestSuites;
  const cases = (suites.testsuite ?? []).flatMap(({ testcase }) => testcase ?? []);
  return { suites, cases };
}

describe.each(fixtureNames)(
  "the test results of the fixture %s, as junit2json reads them",
  (name) => {
    const report = fixture(name);
    const early = linesOfTheRun(report);

    it("count every task once, and a run that ended early as an error of its own", async () => {
      const { suites, cases } = await read(renderJUnit(report));
      const failed = failedTasks(report) + early;
      expect(cases).toHaveLength(report.totalTasks + early);
      expect(suites.tests).toBe(report.totalTasks + early);
      expect(suites.errors).toBe(failed);
      expect(cases.filter(({ error }) => error !== undefined)).toHaveLength(failed);
      expect(cases.filter(({ skipped }) => skipped !== undefined)).toHaveLength(
        skippedTasks(report),
      );
      const sums = (suites.testsuite ?? []).reduce((sum, { errors = 0 }) => sum + errors, 0);
      expect(sums).toBe(failed);
    });

    it("have no skipped tests and no retries in Ant's dialect", async () => {
      const xml = renderJUnit(report, { dialect: "ant" });
      expect((await read(xml)).cases).toHaveLength(report.totalTasks + early);
      expect(xml).not.toMatch(/<skipped|<flakyError|<rerunError/);
    });
  },
);

describe("retries", () => {
  const report = fixture("mixed");
  const xml = renderJUnit(report);

  it("are flaky errors where the task completed at last", () => {
    const flaky = report.taskStatistics.filter(
      ({ status, attemptCount }) => status === "completed" && attemptCount > 1,
    );
    const earlier = flaky.reduce((sum, { attemptCount }) => sum + attemptCount - 1, 0);
    expect(flaky.length).toBeGreaterThan(0);
    expect(xml.match(/<flakyError /g)).toHaveLength(earlier);
  });

  it("are rerun errors where it failed for good", () => {
    const failed = report.taskStatistics.filter(({ status }) => status === "failed");
    const earlier = failed.reduce(
      (sum, { attemptStatistics }) =>
        sum + attemptStatistics.slice(0, -1).filter(({ status }) => status === "failed").length,
      0,
    );
    expect(earlier).toBeGreaterThan(0);
    expect(xml.match(/<rerunError /g)).toHaveLength(earlier);
  });
});

describe("a time", () => {
  it("is in seconds, without an exponent", () => {
    const [task] = fixture("one").taskStatistics;
    if (task === undefined) throw new Error("no task");
    const times = [0, 0.001, 0.1, 12, 1234.567, 1e9];
    const taskStatistics = times.map((durationMs, index) => ({
      ...task,
      taskName: `t${index}`,
      durationMs,
    }));
    const xml = renderJUnit({ ...fixture("one"), taskStatistics });
    const seconds = Array.from(xml.matchAll(/<testcase [^>]* time="([^"]*)"/g), ([, time]) => time);
    expect(seconds).toEqual(["0", "0.000001", "0.0001", "0.012", "1.234567", "1000000"]);
  });
});
