/**
 * One metric in a registry: made, or the one that is there already, after a check that it is the same. Knows the shapes
 * of the clients, and nothing of runs.
 */
import {
  type ClientCounter,
  type ClientGauge,
  type ClientHistogram,
  type ClientMetric,
  holdsExemplars,
  type MetricRegistry,
  type PrometheusClient,
} from "./client.ts";
import type { MetricDescriptor } from "./metric-table.ts";

const CONSTRUCTORS = { counter: "Counter", gauge: "Gauge", histogram: "Histogram" } as const;

/** A constructor of the client, as both have it. */
type MakeMetric = new (configuration: object) => ClientMetric;

export interface Registered {
  readonly counter: ClientCounter;
  readonly gauge: ClientGauge;
  readonly histogram: ClientHistogram;
}

/**
 * The metric that `descriptor` describes, in `registry`. Throws `TypeError` when one of its name is there that has
 * another type, other labels or other buckets.
 */
export function registered<T extends MetricDescriptor["type"]>(
  client: PrometheusClient,
  registry: MetricRegistry,
  descriptor: MetricDescriptor,
  type: T,
  exemplars: boolean,
): Registered[T] {
  const existing = registry.getSingleMetric(descriptor.name) as ClientMetric | undefined;
  if (existing !== undefined) {
    check(existing, descriptor);
    return existing as Registered[T];
  }
  const { name, help, labels, buckets, aggregator } = descriptor;
  const make = client[CONSTRUCTORS[type]] as unknown as MakeMetric;
  return new make({
    name,
    help,
    labelNames: [...labels],
    ...(buckets && { buckets: [...buckets] }),
    aggregator,
    registers: [registry],
    ...(exemplars && type !== "gauge" && { enableExemplars: holdsExemplars(registry) }),
  }) as Registered[T];
}

function check(existing: ClientMetric, wanted: MetricDescriptor): void {
  const differences: string[] = [];
  const compare = (what: string, has: string, wants: string): void => {
    if (has !== wants) differences.push(`its ${what} are ${has}, not ${wants}`);
  };
  if (existing.type !== wanted.type) differences.push(`it is a ${existing.type}`);
  compare("labels", listed(existing.labelNames), listed(wanted.labels));
  if (wanted.buckets !== undefined && existing.upperBounds !== undefined) {
    compare("buckets", existing.upperBounds.join(", "), wanted.buckets.join(", "));
  }
  if (differences.length === 0) return;
  throw new TypeError(
    `The registry already has a metric "${wanted.name}" that cannot be the ${wanted.type} of this observer: ${differences.join("; ")}. Give observers of one registry the same options, or use another \`prefix\` or \`registry\`.`,
  );
}

function listed(labels: readonly string[]): string {
  return labels.length === 0 ? "none" : [...labels].sort().join(", ");
}
