/**
 * The spans of one run: `run {flow}` around `task {task}` around `attempt {task}`. Makes each span current around the
 * function it stands for, so that the function's own spans nest below it. Names, statuses and links are decided here;
 * what counts as a failure, in `verdict.ts`.
 */
import {
  type AttemptEndEvent,
  type AttemptScope,
  type AttemptStartEvent,
  type Proceed,
  type RunEndEvent,
  type RunInfo,
  type RunScope,
  type RunStartEvent,
  type StatusEvent,
  summarizeError,
  type TaskEndEvent,
  type TaskInfo,
  type TaskScope,
  type TaskStartEvent,
} from "@astrum/core";
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type Link,
  propagation,
  type Span,
  type SpanContext,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { tell } from "./exception.ts";
import { instant } from "./instant.ts";
import { instrumentsOf, RunMetrics } from "./metrics.ts";
import { meterProviderOf, type Settings, tracerOf } from "./settings.ts";
import { failed, timeoutScope, type Verdict, verdictOf } from "./verdict.ts";

/** What a run has in common for all its spans. */
interface RunTrace {
  readonly settings: Settings;
  readonly tracer: Tracer;
  readonly metrics: RunMetrics | undefined;
  /** Absent without an SDK: then nothing is made current, and nothing is traced. */
  readonly span: Span | undefined;
  readonly context: Context;
  /** For links and for items, by key; only while recording. */
  readonly spans: Map<string, Span> | undefined;
  /** Errors that were told on an attempt: a map's error repeats those of its items. */
  readonly told: WeakSet<object>;
}

/** Opens the run's span, or nothing at all when neither traces nor metrics have anywhere to go. */
export function openRun({ run, at }: RunStartEvent, settings: Settings): RunScope | undefined {
  const tracer = tracerOf(settings);
  const active = context.active();
  const span = startRun(run, at, settings, tracer, active);
  const traced = isSpanContextValid(span.spanContext());
  const instruments =
    settings.metrics === false ? undefined : instrumentsOf(meterProviderOf(settings));
  if (!traced && instruments === undefined) return undefined;
  return new OtelRun({
    settings,
    tracer,
    metrics: instruments && new RunMetrics(instruments, run),
    span: traced ? span : undefined,
    context: traced ? trace.setSpan(active, span) : active,
    spans: span.isRecording() ? new Map() : undefined,
    told: new WeakSet(),
  });
}

function startRun(
  run: RunInfo,
  at: number,
  settings: Settings,
  tracer: Tracer,
  active: Context,
): Span {
  const root = settings.parent === "root";
  const caller = trace.getSpanContext(active);
  const links: Link[] =
    root && caller !== undefined && isSpanContextValid(caller)
      ? [{ context: caller, attributes: { "astrum.link.type": "caller" } }]
      : [];
  const attributes: Attributes = {
    ...run.attributes,
    "astrum.flow.name": run.flow,
    "astrum.run.id": run.runId,
    "astrum.run.task.count": run.taskCount,
    "astrum.run.stage.count": run.stageCount,
    "astrum.run.max_parallelism": run.maxParallelism,
    ...(run.concurrency === undefined ? {} : { "astrum.run.concurrency": run.concurrency }),
    ...(settings.cicd ? { "cicd.pipeline.name": run.flow, "cicd.pipeline.run.id": run.runId } : {}),
    ...settings.attributes?.(run),
  };
  const name = run.flow === "" ? "run" : `run ${run.flow}`;
  return tracer.startSpan(name, { root, links, attributes, startTime: instant(at) }, active);
}

class OtelRun implements RunScope {
  readonly #trace: RunTrace;
  readonly status?: (event: StatusEvent) => void;

  constructor(run: RunTrace) {
    this.#trace = run;
    const { metrics } = run;
    if (metrics !== undefined) this.status = (event) => metrics.status(event);
  }

  task(event: TaskStartEvent): TaskScope {
    const { settings, span } = this.#trace;
    const traced =
      span !== undefined &&
      settings.detail !== "run" &&
      settings.shouldTrace?.(event.task) !== false;
    return new OtelTask(this.#trace, traced ? event : undefined);
  }

  end(event: RunEndEvent): void {
    const { metrics, span } = this.#trace;
    const verdict = this.#verdict(event);
    try {
      metrics?.ended(event, verdict);
      if (span?.isRecording()) this.#describe(span, event, verdict);
    } finally {
      span?.end(instant(event.at));
    }
  }

  #verdict({ executionState, firstFailure, timedOut }: RunEndEvent): Verdict {
    const { settings } = this.#trace;
    if (executionState === "completed") return { result: "success" };
    if (executionState === "cancelled") return { result: "cancellation" };
    if (timedOut) return failed(new Error("The run took too long"), true, undefined);
    if (firstFailure === undefined) return failed(undefined, false, undefined);
    return failed(
      firstFailure.error,
      timeoutScope(firstFailure.error) !== undefined,
      settings.errorType,
    );
  }

  #describe(span: Span, event: RunEndEvent, { result, failure }: Verdict): void {
    span.setAttribute("astrum.run.result", result);
    for (const [status, count] of Object.entries(event.counts)) {
      if (count > 0) span.setAttribute(`astrum.run.task.${status}`, count);
    }
    const { toleratedFailures } = event;
    if (toleratedFailures > 0) {
      span.setAttribute("astrum.run.tolerated_failures", toleratedFailures);
    }
    if (this.#trace.settings.cicd) span.setAttribute("cicd.pipeline.result", result);
    if (failure === undefined) return;
    const blamed = event.timedOut ? undefined : event.firstFailure;
    if (blamed !== undefined) span.setAttribute("astrum.run.failed_task", blamed.task);
    fail(span, failure);
  }
}

class OtelTask implements TaskScope {
  readonly #trace: RunTrace;
  readonly #span: Span | undefined;
  /** With the nearest span that there is: the task's, its map's or the run's. */
  readonly #context: Context;

  constructor(run: RunTrace, traced: TaskStartEvent | undefined) {
    this.#trace = run;
    this.#context = run.context;
    if (traced === undefined) return;
    const { task } = traced;
    const map = task.parent === undefined ? undefined : run.spans?.get(task.parent);
    const parent = map === undefined ? run.context : trace.setSpan(run.context, map);
    this.#span = run.tracer.startSpan(
      `task ${task.name}`,
      {
        startTime: instant(traced.at),
        attributes: taskAttributes(task, run.settings),
        links: links(run, traced),
      },
      parent,
    );
    this.#context = trace.setSpan(run.context, this.#span);
    run.spans?.set(task.key, this.#span);
  }

  attempt(event: AttemptStartEvent): AttemptScope {
    const { detail } = this.#trace.settings;
    const own =
      this.#span !== undefined && detail === "attempt" && event.attempt.task.maxAttempts > 1;
    return new OtelAttempt(this.#trace, this.#context, this.#span, own ? event : undefined);
  }

  end(event: TaskEndEvent): void {
    const { metrics, settings } = this.#trace;
    const verdict = verdictOf(event.outcome, settings.errorType);
    try {
      metrics?.taskEnded(event, verdict);
      if (event.attempts === 0 && verdict.failure)
        this.#tellUnstarted(event, verdict.failure.error);
      if (this.#span?.isRecording()) describeTask(this.#span, event, verdict, settings);
    } finally {
      this.#span?.end(instant(event.at));
    }
  }

  /** No attempt stands for the error: an input that could not be resolved, or a map some of whose items failed. */
  #tellUnstarted({ task, at }: TaskEndEvent, error: unknown): void {
    const { told, settings } = this.#trace;
    const { errors } = (error ?? {}) as { errors?: unknown };
    const repeats =
      Array.isArray(errors) &&
      errors.some((one: unknown) => typeof one === "object" && one !== null && told.has(one));
    if (!repeats) tell({ error, at, willRetry: false, task }, settings, this.#span, this.#context);
  }
}

class OtelAttempt implements AttemptScope {
  readonly #trace: RunTrace;
  /** Its own, or the one it shares with its task. */
  readonly #span: Span | undefined;
  readonly #own: boolean;
  readonly #context: Context;
  readonly around?: (proceed: Proceed) => void;

  constructor(
    run: RunTrace,
    within: Context,
    taskSpan: Span | undefined,
    own: AttemptStartEvent | undefined,
  ) {
    this.#trace = run;
    this.#own = own !== undefined;
    this.#span = own === undefined ? taskSpan : startAttempt(run.tracer, own, within);
    this.#context = own === undefined ? within : trace.setSpan(within, this.#span as Span);
    const current = run.span === undefined ? undefined : trace.getSpan(this.#context);
    if (current !== undefined) {
      // What is active here is the caller's context, with what other observers put into it.
      this.around = (proceed) => context.with(trace.setSpan(context.active(), current), proceed);
    }
  }

  inject(carrier: Record<string, string>): void {
    propagation.inject(this.#context, carrier);
  }

  end(event: AttemptEndEvent): void {
    const { settings, metrics, told } = this.#trace;
    const { at, attempt, outcome, willRetry } = event;
    const verdict = verdictOf(outcome, settings.errorType);
    try {
      metrics?.attemptEnded(event, verdict);
      if (verdict.failure !== undefined) {
        const { error } = verdict.failure;
        if (typeof error === "object" && error !== null) told.add(error);
        tell({ error, at, willRetry, task: attempt.task }, settings, this.#span, this.#context);
      }
      if (!this.#span?.isRecording()) return;
      this.#span.setAttribute("astrum.attempt.executor", attempt.executor);
      if (this.#own) describeAttempt(this.#span, event, verdict);
    } finally {
      if (this.#own) this.#span?.end(instant(at));
    }
  }
}

function startAttempt(tracer: Tracer, { at, attempt }: AttemptStartEvent, within: Context): Span {
  const { task, number } = attempt;
  return tracer.startSpan(
    `attempt ${task.name}`,
    {
      startTime: instant(at),
      attributes: {
        "astrum.flow.name": task.run.flow,
        "astrum.task.name": task.name,
        "astrum.attempt.number": number,
      },
    },
    within,
  );
}

function taskAttributes(task: TaskInfo, settings: Settings): Attributes {
  const { name, key, itemKey, run, stage, dependencies, maxAttempts, tags } = task;
  return {
    "astrum.flow.name": run.flow,
    "astrum.run.id": run.runId,
    "astrum.task.name": name,
    ...(key === name ? {} : { "astrum.task.key": key }),
    ...(itemKey === undefined ? {} : { "astrum.task.item.key": itemKey }),
    ...(stage === null ? {} : { "astrum.task.stage": stage }),
    "astrum.task.dependency.count": dependencies.length,
    "astrum.task.max_attempts": maxAttempts,
    ...(tags.length === 0 ? {} : { "astrum.task.tags": [...tags] }),
    ...(settings.cicd
      ? { "cicd.pipeline.task.name": name, "cicd.pipeline.task.run.id": `${run.runId}/${key}` }
      : {}),
    ...settings.attributes?.(task),
  };
}

/** One for each dependency that has a span, the one that released the task first: where links are cut, the last go. */
function links({ spans, settings }: RunTrace, { task, cause }: TaskStartEvent): Link[] {
  const made: Link[] = [];
  if (spans === undefined) return made;
  const add = (dependency: string, critical: boolean): void => {
    const span = made.length < settings.maxLinks ? spans.get(dependency) : undefined;
    if (span !== undefined) made.push(link(span.spanContext(), dependency, critical));
  };
  const releaser = task.dependencies.find((dependency) => dependency === cause);
  if (releaser !== undefined) add(releaser, true);
  for (const dependency of task.dependencies) if (dependency !== releaser) add(dependency, false);
  return made;
}

function link(to: SpanContext, dependency: string, critical: boolean): Link {
  const attributes: Attributes = {
    "astrum.link.type": "dependency",
    "astrum.task.name": dependency,
    ...(critical ? { "astrum.link.critical": true } : {}),
  };
  return { context: to, attributes };
}

function describeTask(span: Span, event: TaskEndEvent, verdict: Verdict, { cicd }: Settings): void {
  span.setAttribute("astrum.task.result", verdict.result);
  span.setAttribute("astrum.task.attempt.count", event.attempts);
  span.setAttribute("astrum.task.queue.duration", event.queuedMs / 1000);
  if ("tolerated" in event.outcome) span.setAttribute("astrum.task.tolerated", true);
  if ("fallback" in event.outcome) span.setAttribute("astrum.task.fallback", true);
  if (cicd) span.setAttribute("cicd.pipeline.task.run.result", verdict.result);
  if (verdict.failure !== undefined) fail(span, verdict.failure);
}

function describeAttempt(span: Span, { delayMs }: AttemptEndEvent, verdict: Verdict): void {
  span.setAttribute("astrum.attempt.result", verdict.result);
  if (delayMs !== undefined) span.setAttribute("astrum.attempt.retry_delay", delayMs / 1000);
  if (verdict.failure !== undefined) fail(span, verdict.failure);
}

function fail(span: Span, { error, type }: NonNullable<Verdict["failure"]>): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: summarizeError(error) });
}
