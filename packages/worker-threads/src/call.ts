/**
 * One attempt in a thread, from the queue to its end: what is sent, who may stop it and how, and what is told of it.
 * Knows no graph and no retry.
 */
import { AsyncResource } from "node:async_hooks";
import type { TransferListItem } from "node:worker_threads";
import {
  type Attribute,
  attributeEntries,
  isDetached,
  losesInClone,
  type RemoteLogLine,
  text,
} from "astrum-crossing";
import { onAbort } from "./abort.ts";
import { answerError, crash, inputError, noThread, unreadableResult } from "./call-errors.ts";
import type { Transferable } from "./context.ts";
import { WorkerTimeoutError } from "./errors.ts";
import type { Entrant, Lanes } from "./lanes.ts";
import type { Thread, ThreadMessage } from "./thread.ts";
import type { Ending, Errand, Threads } from "./threads.ts";
import { after } from "./timer.ts";
import type { Answer, CallMessage } from "./wire.ts";
import { pack, unpack } from "./worker/pack.js";

/** What is asked for. */
export interface CallRequest {
  readonly url: string;
  readonly exportName: string | undefined;
  readonly args: readonly unknown[];
  readonly taskName: string;
  readonly runId: string;
  readonly attempt: number;
  readonly signal: AbortSignal | undefined;
  readonly cancelGraceMs: number;
  /** From the start of the function in the thread. Loading its module, when that is needed, is given as long again. */
  readonly timeoutMs?: number | undefined;
  readonly transfer?: ((...args: never[]) => readonly Transferable[]) | undefined;
  readonly attributes?: Map<string, Attribute> | undefined;
  readonly carrier?: Record<string, string> | undefined;
  readonly progress?: ((fraction: number, message?: string) => void) | undefined;
  /** Of the context of whoever asked; a call by hand has none, and is rejected. */
  readonly skip?: ((reason: string) => never) | undefined;
  readonly spent?: ((resource: string, amount: number) => void) | undefined;
  readonly logged?: ((lines: readonly RemoteLogLine[], leftOut: number) => void) | undefined;
  /** Until whoever asked is asked to stop. */
  readonly remainingMs?: (() => number) | undefined;
  readonly setExecutor?: ((name: string) => void) | undefined;
}

export class Call implements Entrant, Errand {
  readonly promise: Promise<unknown>;
  /** For the thread that is sent next; a second one gets a number of its own. */
  message!: CallMessage;
  transfer: TransferListItem[] = [];

  readonly #request: CallRequest;
  readonly #lanes: Lanes;
  readonly #threads: Threads;
  readonly #onOver: () => void;
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;
  /** What it says is told in the async context of whoever asked, not in that of a port. */
  readonly #scope: AsyncResource | undefined;
  #lane: number | undefined;
  #thread: Thread | undefined;
  #callOff: () => void;
  #stopTimer: () => void = () => {};
  #cancelled: { readonly reason: unknown } | undefined;
  /** Cancelled by its own time limit. */
  #late = false;
  #answer: Answer | undefined;
  #over = false;
  #sentAgain = false;
  #moves = false;
  readonly #unlisten: (() => void) | undefined;

  constructor(request: CallRequest, lanes: Lanes, threads: Threads, onOver: () => void) {
    this.#onOver = onOver;
    this.#request = request;
    this.#lanes = lanes;
    this.#threads = threads;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { progress, spent, logged } = request;
    if (progress !== undefined || spent !== undefined || logged !== undefined)
      this.#scope = new AsyncResource("AstrumThreadCall", { requireManualDestroy: true });
    const { signal } = request;
    this.#unlisten = signal && onAbort(signal, () => this.cancel(signal.reason));
    this.#callOff = () => {};
    const callOff = lanes.join(this);
    if (this.#lane === undefined) this.#callOff = callOff;
  }

  enter(lane: number): void {
    this.#lane = lane;
    const { transfer, args } = this.#request;
    try {
      if (transfer !== undefined) {
        const items = transferList(transfer(...(args as never[])));
        if (items.some(isDetached)) throw inputError(this.#request, [], undefined);
        this.transfer = items;
        this.#moves = items.length > 0;
      }
      if (losesInClone(args, this.transfer))
        throw inputError(this.#request, this.transfer, undefined);
    } catch (error) {
      queueMicrotask(() => this.#finish({ error }));
      return;
    }
    this.#send();
  }

  assigned(thread: Thread): void {
    this.#thread = thread;
    thread.listen(this.message.sequence, (message) => this.#receive(message));
    this.#keepTime();
    this.#request.setExecutor?.(`worker-${thread.id}`);
  }

  /** Stops it wherever it is: `now`, or when it has had its grace period. */
  cancel(reason: unknown, options?: { readonly now: true }): void {
    const grace = options?.now ? 0 : this.#request.cancelGraceMs;
    if (this.#over || (this.#cancelled !== undefined && grace > 0)) return;
    this.#cancelled ??= { reason };
    this.#stopTimer();
    const thread = this.#thread;
    if (thread === undefined) {
      this.#callOff();
      if (this.#lane === undefined) this.#finish({ error: reason });
      return;
    }
    // It may have ended by itself meanwhile; then its thread is in order, and stays.
    thread.drain();
    if (this.#answer !== undefined) return;
    if (grace === 0) {
      thread.terminate();
      return;
    }
    // The reason first: a loop that sees the flag looks for it at once.
    thread.send({
      kind: "cancel",
      sequence: this.message.sequence,
      reason: pack(this.#cancelled.reason),
    });
    Atomics.store(this.#threads.flags, this.#laneIndex * 2, this.message.sequence);
    this.#stopTimer = after(grace, () => thread.terminate());
  }

  ended(ending: Ending): void {
    this.#stopTimer();
    this.#thread?.unlisten(this.message.sequence);
    try {
      this.#conclude(ending);
    } catch (error) {
      // Whatever hostile value made this fail, somebody waits for an end.
      this.#finish({ error });
    }
  }

  #conclude(ending: Ending): void {
    const started = this.#started;
    const request = this.#request;
    if (this.#answer !== undefined) this.#finishAnswered(this.#answer);
    else if (this.#cancelled !== undefined) this.#finish({ error: this.#cancelled.reason });
    else if (ending.kind === "undeliverable")
      this.#finish({ error: inputError(request, this.transfer, ending.error) });
    else if (ending.kind !== "died") this.#finish({ error: unreadableResult(request) });
    else if (this.#thread === undefined) this.#finish({ error: noThread(request, ending) });
    else if (started || this.#sentAgain || this.#moves)
      this.#finish({ error: crash(request, ending, started) });
    else {
      // Its thread died of what an earlier task had left behind, before the function began: nothing is lost but time.
      this.#sentAgain = true;
      this.#thread = undefined;
      this.transfer = [];
      this.#send();
    }
  }

  get #started(): boolean {
    return (
      this.#thread !== undefined &&
      Atomics.load(this.#threads.flags, this.#laneIndex * 2 + 1) === this.message.sequence
    );
  }

  get #laneIndex(): number {
    return this.#lane ?? 0;
  }

  #send(): void {
    const { url, exportName, args, taskName, runId, attempt, attributes, carrier, timeoutMs } =
      this.#request;
    this.message = {
      sequence: this.#threads.nextSequence(),
      lane: this.#laneIndex,
      url,
      exportName,
      args,
      taskName,
      runId,
      attempt,
      attributes: attributes && attributes.size > 0 ? attributeEntries(attributes) : undefined,
      carrier,
      endsAt: this.#endsAt,
      timeoutMs,
    };
    this.#callOff = this.#threads.send(this);
  }

  get #endsAt(): number | undefined {
    const left = this.#request.remainingMs?.() ?? Number.POSITIVE_INFINITY;
    return left === Number.POSITIVE_INFINITY
      ? undefined
      : performance.timeOrigin + performance.now() + left;
  }

  #keepTime(): void {
    const { timeoutMs, taskName } = this.#request;
    if (timeoutMs === undefined || this.#cancelled !== undefined) return;
    this.#stopTimer();
    this.#stopTimer = after(timeoutMs, () => {
      this.#late = true;
      const message = `Task "${taskName}" took longer than ${timeoutMs} ms in its thread`;
      this.cancel(new WorkerTimeoutError(message, { timeoutMs }));
    });
  }

  #receive(message: ThreadMessage): void {
    const { progress, spent, logged } = this.#request;
    switch (message.kind) {
      case "start":
        this.#keepTime();
        break;
      case "progress":
        this.#tell(() => progress?.(message.fraction, message.message));
        break;
      case "spent":
        this.#tell(() => spent?.(message.resource, message.amount));
        break;
      case "log":
        this.#tell(() => logged?.(message.lines, message.leftOut));
        break;
      default:
        this.#answer = message;
    }
  }

  #tell(what: () => void): void {
    try {
      this.#scope?.runInAsyncScope(what);
    } catch (error) {
      this.cancel(error);
    }
  }

  #finishAnswered(answer: Answer): void {
    if (answer.attributes !== undefined) this.#takeIn(answer.attributes);
    const cancelled = this.#cancelled;
    if (answer.kind === "result") this.#finish(cancelled ? { error: cancelled.reason } : answer);
    // What it threw while stopping is worth more than why it was stopped; who stopped it knows that.
    else if (answer.kind === "thrown" && cancelled && !this.#late)
      this.#finish({ error: unpack(answer.thrown, cancelled.reason) });
    else if (cancelled) this.#finish({ error: cancelled.reason });
    else this.#finish({ error: answerError(this.#request, answer) });
  }

  /** What the function left as it was is not written again: here it may be more than its description. */
  #takeIn(attributes: NonNullable<Answer["attributes"]>): void {
    const sent = new Map(this.message.attributes);
    for (const [name, value] of attributes)
      if (sent.get(name) !== value) this.#request.attributes?.set(name, value);
  }

  #finish(outcome: { readonly value: unknown } | { readonly error: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    this.#unlisten?.();
    this.#scope?.emitDestroy();
    this.#onOver();
    if ("error" in outcome) this.#reject(outcome.error);
    else this.#resolve(outcome.value);
    if (this.#lane !== undefined) this.#lanes.leave(this.#lane);
  }
}

function transferList(items: readonly Transferable[]): TransferListItem[] {
  if (!Array.isArray(items))
    throw new TypeError(`Expected \`transfer\` to return an array, got \`${text(items)}\``);
  return [...new Set(items)].filter(
    (item): item is TransferListItem => !(item instanceof SharedArrayBuffer),
  );
}
