/**
 * Programs of their own, for the tests of what becomes of a process whose threads cannot be started. The first argument
 * says which. Node refuses to start a thread while the environment of the pool holds an option that it does not know.
 */
import { createWorkerPool, type WorkerPool, type WorkerPoolOptions } from "../../src/index.ts";
import { faults, tasks } from "../modules/references.ts";

const env: NodeJS.ProcessEnv = {};

function open(options: WorkerPoolOptions = { threads: 1 }): WorkerPool {
  return createWorkerPool({ ...options, env });
}
function refuse(): void {
  env.NODE_OPTIONS = "--no-such-option";
}
function allow(): void {
  delete env.NODE_OPTIONS;
}
function say(word: unknown): void {
  process.stdout.write(`${String(word)} `);
}
async function attempt(call: Promise<unknown>): Promise<void> {
  say(await outcome(call));
}
function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: Error) => error.name);
}
/** Long enough for what was left in a queue to come back. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

const programs: Readonly<Record<string, () => Promise<void>>> = {
  async "close, and close again"() {
    const pool = open();
    refuse();
    await attempt(pool.task(tasks.double)(1));
    await Promise.all([pool.close(), pool.close()]);
    await pool.close();
    say("closed");
  },

  async "destroy, after close and before it"() {
    for (const ways of [
      ["close", "destroy"],
      ["destroy", "close"],
      ["destroy", "destroy"],
    ] as const) {
      allow();
      const pool = open();
      refuse();
      await attempt(pool.task(tasks.double)(1));
      await Promise.all(ways.map((way) => pool[way]()));
      say("ended");
    }
  },

  async "await using"() {
    {
      await using pool = open();
      refuse();
      await attempt(pool.task(tasks.double)(1));
    }
    say("closed");
  },

  async "close while the start fails"() {
    for (const way of ["close", "destroy"] as const) {
      allow();
      const pool = open();
      refuse();
      const call = attempt(pool.task(tasks.double)(1));
      await pool[way]();
      await call;
      say("ended");
    }
  },

  async "a start that fails after some succeeded"() {
    const pool = open({ threads: 3 });
    const early = [20, 30].map((wait) => pool.task(tasks.wait)(wait));
    refuse();
    await attempt(pool.task(tasks.double)(1));
    for (const call of early) await attempt(call);
    await pool.close();
    say("closed");
  },

  async "starts that fail while threads come up and answer"() {
    const pool = open({ threads: 3 });
    const early = outcome(pool.task(tasks.double)(1));
    refuse();
    const refused = [2, 3].map((value) => outcome(pool.task(tasks.double)(value)));
    for (const call of [early, ...refused]) say(await call);
    await attempt(pool.task(tasks.double)(4));
    await pool.close();
    say("closed");
  },

  async "what could not be sent"() {
    const pool = open();
    refuse();
    await attempt(pool.task(tasks.echo)((() => {}) as unknown));
    allow();
    await attempt(pool.task(tasks.double)(1));
    await settled();
    await attempt(pool.task(tasks.double)(2));
    await pool.close();
    say("closed");
  },

  async "what was to be moved"() {
    const pool = open();
    const invert = pool.task(tasks.invert, { transfer: (bytes) => [bytes.buffer] });
    const bytes = new Uint8Array([0]);
    refuse();
    await attempt(invert(bytes));
    say(bytes.byteLength);
    allow();
    await attempt(invert(bytes));
    await settled();
    await attempt(pool.task(tasks.double)(2));
    await pool.close();
    say("closed");
  },

  async "a kept thread that cannot be replaced"() {
    const pool = open({ threads: 2, minThreads: 2 });
    await attempt(pool.task(tasks.double)(1));
    refuse();
    await attempt(pool.task(faults.exit)(1));
    await attempt(pool.task(tasks.double)(2));
    await attempt(pool.task(faults.throwUncaught)("late"));
    await settled();
    await attempt(pool.task(tasks.double)(3));
    allow();
    await attempt(pool.task(tasks.double)(4));
    await pool.close();
    say("closed");
  },

  async "threads that cannot be started ahead"() {
    // The checks of the options read it twice, and each thread that is started once more.
    let read = 0;
    const pool = createWorkerPool({
      threads: 3,
      minThreads: 3,
      env: new Proxy(env, {
        ownKeys(target) {
          if (++read === 4) refuse();
          return Reflect.ownKeys(target);
        },
      }),
    });
    await settled();
    say(pool.stats.threads);
    await attempt(pool.task(tasks.double)(1));
    await pool.close();
    say("closed");
  },

  async "ten thousand starts"() {
    const pool = open({ threads: 4 });
    refuse();
    const calls = Array.from({ length: 10_000 }, (_, value) => pool.task(tasks.double)(value));
    const outcomes = await Promise.allSettled(calls);
    say(outcomes.filter(({ status }) => status === "rejected").length);
    say(JSON.stringify(pool.stats));
    await pool.close();
    say("closed");
  },
};

await programs[process.argv[2] as string]?.();
console.log();
