import type { SerializedReport } from "@astrum/core";
import { describe, expect, it } from "vitest";
import {
  type AstrumPythonOptions,
  type CardOptions,
  type ChromeTraceOptions,
  type CompareOptions,
  type CsvOptions,
  type CtrfOptions,
  compareReports,
  type DotOptions,
  type GithubAnnotationsOptions,
  type HtmlOptions,
  type JsonOptions,
  type JUnitOptions,
  type MarkdownOptions,
  type MermaidOptions,
  type NdjsonOptions,
  type OtlpJsonOptions,
  renderCard,
  renderChromeTrace,
  renderCsv,
  renderCtrf,
  renderDot,
  renderGithubAnnotations,
  renderHtml,
  renderJson,
  renderJUnit,
  renderMarkdown,
  renderMermaid,
  renderNdjson,
  renderOtlpJson,
  renderSvg,
  renderTap,
  renderText,
  type SvgOptions,
  type TapOptions,
  type TextOptions,
  toAstrumPython,
} from "../src/index.ts";
import { fixture } from "./fixtures.ts";

/** Every option there is, and none of them given: the compiler knows the list. */
type Undefined<O> = { [K in keyof Required<O>]: undefined };

function same<O>(render: (report: SerializedReport, options?: O) => unknown, none: Undefined<O>) {
  const report = fixture("cancelled");
  return { given: render(report, none as unknown as O), left: render(report) };
}

describe("An option that is there and undefined is one that was left out", () => {
  const redact = undefined;
  const outputs = undefined;
  it.each([
    ["json", same<JsonOptions>(renderJson, { outputs, redact, indent: undefined })],
    ["ndjson", same<NdjsonOptions>(renderNdjson, { outputs, redact })],
    ["html", same<HtmlOptions>(renderHtml, { outputs, redact })],
    [
      "markdown",
      same<MarkdownOptions>(renderMarkdown, {
        maxBytes: undefined,
        diagramTasks: undefined,
        url: undefined,
        redact,
      }),
    ],
    ["text", same<TextOptions>(renderText, { tasks: undefined, redact })],
    ["chrome trace", same<ChromeTraceOptions>(renderChromeTrace, { redact })],
    [
      "dot",
      same<DotOptions>(renderDot, {
        direction: undefined,
        maxNodes: undefined,
        maxEdges: undefined,
        redact,
      }),
    ],
    [
      "mermaid",
      same<MermaidOptions>(renderMermaid, {
        kind: undefined,
        direction: undefined,
        maxEdges: undefined,
        maxChars: undefined,
        redact,
      }),
    ],
    ["svg", same<SvgOptions>(renderSvg, { width: undefined, theme: undefined, redact })],
    ["card", same<CardOptions>(renderCard, { theme: undefined, redact })],
    ["ctrf", same<CtrfOptions>(renderCtrf, { redact })],
    [
      "github annotations",
      same<GithubAnnotationsOptions>(renderGithubAnnotations, {
        root: undefined,
        url: undefined,
        redact,
      }),
    ],
    ["junit", same<JUnitOptions>(renderJUnit, { dialect: undefined, suite: undefined, redact })],
    ["tap", same<TapOptions>(renderTap, { redact })],
    ["python", same<AstrumPythonOptions>(toAstrumPython, { outputs, redact })],
    ["csv", same<CsvOptions>(renderCsv, { rows: undefined, formulas: undefined, redact })],
    ["otlp", same<OtlpJsonOptions>(renderOtlpJson, { serviceName: undefined, redact })],
    [
      "compare",
      same<CompareOptions>((report, options) => compareReports(report, report, options), {
        minMs: undefined,
        minRatio: undefined,
        redact: undefined,
      }),
    ],
  ])("%s", (_, { given, left }) => {
    expect(given).toEqual(left);
  });
});
