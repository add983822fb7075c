/**
 * Metrics of @astrum/otel as they are in Prometheus after OTLP: what the SDK collects, under the names that the
 * specification of the two gives (opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics). The
 * Prometheus of this suite is older than its own receiver of OTLP, hence the text format.
 */
import type { Observer } from "@astrum/core";
import { otelObserver } from "@astrum/otel";
import { DataPointType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";

class Pulled extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export interface OtelTarget {
  readonly observer: Observer;
  metrics(): Promise<string>;
}

export function otelTarget(): OtelTarget {
  const reader = new Pulled();
  const meterProvider = new MeterProvider({ readers: [reader] });
  return {
    observer: otelObserver({ meterProvider }),
    async metrics() {
      const { resourceMetrics, errors } = await reader.collect();
      if (errors.length > 0) throw errors[0];
      const lines: string[] = [];
      for (const metric of resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)) {
        const { name, unit } = metric.descriptor;
        const base = `${name.replaceAll(".", "_")}${unit === "s" ? "_seconds" : ""}`;
        if (metric.dataPointType === DataPointType.HISTOGRAM) {
          lines.push(`# TYPE ${base} histogram`);
          for (const { attributes, value } of metric.dataPoints) {
            let sum = 0;
            for (const [at, count] of value.buckets.counts.entries()) {
              sum += count;
              const le = String(value.buckets.boundaries[at] ?? "+Inf");
              lines.push(`${base}_bucket${labels({ ...attributes, le })} ${sum}`);
            }
            lines.push(`${base}_sum${labels(attributes)} ${value.sum}`);
            lines.push(`${base}_count${labels(attributes)} ${value.count}`);
          }
        } else if (metric.dataPointType === DataPointType.SUM) {
          const full = metric.isMonotonic ? `${base}_total` : base;
          lines.push(`# TYPE ${full} ${metric.isMonotonic ? "counter" : "gauge"}`);
          for (const { attributes, value } of metric.dataPoints) {
            lines.push(`${full}${labels(attributes)} ${value}`);
          }
        }
      }
      return `${lines.join("\n")}\n`;
    },
  };
}

function labels(attributes: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(attributes).map(
    ([name, value]) => `${name.replaceAll(".", "_")}=${JSON.stringify(String(value))}`,
  );
  return `{${pairs.join(",")}}`;
}
