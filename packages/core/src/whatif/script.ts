/**
 * What the tasks of a simulated run do, attempt by attempt, and what calling them costs the thread. Knows numbers; knows no
 * machine, no report and no capacity.
 */
import type { Graph } from "../define/graph.ts";

export interface ScriptedAttempt {
  /** How long it runs. */
  readonly runMs: number;
  readonly end: "returned" | "threw" | "skipped";
  /** Present when another attempt follows: after so many milliseconds. */
  readonly retryMs?: number | undefined;
  /** From the command to the call, where the thread was busy with something else than other calls. */
  readonly lagMs: number;
  /** How long the call holds the thread, so that those that start with it are called later. */
  readonly heldMs: number;
}

export interface ScriptedTask {
  /** What it is called in the report, and what it is inside of, the nearest first. */
  readonly path: readonly string[];
  readonly attempts: readonly ScriptedAttempt[];
  /** How long its inputs and its condition take to be there. */
  readonly prepareMs: number;
  /** What is said before it queues: that it is not wanted, or cannot be prepared. */
  readonly answer?: "skip" | "error" | undefined;
  /** What is inside of it ended well, and it failed all the same: a loop that was not done, an output that was refused. */
  readonly fails?: true | undefined;
  /** What it is inside of failed because of it. */
  readonly fatal?: true | undefined;
  /** It was taken over from an earlier run. */
  readonly restored?: true | undefined;
  /** When it has failed, a fallback is asked: how long that takes, and whether it gives a value. */
  readonly fallback?: { readonly ms: number; readonly gives: boolean } | undefined;
  /** How long its result is being stored once it is there; then it has completed. */
  readonly journalMs?: number | undefined;
  /** Units of resources that it holds, or each of its items does. */
  readonly units?: Readonly<Record<string, number>> | undefined;
  /** The flow that came up inside of it, or those of a loop, one after another. */
  readonly scenes?: readonly Scene[] | undefined;
}

/** What the tasks of one graph do. */
export interface Script {
  /** By task; none for those that nobody knows the duration of. */
  readonly tasks: readonly (ScriptedTask | undefined)[];
  /** By map: its list. */
  readonly items: ReadonlyMap<number, readonly (ScriptedTask | undefined)[]>;
}

/** A flow inside of a task. */
export interface Scene {
  readonly graph: Graph;
  readonly script: Script;
  /** Of the flows of a loop after the first: how long it took from the end of the one before until this one came up. */
  readonly waitMs?: number | undefined;
}

/** One attempt of this duration. */
export function lasting(runMs: number): ScriptedTask {
  const attempts = [{ runMs, end: "returned", lagMs: 0, heldMs: 0 } as const];
  return { path: [], attempts, prepareMs: 0 };
}

/** Its attempts take this share of the time that they took; delays between them stay. */
export function scaled(task: ScriptedTask, factor: number): ScriptedTask {
  const attempts = task.attempts.map((one) => ({
    ...one,
    runMs: one.runMs * factor,
    heldMs: one.heldMs * factor,
  }));
  return { ...task, attempts };
}

/** It does not fail: of its attempts the last is left, and that completes. */
export function withoutFailures(task: ScriptedTask | undefined): ScriptedTask | undefined {
  if (task === undefined || task.answer === "error") return undefined;
  const { attempts, fails } = task;
  const last = attempts.at(-1);
  if (fails === undefined && attempts.length < 2 && last?.end !== "threw") return task;
  if (last === undefined) return { ...task, fails: undefined };
  const end = last.end === "threw" ? "returned" : last.end;
  return { ...task, fails: undefined, attempts: [{ ...last, end, retryMs: undefined }] };
}

type Change = (task: ScriptedTask | undefined) => ScriptedTask | undefined;

/** The script with every task changed: items, and what is inside of others, too. */
export function changed({ tasks, items }: Script, change: Change): Script {
  const inside = (task: ScriptedTask | undefined): ScriptedTask | undefined => {
    const done = change(task);
    if (done?.scenes === undefined) return done;
    const scenes = done.scenes.map((scene) => ({
      ...scene,
      script: changed(scene.script, change),
    }));
    return { ...done, scenes };
  };
  return {
    tasks: tasks.map(inside),
    items: new Map(Array.from(items, ([map, list]) => [map, list.map(inside)])),
  };
}
