/** The metrics of a run. Instruments are made once a provider; every attribute has few values by contract. */
import type {
  AttemptEndEvent,
  RunEndEvent,
  RunInfo,
  StatusEvent,
  TaskEndEvent,
} from "@astrum/core";
import {
  type Attributes,
  type Counter,
  createNoopMeter,
  type Histogram,
  type MeterProvider,
  type UpDownCounter,
} from "@opentelemetry/api";
import { meterOf } from "./settings.ts";
import type { Verdict } from "./verdict.ts";

/** Seconds: tasks take from milliseconds to an hour. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const LIVE: ReadonlySet<string> = new Set(["waiting", "ready", "running", "delayed"]);

interface Instruments {
  readonly runDuration: Histogram;
  readonly runActive: UpDownCounter;
  readonly taskDuration: Histogram;
  readonly queueDuration: Histogram;
  readonly taskActive: UpDownCounter;
  readonly taskRetries: Counter;
}

const made = new WeakMap<MeterProvider, Instruments | null>();

/** Nothing when no SDK is there to record. */
export function instrumentsOf(provider: MeterProvider): Instruments | undefined {
  let instruments = made.get(provider);
  if (instruments === undefined) {
    instruments = make(provider);
    made.set(provider, instruments);
  }
  return instruments ?? undefined;
}

function make(provider: MeterProvider): Instruments | null {
  const meter = meterOf(provider);
  if (meter === createNoopMeter()) return null;
  const seconds = (description: string) => ({
    description,
    unit: "s",
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  return {
    runDuration: meter.createHistogram("astrum.run.duration", seconds("How long runs took")),
    runActive: meter.createUpDownCounter("astrum.run.active", {
      description: "Runs under way",
      unit: "{run}",
    }),
    taskDuration: meter.createHistogram(
      "astrum.task.duration",
      seconds("From the first call of a task to its end"),
    ),
    queueDuration: meter.createHistogram(
      "astrum.task.queue.duration",
      seconds("How long tasks were ready and waited for capacity"),
    ),
    taskActive: meter.createUpDownCounter("astrum.task.active", {
      description: "Tasks of runs under way that have not ended, by state",
      unit: "{task}",
    }),
    taskRetries: meter.createCounter("astrum.task.retries", {
      description: "Failed attempts that were followed by another",
      unit: "{retry}",
    }),
  };
}

/** Records one run. */
export class RunMetrics {
  readonly #instruments: Instruments;
  readonly #flow: Attributes;
  /** Maps whose items have begun: the items are measured, the map would count them twice. */
  readonly #maps: Set<string> = new Set();

  constructor(instruments: Instruments, { flow }: RunInfo) {
    this.#instruments = instruments;
    this.#flow = { "astrum.flow.name": flow };
    instruments.runActive.add(1, this.#flow);
  }

  status({ task, from, to }: StatusEvent): void {
    const { taskActive } = this.#instruments;
    if (task.parent !== undefined) this.#maps.add(task.parent);
    if (from !== undefined) taskActive.add(-1, { ...this.#flow, "astrum.task.state": from });
    if (LIVE.has(to)) taskActive.add(1, { ...this.#flow, "astrum.task.state": to });
  }

  attemptEnded({ attempt, willRetry }: AttemptEndEvent, { failure }: Verdict): void {
    if (!willRetry) return;
    this.#instruments.taskRetries.add(1, {
      ...this.#flow,
      "astrum.task.name": attempt.task.name,
      ...(failure && { "error.type": failure.type }),
    });
  }

  taskEnded(event: TaskEndEvent, { result, failure }: Verdict): void {
    const { task, attempts, queuedMs, durationMs } = event;
    if (attempts > 0) this.#instruments.queueDuration.record(queuedMs / 1000, this.#flow);
    const failedUnstarted = failure !== undefined && !this.#maps.has(task.key);
    if (attempts === 0 && !failedUnstarted) return;
    this.#instruments.taskDuration.record(durationMs / 1000, {
      ...this.#flow,
      "astrum.task.name": task.name,
      "astrum.task.result": result,
      ...(failure && { "error.type": failure.type }),
    });
  }

  ended({ durationMs }: RunEndEvent, { result, failure }: Verdict): void {
    const { runActive, runDuration } = this.#instruments;
    runActive.add(-1, this.#flow);
    runDuration.record(durationMs / 1000, {
      ...this.#flow,
      "astrum.run.result": result,
      ...(failure && { "error.type": failure.type }),
    });
  }
}
