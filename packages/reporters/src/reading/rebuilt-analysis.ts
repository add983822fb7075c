/**
 * The analysis of a run of which only its lines are known: what the engine works out from its own records, done again by
 * the same rules. The path goes back from the attempt that ended last, and tiles the time to it exactly, whatever the log
 * holds.
 */
import type { Analysis, AttemptStatistics, TaskStatistics } from "@astrum/core";
import { microseconds } from "../wording/microseconds.ts";
import { Nesting } from "../wording/nesting.ts";
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
  readonly #insideOf: Map<number, Step | undefined> = new Map();
  readonly #rows: readonly TaskStatistics[];
  readonly #places: ReadonlyMap<string, number>;
  readonly nesting: Nesting;
  readonly #staged: boolean;
  #last: Step | undefined;

  constructor(tasks: readonly TaskStatistics[], run: CollectedRun) {
    this.#rows = tasks;
    this.#places = new Map(tasks.map(({ taskName }, place) => [taskName, place]));
    this.nesting = Nesting.of({ taskStatistics: tasks });
    this.#staged = run.known?.run.config.dispatch === "stages";
    const all: Step[] = [];
    for (const task of tasks) {
      const own = stepsOf(task, run);
      if (own.length > 0) this.#byTask.set(task.taskName, own);
      if (!this.isTail(task)) for (const step of own) all.push(step);
    }
    all.sort((a, b) => a.opened - b.opened);
    for (const step of all) this.#last = later(this.#last, step);
  }

  /** Tail tasks, and what is inside of them: nobody waited for them. */
  isTail(task: TaskStatistics): boolean {
    if (task.kind === "tail") return true;
    return this.#around(task.taskName).some((place) => this.#rows[place]?.kind === "tail");
  }

  #around(task: string): number[] {
    return this.nesting.around(this.#places.get(task) ?? -1);
  }

  /** The attempt that ended last of all that is inside, but for tails; of two that ended at once, that of the later row. */
  #lastInside(place: number): Step | undefined {
    if (this.#insideOf.has(place)) return this.#insideOf.get(place);
    let last: Step | undefined;
    for (const child of this.nesting.childrenOf(place)) {
      const { kind, taskName } = this.#rows[child] as TaskStatistics;
      if (kind === "tail") continue;
      const own = this.of(taskName).at(-1);
      for (const step of [own, this.#lastInside(child)]) {
        if (step !== undefined) last = later(last, step);
      }
    }
    this.#insideOf.set(place, last);
    return last;
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
    const before =
      task.releasedBy === undefined ? undefined : this.#lastBehind(task.releasedBy, task);
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

  /**
   * The last attempt of a task that released another: of one with items or a flow inside, that of those that ended last,
   * unless it released what is inside of it; of one that was never called, that of what released it.
   */
  #lastBehind(task: string, released: TaskStatistics): Step | undefined {
    const around = new Set(this.#around(released.taskName));
    // Nobody is asked twice: a circle ends here too.
    const asked = new Set<string>();
    for (let at: string | undefined = task; at !== undefined && !asked.has(at); ) {
      asked.add(at);
      const place: number = this.#places.get(at) ?? -1;
      const own = this.of(at).at(-1);
      const inside = around.has(place) ? undefined : this.#lastInside(place);
      const found =
        inside === undefined || own === undefined ? (own ?? inside) : later(own, inside);
      if (found !== undefined) return found;
      at = this.#rows[place]?.releasedBy;
    }
    return undefined;
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
  let workUs = 0;
  for (const task of tasks) {
    if (steps.isTail(task)) continue;
    workUs += steps.of(task.taskName).reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0);
  }
  const wholes = new Wholes(tasks, steps, run);
  const finish = new Map<string, number>();
  let longest = 0;
  // Planned tasks come in plan order, so dependencies are finished first.
  let gateAt: number | undefined;
  tasks.forEach((task, place) => {
    if (task.kind === "item" || cameUp(task) || steps.isTail(task)) return;
    // Finally tasks come last in it, and waited for all of those before.
    if (tasks[steps.nesting.outermostOf(place)]?.role === "finally") gateAt ??= longest;
    const done = Math.max(gateAt ?? 0, readyUs(task, finish)) + wholes.of(place);
    finish.set(task.taskName, done);
    longest = Math.max(longest, done);
  });
  const concurrency = run.start?.concurrency ?? null;
  return {
    dependencyMs: longest / 1000,
    workMs: concurrency === null ? null : Math.round(workUs / concurrency) / 1000,
  };
}

/**
 * When a task would have been released. It waited for all of its dependencies if it was ready once; one of them is enough
 * to rule it out, and a stop, a loss or an earlier run for none.
 */
function readyUs(
  { readyAt, reason, dependencies }: TaskStatistics,
  finish: ReadonlyMap<string, number>,
): number {
  if (readyAt === null) return reason?.kind === "dependency" ? (finish.get(reason.task) ?? 0) : 0;
  return dependencies.reduce((ready, { task }) => Math.max(ready, finish.get(task) ?? 0), 0);
}

/** Inside of a task that became a flow, or of a loop. */
function cameUp({ parent, stageId }: TaskStatistics): boolean {
  return parent !== undefined && stageId === null;
}

/** What each task would have taken had nobody queued: its own attempts, then what came up inside of it. */
class Wholes {
  readonly #rows: readonly TaskStatistics[];
  readonly #steps: Steps;
  readonly #run: CollectedRun;
  readonly #known: Map<number, number> = new Map();

  constructor(rows: readonly TaskStatistics[], steps: Steps, run: CollectedRun) {
    this.#rows = rows;
    this.#steps = steps;
    this.#run = run;
  }

  of(place: number): number {
    const known = this.#known.get(place);
    if (known !== undefined) return known;
    const { taskName, attemptCount } = this.#rows[place] as TaskStatistics;
    const whole = ownUs(this.#steps.of(taskName), attemptCount) + this.#inside(place);
    this.#known.set(place, whole);
    return whole;
  }

  #inside(place: number): number {
    const rows = this.#steps.nesting.childrenOf(place);
    const items: number[] = [];
    // Those of a loop come one after another.
    const flows = new Map<string, number[]>();
    for (const row of rows) {
      const task = this.#rows[row] as TaskStatistics;
      if (task.kind === "item") items.push(row);
      else if (cameUp(task)) {
        const iteration = this.#iteration(place, task);
        const own = flows.get(iteration);
        if (own === undefined) flows.set(iteration, [row]);
        else own.push(row);
      }
    }
    let sum = this.#items(place, items);
    for (const flow of flows.values()) sum += this.#longestPath(flow);
    return sum;
  }

  #iteration(owner: number, { taskName }: TaskStatistics): string {
    const { length } = this.#rows[owner]?.taskName ?? "";
    return /^\[\d+\]/.exec(taskName.slice(length))?.[0] ?? "";
  }

  #items(map: number, items: readonly number[]): number {
    let most = 0;
    let sum = 0;
    for (const item of items) {
      const whole = this.of(item);
      sum += whole;
      most = Math.max(most, whole);
    }
    const name = this.#rows[map]?.taskName ?? "";
    const limit = this.#run.tasks.get(name)?.info?.concurrency;
    return limit === undefined ? most : Math.max(most, Math.ceil(sum / limit));
  }

  /** Every task stands after those that it reads. */
  #longestPath(flow: readonly number[]): number {
    const finish = new Map<string, number>();
    let longest = 0;
    for (const row of flow) {
      const task = this.#rows[row] as TaskStatistics;
      if (this.#steps.isTail(task)) continue;
      const done = readyUs(task, finish) + this.of(row);
      finish.set(task.taskName, done);
      longest = Math.max(longest, done);
    }
    return longest;
  }
}
