/** The run as the page looks at it: the columns, who depends on whom in both directions, what is inside of what. Never changes. */
import { FLOWS, KINDS, NONE, type PageData } from "../src/html/page-data.ts";
import type { TaskLook } from "../src/html/task-look.ts";
import { STATUSES } from "../src/wording/outcome.ts";

export interface Neighbour {
  readonly task: number;
  /** Place in `DEPENDENCY_KINDS`. */
  readonly kind: number;
}

const BROKEN: ReadonlySet<string> = new Set(["failed", "abandoned"]);

export class Run {
  readonly data: PageData;
  readonly taskCount: number;
  readonly attemptCount: number;
  readonly #dependencies: readonly Neighbour[][];
  readonly #dependents: readonly Neighbour[][];
  readonly #attempts: readonly number[][];
  readonly #inside: ReadonlyMap<number, readonly number[]>;
  readonly #folding: ReadonlySet<number>;
  readonly #tolerated: ReadonlySet<number>;
  readonly #lastInside: Map<number, number | undefined> = new Map();

  constructor(data: PageData) {
    this.data = data;
    const { tasks, attempts, dependencies } = data;
    this.taskCount = tasks.name.length;
    this.attemptCount = attempts.task.length;
    const before: Neighbour[][] = [];
    const after: Neighbour[][] = tasks.name.map(() => []);
    let at = 0;
    for (let task = 0; task < this.taskCount; task++) {
      const own: Neighbour[] = [];
      for (let left = tasks.dependencyCount[task] ?? 0; left > 0; left--, at++) {
        const kind = dependencies.kind[at] ?? 0;
        const other = dependencies.task[at] ?? NONE;
        own.push({ task: other, kind });
        after[other]?.push({ task, kind });
      }
      before.push(own);
    }
    this.#dependencies = before;
    this.#dependents = after;
    const calls: number[][] = tasks.name.map(() => []);
    attempts.task.forEach((task, attempt) => {
      calls[task]?.push(attempt);
    });
    this.#attempts = calls;
    const inside = new Map<number, number[]>();
    tasks.parent.forEach((parent, task) => {
      if (parent === NONE) return;
      const own = inside.get(parent);
      if (own === undefined) inside.set(parent, [task]);
      else own.push(task);
    });
    this.#inside = inside;
    this.#tolerated = new Set(data.tolerated);
    const folding = new Set<number>();
    for (const task of inside.keys()) {
      if (tasks.flow[task] !== 0) folding.add(task);
      // A map of flows.
      const around = tasks.parent[task] ?? NONE;
      if (around !== NONE) folding.add(around);
    }
    this.#folding = folding;
  }

  /** Whether there are flows inside of tasks. */
  get nested(): boolean {
    return this.#folding.size > 0;
  }

  name(task: number): string {
    return this.data.tasks.name[task] ?? "";
  }

  status(task: number): (typeof STATUSES)[number] {
    return STATUSES[this.data.tasks.status[task] ?? 0] ?? "completed";
  }

  /** Whether it failed, and the run went on as if it had not. */
  isTolerated(task: number): boolean {
    return this.#tolerated.has(task);
  }

  /** How it looks: as its status, or tolerated. */
  look(task: number): TaskLook {
    return this.isTolerated(task) ? "tolerated" : this.status(task);
  }

  kind(task: number): (typeof KINDS)[number] {
    return KINDS[this.data.tasks.kind[task] ?? 0] ?? "task";
  }

  /** Empty where there is none. */
  text(place: number | undefined): string {
    return place === undefined || place === NONE ? "" : (this.data.texts[place] ?? "");
  }

  dependenciesOf(task: number): readonly Neighbour[] {
    return this.#dependencies[task] ?? [];
  }

  dependentsOf(task: number): readonly Neighbour[] {
    return this.#dependents[task] ?? [];
  }

  /** In the order of their starts. */
  attemptsOf(task: number): readonly number[] {
    return this.#attempts[task] ?? [];
  }

  flow(task: number): (typeof FLOWS)[number] {
    return FLOWS[this.data.tasks.flow[task] ?? 0] ?? "none";
  }

  /** Directly inside of it: items of a map, tasks of a flow. */
  insideOf(task: number): readonly number[] {
    return this.#inside.get(task) ?? [];
  }

  /** Of what failed inside of it, at any depth, the one that failed first; itself where nothing did that is not tolerated. */
  firstCause(task: number): number {
    const { endUs } = this.data.tasks;
    // What was cut off has no end.
    const when = (one: number): number =>
      endUs[one] === NONE ? Number.POSITIVE_INFINITY : (endUs[one] ?? 0);
    let cause = task;
    for (;;) {
      const isTolerated = this.isTolerated(cause);
      const failed = this.insideOf(cause).filter(
        (one) => BROKEN.has(this.status(one)) && (isTolerated || !this.isTolerated(one)),
      );
      if (failed.length === 0) return cause;
      cause = failed.reduce((first, one) => (when(one) < when(first) ? one : first));
    }
  }

  /** Everything inside of it, at any depth. */
  allInsideOf(task: number): number[] {
    const all = [...this.insideOf(task)];
    for (let at = 0; at < all.length; at++) {
      for (const inner of this.insideOf(all[at] ?? NONE)) all.push(inner);
    }
    return all;
  }

  /** What it is inside of, the nearest first. */
  around(task: number): number[] {
    const around: number[] = [];
    const { parent } = this.data.tasks;
    for (let at = parent[task] ?? NONE; at !== NONE; at = parent[at] ?? NONE) around.push(at);
    return around;
  }

  /** A subflow, a loop or a map of flows: one line, which opens. */
  folds(task: number): boolean {
    return this.#folding.has(task);
  }

  /** The attempt that ended last, of its own and of all that is inside. */
  lastAttempt(task: number): number | undefined {
    if (this.#lastInside.has(task)) return this.#lastInside.get(task);
    const { endUs } = this.data.attempts;
    let last: number | undefined;
    for (const one of [task, ...this.allInsideOf(task)]) {
      // Nobody waits for a tail, whatever it is inside of.
      if (one !== task && this.kind(one) === "tail") continue;
      const own = this.attemptsOf(one).at(-1);
      if (own !== undefined && (last === undefined || (endUs[own] ?? 0) > (endUs[last] ?? 0)))
        last = own;
    }
    this.#lastInside.set(task, last);
    return last;
  }

  /** When it was clear that a task would never start: with its cause, where no instant of its own is known. */
  droppedUs(task: number): number {
    const { endUs, readyUs, blame } = this.data.tasks;
    const own = Math.max(endUs[task] ?? NONE, readyUs[task] ?? NONE);
    if (own !== NONE) return own;
    const cause = blame[task] ?? NONE;
    const last = cause === NONE ? undefined : this.lastAttempt(cause);
    if (last !== undefined) return this.data.attempts.endUs[last] ?? 0;
    const ended = endUs[cause] ?? NONE;
    return ended === NONE ? this.data.makespanUs : ended;
  }

  isCritical(task: number): boolean {
    return this.attemptsOf(task).some((attempt) => this.data.attempts.critical[attempt] === 1);
  }

  isFlaky(task: number): boolean {
    return this.status(task) === "completed" && this.attemptsOf(task).length > 1;
  }
}
