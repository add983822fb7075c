/** Whose attempts were most of the work: a task's, or those of all that is inside of one. Knows no format. */
import type { SerializedReport } from "@astrum/core";

export interface Busiest {
  readonly taskName: string;
  /** Of the time of all attempts together: above 0, up to 1. */
  readonly share: number;
}

/** Nothing where no attempt took any time. */
export function busiest({ taskStatistics }: SerializedReport): Busiest | undefined {
  const parents = new Map(taskStatistics.map(({ taskName, parent }) => [taskName, parent]));
  const outermost = (taskName: string): string => {
    let name = taskName;
    // A report from elsewhere may go round in a circle. A run has flows a hundred deep, each with a map around it.
    for (let left = 1000; left > 0; left--) {
      const above = parents.get(name);
      if (above === undefined) break;
      name = above;
    }
    return name;
  };
  const sums = new Map<string, number>();
  let total = 0;
  for (const { taskName, attemptStatistics } of taskStatistics) {
    const ms = attemptStatistics.reduce((sum, { durationMs }) => sum + durationMs, 0);
    if (ms === 0) continue;
    const name = outermost(taskName);
    sums.set(name, (sums.get(name) ?? 0) + ms);
    total += ms;
  }
  let most: Busiest | undefined;
  for (const [taskName, ms] of sums) {
    if (most === undefined || ms / total > most.share) most = { taskName, share: ms / total };
  }
  return most;
}
