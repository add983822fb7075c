/**
 * What changed along the critical paths of two runs, so that it adds up: each path is all of the time that its run took, so
 * the differences of their parts are the difference of the two. Items of a map are told together, for which of them is on
 * the path is chance.
 */
import type { SerializedReport } from "@astrum/core";
import { groups } from "./same-task.ts";

export interface PathChange {
  /** The task or map whose time on the path changed; none for time in which nothing on it ran. */
  readonly task?: string;
  /** `ran`, or what was waited for. */
  readonly what:
    | "ran"
    | "waited for a slot"
    | "back-off"
    | "waited for its stage"
    | "waited for a shared limit"
    | "between tasks"
    | "until the first task";
  /** On the path of each run. */
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly changeMs: number;
}

type Link = SerializedReport["analysis"]["criticalPath"][number]["link"];

const WAITED: Readonly<Record<Link, PathChange["what"]>> = {
  start: "until the first task",
  dependency: "between tasks",
  item: "between tasks",
  slot: "waited for a slot",
  retry: "back-off",
  stage: "waited for its stage",
  external: "waited for a shared limit",
};

/** The largest first; parts that did not change are left out. Their sum is the change of the makespan. */
export function pathChanges(before: SerializedReport, after: SerializedReport): PathChange[] {
  const [earlier, later] = [partsOf(before), partsOf(after)];
  const changes: PathChange[] = [];
  for (const [key, part] of new Map([...earlier, ...later])) {
    const beforeMs = thousandths(earlier.get(key)?.ms ?? 0);
    const afterMs = thousandths(later.get(key)?.ms ?? 0);
    const changeMs = thousandths(afterMs - beforeMs);
    if (changeMs === 0) continue;
    const { task, what } = part;
    changes.push({ ...(task === undefined ? {} : { task }), what, beforeMs, afterMs, changeMs });
  }
  return changes.sort((a, b) => Math.abs(b.changeMs) - Math.abs(a.changeMs));
}

interface Part extends Pick<PathChange, "task" | "what"> {
  ms: number;
}

function partsOf(report: SerializedReport): Map<string, Part> {
  const group = groups(report);
  const parts = new Map<string, Part>();
  const add = (key: string, part: Omit<Part, "ms">, ms: number): void => {
    const sum = parts.get(key)?.ms ?? 0;
    parts.set(key, { ...part, ms: sum + ms });
  };
  for (const { task, link, gapMs, runMs } of report.analysis.criticalPath) {
    const what = WAITED[link];
    add(`waited ${what}`, { what }, gapMs);
    const name = group.get(task) ?? task;
    add(`ran ${name}`, { task: name, what: "ran" }, runMs);
  }
  return parts;
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
