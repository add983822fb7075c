/**
 * One random run, held against every promise that the engine makes whatever the graph, its tasks and its caller do.
 * Throws with the promise that was broken; knows no test runner, so that millions of runs can be made without one.
 */
import { deepStrictEqual } from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { GraphPlan } from "../src/define/plan.ts";
import {
  type ExecutionReport,
  type FlowRun,
  flow,
  type Outcome,
  Semaphore,
  type SerializedReport,
  type TaskStatistics,
  task,
} from "../src/index.ts";
import { Run } from "../src/machine/run.ts";
import { QUEUED, RUNNING } from "../src/machine/states.ts";
import { type Recording, recorded, replay, VirtualClock } from "../src/testing.ts";
import { answers, inTime, nothingIsAsked, nothingMoreIsAsked, Watch } from "./asked-and-held.ts";
import { fallbacks } from "./fallback-oracle.ts";
import { finallyTasks } from "./finally-oracle.ts";
import { hold } from "./hold.ts";
import { WatchedJournal } from "./journal-oracle.ts";
import { MachineAgain } from "./machine-again.ts";
import { onPaper } from "./on-paper.ts";
import { unruly } from "./precedence-oracle.ts";
import {
  CAPACITY,
  callOf,
  endless,
  FELL_BACK,
  fallsBack,
  LINES,
  RandomGraph,
  type RandomRun,
  resourcesOf,
  type Seen,
  writtenAs,
} from "./random-graph.ts";
import { byName, failedForGood } from "./report-rows.ts";
import { FINAL } from "./scenario.ts";
import { passed } from "./shared-precedence-oracle.ts";
import { everyValueIsReleased, things } from "./things-oracle.ts";
import { uninterruptible } from "./uninterruptible-oracle.ts";

/** Every promise, held against one random run. */
export async function everyPromise(spec: RandomRun): Promise<void> {
  const clock = new VirtualClock();
  const graph = new RandomGraph(clock, spec);
  const { signal } = graph.controller;
  if (spec.abortedBefore) graph.controller.abort(new Error("before"));
  const semaphore = new Semaphore(spec.slots);
  const resources = resourcesOf(spec);
  const journal = new WatchedJournal(spec, graph, clock);
  const watch = spec.observed ? new Watch(graph) : undefined;
  const runLimitMs = spec.timeoutMs ?? (endless(spec) ? 200 : undefined);
  const { options, recording } = recorded({
    clock,
    signal,
    resources,
    failure: spec.failure,
    keep: spec.keep,
    random: () => 0.5,
    ...(spec.limit !== "none" && {
      concurrency: spec.limit === "number" ? spec.slots : semaphore,
    }),
    ...(runLimitMs !== undefined && { timeoutMs: runLimitMs }),
    ...(watch !== undefined && { observers: [watch.observer] }),
    ...(spec.graceMs !== undefined && { graceMs: spec.graceMs }),
    ...(spec.journalBreaksAt !== undefined && { journal: journal.journal }),
  });
  const limits = new Limits(spec, recording);
  graph.onStart = (seen) => limits.begins(seen, graph.seen);

  // Another run on the same semaphore comes and goes.
  const rival = spec.limit === "semaphore" ? limits.rival(clock, semaphore, graph.seen) : undefined;
  graph.run = graph.flow.start(options);
  for (const { at, act, on } of spec.acts) {
    clock.after(at, () => {
      if (act === "abort") graph.controller.abort("by the caller");
      else if (act === "cancel") graph.run?.cancel("by the caller");
      else graph.cancelTask(on);
    });
  }
  // The virtual clock throws when nothing is left that could settle the run.
  const report = await clock.run(graph.run.report);
  const settledAt = graph.tick();

  const stored = asStored(report);
  counts(stored);
  rows(stored, spec, graph);
  edges(stored, spec, graph);
  path(stored);
  hold("never above the limits", limits.broken.length === 0, limits.broken);
  journal.kept(stored);
  hold("no listener is left", getEventListeners(signal, "abort").length === 0);
  nothingRuns(stored, graph, recording);
  nothingIsAsked(stored, graph, spec);
  answers(stored, spec);
  inTime(stored, spec, graph, runLimitMs);
  finallyTasks(stored, graph, recording);
  fallbacks(stored, spec, graph);
  things(stored, spec, graph, recording);
  uninterruptible(stored, spec, graph);
  onPaper(stored, fellBackLate(stored, spec));
  hold("the observer is at no fault", report.observerErrors?.length === 0, report.observerErrors);
  const text = JSON.stringify(stored);
  const again = asStored(replay(graph.flow.plan(), recording));
  if (JSON.stringify(again) !== text) deepStrictEqual(again, stored);
  idleness(graph.flow.plan() as GraphPlan, recording, spec);
  precedence(graph.flow.plan() as GraphPlan, recording, spec);

  // Whatever still goes on can change neither the report nor start anything.
  await clock.advance(1000);
  const dangling = danglingTail(spec, graph);
  // An endless tail task may keep the permit that the other run waits for: that run can still be called off.
  if (dangling) rival?.cancel();
  if (rival !== undefined) await clock.run(rival.report);
  const later = asStored(report);
  if (JSON.stringify(later) !== text) deepStrictEqual(later, stored);
  for (const { declared, startedAt, task } of graph.seen) {
    hold("nothing starts after settle", startedAt < settledAt || graph.tails.has(declared), task);
  }
  nothingMoreIsAsked(graph, settledAt, watch);
  everyValueIsReleased(graph);
  if (!dangling) {
    for (const { taskName, status } of await clock.run(report.tail)) {
      hold("the tail ends", FINAL.includes(status), taskName, status);
    }
    const free = spec.limit === "semaphore" ? freePermits(semaphore) : spec.slots;
    hold("all permits are back", free === spec.slots, free, spec.slots);
    const { db } = resources;
    const units = db instanceof Semaphore ? freePermits(db) : CAPACITY.db;
    hold("all units are back", units === CAPACITY.db, units);
  }
}

/** What a reader of the report gets. */
function asStored(report: Pick<ExecutionReport, "toJSON">): SerializedReport {
  return JSON.parse(JSON.stringify(report.toJSON({ outputs: true })));
}

/** Nobody aborts a tail task after the run: an endless one goes on for ever. */
function danglingTail(spec: RandomRun, graph: RandomGraph): boolean {
  return spec.tasks.some(
    ({ asks, when, policy, calls, fallback, timeoutMs }, at) =>
      graph.tails.has(`t${at}`) &&
      (fallback === "never" ||
        [...asks, when, policy].some(({ ms }) => !Number.isFinite(ms)) ||
        calls.some(
          ({ ms, ears }) => !Number.isFinite(ms) && (timeoutMs === undefined || ears === "deaf"),
        )),
  );
}

function freePermits(semaphore: Semaphore): number {
  let granted = 0;
  for (let at = 0; at <= semaphore.limit; at++) {
    semaphore.acquire(() => {
      granted++;
    });
  }
  return granted;
}

/** One final status for each task, and counts that add up. */
function counts(report: SerializedReport): void {
  const { successfulTasks, failedTasks, cancelledTasks, skippedTasks } = report;
  const { restoredTasks, detachedTasks, abandonedTasks, totalTasks, taskStatistics } = report;
  const told: Record<string, number> = {
    completed: successfulTasks,
    failed: failedTasks,
    cancelled: cancelledTasks,
    skipped: skippedTasks,
    restored: restoredTasks,
    detached: detachedTasks,
    abandoned: abandonedTasks,
  };
  const found: Record<string, number> = Object.fromEntries(FINAL.map((status) => [status, 0]));
  for (const { status } of taskStatistics) found[status] = (found[status] ?? 0) + 1;
  for (const status in found) {
    hold("counts are right", told[status] === found[status], status, told[status], found[status]);
  }
  const sum = Object.values(told).reduce((total, count) => total + count, 0);
  hold("counts add up", sum === totalTasks, sum, totalTasks);
  const names = new Set(taskStatistics.map(({ taskName }) => taskName));
  hold(
    "every task is listed once",
    names.size === totalTasks && taskStatistics.length === totalTasks,
  );
}

/** What a status promises about attempts, reasons and the state of the run. */
function rows(report: SerializedReport, spec: RandomRun, graph: RandomGraph): void {
  let failed = false;
  let toleratedFailures = 0;
  const named = byName(report);
  for (const row of report.taskStatistics) {
    const { taskName, status, attemptCount, attemptStatistics, reason } = row;
    const own = graph.seen.filter((seen) => seen.task === taskName);
    const counted =
      taskName.endsWith("-list") ||
      (status === "detached" ? own.length >= attemptCount : own.length === attemptCount);
    hold("calls are counted", counted, taskName, own.length, attemptCount);
    hold(
      "attempts are numbered",
      own.every(({ attempt }, at) => attempt === at + 1),
      taskName,
    );
    hold("no retry too many", attemptCount <= row.retry + 1, taskName);
    hold("every attempt is listed", attemptStatistics.length === attemptCount, taskName);
    const explained =
      reason !== undefined || !["skipped", "cancelled", "abandoned"].includes(status);
    hold("every such status has a reason", explained, taskName, status);
    whySkipped(row);
    if (row.kind !== "map" && status !== "detached" && attemptCount > 0) {
      const last = attemptStatistics.at(-1)?.status as string;
      // A task that is called off between two attempts was last seen failing, and one whose result was not stored completing.
      const unstored = status === "failed" && row.error?.name === "JournalError";
      const fits =
        last === (status === "skipped" || (unstored && last !== "failed") ? "completed" : status) ||
        (status === "cancelled" && last === "failed");
      hold("the last attempt made the status", fits, taskName, status, last);
    }
    let end = Number.NEGATIVE_INFINITY;
    for (const attempt of attemptStatistics) {
      hold("attempts do not overlap", attempt.startAt >= end, taskName);
      hold("nobody starts before being ready", attempt.queuedMs >= 0, taskName);
      if (attempt.endAt !== null) end = attempt.endAt;
      if (!taskName.endsWith("-list")) logKept(attempt, row, spec);
    }
    const planned = row.parent ?? taskName;
    const written = writtenAs(spec, planned);
    const alone = written?.kind === "map" && written.alone;
    const ignored = written?.ignored === true || (alone && row.kind === "item");
    const final = failedForGood(row);
    const fellBack = row.fallback === true;
    if (final && !ignored && !fellBack && !graph.tails.has(planned)) failed = true;
    const tolerated = final && (ignored || fellBack || graph.tails.has(planned));
    if (written !== undefined && row.kind === "item") {
      const key = written.keys === "none" ? undefined : `key ${row.index}`;
      hold("an item has the key that was made for it", row.key === key, taskName, row.key);
    }
    if (alone && row.kind === "map" && status === "failed") {
      const listed = report.taskStatistics.some(({ parent }) => parent === taskName);
      const broken = spec.journalBreaksAt !== undefined;
      const lost = row.dependencies.some(({ task }) => named.get(task)?.lostAt !== undefined);
      hold("items that fail alone fail no map", !listed || broken || lost, taskName);
    }
    hold("a failure is tolerated as written", row.tolerated === (tolerated || undefined), taskName);
    if (tolerated) toleratedFailures++;
    const blamed = report.errorSummary.some((line) => line.startsWith(`Task "${taskName}" `));
    hold("what is tolerated is no reason", !tolerated || !blamed, taskName);
  }
  const { executionState: state, errorSummary, totalAttempts } = report;
  hold("what is tolerated is counted", report.toleratedFailures === toleratedFailures);
  hold("a failure fails the run", !failed || state !== "completed", state);
  const blames = errorSummary.length > 0;
  hold("a completed run blames nobody", state !== "completed" || !blames, errorSummary);
  hold("a failed run says why", (!failed && state !== "failed") || errorSummary.length > 0, state);
  if (spec.abortedBefore) {
    hold("an aborted signal starts nothing", state === "cancelled" && totalAttempts === 0);
  }
}

/** An attempt has the last lines that its call said, and the count of those before. */
function logKept(
  { attemptNumber, log = [], logDropped = 0 }: TaskStatistics["attemptStatistics"][number],
  { taskName, parent, index = 0 }: TaskStatistics,
  spec: RandomRun,
): void {
  const { deed = "none" } = callOf(writtenAs(spec, parent ?? taskName), attemptNumber, index) ?? {};
  const said = deed in LINES ? LINES[deed as keyof typeof LINES] : 0;
  const kept = log.length === Math.min(100, said) && logDropped === Math.max(0, said - 100);
  hold("its log is kept", kept, taskName, attemptNumber, deed, log.length, logDropped);
}

/** The word and the root that a skipped task has say what its reason says. */
function whySkipped({ taskName, status, reason, because, root }: TaskStatistics): void {
  const skipped = status === "skipped";
  hold("only a skipped task has a word for why", skipped === (because !== undefined), taskName);
  hold("only a skipped task has a root", skipped || root === undefined, taskName, root);
  if (!skipped || reason === undefined) return;
  const { kind } = reason;
  const word = kind === "condition" || kind === "dependency" ? kind : "stopped";
  hold("the word says what the reason says", because === word, taskName, because, reason);
  const first =
    reason.kind === "dependency"
      ? reason.root
      : reason.kind === "failure"
        ? reason.task
        : undefined;
  hold("the root is the first cause", root === first, taskName, root, reason);
}

/** No function began before its dependencies had ended, and each was given what the table of edges says. */
function edges(report: SerializedReport, spec: RandomRun, graph: RandomGraph): void {
  const named = byName(report);
  for (const { declared, inputs, startedAt, task } of graph.seen) {
    const { dependencies } = named.get(declared) as TaskStatistics;
    for (const { task: source, kind, to } of dependencies) {
      if (source.endsWith("-list")) continue;
      const before = named.get(source) as TaskStatistics;
      const needed = kind === "value" || kind === "after";
      hold("what it needs has a value", !needed || hasValue(before), task, source);
      for (const seen of graph.seen) {
        if (seen.declared !== source || (seen.endedAt ?? Infinity) < startedAt) continue;
        // What was given up need not have ended.
        const over = named.get(seen.task)?.status === "abandoned";
        hold("its dependencies have ended", over, task, seen.task);
      }
      if (to === undefined) continue;
      const alone = before.kind === "map" && writtenAs(spec, source)?.alone;
      if (alone && before.status === "completed") {
        eachOutcome(source, kind === "settled" ? inputs[to] : { value: inputs[to] }, named);
        continue;
      }
      const failed = before.status !== "completed";
      const unseen = !hasValue(before) || (kind === "settled" && failed);
      const result = unseen ? undefined : resultOf(before, named);
      if (kind === "settled") {
        const outcome = inputs[to] as Outcome<unknown>;
        hold("it sees the outcome", outcome.status === before.status, task, outcome, before.status);
        const value = outcome.status === "completed" ? outcome.value : undefined;
        hold("it sees the value", same(value, result), task, value, result);
      } else {
        hold("it is given the value", same(inputs[to], result), task, inputs[to], result);
      }
    }
  }
}

/** What a map gave whose items fail alone: how each of them ended, in order. */
function eachOutcome(
  map: string,
  given: unknown,
  named: ReadonlyMap<string, TaskStatistics>,
): void {
  const { value } = given as { readonly value: readonly Outcome<unknown>[] };
  const items = [...named.values()].filter(({ parent }) => parent === map);
  const told = value.map((one) => (one.status === "completed" ? one.value : one.status));
  const ended = items.map(({ taskName, status }) =>
    status === "completed" ? `${taskName}!` : status,
  );
  hold("it sees how each item ended", same(told, ended), map, told, ended);
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Its own, or that of its fallback. */
function hasValue({ status, fallback }: TaskStatistics): boolean {
  return status === "completed" || fallback === true;
}

function resultOf(row: TaskStatistics, named: ReadonlyMap<string, TaskStatistics>): unknown {
  if (row.kind !== "map") return row.fallback ? FELL_BACK : `${row.taskName}!`;
  const items = [...named.values()].filter(({ parent }) => parent === row.taskName);
  return items.map((item) => (item.status === "skipped" ? undefined : resultOf(item, named)));
}

/** The critical path tiles the time until the last end of what the run waits for. */
function path({ analysis, taskStatistics }: SerializedReport): void {
  const micros = (ms: number): number => Math.round(ms * 1000);
  let sum = 0;
  for (const { gapMs, runMs, task } of analysis.criticalPath) {
    hold("no segment is negative", gapMs >= 0 && runMs >= 0, task, gapMs, runMs);
    sum += micros(gapMs) + micros(runMs);
  }
  const tails = new Set(
    taskStatistics.filter(({ kind }) => kind === "tail").map(({ taskName }) => taskName),
  );
  const ends = taskStatistics
    .filter(({ taskName, parent }) => !tails.has(parent ?? taskName))
    .flatMap(({ attemptStatistics }) => attemptStatistics.map(({ endAt }) => endAt ?? 0));
  const last = micros(Math.max(0, ...ends));
  hold("the critical path tiles the makespan", sum === last, sum, last);
  const { dependencyMs } = analysis.bounds;
  hold("no bound is above what it took", micros(dependencyMs) <= last, dependencyMs, last);
}

/** A fallback was asked that takes its time. */
function fellBackLate({ taskStatistics }: SerializedReport, spec: RandomRun): boolean {
  return taskStatistics.some(({ taskName, parent, status }) => {
    const one = writtenAs(spec, parent ?? taskName);
    if (one === undefined || !fallsBack(one)) return false;
    const atOnce = one.fallback === "gives" || one.fallback === "throws";
    return !atOnce && (status === "failed" || status === "abandoned");
  });
}

/** At settle nothing is running but attempts of detached tail tasks and abandoned ones. */
function nothingRuns(report: SerializedReport, graph: RandomGraph, recording: Recording): void {
  const going = graph.seen.filter(({ endedAt }) => endedAt === undefined);
  if (going.length === 0) return;
  const abandoned = abandonedTasks(recording, graph);
  for (const { task, declared } of going) {
    if (abandoned.has(task)) continue;
    const row = report.taskStatistics.find(({ taskName }) => taskName === task);
    // The items of a tail map may be listed later than the run has settled.
    const detached = graph.tails.has(declared) && (row?.status ?? "detached") === "detached";
    hold("nothing is running at settle", detached, task, row?.status);
  }
}

function abandonedTasks({ events, settings }: Recording, graph: RandomGraph): Set<string> {
  if (!events.some(({ type }) => type === "abandon")) return new Set();
  const plan = graph.flow.plan() as GraphPlan;
  const machine = new Run(plan, settings);
  const names = new Set<string>();
  for (const event of events) {
    machine.handle(event);
    if (event.type !== "abandon") continue;
    const { task } = event;
    const spawn = machine.ledger.spawns.of(task);
    names.add(
      spawn === undefined
        ? plan.nameOf(task)
        : `${plan.nameOf(spawn.owner)}[${task - spawn.first}]`,
    );
  }
  return names;
}

/** With a plain limit no task is ready at the end of a turn while a slot is free. */
function idleness(plan: GraphPlan, { events, settings }: Recording, spec: RandomRun): void {
  if (spec.limit !== "number" || spec.tasks.some(({ demand }) => demand[0] + demand[1] > 0)) return;
  const machine = new MachineAgain(plan, { settings });
  events.forEach((event, at) => {
    machine.handle(event);
    if (machine.waits) return;
    const running = machine.withStatus(RUNNING).length;
    // Items may be held back by their map.
    const ready = machine.withStatus(QUEUED).filter((task) => task < plan.graph.size).length;
    hold("no slot is idle", ready === 0 || running === spec.slots, at, running, ready);
  });
}

/** Who starts is who the rule says; items that their map holds back, and permits of other runs, cannot be seen. */
function precedence(plan: GraphPlan, recording: Recording, spec: RandomRun): void {
  const { limit, tasks, slots } = spec;
  if (limit === "semaphore" || spec.db === "rate") return;
  if (tasks.some(({ kind, concurrency }) => kind === "map" && concurrency !== undefined)) return;
  const most = limit === "number" ? slots : Number.POSITIVE_INFINITY;
  const broken =
    spec.db === "own"
      ? unruly(plan, recording, most, CAPACITY)
      : passed(plan, recording, most, CAPACITY, ["db"]);
  hold("the rule of precedence holds", broken === undefined, broken);
}

/** Watches, from inside the functions, how many of them run at once. */
class Limits {
  readonly broken: string[] = [];
  readonly #spec: RandomRun;
  readonly #recording: Recording;
  #rivals = 0;

  constructor(spec: RandomRun, recording: Recording) {
    this.#spec = spec;
    this.#recording = recording;
  }

  begins(seen: Seen, all: readonly Seen[]): void {
    const running = all.filter(({ endedAt, asking }) => endedAt === undefined || asking);
    if (running.some((other) => other !== seen && other.task === seen.task)) {
      this.broken.push(`two attempts of ${seen.task}`);
    }
    // What was given up goes on without its slot: from then on only the machine knows who holds one.
    if (this.#recording.events.some(({ type }) => type === "abandon")) return;
    this.#held(running.length);
    Object.values(CAPACITY).forEach((capacity, at) => {
      if (at === 0 && this.#spec.db === "rate") return;
      const used = running.reduce((sum, { demand }) => sum + (demand[at] as number), 0);
      if (used > capacity) this.broken.push(`${used} of ${capacity} when ${seen.task} began`);
    });
  }

  #held(running: number): void {
    const { limit, slots } = this.#spec;
    if (limit !== "none" && running + this.#rivals > slots) {
      this.broken.push(`${running} and ${this.#rivals} of ${slots} at once`);
    }
  }

  /** Another run on the semaphore, which takes permits and gives them back. */
  rival(
    clock: VirtualClock,
    concurrency: Semaphore,
    own: readonly Seen[],
  ): FlowRun<Record<string, unknown>> {
    const roots = Object.fromEntries(
      [3, 0, 7].map((ms, at) => [
        `rival${at}`,
        task(`rival${at}`, async () => {
          this.#rivals++;
          this.begins(NOBODY, own);
          if (ms > 0) await clock.wait(ms);
          this.#rivals--;
        }),
      ]),
    );
    return flow("rival", roots).start({ clock, concurrency });
  }
}

const NOBODY: Seen = {
  task: "",
  declared: "",
  attempt: 0,
  demand: [],
  inputs: {},
  startedAt: 0,
  endedAt: 0,
  asking: false,
};
