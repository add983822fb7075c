// The application's client, as a shape.
export type { MetricRegistry, PrometheusClient } from "./client.ts";
export type { ExemplarSource, TraceContext } from "./exemplar.ts";
export type { TaskLabels } from "./instruments.ts";
export type { MetricDescriptor } from "./metric-table.ts";
// Scraped.
export {
  type PrometheusObserver,
  type PrometheusOptions,
  prometheusObserver,
} from "./prometheus-observer.ts";
// Pushed or written, for processes that end before they are scraped.
export { type PushOptions, pushRunMetrics } from "./push-run-metrics.ts";
export { type TextfileOptions, textfileMetrics } from "./textfile-metrics.ts";
