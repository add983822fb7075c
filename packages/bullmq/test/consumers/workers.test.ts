import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, map, task } from "@astrum/core";
import { expect, onTestFinished, test } from "vitest";
import { type Fleet, remote } from "../../src/index.ts";
import { LEASE, openRig, type Rig, SHORT_LEASE, until } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();
const KEY = "a key of sixteen characters or more";

/** A run of so many tasks that are held. */
function heldItems(fleet: Fleet, count: number) {
  const list = task("list", () => Array.from({ length: count }, (_, n) => n));
  const items = map("items", list, (n, _, context) => fleet.task(jobs.held)({ n }, context));
  return flow("f", { items }).run({ runId: "r" });
}

test("a worker that is told to end finishes what it has, takes nothing new, and exits with 0", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const first = await rig.worker({ concurrency: 2, drainMs: 120_000 });
  const run = heldItems(fleet, 6);
  await until(async () => (await rig.starts()).length === 2);
  const exit = first.kill("SIGTERM");
  const second = await rig.worker({ concurrency: 4 });
  await until(async () => (await rig.starts()).length === 6);
  await rig.letGo();
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
  const lease = { ...LEASE, redeliver: 0 };
  const first = await rig.worker({ drainMs: 200, lease });
  const run = heldItems(fleet, 1);
  await until(async () => (await rig.starts()).length === 1);
  expect(await first.kill("SIGTERM")).toBe(0);
  await rig.worker({ lease });
  await rig.letGo();
  const report = await run;
  expect(report.unwrap().items).toEqual([0]);
  expect(report.taskStatistics.at(-1)?.attemptStatistics).toMatchObject([{ deliveries: 2 }]);
});

test("a rolling deploy under load loses nothing and runs nothing twice", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const options = { drainMs: 120_000 };
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
  await rig.worker({ threads: 1, lease: SHORT_LEASE });
  const ms = task("ms", () => 2 * SHORT_LEASE.lockMs);
  const report = await flow("f", { looping: task("loop", { ms }, fleet.task(jobs.loop)) }).run({
    runId: "r",
  });
  expect(report.unwrap().looping).toBe("looped");
  expect(await rig.starts()).toEqual(["r/loop/1"]);
  expect(report.taskStatistics.at(-1)?.attemptStatistics).toMatchObject([
    { executor: expect.stringMatching(/:\d+\/worker-\d+$/) },
  ]);
});

test("without threads the worker says that the loop was held, and the report that it ran again", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const lease = { lease: SHORT_LEASE };
  const [one, two] = await Promise.all([rig.worker(lease), rig.worker(lease)]);
  const folder = mkdtempSync(join(tmpdir(), "astrum-loop-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = task("file", () => join(folder, "over"));
  const run = flow("f", { looping: task("loop", { file }, fleet.task(jobs.loopOnce)) }).run({
    runId: "r",
  });
  await until(async () => (await rig.starts()).length === 2);
  writeFileSync(join(folder, "over"), "");
  const report = await run;
  expect(await rig.starts()).toHaveLength(2);
  expect(report.taskStatistics.at(-1)?.attemptStatistics).toMatchObject([{ deliveries: 2 }]);
  await until(() => [...one.logged, ...two.logged].some(({ event }) => event === "loop.held"));
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
  const run = () =>
    flow("f", { endless: task("endless", signed.task(jobs.endless)) }).run({ runId: "r" });
  const forged = run();
  await until(async () => (await rig.starts()).length === 1);
  await forge(rig, "r/endless/1");
  // When it is taken up, at once, what it finds is the same.
  for (const report of [await forged, await run()])
    expect(report.outcome("endless")).toMatchObject({
      error: { name: "JobRefusedError", reason: "signature" },
    });
});

/** As somebody would who can write to the store and does not have the key. */
async function forge(rig: Rig, jobId: string): Promise<void> {
  const data = JSON.parse((await rig.redis.client.hget(`astrum:{jobs}:${jobId}`, "data")) ?? "{}");
  const ending = { executor: "x:1", deliveries: 1, by: data.by, hash: data.hash };
  await rig.redis.client.hset(`astrum:{jobs}:${jobId}`, {
    finishedOn: "1",
    returnvalue: JSON.stringify({
      v: 2,
      ...ending,
      kind: "value",
      value: { encoding: "json", value: 1_000_000 },
    }),
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
    { executor: expect.stringContaining(`:${worker.pid}`), protocol: 2, concurrency: 1 },
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
  const options = { lease: { ...SHORT_LEASE, redeliver: 100 } };
  const fake = { LD_PRELOAD: "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1" };
  const [ahead, behind] = await Promise.all([
    rig.worker(options, { ...fake, FAKETIME: "+1h", FAKETIME_DONT_FAKE_MONOTONIC: "1" }),
    rig.worker(options, { ...fake, FAKETIME: "-1h", FAKETIME_DONT_FAKE_MONOTONIC: "1" }),
    rig.worker(options),
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
  const more = told.reduce((total, { deliveries = 1 }) => total + deliveries - 1, 0);
  expect(more).toBeGreaterThanOrEqual(starts.length - 200);
});
