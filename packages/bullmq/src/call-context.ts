/** As much of a task's context as a call has, and how it is told apart from an input. */
import type { TaskContext } from "@astrum/core";

/** The core's `TaskContext`, or, in calls by hand, as much of it as there is. */
export type CallContext = Pick<TaskContext, "signal"> & Partial<TaskContext>;

/** An object with a signal cannot be an input: no signal has an encoding. */
export function isContext(value: unknown): value is CallContext {
  if (typeof value !== "object" || value === null) return false;
  return (value as { signal?: unknown }).signal instanceof AbortSignal;
}
