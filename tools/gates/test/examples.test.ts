import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./planted-tree.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const lines = (file: string): number => read(file).trimEnd().split("\n").length;

const examples = readdirSync(join(root, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** What people come for first. */
const FIRST = [
  "profile-page",
  "nightly-etl",
  "agent",
  "build",
  "images",
  "fleet",
  "metrics-and-alerts",
  "race",
];

describe.each(examples)("The example %s", (name) => {
  const folder = `examples/${name}`;
  const programs = readdirSync(join(root, folder)).filter((file) => file.endsWith(".js"));

  it("is a program of at most 60 lines, which begins with how it is started", () => {
    expect(programs).toContain("main.js");
    for (const file of programs) expect(lines(`${folder}/${file}`), file).toBeLessThanOrEqual(60);
    const [comment = ""] = read(`${folder}/main.js`).split("*/");
    expect(comment).toMatch(/^\/\*\*\n(.*\n)* \* {5}.*\bnode .*\bmain\.js\b/);
  });

  it("looks at how its runs have ended", () => {
    expect(read(`${folder}/main.js`)).toMatch(/\.unwrap\(\)|\bexecutionState\b|\.errorSummary\b/);
  });

  it("has a README of at most ten lines, with the command in it", () => {
    const readme = read(`${folder}/README.md`);
    expect(lines(`${folder}/README.md`)).toBeLessThanOrEqual(10);
    expect(readme).toMatch(/^# /);
    expect(readme).toMatch(/```sh\n([^`]*\n)?[^`]*\bnode [^`]*main\.js/);
  });

  it("is run by the tests", () => {
    const suite = readdirSync(join(root, folder, "test"), { recursive: true, encoding: "utf8" });
    const consumers = suite.filter((file) => /^consumers\/.*\.test\.ts$/.test(file));
    const others = suite.filter((file) => file.endsWith(".test.ts") && !consumers.includes(file));
    expect(consumers.length + others.length).toBeGreaterThan(0);
    const { scripts } = JSON.parse(read(`${folder}/package.json`));
    expect("test:consumers" in scripts).toBe(consumers.length > 0);
    expect("test" in scripts).toBe(others.length > 0);
  });
});

describe("Who looks for an example", () => {
  const linkedIn = (page: string, link: RegExp): string[] =>
    Array.from(page.matchAll(link), ([, name]) => name as string);

  it("finds all of them on one page, first what people come for", () => {
    const linked = linkedIn(read("examples/README.md"), /^\| \[[\w-]+\]\(\.\/([\w-]+)\)/gm);
    expect([...linked].sort()).toEqual(examples);
    expect(linked.slice(0, FIRST.length)).toEqual(FIRST);
  });

  it("finds these, and the way to the others, on the front page before the large app", () => {
    const page = read("README.md");
    const before = page.slice(0, page.indexOf("](./apps/audit)"));
    expect(linkedIn(before, /\]\(\.\/examples\/([\w-]+)\)/g)).toEqual(FIRST);
    expect(before).toContain("and [seven more](./examples/README.md)");
    expect(examples.length - FIRST.length).toBe(7);
  });
});
