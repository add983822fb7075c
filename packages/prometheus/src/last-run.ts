/**
 * What a process that does not live long enough to be scraped leaves behind: four gauges on its last run. Counters
 * would begin at 0 in each process and say nothing. In a registry of its own, because a gateway takes the classic format
 * only, and nothing but these.
 */
import type { RunEndEvent } from "@astrum/core";
import type { ClientGauge, MetricRegistry, PrometheusClient } from "./client.ts";
import { DEFAULT_BUCKETS, type MetricDescriptor, metricTable } from "./metric-table.ts";
import { registered } from "./registered.ts";

const KEYS = ["lastSuccess", "lastFailure", "lastCompletion", "lastDuration"] as const;
export type LastRunKey = (typeof KEYS)[number];

export class LastRun {
  readonly registry: MetricRegistry;
  readonly #client: PrometheusClient;
  readonly #table: Readonly<Record<LastRunKey, MetricDescriptor>>;

  constructor(client: PrometheusClient, prefix: string) {
    this.#client = client;
    this.registry = new client.Registry();
    this.#table = metricTable({ prefix, buckets: DEFAULT_BUCKETS, byTask: true });
  }

  ended({ run, at, durationMs, executionState }: RunEndEvent): void {
    this.set("lastCompletion", run.flow, at / 1000);
    this.set("lastDuration", run.flow, durationMs / 1000);
    if (executionState === "completed") this.set("lastSuccess", run.flow, at / 1000);
    else if (executionState === "failed") this.set("lastFailure", run.flow, at / 1000);
  }

  set(key: LastRunKey, flow: string, value: number): void {
    this.#gauge(key).set({ flow }, value);
  }

  /** By name. */
  get names(): ReadonlyMap<string, LastRunKey> {
    return new Map(KEYS.map((key) => [this.#table[key].name, key]));
  }

  /** Made when it gets its first value: a gateway would take an empty one for the news that there is no value any more. */
  #gauge(key: LastRunKey): ClientGauge {
    return registered(this.#client, this.registry, this.#table[key], "gauge", false);
  }
}
