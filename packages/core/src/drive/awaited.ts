/**
 * What was asked for tasks and has not been answered, one question a task; given up when its grace period is over once the
 * answer is not wanted any more. Knows no question and decides nothing.
 */
import { Sparse } from "../machine/sparse.ts";
import { graceOf } from "./grace-of.ts";
import type { Host } from "./host.ts";

export class Awaited {
  readonly #host: Host;
  readonly #graceMs: number | undefined;
  /** By task, what calls off its grace period once that runs. */
  readonly #open: Sparse<(() => void) | undefined> = new Sparse();

  constructor(host: Host, graceMs: number | undefined) {
    this.#host = host;
    this.#graceMs = graceMs;
  }

  add(task: number): void {
    this.#open.set(task, undefined);
  }

  /** Waits for an answer that never rejects; it is heard unless it was given up by then. */
  wait<Answer>(task: number, answer: Promise<Answer>, heard: (answer: Answer) => void): void {
    this.add(task);
    void answer.then((said) => {
      if (this.end(task)) heard(said);
    });
  }

  has(task: number): boolean {
    return this.#open.has(task);
  }

  /** The answer is there: whether anybody has waited for it. */
  end(task: number): boolean {
    if (!this.#open.has(task)) return false;
    this.#open.get(task)?.();
    this.#open.delete(task);
    return true;
  }

  /** It is waited for within the grace period only. `forsake` is called when that is over: then no answer is heard. */
  press(task: number, forsake: () => void): void {
    const graceMs = graceOf(this.#host.machine, task, this.#graceMs);
    if (graceMs === undefined || !this.#open.has(task)) return;
    const giveUp = (): void => {
      if (this.#open.delete(task)) forsake();
    };
    this.#open.set(task, this.#host.after(graceMs, giveUp));
  }
}
