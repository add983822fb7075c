/** The back-off before a task's next attempt: one timer a task, until it rings or is called off. Decides nothing. */
import { Sparse } from "../machine/sparse.ts";
import type { Host } from "./host.ts";

export class Delays {
  readonly #host: Host;
  /** By task, how its timer is called off. */
  readonly #pending: Sparse<() => void> = new Sparse();

  constructor(host: Host) {
    this.#host = host;
  }

  delay(task: number, ms: number): void {
    const elapsed = (): void => {
      this.#pending.delete(task);
      this.#host.send({ type: "elapsed", task, at: this.#host.now() });
    };
    this.#pending.set(task, this.#host.after(ms, elapsed));
  }

  undelay(task: number): void {
    this.#pending.get(task)?.();
    this.#pending.delete(task);
  }
}
