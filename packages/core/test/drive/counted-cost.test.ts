/**
 * What a run makes, counted: what does not depend on the machine. A number here is a promise; one that grows is a run that
 * costs more, on every machine.
 */
import { createHook } from "node:async_hooks";
import { describe, expect, it, vi } from "vitest";
import {
  type Flow,
  flow,
  type RunOptions,
  type RunScope,
  type Task,
  task,
} from "../../src/index.ts";
import { VirtualClock } from "../../src/testing.ts";

const work = async (): Promise<void> => {};
const nothing = (): void => {};

/** Each task waits for the one before. */
function chain(size: number): Flow<unknown> {
  let last: Task<void> = task("t0", work);
  for (let at = 1; at < size; at++) last = task(`t${at}`, { before: last }, work);
  return flow("chain", { last });
}

/** What `run` makes once it has run before, by a count. */
async function counted(
  run: () => Promise<unknown>,
  count: () => { readonly made: number; stop(): void },
): Promise<number> {
  await run();
  const counting = count();
  try {
    await run();
    return counting.made;
  } finally {
    counting.stop();
  }
}

/** How many a run makes, and how many more for each task. */
async function byTask(
  options: () => RunOptions,
  count: () => { readonly made: number; stop(): void },
): Promise<{ run: number; task: number }> {
  const ten = chain(10);
  const thirty = chain(30);
  const small = await counted(() => ten.run(options()), count);
  const large = await counted(() => thirty.run(options()), count);
  const each = (large - small) / 20;
  return { run: small - 10 * each, task: each };
}

function promises(): { readonly made: number; stop(): void } {
  let made = 0;
  const hook = createHook({
    init: (_, type) => {
      if (type === "PROMISE") made++;
    },
  }).enable();
  return {
    get made() {
      return made;
    },
    stop: () => {
      hook.disable();
    },
  };
}

/** Calls of a function of the runtime. */
function calls<T extends object, K extends keyof T & string>(host: T, name: K) {
  return (): { readonly made: number; stop(): void } => {
    const spy = vi.spyOn(host as never, name as never) as unknown as {
      mock: { calls: unknown[] };
      mockRestore(): void;
    };
    return {
      get made() {
        return spy.mock.calls.length;
      },
      stop: () => spy.mockRestore(),
    };
  };
}

const none = (): RunOptions => ({});
const observed = (scope: RunScope) => (): RunOptions => ({
  observers: [{ name: "counted", run: () => scope }],
});
/** Each event and each thing that an event says is frozen. */
const frozen = calls(Object, "freeze");

describe("A run makes, at most", () => {
  it("three promises for itself and two for a task: what its function returned, and the wait for that", async () => {
    expect(await byTask(none, promises)).toEqual({ run: 3, task: 2 });
  });

  it("one timer, which holds the process", async () => {
    expect(await byTask(none, calls(globalThis, "setInterval"))).toEqual({ run: 1, task: 0 });
    expect(await byTask(none, calls(globalThis, "setTimeout"))).toEqual({ run: 0, task: 0 });
    expect(await byTask(none, calls(globalThis, "setImmediate"))).toEqual({ run: 0, task: 0 });
  });

  it("one listener on the signal of its caller, and no signal of its own that nobody reads", async () => {
    const { signal } = new AbortController();
    const options = (): RunOptions => ({ signal, concurrency: 2 });
    expect(await byTask(options, calls(signal, "addEventListener"))).toEqual({ run: 1, task: 0 });
    expect(await byTask(options, calls(globalThis, "AbortController"))).toEqual({
      run: 0,
      task: 0,
    });
  });

  it("two looks at the clock for a task", async () => {
    const clock = new VirtualClock();
    const options = (): RunOptions => ({ clock });
    expect((await byTask(options, calls(clock, "now"))).task).toBe(2);
  });

  it("no text that nobody reads", async () => {
    expect(await byTask(none, calls(JSON, "stringify"))).toEqual({ run: 0, task: 0 });
    const texts = calls(Date.prototype, "toISOString");
    expect(await byTask(none, texts)).toEqual({ run: 0, task: 0 });
  });

  it("no event without an observer", async () => {
    expect(await byTask(none, frozen)).toEqual({ run: 0, task: 0 });
  });

  it("no event of a task for an observer who has hooks for its end only", async () => {
    expect((await byTask(observed({ end: nothing }), frozen)).task).toBe(0);
    expect((await byTask(observed({}), frozen)).task).toBe(0);
  });

  it("for a task the events that an observer has hooks for, and one description", async () => {
    const attempt = { end: nothing };
    const every = {
      status: nothing,
      end: nothing,
      task: () => ({ end: nothing, attempt: () => attempt }),
    };
    // Four statuses, the task and its dependencies.
    expect((await byTask(observed({ status: nothing }), frozen)).task).toBe(6);
    // And the beginnings and ends of the task and its attempt, the attempt itself, two outcomes.
    expect((await byTask(observed(every), frozen)).task).toBe(13);
  });
});

describe("A hook", () => {
  it("that is put on the scope of a run once it goes is not called", async () => {
    const told: string[] = [];
    const scope: { status?: () => void; end?: () => void } = {};
    const options: RunOptions = { observers: [{ name: "late", run: () => scope }] };
    const first = task("first", () => {
      scope.status = () => told.push("status");
      scope.end = () => told.push("end");
    });
    await flow("late", { second: task("second", { first }, work) }).run(options);
    expect(told).toEqual(["end"]);
  });
});
