/** What a pool can be told, checked where it enters, every fault at once. Knows no thread. */
import { availableParallelism } from "node:os";
import { type ResourceLimits, SHARE_ENV } from "node:worker_threads";
import {
  amount,
  fits,
  integer,
  OptionCheck,
  type Rule,
  type Rules,
  record,
  told,
} from "astrum-options";
import { moduleUrl } from "./module.ts";

export interface WorkerPoolOptions {
  /** How many threads at most, hence how many attempts at once. Default: `os.availableParallelism()`. */
  readonly threads?: number | undefined;
  /**
   * How many threads are kept when there is nothing to do; also started at once, and again when one of them is lost.
   * One that cannot be started is started for the call that needs it, which says why if that fails too. Default 0.
   */
  readonly minThreads?: number | undefined;
  /** A thread above `minThreads` that has had nothing to do for so long is ended. Default 30,000; `Infinity` keeps it. */
  readonly idleTimeoutMs?: number | undefined;
  /** Heap limits of each thread, in MiB. Buffers live outside the heap and are not counted. Default: Node's. */
  readonly resourceLimits?: ResourceLimits | undefined;
  /**
   * How long a cancelled function may take to end by itself before its thread is terminated. Default 0: at once.
   * A thread that ends a cancelled function in time is kept, with its modules and caches.
   */
  readonly cancelGraceMs?: number | undefined;
  /** Modules that every thread imports, in order, before its first task: instrumentation, polyfills, warm caches. */
  readonly preload?: readonly (URL | string)[] | undefined;
  /**
   * Modules whose default export is a `RemoteActivator`, or an array of them. They make the caller's trace and baggage
   * current around a task's function; they are flushed when a thread has been quiet for a second and when the pool closes.
   */
  readonly activators?: readonly (URL | string)[] | undefined;
  /** Environment variables of the threads. Default: a copy of `process.env`, made when a thread starts. */
  readonly env?: NodeJS.ProcessEnv | typeof SHARE_ENV | undefined;
  /** Node options of the threads. Default: those of this process. */
  readonly execArgv?: readonly string[] | undefined;
}

export interface PoolSettings {
  readonly threads: number;
  readonly minThreads: number;
  readonly idleTimeoutMs: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly cancelGraceMs: number;
  readonly preload: readonly string[];
  readonly activators: readonly string[];
  readonly env: NodeJS.ProcessEnv | typeof SHARE_ENV | undefined;
  readonly execArgv: readonly string[] | undefined;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds that a timer can wait for. */
export const timerMs: Rule = amount("a number of milliseconds", 0, LONGEST_TIMER_MS);

const mebibytes: Rule = fits(
  "a number of MiB above 0",
  (value) => typeof value === "number" && value > 0,
);

const RULES: Rules<WorkerPoolOptions> = {
  threads: integer(1),
  minThreads: integer(0),
  idleTimeoutMs: fits(
    "a number of milliseconds from 0 to 2,147,483,647 or Infinity",
    (value) =>
      typeof value === "number" && value >= 0 && (value <= LONGEST_TIMER_MS || value === Infinity),
  ),
  resourceLimits: record<ResourceLimits>({
    maxOldGenerationSizeMb: mebibytes,
    maxYoungGenerationSizeMb: mebibytes,
    codeRangeSizeMb: mebibytes,
    stackSizeMb: mebibytes,
  }),
  cancelGraceMs: timerMs,
  preload: moduleUrls,
  activators: moduleUrls,
  env: variables,
  execArgv: fits(
    "a list of texts",
    (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  ),
};

/** Throws a `TypeError` that lists everything that is wrong. */
export function poolSettings(options: WorkerPoolOptions): PoolSettings {
  const check = new OptionCheck("createWorkerPool");
  check.record("", options, RULES);
  const { threads = availableParallelism(), minThreads = 0 } = options ?? {};
  if (minThreads > threads)
    check.expected("minThreads", `at most \`threads\` (${threads})`, minThreads);
  check.done();
  return {
    threads,
    minThreads,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    resourceLimits: options.resourceLimits,
    cancelGraceMs: options.cancelGraceMs ?? 0,
    preload: (options.preload ?? []).map(moduleUrl),
    activators: (options.activators ?? []).map(moduleUrl),
    env: options.env,
    execArgv: options.execArgv,
  };
}

function moduleUrls(place: string, value: unknown, check: OptionCheck): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) {
    check.expected(place, "a list of URLs of modules", value);
    return;
  }
  for (const [index, url] of (value as (URL | string)[]).entries()) {
    try {
      moduleUrl(url);
    } catch (error) {
      check.fault(`${place}.${index}`, `\`${place}[${index}]\`: ${(error as Error).message}.`);
    }
  }
}

/** Names of variables are the caller's own; their values may be secrets. */
function variables(place: string, value: unknown, check: OptionCheck): void {
  if (value === undefined || value === SHARE_ENV) return;
  if (typeof value !== "object" || value === null || Symbol.iterator in value) {
    check.expected(place, "a record of texts, or SHARE_ENV of node:worker_threads", value);
    return;
  }
  for (const [name, one] of Object.entries(value)) {
    if (one === undefined || typeof one === "string") continue;
    check.fault(
      `${place}.${name}`,
      `Expected \`${place}.${name}\` to be a text, got ${told(one)}.`,
    );
  }
}
