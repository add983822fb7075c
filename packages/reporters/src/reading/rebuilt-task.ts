/** The statistics of one task, made from what an event log says about it. */
import {
  type AttemptStatistics,
  summarizeError,
  type TaskStatistics,
  type TaskStatus,
} from "@astrum/core";
import {
  type CollectedAttempt,
  type CollectedRun,
  type CollectedTask,
  isFinal,
} from "./collected-run.ts";
import type { OutcomeLine } from "./log-format.ts";
import type { InsideSpan } from "./rebuilt-spans.ts";

/** `spans`: of all tasks with something inside. */
export function rebuiltTask(
  task: CollectedTask,
  run: CollectedRun,
  spans: ReadonlyMap<string, Readonly<InsideSpan>>,
): TaskStatistics {
  const { key, info, facts = {} } = task;
  const stored = run.stored.get(key);
  const status = statusOf(task, run);
  const maxRetries = Math.max(0, (info?.maxAttempts ?? task.attempts.length) - 1);
  const attemptStatistics = task.attempts.map((attempt, index) =>
    attemptOf(
      task,
      attempt,
      maxRetries,
      index === task.attempts.length - 1 ? stored?.at : undefined,
    ),
  );
  const releasedBy = releaserOf(task, run);
  const { startAt, endAt } = spanOf(attemptStatistics, key, run, spans.get(key));
  const failed = task.attempts.findLast(({ outcome }) => outcome?.error !== undefined);
  const unhappy = status === "failed" || status === "abandoned";
  const error = unhappy ? (task.outcome?.error ?? failed?.outcome?.error) : undefined;
  const reason = facts.reason ?? reasonOf(task, status, run);
  const parent = info?.parent ?? stored?.parent;
  // A function that returns a flow is not known by its task before.
  const role = info?.role ?? (hasFlow(key, run) ? "subflow" : undefined);
  const index = parent === undefined ? undefined : (info?.index ?? stored?.index ?? indexIn(key));
  const { blockedMs, ignoredSignal, attributes, output, resources } = facts;
  const overruns = run.end?.footer?.overruns ?? {};
  const overrunMs = facts.overrunMs ?? (Object.hasOwn(overruns, key) ? overruns[key] : undefined);
  return {
    taskName: key,
    kind: info?.kind ?? kindOf(task, parent, run),
    ...(role === undefined ? {} : { role }),
    ...(parent === undefined ? {} : { parent }),
    ...(index === undefined ? {} : { index }),
    ...(info?.key === undefined ? {} : { key: info.key }),
    stageId: info?.stage ?? null,
    dependencies:
      info?.edges ?? (info?.dependencies ?? []).map((name) => ({ task: name, kind: "value" })),
    status,
    ...(facts.tolerated === undefined ? {} : { tolerated: facts.tolerated }),
    ...(facts.fallback === undefined ? {} : { fallback: facts.fallback }),
    fingerprint: task.fingerprint ?? stored?.fingerprint ?? "",
    ...(status === "restored" ? { restored: true } : {}),
    ...(facts.source === undefined ? {} : { source: facts.source }),
    ...(task.loss === undefined ? {} : { lostAt: task.loss.at, lostError: task.loss.line.error }),
    ...releaseOf(task),
    ...(blockedMs === undefined ? {} : { blockedMs }),
    ...(facts.journalMs === undefined ? {} : { journalMs: facts.journalMs }),
    ...(reason === undefined ? {} : { reason }),
    ...(status === "skipped" && reason !== undefined ? skippedBy(reason) : {}),
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
    ...(ignoredSignal === undefined ? {} : { ignoredSignal }),
    ...(overrunMs === undefined ? {} : { overrunMs }),
    ...(info === undefined || info.tags.length === 0 ? {} : { tags: info.tags }),
    ...definedBy(info),
    ...(resources === undefined ? {} : { resources }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(output === undefined ? {} : { output }),
  };
}

/** What its definition says of it. */
function definedBy({
  description,
  priority,
  concurrency,
}: Partial<NonNullable<CollectedTask["info"]>> = {}): Pick<
  TaskStatistics,
  "description" | "priority" | "concurrency"
> {
  return {
    ...(description === undefined ? {} : { description }),
    ...(priority === undefined ? {} : { priority }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** What is told of a value that was let go. */
function releaseOf({
  release,
}: CollectedTask): Pick<TaskStatistics, "releasedAt" | "releaseMs" | "releaseError"> {
  if (release === undefined) return {};
  const { releaseMs, error } = release.line;
  return {
    releasedAt: release.at,
    releaseMs,
    ...(error === undefined ? {} : { releaseError: error }),
  };
}

/** Whether tasks are inside of a task that are no items. */
function hasFlow(key: string, run: CollectedRun): boolean {
  return run.itemsOf(key).some(({ info }) => info !== undefined && info.kind !== "item");
}

/** Of a task its first call and the end of its last attempt; of a map those of its items, of a flow those of its tasks. */
function spanOf(
  attempts: readonly AttemptStatistics[],
  key: string,
  run: CollectedRun,
  inside: Readonly<InsideSpan> | undefined,
): Pick<TaskStatistics, "startAt" | "endAt"> {
  const [first] = attempts;
  const own = attempts.at(-1)?.endAt ?? null;
  if (first === undefined) return { startAt: inside?.begun ?? null, endAt: inside?.ended ?? null };
  const ended = hasFlow(key, run) ? inside?.ended : undefined;
  const endAt = ended === undefined ? own : Math.max(ended, own ?? ended);
  return { startAt: first.startAt, endAt };
}

/** Who let it become ready: as told, else the dependency that had ended last; the items of a map come with the map. */
function releaserOf(task: CollectedTask, run: CollectedRun): string | undefined {
  if (task.releasedBy !== undefined || task.releaseTold === true) return task.releasedBy;
  const { info, readyAt } = task;
  if (info === undefined || readyAt === undefined) return undefined;
  const parent = info.parent === undefined ? undefined : run.tasks.get(info.parent);
  if (parent !== undefined) return parent.releasedBy ?? lastDependency(parent, readyAt, run);
  return lastDependency(task, readyAt, run);
}

function lastDependency(
  { info }: CollectedTask,
  readyAt: number,
  run: CollectedRun,
): string | undefined {
  let last: CollectedTask | undefined;
  for (const name of info?.dependencies ?? []) {
    const dependency = run.tasks.get(name);
    if (dependency?.endAt === undefined || dependency.endAt > readyAt) continue;
    if (dependency.live === "skipped" && dependency.attempts.length === 0) continue;
    if (last?.endAt === undefined || dependency.endAt >= last.endAt) last = dependency;
  }
  return last?.key;
}

/** An older log does not say which tasks are maps; their items name them. */
function kindOf(
  { key }: CollectedTask,
  parent: string | undefined,
  run: CollectedRun,
): TaskStatistics["kind"] {
  if (parent !== undefined) return "item";
  return run.itemsOf(key).length > 0 ? "map" : "task";
}

/** An output that the journal stored is proof of completion, even where the log ends before the event. */
function statusOf(task: CollectedTask, run: CollectedRun): TaskStatus {
  if (task.outcome !== undefined) return task.outcome.status;
  if (isFinal(task.live)) return task.live;
  if (run.stored.get(task.key)?.at !== undefined) return "completed";
  switch (task.live) {
    case "running":
      return run.end === undefined ? "abandoned" : "detached";
    case "waiting":
      return "skipped";
    default:
      return "cancelled";
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
      : {
          errorMessage: outcome.errorMessage ?? summarizeError(outcome.error),
          error: outcome.error,
        }),
    willRetry: attempt.willRetry ?? false,
    ...(delayMs === undefined ? {} : { delayMs: thousandths(delayMs) }),
    executor,
    ...(attempt.deliveries === undefined ? {} : { deliveries: attempt.deliveries }),
    ...(attempt.log === undefined ? {} : { log: attempt.log }),
    ...(attempt.logDropped === undefined ? {} : { logDropped: attempt.logDropped }),
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

/** Why, where the log does not say it in so many words: it ends before, or is of an older version. */
function reasonOf(
  task: CollectedTask,
  status: TaskStatus,
  run: CollectedRun,
): TaskStatistics["reason"] {
  if (status !== "skipped" && status !== "cancelled" && status !== "abandoned") return undefined;
  const { outcome, cause, keptBy } = task;
  if (outcome === undefined && run.end === undefined && !isFinal(task.live)) {
    const message = "the event log ends here";
    return { kind: task.attempts.length === 0 ? "not-started" : "aborted", message };
  }
  const guilty = outcome?.cause ?? (status === "skipped" ? cause : undefined);
  if (guilty !== undefined) return { kind: "dependency", task: guilty, root: rootOf(guilty, run) };
  const data = outcome?.error?.data;
  if (outcome?.error?.name === "TimeoutError" && typeof data?.limitMs === "number") {
    const { limitMs, scope } = data;
    if (scope === "run") return { kind: "timeout", limitMs, scope };
    const deadline = scope === "task" ? { deadline: true as const } : {};
    return { kind: "timeout", limitMs, scope: "attempt", ...deadline };
  }
  const message = outcome?.reason === undefined ? {} : { message: outcome.reason };
  const stopped = run.end?.executionState === "cancelled";
  if (status === "skipped") {
    if (stopped) return { kind: "aborted", ...message };
    return keptBy === undefined
      ? { kind: "condition", ...message }
      : { kind: "failure", task: keptBy };
  }
  return { kind: task.attempts.length === 0 ? "not-started" : "aborted", ...message };
}

/** The word for why a task was skipped, and the first cause: what its reason says, so that no line repeats it. */
function skippedBy(
  reason: NonNullable<TaskStatistics["reason"]>,
): Pick<TaskStatistics, "because" | "root"> {
  if (reason.kind === "dependency") return { because: "dependency", root: reason.root };
  if (reason.kind === "condition") return { because: "condition" };
  return reason.kind === "failure" ? { because: "stopped", root: reason.task } : STOPPED;
}

const STOPPED = { because: "stopped" } as const;

/** Follows the chain of skipped tasks to the one that started it. */
function rootOf(name: string, run: CollectedRun): string {
  const chain = new Set<string>();
  let root = name;
  // Each task is asked once: a long chain would be walked again for everyone on it.
  while (!chain.has(root) && !run.roots.has(root)) {
    chain.add(root);
    const task = run.tasks.get(root);
    const skipped = task?.outcome?.status === "skipped" || task?.live === "skipped";
    const next = skipped ? (task?.outcome?.cause ?? task?.cause) : undefined;
    if (next === undefined) break;
    root = next;
  }
  root = run.roots.get(root) ?? root;
  for (const one of chain) run.roots.set(one, root);
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
