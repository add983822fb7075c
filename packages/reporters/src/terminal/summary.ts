/** What a finished run leaves on the screen: the most important last, next to the prompt. */
import process from "node:process";
import { checkOptions, flag, type Rules, text } from "astrum-options";
import wrapAnsi from "wrap-ansi";
import { textSections } from "../layout/sections.ts";
import { fitLine } from "../wording/fit.ts";
import type { AnyReport } from "../wording/given-report.ts";
import { type Redaction, redacted } from "../wording/redact.ts";
import { redactRule } from "../wording/redact-rule.ts";
import type { Line } from "../wording/styled.ts";
import { visible } from "../wording/visible.ts";
import { asciiOnly } from "./ascii.ts";
import { coloursOn, painter } from "./colour.ts";
import { Sink, type TerminalStream, writableStream } from "./sink.ts";
import { timelineLines } from "./timeline-lines.ts";

export interface SummaryOptions {
  /** Where to. Default `process.stdout`. */
  readonly stream?: TerminalStream | undefined;
  /** As for `progress`. */
  readonly color?: boolean | undefined;
  /** Failures with their stacks, where no progress has shown them. Default `false`: a line each. */
  readonly stacks?: boolean | undefined;
  /** Where the HTML report is, a path or an address: the last line names it. */
  readonly url?: string | undefined;
  /** What must not be shown: see `Redaction`. By default what is called like a credential. */
  readonly redact?: Redaction | undefined;
}

const RULES: Rules<SummaryOptions> = {
  stream: writableStream,
  color: flag,
  stacks: flag,
  url: text,
  redact: redactRule,
};

/** Of a log, that has no width of its own. */
const LOG_COLUMNS = 80;
const LIMITS = { path: 5, slowest: 5 };

/**
 * Writes the slowest and the flaky tasks, the critical path, the run in three lines, what bound it and what would make it
 * faster, what did not run and why, its failures, those that it tolerates, and last how it ended and how much less was
 * possible. On a terminal the rows of a table that do not fit are cut, and sentences are broken between words; errors are
 * left whole. A reader that went away (`EPIPE`) is no error.
 *
 * @throws TypeError for what is no report, and for options that are unknown or not what they may be.
 */
export function printSummary(report: AnyReport, options: SummaryOptions = {}): void {
  checkOptions("printSummary", options, RULES);
  const { stream = process.stdout, color, stacks = false, url, redact } = options;
  const shown = redacted(report, redact);
  const sections = textSections(shown, LIMITS);
  const { headline, possible, planIssues, failures, failureTitles, tolerated } = sections;
  const sink = Sink.of(stream);
  const columns = stream.isTTY === true ? sink.size.columns : undefined;
  const { argv, env } = process;
  const paint = painter(coloursOn(stream, color, env, argv), asciiOnly(stream.isTTY, env));
  const row = (line: Line): string => paint(columns === undefined ? line : fitLine(line, columns));
  const prose = (line: Line): string =>
    columns === undefined ? paint(line) : wrapped(paint(line), columns);
  const texts: string[] = [];
  const add = (section: readonly Line[], laidOut: (line: Line) => string): void => {
    for (const line of section) texts.push(laidOut(line));
    if (section.length > 0) texts.push("");
  };
  add(sections.slowest, row);
  add(sections.flaky, row);
  add(sections.criticalPath, row);
  add(timelineLines(shown, columns ?? LOG_COLUMNS), row);
  add(sections.why, prose);
  add(sections.faster, prose);
  add(planIssues, paint);
  add(sections.notRun, row);
  add(stacks ? failures : failureTitles, paint);
  add(tolerated, paint);
  add(sections.cutOff, prose);
  const [closing = [], ...counts] = headline;
  texts.push(prose(possible === "" ? closing : [...closing, `; ${possible}`]));
  for (const line of counts) texts.push(prose(line));
  // Left whole, whatever the width: it is clicked on, or copied.
  if (url !== undefined) texts.push(`Report: ${visible(url)}`);
  sink.write(texts.map((text) => `${text}\n`).join(""));
}

/** Broken between words; what goes on begins below its own beginning. */
function wrapped(text: string, columns: number): string {
  const indent = " ".repeat(text.search(/[^ ]|$/));
  const lines = wrapAnsi(text.slice(indent.length), columns - indent.length).split("\n");
  return lines.map((line) => `${indent}${line}`).join("\n");
}
