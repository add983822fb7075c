/**
 * Why a run took as long as it did, computed from the ledger when it is read: the chain of attempts that decided its
 * length, two lower bounds, and what it was bound by. Knows nothing but the ledger and the plan.
 */

import type { GraphPlan } from "../define/plan.ts";
import type { Grown } from "../machine/grown.ts";
import { BY_MAP, BY_SEMAPHORE, type Ledger } from "../machine/ledger.ts";
import type { Spawn } from "../machine/spawns.ts";
import { definitionIn, parentOf, taskName } from "../machine/task-name.ts";
import { micros, ownMicros, ranMicros } from "./durations.ts";
import type { Ms } from "./statistics.ts";

/** How an attempt hangs on the one before it on the critical path. */
export type Link = "start" | "dependency" | "slot" | "retry" | "stage" | "item" | "external";

export interface Analysis {
  /**
   * The attempts that decided how long the run took, first to last. They tile the time from the run's anchor to the
   * last end of a task that is waited for, exactly: the sum of gaps and runs is the makespan. A task may appear several
   * times, restored tasks never do.
   */
  criticalPath: {
    task: string;
    attempt: number;
    /** What this attempt waited for last: `start` nothing, `slot` capacity that the one before gave back, `item` a sibling in its map, `external` a permit that another run held. */
    link: Link;
    /** From the end of the one before to this start. */
    gapMs: Ms;
    runMs: Ms;
  }[];
  /** Lower bounds: with unlimited slots, and with this work on these slots (`null` without a limit). */
  bounds: { dependencyMs: Ms; workMs: Ms | null };
  /** Where most of the makespan went: more capacity (slots, resources, permits) helps only when it is `slots`. */
  boundBy: "dependencies" | "slots" | "retries" | "scheduler" | "none";
}

export interface Analysed {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  readonly concurrency: number | undefined;
  /** Whether stages were barriers in this run. */
  readonly staged: boolean;
}

type Ran = Pick<Analysed, "ledger" | "plan">;

/** Waits that end when somebody gives capacity back: a slot, a resource, a place in a map, another run's permit. */
function heldBack(link: Link): boolean {
  return link === "slot" || link === "item" || link === "external";
}

export function analyse(run: Analysed): Analysis {
  const { ledger, plan } = run;
  const criticalPath: Analysis["criticalPath"] = [];
  const spent = { dependencies: 0, slots: 0, retries: 0, scheduler: 0 };
  let attempt = lastAttempt(run);
  while (attempt !== -1) {
    const { before, link } = predecessor(run, attempt);
    const start = micros(ledger.startAt[attempt] as number);
    const end = micros(ledger.endAt[attempt] as number);
    const from = before === -1 ? 0 : micros(ledger.endAt[before] as number);
    const task = ledger.attemptTask[attempt] as number;
    criticalPath.push({
      task: taskName(plan.graph, ledger, task),
      attempt: ledger.numberOf(attempt),
      link,
      gapMs: (start - from) / 1000,
      runMs: (end - start) / 1000,
    });
    const gap = link === "retry" ? "retries" : heldBack(link) ? "slots" : "scheduler";
    spent[gap] += start - from;
    // While the one before ran and this one was ready, the time was lost to capacity.
    if (before !== -1 && gap === "slots") {
      const ready = micros(ledger.queuedAt[attempt] as number);
      const held = from - Math.max(ready, micros(ledger.startAt[before] as number));
      spent.slots += held;
      spent.dependencies -= held;
    }
    spent[
      ledger.retryDelay.size > 0 && ledger.retryDelay.has(attempt) ? "retries" : "dependencies"
    ] += end - start;
    attempt = before;
  }
  // What was pushed to has room for half as many again, and a report is held.
  return {
    criticalPath: criticalPath.reverse().slice(),
    bounds: bounds(run),
    boundBy: heaviest(spent),
  };
}

function heaviest(
  spent: Record<Exclude<Analysis["boundBy"], "none">, number>,
): Analysis["boundBy"] {
  let verdict: Analysis["boundBy"] = "none";
  let most = 0;
  for (const cause of ["dependencies", "slots", "retries", "scheduler"] as const) {
    if (spent[cause] > most) {
      most = spent[cause];
      verdict = cause;
    }
  }
  return verdict;
}

/** The attempt that ended last, of the tasks that the run waits for. */
function lastAttempt(run: Analysed): number {
  const { ledger } = run;
  let last = -1;
  let latest = Number.NEGATIVE_INFINITY;
  for (let attempt = 0; attempt < ledger.attempts; attempt++) {
    const end = ledger.endAt[attempt] as number;
    if (!(end >= latest)) continue; // Earlier, or still running.
    if (isBehindTail(run, ledger.attemptTask[attempt] as number)) continue;
    latest = end;
    last = attempt;
  }
  return last;
}

/** Whether nobody waits for a task: it is a tail, or inside of one. */
function isBehindTail({ ledger, plan }: Ran, task: number): boolean {
  const { tails } = ledger.grown ?? plan.graph;
  return tails.size > 0 && isOrInside({ ledger, plan }, task, tails);
}

/** Whether a task is one of these, or inside of one. */
function isOrInside({ ledger }: Ran, task: number, among: ReadonlySet<number>): boolean {
  let at: number | undefined = task;
  while (at !== undefined && !among.has(at)) at = parentOf(ledger, at);
  return at !== undefined;
}

function predecessor(run: Analysed, attempt: number): { before: number; link: Link } {
  const { ledger } = run;
  const task = ledger.attemptTask[attempt] as number;
  const limit = ledger.limitedBy[attempt] as number;
  const freedBy = ledger.freedBy[attempt] as number;
  if (limit !== 0 && freedBy !== -1)
    return { before: freedBy, link: limit === BY_MAP ? "item" : "slot" };
  const outside = limit === BY_SEMAPHORE || limit >= ledger.sharedFrom;
  const { attemptBefore } = ledger;
  const earlier = attemptBefore.size === 0 ? undefined : attemptBefore.get(attempt);
  if (earlier !== undefined) {
    return { before: earlier, link: outside ? "external" : "retry" };
  }
  const before = lastBehind(ledger, ledger.releasedBy[task] as number, task);
  if (outside) return { before, link: "external" };
  if (before === -1) return { before, link: "start" };
  return { before, link: run.staged ? "stage" : "dependency" };
}

/**
 * The last attempt of a task that released another: of one with items or a flow inside, that of those that ended last,
 * unless it released what is inside of it; of one that was never called, that of what released it.
 */
function lastBehind(ledger: Ledger, task: number, released: number): number {
  for (let at = task; at !== -1; at = ledger.releasedBy[at] as number) {
    const own = ledger.lastAttempt[at] as number;
    const last = isInside(ledger, released, at)
      ? own
      : laterOf(ledger, own, lastInside(ledger, at));
    if (last !== -1) return last;
  }
  return -1;
}

/** Whether a task is inside of another, however deep. */
function isInside(ledger: Ledger, task: number, owner: number): boolean {
  if (ledger.grown === undefined && ledger.nested.size === 0) return false;
  let at = parentOf(ledger, task);
  while (at !== undefined && at !== owner) at = parentOf(ledger, at);
  return at === owner;
}

function lastInside(ledger: Ledger, owner: number): number {
  let last = -1;
  const deep = ledger.grown !== undefined || ledger.nested.size > 0;
  for (const { first, count } of ledger.inside(owner)) {
    for (let row = first; row < first + count; row++) {
      if (ledger.innerTails.has(row)) continue;
      const inner = deep ? lastInside(ledger, row) : -1;
      last = laterOf(ledger, last, laterOf(ledger, ledger.lastAttempt[row] as number, inner));
    }
  }
  return last;
}

/** Of two attempts the one that ended later; -1 is none. */
function laterOf({ endAt }: Ledger, a: number, b: number): number {
  if (a === -1 || b === -1) return Math.max(a, b);
  return (endAt[b] as number) >= (endAt[a] as number) ? b : a;
}

function bounds(run: Analysed): Analysis["bounds"] {
  const { ledger, plan, concurrency } = run;
  const { graph, order } = plan;
  const { tails, finallyTasks } = graph;
  const finish = new Float64Array(graph.size);
  let longest = 0;
  let gateAt: number | undefined;
  let work = 0;
  const inside = insideMicros(run);
  for (const task of order) {
    if (tails.size > 0 && isBehindTail(run, task)) continue;
    // Finally tasks come last in this order, and waited for all of those before.
    if (finallyTasks.size > 0 && isOrInside(run, task, finallyTasks)) gateAt ??= longest;
    const ready = Math.max(gateAt ?? 0, readyMicros(ledger, graph, task, { finish, first: 0 }));
    const done = ready + ownMicros(ledger, task) + (inside.get(task) ?? 0);
    finish[task] = done;
    if (done > longest) longest = done;
  }
  for (let attempt = 0; attempt < ledger.attempts; attempt++) {
    if (isBehindTail(run, ledger.attemptTask[attempt] as number)) continue;
    work += ranMicros(ledger, attempt);
  }
  return {
    dependencyMs: longest / 1000,
    workMs: concurrency === undefined ? null : Math.round(work / concurrency) / 1000,
  };
}

/**
 * When a task of the plan, or of a flow that begins at `first`, would have been released. It waited for all of its
 * dependencies if it was ready once; one of them is enough to rule it out, and a stop, a loss or an earlier run for none.
 */
function readyMicros(
  ledger: Ledger,
  { dependencies: { start, end } }: Grown | GraphPlan["graph"],
  task: number,
  { finish, first }: { readonly finish: Float64Array; readonly first: number },
): number {
  if (Number.isNaN(ledger.readyAt[task] as number)) {
    const reason = ledger.reasons.get(task);
    return reason?.kind === "dependency" ? (finish[reason.task - first] ?? 0) : 0;
  }
  let ready = 0;
  const last = start[task + 1] as number;
  for (let edge = start[task] as number; edge < last; edge++) {
    ready = Math.max(ready, finish[(end[edge] as number) - first] as number);
  }
  return ready;
}

/** What the inside of each task would have taken at least, after its own attempts: of what came up last first. */
function insideMicros({ ledger, plan }: Ran): Map<number, number> {
  const inside = new Map<number, number>();
  const spawns = ledger.spawns.all;
  for (let at = spawns.length - 1; at >= 0; at--) {
    const spawn = spawns[at] as Spawn;
    const { owner, first, count, roots } = spawn;
    const wholes: number[] = [];
    for (let row = first; row < first + count; row++) {
      wholes.push(ownMicros(ledger, row) + (inside.get(row) ?? 0));
    }
    const own =
      roots === undefined
        ? itemsMicros(wholes, definitionIn(plan.graph, ledger, owner).options?.concurrency)
        : flowMicros({ ledger, plan }, spawn, wholes);
    // Those of a loop come one after another.
    inside.set(owner, (inside.get(owner) ?? 0) + own);
  }
  return inside;
}

function itemsMicros(items: readonly number[], limit: number | undefined): number {
  let most = 0;
  let sum = 0;
  for (const item of items) {
    sum += item;
    if (item > most) most = item;
  }
  return limit === undefined ? most : Math.max(most, Math.ceil(sum / limit));
}

/** Its longest path: every task stands after those that it reads. */
function flowMicros(run: Ran, { first, count }: Spawn, wholes: readonly number[]): number {
  const { ledger } = run;
  const finish = new Float64Array(count);
  let longest = 0;
  for (let row = 0; row < count; row++) {
    if (isBehindTail(run, first + row)) continue;
    const ready = readyMicros(ledger, ledger.grown as Grown, first + row, { finish, first });
    const done = ready + (wholes[row] as number);
    finish[row] = done;
    if (done > longest) longest = done;
  }
  return longest;
}
