/**
 * The rows of the timeline in one of four orders: by slot, by map or stage, by where it ran, or a row per task. Attempts that
 * overlap in a group are packed on as few rows as they need. Knows no pixels.
 */
import { NONE, type PageData } from "../src/html/page-data.ts";
import { running, type Staircase } from "./load.ts";
import type { Run } from "./run.ts";

export const GROUPINGS = ["slot", "group", "executor", "waterfall"] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Row {
  readonly label: string;
  /** Attempts that do not overlap, in the order of their starts; none in the head of a group. */
  readonly attempts: readonly number[];
  /** The head of a group that can be folded: how much of it ran when. */
  readonly head?: GroupHead;
  /** The one task of the row. */
  readonly task?: number;
}

interface GroupHead {
  readonly key: string;
  readonly open: boolean;
  readonly load: Staircase;
  readonly failed: boolean;
}

/** `open`: the keys of the groups that are unfolded. */
export function rowsOf(run: Run, grouping: Grouping, open: ReadonlySet<string>): Row[] {
  switch (grouping) {
    case "slot":
      return bySlot(run.data);
    case "waterfall":
      return waterfall(run);
    case "executor":
      return folded(
        run,
        groupedBy(run, (attempt) => run.text(run.data.attempts.executor[attempt]) || "main thread"),
        open,
      );
    default:
      return folded(
        run,
        groupedBy(run, (attempt) => groupOf(run, run.data.attempts.task[attempt] ?? 0)),
        open,
      );
  }
}

export function groupKeys(run: Run, grouping: Grouping): string[] {
  return rowsOf(run, grouping, new Set()).flatMap(({ head }) =>
    head === undefined ? [] : [head.key],
  );
}

function groupOf(run: Run, task: number): string {
  const { parent, stage } = run.data.tasks;
  const map = parent[task] ?? NONE;
  if (map !== NONE) return run.name(map);
  const depth = stage[task] ?? NONE;
  return depth === NONE ? "items" : `stage ${depth}`;
}

function bySlot({ attempts, lanes }: PageData): Row[] {
  const rows: number[][] = Array.from({ length: lanes }, () => []);
  attempts.lane.forEach((lane, attempt) => {
    rows[lane]?.push(attempt);
  });
  return rows.map((own, lane) => ({ label: `slot ${lane}`, attempts: own }));
}

function waterfall(run: Run): Row[] {
  const seen = new Set<number>();
  const rows: Row[] = [];
  for (const task of run.data.attempts.task) {
    if (seen.has(task)) continue;
    seen.add(task);
    rows.push({ label: run.name(task), attempts: run.attemptsOf(task), task });
  }
  return rows;
}

function groupedBy(run: Run, keyOf: (attempt: number) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (let attempt = 0; attempt < run.attemptCount; attempt++) {
    const key = keyOf(attempt);
    const own = groups.get(key);
    if (own === undefined) groups.set(key, [attempt]);
    else own.push(attempt);
  }
  return groups;
}

function folded(
  run: Run,
  groups: ReadonlyMap<string, readonly number[]>,
  open: ReadonlySet<string>,
): Row[] {
  const rows: Row[] = [];
  for (const [key, attempts] of groups) {
    const tasks = new Set(attempts.map((attempt) => run.data.attempts.task[attempt] ?? 0));
    const failures = Array.from(tasks).filter((task) => run.status(task) === "failed").length;
    const counts = `×${tasks.size}${failures > 0 ? ` ✗${failures}` : ""}`;
    const isOpen = open.has(key);
    rows.push({
      label: `${isOpen ? "▾" : "▸"} ${key} ${counts}`,
      attempts: [],
      head: { key, open: isOpen, load: running(run.data, attempts), failed: failures > 0 },
    });
    if (isOpen) rows.push(...packed(run.data, attempts));
  }
  return rows;
}

function packed({ attempts: all }: PageData, attempts: readonly number[]): Row[] {
  const rows: number[][] = [];
  const ends: number[] = [];
  for (const attempt of attempts) {
    const startUs = all.startUs[attempt] ?? 0;
    let row = ends.findIndex((endUs) => endUs <= startUs);
    if (row < 0) row = ends.length;
    ends[row] = all.endUs[attempt] ?? startUs;
    const own = rows[row];
    if (own === undefined) rows[row] = [attempt];
    else own.push(attempt);
  }
  return rows.map((own) => ({ label: "", attempts: own }));
}

/** Attempts of a row do not overlap: what is sorted by its start is sorted by its end. */
export function firstEndingAfter(
  attempts: readonly number[],
  endUs: readonly number[],
  us: number,
): number {
  let low = 0;
  let high = attempts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((endUs[attempts[middle] ?? 0] ?? 0) <= us) low = middle + 1;
    else high = middle;
  }
  return low;
}
