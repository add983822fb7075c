/** Where words go: what was found to stdout, everything else to stderr. */
import type { SerializedReport } from "@astrum/core";
import { findingLine, findingsJson, notJudgedLines, skipLine, verdictLine } from "./print.ts";
import type { Verdict } from "./verdict.ts";

export function tell(line: string): void {
  process.stderr.write(`astrum-audit: ${line}\n`);
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
  for (const line of notJudgedLines(verdict)) tell(line);
  if (json) process.stdout.write(findingsJson(verdict));
  else {
    const lines = [...verdict.findings.map(findingLine), verdictLine(verdict)];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}
