/** An execution report as text for people and for machines. Table of contents. */

// What a report is good for in the next run.
export {
  type CompareOptions,
  compareReports,
  type DurationChange,
  type ReportComparison,
} from "./asking/compare.ts";
export { estimatesFrom } from "./asking/estimates.ts";
export { type HtmlOptions, renderHtml } from "./html/render-html.ts";
export { parseReport, ReportFormatError, reportSchema } from "./reading/parse-report.ts";
export { type ReadEventLogOptions, readEventLog } from "./reading/read-event-log.ts";
export type { SchemaIssue } from "./reading/schema-check.ts";
// All of them.
export {
  type Reporter,
  type ReporterName,
  type ReporterOptions,
  reporters,
} from "./reporter-table.ts";
export type { Redaction } from "./wording/redact.ts";
// For other programs.
export {
  type AstrumPythonAttempt,
  type AstrumPythonOptions,
  type AstrumPythonReport,
  type AstrumPythonStage,
  type AstrumPythonTask,
  toAstrumPython,
} from "./writing/astrum-python.ts";
// Pictures.
export { type ChromeTraceOptions, renderChromeTrace } from "./writing/chrome-trace.ts";
export { type CsvOptions, renderCsv } from "./writing/csv.ts";
// Test results.
export { type CtrfOptions, renderCtrf } from "./writing/ctrf.ts";
export { type DotOptions, renderDot } from "./writing/dot.ts";
export {
  type GithubAnnotationsOptions,
  renderGithubAnnotations,
} from "./writing/github-annotations.ts";
// The report itself: the source of every other format.
export { type JsonOptions, renderJson, type TextSink, writeJson } from "./writing/json.ts";
export { type JUnitOptions, renderJUnit } from "./writing/junit.ts";
// Event logs.
export { type EventLog, type EventLogOptions, eventLog } from "./writing/live-log.ts";
// For people.
export { type MarkdownOptions, renderMarkdown } from "./writing/markdown.ts";
export { type MermaidOptions, renderMermaid } from "./writing/mermaid.ts";
export { type NdjsonOptions, renderNdjson } from "./writing/ndjson.ts";
export { type OtlpJsonOptions, renderOtlpJson } from "./writing/otlp.ts";
export { renderSvg, type SvgOptions } from "./writing/svg.ts";
export { renderTap, type TapOptions } from "./writing/tap.ts";
export { renderText, type TextOptions } from "./writing/text.ts";
