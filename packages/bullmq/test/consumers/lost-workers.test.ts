import { flow, task } from "@astrum/core";
import { expect, test } from "vitest";
import { remote } from "../../src/index.ts";
import { LEASE, openRig, until, type WorkerProcess } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();

test("an attempt whose worker is killed is started again elsewhere, and says so", async () => {
  const rig = await openRig();
  const [first, second] = await Promise.all([rig.worker(), rig.worker()]);
  const fleet = await rig.fleet();
  const report = flow("one", {
    slow: task(
      "slow",
      { n: task("n", () => 1), ms: task("ms", () => 1_500) },
      fleet.task(jobs.slowly),
    ),
  }).run({ runId: "r" });
  await until(async () => (await rig.starts()).length === 1);
  const had = await rig.redis.client.hget("astrum:{jobs}:r/slow/1", "pb");
  const [victim, other] = had?.endsWith(`:${first.pid}`) ? [first, second] : [second, first];
  await victim.kill();
  expect((await report).unwrap().slow).toBe(1);
  expect(await rig.starts()).toEqual(["r/slow/1", "r/slow/1"]);
  const attempts = (await report).taskStatistics.flatMap((row) => row.attemptStatistics);
  expect(attempts.filter(({ deliveries }) => deliveries !== undefined)).toMatchObject([
    { taskName: "slow", deliveries: 2, executor: expect.stringContaining(`:${other.pid}`) },
  ]);
  expect(other.logged).toContainEqual(
    expect.objectContaining({ event: "job.redelivered", jobId: "r/slow/1", deliveries: 2 }),
  );
});

test("the result of a worker that had lost the attempt is refused, though it comes first", async () => {
  const rig = await openRig();
  const first = await rig.worker();
  const fleet = await rig.fleet();
  const ends = task("ends", { ms: task("ms", () => 2_000) }, fleet.task(jobs.endedBy));
  const run = flow("f", { ends }).run({ runId: "r" });
  await until(async () => (await rig.starts()).length === 1);
  first.child.kill("SIGSTOP");
  const second = await rig.worker();
  await until(async () => (await rig.starts()).length === 2);
  // Its time is over at once, while the second one still runs.
  first.child.kill("SIGCONT");
  const report = await run;
  await until(() => first.logged.some(({ event }) => event === "result.refused"));
  expect(first.logged.filter(({ event }) => event === "store.error")).toEqual([]);
  expect(report.outcome("ends")).toMatchObject({ status: "completed", value: second.pid });
  expect(report.taskStatistics.at(-1)?.attemptStatistics).toMatchObject([
    { deliveries: 2, executor: expect.stringContaining(`:${second.pid}`) },
  ]);
});

test("a task that takes its worker down is started redeliver + 1 times, then fails", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  for (let n = 0; n < 4; n++) await rig.worker();
  const report = await flow("poison", { poison: task("poison", fleet.task(jobs.poison)) }).run({
    runId: "r",
  });
  expect(report.outcome("poison")).toMatchObject({
    status: "failed",
    error: { name: "WorkerLostError", deliveries: LEASE.redeliver + 1 },
  });
  expect(report.taskStatistics[0]?.attemptStatistics).toMatchObject([
    { deliveries: LEASE.redeliver + 1 },
  ]);
  expect(await rig.starts()).toHaveLength(LEASE.redeliver + 1);
});

test("of 1,000 tasks none is lost, and none runs twice unsaid, while a worker is killed every 2 seconds", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const workers: WorkerProcess[] = [];
  const options = { concurrency: 16, lease: { ...LEASE, redeliver: 100 } };
  for (let n = 0; n < 2; n++) workers.push(await rig.worker(options));
  let over = false;
  const killing = (async () => {
    while (!over) {
      const spare = rig.worker(options);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const victim = workers.shift();
      workers.push(await spare);
      await victim?.kill();
    }
  })();
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
  const report = await flow("many", Object.fromEntries(before.map((t, n) => [`r${n}`, t]))).run({
    runId: "r",
  });
  over = true;
  await killing;
  expect(report.executionState).toBe("completed");
  expect(report.taskStatistics).toHaveLength(1_000);
  expect(new Set(Object.values(report.outputs as object))).toEqual(new Set([2 ** layers - 1]));
  const started = new Map<string, number>();
  for (const start of await rig.starts()) started.set(start, (started.get(start) ?? 0) + 1);
  const twice = [...started].filter(([, count]) => count > 1).map(([id]) => id.split("/")[1]);
  expect(started.size).toBe(1_000);
  expect(twice.length).toBeGreaterThan(0);
  const told = report.taskStatistics.filter(({ attemptStatistics: [row] }) => row?.deliveries);
  expect(twice.filter((name) => !told.some(({ taskName }) => taskName === name))).toEqual([]);
});
