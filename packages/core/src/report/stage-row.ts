/**
 * One stage's statistics, read from the ledger field by field as they are asked for. Stages describe when the tasks of
 * each depth ran; nothing waited for them.
 */

import type { GraphPlan, PlannedStage } from "../define/plan.ts";
import { type Brand, brand } from "../ground/brand.ts";
import type { Ledger } from "../machine/ledger.ts";
import { between, endOf, instant, startOf } from "./durations.ts";
import type { Ms, Offset, StageStatistics } from "./statistics.ts";

/** A live view: copy it with `toJSON()`, not by spreading. */
export class StageRow implements StageStatistics {
  /** As people know it, where a tool prints it. */
  static readonly name: string = "StageStatistics";
  readonly #plan: GraphPlan;
  readonly #ledger: Ledger;
  readonly stageId: number;
  /** Once they have been looked for; `NaN` when none of its tasks was called. */
  #start: number | undefined;
  #end = Number.NaN;

  constructor(plan: GraphPlan, ledger: Ledger, stageId: number) {
    this.#plan = plan;
    this.#ledger = ledger;
    this.stageId = stageId;
  }

  get "~astrum"(): Brand {
    return brand("report", "a stage's statistics");
  }

  get stageName(): string {
    return `Stage_${this.stageId}`;
  }

  /** When the first call of its tasks began. */
  #begun(): number {
    if (this.#start === undefined) this.#measure();
    return this.#start as number;
  }

  #ended(): number {
    if (this.#start === undefined) this.#measure();
    return this.#end;
  }

  #measure(): void {
    const { order, stageStart } = this.#plan;
    const ledger = this.#ledger;
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    const last = stageStart[this.stageId + 1] as number;
    for (let at = stageStart[this.stageId] as number; at < last; at++) {
      const task = order[at] as number;
      const from = startOf(ledger, task);
      const until = endOf(ledger, task);
      if (from < start) start = from;
      if (until > end) end = until;
    }
    this.#start = start === Number.POSITIVE_INFINITY ? Number.NaN : start;
    this.#end = end === Number.NEGATIVE_INFINITY ? Number.NaN : end;
  }

  get startAt(): Offset | null {
    return instant(this.#begun());
  }

  get endAt(): Offset | null {
    return instant(this.#ended());
  }

  get durationMs(): Ms {
    const end = this.#ended();
    return Number.isNaN(end) ? 0 : between(this.#begun(), end);
  }

  get startTasks(): string[] {
    const { order, stageStart } = this.#plan;
    const first = stageStart[this.stageId] as number;
    const names: string[] = new Array((stageStart[this.stageId + 1] as number) - first);
    for (let at = 0; at < names.length; at++) {
      names[at] = this.#plan.nameOf(order[first + at] as number);
    }
    return names;
  }

  get parallelTasks(): string[] {
    const { startTasks } = this;
    // Where no earlier task goes on beside them, the plan need not be asked for the lists of all stages.
    if (startTasks.length === this.parallelTaskCount) return startTasks;
    return [...(this.#plan.stages[this.stageId] as PlannedStage).parallelTasks];
  }

  get parallelTaskCount(): number {
    return this.#plan.parallelCounts[this.stageId] as number;
  }

  get waitTasks(): string[] {
    return this.#plan.namesOf(this.#plan.awaitedBy(this.stageId));
  }

  get waitTaskCount(): number {
    return this.#plan.awaitedBy(this.stageId).length;
  }

  /** The row as a plain object. */
  toJSON(): StageStatistics {
    const { stageId, stageName, startAt, endAt, durationMs } = this;
    const { parallelTaskCount, waitTaskCount, parallelTasks, waitTasks, startTasks } = this;
    const times = { stageId, stageName, startAt, endAt, durationMs };
    return { ...times, parallelTaskCount, waitTaskCount, parallelTasks, waitTasks, startTasks };
  }
}

/** What Node prints for a row. */
Object.defineProperty(StageRow.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: StageRow): StageStatistics {
    return this.toJSON();
  },
});
