/** The report of a run that could not be planned: nothing ran, and every task says so. */

import type { Anchor } from "../contract/clock.ts";
import type { Definition } from "../define/definition.ts";
import { EdgeList, graph } from "../define/graph.ts";
import { plan } from "../define/plan.ts";
import type { RunOptions } from "../drive/options.ts";
import { RunClock } from "../drive/run-clock.ts";
import { runHeader } from "../drive/run-head.ts";
import { newRunId } from "../drive/surroundings.ts";
import { Issues } from "../ground/check.ts";
import type { PlanError } from "../ground/errors.ts";
import { Ledger } from "../machine/ledger.ts";
import { SKIPPED } from "../machine/states.ts";
import { Fingerprints } from "../report/fingerprint.ts";
import { NO_ORIGINS } from "../report/origin.ts";
import { Reasons } from "../report/reasons.ts";
import { type Report, reportOf } from "../report/report.ts";
import { nameOfOrder, type TaskOrder } from "./records.ts";

const NO_ROLES = { tails: new Set<number>(), finallyTasks: new Set<number>() };

export function failedPlanReport(
  name: string,
  orders: readonly TaskOrder[],
  callables: Iterable<string>,
  { issues }: PlanError,
  anchor: Anchor,
  options: RunOptions & { readonly dispatch?: string | undefined },
): Report {
  const originalTasks: Record<string, string[]> = Object.create(null);
  for (const task of callables) originalTasks[task] = [];
  for (const { taskName, dependencies = [] } of orders) {
    originalTasks[taskName] = dependencies.map(nameOfOrder);
  }
  const names = Object.keys(originalTasks);
  const list = new EdgeList(names.length, 0);
  const definitions = names.map((task): Definition => {
    list.closeRow();
    return {
      name: task,
      kind: "task",
      slots: [],
      call: "nothing",
      run: () => {},
      options: undefined,
      prepares: false,
      needs: false,
    };
  });
  const unconnected = plan(graph(name, definitions, list, NO_ROLES, undefined, new Issues()));
  const ledger = new Ledger(definitions.length);
  for (let task = 0; task < definitions.length; task++) {
    ledger.status[task] = SKIPPED;
    ledger.reasons.set(task, {
      kind: "not-started",
      because: { kind: "condition", message: "the graph cannot be planned" },
    });
  }
  const now = new RunClock(anchor, () => {}).now();
  const { dispatch = "dependencies" } = options;
  return reportOf({
    state: "failed",
    plan: unconnected,
    ledger,
    reasons: new Reasons(ledger, (task) => unconnected.nameOf(task)),
    fingerprints: new Fingerprints(unconnected.graph, ledger),
    resources: [],
    outputs: [],
    released: new Set(),
    header: runHeader(
      options.runId ?? newRunId(),
      unconnected.graph,
      options,
      dispatch,
      anchor.epochMs,
    ),
    clock: { epochMs: anchor.epochMs, driftMs: null },
    concurrency: undefined,
    staged: false,
    plannedAt: now,
    settledAt: now,
    planIssues: issues,
    originalTasks,
    observerErrors: [],
    resume: undefined,
    origins: NO_ORIGINS,
    carried: [],
    tail: Promise.resolve([]),
  });
}
