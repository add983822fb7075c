/**
 * The report as JSON, the source of every other format, whole (`renderJson`) or in pieces for reports too large for one
 * string (`writeJson`). `parseReport` reads it back.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { checkOptions, flag, integer, type Rules } from "astrum-options";
import { type AnyReport, givenReport } from "../wording/given-report.ts";
import { type Redaction, type Redactor, redactor } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";

export interface JsonOptions {
  /** Outputs may hold what must not leave the machine. Default `false`. */
  readonly outputs?: boolean | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
  /** Spaces per level; 0, the default, is one line. */
  readonly indent?: number | undefined;
}

const RULES: Rules<JsonOptions> = { outputs: flag, redact: redactRule, indent: integer(0, 10) };

/** Ends with a newline. `parseReport(renderJson(report, { outputs: true, redact: false }))` equals `report`. */
export function renderJson(report: AnyReport, options: JsonOptions = {}): string {
  checkOptions("renderJson", options, RULES);
  const indent = options.indent ?? 0;
  if (indent > 0) {
    const given = givenReport(report, options.outputs === true);
    const shown = withChosenOutputs(redactor(given, options.redact).report(), options);
    return `${JSON.stringify(shown, undefined, indent)}\n`;
  }
  return Array.from(jsonPieces(report, options)).join("");
}

/** What `writeJson` needs of a Node stream (`process.stdout`, a file, a response, a gzip). */
export interface TextSink {
  write(piece: string): boolean;
  once(event: "drain" | "close" | "error", listener: (error?: Error) => void): unknown;
  off(event: "drain" | "close" | "error", listener: (error?: Error) => void): unknown;
}

/**
 * Writes the bytes of `renderJson(report, options)` piece by piece and waits whenever the stream is full: some 500,000
 * tasks are more than one JavaScript string can hold. Resolves when the last piece was handed over; does not end the
 * stream. Rejects when the stream fails or closes first. `indent` does not apply.
 */
export async function writeJson(
  report: AnyReport,
  stream: TextSink,
  options: Omit<JsonOptions, "indent"> = {},
): Promise<void> {
  const { indent, ...rules } = RULES;
  checkOptions("writeJson", options, rules);
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  const onDrain = (): void => wake?.();
  const onClose = (): void => {
    failure ??= new Error("The stream closed before the whole report was written.");
    wake?.();
  };
  const onError = (error?: Error): void => {
    failure ??= error ?? new Error("The stream failed before the whole report was written.");
    wake?.();
  };
  stream.once("close", onClose);
  stream.once("error", onError);
  try {
    for (const piece of inChunks(jsonPieces(report, options))) {
      if (failure !== undefined) break;
      if (stream.write(piece)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        stream.once("drain", onDrain);
        if (failure !== undefined) resolve();
      });
      stream.off("drain", onDrain);
    }
  } finally {
    stream.off("close", onClose);
    stream.off("error", onError);
  }
  if (failure !== undefined) throw failure;
}

function* jsonPieces(given: AnyReport, options: JsonOptions): Generator<string> {
  const report = givenReport(given, options.outputs === true);
  const redaction = redactor(report, options.redact);
  const head = withChosenOutputs(redaction.head(), options);
  let separator = "{";
  for (const [key, value] of Object.entries(head) as [string, unknown][]) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(key)}:`;
    separator = ",";
    if (key === "taskStatistics") yield* listPieces(shownTasks(report, redaction));
    else if (Array.isArray(value)) yield* listPieces(value);
    else if (typeof value === "object" && value !== null) yield* recordPieces(value);
    else yield JSON.stringify(value);
  }
  yield "}\n";
}

function* shownTasks(report: SerializedReport, redaction: Redactor): Generator<TaskStatistics> {
  let index = 0;
  for (const task of report.taskStatistics) yield redaction.task(task, index++);
}

function* listPieces(items: Iterable<unknown>): Generator<string> {
  let separator = "[";
  for (const item of items) {
    yield separator + JSON.stringify(item ?? null);
    separator = ",";
  }
  yield separator === "[" ? "[]" : "]";
}

function* recordPieces(record: object): Generator<string> {
  let separator = "{";
  for (const [key, value] of Object.entries(record) as [string, unknown][]) {
    if (value === undefined) continue;
    yield `${separator}${JSON.stringify(key)}:${JSON.stringify(value)}`;
    separator = ",";
  }
  yield separator === "{" ? "{}" : "}";
}

function withChosenOutputs(report: SerializedReport, options: JsonOptions): SerializedReport {
  if (options.outputs === true || report.outputs === undefined) return report;
  const { outputs: _, origins: __, ...rest } = report;
  return rest;
}

/** A write per task would be a system call per task. */
function* inChunks(pieces: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}
