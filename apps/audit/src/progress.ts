/** Tells how far the audit is: a line for each task that ends, the items of a map counted in its line, or every event. */
import { fromEvents, type Observer } from "@astrum/core";
import { eventLog } from "@astrum/reporters";
import type { ProgressMode } from "./command-line.ts";

export function progressTo(
  stream: NodeJS.WriteStream & { readonly fd: number },
  mode: ProgressMode,
): readonly Observer[] {
  if (mode === "none") return [];
  if (mode === "ndjson") return [{ ...eventLog(stream.fd).observer, name: "progress" }];
  return [progressLines((line) => stream.write(`astrum-audit: ${line}\n`))];
}

function progressLines(write: (line: string) => void): Observer {
  const items = new Map<string, number>();
  const retries = new Map<string, number>();
  let startAt = 0;
  return fromEvents("progress", (event) => {
    if (event.type === "run.start") startAt = event.at;
    if (event.type !== "task.end") return;
    const { task, outcome, attempts, at } = event;
    if (task.parent !== undefined) {
      add(items, task.parent, 1);
      add(retries, task.parent, Math.max(0, attempts - 1));
      return;
    }
    const count = items.get(task.key);
    const again = retries.get(task.key);
    const notes = [
      ...(count === undefined ? [] : [`${count} ${count === 1 ? "item" : "items"}`]),
      ...(again ? [`${again} retried`] : []),
      ...(outcome.status === "completed" ? [] : [outcome.status]),
    ];
    const elapsed = ((at - startAt) / 1000).toFixed(2);
    write(`${elapsed} s  ${task.key}${notes.length === 0 ? "" : `: ${notes.join(", ")}`}`);
  });
}

function add(counts: Map<string, number>, name: string, more: number): void {
  counts.set(name, (counts.get(name) ?? 0) + more);
}
