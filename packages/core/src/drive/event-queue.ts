/**
 * The events of a run, one at a time: what a command causes at once waits until all commands before it are obeyed, but for
 * answers that the machine waits for before anything else happens. Knows no event.
 */
import type { MachineEvent } from "../machine/event.ts";

/** What it needs of the driver. */
export interface QueueHost {
  /** Has the event handled and all obeyed to which that leads; then it calls `takeAnswers`. */
  handle(event: MachineEvent): void;
  fail(error: unknown): void;
}

export class EventQueue {
  readonly #host: QueueHost;
  /** What waits for its turn; what had it is let go, for it may hold outputs. */
  readonly #events: (MachineEvent | undefined)[] = [];
  readonly #answers: MachineEvent[] = [];
  #answering = false;
  #busy = false;
  #closed = false;

  constructor(host: QueueHost) {
    this.#host = host;
  }

  /** Nothing is heard any more. */
  close(): void {
    this.#closed = true;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  send(event: MachineEvent): void {
    if (this.#closed) return;
    if (this.#busy) {
      this.#events.push(event);
      return;
    }
    this.#busy = true;
    try {
      this.#host.handle(event);
      for (let at = 0; at < this.#events.length && !this.#closed; at++) {
        const next = this.#events[at] as MachineEvent;
        this.#events[at] = undefined;
        this.#host.handle(next);
      }
    } catch (error) {
      // Nothing that a caller hands in gets here. Whoever waits must hear of what does.
      this.#host.fail(error);
    } finally {
      // Setting a length costs a call of the runtime, also when it is 0 already.
      if (this.#events.length > 0) this.#events.length = 0;
      this.#busy = false;
    }
  }

  /** The answer to a command: it is taken before anything that waits. */
  answer(event: MachineEvent): void {
    this.#answers.push(event);
  }

  /** Answers, and those to what they lead to: one by one, for there may be thousands in a turn. */
  takeAnswers(): void {
    if (this.#answering || this.#answers.length === 0) return;
    this.#answering = true;
    try {
      for (let at = 0; at < this.#answers.length; at++)
        this.#host.handle(this.#answers[at] as MachineEvent);
    } finally {
      this.#answers.length = 0;
      this.#answering = false;
    }
  }

  /** What has not had its turn. */
  *waiting(): Iterable<MachineEvent> {
    for (const event of this.#events) if (event !== undefined) yield event;
  }
}
