import { flow, map, task } from "@astrum/core";
import { expect, test } from "vitest";
import { remote } from "../../src/index.ts";
import { openRig, type Rig, until } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();
const KEY = "a key of sixteen characters or more";

test("a worker that is told to end finishes what it has, takes nothing new, and exits with 0", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const first = await rig.worker({ concurrency: 2 });
  const list = task("list", () => [0, 1, 2, 3, 4, 5]);
  const ms = task("ms", () => 500);
  const items = map("items", list, { ms }, (n, _, { ms: each }, context) =>
    fleet.task(jobs.slowly)({ n, ms: each }, context),
  );
  const run = flow("f", { items }).run({ runId: "r" });
  await until(async () => (await rig.starts()).length === 2);
  const exit = first.kill("SIGTERM");
  const second = await rig.worker({ concurrency: 4 });
  expect(await exit).toBe(0);
  expect((await run).unwrap().items).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await rig.starts()).toHaveLength(6);
  expect(first.logged.map(({ event }) => event).slice(-2)).toEqual([
    "worker.draining",
    "worker.ended",
  ]);
  expect(second.logged.some(({ event }) => event === "job.redelivered")).toBe(false);
});

test("what is not done at the end of the drain is given back, run elsewhere at once, and said to be", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const lease = { lockMs: 20_000, checkMs: 10_000, redeliver: 0 };
  const first = await rig.worker({ drainMs: 200, lease });
  const slow = task(
    "slow",
    { n: task("n", () => 7), ms: task("ms", () => 2_000) },
    fleet.task(jobs.slowly),
  );
  const run = flow("f", { slow }).run({ runId: "r" });
  await until(async () => (await rig.starts()).length === 1);
  const [, exit] = await Promise.all([rig.worker({ lease }), first.kill("SIGTERM")]);
  expect(exit).toBe(0);
  const report = await run;
  expect(report.outcome("slow")).toMatchObject({ status: "completed", value: 7 });
  expect(report.taskStatistics.at(-1)?.attemptStatistics).toMatchObject([{ deliveries: 2 }]);
});

test("a rolling deploy under load loses nothing and runs nothing twice", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  // A machine that is busy takes no lease away.
  const options = { lease: { lockMs: 30_000, checkMs: 10_000 }, drainMs: 30_000 };
  const workers = [await rig.worker(options), await rig.worker(options)];
  const list = task("list", () => Array.from({ length: 300 }, (_, n) => n));
  const items = map("items", list, (n, _, context) =>
    fleet.task(jobs.slowly)({ n, ms: 100 }, context),
  );
  const run = flow("f", { items }).run({ runId: "r", concurrency: 60 });
  await until(async () => (await rig.starts()).length > 20);
  for (const old of workers) {
    await rig.worker(options);
    expect(await old.kill("SIGTERM")).toBe(0);
  }
  const report = await run;
  expect(report.unwrap().items).toHaveLength(300);
  expect(await rig.starts()).toHaveLength(300);
  const told = report.taskStatistics.flatMap((row) => row.attemptStatistics);
  expect(told.filter(({ deliveries }) => deliveries !== undefined)).toEqual([]);
});

test("a worker leaves a task it does not have to one that has it, and says so", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const other = new URL("../modules/other-jobs.ts", import.meta.url).href;
  const without = await rig.worker({ tasks: other });
  const run = flow("f", {
    d: task("d", { n: task("n", () => 4) }, fleet.task(jobs.double)),
  }).run({ runId: "r" });
  await until(() => without.logged.some(({ event }) => event === "job.left"));
  await rig.worker();
  const report = await run;
  expect(report.outcome("d")).toMatchObject({ value: 8 });
  expect(report.taskStatistics.at(-1)?.attemptStatistics[0]).not.toHaveProperty("deliveries");
  expect(without.logged.find(({ event }) => event === "job.left")).toMatchObject({
    task: "double",
    known: ["elsewhere"],
  });
});

test("a task that no worker has fails after unknownTaskMs, and says what there is", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet({ unknownTaskMs: 400 });
  await rig.worker({ tasks: new URL("../modules/other-jobs.ts", import.meta.url).href });
  await expect(fleet.task(jobs.double)({ n: 1 })).rejects.toMatchObject({
    name: "UnknownTaskError",
    known: ["elsewhere"],
    message: expect.stringContaining('no worker that took it within 400 ms has a task "double"'),
  });
});

test("a task that computes for longer than the lease runs once when the worker has threads", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  await rig.worker({ threads: 1 });
  const looping = task("loop", { ms: task("ms", () => 3_000) }, fleet.task(jobs.loop));
  const report = await flow("f", { looping }).run({ runId: "r" });
  expect(report.unwrap().looping).toBe("looped");
  expect(await rig.starts()).toEqual(["r/loop/1"]);
  expect(report.taskStatistics.at(-1)?.attemptStatistics).toMatchObject([
    { executor: expect.stringMatching(/:\d+\/worker-\d+$/) },
  ]);
});

test("without threads the worker says that the loop was held, and the report that it ran again", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const [one, two] = await Promise.all([rig.worker(), rig.worker()]);
  const looping = task("loop", { ms: task("ms", () => 2_500) }, fleet.task(jobs.loop));
  const report = await flow("f", { looping }).run({ runId: "r" });
  const logged = [...one.logged, ...two.logged];
  expect(logged.some(({ event }) => event === "loop.held")).toBe(true);
  const starts = (await rig.starts()).length;
  const [row] = report.taskStatistics.at(-1)?.attemptStatistics ?? [];
  expect(starts).toBe(2);
  expect(row?.deliveries).toBe(2);
});

test("a worker refuses a job that is not signed with its key, and a scheduler such a result", async () => {
  const rig = await openRig();
  await rig.worker({ signingKey: KEY });
  const signed = await rig.fleet({ signingKey: KEY });
  const unsigned = await rig.fleet();
  expect(await signed.task(jobs.square)(3)).toBe(9);
  await expect(unsigned.task(jobs.double)({ n: 1 })).rejects.toMatchObject({
    name: "JobRefusedError",
    reason: "signature",
    retryable: false,
  });
  expect(await rig.starts()).toEqual([]);
  const slow = task(
    "slow",
    { n: task("n", () => 1), ms: task("ms", () => 60_000) },
    signed.task(jobs.slowly),
  );
  const run = flow("f", { slow }).run({ runId: "r" });
  await until(async () => (await rig.starts()).length === 1);
  await forge(rig, "r/slow/1");
  expect((await run).outcome("slow")).toMatchObject({
    error: { name: "JobRefusedError", reason: "signature" },
  });
});

/** As somebody would who can write to the store and does not have the key. */
async function forge(rig: Rig, jobId: string): Promise<void> {
  const data = JSON.parse((await rig.redis.client.hget(`astrum:{jobs}:${jobId}`, "data")) ?? "{}");
  const ending = { executor: "x:1", deliveries: 1, by: data.by, hash: data.hash };
  await rig.redis.client.hset(`astrum:{jobs}:${jobId}`, {
    finishedOn: "1",
    returnvalue: JSON.stringify({ ...ending, kind: "value", value: 1_000_000 }),
  });
}

test("a worker refuses a job of another protocol, and one that is no job of a fleet", async () => {
  const rig = await openRig();
  const worker = await rig.worker();
  const { Queue } = await import("bullmq");
  const queue = new Queue("{jobs}", { connection: { url: rig.redis.url }, prefix: "astrum" });
  const data = { v: 99, runId: "r", taskName: "d", attempt: 1, args: [{ n: 1 }] };
  await queue.add("double", data, { jobId: "r/d/1" });
  await queue.add("double", { strange: true }, { jobId: "r/e/1" });
  await until(() => worker.logged.filter(({ event }) => event === "job.refused").length === 2);
  const [first, second] = worker.logged.filter(({ event }) => event === "job.refused");
  expect(first).toMatchObject({
    reason: "protocol",
    message: expect.stringContaining("version 99"),
  });
  expect(second).toMatchObject({ reason: "unreadable" });
  expect(await rig.starts()).toEqual([]);
  await queue.close();
});

test("a job that something else has taken from the queue fails, and holds up no other", async () => {
  const rig = await openRig();
  const { Worker } = await import("bullmq");
  for (const events of [true, false]) {
    const fleet = await rig.fleet({ events });
    const stranger = new Worker("{jobs}", async () => null, {
      connection: { url: rig.redis.url },
      prefix: "astrum",
    });
    await expect(fleet.task(jobs.square)(3)).rejects.toThrow("no worker of a fleet");
    await stranger.close();
    const worker = await rig.worker();
    expect(await fleet.task(jobs.square)(3)).toBe(9);
    await worker.kill("SIGTERM");
  }
});

test("the HTTP end tells that the worker lives, that it takes work, and what it counted", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const client = (await import("prom-client")).default;
  const { serveWorker } = await import("../../src/index.ts");
  const registry = new client.Registry();
  const worker = await serveWorker({
    queue: rig.queue,
    connection: { url: rig.redis.url },
    tasks: await import("../modules/other-jobs.ts"),
    http: { port: 0, host: "127.0.0.1" },
    metrics: { client, registry },
  });
  const get = async (path: string): Promise<[number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${worker.port}${path}`);
    return [answer.status, await answer.text()];
  };
  const { elsewhere } = remote<typeof import("../modules/other-jobs.ts")>();
  expect(await fleet.task(elsewhere)()).toBe("elsewhere");
  expect(await get("/healthz")).toEqual([200, "alive\n"]);
  expect(await get("/readyz")).toEqual([200, "ready\n"]);
  const [, metrics] = await get("/metrics");
  expect(metrics).toContain(
    'astrum_worker_attempt_duration_seconds_count{task="elsewhere",result="completed"} 1',
  );
  rig.redis.pause();
  await rig.redis.kill();
  await until(async () => (await get("/readyz"))[0] === 503);
  expect(await get("/healthz")).toEqual([200, "alive\n"]);
  await rig.redis.start();
  await until(async () => (await get("/readyz"))[0] === 200);
  expect(await worker.close()).toBe(true);
});

test("an operator sees how much waits, and who has what", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const worker = await rig.worker({ concurrency: 1 });
  const abort = new AbortController();
  const list = task("list", () => [1, 2, 3]);
  const run = flow("f", {
    items: map("items", list, (_n, _at, context) => fleet.task(jobs.endless)({}, context)),
  }).run({ signal: abort.signal });
  await until(async () => (await rig.starts()).length === 1);
  await until(async () => (await fleet.status()).waiting === 2);
  const status = await fleet.status();
  expect(status).toMatchObject({ queue: "jobs", waiting: 2, running: 1 });
  expect(status.workers).toMatchObject([
    { executor: expect.stringContaining(`:${worker.pid}`), protocol: 1, concurrency: 1 },
  ]);
  expect(status.tasks.endless).toEqual({ [status.workers[0]?.version as string]: 1 });
  abort.abort();
  await run;
});

test("two workers of one process are two for an operator", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const { serveWorker } = await import("../../src/index.ts");
  const of = { queue: rig.queue, connection: { url: rig.redis.url } };
  await using one = await serveWorker({ ...of, tasks: { a: () => 1 } });
  await using two = await serveWorker({ ...of, tasks: { b: () => 2 } });
  const { workers, tasks } = await fleet.status();
  expect(workers.map(({ executor }) => executor)).toEqual([one.executor, two.executor]);
  expect(Object.keys(tasks).sort()).toEqual(["a", "b"]);
});

test("a worker whose clock is off by an hour changes nothing", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet({ keepResultsSec: 600 });
  const fake = { LD_PRELOAD: "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1" };
  const [ahead, behind] = await Promise.all([
    rig.worker({}, { ...fake, FAKETIME: "+1h", FAKETIME_DONT_FAKE_MONOTONIC: "1" }),
    rig.worker({}, { ...fake, FAKETIME: "-1h", FAKETIME_DONT_FAKE_MONOTONIC: "1" }),
    rig.worker(),
  ]);
  const list = task("list", () => Array.from({ length: 200 }, (_, n) => n));
  const items = map("items", list, (n, _, context) =>
    fleet.task(jobs.slowly)({ n, ms: 50 }, context),
  );
  const run = flow("f", { items }).run({ runId: "r", concurrency: 40 });
  await until(async () => (await rig.starts()).length > 60);
  await Promise.all([ahead.kill(), behind.kill()]);
  const report = await run;
  expect(report.unwrap().items).toHaveLength(200);
  const starts = await rig.starts();
  expect(new Set(starts).size).toBe(200);
  const told = report.taskStatistics.flatMap((row) => row.attemptStatistics);
  const twice = told.filter(({ deliveries }) => deliveries !== undefined);
  expect(twice.length).toBeGreaterThanOrEqual(starts.length - 200);
});
