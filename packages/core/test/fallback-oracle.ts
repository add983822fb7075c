/**
 * What docs/guarantees.md promises of fallbacks, held against one random run: who is asked, how often and with what, and
 * what is told of it. Throws with what was broken.
 */
import type { SerializedReport, TaskStatistics } from "../src/index.ts";
import { hold } from "./hold.ts";
import {
  fallsBack,
  type RandomGraph,
  type RandomRun,
  type RandomTask,
  writtenAs,
} from "./random-graph.ts";
import { failedForGood } from "./report-rows.ts";

export function fallbacks(
  { taskStatistics }: SerializedReport,
  spec: RandomRun,
  graph: RandomGraph,
): void {
  const owed = new Map<string, number>();
  for (const row of taskStatistics) {
    const planned = row.parent ?? row.taskName;
    const written = writtenAs(spec, planned);
    if (written === undefined || row.status === "detached") continue;
    told(row, written, taskStatistics, spec);
    if (isAsked(row, written)) owed.set(planned, (owed.get(planned) ?? 0) + 1);
  }
  const asked = new Map<string, number>();
  for (const { declared, endedAt } of graph.fellBack) {
    asked.set(declared, (asked.get(declared) ?? 0) + 1);
    const detached = taskStatistics.some(
      ({ taskName, parent, status }) => (parent ?? taskName) === declared && status === "detached",
    );
    const leftBehind = spec.graceMs !== undefined && taskStatistics.some(isLeftBehind);
    hold(
      "a fallback has ended at settle",
      endedAt !== undefined || detached || leftBehind,
      declared,
    );
  }
  for (const [at, { kind }] of spec.tasks.entries()) {
    const name = `t${at}`;
    // Of a tail the rest is asked when the run has settled.
    if (graph.tails.has(name)) continue;
    const [expected, found] = [owed.get(name) ?? 0, asked.get(name) ?? 0];
    hold(
      "each failure is asked for once, and nothing else",
      expected === found,
      kind,
      name,
      expected,
      found,
    );
  }
}

/** It failed for good, for another reason than a journal. */
function isAsked(row: TaskStatistics, written: RandomTask): boolean {
  const asked = failedForGood(row) && row.error?.name !== "JournalError";
  return fallsBack(written) && !isMap(row, written) && asked;
}

/** Its row says whether it was given a value. */
function told(
  row: TaskStatistics,
  written: RandomTask,
  rows: readonly TaskStatistics[],
  { graceMs }: RandomRun,
): void {
  const { taskName, fallback = false } = row;
  if (isMap(row, written)) {
    const items = rows.filter(({ parent }) => parent === taskName);
    const some = row.status === "completed" && items.some((item) => item.fallback);
    hold("a map says that it holds values of fallbacks", fallback === some, taskName);
    return;
  }
  const gives = written.fallback === "gives";
  const mayGive = gives || /promises|never/.test(written.fallback);
  if (!isAsked(row, written)) {
    hold("only a failure has a fallback", !fallback, taskName, row.status);
  } else if (gives) {
    hold("its fallback gave a value", fallback, taskName);
  } else if (mayGive) {
    const leftBehind = graceMs !== undefined && isLeftBehind(row);
    hold("its fallback gave a value, or was left behind", fallback !== leftBehind, taskName);
  } else {
    hold("a fallback that failed gave none", !fallback, taskName);
  }
}

function isLeftBehind({ error }: TaskStatistics): boolean {
  return error?.message.startsWith("The fallback of task") === true;
}

/** A tail is none by its own kind. */
function isMap(row: TaskStatistics, written: RandomTask): boolean {
  return written.kind === "map" && row.kind !== "item";
}
