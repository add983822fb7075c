/**
 * The span of one task or item, `task {task}`: below what it is inside of or the run's, linked to what it waited for. A
 * task that gets none leaves its errors, and the spans of its function, to the nearest one above it.
 */
import type {
  AttemptScope,
  AttemptStartEvent,
  TaskEndEvent,
  TaskScope,
  TaskStartEvent,
} from "@astrum/core";
import { type Attributes, type Context, type Span, trace } from "@opentelemetry/api";
import { OtelAttempt } from "./attempt-scope.ts";
import { describeTask, itemAttributes, taskAttributes } from "./attributes.ts";
import { type Raise, type Raised, tellAsLog, tellOnSpan } from "./exception.ts";
import { instant } from "./instant.ts";
import { LinkTargets, linksTo } from "./links.ts";
import { MapItems } from "./map-items.ts";
import { Nearest } from "./nearest.ts";
import type { Around, RunTrace, Unseen } from "./run-trace.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** Of the errors of one task without a span, and of the failed tasks inside of it, should it get one because it failed. */
const KEPT = 10;

export class OtelTask implements TaskScope, Around, Unseen {
  readonly #run: RunTrace;
  readonly #start: TaskStartEvent;
  /** What it is inside of. */
  readonly #around: Around | undefined;
  readonly #isItem: boolean;
  readonly #above: Nearest;
  /** Whether it is to have a span, as far as `items` does not decide. */
  readonly #wanted: boolean;
  readonly #span: Span | undefined;
  /** With the nearest span that there is: its own, or one above. */
  readonly #context: Context;
  readonly hidden: boolean;
  readonly item: Attributes | undefined;
  #raised: Raised[] | undefined;
  /** Of its last attempt that failed: why the next one is a retry. */
  #errorType: string | undefined;
  #error: unknown;
  #items: MapItems | undefined;
  #nearest: Nearest | undefined;
  #targets: LinkTargets | undefined;
  /** It was called, or somebody inside of it. */
  #begun = false;
  /** Whether it has a flow inside of it, and whether that failed. */
  #flow: "none" | "there" | "failed" = "none";
  /** Failed inside of it, and without a span as it is. */
  #unseen: Unseen[] | undefined;
  #ended: { readonly event: TaskEndEvent; readonly verdict: Verdict } | undefined;

  constructor(run: RunTrace, start: TaskStartEvent) {
    const { task } = start;
    const { settings, open } = run;
    this.#run = run;
    this.#start = start;
    const around = open.around(task);
    this.#around = around;
    open.began(task, this);
    const isItem = task.kind === "item";
    this.#isItem = isItem;
    if (!isItem) around?.holds();
    this.item = isItem ? itemAttributes(task) : around?.item;
    this.#above = around?.nearest ?? run.nearest;
    const traces = run.recording && settings.detail !== "run";
    this.#wanted = traces && settings.shouldTrace?.(task) !== false;
    this.hidden =
      around?.hidden === true ||
      (isItem && this.#wanted && around?.items.takes(settings) === false);
    this.#context = this.#above.context;
    if (!this.#wanted || this.hidden) return;
    this.#span = this.#open(this.#context);
    this.#context = trace.setSpan(run.nearest.context, this.#span);
    // Nobody waits for an item alone.
    if (!isItem) (around?.targets ?? run.targets).add(task, this.#span.spanContext());
  }

  // ---- for what is inside of it ----------------------------------------------------------------------------------------

  get items(): MapItems {
    this.#items ??= new MapItems();
    return this.#items;
  }

  get targets(): LinkTargets {
    this.#targets ??= new LinkTargets(this.#around?.targets ?? this.#run.targets);
    return this.#targets;
  }

  get nearest(): Nearest {
    if (this.#span === undefined) return this.#above;
    this.#nearest ??= new Nearest(this.#span, this.#context);
    return this.#nearest;
  }

  begins(): void {
    if (this.#begun) return;
    this.#begun = true;
    if (this.#start.task.kind !== "tail") this.#around?.begins();
  }

  holds(): void {
    if (this.#flow === "none") this.#flow = "there";
  }

  failsInside(): void {
    this.#flow = "failed";
  }

  keep(unseen: Unseen): void {
    this.#unseen ??= [];
    if (this.#unseen.length === KEPT) unseen.leave();
    else this.#unseen.push(unseen);
  }

  // ---- its attempts ----------------------------------------------------------------------------------------------------

  attempt(event: AttemptStartEvent): AttemptScope {
    const { metrics } = this.#run;
    this.begins();
    if (event.attempt.number > 1) metrics?.retried(event.attempt.task, this.#errorType);
    return new OtelAttempt(this.#run, this.#raise, this.#span, this.#context, event);
  }

  readonly #raise: Raise = (raised, errorType, on, within) => {
    this.#errorType = errorType;
    this.#error = raised.error;
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

  // ---- its end ---------------------------------------------------------------------------------------------------------

  end(event: TaskEndEvent): void {
    const { metrics, settings, open } = this.#run;
    const { task } = event;
    open.ended(task);
    const verdict = verdictOf(event.outcome, settings.errorType);
    this.#ended = { event, verdict };
    try {
      const counts = { begun: this.#begun, byItems: this.#items !== undefined };
      metrics?.taskEnded(event, verdict, this.#context, counts);
      if (this.#isItem) this.#around?.items.ended(event, verdict);
      else if (verdict.failure !== undefined && task.kind !== "tail") this.#around?.failsInside();
      this.#tellOwn(event, verdict);
    } finally {
      this.#close(verdict.failure !== undefined);
    }
  }

  /** No attempt had the error, nor what failed inside: an input that could not be resolved, what a flow gave and a schema refused. */
  #tellOwn({ task, at }: TaskEndEvent, { failure }: Verdict): void {
    if (failure === undefined || this.#items?.anyFailed || this.#flow === "failed") return;
    if (this.#begun && failure.error === this.#error) return;
    const raised = { error: failure.error, at, willRetry: false, task };
    this.#raise(raised, failure.type, this.#span, this.#context);
  }

  #close(failed: boolean): void {
    const { settings, room } = this.#run;
    if (this.#span === undefined) {
      if (!failed) this.#leaveInside();
      else if (this.#around?.hidden) this.#around.keep(this);
      else if (this.hidden && this.#around?.items.takesLate(settings)) {
        room.makeFor("failure");
        this.show(this.#above.context, { spans: KEPT });
      } else this.leave();
      // The application has probably ended spans of its own in its place.
      room.taken();
      return;
    }
    try {
      this.#describe(this.#span);
    } finally {
      const whole = this.#items !== undefined || (this.#flow !== "none" && !this.#isItem);
      // Of what is inside of items there may be very many.
      if (whole && this.item === undefined) room.makeFor("whole");
      else if (whole || failed) room.makeFor("failure");
      this.#end(this.#span);
    }
  }

  #open(within: Context): Span {
    const { tracer, settings, targets } = this.#run;
    const { task, at } = this.#start;
    return tracer.startSpan(
      `task ${task.name}`,
      {
        startTime: instant(at),
        attributes: taskAttributes(task, this.item, settings),
        links: linksTo(this.#around?.targets ?? targets, this.#start, settings.maxLinks),
      },
      within,
    );
  }

  #describe(span: Span): void {
    if (this.#ended === undefined || !span.isRecording()) return;
    const { event, verdict } = this.#ended;
    describeTask(span, event, verdict, this.#run.settings);
    if (this.#items !== undefined) span.setAttributes(this.#items.attributes);
    // Nobody knows it at its start.
    const grown = this.#flow !== "none" && event.task.role === undefined;
    if (grown) span.setAttribute("astrum.task.role", "subflow");
  }

  #end(span: Span): void {
    if (this.#ended !== undefined) span.end(instant(this.#ended.event.at));
    this.#run.room.taken();
  }

  // ---- without a span --------------------------------------------------------------------------------------------------

  show(within: Context, left: { spans: number }): void {
    const span = this.#wanted ? this.#open(within) : undefined;
    const below = span === undefined ? within : trace.setSpan(this.#run.nearest.context, span);
    try {
      if (span === undefined) this.#leaveError();
      else for (const raised of this.#raised ?? []) tellOnSpan(raised, span);
      for (const unseen of this.#unseen ?? []) {
        if (left.spans-- > 0) unseen.show(below, left);
        else unseen.leave();
      }
      if (span !== undefined) this.#describe(span);
    } finally {
      if (span !== undefined) this.#end(span);
    }
  }

  leave(): void {
    this.#leaveError();
    this.#leaveInside();
  }

  #leaveError(): void {
    const last = this.#raised?.at(-1);
    if (last !== undefined) this.#above.tell(last);
  }

  #leaveInside(): void {
    for (const unseen of this.#unseen ?? []) unseen.leave();
  }
}
