/**
 * What docs/guarantees.md promises of finally tasks, held against one random run: when they start, that they always do,
 * that only a second abort reaches them, and that how the run ended was decided before. Throws with what was broken.
 */
import type { GraphPlan } from "../src/define/plan.ts";
import type { SerializedReport, TaskStatistics } from "../src/index.ts";
import { Run } from "../src/machine/run.ts";
import type { Recording } from "../src/testing.ts";
import { hold } from "./hold.ts";
import type { RandomGraph } from "./random-graph.ts";
import { byName, type Rows, wasAbandoned } from "./report-rows.ts";

export function finallyTasks(
  report: SerializedReport,
  graph: RandomGraph,
  { events, settings }: Recording,
): void {
  if (graph.finallyTasks.size === 0) return;
  const rows = byName(report);
  for (const row of rows.values()) {
    const last = graph.finallyTasks.has(row.parent ?? row.taskName);
    hold("its role is told", (row.role === "finally") === last, row.taskName);
  }
  start(rows, graph);
  verdict(report, graph, { events, settings });
  // An event that came before the first one stopped a run that had not begun.
  const stops = events.filter(({ type }) => type === "stop");
  const before = stops.some((stop) => isEarly(events, stop));
  const aborts = stops.filter((stop) => stop.type === "stop" && stop.cause.kind === "aborted");
  for (const name of graph.finallyTasks) {
    const row = rows.get(name) as TaskStatistics;
    if (before) {
      const untouched = ["skipped", "cancelled"].includes(row.status) && row.attemptCount === 0;
      hold("a run that was stopped before it began starts none", untouched, name, row.status);
    } else if (aborts.length < 2 && !isCalledOff(row, rows, events, graph)) {
      ran(row, rows, graph);
    }
  }
}

const isBegin = ({ type }: { readonly type: string }): boolean => type === "begin";

/** None is called, nor asked for, before all others but tails have ended. */
function start(rows: Rows, graph: RandomGraph): void {
  const isLast = ({ declared }: { readonly declared: string }): boolean =>
    graph.finallyTasks.has(declared);
  const first = Math.min(
    ...graph.seen.filter(isLast).map(({ startedAt }) => startedAt),
    ...graph.asked.filter(isLast).map(({ startedAt }) => startedAt),
  );
  for (const one of graph.seen) {
    if (isLast(one) || graph.tails.has(one.declared)) continue;
    hold("nothing else starts after a finally task", one.startedAt < first, one.task);
    const over = (one.endedAt ?? Number.POSITIVE_INFINITY) < first;
    const abandoned = wasAbandoned(rows.get(one.task));
    hold("all others have ended", over || abandoned || first === Infinity, one.task);
  }
  for (const one of graph.asked) {
    if (isLast(one) || graph.tails.has(one.declared) || first === Infinity) continue;
    const over = (one.endedAt ?? Number.POSITIVE_INFINITY) < first;
    const row = rows.get(one.declared);
    const gaveUp = row?.attemptStatistics.some(({ status }) => status === "abandoned") === true;
    const forsaken = row?.overrunMs !== undefined || gaveUp;
    hold("what was asked for others has ended", over || forsaken, one.declared, one.what);
  }
}

/** Neither an abort nor the run's time limit says how it ended, once finally tasks may start. */
function verdict(
  { executionState, taskStatistics }: SerializedReport,
  graph: RandomGraph,
  { events, settings }: Pick<Recording, "events" | "settings">,
): void {
  const plan = graph.flow.plan() as GraphPlan;
  const machine = new Run(plan, settings);
  for (const event of events) {
    if (event.type === "stop") {
      const { kind } = event.cause;
      const { readyAt } = machine.ledger;
      const late = [...plan.graph.finallyTasks].some((task) => !Number.isNaN(readyAt[task]));
      if (!late || kind === "journal" || kind === "clock") return;
      const failed = taskStatistics.some(
        ({ status, releaseError }) => /failed|abandoned/.test(status) || releaseError !== undefined,
      );
      const decided = executionState === "completed" || (failed && executionState === "failed");
      hold("how it ended was decided before", decided || isEarly(events, event), executionState);
      return;
    }
    machine.handle(event);
  }
}

function isEarly(events: Recording["events"], event: Recording["events"][number]): boolean {
  return events.indexOf(event) < events.findIndex(isBegin);
}

/** The caller called off the task alone, or one of its items. */
function isCalledOff(
  { taskName }: TaskStatistics,
  rows: Rows,
  events: Recording["events"],
  graph: RandomGraph,
): boolean {
  const { index, size } = (graph.flow.plan() as GraphPlan).graph;
  const own = index.get(taskName);
  const cancelled = events.flatMap((event) => (event.type === "cancel" ? [event.task] : []));
  if (cancelled.some((task) => task === own)) return true;
  const items = cancelled.some((task) => task >= size);
  return [...rows.values()].some(
    ({ parent, reason }) => items && parent === taskName && reason?.kind === "aborted",
  );
}

/** It ran to its own end, unless what it reads or its own condition ruled it out. */
function ran(
  { taskName, status, reason, attemptCount, dependencies }: TaskStatistics,
  rows: Rows,
  graph: RandomGraph,
): void {
  // What it reads had gone by itself.
  const lost = dependencies.some(({ task }) => rows.get(task)?.lostAt !== undefined);
  if (lost && (status === "failed" || status === "abandoned")) return;
  const missing = dependencies.some(({ task, kind }) => {
    const needed = kind === "value" || kind === "after";
    const { status, fallback } = rows.get(task) ?? {};
    return needed && status !== "completed" && !fallback;
  });
  if (missing) {
    const ruledOut = status === "skipped" && reason?.kind === "dependency";
    hold("what it needs is missing, so it is skipped", ruledOut, taskName, status, reason);
    return;
  }
  if (status === "skipped") {
    const asked = graph.asked.some(
      ({ declared, what }) => declared === taskName && what === "condition",
    );
    const own = reason?.kind === "condition" && (asked || attemptCount > 0);
    hold("only its condition, or itself, skips it", own, taskName, reason);
    return;
  }
  const own = reason === undefined || (reason.kind === "timeout" && reason.scope !== "run");
  const ended = ["completed", "failed", "abandoned"].includes(status);
  hold("no stop of the run reaches it", ended && own, taskName, status, reason);
}
