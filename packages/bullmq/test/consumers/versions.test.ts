/**
 * Releases of two protocol versions on one queue. Those of version 1 are written by hand: what they put into the store and
 * what they answer, to the letter.
 */
import { createHash } from "node:crypto";
import { flow, task } from "@astrum/core";
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
