/** One attempt's statistics: when it ran, on which slot, what it waited for, how it ended. Makes no row of a task. */
import type { GraphPlan } from "../define/plan.ts";
import { serializeError } from "../ground/serialize-error.ts";
import { summarizeError } from "../ground/summarize-error.ts";
import {
  BY_CONCURRENCY,
  BY_MAP,
  BY_RESOURCE,
  BY_SEMAPHORE,
  type Ledger,
} from "../machine/ledger.ts";
import { RUNNING, STATUSES } from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import { micros, rounded } from "./durations.ts";
import type { AttemptStatistics } from "./statistics.ts";

export interface AttemptFacts {
  readonly plan: GraphPlan;
  readonly ledger: Ledger;
  /** The names of the run's resources, in the order of their codes. */
  readonly resources: readonly string[];
}

/** The statistics of all attempts of a task, whose `name` and `maxRetries` these are. */
export function attemptRows(
  facts: AttemptFacts,
  task: number,
  name: string,
  maxRetries: number,
): AttemptStatistics[] {
  const { firstAttempt, attemptNext } = facts.ledger;
  const rows: AttemptStatistics[] = new Array(facts.ledger.attemptCount(task));
  let attempt = firstAttempt[task] as number;
  for (let at = 0; at < rows.length; at++) {
    rows[at] = attemptRow(facts, attempt, name, at + 1, maxRetries);
    attempt = attemptNext[attempt] as number;
  }
  return rows;
}

function attemptRow(
  { plan, ledger, resources }: AttemptFacts,
  attempt: number,
  name: string,
  attemptNumber: number,
  maxRetries: number,
): AttemptStatistics {
  const start = micros(ledger.startAt[attempt] as number);
  const end = micros(ledger.endAt[attempt] as number);
  const status = ledger.attemptStatus[attempt] as number;
  const row: AttemptStatistics = {
    taskName: name,
    attemptNumber,
    maxRetries,
    startAt: start / 1000,
    endAt: status === RUNNING ? null : end / 1000,
    durationMs: status === RUNNING ? 0 : (end - start) / 1000,
    queuedMs: (start - micros(ledger.queuedAt[attempt] as number)) / 1000,
    slot: ledger.slot[attempt] as number,
    status: STATUSES[status] as AttemptStatistics["status"],
    willRetry: false,
    executor: (ledger.executors.size > 0 && ledger.executors.get(attempt)) || "main",
  };
  const limit = ledger.limitedBy[attempt] as number;
  if (limit !== 0) {
    row.limitedBy = limitName(limit, resources);
    const freedBy = ledger.freedBy[attempt] as number;
    if (freedBy !== -1) {
      row.slotFreedBy = taskName(plan.graph, ledger, ledger.attemptTask[freedBy] as number);
    }
  }
  if (ledger.errors.size > 0 && ledger.errors.has(attempt)) addError(row, ledger, attempt);
  const deliveries = ledger.deliveries.size > 0 ? ledger.deliveries.get(attempt) : undefined;
  if (deliveries !== undefined) row.deliveries = deliveries;
  const log = ledger.logs.size > 0 ? ledger.logs.get(attempt) : undefined;
  if (log !== undefined) addLog(row, log);
  return row;
}

function addError(row: AttemptStatistics, ledger: Ledger, attempt: number): void {
  const error = ledger.errors.get(attempt);
  row.error = serializeError(error);
  row.errorMessage = summarizeError(error);
  const delay = ledger.retryDelay.get(attempt);
  if (delay === undefined) return;
  row.willRetry = true;
  row.delayMs = rounded(delay);
}

type Log = NonNullable<ReturnType<Ledger["logs"]["get"]>>;

function addLog(row: AttemptStatistics, { lines, dropped }: Log): void {
  row.log = lines.map(({ at, message, attributes }) => ({
    at: rounded(at),
    message,
    ...(attributes && { attributes: { ...attributes } }),
  }));
  if (dropped > 0) row.logDropped = dropped;
}

/** What an attempt waited for, in the words of the report. */
export function limitName(limit: number, resources: readonly string[]): string {
  if (limit === BY_CONCURRENCY) return "concurrency";
  if (limit === BY_SEMAPHORE) return "semaphore";
  if (limit === BY_MAP) return "map";
  return resources[limit - BY_RESOURCE] as string;
}
