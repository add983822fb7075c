/** The run as the page looks at it: the columns, and who depends on whom in both directions. Never changes. */
import { KINDS, NONE, type PageData } from "../src/html/page-data.ts";
import { STATUSES } from "../src/wording/outcome.ts";

export interface Neighbour {
  readonly task: number;
  /** Place in `DEPENDENCY_KINDS`. */
  readonly kind: number;
}

export class Run {
  readonly data: PageData;
  readonly taskCount: number;
  readonly attemptCount: number;
  readonly #dependencies: readonly Neighbour[][];
  readonly #dependents: readonly Neighbour[][];
  readonly #attempts: readonly number[][];
  readonly #items: ReadonlyMap<number, readonly number[]>;

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
    const items = new Map<number, number[]>();
    tasks.parent.forEach((map, task) => {
      if (map === NONE) return;
      const own = items.get(map);
      if (own === undefined) items.set(map, [task]);
      else own.push(task);
    });
    this.#items = items;
  }

  name(task: number): string {
    return this.data.tasks.name[task] ?? "";
  }

  status(task: number): (typeof STATUSES)[number] {
    return STATUSES[this.data.tasks.status[task] ?? 0] ?? "completed";
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

  itemsOf(map: number): readonly number[] {
    return this.#items.get(map) ?? [];
  }

  isCritical(task: number): boolean {
    return this.attemptsOf(task).some((attempt) => this.data.attempts.critical[attempt] === 1);
  }

  isFlaky(task: number): boolean {
    return this.status(task) === "completed" && this.attemptsOf(task).length > 1;
  }
}
