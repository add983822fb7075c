/**
 * The instruments of one provider of meters, made once, and the runs under way from which the two that are read, not
 * written, take their values: they cannot drift, and a change of status costs two numbers.
 */
import type {
  Attributes,
  Counter,
  Histogram,
  Meter,
  MeterProvider,
  ObservableResult,
} from "@opentelemetry/api";
import { type FewPairs, fewPairs, type TakenPairs } from "astrum-series";
import { log } from "./guarded.ts";
import { meterOf, type Settings } from "./settings.ts";

/** Seconds: tasks take from milliseconds to an hour. */
export const BUCKETS: number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600,
];

const ABANDONED = {
  name: "astrum.task.abandoned",
  description: "Tasks that were asked to stop and had not ended when the grace period was over",
  unit: "{task}",
};
const TOLERATED = {
  name: "astrum.task.tolerated",
  description: "Tasks that failed or timed out and whose failure the run tolerates",
  unit: "{task}",
};

const STATES = ["waiting", "ready", "running", "delayed"] as const;
export type State = (typeof STATES)[number];

export interface LiveRun {
  readonly tasks: Record<State, number>;
}

/** Series of one flow that stay, with 0, when nothing of it runs. */
interface Flow {
  readonly attributes: Attributes;
  readonly live: Set<LiveRun>;
}

export interface Instruments {
  readonly meter: Meter;
  readonly runDuration: Histogram;
  readonly taskDuration: Histogram;
  readonly queueDuration: Histogram;
  readonly retries: Counter;
  readonly abandoned: Counter;
  readonly tolerated: Counter;
  readonly flows: Map<string, Flow>;
  readonly taken: TakenPairs;
  /** Said to be full. */
  readonly full: Set<string>;
  /** Values of `error.type` in metrics. */
  readonly errorTypes: Set<string>;
}

const made = new WeakMap<MeterProvider, Instruments | null>();

/**
 * Whether a provider measures nothing. It is asked what it does: the one that does nothing has one counter for all names,
 * and several copies of the API, one for `import` and one for `require`, each have one of their own.
 */
export function isIdle(provider: MeterProvider): boolean {
  const meter = meterOf(provider);
  return (
    meter.createCounter(ABANDONED.name, ABANDONED) ===
    meter.createCounter(TOLERATED.name, TOLERATED)
  );
}

/** Nothing when no SDK is there to record. */
export function instrumentsOf(provider: MeterProvider): Instruments | undefined {
  let instruments = made.get(provider);
  if (instruments === undefined) {
    instruments = make(provider);
    made.set(provider, instruments);
  }
  return instruments ?? undefined;
}

/** The series of a flow, whose name is bounded already. */
export function flowOf({ flows }: Instruments, name: string): Flow {
  let flow = flows.get(name);
  if (flow === undefined) {
    flow = { attributes: { "astrum.flow.name": name }, live: new Set() };
    flows.set(name, flow);
  }
  return flow;
}

/** Which names the metrics of this provider tell apart. */
export function namesOf({ taken, full }: Instruments, { metrics }: Settings): FewPairs {
  const { allow, maxValues = 200, maxPairs = 1000 } = typeof metrics === "object" ? metrics : {};
  const limits = { flows: maxValues, perFlow: maxValues, pairs: maxPairs };
  return fewPairs({ ...limits, allow: allow && new Set(allow) }, taken, (what, name) => {
    if (full.has(what)) return;
    full.add(what);
    log.warn(
      `There is no room in metrics for another ${what}: "${name}" and all further ones are measured as "_other". Names should be few: use map() for what is many, list those that matter in \`metrics.allow\`, or raise \`metrics.maxPairs\`.`,
    );
  });
}

function make(provider: MeterProvider): Instruments | null {
  if (isIdle(provider)) return null;
  const meter = meterOf(provider);
  const seconds = (name: string, description: string): Histogram =>
    meter.createHistogram(name, {
      description,
      unit: "s",
      advice: { explicitBucketBoundaries: BUCKETS },
    });
  const flows: Instruments["flows"] = new Map();
  watch(meter, flows);
  return {
    meter,
    runDuration: seconds("astrum.run.duration", "How long runs took"),
    taskDuration: seconds("astrum.task.duration", "From the first call of a task to its end"),
    queueDuration: seconds(
      "astrum.task.queue.duration",
      "How long tasks were ready and waited for capacity",
    ),
    retries: meter.createCounter("astrum.task.retries", {
      description: "Attempts after the first one of a task",
      unit: "{retry}",
    }),
    abandoned: meter.createCounter(ABANDONED.name, ABANDONED),
    tolerated: meter.createCounter(TOLERATED.name, TOLERATED),
    flows,
    taken: { tasksOf: new Map(), beyond: 0 },
    full: new Set(),
    errorTypes: new Set(),
  };
}

function watch(meter: Meter, flows: Instruments["flows"]): void {
  meter
    .createObservableUpDownCounter("astrum.run.active", {
      description: "Runs under way",
      unit: "{run}",
    })
    .addCallback((result: ObservableResult) => {
      for (const { attributes, live } of flows.values()) result.observe(live.size, attributes);
    });
  meter
    .createObservableUpDownCounter("astrum.task.active", {
      description: "Tasks of runs under way that have not ended, by state",
      unit: "{task}",
    })
    .addCallback((result: ObservableResult) => {
      for (const { attributes, live } of flows.values()) {
        for (const state of STATES) {
          let tasks = 0;
          for (const run of live) tasks += run.tasks[state];
          result.observe(tasks, { ...attributes, "astrum.task.state": state });
        }
      }
    });
}
