/**
 * A run written down while it happens, one JSON line per event (NDJSON). What a resumed run and its report cannot do without
 * is in the file before the run goes on, even if the process is killed in the next instruction; the other lines go with
 * it. (A stream keeps lines in memory and loses them.) Knows files and events; reading a log back is `readEventLog`.
 */
import type { EncodedValue, Journal, Observer } from "@astrum/core";
import { checkOptions, type Rules } from "astrum-options";
import { withSum } from "../reading/line-sum.ts";
import { LINE_VERSION, type LineBody, type Unwritten } from "../reading/log-format.ts";
import { type Encryption, encryptionRule, sealed } from "../reading/sealed.ts";
import type { Redaction } from "../wording/redact.ts";
import { lineRedactor } from "../wording/redact-line.ts";
import { redactRule } from "../wording/redact-rule.ts";
import { lineObserver } from "./event-lines.ts";
import { LineFile } from "./line-file.ts";

export interface EventLogOptions {
  /** Applied to every line before it is written. An output in which anything is found is not stored. */
  readonly redact?: Redaction | undefined;
  /** Makes every output unreadable before it is written, after `redact`; the rest of a line stays as it is. */
  readonly encryption?: Encryption | undefined;
}

const RULES: Rules<EventLogOptions> = { redact: redactRule, encryption: encryptionRule };

export interface EventLog {
  /**
   * For `run({ journal })`: stores every output before a dependent is released, which is what a resumed run reads. Without
   * it the log holds no outputs. A write that fails, fails the run: nothing may depend on what is not stored.
   */
  readonly journal: Journal;
  /**
   * For `run({ observers: [observer] })`: every change of status, attempt and end. A run's start, its end and the start of
   * an attempt are in the file before anything else happens; all other lines go with them or with the journal's, at the
   * end of the turn at the latest. A write that fails is noted in the report.
   */
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
  const write = lineWriter(
    (line, type) => (AT_ONCE.has(type) ? file.append(line) : file.gather(line)),
    options.redact,
    options.encryption,
  );
  const journal: Journal = ({ at, runId, ...entry }) => {
    write(typeof runId === "string" ? runId : "", at, entry);
  };
  return { journal, observer: lineObserver("event-log", write), close: () => file.close() };
}

/** Lines without which a result is lost, or nobody knows that something ran. */
const AT_ONCE: ReadonlySet<string> = new Set<LineBody["type"]>([
  "run.start",
  "run.end",
  "attempt.start",
  "started",
  "completed",
]);

/** A line's body: of this version, or what a journal is told. */
type Body = Unwritten<LineBody> | (Readonly<Record<string, unknown>> & { readonly type: string });

export type LineWriter = (run: string, at: number, body: Body) => void;

/** Numbers the lines, and hands each on as JSON without a line break; those with a result have a sum. */
export function lineWriter(
  hand: (line: string, type: string) => void,
  redact?: Redaction,
  encryption?: Encryption,
): LineWriter {
  const clean = lineRedactor(redact);
  const append = (line: string, type: string): void =>
    hand(type === "completed" ? withSum(line) : line, type);
  let seq = 0;
  return (run, at, body) => {
    const instant = Math.round(at * 1000) / 1000;
    const seals = encryption !== undefined && body.type === "completed";
    if (clean.passes(body) && !seals) {
      // Head and body are one text: making one object of the two takes longer than its JSON.
      const head = `{"v":${LINE_VERSION},"seq":${seq++},"run":${JSON.stringify(run)},"at":${instant}`;
      append(`${head},${JSON.stringify(body).slice(1)}`, body.type);
      return;
    }
    const line = { v: LINE_VERSION, seq: seq++, run, at: instant, ...body };
    const told = clean.line(line);
    append(JSON.stringify(seals ? withSealed(told, encryption) : told), body.type);
  };
}

function withSealed(line: object, encryption: Encryption): object {
  const { output } = line as { readonly output: EncodedValue };
  return { ...line, ...sealed(output, encryption) };
}
