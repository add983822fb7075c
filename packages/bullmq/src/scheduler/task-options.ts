/** What a single task on the fleet, and a runner, can be told, checked where it enters. Knows no queue. */
import type { CannotCross } from "astrum-crossing";
import { integer, type OptionCheck, type Rules } from "astrum-options";
import type { RemoteForm, RemoteRef } from "../remote.ts";
import { DiscreetCheck } from "../rules.ts";

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

const TASK_RULES: Rules<FleetTaskOptions> = { priority: integer(LOWEST, 0) };

/** Throws a `TypeError` that lists everything that is wrong. */
export function taskSettings(
  ref: RemoteRef<never, unknown, RemoteForm>,
  options: FleetTaskOptions,
): FleetTaskSettings {
  const check = new DiscreetCheck("fleet.task");
  checkReference("ref", ref, check);
  check.record("", options, TASK_RULES);
  check.done();
  return { exportName: ref.exportName, priority: options.priority ?? 0 };
}

function checkReference(place: string, value: unknown, check: OptionCheck): void {
  const { exportName } = (value ?? {}) as Partial<RemoteRef<never, unknown>>;
  if (typeof exportName !== "string")
    check.expected(
      place,
      "a reference from `remote<typeof import(…)>()`, such as `jobs.render`",
      value,
    );
}

export interface FleetRunnerOptions {
  /**
   * Which tasks run on the fleet, by task name, beside those made by `fleet.task()`: `{ resize: jobs.resize }`. For a
   * `DynamicScheduler`, or to move tasks of a graph without touching it. Items of a map go by the name of the map.
   */
  readonly tasks?: Readonly<Record<string, RemoteRef<never, unknown> | CannotCross>> | undefined;
}

const RUNNER_RULES: Rules<FleetRunnerOptions> = { tasks: references };

function references(place: string, value: unknown, check: OptionCheck): void {
  if (value === undefined) return;
  const entries = Object.entries(value ?? {});
  if (entries.length === 0)
    check.expected(
      place,
      "a record of references by task name, such as { resize: jobs.resize } (what `remote()` gives as a whole has no list of names)",
      value,
    );
  for (const [name, ref] of entries) checkReference(`${place}.${name}`, ref, check);
}

/** Throws a `TypeError` that lists everything that is wrong. */
export function runnerTasks(options: FleetRunnerOptions): ReadonlyMap<string, FleetTaskSettings> {
  const check = new DiscreetCheck("fleet.runner");
  check.record("", options, RUNNER_RULES);
  check.done();
  const entries = Object.entries(
    (options.tasks ?? {}) as Record<string, RemoteRef<never, unknown>>,
  );
  return new Map(entries.map(([name, { exportName }]) => [name, { exportName, priority: 0 }]));
}
