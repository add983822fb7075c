/** From a plan and checked options to a run under way: the last common step of both doors. */

import type { Anchor } from "../contract/clock.ts";
import type { EventStream } from "../contract/event-stream.ts";
import type { GraphPlan } from "../define/plan.ts";
import { execute } from "../drive/execute.ts";
import type { Execution, Recorder } from "../drive/execution.ts";
import type { RunOptions } from "../drive/options.ts";
import type { Parameters } from "../drive/parameters.ts";
import { bindClock, isSemaphore, ownResources, sharedResources } from "../drive/resources.ts";
import { Issues } from "../ground/check.ts";
import type { Dispatch, Machine, RunSettings } from "../machine/machine.ts";
import type { MachineMaker } from "../machine/machine-for.ts";
import { type Earlier, readEarlier } from "../resume/earlier.ts";
import { observersOf } from "./process-observers.ts";

/** The key under which `@astrum/core/testing` asks to be told what the machine is told. */
export const RECORDER: unique symbol = Symbol("astrum.recorder");
export interface Launch {
  readonly plan: GraphPlan;
  readonly options: RunOptions;
  readonly anchor: Anchor;
  readonly dispatch: Dispatch;
  /** The door says it: what a bundle carries is what its doors can run. */
  readonly machine: MachineMaker;
  readonly parameters: () => Parameters | Promise<Parameters>;
  /** For whoever reads the events of the run while it goes. */
  readonly stream?: EventStream | undefined;
}

/** Starts the run. The machine is the caller's to look at, not to feed. */
export function launch(work: Launch): { readonly execution: Execution; readonly machine: Machine } {
  const { plan, options, anchor, dispatch, parameters, stream } = work;
  const { concurrency, resources, failure, estimates, keep } = options;
  const shared = isSemaphore(concurrency);
  bindClock(resources, options.clock);
  const told = observersOf(options.observers);
  const observers = stream === undefined ? told : [...told, stream.observer];
  const settings: RunSettings = {
    concurrency: shared ? undefined : concurrency,
    permits: shared,
    resources: resources && ownResources(resources),
    shared: resources && sharedResources(resources),
    failure,
    estimates,
    release: keep === "roots",
    observed: observers.length > 0,
  };
  const machine = work.machine(plan, settings, dispatch);
  const recorder = (options as { [RECORDER]?: Recorder })[RECORDER];
  // Whether somebody may look on is no part of the recording.
  recorder?.begin({ ...settings, observed: told.length > 0 }, dispatch);
  const execution = execute({
    machine,
    observers,
    anchor,
    options,
    dispatch,
    parameters,
    earlier: earlierOf(options),
    recorder,
    refused: stream && ((error) => stream.fail(error)),
  });
  return { execution, machine };
}

/** What is left of an earlier run; as without one when nothing had been stored, not even its id. */
function earlierOf({ resumeFrom }: RunOptions): Earlier | undefined {
  const earlier = resumeFrom && readEarlier(new Issues(), resumeFrom);
  if (earlier === undefined) return undefined;
  const { runId, tasks, stored } = earlier;
  const blank = runId === undefined && tasks.size === 0 && stored.size === 0;
  return blank ? undefined : earlier;
}
