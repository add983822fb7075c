/** The stages of a run: when the tasks of each depth ran. Stages describe; nothing waited for them. */
import type { Ledger } from "./ledger.ts";
import type { GraphPlan } from "./plan.ts";
import { instant, mapSpan, micros, type StageStatistics, taskSpan } from "./statistics.ts";

export function stageRows({
  plan,
  ledger,
}: {
  plan: GraphPlan;
  ledger: Ledger;
}): StageStatistics[] {
  const { order, stageStart, totalStages } = plan;
  const rows: StageStatistics[] = new Array(totalStages);
  const awaited = new Int32Array(plan.graph.size).fill(-1);
  for (let stageId = 0; stageId < totalStages; stageId++) {
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    const tasks: string[] = [];
    const waits: string[] = [];
    const last = stageStart[stageId + 1] as number;
    for (let at = stageStart[stageId] as number; at < last; at++) {
      const task = order[at] as number;
      tasks.push(plan.nameOf(task));
      const isMap = plan.graph.definitions[task]?.kind === "map";
      const span = isMap ? mapSpan(ledger, task) : taskSpan(ledger, task);
      if (span.start < start) start = span.start;
      if (span.end > end) end = span.end;
      addDependencies(plan, task, stageId, awaited, waits);
    }
    const ran = end >= start;
    rows[stageId] = {
      stageId,
      stageName: `Stage_${stageId}`,
      startAt: instant(start === Number.POSITIVE_INFINITY ? Number.NaN : start),
      endAt: instant(ran ? end : Number.NaN),
      durationMs: ran ? (micros(end) - micros(start)) / 1000 : 0,
      parallelTaskCount: plan.parallelCounts[stageId] as number,
      waitTaskCount: waits.length,
      // Made when it is read: where stages leave tasks behind, these lists grow with the square of the graph.
      get parallelTasks(): string[] {
        return [...(plan.stages[stageId]?.parallelTasks ?? [])];
      },
      waitTasks: waits,
      startTasks: tasks,
    };
  }
  return rows;
}

/** Adds the names of a task's dependencies that this stage has not named yet. */
function addDependencies(
  { graph }: GraphPlan,
  task: number,
  stage: number,
  awaited: Int32Array,
  waits: string[],
): void {
  const { start, end } = graph.dependencies;
  const last = start[task + 1] as number;
  for (let edge = start[task] as number; edge < last; edge++) {
    const dependency = end[edge] as number;
    if (awaited[dependency] === stage) continue;
    awaited[dependency] = stage;
    waits.push((graph.definitions[dependency] as { name: string }).name);
  }
}
