/**
 * The threads of one pool, on top of piscina: starts and ends them, hands a message to an idle one, and tells for every
 * message how that ended, whatever became of the thread. Knows no task, no retry and no cancellation policy.
 *
 * Four rules make piscina (measured: 5.3) safe, each seen to fail without it. It loads only our entry, never a user's
 * module. Its Atomics mode is off, which would freeze the timers of a thread between tasks. Its queue holds nothing: what
 * lies there when a thread could not be started ends the process when the pool closes. And it starts no thread but when it
 * is told to, here, where a failure can be caught; hence threads are kept and dismissed here, too.
 */

import type { TransferListItem } from "node:worker_threads";
import type { Piscina, queueOptionsSymbol, TaskQueue } from "piscina";
import type { PoolSettings } from "./options.ts";
import { type Seat, Thread } from "./thread.ts";
import { threadFiles } from "./thread-files.ts";
import { after } from "./timer.ts";
import type { CallMessage, ThreadData } from "./wire.ts";

/** Something to be carried out by a thread. */
export interface Errand {
  /** Its own: not used again. */
  readonly message: CallMessage;
  readonly transfer: TransferListItem[];
  /** Told which thread has it, in the turn it is handed over. */
  assigned(thread: Thread): void;
  /** Told exactly once, never in the turn in which it was sent. */
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

/** What piscina is given to carry. A symbol is not cloned: this is how its balancer learns the thread. */
type Parcel = Partial<CallMessage> & { [queueOptionsSymbol]?: { readonly seat: Seat } };

/** So long a pool that is destroyed waits for threads that are coming up, in milliseconds. */
const COMING_UP_MS = 10_000;

/** Piscina forgets what no thread has: that waits here. */
const NO_QUEUE: TaskQueue = { size: 0, shift: () => null, push() {}, remove() {} };

export class Threads {
  readonly flags: Int32Array;
  readonly #settings: PoolSettings;
  readonly #piscina: Piscina<Parcel, undefined>;
  /** Where piscina looks for what its balancer is told. */
  readonly #told: typeof queueOptionsSymbol;
  readonly #known = new Map<number, Thread>();
  /** No thread has them yet: those that they wait for are coming up. First come, first served. */
  readonly #waiting = new Set<Errand>();
  #sequence = 0;
  #destroyed: Promise<void> | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    const { entry, piscina } = threadFiles();
    const told: typeof queueOptionsSymbol = piscina.queueOptionsSymbol;
    this.#told = told;
    const cells = settings.threads * 2 * Int32Array.BYTES_PER_ELEMENT;
    this.flags = new Int32Array(new SharedArrayBuffer(cells));
    const { threads, idleTimeoutMs, resourceLimits, env, execArgv } = settings;
    const data: ThreadData = {
      flags: this.flags,
      preload: settings.preload,
      activators: settings.activators,
      flushAfterMs: Math.min(1_000, idleTimeoutMs / 2),
    };
    this.#piscina = new piscina.Piscina({
      filename: entry,
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      atomics: "disabled",
      taskQueue: NO_QUEUE,
      recordTiming: false,
      workerData: data,
      loadBalancer: (task) => (task[told] as { readonly seat: Seat } | null)?.seat ?? null,
      ...(resourceLimits && { resourceLimits }),
      ...(env && { env: env as NodeJS.ProcessEnv & Record<string, string> }),
      ...(execArgv && { execArgv: [...execArgv] }),
    });
    this.#piscina.on("workerCreate", (seat: Seat) => this.#up(seat));
    // A thread that an uncaught error ends between two tasks is nobody's failure: the next task gets a fresh one.
    this.#piscina.on("error", () => {});
    this.#keep();
  }

  get count(): number {
    return this.#known.size;
  }

  /** A number that no other message under way has, and that fits a cell of the flags; never 0. */
  nextSequence(): number {
    this.#sequence = (this.#sequence % 0x7fff_ffff) + 1;
    return this.#sequence;
  }

  /** Returns the way to call it off while no thread has it. */
  send(errand: Errand): () => void {
    this.#waiting.add(errand);
    this.#serve();
    return () => this.#refuse(errand, { kind: "withdrawn" });
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
    const threads = [...this.#known.values()];
    const gone = threads.map((thread) => thread.exited);
    await this.#allUpOrGone(threads);
    await this.#piscina.destroy();
    await Promise.all(gone);
  }

  /** Node 20 aborts the whole process when a thread is ended in the middle of loading its first module. */
  async #allUpOrGone(threads: readonly Thread[]): Promise<void> {
    const settled = Promise.all(threads.map((thread) => thread.settled));
    let stop = (): void => {};
    const late = new Promise<void>((resolve) => {
      stop = after(COMING_UP_MS, resolve);
    });
    await Promise.race([settled, late]);
    stop();
  }

  /** Gives what waits to the threads that are idle, and has threads started for the rest, as far as there may be more. */
  #serve(): void {
    if (this.#destroyed !== undefined) return;
    for (const errand of this.#waiting) {
      const thread = this.#idle();
      if (thread?.seat === undefined) break;
      this.#waiting.delete(errand);
      void this.#carry(errand, thread, thread.seat);
    }
    while (this.#unserved && this.#known.size < this.#settings.threads) {
      try {
        this.#start();
      } catch (fault) {
        // The system has no more, or `env` has gone bad. Those that came first may still get the threads that come up.
        this.#refuse([...this.#waiting].at(-1), { kind: "died", exitCode: undefined, fault });
      }
    }
  }

  #idle(): Thread | undefined {
    for (const thread of this.#known.values()) if (thread.idle) return thread;
    return undefined;
  }

  /** Whether more wait than threads come up. */
  get #unserved(): boolean {
    let waiting = this.#waiting.size;
    if (waiting > 0) for (const { seat } of this.#known.values()) if (seat === undefined) waiting--;
    return waiting > 0;
  }

  async #carry(errand: Errand, thread: Thread, seat: Seat): Promise<void> {
    thread.takeUp();
    const parcel: Parcel = errand.message;
    parcel[this.#told] = { seat };
    const farPort = thread.farPort();
    if (farPort !== undefined) {
      errand.message.port = farPort;
      errand.transfer.push(farPort);
    }
    let posted = false;
    let ending: Ending;
    try {
      errand.assigned(thread);
      const done = this.#piscina.run(parcel, { transferList: errand.transfer });
      // A message that turns out not to be clonable stays here, port and all, and leaves the thread idle.
      posted = seat.currentUsage !== 0;
      if (posted) thread.connected();
      await done;
      thread.drain();
      ending = { kind: "answered" };
    } catch (error) {
      ending = posted ? await this.#deathOf(thread) : { kind: "undeliverable", error };
    }
    if (ending.kind !== "died") this.#rest(thread);
    errand.ended(ending);
    this.#serve();
  }

  /** Mostly it is dead already. Whatever else went wrong, a thread that is not in order is not used again. */
  async #deathOf(thread: Thread): Promise<Ending> {
    thread.terminate();
    await thread.exited;
    return { kind: "died", exitCode: thread.exitCode, fault: thread.fault };
  }

  /** Throws when no thread can be started. */
  #start(): void {
    // It has no seat, so piscina starts a thread; nobody hears of it again.
    void this.#piscina.run({});
    for (const worker of this.#piscina.threads) {
      if (this.#known.has(worker.threadId)) continue;
      const thread = new Thread(worker);
      this.#known.set(thread.id, thread);
      void thread.exited.then(() => this.#gone(thread));
    }
  }

  #up(seat: Seat): void {
    const thread = this.#known.get(seat.id);
    if (thread === undefined) return;
    thread.comeUp(seat);
    this.#rest(thread);
    // Piscina is about to count it among those that are ready.
    queueMicrotask(() => this.#serve());
  }

  /** It has nothing to do. If that lasts, and enough others are kept, it is dismissed. */
  #rest(thread: Thread): void {
    const { idleTimeoutMs, minThreads } = this.#settings;
    thread.rest(idleTimeoutMs, () => {
      let staying = 0;
      for (const { leaving } of this.#known.values()) if (!leaving) staying++;
      return staying > minThreads;
    });
  }

  /** Starts what is to be there without being asked for. Where that fails, the call that needs a thread will say why. */
  #keep(): void {
    try {
      while (this.#known.size < this.#settings.minThreads) this.#start();
    } catch {}
  }

  /**
   * A thread that dies while it comes up costs one of those that wait, as one that cannot be started does: another would
   * mostly die of the same. For that reason, too, only a thread that has been of use is replaced unasked.
   */
  #gone(thread: Thread): void {
    this.#known.delete(thread.id);
    if (thread.seat === undefined && this.#unserved) {
      const [first] = this.#waiting;
      this.#refuse(first, { kind: "died", exitCode: thread.exitCode, fault: thread.fault });
    }
    this.#serve();
    if (thread.used && this.#destroyed === undefined) this.#keep();
  }

  /** Ends one that waits; does nothing for one that no longer does. */
  #refuse(errand: Errand | undefined, ending: Ending): void {
    if (errand !== undefined && this.#waiting.delete(errand))
      queueMicrotask(() => errand.ended(ending));
  }
}
