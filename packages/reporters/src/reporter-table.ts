/** Every format by name, with its defaults: what a command line or a server offers to choose from. */
import { checkOptions, type Rules } from "astrum-options";
import { renderHtml } from "./html/render-html.ts";
import type { AnyReport } from "./wording/given-report.ts";
import type { Redaction } from "./wording/redact.ts";
import { redactRule } from "./wording/redact-rule.ts";
import { renderCard } from "./writing/card.ts";
import { renderChromeTrace } from "./writing/chrome-trace.ts";
import { renderCsv } from "./writing/csv.ts";
import { renderCtrf } from "./writing/ctrf.ts";
import { renderDot } from "./writing/dot.ts";
import { renderGithubAnnotations } from "./writing/github-annotations.ts";
import { renderJson } from "./writing/json.ts";
import { renderJUnit } from "./writing/junit.ts";
import { renderMarkdown } from "./writing/markdown.ts";
import { renderMermaid } from "./writing/mermaid.ts";
import { renderNdjson } from "./writing/ndjson.ts";
import { renderOtlpJson } from "./writing/otlp.ts";
import { renderSvg } from "./writing/svg.ts";
import { renderTap } from "./writing/tap.ts";
import { renderText } from "./writing/text.ts";

export interface Reporter {
  readonly name: string;
  /** Without the dot, as in `run.trace.json`. */
  readonly extension: string;
  readonly mediaType: string;
  /** The same report gives the same text; throws for no report. */
  readonly render: (report: AnyReport, options?: ReporterOptions) => string;
}

/** What every format understands; the formats' own functions take more. */
export interface ReporterOptions {
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<ReporterOptions> = { redact: redactRule };

export type ReporterName =
  | "json"
  | "ndjson"
  | "text"
  | "html"
  | "chrome-trace"
  | "junit"
  | "mermaid"
  | "gantt"
  | "dot"
  | "markdown"
  | "csv"
  | "ctrf"
  | "otlp"
  | "svg"
  | "card"
  | "tap"
  | "github";

/** Every format by name, for programs that let somebody choose. */
export const reporters: Readonly<Record<ReporterName, Reporter>> = {
  json: { name: "json", extension: "json", mediaType: "application/json", render: renderJson },
  ndjson: {
    name: "ndjson",
    extension: "ndjson",
    mediaType: "application/x-ndjson",
    render: renderNdjson,
  },
  text: {
    name: "text",
    extension: "txt",
    mediaType: "text/plain; charset=utf-8",
    render: renderText,
  },
  html: {
    name: "html",
    extension: "html",
    mediaType: "text/html; charset=utf-8",
    render: renderHtml,
  },
  "chrome-trace": {
    name: "chrome-trace",
    extension: "trace.json",
    mediaType: "application/json",
    render: renderChromeTrace,
  },
  junit: {
    name: "junit",
    extension: "junit.xml",
    mediaType: "application/xml",
    render: renderJUnit,
  },
  mermaid: {
    name: "mermaid",
    extension: "mmd",
    mediaType: "text/vnd.mermaid",
    render: renderMermaid,
  },
  gantt: {
    name: "gantt",
    extension: "gantt.mmd",
    mediaType: "text/vnd.mermaid",
    render(report, options = {}) {
      checkOptions("renderMermaid", options, RULES);
      return renderMermaid(report, { ...options, kind: "gantt" });
    },
  },
  dot: { name: "dot", extension: "dot", mediaType: "text/vnd.graphviz", render: renderDot },
  markdown: {
    name: "markdown",
    extension: "md",
    mediaType: "text/markdown; charset=utf-8",
    render: renderMarkdown,
  },
  csv: { name: "csv", extension: "csv", mediaType: "text/csv; charset=utf-8", render: renderCsv },
  ctrf: { name: "ctrf", extension: "ctrf.json", mediaType: "application/json", render: renderCtrf },
  otlp: {
    name: "otlp",
    extension: "otlp.json",
    mediaType: "application/json",
    render: renderOtlpJson,
  },
  svg: { name: "svg", extension: "svg", mediaType: "image/svg+xml", render: renderSvg },
  card: { name: "card", extension: "card.svg", mediaType: "image/svg+xml", render: renderCard },
  tap: { name: "tap", extension: "tap", mediaType: "text/plain; charset=utf-8", render: renderTap },
  github: {
    name: "github",
    extension: "github.txt",
    mediaType: "text/plain; charset=utf-8",
    render: renderGithubAnnotations,
  },
};
