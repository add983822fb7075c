import { flow, task } from "@astrum/core";
import { expect, test } from "vitest";
import { remote } from "../../src/index.ts";
import { openRig, type Rig, SHORT_LEASE, until, type WorkerProcess } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();

const LOST = { lease: SHORT_LEASE };

test("an attempt whose worker is killed is started again elsewhere, and says so", async () => {
  const rig = await openRig();
  const [first, second] = await Promise.all([rig.worker(LOST), rig.worker(LOST)]);
  const fleet = await rig.fleet();
  const slow = task("slow", { n: task("n", () => 1) }, fleet.task(jobs.held));
  const run = flow("one", { slow }).run({ runId: "r" });
  await until(async () => (await rig.starts()).length === 1);
  const had = await rig.redis.client.hget("astrum:{jobs}:r/slow/1", "pb");
  const [victim, other] = had?.endsWith(`:${first.pid}`) ? [first, second] : [second, first];
  await victim.kill();
  await until(async () => (await rig.starts()).length === 2);
  await rig.letGo();
  const report = await run;
  expect(report.unwrap().slow).toBe(1);
  expect(await rig.starts()).toEqual(["r/slow/1", "r/slow/1"]);
  const attempts = report.taskStatistics.flatMap((row) => row.attemptStatistics);
  expect(attempts.filter(({ deliveries }) => deliveries !== undefined)).toMatchObject([
    { taskName: "slow", deliveries: 2, executor: expect.stringContaining(`:${other.pid}`) },
  ]);
  expect(other.logged).toContainEqual(
    expect.objectContaining({ event: "job.redelivered", jobId: "r/slow/1", deliveries: 2 }),
  );
});

test("the result of a worker that had lost the attempt is refused, though it comes first", async () => {
  const rig = await openRig();
  const first = await rig.worker(LOST);
  const fleet = await rig.fleet();
  const run = flow("f", { ends: task("ends", fleet.task(jobs.endedBy)) }).run({ runId: "r" });
  await until(async () => (await rig.starts()).length === 1);
  first.child.kill("SIGSTOP");
  const second = await rig.worker(LOST);
  await until(async () => (await rig.starts()).length === 2);
  // The first start ends, while the second still runs.
  await rig.letGo(1);
  first.child.kill("SIGCONT");
  await until(() => first.logged.some(({ event }) => event === "result.refused"));
  await rig.letGo();
  const report = await run;
  expect(first.logged.filter(({ event }) => event === "store.error")).toEqual([]);
  expect(report.outcome("ends")).toMatchObject({ status: "completed", value: second.pid });
  expect(report.taskStatistics.at(-1)?.attemptStatistics).toMatchObject([
    { deliveries: 2, executor: expect.stringContaining(`:${second.pid}`) },
  ]);
});

test("a task that takes its worker down is started redeliver + 1 times, then fails", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  await Promise.all(Array.from({ length: 4 }, () => rig.worker(LOST)));
  const report = await flow("poison", { poison: task("poison", fleet.task(jobs.poison)) }).run({
    runId: "r",
  });
  expect(report.outcome("poison")).toMatchObject({
    status: "failed",
    error: { name: "WorkerLostError", deliveries: SHORT_LEASE.redeliver + 1 },
  });
  expect(report.taskStatistics[0]?.attemptStatistics).toMatchObject([
    { deliveries: SHORT_LEASE.redeliver + 1 },
  ]);
  expect(await rig.starts()).toHaveLength(SHORT_LEASE.redeliver + 1);
});

/** Whether some of that layer has begun in it and has not ended. */
async function hasInHand({ redis, starts }: Rig, worker: WorkerProcess, layer: number) {
  const begun = new Set(await starts());
  const all = await redis.client.lrange("astrum:{jobs}:active", 0, -1);
  const active = all.filter((id) => id.startsWith(`r/t${layer}-`));
  const had = await Promise.all(active.map((id) => redis.client.hget(`astrum:{jobs}:${id}`, "pb")));
  return active.some((id, at) => begun.has(id) && had[at]?.endsWith(`:${worker.pid}`));
}

test("of 1,000 tasks none is lost, and none runs twice unsaid, while ten workers are killed at work", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const options = { concurrency: 16, lease: { lockMs: 1_000, checkMs: 500, redeliver: 100 } };
  const workers = await Promise.all([rig.worker(options), rig.worker(options)]);
  const layers = 20;
  let before = Array.from({ length: 50 }, (_, n) => task(`t0-${n}`, fleet.task(jobs.sum)));
  for (let layer = 1; layer < layers; layer++) {
    const last = before;
    before = last.map((_, n) => {
      const left = last[n] as (typeof last)[number];
      const right = last[(n + 7) % 50] as (typeof last)[number];
      return task(`t${layer}-${n}`, { left, right }, fleet.task(jobs.sum));
    });
  }
  const run = flow("many", Object.fromEntries(before.map((t, n) => [`r${n}`, t]))).run({
    runId: "r",
  });
  // Every second layer is held in the workers until one that has some of it in hand is killed. Every other time it is
  // let go first, and the worker killed as soon as the next layer has begun, while others end.
  for (let layer = 0; layer < layers; layer += 2) {
    const [victim] = workers;
    await until(() => hasInHand(rig, victim, layer));
    if (layer % 4 === 0) await victim.kill();
    await rig.letGo(layer + 2);
    if (layer % 4 !== 0) await until(async () => (await rig.starts()).length > 50 * (layer + 1));
    await victim.kill();
    workers.shift();
    workers.push(await rig.worker(options));
  }
  const report = await run;
  expect(report.executionState).toBe("completed");
  expect(report.taskStatistics).toHaveLength(1_000);
  expect(new Set(Object.values(report.outputs as object))).toEqual(new Set([2 ** layers - 1]));
  const started = new Map<string, number>();
  for (const start of await rig.starts()) started.set(start, (started.get(start) ?? 0) + 1);
  const twice = [...started].filter(([, count]) => count > 1).map(([id]) => id.split("/")[1]);
  expect(started.size).toBe(1_000);
  expect(twice.length).toBeGreaterThanOrEqual(layers / 4);
  const told = report.taskStatistics.filter(({ attemptStatistics: [row] }) => row?.deliveries);
  expect(twice.filter((name) => !told.some(({ taskName }) => taskName === name))).toEqual([]);
}, 600_000);
