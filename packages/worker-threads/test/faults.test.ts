import { flow, task } from "@astrum/core";
import { describe, expect, test } from "vitest";
import {
  createWorkerPool,
  WorkerCrashedError,
  WorkerOutOfMemoryError,
  type WorkerPool,
  WorkerSerializationError,
  workerModule,
} from "../src/index.ts";
import { faults, openPool, rejection, tasks } from "./rig.ts";

/** One thread, so that a retry succeeds only if the pool has put things right. */
async function retrySucceeds(pool: WorkerPool): Promise<void> {
  expect(await pool.task(tasks.double)(21)).toBe(42);
}

async function keepsItsThread(pool: WorkerPool, fail: () => Promise<unknown>): Promise<unknown> {
  const thread = await pool.task(tasks.thread)();
  const error = await rejection(fail());
  expect(await pool.task(tasks.thread)()).toBe(thread);
  return error;
}

describe("process.exit in a function", () => {
  test("fails that attempt with the exit code, and a retry gets another thread", async () => {
    const pool = openPool();
    const thread = await pool.task(tasks.thread)();
    const error = await rejection(pool.task(faults.exit)(7));
    expect(error).toBeInstanceOf(WorkerCrashedError);
    expect(error).toMatchObject({
      name: "WorkerCrashedError",
      code: "ASTRUM_WORKER_CRASHED",
      exitCode: 7,
      started: true,
      message: 'Task "exit": its thread exited with code 7 before the function had ended',
    });
    expect(error).not.toHaveProperty("retryable");
    expect(await pool.task(tasks.thread)()).not.toBe(thread);
  });

  test("costs those that wait behind it nothing", async () => {
    const pool = openPool();
    const crash = rejection(pool.task(faults.exit)(1));
    const behind = [1, 2, 3].map((value) => pool.task(tasks.double)(value));
    expect(await crash).toBeInstanceOf(WorkerCrashedError);
    expect(await Promise.all(behind)).toEqual([2, 4, 6]);
  });

  test("after the function has answered leaves it its answer", async () => {
    const pool = openPool();
    expect(await pool.task(faults.answerAndExit)()).toBe("answered");
    await retrySucceeds(pool);
  });
});

test("a thread that runs out of memory fails its attempt only", async () => {
  const pool = openPool({ threads: 1, resourceLimits: { maxOldGenerationSizeMb: 32 } });
  const error = await rejection(pool.task(faults.exhaustMemory)());
  expect(error).toBeInstanceOf(WorkerOutOfMemoryError);
  expect(error).toBeInstanceOf(WorkerCrashedError);
  expect(error).toMatchObject({ code: "ASTRUM_WORKER_OUT_OF_MEMORY", started: true });
  await retrySucceeds(pool);
});

describe("an error that nobody catches", () => {
  test("fails the attempt, with the error as its cause", async () => {
    const pool = openPool();
    const error = await rejection(pool.task(faults.throwUncaught)("too late"));
    expect(error).toBeInstanceOf(WorkerCrashedError);
    expect(error).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining("RangeError: too late"),
      cause: { name: "RangeError", code: "E_LATE", stack: expect.stringContaining("faults.js") },
    });
    expect((error as Error).cause).toBeInstanceOf(RangeError);
    await retrySucceeds(pool);
  });

  test("counts when it is a rejection, too", async () => {
    const pool = openPool();
    const error = await rejection(pool.task(faults.rejectUnhandled)("nobody"));
    expect(error).toMatchObject({ name: "WorkerCrashedError", cause: { message: "nobody" } });
    await retrySucceeds(pool);
  });
});

test("what nobody catches may be anything", async () => {
  const pool = openPool();
  const error = await rejection(pool.task(faults.throwNothingKnown)());
  expect(error).toBeInstanceOf(WorkerCrashedError);
  expect(error).toMatchObject({ started: true });
  await retrySucceeds(pool);
});

describe("a thread that dies between two tasks", () => {
  for (const fault of ["exitLater", "throwLater"] as const)
    test(`of ${fault} costs no attempt, however the next one falls`, async () => {
      const pool = openPool();
      const values: number[] = [];
      for (let round = 0; round < 20; round++) {
        await pool.task(faults[fault])();
        // From before to after the death, in small steps.
        for (let turn = 0; turn < round; turn++) await new Promise((go) => setImmediate(go));
        values.push(await pool.task(tasks.double)(round));
      }
      expect(values).toEqual(Array.from({ length: 20 }, (_, round) => round * 2));
    });
});

test("process.abort is refused by Node inside a thread, so it is an ordinary failure", async () => {
  const pool = openPool();
  await keepsItsThread(pool, () => pool.task(faults.abort)());
});

describe("what cannot be cloned", () => {
  test("as an input: names the place, and the thread never knows", async () => {
    const pool = openPool();
    const input = { list: [1, { "on done": () => {} }] };
    const error = await keepsItsThread(pool, () => pool.task(tasks.echo)(input));
    expect(error).toBeInstanceOf(WorkerSerializationError);
    expect(error).toMatchObject({
      direction: "input",
      path: 'input.list[1]["on done"]',
      retryable: false,
      message: expect.stringContaining('Task "echo": input.list[1]["on done"] is a function'),
    });
  });

  test("as an input, before the first thread is up", async () => {
    const pool = openPool();
    const error = await rejection(pool.task(tasks.echo)(Symbol("no")));
    expect(error).toMatchObject({ direction: "input", path: "input" });
    await retrySucceeds(pool);
  });

  test("as one of several arguments, or inside a Map, a Set, a class of the user's, a Proxy", async () => {
    const run = openPool().task(tasks.echo) as (...args: unknown[]) => Promise<unknown>;
    class Account {
      readonly owner = { notify: () => {} };
    }
    const paths = await Promise.all(
      [
        [1, () => {}],
        [new Map([["k", Symbol("s")]])],
        [new Set([1, new WeakMap()])],
        [{ account: new Account() }],
        [{ deep: new Proxy({}, {}) }],
        [{ soon: Promise.resolve() }],
      ].map(async (args) => (await rejection(run(...args))) as WorkerSerializationError),
    );
    expect(paths.map(({ path }) => path)).toEqual([
      "args[1]",
      'input.get("k")',
      "input.values()[1]",
      "input.account.owner.notify",
      "input.deep",
      "input.soon",
    ]);
  });

  test("because a getter throws, as an input and as a result", async () => {
    const pool = openPool();
    const trap = {
      get trap(): never {
        throw new RangeError("sprung");
      },
    };
    for (let attempt = 1; attempt <= 2; attempt++) {
      const error = await rejection(pool.task(tasks.echo)({ trap } as unknown));
      expect(error).toMatchObject({
        direction: "input",
        path: "input.trap.trap",
        message: expect.stringContaining("a getter that throws (RangeError: sprung)"),
      });
    }
    await keepsItsThread(pool, () => pool.task(faults.returnTrap)());
  });

  test("because an earlier attempt has transferred it says so", async () => {
    const pool = openPool();
    const invert = pool.task(tasks.invert, { transfer: (bytes) => [bytes.buffer] });
    const bytes = new Uint8Array(4);
    await invert(bytes);
    const error = await keepsItsThread(pool, () => invert(bytes));
    expect(error).toBeInstanceOf(WorkerSerializationError);
    expect(error).toMatchObject({
      direction: "input",
      message: expect.stringContaining("transferred"),
    });
  });

  test("as a result: names the place, and the thread stays", async () => {
    const pool = openPool();
    const error = await keepsItsThread(pool, () => pool.task(faults.returnUnclonable)());
    expect(error).toMatchObject({
      name: "WorkerSerializationError",
      direction: "result",
      path: "result.list[1].onDone",
      retryable: false,
    });
  });

  test("because nothing of it would arrive, be it an input, a result, or thrown", async () => {
    const pool = openPool();
    const url = new URL("https://a.example/");
    const echo = pool.task(tasks.echo) as (...args: unknown[]) => Promise<unknown>;
    expect(await keepsItsThread(pool, () => echo({ list: [url] }))).toMatchObject({
      name: "WorkerSerializationError",
      direction: "input",
      path: "input.list[0]",
      retryable: false,
      // Newer versions of Node refuse to clone one.
      message: expect.stringMatching(
        /^Task "echo": input\.list\[0\] is a URL( \(of which nothing would arrive\))?, which cannot be sent to a thread\./,
      ),
    });
    await expect(echo(1, url)).rejects.toMatchObject({ path: "args[1]" });
    const { loseInResult, loseThrown, loseInError } = faults;
    expect(await keepsItsThread(pool, () => pool.task(loseInResult)())).toMatchObject({
      direction: "result",
      path: "result.signal",
      message:
        'Task "loseInResult": result.signal is an AbortSignal (of which nothing would arrive), which cannot be returned from a thread. Return plain values.',
    });
    expect(await keepsItsThread(pool, () => pool.task(loseThrown)())).toMatchObject({
      direction: "error",
      message: expect.stringMatching(/threw a URL( \(of which nothing would arrive\))? \(thrown\)/),
    });
    const error = await keepsItsThread(pool, () => pool.task(loseInError)());
    expect(error).toMatchObject({ message: "no answer", url: expect.stringContaining(url.href) });
  });

  test("is refused once, however many attempts there may be, and what is moved is still here", async () => {
    const pool = openPool();
    const bytes = new Uint8Array(4);
    const transfer = (): ArrayBuffer[] => [bytes.buffer];
    const echo = pool.task(tasks.echo, { transfer }) as (input: unknown) => Promise<unknown>;
    const sends = task("sends", () => echo({ bytes, url: new URL("https://a.example/") }), {
      retry: 2,
    });
    const report = await flow("f", { sends }).run();
    expect(report.taskStatistics).toMatchObject([{ status: "failed", attemptCount: 1 }]);
    expect(bytes).toHaveLength(4);
  });

  test("because it is a flow, which becomes tasks only where its run is", async () => {
    const pool = openPool({ execArgv: ["--conditions=@astrum/source"] });
    const places = {
      returnsFlow: "result",
      // Its bare fields could be cloned.
      returnsEmptyFlow: "result",
      returnsFlowInside: "result.next[0]",
    };
    const flows = workerModule<Record<keyof typeof places, () => unknown>>(
      new URL("./modules/flows.ts", import.meta.url),
    );
    for (const [name, place] of Object.entries(places)) {
      const gives = task(name, pool.task(flows[name as keyof typeof places]), { retry: 2 });
      const report = await flow("outer", { gives }).run();
      expect(report.taskStatistics).toMatchObject([{ status: "failed", attemptCount: 1 }]);
      expect(report.errorSummary.join()).toContain(
        `Task "${name}" failed: ${place} is a flow (only a function in the thread of the run may return one: return what it is made of, and make it in a task there), which cannot be returned from a thread. Return plain values.`,
      );
    }
  });

  test("as a thrown value: says so, and the thread stays", async () => {
    const pool = openPool();
    const error = await keepsItsThread(pool, () => pool.task(faults.throwUnclonable)());
    expect(error).toMatchObject({ direction: "error", path: "thrown", retryable: false });
  });

  test("as a field of a thrown error: the error crosses, the field is described", async () => {
    const pool = openPool();
    const error = await keepsItsThread(pool, () => pool.task(faults.throwErrorWithFunction)());
    expect(error).toMatchObject({
      message: "with a function in it",
      status: 503,
      retry: "[Function: retry]",
    });
  });
});

describe("a pool whose threads cannot start", () => {
  test("fails every attempt with the reason instead of letting it wait for ever", async () => {
    const pool = openPool({
      threads: 2,
      execArgv: ["--import", "data:text/javascript,throw new Error('bad preamble')"],
    });
    const run = pool.task(tasks.double);
    const errors = await Promise.all([1, 2, 3, 4, 5].map((value) => rejection(run(value))));
    for (const error of errors)
      expect(error).toMatchObject({
        name: "WorkerCrashedError",
        started: false,
        message: expect.stringContaining("bad preamble"),
      });
  });

  test("does so for threads that just exit, and with threads started ahead", async () => {
    const execArgv = ["--import", "data:text/javascript,process.exit(9)"];
    for (const minThreads of [0, 2]) {
      const run = openPool({ threads: 2, minThreads, execArgv }).task(tasks.double);
      const errors = await Promise.all([1, 2, 3, 4].map((value) => rejection(run(value))));
      for (const error of errors)
        expect(error).toMatchObject({ name: "WorkerCrashedError", started: false, exitCode: 9 });
    }
  });

  test("does so when the system refuses, and recovers when it no longer does", async () => {
    const env: NodeJS.ProcessEnv = {};
    const pool = openPool({ threads: 1, env });
    env.NODE_OPTIONS = "--no-such-option";
    const error = await rejection(pool.task(tasks.double)(1));
    expect(error).toMatchObject({
      name: "WorkerCrashedError",
      started: false,
      exitCode: undefined,
      cause: { code: "ERR_WORKER_INVALID_EXEC_ARGV" },
    });
    delete env.NODE_OPTIONS;
    await retrySucceeds(pool);
    const thread = await pool.task(tasks.thread)();
    expect(await pool.task(tasks.thread)()).toBe(thread);
  });

  test("refuses options that no thread can be started with at once", () => {
    expect(() => createWorkerPool({ execArgv: ["--no-such-option"] })).toThrow("--no-such-option");
  });
});
