/**
 * What lives: the value of a task with `release`, from its completion to the answer to `dispose`, which the end of its last
 * reader commands; and values that such a task gave and nobody heard. Counts them; knows no value and stops nobody.
 */
import type { GraphPlan } from "../define/plan.ts";
import { degrees } from "./edges.ts";
import type { DisposedEvent, LostEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import { COMPLETED } from "./states.ts";
import type { Turn } from "./turn.ts";

export class Things {
  /** Values that are not released: the run waits for them. */
  alive = 0;
  /** Whether a release failed. */
  failed = false;
  readonly #plan: GraphPlan;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #observed: boolean;
  /** Edges of each task whose dependent has not ended. */
  readonly #left: Int32Array;

  constructor(plan: GraphPlan, ledger: Ledger, turn: Turn, observed: boolean) {
    this.#plan = plan;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#observed = observed;
    this.#left = degrees(plan.graph.dependents.start, plan.graph.size);
  }

  /** A task of the plan has its final state: what it was the last to read may go, and so may what nobody will read. */
  ended(task: number): void {
    // What has come up reads nothing of the plan, and nothing that lives is inside of it.
    if (task >= this.#ledger.planned) return;
    const { start, end } = this.#plan.graph.dependencies;
    const last = start[task + 1] as number;
    for (let edge = start[task] as number; edge < last; edge++) {
      const dependency = end[edge] as number;
      const left = (this.#left[dependency] as number) - 1;
      this.#left[dependency] = left;
      if (left === 0 && this.#lives(dependency)) this.#dispose(dependency);
    }
    if (!this.#lives(task)) return;
    this.alive++;
    if (this.#left[task] === 0) this.#dispose(task);
    else this.#turn.command({ type: "watch", task });
  }

  /** One that is never restored: what has another final state gave nothing that was heard. */
  #lives(task: number): boolean {
    return this.#ledger.status[task] === COMPLETED && this.#plan.traits.of(task).lives;
  }

  #dispose(task: number): void {
    this.#turn.command({ type: "dispose", task });
  }

  /** A value came that nobody hears. */
  unheard(): void {
    this.alive++;
  }

  /** `told`: the run has settled, and its report is made. */
  disposed({ task, calledAt, at, ...ended }: DisposedEvent, told: boolean): void {
    this.alive--;
    if (told) return;
    const before = this.#ledger.releases.get(task);
    const failure = before !== undefined && "error" in before ? before : ended;
    const failed = "error" in failure;
    this.#ledger.releases.set(task, {
      calledAt,
      endedAt: at,
      ...(failed && { error: failure.error }),
    });
    if (failed) this.failed = true;
    if (this.#observed) this.#turn.command({ type: "released", task });
  }

  /** A thing has gone: whether anybody is left to whom that matters. */
  lost({ task, at, error }: LostEvent): boolean {
    const { losses } = this.#ledger;
    if (!this.#lives(task) || this.#left[task] === 0 || losses.has(task)) return false;
    losses.set(task, { at, error });
    if (this.#observed) this.#turn.command({ type: "gone", task });
    return true;
  }

  hasten(): void {
    this.#turn.command({ type: "hasten" });
  }
}
