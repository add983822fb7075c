/**
 * The threads of one pool, on top of piscina: starts and ends them, hands a message to an idle one, and tells for every
 * message how that ended, whatever became of the thread. Knows no task, no retry and no cancellation policy.
 *
 * Three rules make piscina (measured: 5.3) safe, each seen to fail without it. It loads only our entry, never a user's
 * module. It is never given more messages than it has threads, so that its queue holds only those whose thread is still
 * coming up. Its Atomics mode is off, which would freeze the timers of a thread between tasks.
 */

import type { TransferListItem } from "node:worker_threads";
import { Piscina, type PiscinaTask, queueOptionsSymbol } from "piscina";
import type { PoolSettings } from "./options.ts";
import { Thread } from "./thread.ts";
import type { CallMessage, ThreadData } from "./wire.ts";

/** Something to be carried out by a thread. */
export interface Errand {
  /** Its own: not used again. */
  readonly message: CallMessage;
  readonly transfer: TransferListItem[];
  /** Told which thread has it, in the turn it is handed over. */
  assigned(thread: Thread): void;
  /** Told exactly once. */
  ended(ending: Ending): void;
}

export type Ending =
  /** The answer has been taken in from the thread's port. */
  | { readonly kind: "answered" }
  /** The message could not be cloned. The thread never saw it. */
  | { readonly kind: "undeliverable"; readonly error: unknown }
  /** The thread is gone, or none could be started. */
  | { readonly kind: "died"; readonly exitCode: number | undefined; readonly fault: unknown }
  /** Called off before a thread had it. */
  | { readonly kind: "withdrawn" };

/** What piscina tells its balancer of a thread. */
interface Seat {
  readonly id: number;
  readonly currentUsage: number;
  readonly destroyed: boolean;
}

/** An errand under way. To piscina it is the abort signal of the task: cheaper than an `AbortController` for each. */
class Trip {
  thread: Thread | undefined;
  seat: Seat | undefined;
  readonly message: CallMessage & { [queueOptionsSymbol]?: object };
  aborted = false;
  /** Whether the message has left for the thread; known when the turn in which it boarded is over. */
  posted = false;
  #errand: Errand | undefined;
  #listener: (() => void) | undefined;

  constructor(errand: Errand) {
    this.#errand = errand;
    // Symbols are not cloned: this is how the balancer finds the trip, and nothing of it crosses.
    this.message = errand.message;
    this.message[queueOptionsSymbol] = this;
  }

  get over(): boolean {
    return this.#errand === undefined;
  }

  board(thread: Thread, seat: Seat): void {
    this.thread = thread;
    this.seat = seat;
    const farPort = thread.farPort();
    if (farPort !== undefined) {
      this.message.port = farPort;
      this.#errand?.transfer.push(farPort);
    }
    // A message that turns out not to be clonable stays here, port and all, and leaves the thread idle.
    queueMicrotask(() => {
      this.posted = seat.currentUsage !== 0;
      if (this.posted) thread.connected();
    });
    this.#errand?.assigned(thread);
  }

  end(ending: Ending): void {
    const errand = this.#errand;
    this.#errand = undefined;
    errand?.ended(ending);
  }

  /** For a trip that piscina holds and cannot be told to drop: the thread will throw it away. */
  disarm(): void {
    this.message.void = true;
  }

  abort(): void {
    this.aborted = true;
    this.#listener?.();
  }

  addEventListener(_event: "abort", listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }
}

export class Threads {
  readonly flags: Int32Array;
  readonly #piscina: Piscina<CallMessage, undefined>;
  readonly #known = new Map<number, Thread>();
  /** Handed to piscina, and no thread has it yet: the threads they wait for are coming up. */
  readonly #waiting = new Set<Trip>();
  #sequence = 0;
  #destroyed: Promise<void> | undefined;

  constructor(settings: PoolSettings) {
    const cells = settings.threads * 2 * Int32Array.BYTES_PER_ELEMENT;
    this.flags = new Int32Array(new SharedArrayBuffer(cells));
    const { threads, minThreads, idleTimeoutMs, resourceLimits, env, execArgv } = settings;
    const data: ThreadData = {
      flags: this.flags,
      preload: settings.preload,
      activators: settings.activators,
      flushAfterMs: Math.min(1_000, idleTimeoutMs / 2),
    };
    this.#piscina = new Piscina({
      filename: new URL("./worker.js", import.meta.url).href,
      minThreads,
      maxThreads: threads,
      idleTimeout: idleTimeoutMs,
      concurrentTasksPerWorker: 1,
      atomics: "disabled",
      stricterFIFO: true,
      recordTiming: false,
      workerData: data,
      loadBalancer: (task, seats) => this.#assign(task, seats),
      ...(resourceLimits && { resourceLimits }),
      ...(env && { env: env as NodeJS.ProcessEnv & Record<string, string> }),
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    this.#piscina.on("workerCreate", ({ id }: Seat) => {
      this.#adopt();
      const thread = this.#known.get(id);
      if (thread !== undefined) thread.booted = true;
    });
    // A thread that an uncaught error ends between two tasks is nobody's failure: the next task gets a fresh one.
    this.#piscina.on("error", () => {});
    this.#adopt();
  }

  get count(): number {
    return this.#piscina.threads.length;
  }

  /** A number that no other message under way has, and that fits a cell of the flags; never 0. */
  nextSequence(): number {
    this.#sequence = (this.#sequence % 0x7fff_ffff) + 1;
    return this.#sequence;
  }

  /** Returns the way to call it off while no thread has it. */
  send(errand: Errand): () => void {
    const trip = new Trip(errand);
    this.#waiting.add(trip);
    try {
      this.#piscina.run(trip.message, { transferList: errand.transfer, signal: trip }).then(
        () => {
          trip.thread?.drain();
          trip.end({ kind: "answered" });
        },
        (error: unknown) => this.#lost(trip, error),
      );
    } catch (fault) {
      // No thread can be started: the system has no more, or `env` has gone bad. Told later, as every other ending is.
      this.#waiting.delete(trip);
      trip.disarm();
      queueMicrotask(() => trip.end({ kind: "died", exitCode: undefined, fault }));
      return () => {};
    }
    if (trip.thread === undefined) this.#adopt();
    return () => {
      if (this.#waiting.delete(trip)) trip.abort();
    };
  }

  /** Asks what the threads hold of traces and the like to be handed on. */
  async flush(timeoutMs: number): Promise<void> {
    await Promise.all([...this.#known.values()].map((thread) => thread.flush(timeoutMs)));
  }

  /** Ends every thread, whatever it does. Resolves when all are gone. */
  destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy();
    return this.#destroyed;
  }

  async #destroy(): Promise<void> {
    const gone = [...this.#known.values()].map((thread) => thread.exited);
    await this.#piscina.destroy();
    await Promise.all(gone);
  }

  async #lost(trip: Trip, error: unknown): Promise<void> {
    const { thread, seat } = trip;
    if (thread === undefined || seat === undefined) {
      this.#waiting.delete(trip);
      trip.end(
        trip.aborted ? { kind: "withdrawn" } : { kind: "died", exitCode: undefined, fault: error },
      );
      return;
    }
    const refused = error instanceof DOMException && error.name === "DataCloneError";
    if (!trip.posted || (refused && !seat.destroyed)) {
      trip.end({ kind: "undeliverable", error });
      return;
    }
    // Mostly it is dead already. Whatever else went wrong, a thread that is not in order is not used again.
    thread.terminate();
    await thread.exited;
    trip.end({ kind: "died", exitCode: thread.exitCode, fault: thread.fault });
  }

  #assign<S extends Seat>(task: PiscinaTask, seats: S[]): S | null {
    const trip = task[queueOptionsSymbol] as Trip;
    for (const seat of seats) {
      if (seat.currentUsage !== 0) continue;
      const thread = this.#known.get(seat.id);
      if (thread?.booted !== true) continue;
      this.#waiting.delete(trip);
      if (!trip.over) trip.board(thread, seat);
      return seat;
    }
    return null;
  }

  /** Gets to know the threads that piscina has started since. */
  #adopt(): void {
    for (const worker of this.#piscina.threads) {
      if (this.#known.has(worker.threadId)) continue;
      const thread = new Thread(worker);
      this.#known.set(thread.id, thread);
      void thread.exited.then(() => this.#gone(thread));
    }
  }

  /**
   * A thread that dies while it comes up costs one of those that wait for threads: piscina would start no other for it,
   * and it would wait for ever.
   */
  #gone(thread: Thread): void {
    this.#known.delete(thread.id);
    let comingUp = 0;
    for (const other of this.#known.values()) if (!other.booted) comingUp++;
    for (const trip of this.#waiting) {
      const stranded = this.#known.size === 0 || (!thread.booted && this.#waiting.size > comingUp);
      if (!stranded) return;
      this.#waiting.delete(trip);
      trip.abort();
      trip.end({ kind: "died", exitCode: thread.exitCode, fault: thread.fault });
    }
  }
}
