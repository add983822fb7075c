/**
 * One attempt: the function runs with the nearest span active, so that its own spans nest below that. Where a task can
 * have several attempts each has a span, `attempt {task}`; else that of the task stands for it.
 */
import type {
  AttemptEndEvent,
  AttemptScope,
  AttemptStartEvent,
  LogEvent,
  Proceed,
  ProgressEvent,
} from "@astrum/core";
import {
  type Context,
  context,
  propagation,
  type Span,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { describeAttempt } from "./attributes.ts";
import type { Raise } from "./exception.ts";
import { instant } from "./instant.ts";
import type { RunTrace } from "./run-trace.ts";
import { verdictOf } from "./verdict.ts";

/** What an attempt says while it runs, as events of its span: so many of each kind. SDKs keep 128 of all. */
const SAID = 50;

export class OtelAttempt implements AttemptScope {
  readonly #run: RunTrace;
  readonly #raise: Raise;
  /** Its own, or the one it shares with its task. */
  readonly #span: Span | undefined;
  readonly #own: boolean;
  readonly #context: Context;
  readonly around?: (proceed: Proceed) => void;
  #said = 0;
  #logged = 0;
  #progress: ProgressEvent | undefined;

  constructor(
    run: RunTrace,
    raise: Raise,
    taskSpan: Span | undefined,
    within: Context,
    event: AttemptStartEvent,
  ) {
    this.#run = run;
    this.#raise = raise;
    this.#own =
      taskSpan !== undefined &&
      run.settings.detail === "attempt" &&
      event.attempt.task.maxAttempts > 1;
    this.#span = this.#own ? startAttempt(run.tracer, event, within) : taskSpan;
    this.#context = this.#own ? trace.setSpan(within, this.#span as Span) : within;
    const current = run.nearest.span === undefined ? undefined : trace.getSpan(this.#context);
    if (current !== undefined) {
      // What is active here is the caller's context, with what other observers put into it.
      this.around = (proceed) => context.with(trace.setSpan(context.active(), current), proceed);
    }
  }

  inject(carrier: Record<string, string>): void {
    propagation.inject(this.#context, carrier);
  }

  progress(event: ProgressEvent): void {
    this.#progress = event;
    if (this.#said === SAID || !this.#span?.isRecording()) return;
    this.#said++;
    this.#span.addEvent("astrum.task.progress", described(event), instant(event.at));
  }

  /** A line of the task's own log. */
  log({ at, message, attributes }: LogEvent): void {
    if (this.#logged === SAID || !this.#span?.isRecording()) return;
    this.#logged++;
    const said = { ...attributes, "astrum.log.message": message };
    this.#span.addEvent("astrum.task.log", said, instant(at));
  }

  end(event: AttemptEndEvent): void {
    const { settings, room } = this.#run;
    const { at, attempt, outcome, willRetry } = event;
    const verdict = verdictOf(outcome, settings.errorType);
    try {
      if (verdict.failure !== undefined) {
        const { error, type } = verdict.failure;
        const raised = { error, at, willRetry, task: attempt.task };
        this.#raise(raised, type, this.#span, this.#context);
      }
      if (!this.#span?.isRecording()) return;
      this.#span.setAttribute("astrum.attempt.executor", attempt.executor);
      if (attempt.deliveries !== undefined) {
        this.#span.setAttribute("astrum.attempt.deliveries", attempt.deliveries);
      }
      if (this.#progress !== undefined) this.#span.setAttributes(described(this.#progress));
      if (this.#own) describeAttempt(this.#span, event, verdict);
    } finally {
      if (this.#own) this.#span?.end(instant(at));
      room.taken();
    }
  }
}

function described({ fraction, message }: ProgressEvent): Record<string, number | string> {
  return {
    "astrum.progress.fraction": fraction,
    ...(message === undefined ? {} : { "astrum.progress.message": message }),
  };
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
