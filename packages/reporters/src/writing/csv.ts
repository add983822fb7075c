/**
 * The report as CSV (RFC 4180): a header, CRLF, one row per task or per attempt, for spreadsheets and data frames.
 * Spreadsheets run a cell that starts like a formula, so such a text gets a leading apostrophe unless told otherwise.
 */
import { type AttemptStatistics, summarizeError, type TaskStatistics } from "@astrum/core";
import { checkOptions, oneOf, type Rules } from "astrum-options";
import type { AnyReport } from "../wording/given-report.ts";
import { wellFormedJson } from "../wording/json-for-others.ts";
import { attemptMessage, errorOf, reasonText } from "../wording/outcome.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";

export interface CsvOptions {
  /** Default `tasks`. */
  readonly rows?: "tasks" | "attempts" | undefined;
  /** `keep` leaves texts that start with `=`, `+`, `-` or `@` as they are: for programs, never for a spreadsheet. Default `escape`. */
  readonly formulas?: "escape" | "keep" | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<CsvOptions> = {
  rows: oneOf("tasks", "attempts"),
  formulas: oneOf("escape", "keep"),
  redact: redactRule,
};

type Cell = string | number | boolean | null | undefined;

const TASK_COLUMNS: Readonly<Record<string, (task: TaskStatistics) => Cell>> = {
  taskName: (task) => task.taskName,
  kind: (task) => task.kind,
  parent: (task) => task.parent,
  stageId: (task) => task.stageId,
  status: (task) => task.status,
  reason: reasonText,
  readyAt: (task) => task.readyAt,
  startAt: (task) => task.startAt,
  endAt: (task) => task.endAt,
  queuedMs: (task) => task.queuedMs,
  durationMs: (task) => task.durationMs,
  runMs: (task) => task.runMs,
  attemptCount: (task) => task.attemptCount,
  releasedBy: (task) => task.releasedBy,
  dependencies: (task) => jsonCell(task.dependencies.map(({ task: name }) => name)),
  tags: (task) => (task.tags === undefined ? undefined : jsonCell(task.tags)),
  attributes: (task) => (task.attributes === undefined ? undefined : jsonCell(task.attributes)),
  errorName: (task) => task.error?.name,
  errorMessage: messageOf,
  tolerated: (task) => task.tolerated,
  key: (task) => task.key,
  role: (task) => task.role,
  fallback: (task) => task.fallback,
  because: (task) => task.because,
  root: (task) => task.root,
  releasedAt: (task) => task.releasedAt,
  releaseMs: (task) => task.releaseMs,
  releaseError: (task) => task.releaseError && summarizeError(task.releaseError),
  lostAt: (task) => task.lostAt,
  source: (task) => task.source,
};

const ATTEMPT_COLUMNS: Readonly<Record<string, (attempt: AttemptStatistics) => Cell>> = {
  taskName: (attempt) => attempt.taskName,
  attemptNumber: (attempt) => attempt.attemptNumber,
  status: (attempt) => attempt.status,
  startAt: (attempt) => attempt.startAt,
  endAt: (attempt) => attempt.endAt,
  durationMs: (attempt) => attempt.durationMs,
  queuedMs: (attempt) => attempt.queuedMs,
  slot: (attempt) => attempt.slot,
  slotFreedBy: (attempt) => attempt.slotFreedBy,
  limitedBy: (attempt) => attempt.limitedBy,
  executor: (attempt) => attempt.executor,
  willRetry: (attempt) => attempt.willRetry,
  delayMs: (attempt) => attempt.delayMs,
  errorMessage: attemptMessage,
  deliveries: (attempt) => attempt.deliveries,
};

/** Dependencies and tags are JSON in their cell. An absent value is an empty cell. */
export function renderCsv(report: AnyReport, options: CsvOptions = {}): string {
  checkOptions("renderCsv", options, RULES);
  const { taskStatistics } = redacted(report, options.redact);
  const keep = options.formulas === "keep";
  return options.rows === "attempts"
    ? table(
        ATTEMPT_COLUMNS,
        taskStatistics.flatMap(({ attemptStatistics }) => attemptStatistics),
        keep,
      )
    : table(TASK_COLUMNS, taskStatistics, keep);
}

function messageOf(task: TaskStatistics): string | undefined {
  const error = errorOf(task);
  return error && summarizeError(error);
}

function table<Row>(
  columns: Readonly<Record<string, (row: Row) => Cell>>,
  rows: readonly Row[],
  keepFormulas: boolean,
): string {
  const values = Object.values(columns);
  const lines = rows.map((row) => values.map((value) => cell(value(row), keepFormulas)).join(","));
  return [Object.keys(columns).join(","), ...lines, ""].join("\r\n");
}

function cell(value: Cell, keepFormulas: boolean): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = tabular(!keepFormulas && /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value);
  // A lone leading or trailing space is data; some readers trim it unless the cell is quoted.
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/** With control characters as escapes, so that the cell holds none. */
function jsonCell(value: unknown): string {
  return wellFormedJson(value).replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The RFC has no control characters but line breaks, and readers stumble over NUL. */
function tabular(text: string): string {
  return text.replace(/(?![\t\r\n])[\p{Cc}\p{Cs}]/gu, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}
