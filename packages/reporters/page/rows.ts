/**
 * The rows of the timeline in one of four orders: by slot; by flow, map or stage; by where it ran; or a row per task, in which
 * what is inside of a flow folds. Attempts that overlap in a group are packed on as few rows as they need. Knows no pixels.
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
  /** The one task of the row, or its one slot. */
  readonly task?: number;
  readonly slot?: number;
}

export interface GroupHead {
  readonly key: string;
  readonly open: boolean;
  /** All of the group, in the order of their starts. */
  readonly members: readonly number[];
  readonly load: Staircase;
  readonly failed: boolean;
}

/** `open`: the keys of the groups that are unfolded. */
export function rowsOf(run: Run, grouping: Grouping, open: ReadonlySet<string>): Row[] {
  switch (grouping) {
    case "slot":
      return bySlot(run.data);
    case "waterfall":
      return waterfall(run, open);
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
  if (grouping === "waterfall") {
    return run.data.tasks.name.flatMap((_, task) => (run.folds(task) ? [keyOf(task)] : []));
  }
  return rowsOf(run, grouping, new Set()).flatMap(({ head }) =>
    head === undefined ? [] : [head.key],
  );
}

function keyOf(task: number): string {
  return `task ${task}`;
}

function groupOf(run: Run, task: number): string {
  const outermost = run.around(task).at(-1) ?? task;
  if (outermost !== task || run.folds(task)) return run.name(outermost);
  const depth = run.data.tasks.stage[task] ?? NONE;
  return depth === NONE ? "items" : `stage ${depth}`;
}

function bySlot({ attempts, lanes }: PageData): Row[] {
  const rows: number[][] = Array.from({ length: lanes }, () => []);
  attempts.lane.forEach((lane, attempt) => {
    rows[lane]?.push(attempt);
  });
  return rows.map((own, lane) => ({ label: `slot ${lane}`, attempts: own, slot: lane }));
}

/** Each task where it began first; those of a flow behind a head, which stands where the first of them began. */
function waterfall(run: Run, open: ReadonlySet<string>): Row[] {
  const top: number[] = [];
  const inside = new Map<number, number[]>();
  const members = new Map<number, number[]>();
  const seen = new Set<number>();
  run.data.attempts.task.forEach((task, attempt) => {
    const way = [task, ...run.around(task)].filter((one) => run.folds(one)).reverse();
    for (const flow of way) pushed(members, flow, attempt);
    let list = top;
    for (const flow of way) {
      if (!inside.has(flow)) {
        inside.set(flow, []);
        list.push(flow);
      }
      list = inside.get(flow) ?? [];
    }
    if (!seen.has(task)) list.push(task);
    seen.add(task);
  });
  const rows: Row[] = [];
  const left = top.toReversed();
  const headed = new Set<number>();
  for (let task = left.pop(); task !== undefined; task = left.pop()) {
    const own = inside.get(task);
    if (own === undefined || headed.has(task)) {
      rows.push({ label: run.name(task), attempts: run.attemptsOf(task), task });
      continue;
    }
    headed.add(task);
    const isOpen = open.has(keyOf(task));
    rows.push(headRow(run, keyOf(task), run.name(task), members.get(task) ?? [], isOpen));
    // More than a call takes arguments.
    if (isOpen) for (const one of own.toReversed()) left.push(one);
  }
  return rows;
}

function pushed<K>(lists: Map<K, number[]>, key: K, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function groupedBy(run: Run, keyOf: (attempt: number) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (let attempt = 0; attempt < run.attemptCount; attempt++) {
    pushed(groups, keyOf(attempt), attempt);
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
    const isOpen = open.has(key);
    rows.push(headRow(run, key, key, attempts, isOpen));
    if (isOpen) for (const row of packed(run.data, attempts)) rows.push(row);
  }
  return rows;
}

function headRow(
  run: Run,
  key: string,
  name: string,
  members: readonly number[],
  open: boolean,
): Row {
  const tasks = new Set(members.map((attempt) => run.data.attempts.task[attempt] ?? 0));
  const failures = Array.from(tasks).filter((task) => run.status(task) === "failed").length;
  const counts = `×${tasks.size}${failures > 0 ? ` ✗${failures}` : ""}`;
  return {
    label: `${open ? "▾" : "▸"} ${name} ${counts}`,
    attempts: [],
    head: { key, open, members, load: running(run.data, members), failed: failures > 0 },
  };
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
  endUs: ArrayLike<number>,
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
