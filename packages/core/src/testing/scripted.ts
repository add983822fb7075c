/** Functions of tasks that follow a script, on a clock that does not wait. */
import type { TaskContext } from "../define/task-context.ts";
import { Issues } from "../ground/check.ts";
import { DefinitionError } from "../ground/errors.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What one call of a scripted task does. */
export interface Step {
  /** Waits so long on the clock; without it the task is synchronous. */
  readonly ms?: number | undefined;
  /** Then returns this. */
  readonly return?: unknown;
  /** Then throws this: a string becomes the message of an `Error`. */
  readonly throw?: unknown;
  /** Goes on when it is asked to stop. */
  readonly ignoresSignal?: boolean | undefined;
}

const STEP_KEYS = [
  "ms",
  "return",
  "throw",
  "ignoresSignal",
] as const satisfies readonly (keyof Step)[];

/**
 * A function for a task that plays a script: the n-th call of it plays the n-th step, later ones the last. Throws
 * `DefinitionError` for a step that cannot be played.
 */
export function scripted(
  clock: VirtualClock,
  ...steps: readonly Step[]
): (inputs: unknown, context: TaskContext) => never {
  const issues = new Issues();
  steps.forEach((step: unknown, at) => {
    const record = issues.record([`steps[${at}]`], step ?? null, STEP_KEYS);
    issues.amount([`steps[${at}].ms`], record?.ms);
  });
  issues.throwAs(DefinitionError);
  let calls = 0;
  const play = (_: unknown, { signal }: TaskContext): unknown => {
    const step = steps[Math.min(calls++, steps.length - 1)] ?? {};
    const end = (): unknown => {
      if (!("throw" in step)) return step.return;
      throw typeof step.throw === "string" ? new Error(step.throw) : step.throw;
    };
    if (step.ms === undefined) return end();
    return clock.wait(step.ms, step.ignoresSignal ? undefined : signal).then(end);
  };
  return play as (inputs: unknown, context: TaskContext) => never;
}
