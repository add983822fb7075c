/**
 * How long a plan would take by estimates on one slot, on two, on four and so on: lines for people, as `explain()` ends with.
 * Capacity beside slots is not known to a plan: it counts as enough.
 */
import type { GraphPlan } from "../define/plan.ts";
import { byDependencies } from "../machine/machine-for.ts";
import { lastEnd } from "./prediction.ts";
import { scriptOf } from "./simulate.ts";
import { driven, type VirtualSettings } from "./virtual-driver.ts";

type Estimates = Readonly<Record<string, number>>;

/** From now on the plan can say that of itself. */
export function forecasting(plan: GraphPlan): GraphPlan {
  plan.forecast = forecast;
  return plan;
}

/** So many steps: slots beyond thousands are no advice. */
const STEPS = 12;

/** `predicted, longest path first: 220 ms on 1 slot, 170 ms on 2`. Nothing for a plan without tasks. */
function forecast(plan: GraphPlan, estimates: Estimates): string[] {
  if (plan.totalTasks === 0) return [];
  const free = makespan(plan, estimates, undefined);
  const said: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    const slots = 2 ** step;
    const { ms } = makespan(plan, estimates, slots);
    said.push(`${timeText(ms)} on ${slots}${slots === 1 ? " slot" : ""}`);
    if (slots >= free.atOnce) break;
  }
  if (2 ** (STEPS - 1) < free.atOnce) said.push(`${timeText(free.ms)} without a limit`);
  const needs = plan.graph.needing.some(({ options }) => options?.resources !== undefined);
  return [
    `predicted, longest path first${needs ? ", with enough of every resource" : ""}: ${said.join(", ")}`,
  ];
}

function makespan(
  plan: GraphPlan,
  estimates: Estimates,
  concurrency: number | undefined,
): { readonly ms: number; readonly atOnce: number } {
  const settings: VirtualSettings = {
    script: scriptOf(plan, { durations: estimates }),
    dispatch: "dependencies",
    beginAt: 0,
    concurrency,
    resources: {},
    estimates,
    release: false,
  };
  const { machine } = driven(plan, settings, byDependencies);
  return { ms: lastEnd(machine), atOnce: machine.ledger.peakConcurrency };
}

/** As a person says it: three digits, or two units. */
function timeText(ms: number): string {
  if (ms < 1000) return `${Number(ms.toPrecision(3))} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toPrecision(3))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
