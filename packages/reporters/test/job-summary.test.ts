import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { appendJobSummary, renderMarkdown } from "../src/index.ts";
import { fixture } from "./fixtures.ts";

/** Of GitHub, for all that one step writes. */
const LIMIT = 1024 * 1024;

/** Ten thousand failures, each with a message of 200 characters of three bytes. */
const large = (() => {
  const report = fixture("large");
  const error = { name: "Error", message: "漢".repeat(200), stack: "at x\n".repeat(30) };
  const taskStatistics = report.taskStatistics.map((task) => ({
    ...task,
    status: "failed" as const,
    error,
  }));
  return { ...report, taskStatistics, failedTasks: taskStatistics.length };
})();

describe("job summaries appended in one step", () => {
  let folder = "";
  let file = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "astrum-summary-"));
    file = join(folder, "summary.md");
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const text = (): string => readFileSync(file, "utf8");

  it("begin with what renderMarkdown says, in a file that was not there", () => {
    appendJobSummary(file, fixture("mixed"));
    expect(text()).toBe(renderMarkdown(fixture("mixed")));
  });

  it("stand apart from a line that another left open", () => {
    writeFileSync(file, "<details><summary>Coverage</summary>");
    appendJobSummary(file, fixture("one"), { diagramTasks: 0 });
    expect(text()).toBe(
      `<details><summary>Coverage</summary>\n\n${renderMarkdown(fixture("one"), { diagramTasks: 0 })}`,
    );
  });

  it.each([2, 3, 20])("stay below 1 MiB together, %i of them, however much failed", (times) => {
    const sizes: number[] = [];
    for (let time = 0; time < times; time++) {
      appendJobSummary(file, large);
      sizes.push(statSync(file).size);
    }
    expect(sizes[0]).toBeGreaterThan(800_000);
    expect(sizes[1]).toBeGreaterThan(sizes[0] ?? 0);
    expect(sizes.at(-1)).toBeLessThan(LIMIT);
    expect(text().match(/^### ✗ .* failed after /gm)?.length).toBeGreaterThanOrEqual(2);
  });

  it("leave room to each other when each is told to", () => {
    for (let time = 0; time < 3; time++) appendJobSummary(file, large, { maxBytes: 300_000 });
    expect(text().match(/^### 10000 failed$/gm)).toHaveLength(3);
    expect(statSync(file).size).toBeLessThan(LIMIT);
  });

  it("are a sentence when next to nothing is left", () => {
    const before = "x".repeat(997_000);
    writeFileSync(file, before);
    appendJobSummary(file, large);
    expect(text().slice(before.length)).toBe(
      "\n\n> One more run: failed. Its report does not fit into this job summary.\n",
    );
  });

  it.each([999_990, 1_000_000, LIMIT])("are nothing when %i bytes are there", (size) => {
    writeFileSync(file, "x".repeat(size));
    appendJobSummary(file, large);
    expect(statSync(file).size).toBe(size);
  });

  it("say what is wrong with the file", () => {
    expect(() => appendJobSummary(folder, fixture("one"))).toThrow(/EISDIR/);
  });
});
