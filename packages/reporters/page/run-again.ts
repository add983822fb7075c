/**
 * A report that the run can be simulated from, made of the data of the page: `whatIf()` says of it what it says of the report
 * that the page shows. Every other field of a report is left out. Knows no document.
 */
import type { AttemptStatistics, SerializedReport, TaskStatistics } from "@astrum/core";
import {
  ATTEMPT_STATUSES,
  DEPENDENCY_KINDS,
  FLOWS,
  KINDS,
  NONE,
  type PageData,
} from "../src/html/page-data.ts";
import { expectedIndex, type StudyFacts, sums } from "../src/html/study-facts.ts";
import { STATUSES } from "../src/wording/outcome.ts";

type Row = Pick<
  TaskStatistics,
  | "taskName"
  | "kind"
  | "role"
  | "parent"
  | "index"
  | "stageId"
  | "dependencies"
  | "status"
  | "tolerated"
  | "fallback"
  | "reason"
  | "readyAt"
  | "startAt"
  | "endAt"
  | "durationMs"
  | "releasedBy"
  | "journalMs"
  | "priority"
  | "concurrency"
  | "resources"
> & { readonly attemptStatistics: Attempt[] };
type Attempt = Pick<
  AttemptStatistics,
  | "taskName"
  | "attemptNumber"
  | "startAt"
  | "endAt"
  | "durationMs"
  | "queuedMs"
  | "status"
  | "willRetry"
  | "delayMs"
  | "limitedBy"
  | "slotFreedBy"
>;

/** What every task and item was called in the run, by its place. */
export function namesOf({ tasks }: Pick<PageData, "tasks">, study: StudyFacts): string[] {
  const own = new Map(study.name);
  const indexes = indexesOf({ tasks }, study);
  const names: (string | undefined)[] = new Array(tasks.name.length).fill(undefined);
  // Planned tasks come before what they are inside of, items after their map.
  const nameOf = (place: number): string => {
    const way: number[] = [];
    let at = place;
    while (at !== NONE && names[at] === undefined) {
      way.push(at);
      if (own.has(at) || indexes[at] === null) break;
      at = tasks.parent[at] ?? NONE;
    }
    for (let next = way.pop(); next !== undefined; next = way.pop()) {
      const index = indexes[next];
      const parent = names[tasks.parent[next] ?? NONE];
      const told =
        index === null || parent === undefined ? tasks.name[next] : `${parent}[${index}]`;
      names[next] = own.get(next) ?? told ?? "";
    }
    return names[place] ?? "";
  };
  return tasks.name.map((_, place) => nameOf(place));
}

/** Of items, by place. */
function indexesOf({ tasks }: Pick<PageData, "tasks">, { index }: StudyFacts): (number | null)[] {
  const own = new Map(index);
  const expected = expectedIndex();
  return tasks.kind.map((kind, place) => {
    const parent = tasks.parent[place] ?? NONE;
    const next = expected({
      kind: KINDS[kind] ?? "task",
      parent: parent === NONE ? undefined : String(parent),
    });
    const given = own.get(place);
    return given === undefined ? next : given;
  });
}

/** Nothing for a page without the facts. */
export function runAgain(data: PageData): SerializedReport | undefined {
  const { study } = data;
  if (study === undefined) return undefined;
  const names = namesOf(data, study);
  const rows = rowsOf(data, study, names);
  attemptsInto(rows, data, study, names);
  const declared = study.declared.length === 0 ? rows.keys() : sums(study.declared);
  const report = {
    format: "astrum.execution-report",
    formatVersion: "1.1",
    run: { id: data.title, flow: data.title, config: study.config },
    executionState: "completed",
    totalDurationMs: study.totalUs / 1000,
    planningDurationMs: study.planningUs / 1000,
    originalTasks: Object.fromEntries(Array.from(declared, (place) => [names[place], []])),
    taskStatistics: rows,
  };
  return report as unknown as SerializedReport;
}

function rowsOf(data: PageData, study: StudyFacts, names: readonly string[]): Row[] {
  const { tasks, dependencies } = data;
  const indexes = indexesOf(data, study);
  const has = (places: readonly number[]): ReadonlySet<number> => new Set(sums(places));
  const finallyTasks = has(study.finallyTasks);
  const fallback = has(study.fallback);
  const tolerated = new Set(data.tolerated);
  const condition = has(study.condition);
  const journalUs = new Map(study.journalUs);
  const priority = new Map(study.priority);
  const mapLimit = new Map(study.mapLimit);
  const units = new Map(
    sums(study.holders).map((place, at) => [place, study.units[study.held[at] ?? 0]]),
  );
  let edge = 0;
  return names.map((taskName, place): Row => {
    const own: TaskStatistics["dependencies"] = [];
    for (let left = tasks.dependencyCount[place] ?? 0; left > 0; left--, edge++) {
      own.push({
        task: names[dependencies.task[edge] ?? NONE] ?? "",
        kind: DEPENDENCY_KINDS[dependencies.kind[edge] ?? 0] ?? "value",
      });
    }
    const status = STATUSES[tasks.status[place] ?? 0] ?? "completed";
    const flow = FLOWS[tasks.flow[place] ?? 0] ?? "none";
    const parent = tasks.parent[place] ?? NONE;
    const stage = tasks.stage[place] ?? NONE;
    const releasedBy = tasks.releasedBy[place] ?? NONE;
    const row: Row = {
      taskName,
      kind: KINDS[tasks.kind[place] ?? 0] ?? "task",
      stageId: stage === NONE ? null : stage,
      dependencies: own,
      status,
      readyAt: instant(tasks.readyUs[place]),
      startAt: instant(tasks.startUs[place]),
      endAt: instant(tasks.endUs[place]),
      durationMs: (tasks.durationUs[place] ?? 0) / 1000,
      attemptStatistics: [],
    };
    const role = finallyTasks.has(place) ? "finally" : flow === "none" ? undefined : flow;
    const index = indexes[place];
    const limit = mapLimit.get(place);
    const first = priority.get(place);
    const holds = units.get(place);
    const stored = journalUs.get(place);
    if (role !== undefined) row.role = role;
    if (parent !== NONE) row.parent = names[parent] ?? "";
    if (index !== null && index !== undefined) row.index = index;
    if (releasedBy !== NONE) row.releasedBy = names[releasedBy] ?? "";
    if (tolerated.has(place)) row.tolerated = true;
    if (fallback.has(place)) row.fallback = true;
    const reason = condition.has(place) ? ({ kind: "condition" } as const) : REASONS[status];
    if (reason !== undefined) row.reason = reason;
    if (stored !== undefined) row.journalMs = stored / 1000;
    if (limit !== undefined) row.concurrency = limit;
    if (first !== undefined) row.priority = first;
    if (holds !== undefined) row.resources = holds;
    return row;
  });
}

/** The one that there can be in a run that came to its end, beside a condition; whose it was is no matter here. */
const REASONS: Partial<Record<TaskStatistics["status"], NonNullable<TaskStatistics["reason"]>>> = {
  skipped: { kind: "dependency", task: "", root: "" },
  // It ignored its own time limit.
  abandoned: { kind: "timeout", limitMs: 0, scope: "attempt" },
};

function attemptsInto(
  rows: readonly Row[],
  { attempts }: PageData,
  { startUs, endUs }: StudyFacts,
  names: readonly string[],
): void {
  const starts = new Map(startUs);
  const ends = new Map(endUs);
  attempts.task.forEach((task, at) => {
    const row = rows[task];
    if (row === undefined) return;
    const from = starts.get(at) ?? attempts.startUs[at] ?? 0;
    const until = ends.has(at) ? (ends.get(at) ?? null) : (attempts.endUs[at] ?? 0);
    const delay = attempts.delayUs[at] ?? 0;
    const freedBy = attempts.slotFreedBy[at] ?? NONE;
    const before = row.attemptStatistics.at(-1);
    // Whoever failed and has another attempt was to be tried again, be it at once.
    if (before !== undefined && before.status !== "completed") {
      before.willRetry = true;
      before.delayMs ??= 0;
    }
    const attempt: Attempt = {
      taskName: row.taskName,
      attemptNumber: attempts.number[at] ?? 1,
      startAt: from / 1000,
      endAt: until === null ? null : until / 1000,
      durationMs: until === null ? 0 : (until - from) / 1000,
      queuedMs: (attempts.queuedUs[at] ?? 0) / 1000,
      status: ATTEMPT_STATUSES[attempts.status[at] ?? 0] ?? "completed",
      willRetry: false,
    };
    if (delay > 0) attempt.delayMs = delay / 1000;
    // Which limit it was is no matter here.
    if ((attempts.limitedBy[at] ?? NONE) !== NONE) attempt.limitedBy = "limit";
    if (freedBy !== NONE) attempt.slotFreedBy = names[freedBy] ?? "";
    row.attemptStatistics.push(attempt);
  });
}

function instant(us: number | undefined): number | null {
  return us === undefined || us === NONE ? null : us / 1000;
}
