#!/usr/bin/env node
/**
 * The command: a worker as a process. The one file of this package that knows other packages than the core: the thread
 * pool and the Prometheus client are loaded here, when they are asked for, and are optional.
 */
import { HELP, type WorkerCommand, workerCommand } from "./command/arguments.ts";
import { reachable } from "./store/connection.ts";
import { JobStore } from "./store/job-store.ts";
import { serverFault } from "./store/server-check.ts";
import { statusOf } from "./store/status.ts";
import { VERSION } from "./version.ts";
import { PROTOCOL } from "./wire/protocol.ts";
import type { MetricsClient } from "./worker/metrics.ts";
import { serveWorker } from "./worker/serve-worker.ts";
import { taskTable } from "./worker/task-table.ts";
import type { ThreadPool } from "./worker/threads.ts";

interface Pool extends ThreadPool {
  destroy(): Promise<void>;
}

process.exitCode = await main();

async function main(): Promise<number> {
  let command: WorkerCommand;
  try {
    command = workerCommand(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`astrum-worker: ${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  try {
    switch (command.mode) {
      case "help":
        process.stdout.write(HELP);
        return 0;
      case "version":
        process.stdout.write(`${VERSION} (protocol ${PROTOCOL})\n`);
        return 0;
      case "status":
        return await withStore(command, async (store) => {
          const status = await statusOf(store, command.queue);
          process.stdout.write(`${JSON.stringify(status, undefined, 2)}\n`);
          return 0;
        });
      case "check":
        return await check(command);
      default:
        return await serve(command);
    }
  } catch (error) {
    process.stderr.write(`astrum-worker: ${(error as Error).message}\n`);
    return error instanceof TypeError ? 2 : 1;
  }
}

async function serve(command: WorkerCommand): Promise<number> {
  const pool = command.threads === undefined ? undefined : await threads(command.threads);
  const client = command.metricsPort === undefined ? undefined : await prometheus();
  const worker = await serveWorker({
    queue: command.queue,
    connection: { url: command.url },
    tasks: command.modules,
    concurrency: command.concurrency ?? command.threads ?? 8,
    lease: {
      ...(command.lockMs !== undefined && { lockMs: command.lockMs }),
      ...(command.redeliver !== undefined && { redeliver: command.redeliver }),
    },
    ...(command.prefix !== undefined && { prefix: command.prefix }),
    ...(command.drainMs !== undefined && { drainMs: command.drainMs }),
    ...(pool !== undefined && { threads: pool }),
    ...(client !== undefined && { metrics: { client } }),
    ...(command.metricsPort !== undefined && { http: { port: command.metricsPort } }),
    ...signingKey(),
    log: (entry) => process.stdout.write(`${JSON.stringify({ at: Date.now(), ...entry })}\n`),
  });
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      process.on(signal, () => {
        resolve();
        // Whoever says it twice does not want to wait.
        process.once(signal, () => process.exit(1));
      });
  });
  const drained = await worker.close();
  await pool?.destroy();
  // A function that ignores its signal would keep the process for as long as it likes.
  process.exit(drained ? 0 : 1);
}

async function check(command: WorkerCommand): Promise<number> {
  const tasks = await taskTable(command.modules);
  if (command.threads !== undefined) await (await threads(command.threads)).destroy();
  if (command.metricsPort !== undefined) await prometheus();
  return await withStore(command, async (store) => {
    const fault = await serverFault(store.client);
    if (fault !== undefined) throw new Error(fault);
    process.stdout.write(
      `The store is reached. Tasks: ${[...tasks.keys()].join(", ")}. Version ${VERSION}, protocol ${PROTOCOL}.\n`,
    );
    return 0;
  });
}

async function withStore(
  { queue, prefix = "astrum", url }: WorkerCommand,
  use: (store: JobStore) => Promise<number>,
): Promise<number> {
  let last: Error | undefined;
  const store = new JobStore({ url }, { queue, prefix }, (error) => {
    last = error;
  });
  try {
    await reachable(store.client, 5_000, () => last);
    return await use(store);
  } finally {
    await store.close();
  }
}

function signingKey(): { readonly signingKey?: string } {
  const key = process.env.ASTRUM_SIGNING_KEY;
  return key === undefined ? {} : { signingKey: key };
}

async function threads(count: number): Promise<Pool> {
  const { createWorkerPool } = await optional(
    import("@astrum/worker-threads"),
    "--threads",
    "@astrum/worker-threads",
  );
  return createWorkerPool({ threads: count, cancelGraceMs: 1_000 });
}

async function prometheus(): Promise<MetricsClient> {
  const module = await optional(import("prom-client"), "--metrics", "prom-client");
  module.default.collectDefaultMetrics();
  return module.default;
}

async function optional<T>(loading: Promise<T>, option: string, name: string): Promise<T> {
  try {
    return await loading;
  } catch (cause) {
    if ((cause as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new TypeError(`${option} needs a package that is not installed: npm install ${name}`, {
      cause,
    });
  }
}
