import { describe, expect, it } from "vitest";
import { renderCsv } from "../../src/index.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { run, withFile } from "./programs.ts";

const READ = `
import csv, json, sys
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    print(json.dumps(list(csv.DictReader(file, strict=True))))
`;

describe.each(fixtureNames)("the fixture %s as CSV, as Python reads it", (name) => {
  it("has a row per task with its name, status and dependencies", () => {
    const report = fixture(name);
    const { stdout, stderr } = withFile(renderCsv(report, { formulas: "keep" }), (file) =>
      run("python3", ["-c", READ, file]),
    );
    expect(stderr).toBe("");
    const rows = JSON.parse(stdout) as Record<string, string>[];
    const signs = /[\u2400-\u241f\ufffd]/gu;
    expect(rows.map(({ taskName = "" }) => taskName.replace(signs, ""))).toEqual(
      report.taskStatistics.map(({ taskName }) =>
        taskName.replace(/(?![\t\r\n])[\p{Cc}\p{Cs}]/gu, ""),
      ),
    );
    expect(rows.map(({ status }) => status)).toEqual(
      report.taskStatistics.map(({ status }) => status),
    );
    expect(rows.map(({ dependencies = "" }) => JSON.parse(dependencies) as unknown)).toEqual(
      report.taskStatistics.map(({ dependencies }) =>
        dependencies.map(({ task }) => task.replace(/\p{Cs}/gu, "\ufffd")),
      ),
    );
  });
});
