/** What stands fast about a task and about an attempt of it, as observers and runners are told it. Knows no event. */
import type { AttemptInfo, RunInfo, TaskInfo } from "../contract/observer.ts";
import { type Definition, maxRetriesOf } from "../define/definition.ts";
import { dependencyNames } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { Ledger } from "../machine/ledger.ts";
import { taskName } from "../report/task-name.ts";

const NONE: readonly never[] = Object.freeze([]);

export function taskInfo(
  { graph, depth }: GraphPlan,
  ledger: Ledger,
  run: RunInfo,
  task: number,
): TaskInfo {
  const spawn = task < graph.size ? undefined : ledger.spawnOf(task);
  const planned = spawn?.owner ?? task;
  const definition = graph.definitions[planned] as Definition;
  const info: TaskInfo = {
    run,
    name: definition.name,
    key: taskName(graph, ledger, task),
    kind: spawn ? "item" : graph.tails.has(task) ? "tail" : definition.kind,
    stage: spawn ? null : (depth[task] as number),
    dependencies: spawn ? NONE : Object.freeze(dependencyNames(graph, task)),
    parent: spawn && definition.name,
    maxAttempts: maxRetriesOf(definition) + 1,
    itemKey: spawn?.keys?.[task - spawn.first],
    concurrency:
      spawn === undefined && definition.kind === "map"
        ? definition.options?.concurrency
        : undefined,
    tags: definition.options?.tags ? Object.freeze([...definition.options.tags]) : NONE,
  };
  return Object.freeze(graph.finallyTasks.has(planned) ? { ...info, role: "finally" } : info);
}

/** An attempt as it is known before its end. */
export function attemptInfo(task: TaskInfo, number: number): AttemptInfo {
  return Object.freeze({ task, number, executor: "main" });
}
