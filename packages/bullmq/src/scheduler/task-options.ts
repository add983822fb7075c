/** What a single task on the fleet, and a runner, can be told, checked where it enters. Knows no queue. */
import type { CannotCross } from "astrum-crossing";
import { Check } from "../check.ts";
import type { RemoteForm, RemoteRef } from "../remote.ts";

export interface FleetTaskOptions {
  /**
   * From 0 down to -2,097,151: a lower one waits behind all that are higher, whatever came first. Default 0. It orders
   * jobs in the store; which of a run's own tasks is dispatched first is the `priority` of the task.
   */
  readonly priority?: number | undefined;
}

/** The parts of a request that are the same for every attempt. */
export interface FleetTaskSettings {
  readonly exportName: string;
  readonly priority: number;
}

const LOWEST = -(2 ** 21 - 1);

/** Throws a `TypeError` that lists everything that is wrong. */
export function taskSettings(
  ref: RemoteRef<never, unknown, RemoteForm>,
  options: FleetTaskOptions,
): FleetTaskSettings {
  const check = new Check("fleet.task");
  const { exportName } = (ref ?? {}) as Partial<RemoteRef<never, unknown>>;
  if (typeof exportName !== "string")
    check.fault("Expected a reference from `remote<typeof import(…)>()`, such as `jobs.render`");
  check.keys(options, ["priority"]);
  const priority = check.integer(options.priority, "priority", 0, LOWEST, 0);
  check.done();
  return { exportName: String(exportName), priority };
}

export interface FleetRunnerOptions {
  /**
   * Which tasks run on the fleet, by task name, beside those made by `fleet.task()`: `{ resize: jobs.resize }`. For a
   * `DynamicScheduler`, or to move tasks of a graph without touching it. Items of a map go by the name of the map.
   */
  readonly tasks?: Readonly<Record<string, RemoteRef<never, unknown> | CannotCross>> | undefined;
}

/** Throws a `TypeError` that lists everything that is wrong. */
export function runnerTasks(options: FleetRunnerOptions): ReadonlyMap<string, FleetTaskSettings> {
  const check = new Check("fleet.runner");
  check.keys(options, ["tasks"]);
  const { tasks } = options;
  const entries = Object.entries(tasks ?? {});
  if (tasks !== undefined && entries.length === 0)
    check.fault(
      "Expected `tasks` to list references by task name, such as { resize: jobs.resize }; what `remote()` gives as a whole has no list of names",
    );
  check.done();
  return new Map(
    entries.map(([name, ref]) => [name, taskSettings(ref as RemoteRef<never, unknown>, {})]),
  );
}
