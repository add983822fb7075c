import { flow, task } from "@astrum/core";

import { expect, test } from "vitest";
import { type Fleet, remote } from "../../src/index.ts";
import { freePort, startRedis } from "./redis.ts";
import { openRig, type Rig, until } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();

/** `count` tasks of 100 ms, at most 40 at once. */
function many(fleet: Fleet, count: number, options: { timeoutMs?: number; retry?: number } = {}) {
  const ms = task("ms", () => 100);
  const tasks = Array.from({ length: count }, (_, n) => {
    const input = task(`n${n}`, () => n);
    return [`t${n}`, task(`t${n}`, { n: input, ms }, fleet.task(jobs.slowly), options)] as const;
  });
  return flow("many", Object.fromEntries(tasks)).run({
    runId: "r",
    concurrency: 40,
    failure: "continue",
  });
}

type Report = Awaited<ReturnType<typeof many>>;

function expectAllCompleted(report: Report, count: number): void {
  expect(report.errorSummary).toMatchObject([]);
  expect(report.executionState).toBe("completed");
  expect(Object.keys(report.outputs)).toHaveLength(count);
}

/** What was started more than once without a word of it in the report. */
async function unsaid(rig: Rig, report: Report): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const start of await rig.starts()) counts.set(start, (counts.get(start) ?? 0) + 1);
  const told = new Set(
    report.taskStatistics
      .filter(({ attemptStatistics }) => attemptStatistics.some(({ deliveries }) => deliveries))
      .map(({ taskName }) => taskName),
  );
  return [...counts]
    .filter(([id, count]) => count > 1 && !told.has(id.split("/")[1] as string))
    .map(([id]) => id);
}

async function underWay(rig: Rig, count: number): Promise<void> {
  await until(async () => (await rig.redis.client.zcard("astrum:{jobs}:completed")) >= count);
}

const WORKER = { concurrency: 20, lease: { lockMs: 1_000, checkMs: 500, redeliver: 5 } };

test("every task settles when the store is killed and started again with its log", async () => {
  const rig = await openRig("--appendonly", "yes", "--appendfsync", "everysec");
  await Promise.all([rig.worker(WORKER), rig.worker(WORKER)]);
  const fleet = await rig.fleet();
  const run = many(fleet, 300);
  await underWay(rig, 80);
  await rig.redis.kill();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await rig.redis.start();
  const report = await run;
  expectAllCompleted(report, 300);
  expect(await unsaid(rig, report)).toEqual([]);
});

test("every task settles when the store is flushed: what is missing is put in again, and the starts that were heard of are counted", async () => {
  const rig = await openRig();
  await Promise.all([rig.worker(WORKER), rig.worker(WORKER)]);
  const fleet = await rig.fleet();
  const run = many(fleet, 300);
  await underWay(rig, 80);
  const before = await rig.starts();
  await rig.redis.client.flushall();
  await rig.redis.client.rpush("starts", ...before);
  const report = await run;
  expectAllCompleted(report, 300);
  // Nobody can count a start of which the scheduler had not heard: of a job that one of the two workers had in
  // hand at that moment. Its start was written down among the last before it, or among the first after it.
  const inHand = 2 * WORKER.concurrency;
  const moment = (await rig.starts()).slice(before.length - inHand, before.length + inHand);
  expect(moment).toEqual(expect.arrayContaining(await unsaid(rig, report)));
});

test("every task settles when the store stands still for 10 seconds", async () => {
  const rig = await openRig();
  await Promise.all([rig.worker(WORKER), rig.worker(WORKER)]);
  const fleet = await rig.fleet();
  const run = many(fleet, 300);
  await underWay(rig, 80);
  rig.redis.pause();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  rig.redis.resume();
  const report = await run;
  expectAllCompleted(report, 300);
  expect(await unsaid(rig, report)).toEqual([]);
});

test("every task settles when the store is out of memory for a while", async () => {
  const rig = await openRig();
  await Promise.all([rig.worker(WORKER), rig.worker(WORKER)]);
  const fleet = await rig.fleet();
  const run = many(fleet, 300);
  await underWay(rig, 80);
  await rig.redis.client.config("SET", "maxmemory", "1");
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await rig.redis.client.config("SET", "maxmemory", "0");
  const report = await run;
  expectAllCompleted(report, 300);
  expect(await unsaid(rig, report)).toEqual([]);
});

test("attempts fail when the store stays out of memory, or away, for longer than outageMs", async () => {
  const rig = await openRig();
  await rig.worker(WORKER);
  const fleet = await rig.fleet({ outageMs: 1_000 });
  const run = many(fleet, 100);
  await underWay(rig, 10);
  await rig.redis.client.config("SET", "maxmemory", "1");
  const full = await run;
  expect(full.executionState).toBe("failed");
  expect(full.errorSummary[0]).toMatch(/refuse/);
  await rig.redis.client.config("SET", "maxmemory", "0");
  await rig.redis.kill();
  const away = await fleet
    .task(jobs.double)({ n: 1 })
    .catch((error: unknown) => error);
  expect(away).toMatchObject({ name: "StoreUnavailableError" });
});

test("a call that belongs to no run waits for as long as it takes, and fails when the store stays full", async () => {
  const rig = await openRig();
  await rig.worker(WORKER);
  const fleet = await rig.fleet({ outageMs: 1_000 });
  const slowly = fleet.task(jobs.slowly);
  expect(await slowly({ n: 5, ms: 3_000 })).toBe(5);
  const full = slowly({ n: 5, ms: 1_000 });
  await until(async () => (await rig.redis.client.llen("astrum:{jobs}:active")) === 1);
  await rig.redis.client.config("SET", "maxmemory", "1");
  await expect(full).rejects.toMatchObject({
    name: "StoreUnavailableError",
    message: expect.stringContaining("refused to write"),
  });
  await rig.redis.client.config("SET", "maxmemory", "0");
});

test("every task settles by looking alone, with every event switched off", async () => {
  const rig = await openRig();
  await rig.worker(WORKER);
  const fleet = await rig.fleet({ events: false });
  expectAllCompleted(await many(fleet, 200), 200);
  expect(await rig.redis.client.client("LIST")).not.toContain(":events");
});

test("every task settles when a replica is promoted while jobs flow; what ran twice unsaid was under way at that moment", async () => {
  const rig = await openRig();
  const replica = await startRedis("--replicaof", `127.0.0.1 ${rig.redis.port}`);
  const { createServer, connect } = await import("node:net");
  let target = rig.redis.port;
  const sockets = new Set<import("node:net").Socket>();
  const port = await freePort();
  const proxy = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    sockets.add(near);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to);
      from.on("error", () => {});
      from.on("close", () => to.destroy());
    }
  }).listen(port, "127.0.0.1");
  const connection = { url: `redis://127.0.0.1:${port}` };
  await until(async () => /master_link_status:up/.test(await replica.client.info("replication")));
  const [one, two, fleet] = await Promise.all([
    rig.worker({ ...WORKER, connection }, { ASTRUM_TEST_REDIS: connection.url }),
    rig.worker({ ...WORKER, connection }, { ASTRUM_TEST_REDIS: connection.url }),
    rig.fleet({ connection }),
  ]);
  const run = many(fleet, 300);
  await underWay(rig, 80);
  // The old one goes without a word; a little of what it had acknowledged may not have reached the other.
  await rig.redis.kill();
  await replica.client.replicaof("NO", "ONE");
  target = replica.port;
  for (const socket of sockets) socket.destroy();
  const report = await run;
  expectAllCompleted(report, 300);
  const starts = await replica.client.lrange("starts", 0, -1);
  const forgotten = await unsaid({ ...rig, starts: async () => starts }, report);
  // The new one may not know of a start, and the scheduler may not have heard of it: docs/fleet.md, "can be too low".
  expect(forgotten.length).toBeLessThanOrEqual(2 * WORKER.concurrency);
  proxy.close();
  await fleet.destroy();
  await Promise.all([one.kill(), two.kill()]);
  await replica.close();
});

test("a store that would lose jobs is refused", async () => {
  const rig = await openRig("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
  await expect(rig.fleet()).rejects.toMatchObject({
    name: "StoreUnavailableError",
    message: expect.stringContaining("noeviction"),
  });
});
