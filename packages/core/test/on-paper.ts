/**
 * What `whatIf` says of the report of any run: that it did not come to its end, or figures. The run simulated unchanged takes
 * as long as it took, unless it waited for what no report tells.
 */
import { DefinitionError, type SerializedReport } from "../src/index.ts";
import { type Change, type WhatIf, whatIf } from "../src/whatif.ts";
import { hold } from "./hold.ts";

const CHANGES: readonly Change[] = [
  { concurrency: 1 },
  { concurrency: Infinity, longestFirst: true },
  { noFailures: true },
];
/** Instants are rounded to microseconds, one after another. */
const ROUNDED_MS = 0.01;

/** `asks`: fallbacks or loops are asked, and of an answer after which nothing starts no report says how long it took. */
export function onPaper(report: SerializedReport, asks: boolean): void {
  const study = studied(report);
  hold("a run that is stopped is no study", (study === undefined) === isStopped(report), study);
  if (study === undefined) return;
  const { asRun, changes, knee } = study;
  for (const { makespanMs } of [asRun, ...changes, ...knee.points]) {
    hold("on paper a run takes some time", makespanMs >= 0 && makespanMs < Infinity, makespanMs);
  }
  const enough = Math.min(...knee.points.map(({ makespanMs }) => makespanMs)) * 1.01;
  const least = knee.points.find(({ makespanMs }) => makespanMs <= enough);
  hold("the knee is the first point within 1 % of the best", least?.slots === knee.slots, knee);
  const known = !asks && !waitedForOthers(report) && !tookUnseen(report);
  const exact = asRun.errorMs <= ROUNDED_MS;
  hold("on paper, unchanged, a run takes what it took", exact || !known, asRun);
}

function studied(report: SerializedReport): WhatIf | undefined {
  try {
    return whatIf(report, CHANGES);
  } catch (error) {
    const early =
      error instanceof DefinitionError && error.issues.every(({ code }) => code === "ended-early");
    if (early) return undefined;
    throw error;
  }
}

/** Something else than its tasks has kept tasks from their ends: they were called off, or never had their turn. */
function isStopped({ executionState, taskStatistics }: SerializedReport): boolean {
  return (
    executionState === "cancelled" ||
    executionState === "interrupted" ||
    taskStatistics.some(({ status, because, reason }) => {
      if (status === "cancelled") return true;
      if (status === "skipped") return because === "stopped";
      return status === "abandoned" && (reason?.kind !== "timeout" || reason.scope === "run");
    })
  );
}

/** What other runs held, and when they gave it back, is in their reports. */
function waitedForOthers({ taskStatistics }: SerializedReport): boolean {
  return taskStatistics.some(({ attemptStatistics }) =>
    attemptStatistics.some(({ limitedBy = "" }) => /^(semaphore|resource:)/.test(limitedBy)),
  );
}

/** No instant says when one of them had its end: it was asked and never called, or what it gave was let go. */
function tookUnseen({ taskStatistics }: SerializedReport): boolean {
  const around = new Set(taskStatistics.map(({ parent }) => parent));
  return taskStatistics.some(({ taskName, attemptStatistics, readyAt, reason, releaseMs = 0 }) => {
    if (releaseMs > 0) return true;
    const isEmpty = attemptStatistics.length === 0 && !around.has(taskName);
    return isEmpty && readyAt !== null && reason?.kind !== "dependency";
  });
}
