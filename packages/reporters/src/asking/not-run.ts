/** What was skipped or cancelled, by cause. Knows no format. */
import type { SerializedReport } from "@astrum/core";
import { reasonText } from "../wording/outcome.ts";

export interface NotRun {
  readonly status: "skipped" | "cancelled";
  /** The task that is the first cause; none of a condition, a stop, or the end of a record. */
  readonly root: string | undefined;
  /** Why, where there is no `root`; empty where nothing was recorded. */
  readonly text: string;
  readonly names: readonly string[];
}

/** The cause of the most tasks first. */
export function notRunByCause(report: SerializedReport): NotRun[] {
  const causes = new Map<string, NotRun & { readonly names: string[] }>();
  for (const task of report.taskStatistics) {
    const { status, reason } = task;
    if (status !== "skipped" && status !== "cancelled") continue;
    const root = reason?.kind === "dependency" ? reason.root : undefined;
    const text = root === undefined ? reasonText(task) : "";
    const key = `${status} ${root ?? ""} ${text}`;
    const cause = causes.get(key);
    if (cause === undefined) causes.set(key, { status, root, text, names: [task.taskName] });
    else cause.names.push(task.taskName);
  }
  return Array.from(causes.values()).sort((a, b) => b.names.length - a.names.length);
}
