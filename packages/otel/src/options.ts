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

export interface OtelObserverOptions {
  /** Default `attempt`. */
  readonly detail?: Detail | undefined;
  /** `false` gives the task no span; its own spans then belong to the run's. Asked once a task, when it becomes ready. */
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
  /** `cicd`: also the attributes of the CI/CD conventions, `cicd.pipeline.*`, as far as a library can know them. */
  readonly semconv?: { readonly cicd?: boolean | undefined } | undefined;
  /** `false` records no metrics. Default `true`. */
  readonly metrics?: boolean | undefined;
  /** Default: the global one, looked up at the start of each run, so the SDK may be started after this call. */
  readonly tracerProvider?: TracerProvider | undefined;
  readonly meterProvider?: MeterProvider | undefined;
  /** For exceptions as logs. Default: the global one of `@opentelemetry/api` from 1.10 on; 1.9 has none. */
  readonly loggerProvider?: LoggerProvider | undefined;
}

/** What each of them may be. */
export const OBSERVER_RULES: Rules<OtelObserverOptions> = {
  detail: oneOf("run", "task", "attempt"),
  shouldTrace: callable,
  parent: oneOf("active", "root"),
  maxLinks: integer(0),
  attributes: callable,
  errorType: callable,
  exceptions: oneOf("event", "log", "both"),
  semconv: record<NonNullable<OtelObserverOptions["semconv"]>>({ cicd: flag }),
  metrics: flag,
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
