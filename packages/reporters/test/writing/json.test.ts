import { PassThrough, Writable } from "node:stream";
import type { SerializedReport } from "@astrum/core";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseReport,
  ReportFormatError,
  renderJson,
  reportSchema,
  writeJson,
} from "../../src/index.ts";
import { schemaIssues } from "../../src/reading/schema-check.ts";
import { fixture, fixtureNames, fixtureText } from "../fixtures.ts";
import { type RunName, runNamed } from "../runs.ts";

const ajv = new Ajv2020({ strict: true, allErrors: true });
const valid = ajv.compile(reportSchema);

function clone(report: SerializedReport): SerializedReport {
  return JSON.parse(JSON.stringify(report)) as SerializedReport;
}

function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error("an empty list");
  return one;
}

describe.each(fixtureNames)("the frozen report %s", (name) => {
  it("is valid to Ajv in strict mode", () => {
    expect(valid(fixture(name)), ajv.errorsText(valid.errors)).toBe(true);
  });

  it("comes back from its JSON as it was, byte by byte the second time", () => {
    const text = renderJson(fixture(name), { outputs: true, redact: false });
    const parsed = parseReport(text);
    expect(parsed).toEqual(JSON.parse(fixtureText(name)));
    expect(renderJson(parsed, { outputs: true, redact: false })).toBe(text);
  });

  it("is written to a stream as the same bytes", async () => {
    const stream = new PassThrough({ highWaterMark: 1024 });
    const pieces: string[] = [];
    stream.setEncoding("utf8").on("data", (piece: string) => pieces.push(piece));
    await writeJson(fixture(name), stream);
    stream.end();
    expect(pieces.join("")).toBe(renderJson(fixture(name)));
  });
});

describe("the schema", () => {
  it.each(["empty", "one", "mixed", "cancelled", "planning-failure"] as readonly RunName[])(
    "describes what the engine reports today: %s",
    async (name) => {
      const report: unknown = JSON.parse(
        JSON.stringify((await runNamed(name)).toJSON({ outputs: true })),
      );
      expect(valid(report), ajv.errorsText(valid.errors)).toBe(true);
      expect(schemaIssues(reportSchema, report)).toEqual([]);
    },
  );

  it.each<[string, (report: SerializedReport) => unknown]>([
    [
      "a status of its own",
      (report) => Object.assign(first(report.taskStatistics), { status: "done" }),
    ],
    [
      "a task without a name",
      (report) => Reflect.deleteProperty(first(report.taskStatistics), "taskName"),
    ],
    [
      "a skipped task without a reason",
      (report) => Object.assign(first(report.taskStatistics), { status: "skipped" }),
    ],
    ["a negative duration", (report) => Object.assign(report, { totalDurationMs: -1 })],
    ["half a task", (report) => Object.assign(report, { totalTasks: 0.5 })],
    ["a time as text", (report) => Object.assign(report.clock, { epochMs: "now" })],
    ["no analysis", (report) => Reflect.deleteProperty(report, "analysis")],
    [
      "an attempt without a number",
      (report) =>
        Reflect.deleteProperty(
          first(first(report.taskStatistics).attemptStatistics),
          "attemptNumber",
        ),
    ],
    [
      "an unknown link",
      (report) => Object.assign(first(report.analysis.criticalPath), { link: "luck" }),
    ],
    [
      "a reason without its task",
      (report) => Object.assign(first(report.taskStatistics), { reason: { kind: "failure" } }),
    ],
    [
      "an output of no encoding",
      (report) => Object.assign(report, { outputs: { only: { encoding: "xml", value: 1 } } }),
    ],
    ["a date that is none", (report) => Object.assign(report.run, { startedAt: "yesterday" })],
  ])("rejects %s, as Ajv does", (_, damage) => {
    const report = clone(fixture("one"));
    damage(report);
    expect(valid(report)).toBe(false);
    expect(() => parseReport(report)).toThrow(ReportFormatError);
  });

  it("gives Ajv's verdict on reports with any property replaced or removed", () => {
    const places = propertyPaths(fixture("cancelled"));
    const values = [null, -1, 0.5, "", "text", true, [], {}, ["x"], { kind: "failure" }];
    let rejected = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.constantFrom(undefined, ...values),
        (place, value) => {
          const report = clone(fixture("cancelled"));
          replace(report, place, value);
          const verdict = valid(report);
          if (!verdict) rejected++;
          expect(schemaIssues(reportSchema, report).length === 0).toBe(verdict);
        },
      ),
      { numRuns: 1000, seed: 1 },
    );
    expect(rejected).toBeGreaterThan(300);
  });
});

describe("parseReport", () => {
  it("keeps properties that it does not know, wherever they are", () => {
    const report = clone(fixture("one"));
    Object.assign(report, { formatVersion: "1.7", mood: "splendid" });
    Object.assign(first(report.taskStatistics), { carbonGrams: 3 });
    const parsed = parseReport(renderJson(report, { redact: false }));
    expect(parsed).toMatchObject({ mood: "splendid", taskStatistics: [{ carbonGrams: 3 }] });
  });

  it("lets a task be named like a property of every object", () => {
    const report = clone(fixture("one"));
    report.originalTasks = JSON.parse('{"__proto__":[],"constructor":["__proto__"]}') as Record<
      string,
      string[]
    >;
    const { originalTasks } = parseReport(report);
    expect(Object.keys(originalTasks)).toEqual(["__proto__", "constructor"]);
    expect(originalTasks.toString).toBeUndefined();
  });

  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /Expected an execution report, got undefined/],
    ["a list", [], /got an array/],
    ["text that is no JSON", "{", /is not JSON/],
    ["an event log", '{"v":1,"type":"run.start"}\n{"v":1,"type":"run.end"}\n', /use readEventLog/],
    [
      "another document",
      { format: "junit" },
      /Expected `format` to be "astrum.execution-report", got "junit"/,
    ],
    [
      "a newer major version",
      { format: "astrum.execution-report", formatVersion: "2.0" },
      /version 2\.0; this reader knows version 1\. Update/,
    ],
    [
      "a version that is none",
      { format: "astrum.execution-report", formatVersion: "new" },
      /Expected `formatVersion` to be like "1\.0", got "new"/,
    ],
  ])("says what is wrong with %s", (_, json, message) => {
    expect(() => parseReport(json)).toThrow(message);
  });

  it("names every place that is wrong, as one would write it, and counts those it does not show", () => {
    const report = clone(fixture("cancelled"));
    for (const task of report.taskStatistics) Object.assign(task, { status: "done" });
    const error = caught(() => parseReport(report));
    expect(error.message).toContain(
      'taskStatistics[3].status: expected one of "completed", "failed"',
    );
    expect(error.message).toContain("… and 4 more");
    expect(error.issues).toHaveLength(report.taskStatistics.length);
  });

  it("refuses what is nested too deeply to be a report", () => {
    const deep = `${'{"a":'.repeat(300)}1${"}".repeat(300)}`;
    const text = fixtureText("one")
      .replace('"attributes":', '"x":')
      .replace(/^\{/, `{"deep":${deep},`);
    expect(() => parseReport(text)).toThrow(/nested deeper than/);
  });
});

describe("renderJson", () => {
  it("leaves outputs out unless asked", () => {
    expect(fixture("one").outputs).toBeDefined();
    expect(renderJson(fixture("one"))).not.toContain('"outputs"');
    expect(parseReport(renderJson(fixture("one"), { outputs: true })).outputs).toEqual(
      fixture("one").outputs,
    );
  });

  it("indents when asked and says the same", () => {
    const text = renderJson(fixture("cancelled"), { indent: 2 });
    expect(text).toContain('\n  "format"');
    expect(JSON.parse(text)).toEqual(JSON.parse(renderJson(fixture("cancelled"))));
  });
});

describe("writeJson", () => {
  it("waits while the stream is full instead of filling the memory", async () => {
    let _waiting = 0;
    let most = 0;
    const slow = new Writable({
      highWaterMark: 1,
      decodeStrings: false,
      write(piece: string, _, done) {
        _waiting += piece.length;
        most = Math.max(most, slow.writableLength);
        setImmediate(() => {
          _waiting -= piece.length;
          done();
        });
      },
    });
    await writeJson(fixture("large"), slow);
    expect(most).toBeLessThan(200_000);
  });

  it("rejects with the stream's error", async () => {
    const broken = new Writable({
      highWaterMark: 1,
      write: (_, __, done) => done(new Error("disk full")),
    });
    broken.on("error", () => {});
    await expect(writeJson(fixture("large"), broken)).rejects.toThrow("disk full");
  });

  it("rejects when the stream closes before everything is written", async () => {
    const closing = new Writable({
      highWaterMark: 1,
      write() {
        closing.destroy();
      },
    });
    await expect(writeJson(fixture("large"), closing)).rejects.toThrow(
      /closed before the whole report/,
    );
  });

  it("leaves no listener behind", async () => {
    const stream = new PassThrough();
    stream.resume();
    const before = stream.eventNames().map((name) => stream.listenerCount(name));
    await writeJson(fixture("one"), stream);
    expect(stream.eventNames().map((name) => stream.listenerCount(name))).toEqual(before);
  });
});

type Path = readonly (string | number)[];

function propertyPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    return [here, ...propertyPaths(item, here)];
  });
}

function replace(target: unknown, path: Path, value: unknown): void {
  const parent = path
    .slice(0, -1)
    .reduce((at, key) => Reflect.get(at as object, key), target) as object;
  const last = path.at(-1) ?? "";
  if (value === undefined && !Array.isArray(parent)) Reflect.deleteProperty(parent, last);
  else Reflect.set(parent, last, value ?? null);
}

function caught(act: () => unknown): ReportFormatError {
  try {
    act();
  } catch (error) {
    if (error instanceof ReportFormatError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
