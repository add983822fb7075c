/**
 * The analysis of a run of which only its tasks are known: what the engine works out from its own records, done again from
 * who released whom. Same rules: the path goes back from the attempt that ended last and tiles the time to it exactly.
 */
import type { Analysis, AttemptStatistics, TaskStatistics } from "@astrum/core";
import { microseconds } from "../wording/microseconds.ts";

interface Step {
  readonly task: TaskStatistics;
  readonly attempt: AttemptStatistics;
  readonly startUs: number;
  readonly endUs: number;
}

type Link = Analysis["criticalPath"][number]["link"];

export function rebuiltAnalysis(
  tasks: readonly TaskStatistics[],
  concurrency: number | null,
): Analysis {
  const steps = new Map<string, Step[]>();
  for (const task of tasks) {
    if (task.kind === "tail") continue;
    const own = task.attemptStatistics.flatMap((attempt) => stepsOf(task, attempt));
    if (own.length > 0) steps.set(task.taskName, own);
  }
  const byName = new Map(tasks.map((task) => [task.taskName, task]));
  const criticalPath: Analysis["criticalPath"] = [];
  const spent = { dependencies: 0, slots: 0, retries: 0, scheduler: 0 };
  const seen = new Set<Step>();
  let step = lastOf(Array.from(steps.values()).flat());
  while (step !== undefined && !seen.has(step)) {
    seen.add(step);
    const { before, link } = predecessor(step, steps, byName);
    const fromUs = before?.endUs ?? 0;
    const { task, attempt, startUs, endUs } = step;
    criticalPath.push({
      task: task.taskName,
      attempt: attempt.attemptNumber,
      link,
      gapMs: (startUs - fromUs) / 1000,
      runMs: (endUs - startUs) / 1000,
    });
    spent[link === "retry" ? "retries" : link === "slot" ? "slots" : "scheduler"] +=
      startUs - fromUs;
    if (link === "slot" && before !== undefined) {
      const held = fromUs - Math.max(startUs - microseconds(attempt.queuedMs), before.startUs);
      spent.slots += held;
      spent.dependencies -= held;
    }
    spent[attempt.willRetry ? "retries" : "dependencies"] += endUs - startUs;
    step = before;
  }
  criticalPath.reverse();
  return { criticalPath, bounds: bounds(tasks, steps, concurrency), boundBy: heaviest(spent) };
}

function stepsOf(task: TaskStatistics, attempt: AttemptStatistics): Step[] {
  if (attempt.endAt === null) return [];
  const startUs = microseconds(attempt.startAt);
  return [{ task, attempt, startUs, endUs: Math.max(startUs, microseconds(attempt.endAt)) }];
}

/** Only what ended before this started can have decided when it started. */
function predecessor(
  step: Step,
  steps: ReadonlyMap<string, readonly Step[]>,
  byName: ReadonlyMap<string, TaskStatistics>,
): { before: Step | undefined; link: Link } {
  const { task, attempt, startUs } = step;
  const ended = (list: readonly Step[] | undefined): Step | undefined =>
    lastOf((list ?? []).filter((other) => other !== step && other.endUs <= startUs));
  const freed =
    attempt.slotFreedBy === undefined ? undefined : ended(steps.get(attempt.slotFreedBy));
  if (freed !== undefined) return { before: freed, link: "slot" };
  const own = ended(steps.get(task.taskName));
  if (own !== undefined) return { before: own, link: "retry" };
  let release = task.releasedBy;
  for (let hops = 0; release !== undefined && hops <= byName.size; hops++) {
    const behind = ended(steps.get(release)) ?? ended(itemsOf(release, steps));
    if (behind !== undefined) return { before: behind, link: "dependency" };
    release = byName.get(release)?.releasedBy;
  }
  return { before: undefined, link: "start" };
}

function itemsOf(map: string, steps: ReadonlyMap<string, readonly Step[]>): Step[] {
  return Array.from(steps.values())
    .flat()
    .filter(({ task }) => task.parent === map);
}

function lastOf(steps: readonly Step[]): Step | undefined {
  let last: Step | undefined;
  for (const step of steps) if (last === undefined || step.endUs >= last.endUs) last = step;
  return last;
}

function heaviest(
  spent: Readonly<Record<Exclude<Analysis["boundBy"], "none">, number>>,
): Analysis["boundBy"] {
  let verdict: Analysis["boundBy"] = "none";
  let most = 0;
  for (const cause of ["dependencies", "slots", "retries", "scheduler"] as const) {
    if (spent[cause] > most) {
      most = spent[cause];
      verdict = cause;
    }
  }
  return verdict;
}

function bounds(
  tasks: readonly TaskStatistics[],
  steps: ReadonlyMap<string, readonly Step[]>,
  concurrency: number | null,
): Analysis["bounds"] {
  const own = new Map<string, number>();
  let workUs = 0;
  for (const [name, list] of steps) {
    const busy = list.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
    const delays = list.reduce((sum, { attempt }) => sum + microseconds(attempt.delayMs ?? 0), 0);
    workUs += busy;
    own.set(name, busy + delays);
  }
  for (const { parent, taskName } of tasks) {
    if (parent !== undefined)
      own.set(parent, Math.max(own.get(parent) ?? 0, own.get(taskName) ?? 0));
  }
  const finish = new Map<string, number>();
  let longest = 0;
  // Planned tasks come in plan order, so dependencies are finished first.
  for (const { taskName, kind, dependencies } of tasks) {
    if (kind === "tail" || kind === "item") continue;
    const ready = dependencies.reduce(
      (latest, { task }) => Math.max(latest, finish.get(task) ?? 0),
      0,
    );
    const done = ready + (own.get(taskName) ?? 0);
    finish.set(taskName, done);
    longest = Math.max(longest, done);
  }
  const workMs = concurrency === null ? null : Math.round(workUs / concurrency) / 1000;
  return { dependencyMs: longest / 1000, workMs };
}
