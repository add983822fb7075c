/**
 * Which task of one run is which of another: by name, and items of maps by what their `key` calls them, whatever their place
 * in the list. Knows no durations.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";

/** By the names of a report: what they are the same as in another. */
export function identities({ taskStatistics }: SerializedReport): Map<string, string> {
  const rows = new Map(taskStatistics.map((row) => [row.taskName, row]));
  const known = new Map<string, string>();
  for (const row of taskStatistics) identityOf(row, rows, known);
  return known;
}

function identityOf(
  row: TaskStatistics,
  rows: ReadonlyMap<string, TaskStatistics>,
  known: Map<string, string>,
): string {
  const before = known.get(row.taskName);
  if (before !== undefined) return before;
  const { taskName, parent, key } = row;
  // A report from elsewhere may have a task inside of itself.
  known.set(taskName, taskName);
  const around = parent === undefined ? undefined : rows.get(parent);
  if (around === undefined || parent === undefined) return taskName;
  const outer = identityOf(around, rows, known);
  const own = key === undefined ? taskName.slice(parent.length) : `[${key}]`;
  const identity = taskName.startsWith(parent) ? `${outer}${own}` : taskName;
  known.set(taskName, identity);
  return identity;
}

/** By the names of a report: what is told of them together, the map of an item, and of what is inside of one. */
export function groups({ taskStatistics }: SerializedReport): Map<string, string> {
  const found = new Map<string, string>();
  const named = new Map(taskStatistics.map((row) => [row.taskName, row]));
  for (const { taskName } of taskStatistics) {
    let group = taskName;
    const seen = new Set<string>();
    for (let at = named.get(taskName); at?.parent !== undefined && !seen.has(at.taskName); ) {
      seen.add(at.taskName);
      if (at.index !== undefined) group = at.parent;
      at = named.get(at.parent);
    }
    found.set(taskName, group);
  }
  return found;
}
