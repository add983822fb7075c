/**
 * One random run of flows in flows, held against what docs/guarantees.md promises of them, known from that page and from
 * what the functions saw, not from the engine. Throws with the promise that was broken.
 */
import { deepStrictEqual } from "node:assert/strict";
import {
  type ExecutionReport,
  type FlowRun,
  type JournalEntry,
  type RunOptions,
  reportOfJournal,
  type SerializedReport,
  type TaskStatistics,
} from "../src/index.ts";
import { recorded, replay, VirtualClock } from "../src/testing.ts";
import { hold } from "./hold.ts";
import { onPaper } from "./on-paper.ts";
import { NestGraph, type NestRun, type NestTask } from "./random-nest.ts";
import { FINAL } from "./scenario.ts";

export async function everyNest(spec: NestRun): Promise<void> {
  const clock = new VirtualClock();
  const graph = new NestGraph(clock, spec.flow);
  const entries: JournalEntry[] = [];
  const { options, recording } = recorded({
    clock,
    failure: spec.failure,
    keep: spec.keep,
    ...(spec.concurrency !== undefined && { concurrency: spec.concurrency }),
    journal: (entry: JournalEntry) => {
      entries.push(JSON.parse(JSON.stringify(entry)));
    },
  });
  const run = graph.flow.start(options);
  for (const { at, act, on } of spec.acts) {
    clock.after(at, () => {
      if (act === "cancel") run.cancel();
      else cancelSome(run, graph, on);
    });
  }
  let settledAt = Number.POSITIVE_INFINITY;
  const live = await clock.run(run.report);
  settledAt = graph.tick();
  const report = live.toJSON();
  await clock.run(live.tail);
  const rows = new Map(report.taskStatistics.map((row) => [row.taskName, row]));
  states(report, rows);
  const stepMs = Math.max(...graph.steps.map(({ path }) => graph.specs.get(path)?.stepMs ?? -1));
  onPaper(report, stepMs > 0 || ((stepMs === 0 || isAsked(spec.flow)) && waitedForSlots(report)));
  parents(graph, rows);
  for (const { task, startedAt, endedAt } of graph.seen) {
    const tail = isBehindTail(rows, task);
    hold("nothing starts after settle", startedAt < settledAt || tail, task);
    hold("nothing runs after settle", (endedAt ?? settledAt) < settledAt || tail, task);
  }
  for (const { path, step, startedAt, endedAt } of graph.steps) {
    const tail = isBehindTailPath(graph, path);
    hold("no step is asked after settle", startedAt < settledAt || tail, path, step);
    hold("no step goes on after settle", (endedAt ?? settledAt) < settledAt || tail, path, step);
  }
  loops(graph, rows);
  for (const { task, releasedAt } of graph.things) {
    hold("what lives is released once", releasedAt.length === 1, task, releasedAt);
    const [at = 0] = releasedAt;
    hold("it is released before the run settles", at < settledAt || isBehindTail(rows, task), task);
  }
  for (const { task, handed, startedAt, endedAt = Number.POSITIVE_INFINITY } of graph.seen) {
    if (handed === undefined) continue;
    const { thing } = handed;
    hold("who reads what lives is handed it", thing !== undefined, task);
    const [at = Number.POSITIVE_INFINITY] = thing?.releasedAt ?? [];
    hold("nobody reads what was released", startedAt < at && endedAt <= at, task, thing?.task);
  }
  if (spec.keep === "all") {
    const again = replay(graph.flow.plan(), recording).toJSON();
    deepStrictEqual(
      { ...again, observerErrors: undefined },
      { ...live.toJSON(), observerErrors: undefined },
    );
  } else {
    const goOn = [...rows.values()].filter(({ taskName }) => isBehindTail(rows, taskName));
    const readLater = new Set(goOn.flatMap((row) => row.dependencies.map(({ task }) => task)));
    for (const name of live.taskReturnSet.keys()) {
      const { parent, role } = rows.get(name) as TaskStatistics;
      const behind = isBehindTail(rows, name) || readLater.has(name);
      const held = parent === undefined || role === "finally" || behind;
      hold("no output is held of what is inside of a task that has ended", held, name);
    }
  }
  await resumed(spec, entries, live);
}

function cancelSome(run: FlowRun<unknown>, { seen, specs }: NestGraph, on: number): void {
  // Which flow of a loop it is belongs to the names of tasks, and is none itself.
  const isTask = (name: string): boolean =>
    !name.endsWith("]") || specs.get(declared(name))?.kind !== "loop";
  const all = seen.flatMap(({ task }) => [task, ...around(task)]);
  const names = [...new Set(all)].filter(isTask);
  const name = names[Math.floor(on * names.length)];
  if (name !== undefined) run.cancelTask(name);
}

/** What one is inside of, as names: of items and flows of loops also without their numbers. */
function around(name: string): string[] {
  const found: string[] = [];
  for (let dot = name.lastIndexOf("."); dot > 0; dot = name.lastIndexOf(".", dot - 1)) {
    found.push(name.slice(0, dot), name.slice(0, dot).replace(/\[\d+\]$/, ""));
  }
  return found;
}

function isBehindTailPath({ tails }: NestGraph, path: string): boolean {
  return [path, ...around(path)].some((one) => tails.has(one));
}

/** Flows of a loop come one after another, as long as each ends well, until the loop is done or may have no more. */
function loops({ specs, steps }: NestGraph, rows: ReadonlyMap<string, TaskStatistics>): void {
  for (const loop of rows.values()) {
    const drawn = specs.get(declared(loop.taskName));
    if (drawn?.kind !== "loop") continue;
    const { times, max, throws } = drawn;
    const flows = flowsOf(loop, rows);
    const name = loop.taskName;
    hold("a loop has no more flows than it may have", flows.length <= Math.min(max, times), name);
    flows.forEach((flow, at) => {
      hold("flows of a loop are counted from 0", flow.length > 0, name, at);
      const next = flows[at + 1];
      if (next === undefined) return;
      const well = flow.every(
        ({ status, fallback, kind, role }) =>
          kind === "tail" ||
          role === "finally" ||
          status === "completed" ||
          status === "restored" ||
          fallback === true,
      );
      hold("no flow comes after one that did not end well", well, name, at);
      const ended = flow.filter(({ kind }) => kind !== "tail").map(({ endAt }) => endAt ?? 0);
      for (const { startAt, taskName } of next) {
        hold(
          "a flow of a loop begins when the one before has ended",
          startAt === null || ended.every((endAt) => endAt <= startAt),
          taskName,
        );
      }
    });
    if (loop.status !== "completed") continue;
    hold(
      "a loop that completed is done",
      flows.length === times && throws !== "first",
      name,
      throws,
    );
    const asked = steps.filter(({ path }) => path === declared(name));
    hold("one that completed was asked", asked.length > 0, name);
  }
  for (const { path, count, step } of steps) {
    const { times, max } = specs.get(path) as NestTask;
    hold("`next` is not asked of a loop that is done", step !== "next" || count < times, path);
    hold("`next` is not asked beyond `max`", step !== "next" || count < max, path);
  }
}

function declared(name: string): string {
  return name.replace(/\[\d+\]/g, "");
}

/** A task that has a condition, as a loop whose steps answer late, comes to a slot after one of the same instant: no report tells. */
function isAsked({ tasks }: NestRun["flow"]): boolean {
  return tasks.some(({ when, inside }) => when !== "none" || (inside && isAsked(inside)));
}

function waitedForSlots({ taskStatistics }: SerializedReport): boolean {
  return taskStatistics.some(({ attemptStatistics }) =>
    attemptStatistics.some(({ queuedMs }) => queuedMs > 0),
  );
}

/** The tasks of each flow of a loop, by its number. */
function flowsOf(
  loop: TaskStatistics,
  rows: ReadonlyMap<string, TaskStatistics>,
): TaskStatistics[][] {
  const flows: TaskStatistics[][] = [];
  for (const row of rows.values()) {
    if (row.parent !== loop.taskName) continue;
    const at = Number(/^\[(\d+)\]/.exec(row.taskName.slice(loop.taskName.length))?.[1]);
    hold("a task of a loop says in which flow it is", Number.isInteger(at), row.taskName);
    while (flows.length <= at) flows.push([]);
    flows[at]?.push(row);
  }
  return flows;
}

/** Every task has one final status; the counts add up; the critical path tiles what was waited for. */
function states(report: SerializedReport, rows: ReadonlyMap<string, TaskStatistics>): void {
  hold("names are unique", rows.size === report.totalTasks, rows.size, report.totalTasks);
  for (const { taskName, status } of rows.values()) {
    hold("every task has a final status", FINAL.includes(status), taskName, status);
  }
  const { successfulTasks, failedTasks, cancelledTasks, skippedTasks } = report;
  const { restoredTasks, detachedTasks, abandonedTasks } = report;
  const sum =
    successfulTasks +
    failedTasks +
    cancelledTasks +
    skippedTasks +
    restoredTasks +
    detachedTasks +
    abandonedTasks;
  hold("the counts add up", sum === report.totalTasks, sum, report.totalTasks);
  const { criticalPath, bounds } = report.analysis;
  const path = criticalPath.reduce((ms, { gapMs, runMs }) => ms + gapMs + runMs, 0);
  hold(
    "no bound is above what it took",
    bounds.dependencyMs <= Math.max(path, report.totalDurationMs),
    bounds,
  );
  const fatal = [...rows.values()].some(
    ({ status, tolerated, fallback }) => status === "failed" && !tolerated && !fallback,
  );
  hold(
    "what fails and is not tolerated fails the run",
    !fatal || report.executionState !== "completed",
  );
}

/** What is inside of a task, and what that makes of it. */
function parents({ specs }: NestGraph, rows: ReadonlyMap<string, TaskStatistics>): void {
  const inside = new Map<string, TaskStatistics[]>();
  for (const row of rows.values()) {
    if (row.parent === undefined) continue;
    inside.set(row.parent, [...(inside.get(row.parent) ?? []), row]);
    hold("a parent is there", rows.has(row.parent), row.taskName);
  }
  for (const [name, children] of inside) {
    const parent = rows.get(name) as TaskStatistics;
    if (children.some(({ kind }) => kind === "item")) continue;
    hold("a task with a flow inside says so", parent.role !== undefined, name);
    const waited = children.filter(({ kind }) => kind !== "tail");
    const failed = waited.filter(
      ({ status, tolerated, fallback }) =>
        (status === "failed" || status === "abandoned") &&
        !fallback &&
        !(tolerated && aloneIn(parent, tolerated)),
    );
    if (parent.status === "completed" && parent.fallback === undefined) {
      for (const child of failed)
        hold("no failure inside is lost", child.tolerated === true, name, child.taskName);
    }
    for (const { status, taskName } of waited) {
      hold(
        "who is over has nothing open inside",
        status !== "detached" || parent.status === "detached",
        taskName,
      );
    }
    const began = (row: TaskStatistics): boolean => row.startAt !== null;
    if (parent.role === "subflow" && parent.kind === "task" && parent.attemptCount === 0) {
      const none = !children.some(began);
      hold(
        "a skipped subflow that was never asked has begun nothing",
        parent.status !== "skipped" ||
          none ||
          waited.some(
            ({ status }) => status === "skipped" || status === "cancelled" || status === "failed",
          ),
        name,
      );
    }
    if (parent.endAt === null) continue;
    for (const child of waited) {
      const late = child.endAt !== null && child.endAt > parent.endAt;
      hold("a task ends with the last inside of it", !late, name, child.taskName);
      if (child.startAt === null || parent.startAt === null) continue;
      hold(
        "nothing inside begins before it",
        child.startAt >= parent.startAt,
        name,
        child.taskName,
      );
    }
    const loops = specs.get(declared(name))?.kind === "loop";
    const flows = loops ? flowsOf(parent, rows) : [children];
    for (const flow of flows) {
      const others = flow.filter(({ kind, role }) => kind !== "tail" && role !== "finally");
      for (const last of flow.filter(({ role }) => role === "finally")) {
        if (last.startAt === null) continue;
        for (const other of others) {
          hold(
            "finally tasks come after all others of their flow",
            (other.endAt ?? 0) <= last.startAt,
            last.taskName,
            other.taskName,
          );
        }
      }
    }
  }
}

/** A failure may be tolerated by itself, or by what it is inside of. */
function aloneIn(parent: TaskStatistics, tolerated: boolean): boolean {
  return tolerated && parent.status !== "failed";
}

function isBehindTail(rows: ReadonlyMap<string, TaskStatistics>, name: string): boolean {
  let at = rows.get(name);
  while (at !== undefined && at.kind !== "tail")
    at = at.parent === undefined ? undefined : rows.get(at.parent);
  return at !== undefined || !rows.has(name);
}

/** Taken up from every prefix of what its journal was told: nothing that was stored is called again, and nothing changes. */
async function resumed(
  spec: NestRun,
  entries: readonly JournalEntry[],
  whole: ExecutionReport<unknown>,
): Promise<void> {
  for (let cut = 0; cut <= entries.length; cut++) {
    const told = entries.slice(0, cut);
    const stored = new Set(
      told.filter(({ type }) => type === "completed").map(({ task }) => String(task)),
    );
    const clock = new VirtualClock();
    const graph = new NestGraph(clock, spec.flow);
    const options: RunOptions = { clock, failure: spec.failure, resumeFrom: reportOfJournal(told) };
    const report = await clock.run(graph.flow.run(options));
    await clock.run(report.tail);
    const rerun = new Set(report.resume?.rerun.map(({ task }) => task));
    const rows = new Map(report.taskStatistics.map((row) => [row.taskName, row]));
    for (const { task } of graph.seen) {
      // What is inside of a tail may come up after the report.
      if (isBehindTail(rows, task)) continue;
      // Of the items of a map that runs again because something that it reads does nothing more is said.
      const said = rerun.has(task) || rerun.has(task.replace(/\[\d+\]$/, ""));
      hold(
        "what was stored is not called again without a word",
        !stored.has(task) || said,
        task,
        cut,
      );
    }
    // Less is called, on as many slots as there are: who was late for a deadline need not be now, and the other way round.
    const ended = whole.executionState === "completed" && spec.acts.length === 0;
    if (!ended || wasLate(whole) || wasLate(report)) continue;
    hold(
      "a run that is taken up ends as it did",
      report.executionState === "completed",
      cut,
      report.errorSummary,
    );
    hold("and gives what it gave", outputsOf(report) === outputsOf(whole), cut);
  }
}

function wasLate({ taskStatistics }: ExecutionReport<unknown>): boolean {
  return taskStatistics.some(
    ({ error }) => (error as { code?: unknown } | undefined)?.code === "ASTRUM_TIMEOUT",
  );
}

/** But for this: outcomes among them say whether they are restored. */
function outputsOf({ outputs }: ExecutionReport<unknown>): string {
  return JSON.stringify(outputs, (key, value) => {
    if (key === "restored") return undefined;
    return value instanceof Error ? String(value) : value;
  });
}
