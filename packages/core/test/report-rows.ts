/** The rows of a stored report, as those read them who hold a random run against its promises. They judge nothing. */
import type { SerializedReport, TaskStatistics } from "../src/index.ts";

export type Rows = ReadonlyMap<string, TaskStatistics>;

export function byName({ taskStatistics }: SerializedReport): Rows {
  return new Map(taskStatistics.map((row) => [row.taskName, row]));
}

/** Whether it, or an attempt of it, was not waited for any longer: its function may go on. */
export function wasAbandoned(row: TaskStatistics | undefined): boolean {
  const attempts = row?.attemptStatistics ?? [];
  return row?.status === "abandoned" || attempts.some(({ status }) => status === "abandoned");
}

/** Whether it is a failure, and not called off: also one that was given up past a limit of its own, or when what it read had gone. */
export function failedForGood({ status, reason }: TaskStatistics): boolean {
  const overran = reason?.kind === "timeout" && reason.scope !== "run";
  const lost = reason?.kind === "aborted" && reason.message?.includes("has gone") === true;
  return status === "failed" || (status === "abandoned" && (overran || lost));
}
