/** What a pool can be told, checked where it enters, every fault at once. Knows no thread. */
import { availableParallelism } from "node:os";
import type { ResourceLimits, SHARE_ENV } from "node:worker_threads";
import { text } from "astrum-crossing";
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

const RESOURCE_LIMITS = [
  "maxOldGenerationSizeMb",
  "maxYoungGenerationSizeMb",
  "codeRangeSizeMb",
  "stackSizeMb",
] satisfies (keyof ResourceLimits)[];

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

const POOL_OPTIONS = [
  "threads",
  "minThreads",
  "idleTimeoutMs",
  "resourceLimits",
  "cancelGraceMs",
  "preload",
  "activators",
  "env",
  "execArgv",
] satisfies (keyof WorkerPoolOptions)[];

/** Throws a `TypeError` that lists everything that is wrong. */
export function poolSettings(options: WorkerPoolOptions): PoolSettings {
  const check = new Check("createWorkerPool");
  check.keys(options, POOL_OPTIONS);
  const threads = check.number(options, "threads", availableParallelism(), {
    from: 1,
    whole: true,
  });
  const minThreads = check.number(options, "minThreads", 0, { from: 0, whole: true });
  if (minThreads > threads)
    check.fault(
      `Expected \`minThreads\` to be at most \`threads\` (${threads}), got \`${minThreads}\``,
    );
  check.limits(options.resourceLimits);
  const settings: PoolSettings = {
    threads,
    minThreads,
    idleTimeoutMs: check.number(options, "idleTimeoutMs", 30_000, { from: 0, endless: true }),
    resourceLimits: options.resourceLimits,
    cancelGraceMs: check.number(options, "cancelGraceMs", 0, { from: 0 }),
    preload: check.urls(options.preload, "preload"),
    activators: check.urls(options.activators, "activators"),
    env: options.env,
    execArgv: options.execArgv,
  };
  check.done();
  return settings;
}

/** Gathers faults, so that one error names them all. */
export class Check {
  readonly #where: string;
  readonly #faults: string[] = [];

  constructor(where: string) {
    this.#where = where;
  }

  fault(text: string): void {
    this.#faults.push(text);
  }

  keys(options: object, known: readonly string[], of = ""): void {
    for (const key of Object.keys(options))
      if (!known.includes(key))
        this.fault(`Unknown option \`${of}${key}\`; there are ${known.join(", ")}`);
  }

  limits(limits: ResourceLimits | undefined): void {
    if (limits === undefined) return;
    this.keys(limits, RESOURCE_LIMITS, "resourceLimits.");
    for (const key of RESOURCE_LIMITS) {
      const value: unknown = limits[key];
      if (value !== undefined && !(typeof value === "number" && value > 0))
        this.fault(
          `Expected \`resourceLimits.${key}\` to be a number of MiB above 0, got \`${text(value)}\``,
        );
    }
  }

  number<K extends string>(
    options: { readonly [P in K]?: number | undefined },
    key: K,
    fallback: number,
    range: { from: number; whole?: true; endless?: true },
  ): number {
    const value: unknown = options[key];
    if (value === undefined) return fallback;
    const fits =
      typeof value === "number" &&
      value >= range.from &&
      (range.whole
        ? Number.isSafeInteger(value)
        : value <= 2 ** 31 - 1 || (range.endless === true && value === Infinity));
    if (fits) return value;
    const kind = range.whole
      ? `an integer from ${range.from} up`
      : "a number of milliseconds from 0 to 2,147,483,647";
    this.fault(
      `Expected \`${key}\` to be ${kind}${range.endless ? " or Infinity" : ""}, got \`${text(value)}\``,
    );
    return fallback;
  }

  urls(values: readonly (URL | string)[] | undefined, key: string): readonly string[] {
    if (values === undefined) return [];
    if (!Array.isArray(values)) {
      this.fault(`Expected \`${key}\` to be an array of module URLs, got \`${text(values)}\``);
      return [];
    }
    return values.flatMap((value: URL | string, index) => {
      try {
        return [moduleUrl(value)];
      } catch (error) {
        this.fault(`\`${key}[${index}]\`: ${(error as Error).message}`);
        return [];
      }
    });
  }

  /** Throws when there were any. */
  done(): void {
    if (this.#faults.length > 0) throw new TypeError(`${this.#where}: ${this.#faults.join(". ")}.`);
  }
}
