import { expect, test } from "vitest";
import { createWorkerPool, type WorkerPoolOptions, type WorkerTaskOptions } from "../src/index.ts";
import { openPool, tasks } from "./rig.ts";

test("everything that is wrong with a pool's options is said at once, before anything is started", () => {
  const options = {
    threads: 0,
    minThreads: 1.5,
    idleTimeoutMs: -1,
    cancelGraceMs: "soon",
    preload: ["./relative.js"],
    activators: "none",
    thread: 4,
  } as unknown as WorkerPoolOptions;
  expect(() => createWorkerPool(options)).toThrow(
    new TypeError(
      "createWorkerPool: Unknown option `thread`; there are threads, minThreads, idleTimeoutMs, resourceLimits, cancelGraceMs, preload, activators, env, execArgv. " +
        "Expected `threads` to be an integer from 1 up, got `0`. " +
        "Expected `minThreads` to be an integer from 0 up, got `1.5`. " +
        "Expected `idleTimeoutMs` to be a number of milliseconds from 0 to 2,147,483,647 or Infinity, got `-1`. " +
        "Expected `cancelGraceMs` to be a number of milliseconds from 0 to 2,147,483,647, got `soon`. " +
        '`preload[0]`: Expected the URL of a module, got `./relative.js`: write new URL("./tasks.js", import.meta.url). ' +
        "Expected `activators` to be an array of module URLs, got `none`.",
    ),
  );
});

test("more threads kept than allowed are refused", () => {
  expect(() => createWorkerPool({ threads: 2, minThreads: 3 })).toThrow(
    "Expected `minThreads` to be at most `threads` (2), got `3`",
  );
});

test("limits of memory are refused when they are no numbers of MiB", () => {
  const resourceLimits = { maxOldGenerationSizeMb: -5, maxHeap: 3 } as object;
  expect(() => createWorkerPool({ resourceLimits })).toThrow(
    /Unknown option `resourceLimits.maxHeap`.*Expected `resourceLimits.maxOldGenerationSizeMb` to be a number of MiB above 0, got `-5`/,
  );
});

test("a task's options are checked when the task is made", () => {
  const pool = openPool();
  const options = { timeoutMs: Number.NaN, transfer: [], retry: 3 } as unknown as WorkerTaskOptions<
    [number]
  >;
  expect(() => pool.task(tasks.double, options)).toThrow(
    "pool.task: Unknown option `retry`; there are transfer, timeoutMs, cancelGraceMs. " +
      "Expected `timeoutMs` to be a number of milliseconds from 0 to 2,147,483,647, got `NaN`. " +
      "Expected `transfer` to be a function from the arguments to an array.",
  );
});

test("what is no reference is refused, with the way to get one", () => {
  const pool = openPool();
  for (const ref of [undefined, () => {}, "double"] as unknown as (typeof tasks.double)[])
    expect(() => pool.task(ref)).toThrow("Expected a reference from `workerModule(...)`");
  expect(() => pool.runner({ tasks: { resize: 5 as unknown as typeof tasks.double } })).toThrow(
    "pool.runner: Expected a reference",
  );
  expect(() => pool.runner({ timeoutMs: -1 })).toThrow("Expected `timeoutMs`");
});
