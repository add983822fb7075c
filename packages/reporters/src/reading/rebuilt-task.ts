/** The statistics of one task, made from what an event log says about it. */
import {
  type AttemptStatistics,
  summarizeError,
  type TaskStatistics,
  type TaskStatus,
} from "@astrum/core";
import type { CollectedAttempt, CollectedRun, CollectedTask } from "./collected-run.ts";
import type { OutcomeLine } from "./log-format.ts";

export function rebuiltTask(task: CollectedTask, run: CollectedRun): TaskStatistics {
  const { key, info, completedAt } = task;
  const status = statusOf(task, run);
  const maxRetries = Math.max(0, (info?.maxAttempts ?? task.attempts.length) - 1);
  const attemptStatistics = task.attempts.map((attempt, index) =>
    attemptOf(
      task,
      attempt,
      maxRetries,
      index === task.attempts.length - 1 ? completedAt : undefined,
    ),
  );
  const releasedBy = releaseOf(task, run);
  const startAt = attemptStatistics[0]?.startAt ?? firstItemStart(key, run);
  const lastEnd = attemptStatistics.at(-1)?.endAt ?? null;
  const endAt =
    startAt === null || status === "detached" || status === "abandoned"
      ? lastEnd
      : (task.endAt ?? lastEnd);
  const failed = task.attempts.findLast(({ outcome }) => outcome?.error !== undefined);
  const unhappy = status === "failed" || status === "abandoned";
  const error = unhappy ? (task.outcome?.error ?? failed?.outcome?.error) : undefined;
  const reason = reasonOf(task, status, run);
  const index = info?.parent === undefined ? undefined : (info.index ?? indexIn(key));
  return {
    taskName: key,
    kind: info?.kind ?? kindOf(task, run),
    ...(info?.parent === undefined ? {} : { parent: info.parent }),
    ...(index === undefined ? {} : { index }),
    stageId: info?.stage ?? null,
    dependencies:
      info?.edges ?? (info?.dependencies ?? []).map((name) => ({ task: name, kind: "value" })),
    status,
    fingerprint: task.fingerprint ?? "",
    ...(status === "restored" ? { restored: true } : {}),
    ...(reason === undefined ? {} : { reason }),
    readyAt: task.readyAt ?? null,
    startAt,
    endAt,
    queuedMs: sum(attemptStatistics.map(({ queuedMs }) => queuedMs)),
    durationMs: startAt === null || endAt === null ? 0 : thousandths(Math.max(0, endAt - startAt)),
    runMs: sum(attemptStatistics.map(({ durationMs }) => durationMs)),
    ...(releasedBy === undefined ? {} : { releasedBy }),
    retry: maxRetries,
    attemptCount: attemptStatistics.length,
    attemptStatistics,
    ...(error === undefined ? {} : { error }),
    ...(info === undefined || info.tags.length === 0 ? {} : { tags: info.tags }),
  };
}

/** Who let it become ready: as told, else the dependency that had ended last; the items of a map come with the map. */
function releaseOf(task: CollectedTask, run: CollectedRun): string | undefined {
  const { info, readyAt } = task;
  if (task.releasedBy !== undefined || info === undefined || readyAt === undefined) {
    return task.releasedBy;
  }
  const parent = info.parent === undefined ? undefined : run.tasks.get(info.parent);
  if (parent !== undefined) return parent === task ? undefined : releaseOf(parent, run);
  let last: CollectedTask | undefined;
  for (const name of info.dependencies) {
    const dependency = run.tasks.get(name);
    if (dependency?.endAt === undefined || dependency.endAt > readyAt) continue;
    if (dependency.live === "skipped") continue;
    if (last?.endAt === undefined || dependency.endAt >= last.endAt) last = dependency;
  }
  return last?.key;
}

/** A map is as old as the first call of an item. */
function firstItemStart(key: string, run: CollectedRun): number | null {
  const item = run.firstItems.get(key);
  return item?.attempts[0]?.startAt ?? null;
}

/** Live events do not say which tasks are maps; their items name them. */
function kindOf({ key, info }: CollectedTask, run: CollectedRun): TaskStatistics["kind"] {
  if (info?.parent !== undefined) return "item";
  return run.firstItems.has(key) ? "map" : "task";
}

/** An output that the journal stored is proof of completion, even where the log ends before the event. */
function statusOf(task: CollectedTask, run: CollectedRun): TaskStatus {
  if (task.outcome !== undefined) return task.outcome.status;
  if (task.completedAt !== undefined) return "completed";
  switch (task.live) {
    case "running":
      return run.end === undefined ? "abandoned" : "detached";
    case "delayed":
    case "ready":
      return "cancelled";
    case "waiting":
      return "skipped";
    default:
      return task.live;
  }
}

function attemptOf(
  task: CollectedTask,
  attempt: CollectedAttempt,
  maxRetries: number,
  completedAt: number | undefined,
): AttemptStatistics {
  const { number, startAt, queuedMs, executor, slot, slotFreedBy, limitedBy, outcome, delayMs } =
    attempt;
  const endAt = attempt.endAt ?? completedAt ?? null;
  const status = attemptStatus(outcome, endAt);
  return {
    taskName: task.key,
    attemptNumber: number,
    maxRetries,
    startAt,
    endAt,
    durationMs: endAt === null ? 0 : thousandths(Math.max(0, endAt - startAt)),
    queuedMs,
    slot,
    ...(limitedBy === undefined ? {} : { limitedBy }),
    ...(slotFreedBy === undefined ? {} : { slotFreedBy }),
    status,
    ...(outcome?.error === undefined
      ? {}
      : { errorMessage: summarizeError(outcome.error), error: outcome.error }),
    willRetry: attempt.willRetry ?? false,
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(executor === "main" ? {} : { executor }),
  };
}

function attemptStatus(
  outcome: OutcomeLine | undefined,
  endAt: number | null,
): AttemptStatistics["status"] {
  switch (outcome?.status) {
    case undefined:
      return endAt === null ? "running" : "completed";
    case "failed":
    case "cancelled":
    case "abandoned":
      return outcome.status;
    case "skipped":
      return "cancelled";
    case "detached":
      return "running";
    default:
      return "completed";
  }
}

function reasonOf(
  task: CollectedTask,
  status: TaskStatus,
  run: CollectedRun,
): TaskStatistics["reason"] {
  if (status !== "skipped" && status !== "cancelled" && status !== "abandoned") return undefined;
  const { outcome, cause } = task;
  if (outcome === undefined && run.end === undefined && !isFinal(task)) {
    const message = "the event log ends here";
    return { kind: task.attempts.length === 0 ? "not-started" : "aborted", message };
  }
  const guilty = outcome?.cause ?? (status === "skipped" ? cause : undefined);
  if (guilty !== undefined) return { kind: "dependency", task: guilty, root: rootOf(guilty, run) };
  const data = outcome?.error?.data;
  if (outcome?.error?.name === "TimeoutError" && typeof data?.limitMs === "number") {
    const scope = data.scope === "run" ? "run" : "attempt";
    return { kind: "timeout", limitMs: data.limitMs, scope };
  }
  const message = outcome?.reason === undefined ? {} : { message: outcome.reason };
  const stopped = run.end?.executionState === "cancelled";
  if (status === "skipped") return { kind: stopped ? "aborted" : "condition", ...message };
  return { kind: task.attempts.length === 0 ? "not-started" : "aborted", ...message };
}

function isFinal({ live }: CollectedTask): boolean {
  return live !== "waiting" && live !== "ready" && live !== "running" && live !== "delayed";
}

/** Follows the chain of skipped tasks to the one that started it. */
function rootOf(name: string, run: CollectedRun): string {
  const seen = new Set<string>();
  let root = name;
  while (!seen.has(root)) {
    seen.add(root);
    const task = run.tasks.get(root);
    const skipped = task?.outcome?.status === "skipped" || task?.live === "skipped";
    const next = skipped ? (task?.outcome?.cause ?? task?.cause) : undefined;
    if (next === undefined) break;
    root = next;
  }
  return root;
}

function indexIn(key: string): number | undefined {
  const index = /\[(\d+)\]$/.exec(key)?.[1];
  return index === undefined ? undefined : Number(index);
}

function sum(values: readonly number[]): number {
  return thousandths(values.reduce((total, value) => total + value, 0));
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
