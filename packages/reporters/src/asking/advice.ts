/**
 * What would have made a run faster, by how much: every lever that the run had is tried on the simulated run, and those that
 * save something worth a change are told. Says nothing of a run that ended before its tasks did. Knows no format.
 */
import type { SerializedReport } from "@astrum/core";
import {
  type Change,
  type ChangedPrediction,
  type Knee,
  type WhatIf,
  whatIf,
} from "@astrum/core/whatif";
import { enoughUnits } from "./enough-units.ts";
import type { HeldBack } from "./held-back.ts";

export interface Lever {
  readonly kind: "slots" | "resource" | "map" | "order" | "failures" | "task" | "limits" | "stages";
  /** Of the resource, the map or the task; empty otherwise. */
  readonly name: string;
  /** Of slots: how many are enough. */
  readonly slots?: number | undefined;
  /** Of a resource: how much of it is enough. */
  readonly units?: number | undefined;
  /** Of a rate: so many units each so many milliseconds. */
  readonly perMs?: number | undefined;
  readonly makespanMs: number;
  readonly savedMs: number;
}

export interface Advice {
  /** The most saving first. */
  readonly levers: readonly Lever[];
  /** How far the run simulated unchanged is from what was measured. */
  readonly errorMs: number;
  readonly asRunMs: number;
  /** What saves less is not told: 1 % of the run, 10 ms, or as much as the simulation is off. */
  readonly leastMs: number;
  /** How many cores the process kept busy, when that were all there are: then more at once is no faster. */
  readonly busyCores: number | undefined;
  /** The makespan by slots; simulated when it is first asked for. */
  readonly knee: Knee;
}

/** Less is not worth a change. */
const LEAST_MS = 10;
const LEAST_SHARE = 0.01;
/** From here on the processor is full. */
const FULL = 0.9;
/** What leaves every task as it is. A map that lets in more is bound by less. */
const BOUNDED: ReadonlySet<Lever["kind"]> = new Set(["slots", "resource", "order", "stages"]);
/** So many tasks of the critical path are tried, */
const TASKS = 3;
/** and so many of the limits that held it back, each by itself: a run may have thousands of maps. */
const LIMITS = 5;

/** `held`: the limits that held the critical path back. Nothing for a run that cannot be simulated. */
export function adviceOn(
  report: SerializedReport,
  makespanMs: number,
  held: readonly HeldBack[],
): Advice | undefined {
  // Version 1.0 says neither what tasks held nor the limits of maps.
  if (report.totalAttempts === 0 || report.formatVersion === "1.0") return undefined;
  const busyCores = fullCores(report);
  const asked = questions(report, held, busyCores !== undefined);
  const study = studied(
    report,
    asked.map(({ change }) => change),
  );
  if (study === undefined) return undefined;
  const { asRun } = study;
  const leastMs = Math.max(LEAST_MS, makespanMs * LEAST_SHARE, asRun.errorMs);
  const { dependencyMs } = report.analysis.bounds;
  const levers = asked.flatMap(({ change: _, ...lever }, at): Lever[] => {
    const answer = study.changes[at] as ChangedPrediction;
    if (answer.unmeasured.length > 0) return [];
    // Neither capacity nor order beats the longest chain, however far the simulation is off.
    const bounded = BOUNDED.has(lever.kind);
    const savedMs = bounded ? Math.min(answer.savedMs, makespanMs - dependencyMs) : answer.savedMs;
    if (savedMs < leastMs) return [];
    const { makespanMs: simulatedMs } = answer;
    return [
      {
        ...lever,
        savedMs,
        makespanMs: bounded ? Math.max(simulatedMs, dependencyMs) : simulatedMs,
      },
    ];
  });
  const told = withoutSum(levers)
    .map((lever) => withNumber(lever, study, report))
    .filter(({ savedMs }) => savedMs >= leastMs);
  return {
    levers: told.sort((a, b) => b.savedMs - a.savedMs),
    errorMs: asRun.errorMs,
    asRunMs: asRun.makespanMs,
    leastMs,
    busyCores,
    get knee() {
      return study.knee;
    },
  };
}

type Limit = Pick<Lever, "kind" | "name">;
interface Question extends Limit {
  readonly change: Change;
}

function questions(report: SerializedReport, held: readonly HeldBack[], full: boolean): Question[] {
  const { config } = report.run;
  const asked: Question[] = [];
  const limits = full ? [] : capacity(report, held);
  for (const limit of limits.slice(0, LIMITS)) asked.push({ ...limit, change: lifted([limit]) });
  if (limits.length > 1) asked.push({ kind: "limits", name: "", change: lifted(limits) });
  if (config.longestFirst !== true && limited(report)) {
    asked.push({ kind: "order", name: "", change: { longestFirst: true } });
  }
  if (config.dispatch === "stages") {
    asked.push({ kind: "stages", name: "", change: { dispatch: "dependencies" } });
  }
  if (report.taskStatistics.some(({ attemptStatistics }) => attemptStatistics.some(failed))) {
    asked.push({ kind: "failures", name: "", change: { noFailures: true } });
  }
  for (const name of longestOnPath(report)) {
    asked.push({ kind: "task", name, change: { faster: { [name]: 0.5 } } });
  }
  return asked;
}

/** Its slots, and what else held the critical path back, the longest first. */
function capacity({ run, taskStatistics }: SerializedReport, held: readonly HeldBack[]): Limit[] {
  const { concurrency, resources = {}, rates = {} } = run.config;
  const limits: Limit[] = concurrency === null ? [] : [{ kind: "slots", name: "" }];
  // The limit of a map that came up in the run cannot be changed before it.
  const planned = new Set(
    taskStatistics.flatMap(({ taskName, stageId }) => (stageId === null ? [] : [taskName])),
  );
  for (const { limit, name } of held) {
    if (limit === "map") {
      if (planned.has(name)) limits.push({ kind: "map", name });
    } else if (
      limit !== "slots" &&
      (Object.hasOwn(resources, name) || Object.hasOwn(rates, name))
    ) {
      limits.push({ kind: "resource", name });
    }
  }
  return limits;
}

/** None of these limits is there. */
function lifted(limits: readonly Limit[]): Change {
  const named = (wanted: Limit["kind"]): Record<string, number> =>
    Object.fromEntries(
      limits.flatMap(({ kind, name }) => (kind === wanted ? [[name, Infinity]] : [])),
    );
  return {
    ...(limits.some(({ kind }) => kind === "slots") && { concurrency: Infinity }),
    resources: named("resource"),
    mapConcurrency: named("map"),
  };
}

/** Whether tasks had to wait for each other's places at all, so that their order matters. */
function limited({ run }: SerializedReport): boolean {
  const { concurrency, resources = {} } = run.config;
  return concurrency !== null || Object.keys(resources).length > 0;
}

function failed({ status }: { readonly status: string }): boolean {
  return status === "failed";
}

function longestOnPath({ analysis, totalTasks }: SerializedReport): string[] {
  const byTask = new Map<string, number>();
  for (const { task, runMs } of analysis.criticalPath) {
    byTask.set(task, (byTask.get(task) ?? 0) + runMs);
  }
  // Of a run of one task everybody knows that it is as long as that.
  if (totalTasks === 1) return [];
  return Array.from(byTask)
    .sort(([, a], [, b]) => b - a)
    .slice(0, TASKS)
    .map(([task]) => task);
}

/** A report from elsewhere may say what no run could do: of that there is no advice, and every format goes on. */
function studied(report: SerializedReport, changes: readonly Change[]): WhatIf | undefined {
  try {
    return whatIf(report, changes);
  } catch {
    return undefined;
  }
}

/** All limits together are worth a word only when none of them alone is. */
function withoutSum(levers: readonly Lever[]): Lever[] {
  const alone = levers.some(
    ({ kind }) => kind === "slots" || kind === "resource" || kind === "map",
  );
  return levers.filter(({ kind }) => kind !== "limits" || !alone);
}

/** As many slots, or as much of a resource, as is enough. */
function withNumber(lever: Lever, study: WhatIf, { run }: SerializedReport): Lever {
  if (lever.kind === "slots") {
    const { points, slots } = study.knee;
    const enough = points.find((point) => point.slots === slots);
    return taking(lever, { slots }, enough, study);
  }
  const had = lever.kind === "resource" ? unitsOf(run, lever.name) : undefined;
  const enough = had && enoughUnits(study, lever.name, had.units);
  return enough === undefined
    ? lever
    : taking(lever, { ...had, units: enough.units }, enough, study);
}

/** How much there was of a resource; nothing for a budget, of which nobody waits for more. */
function unitsOf(
  { config: { resources = {}, rates = {} } }: SerializedReport["run"],
  name: string,
): { readonly units: number; readonly perMs?: number } | undefined {
  if (Object.hasOwn(resources, name)) return { units: resources[name] as number };
  const rate = Object.hasOwn(rates, name) ? rates[name] : undefined;
  if (rate === undefined || rate.perMs === null) return undefined;
  return { units: rate.limit, perMs: rate.perMs };
}

/** It takes no less than without any limit. */
function taking(
  lever: Lever,
  number: Pick<Lever, "slots" | "units" | "perMs">,
  enough: { readonly makespanMs: number } | undefined,
  { asRun }: WhatIf,
): Lever {
  const { makespanMs } = enough ?? lever;
  const savedMs = Math.round((asRun.makespanMs - makespanMs) * 1000) / 1000;
  return {
    ...lever,
    ...number,
    makespanMs: Math.max(makespanMs, lever.makespanMs),
    savedMs: Math.min(savedMs, lever.savedMs),
  };
}

function fullCores({ cpuMs, totalDurationMs, run }: SerializedReport): number | undefined {
  const cpus = run.host?.cpus;
  if (cpuMs === undefined || cpus === undefined || totalDurationMs === 0) return undefined;
  return cpuMs >= FULL * cpus * totalDurationMs ? cpus : undefined;
}
