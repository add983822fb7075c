/**
 * Which runs this scheduler has. A run belongs to one scheduler at a time: while it has attempts on the fleet and for
 * one lease after, or, when the scheduler dies, until its lease ends. All of it is decided in the store, by the store's
 * clock. Knows no job.
 */
import { RunInUseError, StoreUnavailableError } from "../errors.ts";
import { storeError } from "../store/connection.ts";
import type { JobStore } from "../store/job-store.ts";

interface Held {
  calls: number;
  /** Resolves to whether the run was known before. */
  readonly taken: Promise<boolean>;
  idle: NodeJS.Timeout | undefined;
  beating: boolean;
}

export interface LeaseHost {
  readonly store: JobStore;
  /** Of this process, and not of another one with the same host and pid. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly keepMs: number;
  readonly outageMs: number;
  /** Somebody else has the run: its attempts here are over. */
  onTaken(runId: string, error: RunInUseError): void;
  /** The store has written for us, or would not. */
  onWritten(error?: unknown): void;
}

const REFUSED_PAUSE_MS = 200;

type Answer = readonly [taken: number, knownOrLeft: number, holder: string, beats: string];

export class RunLeases {
  readonly #host: LeaseHost;
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(host: LeaseHost) {
    this.#host = host;
    this.#timer = setInterval(() => this.#beatAll(), host.leaseMs / 3);
  }

  /** Waits until the run is ours. Rejects with a `RunInUseError` when another scheduler that is alive has it. */
  hold(runId: string): Promise<boolean> {
    let held = this.#held.get(runId);
    if (held === undefined) {
      const taken = this.#take(runId);
      held = { calls: 0, taken, idle: undefined, beating: false };
      this.#held.set(runId, held);
      taken.catch(() => this.#held.delete(runId));
    }
    held.calls++;
    clearTimeout(held.idle);
    return held.taken;
  }

  /** One that was held for is over. */
  letGo(runId: string): void {
    const held = this.#held.get(runId);
    if (held === undefined || --held.calls > 0 || this.#closed) return;
    held.idle = setTimeout(() => void this.#release(runId, held), this.#host.leaseMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#held].map(([runId, held]) => this.#release(runId, held)));
  }

  /** For what must go at once: the leases end by themselves. */
  abandon(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { idle } of this.#held.values()) clearTimeout(idle);
    this.#held.clear();
  }

  async #release(runId: string, held: Held): Promise<void> {
    clearTimeout(held.idle);
    if (this.#held.get(runId) === held) this.#held.delete(runId);
    const { store, holder } = this.#host;
    await store.script("release", store.names.run(runId), holder).catch(() => {});
  }

  async #take(runId: string): Promise<boolean> {
    let seen: string | undefined;
    for (;;) {
      const [taken, knownOrLeft, holder, beats] = await this.#asked(runId);
      if (taken === 1) return knownOrLeft === 1;
      // One that has said meanwhile that it is there is alive; one that has not is waited for until its lease ends.
      if (this.#closed || (seen !== undefined && beats !== seen)) throw inUse(runId, holder);
      seen = beats;
      await new Promise((resolve) => setTimeout(resolve, Math.min(knownOrLeft + 10, 500)));
    }
  }

  /** What the store refuses now, full or just failed over, it may take a moment later. */
  async #asked(runId: string): Promise<Answer> {
    const { outageMs } = this.#host;
    // Counted, as everything is that the store refuses: while this process stands still nobody asks.
    for (let waitedMs = 0; ; waitedMs += REFUSED_PAUSE_MS) {
      try {
        return await this.#ask(runId);
      } catch (error) {
        const cause = storeError(error);
        if (this.#closed || waitedMs > outageMs)
          throw new StoreUnavailableError(
            `Run "${runId}": the store has refused to note who has it for ${outageMs} ms: ${cause.message}`,
            { cause },
          );
        await new Promise((resolve) => setTimeout(resolve, REFUSED_PAUSE_MS));
      }
    }
  }

  async #ask(runId: string): Promise<Answer> {
    const { store, holder, leaseMs, keepMs } = this.#host;
    return (await store.script(
      "lease",
      store.names.run(runId),
      holder,
      leaseMs,
      keepMs + leaseMs,
    )) as Answer;
  }

  #beatAll(): void {
    for (const [runId, held] of this.#held) {
      if (!held.beating) void this.#beat(runId, held);
    }
  }

  async #beat(runId: string, held: Held): Promise<void> {
    held.beating = true;
    try {
      await held.taken;
      const [taken, , holder] = await this.#ask(runId);
      this.#host.onWritten();
      if (taken === 1 || this.#held.get(runId) !== held) return;
      clearTimeout(held.idle);
      this.#held.delete(runId);
      this.#host.onTaken(runId, inUse(runId, holder));
    } catch (error) {
      if (!(error instanceof RunInUseError)) this.#host.onWritten(error);
    } finally {
      held.beating = false;
    }
  }
}

function inUse(runId: string, holder: string): RunInUseError {
  const who = holder.split("/")[0] ?? holder;
  return new RunInUseError(
    `Run "${runId}" is under way in another process (${who}). Give this run another runId, or end that process first.`,
    { runId, holder: who },
  );
}
