/**
 * The tasks as they stand inside of each other: which are unfolded, and the rows that are left. What has a flow inside begins
 * folded, a map of plain items unfolded. Knows no DOM.
 */

import { NONE } from "../src/html/page-data.ts";
import { count } from "../src/wording/counts.ts";
import { duration } from "../src/wording/duration.ts";
import type { Run } from "./run.ts";

export class Tree {
  readonly #run: Run;
  readonly #folded: Set<number> = new Set();
  readonly #summaries: Map<number, string> = new Map();

  constructor(run: Run) {
    this.#run = run;
    for (let task = 0; task < run.taskCount; task++) if (run.folds(task)) this.#folded.add(task);
  }

  /** Undefined where there is nothing to unfold. */
  isOpen(task: number): boolean | undefined {
    return this.#run.insideOf(task).length === 0 ? undefined : !this.#folded.has(task);
  }

  toggle(task: number): void {
    if (!this.#folded.delete(task)) this.#folded.add(task);
  }

  /** Unfolds all that a task is inside of; whether that changed anything. */
  reveal(task: number): boolean {
    return this.#run.around(task).filter((around) => this.#folded.delete(around)).length > 0;
  }

  /** From 1, as screen readers count. */
  level(task: number): number {
    return this.#run.around(task).length + 1;
  }

  /** A task, then what is inside of it unless that is folded, in the order of the report. */
  rows(): number[] {
    const run = this.#run;
    const { parent } = run.data.tasks;
    const rows: number[] = [];
    const left: number[] = [];
    for (let task = run.taskCount - 1; task >= 0; task--)
      if (parent[task] === NONE) left.push(task);
    for (let task = left.pop(); task !== undefined; task = left.pop()) {
      rows.push(task);
      if (this.#folded.has(task)) continue;
      const inside = run.insideOf(task);
      for (let at = inside.length - 1; at >= 0; at--) left.push(inside[at] ?? NONE);
    }
    return rows;
  }

  /** `12 inside, 1 failed, 3.2 s`; empty for a task with nothing inside. */
  summary(task: number): string {
    const known = this.#summaries.get(task);
    if (known !== undefined) return known;
    const run = this.#run;
    const inside = run.allInsideOf(task);
    const failed = inside.filter((one) => run.status(one) === "failed").length;
    const parts = [
      `${count(inside.length)} inside`,
      ...(failed > 0 ? [`${count(failed)} failed`] : []),
      duration((run.data.tasks.durationUs[task] ?? 0) / 1000),
    ];
    const summary = inside.length === 0 ? "" : parts.join(", ");
    this.#summaries.set(task, summary);
    return summary;
  }
}
