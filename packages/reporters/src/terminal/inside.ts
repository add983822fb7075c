/**
 * What is inside of the tasks at the top of a run, counted as it comes up and ends: items of a map, tasks of a flow, at any
 * depth. Knows no screen.
 */
import type { TaskInfo } from "@astrum/core";

export type Ended = "failed" | "skipped" | "retried";

/** Mutable: an event comes seven times a task, and is to cost next to nothing. */
interface Counts extends Record<Ended, number> {
  total: number;
  ended: number;
  /** Of the first attempt in it. */
  startAt: number | undefined;
  /** A flow is among them: it is shown as one line. */
  flow: boolean;
}

const NOTHING: Readonly<Counts> = {
  total: 0,
  ended: 0,
  failed: 0,
  skipped: 0,
  retried: 0,
  startAt: undefined,
  flow: false,
};

export class Inside {
  readonly #parents: Map<string, string> = new Map();
  readonly #direct: Map<string, number> = new Map();
  readonly #counts: Map<string, Counts> = new Map();
  #flows = false;

  /** Whether there are flows inside of tasks. */
  get flows(): boolean {
    return this.#flows;
  }

  /** Of a task at the top: all that is inside, at any depth. */
  of(top: string): Readonly<Counts> {
    return this.#counts.get(top) ?? NOTHING;
  }

  /** How many are directly inside of a task. */
  directly(task: string): number {
    return this.#direct.get(task) ?? 0;
  }

  /** All that a task is inside of, the nearest first. */
  around(task: string): string[] {
    const around: string[] = [];
    for (let at = this.#parents.get(task); at !== undefined; at = this.#parents.get(at)) {
      around.push(at);
    }
    return around;
  }

  top(task: string): string {
    return this.around(task).at(-1) ?? task;
  }

  listed({ key, parent, kind }: TaskInfo): void {
    if (parent === undefined) return;
    this.#parents.set(key, parent);
    this.#direct.set(parent, this.directly(parent) + 1);
    const top = this.top(parent);
    const counts = this.#counts.get(top) ?? { ...NOTHING };
    this.#counts.set(top, counts);
    counts.total++;
    if (kind !== "item") {
      counts.flow = true;
      this.#flows = true;
    }
    // A planned task is listed before what it is inside of: what was counted for it belongs to who is around it.
    const own = this.#counts.get(key);
    if (own === undefined) return;
    this.#counts.delete(key);
    counts.total += own.total;
    counts.flow ||= own.flow;
  }

  /** An attempt of it. */
  started({ key }: TaskInfo, at: number): void {
    const counts = this.#counts.get(this.top(key));
    if (counts !== undefined) counts.startAt ??= at;
  }

  ended({ key, parent }: TaskInfo): void {
    const counts = this.#around(key, parent);
    if (counts !== undefined) counts.ended++;
  }

  /** How it ended, where that is worth a word. */
  went({ key, parent }: TaskInfo, how: Ended): void {
    const counts = this.#around(key, parent);
    if (counts !== undefined) counts[how]++;
  }

  #around(key: string, parent: string | undefined): Counts | undefined {
    return parent === undefined ? undefined : this.#counts.get(this.top(key));
  }
}
