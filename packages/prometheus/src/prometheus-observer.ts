/**
 * The observer: what a run tells, counted. Its gauges are set when they are read, from the runs that are under way, so
 * that they cannot drift. Never a run's id, an item's key or an error's message in a label.
 */
import {
  type AttemptEndEvent,
  type AttemptScope,
  type AttemptStartEvent,
  type Observer,
  type RunEndEvent,
  type RunScope,
  type RunStartEvent,
  runResult,
  type StatusEvent,
  type TaskEndEvent,
  type TaskInfo,
  type TaskResult,
  type TaskScope,
  taskResult,
} from "@astrum/core";
import { callable, type Rules } from "astrum-options";
import { type LiveRun, STATES, type State } from "./board.ts";
import {
  holdsExemplars,
  type Labels,
  type MetricRegistry,
  type PrometheusClient,
} from "./client.ts";
import { type ExemplarSource, Exemplars } from "./exemplar.ts";
import { Instruments, type TaskLabels } from "./instruments.ts";
import { DEFAULT_BUCKETS, type MetricDescriptor, metricTable } from "./metric-table.ts";
import {
  bucketsRule,
  checkObserver,
  clientRule,
  labelsRule,
  prefixRule,
  registryRule,
} from "./options.ts";
import { Warnings } from "./warning.ts";

export interface PrometheusOptions {
  /** The application's client: the module `prom-client` or `@prometheus-io/client`. */
  readonly client: PrometheusClient;
  /** Default: the client's own `register`. */
  readonly registry?: MetricRegistry | undefined;
  /** Of every name. The dashboards and alerts are written for the default, "astrum_". */
  readonly prefix?: string | undefined;
  /** Upper bounds of all histograms, in seconds. Default: 16 of them, from 5 ms to an hour. */
  readonly buckets?: readonly number[] | undefined;
  /** How tasks are told apart. Default: by name, at most 200 of them. */
  readonly labels?: TaskLabels | undefined;
  /**
   * The trace that an attempt runs in; called inside its context, so register the observer that traces before this one.
   * Kept only in an OpenMetrics registry, the only format that has exemplars.
   */
  readonly exemplars?: ExemplarSource | undefined;
}

const RULES: Rules<PrometheusOptions> = {
  client: clientRule,
  registry: registryRule,
  prefix: prefixRule,
  buckets: bucketsRule,
  labels: labelsRule,
  exemplars: callable,
};

export interface PrometheusObserver extends Observer {
  /** Every metric that this observer may write. */
  readonly metrics: readonly MetricDescriptor[];
}

/**
 * Counts runs, tasks and attempts in a registry of the application's client. One observer serves any number of flows and
 * schedulers, and several observers may share a registry: metrics that are there are re-used.
 *
 * Throws `DefinitionError` for wrong options, and `TypeError` when the registry holds another metric of one of the names.
 */
export function prometheusObserver(options: PrometheusOptions): PrometheusObserver {
  checkObserver("prometheusObserver", options, RULES);

  const { client, registry = client.register, prefix = "astrum_", labels = {} } = options;
  const { buckets = DEFAULT_BUCKETS, exemplars } = options;
  const table = metricTable({ prefix, buckets, byTask: labels.task !== false });
  const traced = exemplars !== undefined && holdsExemplars(registry);
  const warnings = new Warnings();
  const instruments = new Instruments({
    client,
    registry,
    table,
    exemplars: traced,
    labels,
    warnings,
  });
  const trace = traced ? new Exemplars(exemplars, warnings) : undefined;
  return {
    name: "prometheus",
    metrics: Object.freeze(Object.values(table)),
    run(event) {
      instruments.checkRegistry();
      return new CountedRun(instruments, trace, event);
    },
  };
}

class CountedRun implements RunScope {
  readonly #write: Instruments;
  readonly #trace: Exemplars | undefined;
  readonly #live: LiveRun;
  /** By task: a label may be the answer of a function of the application. */
  readonly #labels: Map<string, Labels> = new Map();
  /** Maps whose items were listed: the items are counted, the map would count them twice. */
  readonly #maps: Set<string> = new Set();
  /** Of the first attempt that had one: it leads to the trace of the run. */
  #exemplar: Labels | undefined;

  constructor(write: Instruments, trace: Exemplars | undefined, { run }: RunStartEvent) {
    this.#write = write;
    this.#trace = trace;
    const flow = write.flowLabel(run.flow);
    this.#live = { flow, tasks: { waiting: 0, ready: 0, running: 0, delayed: 0 } };
    write.zeroFlow(flow);
    write.limited(flow, run.concurrency);
    write.board.live.add(this.#live);
  }

  /** The label of the name: an item of a map is counted as the map is, a task inside of it by its path without index. */
  #labelsOf(task: TaskInfo): Labels {
    let labels = this.#labels.get(task.name);
    if (labels === undefined) {
      labels = this.#write.taskLabels(this.#live.flow, task);
      this.#labels.set(task.name, labels);
      this.#write.zeroTask(labels);
    }
    return labels;
  }

  status({ task, from, to, statistics }: StatusEvent): void {
    const { tasks } = this.#live;
    if (task.kind === "item" && task.parent !== undefined) this.#maps.add(task.parent);
    if (from !== undefined) tasks[from]--;
    if (isState(to)) tasks[to]++;
    const labels = this.#labelsOf(task);
    if (isState(to) || this.#maps.has(task.key)) return;
    // Only the end of the task, which follows, tells a failure from a time-out.
    const cached = to === "restored" && statistics().source === "cache";
    const word = cached ? "cached" : UNTIMED[to];
    if (word !== undefined) this.#write.taskEnded(labels, word);
  }

  task(): TaskScope {
    let exemplar: Labels | undefined;
    return {
      attempt: (event) => {
        this.#attemptStarts(event);
        return this.#attempt((seen) => {
          exemplar = seen;
          this.#exemplar ??= seen;
        });
      },
      end: (event) => this.#taskEnds(event, exemplar),
    };
  }

  #attemptStarts({ attempt, waitedMs }: AttemptStartEvent): void {
    if (attempt.number === 1) this.#write.queued(this.#live.flow, waitedMs);
    else this.#write.retried(this.#labelsOf(attempt.task));
  }

  #attempt(keep: (exemplar: Labels | undefined) => void): AttemptScope {
    const trace = this.#trace;
    if (trace === undefined) return { end: (event) => this.#attemptEnds(event, undefined) };
    let exemplar: Labels | undefined;
    return {
      around(proceed) {
        exemplar = trace.ask();
        keep(exemplar);
        proceed();
      },
      end: (event) => this.#attemptEnds(event, exemplar),
    };
  }

  #attemptEnds({ attempt, outcome }: AttemptEndEvent, exemplar: Labels | undefined): void {
    this.#write.attempted(this.#labelsOf(attempt.task), taskResult(outcome), exemplar);
  }

  #taskEnds({ task, outcome, attempts, durationMs }: TaskEndEvent, exemplar?: Labels): void {
    if (this.#maps.has(task.key)) return;
    const labels = this.#labelsOf(task);
    const result = taskResult(outcome);
    const failed = result === "failure" || result === "timeout";
    if (!(outcome.status in UNTIMED)) this.#write.taskEnded(labels, result);
    if (outcome.status === "abandoned") this.#write.abandoned(labels);
    if (failed && "tolerated" in outcome) this.#write.tolerated(labels);
    // A task whose inputs were wrong never started. Of a flow that was planned as a task, its tasks have the attempts.
    const started = attempts > 0 || task.role === "subflow" || task.role === "loop";
    if (started && (failed || result === "success")) {
      this.#write.taskTook(labels, durationMs, exemplar);
    }
  }

  end(event: RunEndEvent): void {
    const { flow } = this.#live;
    this.#write.board.live.delete(this.#live);
    this.#write.runEnded(flow, runResult(event), event, this.#exemplar);
    this.#trace?.runEnded();
    for (const { observer, count } of event.observerFaults) this.#write.faulted(observer, count);
  }
}

const STATE_NAMES: ReadonlySet<string> = new Set(STATES);

function isState(status: StatusEvent["to"]): status is State {
  return STATE_NAMES.has(status);
}

/** What a status says by itself; of the others, the outcome says whether a time limit is why. */
const UNTIMED: Readonly<Partial<Record<StatusEvent["to"], TaskResult>>> = {
  completed: "success",
  cancelled: "cancellation",
  skipped: "skip",
  restored: "restored",
  detached: "detached",
};
