/**
 * The span of one task or item, `task {task}`: below its map's or the run's, linked to what the task waited for. A task
 * that gets none leaves its errors, and the spans of its function, to the nearest one above it.
 */
import type {
  AttemptScope,
  AttemptStartEvent,
  TaskEndEvent,
  TaskScope,
  TaskStartEvent,
} from "@astrum/core";
import { type Context, type Span, trace } from "@opentelemetry/api";
import { OtelAttempt } from "./attempt-scope.ts";
import { describeTask, taskAttributes } from "./attributes.ts";
import { type Raise, type Raised, tellAsLog, tellOnSpan } from "./exception.ts";
import { instant } from "./instant.ts";
import { linksTo } from "./links.ts";
import { MapItems } from "./map-items.ts";
import { Nearest } from "./nearest.ts";
import type { OpenMap, RunTrace } from "./run-trace.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** Of the errors of one task without a span, should it get one because it failed. */
const KEPT = 10;

export class OtelTask implements TaskScope, OpenMap {
  readonly #run: RunTrace;
  readonly #start: TaskStartEvent;
  /** The map that it is an item of. */
  readonly #map: OpenMap | undefined;
  readonly #above: Nearest;
  readonly #span: Span | undefined;
  /** With the nearest span that there is: its own, its map's or the run's. */
  readonly #context: Context;
  /** Without a span of its own, it may get one when it fails. */
  readonly #late: boolean = false;
  #raised: Raised[] | undefined;
  /** Of its last attempt that failed: why the next one is a retry. */
  #errorType: string | undefined;
  #items: MapItems | undefined;
  #nearest: Nearest | undefined;

  constructor(run: RunTrace, start: TaskStartEvent) {
    const { task } = start;
    this.#run = run;
    this.#start = start;
    this.#map = task.parent === undefined ? undefined : run.open.get(task.parent);
    if (task.parent === undefined) run.open.set(task.key, this);
    this.#above = this.#map?.nearest ?? run.nearest;
    this.#context = this.#above.context;
    const { settings } = run;
    if (!run.recording || settings.detail === "run" || settings.shouldTrace?.(task) === false)
      return;
    if (this.#map !== undefined && !this.#map.items.takes(settings)) {
      this.#late = true;
      return;
    }
    this.#span = this.#open();
    this.#context = trace.setSpan(run.nearest.context, this.#span);
    if (this.#map === undefined) run.spans.set(task.key, this.#span.spanContext());
  }

  /** For its items, when it is a map. */
  get items(): MapItems {
    this.#items ??= new MapItems();
    return this.#items;
  }

  get nearest(): Nearest {
    if (this.#span === undefined) return this.#above;
    this.#nearest ??= new Nearest(this.#span, this.#context);
    return this.#nearest;
  }

  #open(): Span {
    const { tracer, settings, spans } = this.#run;
    const { task, at } = this.#start;
    return tracer.startSpan(
      `task ${task.name}`,
      {
        startTime: instant(at),
        attributes: taskAttributes(task, settings),
        links: linksTo(spans, this.#start, settings.maxLinks),
      },
      this.#above.context,
    );
  }

  attempt(event: AttemptStartEvent): AttemptScope {
    const { metrics } = this.#run;
    if (event.attempt.number > 1) metrics?.retried(event.attempt.task, this.#errorType);
    return new OtelAttempt(this.#run, this.#raise, this.#span, this.#context, event);
  }

  readonly #raise: Raise = (raised, errorType, on, within) => {
    this.#errorType = errorType;
    tellAsLog(raised, this.#run.settings, within);
    if (this.#run.settings.exceptions === "log") return;
    if (on !== undefined) {
      if (on.isRecording()) tellOnSpan(raised, on);
      return;
    }
    this.#raised ??= [];
    // The last one is what it failed with.
    if (this.#raised.length === KEPT) this.#raised.pop();
    this.#raised.push(raised);
  };

  end(event: TaskEndEvent): void {
    const { metrics, settings, open } = this.#run;
    const { key } = event.task;
    if (open.get(key) === this) open.delete(key);
    const verdict = verdictOf(event.outcome, settings.errorType);
    try {
      metrics?.taskEnded(event, verdict, this.#context, this.#items !== undefined);
      this.#map?.items.ended(event, verdict);
      this.#tellUnstarted(event, verdict);
    } finally {
      this.#close(event, verdict);
    }
  }

  /** No attempt stands for the error: an input that could not be resolved, or a map that failed with no item failing. */
  #tellUnstarted({ task, at, attempts }: TaskEndEvent, { failure }: Verdict): void {
    if (failure === undefined || attempts > 0 || this.#items?.anyFailed) return;
    const raised = { error: failure.error, at, willRetry: false, task };
    this.#raise(raised, failure.type, this.#span, this.#context);
  }

  #close(event: TaskEndEvent, verdict: Verdict): void {
    const { settings, room } = this.#run;
    const failed = verdict.failure !== undefined;
    const late =
      failed && this.#late && this.#map?.items.takesLate(settings) ? this.#open() : undefined;
    const span = this.#span ?? late;
    try {
      if (late !== undefined) for (const raised of this.#raised ?? []) tellOnSpan(raised, late);
      else if (failed && this.#raised !== undefined)
        this.#above.tell(this.#raised.at(-1) as Raised);
      if (span?.isRecording()) {
        describeTask(span, event, verdict, settings);
        if (this.#items !== undefined) span.setAttributes(this.#items.attributes);
      }
    } finally {
      if (this.#items !== undefined) room.makeFor("map");
      else if (failed) room.makeFor("failure");
      span?.end(instant(event.at));
      room.taken();
    }
  }
}
