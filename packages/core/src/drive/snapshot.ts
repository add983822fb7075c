/** How a run stands at this moment, in plain values: for a status page, a health check, a log line. Changes nothing. */
import type { FinalStatus, LiveStatus } from "../contract/observer.ts";
import type { Progress } from "../ground/errors.ts";
import type { Machine, RunState } from "../machine/machine.ts";
import { DETACHED, STATUSES } from "../machine/states.ts";
import { between, rounded } from "../report/durations.ts";
import type { Ms } from "../report/statistics.ts";
import type { Call } from "./call.ts";

/** One that is under way, or a tail task that went on after the run. */
export interface RunningTask {
  readonly task: string;
  /** From 1. */
  readonly attempt: number;
  /** Since its function was called. */
  readonly runMs: Ms;
  /** What it said last with `context.progress`. */
  readonly progress?: Progress;
  /** It was asked to stop, and has not ended yet. */
  readonly stopping?: true;
}

/** How a run stands. JSON holds it. */
export interface RunSnapshot {
  readonly runId: string;
  readonly flow: string;
  readonly executionState: "running" | RunState;
  /** Since the run began; of one that has settled: what it took. */
  readonly elapsedMs: Ms;
  /** With the items of maps that are known by now. The counts add up to it. */
  readonly totalTasks: number;
  readonly counts: Readonly<Record<LiveStatus | FinalStatus, number>>;
  /** The longest first. */
  readonly running: readonly RunningTask[];
}

export function snapshotOf(
  machine: Machine,
  calls: readonly Call[],
  run: { readonly runId: string; readonly now: number; readonly elapsed: number },
): RunSnapshot {
  const { plan, ledger, state, detached } = machine;
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<
    LiveStatus | FinalStatus,
    number
  >;
  for (let task = 0; task < ledger.tasks; task++) {
    // A tail task goes on after its run, which has told of it for the last time.
    const status = detached.has(task) ? DETACHED : (ledger.status[task] as number);
    counts[STATUSES[status] as LiveStatus | FinalStatus]++;
  }
  return {
    runId: run.runId,
    flow: plan.graph.name,
    executionState: state ?? "running",
    elapsedMs: rounded(run.elapsed),
    totalTasks: ledger.tasks,
    counts,
    running: [...calls].sort(byStart(ledger)).map(({ taskName, attempt, id, said, asked }) => ({
      task: taskName,
      attempt,
      runMs: between(ledger.startAt[id] as number, run.now),
      ...(said === undefined ? {} : { progress: { ...said } }),
      ...(asked && { stopping: true as const }),
    })),
  };
}

function byStart({ startAt }: Machine["ledger"]): (a: Call, b: Call) => number {
  return (a, b) => (startAt[a.id] as number) - (startAt[b.id] as number);
}
