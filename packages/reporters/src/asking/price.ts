/**
 * What the failures of a run cost, in one sentence: the work that was thrown away, and what a run keeps that goes on from its
 * event log. How long that takes is simulated, where that is cheap. Says nothing of a run without failures.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { whatIf } from "@astrum/core/whatif";
import { plural } from "../wording/counts.ts";
import { duration } from "../wording/duration.ts";
import { failuresOf } from "../wording/outcome.ts";

/** From so many tasks on reading the report once more takes its time. */
const CHEAP = 2000;

export function priceText(report: SerializedReport, makespanMs: number): string | undefined {
  if (report.totalAttempts === 0 || failuresOf(report).length === 0) return undefined;
  const around = new Set(report.taskStatistics.map(({ parent }) => parent));
  // What only holds others ends as they do.
  const own = report.taskStatistics.filter(
    ({ taskName, kind, attemptCount }) =>
      attemptCount > 0 || !(kind === "map" || around.has(taskName)),
  );
  const kept = own.filter(isKept);
  const again = own.filter((task) => !isKept(task) && task.kind !== "tail");
  const started = again.filter(({ attemptCount }) => attemptCount > 0);
  const lost = started.reduce((sum, { runMs }) => sum + runMs, 0);
  const never = again.length - started.length;
  const price = `${duration(lost)} of work came to nothing${never > 0 ? `, and ${plural(never, "task")} did not run` : ""}.`;
  if (kept.length === 0) return price;
  const stored = kept.reduce((sum, { runMs }) => sum + runMs, 0);
  const rest = restMs(report, kept);
  const all = `the stored results of ${plural(kept.length, "task")} (${duration(stored)} of work)`;
  const resuming = "Resuming from the event log";
  if (rest === undefined) {
    return `${price} ${resuming} keeps ${all} and runs ${plural(again.length, "task")}.`;
  }
  const takes = `${rest.open ? "at least " : ""}${duration(rest.ms)} instead of ${duration(makespanMs)}`;
  return `${price} ${resuming} takes ${takes}: it keeps ${all} and runs ${plural(again.length, "task")}.`;
}

function isKept({ status }: TaskStatistics): boolean {
  return status === "completed" || status === "restored";
}

/** As if nothing failed any more, and what is kept took no time. `open`: there are tasks of which nobody knows how long. */
function restMs(
  report: SerializedReport,
  kept: readonly TaskStatistics[],
): { readonly ms: number; readonly open: boolean } | undefined {
  if (report.formatVersion === "1.0" || report.taskStatistics.length > CHEAP) return undefined;
  const faster = Object.fromEntries(kept.map(({ taskName }) => [taskName, 0]));
  try {
    const [answer] = whatIf(report, [{ noFailures: true, faster }]).changes;
    return answer && { ms: answer.makespanMs, open: answer.unmeasured.length > 0 };
  } catch {
    // It ended early, or says too little.
    return undefined;
  }
}
