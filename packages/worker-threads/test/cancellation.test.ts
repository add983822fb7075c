import { getEventListeners } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { WorkerTimeoutError } from "../src/index.ts";
import { faults, openPool, reached, rejection, sharedCells, tasks } from "./rig.ts";

/** A terminated thread ends within a millisecond or so, on a busy machine later; the bound tells it from one that runs on. */
const GENEROUS_MS = 30_000;

describe("an abort", () => {
  test("before the call rejects with the reason and starts nothing", async () => {
    const pool = openPool();
    const reason = new Error("not today");
    const run = pool.task(tasks.double)(1, { signal: AbortSignal.abort(reason) });
    expect(await rejection(run)).toBe(reason);
    expect(pool.stats).toEqual({ threads: 0, running: 0, queued: 0 });
  });

  test("of one that waits rejects it at once and lets the others be", async () => {
    const pool = openPool({ threads: 1 });
    const shared = sharedCells();
    const busy = new AbortController();
    const first = rejection(pool.task(faults.loopAndTell)(shared, { signal: busy.signal }));
    await reached(shared);
    const controller = new AbortController();
    const second = rejection(pool.task(tasks.double)(1, { signal: controller.signal }));
    const third = pool.task(tasks.double)(2);
    expect(pool.stats.queued).toBe(2);
    controller.abort("no longer wanted");
    expect(await second).toBe("no longer wanted");
    expect(pool.stats).toMatchObject({ running: 1, queued: 1 });
    busy.abort("enough");
    expect(await first).toBe("enough");
    expect(await third).toBe(4);
  });

  test("of one whose thread is still coming up frees its place", async () => {
    const pool = openPool({ threads: 1 });
    const controller = new AbortController();
    const run = rejection(pool.task(faults.never)(...([] as []), { signal: controller.signal }));
    controller.abort("changed my mind");
    expect(await run).toBe("changed my mind");
    expect(await pool.task(tasks.double)(1)).toBe(2);
  });

  test("stops an infinite loop, and rejects only when its thread is gone", async () => {
    const pool = openPool();
    const shared = sharedCells();
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = rejection(pool.task(faults.loopAndTell)(shared, { signal: controller.signal }));
    await reached(shared);
    const asked = performance.now();
    controller.abort(reason);
    expect(await run).toBe(reason);
    expect(performance.now() - asked).toBeLessThan(GENEROUS_MS);
    expect(pool.stats).toEqual({ threads: 0, running: 0, queued: 0 });
    expect(await pool.task(tasks.double)(1)).toBe(2);
  });

  test("gives a loop that does not listen its grace period, and no more", async () => {
    const cancelGraceMs = 200;
    const pool = openPool({ threads: 1, cancelGraceMs });
    const shared = sharedCells();
    const controller = new AbortController();
    const run = rejection(pool.task(faults.loopAndTell)(shared, { signal: controller.signal }));
    await reached(shared);
    const asked = performance.now();
    controller.abort("enough");
    expect(await run).toBe("enough");
    const took = performance.now() - asked;
    expect(took).toBeGreaterThanOrEqual(cancelGraceMs - 5);
    expect(took).toBeLessThan(cancelGraceMs + GENEROUS_MS);
  });

  test("of one that has answered, unheard as yet, leaves its thread alone", async () => {
    const pool = openPool();
    const thread = await pool.task(faults.thread)();
    const shared = sharedCells();
    const controller = new AbortController();
    const run = rejection(pool.task(faults.tellAndReturn)(shared, controller));
    // Holds this thread, so that the answer is there and nobody has looked: for long, since others may have the processor.
    while (Atomics.load(shared, 0) === 0);
    Atomics.wait(sharedCells(), 0, 0, 2_000);
    controller.abort("too late");
    expect(await run).toBe("too late");
    expect(await pool.task(faults.thread)()).toBe(thread);
  });

  test("stops what awaits something that never comes", async () => {
    const pool = openPool();
    await pool.task(tasks.double)(1);
    const controller = new AbortController();
    const run = rejection(pool.task(faults.never)({}, { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort("enough");
    expect(await run).toBe("enough");
  });
});

describe("a cooperative function", () => {
  test("in a synchronous loop reads `cancelled`, throws the reason and keeps its thread", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const thread = await pool.task(faults.thread)();
    const shared = sharedCells();
    const controller = new AbortController();
    const reason = new RangeError("enough");
    const run = rejection(
      pool.task(faults.loopUntilCancelled)(shared, { signal: controller.signal }),
    );
    await reached(shared);
    controller.abort(reason);
    expect(await run).toBe(reason);
    expect(await pool.task(faults.thread)()).toBe(thread);
  });

  test("that awaits is told by its signal and keeps its thread", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const thread = await pool.task(faults.thread)();
    const shared = sharedCells();
    const controller = new AbortController();
    const run = rejection(pool.task(faults.waitForSignal)(shared, { signal: controller.signal }));
    await reached(shared);
    controller.abort({ because: "enough" });
    expect(await run).toEqual({ because: "enough" });
    expect(await pool.task(faults.thread)()).toBe(thread);
  });

  test("is told even when the reason cannot cross", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const shared = sharedCells();
    const controller = new AbortController();
    const reason = (): void => {};
    const run = rejection(pool.task(faults.waitForSignal)(shared, { signal: controller.signal }));
    await reached(shared);
    controller.abort(reason);
    expect(await run).toBe(reason);
  });

  test("that throws something else while stopping rejects with that", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const shared = sharedCells();
    const controller = new AbortController();
    const run = rejection(
      pool.task(faults.failWhileStopping)(shared, { signal: controller.signal }),
    );
    await reached(shared);
    controller.abort("enough");
    expect(await run).toMatchObject({ message: "could not save" });
  });

  test("that wraps the reason rejects with a wrapping of the original", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const shared = sharedCells();
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = rejection(pool.task(faults.wrapReason)(shared, { signal: controller.signal }));
    await reached(shared);
    controller.abort(reason);
    const error = (await run) as Error;
    expect(error.message).toBe("stopped");
    expect(error.cause).toBe(reason);
  });

  test("that finishes in spite of it is cancelled all the same", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const shared = sharedCells();
    const controller = new AbortController();
    const run = rejection(pool.task(faults.finishInSpite)(shared, { signal: controller.signal }));
    await reached(shared);
    controller.abort("enough");
    expect(await run).toBe("enough");
  });

  test("leaves no timer behind when timers are faked within it", async () => {
    const { setTimeout: set, clearTimeout: clear } = globalThis;
    const running = new Set<unknown>();
    globalThis.setTimeout = ((fire: () => void, ms?: number) => {
      const timer = set(fire, ms);
      if (ms === 54_321) running.add(timer);
      return timer;
    }) as typeof setTimeout;
    globalThis.clearTimeout = (timer) => {
      running.delete(timer);
      clear(timer);
    };
    onTestFinished(() => void Object.assign(globalThis, { setTimeout: set, clearTimeout: clear }));
    const pool = openPool({ threads: 1, cancelGraceMs: 54_321 });
    const shared = sharedCells();
    const controller = new AbortController();
    const run = rejection(pool.task(faults.finishInSpite)(shared, { signal: controller.signal }));
    await reached(shared);
    controller.abort("enough");
    expect(running.size).toBe(1);
    globalThis.clearTimeout = () => {};
    await run;
    expect(running.size).toBe(0);
  });
});

describe("a time-out", () => {
  test("stops one infinite loop after the other", async () => {
    const pool = openPool({ threads: 1 });
    const run = pool.task(faults.loopForever, { timeoutMs: 50 });
    const errors = await Promise.all([rejection(run()), rejection(run())]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(WorkerTimeoutError);
      expect(error).toMatchObject({
        timeoutMs: 50,
        message: 'Task "loopForever" took longer than 50 ms in its thread',
      });
    }
    expect(await pool.task(tasks.double)(1)).toBe(2);
  });

  test("does not count the wait for a thread", async () => {
    const pool = openPool({ threads: 1 });
    const run = pool.task(tasks.wait, { timeoutMs: 700 });
    const waits = Array.from({ length: 4 }, () => run(200));
    expect(await Promise.all(waits)).toEqual([200, 200, 200, 200]);
  });

  test("lets a cooperative function keep its thread, and is the failure whatever that throws", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const thread = await pool.task(faults.thread)();
    const options = { timeoutMs: 50 };
    for (const fault of ["loopUntilCancelled", "failWhileStopping", "finishInSpite"] as const)
      expect(await rejection(pool.task(faults[fault], options)(sharedCells()))).toBeInstanceOf(
        WorkerTimeoutError,
      );
    expect(await pool.task(faults.thread)()).toBe(thread);
  });
});

test("a thousand calls on one signal add one listener, leave none and print no warning", async () => {
  const warnings: unknown[] = [];
  const warn = (warning: unknown): void => void warnings.push(warning);
  process.on("warning", warn);
  const { signal } = new AbortController();
  const run = openPool({ threads: 2 }).task(tasks.double);
  const calls = Array.from({ length: 1_000 }, (_, value) => run(value, { signal }));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  await Promise.all(calls);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  process.off("warning", warn);
  expect(warnings).toEqual([]);
});

test("one abort cancels all calls on its signal", async () => {
  const controller = new AbortController();
  const run = openPool({ threads: 2 }).task(faults.loopForever);
  const errors = Array.from({ length: 20 }, () => rejection(run({}, controller)));
  controller.abort("enough");
  expect(await Promise.all(errors)).toEqual(Array.from({ length: 20 }, () => "enough"));
});
