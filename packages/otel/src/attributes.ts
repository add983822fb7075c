/** What spans say: of a run and a task at their start, of all at their end. Names and units; decides no result. */
import {
  type AttemptEndEvent,
  type RunEndEvent,
  type RunInfo,
  type RunResult,
  summarizeError,
  type TaskEndEvent,
  type TaskInfo,
} from "@astrum/core";
import { type Attributes, type Span, SpanStatusCode } from "@opentelemetry/api";
import { cicdRun, cicdRunEnd, cicdTask, cicdTaskEnd } from "./cicd.ts";
import type { Settings } from "./settings.ts";
import type { Failure, Verdict } from "./verdict.ts";

/** What identifies it goes first: an SDK with a limit on attributes drops the last ones. */
export function runAttributes(run: RunInfo, settings: Settings): Attributes {
  const identity = { "astrum.flow.name": run.flow, "astrum.run.id": run.runId };
  return {
    ...identity,
    ...run.attributes,
    ...identity,
    ...(settings.cicd ? cicdRun(run) : {}),
    "astrum.run.task.count": run.taskCount,
    "astrum.run.stage.count": run.stageCount,
    "astrum.run.max_parallelism": run.maxParallelism,
    ...(run.concurrency === undefined ? {} : { "astrum.run.concurrency": run.concurrency }),
    ...(run.resumes === undefined ? {} : { "astrum.run.resumes": run.resumes }),
    ...settings.attributes?.(run),
  };
}

/** What says which item of its map a task is, or is inside of. */
export function itemAttributes({ key, itemKey }: TaskInfo): Attributes {
  return {
    "astrum.task.item.index": Number(/\[(\d+)\]$/.exec(key)?.[1]),
    ...(itemKey === undefined ? {} : { "astrum.task.item.key": itemKey }),
  };
}

/** `item`: the attributes of the nearest item that it is, or is inside of. */
export function taskAttributes(
  task: TaskInfo,
  item: Attributes | undefined,
  settings: Settings,
): Attributes {
  const { name, key, kind, role, run, stage, dependencies, maxAttempts, parent, tags } = task;
  // Of a task of a loop: the loop, the number of its flow, and the name.
  const [, iteration] = /^\[(\d+)\]\./.exec(key.slice(parent?.length)) ?? [];
  return {
    "astrum.flow.name": run.flow,
    "astrum.run.id": run.runId,
    "astrum.task.name": name,
    "astrum.task.kind": kind,
    ...(role === undefined ? {} : { "astrum.task.role": role }),
    ...(key === name ? {} : { "astrum.task.key": key }),
    ...item,
    ...(iteration === undefined ? {} : { "astrum.task.iteration": Number(iteration) }),
    ...(stage === null ? {} : { "astrum.task.stage": stage }),
    "astrum.task.dependency.count": dependencies.length,
    "astrum.task.max_attempts": maxAttempts,
    ...(tags.length === 0 ? {} : { "astrum.task.tags": [...tags] }),
    ...(settings.cicd ? cicdTask(task) : {}),
    ...settings.attributes?.(task),
  };
}

export function describeRun(
  span: Span,
  event: RunEndEvent,
  { result, failure }: Verdict<RunResult>,
  { cicd }: Settings,
): void {
  span.setAttribute("astrum.run.result", result);
  if (failure !== undefined) describeFailure(span, failure);
  const blamed = event.timedOut ? undefined : event.firstFailure;
  if (blamed !== undefined) span.setAttribute("astrum.run.failed_task", blamed.task);
  for (const [status, count] of Object.entries(event.counts)) {
    if (count > 0) span.setAttribute(`astrum.run.task.${status}`, count);
  }
  const { toleratedFailures } = event;
  if (toleratedFailures > 0) span.setAttribute("astrum.run.tolerated_failures", toleratedFailures);
  if (cicd) span.setAttributes(cicdRunEnd(result));
}

export function describeTask(
  span: Span,
  { attempts, queuedMs, outcome, attributes }: TaskEndEvent,
  { result, failure }: Verdict,
  { cicd }: Settings,
): void {
  // Said by the task itself, under names of its own: ours are not for it to overwrite.
  if (attributes !== undefined) span.setAttributes({ ...attributes });
  span.setAttribute("astrum.task.result", result);
  if (failure !== undefined) describeFailure(span, failure);
  span.setAttribute("astrum.task.attempt.count", attempts);
  span.setAttribute("astrum.task.queue.duration", queuedMs / 1000);
  if ("tolerated" in outcome) span.setAttribute("astrum.task.tolerated", true);
  if ("fallback" in outcome) span.setAttribute("astrum.task.fallback", true);
  if (outcome.status === "abandoned") span.setAttribute("astrum.task.abandoned", true);
  // It ran, and ended as skipped; one that never ran has no span.
  if (outcome.status === "skipped") {
    span.setAttribute("astrum.task.skipped.because", outcome.because);
    if (outcome.reason !== "") span.setAttribute("astrum.task.skipped.reason", outcome.reason);
  }
  if (cicd) span.setAttributes(cicdTaskEnd(result));
}

export function describeAttempt(
  span: Span,
  { delayMs }: AttemptEndEvent,
  { result, failure }: Verdict,
): void {
  span.setAttribute("astrum.attempt.result", result);
  if (failure !== undefined) describeFailure(span, failure);
  if (delayMs !== undefined) span.setAttribute("astrum.attempt.retry_delay", delayMs / 1000);
}

function describeFailure(span: Span, { error, type }: Failure): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: summarizeError(error) });
}
