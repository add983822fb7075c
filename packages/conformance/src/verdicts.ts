/**
 * One verdict of a run for all who count: whatever tells how tasks ended must tell the same of the same runs. Random runs,
 * each compared with what its report says. Knows no metric, no span and no format.
 */
import type {
  ExecutionReport,
  Observer,
  RunResult,
  SerializedReport,
  TaskResult,
  TaskStatistics,
} from "@astrum/core";
import { describe, expect, it } from "vitest";
import { randomRun } from "./random-run.ts";

/**
 * Those that are 0 may be left out. A map whose items were listed is counted by them and not itself; a task with a flow
 * inside is counted, beside the tasks inside of it.
 */
export interface Verdicts {
  readonly run: RunResult;
  /** Every task and item by its result. */
  readonly tasks?: Partial<Record<TaskResult, number>>;
  /** Of those only the ones that failed: by result. */
  readonly failures: Partial<Record<"failure" | "timeout", number>>;
  /** Failures among these that the run tolerates. */
  readonly tolerated: number;
  /** Those that were asked to stop and never ended. */
  readonly abandoned: number;
  /** Attempts after the first of a task. */
  readonly retries: number;
}

/** What tells the verdicts of one run. */
export interface Teller {
  readonly observers?: readonly Observer[];
  told(report: ExecutionReport): Verdicts | Promise<Verdicts>;
}

const RUNS = 80;

/** The verdicts of a report: what everyone else must tell. */
export function verdictsOf(report: SerializedReport | ExecutionReport): Required<Verdicts> {
  const rows = report.taskStatistics;
  const maps = new Set(rows.map(({ kind, parent }) => (kind === "item" ? parent : undefined)));
  const counted = rows.filter(({ taskName }) => !maps.has(taskName));
  const tasks: Partial<Record<TaskResult, number>> = {};
  for (const row of counted) {
    const result = resultOf(row);
    tasks[result] = (tasks[result] ?? 0) + 1;
  }
  const { failure, timeout } = tasks;
  return {
    run: runOf(report),
    tasks,
    failures: { ...(failure && { failure }), ...(timeout && { timeout }) },
    tolerated: counted.filter(({ tolerated }) => tolerated === true).length,
    abandoned: counted.filter(({ status }) => status === "abandoned").length,
    retries: counted.reduce((sum, { attemptCount }) => sum + Math.max(0, attemptCount - 1), 0),
  };
}

function resultOf({ status, reason, error }: TaskStatistics): TaskResult {
  switch (status) {
    case "completed":
      return "success";
    case "failed":
      return error?.code === "ASTRUM_TIMEOUT" ? "timeout" : "failure";
    case "abandoned":
      return reason?.kind === "timeout" && reason.scope !== "run" ? "timeout" : "cancellation";
    case "cancelled":
      return "cancellation";
    case "skipped":
      return "skip";
    default:
      return status;
  }
}

function runOf({ executionState, timedOut }: SerializedReport | ExecutionReport): RunResult {
  if (executionState === "completed") return "success";
  if (executionState === "cancelled") return "cancellation";
  return timedOut === true ? "timeout" : "failure";
}

/** Declares the suite. `create` is called for each run. */
export function testVerdicts(create: () => Teller | Promise<Teller>): void {
  describe("As one that counts it", () => {
    it("tells of any run what the report says: results, tolerated, abandoned, retries", async () => {
      const seen = new Set<string>();
      for (let seed = 0; seed < RUNS; seed++) {
        const { observers = [], told } = await create();
        const { report } = await randomRun(seed, observers);
        expect(report.observerErrors).toEqual([]);
        const { tasks, ...expected } = verdictsOf(report);
        const { tasks: toldTasks, ...rest } = await told(report);
        expect(rest, `seed ${seed}`).toEqual(expected);
        if (toldTasks !== undefined) expect(toldTasks, `seed ${seed}`).toEqual(tasks);
        seen.add(`run ${expected.run}`);
        for (const result in tasks) seen.add(result);
        for (const { kind, parent, role, status } of report.taskStatistics) {
          if (role === "loop") seen.add(`loop ${status}`);
          if (kind !== "item" && parent !== undefined) seen.add(`inside ${status}`);
        }
        for (const key of ["tolerated", "abandoned", "retries"] as const) {
          if (expected[key] > 0) seen.add(key);
        }
      }
      // A suite of runs in which nothing happens would prove nothing.
      for (const what of HAPPENS) expect(seen).toContain(what);
    });
  });
}

const HAPPENS = [
  ...["success", "failure", "timeout", "cancellation", "skip", "detached"],
  ...["run success", "run failure", "run timeout", "run cancellation"],
  ...["tolerated", "abandoned", "retries"],
  ...["loop completed", "loop failed", "loop cancelled", "loop skipped"],
  ...["inside completed", "inside failed", "inside cancelled", "inside skipped"],
];
