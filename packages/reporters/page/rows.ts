/**
 * The rows of the timeline in one of four orders: a row per task; by map or flow; by slot; by where it ran. A map or a flow
 * is the head of a group, which unfolds. Only what is looked for has a row, and so has what never started: it waited, too.
 * Knows no pixels.
 */
import { ATTEMPT_STATUSES, NONE, type PageData } from "../src/html/page-data.ts";
import { count } from "../src/wording/counts.ts";
import { running, type Staircase, waiting } from "./load.ts";
import type { Run } from "./run.ts";

export const GROUPINGS = ["task", "map", "slot", "executor"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** So many rows are read one by one; of more, those that belong together are one. */
const ROWS_READ = 60;

export interface Row {
  readonly label: string;
  /** Attempts that do not overlap, in the order of their starts; none in the head of a group. */
  readonly attempts: readonly number[];
  /** Whether the row is theirs, so that their waiting is drawn in it. A slot does not wait. */
  readonly waits: boolean;
  /** The head of a group that can be folded: how much of it ran when. */
  readonly head?: GroupHead;
  /** The one task of the row, which may never have started, or its one slot. */
  readonly task?: number;
  readonly slot?: number;
}

export interface GroupHead {
  readonly key: string;
  readonly open: boolean;
  /** All of the group, in the order of their starts. */
  readonly members: readonly number[];
  readonly load: Staircase;
  /** Those of them that failed, those on the critical path, and how many waited. */
  readonly failed: Staircase;
  readonly critical: Staircase;
  readonly waiting: Staircase;
}

/** What is shown: which groups are unfolded, and which tasks are looked for. */
export interface Shown {
  isOpen(key: string): boolean;
  readonly matches: Uint8Array;
}

export function rowsOf(run: Run, grouping: Grouping, shown: Shown): Row[] {
  switch (grouping) {
    case "slot":
      return bySlot(run, shown);
    case "executor":
      return byExecutor(run, shown);
    case "map":
      return byMap(run, shown);
    default:
      return byTask(run, shown);
  }
}

/** By task, where so many rows can be read; otherwise by what the tasks belong to. */
export function usualGrouping(run: Run): Grouping {
  let rows = 0;
  for (let task = 0; task < run.taskCount && rows <= ROWS_READ; task++)
    if (hasRow(run, task)) rows++;
  return rows <= ROWS_READ ? "task" : "map";
}

/** Whether there is something to unfold. */
export function canUnfold(run: Run, grouping: Grouping): boolean {
  return grouping === "task" ? run.nested : grouping !== "slot";
}

/** What only holds others is a head. */
function hasRow(run: Run, task: number): boolean {
  return run.attemptsOf(task).length > 0 || run.insideOf(task).length === 0;
}

function beganUs(run: Run, task: number): number {
  const { tasks, attempts } = run.data;
  const [first] = run.attemptsOf(task);
  if (first !== undefined) return attempts.startUs[first] ?? 0;
  const ready = tasks.readyUs[task] ?? NONE;
  return ready === NONE ? run.droppedUs(task) : ready;
}

/** Those that have a row, in the order in which they began. */
function inOrder(run: Run, { matches }: Shown): number[] {
  const list: { task: number; us: number }[] = [];
  for (let task = 0; task < run.taskCount; task++) {
    if (matches[task] === 1 && hasRow(run, task)) list.push({ task, us: beganUs(run, task) });
  }
  return list.sort((a, b) => a.us - b.us).map(({ task }) => task);
}

function bySlot(run: Run, { matches }: Shown): Row[] {
  const { attempts, lanes } = run.data;
  const rows: number[][] = Array.from({ length: lanes }, () => []);
  attempts.lane.forEach((lane, attempt) => {
    if (matches[attempts.task[attempt] ?? 0] === 1) rows[lane]?.push(attempt);
  });
  const all = !matches.includes(0);
  return rows
    .map((own, lane) => ({ label: `slot ${lane}`, attempts: own, waits: false, slot: lane }))
    .filter((row) => all || row.attempts.length > 0);
}

function byExecutor(run: Run, shown: Shown): Row[] {
  const { attempts } = run.data;
  const groups = new Map<string, number[]>();
  attempts.task.forEach((task, attempt) => {
    if (shown.matches[task] === 1)
      pushed(groups, run.text(attempts.executor[attempt]) || "main thread", attempt);
  });
  return Array.from(groups).flatMap(([name, members]) => {
    const tasks = new Set(members.map((attempt) => attempts.task[attempt] ?? 0));
    const head = headRow(run, shown, name, name, members, Array.from(tasks));
    return head.head?.open === true ? [head, ...packed(run.data, members, false)] : [head];
  });
}

/** A row for each task, those of a flow behind a head, which stands where the first of them began. */
function byTask(run: Run, shown: Shown): Row[] {
  const top: number[] = [];
  const inside = new Map<number, number[]>();
  const all = new Map<number, number[]>();
  for (const task of inOrder(run, shown)) {
    const way = [task, ...run.around(task)].filter((one) => run.folds(one)).reverse();
    let list = top;
    for (const flow of way) {
      pushed(all, flow, task);
      if (!inside.has(flow)) {
        inside.set(flow, []);
        list.push(flow);
      }
      list = inside.get(flow) ?? [];
    }
    list.push(task);
  }
  const rows: Row[] = [];
  const left = top.toReversed();
  const headed = new Set<number>();
  for (let task = left.pop(); task !== undefined; task = left.pop()) {
    const own = inside.get(task);
    if (own === undefined || headed.has(task)) {
      rows.push(taskRow(run, task));
      continue;
    }
    headed.add(task);
    const row = groupRow(run, shown, `task ${task}`, run.name(task), all.get(task) ?? []);
    rows.push(row);
    // More than a call takes arguments.
    if (row.head?.open === true) for (const one of own.toReversed()) left.push(one);
  }
  return rows;
}

/** A row for each map and flow at the top and for each other task, or for each stage where that would be too many. */
function byMap(run: Run, shown: Shown): Row[] {
  const order = inOrder(run, shown);
  const owner = (task: number): number => {
    const outermost = run.around(task).at(-1) ?? task;
    return outermost !== task || run.insideOf(task).length > 0 ? outermost : NONE;
  };
  const alone = order.filter((task) => owner(task) === NONE).length;
  const groups = new Map<string, { name: string; tasks: number[] }>();
  for (const task of order) {
    const above = owner(task);
    const depth = run.data.tasks.stage[task] ?? NONE;
    const [key, name] =
      above !== NONE
        ? [`task ${above}`, run.name(above)]
        : alone <= ROWS_READ || depth === NONE
          ? [`alone ${task}`, ""]
          : [`stage ${depth}`, `stage ${depth}`];
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { name, tasks: [task] });
    else group.tasks.push(task);
  }
  const rows: Row[] = [];
  for (const [key, { name, tasks }] of groups) {
    if (name === "") {
      for (const task of tasks) rows.push(taskRow(run, task));
      continue;
    }
    const row = groupRow(run, shown, key, name, tasks);
    rows.push(row);
    if (row.head?.open !== true) continue;
    const inner =
      tasks.length <= ROWS_READ
        ? tasks.map((task) => taskRow(run, task))
        : packed(run.data, row.head.members, true);
    for (const one of inner) rows.push(one);
  }
  return rows;
}

function taskRow(run: Run, task: number): Row {
  return { label: run.name(task), attempts: run.attemptsOf(task), waits: true, task };
}

function groupRow(
  run: Run,
  shown: Shown,
  key: string,
  name: string,
  tasks: readonly number[],
): Row {
  // Attempts are numbered in the order of their starts.
  const members = tasks.flatMap((task) => run.attemptsOf(task)).sort((a, b) => a - b);
  return headRow(run, shown, key, name, members, tasks);
}

function headRow(
  run: Run,
  shown: Shown,
  key: string,
  name: string,
  members: readonly number[],
  tasks: readonly number[],
): Row {
  const { data } = run;
  const open = shown.isOpen(key);
  const failures = tasks.filter((task) => run.status(task) === "failed").length;
  const counts = `×${count(tasks.length)}${failures > 0 ? ` ✗${count(failures)}` : ""}`;
  const failed = ATTEMPT_STATUSES.indexOf("failed");
  return {
    label: `${open ? "▾" : "▸"} ${name} ${counts}`,
    attempts: [],
    waits: true,
    head: {
      key,
      open,
      members,
      load: running(data, members),
      failed: running(
        data,
        members.filter((attempt) => data.attempts.status[attempt] === failed),
      ),
      critical: running(
        data,
        members.filter((attempt) => data.attempts.critical[attempt] === 1),
      ),
      waiting: waiting(data, members),
    },
  };
}

function pushed<K>(lists: Map<K, number[]>, key: K, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function packed({ attempts: all }: PageData, attempts: readonly number[], waits: boolean): Row[] {
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
  return rows.map((own) => ({ label: "", attempts: own, waits }));
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
