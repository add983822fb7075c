import { SHARE_ENV } from "node:worker_threads";
import { expect, test } from "vitest";
import { createWorkerPool, type WorkerPoolOptions, type WorkerTaskOptions } from "../src/index.ts";
import { openPool, tasks } from "./rig.ts";

const NO_RECORDS: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["an array", []],
  ["a Map", new Map([["threads", 2]])],
  ["a promise", Promise.resolve({})],
  ["4", 4],
];

test("everything that is wrong with a pool's options is said at once, before anything is started", () => {
  const options = {
    threads: 0,
    minThreads: 1.5,
    idleTimeoutMs: -1,
    cancelGraceMs: "soon",
    preload: ["./relative.js"],
    activators: "none",
    env: { TOKEN: "hunter2", PORT: 8080 },
    execArgv: "--expose-gc",
    thread: 4,
  } as unknown as WorkerPoolOptions;
  const message = messageOf(() => createWorkerPool(options));
  expect(message.split("\n  ")).toEqual([
    'createWorkerPool(): Unknown option `thread`. Did you mean "threads"?',
    "Expected `threads` to be an integer from 1 up, got 0.",
    "Expected `minThreads` to be an integer from 0 up, got 1.5.",
    "Expected `idleTimeoutMs` to be a number of milliseconds from 0 to 2,147,483,647 or Infinity, got -1.",
    'Expected `cancelGraceMs` to be a number of milliseconds from 0 to 2,147,483,647, got "soon".',
    '`preload[0]`: Expected the URL of a module, got `./relative.js`: write new URL("./tasks.js", import.meta.url).',
    'Expected `activators` to be a list of URLs of modules, got "none".',
    "Expected `env.PORT` to be a text, got 8080.",
    'Expected `execArgv` to be a list of texts, got "--expose-gc".',
    "Expected `minThreads` to be at most `threads` (0), got 1.5.",
  ]);
  expect(message).not.toContain("hunter2");
});

test.each(NO_RECORDS)("options are a record, and not %s", (what, none) => {
  const pool = openPool();
  const expected = `Expected its options to be an object, got ${what}.`;
  expect(messageOf(() => createWorkerPool(none as object))).toBe(`createWorkerPool(): ${expected}`);
  expect(messageOf(() => pool.task(tasks.double, none as object))).toBe(`pool.task(): ${expected}`);
  expect(messageOf(() => pool.runner(none as object))).toBe(`pool.runner(): ${expected}`);
});

test("more threads kept than allowed are refused", () => {
  expect(() => createWorkerPool({ threads: 2, minThreads: 3 })).toThrow(
    "Expected `minThreads` to be at most `threads` (2), got 3.",
  );
});

test("limits of memory are refused when they are no numbers of MiB", () => {
  const resourceLimits = { maxOldGenerationSizeMb: -5, maxHeap: 3 } as object;
  expect(messageOf(() => createWorkerPool({ resourceLimits }))).toBe(
    "createWorkerPool(): Unknown option `maxHeap` of `resourceLimits`. There are maxOldGenerationSizeMb, maxYoungGenerationSizeMb, codeRangeSizeMb, stackSizeMb.\n" +
      "  Expected `resourceLimits.maxOldGenerationSizeMb` to be a number of MiB above 0, got -5.",
  );
});

test.each([
  ["null", null],
  ["a Map", new Map([["A", "1"]])],
  ['"A=1"', "A=1"],
  ["Symbol(other)", Symbol("other")],
])("variables are a record of texts or SHARE_ENV, and not %s", (what, env) => {
  expect(() => createWorkerPool({ env: env as never })).toThrow(
    `Expected \`env\` to be a record of texts, or SHARE_ENV of node:worker_threads, got ${what}.`,
  );
});

test("variables may be shared, given, or left out one by one", async () => {
  for (const env of [SHARE_ENV, process.env, { A: "1", B: undefined }] as const)
    await createWorkerPool({ env, execArgv: [] }).close();
});

test("a task's options are checked when the task is made", () => {
  const pool = openPool();
  const options = { timeoutMs: Number.NaN, transfer: [], retry: 3 } as unknown as WorkerTaskOptions<
    [number]
  >;
  expect(messageOf(() => pool.task(tasks.double, options))).toBe(
    "pool.task(): Unknown option `retry`. There are transfer, timeoutMs, cancelGraceMs.\n" +
      "  Expected `transfer` to be a function from the arguments to a list, got an array.\n" +
      "  Expected `timeoutMs` to be a number of milliseconds from 0 to 2,147,483,647, got NaN.",
  );
});

test("what is no reference is refused, with the way to get one", () => {
  const pool = openPool();
  for (const ref of [undefined, null, () => {}, "double"] as unknown as (typeof tasks.double)[])
    expect(() => pool.task(ref)).toThrow("Expected a reference from `workerModule(...)`");
  const runner = (options: object) => () => pool.runner(options);
  expect(runner({ tasks: { resize: 5 } })).toThrow("pool.runner(): Expected a reference");
  expect(runner({ timeoutMs: -1 })).toThrow("pool.runner(): Expected `timeoutMs`");
  expect(runner({ task: {} })).toThrow('Unknown option `task`. Did you mean "tasks"?');
  for (const table of [null, new Map(), [], "double", Promise.resolve({})])
    expect(runner({ tasks: table })).toThrow(
      "pool.runner(): Expected `tasks` to be a module from `workerModule(...)`, or references by the names of tasks, got ",
    );
  expect(runner({ tasks })).not.toThrow();
  expect(runner({ tasks: { resize: tasks.double } })).not.toThrow();
});

function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
  return "";
}
