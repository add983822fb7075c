/**
 * What docs/guarantees.md promises of things, held against one random run: every value that their functions give is
 * released, once, when its last reader has ended or nobody hears it, before the run settles; and the report says so.
 * Throws with what was broken.
 */
import type { GraphPlan } from "../src/define/plan.ts";
import type { SerializedReport, TaskStatistics } from "../src/index.ts";
import { Run } from "../src/machine/run.ts";
import { COMPLETED, ENDING } from "../src/machine/states.ts";
import type { Recording } from "../src/testing.ts";
import { hold } from "./hold.ts";
import {
  type Given,
  holdsThread,
  type RandomGraph,
  type RandomRun,
  type Released,
  writtenAs,
} from "./random-graph.ts";
import { byName, type Rows, wasAbandoned } from "./report-rows.ts";

/** As of the moment of settling. */
export function things(
  report: SerializedReport,
  spec: RandomRun,
  graph: RandomGraph,
  recording: Recording,
): void {
  if (graph.things.size === 0) return;
  const rows = byName(report);
  for (const released of graph.released) {
    const over = released.endedAt !== undefined || spec.graceMs !== undefined;
    hold("what is released has ended at settle", over, released);
    inItsTurn(released, rows, graph);
  }
  for (const name of graph.things) told(rows.get(name) as TaskStatistics, report, spec, graph);
  for (const row of rows.values()) {
    const lives = graph.things.has(row.taskName);
    hold("only a thing is released", lives || row.releasedAt === undefined, row.taskName);
  }
  commanded(graph.flow.plan() as GraphPlan, recording);
  lost(rows, graph, recording);
}

/** When everything has ended that ever will. */
export function everyValueIsReleased(graph: RandomGraph): void {
  for (const name of graph.things) {
    const given = graph.given.filter(({ of }) => of.declared === name);
    const released = graph.released.filter(({ declared }) => declared === name);
    const same = texts(given) === texts(released);
    hold("every value is released, once", same, name, texts(given), texts(released));
  }
}

function texts(values: readonly (Given | Released)[]): string {
  return values
    .map(({ value }) => String(value))
    .sort()
    .join();
}

/** Not while a reader of it runs; and not after the next attempt of its own task has begun. */
function inItsTurn({ declared, startedAt, value }: Released, rows: Rows, graph: RandomGraph): void {
  for (const seen of graph.seen) {
    const row = rows.get(seen.declared);
    if (row?.dependencies.some(({ task }) => task === declared) !== true) continue;
    const last = Math.max(
      ...graph.given.filter(({ of }) => of.declared === declared).map(({ of }) => of.startedAt),
    );
    // It read the value of the last attempt.
    const of = graph.given.findLast((one) => one.value === value && one.at < startedAt);
    if (of?.of.startedAt !== last || rows.get(declared)?.status !== "completed") continue;
    const before = (seen.endedAt ?? Number.POSITIVE_INFINITY) < startedAt;
    const over = before || wasAbandoned(rows.get(seen.task));
    hold("its readers have ended", over, declared, seen.task);
  }
  for (const { of, at } of graph.given) {
    if (of.declared !== declared || at > startedAt) continue;
    const next = graph.seen.find(
      (seen) => seen.declared === declared && seen.attempt === of.attempt + 1,
    );
    const released = graph.released.find((one) => one.declared === declared && one.startedAt > at);
    const first = (released?.startedAt ?? Infinity) < (next?.startedAt ?? Infinity);
    hold("the next attempt finds nothing of the one before", first, of.task, of.attempt);
  }
}

/** What the report says of a thing, and that of the run. */
function told(
  { taskName, releasedAt, releaseMs, releaseError }: TaskStatistics,
  { executionState, errorSummary }: SerializedReport,
  spec: RandomRun,
  graph: RandomGraph,
): void {
  const how = writtenAs(spec, taskName)?.release;
  const calls = graph.released.filter(({ declared }) => declared === taskName);
  const timed = releasedAt !== undefined && releaseMs !== undefined && releaseMs >= 0;
  hold("a release is told", calls.length > 0 === timed, taskName, releasedAt, releaseMs);
  // No timer fires while somebody holds the thread.
  if (spec.graceMs !== undefined && timed && !holdsThread(spec)) {
    hold("none is waited for longer", releaseMs <= spec.graceMs, taskName, releaseMs);
  }
  const late = calls.some(({ endedAt }) => endedAt === undefined);
  // One that ended in the very turn in which its time was up may be told as either.
  if (how === "throws" || late) {
    hold("what failed is told", calls.length > 0 === (releaseError !== undefined), taskName);
  } else if (spec.graceMs === undefined) {
    hold("nothing else failed", releaseError === undefined, taskName, releaseError);
  }
  if (releaseError === undefined) return;
  hold("it fails a run that had completed", executionState !== "completed", taskName);
  const blamed = errorSummary.some((line) => line.startsWith(`The value of task "${taskName}" `));
  hold("it is a reason", blamed, taskName, errorSummary);
}

/** The machine commands it in the event in which the last reader gets its final state, and never else. */
function commanded(plan: GraphPlan, { events, settings }: Recording): void {
  const { graph, traits } = plan;
  const machine = new Run(plan, settings);
  const disposed = new Map<number, number>();
  for (const event of events) {
    for (const command of machine.handle(event)) {
      if (command.type !== "dispose") continue;
      disposed.set(command.task, (disposed.get(command.task) ?? 0) + 1);
    }
    const { ledger } = machine;
    for (let task = 0; task < graph.size; task++) {
      if (!traits.of(task).lives) continue;
      const { start, end } = graph.dependents;
      const readers = end.subarray(start[task], start[task + 1]);
      const over = readers.every((reader) => ledger.isFinal(reader));
      const due = ledger.status[task] === COMPLETED && over ? 1 : 0;
      const count = disposed.get(task) ?? 0;
      hold("it is let go with its last reader", count === due, plan.nameOf(task), count, due);
    }
  }
}

/**
 * Who reads what has gone fails with that, once it has stopped, and has no attempt more; unless something stronger called
 * it off, or its result was being stored already.
 */
function lost(rows: Rows, graph: RandomGraph, { events, settings }: Recording): void {
  hold("it is watched once", new Set(graph.watched).size === graph.watched.length, graph.watched);
  const plan = graph.flow.plan() as GraphPlan;
  const machine = new Run(plan, settings);
  const { ledger } = machine;
  const calledOff = events.some(({ type }) => type === "stop" || type === "cancel");
  for (const event of events) {
    const stops = calledOff || ledger.stoppedBy !== undefined;
    const heard = event.type === "lost" && !ledger.losses.has(event.task);
    const open = heard ? openReaders(plan, machine, event.task) : [];
    machine.handle(event);
    if (event.type !== "lost") continue;
    const name = plan.nameOf(event.task);
    const told = rows.get(name)?.lostAt !== undefined;
    hold("a loss is told when it is somebody's", !heard || open.length === 0 || told, name);
    if (!ledger.losses.has(event.task)) continue;
    for (const reader of open) {
      const row = rows.get(reader) as TaskStatistics;
      const attempts = ledger.attemptCount(plan.graph.index.get(reader) as number);
      hold("nobody calls it again", row.attemptCount === attempts, reader, row.attemptCount);
      const failed = row.status === "failed" || row.status === "abandoned";
      const { options } = plan.graph.definitions[plan.graph.index.get(reader) as number] ?? {};
      const spared = options?.uninterruptible === true && row.attemptCount > 0;
      const may = failed || stops || spared || row.kind === "map";
      hold("a reader of what has gone fails", may, reader, row);
      if (row.kind === "map" && !stops) {
        const over = [...rows.values()].filter(({ parent }) => parent === reader);
        const completed = over.every(
          ({ status, fallback }) => status === "completed" || fallback === true,
        );
        hold("so does a map, unless its items had ended", failed || completed, reader, row.status);
      }
      // One that had failed by itself says so, when the loss was told of in the same instant.
      const index = plan.graph.index.get(reader);
      const itself = events.some(
        (end) => end.type === "threw" && end.task === index && end.at === event.at,
      );
      if (!failed || stops || spared || itself || row.kind === "map") continue;
      // A fallback that throws has it as its cause.
      const codes = [row.error?.code, row.error?.cause?.code];
      hold("with that", codes.includes("ASTRUM_LOST"), reader, row.error);
    }
  }
}

/** Its readers without a final state. */
function openReaders({ graph, nameOf }: GraphPlan, machine: Run, thing: number): string[] {
  const { start, end } = graph.dependents;
  const readers = new Set(end.subarray(start[thing], start[thing + 1]));
  return (
    [...readers]
      .filter((reader) => !machine.ledger.isFinal(reader))
      // One that had failed before is let end.
      .filter((reader) => machine.ledger.status[reader] !== ENDING)
      .map((reader) => nameOf.call(machine.plan, reader))
  );
}
