import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import * as reports from "../src/index.ts";
import * as terminal from "../src/terminal/index.ts";
import { fixture } from "./fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "astrum-given-options-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "written");
const report = fixture("cancelled");
const sink = { write: () => expect.unreachable("nothing may be written") };

type Called = (options: never) => unknown;
const REDACTING: Readonly<Record<string, Called>> = {
  renderChromeTrace: (options) => reports.renderChromeTrace(report, options),
  renderCsv: (options) => reports.renderCsv(report, options),
  renderCtrf: (options) => reports.renderCtrf(report, options),
  renderDot: (options) => reports.renderDot(report, options),
  renderGithubAnnotations: (options) => reports.renderGithubAnnotations(report, options),
  renderHtml: (options) => reports.renderHtml(report, options),
  renderJUnit: (options) => reports.renderJUnit(report, options),
  renderJson: (options) => reports.renderJson(report, options),
  renderMarkdown: (options) => reports.renderMarkdown(report, options),
  renderMermaid: (options) => reports.renderMermaid(report, options),
  renderNdjson: (options) => reports.renderNdjson(report, options),
  renderOtlpJson: (options) => reports.renderOtlpJson(report, options),
  renderSvg: (options) => reports.renderSvg(report, options),
  renderCard: (options) => reports.renderCard(report, options),
  renderTap: (options) => reports.renderTap(report, options),
  renderText: (options) => reports.renderText(report, options),
  toAstrumPython: (options) => reports.toAstrumPython(report, options),
  appendJobSummary: (options) => reports.appendJobSummary(file, report, options),
  eventLog: (options) => reports.eventLog(file, options),
  progress: (options) => terminal.progress(options),
  printSummary: (options) => terminal.printSummary(report, options),
  compareReports: (options) => reports.compareReports(report, report, options),
  renderComparisonHtml: (options) => reports.renderComparisonHtml(report, report, options),
};
const TAKING_OPTIONS: Readonly<Record<string, Called>> = {
  ...REDACTING,
  readEventLog: (options) => reports.readEventLog("", options),
};
/**
 * Functions without options, also of what had some when it was made; `writeJson` and `redactReport` have tests of their own below, those that promise something in
 * `resuming`.
 */
const OTHERS = [
  "LogInUseError",
  "ReportFormatError",
  "compactLog",
  "estimatesFrom",
  "parseReport",
  "redactReport",
  "renderComparisonMarkdown",
  "renderComparisonText",
  "resumable",
  "resumeInfo",
  "writeJson",
];

function refused(call: Called, options: unknown): string {
  try {
    call(options as never);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    expect(existsSync(file)).toBe(false);
    return (error as Error).message;
  }
  return "";
}

describe("Options of a function of this package", () => {
  it("are looked at here, whichever function it is", () => {
    const all = Object.entries({ ...reports, ...terminal }).flatMap(([name, it]) =>
      typeof it === "function" ? [name] : [],
    );
    expect(all.sort()).toEqual([...Object.keys(TAKING_OPTIONS), ...OTHERS].sort());
  });

  it.each(Object.entries(REDACTING))(
    "are refused when one is unknown, or the secrets would be shown: %s",
    (name, call) => {
      expect(refused(call, { redcat: [/hunter2/] })).toBe(
        `${name}(): Unknown option \`redcat\`. Did you mean "redact"?`,
      );
    },
  );

  it.each(Object.entries(TAKING_OPTIONS))(
    "are refused when they are no options: %s",
    (name, call) => {
      for (const [what, options] of [
        ["null", null],
        ["an array", [/hunter2/]],
        ["a RegExp", /hunter2/],
        ["a Map", new Map([["redact", [/hunter2/]]])],
        ["a function", (text: string) => text],
        ["a promise", Promise.resolve({})],
      ] as const) {
        expect(refused(call, options)).toBe(
          `${name}(): Expected its options to be an object, got ${what}.`,
        );
      }
    },
  );

  it.each(Object.entries(REDACTING))(
    "hide secrets in a way that works, or are refused without showing any: %s",
    (name, call) => {
      const expected = `${name}(): Expected \`redact\` to be false, a list of texts and patterns, or a function, got`;
      expect(refused(call, { redact: "hunter2" })).toBe(`${expected} a text.`);
      expect(refused(call, { redact: /hunter2/ })).toBe(`${expected} a RegExp.`);
      expect(refused(call, { redact: null })).toBe(`${expected} null.`);
      expect(refused(call, { redact: true })).toBe(`${expected} true.`);
      const entry = `${name}(): Expected each entry of \`redact\` to be a pattern or a text that is not empty, got`;
      expect(refused(call, { redact: ["hunter2", ""] })).toContain(`${entry} an empty text.`);
      expect(refused(call, { redact: [undefined] })).toContain(`${entry} undefined.`);
      expect(refused(call, { redact: [12n] })).toContain(`${entry} 12n.`);
    },
  );

  it("are refused when their values are not what they may be, all at once", () => {
    expect(refused(TAKING_OPTIONS.renderMermaid as Called, { kind: "gant", maxEdges: -1 })).toBe(
      'renderMermaid(): Expected `kind` to be one of "flowchart", "gantt", got "gant". Did you mean "gantt"?\n' +
        "  Expected `maxEdges` to be a number of arrows from 0 up, got -1.",
    );
    const wrong: [string, object][] = [
      ["renderJson", { indent: "2" }],
      ["renderJson", { outputs: "false" }],
      ["renderNdjson", { outputs: 1 }],
      ["renderHtml", { outputs: "yes" }],
      ["renderMarkdown", { maxBytes: Number.NaN }],
      ["renderMarkdown", { url: new URL("https://example.org") }],
      ["renderText", { tasks: "all" }],
      ["renderDot", { direction: "TD" }],
      ["renderSvg", { width: Number.POSITIVE_INFINITY }],
      ["renderJUnit", { dialect: "maven" }],
      ["renderCsv", { formulas: false }],
      ["renderOtlpJson", { serviceName: null }],
      ["renderGithubAnnotations", { root: null }],
      ["toAstrumPython", { outputs: 1 }],
      ["compareReports", { minMs: -1 }],
      ["readEventLog", { runId: 7 }],
      ["progress", { estimates: { a: "1 s" } }],
      ["progress", { color: "red" }],
      ["printSummary", { stream: {} }],
      ["printSummary", { stacks: 1 }],
    ];
    for (const [name, options] of wrong) {
      expect(refused(TAKING_OPTIONS[name] as Called, options)).toContain(
        `${name}(): Expected \`${Object.keys(options)[0]}\` to be `,
      );
    }
  });

  it("are refused by every format of the table too", () => {
    for (const { render } of Object.values(reports.reporters)) {
      expect(refused((options) => render(report, options), { redcat: false })).toContain(
        'Unknown option `redcat`. Did you mean "redact"?',
      );
      expect(refused((options) => render(report, options), new Map())).toContain("got a Map.");
    }
  });

  it("are refused by writeJson before it writes, which has no `indent`", async () => {
    const write = (options: unknown): Promise<void> =>
      reports.writeJson(
        report,
        { ...sink, once: () => {}, off: () => {} } as never,
        options as never,
      );
    await expect(write({ indent: 2 })).rejects.toThrow(
      "writeJson(): Unknown option `indent`. There are outputs, redact.",
    );
    await expect(write(null)).rejects.toThrow("writeJson(): Expected its options to be an object");
    await expect(write({ redact: "hunter2" })).rejects.toThrow("got a text.");
  });

  it("are a redaction alone for redactReport", () => {
    const call: Called = (redact) => reports.redactReport(report, redact);
    expect(refused(call, { redact: [/hunter2/] })).toBe(
      "redactReport(): Expected `redact` to be false, a list of texts and patterns, or a function, got an object.",
    );
    expect(refused(call, /hunter2/)).toContain("got a RegExp.");
  });
});

describe("A function that redacts", () => {
  it("returns a text, or nothing is shown", () => {
    for (const [what, shown] of [
      ["a promise", Promise.resolve("")],
      ["undefined", undefined],
      ["an object", {}],
    ] as const) {
      for (const { render } of Object.values(reports.reporters)) {
        expect(() => render(report, { redact: (() => shown) as never })).toThrow(
          `Expected \`redact\` to return a text, got ${what}.`,
        );
      }
    }
  });
});
