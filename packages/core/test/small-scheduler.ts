/** Schedulers of a few scripted tasks, in one expression. */
import {
  DynamicScheduler,
  type ExecutionReport,
  type SchedulerOptions,
  type TaskCallable,
} from "../src/index.ts";
import { type Step, scripted, type VirtualClock } from "../src/testing.ts";

interface Told {
  readonly after?: readonly string[];
  /** What its calls do, one after the other; or its function. Default: it returns at once. */
  readonly does?: Step | readonly Step[] | TaskCallable;
}

/** Tasks in the order of their declaration, which is that of the keys. */
export function small(
  clock: VirtualClock,
  tasks: Readonly<Record<string, Told>>,
  options?: SchedulerOptions,
): DynamicScheduler {
  return new DynamicScheduler(
    Object.entries(tasks).map(([name, { does = {} }]) => [
      name,
      typeof does === "function" ? does : scripted(clock, ...[does].flat()),
    ]),
    Object.entries(tasks).map(([taskName, { after = [] }]) => ({
      taskName,
      dependencies: after.map((name) => ({ taskName: name })),
    })),
    { clock, ...options },
  );
}

/** The status of every task. */
export function statuses({ taskStatistics }: ExecutionReport): Record<string, string> {
  return Object.fromEntries(taskStatistics.map(({ taskName, status }) => [taskName, status]));
}

/** When each task was first called; `null` if it was not. */
export function starts({ taskStatistics }: ExecutionReport): Record<string, number | null> {
  return Object.fromEntries(taskStatistics.map(({ taskName, startAt }) => [taskName, startAt]));
}

/** Why each task that did not complete did not. */
export function reasons({ taskStatistics }: ExecutionReport): Record<string, unknown> {
  return Object.fromEntries(
    taskStatistics.flatMap(({ taskName, reason }) => (reason ? [[taskName, reason]] : [])),
  );
}

/** The statistics of one task. */
export function row(
  { taskStatistics }: ExecutionReport,
  name: string,
): ExecutionReport["taskStatistics"][number] {
  const found = taskStatistics.find(({ taskName }) => taskName === name);
  if (found === undefined) throw new RangeError(`No statistics of "${name}"`);
  return found;
}
