/**
 * The span of one run, `run {flow}`, and what all spans of the run have in common. It is a child of the span that is
 * active where the run is called, or a root. Tasks and their attempts are in `task-scope` and `attempt-scope`.
 */
import type {
  LostEvent,
  ReleasedEvent,
  RunEndEvent,
  RunInfo,
  RunScope,
  RunStartEvent,
  StatusEvent,
  TaskInfo,
  TaskScope,
  TaskStartEvent,
} from "@astrum/core";
import {
  type Context,
  context,
  isSpanContextValid,
  type Link,
  type Span,
  SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { describeRun, runAttributes } from "./attributes.ts";
import { messageOf } from "./error-type.ts";
import { instant } from "./instant.ts";
import { instrumentsOf } from "./instruments.ts";
import { LinkTargets } from "./links.ts";
import { Nearest } from "./nearest.ts";
import { OpenTasks } from "./open-tasks.ts";
import { roomOf } from "./queue-room.ts";
import { RunMetrics } from "./run-metrics.ts";
import type { RunTrace } from "./run-trace.ts";
import { meterProviderOf, type Settings, tracerOf } from "./settings.ts";
import { explainSilence } from "./silence.ts";
import { OtelTask } from "./task-scope.ts";
import { runVerdictOf } from "./verdict.ts";

/** Opens the run's span, or nothing at all when neither traces nor metrics have anywhere to go. */
export function openRun({ run, at }: RunStartEvent, settings: Settings): RunScope | undefined {
  const tracer = tracerOf(settings);
  const active = context.active();
  const span = startRun(run, at, settings, tracer, active);
  const traced = isSpanContextValid(span.spanContext());
  const instruments =
    settings.metrics === false ? undefined : instrumentsOf(meterProviderOf(settings));
  if (!traced && instruments === undefined) {
    explainSilence();
    return undefined;
  }
  return new OtelRun({
    settings,
    tracer,
    metrics: instruments && new RunMetrics(instruments, run, settings),
    nearest: traced
      ? new Nearest(span, trace.setSpan(active, span))
      : new Nearest(undefined, active),
    recording: span.isRecording(),
    targets: new LinkTargets(),
    open: new OpenTasks(),
    room: roomOf(settings),
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
  const name = run.flow === "" ? "run" : `run ${run.flow}`;
  const options = {
    root,
    links,
    kind: settings.cicd ? SpanKind.SERVER : SpanKind.INTERNAL,
    attributes: runAttributes(run, settings),
    startTime: instant(at),
  };
  return tracer.startSpan(name, options, active);
}

/** Of what tasks gave and what became of it, as events of the run's span. */
const TOLD = 50;

class OtelRun implements RunScope {
  readonly #trace: RunTrace;
  #told = 0;

  constructor(run: RunTrace) {
    this.#trace = run;
  }

  status(event: StatusEvent): void {
    this.#trace.open.status(event);
    this.#trace.metrics?.status(event);
  }

  task(event: TaskStartEvent): TaskScope {
    return new OtelTask(this.#trace, event);
  }

  /** What a task gave is gone, of itself or because letting it go went wrong: its own span has ended by then. */
  lost({ task, at, error }: LostEvent): void {
    this.#tell("astrum.task.lost", task, at, error);
  }

  released({ task, at, error }: ReleasedEvent): void {
    if (error !== undefined) this.#tell("astrum.task.release_failed", task, at, error);
  }

  #tell(name: string, task: TaskInfo, at: number, error: unknown): void {
    const { span } = this.#trace.nearest;
    if (this.#told === TOLD || !span?.isRecording()) return;
    this.#told++;
    const attributes = {
      "astrum.task.name": task.name,
      "astrum.task.key": task.key,
      "exception.message": messageOf(error),
    };
    span.addEvent(name, attributes, instant(at));
  }

  end(event: RunEndEvent): void {
    const { metrics, nearest, settings, room } = this.#trace;
    const { span, context } = nearest;
    try {
      const verdict = runVerdictOf(event, settings.errorType);
      metrics?.ended(event, verdict, context);
      if (span?.isRecording()) describeRun(span, event, verdict, settings);
    } finally {
      room.makeFor("run");
      span?.end(instant(event.at));
      room.taken();
    }
  }
}
