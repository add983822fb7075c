/**
 * One thread as the pool sees it: its port, whether it has something to do, and how it ended. Knows no call beyond the one
 * it carries, and no queue.
 */
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Worker,
} from "node:worker_threads";
import type { Piscina } from "piscina";
import { after } from "./timer.ts";
import type { FromThread, ToThread } from "./wire.ts";
import { unpack } from "./worker/pack.js";

export type ThreadMessage = Exclude<FromThread, { readonly kind: "dying" | "flushed" }>;

type PiscinaOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;
/** A thread in the eyes of piscina. */
export type Seat = NonNullable<ReturnType<NonNullable<PiscinaOptions["loadBalancer"]>>>;

export class Thread {
  /** Node's thread id: the same number as `threadId` inside the thread. */
  readonly id: number;
  /** Resolves once, when the thread is really gone. */
  readonly exited: Promise<void>;
  /** Resolves when it has come up far enough to be given calls, or is gone. */
  readonly settled: Promise<void>;
  /** What ended it, if it was an error, as good as it could be had. */
  fault: unknown;
  exitCode: number | undefined;
  /** Its own from when it has come up far enough to be given calls. */
  seat: Seat | undefined;
  /** Whether it was ever given one. */
  used = false;
  /** It has been dismissed, and is about to go. */
  leaving = false;

  readonly #worker: Worker;
  /** By call: the next one may be under way before the last one's answer has been taken in. */
  readonly #listeners = new Map<number, (message: ThreadMessage) => void>();
  #port: MessagePort | undefined;
  #farPort: MessagePort | undefined;
  #whenFlushed: (() => void) | undefined;
  #busy = false;
  #patience: NodeJS.Timeout | undefined;
  #settle: () => void = () => {};

  constructor(worker: Worker) {
    this.id = worker.threadId;
    this.#worker = worker;
    worker.on("error", (error) => {
      this.fault ??= error;
    });
    this.exited = new Promise((resolve) =>
      worker.once("exit", (code) => {
        clearTimeout(this.#patience);
        this.drain();
        this.#port?.close();
        this.#whenFlushed?.();
        this.exitCode = code;
        resolve();
      }),
    );
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
    void this.exited.then(this.#settle);
  }

  /** Whether it can be given a call. */
  get idle(): boolean {
    return this.seat !== undefined && !this.#busy && !this.leaving && !this.seat.destroyed;
  }

  comeUp(seat: Seat): void {
    this.seat = seat;
    this.#settle();
  }

  takeUp(): void {
    this.#busy = true;
    this.used = true;
  }

  /** It has nothing to do. After so long it is dismissed, if it `may` be then, and has nothing to do still. */
  rest(patienceMs: number, may: () => boolean): void {
    this.#busy = false;
    if (patienceMs === Number.POSITIVE_INFINITY) return;
    // One timer, wound up again: two calls of a busy thread are microseconds apart.
    this.#patience ??= setTimeout(() => {
      if (!this.idle || !may()) return;
      this.leaving = true;
      this.terminate();
    }, patienceMs).unref();
    this.#patience.refresh();
  }

  listen(sequence: number, listener: (message: ThreadMessage) => void): void {
    this.#listeners.set(sequence, listener);
  }

  unlisten(sequence: number): void {
    this.#listeners.delete(sequence);
  }

  /** The far end of the port, for the next message into the thread, until `connected`. */
  farPort(): MessagePort | undefined {
    if (this.#port === undefined) {
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      this.#farPort = port2;
      port1.on("message", (message: FromThread) => this.#receive(message));
      // What keeps the process alive while a call is under way is the library's own port.
      port1.unref();
    }
    return this.#farPort;
  }

  /** The far end is in the thread. */
  connected(): void {
    this.#farPort = undefined;
  }

  /** Takes in at once what the thread has sent so far. */
  drain(): void {
    if (this.#port === undefined) return;
    for (;;) {
      try {
        const next = receiveMessageOnPort(this.#port);
        if (next === undefined) return;
        this.#receive(next.message as FromThread);
      } catch {
        // One that cannot be read here. Whose it was shows when its call ends without an answer.
      }
    }
  }

  send(message: ToThread): void {
    this.#port?.postMessage(message);
  }

  /** Stops it wherever it is, a synchronous loop included. `exited` tells when it is over. */
  terminate(): void {
    void this.#worker.terminate();
  }

  /** Resolves when the thread's activators have handed on what they hold, or it is gone, or the time is up. */
  async flush(timeoutMs: number): Promise<void> {
    if (this.#port === undefined) return;
    let stopTimer = (): void => {};
    const flushed = new Promise<void>((resolve) => {
      this.#whenFlushed = resolve;
      stopTimer = after(timeoutMs, resolve);
    });
    this.send({ kind: "flush", timeoutMs });
    await flushed;
    stopTimer();
  }

  #receive(message: FromThread): void {
    // It knows the class and the fields of the error; the event of the worker object, which comes later, does not.
    if (message.kind === "dying") this.fault = unpack(message.thrown);
    else if (message.kind === "flushed") this.#whenFlushed?.();
    else this.#listeners.get(message.sequence)?.(message);
  }
}
