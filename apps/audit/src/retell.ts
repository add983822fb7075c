/** A run told again from its event log: the findings, and any report that was not asked for at the time. Runs nothing. */
import { resolve } from "node:path";
import { ReportFormatError, readEventLog } from "@astrum/reporters";
import type { AuditOptions } from "./command-line.ts";
import { exit } from "./exit-code.ts";
import { writeReports } from "./reports.ts";
import { summarise, tell } from "./tell.ts";
import { UsageError } from "./usage-error.ts";
import { judge, type Verdict } from "./verdict.ts";

/** Resolves with the exit code that the run had. */
export async function retell(log: string, out: string, options: AuditOptions): Promise<number> {
  const { outputs, ...report } = read(log);
  const stored = outputs?.verdict;
  const verdict =
    stored?.encoding === "json" ? (stored.value as Verdict) : judge({ findings: {} }, options);
  const files = await writeReports(out, options.report, report);
  summarise({ verdict, report, json: options.json });
  for (const file of files) tell(`wrote ${resolve(out, file)}`);
  return report.executionState === "completed" ? exit[verdict.state] : exit.incomplete;
}

function read(log: string): ReturnType<typeof readEventLog> {
  try {
    return readEventLog(log);
  } catch (error) {
    const isWrong = error instanceof ReportFormatError || (error as NodeJS.ErrnoException).code;
    if (isWrong) throw new UsageError(`Cannot tell "${log}" again: ${(error as Error).message}`);
    throw error;
  }
}
