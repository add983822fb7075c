/** Makes what a carrier holds current where an attempt is carried out: the trace, its state, the baggage. */
import type { RemoteActivator } from "@astrum/core";
import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { flushProviders } from "./flush.ts";

/**
 * The far side of the observer's `inject`. The function runs with the attempt's span as the active one, so that spans it
 * makes belong to the caller's trace, and reads the caller's baggage. Needs an SDK (context manager, propagator,
 * exporter) in that thread or process; it works silently as nothing without one. `flush` hands on the spans that are
 * buffered there.
 */
export function otelActivator(): RemoteActivator {
  return {
    name: "@astrum/otel",
    activate(carrier, _, proceed) {
      context.with(propagation.extract(ROOT_CONTEXT, carrier), proceed);
    },
    flush: flushProviders,
  };
}
