/**
 * What docs/guarantees.md promises of uninterruptible tasks, held against one random run: who asks them, how they end, and
 * that nothing of them begins once they were stopped. Throws with what was broken.
 */
import { type SerializedReport, TimeoutError } from "../src/index.ts";
import { hold } from "./hold.ts";
import { type RandomGraph, type RandomRun, writtenAs } from "./random-graph.ts";

export function uninterruptible(
  { taskStatistics }: SerializedReport,
  spec: RandomRun,
  graph: RandomGraph,
): void {
  const isSpared = (declared: string): boolean =>
    writtenAs(spec, declared)?.uninterruptible === true;
  for (const { declared, task, reason } of graph.seen) {
    if (!isSpared(declared) || reason === undefined) continue;
    const own = reason instanceof TimeoutError && reason.scope !== "run";
    hold("only limits of its own ask it", own, task, String(reason));
  }
  for (const { taskName, parent, attemptStatistics } of taskStatistics) {
    if (!isSpared(parent ?? taskName)) continue;
    for (const { status } of attemptStatistics) {
      hold("an attempt that has begun is not cancelled", status !== "cancelled", taskName);
    }
  }
}
