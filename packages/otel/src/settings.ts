/** What one run of the observer works with: options with their defaults, and the providers as they are by now. */

import type { TaskInfo } from "@astrum/core";
import type { Meter, MeterProvider, Tracer } from "@opentelemetry/api";
import * as api from "@opentelemetry/api";
import { guarded } from "./guarded.ts";
import type {
  Detail,
  ExceptionSignal,
  Items,
  LoggerProvider,
  LogRecord,
  OtelObserverOptions,
} from "./options.ts";
import { VERSION } from "./version.ts";

const SCOPE = "@astrum/otel";
/** Of the semantic conventions that `error.type`, `exception.*` and `cicd.*` are taken from. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.45.0";

export interface Settings extends Omit<OtelObserverOptions, "shouldTrace"> {
  /** Gives nothing where the application's function threw. */
  readonly shouldTrace: ((task: TaskInfo) => boolean | undefined) | undefined;
  readonly detail: Detail;
  readonly items: Items;
  /** The application's name for a task in metrics, if it gives one. */
  readonly nameTask: ((task: TaskInfo) => string | undefined) | undefined;
  readonly maxLinks: number;
  readonly exceptions: ExceptionSignal;
  readonly cicd: boolean;
}

/** Throws when exceptions are explicitly wanted as logs and there is nowhere to write them. */
export function settle(options: OtelObserverOptions): Settings {
  const { detail = "attempt", maxLinks = 128, semconv, exceptions, loggerProvider } = options;
  const wanted = exceptions ?? fromEnvironment();
  const writable = loggerProvider !== undefined || globalLogs() !== undefined;
  if (!writable && exceptions !== undefined && exceptions !== "event") {
    throw new TypeError(
      `otelObserver(): \`exceptions: "${exceptions}"\` needs a Logs API, which this version of @opentelemetry/api does not have: give \`loggerProvider\`, or install 1.10 or later`,
    );
  }
  return {
    ...options,
    shouldTrace: guarded("shouldTrace", options.shouldTrace),
    attributes: guarded("attributes", options.attributes),
    errorType: guarded("errorType", options.errorType),
    detail,
    items: options.items ?? { max: 200 },
    nameTask: nameTask(options.metrics),
    maxLinks,
    exceptions: writable ? wanted : "event",
    cicd: semconv?.cicd === true,
  };
}

function nameTask(metrics: OtelObserverOptions["metrics"]): Settings["nameTask"] {
  const task = typeof metrics === "object" ? metrics.task : undefined;
  return typeof task === "function" ? guarded("metrics.task", task) : undefined;
}

function fromEnvironment(): ExceptionSignal {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const given = process?.env?.OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN?.split(",").map((one) =>
    one.trim(),
  );
  if (given?.includes("logs/dup")) return "both";
  return given?.includes("logs") ? "log" : "event";
}

/** Part of the API from 1.10 on. */
function globalLogs(): LoggerProvider | undefined {
  // Read as a property, 1.9 does not have it, and bundlers refuse the name.
  return Reflect.get(api, "logs") as LoggerProvider | undefined;
}

export function tracerOf({ tracerProvider }: Settings): Tracer {
  // Of the provider itself: `api.trace.getTracer()` drops the third argument.
  const provider = tracerProvider ?? api.trace.getTracerProvider();
  return provider.getTracer(SCOPE, VERSION, { schemaUrl: SCHEMA_URL });
}

export function meterProviderOf({ meterProvider }: Settings): MeterProvider {
  return meterProvider ?? api.metrics.getMeterProvider();
}

export function meterOf(provider: MeterProvider): Meter {
  return provider.getMeter(SCOPE, VERSION, { schemaUrl: SCHEMA_URL });
}

export function loggerOf({
  loggerProvider,
}: Settings): { emit(record: LogRecord): void } | undefined {
  return (loggerProvider ?? globalLogs())?.getLogger(SCOPE, VERSION);
}
