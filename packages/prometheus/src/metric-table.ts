/**
 * Every metric that this package writes, on one page: names, types, labels and texts. Knows no client and no run.
 *
 * The rules are Prometheus' own (https://prometheus.io/docs/practices/naming): base units, one prefix, sums that mean
 * something. `_total` stands on counters only, and no gauge has the name of a counter without it: OpenMetrics drops
 * `_total` from the name of the family, so `tasks` beside `tasks_total` would be one family with two types.
 */

export interface MetricDescriptor {
  /** As it is queried; of a histogram without `_bucket`, `_sum`, `_count`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds in seconds. */
  readonly buckets?: readonly number[];
  /** How the values of several processes of a `cluster` become one. */
  readonly aggregator: "sum" | "max" | "first";
}

export interface Naming {
  readonly prefix: string;
  readonly buckets: readonly number[];
  /** Whether there is a label `task`. */
  readonly byTask: boolean;
}

/** Seconds: from a task that reads a cache to a run of an hour. */
export const DEFAULT_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600,
];

export type MetricKey = keyof ReturnType<typeof rows>;

export function metricTable(naming: Naming): Readonly<Record<MetricKey, MetricDescriptor>> {
  const table = rows(naming);
  for (const descriptor of Object.values(table)) {
    Object.freeze(descriptor.labels);
    Object.freeze(descriptor);
  }
  return table;
}

function rows({ prefix, buckets, byTask }: Naming): {
  runs: MetricDescriptor;
  runDuration: MetricDescriptor;
  runsActive: MetricDescriptor;
  lastSuccess: MetricDescriptor;
  lastFailure: MetricDescriptor;
  lastCompletion: MetricDescriptor;
  lastDuration: MetricDescriptor;
  tasks: MetricDescriptor;
  tolerated: MetricDescriptor;
  abandoned: MetricDescriptor;
  taskDuration: MetricDescriptor;
  attempts: MetricDescriptor;
  retries: MetricDescriptor;
  queueDuration: MetricDescriptor;
  tasksActive: MetricDescriptor;
  concurrencyLimit: MetricDescriptor;
  observerErrors: MetricDescriptor;
  build: MetricDescriptor;
} {
  const task = byTask ? ["flow", "task"] : ["flow"];
  const counter = (name: string, labels: string[], help: string): MetricDescriptor => ({
    name: `${prefix}${name}_total`,
    type: "counter",
    help,
    labels,
    aggregator: "sum",
  });
  const histogram = (name: string, labels: string[], help: string): MetricDescriptor => ({
    name: `${prefix}${name}_seconds`,
    type: "histogram",
    help,
    labels,
    buckets,
    aggregator: "sum",
  });
  const gauge = (
    name: string,
    labels: string[],
    help: string,
    aggregator: MetricDescriptor["aggregator"] = "sum",
  ): MetricDescriptor => ({ name: `${prefix}${name}`, type: "gauge", help, labels, aggregator });
  return {
    runs: counter("runs", ["flow", "result"], "Runs that ended."),
    runDuration: histogram(
      "run_duration",
      ["flow", "result"],
      "From the call of run() or execute() until the run settled.",
    ),
    runsActive: gauge("runs_active", ["flow"], "Runs under way."),
    lastSuccess: gauge(
      "run_last_success_timestamp_seconds",
      ["flow"],
      "When a run last completed, in seconds since the epoch.",
      "max",
    ),
    lastFailure: gauge(
      "run_last_failure_timestamp_seconds",
      ["flow"],
      "When a run last failed or timed out, in seconds since the epoch.",
      "max",
    ),
    lastCompletion: gauge(
      "run_last_completion_timestamp_seconds",
      ["flow"],
      "When a run last ended, however it ended, in seconds since the epoch.",
      "max",
    ),
    lastDuration: gauge(
      "run_last_duration_seconds",
      ["flow"],
      "How long the run that ended last took.",
      "max",
    ),
    tasks: counter(
      "tasks",
      [...task, "result"],
      "Tasks that ended; a map is counted by its items, once it has any.",
    ),
    tolerated: counter(
      "tasks_tolerated",
      [...task],
      "Tasks that failed or timed out and whose failure the run tolerates.",
    ),
    abandoned: counter(
      "tasks_abandoned",
      [...task],
      "Tasks that were asked to stop and had not ended when the grace period was over.",
    ),
    taskDuration: histogram(
      "task_duration",
      [...task],
      "From the start of a task's first attempt until it completed or failed, delays of retries included.",
    ),
    attempts: counter("task_attempts", [...task, "result"], "Attempts that ended."),
    retries: counter("task_retries", [...task], "Attempts after the first one of a task."),
    queueDuration: histogram(
      "task_queue_duration",
      ["flow"],
      "From the moment a task could have started until its first attempt did.",
    ),
    tasksActive: gauge(
      "tasks_active",
      ["flow", "state"],
      "Tasks of runs under way that are waiting, ready, running or delayed.",
    ),
    concurrencyLimit: gauge(
      "concurrency_limit",
      ["flow"],
      "Attempts that a run of the flow may have running at once; absent without a limit.",
      "max",
    ),
    observerErrors: counter(
      "observer_errors",
      ["observer"],
      "Times that an observer threw, did not proceed, or went wrong in another way.",
    ),
    build: gauge("build_info", ["version"], "1, with the version of the scheduler.", "first"),
  };
}
