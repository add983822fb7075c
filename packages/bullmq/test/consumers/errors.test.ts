/**
 * What is thrown, on every way that it may take: from a thread, from the fleet, from a thread of a worker of the fleet,
 * and through a journal. Two encodings carry it, a clone in parts between threads and the core's elsewhere: here they
 * agree on all that both can carry.
 */
import { flow, type JournalEntry, reportOfJournal, task } from "@astrum/core";
import { createWorkerPool, workerModule } from "@astrum/worker-threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { remote } from "../../src/index.ts";
import { cases } from "../modules/thrown.ts";
import { openRig } from "./rig.ts";

const MODULE = new URL("../modules/thrown.ts", import.meta.url);
type Module = typeof import("../modules/thrown.ts");
const inThreads = workerModule<Module>(MODULE);
const onFleet = remote<Module>();

/** What a promise rejects with. */
async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome) return outcome.error;
  throw new Error(`Expected a rejection, got ${String(outcome.value)}`);
}

/** As the output of a task that a later run restores. */
async function fromJournal(name: string): Promise<unknown> {
  let calls = 0;
  const kept = task("kept", () => {
    calls++;
    return { thrown: cases[name]?.() };
  });
  const lines: string[] = [];
  await flow("f", { kept }).run({ journal: (entry) => void lines.push(JSON.stringify(entry)) });
  const resumeFrom = reportOfJournal(lines.map((line) => JSON.parse(line) as JournalEntry));
  const report = await flow("f", { kept }).run({ resumeFrom });
  expect(calls).toBe(1);
  return report.unwrap().kept.thrown;
}

const BUILT_IN = [
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  DOMException,
  Error,
];
/** What counts wherever a class has it. */
const INHERITED = ["code", "retryable", "retryAfterMs", "retryAfter", "errors"];
const HIDDEN = ["cause", "errors"];
const SAID = ["name", "message"];

/** What somebody reads there; nothing, where that throws. */
function read(error: Error, field: string): unknown {
  try {
    return (error as Error & Readonly<Record<string, unknown>>)[field];
  } catch {
    return undefined;
  }
}

/** All that is to arrive, as plain values: of an error what it says, is, and has. */
function told(value: unknown, met: readonly unknown[] = []): unknown {
  const before = met.indexOf(value);
  if (before !== -1) return `number ${before} of those that it is in`;
  if (Array.isArray(value)) return value.map((each) => told(each, [...met, value]));
  if (!(value instanceof Error)) return value;
  const names = [
    ...Object.keys(value),
    ...HIDDEN.filter((name) => Object.hasOwn(value, name)),
    ...INHERITED.filter((name) => read(value, name) !== undefined),
  ];
  const fields = [...new Set(names)].filter((name) => !SAID.includes(name)).sort();
  const { stack } = value;
  return {
    class: value.constructor.name,
    isA: BUILT_IN.filter((Class) => value instanceof Class).map(({ name }) => name),
    name: String(read(value, "name") ?? ""),
    message: String(read(value, "message") ?? ""),
    stack: typeof stack === "string" ? stack.split("\n")[0] : "none",
    fields: fields.map((name) => [name, told(read(value, name), [...met, value])]),
  };
}

describe("what is thrown", () => {
  test("comes back the same from a thread, the fleet, a thread of the fleet, and a journal", async () => {
    const rig = await openRig();
    const tasks = MODULE.href;
    await Promise.all([rig.worker({ tasks }), rig.worker({ tasks, queue: "threads", threads: 1 })]);
    const pool = createWorkerPool({ threads: 1 });
    onTestFinished(() => pool.destroy());
    const [fleet, threads] = [await rig.fleet(), await rig.fleet({ queue: "threads" })];
    for (const name of Object.keys(cases)) {
      const original = told(cases[name]?.());
      const ways = {
        thread: await thrownBy(pool.task(inThreads.throwsIt)({ name })),
        fleet: await thrownBy(fleet.task(onFleet.throwsIt)({ name })),
        "thread of the fleet": await thrownBy(threads.task(onFleet.throwsIt)({ name })),
        journal: await fromJournal(name),
      };
      for (const [way, thrown] of Object.entries(ways))
        expect(told(thrown), `${name}, from a ${way}`).toStrictEqual(original);
    }
  });

  test("differs between a thread and the fleet in what only one of them can carry", async () => {
    const rig = await openRig();
    await rig.worker({ tasks: MODULE.href });
    const pool = createWorkerPool({ threads: 1 });
    onTestFinished(() => pool.destroy());
    const fleet = await rig.fleet();
    const both = async (name: string) =>
      Promise.all([
        thrownBy(pool.task(inThreads.throwsIt)({ name })),
        thrownBy(fleet.task(onFleet.throwsIt)({ name })),
      ]);

    const causes = (error: unknown): number =>
      error instanceof Error ? 1 + causes(error.cause) : 0;
    expect((await both("seventy causes")).map(causes)).toEqual([70, 9]);

    const [described, leftOut] = await both("a field that is a function");
    expect(described).toHaveProperty("retry", "[Function: retry]");
    expect(leftOut).not.toHaveProperty("retry");
  });

  test("is the very reason of the abort where a function throws that, or has it as a cause", async () => {
    const rig = await openRig();
    await rig.worker({ tasks: MODULE.href });
    const pool = createWorkerPool({ threads: 1, cancelGraceMs: 60_000 });
    onTestFinished(() => pool.destroy());
    const fleet = await rig.fleet();
    for (const run of [pool.task(inThreads.throwsItsReason), fleet.task(onFleet.throwsItsReason)])
      for (const wrapped of [false, true]) {
        const abort = new AbortController();
        const reason = Object.assign(new Error("enough"), { seen: new WeakSet() });
        const progress = (): void => abort.abort(reason);
        const thrown = await thrownBy(run({ wrapped }, { signal: abort.signal, progress }));
        expect(thrown === reason || (thrown as Error).cause === reason).toBe(true);
      }
  });
});
