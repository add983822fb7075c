/**
 * The machine of each dispatch. Whoever runs by dependencies alone takes the first of these: then a bundle carries no machine
 * for stages. Decides nothing.
 */
import type { GraphPlan } from "../define/plan.ts";
import type { Dispatch, Machine, RunSettings } from "./machine.ts";
import { Run } from "./run.ts";
import { StagedRun } from "./run-stages.ts";

export type MachineMaker = (plan: GraphPlan, settings: RunSettings, dispatch: Dispatch) => Machine;

export function byDependencies(plan: GraphPlan, settings: RunSettings): Machine {
  return new Run(plan, settings);
}

export function machineFor(plan: GraphPlan, settings: RunSettings, dispatch: Dispatch): Machine {
  return dispatch === "stages" ? new StagedRun(plan, settings) : byDependencies(plan, settings);
}
