/** The end of a run: what it hands back, and what became of the tail tasks that it did not wait for. */

import type { Ledger } from "../machine/ledger.ts";
import type { Machine } from "../machine/machine.ts";
import { DETACHED } from "../machine/states.ts";
import type { Fingerprints } from "../report/fingerprint.ts";
import type { Reasons } from "../report/reasons.ts";
import { type Report, reportOf } from "../report/report.ts";
import type { RunFacts } from "../report/run-record.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import { taskRow } from "../report/task-row.ts";
import type { Values } from "./values.ts";

/** What a run has kept of what happened. */
export interface RunRecords {
  readonly machine: Machine;
  readonly values: Values;
  readonly reasons: Reasons;
  readonly fingerprints: Fingerprints;
}

/** The report, as of the moment of settling. */
export function settledReport(
  { machine, values, reasons, fingerprints }: RunRecords,
  facts: RunFacts,
  ledger: Ledger,
  tail: Promise<readonly TaskStatistics[]>,
): Report {
  const { plan, detached, state } = machine;
  // One literal with all of it: two spreads in one take longer than anything else that a small run does.
  return reportOf({
    header: facts.header,
    clock: facts.clock,
    resources: facts.resources,
    concurrency: facts.concurrency,
    staged: facts.staged,
    plannedAt: facts.plannedAt,
    settledAt: facts.settledAt,
    planIssues: facts.planIssues,
    observerErrors: facts.observerErrors,
    resume: facts.resume,
    origins: facts.origins,
    carried: facts.carried,
    plan,
    ledger,
    tail,
    reasons,
    fingerprints,
    // Detached tail tasks go on, and may be the last readers of what the report holds.
    outputs: detached.size === 0 ? values.all : values.all.slice(),
    released: detached.size === 0 ? values.released : new Set(values.released),
    state: state as NonNullable<typeof state>,
  });
}

/** The facts at the moment of settling: detached tail tasks no longer change them. */
export function settledLedger({ ledger, detached }: Machine): Ledger {
  const settled = detached.size === 0 ? ledger : ledger.copy();
  for (const tail of detached) settled.status[tail] = DETACHED;
  return settled;
}

/** The statistics of the detached tail tasks, when the last of them has ended. */
export function tailRows(
  { machine, values, reasons, fingerprints }: RunRecords,
  resources: readonly string[],
): readonly TaskStatistics[] {
  const { plan, ledger, detached } = machine;
  const facts = { plan, ledger, reasons, fingerprints, resources, outputs: values.all };
  return Array.from(detached, (task) => taskRow(facts, task));
}
