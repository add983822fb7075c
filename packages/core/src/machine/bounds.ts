/**
 * Where a run begins and where it ends: what was called off before it began, its verdict, and the tail tasks that it
 * leaves behind. Both machines tell it when; it decides nothing in between.
 */
import type { MachineEvent } from "./event.ts";
import type { Ledger } from "./ledger.ts";
import type { RunState } from "./machine.ts";
import type { StopCause } from "./reason.ts";
import { Sparse } from "./sparse.ts";
import { DETACHED, SHOWN } from "./states.ts";
import type { Turn } from "./turn.ts";

const NO_TASKS: ReadonlySet<number> = new Set();

export class Bounds {
  begun = false;
  state: RunState | undefined;
  readonly #ledger: Ledger;
  readonly #turn: Turn;
  readonly #observed: boolean;
  /** Before it began: what stopped the run, so that what is restored stays restored; and which tasks were called off. */
  #stoppedBefore: StopCause | undefined;
  readonly #calledOffBefore: Sparse<unknown> = new Sparse();
  #detached: Set<number> | undefined;
  #closed = false;

  constructor(ledger: Ledger, turn: Turn, observed: boolean) {
    this.#ledger = ledger;
    this.#turn = turn;
    this.#observed = observed;
  }

  /** Whether the run has not begun: then it is kept in mind. */
  isEarly(event: Extract<MachineEvent, { readonly type: "stop" | "cancel" }>): boolean {
    if (this.begun) return false;
    if (event.type === "stop") this.#stoppedBefore ??= event.cause;
    else this.#calledOffBefore.set(event.task, event.reason);
    return true;
  }

  /** The tasks that were called off, each with its reason. */
  get calledOffBefore(): Iterable<[task: number, reason: unknown]> {
    return this.#calledOffBefore;
  }

  /** From now on tasks may start; returns what stopped the run before they could. */
  begin(): StopCause | undefined {
    this.begun = true;
    this.#turn.cause = -1;
    return this.#stoppedBefore;
  }

  /** Whether the run goes on. */
  get open(): boolean {
    return this.begun && this.state === undefined;
  }

  /** The run is over; the tail tasks that are not are detached from it. */
  settle(failed: boolean, openTails: Iterable<number>): void {
    const { stoppedBy, status } = this.#ledger;
    if (stoppedBy === undefined) this.state = failed ? "failed" : "completed";
    else this.state = stoppedBy.kind === "aborted" ? "cancelled" : "failed";
    this.#turn.cause = -1;
    this.detach(openTails);
    if (this.#observed) {
      for (const task of this.detached) {
        const from = SHOWN[status[task] as number] as number;
        this.#turn.command({ type: "status", task, from, to: DETACHED, cause: -1 });
      }
    }
    this.#turn.command({ type: "settle" });
  }

  /** Tail tasks, and what is inside of them, that had no final state when the run ended; or that came up there since. */
  get detached(): ReadonlySet<number> {
    return this.#detached ?? NO_TASKS;
  }

  detach(tasks: Iterable<number>): void {
    for (const task of tasks) {
      this.#detached ??= new Set();
      this.#detached.add(task);
    }
  }

  /** After every event: what the run leaves behind has ended, or has not. */
  closeWhen(ended: boolean): void {
    if (!ended || this.#closed || this.state === undefined) return;
    this.#closed = true;
    this.#turn.command({ type: "close" });
  }
}
