/**
 * Where the time of a run went, in one line: `2.4 s: 71 % analysing, 4 % retries · bound by workers`. The shares are those of the
 * critical path, which accounts for every moment of the run. Reads a report, knows which tasks the audit has.
 */
import type { SerializedReport } from "@astrum/core";

/** What a person calls it. A task that is not here is called by its name. */
const doing: Readonly<Record<string, string>> = {
  discover: "looking for files",
  read: "reading",
  analyse: "analysing",
  compare: "comparing",
  links: "following links",
  "git:churn": "asking git",
};
const onThreads: ReadonlySet<string> = new Set(["analyse", "compare"]);

/** Shares below this say nothing. */
const leastShare = 0.02;

export function timeLine({
  analysis,
  taskStatistics,
  executionDurationMs,
}: SerializedReport): string {
  const seconds = `${(executionDurationMs / 1000).toFixed(1)} s`;
  const tasks = new Map(taskStatistics.map((task) => [task.taskName, task]));
  const spent = new Map<string, number>();
  const held = new Map<string, number>();
  let total = 0;
  for (const { task, attempt, link, gapMs, runMs } of analysis.criticalPath) {
    const { parent, attemptStatistics = [] } = tasks.get(task) ?? {};
    const name = parent ?? task;
    const again = attemptStatistics[attempt - 1]?.willRetry === true;
    add(spent, again ? "retries" : (doing[name] ?? name), runMs);
    add(spent, link === "retry" ? "retries" : "waiting", gapMs);
    if (link === "item") add(held, onThreads.has(name) ? "workers" : "--io", runMs);
    total += gapMs + runMs;
  }
  const shares = [...spent]
    .map(([what, ms]) => ({ what, share: ms / total }))
    .filter(({ share }) => share >= leastShare)
    .sort((a, b) => b.share - a.share || (a.what < b.what ? -1 : 1))
    .map(({ what, share }) => `${Math.round(share * 100)} % ${what}`);
  const line = [seconds, ...(shares.length > 0 ? [shares.join(", ")] : [])].join(": ");
  const [most] = [...held].sort(([, a], [, b]) => b - a);
  const cause = analysis.boundBy === "slots" ? most?.[0] : analysis.boundBy;
  return cause === undefined || cause === "none" ? line : `${line} · bound by ${cause}`;
}

function add(sums: Map<string, number>, name: string, ms: number): void {
  sums.set(name, (sums.get(name) ?? 0) + ms);
}
