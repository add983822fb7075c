/** What stands fast about a task and about an attempt of it, as observers and runners are told it. Knows no event. */
import type { AttemptInfo, RunInfo, TaskInfo } from "../contract/observer.ts";
import { maxRetriesOf } from "../define/definition.ts";
import { dependencyNames, type Graph } from "../define/graph.ts";
import type { GraphPlan } from "../define/plan.ts";
import type { Ledger } from "../machine/ledger.ts";
import { declaredName, definitionIn, parentOf, taskName } from "../machine/task-name.ts";

const NONE: readonly never[] = Object.freeze([]);

export function taskInfo(
  { graph, depth }: GraphPlan,
  ledger: Ledger,
  run: RunInfo,
  task: number,
): TaskInfo {
  const item = ledger.itemsOf(task);
  const written = item?.owner ?? task;
  const definition = definitionIn(graph, ledger, written);
  const { tails, gated } = ledger.grown ?? graph;
  const parent = parentOf(ledger, task);
  const info: TaskInfo = {
    run,
    name: declaredName(graph, ledger, task),
    key: taskName(graph, ledger, task),
    kind: item ? "item" : tails.has(task) ? "tail" : definition.kind,
    stage: task < graph.size ? (depth[task] as number) : null,
    dependencies: item ? NONE : Object.freeze(dependencies(graph, ledger, task)),
    parent: parent === undefined ? undefined : taskName(graph, ledger, parent),
    maxAttempts: maxRetriesOf(definition) + 1,
    itemKey: item?.keys?.[task - item.first],
    concurrency:
      item === undefined && definition.kind === "map" ? definition.options?.concurrency : undefined,
    tags: definition.options?.tags ? Object.freeze([...definition.options.tags]) : NONE,
  };
  const role = gated.has(written) ? "finally" : item === undefined ? definition.role : undefined;
  return Object.freeze(role === undefined ? info : { ...info, role });
}

/** The keys of all that it reads, each once. */
function dependencies(graph: Graph, ledger: Ledger, task: number): string[] {
  if (task < graph.size) return dependencyNames(graph, task);
  const { start, end } = (ledger.grown ?? graph).dependencies;
  const read = new Set(end.subarray(start[task], start[task + 1]));
  return Array.from(read, (dependency) => taskName(graph, ledger, dependency));
}

/** An attempt as it is known before its end. */
export function attemptInfo(task: TaskInfo, number: number): AttemptInfo {
  return Object.freeze({ task, number, executor: "main" });
}
