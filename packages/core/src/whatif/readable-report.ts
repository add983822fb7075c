/**
 * Whether a report is one that a run can be simulated from: every field that is read of it is checked here. It may come from
 * a file that anything has happened to. Knows no plan.
 */
import { brandOf } from "../ground/brand.ts";
import type { Issues } from "../ground/check.ts";
import { describe } from "../ground/describe.ts";
import type { ExecutionReport } from "../report/execution-report.ts";
import type { SerializedReport } from "../report/serialized-report.ts";
import type { TaskStatistics } from "../report/statistics.ts";
import { endedEarly } from "./ended-early.ts";

/** Stored or live, as the plain one. Collects why it is none, or that not everything of the run happened. */
export function readableReport(issues: Issues, given: unknown): SerializedReport | undefined {
  const live = brandOf(given)?.kind === "report";
  const report: unknown = live ? (given as ExecutionReport).toJSON() : given;
  if (!isReport(report)) {
    const message = `whatIf() needs a report, as a run resolves to it or from report.toJSON(), got ${describe(given)}`;
    issues.add("invalid-argument", message, ["report"]);
    return undefined;
  }
  if (!isOfVersion1(report.formatVersion)) {
    const message = `whatIf() reads reports of format version 1, got one of version ${describe(report.formatVersion)}. Update @astrum/core, or give it the report of a run of this version`;
    issues.add("invalid-argument", message, ["report", "formatVersion"]);
    return undefined;
  }
  const fault = faultOf(report);
  if (fault !== undefined) {
    const message = `whatIf() cannot read this report: ${fault}. Give it one as report.toJSON() made it`;
    issues.add("invalid-argument", message, ["report"]);
    return undefined;
  }
  const early = endedEarly(report);
  if (early !== undefined) {
    const message = `whatIf() needs a run that came to its end: run "${report.run.id}" ${early}, so nobody knows how long the rest would have taken. Give it the report of a run that was not stopped`;
    issues.add("ended-early", message, ["report"]);
  }
  return report;
}

/** A minor version only adds what may be absent. */
function isOfVersion1(version: unknown): boolean {
  return typeof version === "string" && /^1\.\d+$/.test(version);
}

function isReport(value: unknown): value is SerializedReport {
  const { format, run, taskStatistics, originalTasks } = (value ?? {}) as Partial<SerializedReport>;
  return (
    format === "astrum.execution-report" &&
    isObject(run?.config) &&
    isObject(originalTasks) &&
    Array.isArray(taskStatistics)
  );
}

/** The first thing in it that is not what it must be. */
function faultOf({
  planningDurationMs,
  totalDurationMs,
  run,
  taskStatistics,
}: SerializedReport): string | undefined {
  for (const [name, ms] of Object.entries({ planningDurationMs, totalDurationMs })) {
    if (!isInstant(ms)) return `\`${name}\` is no number of milliseconds`;
  }
  if (typeof run.id !== "string") return "`run.id` is no text";
  const fault = faultOfConfig(run.config);
  if (fault !== undefined) return fault;
  const named = new Map<string, TaskStatistics>();
  for (const [at, row] of taskStatistics.entries()) {
    const wrong =
      faultOfRow((row ?? {}) as Partial<TaskStatistics>) ?? faultOfUnits(row, run.config);
    if (wrong !== undefined) return `\`taskStatistics[${at}]\` ${wrong}`;
    if (named.has(row.taskName)) return `it has two tasks "${row.taskName}"`;
    named.set(row.taskName, row);
  }
  return faultOfPlaces(taskStatistics, named);
}

function faultOfConfig({
  concurrency,
  resources = {},
  rates = {},
}: SerializedReport["run"]["config"]): string | undefined {
  if (concurrency !== null && concurrency !== undefined && !isCount(concurrency)) {
    return "`run.config.concurrency` is no number of slots";
  }
  if (!isObject(resources) || !Object.values(resources).every(isUnits)) {
    return "`run.config.resources` are no numbers of units";
  }
  if (!isObject(rates) || !Object.values(rates).every(isRate)) {
    return "`run.config.rates` are no rates";
  }
  return undefined;
}

function faultOfRow(row: Partial<TaskStatistics>): string | undefined {
  const { taskName, dependencies, attemptStatistics, parent, concurrency, resources = {} } = row;
  if (typeof taskName !== "string") return "has no name";
  if (!Array.isArray(dependencies) || !dependencies.every(isEdge)) {
    return "has no list of dependencies";
  }
  if (!Array.isArray(attemptStatistics) || !attemptStatistics.every(isAttempt)) {
    return "has no list of attempts with their instants";
  }
  if (![row.readyAt ?? 0, row.endAt ?? 0, row.durationMs, row.journalMs ?? 0].every(isInstant)) {
    return "does not say when it was";
  }
  if (parent !== undefined && typeof parent !== "string") return "is inside of what has no name";
  if (concurrency !== undefined && !isCount(concurrency)) return "has no number of items at once";
  if (!isObject(resources) || !Object.values(resources).every(isInstant)) {
    return "has no numbers of units";
  }
  return undefined;
}

/** Nobody waits for ever: not even one who holds more than there is. */
function faultOfUnits(
  { taskName, resources: held = {} }: TaskStatistics,
  { resources = {}, rates = {} }: SerializedReport["run"]["config"],
): string | undefined {
  for (const [name, units] of Object.entries(held)) {
    const most = ofName(resources, name) ?? ofName(rates, name)?.burst ?? 0;
    if (units > most) return `("${taskName}") holds ${units} of "${name}", and there was ${most}`;
  }
  return undefined;
}

function ofName<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** So many may be inside of one another: a run lets no more come up, and plans are written by hand. */
const DEEPEST = 500;

/** What is inside of what: nothing in itself, no list with holes. */
function faultOfPlaces(
  rows: readonly TaskStatistics[],
  named: ReadonlyMap<string, TaskStatistics>,
): string | undefined {
  const items = new Map<string, number>();
  for (const { parent, index } of rows) {
    if (parent !== undefined && index !== undefined)
      items.set(parent, (items.get(parent) ?? 0) + 1);
  }
  const deep = new Map<string, number>();
  for (const row of rows) {
    const { taskName, parent = "", index } = row;
    if (index !== undefined && !(isUnits(index) && index < (items.get(parent) ?? 0))) {
      return `"${taskName}" is no item that could be`;
    }
    // From here out to one of which it is known: that is a step or two, except in a report that somebody has made.
    let depth = 0;
    for (let at: TaskStatistics | undefined = row; at?.parent !== undefined; depth++) {
      const known = deep.get(at.taskName);
      if (known !== undefined) {
        depth += known;
        break;
      }
      if (depth > DEEPEST) break;
      at = named.get(at.parent);
    }
    if (depth > DEEPEST)
      return `"${taskName}" is inside of itself, or of more than ${DEEPEST} others`;
    deep.set(taskName, depth);
  }
  return undefined;
}

function isEdge(edge: unknown): boolean {
  const { task, kind, to } = (edge ?? {}) as Record<string, unknown>;
  return (
    typeof task === "string" &&
    ["value", "optional", "settled", "after"].includes(kind as string) &&
    ["undefined", "string", "number"].includes(typeof to)
  );
}

function isAttempt(attempt: unknown): boolean {
  const { startAt, endAt, durationMs, queuedMs, delayMs } = (attempt ?? {}) as Record<
    string,
    unknown
  >;
  return [startAt, endAt ?? 0, durationMs, queuedMs, delayMs ?? 0].every(isInstant);
}

function isRate(rate: unknown): boolean {
  const { limit, perMs, burst } = (rate ?? {}) as Record<string, unknown>;
  return [limit, perMs ?? 1, burst].every((one) => isInstant(one) && one !== 0);
}

/** No instant is further from the start than dates go. */
function isInstant(value: unknown): boolean {
  return typeof value === "number" && value >= 0 && value <= 8.64e15;
}

function isUnits(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCount(value: unknown): boolean {
  return isUnits(value) && value !== 0;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
