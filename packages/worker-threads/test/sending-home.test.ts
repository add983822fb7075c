/** What a thread sends home besides a result that can be cloned, and what a call takes along besides its arguments. */
import { type ExecutionReport, flow, fromEvents, type Observer, task } from "@astrum/core";
import { describe, expect, test } from "vitest";
import { type WorkerPool, WorkerSerializationError, workerModule } from "../src/index.ts";
import {
  failForGood,
  kinds,
  make,
  setAttributes,
  setAttributesAndFail,
  tellProgress,
} from "./modules/hostile.js";
import { faults, openPool, reached, rejection, sharedCells } from "./rig.ts";

interface Ask {
  readonly kind: string;
}
/** The module again, with the types that it does not tell: what it hands over cannot cross. */
interface Hostile {
  setAttributes(input: object): string;
  setAttributesAndFail(input: object): string;
  look(input: object): Record<string, unknown>;
  tellProgress(input: object): string;
  returnIt(input: Ask): unknown;
  throwIt(input: Ask): never;
  throwAsField(input: Ask): never;
  throwAsPart(input: Ask): never;
  throwAsName(input: Ask): never;
  throwInCleanups(input: Ask): never;
  throwUncaught(input: Ask): never;
  throwChain(input: { readonly length: number }): never;
  failForGood(input: object): never;
  untilAborted(shared: Int32Array): void;
  thread(): number;
  echo(input: unknown): unknown;
  asksForItsEntry(input: object): unknown;
}
const hostile = workerModule<Hostile>(new URL("./modules/hostile.js", import.meta.url));

/** Fails when the call has cost its thread. */
async function keepingItsThread<T>(pool: WorkerPool, call: () => Promise<T>): Promise<T> {
  const thread = await pool.task(hostile.thread)();
  const outcome = await call();
  expect(await pool.task(hostile.thread)()).toBe(thread);
  return outcome;
}

const functions = { failForGood, setAttributes, setAttributesAndFail, tellProgress };

/** The report of one function, called here or in a thread. */
async function reportOf(
  name: keyof typeof functions,
  pool?: WorkerPool,
  observers: readonly Observer[] = [],
): Promise<ExecutionReport<unknown>> {
  const only = task(name, functions[name] as () => unknown, { retry: 2 });
  const runner = pool?.runner({ tasks: hostile });
  return flow("f", { only }).run({ observers, ...(runner && { runner }) });
}

describe("attributes", () => {
  test.each(["setAttributes", "setAttributesAndFail"] as const)(
    "that cannot cross are described as in the main thread, and cost neither task nor thread: %s",
    async (name) => {
      const pool = openPool();
      const there = await keepingItsThread(pool, () => reportOf(name, pool));
      const here = await reportOf(name);
      expect(there.executionState).toBe(here.executionState);
      expect(there.totalAttempts).toBe(here.totalAttempts);
      const { attributes } = here.taskStatistics[0] ?? {};
      expect(Object.keys(attributes ?? {})).toEqual([...kinds, "colour"]);
      expect(there.taskStatistics[0]?.attributes).toEqual(attributes);
    },
  );

  test("that cannot cross reach the thread as descriptions, and are here as they were", async () => {
    const attributes = new Map<string, string | number | boolean>([["given", 1]]);
    for (const kind of kinds) attributes.set(kind, make(kind) as string);
    const before = [...attributes];
    const look = openPool().task(hostile.look);
    const seen = await look({}, { signal: new AbortController().signal, attributes });
    expect(seen).toMatchObject({ given: 1, "a function": "a function", "a date": "a Date" });
    for (const [name, value] of before) expect(Object.is(attributes.get(name), value)).toBe(true);
    expect(attributes.get("new")).toBe(1);
  });
});

describe("progress", () => {
  test("whose message is no text is told all the same, and what is no number is not", async () => {
    const told: unknown[] = [];
    const observer = fromEvents("progress", (event) => {
      if (event.type === "attempt.progress") told.push([event.fraction, event.message]);
    });
    const pool = openPool();
    const report = await keepingItsThread(pool, () => reportOf("tellProgress", pool, [observer]));
    expect(report.executionState).toBe("completed");
    expect(told).toHaveLength(kinds.length + 1);
    expect(told).toContainEqual([0.5, "Symbol(sign)"]);
    expect(told).toContainEqual([0.5, "an object"]);
    expect(told.at(-1)).toEqual([1, "done"]);
  });
});

describe.each(kinds)("%s", (kind) => {
  test("as an input or in a result arrives, or is told with its place", async () => {
    const pool = openPool();
    await keepingItsThread(pool, async () => {
      const run = pool.task(hostile.returnIt) as (input: unknown) => Promise<unknown>;
      const sent = await run({ kind, value: [make(kind)] }).catch((error: unknown) => error);
      if (sent instanceof WorkerSerializationError) {
        expect(sent.message).toMatch(
          /^Task "returnIt": (input|result)(\.\w+\[0\]|[^.]* is nested)/,
        );
        expect(sent.retryable).toBe(false);
      } else expect(sent).toHaveProperty("list");
    });
  });

  test("when it is thrown arrives, or is told", async () => {
    const pool = openPool();
    await keepingItsThread(pool, async () => {
      const error = await rejection(pool.task(hostile.throwIt)({ kind }));
      if (error instanceof WorkerSerializationError)
        expect(error).toMatchObject({
          direction: "error",
          path: expect.stringMatching(/^thrown/),
        });
      else expect(typeof error).toBe(typeof make(kind));
    });
  });

  test("as a field, as a cause, as a member of an error costs that error nothing", async () => {
    const pool = openPool();
    await keepingItsThread(pool, async () => {
      const field = await rejection(pool.task(hostile.throwAsField)({ kind }));
      expect(field).toBeInstanceOf(RangeError);
      expect(field).toMatchObject({ message: "kept", code: "E_KEPT" });
      if (make(kind) !== undefined) expect(field).toHaveProperty("field");
      const part = await rejection(pool.task(hostile.throwAsPart)({ kind }));
      expect(part).toMatchObject({ message: "kept", cause: { message: "many" } });
      const { errors } = (part as Error).cause as AggregateError;
      expect(errors).toHaveLength(2);
      expect(errors[1]).toBeInstanceOf(TypeError);
    });
  });

  test("as the name, the class, the stack of an error leaves its message and its base", async () => {
    const pool = openPool();
    await keepingItsThread(pool, async () => {
      const error = await rejection(pool.task(hostile.throwAsName)({ kind }));
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ message: "kept" });
    });
  });

  test("from a clean-up joins the error of the function", async () => {
    const pool = openPool();
    await keepingItsThread(pool, async () => {
      const error = await rejection(pool.task(hostile.throwInCleanups)({ kind }));
      expect(error).toBeInstanceOf(AggregateError);
      expect((error as AggregateError).errors).toHaveLength(3);
      expect((error as AggregateError).errors[1]).toMatchObject({ message: "second" });
    });
  });

  test("in the error that ends a thread leaves it the cause of the crash", async () => {
    const error = await rejection(openPool().task(hostile.throwUncaught)({ kind }));
    expect(error).toMatchObject({
      name: "WorkerCrashedError",
      cause: { name: "RangeError", message: "late" },
    });
  });

  test("as the reason of an abort gives way to what the function throws", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    const shared = sharedCells();
    const controller = new AbortController();
    const call = rejection(pool.task(faults.failWhileStopping)(shared, controller));
    await reached(shared);
    controller.abort(make(kind));
    expect(await call).toMatchObject({ message: "could not save" });
  });

  test("as the reason of an abort stops the function, and is what the call rejects with", async () => {
    const pool = openPool({ threads: 1, cancelGraceMs: 60_000 });
    await keepingItsThread(pool, async () => {
      const shared = sharedCells();
      const controller = new AbortController();
      const call = pool.task(hostile.untilAborted)(shared, controller);
      // Not handed on: a promise would look whether it is one.
      const same = call.catch((error: unknown) => Object.is(error, controller.signal.reason));
      await reached(shared);
      controller.abort(make(kind));
      expect(await same).toBe(true);
    });
  });
});

describe("an error", () => {
  test("arrives with its first hundred causes, however many there are", async () => {
    const pool = openPool();
    for (const length of [50, 5_000, 100_000]) {
      let error = (await keepingItsThread(pool, () =>
        rejection(pool.task(hostile.throwChain)({ length })),
      )) as Error;
      expect(error.message).toBe(`link ${length - 1}`);
      let causes = 0;
      for (; error.cause instanceof Error; error = error.cause) causes++;
      expect(causes).toBe(Math.min(length - 1, 100));
    }
  });

  test("that says it is for good is not retried, also when a clean-up fails after it", async () => {
    const pool = openPool();
    const there = await reportOf("failForGood", pool);
    const here = await reportOf("failForGood");
    expect([there.totalAttempts, here.totalAttempts]).toEqual([1, 1]);
    expect(there.errorSummary).toEqual(here.errorSummary);
  });
});

test("a carrier that an observer has spoilt costs nobody the attempt", async () => {
  const spoiler: Observer = {
    name: "spoiler",
    run: () => ({
      task: () => ({
        attempt: () => ({
          inject(carrier) {
            for (const kind of kinds) carrier[kind] = make(kind) as string;
            Object.defineProperty(carrier, "trap", {
              enumerable: true,
              get() {
                throw new Error("not to be looked at");
              },
            });
          },
        }),
      }),
    }),
  };
  const activators = [new URL("./modules/activators.js", import.meta.url)];
  const pool = openPool({ threads: 1, activators });
  const report = await keepingItsThread(pool, () => reportOf("setAttributes", pool, [spoiler]));
  expect(report.executionState).toBe("completed");
});

test("the entry of a journal cannot be had in a thread, and its function is told why", async () => {
  const pool = openPool();
  const one = task("one", (_, context) => pool.task(hostile.asksForItsEntry)({}, context));
  const report = await flow("f", { one }).run({ journal: () => {} });
  expect(report.errorSummary).toEqual([
    'Task "one" failed: context.journalEntry() of task "one": the journal is in the thread of the run, not in this one',
  ]);
});
