/** Tells a person how far the audit is: a line for each task that ends, the items of a map counted in its line. */
import { fromEvents, type Observer } from "@astrum/core";

export function progressLines(write: (line: string) => void): Observer {
  const items = new Map<string, number>();
  const retries = new Map<string, number>();
  return fromEvents("progress", (event) => {
    if (event.type !== "task.end") return;
    const { task, outcome, attempts, durationMs } = event;
    if (task.parent !== undefined) {
      add(items, task.parent, 1);
      add(retries, task.parent, Math.max(0, attempts - 1));
      return;
    }
    const count = items.get(task.key);
    const again = retries.get(task.key);
    const parts = [
      outcome.status === "completed" ? [] : [outcome.status],
      count === undefined ? [] : [`${count} ${count === 1 ? "item" : "items"}`],
      again ? [`${again} retried`] : [],
      [`${durationMs.toFixed(0)} ms`],
    ];
    write(`${task.key}: ${parts.flat().join(", ")}`);
  });
}

function add(counts: Map<string, number>, name: string, more: number): void {
  counts.set(name, (counts.get(name) ?? 0) + more);
}
