import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createWorkerPool, type WorkerPool, WorkerPoolClosedError } from "../src/index.ts";
import { faults, openPool, reached, rejection, sharedCells, tasks } from "./rig.ts";

/**
 * Runs `test/programs/<name>.ts` as a program of its own; resolves with what it printed once it has ended by itself, and
 * rejects with what it complained of unless its exit code is 0.
 */
async function program(name: string, ...args: string[]): Promise<string> {
  const path = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--conditions=@astrum/source", "--import", import.meta.resolve("tsx"), path, ...args],
    { timeout: 60_000 },
  );
  return stdout.trim();
}

async function fewerThreads(pool: WorkerPool, count: number): Promise<void> {
  while (pool.stats.threads > count) await sleep(10);
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
  test("ends no thread that is coming up: Node 20 would abort the process", async () => {
    const up = new Set<unknown>();
    const ended: boolean[] = [];
    const { emit, terminate } = Worker.prototype;
    vi.spyOn(Worker.prototype, "emit").mockImplementation(function (this: Worker, ...told) {
      if (String(told[0]) === "message") up.add(this);
      return emit.apply(this, told);
    });
    vi.spyOn(Worker.prototype, "terminate").mockImplementation(function (this: Worker) {
      ended.push(up.has(this));
      return terminate.call(this);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const pool = createWorkerPool({ threads: 2, minThreads: 2 });
    await pool.destroy();
    expect(ended).toEqual([true, true]);
  });

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
    await fewerThreads(pool, 0);
    expect(await pool.task(tasks.thread)()).not.toBe(thread);
  });

  test("that are kept stay, when those above them end", async () => {
    let started = 0;
    const count = (): void => void started++;
    process.on("worker", count);
    onTestFinished(() => void process.off("worker", count));
    const pool = openPool({ threads: 3, minThreads: 1, idleTimeoutMs: 20 });
    const cells = sharedCells(2);
    const calls = [1, 2, 3].map(() => pool.task(tasks.waitForCell)(cells));
    while (Atomics.load(cells, 1) < 3) await sleep(10);
    Atomics.store(cells, 0, 1);
    Atomics.notify(cells, 0);
    // Holds this thread, so that it hears in one turn that all three have nothing to do.
    Atomics.wait(sharedCells(), 0, 0, 1_000);
    await Promise.all(calls);
    expect(pool.stats.threads).toBe(3);
    // Holds this thread, so that the time of all three is up in the same turn.
    Atomics.wait(sharedCells(), 0, 0, 100);
    await fewerThreads(pool, 1);
    await sleep(100);
    expect([pool.stats.threads, started]).toEqual([1, 3]);
  });

  test("that were kept are replaced when they are lost", async () => {
    const pool = openPool({ threads: 2, minThreads: 2 });
    await rejection(pool.task(faults.exit)(1));
    expect(pool.stats.threads).toBe(2);
  });

  test("are not started over and over when they die before they were of use", async () => {
    const preload = [new URL("./fixtures/exits.js", import.meta.url)];
    const pool = openPool({ threads: 1, minThreads: 1, preload });
    await fewerThreads(pool, 0);
    await sleep(100);
    expect(pool.stats.threads).toBe(0);
  });

  test("are ended at no call's expense", async () => {
    const pool = openPool({ threads: 2, idleTimeoutMs: 1 });
    for (let round = 0; round < 40; round++) {
      // From before to after the end of the thread, in small steps.
      for (let turn = 0; turn < round; turn++) await new Promise((go) => setImmediate(go));
      expect(await pool.task(tasks.double)(round)).toBe(round * 2);
    }
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

describe("the process, when threads cannot be started,", () => {
  const refused = "WorkerCrashedError";
  test.each([
    ["ends after close, and after another", "close, and close again", `${refused} closed`],
    [
      "ends after destroy, beside a close in either order",
      "destroy, after close and before it",
      `${refused} ended ${refused} ended ${refused} ended`,
    ],
    ["ends after `await using`", "await using", `${refused} closed`],
    [
      "ends when it was closed or destroyed while the start failed",
      "close while the start fails",
      `${refused} ended WorkerPoolClosedError ended`,
    ],
    [
      "has the calls whose threads had been started, and ends",
      "a start that fails after some succeeded",
      `${refused} 20 30 closed`,
    ],
    [
      "goes on with the threads it has, and ends",
      "starts that fail while threads come up and answer",
      `2 ${refused} ${refused} 8 closed`,
    ],
    [
      "never hears again of a call that was refused, though it could not even have been sent",
      "what could not be sent",
      `${refused} 2 4 closed`,
    ],
    [
      "still has what a refused call would have moved into its thread",
      "what was to be moved",
      `${refused} 1 255 4 closed`,
    ],
    [
      "outlives a kept thread that cannot be replaced, and has it replaced when that is possible again",
      "a kept thread that cannot be replaced",
      `2 ${refused} 4 ${refused} ${refused} 8 closed`,
    ],
    [
      "makes do with the threads that could be started ahead",
      "threads that cannot be started ahead",
      "1 2 closed",
    ],
    [
      "ends after ten thousand of them",
      "ten thousand starts",
      '10000 {"threads":0,"running":0,"queued":0} closed',
    ],
  ])("%s", async (_, name, printed) => {
    expect(await program("cannot-start", name)).toBe(printed);
  });
});
