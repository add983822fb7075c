/** Which tasks failed, with the errors that were thrown: what `errorSummary` tells in lines, as values. Words no sentence. */
import type { Failure } from "../ground/summarize-failure.ts";
import type { Ledger } from "../machine/ledger.ts";
import { ABANDONED } from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import type { Facts } from "./task-row.ts";

/** A task or an item that failed; `summarizeFailure(failure)` is its line in `errorSummary`, which has none for what is tolerated. */
export interface TaskFailure
  extends Required<Omit<Failure, "released">>,
    Pick<Failure, "released"> {
  /** What was thrown last, as it was thrown. */
  readonly error: unknown;
  /** It stopped nothing and did not fail the run: the task has `onFailure: "ignore"` or a fallback that gave a value, or is a tail that nobody waits for. */
  readonly tolerated: boolean;
}

/** What is known of the failure of a task. */
export function failureOf(
  ledger: Ledger,
  task: number,
  name: string,
): Required<Omit<Failure, "released">> {
  return {
    task: name,
    error: ledger.errorOf(task),
    attempts: ledger.attemptCount(task),
    abandoned: ledger.status[task] === ABANDONED,
  };
}

/** Those that failed the run first, then those that were tolerated; each in the order in which they failed. */
export function failuresOf({ plan, ledger }: Facts): TaskFailure[] {
  const failures = ledger.failures.map((task): TaskFailure => {
    const failure = failureOf(ledger, task, taskName(plan.graph, ledger, task));
    return { ...failure, tolerated: ledger.tolerated.has(task) };
  });
  const unreleased = ledger.unreleased.map(([task, error]): TaskFailure => {
    return {
      task: taskName(plan.graph, ledger, task),
      error,
      tolerated: false,
      attempts: ledger.attemptCount(task),
      abandoned: false,
      released: false,
    };
  });
  return [
    ...failures.filter(({ tolerated }) => !tolerated),
    ...unreleased,
    ...failures.filter(({ tolerated }) => tolerated),
  ];
}
