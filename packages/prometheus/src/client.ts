/**
 * What this package needs of the application's Prometheus client, as shapes. `prom-client` and `@prometheus-io/client`
 * both have them. Nothing here imports either: the application hands its own copy in, so that there is one registry.
 */

export type Labels = Record<string, string>;

/** A registry of the client. */
export interface MetricRegistry {
  /** Says which of the two text formats it writes. */
  readonly contentType: string;
  /** By the name that it was registered with, which for an OpenMetrics registry is not the name it shows. */
  getSingleMetric(name: string): unknown;
  metrics(): Promise<string>;
}

/** The module of the client: `import client from "prom-client"`. */
export interface PrometheusClient {
  readonly register: MetricRegistry;
  readonly Registry: new () => MetricRegistry;
  readonly Counter: new (configuration: never) => { inc(labels: Labels, value?: number): void };
  readonly Gauge: new (configuration: never) => { set(labels: Labels, value: number): void };
  readonly Histogram: new (
    configuration: never,
  ) => { observe(labels: Labels, value: number): void; zero(labels: Labels): void };
  readonly Pushgateway: new (
    url: string,
    options?: never,
    registry?: never,
  ) => { pushAdd(parameters: { jobName: string; groupings?: Labels }): Promise<unknown> };
}

/** With `enableExemplars` a client's `inc` and `observe` take one object instead of labels and a value. */
interface WithExemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly exemplarLabels?: Labels;
}

/** A metric as both clients make it. */
export interface ClientMetric {
  readonly type: string;
  readonly labelNames: readonly string[];
  readonly enableExemplars?: boolean;
  /** Of a histogram. */
  readonly upperBounds?: readonly number[];
  /** Called before the metric is written out. */
  collect?: () => void | Promise<void>;
}
export interface ClientCounter extends ClientMetric {
  inc(labels: Labels, value: number): void;
  inc(increase: WithExemplar): void;
}
export interface ClientGauge extends ClientMetric {
  /** Also called by `registry.resetMetrics()`. */
  reset(): void;
  set(labels: Labels, value: number): void;
  remove(labels: Labels): void;
}
export interface ClientHistogram extends ClientMetric {
  observe(labels: Labels, value: number): void;
  observe(observation: WithExemplar): void;
  /** Sets the series to 0, also one that has values. */
  zero(labels: Labels): void;
}

const OPEN_METRICS = "application/openmetrics-text";

/** Both clients refuse exemplars on a registry that writes the classic text format, which has no place for them. */
export function holdsExemplars(registry: MetricRegistry): boolean {
  return registry.contentType.startsWith(OPEN_METRICS);
}

export function isClient(value: unknown): value is PrometheusClient {
  const client = value as Partial<Record<string, unknown>> | null | undefined;
  return (
    isRegistry(client?.register) &&
    ["Registry", "Counter", "Gauge", "Histogram", "Pushgateway"].every(
      (name) => typeof client?.[name] === "function",
    )
  );
}

export function isRegistry(value: unknown): value is MetricRegistry {
  const registry = value as Partial<MetricRegistry> | null | undefined;
  return (
    typeof registry?.getSingleMetric === "function" &&
    typeof registry.metrics === "function" &&
    typeof registry.contentType === "string"
  );
}
