/** An execution report as text for people and for machines. Table of contents. */

// For other programs.
export {
  type AstrumPythonAttempt,
  type AstrumPythonOptions,
  type AstrumPythonReport,
  type AstrumPythonStage,
  type AstrumPythonTask,
  toAstrumPython,
} from "./astrum-python.ts";
// Pictures.
export { type ChromeTraceOptions, renderChromeTrace } from "./chrome-trace.ts";
// What a report is good for in the next run.
export {
  type CompareOptions,
  compareReports,
  type DurationChange,
  type ReportComparison,
} from "./compare.ts";
export { type CsvOptions, renderCsv } from "./csv.ts";
// Test results.
export { type CtrfOptions, renderCtrf } from "./ctrf.ts";
export { type DotOptions, renderDot } from "./dot.ts";
export { estimatesFrom } from "./estimates.ts";
// Event logs.
export { type EventLog, type EventLogOptions, eventLog } from "./event-log.ts";
export { type GithubAnnotationsOptions, renderGithubAnnotations } from "./github-annotations.ts";
export { type HtmlOptions, renderHtml } from "./html/render-html.ts";
// The report itself: the source of every other format.
export { type JsonOptions, renderJson, type TextSink, writeJson } from "./json.ts";
export { type JUnitOptions, renderJUnit } from "./junit.ts";
// For people.
export { type MarkdownOptions, renderMarkdown } from "./markdown.ts";
export { type MermaidOptions, renderMermaid } from "./mermaid.ts";
export { type NdjsonOptions, renderNdjson } from "./ndjson.ts";
export { type OtlpJsonOptions, renderOtlpJson } from "./otlp.ts";
export { parseReport, ReportFormatError, reportSchema } from "./parse-report.ts";
export { type ReadEventLogOptions, readEventLog } from "./read-event-log.ts";
export type { Redaction } from "./redact.ts";
// All of them.
export { type Reporter, type ReporterName, type ReporterOptions, reporters } from "./reporters.ts";
export type { SchemaIssue } from "./schema-check.ts";
export { renderSvg, type SvgOptions } from "./svg.ts";
export { renderTap, type TapOptions } from "./tap.ts";
export { renderText, type TextOptions } from "./text.ts";
