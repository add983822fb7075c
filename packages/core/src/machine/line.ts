/** Tasks in line for a slot: whoever was there first goes first. Knows no capacity. */
import type { Ledger } from "./ledger.ts";
import { QUEUED } from "./states.ts";

export class Line {
  readonly #ledger: Ledger;
  readonly #tasks: number[] = [];
  /** Where the first is, and up to where they were in line when no slot was free. */
  #head = 0;
  #held = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  push(task: number): void {
    this.#tasks.push(task);
  }

  /** Those that were called off have left the line. */
  get first(): number | undefined {
    const { status } = this.#ledger;
    while (
      this.#head < this.#tasks.length &&
      status[this.#tasks[this.#head] as number] !== QUEUED
    ) {
      this.#head++;
    }
    return this.#tasks[this.#head];
  }

  /** No slot is free for any of them. */
  hold(): void {
    this.#held = this.#tasks.length;
  }

  get firstWasHeld(): boolean {
    return this.#head < this.#held;
  }

  /** The first leaves. */
  leave(): void {
    this.#head++;
  }
}
