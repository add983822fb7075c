/** What `unwrap()` throws: how the run ended, why, and of what there is no value. The one place where a `RunError` is made. */
import type { Root } from "../define/graph.ts";
import { RunError } from "../ground/errors.ts";
import { FAILED } from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import { errorSummary, type FailedFacts, failureLine } from "./error-summary.ts";
import { fateOf } from "./reasons.ts";

/** More lines are counted only. */
const SHOWN = 20;

interface EndedFacts extends FailedFacts {
  readonly state: "completed" | "failed" | "cancelled";
}

/** The roots, of a scheduler the tasks, that were to run and have no value. What a scheduler let go was had; a flow lets none of its roots go. */
export function missingRoots({ plan, ledger }: EndedFacts): Root[] {
  const { index, tails, finallyTasks, roots } = plan.graph;
  const all = roots ?? Array.from(index, ([key, task]) => ({ key, task }));
  const promised = all.filter(({ task }) => !tails.has(task) && !finallyTasks.has(task));
  return promised.filter(({ task }) => !ledger.hasValue(task));
}

/** `missing` are the roots that ran and have no value. */
export function runError(record: EndedFacts, missing: readonly Root[]): RunError {
  const { plan, ledger, reasons, state } = record;
  const failed = new Set(ledger.failures);
  const tolerated = [...failed].filter((task) => ledger.tolerated.has(task));
  const errors = ledger.fatal.map((task) => ledger.errorOf(task));
  for (const [, error] of ledger.unreleased) errors.push(error);
  for (const task of tolerated) errors.push(ledger.errorOf(task));
  const { stoppedBy } = ledger;
  if (stoppedBy !== undefined && stoppedBy.kind !== "failure") {
    errors.push(reasons.errorOf(stoppedBy, -1));
  }
  const lines = errorSummary(record);
  const nameOf = (task: number): string => taskName(plan.graph, ledger, task);
  const unread = new Set(tolerated);
  const toleratedLine = (task: number): string =>
    `${failureLine(ledger, task, nameOf(task))} (tolerated)`;
  for (const { key, task } of missing) {
    const status = ledger.status[task] as number;
    if (unread.delete(task)) lines.push(toleratedLine(task));
    // Told above; of a map its items are.
    if (status === FAILED || failed.has(task)) continue;
    const name = nameOf(task);
    const reason = ledger.reasons.get(task);
    const why = reason === undefined ? "" : `: ${reasons.textOf(reason)}`;
    const as = key === name ? "" : `, root "${key}",`;
    lines.push(`Task "${name}"${as} ${fateOf(status)}${why}`);
  }
  for (const key of plan.graph.leftOut) {
    lines.push(`Root "${key}" did not run: it was not among the targets`);
  }
  // No reason why the run ended as it did, but perhaps the reason why a value is missing.
  for (const task of unread) if (!ledger.hasValue(task)) lines.push(toleratedLine(task));
  const shown = lines.slice(0, SHOWN);
  if (lines.length > shown.length) shown.push(`… and ${lines.length - shown.length} more`);
  const promised = plan.graph.roots === undefined ? "task" : "root";
  return new RunError(errors, [`${ENDED[state](promised)}:`, ...shown].join("\n  "));
}

const ENDED: Readonly<Record<EndedFacts["state"], (promised: "task" | "root") => string>> = {
  completed: (promised) => `The run completed, but not every ${promised} has a value`,
  failed: () => "The run failed",
  cancelled: () => "The run was cancelled",
};
