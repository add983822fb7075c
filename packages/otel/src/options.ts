/** What the observer can be told, and what each of it may be. Knows no span. */
import type { RunInfo, TaskInfo } from "@astrum/core";
import type { Attributes, Context, MeterProvider, TracerProvider } from "@opentelemetry/api";
import {
  callable,
  fits,
  flag,
  integer,
  oneOf,
  type Rule,
  type Rules,
  record,
  required,
} from "astrum-options";

/** What gets a span: runs only; runs and tasks; also each attempt of tasks that can have several. */
export type Detail = "run" | "task" | "attempt";

/** Where an exception is told: as an event of the span, as a log record, or as both. */
export type ExceptionSignal = "event" | "log" | "both";

/** The part of the Logs API that is used, whichever package it comes from. */
export interface LoggerProvider {
  getLogger(name: string, version?: string): { emit(record: LogRecord): void };
}

export interface LogRecord {
  readonly eventName: string;
  readonly timestamp: [seconds: number, nanoseconds: number];
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Attributes;
  readonly context: Context;
}

/**
 * Which items of a map get a span: all; those that failed; none; or the first `max` of each map, and `max` more of those
 * that failed.
 */
export type Items = "all" | "failed" | "none" | { readonly max: number };

/** How tasks are told apart in metrics. */
export interface MetricOptions {
  /** `false`: not at all. A function gives the value of `astrum.task.name`. Default `true`, the declared name. */
  readonly task?: boolean | ((task: TaskInfo) => string) | undefined;
  /** The only values of `astrum.task.name`; all others are `_other`. */
  readonly allow?: readonly string[] | undefined;
  /** Values of it in one flow, and of `astrum.flow.name`, at most; further ones are `_other`. Default 200. */
  readonly maxValues?: number | undefined;
  /** Pairs of both at most, half of them shared out among the flows. Default 1,000: SDKs keep 2,000 series of a metric. */
  readonly maxPairs?: number | undefined;
}

export interface OtelObserverOptions {
  /** Default `attempt`. */
  readonly detail?: Detail | undefined;
  /**
   * Which items of maps get a span. An item without one leaves the spans that its function makes to the map's, which also
   * tells how many items there were, how many failed, which took longest, and ten of their exceptions. An item that gets
   * a span because it failed gets it with its own times, but without the spans that its function made. Where an item has
   * none, nor have the tasks of the flow that it becomes; ten that failed get theirs with it. Default
   * `{ max: 200 }`: a large map would fill the queue of the exporter, which then drops what is newest.
   */
  readonly items?: Items | undefined;
  /**
   * `false` gives the task no span; its own spans, and its exceptions, then belong to the nearest span above it. Asked once
   * a task, when it becomes ready.
   */
  readonly shouldTrace?: ((task: TaskInfo) => boolean) | undefined;
  /**
   * `active` (default): the run's span is a child of the span that is active where `run()` is called. `root`: it begins
   * a trace of its own, with a link to that span; for runs that outlive or dwarf their caller.
   */
  readonly parent?: "active" | "root" | undefined;
  /** Links of one task span at most, the critical one first. An integer from 0 up, default 128, as SDKs have it. */
  readonly maxLinks?: number | undefined;
  /** More attributes for the start of a run's span (`RunInfo`) and of a task's (`TaskInfo`, which has a `run`). */
  readonly attributes?: ((subject: RunInfo | TaskInfo) => Attributes | undefined) | undefined;
  /** The `error.type` of an error: few values, for spans and metrics alike. `undefined` leaves it to the default. */
  readonly errorType?: ((error: unknown) => string | undefined) | undefined;
  /** Default: what `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN` says (`logs` or `logs/dup`), else `event`. */
  readonly exceptions?: ExceptionSignal | undefined;
  /**
   * `cicd`: also attributes and metrics of the CI/CD conventions, `cicd.pipeline.*`, as far as a library can know them, and
   * the kind `SERVER` for a run's span, as they have it.
   */
  readonly semconv?: { readonly cicd?: boolean | undefined } | undefined;
  /** `false` records no metrics; an object says how tasks are told apart in them. Default `true`. */
  readonly metrics?: boolean | MetricOptions | undefined;
  /** Default: the global one, looked up at the start of each run, so the SDK may be started after this call. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** As `tracerProvider`, for what is measured. */
  readonly meterProvider?: MeterProvider | undefined;
  /** For exceptions as logs. Default: the global one of `@opentelemetry/api` from 1.10 on; 1.9 has none. */
  readonly loggerProvider?: LoggerProvider | undefined;
}

const wordOfItems: Rule = oneOf("all", "failed", "none");
const maxOnly: Rule = record<Exclude<Items, string>>({
  max: required("a number of items", integer(0)),
});
const metricOptions: Rule = record<MetricOptions>({
  task: fits("true, false or a function of the task", (value) =>
    ["boolean", "function"].includes(typeof value),
  ),
  allow: fits(
    "a list of values of `astrum.task.name`",
    (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  ),
  maxValues: integer(1),
  maxPairs: integer(1),
});

/** What each of them may be. */
export const OBSERVER_RULES: Rules<OtelObserverOptions> = {
  detail: oneOf("run", "task", "attempt"),
  items: (place, value, check) => {
    if (typeof value === "object" && value !== null) maxOnly(place, value, check);
    else wordOfItems(place, value, check);
  },
  shouldTrace: callable,
  parent: oneOf("active", "root"),
  maxLinks: integer(0),
  attributes: callable,
  errorType: callable,
  exceptions: oneOf("event", "log", "both"),
  semconv: record<NonNullable<OtelObserverOptions["semconv"]>>({ cicd: flag }),
  metrics: (place, value, check) => {
    if (typeof value === "object" && value !== null) metricOptions(place, value, check);
    else flag(place, value, check);
  },
  tracerProvider: providerWith("getTracer"),
  meterProvider: providerWith("getMeter"),
  loggerProvider: providerWith("getLogger"),
};

function providerWith(method: string): Rule {
  return fits(
    `a provider with \`${method}\``,
    (value) => typeof (value as Record<string, unknown> | null)?.[method] === "function",
  );
}
