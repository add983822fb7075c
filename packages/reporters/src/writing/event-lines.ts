/**
 * What a run tells its observers, as lines of an event log: each fact once, on the first line that can hold it, so that a
 * report made of the lines is the run's own. Knows no file.
 */
import {
  fromEvents,
  type Observer,
  type RunEvent,
  serializeError,
  summarizeError,
  type TaskInfo,
  type TaskOutcome,
  type TaskStatistics,
} from "@astrum/core";
import type {
  LineBody,
  OutcomeLine,
  TaskFacts,
  TaskLine,
  Unwritten,
} from "../reading/log-format.ts";

/** Writes every event of its runs as a line. */
export function lineObserver(
  name: string,
  write: (run: string, at: number, body: Unwritten<LineBody>) => void,
): Observer {
  const mentioned = new Map<string, Set<string>>();
  const startedAt = new Map<string, number>();
  const firstMention = ({ run, key }: TaskInfo): boolean => {
    const known = mentioned.get(run.runId) ?? new Set();
    if (known.has(key)) return false;
    mentioned.set(run.runId, known.add(key));
    return true;
  };
  return fromEvents(name, (event) => {
    const { runId } = runOf(event);
    const task = taskOf(event);
    if (event.type === "run.start") startedAt.set(runId, event.at);
    // Whatever comes first about a task, a status comes before it.
    if (task !== undefined && event.type !== "task.status" && firstMention(task)) {
      write(runId, event.at, {
        type: "task.status",
        task: task.key,
        to: "ready",
        info: lineOf(task),
      });
    }
    const first = task !== undefined && firstMention(task);
    write(runId, event.at, bodyOf(event, first, startedAt.get(runId) ?? 0));
    if (event.type === "run.end") {
      mentioned.delete(runId);
      startedAt.delete(runId);
    }
  });
}

function runOf(event: RunEvent): TaskInfo["run"] {
  if (event.type === "run.start" || event.type === "run.end") return event.run;
  return "attempt" in event ? event.attempt.task.run : event.task.run;
}

function taskOf(event: RunEvent): TaskInfo | undefined {
  if (event.type === "run.start" || event.type === "run.end") return undefined;
  return "attempt" in event ? event.attempt.task : event.task;
}

/** `first`: nothing was said of the task before. `startedAt`: the run's first event. */
function bodyOf(event: RunEvent, first: boolean, startedAt: number): Unwritten<LineBody> {
  switch (event.type) {
    case "run.start": {
      const { flow, stageCount, maxParallelism, concurrency = null, attributes } = event.run;
      const { resumes } = event.run;
      const { type, header: report } = event;
      return { type, flow, stageCount, maxParallelism, concurrency, attributes, resumes, report };
    }
    case "task.status":
      return statusLine(event, first, startedAt);
    case "attempt.start": {
      const { attempt, waitedMs, slot, limitedBy, slotFreedBy } = event;
      const { task, number, executor } = attempt;
      return {
        type: event.type,
        task: task.key,
        attempt: number,
        executor,
        waitedMs,
        slot,
        limitedBy,
        slotFreedBy,
      };
    }
    case "attempt.progress": {
      const { attempt, fraction, message } = event;
      return {
        type: event.type,
        task: attempt.task.key,
        attempt: attempt.number,
        fraction,
        message,
      };
    }
    case "attempt.log": {
      const { type, attempt, message, attributes } = event;
      const { task, number } = attempt;
      return { type, task: task.key, attempt: number, message, attributes };
    }
    case "attempt.end": {
      const { attempt, outcome, willRetry, delayMs, logDropped } = event;
      return {
        type: event.type,
        task: attempt.task.key,
        attempt: attempt.number,
        outcome: outcomeLine(outcome),
        willRetry,
        delayMs,
        executor: attempt.executor === "main" ? undefined : attempt.executor,
        deliveries: attempt.deliveries,
        logDropped: logDropped === 0 ? undefined : logDropped,
      };
    }
    case "task.end":
      return { type: event.type, task: event.task.key, outcome: outcomeLine(event.outcome) };
    case "task.lost": {
      const { type, task, error } = event;
      return { type, task: task.key, error: serializeError(error) };
    }
    case "task.released": {
      const { type, task, releaseMs } = event;
      const error = "error" in event ? serializeError(event.error) : undefined;
      return { type, task: task.key, releaseMs, error };
    }
    case "task.unstored": {
      const { type, task, why } = event;
      return { type, task: task.key, why };
    }
    default: {
      const { type, executionState, footer } = event;
      return { type, executionState, footer };
    }
  }
}

type StatusEvent = Extract<RunEvent, { type: "task.status" }>;

function statusLine(event: StatusEvent, first: boolean, startedAt: number): Unwritten<LineBody> {
  const { type, task, from, to, cause } = event;
  const final = !LIVE.has(to);
  // Most lines say everything without it.
  const row = first || final || from === "waiting" ? event.statistics() : undefined;
  const release = row !== undefined && from === "waiting" ? releaseOf(event, row, startedAt) : NONE;
  return {
    type,
    task: task.key,
    from,
    to,
    cause,
    info: first ? lineOf(task, row) : undefined,
    readyAt: release.readyAt,
    releasedBy: release.releasedBy,
    facts: row !== undefined && final ? factsOf(row) : undefined,
  };
}

const NONE: Release = {};

const LIVE: ReadonlySet<StatusEvent["to"]> = new Set(["waiting", "ready", "running", "delayed"]);

interface Release {
  readonly readyAt?: number | null | undefined;
  readonly releasedBy?: string | null | undefined;
}

/** A task whose inputs took time to prepare was ready before its status says so. */
function releaseOf(
  { at, to, cause }: StatusEvent,
  { readyAt, releasedBy }: TaskStatistics,
  startedAt: number,
): Release {
  const told = to === "ready" || to === "running";
  const toldAt = told ? thousandths(at - startedAt) : null;
  const toldBy = told ? cause : undefined;
  return {
    // One that reads what has gone may fall back without having been ready.
    readyAt: readyAt === toldAt ? undefined : readyAt,
    releasedBy: releasedBy === toldBy ? undefined : (releasedBy ?? null),
  };
}

/** What the report says of the task and the other lines do not; nothing of most tasks. */
function factsOf(row: TaskStatistics): Unwritten<TaskFacts> | undefined {
  const { tolerated, fallback, source, reason, blockedMs, journalMs } = row;
  const { ignoredSignal, overrunMs, attributes, output, resources } = row;
  const facts = {
    tolerated,
    fallback,
    source,
    reason,
    blockedMs,
    journalMs,
    ignoredSignal,
    overrunMs,
    attributes,
    output,
    resources,
  };
  return Object.values(facts).some((value) => value !== undefined) ? facts : undefined;
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function lineOf(info: TaskInfo, row?: TaskStatistics): Unwritten<TaskLine> {
  const { name, kind, role, stage, dependencies, parent, maxAttempts, concurrency, tags } = info;
  return {
    name,
    kind,
    role,
    stage,
    dependencies,
    parent,
    index: row?.index,
    key: info.itemKey,
    maxAttempts: Number.isFinite(maxAttempts) ? maxAttempts : Number.MAX_SAFE_INTEGER,
    concurrency,
    description: row?.description,
    priority: row?.priority,
    tags,
    edges: dependencies.length === 0 ? undefined : row?.dependencies,
    fingerprint: row?.fingerprint,
  };
}

function outcomeLine(outcome: TaskOutcome): OutcomeLine {
  switch (outcome.status) {
    case "failed": {
      const { status, error, timedOut } = outcome;
      return { status, ...thrown(error), timedOut };
    }
    case "cancelled": {
      const { status, reason, error } = outcome;
      const threw = "error" in outcome ? thrown(error) : {};
      return { status, reason: summarizeError(reason), ...threw };
    }
    case "abandoned": {
      const { status, reason } = outcome;
      return { status, reason: summarizeError(reason), ...thrown(reason) };
    }
    case "skipped": {
      const { status, reason, cause } = outcome;
      return { status, reason, ...(cause === undefined ? {} : { cause }) };
    }
    default:
      return { status: outcome.status };
  }
}

/** The error, and what it says in one line where its serialised form says less: how many members it had, what it hid. */
function thrown(error: unknown): Pick<OutcomeLine, "error" | "errorMessage"> {
  const serialized = serializeError(error);
  const told = summarizeError(error);
  return told === summarizeError(serialized)
    ? { error: serialized }
    : { error: serialized, errorMessage: told };
}
