/** A simulated run in a few figures: how long it takes and why. Knows no format and no question. */

import { RateLimit } from "../drive/rate-limit.ts";
import type { Resources } from "../drive/resources.ts";
import type { Machine } from "../machine/machine.ts";
import { machineFor } from "../machine/machine-for.ts";
import { taskName } from "../machine/task-name.ts";
import { type Analysis, analyse } from "../report/analysis.ts";
import { alone } from "./alone.ts";
import { type Change, withChange } from "./changes.ts";
import type { Recalled } from "./recalled.ts";
import { driven } from "./virtual-driver.ts";

/** A run that was not: how long it would have taken, and why. */
export interface Prediction {
  /** From the start of the run to the end of the last task that it waits for, planning included. */
  readonly makespanMs: number;
  readonly boundBy: Analysis["boundBy"];
  readonly criticalPath: Analysis["criticalPath"];
  readonly peakConcurrency: number;
  /** Tasks that would have run and did not, because of a failure: nobody knows how long they take, and they count as nothing. */
  readonly unmeasured: readonly string[];
}

/** The run as it would have been with a change. */
export function predicted(run: Recalled, change: Change): Prediction {
  return played(run, change).prediction;
}

/** The same with the machine that was driven to its end. */
export function played(
  run: Recalled,
  change: Change,
): { readonly prediction: Prediction; readonly machine: Machine } {
  const { plan, settings } = withChange(run, change);
  const { machine, unmeasured } = driven(
    plan,
    { ...settings, resources: alone(withoutBudgets(settings.resources)) },
    machineFor,
  );
  const { ledger } = machine;
  const { concurrency, dispatch } = settings;
  const staged = dispatch === "stages";
  const { criticalPath, boundBy } = analyse({ plan, ledger, concurrency, staged });
  const prediction = {
    makespanMs: thousandths(criticalPath.reduce((sum, { gapMs, runMs }) => sum + gapMs + runMs, 0)),
    boundBy,
    criticalPath,
    peakConcurrency: ledger.peakConcurrency,
    unmeasured: unmeasured.map((task) => taskName(plan.graph, ledger, task)),
  };
  return { prediction, machine };
}

/** What was spent in the run is there to be spent again: nobody waits for a budget. */
function withoutBudgets(resources: Resources): Resources {
  const given = Object.entries(resources).map(([name, one]) => [
    name,
    one instanceof RateLimit && one.perMs === Infinity ? Number.MAX_SAFE_INTEGER : one,
  ]);
  return Object.fromEntries(given) as Resources;
}

/** When the last attempt ended of the tasks that a driven run waits for. */
export function lastEnd({ plan, ledger }: Machine): number {
  const { tails } = ledger.grown ?? plan.graph;
  let last = 0;
  for (let attempt = 0; attempt < ledger.attempts; attempt++) {
    const end = ledger.endAt[attempt] as number;
    if (end > last && !tails.has(ledger.writtenOf(ledger.attemptTask[attempt] as number))) {
      last = end;
    }
  }
  return last;
}

/** Sums of decimals drift; a report has three of them. */
export function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
