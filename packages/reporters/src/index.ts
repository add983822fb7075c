/** An execution report as text for people and for machines. Table of contents. */

// Reading: the way back to a report.

export { parseReport, ReportFormatError, reportSchema } from "./reading/parse-report.ts";
export { type ReadEventLogOptions, readEventLog } from "./reading/read-event-log.ts";
export type { SchemaIssue } from "./reading/schema-check.ts";

// Asking: what a report is good for in the next run.

export {
  type CompareOptions,
  compareReports,
  type DurationChange,
  type ReportComparison,
  type RunSummary,
} from "./asking/compare.ts";
export type { ComparisonVerdict } from "./asking/comparison-verdict.ts";
export { estimatesFrom } from "./asking/estimates.ts";
export type { PathChange } from "./asking/path-change.ts";

// Writing: the report itself, the source of every other format.

export { type JsonOptions, renderJson, type TextSink, writeJson } from "./writing/json.ts";

// Event logs.

export { type EventLog, type EventLogOptions, eventLog } from "./writing/live-log.ts";
export { type NdjsonOptions, renderNdjson } from "./writing/ndjson.ts";

// Going on after a crash.

export type { Encryption } from "./reading/sealed.ts";
export { type CompactedLog, compactLog } from "./resuming/compact-log.ts";
export { LogInUseError } from "./resuming/log-lock.ts";
export { type Resumable, type ResumableOptions, resumable } from "./resuming/resumable.ts";
export { type LogInfo, type LogInfoOptions, resumeInfo } from "./resuming/resume-info.ts";

// For people.

export { renderComparisonHtml } from "./html/comparison-html.ts";
export { type HtmlOptions, renderHtml } from "./html/render-html.ts";
export { renderComparisonMarkdown } from "./writing/comparison-markdown.ts";
export { renderComparisonText } from "./writing/comparison-text.ts";
export { appendJobSummary } from "./writing/job-summary.ts";
export { type MarkdownOptions, renderMarkdown } from "./writing/markdown.ts";
export { renderText, type TextOptions } from "./writing/text.ts";

// Pictures.

export { type CardOptions, renderCard } from "./writing/card.ts";
export { type ChromeTraceOptions, renderChromeTrace } from "./writing/chrome-trace.ts";
export { type DotOptions, renderDot } from "./writing/dot.ts";
export { type MermaidOptions, renderMermaid } from "./writing/mermaid.ts";
export { renderSvg, type SvgOptions } from "./writing/svg.ts";

// Test results.

export { type CtrfOptions, renderCtrf } from "./writing/ctrf.ts";
export {
  type GithubAnnotationsOptions,
  renderGithubAnnotations,
} from "./writing/github-annotations.ts";
export { type JUnitOptions, renderJUnit } from "./writing/junit.ts";
export { renderTap, type TapOptions } from "./writing/tap.ts";

// For other programs.

export {
  type AstrumPythonAttempt,
  type AstrumPythonOptions,
  type AstrumPythonReport,
  type AstrumPythonStage,
  type AstrumPythonTask,
  toAstrumPython,
} from "./writing/astrum-python.ts";
export { type CsvOptions, renderCsv } from "./writing/csv.ts";
export { type OtlpJsonOptions, renderOtlpJson } from "./writing/otlp.ts";

// What is left out of all of them, and all of them by name.

export {
  type Reporter,
  type ReporterName,
  type ReporterOptions,
  reporters,
} from "./reporter-table.ts";
export type { AnyReport, LiveReport } from "./wording/given-report.ts";
export { type Redaction, redactReport } from "./wording/redact.ts";
