/** The deadline of each task from the start of its first attempt: a timer until the task has ended. Decides nothing. */
import { Sparse } from "../machine/sparse.ts";
import { definitionOf } from "./definition-of.ts";
import type { Host } from "./host.ts";

export class DeadlineTimers {
  readonly #host: Host;
  /** By task, how its timer is called off. */
  readonly #armed: Sparse<() => void> = new Sparse();

  constructor(host: Host) {
    this.#host = host;
  }

  /** The first attempt of a task starts. */
  start(task: number): void {
    const limitMs = definitionOf(this.#host.machine, task).options?.deadlineMs;
    if (limitMs === undefined) return;
    const expire = (): void => {
      this.#armed.delete(task);
      if (this.#host.machine.ledger.isFinal(task)) return;
      this.#host.send({ type: "expired", task, at: this.#host.now(), limitMs, scope: "task" });
    };
    this.#armed.set(task, this.#host.after(limitMs, expire));
  }

  /** Something has happened to a task: it may have ended. */
  look(task: number): void {
    if (this.#armed.size === 0 || !this.#host.machine.ledger.isFinal(task)) return;
    this.#armed.get(task)?.();
    this.#armed.delete(task);
  }

  /** The run settles: nobody has looked at those that ended with others. */
  sweep(): void {
    for (const [task] of [...this.#armed]) this.look(task);
  }
}
