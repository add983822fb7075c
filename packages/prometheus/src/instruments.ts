/**
 * The metrics of one registry, ready to be written: each call is one fact, in seconds and with its labels bounded. Knows
 * clients and names; not the order in which a run tells its events.
 */
import { type RunResult, type TaskInfo, type TaskResult, VERSION } from "@astrum/core";
import { type FewPairs, fewPairs, OTHER } from "astrum-series";
import { type Board, boardOf } from "./board.ts";
import type {
  ClientCounter,
  ClientGauge,
  ClientHistogram,
  Labels,
  MetricRegistry,
  PrometheusClient,
} from "./client.ts";
import type { MetricDescriptor, MetricKey } from "./metric-table.ts";
import { registered } from "./registered.ts";
import type { Warnings } from "./warning.ts";

export interface InstrumentSettings {
  readonly client: PrometheusClient;
  readonly registry: MetricRegistry;
  readonly table: Readonly<Record<MetricKey, MetricDescriptor>>;
  readonly exemplars: boolean;
  readonly labels: TaskLabels;
  readonly warnings: Warnings;
}

export interface TaskLabels {
  /** `false`: no label. A function gives the label's value. Default `true`, the declared name. */
  readonly task?: boolean | ((task: TaskInfo) => string) | undefined;
  /** The only values that the label gets; all others are `_other`. */
  readonly allow?: readonly string[] | undefined;
  /** Values that the label `task` of one flow, and the label `flow`, gets at most; further ones are `_other`. Default 200. */
  readonly maxValues?: number | undefined;
  /**
   * Pairs of `flow` and `task` in the registry at most, each some 27 series; further tasks are `_other`. Half of them are
   * shared out, so that no flow takes the places of another. Default 2,000.
   */
  readonly maxPairs?: number | undefined;
}

export class Instruments {
  readonly board: Board;
  readonly #settings: InstrumentSettings;
  readonly #tasksActive: ClientGauge;
  readonly #runs: ClientCounter;
  readonly #runDuration: ClientHistogram;
  readonly #lastSuccess: ClientGauge;
  readonly #lastFailure: ClientGauge;
  readonly #lastCompletion: ClientGauge;
  readonly #lastDuration: ClientGauge;
  readonly #tasks: ClientCounter;
  readonly #tolerated: ClientCounter;
  readonly #abandoned: ClientCounter;
  readonly #taskDuration: ClientHistogram;
  readonly #attempts: ClientCounter;
  readonly #retries: ClientCounter;
  readonly #queueDuration: ClientHistogram;
  readonly #concurrencyLimit: ClientGauge;
  readonly #observerErrors: ClientCounter;
  readonly #few: FewPairs;

  constructor(settings: InstrumentSettings) {
    const { client, registry, table, exemplars, labels, warnings } = settings;
    const counter = (key: MetricKey, traced = false): ClientCounter =>
      registered(client, registry, table[key], "counter", exemplars && traced);
    const gauge = (key: MetricKey): ClientGauge =>
      registered(client, registry, table[key], "gauge", false);
    const histogram = (key: MetricKey, traced = false): ClientHistogram =>
      registered(client, registry, table[key], "histogram", exemplars && traced);
    this.#settings = settings;
    this.#runs = counter("runs");
    this.#runDuration = histogram("runDuration", true);
    this.#lastSuccess = gauge("lastSuccess");
    this.#lastFailure = gauge("lastFailure");
    this.#lastCompletion = gauge("lastCompletion");
    this.#lastDuration = gauge("lastDuration");
    this.#tasks = counter("tasks");
    this.#tolerated = counter("tolerated");
    this.#abandoned = counter("abandoned");
    this.#taskDuration = histogram("taskDuration", true);
    this.#attempts = counter("attempts", true);
    this.#retries = counter("retries");
    this.#queueDuration = histogram("queueDuration");
    this.#concurrencyLimit = gauge("concurrencyLimit");
    this.#observerErrors = counter("observerErrors");
    this.#tasksActive = gauge("tasksActive");
    this.board = boardOf(gauge("runsActive"), this.#tasksActive);
    const build = gauge("build");
    this.#standing("build", () => build.set({ version: VERSION }, 1));

    this.#few = fewLabels(labels, this.board, warnings);
  }

  flowLabel(flow: string): string {
    return this.#few.flow(flow);
  }

  /** A registry that was cleared, as hot reloading does, reads these metrics no more, and tells nobody. */
  checkRegistry(): void {
    const { registry, table, warnings } = this.#settings;
    const { name } = table.tasksActive;
    // One gauge stands for all: unlike a counter, every format of a registry knows it by its own name.
    if (registry.getSingleMetric(name) === (this.#tasksActive as unknown)) return;
    warnings.once(
      "ASTRUM_PROMETHEUS_CLEARED",
      `The registry no longer holds the metrics of this prometheusObserver(), "${name}" among them: it was cleared, and what the observer counts is not exported. Make a new observer after \`registry.clear()\`, and take this one away`,
    );
  }

  taskLabels(flow: string, task: TaskInfo): Labels {
    const { labels, warnings } = this.#settings;
    if (labels.task === false) return { flow };
    if (typeof labels.task !== "function") return { flow, task: this.#few.task(flow, task.name) };
    let value: unknown;
    try {
      value = labels.task(task);
      if (typeof value === "string") return { flow, task: this.#few.task(flow, value) };
    } catch (error) {
      value = error;
    }
    warnings.once(
      "ASTRUM_PROMETHEUS_TASK_LABEL",
      `\`labels.task\` gave no string for the task "${task.name}", which is counted as "${OTHER}": ${String(value)}`,
    );
    return { flow, task: OTHER };
  }

  /** Known series stand at 0 before anything happens, so that the first failure is an increase. */
  zeroFlow(flow: string): void {
    this.board.flows.add(flow);
    this.#standing(flow, () => {
      for (const result of ["success", "failure", "timeout", "cancellation"] as const) {
        add(this.#runs, { flow, result }, 0);
      }
      for (const result of ["success", "failure"]) this.#runDuration.zero({ flow, result });
      this.#queueDuration.zero({ flow });
    });
  }

  zeroTask(labels: Labels): void {
    this.#standing(`${labels.flow}\0${labels.task ?? ""}`, () => {
      for (const result of ["success", "failure", "timeout"]) {
        add(this.#tasks, { ...labels, result }, 0);
      }
      for (const result of ["success", "failure"]) add(this.#attempts, { ...labels, result }, 0);
      for (const counter of [this.#retries, this.#tolerated, this.#abandoned]) {
        add(counter, labels, 0);
      }
      this.#taskDuration.zero(labels);
    });
  }

  /** Sets series for the first time, and again when the registry was reset. */
  #standing(series: string, set: () => void): void {
    const { zeroed } = this.board;
    if (zeroed.has(series)) return;
    zeroed.set(series, set);
    set();
  }

  limited(flow: string, concurrency: number | undefined): void {
    if (concurrency === undefined) this.#concurrencyLimit.remove({ flow });
    else this.#concurrencyLimit.set({ flow }, concurrency);
  }

  queued(flow: string, ms: number): void {
    observe(this.#queueDuration, { flow }, ms);
  }

  retried(labels: Labels): void {
    add(this.#retries, labels, 1);
  }

  attempted(labels: Labels, result: TaskResult, exemplar: Labels | undefined): void {
    add(this.#attempts, { ...labels, result }, 1, exemplar);
  }

  taskEnded(labels: Labels, result: TaskResult): void {
    add(this.#tasks, { ...labels, result }, 1);
  }

  tolerated(labels: Labels): void {
    add(this.#tolerated, labels, 1);
  }

  abandoned(labels: Labels): void {
    add(this.#abandoned, labels, 1);
  }

  taskTook(labels: Labels, ms: number, exemplar: Labels | undefined): void {
    observe(this.#taskDuration, labels, ms, exemplar);
  }

  runEnded(
    flow: string,
    result: RunResult,
    { at, durationMs }: { readonly at: number; readonly durationMs: number },
    exemplar: Labels | undefined,
  ): void {
    add(this.#runs, { flow, result }, 1);
    observe(this.#runDuration, { flow, result }, durationMs, exemplar);
    this.#lastCompletion.set({ flow }, at / 1000);
    this.#lastDuration.set({ flow }, durationMs / 1000);
    if (result === "success") this.#lastSuccess.set({ flow }, at / 1000);
    else if (result !== "cancellation") this.#lastFailure.set({ flow }, at / 1000);
  }

  faulted(observer: string, count: number): void {
    add(this.#observerErrors, { observer }, count);
  }
}

/** The names that labels may have, for all that write to this board. */
function fewLabels(
  { allow, maxValues = 200, maxPairs = 2000 }: TaskLabels,
  { taken }: Board,
  warnings: Warnings,
): FewPairs {
  const limits = {
    flows: maxValues,
    perFlow: maxValues,
    pairs: maxPairs,
    allow: allow && new Set(allow),
  };
  return fewPairs(limits, taken, (label, value) => {
    const limit = label === "flow" ? "maxValues" : "maxValues` or `labels.maxPairs";
    warnings.once(
      `ASTRUM_PROMETHEUS_${label.toUpperCase()}_LABELS`,
      `There is no room for another value of the label "${label}": "${value}" and all further ones are counted as "${OTHER}". Names should be few: use map() for what is many, list those that matter in \`labels.allow\`, or raise \`labels.${limit}\`.`,
    );
  });
}

function add(counter: ClientCounter, labels: Labels, value: number, exemplar?: Labels): void {
  if (!counter.enableExemplars) counter.inc(labels, value);
  else counter.inc({ labels, value, ...(exemplar && { exemplarLabels: exemplar }) });
}

function observe(histogram: ClientHistogram, labels: Labels, ms: number, exemplar?: Labels): void {
  const value = ms / 1000;
  if (!histogram.enableExemplars) histogram.observe(labels, value);
  else histogram.observe({ labels, value, ...(exemplar && { exemplarLabels: exemplar }) });
}
