/**
 * What the engine promises of all that is no call of a task: inputs, schemas and conditions that are asked before, lazy
 * queries that are asked after; and of time limits that pass while the thread is held. Throws with what was broken.
 */
import type { Observer, SerializedReport, TaskStatistics } from "../src/index.ts";
import { hold } from "./hold.ts";
import {
  type Asked,
  callOf,
  holdsThread,
  type RandomGraph,
  type RandomRun,
  writtenAs,
} from "./random-graph.ts";
import { byName } from "./report-rows.ts";

/** Watches a run: when each task got its status, and in whose context a function is called. */
export class Watch {
  readonly finalAt: Map<string, number> = new Map();
  /** When the run's end was told. */
  endedAt: number = Number.POSITIVE_INFINITY;
  readonly observer: Observer;

  constructor(graph: RandomGraph) {
    const final = ["completed", "failed", "cancelled", "skipped", "restored", "abandoned"];
    this.observer = {
      name: "watch",
      run: () => ({
        status: ({ task, to }) => {
          if (final.includes(to)) this.finalAt.set(task.key, graph.tick());
        },
        end: () => {
          this.endedAt = graph.tick();
        },
        task: ({ task }) => ({
          attempt: ({ attempt }) => ({
            around: (proceed) => {
              graph.inside = `${task.key} ${attempt.number}`;
              proceed();
              graph.inside = undefined;
            },
          }),
        }),
      }),
    };
  }
}

/** As of the moment of settling: what was asked has ended, but for what is named in the report. */
export function nothingIsAsked(
  report: SerializedReport,
  graph: RandomGraph,
  spec: RandomRun,
): void {
  const named = byName(report);
  for (const { declared, what, endedAt } of graph.asked) {
    if (endedAt !== undefined) continue;
    const row = named.get(declared);
    const detached = graph.tails.has(declared) && row?.status === "detached";
    // One that is uninterruptible was not asked, and has overrun nothing.
    const leftBehind = row?.overrunMs !== undefined || row?.status === "abandoned";
    const forsaken = spec.graceMs !== undefined && leftBehind;
    hold("what was asked has ended at settle", detached || forsaken, declared, what, row?.status);
  }
}

/** A condition and a retry policy are obeyed, however long they took to answer. */
export function answers({ taskStatistics }: SerializedReport, spec: RandomRun): void {
  for (const row of taskStatistics) {
    const { taskName, attemptCount, status, reason } = row;
    const { kind, when, policy } = writtenAs(spec, taskName) ?? {};
    if (attemptCount > 0) skips(row, spec);
    const said = when?.says === "no" || when?.says === "throws";
    hold("who was told no is not called", !said || attemptCount === 0, taskName, attemptCount);
    const conditional = status === "skipped" && reason?.kind === "condition";
    const told = when?.says === "no" || attemptCount > 0;
    hold("only a no skips by condition", !conditional || told, taskName);
    const final = kind === "task" && (policy?.says === "no" || policy?.says === "throws");
    hold("no attempt follows a no", !final || attemptCount <= 1, taskName, attemptCount);
  }
}

/** Who was called ends as skipped when its last call said so, unless it was asked to stop or failed otherwise. */
function skips(
  { taskName, parent, index = 0, status, attemptCount, reason }: TaskStatistics,
  spec: RandomRun,
): void {
  const written = writtenAs(spec, parent ?? taskName);
  const { end = "", cleanup } = callOf(written, attemptCount, index) ?? {};
  const skip = end.startsWith("skip") && end !== "skip-lost";
  hold("only who says so is skipped", status !== "skipped" || skip, taskName, end);
  hold("who says so does not complete", status !== "completed" || !skip, taskName, end);
  if (status !== "skipped") return;
  hold("a cleanup that fails is no skip", cleanup !== "throws", taskName);
  const said = reason?.kind === "condition" && reason.message === "not wanted after all";
  hold("a skip says why", said, taskName, reason);
}

/** Nothing is asked after the run has settled, nor for a task that has its status. */
export function nothingMoreIsAsked(
  graph: RandomGraph,
  settledAt: number,
  watch: Watch | undefined,
): void {
  const late = ({ declared, startedAt }: Asked): boolean =>
    startedAt > settledAt && !graph.tails.has(declared);
  for (const asked of graph.asked) {
    const { declared, what, startedAt } = asked;
    hold("nothing is asked after settle", !late(asked), declared, what);
    const final = watch?.finalAt.get(declared) ?? Number.POSITIVE_INFINITY;
    hold("nothing is asked for what has its status", startedAt < final, declared, what);
  }
  for (const { of, plain, madeIn } of graph.queries) {
    hold("a lazy query is made once", madeIn.length === 1, of.task, madeIn.length);
    // Nobody is told of what a tail task does after the run's end, so nothing is put around it.
    if (watch === undefined || !plain || of.startedAt > watch.endedAt) continue;
    const own = madeIn[0] === `${of.task} ${of.attempt}`;
    hold("a lazy query is made in its task", own, of.task, madeIn[0]);
  }
}

/** Who completed did so within every limit. */
export function inTime(
  { taskStatistics }: SerializedReport,
  spec: RandomRun,
  graph: RandomGraph,
  runLimitMs: number | undefined,
): void {
  for (const { taskName, parent, status: end, attemptStatistics } of taskStatistics) {
    const {
      release,
      timeoutMs: limitMs,
      deadlineMs = Number.POSITIVE_INFINITY,
      uninterruptible,
    } = writtenAs(spec, parent ?? taskName) ?? {};
    const due = (attemptStatistics[0]?.startAt ?? 0) + deadlineMs;
    for (const { status, startAt, durationMs, endAt, attemptNumber } of attemptStatistics) {
      // One that was let start before may be called later, by what the calls before it took.
      const inTime = attemptNumber === 1 || startAt < due || holdsThread(spec);
      hold("no retry begins after the deadline", inTime, taskName, startAt, due);
      // What a function gave and skipped all the same is released before its attempt ends, within the grace period.
      if (status !== "completed" || (end === "skipped" && release !== "none")) continue;
      hold("no attempt completes after the deadline", (endAt ?? 0) <= due, taskName, endAt, due);
      const within = limitMs === undefined || durationMs <= limitMs;
      hold("no attempt completes after its limit", within, taskName, durationMs, limitMs);
      if (uninterruptible || graph.finallyTasks.has(parent ?? taskName)) continue;
      const early = runLimitMs === undefined || (endAt ?? 0) <= runLimitMs;
      hold("nothing completes after the limit of the run", early, taskName, endAt, runLimitMs);
    }
  }
}
