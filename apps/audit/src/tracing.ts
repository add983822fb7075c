/**
 * Tracing, as an application sets it up: the OpenTelemetry SDK of its choice, and one observer. The SDK sends over
 * OTLP/HTTP to any collector. Knows nothing of the audit.
 */

import type { Observer } from "@astrum/core";
import { otelObserver } from "@astrum/otel";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

export interface Tracing {
  readonly observer: Observer;
  /** Sends what is left. Resolves with the reason when not all of it arrived; never rejects. */
  stop(): Promise<string | undefined>;
}

/** `url` is that of the collector, as in `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://localhost:4318`. */
export function startTracing(url: string, version: string): Tracing {
  let lost: string | undefined;
  const exporter = telling(
    new OTLPTraceExporter({ url: tracesUrl(url), timeoutMillis: 5000 }),
    (why) => {
      lost ??= why;
    },
  );
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      "service.name": "astrum-audit",
      "service.version": version,
    }),
    // A graph is a burst of spans, and a full queue drops them without a word: room for a large tree.
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 200_000 })],
  });
  provider.register();
  return {
    observer: otelObserver(),
    async stop() {
      await provider.shutdown().catch((error: Error) => {
        lost ??= error.message;
      });
      return lost;
    },
  };
}

function tracesUrl(url: string): string {
  return url.endsWith("/v1/traces") ? url : `${url.replace(/\/+$/, "")}/v1/traces`;
}

/** The SDK keeps what goes wrong to itself; who asked for traces wants to know. */
function telling(exporter: SpanExporter, tell: (why: string) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) tell(result.error.message || String(result.error));
        done(result);
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
