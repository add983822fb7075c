/**
 * Which limits held the critical path back, and for how long: the time in which what is on it was ready and the one before
 * it still had the place. Says nothing about why a limit is there.
 */
import type { AttemptStatistics, SerializedReport } from "@astrum/core";

export interface HeldBack {
  readonly limit: "slots" | "map" | "resource" | "shared";
  /** Of the map or the resource; empty for slots. */
  readonly name: string;
  readonly ms: number;
}

/** The longest first. */
export function heldBack(report: SerializedReport): HeldBack[] {
  const attempts = attemptsByKey(report);
  const sums = new Map<string, HeldBack>();
  let beforeMs = 0;
  for (const { task, attempt, link, gapMs, runMs } of report.analysis.criticalPath) {
    const found = attempts.get(`${attempt} ${task}`);
    const ms = Math.min(found?.attempt.queuedMs ?? 0, gapMs + beforeMs);
    beforeMs = runMs;
    if (found === undefined || ms === 0) continue;
    const limit = limitOf(link, found);
    if (limit === undefined) continue;
    const key = `${limit.limit} ${limit.name}`;
    const sum = thousandths((sums.get(key)?.ms ?? 0) + ms);
    sums.set(key, { ...limit, ms: sum });
  }
  return Array.from(sums.values()).sort((a, b) => b.ms - a.ms);
}

function thousandths(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

interface Found {
  readonly attempt: AttemptStatistics;
  readonly map: string | undefined;
}

function limitOf(
  link: SerializedReport["analysis"]["criticalPath"][number]["link"],
  { attempt, map }: Found,
): Pick<HeldBack, "limit" | "name"> | undefined {
  if (link === "external") return { limit: "shared", name: sharedResource(attempt) };
  if (link === "item" && map !== undefined) return { limit: "map", name: map };
  if (link !== "slot") return undefined;
  const name = ownResource(attempt);
  return name === undefined ? { limit: "slots", name: "" } : { limit: "resource", name };
}

/** By attempt, as `1 load`: the resource of the run that it waited for; nothing where that was a slot. */
export function freedResources({ taskStatistics }: SerializedReport): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { taskName, attemptStatistics } of taskStatistics) {
    for (const attempt of attemptStatistics) {
      const name = ownResource(attempt);
      if (name !== undefined) found.set(`${attempt.attemptNumber} ${taskName}`, name);
    }
  }
  return found;
}

/** Slots may be those of a semaphore. */
function ownResource({ limitedBy }: AttemptStatistics): string | undefined {
  if (limitedBy === "concurrency" || limitedBy === "semaphore") return undefined;
  return limitedBy?.replace(/^resource:/, "");
}

/** The resource that other runs, or its rate, kept it from; none where it was a slot. */
function sharedResource({ limitedBy = "" }: AttemptStatistics): string {
  return limitedBy.startsWith("resource:") ? limitedBy.slice("resource:".length) : "";
}

function attemptsByKey({ taskStatistics }: SerializedReport): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const { taskName, parent, attemptStatistics } of taskStatistics) {
    for (const attempt of attemptStatistics) {
      found.set(`${attempt.attemptNumber} ${taskName}`, { attempt, map: parent });
    }
  }
  return found;
}
