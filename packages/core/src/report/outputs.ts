/**
 * The outputs of a run by name: live, as its caller is handed them, and stored, as another run takes them up. Says nothing
 * of tasks that have none.
 */
import { lives } from "../define/definition.ts";
import { type EncodedValue, encodeLiving, encodeValue } from "../ground/encode.ts";
import { definitionIn, taskName } from "../machine/task-name.ts";
import type { Origin } from "./origin.ts";
import type { RunRecord } from "./run-record.ts";
import type { SerializedReport } from "./serialized-report.ts";

/** Whether there is an output of it, be it that of its fallback, and it is still held. */
function hasOutput({ ledger, released }: RunRecord, task: number): boolean {
  return ledger.hasValue(task) && !released.has(task);
}

/** Those of the roots, by key; without roots those of all planned tasks. */
export function outputsOfRoots(record: RunRecord): Record<string, unknown> {
  const { plan, ledger, outputs } = record;
  const { roots } = plan.graph;
  const named: [name: string, output: unknown][] = [];
  if (roots === undefined) {
    for (const task of plan.order) {
      if (hasOutput(record, task)) {
        named.push([taskName(plan.graph, ledger, task), outputs[task]]);
      }
    }
  } else {
    for (const { key, task } of roots)
      if (hasOutput(record, task)) named.push([key, outputs[task]]);
  }
  // A usual object, since people print and compare it; `__proto__` is a property of its own all the same.
  return Object.fromEntries(named);
}

/** Those of all tasks and items. */
export function outputsOfAll(record: RunRecord): Map<string, unknown> {
  const { plan, ledger, outputs } = record;
  const returned = new Map<string, unknown>();
  for (let task = 0; task < ledger.tasks; task++) {
    if (hasOutput(record, task)) returned.set(taskName(plan.graph, ledger, task), outputs[task]);
  }
  return returned;
}

/** As JSON, with what they were made from: of all tasks and items, or of those named. */
export function storedOutputs(
  record: RunRecord,
  only: ReadonlySet<string> | undefined,
): Pick<SerializedReport, "outputs" | "origins"> {
  const { plan, ledger } = record;
  const outputs: Record<string, EncodedValue> = Object.create(null);
  const origins: Record<string, Origin> = Object.create(null);
  const add = (name: string, output: EncodedValue, origin: Origin | undefined): void => {
    outputs[name] = output;
    if (origin !== undefined) origins[name] = origin;
  };
  for (const { name, output, origin } of record.carried) {
    if (only === undefined || only.has(name)) add(name, output, origin);
  }
  for (let task = 0; task < ledger.tasks; task++) {
    const name = taskName(plan.graph, ledger, task);
    if (!ledger.stands(task)) continue;
    if (!hasOutput(record, task) || (only !== undefined && !only.has(name))) continue;
    const living = lives(definitionIn(plan.graph, ledger, ledger.writtenOf(task)));
    const output = living ? encodeLiving(record.outputs[task]) : encodeValue(record.outputs[task]);
    add(name, output, output.encoding === "omitted" ? undefined : record.origins.of(task));
  }
  return Object.keys(origins).length === 0 ? { outputs } : { outputs, origins };
}
