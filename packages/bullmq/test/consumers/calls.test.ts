import { inspect } from "node:util";
import { DynamicScheduler, flow, fromEvents, map, task } from "@astrum/core";
import { expect, test } from "vitest";
import { remote } from "../../src/index.ts";
import { openRig } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();

test("a graph gives the same result on the fleet as in its own process", async () => {
  const rig = await openRig();
  await rig.worker();
  await rig.worker();
  const fleet = await rig.fleet();
  const n = task("n", () => 20);
  const doubled = task("doubled", { n }, fleet.task(jobs.double));
  const list = task("list", () => [1, 2, 3]);
  const squares = map("squares", list, fleet.task(jobs.square), { concurrency: 2 });
  const report = await flow("both", { doubled, squares }).run();
  expect(report.unwrap()).toEqual({ doubled: 40, squares: [1, 4, 9] });
  const executors = report.taskStatistics.map(({ attemptStatistics: [a] }) => a?.executor);
  expect(executors).toEqual(expect.arrayContaining([expect.stringMatching(/^[^:/]+:\d+$/)]));
});

test("a task is told which call it is, and tells its progress and attributes", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const told: unknown[] = [];
  const observer = fromEvents("progress", (event) => {
    if (event.type === "attempt.progress") told.push([event.fraction, event.message]);
  });
  const report = await flow("tells", {
    tells: task("tells a:b/c", fleet.task(jobs.tellsContext)),
  }).run({ runId: "run 7", observers: [observer] });
  expect(report.unwrap().tells).toEqual({
    runId: "run 7",
    taskName: "tells a:b/c",
    attempt: 1,
    deliveries: 1,
    idempotencyKey: "run%207/tells%20a%3Ab%2Fc",
  });
  expect(told.at(-1)).toEqual([1, "done"]);
  expect(told).toEqual([...told].sort());
  expect(report.taskStatistics[0]?.attributes).toEqual({ seen: true });
});

test("a function that calls the fleet several times has a job for each call", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const [double, square] = [fleet.task(jobs.double), fleet.task(jobs.square)];
  const both = task("both", async (_, context) => {
    const [left, right] = await Promise.all([double({ n: 4 }, context), square(3, context)]);
    return left + right + (await double({ n: 1 }, context));
  });
  const report = await flow("f", { both }).run({ runId: "r" });
  expect(report.unwrap().both).toBe(19);
  expect(report.taskStatistics[0]?.attemptStatistics[0]?.executor).toMatch(/:\d+$/);
});

test("a copy of the context belongs to the same attempt: other jobs, and the same line of the report", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const square = fleet.task(jobs.square);
  const both = task("both", async (_, context) => {
    const calls = [2, 3].map((n) => square(n, { ...context, db: "main" } as typeof context));
    return await Promise.all(calls);
  });
  const report = await flow("f", { both }).run({ runId: "r" });
  expect(report.unwrap().both).toEqual([4, 9]);
  expect(report.taskStatistics[0]?.attemptStatistics[0]?.executor).toMatch(/:\d+$/);
  expect(await rig.redis.client.zcard("astrum:{jobs}:completed")).toBe(2);
});

test("an error arrives as it was thrown", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const error = await fleet
    .task(jobs.throws)()
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({
    name: "TypeError",
    message: "no more",
    code: "QUOTA",
    retryAfterMs: 1,
    cause: { name: "RangeError", message: "too much" },
  });
  expect((error as Error).constructor.name).toBe("QuotaError");
  expect((error as Error).stack).toContain("jobs.ts");
});

test("the scheduler retries, and each attempt is a job of its own", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const again = task("again", fleet.task(jobs.onceMore), { retry: 1 });
  const report = await flow("again", { again }).run({ runId: "r" });
  expect(report.unwrap().again).toBe(2);
  expect(await rig.starts()).toEqual(["r/again/1", "r/again/2"]);
});

test("a large result crosses beside its job", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet({ maxPayloadBytes: 200_000 });
  expect(await fleet.task(jobs.large)({ size: 100_000 })).toHaveLength(100_000);
  await expect(fleet.task(jobs.large)({ size: 200_001 })).rejects.toMatchObject({
    name: "PayloadTooLargeError",
    direction: "result",
    retryable: false,
  });
});

test("every value comes to a worker and back as it was", async () => {
  const rig = await openRig();
  await Promise.all([rig.worker(), rig.worker({ queue: "threads", threads: 1 })]);
  const shared = { at: new Date(1_764_000_000_000) };
  const round: unknown[] = [1];
  round.push(round);
  const values: unknown[] = [
    undefined,
    null,
    { a: undefined, list: [undefined, -0, Number.NaN, Number.NEGATIVE_INFINITY] },
    -(2n ** 80n),
    new Date(Number.NaN),
    new Map<unknown, unknown>([[{ k: 1 }, new Set([1n, /x/g])]]),
    new URL("https://a.example/b?c"),
    Buffer.from("bytes"),
    new Float64Array([0.5, -0]),
    [shared, shared],
    round,
    { $: 1, ["__proto__"]: 2, toJSON: 3 },
    new TypeError("no", { cause: new RangeError("more") }),
  ];
  for (const queue of [rig.queue, "threads"]) {
    const fleet = await rig.fleet({ queue });
    const echoes = fleet.task(jobs.echoes);
    for (const value of values) {
      const { was, input } = await echoes(value);
      expect(was).toBe(inspect(value, { depth: 9 }));
      expect(input).toStrictEqual(value);
    }
    const [first, second] = (await echoes([shared, shared])).input as [object, object];
    expect(first).toBe(second);
    const list = task("list", () => values);
    const report = await flow("echoes", { all: map("all", list, echoes) }).run();
    expect(report.unwrap().all.map(({ input }) => input)).toStrictEqual(values);
  }
});

test("a result that has no encoding is refused with its path", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  await expect(fleet.task(jobs.returnsHandle)()).rejects.toMatchObject({
    name: "RemoteSerializationError",
    direction: "result",
    path: "result.list[0].handle.close",
    message: expect.stringContaining(
      "result.list[0].handle.close is a function, so it cannot be sent back from a worker",
    ),
  });
});

test("an input that cannot cross, or is too large, is refused before anything is sent", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet({ maxPayloadBytes: 100 });
  const anything = fleet.task(remote<{ any(input: unknown, second?: unknown): unknown }>().any);
  await expect(anything({ list: [1, Promise.resolve()] })).rejects.toMatchObject({
    name: "RemoteSerializationError",
    path: "input.list[1]",
    message: expect.stringContaining(
      "input.list[1] is a promise, so it cannot be sent to a worker",
    ),
  });
  await expect(anything(1, new Map([["a b", class {}]]))).rejects.toMatchObject({
    path: 'args[1].get("a b")',
  });
  await expect(anything(() => {})).rejects.toMatchObject({ path: "input" });
  await expect(anything("x".repeat(99))).rejects.toMatchObject({
    name: "PayloadTooLargeError",
    bytes: 131,
    message: expect.stringContaining("send where it is"),
  });
  expect(await rig.redis.client.keys("*wait*")).toEqual([]);
});

test("a DynamicScheduler runs its tasks on the fleet by their names", async () => {
  const rig = await openRig();
  await rig.worker();
  const fleet = await rig.fleet();
  const here = (): string => "here";
  const scheduler = new DynamicScheduler([["square", here]], [{ taskName: "square" }], {
    taskDataRefs: { square: { inputs: [{ from: { value: 9 }, to: { index: 0 } }] } },
    runner: fleet.runner({ tasks: { square: jobs.square } }),
  });
  const report = await scheduler.execute();
  expect(report.outputs).toEqual({ square: 81 });
});
