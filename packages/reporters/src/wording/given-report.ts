/**
 * The report that somebody hands over, stored or live, as the plain one that every format and every question reads. What
 * is no report is refused here, with the way out. Knows no format and no secret.
 */
import type { EncodedValue, SerializedError, SerializedReport, TaskStatistics } from "@astrum/core";

/** What a run resolves to: `ExecutionReport`, or anything else that becomes a stored report as JSON. */
export interface LiveReport {
  toJSON(options?: { outputs?: boolean | undefined }): SerializedReport;
}

/** A report as it is stored, or as a run resolves to it. */
export type AnyReport = SerializedReport | LiveReport;

/**
 * `outputs`: a live report is asked for them. Errors and outputs that are nested deeper than anything can be walked are cut
 * off there; the engine makes none.
 *
 * @throws TypeError for what is no report.
 */
export function givenReport(given: AnyReport, outputs = false): SerializedReport {
  const report = isLive(given) ? given.toJSON(outputs ? { outputs } : {}) : given;
  if (!isStored(report)) throw new TypeError(refusal(given));
  return shallow(report);
}

function isLive(given: unknown): given is LiveReport {
  return (
    typeof given === "object" && given !== null && "toJSON" in given && isFunction(given.toJSON)
  );
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isStored(report: unknown): report is SerializedReport {
  const { run, analysis, taskStatistics } = (report ?? {}) as Partial<SerializedReport>;
  return Array.isArray(taskStatistics) && typeof run === "object" && typeof analysis === "object";
}

function refusal(given: unknown): string {
  const expected = "Expected an execution report, as a run resolves to it or as JSON";
  if (given === null || given === undefined) return `${expected}, got ${String(given)}.`;
  if (typeof given === "string") {
    return `${expected}, got text: parseReport() makes a report of JSON, readEventLog() of an event log.`;
  }
  if (isFunction((given as { then?: unknown }).then)) {
    return `${expected}, got a promise: await the run first.`;
  }
  if (isFunction((given as { explain?: unknown }).explain)) {
    return `${expected}, got a plan: only renderText(), renderMermaid() and renderDot() take one.`;
  }
  if (isFunction((given as { plan?: unknown }).plan)) {
    return `${expected}, got a flow or a scheduler: run it first.`;
  }
  return `${expected}, got ${Array.isArray(given) ? "an array" : `another ${typeof given}`}.`;
}

/** Levels of a report: the engine's own encoder stops at 200; of causes and members, each of which are two, it keeps eight. */
export const DEEPEST = 250;
const DEEPEST_CAUSE = 100;

/** The report itself, unless there is something in it that is too deep: nothing below may run out of stack. */
function shallow(report: SerializedReport): SerializedReport {
  const { taskStatistics, observerErrors, outputs } = report;
  const tasks = mapped(taskStatistics, shallowTask);
  const errors = observerErrors && mapped(observerErrors, shallowError);
  const values = outputs && shallowOutputs(outputs);
  if (tasks === taskStatistics && errors === observerErrors && values === outputs) return report;
  return {
    ...report,
    taskStatistics: tasks,
    ...(errors === undefined ? {} : { observerErrors: errors }),
    ...(values === undefined ? {} : { outputs: values }),
  };
}

/** The list itself when nothing in it changes. */
function mapped<T>(list: T[], change: (item: T) => T): T[] {
  let copy: T[] | undefined;
  list.forEach((item, index) => {
    const changed = change(item);
    if (changed === item) return;
    copy ??= [...list];
    copy[index] = changed;
  });
  return copy ?? list;
}

function shallowTask(task: TaskStatistics): TaskStatistics {
  const { error, attemptStatistics } = task;
  const own = error && shallowError(error);
  const attempts = mapped(attemptStatistics, (attempt) => {
    const cut = attempt.error && shallowError(attempt.error);
    return cut === attempt.error || cut === undefined ? attempt : { ...attempt, error: cut };
  });
  if (own === error && attempts === attemptStatistics) return task;
  return { ...task, attemptStatistics: attempts, ...(own === undefined ? {} : { error: own }) };
}

function shallowError(error: SerializedError): SerializedError {
  return isDeep(error, DEEPEST) ? cutError(error, 0) : error;
}

/** What is cut off says so, as the engine's own cuts do. */
function cutError(error: SerializedError, depth: number): SerializedError {
  const { cause, errors, data, ...rest } = error;
  if (depth >= DEEPEST_CAUSE || isDeep(data, DEEPEST)) return { ...rest, truncated: true };
  return {
    ...rest,
    ...(cause === undefined ? {} : { cause: cutError(cause, depth + 1) }),
    ...(errors === undefined ? {} : { errors: errors.map((one) => cutError(one, depth + 1)) }),
    ...(data === undefined ? {} : { data }),
  };
}

function shallowOutputs(outputs: Record<string, EncodedValue>): Record<string, EncodedValue> {
  let copy: Record<string, EncodedValue> | undefined;
  for (const [name, output] of Object.entries(outputs)) {
    if (!isDeep(output, DEEPEST)) continue;
    copy ??= { ...outputs };
    copy[name] = { encoding: "omitted", why: "too-large", type: "object" };
  }
  return copy ?? outputs;
}

/** Whether a value has more levels than that: nothing that walks it may run out of stack. */
export function isDeep(value: unknown, deepest: number): boolean {
  let level = new Set<object>(isObject(value) ? [value] : []);
  for (let depth = 0; level.size > 0; depth++) {
    if (depth > deepest) return true;
    const next = new Set<object>();
    for (const one of level) {
      for (const item of Object.values(one) as unknown[]) if (isObject(item)) next.add(item);
    }
    level = next;
  }
  return false;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
