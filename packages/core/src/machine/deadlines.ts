/**
 * Until when the attempts of a task may begin: which retries come too late, and which tasks wait for one that could only
 * begin after that. Compares instants, reads no clock and fails nobody.
 */
import { Heap } from "./heap.ts";
import type { Ledger } from "./ledger.ts";
import type { Rows } from "./rows.ts";
import { DELAYED, QUEUED } from "./states.ts";

interface Waiting {
  readonly task: number;
  readonly until: number;
}

export class Deadlines {
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  /** Tasks between two attempts, the first deadline first; with some that have gone on since. */
  readonly #waiting: Heap<Waiting> = new Heap((a, b) => a.until < b.until);

  constructor(rows: Rows, ledger: Ledger) {
    this.#rows = rows;
    this.#ledger = ledger;
  }

  /** Whether another attempt may begin at this instant. */
  allows(task: number, at: number): boolean {
    return at < this.#of(task);
  }

  /** The task waits for another attempt. */
  waits(task: number): void {
    const until = this.#of(task);
    if (until < Number.POSITIVE_INFINITY) this.#waiting.push({ task, until });
  }

  /** A task that still waits, and whose deadline has passed; each once. */
  passed(now: number): number | undefined {
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      if (first.until > now) return undefined;
      this.#waiting.removeAt(0);
      if (this.isWaiting(first.task)) return first.task;
    }
    return undefined;
  }

  /** Whether it is between two attempts. */
  isWaiting(task: number): boolean {
    const status = this.#ledger.status[task];
    return this.#ledger.lastAttempt[task] !== -1 && (status === DELAYED || status === QUEUED);
  }

  /** From the start of its first attempt. */
  #of(task: number): number {
    const { deadlineMs } = this.#rows.traitsOf(task);
    if (deadlineMs === Number.POSITIVE_INFINITY) return deadlineMs;
    const { firstAttempt, startAt } = this.#ledger;
    return (startAt[firstAttempt[task] as number] as number) + deadlineMs;
  }
}
