import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { createWorkerPool, WorkerPoolClosedError } from "../src/index.ts";
import { faults, openPool, reached, rejection, sharedCells, tasks } from "./rig.ts";

/** Runs `test/programs/<name>.ts` as a program of its own; resolves with what it printed once it has ended by itself. */
async function program(name: string): Promise<string> {
  const path = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), path],
    { timeout: 30_000 },
  );
  return stdout.trim();
}

describe("close", () => {
  test("lets what runs and what waits end, then ends the threads", async () => {
    const pool = openPool({ threads: 2 });
    const run = pool.task(tasks.wait);
    const results = Promise.all([10, 20, 30, 40, 50].map((wait) => run(wait)));
    await pool.close();
    expect(await results).toEqual([10, 20, 30, 40, 50]);
    expect(pool.stats).toEqual({ threads: 0, running: 0, queued: 0 });
  });

  test("takes nothing new, says so, and may be called again", async () => {
    const pool = openPool();
    const closed = pool.close();
    const error = await rejection(pool.task(tasks.double)(1));
    expect(error).toBeInstanceOf(WorkerPoolClosedError);
    expect(error).toMatchObject({ retryable: false, message: expect.stringContaining('"double"') });
    await Promise.all([closed, pool.close(), pool[Symbol.asyncDispose]()]);
  });

  test("ends threads that were only started ahead", async () => {
    const pool = openPool({ threads: 3, minThreads: 2 });
    expect(pool.stats.threads).toBe(2);
    await pool.close();
    expect(pool.stats.threads).toBe(0);
  });

  test("is what `await using` does", async () => {
    let result: Promise<number>;
    {
      await using pool = createWorkerPool({ threads: 1 });
      result = pool.task(tasks.wait)(20);
    }
    expect(await result).toBe(20);
  });
});

describe("destroy", () => {
  test("ends infinite loops and refuses what waits", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const shared = sharedCells();
    const running = rejection(pool.task(faults.loopAndTell)(shared));
    const waiting = rejection(pool.task(tasks.double)(1));
    await reached(shared);
    await pool.destroy();
    for (const error of [await running, await waiting])
      expect(error).toBeInstanceOf(WorkerPoolClosedError);
    expect(pool.stats).toEqual({ threads: 0, running: 0, queued: 0 });
  });

  test("cuts a close and a grace period short", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const shared = sharedCells();
    const controller = new AbortController();
    const running = rejection(pool.task(faults.loopAndTell)(shared, controller));
    await reached(shared);
    controller.abort("enough");
    const closed = pool.close();
    await pool.destroy();
    expect(await running).toBe("enough");
    await closed;
  });

  test("works while the first thread is coming up", async () => {
    const pool = openPool();
    const run = rejection(pool.task(tasks.double)(1));
    await pool.destroy();
    expect(await run).toBeInstanceOf(WorkerPoolClosedError);
  });
});

describe("threads", () => {
  test("are started when they are needed, up to the limit", async () => {
    const pool = openPool({ threads: 2 });
    expect(pool.stats.threads).toBe(0);
    const results = Array.from({ length: 6 }, () => pool.task(tasks.wait)(10));
    expect(pool.stats).toEqual({ threads: 2, running: 2, queued: 4 });
    await Promise.all(results);
  });

  test("end when they have had nothing to do for a while, and come back", async () => {
    const pool = openPool({ threads: 1, idleTimeoutMs: 20 });
    const thread = await pool.task(tasks.thread)();
    while (pool.stats.threads > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await pool.task(tasks.thread)()).not.toBe(thread);
  });
});

describe("the process", () => {
  test("ends by itself after close", async () => {
    expect(await program("closes")).toBe("42 closed");
  });

  test("ends by itself without close, when nothing is under way", async () => {
    expect(await program("forgets-to-close")).toBe("42");
  });

  test("does not end while a call is under way", async () => {
    expect(await program("only-waits")).toBe("300");
  });

  test("ends by itself after a cancelled loop, a crash and destroy", async () => {
    expect(await program("survives")).toBe("enough WorkerCrashedError destroyed");
  });
});
