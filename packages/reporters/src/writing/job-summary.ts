/**
 * Reports in the job summary of one step: GitHub drops the whole file when it is above 1 MiB, whoever wrote into it. So what
 * is appended depends on what is there. What a report says is the Markdown's business.
 */
import { checkOptions } from "astrum-options";
import { fileSystem } from "../reading/file-system.ts";
import { type AnyReport, givenReport } from "../wording/given-report.ts";
import { MARKDOWN_RULES, type MarkdownOptions, renderMarkdown } from "./markdown.ts";

/** GitHub's 1,048,576 bytes, less some room for a step that writes a line of its own afterwards. */
const FULL = 1_000_000;
/** A page needs so much to say more than that it did not fit. */
const PAGE = 4_000;
const REPORT = 900_000;

/**
 * Appends the report as Markdown to `file`, such as `process.env.GITHUB_STEP_SUMMARY`. The file stays below 1,000,000 bytes
 * however many reports are appended: each takes what is left, at most `maxBytes`. When next to nothing is left, one sentence
 * says how the run ended; when not even that fits, nothing is appended. For one process at a time: two that append at once
 * do not see each other.
 *
 * @throws What the file system throws, for instance when `file` is a directory; Error in a runtime without files; TypeError for options that are unknown or not
 * what they may be.
 *
 * @example
 * ```ts
 * appendJobSummary(process.env.GITHUB_STEP_SUMMARY ?? "summary.md", await nightly.run());
 * ```
 */
export function appendJobSummary(
  file: string,
  report: AnyReport,
  options: MarkdownOptions = {},
): void {
  checkOptions("appendJobSummary", options, MARKDOWN_RULES);
  const fs = fileSystem("appendJobSummary() needs a runtime with files, such as Node.js.");
  const { executionState } = givenReport(report);
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  // What is there may end within a line or a block.
  const gap = size === 0 ? "" : "\n\n";
  const left = FULL - size - gap.length;
  const maxBytes = Math.min(options.maxBytes ?? REPORT, left);
  const text =
    left >= PAGE
      ? renderMarkdown(report, { ...options, maxBytes })
      : `> One more run: ${executionState}. Its report does not fit into this job summary.\n`;
  if (Buffer.byteLength(text) <= left) fs.appendFileSync(file, gap + text);
}
