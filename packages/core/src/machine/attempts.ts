/**
 * The life of attempts: they are opened, asked to stop, and end. What an end means for the task is handed back as a
 * verdict, read from the table; this file calls nobody, gives back no capacity and knows no other task.
 */
import type { MachineEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import { type AbortCause, reasonOf } from "./reason.ts";
import type { Rows } from "./rows.ts";
import { Sparse } from "./sparse.ts";
import {
  ABANDONED,
  type Asked,
  ATTEMPT,
  CANCELLED,
  COMPLETED,
  type Conclusion,
  type End,
  FAILED,
  RUNNING,
} from "./states.ts";
import type { Turn } from "./turn.ts";

/** What the end of an attempt makes of its task. `again` is at once, `later` after a delay. */
export type Verdict = "again" | "later" | Conclusion;

type Of<Type extends MachineEvent["type"]> = Extract<MachineEvent, { readonly type: Type }>;

type EndEvent = Of<"returned" | "skipped" | "threw" | "abandon">;

const STRENGTH = Object.keys(ATTEMPT);

export class Attempts {
  readonly #rows: Rows;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #observed: boolean;
  /** Why running attempts were asked to stop, by task. */
  readonly #asked: Sparse<AbortCause> = new Sparse();
  /** Why those would be that are uninterruptible. */
  readonly #spared: Sparse<AbortCause> = new Sparse();

  constructor(rows: Rows, ledger: Ledger, turn: Turn, observed: boolean) {
    this.#rows = rows;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#observed = observed;
  }

  /** A new attempt of a running task. `limitedBy`: what it had to wait for, a `BY_` code or 0. */
  open(task: number, queuedAt: number, slot: number, limitedBy: number): void {
    const { now, freed } = this.#turn;
    const attempt = this.#ledger.open(task, queuedAt, now, slot);
    this.#turn.command({ type: "start", task, attempt });
    if (limitedBy === 0) return;
    this.#ledger.limitedBy[attempt] = limitedBy;
    this.#ledger.freedBy[attempt] = freed;
  }

  /** Another attempt in the place of the one that has just ended. */
  reopen(task: number): void {
    const slot = this.#ledger.slot[this.#ledger.lastAttempt[task] as number] as number;
    this.open(task, this.#turn.now, slot, 0);
  }

  /** What became known of the running attempt. */
  note(event: Of<"started" | "placed" | "logged">): void {
    const attempt = this.#ledger.lastAttempt[event.task] as number;
    if (event.type === "started") {
      this.#ledger.startAt[attempt] = event.at;
      return;
    }
    if (event.type === "logged") {
      this.#ledger.logs.set(attempt, event.log);
      return;
    }
    const { executor, deliveries } = event;
    if (executor !== undefined) this.#ledger.executors.set(attempt, executor);
    if (deliveries !== undefined) this.#ledger.deliveries.set(attempt, deliveries);
  }

  // ---- asked -------------------------------------------------------------------------------------------------------

  /**
   * Asks the running attempt to stop, once, and again when a stronger cause takes the place of a weaker one. Not so the
   * failure of another task: of all that lost what they read, one is the first to fail.
   */
  ask(task: number, cause: AbortCause): void {
    if (this.#ledger.status[task] !== RUNNING) return;
    if (cause.kind !== "expired" && this.#rows.traitsOf(task).uninterruptible) {
      this.#spare(task, cause);
      return;
    }
    const before = this.#asked.get(task);
    if (STRENGTH.indexOf(rowOf(cause)) <= STRENGTH.indexOf(rowOf(before))) return;
    if (before?.kind === "lost" && cause.kind === "failure") return;
    this.#asked.set(task, cause);
    this.#turn.command({ type: "abort", task, cause });
  }

  /** It is not asked. The run that stops waits for it within the grace period; a loss stops nobody else, and gives it time. */
  #spare(task: number, cause: AbortCause): void {
    const before = this.#spared.get(task);
    if (before !== undefined && (before.kind !== "lost" || cause.kind === "lost")) return;
    this.#spared.set(task, cause);
    if (cause.kind !== "lost") this.#turn.command({ type: "press", task, cause });
  }

  /** Its row in the table. */
  #rowOf(task: number): Asked {
    const cause = this.#asked.size === 0 ? undefined : this.#asked.get(task);
    return cause === undefined && this.#spared.has(task) ? "spared" : rowOf(cause);
  }

  /** Whether the task completes if its running attempt returns. */
  mayComplete(task: number): boolean {
    if (this.#ledger.status[task] !== RUNNING) return false;
    return ATTEMPT[this.#rowOf(task)].returned === "completed";
  }

  /** Whether the table leaves room for another attempt, when the running one fails and so many may follow the first. */
  mayRetry(task: number, retries: number): boolean {
    const { threw } = ATTEMPT[this.#rowOf(task)];
    if (this.#spared.has(task)) return false;
    return threw === "again, or failing" && this.#ledger.attemptCount(task) <= retries;
  }

  /** Whether it was asked by a time limit of its own, and by nothing else since. */
  isExpired(task: number): boolean {
    return this.#asked.get(task)?.kind === "expired";
  }

  /** With what it fails, when it was asked because what it reads is lost, and by nothing stronger since. */
  lossOf(task: number): Error | undefined {
    const cause = this.#asked.size === 0 ? undefined : this.#asked.get(task);
    return cause?.kind === "lost" ? cause.error : undefined;
  }

  // ---- ended -------------------------------------------------------------------------------------------------------

  /** What the end means; nothing for an attempt that had ended before. `mayStart`: whether the task may have another. */
  ended(event: EndEvent, mayStart: boolean): Verdict | undefined {
    const { task } = event;
    const ledger = this.#ledger;
    const attempt = ledger.lastAttempt[task] as number;
    if (event.type === "abandon") {
      const asked = this.#asked.has(task);
      if (ledger.status[task] !== RUNNING || !(asked || this.#spared.has(task))) return undefined;
      // The driver gives it up for what it was asked for first.
      ledger.errors.set(attempt, this.lossOf(task) ?? event.error);
      if (event.facts !== undefined) ledger.note(task, event.facts);
      // Who was not asked has ignored nothing.
      if (asked) ledger.overrunMs.set(task, event.overrunMs);
      return this.#verdict(task, "abandoned");
    }
    // What came with its end is kept in any case.
    if (event.facts !== undefined) ledger.note(task, event.facts);
    if (ledger.status[task] !== RUNNING) return undefined;
    if (event.type !== "threw" && this.isExpired(task)) ledger.timedOut.set(attempt, true);
    if (event.type === "returned") return this.#verdict(task, "returned");
    if (event.type === "skipped") {
      const verdict = this.#verdict(task, "skipped");
      if (verdict === "skipped") {
        ledger.reasons.set(task, { kind: "condition", message: event.reason });
      }
      return verdict;
    }
    ledger.errors.set(attempt, event.error);
    if (event.timedOut === true) ledger.timedOut.set(attempt, true);
    return this.#verdict(task, "threw", mayStart ? event.retryMs : undefined);
  }

  #verdict(task: number, end: End, retryMs?: number): Verdict | undefined {
    const verdict = ATTEMPT[this.#rowOf(task)][end];
    const spared = this.#spared.get(task);
    const cause = this.#asked.get(task) ?? spared;
    this.#asked.delete(task);
    this.#spared.delete(task);
    if (verdict === "completed" || verdict === "skipped") {
      // The attempt has done what it wanted; what that makes of its task is another matter.
      this.#close(task, COMPLETED);
    } else if (verdict === "again, or failing" || verdict === "failing") {
      if (cause?.kind === "lost" && end !== "threw") {
        this.#ledger.errors.set(this.#ledger.lastAttempt[task] as number, cause.error);
      }
      this.#close(task, FAILED);
      // No attempt begins after a stop, whoever it spares.
      if (retryMs === undefined || verdict === "failing" || spared !== undefined) return "failing";
      this.#ledger.retryDelay.set(this.#ledger.lastAttempt[task] as number, retryMs);
      return retryMs === 0 ? "again" : "later";
    } else if (verdict !== undefined) {
      this.#ledger.reasons.set(task, reasonOf(cause as AbortCause));
      this.#close(task, verdict === "cancelled" ? CANCELLED : ABANDONED);
    }
    return verdict;
  }

  #close(task: number, status: number): void {
    const attempt = this.#ledger.lastAttempt[task] as number;
    this.#ledger.close(attempt, status, this.#turn.now);
    if (this.#observed) this.#turn.command({ type: "ended", attempt });
  }
}

/** The row of what was asked. */
function rowOf(cause: AbortCause | undefined): Asked {
  if (cause === undefined) return "open";
  if (cause.kind === "lost") return "lost";
  if (cause.kind !== "expired") return "stopped";
  return cause.scope === "task" ? "overdue" : "limited";
}
