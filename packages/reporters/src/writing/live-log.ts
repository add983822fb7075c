/**
 * A run written down while it happens, one JSON line per event (NDJSON), each with one synchronous write: what was told is
 * in the file even if the process is killed in the next instruction. (A stream keeps lines in memory and loses them.)
 * Knows files and events; reading a log back is `readEventLog`.
 */
import type { Journal, Observer } from "@astrum/core";
import { checkOptions, type Rules } from "astrum-options";
import { LINE_VERSION, type LineBody } from "../reading/log-format.ts";
import type { Redaction } from "../wording/redact.ts";
import { lineRedactor } from "../wording/redact-line.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { lineObserver } from "./event-lines.ts";
import { LineFile } from "./line-file.ts";

export interface EventLogOptions {
  /** Applied to every line before it is written. An output in which anything is found is not stored. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<EventLogOptions> = { redact: redactRule };

export interface EventLog {
  /**
   * For `run({ journal })`: stores every output before a dependent is released, which is what a resumed run reads. Without
   * it the log holds no outputs. A write that fails, fails the run: nothing may depend on what is not stored.
   */
  readonly journal: Journal;
  /** For `run({ observers: [observer] })`: every change of status, attempt and end. A write that fails is noted in the report. */
  readonly observer: Observer;
  /** Closes the file; a descriptor that was handed in stays open. Closing twice is harmless, writing afterwards is an error. */
  close(): void;
}

/**
 * Opens a file to append to, and creates it when it is missing; or takes an open descriptor. Several runs may follow each
 * other or run at once in one log: a resumed run appends to the log it resumes from.
 *
 * A line that was cut in two, by a crash or by a disk that was full for a moment, is closed with a line break before the
 * next one. Survives `kill -9` of the process; to survive a power failure, the file system must do its part.
 *
 * @throws Error when the file cannot be opened, and in a runtime without files.
 */
export function eventLog(pathOrFd: string | URL | number, options: EventLogOptions = {}): EventLog {
  checkOptions("eventLog", options, RULES);
  const file = new LineFile(pathOrFd);
  const write = lineWriter((line) => file.append(line), options.redact);
  const journal: Journal = ({ type, at, runId, ...entry }) => {
    write(typeof runId === "string" ? runId : "", at, { type, ...entry });
  };
  return { journal, observer: lineObserver("event-log", write), close: () => file.close() };
}

export type LineWriter = (
  run: string,
  at: number,
  body: LineBody | Readonly<Record<string, unknown>>,
) => void;

/** Numbers the lines, and hands each on as JSON without a line break. */
export function lineWriter(append: (line: string) => void, redact?: Redaction): LineWriter {
  const clean = lineRedactor(redact);
  let seq = 0;
  return (run, at, body) => {
    const head = { v: LINE_VERSION, seq: seq++, run, at: Math.round(at * 1000) / 1000 };
    append(JSON.stringify(clean({ ...head, ...body })));
  };
}
