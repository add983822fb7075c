/**
 * Where a failure began: the item that failed a map, the task that failed a flow, at whatever depth. What is tolerated in there
 * failed nothing around it that is not. Knows no HTML.
 */
import type { SerializedReport, TaskStatistics } from "@astrum/core";
import { Nesting } from "../wording/nesting.ts";
import { hasFailed } from "../wording/outcome.ts";

export class FirstCauses {
  readonly #rows: readonly TaskStatistics[];
  readonly #nesting: Nesting;
  readonly #places: Map<string, number> = new Map();

  constructor(report: SerializedReport) {
    this.#rows = report.taskStatistics;
    this.#nesting = Nesting.of(report);
    this.#rows.forEach(({ taskName }, place) => {
      if (!this.#places.has(taskName)) this.#places.set(taskName, place);
    });
  }

  /** Of all that failed inside of it the one that failed first; itself where nothing did. */
  of(name: string): string {
    let at = this.#places.get(name) ?? -1;
    for (let inner = at; inner !== -1; inner = this.#firstFailed(inner)) at = inner;
    return this.#rows[at]?.taskName ?? name;
  }

  /** Itself, and what it is inside of and was the first to fail, the nearest first. */
  begunBy(name: string): string[] {
    const place = this.#places.get(name) ?? -1;
    const begun = [name];
    let inner = place;
    for (const outer of this.#nesting.around(place)) {
      if (this.#firstFailed(outer) !== inner) break;
      begun.push(this.#rows[outer]?.taskName ?? "");
      inner = outer;
    }
    return begun;
  }

  #firstFailed(place: number): number {
    const when = (one: number): number => this.#rows[one]?.endAt ?? Number.MAX_VALUE;
    const isTolerated = this.#rows[place]?.tolerated === true;
    let first = -1;
    for (const child of this.#nesting.childrenOf(place)) {
      const row = this.#rows[child];
      if (row === undefined || !hasFailed(row)) continue;
      if (row.tolerated === true && !isTolerated) continue;
      if (first === -1 || when(child) < when(first)) first = child;
    }
    return first;
  }
}
