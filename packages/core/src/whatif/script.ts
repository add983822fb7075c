/**
 * What the tasks of a simulated run do, attempt by attempt, and what calling them costs the thread. Knows numbers; knows no
 * machine, no report and no capacity.
 */

export interface ScriptedAttempt {
  /** How long it runs. */
  readonly runMs: number;
  /** `never`: it goes on when the run has settled. */
  readonly end: "returned" | "threw" | "skipped" | "never";
  /** Present when another attempt follows: after so many milliseconds. */
  readonly retryMs?: number | undefined;
  /** From the command to the call, where the thread was busy with something else than other calls. */
  readonly lagMs: number;
  /** How long the call holds the thread, so that those that start with it are called later. */
  readonly heldMs: number;
}

export interface ScriptedTask {
  readonly attempts: readonly ScriptedAttempt[];
  /** How long its inputs and its condition take to be there. */
  readonly prepareMs: number;
  /** What is said before it queues: that it is not wanted, or cannot be prepared. */
  readonly answer?: "skip" | "error" | undefined;
  /** It was taken over from an earlier run. */
  readonly restored?: true | undefined;
  /** When it fails, a value takes its place after so long. */
  readonly fallbackMs?: number | undefined;
  /** Units of resources that are its own. */
  readonly units?: Readonly<Record<string, number>> | undefined;
}

export interface Script {
  /** By task of the plan; none for those that nobody knows the duration of. */
  readonly tasks: readonly (ScriptedTask | undefined)[];
  /** By map: its list. */
  readonly items: ReadonlyMap<number, readonly (ScriptedTask | undefined)[]>;
}

/** One attempt of this duration. */
export function lasting(runMs: number): ScriptedTask {
  return { attempts: [{ runMs, end: "returned", lagMs: 0, heldMs: 0 }], prepareMs: 0 };
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
  if (task?.answer === "error") return undefined;
  const last = task?.attempts.at(-1);
  if (task === undefined || last === undefined) return task;
  if (task.attempts.length === 1 && last.end !== "threw") return task;
  const end = last.end === "threw" ? "returned" : last.end;
  return { ...task, attempts: [{ ...last, end, retryMs: undefined }] };
}

/** The script with every task changed, items included. */
export function changed(
  { tasks, items }: Script,
  change: (
    task: ScriptedTask | undefined,
    planned: number,
    item?: number,
  ) => Script["tasks"][number],
): Script {
  return {
    tasks: tasks.map((task, planned) => change(task, planned)),
    items: new Map(
      Array.from(items, ([map, list]) => [map, list.map((task, item) => change(task, map, item))]),
    ),
  };
}
