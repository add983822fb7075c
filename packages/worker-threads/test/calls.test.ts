import { AsyncLocalStorage } from "node:async_hooks";
import { threadId } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { openPool, rejection, sharedCells, tasks } from "./rig.ts";

describe("a call", () => {
  test("runs the function in another thread and resolves with what it returns", async () => {
    const pool = openPool();
    expect(await pool.task(tasks.double)(21)).toBe(42);
    expect(await pool.task(tasks.thread)()).not.toBe(threadId);
  });

  test("carries what the structured clone carries", async () => {
    const value = {
      map: new Map([["a", new Set([1n])]]),
      date: new Date(0),
      pattern: /x/g,
      bytes: new Uint8Array([1, 2, 3]),
      nothing: undefined,
      endless: -Infinity,
    };
    expect(await openPool().task(tasks.echo)(value)).toEqual(value);
  });

  test("passes several arguments by place, then the context", async () => {
    const run = openPool().task(tasks.positional);
    expect(await run({ letter: "x" }, 3)).toBe("xxx for positional");
    const context = { signal: new AbortController().signal, taskName: "letters" };
    expect(await run({ letter: "x" }, 3, context)).toBe("xxx for letters");
  });

  test("tells the function which attempt of which task of which run it is", async () => {
    const context = {
      signal: new AbortController().signal,
      taskName: "thumb",
      runId: "run-7",
      attempt: 3,
    };
    expect(await openPool().task(tasks.whoAmI)(null, context)).toEqual({
      taskName: "thumb",
      runId: "run-7",
      attempt: 3,
    });
  });

  test("moves what is to be transferred into the thread, and what the function transfers out of it", async () => {
    const invert = openPool().task(tasks.invert, { transfer: (bytes) => [bytes.buffer] });
    const bytes = new Uint8Array([0, 1, 255]);
    expect(await invert(bytes)).toEqual(new Uint8Array([255, 254, 0]));
    expect(bytes.byteLength).toBe(0);
  });

  test("copies what is not to be transferred", async () => {
    const bytes = new Uint8Array([0]);
    await openPool().task(tasks.invert)(bytes);
    expect(bytes.byteLength).toBe(1);
  });

  test("shares memory, even where it is named for transfer", async () => {
    const shared = sharedCells();
    const increment = openPool({ threads: 2 }).task(tasks.increment, {
      transfer: (cells) => [cells.buffer],
    });
    await Promise.all(Array.from({ length: 20 }, () => increment(shared)));
    expect(shared[0]).toBe(20);
  });

  test("rejects with what the transfer function throws, and frees its thread", async () => {
    const pool = openPool();
    const broken = pool.task(tasks.double, {
      transfer: () => {
        throw new RangeError("no list");
      },
    });
    await expect(broken(1)).rejects.toThrow(new RangeError("no list"));
    expect(await pool.task(tasks.double)(1)).toBe(2);
  });

  test("starts in the order of the calls", async () => {
    const pool = openPool({ threads: 1 });
    const order = sharedCells();
    const arrive = pool.task(tasks.arrive);
    const places = await Promise.all(Array.from({ length: 50 }, () => arrive(order)));
    expect(places).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  test("survives ten thousand calls that fail before they reach a thread", async () => {
    const broken = openPool().task(tasks.double, {
      transfer: () => {
        throw new Error("no list");
      },
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 10_000 }, () => broken(1)));
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  });
});

describe("progress", () => {
  test("arrives complete, in order and before the result, also from a function that never yields", async () => {
    const run = openPool({ threads: 2 }).task(tasks.steps);
    const calls = Array.from({ length: 50 }, async () => {
      const seen: unknown[] = [];
      const progress = (fraction: number, message?: string): void => {
        seen.push([fraction, message]);
      };
      await run(10, { signal: new AbortController().signal, progress });
      return seen;
    });
    const expected = Array.from({ length: 10 }, (_, index) => [
      (index + 1) / 10,
      `step ${index + 1}`,
    ]);
    for (const seen of await Promise.all(calls)) expect(seen).toEqual(expected);
  });

  test("is told in the async context of the caller", async () => {
    const storage = new AsyncLocalStorage<string>();
    const run = openPool().task(tasks.steps);
    const seen = new Set<unknown>();
    const signal = new AbortController().signal;
    const progress = (): void => void seen.add(storage.getStore());
    await Promise.all(
      ["a", "b", "c"].map((store) => storage.run(store, () => run(2, { signal, progress }))),
    );
    expect(seen).toEqual(new Set(["a", "b", "c"]));
  });

  test("that the caller fails to take in cancels the call with that failure", async () => {
    const pool = openPool();
    const progress = (): void => {
      throw new Error("display is broken");
    };
    const context = { signal: new AbortController().signal, progress };
    await expect(pool.task(tasks.steps)(2, context)).rejects.toThrow("display is broken");
    expect(await pool.task(tasks.double)(1)).toBe(2);
  });
});

describe("the context", () => {
  test("takes attributes there and brings them back, after a failure too", async () => {
    const run = openPool().task(tasks.paint);
    const signal = new AbortController().signal;
    const attributes = new Map<string, string | number | boolean>([["given", 1]]);
    await run("red", { signal, attributes });
    expect(Object.fromEntries(attributes)).toEqual({ given: 1, before: "1", colour: "red" });
    await rejection(run("octarine", { signal, attributes }));
    expect(attributes.get("colour")).toBe("octarine");
  });

  test("runs deferred clean-ups in the thread, last in, first out, each awaited, before the call ends", async () => {
    const log = sharedCells(8);
    await openPool().task(tasks.deferring)(log);
    expect([...log.slice(0, 5)]).toEqual([3, 3, 2, 1, 0]);
  });

  test("fails a call by a failed clean-up, and keeps the function's own failure", async () => {
    const run = openPool().task(tasks.failingCleanup);
    await expect(run(false)).rejects.toThrow("clean-up failed");
    const error = await rejection(run(true));
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({
      message: "function failed",
      errors: [{ message: "function failed" }, { message: "clean-up failed" }],
    });
  });
});

test("timers of a thread keep running between tasks", async () => {
  const pool = openPool({ threads: 1 });
  await pool.task(tasks.startTicking)();
  const before = await pool.task(tasks.ticksSoFar)();
  await expect.poll(pool.task(tasks.ticksSoFar), { timeout: 30_000 }).toBeGreaterThan(before + 2);
});
