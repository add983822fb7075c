/** Where words go: what was found to stdout, everything else to stderr. */
import type { SerializedReport } from "@astrum/core";
import {
  apartLines,
  findingsJson,
  notJudgedLines,
  skipLine,
  verdictLines,
  visible,
} from "./print.ts";
import type { Verdict } from "./verdict.ts";

export function tell(line: string): void {
  process.stderr.write(`astrum-audit: ${visible(line)}\n`);
}

const shownReasons = 5;

/** How much of an interrupted audit was taken up, and what of it could not be. */
export function resumeLines({ resume, restoredTasks, totalTasks }: SerializedReport): string[] {
  if (resume === undefined) return ["resumed: nothing had been done before"];
  // That something had not been done, or waits for what had not been, is no news.
  const lost = resume.rerun.filter(({ why }) => /not stored:|cannot be compared/.test(why));
  const reasons = lost.slice(0, shownReasons).map(({ task, why }) => `done again: ${task}: ${why}`);
  if (lost.length > reasons.length)
    reasons.push(`done again: ${lost.length - reasons.length} more`);
  return [`resumed: ${restoredTasks} of ${totalTasks} tasks were done before`, ...reasons];
}

export interface Summary {
  readonly verdict: Verdict;
  readonly report: SerializedReport;
  /** The findings as a document instead of lines. */
  readonly json: boolean;
}

export function summarise({ verdict, report, json }: Summary): void {
  for (const skip of verdict.skipped) tell(skipLine(skip));
  for (const failure of report.errorSummary) tell(`failed: ${failure}`);
  for (const line of [...notJudgedLines(verdict), ...apartLines(verdict)]) tell(line);
  process.stdout.write(json ? findingsJson(verdict) : `${verdictLines(verdict).join("\n")}\n`);
}
