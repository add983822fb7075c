/** What a finished run leaves on the screen: the most important last, next to the prompt. */
import process from "node:process";
import type { SerializedReport } from "@astrum/core";
import { type Redaction, redacted } from "../redact.ts";
import type { Line } from "../styled.ts";
import { textSections } from "../text-sections.ts";
import { coloursOn, painter } from "./colour.ts";
import { fitLine } from "./fit.ts";
import { Sink, type TerminalStream } from "./sink.ts";

export interface SummaryOptions {
  /** Where to. Default `process.stdout`. */
  readonly stream?: TerminalStream;
  /** As for `progress`. */
  readonly color?: boolean;
  /** Failures with their stacks, where no progress has shown them. Default `false`: a line each. */
  readonly stacks?: boolean;
  readonly redact?: Redaction;
}

const LIMITS = { path: 5, slowest: 5 };

/**
 * Writes the slowest and the flaky tasks, the critical path, what bound the run, its failures, and last how it ended. On a
 * terminal the rows of a table that do not fit are cut; errors never are. A reader that went away (`EPIPE`) is no error.
 */
export function printSummary(
  report: SerializedReport,
  { stream = process.stdout, color, stacks = false, redact }: SummaryOptions = {},
): void {
  const sections = textSections(redacted(report, redact), LIMITS);
  const { headline, planIssues, failures, failureTitles, why } = sections;
  const { columns } = stream;
  const fit = (line: Line): Line =>
    stream.isTTY === true && columns !== undefined ? fitLine(line, columns) : line;
  const tables = [sections.slowest, sections.flaky, sections.criticalPath];
  const texts = [why, planIssues, stacks ? failures : failureTitles];
  const lines: Line[] = [];
  for (const section of [...tables.map((table) => table.map(fit)), ...texts]) {
    if (section.length > 0) lines.push(...section, []);
  }
  lines.push(...headline);
  const paint = painter(coloursOn(stream, color, process.env, process.argv));
  Sink.of(stream).write(lines.map((line) => `${paint(line)}\n`).join(""));
}
