/** What the README shows is what the sources say and what the program does. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { helpText } from "../src/command-line.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = read("../README.md");

describe("each step of the composition stands in audit.ts, line by line:", () => {
  const source = read("../src/audit.ts");
  const steps = [...readme.matchAll(/^### (\d\. [^\n]+)\n(.*?)(?=^##)/gms)];

  test("there are five", () => {
    expect(steps.map(([, title]) => title)).toEqual([
      "1. Threads",
      "2. Reports, and a log that survives",
      "3. Tracing",
      "4. Metrics",
      "5. Trouble",
    ]);
  });

  test.each(steps.map(([, title = "", text = ""]) => [title, text] as const))("%s", (_, text) => {
    const [, code = ""] = /```ts\n(.*?)```/s.exec(text) ?? [];
    const lines = code.trim().split("\n");
    expect(lines.filter((line) => line === "" || !source.includes(line))).toEqual([]);
  });
});

test("its table of options has those of --help, and no others", () => {
  const flags = (text: string) => new Set(text.match(/(?<=^(?:\| `| {2})(?:-\w, )?)--[a-z-]+/gm));
  const table = readme.slice(readme.indexOf("## Options"), readme.indexOf("## What is audited"));
  const told = new Set([...flags(table), "--version"]);
  expect([...told].sort()).toEqual([...flags(helpText)].sort());
});

test("the findings it shows are found in the tree with known faults", () => {
  const expected = read("./fixtures/known.expected.txt").split("\n");
  const [, shown = ""] = /some lines left out\):\n\n```text\n(.*?)```/s.exec(readme) ?? [];
  const lines = shown.trim().split("\n");
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.filter((line) => !expected.includes(line))).toEqual([]);
});
