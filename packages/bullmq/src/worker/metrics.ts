/**
 * What a worker counts, as metrics of a Prometheus client that is handed in. Labels have few values: the export's name,
 * never a run or an item. Knows no job.
 */

/** The module of `prom-client`, as far as it is used. */
export interface MetricsClient {
  readonly register: MetricsRegistry;
  readonly Counter: new (configuration: never) => unknown;
  readonly Gauge: new (configuration: never) => unknown;
  readonly Histogram: new (configuration: never) => unknown;
}
export interface MetricsRegistry {
  readonly contentType: string;
  getSingleMetric(name: string): unknown;
  metrics(): Promise<string>;
}

interface Counted {
  inc(labels: Record<string, string>, value?: number): void;
}
interface Observed {
  observe(labels: Record<string, string>, value: number): void;
}
interface Shown {
  inc(value: number): void;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1_800];

export interface WorkerMetrics {
  /** How many more are under way: two workers of a process have one gauge. */
  running(more: 1 | -1): void;
  /** From the scheduler's clock to this one: the two must agree for it to mean anything. */
  waited(task: string, seconds: number): void;
  ended(
    task: string,
    result: "completed" | "failed" | "cancelled" | "returned",
    seconds: number,
  ): void;
  redelivered(task: string): void;
  leaseLost(): void;
  left(): void;
}

export const NO_METRICS: WorkerMetrics = {
  running() {},
  waited() {},
  ended() {},
  redelivered() {},
  leaseLost() {},
  left() {},
};

/** Makes the metrics, or takes those that are registered already, by another worker of this process. */
export function workerMetrics(client: MetricsClient, registry: MetricsRegistry): WorkerMetrics {
  const make = <T>(
    kind: "Counter" | "Gauge" | "Histogram",
    name: string,
    help: string,
    labelNames: readonly string[],
  ): T => {
    const existing = registry.getSingleMetric(name);
    if (existing !== undefined) return existing as T;
    const Metric = client[kind] as unknown as new (configuration: object) => T;
    return new Metric({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      ...(kind === "Histogram" && { buckets: SECONDS }),
    });
  };
  const running = make<Shown>("Gauge", "astrum_worker_running", "Attempts under way.", []);
  const waited = make<Observed>(
    "Histogram",
    "astrum_worker_queue_wait_seconds",
    "Time from dispatch to start, by the clocks of both machines.",
    ["task"],
  );
  const duration = make<Observed>(
    "Histogram",
    "astrum_worker_attempt_duration_seconds",
    "Time from start to end of an attempt.",
    ["task", "result"],
  );
  const redelivered = make<Counted>(
    "Counter",
    "astrum_worker_redelivered_total",
    "Attempts started here that another worker had started before.",
    ["task"],
  );
  const lost = make<Counted>(
    "Counter",
    "astrum_worker_leases_lost_total",
    "Attempts this worker lost while it had them.",
    [],
  );
  const left = make<Counted>(
    "Counter",
    "astrum_worker_jobs_left_total",
    "Jobs left to other workers because their task is not known here.",
    [],
  );
  return {
    running: (more) => running.inc(more),
    waited: (task, seconds) => waited.observe({ task }, Math.max(0, seconds)),
    ended: (task, result, seconds) => duration.observe({ task, result }, seconds),
    redelivered: (task) => redelivered.inc({ task }),
    leaseLost: () => lost.inc({}),
    left: () => left.inc({}),
  };
}
