/**
 * All calls of a fleet that are under way. Brings them what events tell, and, since events are only hints, looks at
 * their jobs again and again; a call that is to stop is pressed at every look. Knows when the store is out of reach.
 */
import { StoreUnavailableError } from "../errors.ts";
import { storeError } from "../store/connection.ts";
import type { JobStore } from "../store/job-store.ts";
import { type Ending, endingIn, type Word } from "../wire/protocol.ts";
import type { Call } from "./call.ts";

export interface InFlightSettings {
  readonly store: JobStore;
  readonly reconcileMs: number;
  readonly outageMs: number;
}

/** Jobs looked at in one trip; with more under way they take turns. */
const BATCH = 1_000;

export class InFlight {
  readonly #settings: InFlightSettings;
  readonly #calls = new Map<string, Call>();
  readonly #timer: NodeJS.Timeout;
  #walk: IterableIterator<Call> | undefined;
  #looking = false;
  /** When the store last answered, and last wrote; while nothing is under way nobody asks. */
  #answeredAt = performance.now();
  #writtenAt = performance.now();
  #tickedAt = performance.now();
  #lastFault: Error | undefined;

  constructor(settings: InFlightSettings) {
    this.#settings = settings;
    this.#timer = setInterval(() => this.#tick(), settings.reconcileMs);
  }

  has(jobId: string): boolean {
    return this.#calls.has(jobId);
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values()];
  }

  add(call: Call): void {
    if (this.#calls.size === 0) this.#reached();
    this.#calls.set(call.jobId, call);
  }

  forget(call: Call): void {
    if (this.#calls.get(call.jobId) === call) this.#calls.delete(call.jobId);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The store has written for us, or would not. */
  wrote(fault?: unknown): void {
    if (fault === undefined) this.#writtenAt = performance.now();
    else this.fault(fault);
  }

  fault(error: unknown): void {
    this.#lastFault = storeError(error);
  }

  // What events tell.

  started(jobId: string): void {
    this.#calls.get(jobId)?.started();
  }

  heard(jobId: string, word: Word | undefined): void {
    const call = this.#calls.get(jobId);
    if (call === undefined || word === undefined) return;
    if ("left" in word) call.handedBack();
    call.heard(word);
  }

  completed(jobId: string, ending: Ending | undefined): void {
    this.#calls.get(jobId)?.ended(ending);
  }

  failed(jobId: string, failedReason: string): void {
    this.#calls.get(jobId)?.ended(endingIn(failedReason), failedReason);
  }

  /** The job was there already. */
  duplicated(jobId: string): void {
    this.#calls
      .get(jobId)
      ?.attach()
      .catch((error: unknown) => this.fault(error));
  }

  #reached(): void {
    this.#answeredAt = performance.now();
    this.#writtenAt = performance.now();
  }

  #tick(): void {
    const { outageMs } = this.#settings;
    const now = performance.now();
    this.#wasHeld(now);
    if (this.#calls.size === 0) return;
    const silentMs = now - Math.min(this.#answeredAt, this.#writtenAt);
    if (silentMs > outageMs) this.#outage(outageMs);
    if (this.#looking) return;
    this.#looking = true;
    void this.#look().finally(() => {
      this.#looking = false;
    });
  }

  /** While this process stood still nobody asked the store, and nobody heard it: that is no silence of the store. */
  #wasHeld(now: number): void {
    const heldMs = Math.max(0, now - this.#tickedAt - this.#settings.reconcileMs);
    this.#tickedAt = now;
    this.#answeredAt = Math.min(now, this.#answeredAt + heldMs);
    this.#writtenAt = Math.min(now, this.#writtenAt + heldMs);
  }

  async #look(): Promise<void> {
    const batch = this.#nextBatch();
    try {
      const states = await this.#settings.store.look(batch.map(({ jobId }) => jobId));
      this.#answeredAt = performance.now();
      batch.forEach((call, at) => {
        if (call.sent) call.observed(states[at]);
      });
      // At once: in turn, thousands would keep it from looking for longer than an outage may last.
      const toStop = this.calls.filter(({ stopping, sent }) => stopping && sent);
      await Promise.all(toStop.map((call) => call.press()));
    } catch (error) {
      this.fault(error);
    }
  }

  #nextBatch(): Call[] {
    const batch: Call[] = [];
    for (let turns = 0; turns < 2 && batch.length < BATCH; ) {
      this.#walk ??= this.#calls.values();
      const next = this.#walk.next();
      if (next.done) {
        this.#walk = undefined;
        turns++;
        if (batch.length === this.#calls.size) break;
      } else if (next.value.sent && !batch.includes(next.value)) batch.push(next.value);
    }
    return batch;
  }

  #outage(outageMs: number): void {
    const cause = this.#lastFault;
    const why = cause === undefined ? "" : `: ${cause.message}`;
    const error = new StoreUnavailableError(
      `The store has not answered, or refused to write, for ${outageMs} ms${why}. Attempts under way are given up; their jobs may still run.`,
      cause === undefined ? undefined : { cause },
    );
    for (const call of this.calls) call.giveUp(error);
    this.#reached();
  }
}
