/** What was written on the command line of `astrum-worker`, checked, every fault at once. Runs nothing. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { DiscreetCheck, keyPart, shown } from "../rules.ts";
import { storeUrl } from "../store/connection.ts";

export interface WorkerCommand {
  readonly mode: "serve" | "check" | "status" | "help" | "version";
  /** Absolute paths of the modules. */
  readonly modules: readonly string[];
  readonly queue: string;
  readonly url: string;
  readonly prefix: string | undefined;
  readonly concurrency: number | undefined;
  readonly threads: number | undefined;
  readonly metricsPort: number | undefined;
  readonly lockMs: number | undefined;
  readonly redeliver: number | undefined;
  readonly drainMs: number | undefined;
}

export const HELP = `astrum-worker <module…> --queue <name> [options]

Runs the functions that the modules export, for schedulers that use the queue.

  --queue <name>        which queue to serve
  --redis <url>         where the store is; default $REDIS_URL, else redis://127.0.0.1:6379
  --prefix <name>       the first part of every key; default astrum
  --concurrency <n>     attempts at once; default 8, with threads their number
  --threads <n>         run every function in one of n threads (npm install @astrum/worker-threads)
  --metrics <port>      serve /healthz, /readyz and /metrics (npm install prom-client)
  --lock-ms <ms>        for how long an attempt belongs to a silent worker; default 10000
  --redeliver <n>       how often an attempt that lost its worker starts again; default 1
  --drain-ms <ms>       how long attempts may go on after SIGTERM; default 30000
  --check               import the modules and reach the store, say what is there, and end
  --status              say what the queue is like, as JSON, and end
  --help, --version

A signing key is read from $ASTRUM_SIGNING_KEY. Logs are JSON, one line each, on standard output.
Exit codes: 0 in good order, 1 attempts were left behind or a check failed, 2 wrong usage.
`;

const OPTIONS = {
  queue: { type: "string" },
  redis: { type: "string" },
  prefix: { type: "string" },
  concurrency: { type: "string" },
  threads: { type: "string" },
  metrics: { type: "string" },
  "lock-ms": { type: "string" },
  redeliver: { type: "string" },
  "drain-ms": { type: "string" },
  check: { type: "boolean" },
  status: { type: "boolean" },
  help: { type: "boolean" },
  version: { type: "boolean" },
} as const;

/** Throws a `TypeError` that says what is wrong; the URL of the store is never repeated. */
export function workerCommand(args: readonly string[], env: NodeJS.ProcessEnv): WorkerCommand {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const faults: string[] = [];
  const whole = (name: keyof typeof OPTIONS): number | undefined => {
    const text = values[name];
    if (typeof text !== "string") return undefined;
    if (/^\d{1,10}$/.test(text)) return Number(text);
    faults.push(`--${name} needs a whole number, got ${shown(text)}`);
    return undefined;
  };
  const mode = values.help
    ? "help"
    : values.version
      ? "version"
      : values.check
        ? "check"
        : values.status
          ? "status"
          : "serve";
  const asks = mode === "help" || mode === "version";
  const url = values.redis ?? env.REDIS_URL ?? "redis://127.0.0.1:6379";
  if (!asks && values.queue === undefined) faults.push("--queue is missing");
  if ((mode === "serve" || mode === "check") && positionals.length === 0)
    faults.push("no module is given: astrum-worker ./jobs.js --queue renders");
  if (positionals.some((module) => /^rediss?:/.test(module)))
    faults.push("the URL of the store is given as a module: --redis goes before it");
  const command: WorkerCommand = {
    mode,
    modules: positionals.map((path) => (/^(file|data):/.test(path) ? path : resolve(path))),
    queue: values.queue ?? "",
    url,
    prefix: values.prefix,
    concurrency: whole("concurrency"),
    threads: whole("threads"),
    metricsPort: whole("metrics"),
    lockMs: whole("lock-ms"),
    redeliver: whole("redeliver"),
    drainMs: whole("drain-ms"),
  };
  if (!asks) {
    const check = new DiscreetCheck("astrum-worker");
    keyPart("--queue", values.queue, check);
    keyPart("--prefix", values.prefix, check);
    storeUrl(values.redis === undefined ? "$REDIS_URL" : "--redis", url, check);
    faults.push(...check.faults.map(({ message }) => message.replace(/\.$/, "")));
  }
  if (faults.length > 0) throw new TypeError(`${faults.join("; ")}.`);
  return command;
}
