/**
 * Why a run failed, in lines: one for each failure, the first failure first, then what could not be released, then what
 * stopped the run from outside, then who held up its end. Each names its task once, and tells the error with all of its
 * causes. What the run tolerated is no reason.
 */
import type { Issue } from "../ground/errors.ts";
import { summarizeFailure } from "../ground/summarize-failure.ts";
import type { Ledger } from "../machine/ledger.ts";
import { ABANDONED, CANCELLED } from "../machine/states.ts";
import { taskName } from "../machine/task-name.ts";
import { failureOf } from "./failures.ts";
import type { Facts } from "./task-row.ts";

/** To have gone on for less than this after being asked to stop, in milliseconds, is not worth a word. */
const OVERRUN_MS = 50;

export interface FailedFacts extends Facts {
  readonly planIssues: readonly Issue[];
}

export function errorSummary({ plan, ledger, planIssues, reasons }: FailedFacts): string[] {
  if (planIssues.length > 0) return planIssues.map(({ message }) => message);
  const nameOf = (task: number): string => taskName(plan.graph, ledger, task);
  const lines = ledger.fatal.map((task) => failureLine(ledger, task, nameOf(task)));
  for (const [task, error] of ledger.unreleased) {
    lines.push(summarizeFailure({ task: nameOf(task), error, released: false }));
  }
  const { stoppedBy } = ledger;
  if (stoppedBy?.kind === "timeout") lines.push(reasons.errorOf(stoppedBy, -1).message);
  if (stoppedBy?.kind === "journal" || stoppedBy?.kind === "clock") {
    lines.push(`The run was stopped: ${reasons.textOf(stoppedBy)}`);
  }
  return stoppedBy === undefined ? lines : [...lines, ...overrunLines(ledger, nameOf)];
}

/** What a task failed with, as a line. */
export function failureLine(ledger: Ledger, task: number, name: string): string {
  return `${summarizeFailure(failureOf(ledger, task, name))}${overrunText(ledger, task)}`;
}

/** Of a task that ran over its own time limit, and over its end too. */
function overrunText(ledger: Ledger, task: number): string {
  const overrunMs = ledger.overrunMs.get(task);
  if (overrunMs === undefined) return "";
  if (ledger.status[task] === ABANDONED) {
    return `; it had not stopped ${whole(overrunMs)} after it was asked to`;
  }
  // An earlier attempt may have been the deaf one.
  const timedOut = ledger.timedOut.has(ledger.lastAttempt[task] as number);
  if (!timedOut || overrunMs < OVERRUN_MS) return "";
  return `; it went on for ${whole(overrunMs)} after it was asked to stop`;
}

/** Of tasks that did not fail, but made others wait for the end of a run that had been stopped. */
function overrunLines(ledger: Ledger, nameOf: (task: number) => string): string[] {
  const late = Array.from(ledger.overrunMs)
    .filter(([task, ms]) => ms >= OVERRUN_MS && ledger.status[task] === CANCELLED)
    .sort(([, a], [, b]) => b - a);
  const failed = new Set(ledger.failures);
  const abandoned = Array.from(ledger.overrunMs).filter(
    ([task]) => ledger.status[task] === ABANDONED && !failed.has(task),
  );
  const lines: string[] = [];
  const [longest] = late;
  if (longest !== undefined) {
    const [task, ms] = longest;
    const more = late.length > 1 ? `, and ${late.length - 1} more for less` : "";
    lines.push(`Task "${nameOf(task)}" went on for ${whole(ms)} after it was asked to stop${more}`);
  }
  const [first] = abandoned;
  if (first !== undefined) {
    const [task, ms] = first;
    const more = abandoned.length > 1 ? `; so were ${abandoned.length - 1} more` : "";
    lines.push(
      `Task "${nameOf(task)}" had not stopped ${whole(ms)} after it was asked to, and was abandoned${more}`,
    );
  }
  const spared = sparedTooLong(ledger);
  const [half] = spared;
  if (half !== undefined) {
    const more = spared.length > 1 ? `; so were ${spared.length - 1} more` : "";
    lines.push(
      `Task "${nameOf(half)}" is uninterruptible, had not ended within its grace period, and was abandoned: it may be half done${more}`,
    );
  }
  return lines;
}

/** Attempts that nobody asked to stop, and for which the run waited in vain. */
function sparedTooLong(ledger: Ledger): number[] {
  const spared: number[] = [];
  const failed = new Set(ledger.failures);
  for (let task = 0; task < ledger.tasks; task++) {
    if (ledger.status[task] !== ABANDONED || failed.has(task)) continue;
    if (!ledger.overrunMs.has(task)) spared.push(task);
  }
  return spared;
}

function whole(ms: number): string {
  return `${Math.round(ms)} ms`;
}
