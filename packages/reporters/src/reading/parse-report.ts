/**
 * The way back from JSON to a report, checked against the shipped schema.
 *
 * How the format grows: `formatVersion` is MAJOR.MINOR. A minor version only adds optional properties, so this reader
 * accepts every 1.x and keeps what it does not know; a removed or renamed property, a new member of a closed list
 * (status, kind, link …) or a changed unit is a new major version with a schema file of its own. One document of every
 * published version is kept for good and must parse.
 */
import type { SerializedReport } from "@astrum/core";
import schema from "../../schema/execution-report-1.schema.json" with { type: "json" };
import { DEEPEST, isDeep } from "../wording/given-report.ts";
import { visibleLines } from "../wording/visible.ts";
import { type SchemaIssue, type SchemaObject, schemaIssues } from "./schema-check.ts";

/** JSON Schema 2020-12 of the report, the same as the file `@astrum/reporters/execution-report-1.schema.json`. */
export const reportSchema: Readonly<Record<string, unknown>> = schema;

const READS = 1;
const SHOWN_ISSUES = 10;

/** What was read is no report or event log, is damaged, or is of a newer version. */
export class ReportFormatError extends TypeError {
  readonly code = "ASTRUM_REPORT_FORMAT";
  /** Every place that is wrong; empty when it is no report at all. */
  readonly issues: readonly SchemaIssue[];

  constructor(message: string, issues: readonly SchemaIssue[] = [], options?: ErrorOptions) {
    // It quotes what may have come from anywhere, and is shown on terminals.
    super(visibleLines(message), options);
    this.name = "ReportFormatError";
    this.issues = issues;
  }
}

/**
 * Takes the text of a JSON report or the value parsed from it and returns a new object with every property of the old,
 * known or not. `originalTasks`, `outputs` and `origins` have no prototype, so that a task may be named `constructor`.
 *
 * @throws ReportFormatError when it is no report, of a newer major version, or not what the schema asks for.
 */
export function parseReport(json: unknown): SerializedReport {
  const value = typeof json === "string" ? parsed(json) : json;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const got = value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
    throw new ReportFormatError(`Expected an execution report, got ${got}.`);
  }
  refuseForeign(value as Readonly<Record<string, unknown>>);
  if (isDeep(value, DEEPEST)) {
    throw new ReportFormatError(`The report is nested deeper than ${DEEPEST} levels.`);
  }
  const issues = schemaIssues(schema as SchemaObject, value);
  if (issues.length > 0) {
    throw new ReportFormatError(
      complaint("This is not a valid execution report", "the document", issues),
      issues,
    );
  }
  const report = value as SerializedReport;
  const copy: SerializedReport = { ...report, originalTasks: bare(report.originalTasks) };
  if (report.outputs !== undefined) copy.outputs = bare(report.outputs);
  if (report.origins !== undefined) copy.origins = bare(report.origins);
  return copy;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    const hint = isLines(text) ? " For an event log use readEventLog()." : "";
    throw new ReportFormatError(
      `Expected the text of an execution report, but it is not JSON: ${(cause as Error).message}.${hint}`,
      [],
      { cause },
    );
  }
}

/** More than one line, each an object. No pattern says this without looking at some texts over and over. */
function isLines(text: string): boolean {
  const start = text.trimStart();
  const first = start.slice(0, Math.max(0, start.indexOf("\n"))).trimEnd();
  return (
    first.startsWith("{") &&
    first.endsWith("}") &&
    start.slice(first.length).trimStart().startsWith("{")
  );
}

function refuseForeign(value: Readonly<Record<string, unknown>>): void {
  const { format, formatVersion } = value;
  if (format !== "astrum.execution-report") {
    throw new ReportFormatError(
      `Expected \`format\` to be "astrum.execution-report", got ${JSON.stringify(format) ?? "nothing"}. Is this an execution report?`,
    );
  }
  const major = /^(\d+)\.\d+$/.exec(String(formatVersion))?.[1];
  if (typeof formatVersion !== "string" || major === undefined) {
    throw new ReportFormatError(
      `Expected \`formatVersion\` to be like "1.0", got ${JSON.stringify(formatVersion) ?? "nothing"}.`,
    );
  }
  if (Number(major) !== READS) {
    const way =
      Number(major) > READS
        ? "Update @astrum/reporters to read it."
        : "No such version was ever published.";
    throw new ReportFormatError(
      `This is a report of version ${formatVersion}; this reader knows version ${READS}. ${way}`,
    );
  }
}

/** Every place that is wrong, a line each, but for those of a long list. */
export function complaint(what: string, whole: string, issues: readonly SchemaIssue[]): string {
  const lines = issues
    .slice(0, SHOWN_ISSUES)
    .map(({ path, message }) => `  ${path === "" ? whole : path}: ${message}`);
  const rest = issues.length - lines.length;
  if (rest > 0) lines.push(`  … and ${rest} more`);
  return `${what}:\n${lines.join("\n")}`;
}

function bare<T>(record: Record<string, T>): Record<string, T> {
  const copy = Object.create(null) as Record<string, T>;
  for (const [key, value] of Object.entries(record)) copy[key] = value;
  return copy;
}
