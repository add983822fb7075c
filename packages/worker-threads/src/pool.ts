/**
 * The pool: what a program holds to run tasks in threads. Puts the parts together and says when it is over. How a call
 * is carried out is in `call.ts`, how threads live and die in `threads.ts`.
 */
import { Worker } from "node:worker_threads";
import { placementOf, type Runner, type TaskContext } from "@astrum/core";
import { Call, type CallRequest } from "./call.ts";
import { WorkerPoolClosedError } from "./errors.ts";
import { Lanes } from "./lanes.ts";
import type { WorkerForm, WorkerRef } from "./module.ts";
import { type PoolSettings, poolSettings, type WorkerPoolOptions } from "./options.ts";
import { createRunner, type WorkerRunnerOptions } from "./runner.ts";
import { type WorkerCall, type WorkerTaskOptions, workerCall } from "./task-options.ts";
import { Threads } from "./threads.ts";

/** The core's `TaskContext`, or, in calls by hand, as much of it as there is. */
export type CallContext = Pick<TaskContext, "signal"> & Partial<TaskContext>;

/**
 * What `pool.task` returns. A task without parameters may still be given the inputs of a graph's task. One that takes a
 * single argument and no context may be given to `map` as well, whose index it does not see.
 */
export type WorkerTask<
  Args extends readonly unknown[],
  Output,
  Form extends WorkerForm = WorkerForm,
> = Args extends readonly []
  ? (inputs?: object, context?: CallContext) => Promise<Output>
  : [Form, Args] extends ["plain", readonly [infer Only]]
    ? (input: Only, second?: number | CallContext, third?: CallContext) => Promise<Output>
    : (...args: [...args: Args, context?: CallContext]) => Promise<Output>;

export interface WorkerPool extends AsyncDisposable {
  /**
   * A function that runs `ref` in a thread: give it to `task()`, `map()`, a `DynamicScheduler`, or call it. A context in
   * the last place brings the signal that cancels it; anything before goes to the thread as a structured clone. `map` calls
   * with the index between the two: of a function of item and context, pass on what it takes,
   * `(photo, _index, context) => resize(photo, context)`.
   *
   * Rejects with what the function threw; with `signal.reason` when it was cancelled, unless the function threw
   * something else while stopping; with a `WorkerCrashedError`, `WorkerSerializationError`, `WorkerModuleError`,
   * `WorkerTimeoutError` or `WorkerPoolClosedError`. A cancelled attempt settles when its function has ended or its
   * thread is gone, not before. A thread in a synchronous native call ends when that returns.
   */
  task<const Args extends readonly unknown[], Output, Form extends WorkerForm>(
    ref: WorkerRef<Args, Output, Form>,
    options?: WorkerTaskOptions<NoInfer<Args>>,
  ): WorkerTask<Args, Output, Form>;
  /**
   * Carries out attempts in threads: of every task whose name the `tasks` have, and of every task made by this pool's
   * `task()`. All others run where they would without it. With a runner the report knows the thread of each attempt
   * (`executor: "worker-3"`) and traces cross.
   */
  runner(options?: WorkerRunnerOptions): Runner;
  readonly stats: WorkerPoolStats;
  /** Takes nothing new, lets what runs and waits end, flushes the activators (5 s at most), ends the threads. */
  close(): Promise<void>;
  /** Ends every thread at once. What runs or waits rejects with a `WorkerPoolClosedError`. */
  destroy(): Promise<void>;
}

export interface WorkerPoolStats {
  /** Alive, busy or not, those still starting included. */
  readonly threads: number;
  readonly running: number;
  /** Attempts that wait for a thread. */
  readonly queued: number;
}

const FLUSH_TIMEOUT_MS = 5_000;

/**
 * Starts a pool of threads. They are started when needed (`minThreads` at once) and never keep the process alive when
 * they have nothing to do. Throws a `TypeError` that lists every invalid option, and an `Error` where a bundler has made
 * this package a part of another file.
 *
 * ```ts
 * await using pool = createWorkerPool({ threads: 4 });
 * const thumb = task("thumb", { photo }, pool.task(image.resize));
 * ```
 */
export function createWorkerPool(options: WorkerPoolOptions = {}): WorkerPool {
  const settings = poolSettings(options);
  tryOptions(settings);
  return new Pool(settings);
}

class Pool implements WorkerPool {
  readonly #settings: PoolSettings;
  readonly #lanes: Lanes;
  readonly #threads: Threads;
  readonly #calls = new Set<Call>();
  /** What `task` has made, so that a runner recognises it. */
  readonly #made = new WeakMap<object, WorkerCall>();
  #destroyed = false;
  #closed: Promise<void> | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#lanes = new Lanes(settings.threads);
    this.#threads = new Threads(settings);
  }

  get stats(): WorkerPoolStats {
    const { running, queued } = this.#lanes;
    return { threads: this.#threads.count, running, queued };
  }

  task<const Args extends readonly unknown[], Output, Form extends WorkerForm>(
    ref: WorkerRef<Args, Output, Form>,
    options: WorkerTaskOptions<Args> = {},
  ): WorkerTask<Args, Output, Form> {
    const call = workerCall("pool.task", ref, options, this.#settings.cancelGraceMs);
    const { url, exportName, cancelGraceMs, timeoutMs, transfer } = call;
    const run = (...given: unknown[]): Promise<unknown> => {
      const last = given.at(-1);
      const context = isContext(last) ? last : undefined;
      // Written out: spreading `call` costs more than all the rest of this function.
      return this.#run({
        url,
        exportName,
        args: context === undefined ? given : given.slice(0, -1),
        taskName: context?.taskName ?? exportName,
        runId: context?.runId ?? "",
        attempt: context?.attempt ?? 1,
        signal: context?.signal,
        cancelGraceMs,
        timeoutMs,
        transfer,
        attributes: context?.attributes,
        carrier: undefined,
        progress: context?.progress && ((...told) => context.progress?.(...told)),
        skip: context?.skip && ((reason) => (context as TaskContext).skip(reason)),
        spent: context?.spent && ((...told) => context.spent?.(...told)),
        logged: placementOf(context)?.logged,
        remainingMs: context?.remainingMs && (() => (context as TaskContext).remainingMs()),
        setExecutor: undefined,
      });
    };
    this.#made.set(run, call);
    return run as WorkerTask<Args, Output, Form>;
  }

  runner(options: WorkerRunnerOptions = {}): Runner {
    return createRunner(options, {
      cancelGraceMs: this.#settings.cancelGraceMs,
      traced: this.#settings.activators.length > 0,
      made: (run) => this.#made.get(run),
      run: (request) => this.#run(request),
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    const closed = this.close();
    const reason = new WorkerPoolClosedError(
      "The pool was destroyed while this task was under way",
    );
    for (const call of [...this.#calls]) call.cancel(reason, { now: true });
    await this.#threads.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#lanes.empty();
    if (!this.#destroyed && this.#settings.activators.length > 0)
      await this.#threads.flush(FLUSH_TIMEOUT_MS);
    await this.#threads.destroy();
  }

  #run(request: CallRequest): Promise<unknown> {
    if (this.#closed !== undefined)
      return Promise.reject(
        new WorkerPoolClosedError(`Task "${request.taskName}": the pool is closed; create another`),
      );
    if (request.signal?.aborted) return Promise.reject(request.signal.reason);
    const call = new Call(request, this.#lanes, this.#threads, () => this.#calls.delete(call));
    this.#calls.add(call);
    return call.promise;
  }
}

/** An object with a signal cannot be an input: no signal can be cloned. */
function isContext(value: unknown): value is CallContext {
  const signal = (value as { signal?: unknown } | null | undefined)?.signal;
  return typeof value === "object" && signal instanceof AbortSignal;
}

/** Node checks these when a thread is made, which may be long after; so one is made, for nothing. */
function tryOptions({ env, execArgv, resourceLimits }: PoolSettings): void {
  if (env === undefined && execArgv === undefined) return;
  const worker = new Worker("", {
    eval: true,
    ...(env && { env }),
    ...(execArgv && { execArgv: [...execArgv] }),
    ...(resourceLimits && { resourceLimits }),
  });
  worker.on("error", () => {});
  worker.unref();
  void worker.terminate();
}
