/** What a worker can be told, checked where it enters, every fault at once. Knows no connection. */
import type { RemoteActivator } from "@astrum/core";
import { Check } from "../check.ts";
import { checkConnection, type FleetConnection } from "../store/connection.ts";
import type { WorkerLog } from "./log.ts";
import type { MetricsClient, MetricsRegistry } from "./metrics.ts";
import { checkModules, type TaskModule } from "./task-table.ts";
import type { ThreadPool } from "./threads.ts";

export interface WorkerOptions {
  readonly queue: string;
  readonly connection: FleetConnection;
  /** What it can run: every function that these modules export. No other code is ever run. */
  readonly tasks: TaskModule | readonly TaskModule[];
  /** As the schedulers'. Default "astrum". */
  readonly prefix?: string | undefined;
  /** Attempts at once. Default 8. */
  readonly concurrency?: number | undefined;
  readonly lease?: LeaseOptions | undefined;
  /** A pool of `@astrum/worker-threads`. With it `tasks` are URLs, and every function runs in a thread. */
  readonly threads?: ThreadPool | undefined;
  /** How long attempts may go on when the worker is closed; then they are asked to stop and given back. Default 30,000. */
  readonly drainMs?: number | undefined;
  /** Make the scheduler's trace and baggage current: `[otelActivator()]`. With threads, give them to the pool. */
  readonly activators?: readonly RemoteActivator[] | undefined;
  /** `{ client }` with the module of `prom-client`; its own registry unless another one is given. */
  readonly metrics?:
    | { readonly client: MetricsClient; readonly registry?: MetricsRegistry | undefined }
    | undefined;
  /** Serves `/healthz`, `/readyz` and, with `metrics`, `/metrics`. Host: all interfaces. Port 0 takes a free one. */
  readonly http?: { readonly port: number; readonly host?: string | undefined } | undefined;
  readonly log?: WorkerLog | undefined;
  /** As the schedulers'. Jobs that are not signed with it are refused, not run. */
  readonly signingKey?: string | undefined;
}

export interface LeaseOptions {
  /** For how long an attempt belongs to a worker that does not say any more that it is there. Default 10,000. */
  readonly lockMs?: number | undefined;
  /** How often workers look for attempts whose lease has ended. Default half of `lockMs`. */
  readonly checkMs?: number | undefined;
  /** How often an attempt that lost its worker is started again before it fails. Default 1. */
  readonly redeliver?: number | undefined;
}

export interface WorkerSettings {
  readonly queue: string;
  readonly connection: FleetConnection;
  readonly tasks: TaskModule | readonly TaskModule[];
  readonly prefix: string;
  readonly concurrency: number;
  readonly lockMs: number;
  readonly checkMs: number;
  readonly redeliver: number;
  readonly threads: ThreadPool | undefined;
  readonly drainMs: number;
  readonly activators: readonly RemoteActivator[];
  readonly metrics: WorkerOptions["metrics"];
  readonly http: WorkerOptions["http"];
  readonly log: WorkerLog;
  readonly signingKey: string | undefined;
}

const OPTIONS = [
  "queue",
  "connection",
  "tasks",
  "prefix",
  "concurrency",
  "lease",
  "threads",
  "drainMs",
  "activators",
  "metrics",
  "http",
  "log",
  "signingKey",
] satisfies (keyof WorkerOptions)[];

/** Throws a `TypeError` that lists everything that is wrong. */
export function workerSettings(options: WorkerOptions): WorkerSettings {
  const check = new Check("serveWorker");
  if (!check.keys(options, OPTIONS)) check.done();
  const { connection, tasks, lease = {}, threads, activators = [], metrics, http, log } = options;
  checkConnection(check, connection);
  checkModules(check, tasks, threads !== undefined);
  check.keys(lease, ["lockMs", "checkMs", "redeliver"], "lease.");
  if (threads !== undefined && typeof threads?.runner !== "function")
    check.fault("Expected `threads` to be a pool from `createWorkerPool()`");
  if (!Array.isArray(activators) || activators.some((each) => typeof each?.activate !== "function"))
    check.fault("Expected `activators` to be an array of activators, such as [otelActivator()]");
  if (metrics !== undefined && typeof metrics?.client?.Counter !== "function")
    check.fault('Expected `metrics` to be { client } with `import client from "prom-client"`');
  if (http !== undefined && check.keys(http, ["port", "host"], "http."))
    check.integer(http.port ?? -1, "http.port", 0, 0, 65_535);
  check.callable(log, "log");
  const lockMs = check.ms(lease.lockMs, "lease.lockMs", 10_000, 100);
  const settings: WorkerSettings = {
    queue: check.keyPart(options.queue, "queue", undefined),
    connection,
    tasks,
    prefix: check.keyPart(options.prefix, "prefix", "astrum"),
    concurrency: check.integer(options.concurrency, "concurrency", 8, 1, 10_000),
    lockMs,
    checkMs: check.ms(lease.checkMs, "lease.checkMs", lockMs / 2, 50),
    redeliver: check.integer(lease.redeliver, "lease.redeliver", 1, 0, 1_000),
    threads,
    drainMs: check.ms(options.drainMs, "drainMs", 30_000, 0),
    activators,
    metrics,
    http,
    log: log ?? (() => {}),
    signingKey: check.secret(options.signingKey, "signingKey"),
  };
  check.done();
  return settings;
}
