/**
 * Who is measured. Each takes a shape and gives a function that plans and runs it once; tasks are async functions that
 * do nothing, made beforehand, because they are the user's and the same for all.
 */
import { flow, task } from "@astrum/core";
import { PGraph } from "p-graph";

/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {(shape: Shape) => () => Promise<unknown>} Contender */

const work = async () => {};

/** What a careful person writes by hand: each task is a promise that waits for those of its dependencies. */
/** @type {Contender} */
export const promiseAll = (shape) => async () => {
  /** @type {Promise<unknown>[]} */
  const tasks = [];
  for (const dependencies of shape) {
    tasks.push(Promise.all(dependencies.map((dependency) => tasks[dependency])).then(work));
  }
  await Promise.all(tasks);
};

/** @type {Contender} */
export const pGraph = (shape) => {
  const nodes = new Map(shape.map((_, at) => [`t${at}`, { run: work }]));
  /** @type {[string, string][]} */
  const edges = shape.flatMap((dependencies, at) =>
    dependencies.map((from) => /** @type {[string, string]} */ ([`t${from}`, `t${at}`])),
  );
  return () => new PGraph(nodes, edges).run();
};

/**
 * The tasks of a shape, by the names of those that nobody reads.
 *
 * @param {Shape} shape
 */
export function rootsOf(shape) {
  /** @type {import("@astrum/core").Task<unknown>[]} */
  const tasks = [];
  /** @type {Map<number, import("@astrum/core").Task<unknown>>} */
  const roots = new Map();
  shape.forEach((dependencies, at) => {
    /** @type {Record<string, import("@astrum/core").Task<unknown>>} */
    const inputs = {};
    dependencies.forEach((dependency, nth) => {
      const input = tasks[dependency];
      if (input === undefined)
        throw new RangeError(`Task ${at} depends on a later one, ${dependency}`);
      inputs[`input${nth}`] = input;
      roots.delete(dependency);
    });
    const made = dependencies.length === 0 ? task(`t${at}`, work) : task(`t${at}`, inputs, work);
    tasks.push(made);
    roots.set(at, made);
  });
  return Object.fromEntries(Array.from(roots, ([at, root]) => [`t${at}`, root]));
}

/** The engine until its report resolves: checking and planning included, statistics recorded, no observer. */
/** @type {(shape: Shape) => () => Promise<import("@astrum/core").ExecutionReport<Record<string, unknown>>>} */
export const astrum = (shape) => {
  const roots = rootsOf(shape);
  return () => flow("bench", roots).run();
};

/** Every field of every row, the stages and the analysis. */
/** @param {import("@astrum/core").ExecutionReport<Record<string, unknown>>} report */
export function readEverything(report) {
  let read = report.analysis.criticalPath.length + report.analysis.bounds.dependencyMs;
  for (const stage of report.stageStatistics) {
    read += (stage.startAt ?? 0) + (stage.endAt ?? 0) + stage.durationMs + stage.stageName.length;
    read += stage.startTasks.length + stage.waitTasks.length + stage.parallelTasks.length;
  }
  read += report.totalAttempts + report.busyMs + report.flakyTasks + report.errorSummary.length;
  for (const row of report.taskStatistics) {
    read += row.taskName.length + row.kind.length + (row.stageId ?? 0) + row.status.length;
    read += row.fingerprint.length + (row.readyAt ?? 0) + (row.startAt ?? 0) + (row.endAt ?? 0);
    read += row.queuedMs + row.durationMs + row.runMs + row.retry + row.attemptCount;
    read +=
      (row.releasedBy ?? "").length + (row.output?.size ?? 0) + (row.reason?.kind.length ?? 0);
    for (const { task, kind } of row.dependencies) read += task.length + kind.length;
    for (const attempt of row.attemptStatistics) {
      read += attempt.startAt + (attempt.endAt ?? 0) + attempt.queuedMs + (attempt.slot ?? 0);
    }
  }
  return read;
}
