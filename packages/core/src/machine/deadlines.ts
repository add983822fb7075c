/**
 * Tasks between two attempts, and until when they may have another: which retries come too late, and who waits for one that
 * could only begin after the deadline. What that means is handed back as a verdict; compares instants, reads no clock and
 * fails nobody.
 */
import type { ExpiredEvent, ThrewEvent } from "./event.ts";
import { Heap } from "./heap.ts";
import type { Ledger } from "./ledger.ts";
import type { Rows } from "./rows.ts";
import { DELAYED, QUEUED } from "./states.ts";
import type { Tasks } from "./tasks.ts";
import type { Turn } from "./turn.ts";

/** What becomes of a task that wants another attempt: one that comes too late has failed with the last one. */
type Wanted = "queued" | "failing";

interface Waiting {
  readonly task: number;
  readonly until: number;
}

export class Deadlines {
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #tasks: Tasks;
  /** Tasks between two attempts, the first deadline first; with some that have gone on since. */
  readonly #waiting: Heap<Waiting> = new Heap((a, b) => a.until < b.until);

  constructor(rows: Rows, ledger: Ledger, turn: Turn, tasks: Tasks) {
    this.#rows = rows;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#tasks = tasks;
  }

  /** Whether the attempt that is wanted after this one would begin in time. */
  allows({ task, at, retryMs = 0 }: ThrewEvent): boolean {
    return at + retryMs < this.#of(task);
  }

  /** The next attempt is wanted after a delay. */
  delay(task: number): void {
    this.#tasks.delay(task);
    this.#waits(task);
  }

  /** It is wanted at once. */
  queueAgain(task: number): Wanted {
    this.#tasks.competes(task);
    this.#waits(task);
    return this.#due(task);
  }

  /** The delay is over; nothing for a task that does not wait for that any more. */
  elapsed(task: number): Wanted | undefined {
    return this.#tasks.elapsed(task) ? this.#due(task) : undefined;
  }

  /** Whether it is the deadline of a task between two attempts that has passed: it has failed. */
  expired({ task, scope }: ExpiredEvent): boolean {
    const fails = scope === "task" && this.#isWaiting(task);
    if (fails) this.#tasks.undelay(task);
    return fails;
  }

  /** A task that still waits, and whose deadline has passed: it has failed. Each once. */
  passed(): number | undefined {
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      if (first.until > this.#turn.now) return undefined;
      this.#waiting.removeAt(0);
      if (!this.#isWaiting(first.task)) continue;
      this.#tasks.undelay(first.task);
      return first.task;
    }
    return undefined;
  }

  #due(task: number): Wanted {
    if (this.#turn.now < this.#of(task)) return "queued";
    this.#tasks.undelay(task);
    return "failing";
  }

  #waits(task: number): void {
    const until = this.#of(task);
    if (until < Number.POSITIVE_INFINITY) this.#waiting.push({ task, until });
  }

  #isWaiting(task: number): boolean {
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
