/**
 * One attempt as its scheduler has it: from the lease of its run to its end. Puts the job in, puts it in again when the
 * store has lost it, has it stopped, and takes the first end that it hears of, by an event or by looking. Knows no
 * graph and no retry.
 */
import { AsyncResource } from "node:async_hooks";
import { decodeValue } from "@astrum/core";
import { timeOf } from "../store/connection.ts";
import type { JobState, JobStore } from "../store/job-store.ts";
import { type Ending, type JobData, jobIdOf, type Word } from "../wire/protocol.ts";
import type { Signer } from "../wire/signature.ts";
import { judged, objection } from "./earlier-life.ts";
import { endingError, forged, lost, unknownTask, unreadable } from "./ending-error.ts";
import { HandedOn } from "./handed-on.ts";
import { persist } from "./persist.ts";
import { type CallRequest, payloadOf } from "./request.ts";
import { Starts } from "./starts.ts";

/** What a call needs of its fleet. */
export interface CallHost {
  readonly store: JobStore;
  readonly signer: Signer;
  readonly maxPayloadBytes: number;
  readonly outageMs: number;
  readonly unknownTaskMs: number;
  /** A name that no other call ever has. */
  nextName(): string;
  /** Resolves to whether the run was known before. Each call that has asked lets go once. */
  hold(runId: string): Promise<boolean>;
  letGo(runId: string): void;
  /** Nothing more is to be done about its job. */
  forget(call: Call): void;
}

/** An end that cannot be written down this often never will be. */
const MOST_UNWRITTEN = 3;

export class Call {
  readonly jobId: string;
  /** Of its run; of a call that belongs to none, a name that no run has. */
  readonly runId: string;
  readonly promise: Promise<unknown>;
  /** The job is in the store, as far as is known. */
  sent = false;
  /** Waits for the lease of its run: nothing has been sent. */
  #holding = true;
  #hasAsked = false;
  #answered = false;
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;

  readonly #request: CallRequest;
  readonly #host: CallHost;
  #data: JobData;
  /** Progress is told in the async context of whoever asked, not in that of a connection. */
  readonly #scope: AsyncResource;
  #stopping: { readonly reason: unknown } | undefined;
  #unlisten: (() => void) | undefined;

  readonly #starts = new Starts();
  /** How often its end could not be written down. */
  #unwritten = 0;
  #lastWord = 0;
  readonly #handedOn = new HandedOn();

  /** Throws what is wrong with the arguments, before anything is sent. */
  constructor(request: CallRequest, host: CallHost) {
    this.#request = request;
    this.#host = host;
    const name = host.nextName();
    this.runId = request.runId ?? name;
    this.jobId = jobIdOf({ ...request, runId: this.runId });
    const data = payloadOf(request, this.runId, name, host.maxPayloadBytes);
    this.#data = host.signer.job(this.jobId, request.exportName, data);
    this.#scope = new AsyncResource("AstrumFleetCall", { requireManualDestroy: true });
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = request;
    if (signal === undefined) return;
    const stop = (): void => this.stop(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#unlisten = () => signal.removeEventListener("abort", stop);
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  async begin(): Promise<void> {
    try {
      const known = await this.#hold();
      this.#holding = false;
      if (this.#answered) return;
      await this.#send(false);
      // When it cannot be read now, the next look comes by here again.
      if (known) await this.attach().catch(() => {});
    } catch (error) {
      this.#end({ error });
    }
  }

  /** A call that belongs to no run has a name that nobody else asks for. */
  async #hold(): Promise<boolean> {
    if (this.#request.runId === undefined) return false;
    this.#hasAsked = true;
    return await this.#host.hold(this.runId);
  }

  /** Somebody may have put this job in before. What it completed counts; what it failed at is tried again. */
  async attach(): Promise<void> {
    const { store } = this.#host;
    const [put, [state]] = await Promise.all([store.dataOf(this.jobId), store.look([this.jobId])]);
    if (this.#answered) return;
    const error = objection(this.#request, this.#data, put, state);
    // The job is another's: it is left to itself.
    if (error !== undefined) this.detach(error);
    else this.observed(state);
  }

  /** What the job is like now. */
  observed(state: JobState | undefined): void {
    if (state === undefined) {
      if (this.sent) this.#missing();
      return;
    }
    this.#starts.seen(state.starts);
    if (state.word !== undefined) this.heard(state.word);
    if (!state.finished) this.#checkLeft(state.starts);
    else this.ended(state.ending, state.failedReason, state);
  }

  /** An event told that a worker has taken it. */
  started(): void {
    this.#starts.heard();
  }

  /** What a worker says while it has it: that it gives it back, or how far it is. */
  heard(word: Word): void {
    if ("left" in word) {
      this.#handedOn.by(word);
      return;
    }
    this.#handedOn.taken();
    if (this.#answered || word.n <= this.#lastWord) return;
    this.#lastWord = word.n;
    this.#scope.runInAsyncScope(() => this.#request.progress?.(word.fraction, word.message));
  }

  /** A worker gave it back, by an event: it was not started after all. */
  handedBack(): void {
    this.#starts.takenBack();
  }

  /** The job has ended. Without an ending of ours BullMQ ended it. */
  ended(ending: Ending | undefined, failedReason?: string, state?: JobState): void {
    if (this.#answered) {
      this.#host.forget(this);
      return;
    }
    if (ending === undefined) void this.#endedByStore(failedReason, state);
    else if (ending.kind === "value" && ending.stored) void this.#fetch(ending);
    else this.#endedByWorker(ending);
  }

  /** The result lies beside the job. When it cannot be had now, the next look comes by here again. */
  async #fetch({ stored: _, ...ending }: Extract<Ending, { kind: "value" }>): Promise<void> {
    let stored: Awaited<ReturnType<JobStore["storedResult"]>>;
    try {
      stored = await this.#host.store.storedResult(this.jobId);
    } catch {
      return; // Out of reach.
    }
    if (this.#answered) return;
    if (stored === undefined) this.#missing();
    else this.#endedByWorker({ ...ending, ...stored });
  }

  #endedByWorker(ending: Ending): void {
    const { signer, maxPayloadBytes } = this.#host;
    if (!signer.isOurEnding(this.jobId, ending)) {
      this.#end({ error: forged(this.#request) }, true);
      return;
    }
    const verdict = judged(this.#request, this.#data, ending);
    if (verdict instanceof Error) {
      this.#end({ error: verdict }, true);
      return;
    }
    if (verdict === "again" && this.#stopping === undefined) {
      if (this.sent) void this.#again(ending.deliveries);
      return;
    }
    this.#tell(ending.executor, this.#starts.endedByWorker(ending.deliveries));
    for (const [key, value] of ending.attributes ?? []) this.#request.attributes?.set(key, value);
    if (ending.log !== undefined) this.#request.logged?.(ending.log.lines, ending.log.leftOut);
    try {
      for (const [resource, amount] of ending.spent ?? []) this.#request.spent?.(resource, amount);
    } catch (error) {
      // The run has no such rate limit.
      this.#end({ error }, true);
      return;
    }
    if (ending.kind === "value") this.#given(ending);
    else this.#end({ error: endingError(this.#request, ending, maxPayloadBytes) }, true);
  }

  #given(ending: Extract<Ending, { kind: "value" }>): void {
    const { value: written } = ending;
    const read = written && decodeValue(written);
    this.#end(read ?? { error: unreadable(this.#request, ending) }, true);
  }

  async #endedByStore(
    failedReason: string | undefined,
    known: JobState | undefined,
  ): Promise<void> {
    let state = known;
    try {
      state ??= (await this.#host.store.look([this.jobId]))[0];
    } catch {
      // Then less is known of it.
    }
    if (this.#answered) return;
    const stalled = failedReason?.includes("stalled") === true;
    // The function ran, and its end could not be written down: the store was full, or was another one by then.
    if (!stalled && this.#stopping === undefined && this.#unwritten++ < MOST_UNWRITTEN) {
      if (this.sent) void this.#again(Math.max(1, state?.starts ?? 1));
      return;
    }
    const deliveries = this.#starts.endedByStore(Math.max(1, state?.stalled ?? 1));
    this.#tell(state?.executor, deliveries);
    const error = this.#stopping?.reason ?? lost(this.#request, failedReason, state, deliveries);
    this.#end({ error }, true);
  }

  /** Asks for it to be stopped; again at every tick until the job has ended. */
  stop(reason: unknown): void {
    if (this.#answered || this.#stopping !== undefined) return;
    this.#stopping = { reason };
    if (this.sent) void this.press();
    else if (this.#holding) this.#end({ error: reason });
  }

  /** One more try to stop the job: takes it away where no worker has it, and tells the worker where one has. */
  async press(): Promise<void> {
    const { store } = this.#host;
    try {
      const [state] = await store.look([this.jobId]);
      if (this.sent && (state === undefined || state.finished)) this.observed(state);
      else if (await store.remove(this.jobId)) this.#end({ error: this.#reason }, true);
      else await store.askToStop(this.jobId, this.#reason);
    } catch {
      // The next tick tries again.
    }
  }

  get #reason(): unknown {
    return this.#stopping?.reason;
  }

  /** It is over, whatever becomes of the job. The job is stopped if that is still possible. */
  giveUp(error: unknown): void {
    this.#stopping ??= { reason: error };
    this.#end({ error });
  }

  /** It is over, and the job is left to itself: for whoever has the run now, or will attach to it. */
  detach(error: unknown): void {
    this.#end({ error }, true);
  }

  /** `anew`: without the job that is there. */
  async #send(anew: boolean): Promise<void> {
    const { store, outageMs } = this.#host;
    const { exportName, priority, taskName } = this.#request;
    const put = async (): Promise<void> => {
      if (anew) await store.remove(this.jobId);
      await this.#limit();
      await store.add({ jobId: this.jobId, exportName, priority, data: this.#data });
    };
    const over = (): boolean => {
      if (!this.#answered && this.#stopping !== undefined) throw this.#stopping.reason;
      return this.#answered;
    };
    if (!(await persist(put, { taskName, outageMs, over }))) return;
    this.sent = true;
    if (this.#stopping !== undefined) await this.press();
  }

  /** Says when its time limits pass, once: by the clock of the store, since those of two machines differ. */
  async #limit(): Promise<void> {
    const { remainingMs, exportName } = this.#request;
    const left = remainingMs?.() ?? Number.POSITIVE_INFINITY;
    if (left === Number.POSITIVE_INFINITY || this.#data.endsAt !== undefined) return;
    const { store, signer } = this.#host;
    const now = await timeOf(store.client, store.names.job(this.jobId));
    const endsAt = Math.round(now + left);
    this.#data = signer.job(this.jobId, exportName, { ...this.#data, endsAt });
  }

  /** The store does not have it: it was flushed, or an older copy of it took over. */
  #missing(): void {
    if (this.#stopping !== undefined) this.#end({ error: this.#stopping.reason }, true);
    else if (!this.#answered) void this.#again(0, false);
  }

  async #again(starts: number, present = true): Promise<void> {
    this.sent = false;
    this.#starts.again(starts, present);
    try {
      await this.#send(present);
    } catch (error) {
      this.#end({ error });
    }
  }

  #checkLeft(starts: number): void {
    if (starts > 0) this.#handedOn.taken();
    const { unknownTaskMs } = this.#host;
    const left = this.#answered ? undefined : this.#handedOn.forLongerThan(unknownTaskMs);
    if (left !== undefined) this.giveUp(unknownTask(this.#request, left, unknownTaskMs));
  }

  #tell(executor: string | undefined, deliveries: number): void {
    if (executor !== undefined) this.#request.setExecutor?.(executor);
    if (deliveries > 1) this.#request.setDeliveries?.(deliveries);
  }

  #end(outcome: { readonly value: unknown } | { readonly error: unknown }, jobEnded = false): void {
    if (!this.#answered) {
      this.#answered = true;
      this.#unlisten?.();
      this.#scope.emitDestroy();
      if ("error" in outcome) this.#reject(outcome.error);
      else this.#resolve(outcome.value);
      if (this.#hasAsked) this.#host.letGo(this.runId);
    }
    if (jobEnded || !this.sent) this.#host.forget(this);
  }
}
