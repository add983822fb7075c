/**
 * Tasks that have failed for good and have a fallback: it is asked once, and its answer says what becomes of the failure.
 * That is handed back as a verdict; this file calls nobody, and knows no policy and no value.
 */
import type { FellBackEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import type { Rows } from "./rows.ts";
import { Sparse } from "./sparse.ts";
import { ENDING, type Failing } from "./states.ts";
import type { Tasks } from "./tasks.ts";
import type { Turn } from "./turn.ts";

export class Fallbacks {
  /** Tasks that are not answered at once any more: a promise is awaited. */
  readonly #pending: Sparse<Failing> = new Sparse();
  /** Tasks whose answer comes before anything else happens. */
  readonly #asked: Sparse<Failing> = new Sparse();
  /** Tasks that are waited for only within the grace period. */
  readonly #pressed: Sparse<true> = new Sparse();
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #tasks: Tasks;

  constructor(rows: Rows, ledger: Ledger, turn: Turn, tasks: Tasks) {
    this.#rows = rows;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#tasks = tasks;
  }

  /** Asks the fallback of a task that has failed; whether it has one. */
  ask(task: number, conclusion: Failing): boolean {
    if (!this.#rows.fallsBack(task)) return false;
    this.#asked.set(task, conclusion);
    this.#tasks.become(task, ENDING);
    this.#turn.command({ type: "fallback", task });
    return true;
  }

  /** Whether nothing may happen before an answer is there. */
  get due(): boolean {
    return this.#asked.size > 0;
  }

  /** From now on the answer is waited for only within the grace period. */
  press(task: number): void {
    const open = this.#asked.has(task) || this.#pending.has(task);
    if (!open || this.#pressed.has(task)) return;
    this.#pressed.set(task, true);
    this.#turn.command({ type: "press", task });
  }

  /** What the task ends as; nothing yet when the answer is a promise. */
  answered(event: FellBackEvent): Failing | undefined {
    const { task } = event;
    const conclusion = this.#asked.get(task) ?? this.#pending.get(task);
    if (conclusion === undefined) return undefined;
    this.#asked.delete(task);
    if (event.pending) {
      this.#pending.set(task, conclusion);
      return undefined;
    }
    this.#pending.delete(task);
    this.#pressed.delete(task);
    if ("error" in event) this.#ledger.taskErrors.set(task, event.error);
    else this.#ledger.fellBack.set(task, true);
    return conclusion;
  }
}
