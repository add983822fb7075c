import type { SerializedReport } from "@astrum/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReport, renderMermaid, reporters } from "../src/index.ts";
import { fixture, fixtureNames } from "./fixtures.ts";

const all = Object.values(reporters);

/** Valid reports in which a few texts and numbers are what nobody expects there. */
const oddReports = fc.sample(
  fc
    .array(
      fc.tuple(
        fc.constantFrom(...leaves(fixture("cancelled"))),
        fc.oneof(
          fc.constantFrom("", "\ud800", "__proto__", "constructor", "\0", "x".repeat(5000)),
          fc.string({ unit: "binary" }),
        ),
        fc.oneof(
          fc.constantFrom(0, -0, 1e-7, 1e21, -1, Number.MAX_VALUE),
          fc.double({ noNaN: true }),
        ),
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((changes) => {
      const report = JSON.parse(JSON.stringify(fixture("cancelled"))) as SerializedReport;
      for (const [path, text, number] of changes) replaceLeaf(report, path, text, number);
      return report;
    })
    .filter((report) => isValid(report)),
  { numRuns: 150, seed: 11 },
);

function isValid(report: SerializedReport): boolean {
  try {
    parseReport(report);
    return true;
  } catch {
    return false;
  }
}

describe.each(all.map(({ name }) => name))("the format %s", (name) => {
  const { render, extension, mediaType } = reporters[name as keyof typeof reporters];

  it("stands in the table under its own name, with an extension and a media type", () => {
    expect(reporters[name as keyof typeof reporters].name).toBe(name);
    expect(extension).toMatch(/^[a-z]+(?:\.[a-z]+)*$/);
    expect(mediaType).toMatch(/^[a-z]+\/[\w.+-]+(?:; charset=utf-8)?$/);
  });

  it.each(fixtureNames)("gives the same text for the same report: %s", (fixtureName) => {
    const report = fixture(fixtureName);
    const copy = JSON.parse(JSON.stringify(report)) as SerializedReport;
    // A report that was not frozen, so that shared state would show.
    expect(render(copy) === render(report)).toBe(true);
  });

  it("never holds a control character or half a pair, but as the escapes of its format", () => {
    const text = render(fixture("hostile"));
    // JSON may hold the second block of controls, which no terminal that reads UTF-8 acts on.
    const acting = mediaType.includes("json")
      ? /(?![\t\r\n\x7f-\x9f])\p{Cc}|\p{Cs}/gu
      : /(?![\t\r\n])\p{Cc}|\p{Cs}/gu;
    expect(text.match(acting)).toBeNull();
  });

  it("never throws, whatever a valid report holds", () => {
    for (const report of oddReports) expect(typeof render(report)).toBe("string");
  });
});

describe("half a surrogate pair, for which jq and others refuse a whole document", () => {
  /** These give back every name as it was: our own documents, and the page that holds one. */
  const readBack = ["json", "ndjson", "html"];
  const halves = (text: string): string[] =>
    (text.match(/\\(?:u[\da-f]{4}|[\s\S])/g) ?? []).filter((escaped) =>
      /^\\ud[89a-f]/.test(escaped),
    );

  it.each(all.map(({ name }) => name).filter((name) => !readBack.includes(name)))(
    "is not in %s, not even as an escape",
    (name) => {
      const text = reporters[name as keyof typeof reporters].render(fixture("hostile"));
      expect(halves(text)).toEqual([]);
    },
  );

  it("is in our own documents, so it would be found", () => {
    for (const name of ["json", "ndjson"] as const)
      expect(halves(reporters[name].render(fixture("hostile"))).length).toBeGreaterThan(10);
  });
});

describe("a report from elsewhere", () => {
  it.each(all.map(({ name }) => name))(
    "with names that are repeated, missing or in a circle is rendered as %s",
    (name) => {
      const report = JSON.parse(JSON.stringify(fixture("cancelled"))) as SerializedReport;
      const [first, second, third] = report.taskStatistics;
      if (first === undefined || second === undefined || third === undefined)
        throw new Error("too few");
      second.taskName = first.taskName;
      third.dependencies = [
        { task: third.taskName, kind: "value" },
        { task: "nowhere", kind: "after" },
      ];
      third.releasedBy = third.taskName;
      third.kind = "item";
      third.parent = third.taskName;
      report.analysis.criticalPath.push({
        task: "nowhere",
        attempt: 9,
        link: "slot",
        gapMs: 1,
        runMs: 1,
      });
      expect(
        reporters[name as keyof typeof reporters].render(report).length,
      ).toBeGreaterThanOrEqual(0);
    },
  );
});

describe("a small run, as every format shows it", () => {
  it.each(all.map(({ name, extension }) => [name, extension]))("%s", async (name, extension) => {
    const text = reporters[name as keyof typeof reporters].render(fixture("interrupted"));
    await expect(text).toMatchFileSnapshot(`./fixtures/golden/interrupted.${extension}`);
  });
});

describe("limits", () => {
  it.each(fixtureNames)(
    "a Mermaid diagram of the fixture %s stays below those of Mermaid and of Gitea",
    (name) => {
      for (const kind of ["flowchart", "gantt"] as const) {
        for (const maxChars of [50_000, 5000]) {
          const text = renderMermaid(fixture(name), { kind, maxChars });
          expect(text.length).toBeLessThanOrEqual(maxChars);
          expect(text.match(/^ {2}n\d+ -\S+ n\d+$/gm)?.length ?? 0).toBeLessThanOrEqual(500);
        }
      }
    },
  );

  it("a job summary of 10,000 tasks that all failed is below 1 MiB and says how many failures it left out", () => {
    const large = fixture("large");
    const taskStatistics = large.taskStatistics.map((task) => ({
      ...task,
      status: "failed" as const,
      error: { name: "Error", message: `boom ${"x".repeat(200)}`, stack: "at x\n".repeat(30) },
    }));
    const text = reporters.markdown.render({ ...large, taskStatistics, failedTasks: 10_000 });
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(text).toContain("### 10000 failed");
    expect(text).toMatch(/Left out to stay within the size limit: \d+ of 10000 failures/);
    expect(text.match(/^- ✗ /gm)?.length).toBeGreaterThan(2000);
  });

  it("annotations are ten of a kind at most, the last saying how many more there are", () => {
    const lines = reporters.github.render(fixture("large")).trimEnd().split("\n");
    for (const level of ["error", "warning"]) {
      const own = lines.filter((line) => line.startsWith(`::${level} `));
      expect(own).toHaveLength(10);
      expect(own.at(-1)).toMatch(/::\d+ more (?:failures|flaky tasks); see the report\.$/);
    }
  });
});

type Path = readonly (string | number)[];

function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, item]) =>
    leaves(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function replaceLeaf(target: unknown, path: Path, text: string, number: number): void {
  const parent = path
    .slice(0, -1)
    .reduce((at, key) => Reflect.get(at as object, key), target) as object;
  const key = path.at(-1) ?? "";
  const old: unknown = Reflect.get(parent, key);
  if (typeof old === "string") Reflect.set(parent, key, text);
  else if (typeof old === "number") Reflect.set(parent, key, number);
}
