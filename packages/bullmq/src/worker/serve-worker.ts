/**
 * The worker: what a process holds to run tasks for schedulers elsewhere. Puts the parts together, says that it is
 * there, and ends in good order. How an attempt is carried out is in `attempts.ts`.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { flushActivators } from "astrum-crossing";
import {
  type Client,
  openConnection,
  reachable,
  refusing,
  storeError,
} from "../store/connection.ts";
import { Names } from "../store/names.ts";
import { scriptCaller } from "../store/scripts.ts";
import { checkServer } from "../store/server-check.ts";
import { BEAT_MS, beat } from "../store/worker-registry.ts";
import { VERSION } from "../version.ts";
import { PROTOCOL } from "../wire/protocol.ts";
import { Signer } from "../wire/signature.ts";
import { Attempts } from "./attempts.ts";
import { type HttpEnd, serveHttp } from "./http.ts";
import { JobWorker } from "./job-worker.ts";
import { watchLoop } from "./loop-watch.ts";
import { NO_METRICS, workerMetrics } from "./metrics.ts";
import { type TaskTable, taskTable } from "./task-table.ts";
import { threadRunner } from "./threads.ts";
import { type WorkerOptions, type WorkerSettings, workerSettings } from "./worker-options.ts";

export interface FleetWorker extends AsyncDisposable {
  /** `host:pid`, as reports name it. */
  readonly executor: string;
  /** The names of what it can run. */
  readonly tasks: readonly string[];
  /** Attempts under way. */
  readonly running: number;
  /** Of its HTTP end, if it has one. */
  readonly port: number | undefined;
  /**
   * Takes nothing new and lets what runs end, for `drainMs`; then asks it to stop and gives it back to the queue, where
   * another worker starts it again. Resolves to whether everything had an end or was given back: when not, a function
   * ignores its signal, and its attempt is started elsewhere when its lease ends.
   */
  close(): Promise<boolean>;
}

const REACH_MS = 10_000;
/** For what was asked to stop at the end of the drain. */
const GIVE_BACK_MS = 2_000;
/** For the store to hear that nothing new is taken. */
const SAY_MS = 1_000;
/** For activators to hand on what they have buffered. */
const FLUSH_MS = 2_000;

/**
 * Starts a worker. Resolves when it takes work; rejects with a `TypeError` that lists every invalid option, or with a
 * `StoreUnavailableError` when the store cannot be reached within 10 seconds or would lose jobs.
 *
 * ```ts
 * await using worker = await serveWorker({ queue: "renders", connection: { url }, tasks: new URL("./jobs.js", import.meta.url) });
 * ```
 */
export async function serveWorker(options: WorkerOptions): Promise<FleetWorker> {
  const settings = workerSettings(options);
  const tasks = await taskTable(settings.tasks);
  const worker = new ServingWorker(settings, tasks);
  try {
    await worker.start();
  } catch (error) {
    await worker.abandon();
    throw error;
  }
  return worker;
}

class ServingWorker implements FleetWorker {
  readonly executor: string = `${hostname()}:${process.pid}`;
  readonly tasks: readonly string[];
  readonly #id: string = `${this.executor}/${randomUUID()}`;
  readonly #settings: WorkerSettings;
  readonly #names: Names;
  readonly #client: Client;
  readonly #subscriber: Client;
  readonly #script: ReturnType<typeof scriptCaller>;
  readonly #attempts: Attempts;
  readonly #worker: JobWorker;
  #http: HttpEnd | undefined;
  #beats: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  #lastError: Error | undefined;
  #started = false;
  #closed: Promise<boolean> | undefined;

  constructor(settings: WorkerSettings, tasks: TaskTable) {
    this.#settings = settings;
    this.tasks = [...tasks.keys()];
    const { connection, queue, metrics, threads } = settings;
    const onError = (error: Error): void => this.#heardOf(error);
    this.#names = new Names(settings);
    this.#client = openConnection(connection, `astrum:${queue}:worker`, onError);
    this.#subscriber = openConnection(connection, `astrum:${queue}:cancel`, onError);
    this.#script = scriptCaller(this.#client);
    this.#attempts = new Attempts({
      client: this.#client,
      names: this.#names,
      signer: new Signer(settings.signingKey),
      tasks,
      runInThread: threads && threadRunner(threads, tasks),
      activators: settings.activators,
      executor: this.executor,
      log: settings.log,
      metrics:
        metrics === undefined
          ? NO_METRICS
          : workerMetrics(metrics.client, metrics.registry ?? metrics.client.register),
    });
    this.#worker = this.#makeWorker(onError);
  }

  get running(): number {
    return this.#attempts.running;
  }

  get port(): number | undefined {
    return this.#http?.port;
  }

  async start(): Promise<void> {
    const { http, metrics, log, threads, lockMs, queue } = this.#settings;
    await reachable(this.#client, REACH_MS, () => this.#lastError);
    await checkServer(this.#client);
    await this.#subscriber.subscribe(this.#names.cancelChannel).catch(refusing("Cannot listen"));
    this.#subscriber.on("message", (_channel: string, message: string) =>
      this.#attempts.cancel(message),
    );
    if (http !== undefined)
      this.#http = await serveHttp({
        port: http.port,
        host: http.host,
        registry: metrics && (metrics.registry ?? metrics.client.register),
        notReady: () => this.#notReady(),
      });
    await this.#beat();
    this.#beats = setInterval(() => void this.#beat(), BEAT_MS);
    if (threads === undefined) this.#unwatch = watchLoop(lockMs, (ms) => this.#held(ms));
    await this.#worker.waitUntilReady().catch(refusing("Cannot take jobs"));
    this.#worker.run().catch((error: Error) => this.#heardOf(error));
    this.#started = true;
    log({
      level: "info",
      event: "worker.started",
      message: `Serving ${queue}: ${this.tasks.join(", ")}`,
      executor: this.executor,
      version: VERSION,
      protocol: PROTOCOL,
      tasks: this.tasks,
    });
  }

  /** It has never come up. */
  async abandon(): Promise<void> {
    this.#closed = Promise.resolve(true);
    clearInterval(this.#beats);
    this.#unwatch?.();
    await this.#http?.close();
    this.#subscriber.disconnect();
    this.#client.disconnect();
    this.#worker.close(true).catch(() => {});
  }

  close(): Promise<boolean> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #makeWorker(onError: (error: Error) => void): JobWorker {
    const { concurrency, lockMs, checkMs, redeliver, prefix } = this.#settings;
    const worker = new JobWorker(
      this.#names.bullName,
      (job, token) => this.#attempts.run(job, token as string),
      {
        connection: this.#client,
        prefix,
        name: this.executor,
        concurrency,
        lockDuration: lockMs,
        stalledInterval: checkMs,
        maxStalledCount: redeliver,
        runRetryDelay: 1_000,
        autorun: false,
        skipVersionCheck: true,
      },
    );
    worker.on("error", (error) => {
      if (!this.#attempts.toldOfLease(error)) onError(error);
    });
    worker.on("lockRenewalFailed", (jobIds) => this.#attempts.leasesLost(jobIds));
    return worker;
  }

  async #close(): Promise<boolean> {
    const { log, drainMs, activators } = this.#settings;
    const { executor } = this;
    log({ level: "info", event: "worker.draining", message: "Takes nothing new", executor });
    const said = this.#beat().then(() => true);
    const ended = this.#worker.close().then(() => true);
    let drained = await within(ended, drainMs);
    if (!drained) {
      this.#attempts.giveBack();
      drained = await within(ended, GIVE_BACK_MS);
    }
    await flushActivators(activators, FLUSH_MS, ({ name: activator }, error) =>
      log({ level: "warn", event: "activator.fault", message: String(error), activator }),
    );
    await within(said, SAY_MS);
    clearInterval(this.#beats);
    this.#unwatch?.();
    await this.#http?.close();
    this.#subscriber.disconnect();
    this.#client.disconnect();
    const message = drained ? "Ended in good order" : "Left attempts that ignore their signal";
    log({ level: drained ? "info" : "error", event: "worker.ended", message, executor });
    return drained;
  }

  #notReady(): string | undefined {
    if (this.#closed !== undefined) return "draining";
    if (!this.#started) return "starting";
    return this.#client.status === "ready" ? undefined : "the store is out of reach";
  }

  async #beat(): Promise<void> {
    try {
      await beat(this.#script, this.#names, this.#id, {
        executor: this.executor,
        version: VERSION,
        protocol: PROTOCOL,
        tasks: this.tasks,
        concurrency: this.#settings.concurrency,
        running: this.running,
        draining: this.#closed !== undefined,
      });
    } catch (error) {
      this.#heardOf(error as Error);
    }
  }

  #held(ms: number): void {
    this.#settings.log({
      level: "warn",
      event: "loop.held",
      message: `The event loop was held for ${ms} ms, near the lease of ${this.#settings.lockMs} ms. Give the worker threads`,
      executor: this.executor,
      ms,
    });
  }

  #heardOf(error: Error): void {
    // Only its message is ever told: the rest of it may hold a payload.
    const repeated = this.#lastError?.message === error.message;
    this.#lastError = storeError(error);
    if (repeated || this.#closed !== undefined) return;
    this.#settings.log({ level: "error", event: "store.error", message: error.message });
  }
}

async function within(ended: Promise<boolean>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const first = await Promise.race([ended, late]);
  clearTimeout(timer);
  return first;
}
