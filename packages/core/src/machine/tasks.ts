/**
 * The life of a task but for its attempts: it goes from state to state, it is asked before it queues, it queues again. What
 * an answer means is handed back as a verdict; what follows from a state for other tasks is not known here.
 */
import type { IteratedEvent, PreparedEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import { Sparse } from "./sparse.ts";
import { ASKING, BETWEEN, DELAYED, INSIDE, SHOWN, WAITING } from "./states.ts";
import type { Turn } from "./turn.ts";

/** What an answer makes of a task: what must be done next, or the state that it gets. */
export type Answer = "queued" | "inside" | "skipped" | "restored" | "failing";

export class Tasks {
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #observed: boolean;
  /** Told when an answer goes on that nobody wants any more, and when it has ended. */
  readonly #lingers: ((task: number, more: 1 | -1) => void) | undefined;
  /** Since when the end of an answer is awaited that nobody wants any more. */
  readonly #lingering: Sparse<number> = new Sparse();
  /** Since when a task competes that is queued again, or whose answer took time. */
  readonly #queuedAt: Sparse<number> = new Sparse();

  constructor(
    ledger: Ledger,
    turn: Turn,
    observed: boolean,
    lingers?: (task: number, more: 1 | -1) => void,
  ) {
    this.#ledger = ledger;
    this.#turn = turn;
    this.#observed = observed;
    this.#lingers = lingers;
  }

  become(task: number, state: number): void {
    const { status } = this.#ledger;
    const from = status[task] as number;
    status[task] = state;
    if (this.#observed) this.#tell(task, SHOWN[from] as number, SHOWN[state] as number);
    // Whoever had an answer has left that state before: what goes on is not wanted any more.
    if (from === ASKING || from === BETWEEN) {
      this.#lingering.set(task, this.#turn.now);
      this.#lingers?.(task, 1);
      this.#turn.command({ type: "unprepare", task });
    }
  }

  #tell(task: number, from: number, to: number): void {
    if (from === to) return;
    this.#turn.command({ type: "status", task, from, to, cause: this.#turn.cause });
  }

  // ---- asked -------------------------------------------------------------------------------------------------------

  ask(task: number): void {
    this.become(task, ASKING);
    this.#turn.command({ type: "prepare", task });
  }

  /** Whether an answer is still wanted. */
  awaitsInputs(task: number): boolean {
    const state = this.#ledger.status[task];
    return state === WAITING || state === ASKING;
  }

  /** What the answer means; nothing for a task that has got its status meanwhile. */
  answered(event: PreparedEvent): Answer | undefined {
    const { task } = event;
    const { reasons, taskErrors, readyAt, status } = this.#ledger;
    if (event.unfinished !== true) this.#lingered(task, 1);
    if (!this.awaitsInputs(task)) return undefined;
    // Nothing is asked any more: leaving this state calls nothing off.
    if (event.unfinished !== true) status[task] = WAITING;
    if (event.skip !== undefined) {
      reasons.set(task, { kind: "condition", message: event.skip });
      return "skipped";
    }
    if ("error" in event) {
      taskErrors.set(task, event.error);
      return "failing";
    }
    if (event.items !== undefined || event.inner !== undefined) return "inside";
    if (event.found === true) {
      this.#ledger.cached.set(task, true);
      return "restored";
    }
    // Until now it waited for its inputs, not for capacity.
    if (event.at > (readyAt[task] as number)) this.#queuedAt.set(task, event.at);
    return "queued";
  }

  /** A loop is between two of its flows, and the answer is there: whether it is still wanted. */
  iterated({ task }: IteratedEvent): boolean {
    const { status } = this.#ledger;
    this.#lingered(task, 1);
    if (status[task] !== BETWEEN) return false;
    // Nothing is asked any more: leaving this state calls nothing off.
    status[task] = INSIDE;
    return true;
  }

  /** The answer goes on, and nobody waits for it any more: the report names what was left behind. */
  forsake(task: number): void {
    this.#lingered(task, 0);
  }

  /** Whether no answer goes on that nobody wants: until then the run has not ended. */
  get idle(): boolean {
    return this.#lingering.size === 0;
  }

  /** How long it lingered is told when it was that long: less is not worth a word. */
  #lingered(task: number, leastMs: number): void {
    const since = this.#lingering.get(task);
    if (since === undefined) return;
    this.#lingering.delete(task);
    this.#lingers?.(task, -1);
    const overrunMs = this.#turn.now - since;
    if (overrunMs >= leastMs) this.#ledger.overrunMs.set(task, overrunMs);
  }

  // ---- delayed, queued again ------------------------------------------------------------------------------------------------------

  /** Until its next attempt; its driver is asked to say when that is. */
  delay(task: number): void {
    this.become(task, DELAYED);
    const { lastAttempt, retryDelay } = this.#ledger;
    const ms = retryDelay.get(lastAttempt[task] as number) as number;
    this.#turn.command({ type: "delay", task, ms });
  }

  /** The delay is over: whether the task competes again from now on. */
  elapsed(task: number): boolean {
    const delayed = this.#ledger.status[task] === DELAYED;
    if (delayed) this.competes(task);
    return delayed;
  }

  /** From now on, after an attempt. */
  competes(task: number): void {
    this.#queuedAt.set(task, this.#turn.now);
  }

  /** It is told to stop: no delay goes on for it. */
  undelay(task: number): void {
    if (this.#ledger.status[task] === DELAYED) this.#turn.command({ type: "undelay", task });
  }

  /** Since when it competes, or competed, for capacity. */
  queuedSince(task: number): number {
    const again = this.#queuedAt.size === 0 ? undefined : this.#queuedAt.get(task);
    return again ?? (this.#ledger.readyAt[task] as number);
  }
}
