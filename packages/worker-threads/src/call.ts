/**
 * One attempt in a thread, from the queue to its end: what is sent, who may stop it and how, and what is told of it.
 * Knows no graph and no retry.
 */
import { AsyncResource } from "node:async_hooks";
import type { TransferListItem } from "node:worker_threads";
import { onAbort } from "./abort.ts";
import type { Transferable } from "./context.ts";
import {
  WorkerCrashedError,
  WorkerModuleError,
  WorkerOutOfMemoryError,
  WorkerSerializationError,
  WorkerTimeoutError,
} from "./errors.ts";
import type { Entrant, Lanes } from "./lanes.ts";
import type { Thread, ThreadMessage } from "./thread.ts";
import type { Ending, Errand, Threads } from "./threads.ts";
import type { Answer, Attribute, CallMessage, ModuleFailure } from "./wire.ts";
import { findObstacle, isDetached } from "./worker/obstacle.js";
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
  /** Progress is told in the async context of whoever asked, not in that of a port. */
  readonly #scope: AsyncResource | undefined;
  #lane: number | undefined;
  #thread: Thread | undefined;
  #callOff: () => void;
  #timer: NodeJS.Timeout | undefined;
  #cancelled: { readonly reason: unknown } | undefined;
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
    if (request.progress !== undefined)
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
        if (items.some(isDetached)) throw this.#inputError(undefined);
        this.transfer = items;
        this.#moves = items.length > 0;
      }
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
    clearTimeout(this.#timer);
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
    this.#timer = setTimeout(() => thread.terminate(), grace);
  }

  ended(ending: Ending): void {
    clearTimeout(this.#timer);
    const { started } = this;
    this.#thread?.unlisten(this.message.sequence);
    if (this.#answer !== undefined) this.#finishAnswered(this.#answer);
    else if (this.#cancelled !== undefined) this.#finish({ error: this.#cancelled.reason });
    else if (ending.kind === "undeliverable")
      this.#finish({ error: this.#inputError(ending.error) });
    else if (ending.kind === "answered") this.#finish({ error: this.#garbled() });
    else if (this.#thread === undefined || started || this.#sentAgain || this.#moves)
      this.#finish({ error: this.#crash(ending, started) });
    else {
      // Its thread died of what an earlier task had left behind, before the function began: nothing is lost but time.
      this.#sentAgain = true;
      this.#thread = undefined;
      this.transfer = [];
      this.#send();
    }
  }

  get started(): boolean {
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
      attributes: attributes === undefined || attributes.size === 0 ? undefined : [...attributes],
      carrier,
      announceStart: timeoutMs !== undefined,
    };
    this.#callOff = this.#threads.send(this);
  }

  #keepTime(): void {
    const { timeoutMs, taskName } = this.#request;
    if (timeoutMs === undefined || this.#cancelled !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () =>
        this.cancel(
          new WorkerTimeoutError(
            `Task "${taskName}" took longer than ${timeoutMs} ms in its thread`,
            {
              timeoutMs,
            },
          ),
        ),
      timeoutMs,
    );
  }

  #receive(message: ThreadMessage): void {
    if (message.kind === "start") this.#keepTime();
    else if (message.kind !== "progress") this.#answer = message;
    else if (this.#request.progress !== undefined)
      try {
        this.#scope?.runInAsyncScope(
          this.#request.progress,
          undefined,
          message.fraction,
          message.message,
        );
      } catch (error) {
        this.cancel(error);
      }
  }

  #finishAnswered(answer: Answer): void {
    for (const [name, value] of answer.attributes ?? []) this.#request.attributes?.set(name, value);
    const cancelled = this.#cancelled;
    if (answer.kind === "result") this.#finish(cancelled ? { error: cancelled.reason } : answer);
    // What it threw while stopping is worth more than why it was stopped; who stopped it knows that.
    else if (answer.kind === "thrown" && cancelled && !this.#timedOut)
      this.#finish({ error: unpack(answer.thrown, cancelled.reason) });
    else if (cancelled) this.#finish({ error: cancelled.reason });
    else this.#finish({ error: this.#refusal(answer) });
  }

  get #timedOut(): boolean {
    return this.#cancelled?.reason instanceof WorkerTimeoutError;
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

  #inputError(cause: unknown): Error {
    const { args, taskName } = this.#request;
    const input = args.length === 1 ? args[0] : args;
    const obstacle = findObstacle(input, args.length === 1 ? "input" : "args", this.transfer);
    const what =
      obstacle === undefined
        ? "an argument is not clonable"
        : `${obstacle.path} is ${obstacle.what}`;
    return new WorkerSerializationError(
      `Task "${taskName}": ${what}, which cannot be sent to a thread. Send plain values, buffers or shared memory; ` +
        "what an earlier attempt has transferred is gone, so a task that is retried must not transfer its input.",
      { direction: "input", path: obstacle?.path ?? "input", cause },
    );
  }

  #garbled(): Error {
    return new WorkerSerializationError(
      `Task "${this.#request.taskName}": its result was sent, but could not be read on this side. Return plain values.`,
      { direction: "result", path: "result" },
    );
  }

  #refusal(answer: Exclude<Answer, { kind: "result" }>): unknown {
    const { taskName } = this.#request;
    if (answer.kind === "thrown") return unpack(answer.thrown);
    if (answer.kind === "module")
      return moduleError(taskName, this.#request.exportName, answer.failure);
    const { direction, obstacle, cause } = answer;
    return new WorkerSerializationError(
      direction === "result"
        ? `Task "${taskName}": ${obstacle.path} is ${obstacle.what}, which cannot be returned from a thread. Return plain values.`
        : `Task "${taskName}" threw ${obstacle.what} (${obstacle.path}), which cannot leave its thread. Throw an Error.`,
      { direction, path: obstacle.path, ...(cause && { cause: unpack(cause) }) },
    );
  }

  #crash(ending: Ending, started: boolean): Error {
    const { taskName } = this.#request;
    const { exitCode, fault } =
      ending.kind === "died" ? ending : { exitCode: undefined, fault: undefined };
    const facts = { exitCode, started, ...(fault !== undefined && { cause: fault }) };
    if ((fault as { code?: unknown } | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY")
      return new WorkerOutOfMemoryError(
        `Task "${taskName}": its thread ran out of memory. Raise \`resourceLimits.maxOldGenerationSizeMb\` or split the work.`,
        facts,
      );
    const how =
      fault === undefined ? `exited with code ${exitCode}` : `was ended by ${String(fault)}`;
    if (this.#thread === undefined)
      return new WorkerCrashedError(
        `Task "${taskName}": no thread could be started for it: ${fault === undefined ? `it ${how}` : String(fault)}`,
        facts,
      );
    return new WorkerCrashedError(
      `Task "${taskName}": its thread ${how} before the function had ${started ? "ended" : "begun"}`,
      facts,
    );
  }
}

function transferList(items: readonly Transferable[]): TransferListItem[] {
  if (!Array.isArray(items))
    throw new TypeError(`Expected \`transfer\` to return an array, got \`${String(items)}\``);
  return [...new Set(items)].filter(
    (item): item is TransferListItem => !(item instanceof SharedArrayBuffer),
  );
}

function moduleError(
  taskName: string,
  exportName: string | undefined,
  failure: ModuleFailure,
): Error {
  const { reason, url, exports } = failure;
  const cause = failure.cause && unpack(failure.cause);
  const texts: Record<ModuleFailure["reason"], string> = {
    "not-found": `there is no file ${url}`,
    "import-failed": `${url} cannot be imported: ${String(cause)}`,
    "no-export": `${url} exports no function "${exportName}"; it exports ${exports.join(", ") || "none"}`,
    "no-typescript":
      `${url} is TypeScript, which Node ${process.version} does not run in a thread. ` +
      "Use Node 22.18 or later, install tsx beside it, or point at the compiled file",
    "not-an-activator": `the default export of ${url} is no activator: it needs an \`activate\` function`,
  };
  return new WorkerModuleError(`Task "${taskName}": ${texts[reason]}.`, {
    url,
    reason,
    exports,
    ...(cause !== undefined && { cause }),
  });
}
