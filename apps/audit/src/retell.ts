/** A run told again from its event log: the findings, and any report that was not asked for at the time. Runs nothing. */
import { resolve } from "node:path";
import type { SerializedReport } from "@astrum/core";
import type { AuditOptions } from "./command-line.ts";
import { earlierRun } from "./earlier-run.ts";
import { exitCodeOf } from "./exit-code.ts";
import { type AuditOutputs, partsOf } from "./outputs.ts";
import { writeReports } from "./reports.ts";
import { summarise, tell } from "./tell.ts";
import { judge } from "./verdict.ts";

/** Resolves with the exit code that the run had. */
export async function retell(log: string, out: string, options: AuditOptions): Promise<number> {
  const { outputs, ...report } = earlierRun(log, `Cannot tell "${log}" again`);
  const stored = storedOutputs(outputs);
  const verdict = stored.verdict ?? judge(partsOf(stored), options);
  summarise({ verdict, report, json: options.json });
  const files = await writeReports(out, options.report, report);
  for (const file of files) tell(`wrote ${resolve(out, file)}`);
  return exitCodeOf(report.executionState, verdict);
}

/** The outputs of a run that was cut short are those that it had by then. A log has them by the names of tasks. */
function storedOutputs(stored: SerializedReport["outputs"] = {}): Partial<AuditOutputs> {
  const outputs = Object.entries(stored).flatMap(([task, output]) =>
    output.encoding === "json" ? [[names[task] ?? task, output.value] as const] : [],
  );
  return Object.fromEntries(outputs);
}

const names: Readonly<Record<string, keyof AuditOutputs>> = {
  "imports:cycles": "cycles",
  "dupes:merge": "dup",
};
