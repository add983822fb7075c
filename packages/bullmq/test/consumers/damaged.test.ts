/**
 * What lies in the store has been damaged, on its way to a worker or back, and is read more than once: by the next worker,
 * at the next look, by the scheduler that takes the run up.
 */
import { flow, task } from "@astrum/core";
import { expect, test } from "vitest";
import { remote } from "../../src/index.ts";
import { openRig, type Rig, until } from "./rig.ts";

const jobs = remote<typeof import("../modules/jobs.ts")>();
const JOB = "astrum:{jobs}:r/task/1";

async function damage(rig: Rig, field: string, text: string): Promise<void> {
  await rig.redis.client.hset(JOB, field, text);
}

test.each(["{broken", "null", "5", '{"encoding":"tagged","version":9,"value":1}'])(
  "a large result that is damaged (%s) fails its attempt each time it is read, and nothing is called again",
  async (text) => {
    const rig = await openRig();
    const worker = await rig.worker();
    const fleet = await rig.fleet();
    const large = task("task", { size: task("size", () => 20_000) }, fleet.task(jobs.large));
    const run = () => flow("f", { large }).run({ runId: "r" });
    expect((await run()).unwrap().large).toHaveLength(20_000);
    await damage(rig, "result", text);
    for (let time = 1; time <= 2; time++)
      expect((await run()).outcome("task")).toMatchObject({
        error: {
          name: "JobRefusedError",
          reason: "unreadable",
          message: expect.stringContaining(`:${worker.pid} gave cannot be read: it is damaged`),
        },
      });
    expect((await rig.redis.client.hgetall(JOB)).ats).toBe("1");
  },
);

const BENT = '{"v":2,"kind":"value","executor":"x","deliveries":1,"attributes":5}';

test.each(["{broken", BENT])(
  "an ending that is damaged is no end (%s): the function is called again",
  async (text) => {
    const rig = await openRig();
    await rig.worker();
    const fleet = await rig.fleet();
    const doubled = task("task", { n: task("n", () => 4) }, fleet.task(jobs.double));
    const run = () => flow("f", { doubled }).run({ runId: "r" });
    expect((await run()).unwrap()).toEqual({ doubled: 8 });
    await damage(rig, "returnvalue", text);
    expect((await run()).unwrap()).toEqual({ doubled: 8 });
    expect(await rig.starts()).toEqual(["r/task/1", "r/task/1"]);
  },
);

test("arguments that are damaged are refused, with nothing called; the same run sends them anew", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const doubled = task("task", { n: task("n", () => 4) }, fleet.task(jobs.double));
  const run = () => flow("f", { doubled }).run({ runId: "r" });
  const first = run();
  await until(async () => (await rig.redis.client.exists(JOB)) === 1);
  const data = JSON.parse((await rig.redis.client.hget(JOB, "data")) as string) as object;
  const args = { encoding: "tagged", version: 1, value: [{ $: ["bigint", "four"] }] };
  await damage(rig, "data", JSON.stringify({ ...data, args }));
  await rig.worker();
  expect((await first).outcome("task")).toMatchObject({
    error: { name: "JobRefusedError", reason: "unreadable" },
  });
  expect(await rig.starts()).toEqual([]);
  expect((await run()).unwrap()).toEqual({ doubled: 8 });
});

test("a job that is no JSON any more is refused by whoever takes it, sent anew, and holds up no other", async () => {
  const rig = await openRig();
  const fleet = await rig.fleet();
  const doubled = task("task", { n: task("n", () => 4) }, fleet.task(jobs.double));
  const first = flow("f", { doubled }).run({ runId: "r" });
  await until(async () => (await rig.redis.client.exists(JOB)) === 1);
  await damage(rig, "data", "{broken");
  const worker = await rig.worker({ concurrency: 1 });
  expect(await fleet.task(jobs.square)(3)).toBe(9);
  expect((await first).unwrap()).toEqual({ doubled: 8 });
  expect(worker.logged).toContainEqual(
    expect.objectContaining({ event: "job.refused", jobId: "r/task/1", reason: "unreadable" }),
  );
  expect(await rig.starts()).toEqual(["r/task/1"]);
});
