/**
 * The fleet: what a scheduler holds to run tasks on workers elsewhere. Puts the parts together and says when it is over.
 * How a call is carried out is in `call.ts`, how all of them are watched in `in-flight.ts`.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { placementOf, type Runner, type TaskContext } from "@astrum/core";
import { carrierTexts } from "astrum-crossing";
import { QueueEvents } from "bullmq";
import { type CallContext, isContext } from "../call-context.ts";
import { FleetClosedError, RunInUseError } from "../errors.ts";
import type { RemoteForm, RemoteRef } from "../remote.ts";
import {
  type Client,
  closeWith,
  openConnection,
  reachable,
  refusing,
  storeError,
} from "../store/connection.ts";
import { JobStore } from "../store/job-store.ts";
import { checkServer } from "../store/server-check.ts";
import { type FleetStatus, statusOf } from "../store/status.ts";
import { asEnding, asWord } from "../wire/protocol.ts";
import { Signer } from "../wire/signature.ts";
import { Call, type CallHost } from "./call.ts";
import { type FleetOptions, type FleetSettings, fleetSettings } from "./fleet-options.ts";
import { InFlight } from "./in-flight.ts";
import type { CallRequest } from "./request.ts";
import { RunLeases } from "./run-leases.ts";
import {
  type FleetRunnerOptions,
  type FleetTaskOptions,
  type FleetTaskSettings,
  runnerTasks,
  taskSettings,
} from "./task-options.ts";

/**
 * What `fleet.task` returns: called as the remote function would be here. One that takes a single argument and no
 * context may be given to `map` as well, whose index it does not see.
 */
export type FleetTask<
  Args extends readonly unknown[],
  Output,
  Form extends RemoteForm = RemoteForm,
> = Args extends readonly []
  ? (inputs?: object, context?: CallContext) => Promise<Output>
  : [Form, Args] extends ["plain", readonly [infer Only]]
    ? (input: Only, second?: number | CallContext, third?: CallContext) => Promise<Output>
    : (...args: [...args: Args, context?: CallContext]) => Promise<Output>;

export interface Fleet extends AsyncDisposable {
  /**
   * A function that runs `ref` on a worker: give it to `task()`, `map()`, a `DynamicScheduler`, or call it. A context in
   * the last place brings run, task, attempt and the signal that stops it; anything before comes to the worker as it was.
   * In a run the report names the worker of each attempt (`executor: "host:pid"`) and how often it was started, and
   * traces cross.
   *
   * Delivery is at least once. Rejects with what the function threw; with `signal.reason` when it was stopped, unless
   * the function threw something else while stopping; with a `WorkerLostError`, `UnknownTaskError`, `JobRefusedError`,
   * `StoreUnavailableError`, `RunInUseError`, `RunIdReusedError` or `FleetClosedError`; and, before anything is sent,
   * with a `RemoteSerializationError` or `PayloadTooLargeError`. An attempt that was asked to stop settles when its
   * function has ended or can never start.
   */
  task<const Args extends readonly unknown[], Output, Form extends RemoteForm>(
    ref: RemoteRef<Args, Output, Form>,
    options?: FleetTaskOptions,
  ): FleetTask<Args, Output, Form>;
  /**
   * Carries out the attempts of every task whose name the `tasks` have, and of every task made by this fleet's `task()`;
   * all others run where they would without it. For a `DynamicScheduler`, or as a part of a runner of your own.
   */
  runner(options?: FleetRunnerOptions): Runner;
  /** Rejects with a `StoreUnavailableError` when the store refuses to say. */
  status(): Promise<FleetStatus>;
  /**
   * Takes nothing new, waits for what is under way, gives its runs back, closes its connections. What was asked to stop
   * and has not ended by then rejects with a `FleetClosedError`.
   */
  close(): Promise<void>;
  /** Leaves at once. What is under way rejects with a `FleetClosedError`; a run of the same id can take it up. */
  destroy(): Promise<void>;
}

const REACH_MS = 10_000;
const SWEEP_MS = 1_000;

/**
 * Connects to the store. Resolves when it can be used; rejects with a `TypeError` that lists every invalid option, or
 * with a `StoreUnavailableError` when it cannot be reached within 10 seconds or would lose jobs.
 *
 * ```ts
 * await using fleet = await connectFleet({ queue: "renders", connection: { url: process.env.REDIS_URL } });
 * const frames = map("frames", scenes, fleet.task(jobs.render), { concurrency: 200, retry: 2 });
 * ```
 */
export async function connectFleet(options: FleetOptions): Promise<Fleet> {
  const settings = fleetSettings(options);
  const fleet = new ConnectedFleet(settings);
  try {
    await fleet.ready();
  } catch (error) {
    await fleet.destroy();
    throw error;
  }
  return fleet;
}

class ConnectedFleet implements Fleet {
  readonly #settings: FleetSettings;
  readonly #store: JobStore;
  readonly #inFlight: InFlight;
  readonly #leases: RunLeases;
  readonly #host: CallHost;
  readonly #events: { readonly queue: QueueEvents; readonly client: Client } | undefined;
  readonly #holder = `${hostname()}:${process.pid}/${randomUUID()}`;
  /** What `task` has made, so that a runner recognises it. */
  readonly #made = new WeakMap<object, FleetTaskSettings>();
  readonly #counts = new WeakMap<object, number>();
  readonly #sweeper: NodeJS.Timeout;
  #calls = 0;
  #lastError: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(settings: FleetSettings) {
    this.#settings = settings;
    const { reconcileMs, outageMs, leaseMs, keepResultsSec, unknownTaskMs } = settings;
    const store = new JobStore(settings.connection, settings, (error) => this.#heardOf(error));
    const keepMs = keepResultsSec * 1_000;
    this.#store = store;
    this.#inFlight = new InFlight({ store, reconcileMs, outageMs });
    this.#leases = new RunLeases({
      store,
      holder: this.#holder,
      leaseMs,
      keepMs,
      outageMs,
      onTaken: (runId, error) => this.#taken(runId, error),
      onWritten: (fault) => this.#inFlight.wrote(fault),
    });
    this.#host = {
      store,
      signer: new Signer(settings.signingKey),
      maxPayloadBytes: settings.maxPayloadBytes,
      outageMs,
      unknownTaskMs,
      nextName: () => `${this.#holder}/${++this.#calls}`,
      hold: (runId) => this.#leases.hold(runId),
      letGo: (runId) => this.#leases.letGo(runId),
      forget: (call) => this.#inFlight.forget(call),
    };
    this.#events = settings.events ? this.#listen() : undefined;
    this.#sweeper = setInterval(() => {
      // Either it has written, or another scheduler has, just now.
      store.sweep(keepMs, SWEEP_MS).then(
        () => this.#inFlight.wrote(),
        (error: unknown) => this.#inFlight.wrote(error),
      );
    }, SWEEP_MS);
  }

  async ready(): Promise<void> {
    await reachable(this.#store.client, REACH_MS, () => this.#lastError);
    await checkServer(this.#store.client);
    await this.#events?.queue.waitUntilReady().catch(refusing("Its events cannot be read"));
  }

  task<const Args extends readonly unknown[], Output, Form extends RemoteForm>(
    ref: RemoteRef<Args, Output, Form>,
    options: FleetTaskOptions = {},
  ): FleetTask<Args, Output, Form> {
    const settings = taskSettings(ref as RemoteRef<never, unknown>, options);
    const run = (...given: unknown[]): Promise<unknown> => {
      const last = given.at(-1);
      return isContext(last)
        ? this.#call(settings, given.slice(0, -1), last)
        : this.#call(settings, given, undefined);
    };
    this.#made.set(run, settings);
    return run as FleetTask<Args, Output, Form>;
  }

  runner(options: FleetRunnerOptions = {}): Runner {
    const named = runnerTasks(options);
    return (attempt) => {
      const settings = this.#made.get(attempt.run) ?? named.get(attempt.info.task.name);
      return settings === undefined
        ? attempt.run(...attempt.args, attempt.context)
        : this.#call(settings, attempt.args, attempt.context as TaskContext);
    };
  }

  status(): Promise<FleetStatus> {
    return statusOf(this.#store, this.#settings.queue).catch(refusing("Its status cannot be read"));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async destroy(): Promise<void> {
    const closed = this.close();
    this.#leases.abandon();
    this.#detachAll("The fleet was destroyed while this task was under way");
    this.#store.client.disconnect();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call(
    settings: FleetTaskSettings,
    args: readonly unknown[],
    context: CallContext | undefined,
  ): Promise<unknown> {
    const placement = placementOf(context);
    return this.#run({
      ...settings,
      args,
      taskName: context?.taskName ?? settings.exportName,
      runId: context?.runId,
      attempt: context?.attempt ?? 1,
      call: context === undefined ? 1 : this.#countOf(context),
      signal: context?.signal,
      attributes: context?.attributes,
      carrier: placement && carrierTexts(placement.carrier()),
      progress: context?.progress && ((...told) => context.progress?.(...told)),
      skip: context?.skip && ((reason) => (context as TaskContext).skip(reason)),
      spent: context?.spent && ((...told) => context.spent?.(...told)),
      logged: placement?.logged,
      remainingMs: context?.remainingMs && (() => (context as TaskContext).remainingMs()),
      setExecutor: placement?.setExecutor,
      setDeliveries: placement?.setDeliveries,
    });
  }

  /**
   * The function of one attempt may call the fleet several times: each call is a job, in the order of the calls. Copies of
   * its context have the attributes of the attempt, and are counted as one.
   */
  #countOf(context: CallContext): number {
    const attempt = context.attributes ?? context;
    const count = (this.#counts.get(attempt) ?? 0) + 1;
    this.#counts.set(attempt, count);
    return count;
  }

  async #run(request: CallRequest): Promise<unknown> {
    const { taskName, signal } = request;
    if (this.#closed !== undefined)
      throw new FleetClosedError(`Task "${taskName}": the fleet is closed; connect another`);
    signal?.throwIfAborted();
    const call = new Call(request, this.#host);
    if (this.#inFlight.has(call.jobId)) {
      call.detach(undefined);
      call.promise.catch(() => {});
      throw new RunInUseError(
        `Task "${taskName}", attempt ${request.attempt}, of run "${call.runId}" is under way in this process already. Give every run its own runId.`,
        { runId: call.runId, holder: this.#holder.split("/")[0] as string },
      );
    }
    this.#inFlight.add(call);
    void call.begin();
    return call.promise;
  }

  #listen(): { readonly queue: QueueEvents; readonly client: Client } {
    const { connection, queue: name, prefix } = this.#settings;
    const onError = (error: Error): void => this.#heardOf(error);
    const client = openConnection(connection, `astrum:${name}:events`, onError);
    const queue = new QueueEvents(this.#store.names.bullName, {
      connection: client,
      prefix,
      skipVersionCheck: true,
    });
    queue.on("error", onError);
    const calls = this.#inFlight;
    queue.on("active", ({ jobId }) => calls.started(jobId));
    queue.on("progress", ({ jobId, data }) => calls.heard(jobId, asWord(data)));
    queue.on("completed", ({ jobId, returnvalue }) =>
      calls.completed(jobId, asEnding(returnvalue)),
    );
    queue.on("failed", ({ jobId, failedReason }) => calls.failed(jobId, failedReason));
    queue.on("duplicated", ({ jobId }) => calls.duplicated(jobId));
    return { queue, client };
  }

  #heardOf(error: Error): void {
    this.#lastError = storeError(error);
    this.#inFlight?.fault(error);
  }

  #taken(runId: string, error: RunInUseError): void {
    for (const call of this.#inFlight.calls) if (call.runId === runId) call.detach(error);
  }

  #detachAll(message: string): void {
    for (const call of this.#inFlight.calls) call.detach(new FleetClosedError(message));
  }

  async #close(): Promise<void> {
    await Promise.allSettled(
      this.#inFlight.calls.filter(({ stopping }) => !stopping).map(({ promise }) => promise),
    );
    this.#detachAll("The fleet was closed while this task, which was asked to stop, was under way");
    this.#inFlight.stop();
    clearInterval(this.#sweeper);
    if (this.#store.client.status === "ready") {
      await this.#leases.close();
      await this.#store.sweep(this.#settings.keepResultsSec * 1_000, 0).catch(() => {});
    } else this.#leases.abandon();
    if (this.#events !== undefined) await closeWith(this.#events.client, this.#events.queue);
    await this.#store.close();
  }
}
