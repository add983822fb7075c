/** What a worker can be told, checked where it enters, every fault at once. Knows no connection. */
import type { RemoteActivator } from "@astrum/core";
import { callable, fits, integer, type Rules, record, required, text } from "astrum-options";
import { DiscreetCheck, KEY_PART, keyPart, secret, timerMs } from "../rules.ts";
import { connectionRule, type FleetConnection } from "../store/connection.ts";
import type { WorkerLog } from "./log.ts";
import type { MetricsClient, MetricsRegistry } from "./metrics.ts";
import { checkModules, type TaskModule } from "./task-table.ts";
import type { ThreadPool } from "./threads.ts";

export interface WorkerOptions {
  /** Whose jobs it takes: the name that the schedulers give. */
  readonly queue: string;
  /** How to reach the store. */
  readonly connection: FleetConnection;
  /** What it can run: every function that these modules export. No other code is ever run. */
  readonly tasks: TaskModule | readonly TaskModule[];
  /** As the schedulers'. Default "astrum". */
  readonly prefix?: string | undefined;
  /** Attempts at once. Default 8. */
  readonly concurrency?: number | undefined;
  /** When an attempt counts as lost with its worker, and what then. */
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
  /** Where it says what goes on: faults of the store, attempts given back. Default: nowhere. */
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

const CLIENT = 'the client of `import client from "prom-client"`';
const PORT = "an integer from 0 to 65,535";

function rulesOf(threads: boolean): Rules<WorkerOptions> {
  return {
    queue: required(KEY_PART, keyPart),
    connection: connectionRule,
    tasks: (place, value, check) => checkModules(place, value, check, threads),
    prefix: keyPart,
    concurrency: integer(1, 10_000),
    lease: record<LeaseOptions>({
      lockMs: timerMs(100),
      checkMs: timerMs(50),
      redeliver: integer(0, 1_000),
    }),
    threads: fits("a pool from `createWorkerPool()`", hasMethod("runner")),
    drainMs: timerMs(0),
    activators: fits(
      "an array of activators, such as [otelActivator()]",
      (value) => Array.isArray(value) && value.every(hasMethod("activate")),
    ),
    metrics: record<NonNullable<WorkerOptions["metrics"]>>({
      client: required(CLIENT, fits(CLIENT, hasMethod("Counter"))),
      registry: fits("a Registry of the client", hasMethod("getSingleMetric")),
    }),
    http: record<NonNullable<WorkerOptions["http"]>>({
      port: required(PORT, integer(0, 65_535)),
      host: text,
    }),
    log: callable,
    signingKey: secret,
  };
}

function hasMethod(name: string): (value: unknown) => boolean {
  return (value) => typeof (value as Record<string, unknown> | null)?.[name] === "function";
}

/** Throws a `TypeError` that lists everything that is wrong. */
export function workerSettings(options: WorkerOptions): WorkerSettings {
  const check = new DiscreetCheck("serveWorker");
  check.record("", options, rulesOf(options?.threads !== undefined));
  check.done();
  const { lockMs = 10_000, checkMs = lockMs / 2, redeliver = 1 } = options.lease ?? {};
  return {
    queue: options.queue,
    connection: options.connection,
    tasks: options.tasks,
    prefix: options.prefix ?? "astrum",
    concurrency: options.concurrency ?? 8,
    lockMs,
    checkMs,
    redeliver,
    threads: options.threads,
    drainMs: options.drainMs ?? 30_000,
    activators: options.activators ?? [],
    metrics: options.metrics,
    http: options.http,
    log: options.log ?? (() => {}),
    signingKey: options.signingKey,
  };
}
