/** The engine, through both of its doors: from a shape to what plans and runs it once. Tasks are made beforehand, for all alike. */
import { nameOf, work } from "./by-hand.js";

/** @typedef {import("./shapes.js").Shape} Shape */
/** @typedef {typeof import("@astrum/core")} Core */
/** @typedef {import("@astrum/core").ExecutionReport<Record<string, unknown>>} Report */
/** @typedef {import("@astrum/core").RunOptions} RunOptions */

/**
 * The tasks of a shape, by the names of those that nobody reads.
 *
 * @param {Core} core
 * @param {Shape} shape
 */
export function rootsOf({ task }, shape) {
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
    const made =
      dependencies.length === 0 ? task(nameOf(at), work) : task(nameOf(at), inputs, work);
    tasks.push(made);
    roots.set(at, made);
  });
  return Object.fromEntries(Array.from(roots, ([at, root]) => [nameOf(at), root]));
}

/** The typed door until its report resolves: checking and planning included, no observer. */
/** @type {(core: Core, shape: Shape) => () => Promise<Report>} */
export const typed = (core, shape) => {
  const roots = rootsOf(core, shape);
  return () => core.flow("bench", roots).run();
};

/** A flow that was checked and planned before. */
/** @type {(core: Core, shape: Shape) => (options?: RunOptions) => Promise<Report>} */
export const kept = (core, shape) => {
  const flow = core.flow("bench", rootsOf(core, shape));
  return (options) => flow.run(options);
};

/**
 * What the documented door is given.
 *
 * @param {Shape} shape
 * @param {boolean} refs Whether each task takes the output of each of its dependencies.
 */
export function records(shape, refs = false) {
  /** @type {import("@astrum/core").TaskOrder[]} */
  const orders = [];
  shape.forEach((dependencies, at) => {
    const waits = dependencies.map((dependency) => ({ taskName: nameOf(dependency) }));
    orders.push(
      waits.length === 0 ? { taskName: nameOf(at) } : { taskName: nameOf(at), dependencies: waits },
    );
  });
  /** @type {[string, typeof work][]} */
  const tasks = shape.map((_, at) => [nameOf(at), work]);
  const taken = shape.map((dependencies, at) => {
    const inputs = dependencies.map((dependency, nth) => ({
      from: { task: nameOf(dependency) },
      to: { key: `input${nth}` },
    }));
    return /** @type {const} */ ([nameOf(at), { inputs }]);
  });
  const options = refs ? { taskDataRefs: Object.fromEntries(taken) } : {};
  return { tasks, orders, options };
}

/** The documented door, built and run once. */
/** @type {(core: Core, shape: Shape, refs?: boolean) => () => Promise<Report>} */
export const documented = ({ DynamicScheduler }, shape, refs = false) => {
  const { tasks, orders, options } = records(shape, refs);
  return () => new DynamicScheduler(tasks, orders, options).execute();
};

/** The documented door, kept and run again. */
/** @type {(core: Core, shape: Shape) => () => Promise<Report>} */
export const documentedAgain = ({ DynamicScheduler }, shape) => {
  const { tasks, orders, options } = records(shape);
  const scheduler = new DynamicScheduler(tasks, orders, options);
  return () => scheduler.execute();
};

/** Every field of every row, the stages and the analysis. */
/** @param {Report} report */
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
