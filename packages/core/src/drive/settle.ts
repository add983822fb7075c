/**
 * The end of a run: what was known of it then, what it hands back, and what became of the tail tasks that it did not wait
 * for. Decides not when that is.
 */

import type { LogFacts, MachineEvent } from "../machine/event.ts";
import type { Ledger } from "../machine/ledger.ts";
import type { Machine } from "../machine/machine.ts";
import { DETACHED } from "../machine/states.ts";
import type { Fingerprints } from "../report/fingerprint.ts";
import type { Reasons } from "../report/reasons.ts";
import { type Report, reportOf } from "../report/report.ts";
import type { RunFacts } from "../report/run-record.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import { taskRow } from "../report/task-row.ts";
import type { Call } from "./call.ts";
import type { ExecuteSettings } from "./execution.ts";
import type { RunOptions } from "./options.ts";
import { limitNames } from "./resources.ts";
import { limitOf } from "./run-head.ts";
import type { Stored } from "./stored.ts";
import type { Values } from "./values.ts";

/** What a run knows of itself beside its ledger. */
export function settledFacts(
  { anchor, options, dispatch }: ExecuteSettings,
  run: Pick<RunFacts, "header" | "plannedAt" | "settledAt" | "cpuMs"> & {
    readonly driftMs: number | null;
    readonly stored: Stored["facts"];
    /** The list itself: faults at the very last event, and rejections after it, belong to it. */
    readonly observerErrors: RunFacts["observerErrors"];
  },
): RunFacts {
  const { resume, origins, carried } = run.stored;
  return {
    header: run.header,
    clock: { epochMs: anchor.epochMs, driftMs: run.driftMs },
    resources: limitNames(options.resources),
    concurrency: limitOf(options),
    staged: dispatch === "stages",
    plannedAt: run.plannedAt,
    settledAt: run.settledAt,
    cpuMs: run.cpuMs,
    planIssues: [],
    observerErrors: run.observerErrors,
    resume,
    origins,
    carried,
  };
}

/** What attempts have said of which the machine knows no end: tail tasks that go on, or whose end has not had its turn. */
export function* unendedLogs(
  calls: readonly Call[],
  waiting: Iterable<MachineEvent>,
): Iterable<{ readonly task: number; readonly log: LogFacts | undefined }> {
  for (const { task, logSoFar: log } of calls) yield { task, log };
  for (const event of waiting) {
    if ("facts" in event) yield { task: event.task, log: event.facts?.log };
  }
}

/** The facts at the moment of settling: detached tail tasks no longer change them. */
export function settledLedger({ ledger, detached }: Machine): Ledger {
  const settled = detached.size === 0 ? ledger : ledger.copy();
  for (const tail of detached) settled.status[tail] = DETACHED;
  return settled;
}

/** What a run has kept of what happened. */
interface RunRecords {
  readonly machine: Machine;
  readonly values: Values;
  readonly reasons: Reasons;
  readonly fingerprints: Fingerprints;
}

/** The promises of a run: of its report, and of what became of the tail tasks that are detached from it. */
export class Ending {
  readonly report: Promise<Report>;
  readonly #records: RunRecords;
  readonly #resources: RunOptions["resources"];
  resolve: (report: Report) => void = () => {};
  reject: (error: unknown) => void = () => {};
  #resolveTail: (rows: readonly TaskStatistics[]) => void = () => {};

  constructor(records: RunRecords, resources: RunOptions["resources"]) {
    this.#records = records;
    this.#resources = resources;
    this.report = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** The report, as of the moment of settling. */
  settled(facts: RunFacts, ledger: Ledger): Report {
    const { machine, values, reasons, fingerprints } = this.#records;
    const { plan, detached, state } = machine;
    const tail = new Promise<readonly TaskStatistics[]>((resolve) => {
      this.#resolveTail = resolve;
    });
    // One literal with all of it: two spreads in one take longer than anything else that a small run does.
    return reportOf({
      header: facts.header,
      clock: facts.clock,
      resources: facts.resources,
      concurrency: facts.concurrency,
      staged: facts.staged,
      plannedAt: facts.plannedAt,
      settledAt: facts.settledAt,
      cpuMs: facts.cpuMs,
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

  /** The last of the detached tail tasks has ended. */
  close(): void {
    const { machine, values, reasons, fingerprints } = this.#records;
    const { plan, ledger, detached } = machine;
    if (detached.size === 0) {
      this.#resolveTail([]);
      return;
    }
    const resources = limitNames(this.#resources);
    const facts = { plan, ledger, reasons, fingerprints, resources, outputs: values.all };
    this.#resolveTail(Array.from(detached, (task) => taskRow(facts, task)));
  }
}
