/** The SDK of line 2, as `test/sdk.ts` has it. */
import * as api from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { Sdk } from "../sdk.ts";

export const sdk: Sdk = {
  startTracing({ url, ratio = 1, maxQueueSize = 100_000, attributeCountLimit = 128 }) {
    const exporter = new OTLPTraceExporter({ url, compression: CompressionAlgorithm.GZIP });
    const processor = new BatchSpanProcessor(exporter, { maxQueueSize });
    const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    const provider = new BasicTracerProvider({
      sampler,
      spanProcessors: [processor],
      spanLimits: { attributeCountLimit },
    });
    api.trace.setGlobalTracerProvider(provider as never);
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable() as never);
    api.propagation.setGlobalPropagator(
      new CompositePropagator({
        propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
      }) as never,
    );
    return {
      provider: provider as never,
      flush: () => provider.forceFlush(),
      async stop() {
        await provider.shutdown();
        api.trace.disable();
        api.context.disable();
        api.propagation.disable();
      },
    };
  },
  startMetrics() {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    return {
      provider: provider as never,
      async points() {
        await provider.forceFlush();
        const last = exporter.getMetrics().at(-1);
        await provider.shutdown();
        return (last?.scopeMetrics ?? []).flatMap(({ metrics }) =>
          metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
            dataPoints.map(({ attributes, value }) => ({
              metric: name,
              unit,
              attributes,
              value:
                typeof value === "number"
                  ? value
                  : { sum: (value as { sum: number }).sum, count: value.count },
            })),
          ),
        );
      },
    };
  },
  startLogs() {
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    return {
      provider: provider as never,
      async records() {
        await provider.forceFlush();
        return exporter.getFinishedLogRecords().map((record) => ({
          eventName: record.eventName,
          severityNumber: record.severityNumber,
          attributes: record.attributes,
          spanId: record.spanContext?.spanId,
        }));
      },
    };
  },
  registerInstrumentations: registerInstrumentations as Sdk["registerInstrumentations"],
};
