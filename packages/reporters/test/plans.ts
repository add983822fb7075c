/** The plan of a frozen report's graph: what there is to draw before anything runs. Items of a map are in no plan. */
import { after, flow, type Plan, type SerializedReport, type Task, task } from "@astrum/core";

export function planOf({ taskStatistics }: SerializedReport): Plan {
  const made = new Map<string, Task<unknown>>();
  let left = taskStatistics.filter(({ kind }) => kind !== "item");
  while (left.length > 0) {
    const later = left.filter(({ taskName, dependencies }) => {
      const inputs = dependencies.map(({ task: name }) => made.get(name));
      if (inputs.includes(undefined)) return true;
      const edges = inputs.map((one, index) => [`input${index}`, after(one as Task<unknown>)]);
      made.set(
        taskName,
        task(taskName, Object.fromEntries(edges), () => undefined),
      );
      return false;
    });
    if (later.length === left.length) throw new Error("a circle has no plan");
    left = later;
  }
  const roots = Array.from(made.values(), (one, index) => [`root${index}`, one]);
  return flow("planned", Object.fromEntries(roots)).plan();
}
