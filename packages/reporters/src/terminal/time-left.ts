/**
 * How long a run will still take: the work that is left, divided by how much of it was done at once until now, and not less
 * than the longest chain of dependencies that is left (Graham's two lower bounds). Knows no screen.
 */
import type { TaskInfo } from "@astrum/core";
import type { RunState } from "./run-state.ts";

export interface TimeLeft {
  readonly ms: number;
  /** There is a map that does not know its items yet, or what will be inside of them. */
  readonly atLeast: boolean;
}

/** Milliseconds by task name, as `estimatesFrom` gives them. */
export type Estimates = Readonly<Record<string, number>>;

/** Sooner than that it would be a guess. */
const FROM_MS = 2000;
const FROM_SHARE = 0.05;

export function timeLeft(state: RunState, now: number, estimates: Estimates): TimeLeft | undefined {
  const elapsed = now - state.startAt;
  if (elapsed < FROM_MS || state.ran < state.total * FROM_SHARE) return undefined;
  const parallel = parallelism(state, now, elapsed);
  const items = new Map<string, { work: number; longest: number }>();
  let work = 0;
  let atLeast = false;
  for (const [key, task] of state.open) {
    if (isAround(state, key, task)) continue;
    const ms = taskLeft(state, key, task, now, estimates);
    if (ms === undefined) return undefined;
    work += ms;
    // An item of which nobody knows yet what will be inside.
    atLeast ||= task.kind === "item" && state.inside.of(state.inside.top(key)).flow;
    for (const around of state.inside.around(key)) {
      const all = items.get(around) ?? { work: 0, longest: 0 };
      items.set(around, { work: all.work + ms, longest: Math.max(all.longest, ms) });
    }
  }
  let chain = 0;
  const ends = new Map<string, number>();
  for (const [key, task] of state.open) {
    // What came up at run time counts for what it is inside of; a planned subflow waits for its tasks.
    if (task.parent !== undefined && task.stage === null) continue;
    let own = 0;
    if (task.role === "subflow") own = 0;
    else if (isAround(state, key, task)) {
      const known = items.get(key);
      if (known !== undefined) own = Math.max(known.longest, known.work / parallel);
      else if (state.inside.directly(key) === 0) {
        own = estimateOf(estimates, key) ?? 0;
        atLeast ||= estimateOf(estimates, key) === undefined;
      }
    } else own = taskLeft(state, key, task, now, estimates) ?? 0;
    let end = own;
    for (const dependency of task.dependencies) {
      end = Math.max(end, own + (ends.get(dependency) ?? 0));
    }
    ends.set(key, end);
    chain = Math.max(chain, end);
  }
  return { ms: Math.max(chain, work / parallel), atLeast };
}

/** It does nothing itself any more, or never did: what is inside of it does. */
function isAround(state: RunState, key: string, { kind, role }: TaskInfo): boolean {
  const flow = role === "subflow" || role === "loop";
  return kind === "map" || flow || state.inside.directly(key) > 0;
}

function taskLeft(
  state: RunState,
  key: string,
  task: TaskInfo,
  now: number,
  estimates: Estimates,
): number | undefined {
  const whole =
    (key === task.name ? estimateOf(estimates, key) : undefined) ?? state.meanMs(task.name);
  if (whole === undefined) return undefined;
  const running = state.running.get(key);
  return running === undefined ? whole : Math.max(0, whole - (now - running.startAt));
}

function estimateOf(estimates: Estimates, key: string): number | undefined {
  const ms = Object.hasOwn(estimates, key) ? estimates[key] : undefined;
  return ms !== undefined && Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

function parallelism(state: RunState, now: number, elapsed: number): number {
  let ms = state.attemptMs;
  for (const { startAt } of state.running.values()) ms += now - startAt;
  const most = state.run.concurrency ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(most, ms / elapsed));
}
