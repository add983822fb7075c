/** Why a task has its status, as its row says it: a kind, and what that names. */

import type { Reason } from "../machine/reason.ts";
import { taskName } from "../machine/task-name.ts";
import type { AttemptFacts } from "./attempt-row.ts";
import type { Reasons } from "./reasons.ts";
import type { TaskStatistics } from "./statistics.ts";

/** What it is read from. */
interface ReasonFacts extends AttemptFacts {
  readonly reasons: Reasons;
}

export function reasonRow(
  facts: ReasonFacts,
  reason: Reason,
): NonNullable<TaskStatistics["reason"]> {
  const { plan, ledger, reasons } = facts;
  const name = (task: number): string => taskName(plan.graph, ledger, task);
  switch (reason.kind) {
    case "dependency":
      return { kind: "dependency", task: name(reason.task), root: name(reason.root) };
    case "failure":
      return { kind: "failure", task: name(reason.task) };
    case "timeout":
      return reason.scope === "task"
        ? { kind: "timeout", limitMs: reason.limitMs, scope: "attempt", deadline: true }
        : { kind: "timeout", limitMs: reason.limitMs, scope: reason.scope };
    case "condition":
      return { kind: "condition", message: reason.message };
    case "unneeded":
      return { kind: "condition", message: reasons.textOf(reason) };
    case "not-started":
      return { kind: "not-started", message: reasons.textOf(reason.because) };
    default:
      return { kind: "aborted", message: reasons.textOf(reason) };
  }
}
