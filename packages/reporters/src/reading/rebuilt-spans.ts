/**
 * When what is inside of each task began and ended: items of a map, tasks of a flow, at any depth. Looks at every task once,
 * however deep a log says that they are inside of each other. Knows attempts; what a span means for a task is
 * `rebuilt-task`.
 */
import type { CollectedRun, CollectedTask } from "./collected-run.ts";

export interface InsideSpan {
  /** Of the first call in it. */
  begun: number | undefined;
  /** Of the last attempt in it that ended, without tails and what is inside of these: nobody ends later for them. */
  ended: number | undefined;
}

/** By task, for those with something inside. */
export function insideSpans(run: CollectedRun): ReadonlyMap<string, Readonly<InsideSpan>> {
  const spans = new Map<string, InsideSpan>();
  const parents = new Map<CollectedTask, CollectedTask>();
  /** How many directly inside of a task are not added yet. */
  const missing = new Map<CollectedTask, number>();
  const ready: CollectedTask[] = [];
  for (const task of run.tasks.values()) {
    const inside = run.itemsOf(task.key);
    for (const one of inside) parents.set(one, task);
    if (inside.length === 0) ready.push(task);
    else {
      missing.set(task, inside.length);
      spans.set(task.key, { begun: undefined, ended: undefined });
    }
  }
  // A damaged log may have tasks that are inside of each other: these never have all, and are added to nobody.
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    const parent = parents.get(task);
    const span = parent && spans.get(parent.key);
    if (parent === undefined || span === undefined) continue;
    add(span, task, spans.get(task.key), run);
    const left = (missing.get(parent) ?? 0) - 1;
    missing.set(parent, left);
    if (left === 0) ready.push(parent);
  }
  return spans;
}

function add(
  span: InsideSpan,
  { key, info, attempts }: CollectedTask,
  inside: InsideSpan | undefined,
  run: CollectedRun,
): void {
  const isTail = info?.kind === "tail";
  const last = attempts.at(-1);
  const ended = last && (last.endAt ?? run.stored.get(key)?.at);
  span.begun = least(span.begun, attempts[0]?.startAt);
  if (isTail) return;
  span.begun = least(span.begun, inside?.begun);
  for (const one of [ended, inside?.ended]) {
    if (one !== undefined) span.ended = Math.max(one, span.ended ?? one);
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
