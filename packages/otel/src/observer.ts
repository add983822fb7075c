/** Tracing and metrics of a run, as an observer. Says what there is; how it is made is in `run-scope.ts`. */
import type { Observer } from "@astrum/core";
import { metrics, trace } from "@opentelemetry/api";
import { checkOptions } from "astrum-options";
import { flushProviders } from "./flush.ts";
import { OBSERVER_RULES, type OtelObserverOptions } from "./options.ts";
import { openRun } from "./run-scope.ts";
import { settle } from "./settings.ts";

/**
 * Spans (`run {flow}`, `task {task}`, `attempt {task}`) and metrics for each run it observes, through
 * `@opentelemetry/api`. One observer serves any number of runs. It names itself `@astrum/otel`.
 *
 * Without an SDK registered with the application's copy of the API it is silent, by design: instrumented code must not
 * depend on whether somebody looks. Tracer and meter are looked up at the start of each run, so the SDK may be started
 * after this call. `flushObservers()` of the core flushes the SDK's providers too.
 *
 * Throws a `TypeError` that lists all invalid options.
 */
export function otelObserver(options: OtelObserverOptions = {}): Observer {
  checkOptions("otelObserver", options, OBSERVER_RULES);
  const settings = settle(options);
  const { tracerProvider, meterProvider } = settings;
  return {
    name: "@astrum/otel",
    run: (event) => openRun(event, settings),
    flush: (signal) =>
      flushProviders(signal, [
        tracerProvider ?? trace.getTracerProvider(),
        meterProvider ?? metrics.getMeterProvider(),
      ]),
  };
}
