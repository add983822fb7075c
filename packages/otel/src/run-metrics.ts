/** The metrics of one run: what is recorded when. Every attribute has few values. Makes no instrument. */
import type {
  RunEndEvent,
  RunInfo,
  RunResult,
  StatusEvent,
  TaskEndEvent,
  TaskInfo,
} from "@astrum/core";
import type { Attributes, Context } from "@opentelemetry/api";
import { type FewPairs, OTHER } from "astrum-series";
import { CicdMetrics } from "./cicd-metrics.ts";
import { flowOf, type Instruments, type LiveRun, namesOf, type State } from "./instruments.ts";
import type { Settings } from "./settings.ts";
import type { Verdict } from "./verdict.ts";

/** Of all flows: a program has few kinds of errors, and one that makes names of them must not make series. */
const ERROR_TYPES = 100;

/** How a task is counted. */
export interface Counts {
  /** It was called, or a task inside of it. */
  readonly begun: boolean;
  readonly byItems: boolean;
}

export class RunMetrics {
  readonly #instruments: Instruments;
  readonly #settings: Settings;
  readonly #names: FewPairs;
  readonly #label: string;
  readonly #flow: ReturnType<typeof flowOf>;
  readonly #live: LiveRun = { tasks: { waiting: 0, ready: 0, running: 0, delayed: 0 } };
  readonly #cicd: CicdMetrics | undefined;
  /** By task: made once for all its items. */
  readonly #tasks: Map<string, Attributes> = new Map();

  constructor(instruments: Instruments, { flow }: RunInfo, settings: Settings) {
    this.#instruments = instruments;
    this.#settings = settings;
    this.#names = namesOf(instruments, settings);
    this.#label = this.#names.flow(flow);
    this.#flow = flowOf(instruments, this.#label);
    this.#flow.live.add(this.#live);
    if (settings.cicd) this.#cicd = new CicdMetrics(instruments, this.#label);
  }

  status({ from, to }: StatusEvent): void {
    const { tasks } = this.#live;
    if (from !== undefined) tasks[from]--;
    if (to in tasks) tasks[to as State]++;
  }

  retried(task: TaskInfo, errorType: string | undefined): void {
    this.#instruments.retries.add(1, {
      ...this.#attributesOf(task),
      ...(errorType === undefined ? {} : { "error.type": this.#bounded(errorType) }),
    });
  }

  /** A map is measured by its items, once it has any: it would count them twice. */
  taskEnded(event: TaskEndEvent, verdict: Verdict, context: Context, counts: Counts): void {
    const { task, attempts, queuedMs, durationMs, outcome } = event;
    const { queueDuration, taskDuration, abandoned, tolerated } = this.#instruments;
    if (attempts > 0) queueDuration.record(queuedMs / 1000, this.#flow.attributes, context);
    if (counts.byItems) return;
    const { result, failure } = verdict;
    const own = this.#attributesOf(task);
    if (outcome.status === "abandoned") abandoned.add(1, own, context);
    if (failure !== undefined && "tolerated" in outcome) tolerated.add(1, own, context);
    if (failure !== undefined) this.#cicd?.failed(this.#bounded(failure.type));
    if (!counts.begun && failure === undefined) return;
    const attributes: Attributes = { ...own, "astrum.task.result": result };
    if (failure !== undefined) attributes["error.type"] = this.#bounded(failure.type);
    taskDuration.record(durationMs / 1000, attributes, context);
  }

  ended({ durationMs }: RunEndEvent, verdict: Verdict<RunResult>, context: Context): void {
    const { result, failure } = verdict;
    this.#flow.live.delete(this.#live);
    const errorType = failure && this.#bounded(failure.type);
    const why = errorType === undefined ? {} : { "error.type": errorType };
    this.#instruments.runDuration.record(
      durationMs / 1000,
      { ...this.#flow.attributes, "astrum.run.result": result, ...why },
      context,
    );
    this.#cicd?.ended(durationMs / 1000, result, why, context);
  }

  #attributesOf(task: TaskInfo): Attributes {
    let attributes = this.#tasks.get(task.name);
    if (attributes === undefined) {
      const name = this.#nameOf(task);
      attributes = {
        ...this.#flow.attributes,
        ...(name === undefined ? {} : { "astrum.task.name": name }),
      };
      this.#tasks.set(task.name, attributes);
    }
    return attributes;
  }

  #nameOf(task: TaskInfo): string | undefined {
    const { metrics, nameTask } = this.#settings;
    if (typeof metrics === "object" && metrics.task === false) return undefined;
    const name: unknown = nameTask === undefined ? task.name : nameTask(task);
    return typeof name === "string" ? this.#names.task(this.#label, name) : OTHER;
  }

  #bounded(errorType: string): string {
    const { errorTypes } = this.#instruments;
    if (errorTypes.has(errorType)) return errorType;
    if (errorTypes.size === ERROR_TYPES) return "_OTHER";
    errorTypes.add(errorType);
    return errorType;
  }
}
