/**
 * What a run left for the next one, as far as its record alone says: which results are stored, and why the others are not.
 * Whether what is stored still stands, only the flow can say. Knows no file.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { isSealed } from "../reading/sealed.ts";

export interface StoredResults {
  readonly run: string;
  readonly flow: string | undefined;
  readonly startedAt: string;
  readonly executionState: SerializedReport["executionState"];
  /**
   * Tasks and items whose results are stored, without what is inside of one of them; empty when the run completed, and the
   * next one is a fresh start.
   */
  readonly stored: readonly string[];
  /** How many of them can be read with the key only. */
  readonly encrypted: number;
  /** Those that are called again in any case. */
  readonly rerun: readonly { readonly task: string; readonly why: string }[];
}

export function storedResults(report: SerializedReport): StoredResults {
  const { run, executionState, outputs = {} } = report;
  const { id, flow, startedAt } = run;
  const head = { run: id, flow, startedAt, executionState };
  if (executionState === "completed") return { ...head, stored: [], encrypted: 0, rerun: [] };
  const stored = new Set<string>();
  const covered = new Set<string>();
  const rerun: { task: string; why: string }[] = [];
  for (const task of report.taskStatistics) {
    const { taskName, parent } = task;
    if (parent !== undefined && (stored.has(parent) || covered.has(parent))) {
      covered.add(taskName);
      continue;
    }
    const why = whyNot(task, report);
    if (why === undefined) stored.add(taskName);
    else rerun.push({ task: taskName, why });
  }
  const encrypted = Array.from(stored).filter((task) => isSealed(outputs[task])).length;
  return { ...head, stored: Array.from(stored), encrypted, rerun };
}

/** Why a task is called again that completed, of a record without its output. */
export const UNSTORED = "its output was not stored";

/** In the words in which the core says it of a run. */
function whyNot(
  task: TaskStatistics,
  { executionState, outputs = {} }: SerializedReport,
): string | undefined {
  const { taskName, status, role } = task;
  const cutOff = executionState === "interrupted" && status !== "failed";
  if (role === "finally") return "it is a finally task: those run in every run";
  if (status !== "completed" && status !== "restored") {
    const was = status === "abandoned" ? "was running" : "had not ended";
    if (cutOff) return `it ${was} when the earlier run was interrupted`;
    return status === "failed" ? "it had failed" : `it had been ${status}`;
  }
  const output = Object.hasOwn(outputs, taskName) ? outputs[taskName] : undefined;
  if (output === undefined) return UNSTORED;
  if (output.encoding !== "omitted") return undefined;
  // With the key it is there.
  if (isSealed(output)) return undefined;
  const said =
    output.why === "redacted" ? "a secret was found in it" : (output.detail ?? output.why);
  return `its output was not stored: ${said}`;
}
