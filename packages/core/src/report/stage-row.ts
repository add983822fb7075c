/**
 * One stage's statistics, read from the ledger field by field as they are asked for. Stages describe when the tasks of
 * each depth ran; nothing waited for them.
 */

import type { GraphPlan, PlannedStage } from "../define/plan.ts";
import { type Brand, brand } from "../ground/brand.ts";
import type { Ledger } from "../machine/ledger.ts";
import { between, endOf, instant, startOf } from "./durations.ts";
import type { Ms, Offset, StageStatistics } from "./statistics.ts";

/** When the tasks of each stage were first called and ended last, looked for once for all rows that share it. */
export class StageTimes {
  readonly plan: GraphPlan;
  readonly #ledger: Ledger;
  #instants: { readonly start: Float64Array; readonly end: Float64Array } | undefined;

  constructor(plan: GraphPlan, ledger: Ledger) {
    this.plan = plan;
    this.#ledger = ledger;
  }

  /** By stage; `NaN` when none of its tasks was called, or has ended. */
  get instants(): { readonly start: Float64Array; readonly end: Float64Array } {
    if (this.#instants !== undefined) return this.#instants;
    const { order, depth, totalStages } = this.plan;
    const start = new Float64Array(totalStages).fill(Number.NaN);
    const end = new Float64Array(totalStages).fill(Number.NaN);
    for (let at = 0; at < order.length; at++) {
      const task = order[at] as number;
      const stage = depth[task] as number;
      const from = startOf(this.#ledger, task);
      const until = endOf(this.#ledger, task);
      // The first instant of a stage takes the place of `NaN`, which is neither less nor more.
      if (!Number.isNaN(from) && !(from >= (start[stage] as number))) start[stage] = from;
      if (!Number.isNaN(until) && !(until <= (end[stage] as number))) end[stage] = until;
    }
    this.#instants = { start, end };
    return this.#instants;
  }
}

/** A live view: copy it with `toJSON()`, not by spreading. */
export class StageRow implements StageStatistics {
  /** As people know it, where a tool prints it. */
  static readonly name: string = "StageStatistics";
  readonly #times: StageTimes;
  readonly stageId: number;

  constructor(times: StageTimes, stageId: number) {
    this.#times = times;
    this.stageId = stageId;
  }

  get "~astrum"(): Brand {
    return brand("report", "a stage's statistics");
  }

  get stageName(): string {
    return `Stage_${this.stageId}`;
  }

  get startAt(): Offset | null {
    return instant(this.#times.instants.start[this.stageId] as number);
  }

  get endAt(): Offset | null {
    return instant(this.#times.instants.end[this.stageId] as number);
  }

  get durationMs(): Ms {
    const { start, end } = this.#times.instants;
    const last = end[this.stageId] as number;
    return Number.isNaN(last) ? 0 : between(start[this.stageId] as number, last);
  }

  get #plan(): GraphPlan {
    return this.#times.plan;
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
