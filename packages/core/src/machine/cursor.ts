/** Where the documented algorithm stands: which stage comes next, and which task is awaited. Decides nothing. */
import type { GraphPlan } from "../define/plan.ts";

export class Cursor {
  /** The stage that starts next. */
  stage = 0;
  /** Whether all tasks are awaited, because no stage starts any more. */
  finishing = false;
  readonly #plan: GraphPlan;
  /** What is awaited, and how far in it everything has been: at first nothing. */
  #awaited: ArrayLike<number> = [];
  #at = 0;

  constructor(plan: GraphPlan) {
    this.#plan = plan;
  }

  get atLastStage(): boolean {
    return this.stage >= this.#plan.totalStages;
  }

  /** The task that it stands at; none when everything has been awaited. */
  get task(): number | undefined {
    return this.#awaited[this.#at];
  }

  /** It goes on to the next one. */
  next(): number | undefined {
    this.#at++;
    return this.task;
  }

  /** A stage has started: what the next one waits for is awaited, in the plan's order. */
  nextStage(): void {
    this.stage++;
    this.#at = 0;
    this.#awaited = this.#plan.awaitedBy(this.stage);
  }

  /** No stage starts any more: all tasks are awaited, in the order of their start. */
  finish(): void {
    this.finishing = true;
    this.#awaited = this.#plan.order;
    this.#at = 0;
  }
}
