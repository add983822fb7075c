/** What observers are told of a report at the end of its run, beside its tasks: of those they know by then. */

import { taskName } from "../machine/task-name.ts";
import { rounded } from "./durations.ts";
import { errorSummary } from "./error-summary.ts";
import type { RunRecord } from "./run-record.ts";
import type { ReportFooter } from "./serialized-report.ts";
import type { Ms } from "./statistics.ts";

export function footerOf(record: RunRecord): ReportFooter {
  const { clock, cpuMs, observerErrors, resume } = record;
  const timedOut = timedOutOf(record);
  return {
    clock,
    ...(cpuMs === undefined ? {} : { cpuMs: rounded(cpuMs) }),
    ...(timedOut && { timedOut }),
    errorSummary: errorSummary(record),
    ...(observerErrors.length > 0 ? { observerErrors: [...observerErrors] } : {}),
    ...(resume === undefined ? {} : { resume }),
    ...overrunsOf(record),
  };
}

/** Whether its own time limit is what stopped the run, and so failed it. */
export function timedOutOf({
  state,
  ledger,
}: Pick<RunRecord, "state" | "ledger">): true | undefined {
  return state === "failed" && ledger.stoppedBy?.kind === "timeout" ? true : undefined;
}

/** Of tasks without an attempt: what was asked before one went on after they had got their status. */
function overrunsOf({ plan, ledger }: RunRecord): Pick<ReportFooter, "overruns"> {
  const { overrunMs, lastAttempt } = ledger;
  const late = [...overrunMs].filter(([task]) => lastAttempt[task] === -1);
  if (late.length === 0) return {};
  const overruns: Record<string, Ms> = Object.create(null);
  for (const [task, ms] of late) overruns[taskName(plan.graph, ledger, task)] = rounded(ms);
  return { overruns };
}
