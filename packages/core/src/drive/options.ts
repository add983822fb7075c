/** What a caller may say about one run, and the check of it, before anything else happens. */

import { type CacheStore, checkCache } from "../contract/cache.ts";
import { checkObserver } from "../contract/check-observer.ts";
import { type Clock, checkClock } from "../contract/clock.ts";
import type { Observer } from "../contract/observer.ts";
import type { Runner } from "../contract/runner.ts";
import type { Parameter } from "../define/definition.ts";
import { paramsOf } from "../define/given-params.ts";
import type { Graph } from "../define/graph.ts";
import { checkEstimates } from "../define/longest-path.ts";
import { type Binding, parameterOf } from "../define/param.ts";
import { plainName } from "../define/task.ts";
import { otherCopy } from "../ground/brand.ts";
import { type Issues, isString } from "../ground/check.ts";
import { fieldOf } from "../ground/field.ts";
import { didYouMean, nearest } from "../ground/guess.ts";
import type { FailureMode } from "../machine/machine.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import { readEarlier } from "../resume/earlier.ts";
import type { Journal } from "../resume/journal.ts";
import { bindingsOf, checkBindings, type GivenParameters } from "./bindings.ts";
import { checkDemands, checkResource, isSemaphore, type Resource } from "./resources.ts";
import type { Semaphore } from "./semaphore.ts";
import { checkSize } from "./size.ts";

export interface RunOptions {
  /** Aborts the run: its state is `cancelled`, its report as truthful as any. */
  readonly signal?: AbortSignal | undefined;
  /** Attempts that run at once: an integer from 1 up, or a semaphore shared with other runs. Default: no limit. */
  readonly concurrency?: number | Semaphore | undefined;
  /**
   * What there is of each resource that tasks ask for: an integer from 0 up, of this run alone; a semaphore, or a rate
   * limit, shared with all runs that are given it.
   */
  readonly resources?: Readonly<Record<string, Resource>> | undefined;
  /** What a failure means for the other tasks. Default `stop`. */
  readonly failure?: FailureMode | undefined;
  /** For the whole run, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** How long an attempt that was asked to stop is waited for, in milliseconds. Default: until it ends. */
  readonly graceMs?: number | undefined;
  /** Run only these tasks and what they need. */
  readonly targets?: readonly string[] | undefined;
  /**
   * Values for the flow's parameters: by name, `{ userId: "42" }`, or as bindings, `[userId.of("42")]`, whose type the
   * compiler checks. A parameter without a value, `undefined` by name, is a plan error.
   */
  readonly params?: GivenParameters | undefined;
  /** Milliseconds by task name: tasks on the longest path go first when capacity is short. */
  readonly estimates?: Readonly<Record<string, number>> | undefined;
  /** `roots` lets go of every output that has no reader left, and where capacity is short those tasks go first that let go of some. Default `all`. */
  readonly keep?: "all" | "roots" | undefined;
  /** Who is told how the run goes; each needs a name of its own. */
  readonly observers?: readonly Observer[] | undefined;
  /** Carries out each attempt in place of a plain call. */
  readonly runner?: Runner | undefined;
  /** Told of every completed task with its output, before a dependent is released. One that throws fails the run. */
  readonly journal?: Journal | undefined;
  /**
   * Where results of tasks with `cache` are looked for before an attempt, and kept: a `Map`, a Keyv, or anything with `get`
   * and `set`. Nothing that it throws reaches the run.
   */
  readonly cache?: CacheStore | undefined;
  /**
   * An earlier run's `report.toJSON({ outputs: true })`, or `reportOfJournal(entries)` of what a crash left: tasks and items
   * whose output was stored, and was made from what this run would make it from, are restored; `report.resume` says why
   * others are not. Part of that are the flow's name, inputs, `version`, the values of parameters and items, and that all
   * it depends on is restored; no function is looked into.
   */
  readonly resumeFrom?: SerializedReport | undefined;
  /** How many tasks there may be, planned ones and those that come up, items included. Default 1,000,000. */
  readonly maxTasks?: number | undefined;
  /** Default: a random UUID. */
  readonly runId?: string | undefined;
  /** What is known of the run from outside, such as a branch or a customer: in the report, traces and logs. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Where time comes from: a `VirtualClock` in tests. Default: the system. */
  readonly clock?: Clock | undefined;
  /** From 0 up to 1, for jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const RUN_OPTION_KEYS = [
  "signal",
  "concurrency",
  "resources",
  "failure",
  "timeoutMs",
  "graceMs",
  "targets",
  "params",
  "estimates",
  "keep",
  "observers",
  "runner",
  "journal",
  "cache",
  "resumeFrom",
  "maxTasks",
  "runId",
  "attributes",
  "clock",
  "random",
] as const satisfies readonly (keyof RunOptions)[];

/** Collects everything that is wrong with the options of a run; `more` are further keys that the caller knows. */
export function checkRunOptions(
  issues: Issues,
  options: unknown,
  more: readonly string[] = [],
): RunOptions {
  const given = issues.record([], options, [...RUN_OPTION_KEYS, ...more]);
  if (given === undefined) return {};
  const { signal, concurrency, failure, timeoutMs, targets, params, clock } = given;
  if (
    signal !== undefined &&
    (typeof (signal as AbortSignal | null)?.addEventListener !== "function" ||
      typeof (signal as AbortSignal).removeEventListener !== "function")
  ) {
    issues.expected(["signal"], "an AbortSignal", signal);
  }
  if (concurrency !== undefined && !isSemaphore(concurrency)) {
    const foreign = otherCopy(concurrency, "semaphore");
    if (foreign !== undefined) {
      issues.add("invalid-option", `\`concurrency\` is ${foreign}`, ["concurrency"]);
    } else if (!Number.isSafeInteger(concurrency) || (concurrency as number) < 1) {
      issues.expected(["concurrency"], "an integer from 1 up or a Semaphore", concurrency);
    }
  }
  const resources = issues.record(["resources"], given.resources);
  for (const name in resources) checkResource(issues, name, resources[name], clock);
  checkFailure(issues, failure);
  issues.timeLimit(["timeoutMs"], timeoutMs);
  issues.amount(["graceMs"], given.graceMs);
  issues.array(["targets"], targets, "task names", isString);
  checkBindings(issues, params);
  checkEstimates(issues, given.estimates);
  issues.oneOf(["keep"], given.keep, ["all", "roots"]);
  issues.integer(["maxTasks"], given.maxTasks, 1);
  if (given.runId !== undefined) issues.name(["runId"], given.runId, "`runId`");
  const attributes = issues.record(["attributes"], given.attributes);
  for (const name in attributes) checkAttribute(issues, name, attributes[name]);
  checkObservers(issues, given.observers);
  if (given.resumeFrom !== undefined) readEarlier(issues, given.resumeFrom);
  checkCache(issues, given.cache);
  checkClock(issues, clock);
  checkJournal(issues, given.journal);
  for (const key of ["runner", "random"] as const) issues.callable([key], given[key]);
  return given as RunOptions;
}

/** A log has a journal and an observer, and is easily handed in for either. */
function checkJournal(issues: Issues, journal: unknown): void {
  if (journal === undefined || typeof journal === "function") return;
  const isLog = typeof fieldOf(journal, "journal") === "function";
  const more = isLog ? " that has one: write `journal: log.journal`" : "";
  const expectation = "a function that stores each entry, such as `eventLog(path).journal`";
  issues.expected(["journal"], isLog ? "a function" : expectation, journal, more);
}

function checkObservers(issues: Issues, observers: unknown): void {
  if (observers === undefined) return;
  if (!Array.isArray(observers)) {
    const isLog = fieldOf(observers, "observer") !== undefined;
    const more = isLog ? ": write `[log.observer]`" : "";
    issues.expected(["observers"], "an array of observers", observers, more);
    return;
  }
  const names = new Set<unknown>();
  // `Array.from` shows the holes.
  Array.from(observers).forEach((observer: unknown, at) => {
    const path = ["observers", String(at)];
    if (!checkObserver(issues, path, observer)) return;
    const { name } = observer;
    if (names.has(name)) {
      issues.add(
        "duplicate-observer",
        `Two observers are named "${name}": give one of them another name`,
        path,
      );
    }
    names.add(name);
  });
}

/** The report holds them as JSON. */
function checkAttribute(issues: Issues, name: string, value: unknown): void {
  if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return;
  issues.expected(["attributes", name], "a string, a finite number or a boolean", value);
}

function checkFailure(issues: Issues, failure: unknown): void {
  if (typeof failure !== "object" || failure === null) {
    if (failure !== undefined && !["stop", "drain", "continue"].includes(failure as string)) {
      issues.expected(["failure"], '"stop", "drain", "continue" or { maxFailures }', failure);
    }
    return;
  }
  const policy = issues.record(["failure"], failure, ["maxFailures"]);
  if (policy?.maxFailures === undefined) {
    issues.expected(["failure", "maxFailures"], "an integer from 1 up", undefined);
  }
  issues.integer(["failure", "maxFailures"], policy?.maxFailures, 1);
}

/**
 * Collects what a graph needs and the options of the run do not give: units of resources, values of parameters. `whole`:
 * the graph that it is a part of; values that only other parts read are no mistake.
 */
export function checkNeeds(
  issues: Issues,
  graph: Graph,
  options: RunOptions,
  whole: Graph = graph,
): void {
  checkSize(issues, graph.size, 0, options.maxTasks);
  if (graph.needing.length === 0 && options.params === undefined) return;
  const bindings = bindingsOf(options.params);
  const given = new Set<string>();
  for (const { param } of bindings ?? []) {
    if (given.has(param)) {
      issues.add(
        "duplicate-parameter",
        `The parameter "${param}" is given twice: give it one value`,
        ["params", param],
      );
    }
    given.add(param);
  }
  for (const { name, slots, options: taskOptions } of graph.needing) {
    if (taskOptions?.resources !== undefined) {
      checkDemands(issues, name, taskOptions.resources, options);
    }
    for (const { param } of slots) {
      if (param === undefined) continue;
      if (given.has(param.name)) continue;
      issues.add(
        "missing-parameter",
        `Task "${name}" needs the parameter "${param.name}": give it with \`params: { ${keyOf(param.name)}: … }\``,
        ["params", param.name],
      );
    }
  }
  if (bindings !== undefined) checkTaken(issues, bindings, paramsOf(whole.definitions));
}

/** A name as a key of an object that is written down. */
function keyOf(name: string): string {
  return plainName(name) ?? JSON.stringify(name);
}

/** A value is for a parameter that a task reads, and for that very one: another of its name may have another type. */
export function checkTaken(
  issues: Issues,
  bindings: readonly Binding[],
  known: ReadonlyMap<string, Parameter>,
): void {
  for (const binding of bindings) {
    const { param: name } = binding;
    const [read, made] = [known.get(name), parameterOf(binding)];
    if (read === undefined) {
      const guess = nearest(name, known.keys());
      issues.add(
        "unknown-parameter",
        `No task takes the parameter "${name}".${didYouMean(guess)}`,
        ["params", name],
        guess,
      );
    } else if (made !== undefined && made !== read) {
      issues.add(
        "another-parameter",
        `The value for the parameter "${name}" was made by another parameter of that name: use \`of\` of the one that the tasks take`,
        ["params", name],
      );
    }
  }
}
