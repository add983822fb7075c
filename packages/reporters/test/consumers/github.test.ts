import { error, warning } from "@actions/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { renderGithubAnnotations } from "../../src/index.ts";
import { visibleLines, visibleName } from "../../src/wording/visible.ts";
import { fixture, fixtureNames } from "../fixtures.ts";
import { hostileLabels } from "../hostile-labels.ts";

interface Annotation {
  readonly level: "error" | "warning";
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** As GitHub's runner reads a line of a step's output: everything up to the second `::` is the command. */
function read(line: string): Annotation {
  const [, level, properties = "", message = ""] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? [];
  if (level !== "error" && level !== "warning") throw new Error(`no annotation: ${line}`);
  const pairs = properties.split(",").map((pair): [string, string] => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), decoded(pair.slice(at + 1))];
  });
  return { level, properties: Object.fromEntries(pairs), message: decoded(message) };
}

function decoded(text: string): string {
  return text
    .replace(/%0D/g, "\r")
    .replace(/%0A/g, "\n")
    .replace(/%3A/g, ":")
    .replace(/%2C/g, ",")
    .replace(/%25/g, "%");
}

/** The line that GitHub's own toolkit writes for it, with the properties in the order of the alphabet. */
function asToolkit({ level, properties, message }: Annotation): string {
  const { title, file, line, col } = properties;
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((piece) => {
    written.push(String(piece));
    return true;
  });
  const emit = level === "error" ? error : warning;
  emit(message, {
    ...(title === undefined ? {} : { title }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { startLine: Number(line) }),
    ...(col === undefined ? {} : { startColumn: Number(col) }),
  });
  write.mockRestore();
  return ordered(written.join("").replace(/\r?\n$/, ""));
}

function ordered(line: string): string {
  return line.replace(
    /^(::\w+ )(.*?)(::)/,
    (_, head: string, properties: string, end: string) =>
      head + properties.split(",").sort().join(",") + end,
  );
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(fixtureNames)("the annotations of the fixture %s", (name) => {
  it("are, byte for byte, what GitHub's toolkit writes for the same titles, places and messages", () => {
    const lines = linesOf(renderGithubAnnotations(fixture(name), { root: "/srv/app" }));
    const { failedTasks, flakyTasks, executionState } = fixture(name);
    expect(lines.length > 0).toBe(
      failedTasks > 0 || flakyTasks > 0 || executionState !== "completed",
    );
    for (const line of lines) expect(ordered(line)).toBe(asToolkit(read(line)));
  });
});

describe("a failed task whose name and message are", () => {
  it.each(hostileLabels.map((label) => [label]))("%j is one annotation that says so", (label) => {
    const report = fixture("one");
    const taskStatistics = report.taskStatistics.map((one) => ({
      ...one,
      taskName: label,
      status: "failed" as const,
      error: { name: "Error", message: label },
    }));
    const lines = linesOf(renderGithubAnnotations({ ...report, taskStatistics }));
    expect(lines).toHaveLength(1);
    const [line = ""] = lines;
    const { level, properties, message } = read(line);
    expect(level).toBe("error");
    expect(properties).toEqual({ title: visibleName(label) });
    // A blank message says no more than the name.
    expect(message).toBe(label.trim() === "" ? "Error" : visibleLines(`Error: ${label}`));
    expect(ordered(line)).toBe(asToolkit(read(line)));
  });
});
