/**
 * What a task's function is given inside a thread. Everything is made when first read: most tasks read nothing of it.
 * Knows how to tell the pool, not how the call ends.
 */
import { setMaxListeners } from "node:events";
import { attributeEntries, LogLines, Skipping, text } from "astrum-crossing";
import { unpack } from "./pack.js";

/** @import { MessagePort, TransferListItem } from "node:worker_threads" */
/** @import { Attribute } from "astrum-crossing" */
/** @import { CallMessage, Packed } from "../wire.ts" */
/** @import { WorkerContext } from "../context.ts" */

/** @implements {WorkerContext} */
export class ThreadContext {
  #call;
  #flags;
  #port;
  #pull;
  /** @type {Set<TransferListItem> | undefined} */
  #transfer;
  /** @type {((signal: AbortSignal) => unknown)[] | undefined} */
  #cleanups;
  /** @type {AbortController | undefined} */
  #controller;
  /** @type {Map<string, Attribute> | undefined} */
  #attributes;
  /** @type {Skipping | undefined} */
  #skipping;
  /** @type {LogLines | undefined} */
  #log;
  /** When the first of its time limits passes, as this thread counts. */
  #endsAt = Number.POSITIVE_INFINITY;

  /**
   * @param {CallMessage} call
   * @param {Int32Array} flags
   * @param {MessagePort} port
   * @param {() => void} pull takes in the messages that are waiting on the port
   */
  constructor(call, flags, port, pull) {
    this.#call = call;
    this.#flags = flags;
    this.#port = port;
    this.#pull = pull;
    Object.defineProperties(this, SHOWN);
  }

  get taskName() {
    return this.#call.taskName;
  }

  get runId() {
    return this.#call.runId;
  }

  get attempt() {
    return this.#call.attempt;
  }

  get cancelled() {
    return Atomics.load(this.#flags, this.#call.lane * 2) === this.#call.sequence;
  }

  get signal() {
    this.#controller ??= newController();
    // A function that never yields receives no message: its cancellation, and the reason, are fetched here.
    if (this.cancelled && !this.#controller.signal.aborted) this.#pull();
    return this.#controller.signal;
  }

  get attributes() {
    this.#attributes ??= new Map(this.#call.attributes);
    return this.#attributes;
  }

  // Getters, so that these can be taken out of the context.

  get progress() {
    return (
      /** @type {number} */ fraction,
      /** @type {string | undefined} */ message = undefined,
    ) => {
      // As the core has it: what is no number tells nothing.
      if (!Number.isFinite(fraction)) return;
      this.#port.postMessage({
        kind: "progress",
        sequence: this.#call.sequence,
        fraction,
        message: message === undefined ? undefined : text(message),
      });
    };
  }

  get spent() {
    return (/** @type {string} */ resource, /** @type {number} */ amount) => {
      if (typeof amount !== "number" || !(amount >= 0 && amount < Infinity))
        throw new TypeError(
          `context.spent() of task "${this.taskName}" needs a finite amount from 0 up`,
        );
      // Whether there is such a rate limit is known to whoever runs the flow.
      this.#port.postMessage({
        kind: "spent",
        sequence: this.#call.sequence,
        resource: text(resource),
        amount,
      });
    };
  }

  get log() {
    return (/** @type {string} */ message, /** @type {object | undefined} */ attributes) => {
      // At the end of the turn: a loop that says much is one message.
      if (this.#log === undefined) {
        this.#log = new LogLines();
        setImmediate(() => this.sendLog());
      }
      this.#log.add(message, attributes);
    };
  }

  /** What was said since it was sent last. */
  sendLog() {
    const said = this.#log?.send();
    this.#log = undefined;
    if (said === undefined) return;
    this.#port.postMessage({ kind: "log", sequence: this.#call.sequence, ...said });
  }

  get journalEntry() {
    return () => {
      throw new Error(
        `context.journalEntry() of task "${this.taskName}": the journal is in the thread of the run, not in this one`,
      );
    };
  }

  get remainingMs() {
    return () => Math.max(0, this.#endsAt - performance.now());
  }

  /** The function starts: from now on its time limit here runs, beside those that it came with. */
  begin() {
    const { endsAt = Number.POSITIVE_INFINITY, timeoutMs = Number.POSITIVE_INFINITY } = this.#call;
    this.#endsAt = Math.min(endsAt - performance.timeOrigin, performance.now() + timeoutMs);
  }

  get defer() {
    return (/** @type {(signal: AbortSignal) => unknown} */ cleanup) => {
      if (typeof cleanup !== "function")
        throw new TypeError(`context.defer() of task "${this.taskName}" needs a function`);
      this.#cleanups ??= [];
      this.#cleanups.push(cleanup);
    };
  }

  get skip() {
    this.#skipping ??= new Skipping(this.taskName);
    const skipping = this.#skipping;
    return (/** @type {string} */ reason) => skipping.skip(reason);
  }

  get transfer() {
    /** @type {WorkerContext["transfer"]} */
    const transfer = (value, items) => {
      // Shared memory is reachable from both sides as it is; in a transfer list it would be an error.
      this.#transfer ??= new Set();
      for (const item of items) if (!(item instanceof SharedArrayBuffer)) this.#transfer.add(item);
      return value;
    };
    return transfer;
  }

  /** @param {Packed} reason */
  abort(reason) {
    this.#controller ??= newController();
    this.#controller.abort(unpack(reason));
  }

  /** Why the function was asked to stop, as far as it can know. */
  get reason() {
    return this.#controller?.signal.reason;
  }

  get transferred() {
    return this.#transfer && [...this.#transfer];
  }

  get attributeEntries() {
    return this.#attributes && attributeEntries(this.#attributes);
  }

  /** Why the function has ended its task as skipped, if it has. */
  get skipReason() {
    return this.#skipping?.reason;
  }

  /**
   * The function has ended, with this error or none; whether the error is its skip.
   *
   * @param {unknown} [error]
   */
  endsAsSkipped(error) {
    this.#skipping?.end();
    return this.#skipping?.isEndedBy(error) ?? false;
  }

  get hasCleanups() {
    return this.#cleanups !== undefined;
  }

  /** Last in, first out, every one of them whatever the others do. Returns what they threw. */
  async cleanUp() {
    const errors = [];
    const { signal } = newController();
    for (let next = this.#cleanups?.pop(); next; next = this.#cleanups?.pop()) {
      try {
        await next(signal);
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}

/** As in the main thread any number may listen to a signal: Node would warn of a leak from 11 on. */
function newController() {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/**
 * What a function sees of its context when it spreads it or takes it apart, as in the main thread: properties of its own,
 * each read when it is asked for.
 *
 * @type {Record<keyof WorkerContext, PropertyDescriptor>}
 */
const SHOWN = {
  taskName: own("taskName"),
  runId: own("runId"),
  attempt: own("attempt"),
  signal: own("signal"),
  attributes: own("attributes"),
  progress: own("progress"),
  spent: own("spent"),
  defer: own("defer"),
  skip: own("skip"),
  log: own("log"),
  remainingMs: own("remainingMs"),
  journalEntry: own("journalEntry"),
  cancelled: own("cancelled"),
  transfer: own("transfer"),
};

/**
 * @param {keyof WorkerContext} key
 * @returns {PropertyDescriptor}
 */
function own(key) {
  const descriptor = Object.getOwnPropertyDescriptor(ThreadContext.prototype, key);
  return { ...descriptor, enumerable: true };
}
