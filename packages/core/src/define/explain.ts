/** The plan as text, for people: its stages with their tasks, cut where it is long. Decides nothing. */
import type { Definition } from "./definition.ts";
import { dependencyNames, type Graph } from "./graph.ts";
import type { TraitTable } from "./traits.ts";

/** What it tells of. */
interface Explained {
  readonly graph: Graph;
  readonly order: Int32Array;
  readonly stageStart: Int32Array;
  readonly traits: TraitTable;
  readonly totalTasks: number;
  readonly totalStages: number;
  readonly maxParallelism: number;
  criticalPath(estimates?: Readonly<Record<string, number>>): string[];
}

/** `inside`: how many tasks are inside of it, where that is planned. */
function kindText({ kind, role, steps }: Definition, inside: number | undefined): string {
  if (steps !== undefined) return `loop of ${counted(steps.max, "flow")} at most`;
  if (inside !== undefined) return `subflow of ${counted(inside, "task")}`;
  return kind === "map" ? kind : (role ?? "");
}

function deadlineText(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? "" : `deadline ${ms} ms`;
}

/** What an attempt needs of resources; how much is not known yet, where that is computed. */
function demandText(resources: Readonly<Record<string, number | "computed">> = {}): string {
  const needs = Object.entries(resources).flatMap(([name, amount]) => {
    if (amount === 0) return [];
    return [amount === "computed" ? `some ${name}` : `${amount} ${name}`];
  });
  return needs.length === 0 ? "" : `needs ${shortened(needs)}`;
}

const FALLBACKS = {
  none: "",
  task: "it has a fallback",
  item: "its items have a fallback",
} as const;

/** `estimates` decide which path is the longest. */
export function explain(plan: Explained, estimates?: Readonly<Record<string, number>>): string {
  const { totalTasks, totalStages, maxParallelism } = plan;
  const lines = [
    `${plan.graph.name}: ${counted(totalTasks, "task")} in ${counted(totalStages, "stage")}, at most ${maxParallelism} at once`,
  ];
  const inside = new Map(plan.graph.subflows.map(({ owner, first }) => [owner, owner - first]));
  const width = String(totalStages - 1).length;
  const shownStages = Math.min(totalStages, 100);
  for (let stageId = 0; stageId < shownStages; stageId++) {
    const starting = plan.order.subarray(plan.stageStart[stageId], plan.stageStart[stageId + 1]);
    lines.push(`stage ${String(stageId).padStart(width)}`);
    for (const task of starting.subarray(0, 20)) {
      const names = dependencyNames(plan.graph, task);
      const needs = names.length === 0 ? "" : ` ← ${shortened(names)}`;
      const definition = plan.graph.definitions[task] as Definition;
      const marks = [
        kindText(definition, inside.get(task)),
        definition.options?.when === undefined ? "" : "has a condition",
        definition.options?.key === undefined ? "" : "its items have keys",
        plan.traits.of(task).settles ? "its items fail alone" : "",
        demandText(plan.traits.of(task).resources),
        plan.graph.tails.has(task) ? "tail" : "",
        plan.traits.of(task).lives ? "released after its last reader" : "",
        definition.options?.lost === undefined ? "" : "its readers fail when it has gone",
        plan.traits.of(task).tolerated ? "its failure is tolerated" : "",
        plan.traits.of(task).uninterruptible ? "uninterruptible" : "",
        deadlineText(plan.traits.of(task).deadlineMs),
        definition.options?.cache === undefined ? "" : "cached",
        FALLBACKS[plan.traits.of(task).fallback ?? "none"],
        plan.graph.gated.has(task) ? "finally" : "",
      ].filter((mark) => mark !== "");
      const marked = marks.length === 0 ? "" : ` (${marks.join(", ")})`;
      lines.push(`  ${definition.name}${marked}${needs}`);
    }
    if (starting.length > 20) lines.push(`  … and ${starting.length - 20} more`);
  }
  if (totalStages > shownStages) lines.push(`… and ${totalStages - shownStages} more stages`);
  if (totalTasks > 0) lines.push(`longest path: ${shortened(plan.criticalPath(estimates), " → ")}`);
  return lines.join("\n");
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function shortened(names: readonly string[], separator = ", "): string {
  if (names.length <= 12) return names.join(separator);
  return `${names.slice(0, 11).join(separator)}${separator}… (${names.length} in all)`;
}
