/**
 * Releases of two protocol versions on one queue. Those of version 1 are written by hand: what they put into the store and
 * what they answer, to the letter.
 */
import { createHash } from "node:crypto";
import { flow, map, task } from "@astrum/core";
import { Queue, Worker } from "bullmq";
import { expect, onTestFinished, test } from "vitest";
import { remote } from "../../src/index.ts";
import { openRig, type Rig, until } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();

/** The job of one attempt, as a scheduler of version 1 sends it. */
const OLD_JOB = {
  v: 1,
  runId: "r",
  taskName: "doubled",
  attempt: 1,
  args: [{ n: 4 }],
  hash: createHash("sha256").update('double\0[{"n":4}]').digest("base64url"),
  by: "old:7/8a1f/1",
  maxBytes: 1_048_576,
};

async function oldQueue(rig: Rig): Promise<Queue> {
  const queue = new Queue("{jobs}", { connection: { url: rig.redis.url }, prefix: "astrum" });
  onTestFinished(() => queue.close());
  await queue.add("double", OLD_JOB, { jobId: "r/doubled/1", attempts: 1 });
  // Of the lease of its run.
  await rig.redis.client.hset("astrum:{jobs}:run:r", { holder: "", known: 1 });
  return queue;
}

/** It carries out jobs of its own version, and refuses all others. */
function oldWorker(rig: Rig): Worker {
  const carryOut = async ({ data }: { data: typeof OLD_JOB }): Promise<object> => {
    const facts = { executor: "old:9", deliveries: 1, by: data.by, hash: data.hash };
    if (data.v === 1) return { ...facts, kind: "value", value: data.args.map(({ n }) => n * 2)[0] };
    const message = `it speaks version ${data.v} of the protocol, this worker version 1. Deploy scheduler and workers with the same release`;
    const refusal = { ...facts, kind: "refused", reason: "protocol", message };
    throw new Error(`refused: ${message}\n${JSON.stringify(refusal)}`);
  };
  const connection = { url: rig.redis.url };
  return new Worker("{jobs}", carryOut, { connection, prefix: "astrum" });
}

test("a worker of version 1 refuses what is sent to it, clearly; the run goes on with a newer one", async () => {
  const rig = await openRig();
  const old = oldWorker(rig);
  const fleet = await rig.fleet();
  const doubled = task("doubled", { n: task("n", () => 4) }, fleet.task(jobs.double), { retry: 2 });
  const refused = await flow("f", { doubled }).run({ runId: "r" });
  expect(refused.outcome("doubled")).toMatchObject({
    status: "failed",
    error: { name: "JobRefusedError", reason: "protocol" },
  });
  expect(refused.errorSummary).toEqual([
    'Task "doubled" failed: was refused by old:9: it speaks version 2 of the protocol, this worker version 1. Deploy scheduler and workers with the same release',
  ]);
  expect(refused.taskStatistics[1]).toMatchObject({ attemptCount: 1 });
  await old.close();
  await rig.worker();
  const report = await flow("f", { doubled }).run({ runId: "r" });
  expect(report.unwrap()).toEqual({ doubled: 8 });
  expect(await rig.starts()).toEqual(["r/doubled/1"]);
});

test("a job of version 1 is refused in words that its scheduler reads; a newer one puts it in again", async () => {
  const rig = await openRig();
  const queue = await oldQueue(rig);
  const worker = await rig.worker();
  await until(async () => (await queue.getJob("r/doubled/1"))?.failedReason !== undefined);
  const { failedReason = "" } = (await queue.getJob("r/doubled/1")) ?? {};
  const [line, ending] = failedReason.split("\n") as [string, string];
  expect(line).toBe(
    "refused: it speaks version 1 of the protocol, this worker version 2. Deploy scheduler and workers with the same release",
  );
  const { by, hash } = OLD_JOB;
  expect(JSON.parse(ending)).toMatchObject({ kind: "refused", reason: "protocol", by, hash });
  expect(worker.logged).toContainEqual(expect.objectContaining({ event: "job.refused" }));
  expect(await rig.starts()).toEqual([]);

  const fleet = await rig.fleet();
  const doubled = task("doubled", { n: task("n", () => 4) }, fleet.task(jobs.double));
  const report = await flow("f", { doubled }).run({ runId: "r" });
  expect(report.unwrap()).toEqual({ doubled: 8 });
  expect(await rig.starts()).toEqual(["r/doubled/1"]);
});

test.each([true, false])(
  "a run of version 1 is not taken up, be it at work or over, and is left as it is (events: %s)",
  async (events) => {
    const rig = await openRig();
    const queue = await oldQueue(rig);
    const data = await rig.redis.client.hgetall("astrum:{jobs}:r/doubled/1");
    const fleet = await rig.fleet({ events });
    const doubled = task("doubled", { n: task("n", () => 4) }, fleet.task(jobs.double));
    const takenUp = async (): Promise<void> => {
      const report = await flow("f", { doubled }).run({ runId: "r" });
      expect(report.outcome("doubled")).toMatchObject({
        error: {
          name: "JobRefusedError",
          reason: "protocol",
          message:
            'Task "doubled": the store has it of a run "r" that speaks version 1 of the protocol, this scheduler version 2. ' +
            "End the run with the release that began it, or give it another runId.",
        },
      });
    };
    await takenUp();
    expect(await rig.redis.client.hgetall("astrum:{jobs}:r/doubled/1")).toEqual(data);
    const old = oldWorker(rig);
    await until(async () => (await queue.getJob("r/doubled/1"))?.returnvalue != null);
    await old.close();
    await takenUp();
    expect((await queue.getJob("r/doubled/1"))?.returnvalue).toMatchObject({ value: 8 });
  },
);

test("while workers of both versions are there nothing is lost or run twice: what the old ones refused is run once they are gone", async () => {
  const rig = await openRig();
  const [old, fleet] = [oldWorker(rig), await rig.fleet()];
  await rig.worker();
  const list = task("list", () => Array.from({ length: 100 }, (_, n) => n));
  const double = fleet.task(jobs.double);
  const doubled = map("doubled", list, (n, _, context) => double({ n }, context), {
    concurrency: 8,
  });
  const run = () => flow("f", { doubled }).run({ runId: "r", failure: "continue" });
  const rows = (await run()).taskStatistics.filter(({ taskName }) =>
    taskName.startsWith("doubled["),
  );
  const errors = rows.filter(({ status }) => status === "failed").map(({ error }) => error);
  expect(rows).toHaveLength(100);
  expect((await rig.starts()).length + errors.length).toBe(100);
  for (const error of errors) expect(error).toMatchObject({ data: { reason: "protocol" } });
  await old.close();
  expect((await run()).unwrap().doubled).toEqual(rows.map((_, n) => n * 2));
  const starts = await rig.starts();
  expect(starts.sort()).toEqual(rows.map((_, n) => `r/doubled[${n}]/1`).sort());
});

test("schedulers of both versions on one queue leave each other's jobs alone, and each hears of its own", async () => {
  const rig = await openRig();
  const queue = await oldQueue(rig);
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  const old = oldWorker(rig);
  await rig.worker();
  const fleet = await rig.fleet();
  const list = task("list", () => numbers);
  const double = fleet.task(jobs.double);
  const doubled = map("doubled", list, (n, _, context) => double({ n }, context), {
    concurrency: 8,
  });
  const run = flow("f", { doubled }).run({ runId: "new", failure: "continue" });
  const put = numbers.map((n) =>
    queue.add(
      "double",
      { ...OLD_JOB, runId: "old", taskName: `t${n}`, args: [{ n }] },
      { jobId: `old/t${n}/1`, attempts: 1 },
    ),
  );
  await Promise.all(put);
  const rows = (await run).taskStatistics.filter(({ taskName }) => taskName.startsWith("doubled["));
  expect(rows).toHaveLength(numbers.length);
  for (const { status, error } of rows)
    if (status !== "completed") expect(error).toMatchObject({ data: { reason: "protocol" } });
  const ended = async (n: number) => {
    const job = await queue.getJob(`old/t${n}/1`);
    return job?.returnvalue ?? job?.failedReason;
  };
  for (const n of numbers) {
    await until(async () => (await ended(n)) != null);
    const job = await queue.getJob(`old/t${n}/1`);
    expect(job?.data).toMatchObject({ v: 1, args: [{ n }] });
    if (job?.failedReason === undefined) expect(job?.returnvalue).toMatchObject({ value: n * 2 });
    else expect(job.failedReason).toContain('"reason":"protocol"');
  }
  expect((await rig.starts()).filter((start) => !start.startsWith("new/doubled"))).toEqual([]);
  await old.close();
});

test("a run that a scheduler of version 1 has is refused by a newer one while that lives, and left as it is", async () => {
  const rig = await openRig();
  await oldQueue(rig);
  const { client } = rig.redis;
  const lease = "astrum:{jobs}:run:r";
  const until = Date.now() + 600_000;
  await client.hset(lease, { holder: "old:7/8a1f", until, beats: 1 });
  const alive = setInterval(() => void client.hincrby(lease, "beats", 1), 50);
  onTestFinished(() => clearInterval(alive));
  const job = await client.hgetall("astrum:{jobs}:r/doubled/1");
  const fleet = await rig.fleet();
  const doubled = task("doubled", { n: task("n", () => 4) }, fleet.task(jobs.double));
  const report = await flow("f", { doubled }).run({ runId: "r" });
  expect(report.outcome("doubled")).toMatchObject({
    error: { name: "RunInUseError", holder: "old:7" },
  });
  expect(await client.hgetall("astrum:{jobs}:r/doubled/1")).toEqual(job);
});
