/** Which tasks failed, with the errors that were thrown: what `errorSummary` tells in lines, as values. Words no sentence. */
import type { Failure } from "../ground/summarize-failure.ts";
import { ABANDONED } from "../machine/states.ts";
import { taskName } from "./task-name.ts";
import type { Facts } from "./task-row.ts";

/** A task or an item that failed; `summarizeFailure(failure)` is its line in `errorSummary`, which has none for what is tolerated. */
export interface TaskFailure extends Required<Failure> {
  /** What was thrown last, as it was thrown. */
  readonly error: unknown;
  /** It stopped nothing and did not fail the run: the task has `onFailure: "ignore"`, or is a tail that nobody waits for. */
  readonly tolerated: boolean;
}

/** Those that failed the run first, then those that were tolerated; each in the order in which they failed. */
export function failuresOf({ plan, ledger }: Facts): TaskFailure[] {
  const failures = ledger.failures.map((task): TaskFailure => {
    return {
      task: taskName(plan.graph, ledger, task),
      error: ledger.errorOf(task),
      tolerated: ledger.tolerated.has(task),
      attempts: ledger.attemptCount(task),
      abandoned: ledger.status[task] === ABANDONED,
    };
  });
  return [
    ...failures.filter(({ tolerated }) => !tolerated),
    ...failures.filter(({ tolerated }) => tolerated),
  ];
}
