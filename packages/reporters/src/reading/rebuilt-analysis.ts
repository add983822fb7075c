/**
 * The analysis of a run of which only its lines are known: what the engine works out from its own records, done again by
 * the same rules. The path goes back from the attempt that ended last, and tiles the time to it exactly, whatever the log
 * holds.
 */
import type { Analysis, AttemptStatistics, TaskStatistics } from "@astrum/core";
import { microseconds } from "../wording/microseconds.ts";
import type { CollectedRun } from "./collected-run.ts";

interface Step {
  readonly task: TaskStatistics;
  readonly attempt: AttemptStatistics;
  /** Among the attempts of its task, from 0. */
  readonly index: number;
  /** Its place, and that of its end, among the lines of the run. */
  readonly opened: number;
  readonly closed: number;
  readonly startUs: number;
  readonly endUs: number;
}

type Link = Analysis["criticalPath"][number]["link"];

export function rebuiltAnalysis(tasks: readonly TaskStatistics[], run: CollectedRun): Analysis {
  const steps = new Steps(tasks, run);
  const criticalPath: Analysis["criticalPath"] = [];
  const spent = { dependencies: 0, slots: 0, retries: 0, scheduler: 0 };
  const seen = new Set<Step>();
  let step = steps.last();
  while (step !== undefined) {
    seen.add(step);
    const { task, attempt, startUs, endUs } = step;
    const found = steps.predecessor(step);
    // In the log of a run, one before has ended, and nobody comes twice.
    const before =
      found.before !== undefined && found.before.endUs <= startUs && !seen.has(found.before)
        ? found.before
        : undefined;
    const link = before === undefined && found.before !== undefined ? "start" : found.link;
    const fromUs = before?.endUs ?? 0;
    criticalPath.push({
      task: task.taskName,
      attempt: attempt.attemptNumber,
      link,
      gapMs: (startUs - fromUs) / 1000,
      runMs: (endUs - startUs) / 1000,
    });
    const gap = link === "retry" ? "retries" : heldBack(link) ? "slots" : "scheduler";
    spent[gap] += startUs - fromUs;
    // While the one before ran and this one was ready, the time was lost to capacity.
    if (before !== undefined && gap === "slots") {
      const held = fromUs - Math.max(startUs - microseconds(attempt.queuedMs), before.startUs);
      spent.slots += held;
      spent.dependencies -= held;
    }
    spent[attempt.willRetry ? "retries" : "dependencies"] += endUs - startUs;
    step = before;
  }
  criticalPath.reverse();
  return { criticalPath, bounds: bounds(tasks, steps, run), boundBy: heaviest(spent) };
}

/** Waits that end when somebody gives capacity back: a slot, a resource, a place in a map, another run's permit. */
function heldBack(link: Link): boolean {
  return link === "slot" || link === "item" || link === "external";
}

/** The attempts that have ended, and how each hangs on the one before it. */
class Steps {
  readonly #byTask: Map<string, Step[]> = new Map();
  readonly #byMap: Map<string, Step> = new Map();
  readonly #tasks: Map<string, TaskStatistics>;
  readonly #behind: Map<string, Step | undefined> = new Map();
  readonly #staged: boolean;
  #last: Step | undefined;

  constructor(tasks: readonly TaskStatistics[], run: CollectedRun) {
    this.#tasks = new Map(tasks.map((task) => [task.taskName, task]));
    this.#staged = run.known?.run.config.dispatch === "stages";
    const all: Step[] = [];
    for (const task of tasks) {
      const own = stepsOf(task, run);
      if (own.length > 0) this.#byTask.set(task.taskName, own);
      if (!this.isTail(task)) for (const step of own) all.push(step);
    }
    all.sort((a, b) => a.opened - b.opened);
    for (const step of all) this.#last = later(this.#last, step);
    // In the order of the items: of two that ended at once, the later item counts.
    for (const { taskName, parent } of tasks) {
      const own = this.#byTask.get(taskName)?.at(-1);
      if (parent !== undefined && own !== undefined) {
        this.#byMap.set(parent, later(this.#byMap.get(parent), own));
      }
    }
  }

  /** Tail tasks, and the items of tail maps: nobody waited for them. */
  isTail({ kind, parent }: TaskStatistics): boolean {
    const planned = parent === undefined ? kind : this.#tasks.get(parent)?.kind;
    return planned === "tail";
  }

  of(task: string): readonly Step[] {
    return this.#byTask.get(task) ?? [];
  }

  /** The attempt that ended last, of the tasks that the run waits for. */
  last(): Step | undefined {
    return this.#last;
  }

  predecessor(step: Step): { before: Step | undefined; link: Link } {
    const { task, attempt, index } = step;
    const { limitedBy, slotFreedBy } = attempt;
    const freed = slotFreedBy === undefined ? undefined : this.#freed(slotFreedBy, step);
    if (freed !== undefined) {
      return { before: freed, link: limitedBy === "map" && task.kind === "item" ? "item" : "slot" };
    }
    const external = limitedBy === "semaphore" || limitedBy?.startsWith("resource:") === true;
    if (index > 0) {
      const before = this.#byTask.get(task.taskName)?.[index - 1];
      return { before, link: external ? "external" : "retry" };
    }
    const before = task.releasedBy === undefined ? undefined : this.#lastBehind(task.releasedBy);
    if (external) return { before, link: "external" };
    if (before === undefined) return { before, link: "start" };
    return { before, link: this.#staged ? "stage" : "dependency" };
  }

  /** The attempt whose end made room: the last one of its task that was over when this one began. */
  #freed(task: string, { opened, startUs }: Step): Step | undefined {
    const own = this.#byTask.get(task) ?? [];
    let low = 0;
    let high = own.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { closed, endUs } = own[middle] as Step;
      if (closed < opened && endUs <= startUs) low = middle + 1;
      else high = middle;
    }
    return own[low - 1];
  }

  /** The last attempt of a task; of a map, that of the item that ended last; of one that was never called, what released it. */
  #lastBehind(task: string): Step | undefined {
    const chain: string[] = [];
    let found: Step | undefined;
    for (let at: string | undefined = task; at !== undefined; ) {
      if (this.#behind.has(at)) {
        found = this.#behind.get(at);
        break;
      }
      chain.push(at);
      // Nobody is asked twice: a circle ends here too.
      this.#behind.set(at, undefined);
      found = this.#byTask.get(at)?.at(-1) ?? this.#byMap.get(at);
      if (found !== undefined) break;
      at = this.#tasks.get(at)?.releasedBy;
    }
    for (const one of chain) this.#behind.set(one, found);
    return found;
  }
}

function stepsOf(task: TaskStatistics, run: CollectedRun): Step[] {
  const told = run.tasks.get(task.taskName)?.attempts ?? [];
  const steps: Step[] = [];
  for (const attempt of task.attemptStatistics) {
    if (attempt.endAt === null) continue;
    const startUs = microseconds(attempt.startAt);
    const { opened = 0, closed = 0 } = told[steps.length] ?? {};
    const endUs = Math.max(startUs, microseconds(attempt.endAt));
    steps.push({ task, attempt, index: steps.length, opened, closed, startUs, endUs });
  }
  return steps;
}

function later(last: Step | undefined, step: Step): Step {
  return last === undefined || step.endUs >= last.endUs ? step : last;
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

/** What a task would have taken had it never queued: its attempts and the delays between them. */
function ownUs(steps: readonly Step[], attempts: number): number {
  return steps.reduce((sum, { startUs, endUs, attempt, index }) => {
    const delayUs = index === attempts - 1 ? 0 : microseconds(attempt.delayMs ?? 0);
    return sum + endUs - startUs + delayUs;
  }, 0);
}

function bounds(
  tasks: readonly TaskStatistics[],
  steps: Steps,
  run: CollectedRun,
): Analysis["bounds"] {
  const own = new Map<string, number>();
  const items = new Map<string, { most: number; sum: number }>();
  let workUs = 0;
  for (const task of tasks) {
    const { taskName, parent, attemptCount } = task;
    const ran = steps.of(taskName);
    const ownTime = ownUs(ran, attemptCount);
    own.set(taskName, ownTime);
    if (parent !== undefined) {
      const { most = 0, sum = 0 } = items.get(parent) ?? {};
      items.set(parent, { most: Math.max(most, ownTime), sum: sum + ownTime });
    }
    if (steps.isTail(task)) continue;
    workUs += ran.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
  }
  for (const [map, { most, sum }] of items) {
    const limit = run.tasks.get(map)?.info?.concurrency;
    own.set(map, limit === undefined ? most : Math.max(most, Math.ceil(sum / limit)));
  }
  const finish = new Map<string, number>();
  let longest = 0;
  // Planned tasks come in plan order, so dependencies are finished first.
  let gateAt: number | undefined;
  for (const { taskName, kind, role, dependencies } of tasks) {
    if (kind === "tail" || kind === "item") continue;
    // Finally tasks come last in it, and waited for all of those before.
    if (role === "finally") gateAt ??= longest;
    let ready = gateAt ?? 0;
    for (const { task } of dependencies) ready = Math.max(ready, finish.get(task) ?? 0);
    const done = ready + (own.get(taskName) ?? 0);
    finish.set(taskName, done);
    longest = Math.max(longest, done);
  }
  const concurrency = run.start?.concurrency ?? null;
  return {
    dependencyMs: longest / 1000,
    workMs: concurrency === null ? null : Math.round(workUs / concurrency) / 1000,
  };
}
