/**
 * What the tests share: a store, worker processes that can be killed, a scheduler, and waiting for what has come about.
 * What the tasks note lies in a store of its own, so that a test knows of it whatever becomes of theirs.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import {
  connectFleet,
  type Fleet,
  type FleetOptions,
  type WorkerOptions,
} from "../../src/index.ts";
import { type RedisServer, startRedis } from "./redis.ts";

const JOBS = new URL("../modules/jobs.ts", import.meta.url).href;
const PROGRAM = fileURLToPath(new URL("../programs/worker.ts", import.meta.url));

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything it logged, as objects. */
  readonly logged: { readonly event: string; readonly [field: string]: unknown }[];
  kill(signal?: NodeJS.Signals): Promise<number | null>;
}

type ProcessOptions = Partial<Omit<WorkerOptions, "threads">> & {
  readonly threads?: number;
  readonly traced?: boolean;
};

export interface Rig {
  readonly redis: RedisServer;
  readonly queue: string;
  fleet(options?: Partial<FleetOptions>): Promise<Fleet>;
  worker(options?: ProcessOptions, env?: NodeJS.ProcessEnv): Promise<WorkerProcess>;
  /** Every start of a task, as `run/task/attempt`. */
  starts(): Promise<string[]>;
  /** Lets the tasks end that are held: those with a lower number, or all. */
  letGo(below?: number): Promise<void>;
}

/** That no machine is too busy to renew: where nothing is said of a lease, none is to end. */
export const LEASE = { lockMs: 60_000, checkMs: 20_000, redeliver: 1 } as const;

/** Of workers that are lost: started again elsewhere after 3 to 5 s. Shorter ones end by themselves on a busy machine. */
export const SHORT_LEASE = { lockMs: 3_000, checkMs: 1_000, redeliver: 1 } as const;

export async function openRig(...redisOptions: string[]): Promise<Rig> {
  const [redis, notes] = await Promise.all([startRedis(...redisOptions), startRedis()]);
  const queue = "jobs";
  const ends: (() => Promise<unknown>)[] = [];
  onTestFinished(async () => {
    redis.resume();
    await Promise.all(ends.map((end) => end()));
    await Promise.all([redis.close(), notes.close()]);
  }, 60_000);
  return {
    redis,
    queue,
    async fleet(options = {}) {
      const fleet = await connectFleet({
        queue,
        connection: { url: redis.url },
        reconcileMs: 100,
        leaseMs: 600,
        ...options,
      });
      ends.push(() => fleet.destroy());
      return fleet;
    },
    async worker(options = {}, env = {}) {
      const given = { queue, lease: LEASE, ...options };
      const worker = await startWorker(redis.url, given, { ASTRUM_TEST_NOTES: notes.url, ...env });
      ends.push(() => worker.kill());
      return worker;
    },
    starts: () => notes.client.lrange("starts", 0, -1),
    letGo: async (below = Number.MAX_SAFE_INTEGER) =>
      void (await notes.client.set("let go", below)),
  };
}

/** Resolves when it takes work. */
export async function startWorker(
  url: string,
  options: ProcessOptions,
  env: NodeJS.ProcessEnv = {},
): Promise<WorkerProcess> {
  const given = { connection: { url }, tasks: JOBS, ...options };
  const node = ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx")];
  const child = spawn(process.execPath, [...node, PROGRAM, JSON.stringify(given)], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const logged: WorkerProcess["logged"] = [];
  let rest = "";
  let started = (): void => {};
  const up = new Promise<void>((resolve) => {
    started = resolve;
  });
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("{")) logged.push(JSON.parse(line));
    if (logged.some(({ event }) => event === "worker.started")) started();
  });
  await Promise.race([up, once(child, "exit").then(([code]) => failed(code))]);
  return {
    child,
    pid: child.pid as number,
    logged,
    async kill(signal = "SIGKILL") {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const gone = once(child, "exit");
      child.kill(signal);
      const [code] = (await gone) as [number | null];
      return code;
    },
  };
}

function failed(code: unknown): never {
  throw new Error(`The worker ended before it took work, with code ${String(code)}`);
}

/** Until it is so. A test that waits in vain ends by its own limit. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
