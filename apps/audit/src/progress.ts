/** Tells a person how far the audit is: one line for each task that ends, nothing for its items. Decides nothing. */
import { fromEvents, type Observer } from "@astrum/core";

export function progressLines(write: (line: string) => void): Observer {
  const items = new Map<string, number>();
  const retries = new Map<string, number>();
  const addOne = (counts: Map<string, number>, name: string): void => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  return fromEvents("progress", (event) => {
    if (event.type === "attempt.end" && event.willRetry) {
      const { task } = event.attempt;
      addOne(retries, task.parent ?? task.key);
    }
    if (event.type !== "task.end") return;
    const { task, outcome, durationMs } = event;
    if (task.parent !== undefined) return addOne(items, task.parent);
    const count = items.get(task.key);
    const again = retries.get(task.key);
    const parts = [
      outcome.status === "completed" ? [] : [outcome.status],
      count === undefined ? [] : [`${count} items`],
      again === undefined ? [] : [`${again} retries`],
      [`${(durationMs / 1000).toFixed(2)} s`],
    ];
    write(`${task.key}: ${parts.flat().join(", ")}`);
  });
}
